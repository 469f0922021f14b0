//! Where files are put.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A folder in memory-backed storage with so much room in it, in MiB, or else one on disk; and what to call a file there.
pub(crate) fn in_memory(room: u64) -> (TempDir, &'static str) {
    let shared = Path::new("/dev/shm");
    match tempfile::tempdir_in(shared) {
        Ok(folder) if free(shared) >= Some(room) => (folder, "file in memory"),
        Ok(_) | Err(_) => (on_disk(), "file on DISK for want of memory"),
    }
}

/// How much room is left, in MiB. A container may have a small folder there, or none.
fn free(folder: &Path) -> Option<u64> {
    let df = Command::new("df").args(["--output=avail", "--block-size=1M"]).arg(folder).output().ok()?;
    String::from_utf8(df.stdout).ok()?.lines().last()?.trim().parse().ok()
}

/// A folder on the disk on which the build is.
pub(crate) fn on_disk() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}
