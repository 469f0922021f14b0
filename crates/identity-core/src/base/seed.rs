use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::base::Timestamp;

/// 32 fresh random bytes, the only randomness of one decision. Ids and nonces are drawn from it by number. Prints as
/// `[redacted]` and is wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of these bytes. They must be unpredictable, and used for one decision only.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn draw(&self, purpose: &[u8], number: u32) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(purpose);
        hash.update(number.to_be_bytes());
        hash.finalize().into()
    }

    /// The id with this number: a UUID of version 7 with the time `now` in milliseconds. A time before 1970 counts as
    /// 1970.
    #[must_use]
    pub fn uuid(&self, now: Timestamp, number: u32) -> Uuid {
        let [a, b, c, d, e, f, g, h, i, j, ..] = self.draw(b"id", number);
        let millis = u64::try_from(now.as_micros().div_euclid(1_000)).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &[a, b, c, d, e, f, g, h, i, j]).into_uuid()
    }

    /// The nonce with this number.
    #[must_use]
    pub fn nonce(&self, number: u32) -> Nonce {
        let mut half = [0; 16];
        for (to, from) in half.iter_mut().zip(self.draw(b"nonce", number)) {
            *to = from;
        }
        Nonce(half)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// 16 random bytes that make a challenge different from every other. A nonce is stored; without the host's key it
/// reveals nothing about the code. In JSON it is a text in base64url without padding (RFC 4648, section 5); an array of
/// numbers, which earlier versions wrote, is read as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// The nonce with these bytes, as a store returns it.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes of the nonce.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(crate) fn to_base64(self) -> String {
        BASE64.encode(self.0)
    }

    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        let length = BASE64.decode_slice(text, &mut bytes).ok()?;
        (length == bytes.len()).then_some(Self(bytes))
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Numbers([u8; 16]),
        }
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Self::from_base64(&text).ok_or_else(|| D::Error::custom("this is no nonce")),
            Form::Numbers(bytes) => Ok(Self(bytes)),
        }
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[nonce]")
    }
}
