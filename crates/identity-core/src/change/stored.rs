//! The stored form of a user: the records that a store keeps without understanding them.
//!
//! A user has one **main record**, which every commit writes, and at most one **second record** (the details) with what is
//! large and seldom changes: the profile and what the host reports about sign-in. A commit writes the second record only when
//! it changed, and a user for whom all of it is empty has none.
//!
//! Both are JSON objects with short keys, because the main record is read and written by every use case. Each begins with the
//! version of the form (`v`) and ends with a checksum (`z`): the CRC-32 (ISO-HDLC), in hexadecimal, of the tenant, the user,
//! for the main record the version of the user, and everything in the text before the checksum. A record that was damaged, or
//! that lies in the row of another user or version, is therefore refused.
//!
//! Times are microseconds since 1970-01-01T00:00:00 UTC, ids are 32 hexadecimal digits, and a member that is `false`, zero,
//! absent or empty is left out. The members of the main record in version 1:
//!
//! | key | meaning |
//! |---|---|
//! | `c`, `u` | when the user was created and last changed |
//! | `x` | whether the user is disabled |
//! | `n` | the username: its id `i`, the name `a`, the name as typed `t` where that differs, the source `s`, when it was set `c` |
//! | `i` | the addresses, e-mail addresses first, each as below |
//! | `r` | the attempts of removed addresses: the claim key (`k` kind, `u` rule, `a` text) and `f`, `w`, `m` as below |
//! | `d` | whether there is a second record |
//!
//! The members of an address:
//!
//! | key | meaning |
//! |---|---|
//! | `i`, `k`, `a`, `t` | the id, the kind (`e` or `p`), the canonical form, the form as typed where that differs |
//! | `s`, `c`, `l`, `p` | the source, when it was added, whether restrictions were set aside, the id that it replaces |
//! | `b` | whether it is primary |
//! | `v` | the verification: when `a`, how `b`, by whose word `s` |
//! | `q` | the challenge: nonce `n`, key `k`, purpose `u`, proof `f`, code length `l` and alphabet `y`, issued `c`, expires `e`, tries `t`, wrong answers `w`, hint `h` |
//! | `f`, `w`, `m` | wrong answers in a row, times of wrong answers, times of messages |
//! | `d` | undeliverable: since `a`, why `w`, how often `t` |
//! | `g` | the change that is to take effect: when `a`, the id that takes its place `p` |
//! | `n` | the label |
//! | `o` | the open contest: its id `i`, the other user `w`, the evidence `v` as above, opened `c`, the deadline `e` |
//! | `x` | when the address was last contested |
//!
//! A main record with a member `g`, `n`, `o` or `x` has the version 3, so that a program that does not know it says so.
//!
//! The members of the second record in version 2: the claims `p`, public data `o` and private data `h` of the profile, and the
//! extension `e`. In version 1 it had, instead of the extension, credentials `k`, sign-in activity `s`, and how sign-in uses
//! identifiers `i`, by id; [`lifted`] says what they are read as.
//!
//! The events of a commit have a form of their own: see [`events()`].

mod events;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::address::{Address, Channel, ClaimKey, ClaimKind, Label, Username};
use crate::base::{IdentifierId, Inconsistent, Nonce, TenantId, Timestamp, UserId, UserKey, Version};
use crate::secret::{Alphabet, CodeFormat, KeyId, Purpose};
use crate::user::{
    Attempts, Book, Challenge, Contest, Identifier, JsonObject, Method, Profile, ProofBy, Retired, Scheduled, Status,
    Undeliverable, UndeliverableReason, User, UserParts, UsernameEntry, Verified,
};

pub use events::{events, read_events};

/// The newest version of the forms that this program writes. It reads every version up to this one.
pub const RECORD_VERSION: u32 = 3;

/// The version of the JSON of a [`Message`](crate::Message), which a store keeps beside it: a program leaves a message of another
/// version alone.
pub const MESSAGE_FORMAT: u8 = 1;

