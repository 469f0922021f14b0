//! The host as a process, with a real mail server and a provider of text messages beside it.

#[path = "../../../../crates/identity-core/tests/kit/corpora.rs"]
mod corpora;
mod host;
mod limits;
mod links;
mod mail;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../../../../crates/identity-smtp/tests/smtp/server.rs"]
mod mail_server;
#[path = "../../../../crates/identity-core/tests/kit/naughty.rs"]
mod naughty;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../../../../crates/identity-sms-http/tests/provider/mod.rs"]
mod provider;
mod starting;
mod text_messages;
