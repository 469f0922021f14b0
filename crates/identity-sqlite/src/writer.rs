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

/// A log that is due to be truncated waits until the queue is empty, but for no more batches than this.
const LATE: u32 = 64;

/// How long nothing must have been written before a file is compacted.
const QUIET: Duration = Duration::from_secs(1);

/// The time between two attempts to truncate a log that readers use.
const PAUSE: Duration = Duration::from_millis(100);

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
    /// What the thread waits for in addition to work.
    timer: Option<Timer>,
}

#[derive(Clone, Copy)]
enum Timer {
    /// The next attempt to truncate the log.
    Pause,
    /// A second in which nothing is written.
    Quiet,
}

enum Job {
    Work(Box<dyn Work>),
    Host(Box<dyn FnOnce(&Desk) + Send>),
}

/// A task of the thread.
enum Task {
    /// The work of callers, and a checkpoint when one is due.
    Jobs(Vec<Job>),
    /// Truncates the write-ahead log after an erasure.
    Cut,
    /// Compacts a small file after an erasure, for the last time when the store closes.
    Compact { last: bool },
}

impl Writer {
    pub(crate) fn start(desk: Desk, durability: Durability) -> Result<Self, StoreError> {
        let state = State { desk: Some(desk), queue: VecDeque::new(), closed: false, timer: None };
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
        let due = desk.wants_checkpoint();
        let (cut, compact) = (desk.wants_cut(), desk.wants_compaction());
        let mut state = self.shared.lock();
        state.desk = Some(desk);
        let timed = match state.timer {
            None => !cut && !compact,
            Some(Timer::Quiet) => !cut,
            Some(Timer::Pause) => true,
        };
        let wake = due || !timed || !state.queue.is_empty();
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
        // Batches since the log was due to be truncated.
        let mut late = 0;
        // Whether a reader prevented the last attempt to truncate it.
        let mut failed = false;
        while let Some((held, task)) = self.next(failed) {
            let last = matches!(task, Task::Compact { last: true });
            // A panic is a bug. Only the callers of the current batch lose their answers.
            let cut = catch_unwind(AssertUnwindSafe(move || {
                let desk = held.desk()?;
                let idle = match task {
                    Task::Jobs(jobs) => {
                        serve(desk, jobs);
                        desk.tidy();
                        false
                    }
                    Task::Cut => true,
                    Task::Compact { .. } => {
                        desk.compact_small();
                        return None;
                    }
                };
                if desk.wants_cut() && (idle || late >= LATE) {
                    desk.cut();
                    return Some(desk.wants_cut());
                }
                if desk.wants_checkpoint() {
                    desk.checkpoint();
                }
                None
            }));
            match cut {
                Ok(Some(again)) => (failed, late) = (again, 0),
                Ok(None) | Err(_) => late += 1,
            }
            if last {
                return;
            }
        }
    }

    /// Waits for the next task; `None` once the store is closed and the queue is empty. The work of callers comes first. A
    /// log that could not be truncated is tried again after a pause, and a file is compacted after a second without writes.
    fn next(&self, failed: bool) -> Option<(Held<'_>, Task)> {
        let (mut paused, mut quiet) = (!failed, false);
        let mut state = self.lock();
        loop {
            let wants = |what: fn(&Desk) -> bool| state.desk.as_ref().is_some_and(what);
            let (due, cut, compact) =
                (wants(Desk::wants_checkpoint), wants(Desk::wants_cut), wants(Desk::wants_compaction));
            let waiting = !state.queue.is_empty();
            let ended = state.closed && !waiting;
            let task = if due || waiting {
                Some(Task::Jobs(Vec::new()))
            } else if compact && (quiet || ended) {
                Some(Task::Compact { last: ended })
            } else if ended {
                return None;
            } else if cut && paused {
                Some(Task::Cut)
            } else {
                None
            };
            if let Some(mut task) = task
                && let Some(desk) = state.desk.take()
            {
                if let Task::Jobs(jobs) = &mut task {
                    let works = state.queue.iter().take(BATCH).take_while(|job| matches!(job, Job::Work(..))).count();
                    let count = works.max(1).min(state.queue.len());
                    jobs.extend(state.queue.drain(..count));
                }
                return Some((Held { shared: self, desk: Some(desk) }, task));
            }
            state.timer = match (cut, compact) {
                (true, _) => Some(Timer::Pause),
                (false, true) => Some(Timer::Quiet),
                (false, false) => None,
            };
            let pages = state.desk.as_ref().map(Desk::log_pages);
            let (woken, timed_out) = match state.timer {
                None => (self.wake.wait(state).unwrap_or_else(PoisonError::into_inner), false),
                Some(timer) => {
                    let time = if matches!(timer, Timer::Pause) { PAUSE } else { QUIET };
                    let (woken, timeout) = self.wake.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner);
                    (woken, timeout.timed_out())
                }
            };
            state = woken;
            paused = true;
            let nothing_written = pages.is_some() && state.desk.as_ref().map(Desk::log_pages) == pages;
            quiet = timed_out && nothing_written && matches!(state.timer, Some(Timer::Quiet));
            state.timer = None;
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
