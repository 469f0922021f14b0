//! Mail through a real server on loopback.

mod bounces;
mod connections;
#[path = "../../../identity-texts/tests/texts/kit.rs"]
mod kit;
mod sending;
mod server;
mod settings;
