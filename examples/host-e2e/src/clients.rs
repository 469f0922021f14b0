use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::must_run;

/// Copies the files of `from` into `to`, and installs what their `package-lock.json` names there, unless it is installed.
///
/// # Panics
/// When npm is missing or fails.
pub fn npm_folder(from: &Path, to: &Path) {
    let _alone = alone_in(to);
    copy_files(from, to);
    let lock = fs::read_to_string(from.join("package-lock.json")).unwrap();
    once(to, &lock, || {
        must_run(Command::new("npm").arg("ci").current_dir(to));
    });
}

/// The programs of a virtual environment in `folder` that has these packages, one a line as pip reads them; hashes are
/// checked where there are any.
///
/// # Panics
/// When Python or its `venv` is missing, and when pip fails.
pub fn python_environment(requirements: &str, folder: &Path) -> PathBuf {
    let _alone = alone_in(folder);
    let programs = folder.join("bin");
    once(folder, requirements, || {
        must_run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder));
        let list = folder.join("requirements.txt");
        fs::write(&list, requirements).unwrap();
        let mut pip = Command::new(programs.join("pip"));
        must_run(pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(list));
    });
    programs
}

/// Makes the folder; tests in other threads and processes wait until the lock is dropped.
fn alone_in(folder: &Path) -> File {
    fs::create_dir_all(folder).unwrap();
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// Runs `install` unless it has run to its end with the same lock file before.
fn once(folder: &Path, lock_file: &str, install: impl FnOnce()) {
    let made = folder.with_extension("made");
    if fs::read_to_string(&made).ok().as_deref() != Some(lock_file) {
        let _ = fs::remove_file(&made);
        install();
        fs::write(&made, lock_file).unwrap();
    }
}

/// A file with the same content is left alone, because a test may be reading it.
fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (file, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_file() && fs::read(&file).unwrap() != fs::read(&copy).unwrap_or_default() {
            fs::copy(file, copy).unwrap();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lock_file_names_is_installed_once_and_again_when_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("client");
        let mut installed = Vec::new();
        for lock in ["one", "one", "two", "one"] {
            once(&to, lock, || installed.push(lock));
        }
        assert_eq!(installed, ["one", "two", "one"]);
    }

    #[test]
    fn an_install_that_failed_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("client");
        once(&to, "one", || {});
        let failed = std::panic::catch_unwind(|| once(&to, "two", || panic!("no network")));
        assert!(failed.is_err());
        let mut installed = false;
        once(&to, "one", || installed = true);
        assert!(installed, "the folder may hold half of the other one");
    }
}
