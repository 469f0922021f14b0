use std::time::Duration;

use clap::{Args, value_parser};

/// What one client can hold of a host: connections, and time. A host always answers: when no connection is free, the one that
/// has been idle the longest is closed.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// The number of connections that are open at once, from 1 to 1,000,000; fewer where the process may open fewer files.
    #[arg(long, env = "IDENTITY_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = 1_000,
          value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,
    /// Milliseconds in which the head of a request has to arrive.
    #[arg(long, env = "IDENTITY_HEAD_TIMEOUT_MS", value_name = "MS", default_value_t = 10_000,
          value_parser = value_parser!(u64).range(1..=86_400_000))]
    head_timeout_ms: u64,
    /// Milliseconds in which the body of a request has to arrive.
    #[arg(long, env = "IDENTITY_BODY_TIMEOUT_MS", value_name = "MS", default_value_t = 30_000,
          value_parser = value_parser!(u64).range(1..=86_400_000))]
    body_timeout_ms: u64,
    /// Milliseconds for which a connection may stay open without a request.
    #[arg(long, env = "IDENTITY_IDLE_TIMEOUT_MS", value_name = "MS", default_value_t = 60_000,
          value_parser = value_parser!(u64).range(1..=86_400_000))]
    idle_timeout_ms: u64,
    /// Milliseconds that a request may take in all, from its head to the last byte of its answer; then the connection is closed.
    #[arg(long, env = "IDENTITY_REQUEST_TIMEOUT_MS", value_name = "MS", default_value_t = 120_000,
          value_parser = value_parser!(u64).range(1..=86_400_000))]
    request_timeout_ms: u64,
}

/// Files that are not connections: the store, its pool, standard streams, senders.
const OTHER_FILES: u64 = 64;

impl Limits {
    /// The time in which the head of a request has to arrive, from its first byte on.
    pub(crate) const fn head(&self) -> Duration {
        Duration::from_millis(self.head_timeout_ms)
    }

    /// The time in which the body of a request has to arrive.
    pub(crate) const fn body(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    /// The time that a connection may spend without a request.
    pub(crate) const fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }

    /// The time that a request may take in all.
    pub(crate) const fn request(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// The number of connections, where so many files may be open; `None` where that has no limit.
    pub(crate) fn connections(&self, open_files: Option<u64>) -> u32 {
        let files = open_files.unwrap_or(u64::MAX);
        let room = u32::try_from(files - OTHER_FILES.min(files / 2)).unwrap_or(u32::MAX);
        self.max_connections.min(room).max(1)
    }
}

/// The limit of open files of this process; `None` where there is none.
pub(crate) fn open_files() -> Option<u64> {
    #[cfg(unix)]
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let limit = None;
    limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        limits: Limits,
    }

    #[test]
    fn connections_stay_below_the_limit_of_open_files() {
        let limits = Settings::parse_from(["host"]).limits;
        for (files, connections) in
            [(None, 1_000), (Some(1_048_576), 1_000), (Some(1_024), 960), (Some(128), 64), (Some(40), 20), (Some(1), 1)]
        {
            assert_eq!(limits.connections(files), connections, "{files:?}");
        }
    }
}
