//! Reads the corpora: inputs and verdicts from elsewhere, in the folder that `IDENTITY_CORPORA` names.
//!
//! Their tests are ignored unless they are asked for, and their names begin with `corpora_`:
//! `IDENTITY_CORPORA=folder cargo test corpora_ -- --ignored`.
#![expect(clippy::panic, reason = "a corpus that cannot be read fails its test with a sentence")]

use std::path::Path;

/// The text of the corpus `name`.
pub(crate) fn corpus(name: &str) -> String {
    let Some(folder) = std::env::var_os("IDENTITY_CORPORA") else {
        panic!("IDENTITY_CORPORA is not set: set it to the absolute path of the folder that holds {name}");
    };
    let path = Path::new(&folder).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "cannot read the corpus {} ({error}): set IDENTITY_CORPORA to the absolute path of its folder",
            path.display()
        )
    })
}
