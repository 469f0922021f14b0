//! What the messages and pages have to be.

mod build;
mod kit;
mod links;
mod mails;
mod phones;
