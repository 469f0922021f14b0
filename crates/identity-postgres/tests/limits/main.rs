//! Deadlines, and how many round trips a call takes. The machine must have nothing else to do meanwhile.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on ends, and what takes time is timed"
)]

mod deadlines;
mod round_trips;
