//! The rows that commits write.

use std::sync::Arc;

use identity_core::{
    Actor, BudgetKind, Charge, Claim, Content, Event, EventFormat, IdentifierId, Message, Recorded, Refund, Strength,
    User, UserKey, WhenExhausted,
};
use identity_ports::{Commit, Expected, StoreError};

use super::job::Job;
use super::{identifiers, layout};
use crate::cells::{json, json_unless_default, signed};
use crate::sql::Rows;

/// The format of a message's contents that this program writes and reads.
pub(crate) const FORMAT: u8 = 1;

/// The rows of the commits of one statement, table by table.
pub(super) struct Parts<'a> {
    pub(super) commits: Rows<'a>,
    pub(super) created: Rows<'a>,
    pub(super) changed: Rows<'a>,
    pub(super) gone: Rows<'a>,
    pub(super) profiles: Rows<'a>,
    pub(super) identifiers: Rows<'a>,
    pub(super) dropped: Rows<'a>,
    pub(super) cleared: Rows<'a>,
    pub(super) released: Rows<'a>,
    pub(super) taken: Rows<'a>,
    pub(super) events: Rows<'a>,
    pub(super) charges: Rows<'a>,
    pub(super) refunds: Rows<'a>,
    pub(super) budgets: Rows<'a>,
    pub(super) steps: Rows<'a>,
    pub(super) withdrawn: Rows<'a>,
    pub(super) messages: Rows<'a>,
    /// The claims that are taken, with those who take them.
    takers: Vec<Taker<'a>>,
    charged: Vec<Drawn<'a>>,
    returned: Vec<(i64, &'a UserKey, &'a Refund)>,
    /// The number of messages that draw on a budget.
    paid: i64,
}

struct Taker<'a> {
    n: i64,
    place: i64,
    tenant: &'a str,
    user: &'a str,
    claim: &'a Claim,
    gone: bool,
}

/// A charge, and the message and commit that it belongs to; `m` is 0 for a charge of the commit itself.
pub(super) struct Drawn<'a> {
    pub(super) n: i64,
    pub(super) m: i64,
    pub(super) key: &'a UserKey,
    pub(super) charge: &'a Charge,
    /// Whether its commit touches this or another budget more than once.
    intricate: bool,
}

impl<'a> Parts<'a> {
    pub(super) fn new() -> Self {
        Self {
            commits: Rows::new(layout::COMMITS),
            created: Rows::new(layout::USERS),
            changed: Rows::new(layout::USERS),
            gone: Rows::new(layout::GONE),
            profiles: Rows::new(layout::PROFILES),
            identifiers: Rows::new(layout::IDENTIFIERS),
            dropped: Rows::new(layout::DROPPED),
            cleared: Rows::new(layout::CLEARED),
            released: Rows::new(layout::RELEASED),
            taken: Rows::new(layout::TAKEN),
            events: Rows::new(layout::EVENTS),
            charges: Rows::new(layout::CHARGES),
            refunds: Rows::new(layout::REFUNDS),
            budgets: Rows::new(layout::BUDGETS),
            steps: Rows::new(layout::STEPS),
            withdrawn: Rows::new(layout::WITHDRAWN),
            messages: Rows::new(layout::MESSAGES),
            takers: Vec::new(),
            charged: Vec::new(),
            returned: Vec::new(),
            paid: 0,
        }
    }

    /// Adds a commit as the next one.
    pub(super) fn add(&mut self, job: &'a Job) -> Result<(), StoreError> {
        let commit = &job.commit;
        let n = i64::try_from(self.commits.count() + 1).map_err(StoreError::failed)?;
        let (tenant, id) = (commit.key.tenant.as_str(), commit.key.user.as_str());
        let expected = match commit.expected {
            Expected::Absent => None,
            Expected::At(version) => Some(signed(version.0)?),
        };
        let first = signed(job.first())?;
        self.commits.push([n.into(), tenant.into(), id.into(), expected.into(), first.into(), job.id.into()]);
        self.user(n, commit, expected)?;
        self.events(n, job)?;
        self.claims(n, commit);
        if let Some(after) = &commit.after {
            let before = commit.before.as_deref().filter(|_| expected.is_some());
            if expected.is_some() && before.is_none() {
                self.cleared.push([n.into(), tenant.into(), id.into()]);
            }
            identifiers::write(self, n, &commit.key, before, after)?;
            self.profile(n, &commit.key, before, after, expected.is_some())?;
        }
        for identifier in commit.withdraw.iter().filter(|_| commit.after.is_some()) {
            self.withdrawn.push([n.into(), tenant.into(), id.into(), identifier.as_uuid().into()]);
        }
        self.messages(n, job)
    }

