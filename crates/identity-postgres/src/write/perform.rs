//! Carries commits out, together or alone, until there is an answer.

use std::sync::Arc;

use identity_ports::{CommitError, ForeignError, StoreError};
use tokio::sync::Semaphore;
use tokio::time::timeout_at;
use tokio_postgres::{Row, Transaction};

use super::batch::Flight;
use super::job::{Answer, Job};
use super::verdict;
use crate::error::{Failure, failure, name};
use crate::link::Link;
use crate::patience::Patience;
use crate::sql::{Sql, Texts};

/// What runs statements: a connection of the pool, or a transaction of the host.
pub(super) enum Runner<'a> {
    Link(&'a Link),
    Transaction(&'a Link, &'a Transaction<'a>),
}

impl Runner<'_> {
    async fn run(&self, statements: &[Sql<'_>]) -> Result<Vec<Vec<Row>>, Failure> {
        match self {
            Self::Link(link) => link.flight(statements).await,
            Self::Transaction(link, transaction) => {
                let work = async {
                    let mut rows = Vec::with_capacity(statements.len());
                    for sql in statements {
                        let params = sql.typed_params();
                        rows.push(transaction.query_typed(&sql.text, &params).await.map_err(failure)?);
                    }
                    Ok(rows)
                };
                link.bounded(work, &transaction.cancel_token()).await
            }
        }
    }

    fn texts(&self) -> &Texts {
        match self {
            Self::Link(link) | Self::Transaction(link, _) => &link.texts,
        }
    }
}

/// What became of a commit that travelled with others.
pub(super) enum Outcome {
    Answered(Answer),
    /// It has to be tried again, alone.
    Again(Patience),
}

/// Carries several commits out in one statement; each succeeds or fails on its own.
pub(super) async fn together(link: &Link, jobs: &[Arc<Job>]) -> Vec<Outcome> {
    let Some(until) = jobs.iter().map(|job| job.until).min() else { return Vec::new() };
    let link = link.until(until);
    let mut patience = Patience::new(&link);
    let all: Vec<&Job> = jobs.iter().map(|job| &**job).collect();
    let again = |patience: &Patience, job: &Job| Outcome::Again(patience.up_to(job.until));
    loop {
        let failure = match attempt(&Runner::Link(&link), &all, false).await {
            Ok(answers) => {
                let outcome = |(answer, job): (Option<Answer>, &Arc<Job>)| match answer {
                    Some(answer) => Outcome::Answered(answer),
                    None => again(&patience, job),
                };
                return answers.into_iter().zip(jobs).map(outcome).collect();
            }
            Err(failure) => failure,
        };
        match (failure, jobs) {
            // The server is away for all of them alike.
            (failure @ (Failure::Away(_) | Failure::Lost(_)), _) => {
                if let Err(error) = patience.after(failure).await {
                    let told = |job: &Arc<Job>| {
                        if job.until > until {
                            again(&patience, job)
                        } else {
                            Outcome::Answered(Err(error.clone().into()))
                        }
                    };
                    return jobs.iter().map(told).collect();
                }
            }
            (failure @ (Failure::Fatal(_) | Failure::Duplicate(_)), [job]) => {
                if let Err(error) = pause(&mut patience, failure, job).await {
                    return vec![Outcome::Answered(Err(error))];
                }
            }
            // What is too much together, what one of them brings, and what one of them waits for must not fail the others.
            _ => return jobs.iter().map(|job| again(&patience, job)).collect(),
        }
    }
}

/// Carries one commit out, with one of these connections at a time and none during pauses.
pub(super) async fn alone(link: &Link, job: &Job, mut patience: Patience, singles: &Semaphore) -> Answer {
    let link = link.until(job.until);
    loop {
        let failure = match timeout_at(job.until, singles.acquire()).await {
            Ok(permit) => {
                let tried = once(&Runner::Link(&link), job).await;
                drop(permit);
                match tried {
                    Ok(answer) => return answer,
                    Err(failure) => failure,
                }
            }
            Err(_) => Failure::late("other commits used all connections for single commits until the deadline"),
        };
        pause(&mut patience, failure, job).await?;
    }
}

/// Carries one commit out inside a transaction of the host. Nothing of it stays when it is refused.
pub(crate) async fn perform_in(transaction: &mut Transaction<'_>, link: &Link, job: &Job) -> Answer {
    let mut patience = Patience::new(link);
    loop {
        let savepoint = transaction.transaction().await.map_err(|error| failure(error).into_error())?;
        let failure = match once(&Runner::Transaction(link, &savepoint), job).await {
            Ok(answer) => {
                savepoint.commit().await.map_err(|error| failure(error).into_error())?;
                return answer;
            }
            Err(failure) => failure,
        };
        if failure.spends_connection() {
            // The transaction is lost with its connection, or the server is not there to roll back to the savepoint.
            return Err(failure.into_error().into());
        }
        savepoint.rollback().await.map_err(|error| crate::error::failure(error).into_error())?;
        if let Failure::Snapshot(_) = failure {
            return Err(failure.into_error().into());
        }
        pause(&mut patience, failure, job).await?;
    }
}

/// Waits before the next try, or gives the error of the commit.
async fn pause(patience: &mut Patience, failure: Failure, job: &Job) -> Result<(), CommitError> {
    let constraint = if let Failure::Duplicate(constraint) = &failure { Some(constraint.clone()) } else { None };
    let Err(error) = patience.after(failure).await else { return Ok(()) };
    let error = match constraint {
        Some(constraint) if constraint.contains("events") => StoreError::Corrupt {
            table: "identity_events",
            key: format!("{}/{}", name(&job.commit.key), job.version),
            reason: "events exist although the user has not reached their number".to_owned(),
        },
        Some(constraint) if constraint.contains("outbox") => {
            StoreError::failed("a message with this id was enqueued before")
        }
        _ => error,
    };
    Err(error.into())
}

/// One try of one commit.
async fn once(runner: &Runner<'_>, job: &Job) -> Result<Answer, Failure> {
    let answer = attempt(runner, &[job], true).await?.into_iter().next();
    let answer = answer.ok_or_else(|| Failure::Fatal(StoreError::failed("the database did not answer a commit")))?;
    answer.ok_or_else(|| {
        let reason = "another transaction holds the row of the user; see which one keeps its locks for long";
        Failure::Race(ForeignError::new(reason))
    })
}

/// One try of some commits. A commit has no answer when another transaction has locked its user, or changed the user after the
/// statement began, or, unless it waits for them, has locked its claims or budgets.
async fn attempt(runner: &Runner<'_>, jobs: &[&Job], waits: bool) -> Result<Vec<Option<Answer>>, Failure> {
    let flight = Flight::of(jobs, runner.texts(), waits);
    let rows = runner.run(&flight.statements).await?;
    let rows = rows.get(flight.main).map(Vec::as_slice).unwrap_or_default();
    verdict::read(rows, jobs, &flight.charged).map_err(Failure::Fatal)
}
