//! A host process, and a client that sends what a test says.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a host that does not answer fails its test, and is waited for"
)]

use std::process::Command;
use std::time::{Duration, Instant};

use host_e2e::{Log, Process};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const API_KEY: &str = "of-the-products-backend";
pub(crate) const PUBLIC_URL: &str = "https://accounts.example.com";

/// The program with nothing but these settings.
pub(crate) fn program(folder: &TempDir, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_messages"));
    command
        .env_clear()
        .env("IDENTITY_KEY", "5a".repeat(32))
        .env("IDENTITY_API_KEY", API_KEY)
        .env("IDENTITY_DATABASE", folder.path().join("identity.db"))
        .env("IDENTITY_LISTEN", "127.0.0.1:0")
        .env("IDENTITY_PUBLIC_URL", PUBLIC_URL)
        .env("IDENTITY_LOG", "json")
        .envs(settings.iter().copied());
    command
}

pub(crate) struct Host {
    process: Process,
    client: Client,
    pub(crate) folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Host {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        Self::on(tempfile::tempdir().unwrap(), settings)
    }

    pub(crate) fn on(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        Self { process: Process::start(&mut program(&folder, settings)), client: Client::new(), folder }
    }

    /// What the process wrote to its log.
    pub(crate) fn log(&self) -> &Log {
        &self.process.log
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), format!("{}{path}", self.process.base()))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, path).header("x-api-key", API_KEY);
        self.send(if body.is_null() { request } else { request.json(&body) }).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body).await
    }

    /// A new user with an address: the paths of both.
    pub(crate) async fn user(&self, locale: &str, address: Value) -> (String, String) {
        let user = self.post("/users", json!({ "locale": locale })).await.json();
        let user = format!("/users/{}", user["user"].as_str().unwrap());
        let added = self.post(&format!("{user}/addresses"), address).await.json();
        let address = format!("{user}/addresses/{}", added["address"].as_str().unwrap());
        (user, address)
    }

    pub(crate) async fn ask(&self, address: &str, by: &str) -> Answer {
        self.post(&format!("{address}/verification"), json!({ "by": by })).await
    }

    /// The first address of a user.
    pub(crate) async fn first(&self, user: &str) -> Value {
        self.call("GET", user, Value::Null).await.json()["addresses"][0].clone()
    }

    /// A user's messages, once they are as a test waits for them to be.
    pub(crate) async fn messages(&self, user: &str, are: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = self.call("GET", &format!("{user}/messages"), Value::Null).await.json();
            let messages = answer["messages"].as_array().unwrap().clone();
            if are(&messages) {
                return messages;
            }
            assert!(Instant::now() < until, "the messages never were as awaited: {messages:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
