//! Mail through a real server on loopback.

mod bounces;
#[path = "../../../identity-texts/tests/texts/kit.rs"]
mod kit;
mod sending;
mod server;
mod settings;
