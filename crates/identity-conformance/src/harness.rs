use std::sync::Arc;

use async_trait::async_trait;
use identity_ports::{Directory, Outbox, UserRepository};

/// How an adapter's store is opened. One harness is one place (a file, a database, a schema of one); every law gets a new one,
/// with nothing in it.
#[async_trait]
pub trait Harness: Send + Sync + 'static {
    /// The store.
    type Store: UserRepository + Directory + Outbox;

    /// Opens the store at this place. It is called again while the first store is in use, as a second process would: an adapter
    /// that allows one opener alone gives the same store again.
    async fn open(&self) -> Arc<Self::Store>;

    /// Ends the store as the end of its process would, and opens what it left behind. Other stores may still be open.
    async fn restart(&self, store: Arc<Self::Store>) -> Arc<Self::Store>;

    /// Everything that is kept at this place: the bytes of its files, or every column of every table.
    async fn bytes_at_rest(&self) -> Vec<u8>;
}

/// Runs a law on a runtime of its own with four threads, so that tasks meet.
///
/// # Panics
/// When the law does, or when there is no runtime to be had.
pub fn block_on<F: Future>(law: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.expect("a runtime").block_on(law)
}

/// One test for each law of [`laws`](crate::laws), under the law's name. The expression makes a [`Harness`] with nothing in
/// its place; it is evaluated once for every test.
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
                $crate::block_on(async { $crate::laws::$law(&$harness).await });
            }
        )*
    };
}
