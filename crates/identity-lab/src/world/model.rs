//! What must hold, written from the manual: the world's own record of who has what, which codes were sent, and which messages
//! went out. It reads what every host can read: answers, the feed, users, messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use identity::address::Label;
use identity::delivery::{Message, MessageId, PostState, Posted};
use identity::directory::Stored;
use identity::history::{Change, Event, Recorded};
use identity::import::UserRecord;
use identity::store::UserKey;
use identity::user::{Challenge, Method, Purpose, Verified};
use identity::{Address, Channel, Content, IdentifierId, Policy, TenantId, Timestamp, User};

use super::people::mailbox;
use super::post::{Answered, Handed};

/// A law that does not hold, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The name of the law.
    pub law: &'static str,
    /// What was found instead.
    pub found: String,
}

pub(super) type Held = Result<(), Broken>;

pub(super) fn hold(law: &'static str, holds: bool, found: impl FnOnce() -> String) -> Held {
    if holds { Ok(()) } else { Err(Broken { law, found: found() }) }
}

/// The name of a challenge: of its nonce, its key, and whose it is. Challenges to sign in that began together have one nonce.
pub(super) type Name = u64;

pub(super) fn name(key: &UserKey, id: IdentifierId, challenge: &Challenge) -> Name {
    let mut hasher = DefaultHasher::new();
    (key, id, challenge.nonce.as_bytes(), &challenge.key).hash(&mut hasher);
    hasher.finish()
}

fn name_of(message: &Message) -> Option<Name> {
    match &message.content {
        Content::Challenge { identifier, challenge } => Some(name(&message.key, *identifier, challenge)),
        _ => None,
    }
}

/// An answer that somebody gave in the present step.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) key: UserKey,
    pub(super) id: IdentifierId,
    pub(super) text: String,
}

/// What the world knows of the present step.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) step: usize,
    pub(super) attempts: Vec<Attempt>,
    /// Whether nothing went wrong: no fault was planned.
    pub(super) calm: bool,
    /// How much time has really passed, and how far the clock was set back in all.
    pub(super) passed: Duration,
    pub(super) set_back: Duration,
}

#[derive(Debug, Clone)]
struct Entry {
    address: Address,
    verified: bool,
    /// The evidence that was told.
    shown: Option<Verified>,
    replaces: Option<IdentifierId>,
    open: Option<Name>,
    label: Option<Label>,
}

/// A user, by the events that came.
#[derive(Debug, Default)]
pub(super) struct Person {
    entries: BTreeMap<IdentifierId, Entry>,
    primary: [Option<IdentifierId>; 2],
    disabled: bool,
    number: u64,
    last: Option<Timestamp>,
    /// Erased or merged.
    pub(super) erased: bool,
    /// The user of whom this one became a part.
    merged: Option<UserKey>,
    /// Whether events of this user were stripped before they were seen.
    is_blurred: bool,
    /// Times of wrong answers that were told, by address: those that count in a row.
    wrong: HashMap<String, Vec<Timestamp>>,
}

impl Person {
    pub(super) fn id_of(&self, address: &Address) -> Option<IdentifierId> {
        let key = address.claim_key();
        self.entries.iter().find(|(_, entry)| entry.address.claim_key() == key).map(|(id, _)| *id)
    }

    pub(super) fn has_verified(&self, address: &Address) -> bool {
        let key = address.claim_key();
        self.entries.values().any(|entry| entry.verified && entry.address.claim_key() == key)
    }

    fn fold(&mut self, key: &UserKey, change: &Change) {
        match change {
            Change::Imported { record, canonical } => self.import(record, canonical.iter().map(|typed| &*typed.0)),
            Change::Added { id, address, replaces, .. } => {
                let (address, replaces) = (address.clone(), *replaces);
                let entry = Entry { address, verified: false, shown: None, replaces, open: None, label: None };
                self.entries.insert(*id, entry);
            }
            Change::Verified { id, verified } => self.entry(*id, |entry| {
                (entry.verified, entry.shown, entry.open) = (true, Some(verified.clone()), None);
            }),
            Change::Unverified { id } => self.entry(*id, |entry| (entry.verified, entry.open) = (false, None)),
            Change::VerificationStarted { id, challenge } | Change::CodeIssued { id, challenge } => {
                self.entry(*id, |entry| entry.open = Some(name(key, *id, challenge)));
            }
            Change::Labelled { id, label } => self.entry(*id, |entry| entry.label.clone_from(label)),
            Change::Removed { id } | Change::Replaced { id, .. } => {
                self.entries.remove(id);
                self.primary.iter_mut().for_each(|primary| *primary = primary.filter(|primary| primary != id));
            }
            Change::PrimaryChanged { channel, id } => self.primary[usize::from(*channel == Channel::Phone)] = *id,
            Change::Disabled => self.disabled = true,
            Change::Enabled => self.disabled = false,
            Change::Erased | Change::MergedInto { .. } => {
                self.erased = true;
                self.entries.clear();
                if let Change::MergedInto { user } = change {
                    self.merged = Some(UserKey { user: user.clone(), ..key.clone() });
                }
            }
            Change::Stripped { .. } => self.is_blurred = true,
            _ => {}
        }
    }

