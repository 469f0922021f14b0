/// The reason why the stored parts of a user, or the parts of a commit, do not fit together. The text says which rule is
/// broken. Stored data was damaged or written by another program; a commit was not planned by this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Inconsistent(pub &'static str);
