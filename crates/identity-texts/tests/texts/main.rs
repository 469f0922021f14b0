//! What the messages and pages have to be.

mod build;
mod errors;
mod kit;
mod links;
mod mails;
mod phones;
mod undo;
