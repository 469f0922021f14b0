//! What goes over the wire, in both generations. `current` is also what an import and an export have in each line.

mod current;
mod legacy;
mod record;
mod reported;
mod requests;

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use current::{
    Connection, CurrentEmail, CurrentPhone, CurrentSummary, CurrentUser, CurrentUsername, ExternalProvider, Passkey,
    ProviderSummary,
};
pub use legacy::{LegacyEmail, LegacyPhone, LegacySummary, LegacyUser, LegacyUsername};
pub use record::RecordError;
pub use reported::{Credentials, Member, SignInUse, SignIns};
pub use requests::{
    AddEmail, AddPhone, AddressClaim, CreateUser, Disable, Disconnect, PatchClaims, PrivateData, PublicData,
    SendVerificationLink, SetUsername, VerificationLinkSent,
};

/// Who collects and verifies here, as `source` and `verification_source` say it.
pub const SOURCE: &str = "monocloud";

/// A JSON object.
pub type Object = Map<String, Value>;

/// The generation of the API in which a host answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Wire {
    /// 28 keys: connections, external providers, sign-in activity; identifiers with their sources.
    #[default]
    Current,
    /// 14 keys: `idps`; identifiers with their authenticators.
    Legacy,
}

/// A whole user, in the generation that the host speaks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum User {
    /// The current one.
    Current(Box<CurrentUser>),
    /// The legacy one.
    Legacy(Box<LegacyUser>),
}

/// A user in a list, in the generation that the host speaks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum UserSummary {
    /// The current one.
    Current(Box<CurrentSummary>),
    /// The legacy one.
    Legacy(Box<LegacySummary>),
}

impl Wire {
    /// A whole user.
    #[must_use]
    pub fn user(self, user: &identity::User) -> User {
        match self {
            Self::Current => User::Current(Box::new(CurrentUser::from(user))),
            Self::Legacy => User::Legacy(Box::new(LegacyUser::from(user))),
        }
    }

    /// A user in a list.
    #[must_use]
    pub fn summary(self, user: &identity::User) -> UserSummary {
        match self {
            Self::Current => UserSummary::Current(Box::new(CurrentUser::from(user).into())),
            Self::Legacy => UserSummary::Legacy(Box::new(LegacyUser::from(user).into())),
        }
    }
}

fn text(source: Option<&Arc<str>>) -> Option<String> {
    source.map(|text| text.as_ref().to_owned())
}
