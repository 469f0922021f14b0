use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A secret setting. `Debug` prints `[redacted]`.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// The secret in clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
