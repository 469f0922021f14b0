//! A host over `identity` that ZITADEL's clients cannot tell from the real one, as far as e-mail and phone go: ten methods of
//! the user service v2 on one port, over REST, gRPC, gRPC-web and Connect.
//!
//! `wire` has the messages, `rules` the rules of their fields, `service` what the calls do, `dialect` how they are written,
//! `failure` and `text` what is said when they fail, `app` the router.

pub mod app;
pub mod dialect;
pub mod failure;
mod json;
pub mod mail;
pub mod rules;
pub mod service;
mod settings;
mod template;
pub mod text;
mod tokens;
pub mod wire;

pub use app::{App, router};
pub use mail::log_notifier;
pub use settings::{Settings, SettingsError};
pub use template::{Fields, LinkOrigin, LinkOriginError, UrlTemplate};
pub use tokens::{AccessTokens, Caller, TokensError};
