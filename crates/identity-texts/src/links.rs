use std::fmt;
use std::net::IpAddr;

use identity_core::{DisavowToken, LinkToken, TenantId};
use url::{Host, Url, form_urlencoded};

/// The error for an address that links cannot begin with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkBaseError {
    /// The text is not a URL.
    #[error("{0:?} is not a URL; write one such as https://accounts.example.com")]
    NotAUrl(String),
    /// The URL is not https, and leads out of this machine.
    #[error(
        "{0:?} is not https: whoever listens on the way could open the links; http is allowed to this machine only"
    )]
    NotHttps(String),
    /// The URL has a user, a password, a query or a fragment.
    #[error("{0:?} has more than a host and a path; write one such as https://accounts.example.com/confirm")]
    TooMuch(String),
}

/// The error for a request that is not the link of a message. It counts as no guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the link of a message; open the link exactly as it was sent")]
pub struct NoLink;

/// The contents of a link: of one that verifies or signs in, or with a [`DisavowToken`] of one that undoes a change.
#[derive(Debug, Clone)]
pub struct LinkRequest<T = LinkToken> {
    /// The tenant that the link claims. Nothing is proven until the token was checked.
    pub tenant: TenantId,
    /// The user, what the link is for, and the proof.
    pub token: T,
    /// The language of the message that had the link.
    pub language: Option<String>,
}

/// Links to a page of the host. The address that they begin with is configuration; nothing of a request gets into it.
///
/// ```
/// use identity_texts::{LinkBaseError, Links};
///
/// let links = Links::new("https://accounts.example.com/confirm")?;
/// assert_eq!((links.host(), links.path()), ("accounts.example.com", "/confirm"));
/// assert!(Links::new("http://localhost:8080").is_ok());
/// assert!(matches!(Links::new("http://accounts.example.com"), Err(LinkBaseError::NotHttps(_))));
/// # Ok::<(), LinkBaseError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Links {
    base: Url,
}

impl Links {
    /// Links that begin with `base`: https, or http to this machine.
    ///
    /// # Errors
    /// [`LinkBaseError`] for everything else.
    pub fn new(base: &str) -> Result<Self, LinkBaseError> {
        let url = Url::parse(base).map_err(|_| LinkBaseError::NotAUrl(base.to_owned()))?;
        let Some(host) = url.host() else { return Err(LinkBaseError::NotAUrl(base.to_owned())) };
        match url.scheme() {
            "https" => {}
            "http" if is_this_machine(&host) => {}
            _ => return Err(LinkBaseError::NotHttps(base.to_owned())),
        }
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !bare || url.fragment().is_some() {
            return Err(LinkBaseError::TooMuch(base.to_owned()));
        }
        Ok(Self { base: url })
    }

    /// The host of the page that links open.
    #[must_use]
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// The path of the page that links open.
    #[must_use]
    pub fn path(&self) -> &str {
        self.base.path()
    }

    /// The link of a challenge. Whoever has it can confirm the address, so it belongs only in the message.
    #[must_use]
    pub fn url(&self, tenant: &TenantId, token: &LinkToken, language: &str) -> String {
        self.with(tenant, &token.reveal(), language)
    }

    /// The link that undoes a change. Whoever has it can undo the change, so it belongs only in the notice.
    #[must_use]
    pub fn undo_url(&self, tenant: &TenantId, token: &DisavowToken, language: &str) -> String {
        self.with(tenant, &token.reveal(), language)
    }

    /// A link of the usual length that leads nowhere: the proof, the identifier and a user's UUID, in base64.
    pub(crate) fn sample(&self, tenant: &TenantId) -> String {
        self.with(tenant, &"x".repeat(112), "en")
    }

    fn with(&self, tenant: &TenantId, token: &str, language: &str) -> String {
        let mut url = self.base.clone();
        url.query_pairs_mut()
            .append_pair("tenant", tenant.as_str())
            .append_pair("lang", language)
            .append_pair("token", token);
        url.into()
    }

    /// Whether the links are https. Otherwise they lead to this machine.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Reads the query of a link, or the form that its page posts.
    ///
    /// # Errors
    /// [`NoLink`] when the text is not the query of a link: a field is missing, doubled or malformed, or it has more than 4,096
    /// octets.
    pub fn parse(query: &str) -> Result<LinkRequest, NoLink> {
        read(query, |token| LinkToken::parse(token).ok())
    }

    /// Reads the query of a link that undoes a change, or the form that its page posts.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_undo(query: &str) -> Result<LinkRequest<DisavowToken>, NoLink> {
        read(query, |token| DisavowToken::parse(token).ok())
    }
}

fn read<T>(query: &str, token_of: impl Fn(&str) -> Option<T>) -> Result<LinkRequest<T>, NoLink> {
    // A token has at most some 400 characters; a huge text is refused before it is walked.
    if query.len() > 4_096 {
        return Err(NoLink);
    }
    let (mut tenant, mut token, mut language) = (None, None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = match &*name {
            "tenant" => &mut tenant,
            "token" => &mut token,
            "lang" => &mut language,
            _ => continue,
        };
        // Two of a name could be read as either.
        if place.replace(value).is_some() {
            return Err(NoLink);
        }
    }
    Ok(LinkRequest {
        tenant: TenantId::parse(&tenant.ok_or(NoLink)?).map_err(|_| NoLink)?,
        token: token.and_then(|token| token_of(&token)).ok_or(NoLink)?,
        language: language.map(|language| language.chars().take(64).collect()),
    })
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Links").field(&self.base.as_str()).finish()
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
    }
}
