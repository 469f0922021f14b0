//! Time and randomness: the ports, and the adapters to the operating system.

use std::cell::RefCell;

use identity_core::Seed;
pub use identity_core::{TimestampError, TimestampRangeError};
use identity_ports::ForeignError;
pub use identity_ports::{Clock, Entropy, EntropyError, SteadyClock, SystemClock};
use zeroize::Zeroizing;

/// The operating system's randomness.
///
/// A call to the system costs about as much as a decision, so each thread fetches 64 seeds in advance. A seed is wiped when it
/// is given out, and a forked process fetches its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

struct Ahead {
    seeds: Zeroizing<[[u8; 32]; 64]>,
    left: usize,
    process: u32,
}

thread_local! {
    static AHEAD: RefCell<Ahead> = RefCell::new(Ahead { seeds: Zeroizing::new([[0; 32]; 64]), left: 0, process: 0 });
}

impl Entropy for OsEntropy {
    fn seed(&self) -> Result<Seed, EntropyError> {
        AHEAD.with_borrow_mut(|ahead| {
            let process = std::process::id();
            if ahead.left == 0 || ahead.process != process {
                fetch(ahead.seeds.as_flattened_mut())?;
                (ahead.left, ahead.process) = (ahead.seeds.len(), process);
            }
            ahead.left -= 1;
            let next = ahead.seeds.get_mut(ahead.left).map(std::mem::take);
            next.map(Seed::new).ok_or_else(|| EntropyError(ForeignError::new("no seed is left")))
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where randomness comes from")]
fn fetch(bytes: &mut [u8]) -> Result<(), EntropyError> {
    getrandom::fill(bytes).map_err(|error| EntropyError(ForeignError::new(error)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_seed_comes_twice_in_any_thread() {
        let drawn = || (0..1_000).map(|_| *OsEntropy.seed().unwrap().nonce(0).as_bytes()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(drawn)).collect();
        let all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 4_000);
    }
}
