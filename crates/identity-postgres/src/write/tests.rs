//! Which commits share a statement.

use std::sync::Arc;

use identity_conformance::kit::{NOW, Person, create, key, letter, paid, withholding};
use identity_ports::Commit;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use super::committer::{Lane, State, Waiting};
use super::job::Job;

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
        let jobs = batch.iter().map(|waiting| Arc::clone(&waiting.job)).collect();
        let lane = Lane { jobs, is_overdue: false };
        state.end(&lane);
        travelled.push(lane.jobs.iter().map(|job| job.commit.key.user.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(travelled, [vec!["ada", "bob", "dan"], vec!["cy"], vec!["eve"]]);
}
