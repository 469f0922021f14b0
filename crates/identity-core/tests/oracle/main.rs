//! Verdicts held against those of independent libraries: `phonenumbers` for numbers, `email-validator` for addresses.
//!
//! Inputs are drawn twice: from a fixed seed, and from a fresh one, which is printed. `IDENTITY_ORACLE_SEED` set to
//! such a number repeats that run.

mod draw;
mod emails;
mod phones;
mod python;
