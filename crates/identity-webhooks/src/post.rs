//! One request, and what its answer means.

use std::time::Duration;

use identity::Timestamp;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};
use uuid::Uuid;

use crate::Endpoint;
use crate::endpoint::is_public;

/// What became of a try.
pub(crate) enum Outcome {
    Sent,
    /// The endpoint wants no more webhooks.
    Gone,
    /// The endpoint answered that it does not take this one.
    Refused(String),
    /// The endpoint could not be reached, or could not answer.
    Away(String, Option<Duration>),
}

/// The endpoint with its connections.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    endpoint: Endpoint,
    agent: Agent,
}

impl Client {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        let tls = TlsConfig::builder();
        let own = &endpoint.roots;
        let tls = if own.is_empty() { tls } else { tls.root_certs(RootCerts::new_with_certs(own)) };
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            // A redirect could lead anywhere.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A proxy would look the name up by itself.
            .proxy(None)
            .timeout_global(Some(endpoint.timeout))
            .build();
        let resolver = Public { private: endpoint.private, names: DefaultResolver::default() };
        Self { agent: Agent::with_parts(config, DefaultConnector::default(), resolver), endpoint }
    }

    /// Posts on a thread for blocking work. A caller that stops waiting leaves the request running until its deadline.
    pub(crate) async fn post(&self, id: Uuid, now: Timestamp, body: String) -> Outcome {
        let id = id.to_string();
        let signatures: Result<Vec<String>, _> =
            self.endpoint.signers.iter().map(|signer| signer.sign(&id, now.as_secs(), body.as_bytes())).collect();
        let Ok(signatures) = signatures else { return Outcome::Refused("it cannot be signed at this time".to_owned()) };
        let request = self
            .agent
            .post(self.endpoint.url.as_str())
            .header("content-type", "application/json")
            .header(standardwebhooks::HEADER_WEBHOOK_ID, &id)
            .header(standardwebhooks::HEADER_WEBHOOK_TIMESTAMP, now.as_secs().to_string())
            .header(standardwebhooks::HEADER_WEBHOOK_SIGNATURE, signatures.join(" "));
        let posted = tokio::task::spawn_blocking(move || request.send(body)).await;
        match posted {
            Ok(Ok(response)) => {
                let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                let wait = header.and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
                let status = response.status().as_u16();
                let said = format!("the endpoint answered {status}");
                match status {
                    200..=299 => Outcome::Sent,
                    410 => Outcome::Gone,
                    408 | 425 | 429 | 500.. => Outcome::Away(said, wait),
                    _ => Outcome::Refused(said),
                }
            }
            Ok(Err(Error::HostNotFound)) => {
                Outcome::Away("its name does not resolve to a public address".to_owned(), None)
            }
            // Its text has the whole URL.
            Ok(Err(Error::BadUri(_))) => Outcome::Away("its URL cannot be requested".to_owned(), None),
            Ok(Err(error)) => Outcome::Away(format!("the endpoint cannot be reached: {error}"), None),
            Err(_) => Outcome::Away("the thread of the request ended early".to_owned(), None),
        }
    }
}

/// Resolves names to public addresses alone, at each connection: a name may come to mean another address at any time.
#[derive(Debug)]
struct Public {
    private: bool,
    names: DefaultResolver,
}

impl Resolver for Public {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        found.iter().filter(|address| self.private || is_public(address.ip())).for_each(|address| kept.push(*address));
        if kept.is_empty() { Err(Error::HostNotFound) } else { Ok(kept) }
    }
}