    fn user(&mut self, n: i64, commit: &'a Commit, expected: Option<i64>) -> Result<(), StoreError> {
        let (tenant, id) = (commit.key.tenant.as_str(), commit.key.user.as_str());
        let Some(user) = &commit.after else {
            if expected.is_some() {
                self.gone.push([n.into(), tenant.into(), id.into(), expected.into()]);
            }
            return Ok(());
        };
        let retired = user.retired();
        let row = [
            n.into(),
            tenant.into(),
            id.into(),
            signed(commit.version().0)?.into(),
            user.created_at().as_micros().into(),
            user.updated_at().as_micros().into(),
            user.is_disabled().into(),
            user.primary_email().map(|entry| entry.id.as_uuid()).into(),
            user.primary_phone().map(|entry| entry.id.as_uuid()).into(),
            if retired.is_empty() { None } else { Some(json(&retired)?) }.into(),
            expected.into(),
        ];
        if expected.is_some() {
            self.changed.push(row)
        } else {
            self.created.push(row)
        }
        Ok(())
    }

    fn events(&mut self, n: i64, job: &'a Job) -> Result<(), StoreError> {
        let commit = &job.commit;
        for Recorded { number, event } in &commit.events {
            let stripped = commit.after.is_none().then(|| event.clone().stripped());
            let Event { change, .. } = stripped.as_ref().unwrap_or(event);
            let actor = match &event.actor {
                Actor::Holder => None,
                Actor::Administrator(name) => Some(&**name),
            };
            self.events.push([
                n.into(),
                commit.key.tenant.as_str().into(),
                commit.key.user.as_str().into(),
                signed(*number)?.into(),
                i64::from(EventFormat::VERSION).into(),
                event.at.as_micros().into(),
                actor.into(),
                change.kind().into(),
                json(change)?.into(),
                job.id.into(),
            ]);
        }
        Ok(())
    }

    fn claims(&mut self, n: i64, commit: &'a Commit) {
        let (tenant, user) = (commit.key.tenant.as_str(), commit.key.user.as_str());
        let changes = &commit.claims;
        // A claim that is released and taken in one commit is taken: two parts of one statement must not write one row.
        let given_up = changes.release.iter().filter(|key| !changes.take.iter().any(|claim| claim.key == **key));
        let mut given_up: Vec<_> = given_up.collect();
        given_up.sort_unstable();
        given_up.dedup();
        // A user who is erased loses all claims anyway.
        for key in given_up.into_iter().filter(|_| commit.after.is_some()) {
            let (kind, rule) = (key.kind().as_str(), i64::from(key.rule()));
            self.released.push([n.into(), tenant.into(), kind.into(), key.as_str().into(), rule.into(), user.into()]);
        }
        for (place, claim) in (1..).zip(&changes.take) {
            let gone = commit.after.is_none();
            self.takers.push(Taker { n, place, tenant, user, claim, gone });
        }
    }

    fn profile(
        &mut self,
        n: i64,
        key: &'a UserKey,
        before: Option<&User>,
        after: &'a User,
        known: bool,
    ) -> Result<(), StoreError> {
        let same = |user: &User| {
            let (old, new) = (user.profile(), after.profile());
            shared(&old.claims, &new.claims)
                && shared(&old.public_data, &new.public_data)
                && shared(&old.private_data, &new.private_data)
                && user.credentials() == after.credentials()
                && user.sign_ins() == after.sign_ins()
        };
        if before.is_some_and(same) {
            return Ok(());
        }
        let claims = json_unless_default(&*after.profile().claims)?;
        let public_data = json_unless_default(&*after.profile().public_data)?;
        let private_data = json_unless_default(&*after.profile().private_data)?;
        let credentials = json_unless_default(after.credentials())?;
        let sign_ins = json_unless_default(after.sign_ins())?;
        let columns = [&claims, &public_data, &private_data, &credentials, &sign_ins];
        if known || columns.iter().any(|column| column.is_some()) {
            self.profiles.push([
                n.into(),
                key.tenant.as_str().into(),
                key.user.as_str().into(),
                claims.into(),
                public_data.into(),
                private_data.into(),
                credentials.into(),
                sign_ins.into(),
            ]);
        }
        Ok(())
    }

