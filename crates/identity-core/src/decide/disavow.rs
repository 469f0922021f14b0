//! The undoing of a change by whoever read a notice of it. Nothing is kept for it: what to undo is read from the user's events.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{Address, Channel};
use crate::base::{ContestId, IdentifierId, TenantId, Timestamp};
use crate::change::{Change, Event, Recorded};
use crate::decide::{Context, Decision};
use crate::policy::NoticeKind;
use crate::secret::{CodeKeys, DisavowToken};
use crate::user::{ContestAnswer, Identifier, MAX_IDENTIFIERS, Refusal, User, Verified};

/// The change that a disavowal undid, or would undo. Sessions that were begun since may be somebody else's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What was told of the change.
    pub change: NoticeKind,
    /// The address that it was told of.
    pub about: Address,
    /// When the change happened.
    pub since: Timestamp,
    /// Whether the address that would come back belongs to another user by now, so that a contest over it was opened. It comes
    /// back unverified until the contest ends.
    pub contested: bool,
}

impl DisavowToken {
    /// Checks that the token was made with one of these keys for this tenant.
    ///
    /// # Errors
    /// [`Refusal::DisavowalKeyGone`] when the key that it names is not among them, otherwise [`Refusal::DisavowalForged`].
    pub fn check(&self, tenant: &TenantId, keys: &CodeKeys) -> Result<(), Refusal> {
        match keys.made(tenant, self) {
            Some(true) => Ok(()),
            Some(false) => Err(Refusal::DisavowalForged),
            None => Err(Refusal::DisavowalKeyGone),
        }
    }
}

/// Whether the policy lets a reader of a notice undo what this event changed.
pub(crate) fn may_be_disavowed(event: &Event, context: &Context<'_>) -> bool {
    let policy = context.policy.disavowal();
    let is_open = match event.change {
        // An owner objects to a contest with the same link, whoever opened it, and its end is final.
        Change::ContestOpened { .. } => true,
        Change::ContestEnded { .. } => false,
        _ => policy.administrators() || !event.actor.is_administrator(),
    };
    policy.window().is_some() && is_open
}

