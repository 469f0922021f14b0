//! Whether the time of calls tells which of two kinds they are of.

use crate::measure::in_turns;
use crate::table::{Row, Target, Unit};

/// The number of calls of each kind. One more is called first and does not count.
pub(crate) const CALLS: usize = 2_000;

/// Calls with each of these in turns. Beside the medians it says how often one that is `what` took longer than one that is
/// `than`, of all pairs (the statistic of Mann and Whitney): half of them when time tells nothing. And it says how likely a
/// difference as great is by chance.
pub(crate) fn row<T>(what: String, than: &str, subjects: [&[T]; 2], call: impl Fn(&T) -> f64) -> Row {
    let [(mut longer, first), (mut shorter, second)] = subjects.map(|subjects| (Vec::new(), subjects));
    let next = |times: &mut Vec<f64>, subjects: &[T]| {
        let took = call(subjects.get(times.len()).unwrap());
        times.push(took);
        took
    };
    let pair = in_turns(CALLS, || next(&mut longer, first), || next(&mut shorter, second));
    let above = longer.iter().map(|one| shorter.iter().filter(|other| *other < one).count()).sum::<usize>();
    // A pair of equal times counts half.
    let ties = longer.iter().map(|one| shorter.iter().filter(|other| *other == one).count()).sum::<usize>();
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
    let (above, all) = (above as f64 + ties as f64 / 2.0, (longer.len() as f64, shorter.len() as f64));
    let share = 100.0 * above / (all.0 * all.1);
    let chance = chance(above, all);
    eprintln!("{what}: longer than {than} in {share:.1} % of all pairs, p = {chance:.3}");
    Row { what, than: than.to_owned(), unit: Unit::Time, pair, target: Target::RatioAtMost(2.5) }
}

/// The chance that two like samples differ at least as much: of the number of pairs in which the first took longer, by the normal
/// approximation (the test of Mann and Whitney, two-sided).
fn chance(above: f64, (first, second): (f64, f64)) -> f64 {
    let deviation = (first * second * (first + second + 1.0) / 12.0).sqrt();
    let z = (above - first * second / 2.0).abs() / deviation;
    // The complementary error function (Abramowitz and Stegun, 7.1.26), to 1.5e-7.
    let (x, t) = (z / 2_f64.sqrt(), 1.0 / (1.0 + 0.327_591_1 * z / 2_f64.sqrt()));
    let terms = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    terms.iter().fold(0.0, |sum, term| (sum + term) * t) * (-x * x).exp()
}
