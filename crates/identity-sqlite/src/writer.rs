//! One connection writes. A caller that finds it free uses it immediately; other work waits in a queue, and a thread
//! performs queued work in shared transactions.
//!
//! Nothing is awaited while the connection is held, so a dropped future cannot take it along. Queued work is performed, or
//! skipped if its caller has gone when its turn comes. No `fsync` happens on a caller's thread: with [`Durability::Full`]
//! all work goes through the queue, and the thread writes the log back.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use identity_ports::StoreError;
use tokio::sync::oneshot;

use crate::connection::Desk;
use crate::options::Durability;
use crate::work::{Answer, Request, Work};

/// The largest number of commits in one transaction.
const BATCH: usize = 64;

/// A log that is due to be truncated waits until nobody writes, but for no more batches than this.
const LATE: u32 = 64;

/// The time between two looks at what an erasure left to do.
const TICK: Duration = Duration::from_millis(100);

/// As many looks without a commit come before a file is compacted: a second.
const QUIET: u32 = 10;

/// The connection that writes, and the queue of work that waits for it.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Whether a caller that finds the connection free does its work itself.
    at_once: bool,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    /// `None` while it is in use.
    desk: Option<Desk>,
    queue: VecDeque<Job>,
    closed: bool,
    /// Whether the thread wakes by itself to look at what is left to do.
    ticking: bool,
}

enum Job {
    Work(Box<dyn Work>),
    Host(Box<dyn FnOnce(&Desk) + Send>),
}

impl Writer {
    pub(crate) fn start(desk: Desk, durability: Durability) -> Result<Self, StoreError> {
        let state = State { desk: Some(desk), queue: VecDeque::new(), closed: false, ticking: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), wake: Condvar::new() });
        let worker = Arc::clone(&shared);
        let thread = thread::Builder::new().name("identity-sqlite".to_owned()).spawn(move || worker.serve());
        let thread = Some(thread.map_err(StoreError::failed)?);
        Ok(Self { shared, thread, at_once: durability == Durability::Normal })
    }

    /// The connection, if it is free and the queue is empty.
    pub(crate) fn hold(&self) -> Option<Held<'_>> {
        let mut state = self.shared.lock();
        if !state.queue.is_empty() {
            return None;
        }
        state.desk.take().map(|desk| Held { shared: &self.shared, desk: Some(desk) })
    }

    /// Performs the work, immediately or from the queue.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        run: impl Fn(&Desk) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        if self.at_once
            && let Some(answer) = self.hold().and_then(|held| held.desk()?.alone(&run))
        {
            return answer;
        }
        let (sender, receiver) = oneshot::channel();
        self.shared.push(Job::Work(Box::new(Request { run, answer: None, sender })));
        receiver.await.unwrap_or_else(|_| Err(gone().into()))
    }

    /// Runs a closure with the connection on the writer's thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Desk) -> T + Send + 'static,
    ) -> Result<thread::Result<T>, StoreError> {
        let (sender, receiver) = oneshot::channel();
        let job = move |desk: &Desk| {
            let result = catch_unwind(AssertUnwindSafe(|| run(desk)));
            desk.tidy();
            // The caller may have gone.
            let _ = sender.send(result);
        };
        self.shared.push(Job::Host(Box::new(job)));
        receiver.await.map_err(|_| gone())
    }
}

/// Performs the queued work and closes the connection before it returns.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

fn gone() -> StoreError {
    StoreError::failed(
        "the writer stopped before it answered; read the user again to see whether the change was written",
    )
}

/// The connection, returned to the writer when this is dropped.
pub(crate) struct Held<'a> {
    shared: &'a Shared,
    desk: Option<Desk>,
}

impl Held<'_> {
    pub(crate) fn desk(&self) -> Option<&Desk> {
        self.desk.as_ref()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let Some(desk) = self.desk.take() else { return };
        desk.tidy();
        let mut state = self.shared.lock();
        let left = desk.wants_checkpoint() || (desk.wants_cleaning() && !state.ticking);
        let wake = left || !state.queue.is_empty();
        state.desk = Some(desk);
        drop(state);
        if wake {
            self.shared.wake.notify_one();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) {
        let mut state = self.lock();
        state.queue.push_back(job);
        // The current user of the connection looks at the queue when it returns the connection.
        let wake = state.desk.is_some();
        drop(state);
        if wake {
            self.wake.notify_one();
        }
    }

    fn serve(&self) {
        let (mut late, mut quiet, mut pages) = (0, 0, 0);
        while let Some((held, jobs, last)) = self.next() {
            // A panic is a bug. Only the callers of the current batch lose their answers.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                let Some(desk) = held.desk() else { return };
                let idle = jobs.is_empty();
                serve(desk, jobs);
                desk.tidy();
                quiet = if idle && desk.log_pages() == pages { quiet + 1 } else { 0 };
                if desk.wants_cut() && (idle || late >= LATE) {
                    desk.cut();
                    late = 0;
                } else if desk.wants_checkpoint() {
                    desk.checkpoint();
                }
                if desk.wants_compaction() && (last || quiet >= QUIET) {
                    desk.compact_small();
                    quiet = 0;
                }
                late += 1;
                pages = desk.log_pages();
            }));
            drop(held);
            if last {
                return;
            }
        }
    }

    /// Waits for work of callers, or for something that is left to do, and says whether it is the last; `None` when the store
    /// is closed and nothing is left.
    fn next(&self) -> Option<(Held<'_>, Vec<Job>, bool)> {
        let mut ticked = false;
        let mut state = self.lock();
        loop {
            let wants = |what: fn(&Desk) -> bool| state.desk.as_ref().is_some_and(what);
            let (due, cleaning) = (wants(Desk::wants_checkpoint), wants(Desk::wants_cleaning));
            let last = state.closed && state.queue.is_empty();
            if last && !due && !cleaning {
                return None;
            }
            if (due || last || !state.queue.is_empty() || (cleaning && ticked))
                && let Some(desk) = state.desk.take()
            {
                let works = state.queue.iter().take(BATCH).take_while(|job| matches!(job, Job::Work(..))).count();
                let count = works.max(1).min(state.queue.len());
                let jobs = state.queue.drain(..count).collect();
                return Some((Held { shared: self, desk: Some(desk) }, jobs, last));
            }
            state.ticking = cleaning;
            state = if cleaning {
                let (state, timeout) = self.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
                ticked = timeout.timed_out();
                state
            } else {
                self.wake.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
            state.ticking = false;
        }
    }
}

fn serve(desk: &Desk, jobs: Vec<Job>) {
    desk.set_patient(true);
    let mut works = Vec::with_capacity(jobs.len());
    for job in jobs {
        match job {
            Job::Work(work) if work.is_wanted() => works.push(work),
            // Its caller has gone.
            Job::Work(_) => {}
            Job::Host(run) => run(desk),
        }
    }
    desk.together(&mut works);
    desk.set_patient(false);
    works.into_iter().for_each(Work::answer);
}
