//! The checklist: each line is a rule, and the tests below it hold the whole of it. Every test whose name begins with the number
//! of a line belongs to that line too.
#![expect(
    clippy::unwrap_used,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CHECKLIST: &str = include_str!("checklist.txt");

/// The tests of the workspace: functions of test programs and test modules, laws of the suite for stores, and those whose
/// documentation is the test.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target" && name != "node_modules") {
                tests(&path, found);
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let is_law = path.parent().unwrap().ends_with("identity-conformance/src/laws");
            let (mut marked, mut in_docs) = (false, false);
            for line in text.lines().map(str::trim_start) {
                let function =
                    ["fn ", "async fn ", "pub async fn "].into_iter().find_map(|start| line.strip_prefix(start));
                if let Some(name) = function.and_then(|rest| rest.split(['(', '<']).next())
                    && (marked || in_docs || (is_law && line.starts_with("pub ")))
                {
                    found.insert(name.to_owned());
                }
                marked = line.starts_with("#[test]")
                    || line.starts_with("#[tokio::test")
                    || (marked && line.starts_with("#["));
                in_docs = line.starts_with("/// ```") || (in_docs && line.starts_with("///"));
            }
        }
    }
}

/// The numbers that a name begins with: `c42_c52_whatever_happens` belongs to two lines.
fn numbers(name: &str) -> Vec<&str> {
    let number = |part: &&str| {
        part.strip_prefix('c').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    name.strip_prefix("corpora_").unwrap_or(name).split('_').take_while(number).collect()
}

#[test]
fn every_line_of_the_checklist_has_tests_that_hold_it() {
    let mut found = BTreeSet::new();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in ["crates", "examples"] {
        tests(&workspace.join(folder), &mut found);
    }
    let mut listed = BTreeMap::<&str, Vec<&str>>::new();
    let mut line = "";
    for text in CHECKLIST.lines() {
        if let Some(test) = text.strip_prefix("    ") {
            listed.get_mut(line).unwrap().push(test);
            assert!(found.contains(test) || test.starts_with("not yet: "), "{line}: there is no test {test}");
        } else {
            line = text.split(' ').next().unwrap();
            assert_eq!(numbers(line), [line], "{text} begins with a number");
            assert!(listed.insert(line, Vec::new()).is_none(), "{line} is there twice");
        }
    }
    for (line, tests) in &listed {
        assert!(!tests.is_empty(), "{line} has no test");
    }
    for number in (1..=18).chain(20..=32).chain(40..=54).chain(60..=64).chain(80..=101) {
        assert!(listed.contains_key(format!("c{number:02}").as_str()), "c{number:02} is missing");
    }
    for test in &found {
        for number in numbers(test) {
            assert!(listed.contains_key(number), "{test} is of no line");
        }
    }
}
