//! Commits under lost connections, failovers, silent servers, locked rows and crowds.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on ends; processes tell each other how it goes, and what takes time is timed"
)]

mod contention;
mod deadlines;
mod failover;
mod faults;
mod processes;
mod round_trips;
