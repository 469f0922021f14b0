//! The texts of the statements, as they stand in their files.

use std::collections::BTreeMap;

/// A text without its comments and without the place of the tables.
fn text(name: &str) -> String {
    let path = format!("{}/src/sql/{name}.sql", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap().replace("{s}", "");
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    lines.join("\n")
}

/// Every statement of a commit, and every reading of a tenant, names the tenant as `$1` wherever it names a table, and changes
/// no table twice: so it runs on an engine that keeps the rows of a tenant together.
#[test]
fn every_statement_is_of_one_tenant_and_changes_a_table_once() {
    let all = [
        text("commit").replace("{judge}", &text("judge")),
        text("commit").replace("{judge}", &text("ledger")),
        text("draw").replace("{ledger}", &text("ledger")),
        text("clear"),
        text("erase"),
        text("load"),
        text("list").replace("{ids}", &text("created")),
        text("list").replace("{ids}", &(text("updated") + &text("prefix"))),
        text("browse").replace("{among}", &text("search")).replace("{report}", &text("reported")),
        text("find"),
        text("history"),
        text("posted"),
        text("dead"),
    ];
    for text in all.map(|text| text.replace("{users}", &self::text("users"))) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (mut changed, mut named) = (Vec::new(), BTreeMap::<&str, usize>::new());
        for (place, word) in words.iter().enumerate().filter(|(_, word)| word.starts_with("identity_")) {
            let before = words[place - 1];
            if before == "INTO" {
                let rest = words[place..].join(" ");
                assert!(rest.contains("SELECT $1,"), "the tenant of what is inserted: {rest}");
                let columns = rest.split_once('(').unwrap().1;
                assert!(columns.starts_with("tenant, "), "{columns}");
            } else {
                let after = words[place + 1].trim_end_matches(',');
                *named.entry(if after == "AS" { words[place + 2] } else { after }).or_default() += 1;
            }
            if matches!(before, "INTO" | "UPDATE") || (before == "FROM" && words[place - 2].ends_with("DELETE")) {
                changed.push(*word);
            }
        }
        for (name, times) in named {
            let conditions = text.matches(&format!("{name}.tenant = $1")).count();
            assert_eq!(conditions, times, "the conditions on the tenant of {name}: {text}");
        }
        let count = changed.len();
        changed.sort_unstable();
        changed.dedup();
        assert_eq!(changed.len(), count, "a table is changed twice: {changed:?}");
        for number in 1..=text.matches('$').count() {
            let (named, next) = (text.contains(&format!("${number}")), text.contains(&format!("${}", number + 1)));
            assert!(named || !next, "the parameter {number} is missing");
        }
    }
}
