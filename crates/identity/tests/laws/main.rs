//! The laws of the use cases, on the model store.

mod delivery;
mod failures;
mod kit;
mod rules;
mod secrets;
mod transfer;
