//! The Maildir that undeliverable mail comes back to.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use identity::system::{Clock as _, SystemClock};
use identity::{Error, Identity};
use identity_smtp::bounce;

/// How often the folder is looked into.
const EVERY: Duration = Duration::from_secs(2);

/// Reads what comes into the folder for ever. A mail moves from `new` to `cur` once it was reported, so one that a crash
/// interrupts is reported again, which does no harm.
pub async fn watch(folder: PathBuf, identity: Identity) {
    loop {
        if let Err(error) = read(&folder, &identity).await {
            tracing::warn!(%error, "the mailbox of returned mail cannot be read");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Reads what is new in the folder once, and gives how many reports there were.
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
        let mail = tokio::fs::read(entry.path()).await?;
        match bounce::read(&mail, SystemClock.now()) {
            Ok(bounce) => match identity.admin("mail").report_delivery(&bounce.ticket, &bounce.report).await {
                Ok(_) => reports += 1,
                // A ticket that is none of ours: the mail is somebody's attempt, or of another installation.
                Err(Error::Refused(refusal)) => tracing::info!(%refusal, "a returned mail reports nothing"),
                Err(error) => return Err(io::Error::other(error)),
            },
            Err(reason) => tracing::info!(%reason, "a mail in the mailbox reports nothing"),
        }
        let mut seen = entry.file_name();
        // Maildir's mark of what was seen.
        seen.push(":2,S");
        tokio::fs::rename(entry.path(), folder.join("cur").join(seen)).await?;
    }
    Ok(reports)
}
