//! Where files are put.

use std::path::Path;

use tempfile::TempDir;

/// A folder in memory-backed storage, and whether it is that.
pub(crate) fn in_memory() -> (TempDir, &'static str) {
    let shared = Path::new("/dev/shm");
    match tempfile::tempdir_in(shared) {
        Ok(folder) if shared.is_dir() => (folder, "file in memory"),
        Ok(_) | Err(_) => (tempfile::tempdir().unwrap(), "file NOT in memory"),
    }
}

/// A folder on the disk on which the build is.
pub(crate) fn on_disk() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}
