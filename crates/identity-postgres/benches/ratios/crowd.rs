//! Tasks that do the same thing again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Lets so many tasks do `work` over and over for this time, and gives how often it was done. `work` is told the number of its
/// task and how often that task has done it before.
pub(crate) async fn repeat<F>(
    tasks: usize,
    time: Duration,
    work: impl Fn(usize, usize) -> F + Clone + Send + 'static,
) -> usize
where
    F: Future<Output = ()> + Send,
{
    let over = Arc::new(AtomicBool::new(false));
    let at_work: Vec<_> = (0..tasks)
        .map(|task| {
            let (over, work) = (Arc::clone(&over), work.clone());
            tokio::spawn(async move {
                let mut done = 0;
                while !over.load(Ordering::Relaxed) {
                    work(task, done).await;
                    done += 1;
                }
                done
            })
        })
        .collect();
    tokio::time::sleep(time).await;
    over.store(true, Ordering::Relaxed);
    let mut done = 0;
    for task in at_work {
        done += task.await.unwrap();
    }
    done
}
