use identity_core::{CodeKeys, KeyError};

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
}

impl FromEnv for CodeKeys {
    fn from_env(variable: &str) -> Result<Self, KeysFromEnvError> {
        let text = std::env::var(variable).map_err(|_| KeysFromEnvError::Unset(variable.to_owned()))?;
        Self::parse(&text).map_err(|error| KeysFromEnvError::Unusable { variable: variable.to_owned(), error })
    }
}
