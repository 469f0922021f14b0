//! A user's usernames, e-mail addresses and phone numbers, for services to embed: added, checked against restrictions,
//! verified by a code, by a link or by an administrator's word, made primary, replaced, contested, removed, erased.
//!
//! [`Identity`] has the use cases. It needs a store (crate `identity-sqlite` or `identity-memory`), a [`Notifier`] that sends
//! messages, and [`CodeKeys`]. [`manual`] is the manual.
//!
//! # What this crate does not do
//! No sessions, no passwords, no HTTP, no mail and no text messages: the host has those, and says so through the ports.

mod account;
mod admin;
mod delivery;
mod error;
mod identity;
#[cfg(doctest)]
mod laws;
pub mod manual;
mod policies;
mod receipt;
mod reports;
mod resolve;
mod router;
mod run;
mod system;
mod transfer;

pub use account::Account;
pub use admin::Admin;
pub use async_trait::async_trait;
pub use delivery::{Delivered, Delivery};
pub use error::Error;
pub use identity::{Identity, Store};
pub use identity_core::*;
pub use identity_ports::*;
pub use receipt::Receipt;
pub use router::{RouteError, Router, RouterBuilder};
pub use system::{FromEnv, KeysFromEnvError, OsEntropy, SystemClock};
pub use transfer::{Exported, Imported};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
