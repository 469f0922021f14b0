//! The modules of the core are a tree: none names one that comes after it.
#![expect(clippy::unwrap_used, reason = "what fails here is a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// From the first to the last; each may name itself and those before it.
const MODULES: [&str; 8] = ["base", "address", "secret", "policy", "user", "change", "decide", "plan"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The modules that the code of a file names by a path from the crate's root.
fn named(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    code.split("crate::").skip(1).map(name).collect()
}

#[test]
fn no_module_names_a_later_one() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let place = |name: &str| MODULES.iter().position(|module| *module == name);
    let mut seen = 0;
    for file in files(&source) {
        let inner = file.strip_prefix(&source).unwrap();
        let module = inner.components().next().unwrap().as_os_str().to_str().unwrap();
        if module == "lib.rs" {
            continue;
        }
        let own = place(module).unwrap_or_else(|| panic!("{module} is not in the list of modules"));
        for name in named(&fs::read_to_string(&file).unwrap()) {
            // A name of the root would hide where it comes from.
            let other = place(&name).unwrap_or_else(|| panic!("{}: crate::{name} is no module", inner.display()));
            assert!(other <= own, "{}: {module} comes before {name}", inner.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "the files were read");
}
