//! A server process, and a client that sends what a test says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use host_e2e::Process;
use identity::import::{Imported, UserRecord};
use identity::{Accepted, CodeKeys, Identity, Notice, Notifier, NotifyError};
use identity_sqlite::SqliteStore;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
pub(crate) const API_KEY: &str = "of-the-operators";
pub(crate) const READ_KEY: &str = "of-the-dashboard";
pub(crate) const PUBLIC_URL: &str = "https://accounts.example.com";

/// The program with nothing but these settings.
pub(crate) fn program(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_monocloud-api"));
    command
        .env_clear()
        .env("IDENTITY_KEY", KEY)
        .env("IDENTITY_API_KEY", format!("ops:{API_KEY},board+read:{READ_KEY}"))
        .env("IDENTITY_DATABASE", folder.join("identity.db"))
        .env("IDENTITY_LISTEN", "127.0.0.1:0")
        .env("IDENTITY_PUBLIC_URL", PUBLIC_URL)
        .env("IDENTITY_LOG", "json")
        .envs(settings.iter().copied());
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, &[]).args(arguments).output().unwrap()
}

/// The server, until it is dropped.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) base: String,
    pub(crate) folder: Arc<TempDir>,
    client: Client,
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
        let process = Process::start(&mut program(folder.path(), settings));
        Self { base: process.base(), process, folder, client: Client::new() }
    }

    /// Waits for a line of the log.
    pub(crate) fn line_with(&self, text: &str) -> String {
        self.process.log.line_with(&[text])
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.process.log.lines()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("identity.db")
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), format!("{}{path}", self.base))
    }

    /// Sends a request with the operators' key.
    pub(crate) async fn call(&self, method: &str, path: &str, body: impl Into<Option<Value>>) -> Answer {
        let request = self.request(method, path).header("X-API-KEY", API_KEY);
        let request = match body.into() {
            Some(body) => request.json(&body),
            // As clients do: a media type, and no body.
            None => request.header("content-type", "application/json"),
        };
        Answer::to(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.call("POST", path, body).await
    }

    /// A new user.
    pub(crate) async fn user(&self, body: Value) -> Value {
        self.post("/api/users", body).await.of(201)
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn to(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}: no JSON: {}", self.status, self.text))
    }

    /// The JSON of an answer of this status.
    pub(crate) fn of(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:.2000}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        self.json()
    }

    /// The problem document of an answer of this status.
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:.2000}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json", "exactly, without parameters");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        let trace: Vec<&str> = problem["traceId"].as_str().unwrap().split('-').collect();
        assert_eq!(trace.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 32, 16, 2], "{problem}");
        problem
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> String {
        let problem = self.problem(422);
        assert_eq!(problem["type"], "https://httpstatuses.io/422#identity-validation-error");
        assert!(problem["errors"][0]["description"].as_str().is_some_and(|text| !text.is_empty()));
        problem["errors"][0]["code"].as_str().unwrap().to_owned()
    }

    /// The field that did not parse.
    pub(crate) fn field(&self) -> String {
        let problem = self.problem(422);
        assert_eq!(problem["type"], "https://httpstatuses.io/422#validation-error");
        let errors = problem["errors"].as_object().unwrap();
        assert!(errors.values().all(|messages| messages[0].is_string()), "{problem}");
        errors.keys().next().unwrap().clone()
    }
}

pub(crate) struct Nowhere;

#[identity::async_trait]
impl Notifier for Nowhere {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        Err(NotifyError::permanent("tests send nothing"))
    }
}

/// Puts a user into the database of a server that has not been started yet, by the library's own import.
pub(crate) async fn seed(folder: &Path, record: UserRecord) {
    let store = SqliteStore::open(folder.join("identity.db")).await.unwrap();
    let identity = Identity::new(store, Nowhere, CodeKeys::parse(KEY).unwrap());
    assert_eq!(identity.admin("seed").import(vec![record]).await.unwrap(), [Imported::New]);
}
