//! Starts the host.
#![expect(clippy::print_stderr, reason = "it talks to whoever started it")]

use std::process::ExitCode;

use clap::Parser as _;
use host_kit::{run, start_logging};
use zitadel_api::{Settings, router};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    start_logging(settings.host.log);
    match started(&settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zitadel-api: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn started(settings: &Settings) -> Result<(), Box<dyn std::error::Error>> {
    let identity = settings.identity().await?;
    let router = router(settings.app(identity.clone())?).await?;
    Ok(run(&settings.host, router, identity).await?)
}
