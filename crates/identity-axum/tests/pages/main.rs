//! What the pages, problem details and extractors have to be.

mod account;
mod answers;
mod browser;
mod client;
mod entering;
mod forms;
mod kit;
mod service;
#[cfg(feature = "tower-sessions")]
mod sessions;
mod undo;
