//! The Maildir to which undeliverable mail is returned.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use identity::system::{Clock as _, SystemClock};
use identity::{Error, Identity};
use identity_smtp::bounce;
use tokio::io::AsyncReadExt as _;

use crate::app::MAIL;

/// The time between two looks into the folder.
const EVERY: Duration = Duration::from_secs(2);

/// Reads new mails in the folder every 2 s, until it is aborted. A mail moves from `new` to `cur` once it is reported, so one that
/// a crash interrupts is reported again, which changes nothing.
pub async fn watch(folder: PathBuf, identity: Identity) {
    loop {
        if let Err(error) = read(&folder, &identity).await {
            tracing::warn!(%error, "the mailbox of returned mail cannot be read; it is tried again in 2 s");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Reads the new mails in the folder once, at most 1 MiB of each, and returns the number of reports.
///
/// # Errors
/// When the folder cannot be read or written, or the store fails.
pub async fn read(folder: &Path, identity: &Identity) -> io::Result<usize> {
    let mut reports = 0;
    let mut new = tokio::fs::read_dir(folder.join("new")).await?;
    while let Some(entry) = new.next_entry().await? {
        if !entry.file_type().await?.is_file() {
            continue;
        }
        // The rest of a larger mail has no outcome in it.
        let mut mail = Vec::new();
        tokio::fs::File::open(entry.path()).await?.take(MAIL as u64).read_to_end(&mut mail).await?;
        match bounce::read(&mail, SystemClock.now()) {
            Ok(bounce) => match identity.admin("mail").report_delivery(&bounce.ticket, &bounce.report).await {
                Ok(_) => reports += 1,
                // The ticket is forged, or another installation's.
                Err(Error::Refused(refusal)) => {
                    tracing::info!(%refusal, "a returned mail was not accepted as a report")
                }
                Err(error) => return Err(io::Error::other(error)),
            },
            Err(reason) => tracing::info!(%reason, "a mail in the mailbox is not a report"),
        }
        let mut seen = entry.file_name();
        // Maildir's mark of a mail that was seen.
        seen.push(":2,S");
        tokio::fs::rename(entry.path(), folder.join("cur").join(seen)).await?;
    }
    Ok(reports)
}
