//! The adapter against servers of its own: the laws of the ports in three ways, and what only PostgreSQL does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod clock;
mod common;
mod conformance;
mod damaged;
mod erasure;
mod errors;
mod feed;
mod host;
mod mail;
mod migrations;
mod moved;
mod pooler;
mod texts;
mod tls;
mod together;
