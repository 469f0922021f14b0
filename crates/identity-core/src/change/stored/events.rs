use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Asked, BadRecord, Id, Text, channel, damaged, is_default, kind, text, typed};
use crate::address::Address;
use crate::base::{Timestamp, UserId};
use crate::change::{Actor, Change, Event, EventFormat};
use crate::user::{Method, Verified};

/// The version of the form that this program writes. It reads the form before as well.
const VERSION: u32 = 2;

/// The events of one commit of this user, in the form in which stores keep them.
///
/// It is a JSON array. Its first element is the version of the form, which is 2. A number after it is the time of the events that
/// follow, and a text the administrator who caused them; `null` stands for the user. Every object is an event. The changes that
/// occur most are objects with short keys, which mean what they mean in a [main record](super):
///
/// | `e` | other members |
/// |---|---|
/// | `created` | none: the user is the one whose events these are |
/// | `added` | `i` the id, `k`, `a`, `t` the address, `s` the source, `l` whether restrictions were set aside, `p` the id that it replaces |
/// | `verification_started`, `code_issued` | `i` the id, `q` the challenge |
/// | `verified` | `i` the id, `b` how, `s` by whose word, `a` when, where that is not the time of the event |
///
/// Any other event is the JSON object of its [`Change`]. In version 1 every element is the JSON object of an [`Event`]; such an
/// array is still read.
///
/// ```
/// use identity_core::{Actor, Change, Event, EventFormat, Timestamp, UserId, stored};
/// let ada = UserId::parse("ada")?;
/// let event = |change| Event { v: EventFormat, at: Timestamp::from_micros(5), actor: Actor::Holder, change };
/// let events = [event(Change::Created { user: ada.clone() }), event(Change::Disabled)];
/// let text = stored::events(&ada, &events);
/// assert_eq!(text, r#"[2,5,null,{"e":"created"},{"type":"disabled"}]"#);
/// assert_eq!(stored::read_events(&ada, &text)?, events);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn events<'a>(user: &UserId, events: impl IntoIterator<Item = &'a Event>) -> String {
    let mut items = vec![Item::Number(VERSION.into())];
    let mut before: Option<&Event> = None;
    for event in events {
        if before.is_none_or(|before| before.at != event.at) {
            items.push(Item::Number(event.at.as_micros()));
        }
        if before.is_none_or(|before| before.actor != event.actor) {
            items.push(Item::Actor(match &event.actor {
                Actor::Holder => None,
                Actor::Administrator(name) => Some(text(name)),
            }));
        }
        items.push(Item::Change(Kept::of(user, event)));
        before = Some(event);
    }
    // These types have text keys only and no failing serialiser, so an error cannot happen; an empty text cannot be read.
    serde_json::to_string(&items).unwrap_or_default()
}

/// Reads the events of one commit of this user.
///
/// # Errors
/// * [`BadRecord::Newer`] when a newer program wrote them.
/// * [`BadRecord::Damaged`] when they are damaged.
pub fn read_events(user: &UserId, text: &str) -> Result<Vec<Event>, BadRecord> {
    let Ok(items) = serde_json::from_str::<Vec<Item<'_>>>(text) else { return Err(unreadable(text)) };
    let mut items = items.into_iter().peekable();
    match items.peek() {
        Some(Item::Number(version)) if *version == i64::from(VERSION) => drop(items.next()),
        Some(Item::Event(_)) => {}
        _ => return Err(unreadable(text)),
    }
    let (mut at, mut actor) = (None, None);
    let mut events = Vec::new();
    for item in items {
        match item {
            Item::Number(micros) => at = Some(Timestamp::from_micros(micros)),
            Item::Actor(name) => {
                actor = Some(name.map_or(Actor::Holder, |name| Actor::Administrator(name.shared())));
            }
            Item::Change(kept) => {
                let (Some(at), Some(actor)) = (at, actor.clone()) else {
                    return Err(damaged("an event has no time or nobody who caused it"));
                };
                events.push(Event { v: EventFormat, at, actor, change: kept.restored(user, at)? });
            }
            Item::Event(event) => events.push(*event),
        }
    }
    Ok(events)
}

