use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Timestamp;

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
/// reveals nothing about the code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
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
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[nonce]")
    }
}