    fn messages(&mut self, n: i64, job: &'a Job) -> Result<(), StoreError> {
        let (commit, intricate) = (&job.commit, job.intricate);
        let first = self.charged.len();
        let own = commit.charges.iter();
        self.charged.extend(own.map(|charge| Drawn { n, m: 0, key: &commit.key, charge, intricate }));
        for outgoing in &commit.messages {
            let m = if outgoing.charges.is_empty() {
                0
            } else {
                self.paid += 1;
                self.paid
            };
            let charges = outgoing.charges.iter();
            self.charged.extend(charges.map(|charge| Drawn { n, m, key: &commit.key, charge, intricate }));
            if commit.after.is_some() {
                self.message(n, m, &outgoing.message)?;
            }
        }
        if intricate {
            self.ledger(n, commit, first);
        } else {
            self.returned.extend(commit.refunds.iter().map(|refund| (n, &commit.key, refund)));
        }
        Ok(())
    }

    /// Adds what an intricate commit, whose charges are those from `first` on, does to its budgets.
    fn ledger(&mut self, n: i64, commit: &'a Commit, first: usize) {
        let refunds =
            commit.refunds.iter().map(|refund| (0, 0, (refund.kind, &*refund.quota), Terms::of_refund(refund)));
        let charged = (1..).zip(&self.charged).skip(first);
        let charges =
            charged.map(|(i, Drawn { m, charge, .. })| (*m, i, (charge.kind, &*charge.quota), Terms::of(charge)));
        let steps: Vec<_> = refunds.chain(charges).collect();
        // All statements lock budgets in this order.
        let mut budgets: Vec<(BudgetKind, &str)> = steps.iter().map(|(.., budget, _)| *budget).collect();
        budgets.sort_unstable();
        budgets.dedup();
        let tenant = commit.key.tenant.as_str();
        for (b, (kind, quota)) in (1_i64..).zip(&budgets) {
            self.budgets.push([n.into(), b.into(), tenant.into(), kind.as_str().into(), (*quota).into()]);
        }
        for (s, (m, i, budget, terms)) in (1_i64..).zip(steps) {
            let b = budgets.partition_point(|other| *other < budget) + 1;
            let b = i64::try_from(b).unwrap_or(i64::MAX);
            let Terms { amount, room, opened, at, length, effect } = terms;
            self.steps.push([
                n.into(),
                s.into(),
                m.into(),
                i.into(),
                b.into(),
                amount.into(),
                room.into(),
                opened.into(),
                at.into(),
                length.into(),
                effect.into(),
            ]);
        }
    }

    fn message(&mut self, n: i64, m: i64, message: &'a Message) -> Result<(), StoreError> {
        let (address, typed) = (message.to.as_str(), message.to.typed());
        self.messages.push([
            n.into(),
            m.into(),
            message.key.tenant.as_str().into(),
            message.key.user.as_str().into(),
            message.id.as_uuid().into(),
            i64::from(FORMAT).into(),
            message.to.channel().as_str().into(),
            address.into(),
            (typed != address).then_some(typed).into(),
            json(&message.content)?.into(),
            message.locale.as_deref().into(),
            message.created_at.as_micros().into(),
            message.expires_at.as_micros().into(),
            identifier(&message.content).map(IdentifierId::as_uuid).into(),
        ]);
        Ok(())
    }

    /// Makes a statement that several commits share name all of its parts, whatever the commits write. Every connection plans
    /// every text that it meets, and a plan takes the server about a megabyte.
    fn name(&mut self) {
        let usual = [
            &mut self.created,
            &mut self.changed,
            &mut self.profiles,
            &mut self.identifiers,
            &mut self.dropped,
            &mut self.released,
            &mut self.taken,
            &mut self.charges,
            &mut self.refunds,
            &mut self.withdrawn,
            &mut self.messages,
        ];
        usual.into_iter().for_each(Rows::name);
        let rare = [&mut self.gone, &mut self.cleared];
        if rare.iter().any(|rows| rows.is_named()) {
            rare.into_iter().for_each(Rows::name);
        }
    }

