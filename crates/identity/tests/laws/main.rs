//! The laws of the use cases, on the model store.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

mod clock;
mod contests;
mod delivery;
mod disavowal;
mod failures;
mod feed;
mod freshness;
mod kit;
mod mailboxes;
mod merging;
mod metrics;
mod own_rows;
mod posted;
mod reserve;
mod rest;
mod router;
mod rules;
mod schedule;
mod shared;
mod sign_in;
mod simulation;
mod strangers;
mod tenants;
mod transfer;
mod workers;
