use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::base::Nonce;

/// The ticket of an attempt to sign in, which the host gives to the client that asked and gets back with the code: in a cookie
/// (`HttpOnly`) or a hidden field. Nobody but the host can read or change it, and it tells nothing of whether the address is
/// known. Its length depends on what was typed alone. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInTicket(Arc<str>);

impl SignInTicket {
    /// The ticket that a client sent, at most 8,192 bytes of which are looked at. Whether it is one is judged when it is used.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The ticket in base64url without padding (RFC 4648, section 5).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn join(nonce: Nonce, body: &[u8], tag: &[u8; 32]) -> Self {
        let parts = [nonce.as_bytes().as_slice(), tag, body];
        Self::new(BASE64.encode(parts.concat()))
    }

    pub(super) fn split(&self) -> Option<(Nonce, Vec<u8>, [u8; 32])> {
        let bytes = BASE64.decode(Some(&self.0).filter(|text| text.len() <= 8_192)?.as_bytes()).ok()?;
        let (nonce, rest) = bytes.split_first_chunk::<16>()?;
        let (tag, body) = rest.split_first_chunk::<32>()?;
        Some((Nonce::from_bytes(*nonce), body.to_vec(), *tag))
    }
}

impl fmt::Debug for SignInTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[ticket]")
    }
}
