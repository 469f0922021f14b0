//! Commits that arrive together travel together. A commit that finds a lane free goes at once; while every lane is on its way
//! the next ones gather, and share the next statement.
//!
//! Two commits of one statement never touch the same user, claim or budget, and no commit sets out while another one of this
//! store is on its way with one of them: who comes later waits for the answer to the former.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use identity_ports::StoreError;
use tokio::sync::oneshot;

use super::job::{Answer, Job};
use super::perform::{alone, together};
use crate::link::Link;

/// As many commits share a statement at most.
const BATCH: usize = 128;
/// As many statements are on their way at most: while the server works on one, the next one gathers and travels. More of them
/// hold fewer commits each, and a statement costs the server more than a commit within it.
const LANES: usize = 2;
/// As many waiting commits are looked at for a statement.
const LOOK: usize = 4 * BATCH;

/// Who sends commits off.
#[derive(Clone)]
pub(crate) struct Committer(Arc<Inner>);

struct Inner {
    link: Arc<Link>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) waiting: VecDeque<Waiting>,
    /// What the commits that are on their way touch.
    busy: HashSet<u64>,
    lanes: usize,
}

pub(super) struct Waiting {
    pub(super) job: Arc<Job>,
    pub(super) answer: oneshot::Sender<Answer>,
}

impl Committer {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self(Arc::new(Inner { link, state: Mutex::default() }))
    }

    /// Sends a commit off, at once or in its turn. It is done even if nobody waits for the answer any more, unless it has not
    /// set out by then.
    pub(crate) async fn submit(&self, job: Job) -> Answer {
        let (sender, receiver) = oneshot::channel();
        let waiting = Waiting { job: Arc::new(job), answer: sender };
        let batch = {
            let mut state = self.lock();
            state.waiting.push_back(waiting);
            state.next()
        };
        if let Some(batch) = batch {
            self.send(batch);
        }
        receiver.await.unwrap_or_else(|_| {
            let reason = "the runtime ended before the database answered; whether something was written is for a new \
                          `load` to say";
            Err(StoreError::failed(reason).into())
        })
    }

    fn send(&self, batch: Vec<Waiting>) {
        let this = self.clone();
        tokio::spawn(async move {
            let mut next = Some(batch);
            while let Some(batch) = next {
                let lane =
                    Lane { committer: &this, jobs: batch.iter().map(|waiting| Arc::clone(&waiting.job)).collect() };
                let answers = match &*lane.jobs {
                    [job] => vec![alone(&this.0.link, job).await],
                    jobs => together(&this.0.link, jobs).await,
                };
                for (waiting, answer) in batch.into_iter().zip(answers) {
                    // Nobody may be waiting any more.
                    let _ = waiting.answer.send(answer);
                }
                next = lane.onwards();
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A statement on its way: what it touches is free again when this goes, however it goes.
struct Lane<'a> {
    committer: &'a Committer,
    jobs: Vec<Arc<Job>>,
}

impl Lane<'_> {
    /// Ends it, and takes what has gathered.
    fn onwards(mut self) -> Option<Vec<Waiting>> {
        let mut state = self.committer.lock();
        state.end(&self.jobs);
        self.jobs.clear();
        state.next()
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        if !self.jobs.is_empty() {
            self.committer.lock().end(&self.jobs);
        }
    }
}

impl State {
    pub(super) fn end(&mut self, jobs: &[Arc<Job>]) {
        for touched in jobs.iter().flat_map(|job| &job.touches) {
            self.busy.remove(touched);
        }
        self.lanes = self.lanes.saturating_sub(1);
    }

    /// What sets out next, if there is a lane for it.
    pub(super) fn next(&mut self) -> Option<Vec<Waiting>> {
        if self.lanes >= LANES {
            return None;
        }
        let mut batch: Vec<Waiting> = Vec::new();
        let mut passed = VecDeque::new();
        // What was passed over keeps its place: nobody who comes later takes what it waits for.
        let mut spoken_for: HashSet<u64> = HashSet::new();
        while batch.len() < BATCH && passed.len() < LOOK {
            let Some(waiting) = self.waiting.pop_front() else { break };
            if waiting.answer.is_closed() {
                continue;
            }
            let job = &waiting.job;
            let free = job.touches.iter().all(|touched| !self.busy.contains(touched) && !spoken_for.contains(touched));
            if free && (!job.intricate || batch.is_empty()) {
                let alone = job.intricate;
                self.busy.extend(&job.touches);
                batch.push(waiting);
                if alone {
                    break;
                }
            } else {
                spoken_for.extend(&job.touches);
                passed.push_back(waiting);
            }
        }
        passed.append(&mut self.waiting);
        self.waiting = passed;
        if batch.is_empty() {
            return None;
        }
        self.lanes += 1;
        // Everybody locks users in the same order.
        batch.sort_unstable_by(|one, other| one.job.commit.key.cmp(&other.job.commit.key));
        Some(batch)
    }
}
