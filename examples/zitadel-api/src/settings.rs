//! The settings of the host, from the command line or the environment.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use host_kit::{HostSettings, Secret, StartError};
use identity::policy::DangerousPolicy;
use identity::policy::{By, PrimaryPolicy};
use identity::system::SystemClock;
use identity::{Identity, Policy};

use crate::app::App;
use crate::mail::log_notifier;
use crate::service::Users;
use crate::template::LinkOrigin;
use crate::tokens::{AccessTokens, TokensError};

/// A host that answers as the e-mail and phone part of ZITADEL's user service v2 does. Every option can be set in the
/// environment too.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Settings {
    /// The settings that every host has.
    #[command(flatten)]
    pub host: HostSettings,
    /// The tokens that are good in Authorization, separated by commas: TOKEN:admin, TOKEN:admin:NAME, TOKEN:user:ID. Names
    /// become the actors of events.
    #[arg(
        long,
        env = "IDENTITY_TOKENS",
        value_name = "TOKENS",
        hide_env_values = true,
        conflicts_with = "tokens_file"
    )]
    tokens: Option<Secret>,
    /// A file of such tokens, one a line.
    #[arg(long, env = "IDENTITY_TOKENS_FILE", value_name = "FILE")]
    tokens_file: Option<PathBuf>,
    /// The origins that links may lead to when a user's own token sends a urlTemplate: scheme, host and port,
    /// separated by commas. Without one such a template is refused; administrators' tokens may name any origin.
    #[arg(
        long,
        env = "IDENTITY_LINK_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = LinkOrigin::parse
    )]
    pub link_origins: Vec<LinkOrigin>,
}

/// The reason that the host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A setting that every host has is missing or malformed.
    #[error(transparent)]
    Host(#[from] StartError),
    /// The list of tokens is empty or malformed.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// The file of tokens cannot be read.
    #[error("{}: {error}", .file.display())]
    TokensFile {
        /// The file.
        file: PathBuf,
        /// The reason.
        #[source]
        error: std::io::Error,
    },
    /// The policy of this API does not build.
    #[error(transparent)]
    Policy(#[from] DangerousPolicy),
}

impl Settings {
    /// The rules: on this wire a user may always remove the own phone number, the last verified address too.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn policy(&self) -> Result<Policy, SettingsError> {
        let primary = PrimaryPolicy::builder().last_verified(By::Anyone).build()?;
        Ok(self.host.policy()?.with_primary(primary))
    }

    /// The use cases on the database of the settings.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub async fn identity(&self) -> Result<Identity, SettingsError> {
        Ok(self.host.identity(log_notifier(), self.policy()?).await?)
    }

    /// The state that all handlers share.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn app(&self, identity: Identity) -> Result<App, SettingsError> {
        let tokens = match &self.tokens_file {
            Some(file) => {
                let text = std::fs::read_to_string(file);
                let text = text.map_err(|error| SettingsError::TokensFile { file: file.clone(), error })?;
                AccessTokens::parse(&text)?
            }
            None => AccessTokens::parse(self.tokens.as_ref().map_or("", Secret::reveal))?,
        };
        let users = Users::new(identity, self.host.keys()?, Arc::new(SystemClock));
        Ok(App { users: users.with_link_origins(self.link_origins.clone()), tokens })
    }
}
