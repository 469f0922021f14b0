//! Commits in crowds, over lines that are cut, through failovers, and from several processes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on ends; processes tell each other how it goes, and what takes time is timed"
)]

mod contention;
mod failover;
mod faults;
mod processes;
