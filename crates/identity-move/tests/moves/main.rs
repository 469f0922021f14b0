//! Everything arrives, whatever comes in between; what cannot be moved is refused with a sentence that says what to do, and
//! nothing is lost by it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod moving;
mod others;
mod refusals;
mod town;
