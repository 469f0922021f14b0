//! Tables of the corpora.
#![expect(clippy::panic, reason = "a row that cannot be read fails its test with a sentence")]

/// The rows of a table below its heading; the first cell is decoded from the inside of a JSON string.
pub(crate) fn rows(table: &str) -> Vec<Vec<String>> {
    let row = |line: &str| {
        let mut cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        if let Some(first) = cells.first_mut() {
            *first = serde_json::from_str(&format!("\"{first}\"")).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
        cells
    };
    table.split('\n').skip(1).filter(|line| !line.is_empty()).map(row).collect()
}
