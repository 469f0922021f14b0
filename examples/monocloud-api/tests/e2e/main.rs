//! The real server process over loopback, as its clients meet it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

mod bad_input;
mod connections;
mod endpoints;
mod keys;
mod kit;
mod links;
mod lists;
mod logs;
mod node;
mod openapi;
mod outages;
mod pages;
mod postgres;
mod problems;
mod property_based;
mod readme;
mod restart;
mod shutdown;
mod tenants;
mod transfer;
