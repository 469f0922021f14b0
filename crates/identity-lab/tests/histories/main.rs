//! Histories: real stores under random load, each call recorded with its start and its end, and judged afterwards.
//!
//! SQLite is used by two processes at once, PostgreSQL through proxies that cut, delay and duplicate what goes through them. A longer
//! run is `IDENTITY_LAB_HISTORY_SECS=600 cargo test --workspace --all-features --locked --release --test histories`.

mod checker;
mod load;
mod planted;
mod postgres;
mod sqlite;
