//! Runs commits, together or alone, until there is an answer.

use std::sync::Arc;

use identity_ports::{CommitError, StoreError};
use tokio_postgres::{Row, Transaction};

use super::batch::Parts;
use super::job::{Answer, Job};
use super::{statement, verdict};
use crate::error::{Failure, failure, name};
use crate::link::{Link, Patience};
use crate::sql::Sql;

/// Who runs a statement: the pool, or a transaction of the host's.
pub(super) enum Runner<'a> {
    Link(&'a Link),
    Transaction(&'a Transaction<'a>),
}

impl Runner<'_> {
    async fn run(&self, sql: &Sql<'_>) -> Result<Vec<Row>, Failure> {
        match self {
            Self::Link(link) => link.once(sql).await,
            Self::Transaction(transaction) => {
                transaction.query_typed(&sql.text, &sql.typed_params()).await.map_err(failure)
            }
        }
    }
}

/// Does several commits in one statement; each succeeds or fails on its own.
pub(super) async fn together(link: &Link, jobs: &[Arc<Job>]) -> Vec<Answer> {
    if let [job] = jobs {
        return vec![alone(link, job).await];
    }
    let mut patience = Patience::default();
    let mut races = 0;
    let all: Vec<&Job> = jobs.iter().map(|job| &**job).collect();
    loop {
        let failure = match attempt(&Runner::Link(link), &link.tables, &all).await {
            Ok(answers) => return answers,
            Err(failure) => failure,
        };
        races += u32::from(matches!(failure, Failure::Race(_) | Failure::Snapshot(_)));
        match failure {
            // What is too much together, or what one of them brings, must not fail the others.
            Failure::Fatal(_) | Failure::Duplicate(_) => break,
            Failure::Race(_) | Failure::Snapshot(_) if races > 1 => break,
            failure => {
                if let Err(failure) = patience.after(failure).await {
                    let error = failure.into_error();
                    return jobs.iter().map(|_| Err(error.clone().into())).collect();
                }
            }
        }
    }
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        answers.push(alone(link, job).await);
    }
    answers
}

/// Does one commit.
pub(super) async fn alone(link: &Link, job: &Job) -> Answer {
    let mut patience = Patience::default();
    loop {
        match once(&Runner::Link(link), &link.tables, job).await {
            Ok(answer) => return answer,
            Err(failure) => patience.after(failure).await.map_err(|failure| told(failure, job))?,
        }
    }
}

/// Does one commit within a transaction of the host's. Nothing of it stays when it is refused.
pub(crate) async fn perform_in(transaction: &mut Transaction<'_>, tables: &str, job: &Job) -> Answer {
    let mut patience = Patience::default();
    loop {
        let savepoint = transaction.transaction().await.map_err(|error| failure(error).into_error())?;
        let failure = match once(&Runner::Transaction(&savepoint), tables, job).await {
            Ok(answer) => {
                savepoint.commit().await.map_err(|error| failure(error).into_error())?;
                return answer;
            }
            Err(failure) => failure,
        };
        savepoint.rollback().await.map_err(|error| crate::error::failure(error).into_error())?;
        if let Failure::Snapshot(_) = failure {
            return Err(told(failure, job));
        }
        patience.after(failure).await.map_err(|failure| told(failure, job))?;
    }
}

/// One try of one commit.
async fn once(runner: &Runner<'_>, tables: &str, job: &Job) -> Result<Answer, Failure> {
    let answer = attempt(runner, tables, &[job]).await?.into_iter().next();
    answer.ok_or_else(|| Failure::Fatal(StoreError::failed("a commit has no answer")))
}

async fn attempt(runner: &Runner<'_>, tables: &str, jobs: &[&Job]) -> Result<Vec<Answer>, Failure> {
    let mut parts = Parts::new();
    for job in jobs {
        parts.add(job).map_err(Failure::Fatal)?;
    }
    let charged = parts.finish();
    let rows = runner.run(&statement::statement(parts, tables)).await?;
    verdict::read(&rows, jobs, &charged).map_err(Failure::Fatal)
}

/// What a caller is told of a failure that stays.
fn told(failure: Failure, job: &Job) -> CommitError {
    let error = match failure {
        Failure::Duplicate(constraint) if constraint.contains("events") => StoreError::Corrupt {
            table: "identity_events",
            key: format!("{}/{}", name(&job.commit.key), job.first()),
            reason: "it is there before its time".to_owned(),
        },
        Failure::Duplicate(constraint) if constraint.contains("outbox") => {
            StoreError::failed("a message of this id was enqueued before")
        }
        other => other.into_error(),
    };
    error.into()
}
