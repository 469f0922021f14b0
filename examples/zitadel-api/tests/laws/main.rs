//! What the host answers, call by call and in every dialect, without a socket.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

mod bad_input;
mod dialects;
mod failures;
mod hazards;
mod infrastructure;
mod kit;
mod languages;
mod links;
mod messages;
mod page;
mod permissions;
mod replacing;
mod rules;
mod users;
