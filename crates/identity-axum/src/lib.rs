//! What a service on [axum](https://docs.rs/axum) needs around [`identity`]: refusals as problem details, views of users without
//! private fields, the client's language and address, and the account page.
//!
//! ```
//! use axum::extract::FromRequestParts;
//! use axum::http::StatusCode;
//! use axum::http::request::Parts;
//! use axum::routing::get;
//! use axum::{Json, Router};
//! use identity::{CodeKeys, Identity, UserId};
//! use identity_axum::{Problem, UserView, account_page};
//! use identity_texts::{Brand, Links, Texts};
//! # use identity::{Accepted, Notice, Notifier, NotifyError};
//! # struct Terminal;
//! # #[identity::async_trait]
//! # impl Notifier for Terminal {
//! #     async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> { Ok(Accepted::default()) }
//! # }
//!
//! /// Who is signed in: whatever extractor the service has.
//! struct SignedIn(UserId);
//!
//! impl<S: Sync> FromRequestParts<S> for SignedIn {
//!     type Rejection = StatusCode;
//!
//!     async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
//!         # let session = |_: &mut Parts| None;
//!         session(parts).map(Self).ok_or(StatusCode::UNAUTHORIZED)
//!     }
//! }
//!
//! impl From<SignedIn> for UserId {
//!     fn from(SignedIn(user): SignedIn) -> Self {
//!         user
//!     }
//! }
//!
//! let keys = CodeKeys::parse(&"5a".repeat(32))?;
//! let identity = Identity::new(identity_memory::MemoryStore::new(), Terminal, keys.clone());
//! let links = Links::new("https://accounts.example.com/account/link")?;
//! let texts = Texts::builder(Brand::new("Example", links), identity::system::SystemClock).build()?;
//!
//! let holders = identity.clone();
//! let me = async move |SignedIn(user): SignedIn| -> Result<Json<UserView>, Problem> {
//!     Ok(Json(UserView::from(&*holders.account(&user).get().await?)))
//! };
//! let app: Router = Router::new()
//!     .route("/me", get(me))
//!     .nest("/account", account_page::<SignedIn, _>(identity, texts, keys));
//! # let _ = app;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What this crate does not do
//! It has no sessions and signs nobody in; who is signed in is an extractor of the host. It limits no rates, and it does not
//! cover the administrator's road: an [`Admin`](identity::Admin) call in a handler answers with a [`Problem`] as any other, which
//! tells an administrator no more than a holder.

mod account;
mod client;
mod form;
mod links;
mod page;
mod problem;
mod view;

pub use account::account_page;
pub use client::{ClientAddress, ClientLanguage, TrustedProxies};
pub use problem::Problem;
pub use view::{IdentifierView, UserView};
