//! Addresses: read once, at the edge.

use std::hint::black_box;
use std::process::Command;
use std::sync::Barrier;

use email_address::EmailAddress;
use identity::address::Region;
use identity::{Email, Phone};
use phonenumber::metadata::DATABASE;

use crate::measure::{Pair, in_turns, nanos_each, per_second, timed};
use crate::table::{Row, Target, Unit};

/// The argument that makes this program measure one first use and print it, in nanoseconds.
pub(crate) const FIRST_USE: &str = "--first-use";

pub(crate) fn rows() -> Vec<Row> {
    let numbers = numbers();
    vec![
        Row {
            what: format!("phone, canonical form, {} of all countries, warm", numbers.len()),
            than: "phonenumber, parse and is_valid".to_owned(),
            unit: Unit::Time,
            pair: canonical(&numbers),
            target: Target::Nanos(2_000.0),
        },
        Row {
            what: "the same, two threads together".to_owned(),
            than: "one thread".to_owned(),
            unit: Unit::Rate,
            pair: threads(&numbers),
            target: Target::RatioAtLeast(1.0),
        },
        Row {
            what: "phone, first use: canonical, as typed, national".to_owned(),
            than: "phonenumber, canonical".to_owned(),
            unit: Unit::Time,
            pair: in_turns(7, || first_use_elsewhere("ours"), || first_use_elsewhere("theirs")),
            target: Target::Nanos(100e6),
        },
        Row {
            what: "e-mail, plain ASCII".to_owned(),
            than: "email_address, parse".to_owned(),
            unit: Unit::Time,
            pair: emails(),
            target: Target::Nanos(1_000.0),
        },
    ]
}

/// One number of every country and kind that has an example, thinned out: the comparator takes a millisecond for each.
fn numbers() -> Vec<String> {
    let plans = (1..=999).flat_map(|code: u16| DATABASE.by_code(&code).unwrap_or_default());
    let examples = plans.flat_map(|plan| {
        let kinds = plan.descriptors();
        let kinds = [Some(kinds.general()), kinds.fixed_line(), kinds.mobile(), kinds.toll_free()];
        let examples: Vec<String> = kinds
            .into_iter()
            .flatten()
            .filter_map(|kind| Some(format!("+{}{}", plan.country_code(), kind.example()?)))
            .collect();
        examples
    });
    let mut numbers: Vec<String> = examples.filter(|number| Phone::from_e164(number).is_ok()).collect();
    numbers.sort();
    numbers.dedup();
    // Neighbours in the list are of different countries, as they are in a service's day.
    let step = numbers.len() / 3 + 1;
    (0..step).flat_map(|at| numbers.iter().skip(at).step_by(step)).step_by(2).cloned().collect()
}

fn canonical(numbers: &[String]) -> Pair {
    let ours = |at: usize| {
        let number = numbers.get(at % numbers.len()).unwrap();
        black_box(Phone::from_e164(black_box(number)).unwrap());
    };
    let theirs = |at: usize| {
        let number = numbers.get(at % numbers.len()).unwrap();
        black_box(phonenumber::parse(None, black_box(number)).is_ok_and(|number| number.is_valid()));
    };
    in_turns(7, || nanos_each(100 * numbers.len(), ours), || nanos_each(numbers.len(), theirs))
}

fn threads(numbers: &[String]) -> Pair {
    let read = |threads: usize| {
        let gate = Barrier::new(threads + 1);
        let (passes, started) = (300, &gate);
        let (took, ()) = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(move || {
                        started.wait();
                        for number in (0..passes).flat_map(|_| numbers) {
                            black_box(Phone::from_e164(black_box(number)).unwrap());
                        }
                    })
                })
                .collect();
            timed(|| {
                started.wait();
                workers.into_iter().for_each(|worker| worker.join().unwrap());
            })
        });
        per_second(took, threads * passes * numbers.len())
    };
    // A neighbour that takes one of two cores halves a round of two threads, and leaves one of one thread alone.
    let best = |threads: usize| (0..5).map(|_| read(threads)).fold(0.0, f64::max);
    in_turns(9, || best(2), || best(1))
}

fn first_use_elsewhere(whose: &str) -> f64 {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--bench", FIRST_USE, whose]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// The first use in this process.
pub(crate) fn first_use(whose: &str) -> f64 {
    nanos_each(1, |_| match whose {
        "ours" => {
            black_box(Phone::from_e164(black_box("+441514960453")).unwrap());
            black_box(Phone::parse(black_box("+49 (0)30 901820")).unwrap());
            black_box(Phone::parse_in(black_box("06 12 34 56 78"), Region::parse("FR").unwrap()).unwrap());
        }
        _ => {
            black_box(phonenumber::parse(None, black_box("+441514960453")).unwrap().is_valid());
        }
    })
}

fn emails() -> Pair {
    let typed =
        ["ada@example.com", "grace.hopper@navy.example", "alan+test@mail.cs.example.ac.uk", "j_doe-1@example.org"];
    let ours = |at: usize| {
        black_box(Email::parse(black_box(typed.get(at % typed.len()).unwrap())).unwrap());
    };
    let theirs = |at: usize| {
        let text = typed.get(at % typed.len()).unwrap();
        black_box(black_box(text).parse::<EmailAddress>().unwrap());
    };
    in_turns(15, || nanos_each(100_000, ours), || nanos_each(100_000, theirs))
}
