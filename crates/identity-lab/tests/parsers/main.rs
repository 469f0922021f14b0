//! Everything that reads what others wrote, with texts that nobody wrote: valid ones with random edits, and random ones. Nothing
//! panics, what is read and written again is read as the same, and an error has its slug and few words.
//!
//! The tables of valid texts hold what found a fault as well: each text is tried as it is first. A longer run is
//! `BOLERO_RANDOM_TEST_TIME_MS=600000 cargo test --workspace --all-features --locked --release --test parsers`, ten minutes for
//! each law; `BOLERO_RANDOM_SEED`, which a failure prints, repeats one.

mod kit;
mod requests;
mod stored;
mod texts;
