//! What a user's contact identifiers are and what may happen to them.

pub mod address;
