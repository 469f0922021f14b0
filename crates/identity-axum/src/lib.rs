//! What a service on [axum](https://docs.rs/axum) needs around [`identity`]: refusals as problem details, views of
//! users without private fields, the client's language and address, the account page, the page that signs in, and what
//! runs a service.
//!
//! The manual has a page with an example: [`identity::manual::in_an_axum_service`].
//!
//! # What this crate does not do
//! It keeps no sessions: a handler of the host begins one, and who is signed in is an extractor of the host. Both are
//! there for hosts whose sessions are those of [`tower-sessions`](https://docs.rs/tower-sessions), behind the feature
//! of that name. It limits no rates, and it does not cover the administrator's road: an [`Admin`](identity::Admin) call
//! in a handler answers with a [`Problem`] as any other, which tells an administrator no more than a holder.

mod account;
mod client;
mod form;
mod links;
mod page;
mod problem;
mod service;
#[cfg(feature = "tower-sessions")]
mod sessions;
mod sign_in;
mod view;

pub use account::account_page;
pub use client::{ClientAddress, ClientLanguage, TrustedProxies};
pub use links::{link_page, undo_page};
pub use problem::Problem;
pub use service::{for_browsers, ready, serve, serve_until};
#[cfg(feature = "tower-sessions")]
pub use sessions::{CurrentUser, begin_session, end_session};
pub use sign_in::{Entered, sign_in_page};
pub use view::{IdentifierView, UserView};
