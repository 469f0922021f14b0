use identity_core::{CodeKeys, KeyError};

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
