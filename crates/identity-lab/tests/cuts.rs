//! Power cuts under the real SQLite. The module `cuts` says how more of them are made, and how one is repeated.

use std::env::var;
use std::hash::{BuildHasher as _, RandomState};

use identity_lab::cuts::{Damage, Fault, Lab, Plan, PlanError, Planted, Tally};

/// So many cuts are made where nobody says how many.
const CUTS: u64 = 1_000;

/// Plans that found a fault, which is mended.
const BUGS: [&str; 3] = [
    // The switch to write-ahead logging failed unseen: SQLite named the new mode before it wrote it. In the old mode a commit that
    // was answered could be undone by a journal whose deletion was not synced.
    "fresh full write 36 13664068864971829378",
    "fresh full sync 33 13664068864971828328",
    // The laboratory's own fault: it expected that a sync that failed for a transaction of the host's failed for the commit beside it.
    "host full sync 79 4307544584159266840",
];

/// A number in the environment.
fn number(name: &str) -> Option<u64> {
    let text = var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, and has to be a whole number below 2^64")))
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged_and_leaves_no_half_commit() {
    let mut lab = Lab::new().unwrap();
    if let Ok(plan) = var("IDENTITY_LAB_PLAN") {
        let run = plan.parse().and_then(|plan| Ok((plan, lab.run(&plan, Planted::Nothing)?)));
        let (plan, outcome) = run.unwrap_or_else(|error: PlanError| panic!("{error}"));
        println!("{plan}: {outcome:?}");
        assert_eq!(outcome.damage, None);
        return;
    }
    let fresh = number("IDENTITY_LAB_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("IDENTITY_LAB_SEED={fresh}");
    let mut plans: Vec<Plan> = BUGS.iter().map(|plan| plan.parse().unwrap()).collect();
    plans.extend(lab.every(29).unwrap());
    let (mut tally, wanted) = (Tally::default(), number("IDENTITY_LAB_CUTS").unwrap_or(CUTS));
    plans.into_iter().for_each(|plan| lab.count(plan, Planted::Nothing, &mut tally).unwrap());
    for seed in (0..200).chain((0..).map(|count| fresh.wrapping_add(count))) {
        if tally.cuts >= wanted {
            break;
        }
        let plan = lab.plan(seed).unwrap();
        lab.count(plan, Planted::Nothing, &mut tally).unwrap();
    }
    println!("{tally}");
    assert!(tally.found.is_empty(), "IDENTITY_LAB_PLAN repeats a plan:\n{tally}");
}

/// The first plan that finds a planted fault, among a hundred.
fn finds(planted: Planted, is_it: fn(&Damage) -> bool) {
    let mut lab = Lab::new().unwrap();
    for seed in 0..100 {
        let plan = Plan { fault: Fault::Cut, ..lab.plan(seed).unwrap() };
        let mut tally = Tally::default();
        lab.count(plan, planted, &mut tally).unwrap();
        if let Some((plan, damage)) = tally.found.first().filter(|(_, damage)| is_it(damage)) {
            println!("{planted:?} is found by seed {seed}, {plan}: {damage:?}");
            return;
        }
    }
    panic!("{planted:?} is not found");
}

#[test]
fn synchronous_off_is_found() {
    finds(Planted::SynchronousOff, |damage| matches!(damage, Damage::Lost(..)));
}

#[test]
fn a_sync_that_lies_is_found() {
    finds(Planted::LyingSync, |damage| matches!(damage, Damage::Lost(..)));
}

#[test]
fn an_answer_before_the_commit_is_found() {
    finds(Planted::EarlyAnswers, |damage| matches!(damage, Damage::Lost(..)));
}

#[test]
fn a_commit_in_two_transactions_is_found() {
    finds(Planted::Halves, |damage| matches!(damage, Damage::Half));
}

#[test]
fn a_plan_that_cannot_apply_is_refused_in_one_sentence() {
    let mut lab = Lab::new().unwrap();
    let refusals = [
        ("users full cut 57", "a plan has five words, as in `users full cut 57 8`"),
        ("nobody full cut 57 8", "`nobody` is not known; a plan names one of fresh, users"),
        ("users always cut 57 8", "`always` is not known; a plan names one of full, normal"),
        ("users full fire 57 8", "`fire` is not known; a plan names one of cut, lie, full"),
        ("users full cut 0 8", "operations and reads are counted from 1"),
        ("users full cut 57 -8", "`-8` is no whole number"),
        ("users full cut x 8", "`x` is no whole number"),
        ("fresh full cut 100000 8", "the plan fails number 100000, and the script ends after"),
        ("fresh full read 100000 8", "the plan fails number 100000, and the script ends after"),
    ];
    for (text, sentence) in refusals {
        let refused = text.parse().and_then(|plan: Plan| lab.run(&plan, Planted::Nothing)).unwrap_err().to_string();
        assert!(refused.contains(sentence) && !refused.contains('\n'), "{text}: {refused}");
    }
    let plan: Plan = "migration normal short 3 18446744073709551615".parse().unwrap();
    assert_eq!(plan.to_string().parse(), Ok(plan));
}