/// The second record is as it was in version 2, and a main record as in version 1, unless a change of it is scheduled.
const DETAILS_VERSION: u32 = 2;
const MAIN_VERSION: u32 = 1;

/// The reason why a record cannot be read. The texts name no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRecord {
    /// The record was damaged, or belongs to another user or version.
    #[error("the record is damaged: {0}")]
    Damaged(String),
    /// A newer program wrote the record.
    #[error("the record has the form {found}, but this program reads forms up to {known}; use a newer program")]
    Newer {
        /// The version of the record's form.
        found: u32,
        /// The newest version that this program reads.
        known: u32,
    },
}

impl From<Inconsistent> for BadRecord {
    fn from(Inconsistent(reason): Inconsistent) -> Self {
        Self::Damaged(reason.to_owned())
    }
}

/// The main record of a user at a version.
///
/// ```
/// use identity_core::{TenantId, User, UserKey, Version, stored};
/// # use identity_core::*;
/// # let (tenant, policy, keys) = (TenantId::default(), Policy::default(), CodeKeys::parse(&"5a".repeat(32))?);
/// # let (seed, actor) = (Seed::new([1; 32]), Actor::Administrator("signup".into()));
/// # let now = Timestamp::from_secs(1_640_975_400);
/// # let context = Context { now, seed: &seed, tenant: &tenant, policy: &policy, keys: &keys, actor: &actor, funding: Funding::Shared, heeds_rest: false, rival: None };
/// # let ada = User::from_events(&User::create(&NewUser::default(), &context)?.events).expect("she was created");
/// let record = stored::record(&tenant, &ada, Version(1));
/// let key = UserKey { tenant, user: ada.id().clone() };
/// assert_eq!(stored::read(&key, Version(1), &record, None)?, ada);
/// assert!(stored::read(&key, Version(2), &record, None).is_err(), "it is the record of another version");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn record(tenant: &TenantId, user: &User, version: Version) -> String {
    let books = [&user.parts.emails, &user.parts.phones].into_iter();
    let entries = |book| Book::entries(book).iter().map(|entry| Entry::of(entry, book.is_primary(entry.id)));
    let main = Main {
        v: if user.identifiers().any(is_of_version_3) { RECORD_VERSION } else { MAIN_VERSION },
        c: user.parts.created_at,
        u: user.parts.updated_at,
        x: user.parts.disabled,
        n: user.parts.username.as_ref().map(|entry| Name {
            i: entry.id.into(),
            a: text(entry.username.as_str()),
            t: typed(entry.username.typed(), entry.username.as_str()),
            s: entry.source.as_deref().map(text),
            c: entry.added_at,
        }),
        i: books.flat_map(entries).collect(),
        r: user.parts.retired.iter().map(Gone::of).collect(),
        d: !details_are_empty(user),
        _sum: IgnoredAny,
    };
    sealed(&main, &[tenant.as_str(), user.parts.id.as_str(), &version.0.to_string()])
}

/// Whether a program that knows version 1 alone cannot read an address.
const fn is_of_version_3(entry: &Identifier) -> bool {
    entry.scheduled.is_some() || entry.label.is_some() || entry.contest.is_some() || entry.contested_at.is_some()
}

/// The second record of a user; `None` when everything in it is empty.
#[must_use]
pub fn details(tenant: &TenantId, user: &User) -> Option<String> {
    if details_are_empty(user) {
        return None;
    }
    let profile = &user.parts.profile;
    let details = Details {
        v: DETAILS_VERSION,
        p: Arc::clone(&profile.claims),
        o: Arc::clone(&profile.public_data),
        h: Arc::clone(&profile.private_data),
        e: Arc::clone(&user.parts.extension),
        ..Details::default()
    };
    Some(sealed(&details, &[tenant.as_str(), user.parts.id.as_str()]))
}

/// Whether two values of a user have equal second records, so that a commit from one to the other need not write it.
#[must_use]
pub fn same_details(before: &User, after: &User) -> bool {
    fn same<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
        Arc::ptr_eq(a, b) || a == b
    }
    let (old, new) = (&before.parts.profile, &after.parts.profile);
    same(&old.claims, &new.claims)
        && same(&old.public_data, &new.public_data)
        && same(&old.private_data, &new.private_data)
        && same(&before.parts.extension, &after.parts.extension)
}

