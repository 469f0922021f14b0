//! Checks a whole database: `cargo run -p identity-sqlite --example verify -- identity.db`. It ends with 1 when something is
//! wrong.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::error::Error;
use std::process::ExitCode;

use identity_sqlite::SqliteStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("give the path of the database")?;
    if !std::fs::exists(&path)? {
        return Err("there is no database at this path".into());
    }
    let verification = SqliteStore::open(&path).await?.verify().await?;
    println!("{verification}");
    Ok(if verification.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
