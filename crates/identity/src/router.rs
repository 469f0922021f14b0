use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use identity_core::{Address, Channel, Email};
use identity_ports::{Accepted, ForeignError, Leased, Notice, Notifier, NotifyError};

/// The reason why a [`Router`] does not build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// Two providers have the same name.
    #[error("two providers are called {0:?}; give each provider a name of its own")]
    Twice(String),
    /// A name is not allowed for a provider.
    #[error("{0:?} cannot be the name of a provider; use 1 to 64 letters, digits, '-', '_' or '.'")]
    Name(String),
    /// A route names a provider that does not exist.
    #[error("a route names the provider {0:?}, which does not exist; add it or correct the name")]
    Unknown(String),
    /// A route names one provider twice.
    #[error("a route names the provider {0:?} twice; name it once")]
    Again(String),
    /// A route has no provider.
    #[error("a route has no provider; name at least one")]
    Empty,
    /// A text is not a domain.
    #[error("{0:?} is not a domain; correct it")]
    Domain(String),
    /// There is no route.
    #[error("there is no route; add one for e-mails or for phones")]
    NoRoute,
}

/// The providers of a route, in their order.
type Route = Arc<[usize]>;

/// A notifier over several providers. It routes by channel, country or domain, and goes on to the next provider of a route
/// when one did not accept a message.
///
/// Every attempt goes to one provider. When that provider did not accept the message, the next attempt goes to the next
/// provider at once, until the whole route was tried; then the route begins again after a back-off. When it is unknown
/// whether the provider accepted the message, every further attempt goes to the same provider, because another one would
/// send the message a second time. The provider of the next attempt is recorded with the message before the attempt is
/// made, so this holds also when a process dies.
///
/// ```
/// use identity::delivery::{RouteError, Router};
/// use identity::{Accepted, Notice, Notifier, NotifyError};
/// # struct Smtp; struct Sms;
/// # #[identity::async_trait]
/// # impl Notifier for Smtp {
/// #     async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> { Ok(Accepted::default()) }
/// # }
/// # #[identity::async_trait]
/// # impl Notifier for Sms {
/// #     async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> { Ok(Accepted::default()) }
/// # }
/// let router = Router::builder()
///     .provider("mail", Smtp)
///     .provider("sms-one", Sms)
///     .provider("sms-two", Sms)
///     .emails(["mail"])
///     .phones(["sms-one", "sms-two"])
///     .country(81, ["sms-two", "sms-one"])
///     .build()?;
/// # let _ = router;
/// let typo = Router::builder().provider("mail", Smtp).emails(["male"]).build();
/// assert_eq!(typo.unwrap_err(), RouteError::Unknown("male".to_owned()));
/// # Ok::<(), RouteError>(())
/// ```
pub struct Router {
    providers: Vec<(Arc<str>, Arc<dyn Notifier>)>,
    by_name: HashMap<Arc<str>, usize>,
    emails: Option<Route>,
    phones: Option<Route>,
    domains: BTreeMap<String, Route>,
    countries: BTreeMap<u16, Route>,
    timeout: Duration,
}

/// The default patience. It is shorter than the limit of a hand-over, so that the router knows which provider did not answer.
const TIMEOUT: Duration = Duration::from_secs(25);

impl Router {
    /// A builder without providers and routes.
    #[must_use]
    pub fn builder() -> RouterBuilder {
        RouterBuilder { providers: Vec::new(), routes: Vec::new(), timeout: TIMEOUT }
    }

    /// The providers of messages to this address, in their order; `None` when there is no route.
    fn route(&self, to: &Address) -> Option<&Route> {
        match to {
            Address::Email(email) => {
                let mut domain = email.domain();
                loop {
                    if let Some(route) = self.domains.get(domain) {
                        return Some(route);
                    }
                    match domain.split_once('.') {
                        Some((_, parent)) => domain = parent,
                        None => return self.emails.as_ref(),
                    }
                }
            }
            Address::Phone(phone) => self.countries.get(&phone.country_code()).or(self.phones.as_ref()),
        }
    }

