//! One connection writes. Whoever finds it free uses it at once; what comes meanwhile waits in a queue, and a thread does
//! what waits in shared transactions.
//!
//! Nothing is awaited while the connection is held, so a future that is dropped never takes it along; work that is queued is
//! done, or, if nobody waits for it any more when its turn comes, left undone. An `fsync` never happens on a caller's
//! thread: with [`Durability::Full`] everything goes through the queue, and the log is written back by the thread.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use identity_ports::StoreError;
use tokio::sync::oneshot;

use crate::connection::Desk;
use crate::options::Durability;
use crate::work::{Answer, Work};

/// As many commits share a transaction at most.
const BATCH: usize = 64;

/// A log that is due to be cut off waits for a moment without work, and for no more batches than this.
const LATE: u32 = 64;

/// For so long nothing may have been written before a file is compacted.
const QUIET: Duration = Duration::from_secs(1);

/// So long after an attempt to cut off the log that found a reader in the way comes the next one.
const PAUSE: Duration = Duration::from_millis(100);

/// The connection that writes, and who waits for it.
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
    /// `None` while somebody uses it.
    desk: Option<Desk>,
    queue: VecDeque<Job>,
    closed: bool,
    /// What the thread waits for besides work.
    timer: Option<Timer>,
}

#[derive(Clone, Copy)]
enum Timer {
    /// The next attempt to cut off the log.
    Pause,
    /// A second in which nothing is written.
    Quiet,
}

enum Job {
    Work(Work, oneshot::Sender<Answer>),
    Host(Box<dyn FnOnce(&Desk) + Send>),
}

/// What the thread does next.
enum Task {
    /// What callers wait for, and a checkpoint when one is due.
    Jobs(Vec<Job>),
    /// Cuts off the write-ahead log after an erasure.
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

    /// The connection, if nobody uses it and nobody waits.
    pub(crate) fn hold(&self) -> Option<Held<'_>> {
        let mut state = self.shared.lock();
        if !state.queue.is_empty() {
            return None;
        }
        state.desk.take().map(|desk| Held { shared: &self.shared, desk: Some(desk) })
    }

    /// Does the work, at once or in its turn.
    pub(crate) async fn submit(&self, work: Work) -> Answer {
        if self.at_once {
            let answer = self.hold().and_then(|held| held.desk()?.alone(&work));
            if let Some(answer) = answer {
                return answer;
            }
        }
        let (sender, receiver) = oneshot::channel();
        self.shared.push(Job::Work(work, sender));
        receiver.await.unwrap_or_else(|_| Err(gone().into()))
    }

    /// Runs something with the connection on the writer's thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Desk) -> T + Send + 'static,
    ) -> Result<thread::Result<T>, StoreError> {
        let (sender, receiver) = oneshot::channel();
        let job = move |desk: &Desk| {
            let result = catch_unwind(AssertUnwindSafe(|| run(desk)));
            desk.tidy();
            // Nobody may be waiting any more.
            let _ = sender.send(result);
        };
        self.shared.push(Job::Host(Box::new(job)));
        receiver.await.map_err(|_| gone())
    }
}

/// After the last caller has gone, what waits is done, and the connection is closed before this returns.
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
    StoreError::failed("the writer gave up before it answered")
}

/// The connection, given back when this is dropped.
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
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) {
        let mut state = self.lock();
        state.queue.push_back(job);
        // Whoever uses the connection looks at the queue when they give it back.
        let wake = state.desk.is_some();
        drop(state);
        if wake {
            self.wake.notify_one();
        }
    }

    fn serve(&self) {
        // Batches since the log was due to be cut off.
        let mut late = 0;
        // Whether the last attempt to cut it off found a reader in the way.
        let mut failed = false;
        while let Some((held, task)) = self.next(failed) {
            let last = matches!(task, Task::Compact { last: true });
            // A panic is a bug; it costs those whose work was under way their answer, and nobody else.
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

    /// Waits for something to do; `None` when there will be nothing any more. What callers wait for comes first. A log that
    /// could not be cut off is tried again after a pause, and a file is compacted when nothing was written meanwhile.
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
    let mut works = Vec::with_capacity(jobs.len());
    let mut senders = Vec::with_capacity(jobs.len());
    for job in jobs {
        match job {
            // Nobody waits for it any more.
            Job::Work(_, sender) if sender.is_closed() => {}
            Job::Work(work, sender) => {
                works.push(work);
                senders.push(sender);
            }
            Job::Host(run) => {
                desk.set_patient(true);
                run(desk);
                desk.set_patient(false);
            }
        }
    }
    if works.is_empty() {
        return;
    }
    desk.set_patient(true);
    let answers = desk.together(&works.iter().collect::<Vec<_>>());
    desk.set_patient(false);
    for (sender, answer) in senders.into_iter().zip(answers) {
        let _ = sender.send(answer);
    }
}
