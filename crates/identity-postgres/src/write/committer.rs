//! Groups commits of one tenant into statements. A commit that finds a lane free is sent at once; while every lane is in use, further commits
//! gather and share the next statement.
//!
//! Two commits of one statement never touch the same user, claim or budget, and no commit is sent while another one of this
//! store that touches one of them is on its way: the later one waits for the answer to the earlier one.
//!
//! A commit that could not be settled together with others goes on alone, on a task of its own: it keeps what it touches, and
//! nothing else of the lane that it came with. So a row that another transaction has locked holds up the commits that need it,
//! and no others.

use std::collections::{HashSet, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use identity_ports::StoreError;
use scopeguard::guard;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{timeout, timeout_at};

use super::job::{Answer, Job};
use super::perform::{self, Outcome};
use crate::error::in_tokio;
use crate::link::Link;
use crate::options::PostgresOptions;
use crate::patience::Patience;

/// The number of commits that share a statement at most.
const BATCH: usize = 128;
/// The number of statements that are on their way at most, as long as they are answered soon: while the server works on one,
/// the next one gathers and travels. With more lanes each statement holds fewer commits, and a statement costs the server more
/// than a commit within it.
const LANES: usize = 2;
/// A statement that has not been answered after this time waits for a lock, most likely, and gives its lane to others.
const OVERDUE: Duration = Duration::from_millis(500);
/// The number of waiting commits that are looked at for a statement.
const LOOK: usize = 4 * BATCH;

/// Sends commits to the database.
#[derive(Clone)]
pub(crate) struct Committer(Arc<Inner>);

struct Inner {
    link: Link,
    state: Mutex<State>,
    /// The number of commits that may wait.
    queue: usize,
    /// The number of statements that may be overdue.
    overdue: usize,
    /// Connections for commits that go on alone.
    singles: Semaphore,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) waiting: VecDeque<Waiting>,
    /// What the commits that are on their way touch.
    busy: HashSet<i64>,
    lanes: usize,
    overdue: usize,
}

pub(super) struct Waiting {
    pub(super) job: Arc<Job>,
    pub(super) answer: oneshot::Sender<Answer>,
}

impl Committer {
    pub(crate) fn new(link: Link, options: &PostgresOptions) -> Self {
        let singles = Semaphore::new((options.pool_size / 4).max(1));
        let (queue, overdue) = (options.queue, options.pool_size / 4);
        Self(Arc::new(Inner { link, state: Mutex::default(), queue, overdue, singles }))
    }

    /// Sends a commit, at once or in its turn, and gives its answer. The commit is carried out even if the caller is dropped,
    /// unless it still waits then.
    pub(crate) async fn submit(&self, job: Job) -> Answer {
        in_tokio()?;
        let (sender, mut receiver) = oneshot::channel();
        let job = Arc::new(job);
        let waiting = Waiting { job: Arc::clone(&job), answer: sender };
        let batch = {
            let mut state = self.lock();
            if state.waiting.len() >= self.0.queue {
                let reason = "too many commits are waiting for the database; send fewer, or let more fail early";
                return Err(StoreError::unavailable(reason).into());
            }
            state.waiting.push_back(waiting);
            state.next()
        };
        if let Some(batch) = batch {
            self.send(batch);
        }
        let answer = match timeout_at(job.until, &mut receiver).await {
            Ok(answer) => answer,
            Err(_) if self.lock().withdraw(&job) => {
                let reason = "the commit waited for others until its deadline and was not sent";
                return Err(StoreError::unavailable(reason).into());
            }
            // It is on its way: whoever sent it cancels it, and says what came of it.
            Err(_) => receiver.await,
        };
        answer.unwrap_or_else(|_| {
            let reason = "the runtime ended before the database answered; whether the change was written is unknown; load \
                          the user to find out";
            Err(StoreError::failed(reason).into())
        })
    }

    fn send(&self, batch: Vec<Waiting>) {
        let this = self.clone();
        tokio::spawn(async move {
            let mut next = Some(batch);
            while let Some(batch) = next {
                this.travel(batch).await;
                next = this.lock().next();
            }
        });
    }