    /// The provider that the next attempt goes to: the one that is noted, if it may have the message or is on the route, else
    /// the first one of the route. `None` when the noted one may have the message and is not configured any more.
    fn choose(&self, route: &Route, noted: Option<&str>, sticks: bool) -> Option<usize> {
        match noted.map(|name| self.by_name.get(name).copied()) {
            Some(None) if sticks => None,
            Some(Some(known)) if sticks || route.contains(&known) => Some(known),
            Some(_) | None => route.first().copied(),
        }
    }

    fn name(&self, provider: usize) -> Option<String> {
        self.providers.get(provider).map(|(name, _)| name.as_ref().to_owned())
    }
}

#[async_trait]
impl Notifier for Router {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let Some(route) = self.route(&notice.message.to) else {
            let channel = notice.message.to.channel().as_str();
            return Err(NotifyError::transient(format!("no route goes to this address ({channel})")));
        };
        let sticks = notice.uncertain > 0;
        let Some(chosen) = self.choose(route, notice.provider.as_deref(), sticks) else {
            let provider = notice.provider.as_deref().map(str::to_owned);
            let reason =
                ForeignError::new("the provider that may have accepted the message is not configured any more");
            return Err(NotifyError::Unknown { reason, provider });
        };
        let Some((name, provider)) = self.providers.get(chosen) else {
            return Err(NotifyError::transient("a route has no provider"));
        };
        let answer = tokio::time::timeout(self.timeout, provider.notify(notice)).await;
        match answer.unwrap_or_else(|_| Err(NotifyError::unknown("the provider did not answer in time"))) {
            Ok(accepted) => Ok(Accepted { provider: Some(name.as_ref().to_owned()), ..accepted }),
            Err(NotifyError::Unknown { reason, .. }) => {
                Err(NotifyError::Unknown { reason, provider: Some(name.as_ref().to_owned()) })
            }
            Err(NotifyError::Transient { reason, retry_after, .. }) => {
                let place = route.iter().position(|provider| *provider == chosen);
                let next = place.filter(|_| !sticks && route.len() > 1).and_then(|place| route.get(place + 1));
                let first = || route.first().filter(|_| !sticks).and_then(|first| self.name(*first));
                let (retry_after, next) = match next {
                    Some(next) => (Some(Duration::ZERO), self.name(*next)),
                    // The whole route was tried. The wait that another provider asked for does not bind the first one.
                    None if route.len() > 1 && !sticks => (None, first()),
                    None => (retry_after.filter(|wait| !wait.is_zero()), Some(name.as_ref().to_owned())),
                };
                Err(NotifyError::Transient { reason, retry_after, next })
            }
            Err(error) => Err(error),
        }
    }

    fn lane(&self, leased: &Leased) -> Option<Arc<str>> {
        let route = self.route(&leased.message.to)?;
        let chosen = self.choose(route, leased.provider.as_deref(), leased.uncertain > 0)?;
        self.providers.get(chosen).map(|(name, _)| Arc::clone(name))
    }
}

/// Shows the names of the providers.
impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.providers.iter().map(|(name, _)| name);
        f.debug_tuple("Router").field(&names.collect::<Vec<_>>()).finish()
    }
}

/// The addresses that a route is for.
enum For {
    Channel(Channel),
    Domain(String),
    Country(u16),
}

/// Builds a [`Router`].
pub struct RouterBuilder {
    providers: Vec<(String, Arc<dyn Notifier>)>,
    routes: Vec<(For, Vec<String>)>,
    timeout: Duration,
}

impl RouterBuilder {
    /// Adds a provider under a name of 1 to 64 letters, digits, `-`, `_` or `.`, which is recorded with its messages. A name
    /// must stand for the same provider as long as there are messages with it.
    #[must_use]
    pub fn provider(mut self, name: &str, notifier: impl Notifier) -> Self {
        self.providers.push((name.to_owned(), Arc::new(notifier)));
        self
    }

