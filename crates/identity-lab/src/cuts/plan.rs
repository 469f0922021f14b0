//! What a run does, and what goes wrong in it.

use std::fmt;
use std::str::FromStr;

use identity_sqlite::Durability;

use super::script::Step;

/// What goes wrong. Whatever it is, the power is cut at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The power is cut at an operation: a write, a truncation, a sync, a creation or a deletion.
    Cut,
    /// As [`Cut`](Self::Cut), and until then every sync answers before anything is written.
    Lie,
    /// From an operation on, no file grows for some operations.
    Full,
    /// From an operation on, a few writes fail after a part was written.
    Write,
    /// From an operation on, a few syncs fail. Writes before them are on the disk or lost for good.
    Sync,
    /// From a read on, a few reads fail.
    Read,
    /// From a read on, reads of the log end early for a while, as at the end of the file. Reads of the database itself do not:
    /// SQLite takes a page that the file does not have for an empty one, so no file system under it may do that.
    Short,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 7] = [Self::Cut, Self::Lie, Self::Full, Self::Write, Self::Sync, Self::Read, Self::Short];

    /// Whether the place of the fault is the number of a read, and not of an operation.
    #[must_use]
    pub const fn counts_reads(self) -> bool {
        matches!(self, Self::Read | Self::Short)
    }

    /// Whether steps that are begun together all meet it. Of others some succeed and some do not, and what is there then is not
    /// what was there after any step, so such steps come one by one. A sync that fails is that of one batch, and a transaction of
    /// the host's is no part of a batch.
    pub(super) fn fails_all(self, steps: &[Step]) -> bool {
        match self {
            Self::Cut | Self::Lie => true,
            Self::Sync => !steps.iter().any(|step| matches!(step, Step::Order(_))),
            _ => false,
        }
    }
}

/// A script of use cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Script {
    /// A file is made, and two users.
    Fresh,
    /// Users change, some of them side by side, and the log is written back and restarted.
    Users,
    /// Messages are enqueued, leased, settled and pruned.
    Post,
    /// Users are erased, and the file is compacted.
    Erasure,
    /// The host writes rows of its own in the transactions of commits.
    Host,
    /// A file of schema version 2 is brought up to date.
    Migration,
}

impl Script {
    /// Every script.
    pub const ALL: [Self; 6] = [Self::Fresh, Self::Users, Self::Post, Self::Erasure, Self::Host, Self::Migration];
}

/// A run: `users full cut 57 8` is the script `users` with `Durability::Full`, in which the power is cut at operation 57. The last
/// number is the seed of everything else: the disk's sectors, and what is left of the writes that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The script.
    pub script: Script,
    /// What an acknowledged commit survives.
    pub durability: Durability,
    /// What goes wrong.
    pub fault: Fault,
    /// The operation or the read at which it goes wrong, counted from 1.
    pub at: u64,
    /// The seed.
    pub seed: u64,
}

/// The reason why a plan is none, or cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The text has another form.
    #[error(
        "a plan has five words, as in `users full cut 57 8`: a script, full or normal, a fault, its place, and a seed"
    )]
    Form,
    /// There is no such script, durability or fault.
    #[error("`{0}` is not known; a plan names one of {1}")]
    Unknown(String, String),
    /// A text that is to be a number is none.
    #[error("`{0}` is no whole number from 0 to 18446744073709551615")]
    NoNumber(String),
    /// The place is 0.
    #[error("operations and reads are counted from 1, and the plan fails number 0")]
    Zero,
    /// The script ends before anything goes wrong.
    #[error("the plan fails number {at}, and the script ends after {end}")]
    NotReached {
        /// The place of the fault.
        at: u64,
        /// The operations or reads of the script.
        end: u64,
    },
    /// The run needs a folder or a thread and got none.
    #[error("the laboratory cannot be set up: {0}")]
    SetUp(String),
}

/// The word for a value: its name in lower case.
fn word(value: impl fmt::Debug) -> String {
    format!("{value:?}").to_ascii_lowercase()
}

fn one_of<T: fmt::Debug + Copy>(text: &str, all: &[T]) -> Result<T, PlanError> {
    let words = || all.iter().map(word).collect::<Vec<_>>().join(", ");
    all.iter().find(|value| word(value) == text).copied().ok_or_else(|| PlanError::Unknown(text.to_owned(), words()))
}

pub(super) fn number(text: &str) -> Result<u64, PlanError> {
    text.parse().map_err(|_| PlanError::NoNumber(text.to_owned()))
}

impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let words: Vec<_> = text.split_whitespace().collect();
        let [script, durability, fault, at, seed] = words[..] else { return Err(PlanError::Form) };
        Ok(Self {
            script: one_of(script, &Script::ALL)?,
            durability: one_of(durability, &[Durability::Full, Durability::Normal])?,
            fault: one_of(fault, &Fault::ALL)?,
            at: number(at).and_then(|at| if at == 0 { Err(PlanError::Zero) } else { Ok(at) })?,
            seed: number(seed)?,
        })
    }
}

/// The form that is read.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { script, durability, fault, at, seed } = self;
        write!(f, "{} {} {} {at} {seed}", word(script), word(durability), word(fault))
    }
}
