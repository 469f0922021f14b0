use identity_core::{CodeKeys, KeyError, KeyId};
use identity_ports::Entropy as _;

use crate::system::OsEntropy;

/// The reason why keys could not be read from an environment variable.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KeysFromEnvError {
    /// The variable is not set, or is not text.
    #[error(
        "the environment variable {0} is not set; set it to 32 random bytes in hexadecimal, for example from `openssl rand -hex 32`"
    )]
    Unset(String),
    /// The variable does not hold keys.
    #[error("the environment variable {variable} does not hold keys: {error}")]
    Unusable {
        /// The variable.
        variable: String,
        /// The reason.
        error: KeyError,
    },
}

/// Reads keys from the environment.
pub trait FromEnv: Sized {
    /// The keys in this environment variable, as [`CodeKeys::parse`] reads them.
    ///
    /// # Errors
    /// [`KeysFromEnvError`] when the variable is not set or does not hold keys.
    fn from_env(variable: &str) -> Result<Self, KeysFromEnvError>;

    /// The keys in this environment variable or, when it is not set and this is a debug build, a random key that lasts until the
    /// process ends: codes that were sent are void then. It is told in a warning.
    ///
    /// # Errors
    /// [`KeysFromEnvError::Unset`] in a release build, and when the system has no randomness;
    /// [`KeysFromEnvError::Unusable`] when the variable does not hold keys, in every build.
    fn from_env_or_temporary(variable: &str) -> Result<Self, KeysFromEnvError>;
}

impl FromEnv for CodeKeys {
    fn from_env_or_temporary(variable: &str) -> Result<Self, KeysFromEnvError> {
        match Self::from_env(variable) {
            Err(unset @ KeysFromEnvError::Unset(_)) if cfg!(debug_assertions) => {
                let keys = temporary().ok_or(unset)?;
                tracing::warn!(variable, "no key is set: codes are made from one that lasts until this process ends");
                Ok(keys)
            }
            read => read,
        }
    }

    fn from_env(variable: &str) -> Result<Self, KeysFromEnvError> {
        let text = std::env::var(variable).map_err(|_| KeysFromEnvError::Unset(variable.to_owned()))?;
        Self::parse(&text).map_err(|error| KeysFromEnvError::Unusable { variable: variable.to_owned(), error })
    }
}

/// A key that nobody has yet.
fn temporary() -> Option<CodeKeys> {
    let seed = OsEntropy.seed().ok()?;
    let secret = [*seed.nonce(0).as_bytes(), *seed.nonce(1).as_bytes()];
    CodeKeys::new(KeyId::parse("temporary").ok()?, secret.as_flattened()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_key_is_another_one_each_time_and_stands_in_for_no_set_one() {
        let user = identity_core::TenantId::default();
        let made = || CodeKeys::from_env_or_temporary("IDENTITY_TEST_KEY_THAT_NOBODY_SETS").unwrap();
        assert_ne!(made().pseudonym(&user, "x"), made().pseudonym(&user, "x"));
        // `PATH` is set everywhere, and is no key.
        assert!(matches!(CodeKeys::from_env_or_temporary("PATH"), Err(KeysFromEnvError::Unusable { .. })));
    }
}
