//! The laws of the core, one family per file. Laws of the checklist begin with their number.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

mod attempts;
mod challenges;
mod codes;
mod commits;
mod contests;
mod decoys;
mod disavowal;
mod disavowal_thief;
mod events;
mod extension;
mod freshness;
mod guessing;
mod kit;
mod mailboxes;
mod merging;
mod notices;
mod policies;
mod privacy;
mod readers;
mod records;
mod resending;
mod reserves;
mod rest;
mod rules;
mod schedule;
mod sends;
mod sequences;
mod spend;
mod stored;
mod voiding;
