use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use identity::policy::{DangerousPolicy, Resend, RestPolicy, VerificationPolicy};
use identity::{CodeKeys, Identity, KeyError, Notifier, Policy, StoreError, TenantId};
use url::Url;

use crate::{Database, Limits, LogFormat, Secret, TenantNames, TenantNamesError, restrictions};

/// The settings that every host has. Each is an option of the command line and a variable of the environment.
#[derive(Debug, Clone, Args)]
pub struct HostSettings {
    /// The database: an SQLite file, which is created if it does not exist, or a PostgreSQL URL like
    /// postgres://user:password@host/database. Prefer the environment for a URL with a password.
    #[arg(
        long,
        env = "IDENTITY_DATABASE",
        value_name = "FILE|URL",
        default_value = "identity.db",
        hide_env_values = true
    )]
    pub database: Database,
    /// The address to listen on.
    #[arg(long, env = "IDENTITY_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The key that codes and links are derived from: 32 random bytes in hexadecimal, for example from `openssl rand -hex
    /// 32`. Prefer the environment: every process of the machine can read a command line.
    #[arg(long, env = "IDENTITY_KEY", value_name = "HEX", hide_env_values = true)]
    key: Option<Secret>,
    /// The tenant that is served.
    #[arg(long, env = "IDENTITY_TENANT", default_value = "default", value_parser = TenantId::parse)]
    pub tenant: TenantId,
    /// Accepts these addresses and no others: e-mail addresses, domains, phone numbers, prefixes such as +4420, countries
    /// such as GB; separated by commas.
    #[arg(long, env = "IDENTITY_ALLOW", value_name = "ENTRY", value_delimiter = ',')]
    allow: Vec<String>,
    /// Refuses these addresses; entries as in --allow.
    #[arg(long, env = "IDENTITY_BLOCK", value_name = "ENTRY", value_delimiter = ',')]
    block: Vec<String>,
    /// Seconds between two messages with a code to one address.
    #[arg(long, env = "IDENTITY_RESEND_WAIT", value_name = "SECONDS", default_value_t = 30)]
    resend_wait: u32,
    /// The format of log lines. RUST_LOG selects them by level and module.
    #[arg(long, env = "IDENTITY_LOG", value_enum, default_value_t)]
    pub log: LogFormat,
    /// The limits of what one client can hold.
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

/// The settings of a host that serves several tenants, each under host names of its own.
#[derive(Debug, Clone, Args)]
pub struct HostNames {
    /// The URL that links begin with.
    #[command(flatten)]
    pub public: PublicUrl,
    /// Tenants by host name, `shop.example.com=shop`, separated by commas. Requests to any other name are refused.
    #[arg(long, env = "IDENTITY_HOSTS", value_name = "HOST=TENANT", value_delimiter = ',')]
    hosts: Vec<String>,
}

/// The reason that a host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// `IDENTITY_KEY` is not set.
    #[error(
        "IDENTITY_KEY is not set; set it to 32 random bytes in hexadecimal, for example from `openssl rand -hex 32`"
    )]
    NoKey,
    /// `IDENTITY_KEY` is not 32 bytes in hexadecimal.
    #[error("IDENTITY_KEY: {0}")]
    Key(#[from] KeyError),
    /// The database cannot be opened.
    #[error("cannot open the database {database}: {error}")]
    Database {
        /// The database of the settings.
        database: Database,
        /// The reason.
        #[source]
        error: StoreError,
    },
    /// An allow or block list, or the resend wait, does not build a policy.
    #[error("IDENTITY_ALLOW, IDENTITY_BLOCK or IDENTITY_RESEND_WAIT: {0}")]
    Policy(#[from] DangerousPolicy),
    /// An entry of the host names is malformed.
    #[error(transparent)]
    Hosts(#[from] TenantNamesError),
}

impl HostSettings {
    /// The keys that codes and links are derived from.
    ///
    /// # Errors
    /// [`StartError::NoKey`], [`StartError::Key`].
    pub fn keys(&self) -> Result<CodeKeys, StartError> {
        Ok(CodeKeys::parse(self.key.as_ref().ok_or(StartError::NoKey)?.reveal())?)
    }

    /// The library's default policy with the lists and the wait of the settings, under which nothing rests.
    ///
    /// # Errors
    /// [`StartError::Policy`].
    pub fn policy(&self) -> Result<Policy, StartError> {
        let wait = Duration::from_secs(self.resend_wait.into());
        let codes = VerificationPolicy::builder().resend(Resend::SameCode, wait).build()?;
        let lists = restrictions(&self.allow, &self.block)?;
        let policy = Policy::default().with_verification(codes).with_restriction(lists);
        // The interfaces that the hosts speak give a released address to the next user at once.
        Ok(policy.with_rest(RestPolicy::none()))
    }

    /// Opens the database and returns the use cases for the tenant of the settings.
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
    /// The tenants by host name; `only` serves every name unless the settings name several.
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
    /// The URL that every link begins with, without a trailing slash: that of the settings, or else `http://` and the
    /// listening address.
    #[must_use]
    pub fn or(&self, listen: SocketAddr) -> String {
        let listening = || format!("http://{listen}");
        let url = self.public_url.clone().unwrap_or_else(listening);
        url.trim_end_matches('/').to_owned()
    }
}
