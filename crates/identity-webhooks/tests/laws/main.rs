//! Webhooks to an endpoint on loopback. Time is tokio's, and moves when nothing else does.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

mod endpoints;
mod kit;
mod sending;
mod tries;
