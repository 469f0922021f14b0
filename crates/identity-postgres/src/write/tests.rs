//! Which commits share a statement, and the laws of the texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity_conformance::kit::{NOW, Person, create, key, letter, paid, withholding};
use identity_ports::Commit;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use super::committer::{State, Waiting};
use super::job::Job;
use crate::sql::Texts;

fn job(commit: Commit) -> Job {
    Job::new(Uuid::nil(), Instant::now(), "", commit).unwrap()
}

/// Its draws are judged by a statement of their own, which knows one commit.
#[test]
fn a_commit_that_draws_twice_on_one_budget_travels_alone() {
    let commit = |name: &str, draws: u128| {
        let user = key(name);
        let messages = (0..draws).map(|number| paid(letter(number, &user, NOW), vec![withholding(name, 9, NOW)]));
        messages.fold(create(&user, &Person::default()), |draft, message| draft.message(message)).0
    };
    let mut state = State::default();
    // A commit whose caller is gone would be dropped from the queue.
    let mut waiting = Vec::new();
    for (name, draws) in [("ada", 1), ("bob", 1), ("cy", 2), ("dan", 1), ("eve", 2)] {
        let (answer, waits) = oneshot::channel();
        waiting.push(waits);
        state.waiting.push_back(Waiting { job: Arc::new(job(commit(name, draws))), answer });
    }
    let mut travelled = Vec::new();
    while let Some(batch) = state.next() {
        let jobs: Vec<Arc<Job>> = batch.iter().map(|waiting| Arc::clone(&waiting.job)).collect();
        state.end(&jobs, false);
        travelled.push(jobs.iter().map(|job| job.commit.key.user.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(travelled, [vec!["ada", "bob", "dan"], vec!["cy"], vec!["eve"]]);
}

/// Every statement of a commit, and every reading of a tenant, names the tenant as `$1` wherever it names a table, and changes
/// no table twice: so it runs on an engine that keeps the rows of a tenant together.
#[test]
fn every_statement_is_of_one_tenant_and_changes_a_table_once() {
    let texts = Texts::new("");
    let all = [
        &texts.commit,
        &texts.ledger_commit,
        &texts.clear,
        &texts.erase,
        &texts.load,
        &texts.list.replace("{ids}", &texts.created),
        &texts.list.replace("{ids}", &format!("{}{}", texts.updated, texts.prefix)),
        &texts.browse.replace("{among}", &texts.search).replace("{report}", &texts.signins),
        &texts.find,
        &texts.history,
        &texts.posted,
        &texts.dead,
    ];
    for text in all {
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
