//! What each client does, and what it has to see. No step waits: what a policy makes people wait for is refused with the time,
//! or its wait is set to nothing.

mod addresses;
mod creation;
mod life;
mod limits;
mod permissions;
mod refusals;
mod resends;
mod tries;

pub(crate) use addresses::another_than;
pub(crate) use creation::{codes, creation};
pub(crate) use life::{life, life_on};
pub(crate) use limits::limits;
pub(crate) use permissions::permissions;
pub(crate) use refusals::{languages, refusals};
pub(crate) use resends::resends;
pub(crate) use tries::too_many_tries;

pub(crate) const INVALID_ARGUMENT: i64 = 3;
pub(crate) const NOT_FOUND: i64 = 5;
pub(crate) const ALREADY_EXISTS: i64 = 6;
pub(crate) const PERMISSION_DENIED: i64 = 7;
pub(crate) const RESOURCE_EXHAUSTED: i64 = 8;
pub(crate) const FAILED_PRECONDITION: i64 = 9;
pub(crate) const UNIMPLEMENTED: i64 = 12;
pub(crate) const UNAUTHENTICATED: i64 = 16;

// As the log masks them.
pub(crate) const ADA_EXAMPLE_COM: &str = "a***@example.com";
pub(crate) const COUNTESS_EXAMPLE_COM: &str = "c***@example.com";
pub(crate) const THE_PHONE: &str = "0453";
