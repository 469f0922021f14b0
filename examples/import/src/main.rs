//! Imports the users of another system: `import-users better-auth app.db identity.db`.
//!
//! The third argument is a file or a `postgres://` URL. The page "Coming from another system" of the manual explains the recipes,
//! each of which is a file here. A row that cannot be imported is named with the reason, the others are imported, and the exit
//! status is 1. Once it is mended, run the same again: users who are there already are not changed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to whoever runs it")]

mod allauth;
mod aspnet;
mod better_auth;
mod cells;
mod clerk;
mod import;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use identity::system::{Clock as _, SystemClock};
use identity::{CodeKeys, FromEnv as _, Identity};
use identity_postgres::PostgresStore;
use identity_sqlite::SqliteStore;

use import::{Import, Nobody};

const USAGE: &str = "usage: import-users better-auth|django-allauth|aspnet|clerk FILE TARGET\n\
                     FILE is the SQLite file of the other system, or for clerk the JSON of GET /v1/users.\n\
                     TARGET is an SQLite file or a postgres:// URL. IDENTITY_KEY holds the keys of the service.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [system, from, to] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(system, from.into(), to) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("import-users: {error}");
            ExitCode::from(2)
        }
    }
}

/// Imports everything, and returns the number of rows that were not imported.
fn run(system: &str, from: PathBuf, to: &str) -> Result<u64, Box<dyn Error>> {
    let recipe = match system {
        "better-auth" => better_auth::read,
        "django-allauth" => allauth::read,
        "aspnet" => aspnet::read,
        "clerk" => clerk::read,
        other => return Err(format!("there is no recipe for {other}\n{USAGE}").into()),
    };
    if !from.is_file() {
        return Err(format!("there is no file {}", from.display()).into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let keys = CodeKeys::from_env("IDENTITY_KEY")?;
    let identity = if to.starts_with("postgres://") || to.starts_with("postgresql://") {
        Identity::new(runtime.block_on(PostgresStore::connect(to))?, Nobody, keys)
    } else {
        Identity::new(runtime.block_on(SqliteStore::open(to))?, Nobody, keys)
    };
    let mut import = Import::new(identity.admin("import"), runtime);
    recipe(&from, SystemClock.now(), &mut import)?;
    let done = import.finish()?;
    println!("imported {}, there already {}, not imported {}", done.new, done.there, done.left);
    Ok(done.left)
}