    fn import<'a>(&mut self, record: &UserRecord, canonical: impl Iterator<Item = &'a str>) {
        self.disabled = record.disabled;
        for (of, text) in record.emails.iter().chain(&record.phones).zip(canonical) {
            let (Some(id), Ok(address)) = (of.id, Address::parse(text, None)) else { continue };
            if of.primary {
                self.primary[usize::from(address.channel() == Channel::Phone)] = Some(id);
            }
            let verified = of.verified.is_some();
            self.entries.insert(id, Entry { address, verified, shown: None, replaces: None, open: None, label: None });
        }
    }

    fn entry(&mut self, id: IdentifierId, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(&id) {
            change(entry);
        }
    }

    /// What a host can compare: who has what, verified or not, and which are primary.
    fn matches(&self, user: &User) -> bool {
        let mine = self
            .entries
            .iter()
            .map(|(id, entry)| (*id, entry.address.claim_key(), entry.verified, entry.label.as_ref()));
        let theirs: BTreeSet<_> = user
            .identifiers()
            .map(|entry| (entry.id, entry.address.claim_key(), entry.is_verified(), entry.label.as_ref()))
            .collect();
        let primary = [user.primary_email(), user.primary_phone()].map(|entry| entry.map(|entry| entry.id));
        mine.collect::<BTreeSet<_>>() == theirs && primary == self.primary && user.is_disabled() == self.disabled
    }
}

/// A challenge that was opened.
#[derive(Debug, Default)]
struct Known {
    begun: Duration,
    life: Duration,
    /// The codes and links that were handed to the provider or to an administrator.
    sent: BTreeSet<String>,
    /// The step in which it became void.
    void: Option<usize>,
    used: bool,
    rejected: u32,
    told_wrong: u32,
}

/// A message that was seen.
#[derive(Debug)]
struct Letter {
    to: Address,
    expires_at: Timestamp,
    accepted: u32,
    /// How often nobody could know whether it was accepted.
    doubts: u32,
    /// Those of them that the library must have heard of.
    told_doubts: u32,
    refused: bool,
}

/// Everything that the world knows.
pub(super) struct Model {
    policies: [Policy; 3],
    pub(super) people: BTreeMap<UserKey, Person>,
    known: HashMap<Name, Known>,
    letters: BTreeMap<MessageId, Letter>,
    /// Times of codes that were sent: by mailbox, by user and address, and to sign in.
    codes: HashMap<String, Vec<(Timestamp, MessageId)>>,
    /// Times of notices, by mailbox.
    notices: HashMap<String, Vec<Timestamp>>,
    /// Times at which codes were judged, by address.
    judged: HashMap<String, Vec<Timestamp>>,
    /// Who ever had an address, by its claim key, which spellings have in common; visitors count as somebody who is never erased.
    ever: BTreeMap<String, BTreeSet<Option<UserKey>>>,
    /// How often the clock was set back, and how many first keys there were: each makes new windows.
    pub(super) windows: usize,
    /// Wrong answers by ticket.
    pub(super) tickets: HashMap<String, u32>,
    /// Notices that must be there, of the present step.
    promised: Vec<(UserKey, Address, Timestamp)>,
    rejections: HashMap<(UserKey, IdentifierId), usize>,
    /// Codes whose sends do not count, because they bounced.
    pub(super) bounced: BTreeSet<MessageId>,
}

fn place(tenant: &TenantId) -> usize {
    match tenant.as_str() {
        "default" => 0,
        "strict" => 1,
        _ => 2,
    }
}

fn near(times: impl IntoIterator<Item = Timestamp>, at: Timestamp, window: Duration) -> usize {
    // A window on either side: the times need not be in order.
    times.into_iter().filter(|time| *time <= at && at.since(*time) < window).count()
}

