//! The README says what the program does.

use std::collections::BTreeSet;

const README: &str = include_str!("../../README.md");
const SOURCES: [&str; 6] = [
    include_str!("../../src/admin.rs"),
    include_str!("../../src/home.rs"),
    include_str!("../../src/main.rs"),
    include_str!("../../src/pages.rs"),
    include_str!("../../src/rows.rs"),
    include_str!("../../src/start.rs"),
];

#[test]
fn the_code_of_the_tutorial_is_the_code_of_the_program() {
    let blocks: Vec<&str> = README.split("```rust\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    assert!(blocks.len() > 3);
    for block in blocks {
        assert!(SOURCES.iter().any(|source| source.contains(block)), "the README has code that is nowhere:\n{block}");
    }
}

#[test]
fn the_tutorial_lists_every_setting() {
    let listed = README.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let calls = ["setting(\"", "env::var(\"", "env::var_os(\"", "from_env_or_temporary(\""];
    let read = calls.iter().flat_map(|call| {
        let sources = SOURCES.iter().flat_map(move |source| source.split(call).skip(1));
        sources.map(|rest| rest.split('"').next().unwrap())
    });
    assert_eq!(listed.collect::<BTreeSet<_>>(), read.collect::<BTreeSet<_>>());
}
