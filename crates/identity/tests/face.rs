//! The public names of `identity` are a listing, so that a change of them is seen in review.
#![expect(
    clippy::unwrap_used,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// The public names of a crate's root and of its public modules, with their paths. Globs and renames are refused.
#[derive(Default)]
struct Face(Vec<String>);

impl Face {
    fn of(crate_root: &str) -> Self {
        let mut face = Self::default();
        face.read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(crate_root), "");
        face.0.sort_unstable();
        face
    }

    /// Reads one file of rustfmt's making: a public item begins in the first column, or in the fifth within a module.
    fn read(&mut self, file: &Path, module: &str) {
        let text = std::fs::read_to_string(file).unwrap();
        let mut module = module.to_owned();
        let mut rest = text.as_str();
        while let Some(line) = rest.lines().next() {
            let item = line.trim_start().strip_prefix("pub ").filter(|_| line.find("pub ") <= Some(4));
            let taken = match item.and_then(|item| item.split_once(' ')) {
                Some(("use", _)) => self.reexports(&module, rest),
                Some(("mod", name)) if name.ends_with(" {") => {
                    assert_eq!(module, "", "{name} is a module within a module");
                    module = name.trim_end_matches(" {").to_owned();
                    line.len()
                }
                Some(("mod", "manual;")) => line.len(),
                Some(("mod", name)) => {
                    assert_eq!(module, "", "{name} is a module within a module");
                    let (folder, name) = (file.parent().unwrap(), name.trim_end_matches(';'));
                    let files = [folder.join(name).join("mod.rs"), folder.join(name).with_extension("rs")];
                    self.read(files.iter().find(|file| file.exists()).unwrap(), name);
                    line.len()
                }
                Some(("struct" | "enum" | "trait" | "type" | "const" | "static" | "fn" | "union", name))
                    if line.starts_with("pub ") =>
                {
                    let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                    // What only documentation tests see is no name.
                    if name != "Readme" {
                        self.0.push(join(&module, name));
                    }
                    line.len()
                }
                _ => {
                    if line == "}" {
                        module = if file.ends_with("lib.rs") { String::new() } else { module };
                    }
                    line.len()
                }
            };
            rest = rest[taken..].strip_prefix('\n').unwrap_or(&rest[taken..]);
        }
    }

    fn reexports(&mut self, module: &str, text: &str) -> usize {
        let end = text.find(';').unwrap();
        let statement = text[..end].trim_start().trim_start_matches("pub use ");
        let names = statement.split_once('{').map_or_else(
            || vec![statement.rsplit("::").next().unwrap()],
            |(_, names)| {
                names.trim_end_matches('}').split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
            },
        );
        for name in names {
            let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
            assert!(plain && name != "self", "{statement}: a name is exported as it is, one at a time");
            self.0.push(join(module, name));
        }
        end + 1
    }

    fn names(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut names = BTreeMap::<&str, Vec<&str>>::new();
        for path in &self.0 {
            names.entry(path.rsplit("::").next().unwrap()).or_default().push(path);
        }
        names
    }
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

#[test]
fn the_public_names_are_those_of_the_listing() {
    let mut now = String::new();
    for path in Face::of("src/lib.rs").0 {
        writeln!(now, "{path}").unwrap();
    }
    let listed = include_str!("face.txt");
    let lines = |text: &str, other: &str| -> Vec<String> {
        text.lines().filter(|line| !other.lines().any(|at| at == *line)).map(str::to_owned).collect()
    };
    let (added, gone) = (lines(&now, listed), lines(listed, &now));
    assert!(now == listed, "tests/face.txt does not list the names as they are: added {added:?}, gone {gone:?}");
}

#[test]
fn every_public_name_has_one_path() {
    let face = Face::of("src/lib.rs");
    for (name, paths) in face.names() {
        assert_eq!(paths.len(), 1, "{name} has several paths: {paths:?}");
    }
}

#[test]
fn every_public_name_of_the_core_and_the_ports_is_within_reach() {
    let face = Face::of("src/lib.rs");
    let names = face.names();
    for inner in ["../identity-core/src/lib.rs", "../identity-ports/src/lib.rs"] {
        for name in Face::of(inner).names().keys().filter(|name| !name.starts_with("Mock")) {
            let is_module = || face.0.iter().any(|path| path.starts_with(&format!("{name}::")));
            assert!(names.contains_key(name) || is_module(), "{name} of {inner} has no path in identity");
        }
    }
}