/// Reads a user from the records in the row of this key and version.
///
/// # Errors
/// * [`BadRecord::Newer`] when a newer program wrote one of them.
/// * [`BadRecord::Damaged`] when one is damaged, belongs to another user or version, or when the second one is missing or
///   should not be there.
pub fn read(key: &UserKey, version: Version, record: &str, details: Option<&str>) -> Result<User, BadRecord> {
    let (tenant, user) = (key.tenant.as_str(), key.user.as_str());
    let main: Main<'_> = opened(record, &[tenant, user, &version.0.to_string()])?;
    if main.d != details.is_some() {
        let reason = if main.d { "its second record is missing" } else { "it should have no second record" };
        return Err(damaged(reason));
    }
    let details: Details = match details {
        Some(text) => opened(text, &[tenant, user])?,
        None => Details::default(),
    };
    let username = main.n.map(|name| {
        let typed = name.t.as_ref().unwrap_or(&name.a);
        let username = Username::restore(&name.a.0, &typed.0).map_err(|_| damaged("the username is none"))?;
        let source = name.s.map(Text::shared);
        let entry = UsernameEntry { id: name.i.0.into(), username, source, added_at: name.c };
        Ok::<_, BadRecord>(Box::new(entry))
    });
    let username = username.transpose()?;
    let mut emails = (Vec::new(), None);
    let mut phones = (Vec::new(), None);
    for entry in main.i {
        let channel = channel(entry.k)?;
        let (book, primary) = match channel {
            Channel::Email => (&mut emails.0, &mut emails.1),
            Channel::Phone => (&mut phones.0, &mut phones.1),
        };
        if entry.b && primary.replace(IdentifierId::from_uuid(entry.i.0)).is_some() {
            return Err(damaged("two addresses of one kind are primary"));
        }
        book.push(entry.restored(channel)?);
    }
    let extension = match details.v {
        1 => {
            let used = details.i.into_iter().map(|(Id(id), used)| (id.into(), used));
            Arc::new(lifted(details.k, details.s, used))
        }
        _ => details.e,
    };
    Ok(User::restore(UserParts {
        id: key.user.clone(),
        created_at: main.c,
        updated_at: main.u,
        disabled: main.x,
        username,
        emails: Book::restore(Channel::Email, emails.0, emails.1)?,
        phones: Book::restore(Channel::Phone, phones.0, phones.1)?,
        profile: Profile { claims: details.p, public_data: details.o, private_data: details.h },
        extension,
        retired: main.r.into_iter().map(Gone::restored).collect(),
    })?)
}

/// The JSON text of a record that was made without its checksum, with it: by a store that makes records of the rows of an
/// earlier version. `version` is that of the user for the main record, and `None` for the second one.
///
/// ```
/// use identity_core::{TenantId, UserId, UserKey, Version, stored};
/// let key = UserKey { tenant: TenantId::default(), user: UserId::parse("ada")? };
/// let record = stored::with_checksum(r#"{"v":1,"c":5,"u":7}"#.to_owned(), &key, Some(Version(1)));
/// assert_eq!(stored::read(&key, Version(1), &record, None)?.updated_at().as_micros(), 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn with_checksum(text: String, key: &UserKey, version: Option<Version>) -> String {
    let version = version.map(|version| version.0.to_string());
    let place = [key.tenant.as_str(), key.user.as_str()].into_iter().chain(version.as_deref());
    seal(text, &place.collect::<Vec<_>>())
}

