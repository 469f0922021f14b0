//! One of the clients, and what it is asked to do.

use serde_json::{Value, json};

use crate::driver::{self, Driver};
use crate::refused::Refused;
use crate::rest;
use crate::server::Server;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `reqwest` on the REST paths.
    Rest,
    /// The crate `zitadel`, gRPC.
    Rust,
    /// npm `@zitadel/client`, server transport: gRPC.
    NodeGrpc,
    /// npm `@zitadel/client`, web transport: gRPC-web.
    NodeGrpcWeb,
    /// PyPI `zitadel-client`: Connect.
    Python,
}

enum Speaker {
    Rest(reqwest::Client),
    Driver(Box<Driver>),
}

pub(crate) struct Client {
    speaker: Speaker,
    base: String,
}

impl Client {
    pub(crate) fn new(kind: Kind, server: &Server) -> Self {
        let base = server.process.base();
        let driven = |command| Speaker::Driver(Box::new(Driver::start(command)));
        let speaker = match kind {
            Kind::Rest => Speaker::Rest(reqwest::Client::new()),
            Kind::Rust => driven(driver::rust(&base)),
            Kind::NodeGrpc => driven(driver::node("grpc", &base)),
            Kind::NodeGrpcWeb => driven(driver::node("grpc-web", &base)),
            Kind::Python => driven(driver::python(&base)),
        };
        Self { speaker, base }
    }

    /// Makes a call in a language, with a token or without.
    pub(crate) async fn call(
        &mut self,
        language: Option<&str>,
        token: Option<&str>,
        method: &str,
        request: Value,
    ) -> Result<Value, Refused> {
        let step = json!({ "token": token, "method": method, "request": request, "language": language });
        match &mut self.speaker {
            Speaker::Rest(client) => rest::call(client, &self.base, &step).await,
            Speaker::Driver(driver) => {
                let mut result = driver.call(&step).await;
                match result.get("error") {
                    Some(error) => Err(Refused::by_driver(error)),
                    None => Ok(result["answer"].take()),
                }
            }
        }
    }

    /// A call that is answered.
    pub(crate) async fn does(&mut self, token: Option<&str>, method: &str, request: Value) -> Value {
        let answer = self.call(None, token, method, request.clone()).await;
        answer.unwrap_or_else(|refused| panic!("{method} {request}: {refused:?}"))
    }

    /// A call that is refused.
    pub(crate) async fn fails(&mut self, token: Option<&str>, method: &str, request: Value) -> Refused {
        let answer = self.call(None, token, method, request.clone()).await;
        answer.expect_err(&format!("{method} {request}"))
    }
}
