//! The real process: how it starts, what it logs, what its README says, and what it makes of bytes that are no call.
#![expect(
    clippy::unwrap_used,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

mod in_flight;
mod kit;
mod logs;
mod readme;
mod settings;
mod sockets;
