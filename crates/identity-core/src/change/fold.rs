//! The fold: the only code that changes a user, by applying events to it.

use std::sync::Arc;

use crate::base::{IdentifierId, Timestamp};
use crate::change::{Change, Event, Reported};
use crate::user::{
    Attempts, Contest, Identifier, JsonObject, MAX_IDENTIFIERS, Retired, Scheduled, Status, Undeliverable, User,
    UserParts, UsernameEntry,
};

/// The maximum number of removed addresses whose wrong answers and sends a user remembers: as many as a holder can have
/// at a time, of both kinds. Because removed addresses count when a holder adds one, a holder never has more of both
/// together.
const MAX_RETIRED: usize = 2 * MAX_IDENTIFIERS;

impl User {
    /// The user after these events; `None` when one of them erased it.
    #[must_use]
    pub fn after(&self, events: &[Event]) -> Option<Self> {
        self.clone().folded(events)
    }

    /// The user that results from these events, which must begin with its creation or import; `None` when they do not,
    /// or when one of them erased the user.
    #[must_use]
    pub fn from_events(events: &[Event]) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let user = match &first.change {
            Change::Created { user } => Self { parts: UserParts::new(user.clone(), first.at) },
            Change::Imported { record, canonical } => record.restore(canonical, first.at)?,
            _ => return None,
        };
        user.folded(rest)
    }

    fn folded(mut self, events: &[Event]) -> Option<Self> {
        events.iter().all(|event| self.fold(event)).then_some(self)
    }

    /// Applies one event; `false` when it erased the user.
    pub(crate) fn fold(&mut self, event: &Event) -> bool {
        let at = event.at;
        self.parts.updated_at = self.parts.updated_at.max(at);
        match &event.change {
            Change::UsernameSet { id, username, source } => {
                self.forget(self.parts.username.as_ref().map(|entry| entry.id));
                self.parts.username = Some(Box::new(UsernameEntry {
                    id: *id,
                    username: username.clone(),
                    source: source.clone(),
                    added_at: at,
                }));
            }
            Change::UsernameRemoved { id } => {
                self.parts.username.take_if(|entry| entry.id == *id);
                self.forget(Some(*id));
            }
            Change::Added { id, address, source, unrestricted, replaces } => {
                let attempts = self.recall(address);
                self.book_mut(address.channel()).push(Identifier {
                    id: *id,
                    address: address.clone(),
                    status: Status::Unverified,
                    source: source.clone(),
                    unrestricted: *unrestricted,
                    added_at: at,
                    replaces: *replaces,
                    attempts,
                    undeliverable: None,
                    scheduled: None,
                    label: None,
                    contest: None,
                    contested_at: None,
                });
            }
            Change::VerificationStarted { id, challenge } => self.change(*id, |entry| {
                entry.status = Status::Pending(Box::new(challenge.clone()));
                entry.attempts.send(at);
            }),
            Change::CodeResent { id } => self.change(*id, |entry| entry.attempts.send(at)),
            Change::CodeIssued { id, challenge } => {
                self.change(*id, |entry| entry.status = Status::Pending(Box::new(challenge.clone())));
            }
            Change::AnswerRejected { id } => self.change(*id, |entry| {
                entry.attempts.fail(at);
                if let Status::Pending(challenge) = &mut entry.status {
                    challenge.failed = challenge.failed.saturating_add(1);
                }
            }),
            Change::Verified { id, verified } => self.change(*id, |entry| {
                entry.status = Status::Verified(verified.clone());
                entry.replaces = None;
                entry.attempts.succeed();
                entry.undeliverable = None;
                entry.contested_at = None;
            }),
            Change::ContestOpened { id, contest, with, evidence, until } => self.change(*id, |entry| {
                match evidence {
                    // The challenge was answered.
                    Some(_) => {
                        entry.status = Status::Unverified;
                        entry.attempts.succeed();
                        entry.undeliverable = None;
                    }
                    None => entry.contested_at = Some(at),
                }
                entry.contest = Some(Box::new(Contest {
                    id: *contest,
                    with: Some(with.clone()),
                    evidence: evidence.clone(),
                    opened_at: at,
                    until: *until,
                }));
            }),
            Change::ContestEnded { id, contest, .. } => self.change(*id, |entry| {
                entry.contest.take_if(|open| open.id == *contest);
            }),
            Change::Unverified { id } => {
                self.change(*id, |entry| {
                    entry.status = Status::Unverified;
                    entry.scheduled = None;
                });
                self.parts.emails.unschedule(*id);
                self.parts.phones.unschedule(*id);
            }
            Change::PrimaryChanged { channel, id } => self.book_mut(*channel).set_primary(*id),
            Change::Removed { id } | Change::Replaced { id, .. } => {
                if let Some(entry) = self.parts.emails.remove(*id).or_else(|| self.parts.phones.remove(*id)) {
                    self.retire(entry, at);
                }
                self.forget(Some(*id));
            }
            Change::ChangeScheduled { id, by, due } => {
                self.change(*id, |entry| entry.scheduled = Some(Scheduled { by: *by, due: *due }));
            }
            Change::ChangeStopped { id } => self.change(*id, |entry| entry.scheduled = None),
            Change::AttemptsCleared { id } => self.change(*id, |entry| {
                entry.attempts.succeed();
                if let Status::Pending(challenge) = &mut entry.status {
                    challenge.failed = 0;
                }
            }),
            Change::DeliveryFailed { id, sent_at, why } => self.change(*id, |entry| {
                entry.attempts.sent_at.retain(|sent| Some(*sent) != *sent_at);
                if let Some(why) = *why {
                    let times = entry.undeliverable.map_or(0, |known| known.times).saturating_add(1);
                    entry.undeliverable = Some(Undeliverable { at, why, times });
                }
            }),
            Change::DeliveryRestored { id } => self.change(*id, |entry| entry.undeliverable = None),
            Change::Labelled { id, label } => self.change(*id, |entry| entry.label.clone_from(label)),
            Change::ProfileChanged { claims, public_data, private_data } => {
                let profile = &mut self.parts.profile;
                profile.claims = claims.as_ref().unwrap_or(&profile.claims).clone();
                profile.public_data = public_data.as_ref().unwrap_or(&profile.public_data).clone();
                profile.private_data = private_data.as_ref().unwrap_or(&profile.private_data).clone();
            }
            Change::ExtensionReported(Reported { members }) => {
                self.parts.extension = Arc::new(JsonObject::from_store(self.parts.extension.with(members.as_map())));
            }
            Change::Disabled => self.parts.disabled = true,
            Change::Enabled => self.parts.disabled = false,
            Change::Erased | Change::MergedInto { .. } => return false,
            // These are first events, or belong to a user who was erased.
            Change::Created { .. } | Change::Imported { .. } | Change::Stripped { .. } => {}
            // Claims are not a part of the user, and what a disavowal or a merge changes is in the events that follow it.
            Change::ClaimsUpdated | Change::Disavowed { .. } | Change::Merged { .. } => {}
        }
        true
    }

    fn change(&mut self, id: IdentifierId, change: impl FnOnce(&mut Identifier)) {
        if let Some(entry) = self.identifier_mut(id) {
            change(entry);
        }
    }

    /// Removes what the extension says about an identifier that is gone.
    fn forget(&mut self, id: Option<IdentifierId>) {
        let Some(name) = id.filter(|_| !self.parts.extension.is_empty()).map(|id| id.to_string()) else { return };
        if self.parts.extension.as_map().contains_key(&name) {
            let gone = serde_json::Map::from_iter([(name, serde_json::Value::Null)]);
            self.parts.extension = Arc::new(JsonObject::from_store(self.parts.extension.with(&gone)));
        }
    }

    /// Keeps the wrong answers and sends of a removed address. Otherwise removing and adding it again would reset the
    /// limits on guessing and sending.
    fn retire(&mut self, entry: Identifier, at: Timestamp) {
        self.parts.retired.retain(|retired| !retired.attempts.is_idle(at));
        if !entry.attempts.is_idle(at) {
            self.parts.retired.push(Retired { key: entry.address.claim_key(), attempts: entry.attempts });
        }
        // A holder never exceeds the limit, because adding and replacing are refused before. What an administrator adds
        // beyond it displaces the oldest entry, preferably one without wrong answers.
        if self.parts.retired.len() > MAX_RETIRED {
            let unguessed = self.parts.retired.iter().position(|retired| retired.attempts.failed_in_a_row == 0);
            self.parts.retired.remove(unguessed.unwrap_or(0));
        }
    }

    fn recall(&mut self, address: &crate::address::Address) -> Attempts {
        if self.parts.retired.is_empty() {
            return Attempts::default();
        }
        let key = address.claim_key();
        let index = self.parts.retired.iter().position(|retired| retired.key == key);
        index.map(|index| self.parts.retired.swap_remove(index).attempts).unwrap_or_default()
    }
}
