use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::home;

/// The folder with `initdb`, `postgres` and their like: the newest under Debian's usual path, or where `PATH` has them.
pub fn programs() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut usual: Vec<(u32, PathBuf)> = versions
            .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
            .collect();
        usual.sort();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = usual.into_iter().rev().map(|(_, folder)| folder).chain(std::env::split_paths(&path));
        folders.find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file()).unwrap_or_else(|| {
            panic!(
                "PostgreSQL's server programs (initdb, postgres) are neither under /usr/lib/postgresql nor in PATH; \
                 on Debian: apt-get install postgresql"
            )
        })
    })
}

/// A program that comes with the server, as the user that the server runs as.
pub(crate) fn program(name: &str) -> Command {
    home::as_server_user(programs().join(name))
}

/// What a command says when it works.
pub(crate) fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?} ended with {status}: {said}");
    String::from_utf8_lossy(&stdout).trim_end().to_owned()
}
