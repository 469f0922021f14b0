//! Each recipe reads what the real package wrote, or where no registry has it, what its documentation shows: every user arrives as
//! the other system shows it, a second import changes nothing, and every row that cannot be imported is named with the reason.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod allauth;
mod aspnet;
mod better_auth;
mod clerk;
mod kit;