    /// Sorts the rows of claims and budgets, which all statements lock in the same order, and gives the charges in the order of
    /// their `i`.
    pub(super) fn finish(&mut self) -> Vec<Drawn<'a>> {
        if self.commits.count() > 1 {
            self.name();
        }
        self.takers.sort_unstable_by_key(|taker| (taker.tenant, &taker.claim.key));
        for Taker { n, place, tenant, user, claim, gone } in &self.takers {
            let strength = match claim.strength {
                Strength::Verified => "verified",
                Strength::Unverified => "unverified",
            };
            let key = &claim.key;
            self.taken.push([
                (*n).into(),
                (*place).into(),
                (*tenant).into(),
                key.kind().as_str().into(),
                key.as_str().into(),
                i64::from(key.rule()).into(),
                (*user).into(),
                strength.into(),
                (*gone).into(),
            ]);
        }
        let place = |key: &'a UserKey, refund: &'a Refund| (key.tenant.as_str(), refund.kind, refund.quota.as_str());
        self.returned.sort_unstable_by(|(_, key, one), (_, others, other)| place(key, one).cmp(&place(others, other)));
        for (n, key, refund) in &self.returned {
            self.refunds.push([
                (*n).into(),
                key.tenant.as_str().into(),
                refund.kind.as_str().into(),
                refund.quota.as_str().into(),
                i64::try_from(refund.amount).unwrap_or(i64::MAX).into(),
                refund.at.as_micros().into(),
            ]);
        }
        let order = |drawn: &Drawn<'a>| (drawn.key.tenant.as_str(), drawn.charge.kind, drawn.charge.quota.as_str());
        let plain = (1..).zip(&self.charged).filter(|(_, drawn)| !drawn.intricate);
        let mut charged: Vec<(i64, &Drawn<'a>)> = plain.collect();
        charged.sort_unstable_by(|(_, one), (_, other)| order(one).cmp(&order(other)));
        for (i, Drawn { n, m, key, charge, .. }) in charged {
            let Terms { amount, room, opened, at, length, effect } = Terms::of(charge);
            self.charges.push([
                (*n).into(),
                (*m).into(),
                i.into(),
                key.tenant.as_str().into(),
                charge.kind.as_str().into(),
                charge.quota.as_str().into(),
                amount.into(),
                room.into(),
                opened.into(),
                at.into(),
                length.into(),
                effect.into(),
            ]);
        }
        std::mem::take(&mut self.charged)
    }
}

/// A charge as the database counts, or a refund, for which only `amount` and `at` matter.
struct Terms {
    amount: i64,
    /// The largest amount already drawn that leaves room for the charge.
    room: i64,
    /// A window that began after this time is open.
    opened: i64,
    at: i64,
    length: i64,
    effect: &'static str,
}

impl Terms {
    fn of_refund(refund: &Refund) -> Self {
        let amount = i64::try_from(refund.amount).unwrap_or(i64::MAX);
        Self { amount, room: 0, opened: 0, at: refund.at.as_micros(), length: 0, effect: "refund" }
    }

    fn of(charge: &Charge) -> Self {
        let length = i64::try_from(charge.budget.window.as_micros()).unwrap_or(i64::MAX);
        let at = charge.at.as_micros();
        let room = i128::from(charge.budget.limit) - i128::from(charge.amount);
        let least = if room < 0 { i64::MIN } else { i64::MAX };
        Self {
            amount: i64::try_from(charge.amount).unwrap_or(i64::MAX),
            room: i64::try_from(room).unwrap_or(least),
            opened: at.saturating_sub(length),
            at,
            length,
            effect: match charge.when_exhausted {
                WhenExhausted::Refuse => "refuse",
                WhenExhausted::Withhold => "withhold",
                WhenExhausted::Record => "record",
            },
        }
    }
}

/// The identifier whose challenge a message carries.
const fn identifier(content: &Content) -> Option<IdentifierId> {
    match content {
        Content::Challenge { identifier, .. } => Some(*identifier),
        _ => None,
    }
}

/// Whether both are equal; quick when they are the same value.
fn shared<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}
