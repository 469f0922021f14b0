//! Text messages through a provider on loopback, and what it reports.

mod callbacks;
#[path = "../../../identity-texts/tests/texts/kit.rs"]
mod kit;
#[path = "../provider/mod.rs"]
mod provider;
mod sending;
mod tls;
