//! Inputs drawn from a seed.
#![expect(clippy::indexing_slicing, reason = "an index is drawn below the length")]

use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;

/// The seeds of one run of a law: the fixed one and a fresh one, or the one that `IDENTITY_ORACLE_SEED` holds.
pub(crate) fn seeds(law: &str) -> Vec<u64> {
    if let Ok(seed) = std::env::var("IDENTITY_ORACLE_SEED") {
        return vec![seed.parse().unwrap_or_else(|error| unreachable!("IDENTITY_ORACLE_SEED={seed}: {error}"))];
    }
    let fresh = RandomState::new().hash_one(std::process::id());
    // Not through `println!`, which shows nothing for a test that passes.
    let _ = writeln!(std::io::stderr(), "{law}: seeds 1 and {fresh}; to repeat, set IDENTITY_ORACLE_SEED={fresh}");
    vec![1, fresh]
}

/// A generator of numbers (SplitMix64).
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or(0)
    }

    /// Whether an event of which one in `n` happens does.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// A character of the ranges, each range as likely as another.
    pub(crate) fn char_of(&mut self, ranges: &[std::ops::RangeInclusive<char>]) -> char {
        let range = &ranges[self.below(ranges.len())];
        let (low, high) = (u32::from(*range.start()), u32::from(*range.end()));
        let at = u32::try_from(self.below((high - low + 1) as usize)).unwrap_or(0);
        char::from_u32(low + at).unwrap_or(*range.start())
    }
}
