//! Copies a SQLite file to PostgreSQL.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to whoever runs it")]

use std::error::Error as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use identity_move::{Move, Report, Step, Watch};
use indicatif::{ProgressBar, ProgressStyle};

/// Copies everything in a SQLite file to PostgreSQL and verifies the copy. Stop every program that uses the file first. After
/// an interruption, run the same command again to continue.
#[derive(Parser)]
#[command(name = "identity-move", version)]
struct Arguments {
    /// The SQLite file.
    from: PathBuf,
    /// The database, as `postgres://user@host/database`. Set it in the environment if it contains a password: other users
    /// of the machine can read arguments.
    #[arg(env = "IDENTITY_DATABASE", hide_env_values = true)]
    to: String,
    /// The schema of the tables in the database; created if it does not exist.
    #[arg(long)]
    schema: Option<String>,
    /// The number of rows in one transaction.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    batch: u64,
    /// Only compare both sides, without copying.
    #[arg(long)]
    compare: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut moving = Move::new(arguments.from, arguments.to).with_batch(arguments.batch);
    if let Some(schema) = arguments.schema {
        moving = moving.with_schema(schema);
    }
    let mut bar = Bar::default();
    let work = async { if arguments.compare { moving.compare(&mut bar).await } else { moving.run(&mut bar).await } };
    tokio::select! {
        done = work => match done {
            Ok(report) => {
                tell(&report);
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("identity-move: {error}");
                let mut cause = error.source();
                while let Some(error) = cause {
                    eprintln!("  because: {error}");
                    cause = error.source();
                }
                ExitCode::FAILURE
            }
        },
        _ = tokio::signal::ctrl_c() => {
            eprintln!("identity-move: interrupted; nothing is lost, run the same command again to go on from here");
            ExitCode::from(130)
        }
    }
}

fn tell(report: &Report) {
    println!("both sides hold the same:");
    for table in &report.tables {
        let (name, rows, groups) = (table.table, table.rows, table.groups);
        println!("  {name:<22} {rows:>12} rows of {groups:>12}  sha256 {}", table.digest);
    }
    if !report.left.is_empty() {
        println!("not moved, because these tables are not of this library: {}", report.left.join(", "));
    }
}

/// The progress bar.
#[derive(Default)]
struct Bar(Option<ProgressBar>);

impl Watch for Bar {
    fn begin(&mut self, step: Step, total: u64, done: u64) {
        let name = match step {
            Step::Copying => "copying",
            Step::Comparing => "comparing",
        };
        let style = "{msg:<10} [{bar:40}] {human_pos} of {human_len} rows, {per_sec}, {eta} to go";
        let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(total).with_style(style.progress_chars("=> ")).with_message(name);
        bar.set_position(done);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Some(before) = self.0.replace(bar) {
            before.finish();
        }
    }

    fn rows(&mut self, rows: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(rows);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish();
        }
    }
}
