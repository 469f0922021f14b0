//! What this API keeps in the extension of a user. The library records it and looks only for the numbers of the sort keys.

use identity::{Admin, Error, Receipt, Timestamp, User, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Connection, ExternalProvider, Object, Passkey};

/// Ways to sign in, without their secrets.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Credentials {
    /// Whether there is a password.
    pub has_password: bool,
    /// The time at which the password was set.
    pub password_updated_at: Option<Timestamp>,
    /// Whether the user has to set a new password.
    pub force_password_reset: bool,
    /// The passkeys.
    pub passkeys: Vec<Passkey>,
    /// Identities at other providers.
    pub providers: Vec<ExternalProvider>,
    /// The connections that the user signed up or signs in through.
    pub connections: Vec<Connection>,
}

/// The sign-in activity.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignIns {
    /// The number of failed sign-ins in a row.
    pub failure_count: u64,
    /// The number of attempts to sign in.
    pub attempts_count: u64,
    /// The number of successful sign-ins.
    pub success_count: u64,
    /// The time until which sign-in is blocked.
    pub block_until: Option<Timestamp>,
    /// The time of the last attempt to sign in.
    pub last_attempt: Option<Timestamp>,
    /// The IP address of the last attempt.
    pub last_attempt_ip: Option<String>,
    /// The time of the last successful sign-in.
    pub last_success: Option<Timestamp>,
    /// The IP address of the last successful sign-in.
    pub last_success_ip: Option<String>,
    /// The time of the user's last activity.
    pub last_activity: Option<Timestamp>,
    /// The city of the last activity.
    pub last_known_city: Option<String>,
    /// The country of the last activity.
    pub last_known_country: Option<String>,
    /// The region of the last activity.
    pub last_known_region: Option<String>,
}

/// How sign-in uses an identifier or the username. Its member of the extension has the id of the identifier.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignInUse {
    /// The authenticators that can be used with it.
    pub authenticators: Vec<String>,
    /// The identity providers that know it.
    pub idps: Vec<String>,
}

/// A member of the extension.
pub trait Member: Serialize + DeserializeOwned + Default {
    /// Its name.
    const NAME: &'static str;

    /// The member of this user; empty when there is none.
    #[must_use]
    fn of(user: &User) -> Self {
        read(user, Self::NAME)
    }

    /// The member with its name.
    #[must_use]
    fn named(&self) -> (String, Value) {
        // Its keys are texts and nothing in it fails to be written, so an error cannot happen.
        (Self::NAME.to_owned(), serde_json::to_value(self).unwrap_or_default())
    }

    /// Changes the member of a user. The outcome is whether that changed anything.
    ///
    /// # Errors
    /// As [`Admin::report`].
    fn change(
        admin: &Admin,
        user: &UserId,
        change: impl Fn(&mut Self) + Send + Sync,
    ) -> impl Future<Output = Result<Receipt<bool>, Error>> + Send {
        admin.report(user, move |user| {
            let mut member = Self::of(user);
            let before = member.named();
            change(&mut member);
            Some(member.named()).filter(|after| *after != before).into_iter().collect::<Object>()
        })
    }
}

impl Member for Credentials {
    const NAME: &'static str = "credentials";
}

impl Member for SignIns {
    const NAME: &'static str = "sign_ins";
}

/// The member of this name; empty when there is none.
pub(super) fn read<T: DeserializeOwned + Default>(user: &User, name: &str) -> T {
    user.extension().as_map().get(name).and_then(|member| T::deserialize(member).ok()).unwrap_or_default()
}