const DAY: Duration = Duration::from_secs(86_400);

impl Model {
    pub(super) fn new(policies: [Policy; 3]) -> Self {
        Self {
            policies,
            people: BTreeMap::new(),
            known: HashMap::new(),
            letters: BTreeMap::new(),
            codes: HashMap::new(),
            notices: HashMap::new(),
            judged: HashMap::new(),
            ever: BTreeMap::new(),
            windows: 2,
            tickets: HashMap::new(),
            promised: Vec::new(),
            rejections: HashMap::new(),
            bounced: BTreeSet::new(),
        }
    }

    pub(super) fn policy(&self, tenant: &TenantId) -> &Policy {
        &self.policies[place(tenant)]
    }

    pub(super) fn id_of(&self, key: &UserKey, address: &Address) -> Option<IdentifierId> {
        self.people.get(key).and_then(|person| person.id_of(address))
    }

    /// Who became a part of this user, through however many others.
    pub(super) fn merged_into(&self, key: &UserKey) -> Vec<UserKey> {
        let heir = |gone: &UserKey| self.people.get(gone).and_then(|person| person.merged.as_ref());
        let gone =
            self.people.keys().filter(|gone| std::iter::successors(heir(gone), |gone| heir(gone)).last() == Some(key));
        gone.cloned().collect()
    }

    fn owner(&self, tenant: &TenantId, address: &Address) -> Option<(&UserKey, &Person)> {
        self.people.iter().find(|(key, person)| key.tenant == *tenant && person.has_verified(address))
    }

    pub(super) fn begin(&mut self) {
        self.promised.clear();
        self.rejections.clear();
    }

    /// A message came to the provider.
    pub(super) fn handed(&mut self, handed: &Handed, facts: &Facts) -> Held {
        let Handed { message, answered, .. } = handed;
        if let Content::Challenge { challenge, .. } = &message.content {
            let name = name_of(message).unwrap_or_default();
            let policy = self.policy(&message.key.tenant);
            let signs_in = matches!(challenge.purpose, Purpose::SignIn | Purpose::StepUp);
            let life =
                if signs_in { policy.sign_in().life() } else { policy.verification().life(message.to.channel()) };
            let known =
                self.known.entry(name).or_insert_with(|| Known { begun: facts.passed, life, ..Known::default() });
            known.sent.extend(handed.code.iter().map(|code| code.reveal().to_owned()));
            known.sent.extend(handed.link.iter().map(identity::LinkToken::reveal));
            let late = known.void.is_some_and(|step| step < facts.step) && handed.attempts == 1;
            hold("a void code is withdrawn", !late, || format!("{} was sent", message.id))?;
        }
        let letter = self.letters.entry(message.id).or_insert_with(|| Letter::of(message));
        hold("a message goes to its recipient", letter.to.claim_key() == message.to.claim_key(), || {
            format!("{} went to {}", message.id, message.to)
        })?;
        hold("an expired message is not sent", handed.at < letter.expires_at, || message.id.to_string())?;
        hold("a refused message is not sent again", !letter.refused, || message.id.to_string())?;
        hold("every doubt is counted", handed.uncertain >= letter.told_doubts, || {
            format!("{}: {} of {}", message.id, handed.uncertain, letter.told_doubts)
        })?;
        let taken = matches!(answered, Answered::Accepted | Answered::AcceptedForGood);
        hold("no message is sent twice without doubt", !taken || letter.accepted <= letter.doubts, || {
            format!("{} was sent before", message.id)
        })?;
        letter.accepted += u32::from(taken);
        let unknown = *answered == Answered::Unknown;
        // What happens to an answer while something goes wrong, nobody knows.
        letter.doubts += u32::from(unknown || !facts.calm);
        letter.told_doubts += u32::from(unknown && facts.calm);
        letter.refused |= *answered == Answered::Permanent && facts.calm;
        if taken || unknown { self.sent(message) } else { Ok(()) }
    }

