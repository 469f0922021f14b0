use std::collections::VecDeque;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use identity_postgres::tokio_postgres::Error;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::MoveError;
use crate::moving::{TableReport, Watch};
use crate::source::Batch;
use crate::tables::Table;

type Digest = [u8; 32];

/// The rows of one user, claim or budget.
struct Group {
    key: Vec<u8>,
    digest: Digest,
    rows: u64,
}

/// Collects lines, which arrive in pieces, into groups.
struct Groups {
    columns: usize,
    rest: Vec<u8>,
    open: Option<(Vec<u8>, Sha256, u64)>,
    done: VecDeque<Group>,
}

impl Groups {
    fn new(table: Table) -> Self {
        Self { columns: table.group, rest: Vec::new(), open: None, done: VecDeque::new() }
    }

    fn take(&mut self, piece: &[u8]) {
        let mut piece = piece;
        // A line break within a cell is escaped, so every line break ends a row.
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, after) = piece.split_at(end + 1);
            piece = after;
            if self.rest.is_empty() {
                self.line(line);
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(line);
                self.line(&whole);
            }
        }
        self.rest.extend_from_slice(piece);
    }

    fn line(&mut self, line: &[u8]) {
        let mut tabs = 0;
        let end = line.iter().position(|byte| {
            tabs += usize::from(*byte == b'\t');
            tabs == self.columns || *byte == b'\n'
        });
        let key = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
        if self.open.as_ref().is_none_or(|(open, ..)| open != key) {
            self.close();
            self.open = Some((key.to_vec(), Sha256::new(), 0));
        }
        if let Some((_, digest, rows)) = &mut self.open {
            digest.update(line);
            *rows += 1;
        }
    }

    fn close(&mut self) {
        if let Some((key, digest, rows)) = self.open.take() {
            self.done.push_back(Group { key, digest: digest.finalize().into(), rows });
        }
    }
}

/// Compares the two sides of a table, each in the order of its key.
pub(crate) async fn compare(
    table: Table,
    mut ours: mpsc::Receiver<Result<Batch, MoveError>>,
    mut theirs: Pin<&mut (dyn Stream<Item = Result<Bytes, Error>> + Send)>,
    watch: &mut impl Watch,
) -> Result<TableReport, MoveError> {
    let mut left = Groups::new(table);
    let mut right = Groups::new(table);
    let (mut left_ended, mut right_ended) = (false, false);
    let mut whole = Sha256::new();
    let mut report = TableReport { table: table.name, rows: 0, groups: 0, digest: String::new() };
    loop {
        while left.done.is_empty() && !left_ended {
            match ours.recv().await {
                Some(batch) => left.take(batch?.lines.as_bytes()),
                None => {
                    left_ended = true;
                    left.close();
                }
            }
        }
        while right.done.is_empty() && !right_ended {
            match theirs.next().await {
                Some(piece) => right.take(&piece?),
                None => {
                    right_ended = true;
                    right.close();
                }
            }
        }
        let how = match (left.done.pop_front(), right.done.pop_front()) {
            (None, None) => {
                report.digest = whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
                return Ok(report);
            }
            (Some(ours), Some(theirs)) if ours.digest == theirs.digest && ours.rows == theirs.rows => {
                whole.update(ours.digest);
                report.groups += 1;
                report.rows += ours.rows;
                watch.rows(ours.rows);
                continue;
            }
            (Some(ours), Some(theirs)) if ours.key == theirs.key => "both sides have it, with different rows",
            (Some(ours), Some(theirs)) if ours.key > theirs.key => "the target has a group that the file does not have",
            (None, Some(_)) => "the target has more groups than the file",
            (Some(_), _) => "the target does not have this group",
        };
        return Err(MoveError::Different { table: table.name, number: report.groups + 1, how });
    }
}
