//! What the command does: runs worlds, plants bugs, and shows what it finds.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::world::{Bug, Script, expected, run, shrunk};

const HELP: &str = "\
usage: identity-lab worlds [--seeds FROM..TO] [--fresh NUMBER] [--bug NAME | --bugs]
  --seeds FROM..TO   runs the worlds of these seeds; 0..2000 when absent
  --fresh NUMBER     runs as many worlds more, from a seed that the clock gives
  --bug NAME         plants this bug, and ends when it is found
  --bugs             plants each bug in turn, and prints where it is found";

/// How often a world is run to make it smaller.
const RUNS: usize = 4_000;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    seeds: Range<u64>,
    fresh: u64,
    bugs: Vec<Bug>,
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no seed and no number; give a whole number from 0 to {}", u64::MAX))
}

fn read(arguments: impl IntoIterator<Item = String>) -> Result<Asked, String> {
    let mut arguments = arguments.into_iter();
    if arguments.next().as_deref() != Some("worlds") {
        return Err(HELP.to_owned());
    }
    let mut asked = Asked { seeds: 0..2_000, fresh: 0, bugs: Vec::new() };
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
        match name.as_str() {
            "--seeds" => {
                let text = value()?;
                let (from, to) =
                    text.split_once("..").ok_or_else(|| format!("{text:?} are no seeds; give FROM..TO"))?;
                asked.seeds = number(from)?..number(to)?;
            }
            "--fresh" => asked.fresh = number(&value()?)?,
            "--bug" => asked.bugs = vec![value()?.parse()?],
            "--bugs" => asked.bugs = Bug::ALL.to_vec(),
            _ => return Err(format!("there is no option {name:?}\n{HELP}")),
        }
    }
    Ok(asked)
}

/// Runs the command with these arguments.
///
/// # Errors
/// One sentence when the arguments are wrong, when a law does not hold, when something was never reached, or when a bug that was
/// planted was not found.
pub fn run_with(arguments: impl IntoIterator<Item = String>, mut say: impl FnMut(String)) -> Result<(), String> {
    let asked = read(arguments)?;
    for bug in &asked.bugs {
        say(find(*bug, asked.seeds.clone())?);
    }
    if !asked.bugs.is_empty() {
        return Ok(());
    }
    #[expect(clippy::disallowed_methods, reason = "a seed that nobody chose, and how long it takes")]
    let (first, began) =
        (SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() << 20), Instant::now());
    if asked.fresh > 0 {
        say(format!("fresh seeds from {first}"));
    }
    let mut reached = BTreeSet::new();
    let mut worlds = 0_u64;
    for seed in asked.seeds.chain(first..first + asked.fresh) {
        worlds += 1;
        reached.append(&mut judge(seed)?);
    }
    let secs = began.elapsed().as_secs_f64();
    say(format!("{worlds} worlds in {secs:.1} s, {:.0} an hour", worlds as f64 / secs * 3_600.0));
    let never: Vec<String> = expected().difference(&reached).cloned().collect();
    if never.is_empty() {
        return Ok(());
    }
    let never = never.join(", ");
    if worlds >= 10_000 {
        Err(format!("never reached: {never}"))
    } else {
        say(format!("not reached yet: {never}"));
        Ok(())
    }
}

/// Runs the command, and prints what it says.
///
/// # Errors
/// As [`run_with`].
pub fn run_printing(arguments: impl IntoIterator<Item = String>) -> Result<(), String> {
    run_with(arguments, |said| println!("{said}"))
}

/// Runs the world of a seed, and returns what it reached.
///
/// # Errors
/// The law that does not hold, and the shortest script that breaks it, as a test.
pub fn judge(seed: u64) -> Result<BTreeSet<String>, String> {
    let script = Script::of(seed);
    let ran = run(&script, None);
    let Some((step, broken)) = ran.broken else { return Ok(ran.reached) };
    let short = shrunk(&script, None, &broken, RUNS);
    let law = broken.law;
    let found = &broken.found;
    Err(format!("seed {seed}, step {step}: \"{law}\" does not hold: {found}\n\n{}", short.as_test(&broken)))
}

/// Finds a bug that is planted: the first of these seeds whose world shows it, the law that it breaks, and the shortest script.
///
/// # Errors
/// When no seed shows it.
pub fn find(bug: Bug, seeds: Range<u64>) -> Result<String, String> {
    let name = bug.name();
    for seed in seeds.clone() {
        let script = Script::of(seed);
        let Some((_, broken)) = run(&script, Some(bug)).broken else { continue };
        let short = shrunk(&script, Some(bug), &broken, RUNS);
        let (steps, law) = (short.steps.len(), broken.law);
        let script = serde_json::to_string(&short).map_err(|error| error.to_string())?;
        return Ok(format!("| {name} | {seed} | {law} | {steps} | `{script}` |"));
    }
    Err(format!("{name}: not found with the seeds {seeds:?}"))
}
