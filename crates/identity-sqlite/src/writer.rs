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

use identity_ports::StoreError;
use tokio::sync::oneshot;

use crate::connection::Desk;
use crate::options::Durability;
use crate::work::{Answer, Work};

/// As many commits share a transaction at most.
const BATCH: usize = 64;

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
}

enum Job {
    Work(Work, oneshot::Sender<Answer>),
    Host(Box<dyn FnOnce(&Desk) + Send>),
}

impl Writer {
    pub(crate) fn start(desk: Desk, durability: Durability) -> Result<Self, StoreError> {
        let state = State { desk: Some(desk), queue: VecDeque::new(), closed: false };
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
        let mut state = self.shared.lock();
        state.desk = Some(desk);
        let wake = due || !state.queue.is_empty();
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
        while let Some((held, jobs)) = self.next() {
            // A panic is a bug; it costs those whose work was under way their answer, and nobody else.
            let _ = catch_unwind(AssertUnwindSafe(move || {
                let Some(desk) = held.desk() else { return };
                serve(desk, jobs);
                if desk.wants_checkpoint() {
                    desk.checkpoint();
                }
            }));
        }
    }

    /// Waits for something to do; `None` when there will be nothing any more.
    fn next(&self) -> Option<(Held<'_>, Vec<Job>)> {
        let mut state = self.lock();
        loop {
            let due = state.desk.as_ref().is_some_and(Desk::wants_checkpoint);
            if (due || !state.queue.is_empty())
                && let Some(desk) = state.desk.take()
            {
                let works = state.queue.iter().take(BATCH).take_while(|job| matches!(job, Job::Work(..))).count();
                let count = works.max(1).min(state.queue.len());
                let jobs = state.queue.drain(..count).collect();
                return Some((Held { shared: self, desk: Some(desk) }, jobs));
            }
            if state.closed && state.queue.is_empty() {
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
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
