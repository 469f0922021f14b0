//! Writes commits, one or many in one statement.

mod batch;
mod budgets;
mod committer;
mod job;
mod perform;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use batch::{FORMAT, message};
pub(crate) use committer::Committer;
pub(crate) use job::Job;
pub(crate) use perform::perform_in;
