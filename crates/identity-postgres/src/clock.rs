use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use identity_core::Timestamp;
use identity_ports::{Clock, SystemClock};

use crate::cells::capped;

/// The time of the server, which all processes that use it have in common, whatever the clocks of their machines show: what the
/// server said last, and what has passed on this machine since its answer arrived.
///
/// It holds the difference between the two, in microseconds.
#[derive(Debug, Default)]
pub(crate) struct ServerClock(AtomicI64);

impl ServerClock {
    /// Takes over what the clock of the server showed, in microseconds.
    pub(crate) fn hear(&self, server: i64) {
        self.0.store(server.saturating_sub(passed()), Ordering::Relaxed);
    }
}

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed).saturating_add(passed()))
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

fn passed() -> i64 {
    capped(SystemClock.monotonic().as_micros())
}
