//! Temporary PostgreSQL servers, standbys, poolers, and proxies that break connections, for tests and benchmarks.
//!
//! Everything listens on loopback, has a folder of its own, and ends with the process that started it, even when that process
//! is killed. PostgreSQL refuses to run as root: started by root, it runs as the user `postgres`, or `nobody`.
//!
//! ```
//! use postgres_testbed::Cluster;
//!
//! let cluster = Cluster::shared();
//! let database = cluster.database();
//! assert_eq!(database.sql("select 1 + 1"), "2");
//! ```
//!
//! # Panics
//! Every failure is a panic whose message says what went wrong; when a program is missing, it names the Debian package. Nothing is
//! skipped.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    reason = "a library of tests: what does not work is a panic, and servers are waited for"
)]

mod cluster;
mod database;
mod home;
mod pgbouncer;
mod programs;
mod proxy;
mod supervised;
mod wire;

pub use cluster::{Builder, Cluster, Paused};
pub use database::Database;
pub use pgbouncer::{Pgbouncer, Pooling};
pub use programs::programs;
pub use proxy::{Fault, Heard, Proxy, Side, What};

/// The superuser of every cluster; it needs no password.
pub const USER: &str = "postgres";

/// Tries until something is there.
pub(crate) fn wait_for<T>(what: &str, seconds: u64, mut there: impl FnMut() -> Option<T>) -> T {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(std::time::Instant::now() < end, "waited {seconds} s for {what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A loopback port that nobody listens on, outside of the range that outgoing connections take theirs from.
pub(crate) fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..10_000 {
        let number = std::process::id().wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(12_000 + number % 20_000).expect("below 32,000");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port on loopback between 12,000 and 32,000");
}
