//! One connection writes. A caller that finds it free uses it immediately; other work waits in a queue, and a thread
//! performs queued work in shared transactions.
//!
//! Nothing is awaited while the connection is held, so a dropped future cannot take it along. Queued work is performed, or
//! skipped if its caller has gone when its turn comes. No `fsync` happens on a caller's thread: with [`Durability::Full`]
//! all work goes through the queue, and the thread writes the log back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use identity_ports::{CommitError, StoreError};
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard, oneshot};

use crate::connection::Desk;
use crate::error::Result;
use crate::options::Durability;

/// The largest number of commits in one transaction.
const BATCH: usize = 64;

/// The time between two looks at what an erasure left to do.
const TICK: Duration = Duration::from_millis(100);

/// The answer to the caller.
pub(crate) type Answer<T> = Result<T, CommitError>;

/// Work of a caller that waits. It may be performed more than once: a shared transaction may have to be repeated.
pub(crate) trait Work: Send {
    /// Performs the work within an open transaction, unless its caller has gone, and says whether its writes may stay.
    fn perform(&mut self, desk: &Desk) -> bool;

    /// Nothing of it is written.
    fn fail(&mut self, error: &StoreError);

    fn answer(self: Box<Self>);
}

/// Work with the channel through which it is answered.
struct Request<T, F> {
    run: F,
    answer: Option<Answer<T>>,
    sender: oneshot::Sender<Answer<T>>,
}

impl<T: Send, F: Fn(&Desk) -> Answer<T> + Send> Work for Request<T, F> {
    fn perform(&mut self, desk: &Desk) -> bool {
        self.sender.is_closed() || self.answer.insert((self.run)(desk)).is_ok()
    }

    fn fail(&mut self, error: &StoreError) {
        // A refusal stays one.
        if !matches!(self.answer, Some(Err(_))) {
            self.answer = Some(Err(error.clone().into()));
        }
    }

    fn answer(self: Box<Self>) {
        if let Some(answer) = self.answer {
            let _ = self.sender.send(answer);
        }
    }
}

/// The connection that writes, and the queue of work that waits for it.
pub(crate) struct Writer {
    /// Whoever waits for it comes before whoever only tries.
    desk: Arc<Mutex<Desk>>,
    /// `None` in the queue: something is left to do. No queue at all: the store is closed.
    queue: Option<Sender<Option<Box<dyn Work>>>>,
    thread: Option<JoinHandle<()>>,
    /// Whether a caller that finds the connection free does its work itself.
    at_once: bool,
}

impl Writer {
    pub(crate) fn start(desk: Desk, durability: Durability) -> Result<Self> {
        let (desk, (sender, queue)) = (Arc::new(Mutex::new(desk)), channel());
        let own = Arc::clone(&desk);
        let thread = thread::Builder::new().name("identity-sqlite".to_owned()).spawn(move || serve(&own, &queue));
        let thread = Some(thread.map_err(StoreError::failed)?);
        Ok(Self { desk, queue: Some(sender), thread, at_once: durability == Durability::Normal })
    }

    /// The connection, if nobody uses it and nobody waits for it. It does not wait for other processes.
    pub(crate) fn idle(&self) -> Option<MutexGuard<'_, Desk>> {
        let desk = self.desk.try_lock().ok()?;
        desk.ready(false);
        Some(desk)
    }

    /// The connection, as soon as it is this caller's turn.
    pub(crate) async fn desk(&self) -> OwnedMutexGuard<Desk> {
        Arc::clone(&self.desk).lock_owned().await
    }

    /// Performs the work, immediately or from the queue.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        run: impl Fn(&Desk) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        if let Some(answer) = self.now(&run) {
            return answer;
        }
        let (sender, receiver) = oneshot::channel();
        self.send(Some(Box::new(Request { run, answer: None, sender })));
        let gone = || {
            let reason =
                "the writer stopped before it answered; read the user again to see whether the change was written";
            Err(StoreError::failed(reason).into())
        };
        receiver.await.unwrap_or_else(|_| gone())
    }

    fn now<T>(&self, run: impl Fn(&Desk) -> Answer<T>) -> Option<Answer<T>> {
        let desk = if self.at_once { self.idle()? } else { return None };
        let answer = desk.alone(run);
        self.tidy(&desk);
        answer
    }

    /// Looks at the connection after it was used outside the thread, which is told when something is left to do.
    pub(crate) fn tidy(&self, desk: &Desk) {
        if desk.tidy() {
            self.send(None);
        }
    }

    fn send(&self, work: Option<Box<dyn Work>>) {
        // There is a queue for as long as there is a writer, and the thread waits until the queue ends.
        let _ = self.queue.as_ref().map(|queue| queue.send(work));
    }
}

/// Performs the queued work before it returns.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The loop of the thread: work of callers, and what is left to do when there is none.
fn serve(desk: &Mutex<Desk>, queue: &Receiver<Option<Box<dyn Work>>>) {
    let mut patience = None;
    loop {
        let first = match patience {
            Some(patience) => queue.recv_timeout(patience),
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let last = matches!(first, Err(RecvTimeoutError::Disconnected));
        let desk = desk.blocking_lock();
        // A panic is a bug. Only the callers of the current batch lose their answers.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            desk.ready(true);
            let idle = first.is_err();
            let mut works: Vec<_> = first.into_iter().chain(queue.try_iter()).take(BATCH).flatten().collect();
            desk.together(&mut works);
            works.into_iter().for_each(Work::answer);
            desk.tidy();
            desk.tend(idle, last);
        }));
        if last {
            return;
        }
        patience = desk.wants_tending().then_some(TICK);
    }
}
