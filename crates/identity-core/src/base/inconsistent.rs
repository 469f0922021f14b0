/// The reason why the stored parts of a user do not fit together. The text says which rule is broken; the data was
/// damaged or written by another program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Inconsistent(pub &'static str);
