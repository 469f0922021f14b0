//! Two things measured in turns, so that what the machine does meanwhile meets both.

use std::time::{Duration, Instant};

/// How long `work` takes, and what it gives.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

/// Nanoseconds of one of `times` calls.
pub(crate) fn nanos_each(times: usize, mut work: impl FnMut(usize)) -> f64 {
    let (took, ()) = timed(|| (0..times).for_each(&mut work));
    each(took, times)
}

/// Nanoseconds of one of `times` things that took so long together.
#[expect(clippy::cast_precision_loss, reason = "counts and times of a benchmark are far below 2^52")]
pub(crate) fn each(took: Duration, times: usize) -> f64 {
    took.as_nanos() as f64 / times as f64
}

/// Things per second.
pub(crate) fn per_second(took: Duration, times: usize) -> f64 {
    1e9 / each(took, times)
}

/// What was measured of two things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    /// The median of the first.
    pub(crate) ours: f64,
    /// The median of the second.
    pub(crate) theirs: f64,
    /// The quartiles of the first by the second, pair by pair.
    pub(crate) ratio: [f64; 3],
}

/// Measures two things in turns, the one that goes first by turns too, after one round that does not count.
pub(crate) fn in_turns(rounds: usize, mut ours: impl FnMut() -> f64, mut theirs: impl FnMut() -> f64) -> Pair {
    ours();
    theirs();
    let mut pairs = Vec::with_capacity(rounds);
    for round in 0..rounds {
        pairs.push(if round % 2 == 0 {
            let first = ours();
            (first, theirs())
        } else {
            let first = theirs();
            (ours(), first)
        });
    }
    let ratios = quartiles(pairs.iter().map(|(ours, theirs)| ours / theirs));
    let [_, ours, _] = quartiles(pairs.iter().map(|(ours, _)| *ours));
    let [_, theirs, _] = quartiles(pairs.iter().map(|(_, theirs)| *theirs));
    Pair { ours, theirs, ratio: ratios }
}

fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    [last / 4, last / 2, last - last / 4].map(|at| values.get(at).copied().unwrap_or(f64::NAN))
}
