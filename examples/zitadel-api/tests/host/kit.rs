use std::path::Path;
use std::process::Command;

use host_e2e::Process;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
pub(crate) const TOKENS: &str = "root-token:admin,ada-token:user:ada";

/// The program with nothing but these settings.
pub(crate) fn program(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zitadel-api"));
    command
        .env_clear()
        .env("IDENTITY_KEY", KEY)
        .env("IDENTITY_TOKENS", TOKENS)
        .env("IDENTITY_DATABASE", folder.join("identity.db"))
        .env("IDENTITY_LISTEN", "127.0.0.1:0")
        .env("IDENTITY_LOG", "json")
        .envs(settings.iter().copied());
    command
}

pub(crate) struct Server {
    pub(crate) process: Process,
    _folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { process: Process::start(&mut program(folder.path(), settings)), _folder: folder }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.process.base()));
        let request = request.header("authorization", "Bearer root-token");
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// Adds the user `ada`.
    pub(crate) async fn add_ada(&self) {
        let body = json!({
            "userId": "ada",
            "profile": {"givenName": "Ada", "familyName": "Lovelace"},
            "email": {"email": "lovelace@example.com", "isVerified": true}
        });
        assert_eq!(self.call(Method::POST, "/v2/users/human", Some(body)).await.status(), 200);
    }

    /// The user `ada`: what is not written does not show here.
    pub(crate) async fn ada(&self) -> Value {
        self.call(Method::GET, "/v2/users/ada", None).await.json().await.unwrap()
    }
}
