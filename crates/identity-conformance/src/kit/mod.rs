//! The building blocks of the laws, for an adapter's own tests: a fixed time, ids, users, commits, messages, and a
//! complete view of what a store holds.

mod bench;
mod changes;
mod draft;
pub mod killed;
mod look;
mod mail;
mod person;
mod texts;

use std::time::Duration;

use crate::Store;
use identity_core::{ClaimKey, ClaimKind, Email, IdentifierId, MessageId, Phone, TenantId, Timestamp, UserId, UserKey};
use identity_ports::Stored;
use uuid::Uuid;

pub use bench::{Bench, Failing, code_keys};
pub use changes::every_change;
pub use draft::{Draft, change, create, erase, varied};
pub(crate) use look::ORDERS;
pub use look::{FAR, Sight, look, queued, typed};
pub use mail::{charge, lease, letter, paid, refusing, withholding};
pub use person::{Person, challenge, pending, verified};
pub use texts::lookalikes;

/// The time at which every test begins.
pub const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// The time `secs` seconds after [`NOW`].
#[must_use]
pub fn at(secs: u64) -> Timestamp {
    NOW + Duration::from_secs(secs)
}

/// The tenant with this name.
#[must_use]
pub fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("a tenant's name")
}

/// The key of a user in the tenant `acme`.
#[must_use]
pub fn key(user: &str) -> UserKey {
    key_in("acme", user)
}

/// The key of a user in a tenant.
#[must_use]
pub fn key_in(name: &str, user: &str) -> UserKey {
    UserKey { tenant: tenant(name), user: UserId::parse(user).expect("a user's id") }
}

/// The id of the identifier with this number.
#[must_use]
pub const fn id(number: u128) -> IdentifierId {
    IdentifierId::from_uuid(Uuid::from_u128(V7 | number))
}

/// The id of the message with this number. Of two messages, the one with the greater number was created later.
#[must_use]
pub const fn message_id(number: u128) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(V7 | number))
}

/// A UUID of version 7, as an adapter may expect.
const V7: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0000;

/// The claim key of an e-mail address.
#[must_use]
pub fn mail_key(text: &str) -> ClaimKey {
    Email::parse(text).expect("an e-mail address").claim_key()
}

/// The claim key of a phone number in E.164 form.
#[must_use]
pub fn phone_key(text: &str) -> ClaimKey {
    Phone::from_e164(text).expect("a phone number").claim_key()
}

/// The claim key with this text, which is not parsed as an address.
#[must_use]
pub fn raw_key(kind: ClaimKind, text: &str) -> ClaimKey {
    ClaimKey::new(kind, 1, text)
}

/// Writes a commit that must succeed, and loads the user.
///
/// # Panics
/// When the commit fails, or the user is not there afterwards.
pub async fn put(store: &dyn Store, draft: Draft) -> Stored {
    let key = draft.0.key.clone();
    store.commit(draft.0).await.expect("a commit without an obstacle is written");
    store.load(&key).await.expect("the store loads").expect("a committed user can be loaded")
}