impl User {
    /// Undoes the change that the notice with this token reported, whoever has the token. `history` has all events of the user
    /// up to now.
    ///
    /// * Added: the address goes, and so does what replaced it since. What it replaced comes back.
    /// * Verified: the address is unverified again, if it is still verified by the same evidence.
    /// * Replaced: the old address comes back. The new one goes, and so does what replaced it since.
    /// * Removed: the address comes back.
    /// * Made primary: the address that was primary before is primary again.
    /// * No longer verified: the address is verified again.
    /// * To be removed or replaced: it stays, and the address that was to take its place goes. When that took effect meanwhile, it
    ///   is undone as a removal or a replacement is. As long as it is pending it can be stopped, whatever the window.
    /// * A contest was opened: the owner objects, and keeps the address.
    ///
    /// An address comes back with its id and its evidence, and as the primary one if it was. An address whose arrival was undone
    /// never comes back by another disavowal, in whichever order they come. An address that the holder's road added while the
    /// one that comes back was away goes too, unless another address heard of it that stays: nobody else could disavow it.
    ///
    /// # Errors
    /// * [`Refusal::DisavowalForged`] and [`Refusal::DisavowalKeyGone`], see [`DisavowToken::check`].
    /// * [`Refusal::DisavowalUsed`] when the event was disavowed before.
    /// * [`Refusal::DisavowalOver`] when the policy's window is over, or nothing can be undone.
    /// * [`Refusal::AdministratorOnly`] when an administrator made the change and the policy does not let it be undone.
    /// * [`Refusal::NothingToUndo`] when the change does not stand any more.
    /// * [`Refusal::TooMany`] when the user has [`MAX_IDENTIFIERS`] verified addresses without the one that would come back.
    /// * [`Refusal::Disabled`] when the user is disabled.
    ///
    /// The commit fails when an address that comes back belongs to another user by now. With a [`Context::rival`] the address comes
    /// back unverified, and a contest is opened.
    pub fn disavow(
        &self,
        history: &[Recorded],
        token: &DisavowToken,
        context: &Context<'_>,
    ) -> Result<Decision<Undone>, Refusal> {
        token.check(context.tenant, context.keys)?;
        self.open(context)?;
        let number = token.event();
        let is_it = |recorded: &&Recorded| recorded.number == number && token.user() == self.id();
        let Recorded { event, .. } = history.iter().find(is_it).ok_or(Refusal::DisavowalForged)?;
        let earlier: BTreeSet<u64> = history.iter().filter_map(disavowed).collect();
        if earlier.contains(&number) {
            return Err(Refusal::DisavowalUsed);
        }
        let mut all = earlier.clone();
        all.insert(number);
        if let Change::ContestOpened { id, contest, evidence: None, .. } = &event.change {
            return self.object(*id, *contest, event.at, context);
        }
        let told = Trace::of(history, &all, number, context).ok_or(Refusal::NothingToUndo)?;
        let before = told.before.as_ref().ok_or(Refusal::NothingToUndo)?;
        let (change, id, about) = subject(before, &event.change).ok_or(Refusal::NothingToUndo)?;
        let policy = context.policy.disavowal();
        let lost = match &event.change {
            Change::Removed { id } => Some([*id, *id]),
            Change::Replaced { id, by } => Some([*id, *by]),
            Change::ChangeScheduled { id, by, .. } => Some([*id, by.unwrap_or(*id)]),
            _ => None,
        };
        let pending = told.schedules.get(&id) == Some(&number) && self.scheduled().any(|(entry, _)| entry.id == id);
        let is_last = lost
            .is_some_and(|lost| !before.identifiers().any(|entry| entry.is_verified() && !lost.contains(&entry.id)));
        let window = if is_last { policy.window_of_last() } else { policy.window() };
        if window.is_none_or(|window| !pending && context.now >= event.at + window) {
            return Err(Refusal::DisavowalOver);
        }
        if !may_be_disavowed(event, context) {
            return Err(Refusal::AdministratorOnly);
        }

        let mut changes = Changes { user: self.clone(), list: Vec::new(), context };
        if pending {
            changes.push(Change::ChangeStopped { id });
        }
        let (mut back, gone) = self.exchange(&told, &mut changes)?;
        self.judge_again(&told, &event.change, number, &mut back, &mut changes);
        self.crown(&told, number, &back, &mut changes);
        if changes.list.is_empty() {
            // What is not there now must not come back by another disavowal.
            let without = Trace::of(history, &earlier, number, context).ok_or(Refusal::NothingToUndo)?;
            let was_verified = |id: &IdentifierId| told.departures.get(id).is_some_and(|gone| gone.entry.is_verified());
            let barred = told.tainted.difference(&without.tainted).any(was_verified);
            let rejected = |(id, evidence): &(IdentifierId, Verified)| {
                let gone = told.departures.get(id).filter(|_| self.identifier(*id).is_none());
                gone.is_some_and(|gone| gone.entry.verified() == Some(evidence)) && !told.tainted.contains(id)
            };
            let stood = told.latest.values().any(|latest| *latest == number);
            if !barred
                && !stood
                && !told.rejected.iter().filter(|known| !without.rejected.contains(known)).any(rejected)
            {
                return Err(Refusal::NothingToUndo);
            }
        }
        let shown = back.first().map(|(id, _)| *id).or(gone.first().copied()).unwrap_or(id);
        let contested = changes.list.iter().any(|change| matches!(change, Change::ContestOpened { .. }));
        changes.list.insert(0, Change::Disavowed { number, id: shown });
        Ok(Decision::of(context, changes.list, Undone { change, about, since: event.at, contested }))
    }

    /// Objects to a contest for its owner.
    fn object(
        &self,
        id: IdentifierId,
        contest: ContestId,
        since: Timestamp,
        context: &Context<'_>,
    ) -> Result<Decision<Undone>, Refusal> {
        let over = |refusal| if refusal == Refusal::NoContest { Refusal::NothingToUndo } else { refusal };
        let Decision { events, .. } = self.answer_contest(contest, ContestAnswer::Object, context).map_err(over)?;
        let about = self.identifier(id).ok_or(Refusal::NothingToUndo)?.address.clone();
        Ok(Decision { events, outcome: Undone { change: NoticeKind::Contested, about, since, contested: false } })
    }

    /// Verifies an address again with its earlier evidence, or contests it where it belongs to another user by now. Answers whether
    /// it is verified.
    fn verify_again(
        &self,
        id: IdentifierId,
        address: &Address,
        evidence: &Verified,
        changes: &mut Changes<'_>,
    ) -> bool {
        let contest = self.contest_over(id, address, evidence, changes.context);
        let is_verified = contest.is_none();
        changes.push(contest.unwrap_or_else(|| Change::Verified { id, verified: evidence.clone() }));
        is_verified
    }

