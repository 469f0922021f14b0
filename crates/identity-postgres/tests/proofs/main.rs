//! What a server in between, beside or instead makes of commits: lines that break, failovers, crowds.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on ends")]

mod contention;
mod failover;
mod faults;
mod processes;
mod round_trips;