    /// Sets the providers of e-mails, in the order in which they are tried.
    #[must_use]
    pub fn emails<'n>(self, providers: impl IntoIterator<Item = &'n str>) -> Self {
        self.with(For::Channel(Channel::Email), providers)
    }

    /// Sets the providers of e-mails to a domain and its subdomains. Of two domains that match, the longer one counts.
    #[must_use]
    pub fn domain<'n>(self, domain: &str, providers: impl IntoIterator<Item = &'n str>) -> Self {
        self.with(For::Domain(domain.to_owned()), providers)
    }

    /// Sets the providers of text messages, in the order in which they are tried.
    #[must_use]
    pub fn phones<'n>(self, providers: impl IntoIterator<Item = &'n str>) -> Self {
        self.with(For::Channel(Channel::Phone), providers)
    }

    /// Sets the providers of text messages to a country calling code.
    #[must_use]
    pub fn country<'n>(self, code: u16, providers: impl IntoIterator<Item = &'n str>) -> Self {
        self.with(For::Country(code), providers)
    }

    /// Sets how long a provider may take for a message; the default is 25 s. A provider that takes longer may have accepted
    /// the message.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: timeout.min(TIMEOUT), ..self }
    }

    fn with<'n>(mut self, what: For, providers: impl IntoIterator<Item = &'n str>) -> Self {
        self.routes.push((what, providers.into_iter().map(str::to_owned).collect()));
        self
    }

    /// Builds the router.
    ///
    /// # Errors
    /// [`RouteError`] when a name is not allowed or used twice, or when a route is empty or names a provider that does not
    /// exist.
    pub fn build(self) -> Result<Router, RouteError> {
        let mut router = Router {
            providers: Vec::new(),
            by_name: HashMap::new(),
            emails: None,
            phones: None,
            domains: BTreeMap::new(),
            countries: BTreeMap::new(),
            timeout: self.timeout,
        };
        for (name, notifier) in self.providers {
            let symbol = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if !(1..=64).contains(&name.len()) || !name.bytes().all(symbol) {
                return Err(RouteError::Name(name));
            }
            let shared: Arc<str> = name.as_str().into();
            if router.by_name.insert(Arc::clone(&shared), router.providers.len()).is_some() {
                return Err(RouteError::Twice(name));
            }
            router.providers.push((shared, notifier));
        }
        for (what, names) in self.routes {
            let mut route: Vec<usize> = Vec::with_capacity(names.len());
            for name in names {
                let provider = router.by_name.get(name.as_str()).copied();
                let provider = provider.ok_or_else(|| RouteError::Unknown(name.clone()))?;
                if route.contains(&provider) {
                    return Err(RouteError::Again(name));
                }
                route.push(provider);
            }
            if route.is_empty() {
                return Err(RouteError::Empty);
            }
            let route: Route = route.into();
            match what {
                For::Channel(Channel::Email) => router.emails = Some(route),
                For::Channel(Channel::Phone) => router.phones = Some(route),
                For::Domain(domain) => {
                    // In the form that addresses have.
                    let address = Email::parse(&format!("x@{domain}")).map_err(|_| RouteError::Domain(domain))?;
                    router.domains.insert(address.domain().to_owned(), route);
                }
                For::Country(code) => drop(router.countries.insert(code, route)),
            }
        }
        let none = router.emails.is_none() && router.phones.is_none();
        if none && router.domains.is_empty() && router.countries.is_empty() {
            return Err(RouteError::NoRoute);
        }
        Ok(router)
    }
}

/// Shows the names of the providers.
impl fmt::Debug for RouterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.providers.iter().map(|(name, _)| name);
        f.debug_tuple("RouterBuilder").field(&names.collect::<Vec<_>>()).finish()
    }
}