    /// Carries a batch to the database.
    async fn travel(&self, batch: Vec<Waiting>) {
        let jobs: Vec<Arc<Job>> = batch.iter().map(|waiting| Arc::clone(&waiting.job)).collect();
        let lane = Lane { jobs: jobs.clone(), is_overdue: false };
        let mut lane = guard(lane, |lane| self.lock().end(&lane));
        let mut work = pin!(perform::together(&self.0.link, &jobs));
        let outcomes = match timeout(OVERDUE, &mut work).await {
            Ok(outcomes) => outcomes,
            Err(_) => {
                let next = self.lock().give_way(&mut lane, self.0.overdue);
                if let Some(next) = next {
                    self.send(next);
                }
                work.await
            }
        };
        for (waiting, outcome) in batch.into_iter().zip(outcomes) {
            match outcome {
                // The caller may be gone.
                Outcome::Answered(answer) => drop(waiting.answer.send(answer)),
                Outcome::Again(patience) => {
                    lane.jobs.retain(|job| !Arc::ptr_eq(job, &waiting.job));
                    self.go_on_alone(waiting, patience);
                }
            }
        }
    }

    fn go_on_alone(&self, Waiting { job, answer }: Waiting, patience: Patience) {
        let this = self.clone();
        tokio::spawn(async move {
            let touched = guard((), |()| this.lock().release(&job));
            let told = perform::alone(&this.0.link, &job, patience, &this.0.singles).await;
            drop(touched);
            drop(answer.send(told));
            let next = this.lock().next();
            if let Some(next) = next {
                this.send(next);
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A statement on its way, with what its commits touch.
pub(super) struct Lane {
    pub(super) jobs: Vec<Arc<Job>>,
    pub(super) is_overdue: bool,
}

impl State {
    pub(super) fn end(&mut self, lane: &Lane) {
        lane.jobs.iter().for_each(|job| self.release(job));
        let place = if lane.is_overdue { &mut self.overdue } else { &mut self.lanes };
        *place = place.saturating_sub(1);
    }

    /// Gives the place of a statement to others, unless so many statements are overdue already.
    fn give_way(&mut self, lane: &mut Lane, most: usize) -> Option<Vec<Waiting>> {
        if self.overdue >= most {
            return None;
        }
        lane.is_overdue = true;
        self.overdue += 1;
        self.lanes = self.lanes.saturating_sub(1);
        self.next()
    }

    fn release(&mut self, job: &Job) {
        for touched in job.touches() {
            self.busy.remove(&touched);
        }
    }

    /// Takes a commit out of the queue; false when it is on its way already.
    fn withdraw(&mut self, job: &Arc<Job>) -> bool {
        let place = self.waiting.iter().position(|waiting| Arc::ptr_eq(&waiting.job, job));
        place.and_then(|place| self.waiting.remove(place)).is_some()
    }

    /// The next batch, if there is a lane for it.
    pub(super) fn next(&mut self) -> Option<Vec<Waiting>> {
        if self.lanes >= LANES {
            return None;
        }
        let mut batch: Vec<Waiting> = Vec::new();
        let mut passed = VecDeque::new();
        // A commit that was passed over keeps its place: no later one may take what it waits for.
        let mut spoken_for: HashSet<i64> = HashSet::new();
        while batch.len() < BATCH && passed.len() < LOOK {
            let Some(waiting) = self.waiting.pop_front() else { break };
            if waiting.answer.is_closed() {
                continue;
            }
            let job = &waiting.job;
            let free = job.touches().all(|touched| !self.busy.contains(&touched) && !spoken_for.contains(&touched));
            let fits = match batch.first() {
                Some(first) => !job.intricate && first.job.commit.key.tenant == job.commit.key.tenant,
                None => true,
            };
            if free && fits {
                let alone = job.intricate;
                self.busy.extend(job.touches());
                batch.push(waiting);
                if alone {
                    break;
                }
            } else {
                spoken_for.extend(job.touches());
                passed.push_back(waiting);
            }
        }
        passed.append(&mut self.waiting);
        self.waiting = passed;
        if batch.is_empty() {
            return None;
        }
        self.lanes += 1;
        Some(batch)
    }
}
