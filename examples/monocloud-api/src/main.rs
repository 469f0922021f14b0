//! Starts the host, or imports or exports its users.
#![expect(clippy::print_stderr, reason = "it talks to whoever started it")]

use std::process::ExitCode;

use clap::Parser as _;
use host_kit::{run, start_logging};
use monocloud_api::{Settings, router, transfer};

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    start_logging(settings.host.log);
    match started(&settings).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("monocloud-api: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn started(settings: &Settings) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let identity = settings.identity().await?;
    if let Some(file) = &settings.import {
        let summary = transfer::import(&identity.admin("import"), file, &mut std::io::stderr()).await?;
        let transfer::Summary { imported, already_there, bad } = summary;
        eprintln!("{imported} imported, {already_there} already there, {bad} bad");
        return Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if let Some(file) = &settings.export {
        let count = transfer::export(&identity.admin("export"), file).await?;
        eprintln!("{count} exported");
        return Ok(ExitCode::SUCCESS);
    }
    let router = router(settings.app(identity.clone())?);
    run(&settings.host, router, identity).await?;
    Ok(ExitCode::SUCCESS)
}
