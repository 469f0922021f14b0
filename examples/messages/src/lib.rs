//! A host whose messages go out: mail by SMTP, text messages by HTTP, each in the person's language, with links that scanners
//! cannot confirm, and with callbacks and returned mail that say what became of them.
//!
//! It is there to be copied. Its README has the calls.

mod app;
mod callbacks;
mod limits;
pub mod mailbox;
mod page;
mod settings;
mod users;

pub use app::{App, router};
pub use limits::SpendLimits;
pub use settings::{Settings, SettingsError};
