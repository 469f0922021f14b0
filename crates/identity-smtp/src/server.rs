use std::fmt;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use url::{Host, Url};

/// The error for a mail server that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The text is not the URL of a mail server. It is not shown, since it may contain a password.
    #[error(
        "this is not the URL of a mail server; write smtps://user:password@host:465 for TLS, smtp://user:password@host:587 for \
         STARTTLS, or smtp://127.0.0.1:25 for a server on this machine"
    )]
    Url,
    /// The certificate cannot be read, or TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Security {
    Tls,
    StartTls,
    /// To this machine alone.
    Nothing,
}

/// The address of a mail server, its security and its credentials. Nothing leaves the machine without TLS.
#[derive(Clone)]
pub struct SmtpServer {
    pub(crate) host: String,
    pub(crate) port: u16,
    security: Security,
    pub(crate) credentials: Option<Credentials>,
    roots: Vec<Certificate>,
}

impl SmtpServer {
    /// A server with TLS from the first byte (RFC 8314, 3.3), on port 465.
    #[must_use]
    pub fn tls(host: impl Into<String>) -> Self {
        Self { host: host.into(), port: 465, security: Security::Tls, credentials: None, roots: Vec::new() }
    }

    /// A server with STARTTLS (RFC 3207), on port 587. A server that does not offer it gets no mail.
    #[must_use]
    pub fn starttls(host: impl Into<String>) -> Self {
        Self { port: 587, security: Security::StartTls, ..Self::tls(host) }
    }

    /// A server on this machine, without TLS.
    #[must_use]
    pub fn on_this_machine(port: u16) -> Self {
        Self { port, security: Security::Nothing, ..Self::tls("127.0.0.1") }
    }

    /// Reads `smtps://user:password@host:465` (TLS), `smtp://user:password@host:587` (STARTTLS), or `smtp://127.0.0.1:25`,
    /// which goes without TLS because it stays on this machine. User and password are percent-encoded.
    ///
    /// ```
    /// use identity_smtp::SmtpServer;
    /// let server = SmtpServer::from_url("smtps://mailer:p%40ss@mail.example.com")?;
    /// assert_eq!(format!("{server:?}"), "SmtpServer(smtps://mail.example.com:465)");
    /// assert!(SmtpServer::from_url("mail.example.com").is_err());
    /// # Ok::<(), identity_smtp::ServerError>(())
    /// ```
    ///
    /// # Errors
    /// [`ServerError::Url`] for anything else.
    pub fn from_url(text: &str) -> Result<Self, ServerError> {
        let url = Url::parse(text).map_err(|_| ServerError::Url)?;
        let name = url.host_str().filter(|host| !host.is_empty()).ok_or(ServerError::Url)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        // A host of a scheme that the web does not know is an opaque name: an address is one only when it reads as such.
        let this_machine = match Host::parse(name) {
            Ok(Host::Ipv4(address)) => address.is_loopback(),
            Ok(Host::Ipv6(address)) => address.is_loopback(),
            Ok(Host::Domain(name)) => name == "localhost",
            Err(_) => return Err(ServerError::Url),
        };
        let server = match url.scheme() {
            "smtps" if bare => Self::tls(name),
            "smtp" if bare && this_machine => Self { host: name.to_owned(), ..Self::on_this_machine(25) },
            "smtp" if bare => Self::starttls(name),
            _ => return Err(ServerError::Url),
        };
        let server = Self { port: url.port().unwrap_or(server.port), ..server };
        let decoded = |text: &str| {
            let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
            decoded.map(std::borrow::Cow::into_owned).map_err(|_| ServerError::Url)
        };
        match (url.username(), url.password()) {
            ("", None) => Ok(server),
            (user, Some(password)) if !user.is_empty() => {
                Ok(server.with_credentials(decoded(user)?, decoded(password)?))
            }
            _ => Err(ServerError::Url),
        }
    }

    /// Sets the port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Sets the user and the password to sign in with.
    #[must_use]
    pub fn with_credentials(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { credentials: Some(Credentials::new(user.into(), password.into())), ..self }
    }

    /// Trusts this root certificate besides those of the web, for example that of a company's own mail server. A server on
    /// this machine then has to offer STARTTLS.
    ///
    /// # Errors
    /// [`ServerError::Tls`] when it is not a certificate in PEM form.
    pub fn with_root_certificate(mut self, pem: &[u8]) -> Result<Self, ServerError> {
        // The driver takes a file without a certificate for none, and would trust nobody more.
        if !pem.windows(CERTIFICATE.len()).any(|part| part == CERTIFICATE) {
            return Err(ServerError::Tls("the file contains no certificate; give one in PEM form".to_owned()));
        }
        self.roots.push(Certificate::from_pem(pem).map_err(|error| ServerError::Tls(error.to_string()))?);
        if self.security == Security::Nothing {
            self.security = Security::StartTls;
        }
        Ok(self)
    }

    /// The parameters of TLS; `None` for a server without TLS.
    pub(crate) fn parameters(&self) -> Result<Option<(TlsParameters, Start)>, ServerError> {
        let start = match self.security {
            Security::Tls => Start::AtOnce,
            Security::StartTls => Start::WhenAsked,
            Security::Nothing => return Ok(None),
        };
        let mut builder = TlsParameters::builder(self.host.clone());
        for root in &self.roots {
            builder = builder.add_root_certificate(root.clone());
        }
        let parameters = builder.build().map_err(|error| ServerError::Tls(error.to_string()))?;
        Ok(Some((parameters, start)))
    }
}

/// When TLS begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the first byte.
    AtOnce,
    /// After STARTTLS.
    WhenAsked,
}

/// The address; user and password do not print.
impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.security == Security::Tls { "smtps" } else { "smtp" };
        write!(f, "SmtpServer({scheme}://{}:{})", self.host, self.port)
    }
}