/// Why this is no array of events.
fn unreadable(text: &str) -> BadRecord {
    let items: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    let version = items.first().and_then(Value::as_u64).and_then(|version| u32::try_from(version).ok());
    match version {
        Some(found) if found > VERSION => BadRecord::Newer { found, known: VERSION },
        _ => damaged("these are no events in a form that this program reads"),
    }
}

/// An element of the array.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Item<'a> {
    Number(i64),
    Actor(#[serde(borrow)] Option<Text<'a>>),
    Change(#[serde(borrow)] Kept<'a>),
    /// As version 1 has it.
    Event(Box<Event>),
}

/// A change, without what its event or the row of the event says.
#[derive(Serialize, Deserialize)]
#[serde(tag = "e", rename_all = "snake_case", deny_unknown_fields)]
enum Kept<'a> {
    Created,
    Added {
        i: Id,
        k: char,
        #[serde(borrow)]
        a: Text<'a>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        t: Option<Text<'a>>,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        s: Option<Text<'a>>,
        #[serde(default, skip_serializing_if = "is_default")]
        l: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p: Option<Id>,
    },
    VerificationStarted {
        i: Id,
        #[serde(borrow)]
        q: Asked<'a>,
    },
    CodeIssued {
        i: Id,
        #[serde(borrow)]
        q: Asked<'a>,
    },
    Verified {
        i: Id,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        a: Option<Timestamp>,
        b: Method,
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        s: Option<Text<'a>>,
    },
    #[serde(untagged)]
    Other(Cow<'a, Change>),
}

impl<'a> Kept<'a> {
    fn of(user: &UserId, event: &'a Event) -> Self {
        match &event.change {
            Change::Created { user: created } if created == user => Self::Created,
            Change::Added { id, address, source, unrestricted, replaces } => Self::Added {
                i: (*id).into(),
                k: kind(address.channel()),
                a: text(address.as_str()),
                t: typed(address.typed(), address.as_str()),
                s: source.as_deref().map(text),
                l: *unrestricted,
                p: replaces.map(Id::from),
            },
            Change::VerificationStarted { id, challenge } => {
                Self::VerificationStarted { i: (*id).into(), q: Asked::of(challenge) }
            }
            Change::CodeIssued { id, challenge } => Self::CodeIssued { i: (*id).into(), q: Asked::of(challenge) },
            Change::Verified { id, verified: Verified { at, by, source } } => Self::Verified {
                i: (*id).into(),
                a: Some(*at).filter(|at| *at != event.at),
                b: *by,
                s: source.as_deref().map(text),
            },
            other => Self::Other(Cow::Borrowed(other)),
        }
    }

    fn restored(self, user: &UserId, at: Timestamp) -> Result<Change, BadRecord> {
        Ok(match self {
            Self::Created => Change::Created { user: user.clone() },
            Self::Added { i: Id(id), k, a, t, s, l, p } => Change::Added {
                id: id.into(),
                address: Address::restore(channel(k)?, &a.0, &t.as_ref().unwrap_or(&a).0)?,
                source: s.map(Text::shared),
                unrestricted: l,
                replaces: p.map(|Id(id)| id.into()),
            },
            Self::VerificationStarted { i: Id(id), q } => {
                Change::VerificationStarted { id: id.into(), challenge: q.restored()? }
            }
            Self::CodeIssued { i: Id(id), q } => Change::CodeIssued { id: id.into(), challenge: q.restored()? },
            Self::Verified { i: Id(id), a, b, s } => {
                let verified = Verified { at: a.unwrap_or(at), by: b, source: s.map(Text::shared) };
                Change::Verified { id: id.into(), verified }
            }
            Self::Other(change) => change.into_owned(),
        })
    }
}
