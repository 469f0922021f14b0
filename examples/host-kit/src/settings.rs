use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use identity::policy::Resend;
use identity::policy::{DangerousPolicy, VerificationPolicy};
use identity::{CodeKeys, Identity, KeyError, Notifier, Policy, StoreError, TenantId};
use url::Url;

use crate::{Database, Limits, LogFormat, Secret, TenantNames, TenantNamesError, restrictions};

/// The settings that every host has. Each is an option of the command line and a variable of the environment.
#[derive(Debug, Clone, Args)]
pub struct HostSettings {
    /// Where the users are: an SQLite file, which is created when it is not there, or PostgreSQL at a URL like
    /// postgres://user:password@host/database. The environment is the better place for one with a password.
    #[arg(
        long,
        env = "IDENTITY_DATABASE",
        value_name = "FILE|URL",
        default_value = "identity.db",
        hide_env_values = true
    )]
    pub database: Database,
    /// Where to listen.
    #[arg(long, env = "IDENTITY_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// What codes and links are derived from: 32 random bytes in hexadecimal, for example from `openssl rand -hex 32`. The
    /// environment is the better place: a command line is seen by every process of the machine.
    #[arg(long, env = "IDENTITY_KEY", value_name = "HEX", hide_env_values = true)]
    key: Option<Secret>,
    /// The tenant that is served.
    #[arg(long, env = "IDENTITY_TENANT", default_value = "default", value_parser = TenantId::parse)]
    pub tenant: TenantId,
    /// Lets these addresses in and no others: e-mail addresses, domains, phone numbers, prefixes such as +4420, countries
    /// such as GB; separated by commas.
    #[arg(long, env = "IDENTITY_ALLOW", value_name = "ENTRY", value_delimiter = ',')]
    allow: Vec<String>,
    /// Keeps these addresses out; entries as in --allow.
    #[arg(long, env = "IDENTITY_BLOCK", value_name = "ENTRY", value_delimiter = ',')]
    block: Vec<String>,
    /// How many seconds have to pass between two messages with a code to one address.
    #[arg(long, env = "IDENTITY_RESEND_WAIT", value_name = "SECONDS", default_value_t = 30)]
    resend_wait: u32,
    /// How log lines look. RUST_LOG says which ones there are.
    #[arg(long, env = "IDENTITY_LOG", value_enum, default_value_t)]
    pub log: LogFormat,
    /// What one client can hold.
    #[command(flatten)]
    pub limits: Limits,
}

/// The setting of a host that people reach by links.
#[derive(Debug, Clone, Args)]
pub struct PublicUrl {
    /// The http or https URL at which people reach this host; links in messages begin with it. By default http:// and the
    /// address of --listen. No request can change it.
    #[arg(long, env = "IDENTITY_PUBLIC_URL", value_name = "URL", value_parser = link_base)]
    public_url: Option<String>,
}

/// The settings of a host that serves several tenants: under which names it is reached.
#[derive(Debug, Clone, Args)]
pub struct HostNames {
    /// Where links lead.
    #[command(flatten)]
    pub public: PublicUrl,
    /// Tenants by host name, `shop.example.com=shop`, separated by commas. Requests to any other name are refused.
    #[arg(long, env = "IDENTITY_HOSTS", value_name = "HOST=TENANT", value_delimiter = ',')]
    hosts: Vec<String>,
}

/// Why a host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no key.
    #[error(
        "there is no key; set IDENTITY_KEY to 32 random bytes in hexadecimal, for example from `openssl rand -hex 32`"
    )]
    NoKey,
    /// The key is none.
    #[error("IDENTITY_KEY: {0}")]
    Key(#[from] KeyError),
    /// The database cannot be opened.
    #[error("{database}: {error}")]
    Database {
        /// Which one.
        database: Database,
        /// Why.
        #[source]
        error: StoreError,
    },
    /// The lists of addresses are none, or the wait is none.
    #[error("IDENTITY_ALLOW, IDENTITY_BLOCK or IDENTITY_RESEND_WAIT: {0}")]
    Policy(#[from] DangerousPolicy),
    /// The host names are none.
    #[error(transparent)]
    Hosts(#[from] TenantNamesError),
}

impl HostSettings {
    /// What codes and links are derived from.
    ///
    /// # Errors
    /// [`StartError::NoKey`], [`StartError::Key`].
    pub fn keys(&self) -> Result<CodeKeys, StartError> {
        Ok(CodeKeys::parse(self.key.as_ref().ok_or(StartError::NoKey)?.reveal())?)
    }

    /// The library's default policy, with what the settings say.
    ///
    /// # Errors
    /// [`StartError::Policy`].
    pub fn policy(&self) -> Result<Policy, StartError> {
        let wait = Duration::from_secs(self.resend_wait.into());
        let codes = VerificationPolicy::builder().resend(Resend::SameCode, wait).build()?;
        let lists = restrictions(&self.allow, &self.block)?;
        Ok(Policy::default().with_verification(codes).with_restriction(lists))
    }

    /// Opens the database, and gives the use cases on it. The tenant is the one of the settings.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn identity(&self, notifier: impl Notifier, policy: Policy) -> Result<Identity, StartError> {
        let keys = self.keys()?;
        let identity = self.database.open(notifier, keys).await;
        let identity = identity.map_err(|error| StartError::Database { database: self.database.clone(), error })?;
        Ok(identity.with_policy(policy).for_tenant(self.tenant.clone()))
    }
}

impl HostNames {
    /// Which tenant a request is for: `only`, unless the settings name several.
    ///
    /// # Errors
    /// [`StartError::Hosts`].
    pub fn tenants(&self, only: &TenantId) -> Result<TenantNames, StartError> {
        Ok(TenantNames::new(only.clone(), &self.hosts)?)
    }
}

/// The beginning of links: an `http` or `https` URL without credentials, query and fragment.
fn link_base(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "write an http or https URL without user, query and fragment: https://accounts.example.com";
    let url = Url::parse(text).map_err(|_| EXPECTED)?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if plain && url.has_host() && matches!(url.scheme(), "http" | "https") { Ok(url.into()) } else { Err(EXPECTED) }
}

impl PublicUrl {
    /// The beginning of every link, without a slash at its end; this machine's address when there is no other.
    #[must_use]
    pub fn or(&self, listen: SocketAddr) -> String {
        let listening = || format!("http://{listen}");
        let url = self.public_url.clone().unwrap_or_else(listening);
        url.trim_end_matches('/').to_owned()
    }
}