/// What earlier versions kept of credentials and sign-ins, as an extension: the members `credentials` and `sign_ins`, and for
/// every identifier of which they knew how sign-in uses it, a member that the identifier's id names. What is empty is left out.
#[must_use]
pub fn lifted(
    credentials: Option<Value>,
    sign_ins: Option<Value>,
    used: impl IntoIterator<Item = (IdentifierId, Value)>,
) -> JsonObject {
    let reports = [("credentials", credentials), ("sign_ins", sign_ins)].into_iter();
    let reports = reports.filter_map(|(name, report)| Some((name.to_owned(), report.filter(|it| *it != json!({}))?)));
    JsonObject::from_store(reports.chain(used.into_iter().map(|(id, used)| (id.to_string(), used))).collect())
}

fn details_are_empty(user: &User) -> bool {
    let Profile { claims, public_data, private_data } = &user.parts.profile;
    [claims, public_data, private_data, &user.parts.extension].into_iter().all(|object| object.is_empty())
}

fn damaged(reason: impl ToString) -> BadRecord {
    BadRecord::Damaged(reason.to_string())
}

/// The bytes of `,"z":"01234567"}`, with which every record ends.
const SEAL: usize = 16;

/// The JSON text of a record with its checksum.
fn sealed(record: &impl Serialize, place: &[&str]) -> String {
    // These types have text keys only and no failing serialiser, so an error cannot happen; an empty record cannot be read.
    seal(serde_json::to_string(record).unwrap_or_default(), place)
}

fn seal(mut text: String, place: &[&str]) -> String {
    text.pop();
    let sum = checksum(place, &text);
    text.push_str(&format!(",\"z\":\"{sum:08x}\"}}"));
    text
}

/// Checks the checksum of a record and reads it.
fn opened<'a, T: Deserialize<'a>>(text: &'a str, place: &[&str]) -> Result<T, BadRecord> {
    #[derive(Deserialize)]
    struct Form {
        v: u32,
    }
    let sealed = text.len().checked_sub(SEAL).and_then(|end| text.split_at_checked(end));
    let is_sound = sealed.is_some_and(|(body, seal)| {
        let sum = seal.strip_prefix(",\"z\":\"").and_then(|rest| rest.strip_suffix("\"}"));
        sum.is_some_and(|sum| format!("{:08x}", checksum(place, body)) == sum)
    });
    if is_sound && let Ok(record) = serde_json::from_str(text) {
        return Ok(record);
    }
    // A later form may have another checksum and other members.
    let form = serde_json::from_str::<Form>(text);
    match form {
        Ok(Form { v: found }) if found > RECORD_VERSION => Err(BadRecord::Newer { found, known: RECORD_VERSION }),
        _ if is_sound => Err(damaged("it is not a record of this form")),
        _ => Err(damaged("its checksum does not match; it was changed, or belongs to another user or version")),
    }
}

fn checksum(place: &[&str], text: &str) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for part in place {
        sum.update(part.as_bytes());
        sum.update(&[0]);
    }
    sum.update(text.as_bytes());
    sum.finalize()
}

/// A text that is borrowed from the record where it has no escapes.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    fn shared(self) -> Arc<str> {
        self.0.as_ref().into()
    }
}

fn text(text: &str) -> Text<'_> {
    Text(Cow::Borrowed(text))
}

fn typed<'a>(typed: &'a str, canonical: &str) -> Option<Text<'a>> {
    (typed != canonical).then(|| text(typed))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Main<'a> {
    v: u32,
    c: Timestamp,
    u: Timestamp,
    #[serde(default, skip_serializing_if = "is_default")]
    x: bool,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    n: Option<Name<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    i: Vec<Entry<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    r: Vec<Gone<'a>>,
    #[serde(default, skip_serializing_if = "is_default")]
    d: bool,
    #[serde(rename = "z", default, skip_serializing)]
    _sum: IgnoredAny,
}

