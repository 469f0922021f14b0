//! Which commits share a statement, and how many statements there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use identity_conformance::kit::{NOW, Person, create, erase, key, letter, paid, varied, verified, withholding};
use identity_core::{UserKey, Version};
use identity_ports::{Commit, Stored};
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use super::batch::Parts;
use super::committer::{State, Waiting};
use super::job::Job;
use super::statement;

/// A user who exists.
fn stored(name: &str) -> (UserKey, Stored) {
    let user = key(name);
    let person = Person::default().with_id(&user.user).email(1, "ada@example.com", verified());
    (user, Stored { user: person.user(), version: Version(1), claims: Vec::new() })
}

fn job(commit: Commit) -> Job {
    Job::new(Uuid::nil(), Instant::now(), commit).unwrap()
}

fn text(jobs: &[&Job]) -> String {
    let mut parts = Parts::new();
    for job in jobs {
        parts.add(job).unwrap();
    }
    parts.finish();
    statement::statement(parts, "").text
}

/// A plan of each text takes the server about a megabyte, for each connection that met it.
#[test]
fn commits_that_travel_together_share_two_texts() {
    let new = job(create(&key("new"), &Person::default()).0);
    let (user, there) = stored("goes");
    let goes = job(erase(&user, &there).0);
    let (user, there) = stored("ada");
    let jobs: Vec<Job> = (0..128).map(|number| job(varied(&user, &there, number).0)).collect();
    let alone: BTreeSet<String> = jobs.iter().map(|job| text(&[job])).collect();
    assert!(alone.len() > 32, "{}", alone.len());
    let mut together: BTreeSet<String> = jobs.iter().map(|job| text(&[job, &new])).collect();
    assert_eq!(together.len(), 1);
    together.extend(jobs.iter().map(|job| text(&[job, &goes])));
    assert_eq!(together.len(), 2, "with the parts that are rare");
}

/// When another transaction draws in between, a commit that draws twice on one budget starts over, and so would all commits of
/// its statement.
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
