use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A setting that does not print.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// The setting in clear.
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
