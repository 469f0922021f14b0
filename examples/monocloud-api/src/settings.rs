//! The settings of the host, from the command line or the environment.

use std::path::PathBuf;

use clap::Parser;
use host_kit::{HostNames, HostSettings, Secret, StartError};
use identity::Identity;
use identity::policy::DangerousPolicy;
use identity::policy::{Election, PrimaryPolicy};

use crate::app::App;
use crate::keys::{ApiKeys, KeysError};
use crate::mail;
use crate::wire::Wire;

/// A host that answers as MonoCloud's users API does. Every option can be set in the environment too.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Settings {
    /// The settings that every host has.
    #[command(flatten)]
    pub host: HostSettings,
    /// The settings of a host with pages and tenants.
    #[command(flatten)]
    pub names: HostNames,
    /// The keys that X-API-KEY and API-Key accept, separated by commas: SECRET, NAME:SECRET, NAME+read:SECRET for one that may only
    /// read, NAME@TENANT:SECRET for one of another tenant, NAME@*:SECRET for one of all. Names become the actors of events.
    #[arg(long, env = "IDENTITY_API_KEY", value_name = "KEYS", hide_env_values = true)]
    api_key: Option<Secret>,
    /// The generation of the API in which answers are written.
    #[arg(long, env = "IDENTITY_WIRE", value_enum, default_value_t)]
    pub wire: Wire,
    /// Imports users from this file and ends: one a line, as JSON in the current generation. It may be repeated.
    #[arg(long, value_name = "FILE", conflicts_with = "export")]
    pub import: Option<PathBuf>,
    /// Exports all users to this file, `-` for standard output, and ends.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
}

/// The reason that the host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A setting that every host has is missing or malformed.
    #[error(transparent)]
    Host(#[from] StartError),
    /// The list of API keys is empty or malformed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The policy of this API does not build.
    #[error(transparent)]
    Policy(#[from] DangerousPolicy),
}

impl Settings {
    /// The use cases on the database of the settings.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub async fn identity(&self) -> Result<Identity, SettingsError> {
        // The samples show an address that is verified, alone, and not primary: nobody becomes primary by themselves.
        let primary = PrimaryPolicy::builder().election(Election::Nobody).build()?;
        let policy = self.host.policy()?.with_primary(primary);
        Ok(self.host.identity(mail::log_notifier(self.names.public.or(self.host.listen)), policy).await?)
    }

    /// The state that all handlers share.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn app(&self, identity: Identity) -> Result<App, SettingsError> {
        let keys = ApiKeys::parse(self.api_key.as_ref().map_or("", Secret::reveal), &self.host.tenant)?;
        Ok(App { identity, tenants: self.names.tenants(&self.host.tenant)?, keys, wire: self.wire })
    }
}