/// An id as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
struct Id(#[serde(with = "uuid::serde::simple")] Uuid);

impl From<IdentifierId> for Id {
    fn from(id: IdentifierId) -> Self {
        Self(id.as_uuid())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Name<'a> {
    i: Id,
    #[serde(borrow)]
    a: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    t: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    s: Option<Text<'a>>,
    c: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    i: Id,
    k: char,
    #[serde(borrow)]
    a: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    t: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    s: Option<Text<'a>>,
    c: Timestamp,
    #[serde(default, skip_serializing_if = "is_default")]
    l: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<Id>,
    #[serde(default, skip_serializing_if = "is_default")]
    b: bool,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    v: Option<Proven<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    q: Option<Asked<'a>>,
    #[serde(default, skip_serializing_if = "is_default")]
    f: u32,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    w: Cow<'a, [Timestamp]>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    m: Cow<'a, [Timestamp]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Unreachable>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    g: Option<Going>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<Label>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    o: Option<Box<Open<'a>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open<'a> {
    i: Id,
    w: UserId,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    v: Option<Proven<'a>>,
    c: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proven<'a> {
    a: Timestamp,
    b: Method,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    s: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<'a> {
    #[serde(borrow)]
    n: Text<'a>,
    #[serde(borrow)]
    k: Text<'a>,
    u: Purpose,
    f: ProofBy,
    l: u8,
    y: Alphabet,
    c: Timestamp,
    e: Timestamp,
    t: u8,
    #[serde(default, skip_serializing_if = "is_default")]
    w: u8,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    h: Option<Text<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unreachable {
    a: Timestamp,
    w: UndeliverableReason,
    t: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Going {
    a: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<Id>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gone<'a> {
    k: ClaimKind,
    u: u8,
    #[serde(borrow)]
    a: Text<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    f: u32,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    w: Cow<'a, [Timestamp]>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    m: Cow<'a, [Timestamp]>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Details {
    v: u32,
    // The bounds of these objects were checked when they were decided.
    #[serde(default, deserialize_with = "JsonObject::read", skip_serializing_if = "is_default")]
    p: Arc<JsonObject>,
    #[serde(default, deserialize_with = "JsonObject::read", skip_serializing_if = "is_default")]
    o: Arc<JsonObject>,
    #[serde(default, deserialize_with = "JsonObject::read", skip_serializing_if = "is_default")]
    h: Arc<JsonObject>,
    #[serde(default, deserialize_with = "JsonObject::read", skip_serializing_if = "is_default")]
    e: Arc<JsonObject>,
    #[serde(default, skip_serializing)]
    k: Option<Value>,
    #[serde(default, skip_serializing)]
    s: Option<Value>,
    #[serde(default, skip_serializing)]
    i: BTreeMap<Id, Value>,
    #[serde(rename = "z", default, skip_serializing)]
    _sum: IgnoredAny,
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn kind(channel: Channel) -> char {
    if channel == Channel::Email { 'e' } else { 'p' }
}

fn channel(kind: char) -> Result<Channel, BadRecord> {
    match kind {
        'e' => Ok(Channel::Email),
        'p' => Ok(Channel::Phone),
        _ => Err(damaged("an address is of an unknown kind")),
    }
}

impl<'a> Entry<'a> {
    fn of(entry: &'a Identifier, primary: bool) -> Self {
        Self {
            i: entry.id.into(),
            k: kind(entry.address.channel()),
            a: text(entry.address.as_str()),
            t: typed(entry.address.typed(), entry.address.as_str()),
            s: entry.source.as_deref().map(text),
            c: entry.added_at,
            l: entry.unrestricted,
            p: entry.replaces.map(Id::from),
            b: primary,
            v: entry.verified().map(Proven::of),
            q: entry.challenge().map(Asked::of),
            f: entry.attempts.failed_in_a_row,
            w: Cow::Borrowed(&entry.attempts.failed_at),
            m: Cow::Borrowed(&entry.attempts.sent_at),
            d: entry.undeliverable.map(|Undeliverable { at, why, times }| Unreachable { a: at, w: why, t: times }),
            g: entry.scheduled.map(|Scheduled { by, due }| Going { a: due, p: by.map(Id::from) }),
            n: entry.label.clone(),
            o: entry.contest.as_deref().and_then(Open::of).map(Box::new),
            x: entry.contested_at,
        }
    }

    fn restored(self, channel: Channel) -> Result<Identifier, BadRecord> {
        let status = match (self.v, self.q) {
            (None, None) => Status::Unverified,
            (None, Some(asked)) => Status::Pending(Box::new(asked.restored()?)),
            (Some(proven), None) => Status::Verified(proven.restored()),
            (Some(_), Some(_)) => return Err(damaged("a verified address has a challenge")),
        };
        let typed = self.t.as_ref().unwrap_or(&self.a);
        Ok(Identifier {
            id: self.i.0.into(),
            address: Address::restore(channel, &self.a.0, &typed.0)?,
            status,
            source: self.s.map(Text::shared),
            unrestricted: self.l,
            added_at: self.c,
            replaces: self.p.map(|Id(id)| id.into()),
            attempts: attempts(self.f, self.w, self.m),
            undeliverable: self.d.map(|Unreachable { a, w, t }| Undeliverable { at: a, why: w, times: t }),
            scheduled: self.g.map(|Going { a, p }| Scheduled { by: p.map(|Id(id)| id.into()), due: a }),
            label: self.n,
            contest: self.o.map(|open| Box::new(open.restored())),
            contested_at: self.x,
        })
    }
}

impl<'a> Proven<'a> {
    fn of(verified: &'a Verified) -> Self {
        Self { a: verified.at, b: verified.by, s: verified.source.as_deref().map(text) }
    }

    fn restored(self) -> Verified {
        Verified { at: self.a, by: self.b, source: self.s.map(Text::shared) }
    }
}

impl<'a> Open<'a> {
    /// Only what a holder sees lacks the other user, and that is never stored.
    fn of(open: &'a Contest) -> Option<Self> {
        let Contest { id, with, evidence, opened_at, until } = open;
        let (i, w, v) = (Id(id.as_uuid()), with.clone()?, evidence.as_ref().map(Proven::of));
        Some(Self { i, w, v, c: *opened_at, e: *until })
    }

    fn restored(self) -> Contest {
        let Self { i: Id(id), w, v, c, e } = self;
        Contest { id: id.into(), with: Some(w), evidence: v.map(Proven::restored), opened_at: c, until: e }
    }
}

impl<'a> Asked<'a> {
    fn of(challenge: &'a Challenge) -> Self {
        Self {
            n: Text(Cow::Owned(challenge.nonce.to_base64())),
            k: text(challenge.key.as_str()),
            u: challenge.purpose,
            f: challenge.proof,
            l: challenge.format.length(),
            y: challenge.format.alphabet(),
            c: challenge.issued_at,
            e: challenge.expires_at,
            t: challenge.tries,
            w: challenge.failed,
            h: challenge.hint.as_deref().map(text),
        }
    }

    fn restored(self) -> Result<Challenge, BadRecord> {
        let format = CodeFormat::new(self.l, self.y).ok_or_else(|| damaged("a code has an impossible length"))?;
        Ok(Challenge {
            nonce: Nonce::from_base64(&self.n.0).ok_or_else(|| damaged("a nonce is none"))?,
            key: KeyId::restore(&self.k.0),
            purpose: self.u,
            proof: self.f,
            format,
            issued_at: self.c,
            expires_at: self.e,
            tries: self.t,
            failed: self.w,
            hint: self.h.map(Text::shared),
        })
    }
}

impl<'a> Gone<'a> {
    fn of(retired: &'a Retired) -> Self {
        Self {
            k: retired.key.kind(),
            u: retired.key.rule(),
            a: text(retired.key.as_str()),
            f: retired.attempts.failed_in_a_row,
            w: Cow::Borrowed(&retired.attempts.failed_at),
            m: Cow::Borrowed(&retired.attempts.sent_at),
        }
    }

    fn restored(self) -> Retired {
        Retired { key: ClaimKey::new(self.k, self.u, self.a.shared()), attempts: attempts(self.f, self.w, self.m) }
    }
}

fn attempts(failed_in_a_row: u32, failed_at: Cow<'_, [Timestamp]>, sent_at: Cow<'_, [Timestamp]>) -> Attempts {
    Attempts { failed_in_a_row, failed_at: failed_at.into_owned(), sent_at: sent_at.into_owned() }
}
