use std::sync::Arc;

use async_trait::async_trait;
use identity::store::Store;

use crate::heard;
use crate::laws::{self, contract};

/// The way in which an adapter's store is opened. A harness is one place, for example a file, a database or a schema of
/// one. Every law gets a new harness whose place is empty.
#[async_trait]
pub trait Harness: Send + Sync + 'static {
    /// Opens the store at this place. It is called again while the first store is in use, as a second process would do.
    /// An adapter that allows only one opener returns the same store again.
    async fn open(&self) -> Arc<dyn Store>;

    /// Ends the store as a crash of its process would, and opens it again with what was stored: a store in files copies
    /// them while the store is in use, and opens the copy, because an orderly end may write what was not durable before.
    /// Other stores at the place may still be open.
    async fn restart(&self, store: Arc<dyn Store>) -> Arc<dyn Store>;

    /// Everything that is stored at this place: the bytes of the files, or every column of every table, and of the log that
    /// changes go through. Laws search it for secrets.
    async fn bytes_at_rest(&self) -> Vec<u8>;

    /// Whether a commit writes to memory alone; false by default. The law of pairs of failures makes some 5,000 commits: it tries
    /// every use case on such a store, and every sixth one on others. The library's calls are the same on both.
    fn is_in_memory(&self) -> bool {
        false
    }
}

/// Runs a law on a runtime of its own with four threads, so that tasks run in parallel. Meanwhile everything that is told
/// through the crate `tracing` is searched for codes, links, keys and whole addresses.
///
/// # Panics
/// When the law is broken, when a secret or a whole address was told, or when the runtime cannot be started.
pub fn block_on<F: Future>(law: F) -> F::Output {
    heard::listen();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let kept = runtime.expect("a runtime").block_on(law);
    heard::judge();
    kept
}

/// Runs a law at an empty place. When it is broken, its contract is printed besides.
#[doc(hidden)]
pub fn hold<H: Harness>(law: &'static str, empty: impl FnOnce() -> H + 'static) {
    hold_boxed(law, Box::new(|| Box::new(empty())));
}

// The laws are compiled here, once, and not with each adapter's tests.
fn hold_boxed(law: &'static str, empty: Box<dyn FnOnce() -> Box<dyn Harness>>) {
    let _told = Told(law);
    let (_, run) = laws::LAWS.iter().find(|(name, _)| *name == law).expect("a law's name");
    block_on(async { run(&*empty()).await });
}

struct Told(&'static str);

impl Drop for Told {
    #[expect(clippy::print_stderr, reason = "what a test says of its failure goes to the standard error")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("\nThe law {} is broken. It says: {}\n", self.0, contract(self.0).unwrap_or_default());
        }
    }
}

/// Defines one test per law of [`laws`](crate::laws), with the name of the law. The expression makes a [`Harness`]
/// whose place is empty; it is evaluated once per test.
#[macro_export]
macro_rules! suite {
    ($harness:expr) => {
        $crate::for_every_law!([$crate::suite_tests][$harness]);
    };
}

/// The tests of [`suite`].
#[doc(hidden)]
#[macro_export]
macro_rules! suite_tests {
    ([$harness:expr] $($law:ident)*) => {
        $(
            #[test]
            fn $law() {
                $crate::hold(stringify!($law), || $harness);
            }
        )*
    };
}
