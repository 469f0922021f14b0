//! The manual, one page per topic.
//!
//! The first day:
//!
//! * [`getting_started`]: a store, a key, a user, a verified address.
//! * [`an_afternoon`]: a service with sign-up, sign-in, an account page and rows of its own, in 83 lines.
//! * [`two_roads`]: what a holder may do, what an administrator may do, and how a host keeps them apart.
//! * [`sign_in`]: by code or link, with a user or without one; the threats, and what to put into a session.
//! * [`own_rows`]: rows of the host in the transaction that changes a user.
//! * [`events`]: the feed of the events of all users.
//! * `testing`, with the feature of that name: a clock that a test moves, a mailbox that shows codes, a store that is mocked.
//! * [`in_an_axum_service`]: problem details, views, the account page, and the page that signs in.
//! * [`beside`]: SQLite in one program with sqlx, diesel or sea-orm.
//! * [`coming_from`]: better-auth, django-allauth, ASP.NET Core Identity and Clerk, concept by concept, and how to import their
//!   users.
//!
//! Before people use it:
//!
//! * [`delivery`]: messages, notifiers, providers, and reports of what became of a message.
//! * [`metrics`]: what is counted, for an exporter, and what is worth an alarm.
//! * [`policies`]: the fourteen policies, their defaults, and the values that do not build.
//! * [`spend`]: budgets in sends and in money, the breaker, and who is told the reason.
//! * [`when_somebody_else_gets_in`]: how the owner of an account undoes what a thief changed.
//! * [`security`]: what is protected, how, and what the host has to do.
//!
//! When it grows:
//!
//! * [`postgres`]: PostgreSQL, poolers and failover.
//! * [`moving_house`]: from an SQLite file to PostgreSQL.
//! * [`scaling`]: how far one process goes, and what comes next.
//! * [`billion`]: an estimate for a billion users and 50,000 commits a second.
//!
//! To look up:
//!
//! * [`glossary`]: the words.
//! * [`errors`]: which error goes where, what its text says, and the forms of a time.
//! * [`slugs`]: every slug of a refusal or error, and every string of the texts.
//! * [`adapters`]: how to write a store: what it keeps, what a commit does in which order, leases, the conformance suite.

#[doc = include_str!("getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("an_afternoon.md")]
pub mod an_afternoon {}

#[doc = include_str!("two_roads.md")]
pub mod two_roads {}

#[doc = include_str!("policies.md")]
pub mod policies {}

#[doc = include_str!("delivery.md")]
pub mod delivery {}

#[doc = include_str!("spend.md")]
pub mod spend {}

#[doc = include_str!("adapters.md")]
pub mod adapters {}

#[doc = include_str!("when_somebody_else_gets_in.md")]
pub mod when_somebody_else_gets_in {}

#[doc = include_str!("security.md")]
pub mod security {}

#[doc = include_str!("scaling.md")]
pub mod scaling {}

#[doc = include_str!("postgres.md")]
pub mod postgres {}

#[doc = include_str!("moving_house.md")]
pub mod moving_house {}

#[doc = include_str!("billion.md")]
pub mod billion {}

#[doc = include_str!("own_rows.md")]
pub mod own_rows {}

#[doc = include_str!("events.md")]
pub mod events {}

#[doc = include_str!("beside.md")]
pub mod beside {}

#[doc = include_str!("coming_from.md")]
pub mod coming_from {}

#[doc = include_str!("sign_in.md")]
pub mod sign_in {}

#[cfg(feature = "testing")]
#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("slugs.md")]
pub mod slugs {}

#[doc = include_str!("in_an_axum_service.md")]
pub mod in_an_axum_service {}

#[doc = include_str!("metrics.md")]
pub mod metrics {}

#[doc = include_str!("glossary.md")]
pub mod glossary {}
