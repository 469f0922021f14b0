//! Starts the host.
#![expect(clippy::print_stderr, reason = "it talks to whoever started it")]

use std::process::ExitCode;

use clap::Parser as _;
use host_kit::start_logging;
use messages::{Settings, mailbox, router};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    start_logging(settings.host.log);
    match run(&settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("messages: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: &Settings) -> Result<(), Box<dyn std::error::Error>> {
    let app = settings.app().await?;
    let identity = app.identity.clone();
    let box_ = settings.mail_box.clone().map(|folder| tokio::spawn(mailbox::watch(folder, identity.clone())));
    host_kit::run(&settings.host, router(app), identity).await?;
    // What it had in hand is read again after the next start.
    if let Some(watch) = box_ {
        watch.abort();
    }
    Ok(())
}
