//! Worlds: those that once broke a law, then those of fixed seeds; and bugs that are planted are found.

use std::hash::{BuildHasher as _, RandomState};

use identity_lab::command::{find, judge, run_with};
use identity_lab::world::{Bug, Script, expected, run};

/// The scripts that broke a law once, one a line, each behind a line that says what it was.
const FOUND: &str = include_str!("found.txt");
/// The number of worlds of fixed seeds and of fresh ones, and how many are searched for a planted bug.
const FIXED: u64 = 2_000;
const FRESH: u64 = 500;
const SEARCHED: u64 = 2_000;

fn holds(script: &str) {
    let script: Script = serde_json::from_str(script).expect("a script");
    let ran = run(&script, None);
    assert_eq!(ran.broken, None);
}

#[test]
fn what_was_found_once_does_not_come_back() {
    FOUND.lines().filter(|line| line.starts_with('{')).for_each(holds);
}

#[test]
fn a_seed_is_one_world() {
    for seed in 0..20 {
        let script = Script::of(seed);
        assert_eq!(script, Script::of(seed));
        assert_eq!(run(&script, None).digest, run(&script, None).digest, "seed {seed}");
    }
    assert_ne!(run(&Script::of(1), None).digest, run(&Script::of(2), None).digest);
}

#[test]
fn every_law_holds_in_worlds_of_fixed_seeds_and_of_fresh_ones() {
    let mut reached = std::collections::BTreeSet::new();
    let fresh = RandomState::new().hash_one(0) >> 1;
    println!("fresh seeds from {fresh}: identity-lab worlds --seeds {fresh}..{}", fresh + FRESH);
    for seed in (0..FIXED).chain(fresh..fresh + FRESH) {
        match judge(seed) {
            Ok(mut new) => reached.append(&mut new),
            Err(broken) => panic!("{broken}"),
        }
    }
    let never: Vec<_> = expected().difference(&reached).cloned().collect();
    println!("not reached: {never:?}");
}

#[test]
fn planted_bugs_are_found() {
    let hidden: Vec<String> =
        Bug::ALL.into_iter().filter_map(|bug| find(bug, 0..SEARCHED).map(|row| println!("{row}")).err()).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn wrong_arguments_are_answered_with_a_sentence() {
    let run = |line: &str| run_with(line.split(' ').map(str::to_owned), |_| {}).unwrap_err();
    assert!(run("worlds --seeds a..9").starts_with("\"a\" is no seed"));
    assert!(run("worlds --bug nonsense").starts_with("no planted bug is called \"nonsense\""));
    assert!(run("worlds --fresh").contains("needs a value"));
    assert!(run("worlds --seed 3").starts_with("there is no option"));
    assert!(run("").starts_with("usage"));
}
