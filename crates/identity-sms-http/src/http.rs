//! One request, and what is known of it afterwards.

use std::io::ErrorKind;
use std::time::Duration;

use identity_ports::{ForeignError, NotifyError};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error, Timeout};
use url::{Host, Url};

/// The error for settings that a provider cannot be reached with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The text is not a URL.
    #[error("{0:?} is not a URL; write one such as https://sms.example.com/send")]
    NotAUrl(String),
    /// The URL is not https, and leads out of this machine.
    #[error(
        "{0:?} is not https: whoever listens on the way could read the codes; http is allowed to this machine only"
    )]
    NotHttps(String),
    /// The URL contains a user, a password or a fragment. It is not shown.
    #[error("the URL contains a user, a password or a fragment; remove them, credentials are settings of their own")]
    TooMuch,
    /// The file contains no certificate.
    #[error("the file contains no certificate; give one in PEM form")]
    Certificate,
    /// The account's SID has characters other than letters and digits.
    #[error("{0:?} is not the SID of an account; it has letters and digits only")]
    Account(String),
    /// A deadline is zero, or the total is too long.
    #[error("{0:?}: each has to be longer than zero, and the total at most 24 s")]
    Timeouts(Timeouts),
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

/// The deadlines of one request to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// The longest time to resolve the provider's name, and the longest time to connect, each; nothing is sent before. The
    /// default is 4 s.
    pub connect: Duration,
    /// The longest time to write the request, and the longest wait for the whole answer, each. The default is 10 s.
    pub answer: Duration,
    /// The longest time for all of it. The default is 18 s. It is at most 24 s: a router gives up on a provider after 25 s, and
    /// would not know whether the request was sent.
    pub total: Duration,
}

impl Timeouts {
    /// The greatest [`total`](Self::total).
    pub const MOST: Duration = Duration::from_secs(24);

    /// # Errors
    /// [`EndpointError::Timeouts`] when a deadline is zero, or the total is longer than [`Timeouts::MOST`].
    fn check(self) -> Result<Self, EndpointError> {
        let zero = self.connect.is_zero() || self.answer.is_zero() || self.total.is_zero();
        if zero || self.total > Self::MOST { Err(EndpointError::Timeouts(self)) } else { Ok(self) }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(4), answer: Duration::from_secs(10), total: Duration::from_secs(18) }
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

    pub(crate) fn with_timeouts(self, timeouts: Timeouts) -> Result<Self, EndpointError> {
        Ok(Self::with(timeouts.check()?, self.roots))
    }

    pub(crate) fn with_root_certificate(mut self, pem: &[u8]) -> Result<Self, EndpointError> {
        self.roots.push(Certificate::from_pem(pem).map_err(|_| EndpointError::Certificate)?);
        Ok(Self::with(self.timeouts, self.roots))
    }

    fn with(timeouts: Timeouts, roots: Vec<Certificate<'static>>) -> Self {
        let Timeouts { connect, answer, total } = timeouts;
        let tls = TlsConfig::builder();
        let tls = if roots.is_empty() { tls } else { tls.root_certs(RootCerts::new_with_certs(&roots)) };
        let agent = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The settings say where a message goes, and not the environment.
            .proxy(None)
            .timeout_resolve(Some(connect))
            .timeout_connect(Some(connect))
            .timeout_send_request(Some(answer))
            .timeout_send_body(Some(answer))
            .timeout_recv_response(Some(answer))
            .timeout_recv_body(Some(answer))
            .timeout_global(Some(total))
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

/// The outcome of a request.
pub(crate) enum Outcome {
    Answered(Answer),
    /// The provider cannot have read the whole request.
    NotSent(&'static str),
    /// The provider may have read it.
    Perhaps(&'static str),
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// The most octets of an answer that are read.
const MOST: u64 = 65_536;

/// Posts on a thread for blocking work. A caller that stops waiting leaves the request running until its own deadlines end it.
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
    posted.await.unwrap_or(Outcome::Perhaps("the thread of the request ended early"))
}

fn failed(error: &Error) -> Outcome {
    match error {
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            Outcome::NotSent("no connection to the provider in time")
        }
        Error::Timeout(_) => Outcome::Perhaps("no answer from the provider in time"),
        Error::HostNotFound => Outcome::NotSent("the name of the provider's host does not resolve"),
        Error::ConnectionFailed => Outcome::NotSent("the connection to the provider failed"),
        Error::Http(_) | Error::BadUri(_) => Outcome::NotSent("the request cannot be written"),
        Error::Tls(_) | Error::TlsRequired | Error::Pem(_) => Outcome::NotSent("TLS with the provider failed"),
        Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::AddrNotAvailable => Outcome::NotSent("the connection to the provider failed"),
            // Certificates are looked at before the first byte of the request; the driver has no kind of its own for it.
            ErrorKind::InvalidData if error.to_string().contains("certificate") => {
                Outcome::NotSent("the provider's certificate is not trusted")
            }
            _ => Outcome::Perhaps("the connection closed after the request was sent"),
        },
        _ => Outcome::Perhaps("the provider's answer cannot be read"),
    }
}

/// The meaning of a status that is the same for every provider; `None` for the statuses that each provider defines.
pub(crate) fn common(answer: &Answer, code: Option<&str>) -> Option<NotifyError> {
    let status = answer.status;
    let said = || match code {
        Some(code) => format!("the provider answered {status}, {code}"),
        None => format!("the provider answered {status}"),
    };
    match status {
        // A gateway that got no answer does not know either.
        502 | 504 => Some(NotifyError::unknown(said())),
        // These are about the settings, the account or the load, and not about this message.
        300..=399 | 401..=409 | 425 | 429 | 500.. => Some(NotifyError::Transient {
            reason: ForeignError::new(said()),
            retry_after: answer.retry_after,
            next: None,
        }),
        _ => None,
    }
}

/// The provider's name for a message, if it can be kept.
pub(crate) fn reference(text: Option<&str>) -> String {
    let sound = |text: &&str| (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    text.filter(sound).unwrap_or("unnamed").to_owned()
}