    /// Brings back what went by changes that are undone, and takes away what arrived by them.
    fn exchange(&self, told: &Trace, changes: &mut Changes<'_>) -> Result<(Back, Vec<IdentifierId>), Refusal> {
        let gone: Vec<_> = self.identifiers().map(|entry| entry.id).filter(|id| told.tainted.contains(id)).collect();
        for id in &gone {
            changes.push(Change::Removed { id: *id });
        }
        let mut back = Vec::new();
        for (id, Departure { entry, primary, undone }) in &told.departures {
            let Some(verified) = entry.verified().filter(|verified| !told.rejects(*id, verified)) else { continue };
            if !*undone || told.tainted.contains(id) || self.identifier(*id).is_some() {
                continue;
            }
            let channel = entry.address.channel();
            let key = entry.address.claim_key();
            let again = |other: &&Identifier| other.address.claim_key() == key;
            let twin = changes.user.book(channel).entries().iter().find(again);
            if twin.is_some_and(Identifier::is_verified) {
                continue;
            }
            let mut leaves: Vec<IdentifierId> = twin.map(|twin| twin.id).into_iter().collect();
            let book = changes.user.book(channel).entries();
            if leaves.is_empty() && book.len() >= MAX_IDENTIFIERS {
                // Nobody keeps an address from coming back by adding others: an unverified one grants nothing.
                let unverified = book.iter().rfind(|entry| !entry.is_verified());
                leaves.push(unverified.ok_or(Refusal::TooMany(channel))?.id);
            }
            leaves.into_iter().for_each(|id| changes.push(Change::Removed { id }));
            changes.push(Change::Added {
                id: *id,
                address: entry.address.clone(),
                source: entry.source.clone(),
                unrestricted: entry.unrestricted,
                replaces: None,
            });
            let is_verified = self.verify_again(*id, &entry.address, verified, changes);
            if entry.label.is_some() {
                changes.push(Change::Labelled { id: *id, label: entry.label.clone() });
            }
            if is_verified {
                back.push((*id, *primary));
            }
        }
        Ok((back, gone))
    }

    /// Takes away or brings back the evidence that the undone change itself was about.
    fn judge_again(&self, told: &Trace, change: &Change, number: u64, back: &mut Back, changes: &mut Changes<'_>) {
        match change {
            Change::Verified { id, verified }
                if !told.tainted.contains(id)
                    && self.identifier(*id).is_some_and(|entry| entry.verified() == Some(verified)) =>
            {
                changes.push(Change::Unverified { id: *id });
            }
            Change::Unverified { id } if told.judged.get(id) == Some(&number) => {
                let before = told.before.as_ref().and_then(|user| user.identifier(*id)?.verified());
                let stands = self.identifier(*id).filter(|entry| !entry.is_verified());
                if let Some((entry, verified)) = stands.zip(before).filter(|(_, verified)| !told.rejects(*id, verified))
                    && self.verify_again(*id, &entry.address, verified, changes)
                {
                    back.push((*id, told.was_primary));
                }
            }
            _ => {}
        }
    }

    /// Makes primary what came back as such, or the latest earlier primary address where the present one went or there is none.
    fn crown(&self, told: &Trace, number: u64, back: &Back, changes: &mut Changes<'_>) {
        for channel in [Channel::Email, Channel::Phone] {
            let book = changes.user.book(channel);
            let is_verified = |id: &IdentifierId| book.get(*id).is_some_and(Identifier::is_verified);
            let returned = back.iter().filter(|(_, primary)| *primary).map(|(id, _)| *id).rfind(is_verified);
            let now = self.book(channel).primary();
            let undone = told.latest.get(&channel) == Some(&number);
            let stays = |now: &Identifier| book.is_primary(now.id) && is_verified(&now.id) == now.is_verified();
            let came = || back.iter().any(|(id, _)| is_verified(id));
            let wanted = if returned.is_some() {
                returned
            } else if now.map_or_else(came, |now| undone || !stays(now)) {
                let gone = now.map(|now| now.id);
                let earlier = told.primaries.iter().rev().filter(|(of, _)| *of == channel).map(|(_, id)| *id);
                let mut earlier = earlier.filter(|id| Some(*id) != gone && is_verified(id));
                let other = earlier.next().or_else(|| changes.user.heir(channel, gone, changes.context));
                // Where there is no other it stays, until the one comes back that was primary.
                other.or_else(|| gone.filter(is_verified))
            } else {
                continue;
            };
            if book.primary().map(|entry| entry.id) != wanted {
                changes.push(Change::PrimaryChanged { channel, id: wanted });
            }
        }
    }
}