    /// A message was accepted, or may have been: the budgets.
    fn sent(&mut self, message: &Message) -> Held {
        let (at, id, windows) = (message.created_at, message.id, self.windows);
        let policy = self.policies[place(&message.key.tenant)].clone();
        let of_mailbox = format!("{} {}", message.key.tenant, mailbox(&message.to));
        let reserve = policy.send().reserve().map_or(0, |budget| budget.limit) as usize;
        let [short, long] = *policy.send().address();
        match &message.content {
            Content::Challenge { challenge, .. } => {
                let signs_in = matches!(challenge.purpose, Purpose::SignIn | Purpose::StepUp);
                let name = if signs_in {
                    format!("{:?} {of_mailbox} {}", challenge.purpose, message.key.user)
                } else {
                    of_mailbox
                };
                let shared = self.count(name, at, id);
                for budget in [short, long] {
                    let most = budget.limit as usize * windows + reserve * windows;
                    let sent = near(shared.iter().map(|(at, _)| *at), at, budget.window);
                    hold("no address gets more codes than its budgets", sent <= most, || format!("{sent} of {most}"))?;
                }
                if !signs_in {
                    let rules = policy.verification();
                    let of_user =
                        format!("{} {} {}", message.key.tenant, message.key.user, message.to.claim_key().as_str());
                    let own = self.count(of_user, at, id);
                    let limits = [(rules.window(), rules.sends_per_window()), (DAY, rules.sends_a_day())];
                    for (window, most) in limits {
                        let sent = near(own.iter().map(|(at, _)| *at), at, window);
                        hold("no identifier gets more codes than its limits", sent <= most as usize, || {
                            format!("{sent} of {most} in {} s", window.as_secs())
                        })?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Notes a code and returns those that count.
    fn count(&mut self, name: String, at: Timestamp, id: MessageId) -> Vec<(Timestamp, MessageId)> {
        let codes = self.codes.entry(name).or_default();
        codes.retain(|(_, known)| *known != id && !self.bounced.contains(known));
        codes.push((at, id));
        codes.clone()
    }

    /// One commit came out of the feed.
    pub(super) fn committed(&mut self, key: &UserKey, events: &[Recorded], facts: &Facts) -> Held {
        let tries = u32::from(self.policy(&key.tenant).verification().tries());
        let merged = events.iter().find_map(|recorded| match &recorded.event.change {
            Change::Merged { user } => Some(UserKey { user: user.clone(), ..key.clone() }),
            _ => None,
        });
        // What the merged user had, as far as its events were seen.
        let brought = merged.as_ref().and_then(|from| self.people.get(from)).filter(|from| !from.is_blurred);
        let brought: Option<Vec<Entry>> = brought.map(|from| from.entries.values().cloned().collect());
        let person = self.people.entry(key.clone()).or_default();
        let is_new = person.number == 0;
        let before = person.entries.clone();
        let was_disabled = person.disabled;
        for Recorded { number, event } in events {
            hold("the feed forgets nothing", *number == person.number + 1, || {
                format!("event {number} of {} follows event {}", key.user, person.number)
            })?;
            person.number = *number;
            let stripped = matches!(event.change, Change::Stripped { .. } | Change::Erased | Change::MergedInto { .. });
            hold(
                "a user's time does not go back",
                stripped || person.last.is_none_or(|last| last <= event.at),
                || format!("event {number} of {}", key.user),
            )?;
            // An imported user has the times of the other system.
            person.last =
                Some(if let Change::Imported { record, .. } = &event.change { record.updated_at } else { event.at });
            let by_holder = !event.actor.is_administrator();
            hold("a disabled holder changes nothing", !(by_holder && was_disabled) || stripped, || {
                format!("event {number} of {}", key.user)
            })?;
            let open = event.change.identifier().and_then(|id| Some((id, person.entries.get(&id)?.open)));
            match &event.change {
                Change::VerificationStarted { challenge, id } | Change::CodeIssued { challenge, id } => {
                    let channel = person.entries.get(id).map_or(Channel::Email, |entry| entry.address.channel());
                    let life = self.policies[place(&key.tenant)].verification().life(channel);
                    let known = Known { begun: facts.passed, life, ..Known::default() };
                    let name = name(key, *id, challenge);
                    // It was handed over in the same step, or it is new.
                    self.known.entry(name).or_insert(known);
                    if let Some((_, Some(old))) = open {
                        self.known.entry(old).or_default().void.get_or_insert(facts.step);
                    }
                }
                Change::AnswerRejected { id } => {
                    *self.rejections.entry((key.clone(), *id)).or_default() += 1;
                    let known = self.known.entry(open.and_then(|(_, open)| open).unwrap_or_default()).or_default();
                    known.rejected += 1;
                    hold("no challenge takes more wrong answers than it may", known.rejected <= tries, || {
                        format!("{} of {tries}", known.rejected)
                    })?;
                }
                Change::Verified { id, verified } => {
                    let open = open.and_then(|(_, open)| open);
                    let known = open.and_then(|open| self.known.get_mut(&open));
                    let address = person.entries.get(id).map(|entry| entry.address.claim_key());
                    let shows = |entry: &Entry| {
                        Some(entry.address.claim_key()) == address
                            && entry.verified
                            && entry.shown.as_ref().is_none_or(|shown| shown == verified)
                    };
                    if merged.is_some() {
                        if let Some(known) = known {
                            known.void.get_or_insert(facts.step);
                        }
                        let had = brought.as_ref().is_none_or(|brought| brought.iter().any(shows));
                        hold("a merge brings the evidence that was there", had, || key.user.to_string())?;
                    } else {
                        verified_by(verified.by, event, key, *id, known, facts)?;
                    }
                    if let Some(entry) = person.entries.get(id) {
                        person.wrong.remove(entry.address.claim_key().as_str());
                    }
                }
                Change::Unverified { .. } | Change::Removed { .. } | Change::Replaced { .. } => {
                    if let Some((_, Some(old))) = open {
                        self.known.entry(old).or_default().void.get_or_insert(facts.step);
                    }
                }
                Change::AttemptsCleared { id } => {
                    if let Some((_, Some(open))) = open {
                        let known = self.known.entry(open).or_default();
                        (known.rejected, known.told_wrong) = (0, 0);
                    }
                    if let Some(entry) = person.entries.get(id) {
                        person.wrong.remove(entry.address.claim_key().as_str());
                    }
                }
                _ => {}
            }
            person.fold(key, &event.change);
        }
        for Recorded { event, .. } in events {
            let Change::Verified { id, .. } = event.change else { continue };
            let replaced = before.get(&id).and_then(|entry| entry.replaces);
            let gone = replaced.is_none_or(|old| !person.entries.contains_key(&old));
            hold("a replaced address goes", gone, || format!("{} of {}", id, key.user))?;
        }
        for entry in brought.iter().flatten() {
            let kept = person.entries.values().find(|kept| kept.address.claim_key() == entry.address.claim_key());
            let gone = events.iter().any(|recorded| match &recorded.event.change {
                Change::Replaced { id, .. } => {
                    before.get(id).is_some_and(|old| old.address.claim_key() == entry.address.claim_key())
                }
                _ => false,
            });
            hold("a merge loses no address", gone || kept.is_some_and(|kept| kept.verified >= entry.verified), || {
                format!("{} of {}", entry.address, key.user)
            })?;
        }
        for entry in person.entries.values() {
            self.ever.entry(entry.address.claim_key().as_str().to_owned()).or_default().insert(Some(key.clone()));
        }
        if !is_new {
            self.promise(key, &before, events);
        }
        Ok(())
    }

    /// The table of the manual's page on delivery: who is notified of what.
    fn promise(&mut self, key: &UserKey, before: &BTreeMap<IdentifierId, Entry>, events: &[Recorded]) {
        let was_verified = |id: &IdentifierId| before.get(id).is_some_and(|entry| entry.verified);
        let (mut news, mut loss, mut primary) = (false, false, None);
        for Recorded { event, .. } in events {
            match &event.change {
                Change::Added { .. } | Change::Verified { .. } => news = true,
                Change::Removed { id } | Change::Replaced { id, .. } => {
                    news = true;
                    loss |= was_verified(id);
                }
                Change::Unverified { id } if was_verified(id) => (news, loss) = (true, true),
                Change::PrimaryChanged { id: Some(id), .. } if !news => primary = Some(*id),
                Change::Erased | Change::MergedInto { .. } | Change::Imported { .. } | Change::Stripped { .. } => {
                    return;
                }
                _ => {}
            }
        }
        let Some(at) = events.first().map(|recorded| recorded.event.at) else { return };
        for (id, entry) in before.iter().filter(|(_, entry)| entry.verified) {
            let told = match entry.address.channel() {
                Channel::Email => news || primary.is_some(),
                Channel::Phone => loss,
            };
            if told && (news || primary != Some(*id)) {
                self.promised.push((key.clone(), entry.address.clone(), at));
            }
        }
    }

    /// The messages of a user who was touched, as the store has them.
    pub(super) fn posted(&mut self, posted: &[Posted]) {
        for Posted { message, .. } in posted {
            self.seen(message);
        }
    }

    pub(super) fn seen(&mut self, message: &Message) {
        if let Content::Notice { .. } = message.content
            && !self.letters.contains_key(&message.id)
        {
            let name = format!("{} {}", message.key.tenant, mailbox(&message.to));
            self.notices.entry(name).or_default().push(message.created_at);
        }
        self.letters.entry(message.id).or_insert_with(|| Letter::of(message));
    }

    /// The notices that were promised in this step are among these messages.
    pub(super) fn kept(&mut self, messages: &[Message]) -> Held {
        let mut left: Vec<&Message> =
            messages.iter().filter(|message| matches!(message.content, Content::Notice { .. })).collect();
        for (key, to, at) in std::mem::take(&mut self.promised) {
            if self.people.get(&key).is_some_and(|person| person.erased) {
                continue;
            }
            let found =
                left.iter().position(|message| message.key == key && message.to == to && message.created_at == at);
            match found {
                Some(found) => drop(left.swap_remove(found)),
                None => {
                    // A budget may have withheld it.
                    let policy = self.policies[place(&key.tenant)].send();
                    let least = policy.notices().limit.min(policy.loss_notices().limit) as usize;
                    let name = format!("{} {}", key.tenant, mailbox(&to));
                    let sent = self.notices.get(&name).map_or(0, Vec::len);
                    hold("every promised notice is enqueued", sent >= least, || {
                        format!("{} of {} was not told at {at}", to, key.user)
                    })?;
                }
            }
        }
        for (name, times) in &self.notices {
            let tenant = TenantId::parse(name.split(' ').next().unwrap_or_default()).unwrap_or_default();
            let send = self.policy(&tenant).send();
            // Three budgets: of notices, of losses of others, and of losses of its own; the mailbox has several addresses.
            let most = (send.notices().limit + 3 * send.loss_notices().limit) as usize * self.windows;
            let Some(last) = times.last() else { continue };
            let sent = near(times.iter().copied(), *last, DAY);
            hold("no address gets more notices than its budgets", sent <= most, || format!("{sent} of {most}"))?;
        }
        Ok(())
    }

    /// The user as the store has it, after the step.
    pub(super) fn stored(
        &self,
        key: &UserKey,
        stored: Option<&Stored>,
        history: &[Recorded],
        posted: &[Posted],
    ) -> Held {
        let Some(person) = self.people.get(key) else { return Ok(()) };
        let numbers = history.iter().map(|recorded| recorded.number);
        hold("the history is whole", numbers.eq(1..=person.number), || {
            format!("{} has {} events and not {}", key.user, history.len(), person.number)
        })?;
        let Some(stored) = stored else {
            hold("nobody is gone without being erased", person.erased, || key.user.to_string())?;
            let bare = |change: &Change| {
                matches!(change, Change::Stripped { .. } | Change::Erased | Change::MergedInto { .. })
            };
            let bare = history.iter().all(|it| bare(&it.event.change));
            // A code to be asked once more is no part of a commit: one that was asked for at the same time waits for a worker.
            let waits = |posted: &Posted| {
                let is_meant = matches!(&posted.message.content, Content::Challenge { challenge, .. } if challenge.purpose == Purpose::StepUp);
                is_meant && posted.state() == PostState::Waiting
            };
            hold("nothing of an erased user is left", bare && posted.iter().all(waits), || {
                format!("{}: bare events: {bare}, {} messages", key.user, posted.len())
            })?;
            return Ok(());
        };
        let events: Vec<Event> = history.iter().map(|recorded| recorded.event.clone()).collect();
        let folded = User::from_events(&events);
        hold("events fold to the stored user", folded.as_ref() == Some(&*stored.user), || key.user.to_string())?;
        hold("a user has what the events say", person.matches(&stored.user), || format!("{}: {person:?}", key.user))?;
        if place(&key.tenant) != 2 {
            let primary = [stored.user.primary_email(), stored.user.primary_phone()];
            hold(
                "a primary address is verified",
                primary.into_iter().flatten().all(identity::Identifier::is_verified),
                || key.user.to_string(),
            )?;
        }
        Ok(())
    }

    /// Who has what in a tenant.
    pub(super) fn owners(&self, tenant: &TenantId) -> Held {
        let (mut owners, mut mailboxes) = (BTreeMap::new(), BTreeMap::new());
        for (key, person) in self.people.iter().filter(|(key, _)| key.tenant == *tenant) {
            for entry in person.entries.values().filter(|entry| entry.verified) {
                let other = owners.insert(entry.address.claim_key(), &key.user);
                hold("an address has one verified owner", other.is_none(), || format!("{} and {other:?}", key.user))?;
                if entry.address.channel() == Channel::Email {
                    let mailbox = mailbox(&entry.address);
                    let other = mailboxes.insert(mailbox, &key.user).filter(|other| *other != &key.user);
                    let limited = self.policy(tenant).mailbox_limit().is_some();
                    hold("a mailbox has as many users as its limit", !limited || other.is_none(), || {
                        format!("{} and {other:?}", key.user)
                    })?;
                }
            }
        }
        Ok(())
    }

    /// The number of wrong answers that were written is at most that of the answers.
    pub(super) fn counted(&self, facts: &Facts) -> Held {
        for ((key, id), count) in &self.rejections {
            let given = facts.attempts.iter().filter(|attempt| attempt.key == *key && attempt.id == *id).count();
            hold("an answer counts once", *count <= given, || format!("{count} of {given} by {}", key.user))?;
        }
        Ok(())
    }

    /// An administrator was told a code.
    pub(super) fn issued(&mut self, key: &UserKey, id: IdentifierId, code: &str) {
        let open = self.people.get(key).and_then(|person| person.entries.get(&id)?.open);
        if let Some(known) = open.and_then(|open| self.known.get_mut(&open)) {
            known.sent.insert(code.to_owned());
        }
    }

    /// An administrator was told that a challenge is over.
    pub(super) fn ended(&mut self, key: &UserKey, id: IdentifierId, step: usize) {
        let open = self.people.get(key).and_then(|person| person.entries.get(&id)?.open);
        if let Some(known) = open.and_then(|open| self.known.get_mut(&open)) {
            known.void.get_or_insert(step);
        }
    }

    /// The open challenge of an address.
    pub(super) fn open(&self, key: &UserKey, id: IdentifierId) -> Option<Name> {
        self.people.get(key)?.entries.get(&id)?.open
    }

    /// Somebody was told that a code was judged. `open` is the challenge before and after.
    pub(super) fn told_judged(
        &mut self,
        key: &UserKey,
        id: IdentifierId,
        open: Option<Name>,
        wrong: bool,
        (at, passed): (Timestamp, Duration),
    ) -> Held {
        let policy = self.policies[place(&key.tenant)].clone();
        let rules = policy.verification();
        let Some(person) = self.people.get_mut(key) else { return Ok(()) };
        let Some(claim) = person.entries.get(&id).map(|entry| entry.address.claim_key().as_str().to_owned()) else {
            return Ok(());
        };
        if wrong {
            let times = person.wrong.entry(claim.clone()).or_default();
            times.push(at);
            let (day, row) = (near(times.iter().copied(), at, DAY), times.len());
            let most = (rules.failures_a_day() as usize, rules.failures_in_a_row() as usize);
            hold("no user guesses beyond the caps", day <= most.0 && row <= most.1, || {
                format!("{day} a day, {row} in a row")
            })?;
            if let Some(known) = open.and_then(|open| self.known.get_mut(&open)) {
                known.told_wrong += 1;
                let told = known.told_wrong;
                hold("no challenge takes more wrong answers than it may", told <= u32::from(rules.tries()), || {
                    told.to_string()
                })?;
            }
        }
        let judged = self.judged.entry(format!("{} {claim}", key.tenant)).or_default();
        judged.push(at);
        let budget = rules.guesses();
        let reserve = policy.send().reserve().map_or(0, |reserve| (reserve.limit + 2) * u64::from(rules.tries()));
        // A day before the world began no window can have begun.
        let windows = if passed < budget.window { self.windows - 1 } else { self.windows };
        let most = (budget.limit + reserve) as usize * windows;
        let judged = near(judged.iter().copied(), at, budget.window);
        hold("no address is guessed at beyond its cap", judged <= most, || format!("{judged} of {most}"))
    }

    /// Somebody has a proof: the code was sent to that address to sign in there, and it is used for the first time.
    pub(super) fn proved(
        &mut self,
        tenant: &TenantId,
        (address, user): (&Address, Option<&identity::UserId>),
        (texts, purpose): (&[&str], Purpose),
        handed: &[Handed],
        (facts, sole): (&Facts, bool),
    ) -> Held {
        let sent = handed.iter().rev().find(|handed| {
            let is_it = handed.code.as_ref().is_some_and(|code| texts.contains(&code.reveal()))
                || handed.link.as_ref().is_some_and(|link| texts.contains(&&*link.reveal()));
            let Content::Challenge { challenge, .. } = &handed.message.content else { return false };
            let there = handed.message.to.claim_key() == address.claim_key() && handed.message.key.tenant == *tenant;
            is_it && there && challenge.purpose == purpose
        });
        let name = sent.and_then(|sent| name_of(&sent.message));
        let known = name.and_then(|name| self.known.get_mut(&name));
        let Some(known) = known else {
            return hold("no code is accepted that was not sent", false, || address.to_string());
        };
        hold("no code is accepted twice", !known.used, || address.to_string())?;
        known.used = true;
        hold("no code is accepted after its life", facts.passed < known.begun + known.life + facts.set_back, || {
            address.to_string()
        })?;
        if sole {
            let owner = self.owner(tenant, address);
            let is_owner = owner.map(|(key, _)| &key.user) == user;
            hold("a proof names the owner", is_owner, || format!("{user:?} and not {owner:?}"))?;
            hold("no disabled user signs in", owner.is_none_or(|(_, person)| !person.disabled), || {
                address.to_string()
            })?;
        }
        Ok(())
    }

    /// A wrong answer with a ticket.
    pub(super) fn ticket_wrong(&mut self, tenant: &TenantId, ticket: &str) -> Held {
        let tries = u32::from(self.policy(tenant).verification().tries());
        let told = self.tickets.entry(ticket.to_owned()).or_default();
        *told += 1;
        hold("no ticket takes more wrong answers than it may", *told <= tries, || format!("{told} of {tries}"))
    }

    /// Somebody typed an address to sign in: a message may keep it.
    pub(super) fn visited(&mut self, address: &Address) {
        self.ever.entry(address.claim_key().as_str().to_owned()).or_default().insert(None);
    }

    /// The addresses that only erased users ever had.
    pub(super) fn forgotten(&self) -> impl Iterator<Item = &str> {
        let erased =
            |who: &Option<UserKey>| who.as_ref().and_then(|key| self.people.get(key)).is_some_and(|it| it.erased);
        self.ever.iter().filter(move |(_, had)| had.iter().all(erased)).map(|(text, _)| &**text)
    }

    /// Whether this message may be missing: it expired, it was void, or its user is gone.
    pub(super) fn may_be_gone(&self, message: &Arc<Message>, at: Timestamp) -> bool {
        let void = match &message.content {
            Content::Challenge { challenge, .. } => {
                let known = name_of(message).and_then(|name| self.known.get(&name));
                known.is_none_or(|known| known.void.is_some() || known.used) || challenge.purpose == Purpose::SignIn
            }
            _ => false,
        };
        let erased = self.people.get(&message.key).is_none_or(|person| person.erased);
        void || erased || at >= message.expires_at
    }
}

/// How an address was verified: by an administrator, or by an answer of this step that was sent to it.
fn verified_by(
    by: Method,
    event: &Event,
    key: &UserKey,
    id: IdentifierId,
    known: Option<&mut Known>,
    facts: &Facts,
) -> Held {
    if matches!(by, Method::Administrator | Method::Import) {
        if let Some(known) = known {
            known.void.get_or_insert(facts.step);
        }
        return hold("only administrators vouch", event.actor.is_administrator(), || key.user.to_string());
    }
    let Some(known) = known else {
        return hold("no code is accepted without a challenge", false, || key.user.to_string());
    };
    let mut given = facts.attempts.iter().filter(|attempt| attempt.key == *key && attempt.id == id);
    let is_sent = given.any(|attempt| known.sent.contains(&attempt.text));
    hold("no code is accepted that was not sent", is_sent, || format!("{by:?} of {}", key.user))?;
    hold("no void code is accepted", known.void.is_none(), || key.user.to_string())?;
    hold("no code is accepted twice", !known.used, || key.user.to_string())?;
    known.used = true;
    let alive = facts.passed < known.begun + known.life + facts.set_back;
    hold("no code is accepted after its life", alive, || {
        format!("{} s after it was made", facts.passed.saturating_sub(known.begun).as_secs())
    })
}

impl Letter {
    fn of(message: &Message) -> Self {
        let (to, expires_at) = (message.to.clone(), message.expires_at);
        Self { to, expires_at, accepted: 0, doubts: 0, told_doubts: 0, refused: false }
    }
}
