//! A server process.

use std::sync::Arc;

use host_e2e::Process;
use serde_json::Value;
use std::process::Command;
use tempfile::TempDir;

pub(crate) const ROOT: Option<&str> = Some("root-token");
pub(crate) const ADA: Option<&str> = Some("ada-token");
pub(crate) const BOB: Option<&str> = Some("bob-token");
/// The resource owner.
pub(crate) const TENANT: &str = "69629023906488334";

/// The server, until it is dropped.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) folder: Arc<TempDir>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(Arc::new(tempfile::tempdir().unwrap()), settings)
    }

    /// Starts on a folder that has a database already, perhaps.
    pub(crate) fn on(folder: Arc<TempDir>, settings: &[(&str, &str)]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_zitadel-api"));
        program
            .env_clear()
            .env("IDENTITY_KEY", "5a".repeat(32))
            .env("IDENTITY_TOKENS", "root-token:admin,ada-token:user:ada,bob-token:user:bob")
            .env("IDENTITY_DATABASE", folder.path().join("identity.db"))
            .env("IDENTITY_LISTEN", "127.0.0.1:0")
            .env("IDENTITY_TENANT", TENANT)
            .env("IDENTITY_LOG", "json")
            .envs(settings.iter().copied());
        Self { process: Process::start(&mut program), folder }
    }

    /// The messages with a code that went to an address, the log's mask of which is `to`; waits for `count` of them.
    fn messages(&self, to: &str, count: usize) -> Vec<Value> {
        let lines = self.process.log.lines_with(&["a message", to, "\"code\":"], count);
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The code that the message number `count` to an address carried.
    pub(crate) fn code(&self, to: &str, count: usize) -> String {
        self.messages(to, count)[count - 1]["code"].as_str().unwrap().to_owned()
    }

    /// The link that the message number `count` to an address carried.
    pub(crate) fn link(&self, to: &str, count: usize) -> String {
        self.messages(to, count)[count - 1]["link"].as_str().unwrap().to_owned()
    }
}
