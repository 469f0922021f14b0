use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::base::{IdentifierId, UserId, codes};

/// The reason why a text cannot be a link token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a verification link; open the link from the message unchanged")]
pub struct LinkError;

codes!(LinkError { Self => "link_malformed" });

/// The token of a verification link: the user and identifier that it is for, and a proof of 256 bits. Prints as
/// `[redacted]` and is wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct LinkToken {
    #[zeroize(skip)]
    user: UserId,
    #[zeroize(skip)]
    identifier: IdentifierId,
    proof: [u8; 32],
}

impl LinkToken {
    pub(crate) const fn new(user: UserId, identifier: IdentifierId, proof: [u8; 32]) -> Self {
        Self { user, identifier, proof }
    }

    /// Reads the text that [`reveal`](Self::reveal) returns.
    ///
    /// # Errors
    /// [`LinkError`] when the text is anything else. This does not count as a wrong answer.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        if text.len() > 2_048 {
            return Err(LinkError);
        }
        let bytes = BASE64.decode(text).map_err(|_| LinkError)?;
        let (proof, rest) = bytes.split_first_chunk::<32>().ok_or(LinkError)?;
        let (identifier, user) = rest.split_first_chunk::<16>().ok_or(LinkError)?;
        let user = std::str::from_utf8(user).map_err(|_| LinkError)?;
        Ok(Self {
            user: UserId::parse(user).map_err(|_| LinkError)?,
            identifier: IdentifierId::from_uuid(uuid::Uuid::from_bytes(*identifier)),
            proof: *proof,
        })
    }

    /// The user that the token claims to be for. The claim is proven only by [`User::confirm`](crate::user::User::confirm).
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// The identifier that the token claims to verify.
    #[must_use]
    pub const fn identifier(&self) -> IdentifierId {
        self.identifier
    }

    /// The token in clear, as base64url without padding (RFC 4648, section 5), for a URL.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes = Vec::with_capacity(48 + self.user.as_str().len());
        bytes.extend_from_slice(&self.proof);
        bytes.extend_from_slice(self.identifier.as_uuid().as_bytes());
        bytes.extend_from_slice(self.user.as_str().as_bytes());
        let text = BASE64.encode(&bytes);
        bytes.zeroize();
        text
    }

    pub(crate) fn matches(&self, right: &Self) -> Choice {
        self.proof.ct_eq(&right.proof)
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
