//! The manual, a page a topic.
//!
//! 1. [`getting_started`]: a store, a key, a user, a verified address.
//! 2. [`two_roads`]: what a holder may do and what an administrator may do, and how a host keeps them apart.
//! 3. [`policies`]: the six policies, their defaults, and what does not build.
//! 4. [`delivery`]: messages, notifiers, providers, and what became of what was sent.
//! 5. [`spend`]: budgets in sends and in money, the breaker, and who is told why.
//! 6. [`adapters`]: writing a store of one's own.
//! 7. [`security`]: what is protected, how, and what remains the host's.
//! 8. [`scaling`]: how far one process goes, and what comes after.
//! 9. [`postgres`]: PostgreSQL, poolers and failover, and the engines that shard by themselves.
//! 10. [`moving_house`]: from a file to PostgreSQL.
//! 11. [`billion`]: a billion users and 50,000 commits a second, with the arithmetic.

#[doc = include_str!("getting_started.md")]
pub mod getting_started {}

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
