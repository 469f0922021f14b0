//! Whole worlds from a seed: users, administrators, thieves and visitors in three tenants, two processes, a provider, a clock and a
//! store, in one thread and with time that is moved by hand.
//!
//! [`Script::of`] makes of a seed what happens; [`run`] lets it happen and judges after every step what must hold, by the world's
//! own reading of the manual. A script that breaks a law is [`shrunk`] to few steps. [`Bug`] is what can be planted to see that
//! it is found, and [`expected`] what must have happened in a long run.

mod acts;
mod bugs;
mod model;
mod people;
mod port;
mod post;
mod run;
mod script;
mod shrink;
mod sometimes;
mod turns;

pub use bugs::Bug;
pub use model::Broken;
pub use run::{Ran, run};
pub use script::{Act, Dice, Fault, How, Mark, Pick, Record, Road, STEPS, Script, Step, TENANTS, USERS};
pub use shrink::shrunk;
pub use sometimes::expected;
