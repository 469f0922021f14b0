//! Reading the corpora where they lie: `../shared/corpora` from the project's root, or the folder in
//! `IDENTITY_CORPORA`.
#![expect(clippy::panic, clippy::print_stdout, reason = "a corpus that cannot be read fails the test with a sentence")]

use std::path::PathBuf;

/// The text of a corpus, or `None` where the caller asked to skip.
pub(crate) fn text(name: &str) -> Option<String> {
    let folder = match std::env::var("IDENTITY_CORPORA") {
        Ok(skip) if skip == "skip" => {
            println!("skipped: {name} (IDENTITY_CORPORA=skip)");
            return None;
        }
        Ok(folder) => PathBuf::from(folder),
        Err(_) => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpora")),
    };
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => panic!(
            "the corpus {} cannot be read ({error}): name its folder in IDENTITY_CORPORA, or set it to `skip`",
            path.display()
        ),
    }
}

/// The rows of a table below its heading; the first cell is decoded from the inside of a JSON string.
pub(crate) fn rows(name: &str) -> Option<Vec<Vec<String>>> {
    let row = |line: &str| {
        let mut cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        if let Some(first) = cells.first_mut() {
            *first = match serde_json::from_str(&format!("\"{first}\"")) {
                Ok(decoded) => decoded,
                Err(error) => panic!("{name}: {error}: {line}"),
            };
        }
        cells
    };
    text(name).map(|text| text.split('\n').skip(1).filter(|line| !line.is_empty()).map(row).collect())
}
