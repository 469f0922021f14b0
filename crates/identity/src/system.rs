use std::time::{SystemTime, UNIX_EPOCH};

use identity_core::{CodeKeys, KeyError, Seed, Timestamp};
use identity_ports::{Clock, Entropy, EntropyError, ForeignError};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where time comes from")]
    fn now(&self) -> Timestamp {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Timestamp::from_micros(micros)
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where randomness comes from")]
    fn seed(&self) -> Result<Seed, EntropyError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| EntropyError(ForeignError::new(error)))?;
        Ok(Seed::new(bytes))
    }
}

/// Why there are no keys in an environment variable.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KeysFromEnvError {
    /// The variable is not set, or not text.
    #[error(
        "the environment variable {0} is not set; set it to 32 random bytes in hexadecimal, for example from `openssl rand -hex 32`"
    )]
    Unset(String),
    /// The variable holds something else.
    #[error("the environment variable {variable}: {error}")]
    Unusable {
        /// Which variable.
        variable: String,
        /// Why.
        #[source]
        error: KeyError,
    },
}

/// Reads keys from the environment.
pub trait FromEnv: Sized {
    /// The keys in this environment variable, as [`CodeKeys::parse`] reads them.
    ///
    /// # Errors
    /// [`KeysFromEnvError`] when it is not set, or holds something else.
    fn from_env(variable: &str) -> Result<Self, KeysFromEnvError>;
}

impl FromEnv for CodeKeys {
    fn from_env(variable: &str) -> Result<Self, KeysFromEnvError> {
        let text = std::env::var(variable).map_err(|_| KeysFromEnvError::Unset(variable.to_owned()))?;
        Self::parse(&text).map_err(|error| KeysFromEnvError::Unusable { variable: variable.to_owned(), error })
    }
}