/// The addresses that came back, each with whether it was primary.
type Back = Vec<(IdentifierId, bool)>;

/// The changes of an undo, each applied to the user before the next is chosen.
struct Changes<'a> {
    user: User,
    list: Vec<Change>,
    context: &'a Context<'a>,
}

impl Changes<'_> {
    fn push(&mut self, change: Change) {
        self.user.fold(&self.context.event(change.clone()));
        self.list.push(change);
    }
}

/// An address that went: as it was, whether it was primary, and whether the change that took it is undone.
struct Departure {
    entry: Identifier,
    primary: bool,
    undone: bool,
}

/// What the events of a user come to when some of them are disavowed.
struct Trace {
    /// The user before the event in question, and whether the address that it was about was primary.
    before: Option<User>,
    was_primary: bool,
    /// The addresses whose arrival is undone.
    tainted: BTreeSet<IdentifierId>,
    /// The latest departure of each address that went.
    departures: BTreeMap<IdentifierId, Departure>,
    /// The evidence that is undone.
    rejected: Vec<(IdentifierId, Verified)>,
    /// The number of the event that verified or unverified an address last.
    judged: BTreeMap<IdentifierId, u64>,
    /// The addresses that became primary one after the other, without the changes that are undone.
    primaries: Vec<(Channel, IdentifierId)>,
    /// The number of the event that changed the primary address of a kind last.
    latest: BTreeMap<Channel, u64>,
    /// The number of the event by which an address was to go last.
    schedules: BTreeMap<IdentifierId, u64>,
    /// The addresses whose removal, to take effect later, is undone.
    kept: BTreeSet<IdentifierId>,
}

impl Trace {
    /// Goes through the history of a user; `None` when it does not begin with the user's creation.
    fn of(history: &[Recorded], disavowed: &BTreeSet<u64>, number: u64, context: &Context<'_>) -> Option<Self> {
        let (first, rest) = history.split_first()?;
        let mut user = User::from_events(std::slice::from_ref(&first.event))?;
        let mut arrived: BTreeSet<IdentifierId> = user.identifiers().map(|entry| entry.id).collect();
        let books = [user.emails(), user.phones()].into_iter();
        let mut told = Self {
            before: None,
            was_primary: false,
            tainted: BTreeSet::new(),
            departures: BTreeMap::new(),
            rejected: Vec::new(),
            judged: BTreeMap::new(),
            primaries: books.filter_map(|book| Some((book.channel(), book.primary()?.id))).collect(),
            latest: BTreeMap::new(),
            schedules: BTreeMap::new(),
            kept: BTreeSet::new(),
        };
        // What the change before took away, if that is undone and the next belongs to the same decision.
        let mut undone_at = None;
        for (place, Recorded { number: reached, event }) in rest.iter().enumerate() {
            let next = rest.get(place + 1).map(|next| &next.event);
            let is_undone = disavowed.contains(reached);
            if *reached == number {
                told.was_primary = event.change.identifier().is_some_and(|id| told.is_primary(&user, id));
                told.before = Some(user.clone());
            }
            match &event.change {
                Change::Added { id, .. } => {
                    let unheard = || !event.actor.is_administrator() && told.was_unheard_of(&user, context);
                    // What comes back by another disavowal arrives for the first time only once.
                    if arrived.insert(*id) && (is_undone || unheard()) {
                        told.tainted.insert(*id);
                    }
                }
                Change::Verified { id, verified } => {
                    told.judged.insert(*id, *reached);
                    // A verification that replaced an address is one change with the replacement.
                    let replaces = match next.map(|next| &next.change) {
                        Some(Change::Replaced { by, .. }) => by == id,
                        Some(Change::ChangeScheduled { by, .. }) => *by == Some(*id),
                        _ => false,
                    };
                    if is_undone && replaces {
                        told.tainted.insert(*id);
                    } else if is_undone {
                        told.rejected.push((*id, verified.clone()));
                    }
                }
                Change::Unverified { id } => {
                    told.judged.insert(*id, *reached);
                }
                Change::Replaced { id, by } => {
                    if is_undone || (told.tainted.contains(id) && may_be_disavowed(event, context)) {
                        told.tainted.insert(*by);
                    }
                    let undone = told.tainted.contains(by);
                    undone_at = Some(event.at).filter(|_| undone);
                    told.depart(&user, *id, undone);
                }
                Change::Removed { id } => {
                    let follows = event.actor.is_administrator() && undone_at == Some(event.at);
                    let was_kept = told.kept.remove(id) && !event.actor.is_administrator();
                    told.depart(&user, *id, is_undone || follows || was_kept);
                }
                Change::ChangeScheduled { id, by, .. } => {
                    told.schedules.insert(*id, *reached);
                    told.kept.remove(id);
                    let undone = is_undone || (told.tainted.contains(id) && may_be_disavowed(event, context));
                    match by {
                        Some(by) if undone => drop(told.tainted.insert(*by)),
                        None if undone => drop(told.kept.insert(*id)),
                        _ => {}
                    }
                }
                Change::ChangeStopped { id } => drop(told.kept.remove(id)),
                Change::PrimaryChanged { channel, id } => {
                    told.latest.insert(*channel, *reached);
                    told.primaries.extend(id.filter(|_| !is_undone).map(|id| (*channel, id)));
                }
                _ => {}
            }
            if !matches!(event.change, Change::Replaced { .. }) {
                undone_at = None;
            }
            user.fold(event);
        }
        Some(told)
    }

