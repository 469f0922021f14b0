use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::base::{UserId, codes};
use crate::secret::KeyId;

/// The reason why a text cannot be a [`DisavowToken`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this link cannot undo a change; open the link from the message unchanged")]
pub struct DisavowError;

codes!(DisavowError { Self => "disavowal_malformed" });

/// The token of the link with which a notice lets its reader undo the change that it reports: the user, the number of the event,
/// the name of the key, and a proof of 256 bits. Prints as `[redacted]` and is wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DisavowToken {
    #[zeroize(skip)]
    user: UserId,
    event: u64,
    #[zeroize(skip)]
    key: KeyId,
    proof: [u8; 32],
}

impl DisavowToken {
    pub(super) const fn new(user: UserId, event: u64, key: KeyId, proof: [u8; 32]) -> Self {
        Self { user, event, key, proof }
    }

    /// Reads the text that [`reveal`](Self::reveal) returns.
    ///
    /// # Errors
    /// [`DisavowError`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, DisavowError> {
        Self::read(text).ok_or(DisavowError)
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(Some(text).filter(|text| text.len() <= 2_048)?).ok()?;
        let (proof, rest) = bytes.split_first_chunk::<32>()?;
        let (event, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first()?;
        let (key, user) = rest.split_at_checked(usize::from(*length))?;
        Some(Self {
            user: UserId::parse(std::str::from_utf8(user).ok()?).ok()?,
            event: u64::from_be_bytes(*event),
            key: KeyId::parse(std::str::from_utf8(key).ok()?).ok()?,
            proof: *proof,
        })
    }

    /// The user that the token claims to be for. The claim is proven only by [`check`](Self::check).
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// The number of the event that the token claims to undo.
    #[must_use]
    pub const fn event(&self) -> u64 {
        self.event
    }

    /// The name of the key that the token claims to be made with.
    #[must_use]
    pub const fn key(&self) -> &KeyId {
        &self.key
    }

    /// The token in clear, as base64url without padding (RFC 4648, section 5), for a URL.
    #[must_use]
    pub fn reveal(&self) -> String {
        let (user, key) = (self.user.as_str().as_bytes(), self.key.as_str().as_bytes());
        let mut bytes = Vec::with_capacity(41 + key.len() + user.len());
        bytes.extend_from_slice(&self.proof);
        bytes.extend_from_slice(&self.event.to_be_bytes());
        // The name of a key has at most 32 characters.
        bytes.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(user);
        let text = BASE64.encode(&bytes);
        bytes.zeroize();
        text
    }

    pub(super) fn matches(&self, right: &Self) -> Choice {
        self.proof.ct_eq(&right.proof)
    }
}

impl fmt::Debug for DisavowToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
