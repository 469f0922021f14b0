//! A host over `identity` that MonoCloud's clients cannot tell from the real one.
//!
//! `app` is the router, `routes` has one file per resource, `wire` has what goes over the wire in both generations, and
//! `problem` is the one place where a refusal becomes a problem document.
//!
//! # Decisions where the real API says nothing
//! * Nobody becomes primary by themselves, since the samples show a lone verified address that is not primary. An unverified
//!   address cannot be primary. When a primary goes, the one that has been verified the longest follows.
//! * Verifying, unverifying, making primary, enabling, disabling and unblocking what is so already changes nothing and
//!   answers 200.
//! * Optional keys are always there, and null when nothing is known.
//! * A body's media type is not looked at; a body that may be empty (`POST /users`, `disable`, `verify/link`) may be missing.
//! * `size` goes from 1 to 1,000, and a list without `sort` is ordered by creation. `filter` finds users whose username, an
//!   e-mail address or a phone number begins so, or whose id it is.
//! * `skip_conformance_checks` and `revoke_sessions` are accepted and without effect: what is no address is never taken, and
//!   there are no sessions here. Password fields are refused by name.
//! * A user who is being changed by too many at once is 429 with `Retry-After`, not 409, which the API never documents.

pub mod app;
pub mod body;
pub mod caller;
pub mod directory;
pub mod json;
mod keys;
pub mod mail;
pub mod openapi;
pub mod path;
pub mod problem;
pub mod routes;
mod settings;
pub mod transfer;
pub mod wire;

pub use app::{App, router};
pub use keys::{ApiKeys, KeyHolder, KeysError};
pub use mail::log_notifier;
pub use openapi::document;
pub use settings::{Settings, SettingsError};
