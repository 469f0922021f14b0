//! What the end-to-end tests of the example hosts have in common: the real process with its log, and clients from npm and
//! PyPI, installed from a lock file.
//!
//! It is for tests alone: what goes wrong here fails the test with a panic that says what is missing.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "everything here runs inside of a test, and a failure is the test's failure"
)]

mod clients;
mod command;
mod gate;
mod log;
mod process;

pub use clients::{npm_folder, python_environment};
pub use command::must_run;
pub use gate::{Gate, Passage};
pub use log::Log;
pub use process::Process;
