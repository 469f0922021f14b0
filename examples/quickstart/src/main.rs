//! Asks for an e-mail address or a phone number, shows the code that would have been sent, takes the answer, and ends with the
//! user as stored.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the program is a conversation on a terminal")]

mod conversation;
mod key;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use conversation::Conversation;
use identity::Identity;
use identity_sqlite::SqliteStore;
use terminal::Terminal;

const HELP: &str = "\
Usage: quickstart [FILE]

Keeps its users in FILE (default: identity.db), which is created when it does not exist,
and the key that codes are derived from in FILE.key. Reads standard input, so a pipe can drive it.

  -h, --help    this text";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let file = match (arguments.next(), arguments.next()) {
        (None, _) => PathBuf::from("identity.db"),
        (Some(argument), None) if argument == "-h" || argument == "--help" => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        (Some(argument), None) if !argument.to_string_lossy().starts_with('-') => PathBuf::from(argument),
        (Some(argument), None) => {
            return wrong_usage(&format!("the option {} does not exist", argument.to_string_lossy()));
        }
        (Some(_), Some(_)) => return wrong_usage("more than one file was given; give one"),
    };
    match run(&file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

fn wrong_usage(problem: &str) -> ExitCode {
    eprintln!("quickstart: {problem}\n\n{HELP}");
    ExitCode::from(2)
}

fn run(file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
        let store = SqliteStore::open(file).await.map_err(|error| format!("{}: {error}", file.display()))?;
        let identity = Identity::new(store, Terminal, key::of(file)?);
        Conversation::new(identity).hold(std::io::stdin().lock()).await
    })
}
