//! One request, and what is known of it afterwards.

use std::io::ErrorKind;
use std::time::Duration;

use identity_ports::{ForeignError, NotifyError};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error, Timeout};
use url::{Host, Url};

/// Why an address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It is no URL.
    #[error("{0:?} is no URL; write one such as https://sms.example.com/send")]
    NotAUrl(String),
    /// It is not https, and leads out of this machine.
    #[error("{0:?} is not https: who listens on the way could read the codes; http is for this machine alone")]
    NotHttps(String),
    /// There is a user or password in it, or a fragment.
    #[error("this URL has a user, a password or a fragment; credentials are settings of their own")]
    TooMuch,
    /// There is no certificate in it.
    #[error("this is no certificate; give one in PEM form")]
    Certificate,
    /// The account is named by something that cannot stand in a path.
    #[error("{0:?} is no account; it has letters and digits only")]
    Account(String),
}

pub(crate) fn endpoint(text: &str) -> Result<Url, EndpointError> {
    let url = Url::parse(text).map_err(|_| EndpointError::NotAUrl(text.to_owned()))?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(EndpointError::TooMuch);
    }
    let this_machine = match url.host() {
        None => return Err(EndpointError::NotAUrl(text.to_owned())),
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if this_machine => Ok(url),
        _ => Err(EndpointError::NotHttps(text.to_owned())),
    }
}

/// How long a request may take: twice `connect` and `answer` in all, which has to be less than the 25 s after which a router
/// gives up on a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To find the provider, and to reach it, each; nothing is sent before.
    pub connect: Duration,
    /// To write the request and to have the answer, each.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(4), answer: Duration::from_secs(10) }
    }
}

/// The driver with the settings of one provider.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    timeouts: Timeouts,
    roots: Vec<Certificate<'static>>,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(Timeouts::default(), Vec::new())
    }

    pub(crate) fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self::with(timeouts, self.roots)
    }

    pub(crate) fn with_root_certificate(mut self, pem: &[u8]) -> Result<Self, EndpointError> {
        self.roots.push(Certificate::from_pem(pem).map_err(|_| EndpointError::Certificate)?);
        Ok(Self::with(self.timeouts, self.roots))
    }

    fn with(timeouts: Timeouts, roots: Vec<Certificate<'static>>) -> Self {
        let Timeouts { connect, answer } = timeouts;
        let tls = TlsConfig::builder();
        let tls = if roots.is_empty() { tls } else { tls.root_certs(RootCerts::new_with_certs(&roots)) };
        let agent = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Where a message goes is said by the settings, and not by the environment.
            .proxy(None)
            .timeout_resolve(Some(connect))
            .timeout_connect(Some(connect))
            .timeout_send_request(Some(answer))
            .timeout_send_body(Some(answer))
            .timeout_recv_response(Some(answer))
            .timeout_recv_body(Some(answer))
            .timeout_global(Some(connect + connect + answer))
            .max_idle_connections_per_host(32)
            .max_idle_connections(64)
            .build()
            .into();
        Self { agent, timeouts, roots }
    }
}

/// A request. It does not print: there are credentials and codes in it.
pub(crate) struct Request {
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// What came of a request.
pub(crate) enum Outcome {
    Answered(Answer),
    /// The provider cannot have read all of it.
    NotSent(&'static str),
    /// It may have.
    Perhaps(&'static str),
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// The most of an answer that is read.
const MOST: u64 = 65_536;

/// Posts on a thread for blocking work. Whoever stops waiting leaves the request running until its own time-outs end it.
pub(crate) async fn post(client: &Client, request: Request) -> Outcome {
    let agent = client.agent.clone();
    let posted = tokio::task::spawn_blocking(move || {
        let mut builder = agent.post(request.url.as_str());
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        match builder.send(&request.body[..]) {
            Ok(mut response) => {
                let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                let retry_after = retry_after.and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
                // The status is the answer; a body that breaks off takes nothing back.
                let body = response.body_mut().with_config().limit(MOST).read_to_vec().unwrap_or_default();
                Outcome::Answered(Answer { status: response.status().as_u16(), retry_after, body })
            }
            Err(error) => failed(&error),
        }
    });
    posted.await.unwrap_or(Outcome::Perhaps("the thread of the request ended"))
}

fn failed(error: &Error) -> Outcome {
    match error {
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => Outcome::NotSent("the provider was not reached in time"),
        Error::Timeout(_) => Outcome::Perhaps("the provider did not answer in time"),
        Error::HostNotFound => Outcome::NotSent("the provider's host was not found"),
        Error::ConnectionFailed => Outcome::NotSent("the provider was not reached"),
        Error::Http(_) | Error::BadUri(_) => Outcome::NotSent("the request cannot be written"),
        Error::Tls(_) | Error::TlsRequired | Error::Pem(_) => Outcome::NotSent("TLS failed"),
        Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::AddrNotAvailable => Outcome::NotSent("the provider was not reached"),
            // Certificates are looked at before the first byte of the request; the driver has no kind of its own for it.
            ErrorKind::InvalidData if error.to_string().contains("certificate") => {
                Outcome::NotSent("the provider's certificate is not trusted")
            }
            _ => Outcome::Perhaps("the connection broke"),
        },
        _ => Outcome::Perhaps("the answer cannot be read"),
    }
}

/// What every provider's statuses mean alike; `None` for those that are the provider's own to judge.
pub(crate) fn common(answer: &Answer, code: Option<&str>) -> Option<NotifyError> {
    let status = answer.status;
    let said = || match code {
        Some(code) => format!("the provider said {status}, {code}"),
        None => format!("the provider said {status}"),
    };
    match status {
        // A gateway that had no answer does not know either.
        502 | 504 => Some(NotifyError::unknown(said())),
        // Not about this message: the settings, the account, the load.
        300..=399 | 401..=409 | 425 | 429 | 500.. => Some(NotifyError::Transient {
            reason: ForeignError::new(said()),
            retry_after: answer.retry_after,
            next: None,
        }),
        _ => None,
    }
}

/// What a provider calls a message, if it is fit to be kept.
pub(crate) fn reference(text: Option<&str>) -> String {
    let sound = |text: &&str| (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    text.filter(sound).unwrap_or("unnamed").to_owned()
}
