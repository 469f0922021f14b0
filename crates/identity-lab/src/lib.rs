//! A laboratory for the library's reliability: whole worlds that run from one seed, and a SQLite whose power is cut.
//!
//! The core is pure, and every port is injected: the clock, the randomness, the store and the notifier. So a service with its
//! users, its administrators, its thieves and its failures can run in one thread, from one number, and run again the same way.
//! Nothing depends on this crate, and it is not published.

pub mod command;
pub mod cuts;
pub mod world;
