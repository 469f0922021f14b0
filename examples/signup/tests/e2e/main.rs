//! The service as a process, with a real mail server, and a browser that goes through it as a person would.

mod afternoon;
mod browser;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../../../../crates/identity-smtp/tests/smtp/server.rs"]
mod mail_server;
mod person;
mod readme;
mod story;
