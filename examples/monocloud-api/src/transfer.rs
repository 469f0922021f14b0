//! Whole users in and out of a file, one a line, as JSON in the current generation.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use identity::import::{Imported, UserRecord};
use identity::{Admin, Email, Phone};
use indicatif::{ProgressBar, ProgressStyle};

use crate::wire::CurrentUser;

/// The number of users that are imported at once.
const BATCH: usize = 500;
/// The number of users that are exported at once.
const PAGE: usize = 500;
/// The most bytes that a line may have; a user has less.
const MAX_LINE_BYTES: u64 = 4 * 1_048_576;

/// The result of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// The number of users that were imported.
    pub imported: usize,
    /// The number of users that existed before and were left unchanged.
    pub already_there: usize,
    /// The number of malformed lines; each was reported.
    pub bad: usize,
}

/// The reason that an import or export stopped. Users written before stay, and it may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The file cannot be read or written.
    #[error("{}: {error}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The reason.
        #[source]
        error: io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] identity::Error),
}

/// Imports the users of a file. A bad line is reported to `report` with its number, and the others go on. A user that is here
/// already is left as it is, so that an import can be repeated.
///
/// # Errors
/// [`TransferError`].
pub async fn import(admin: &Admin, file: &Path, report: &mut (dyn Write + Send)) -> Result<Summary, TransferError> {
    let broken = |error| TransferError::File { file: file.to_owned(), error };
    let opened = File::open(file).map_err(broken)?;
    let size = opened.metadata().map_err(broken)?.len();
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}, {eta} left").map_err(io::Error::other);
    let bar = ProgressBar::new(size).with_style(style.map_err(broken)?);
    let mut lines = BufReader::new(opened);
    let mut summary = Summary::default();
    let mut batch = Batch::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = io::Read::take(&mut lines, MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(broken)?;
        bar.inc(length as u64);
        let read = if length as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n') {
            skip_line(&mut lines).map_err(broken)?;
            Some(Err(format!("longer than {MAX_LINE_BYTES} bytes")))
        } else {
            (!line.trim_ascii().is_empty()).then(|| read(&line))
        };
        let record = match read {
            Some(Ok(record)) => Some(record),
            Some(Err(reason)) => {
                summary.bad += 1;
                bar.suspend(|| writeln!(report, "line {number}: {reason}")).map_err(broken)?;
                None
            }
            None => None,
        };
        let contested = record.as_ref().is_some_and(|record| batch.contests(record));
        if batch.lines.len() == BATCH || contested || length == 0 {
            for (number, reason) in batch.import(admin, &mut summary).await? {
                bar.suspend(|| writeln!(report, "line {number}: {reason}")).map_err(broken)?;
            }
        }
        if let Some(record) = record {
            batch.push(number, record);
        }
        if length == 0 {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(summary)
}

/// Users that are imported at once. No two of them want the same id, name or address: the earlier line is to win.
#[derive(Default)]
struct Batch {
    lines: Vec<(usize, UserRecord)>,
    wanted: HashSet<String>,
}

impl Batch {
    fn contests(&self, record: &UserRecord) -> bool {
        wants(record).iter().any(|want| self.wanted.contains(want))
    }

    fn push(&mut self, number: usize, record: UserRecord) {
        self.wanted.extend(wants(&record));
        self.lines.push((number, record));
    }

    /// Imports the users and returns the lines that were refused.
    async fn import(&mut self, admin: &Admin, summary: &mut Summary) -> Result<Vec<(usize, String)>, TransferError> {
        self.wanted.clear();
        let (numbers, records): (Vec<_>, Vec<_>) = self.lines.drain(..).unzip();
        let mut bad = Vec::new();
        for (number, outcome) in numbers.into_iter().zip(admin.import(records).await?) {
            let reason = match outcome {
                Imported::New => {
                    summary.imported += 1;
                    continue;
                }
                Imported::AlreadyThere => {
                    summary.already_there += 1;
                    continue;
                }
                Imported::Erased => "there was a user of this id, and it was deleted; choose another id".to_owned(),
                Imported::Refused(refusal) => refusal.to_string(),
                _ => "the user cannot be imported".to_owned(),
            };
            summary.bad += 1;
            bad.push((number, reason));
        }
        Ok(bad)
    }
}

/// The names and addresses that other users could claim too. A malformed one is left out, because it is refused on its
/// own.
fn wants(record: &UserRecord) -> Vec<String> {
    let emails = record.emails.iter().filter_map(|entry| Email::parse(&entry.address.0).ok());
    let phones = record.phones.iter().filter_map(|entry| Phone::parse(&entry.address.0).ok());
    let keys = emails.map(|email| email.claim_key()).chain(phones.map(|phone| phone.claim_key()));
    let keys = keys.chain(record.username.iter().map(|entry| entry.username.claim_key()));
    keys.map(|key| key.as_str().to_owned()).chain([format!("id {}", record.id)]).collect()
}

fn skip_line(lines: &mut impl io::BufRead) -> io::Result<()> {
    loop {
        let buffer = lines.fill_buf()?;
        let (ended, length) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (true, end + 1),
            None => (buffer.is_empty(), buffer.len()),
        };
        lines.consume(length);
        if ended {
            return Ok(());
        }
    }
}

fn read(line: &[u8]) -> Result<UserRecord, String> {
    let mut reader = serde_json::Deserializer::from_slice(line);
    let user: CurrentUser = serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    UserRecord::try_from(user).map_err(|error| error.to_string())
}

/// Exports all users, oldest first, and gives how many there were. `-` is standard output.
///
/// # Errors
/// [`TransferError`].
pub async fn export(admin: &Admin, file: &Path) -> Result<usize, TransferError> {
    let broken = |error| TransferError::File { file: file.to_owned(), error };
    let mut out: Box<dyn Write + Send> = if file == Path::new("-") {
        Box::new(BufWriter::new(io::stdout()))
    } else {
        Box::new(BufWriter::new(File::create(file).map_err(broken)?))
    };
    let bar = ProgressBar::new_spinner();
    let mut query = identity::directory::ListQuery {
        order: identity::directory::ListOrder::Created,
        after: None,
        limit: PAGE,
        prefix: None,
    };
    let mut count = 0;
    loop {
        let page = admin.list(&query).await?;
        for stored in &page.users {
            let line =
                serde_json::to_string(&CurrentUser::from(&*stored.user)).map_err(|error| broken(error.into()))?;
            writeln!(out, "{line}").map_err(broken)?;
            count += 1;
        }
        bar.set_message(format!("{count} users"));
        bar.tick();
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    out.flush().map_err(broken)?;
    bar.finish_and_clear();
    Ok(count)
}