    /// Whether nobody heard that an address was added to this user, because whoever would have heard of it was away by a change
    /// that is undone, or because addresses alone heard of it whose own arrival is undone.
    fn was_unheard_of(&self, user: &User, context: &Context<'_>) -> bool {
        let tells = |entry: &&Identifier| {
            entry.is_verified() && context.policy.notice().tells(entry.address.channel(), NoticeKind::Added)
        };
        let is_tainted = |entry: &&Identifier| self.tainted.contains(&entry.id);
        let away = self.departures.values().filter(|gone| gone.undone && user.identifier(gone.entry.id).is_none());
        let deaf = away.map(|gone| &gone.entry).any(|entry| tells(&entry))
            || user.identifiers().filter(is_tainted).any(|entry| tells(&entry));
        deaf && !user.identifiers().filter(tells).any(|entry| !is_tainted(&entry))
    }

    /// Whether this address is the primary one of its kind without the changes that are undone.
    fn is_primary(&self, user: &User, id: IdentifierId) -> bool {
        let Some(entry) = user.identifier(id) else { return false };
        let of_kind = self.primaries.iter().rev().filter(|(channel, _)| *channel == entry.address.channel());
        let mut stands = of_kind.filter(|(_, id)| !self.tainted.contains(id) && user.identifier(*id).is_some());
        stands.next().is_some_and(|(_, primary)| *primary == id)
    }

    fn depart(&mut self, user: &User, id: IdentifierId, undone: bool) {
        if let Some(entry) = user.identifier(id) {
            let primary = self.is_primary(user, id);
            self.departures.insert(id, Departure { entry: entry.clone(), primary, undone });
        }
    }

    fn rejects(&self, id: IdentifierId, verified: &Verified) -> bool {
        self.rejected.iter().any(|(of, evidence)| *of == id && evidence == verified)
    }
}

fn disavowed(recorded: &Recorded) -> Option<u64> {
    match recorded.event.change {
        Change::Disavowed { number, .. } => Some(number),
        _ => None,
    }
}

/// What a notice told of a change: the kind, and the identifier with its address.
fn subject(before: &User, change: &Change) -> Option<(NoticeKind, IdentifierId, Address)> {
    let (kind, id) = match change {
        Change::Added { id, address, .. } => return Some((NoticeKind::Added, *id, address.clone())),
        Change::Verified { id, .. } => (NoticeKind::Verified, *id),
        Change::Replaced { by, .. } => (NoticeKind::Replaced, *by),
        Change::PrimaryChanged { id: Some(id), .. } => (NoticeKind::MadePrimary, *id),
        Change::Removed { id } => (NoticeKind::Removed, *id),
        Change::ChangeScheduled { id, .. } => (NoticeKind::Scheduled, *id),
        Change::Unverified { id } => (NoticeKind::Unverified, *id),
        _ => return None,
    };
    Some((kind, id, before.identifier(id)?.address.clone()))
}
