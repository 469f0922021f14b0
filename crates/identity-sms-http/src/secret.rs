use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A secret text. It does not print, and is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text as a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The error for a text that is not a webhook secret. The text is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a webhook secret is `whsec_` and the base64 of 24 to 64 bytes; make one with `echo whsec_$(openssl rand -base64 32)`"
)]
pub struct WebhookSecretError;

/// The key that webhooks are signed with (HMAC-SHA-256).
#[derive(Clone)]
pub struct WebhookSecret(Hmac<Sha256>);

impl WebhookSecret {
    /// Reads a secret in the form of the Standard Webhooks specification: `whsec_` and the base64 of 24 to 64 bytes.
    ///
    /// ```
    /// use identity_sms_http::WebhookSecret;
    /// assert!(WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_ok());
    /// assert!(WebhookSecret::parse("secret").is_err());
    /// ```
    ///
    /// # Errors
    /// [`WebhookSecretError`] when the text has another form.
    pub fn parse(text: &str) -> Result<Self, WebhookSecretError> {
        let base64 = text.trim().strip_prefix("whsec_").ok_or(WebhookSecretError)?;
        let bytes = Zeroizing::new(BASE64.decode(base64).map_err(|_| WebhookSecretError)?);
        if !(24..=64).contains(&bytes.len()) {
            return Err(WebhookSecretError);
        }
        Hmac::new_from_slice(&bytes).map(Self).map_err(|_| WebhookSecretError)
    }

    fn mac(&self, id: &str, timestamp: i64, body: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(id).chain_update(format!(".{timestamp}.")).chain_update(body)
    }

    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        format!("v1,{}", BASE64.encode(self.mac(id, timestamp, body).finalize().into_bytes()))
    }

    /// Whether one of the first 8 signatures is right, compared in constant time. There are several while a secret is changed.
    pub(crate) fn signed(&self, id: &str, timestamp: i64, body: &[u8], signatures: &str) -> bool {
        let decoded = signatures.split(' ').take(8).filter_map(|one| BASE64.decode(one.strip_prefix("v1,")?).ok());
        decoded.into_iter().any(|signature| self.mac(id, timestamp, body).verify_slice(&signature).is_ok())
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
