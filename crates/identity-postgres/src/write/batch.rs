//! The rows that commits write.

use identity_core::{Charge, Content, IdentifierId, LookupEntry, Message, Refund, Strength, UserKey, WhenExhausted};
use identity_ports::{Expected, StoreError};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::job::{Details, Job};
use super::layout;
use crate::cells::{json, signed};
use crate::sql::{Rows, Sql, Texts};

/// The format of a message's contents that this program writes and reads.
pub(crate) const FORMAT: u8 = 1;

/// The rows of the commits of one flight, table by table. All commits are of one tenant.
pub(super) struct Parts<'a> {
    tenant: &'a str,
    keys: Rows<'a>,
    commits: Rows<'a>,
    taken: Rows<'a>,
    draws: Rows<'a>,
    profiles: Rows<'a>,
    found: Rows<'a>,
    messages: Rows<'a>,
    lost: Rows<'a>,
    released: Rows<'a>,
    emptied: Rows<'a>,
    withdrawn: Rows<'a>,
    gone: Rows<'a>,
    enqueued: Vec<Uuid>,
    charged: Vec<Drawn<'a>>,
    /// The number of messages that draw on a budget.
    paid: i64,
    intricate: bool,
}

/// A charge, and the message and commit that it belongs to; `m` is 0 for a charge of the commit itself.
pub(super) struct Drawn<'a> {
    pub(super) n: i64,
    pub(super) m: i64,
    pub(super) key: &'a UserKey,
    pub(super) charge: &'a Charge,
}

impl<'a> Parts<'a> {
    pub(super) fn of(jobs: &[&'a Job]) -> Result<Self, StoreError> {
        let mut parts = Self {
            tenant: jobs.first().map_or("", |job| job.commit.key.tenant.as_str()),
            keys: Rows::new(layout::KEYS),
            commits: Rows::new(layout::COMMITS),
            taken: Rows::new(layout::TAKEN),
            draws: Rows::new(layout::DRAWS),
            profiles: Rows::new(layout::PROFILES),
            found: Rows::new(layout::FOUND),
            messages: Rows::new(layout::MESSAGES),
            lost: Rows::new(layout::LOST),
            released: Rows::new(layout::RELEASED),
            emptied: Rows::new(layout::USERS),
            withdrawn: Rows::new(layout::WITHDRAWN),
            gone: Rows::new(layout::USERS),
            enqueued: Vec::new(),
            charged: Vec::new(),
            paid: 0,
            intricate: false,
        };
        for (n, job) in (1..).zip(jobs) {
            parts.add(n, job)?;
        }
        Ok(parts)
    }

    fn add(&mut self, n: i64, job: &'a Job) -> Result<(), StoreError> {
        let (commit, id) = (&job.commit, job.commit.key.user.as_str());
        let expected = match commit.expected {
            Expected::Absent => None,
            Expected::At(version) => Some(signed(version.0)?),
        };
        let after = commit.after.as_deref();
        self.commits.push([
            n.into(),
            id.into(),
            expected.into(),
            signed(job.first())?.into(),
            signed(commit.version().0)?.into(),
            after.map(|user| user.created_at().as_micros()).into(),
            after.map(|user| user.updated_at().as_micros()).into(),
            job.id.into(),
            job.record.as_deref().into(),
            job.events.as_str().into(),
            (!job.keys.is_empty()).into(),
        ]);
        for key in &job.keys {
            self.keys.push([n.into(), (*key).into()]);
        }
        self.intricate |= job.intricate;
        match &job.details {
            Details::Is(record) => self.profiles.push([n.into(), id.into(), record.as_str().into()]),
            Details::Goes => self.emptied.push([n.into(), id.into()]),
            Details::Stays => {}
        }
        for LookupEntry { key, identifier, verified } in &job.lookup.put {
            let (kind, rule) = (key.kind().as_str(), i64::from(key.rule()));
            let (key, identifier) = (key.as_str().into(), identifier.as_uuid().into());
            self.found.push([n.into(), id.into(), kind.into(), key, rule.into(), identifier, (*verified).into()]);
        }
        for LookupEntry { key, identifier, .. } in &job.lookup.remove {
            let (kind, rule) = (key.kind().as_str(), i64::from(key.rule()));
            let identifier = identifier.as_uuid().into();
            self.lost.push([n.into(), id.into(), kind.into(), key.as_str().into(), rule.into(), identifier]);
        }
        self.claims(n, job);
        if after.is_some() {
            for identifier in &commit.withdraw {
                self.withdrawn.push([n.into(), id.into(), identifier.as_uuid().into()]);
            }
        } else {
            self.gone.push([n.into(), id.into()]);
        }
        self.messages(n, job)
    }

    fn claims(&mut self, n: i64, job: &'a Job) {
        let (changes, id) = (&job.commit.claims, job.commit.key.user.as_str());
        for (place, claim) in (1_i64..).zip(&changes.take) {
            let strength = match claim.strength {
                Strength::Verified => "verified",
                Strength::Unverified => "unverified",
            };
            let (kind, key, rule) = (claim.key.kind().as_str(), claim.key.as_str(), i64::from(claim.key.rule()));
            let (kind, key, rule) = (kind.into(), key.into(), rule.into());
            self.taken.push([n.into(), place.into(), id.into(), kind, key, rule, strength.into()]);
        }
        // A claim that is released and taken in one commit is taken.
        for key in changes.release.iter().filter(|key| !changes.take.iter().any(|claim| claim.key == **key)) {
            let (kind, rule) = (key.kind().as_str(), i64::from(key.rule()));
            self.released.push([n.into(), id.into(), kind.into(), key.as_str().into(), rule.into()]);
        }
    }

    fn messages(&mut self, n: i64, job: &'a Job) -> Result<(), StoreError> {
        let (commit, key) = (&job.commit, &job.commit.key);
        for refund in &commit.refunds {
            self.draw(n, 0, 0, (refund.kind.as_str(), &refund.quota), &Terms::of_refund(refund));
        }
        for charge in &commit.charges {
            self.charge(Drawn { n, m: 0, key, charge });
        }
        for outgoing in &commit.messages {
            let m = if outgoing.charges.is_empty() {
                0
            } else {
                self.paid += 1;
                self.paid
            };
            for charge in &outgoing.charges {
                self.charge(Drawn { n, m, key, charge });
            }
            if commit.after.is_some() {
                self.message(n, m, &outgoing.message)?;
            }
        }
        Ok(())
    }

    fn charge(&mut self, drawn: Drawn<'a>) {
        let Drawn { n, m, charge, .. } = drawn;
        self.charged.push(drawn);
        let i = i64::try_from(self.charged.len()).unwrap_or(i64::MAX);
        self.draw(n, m, i, (charge.kind.as_str(), &charge.quota), &Terms::of(charge));
    }

    fn draw(&mut self, n: i64, m: i64, i: i64, (kind, quota): (&'a str, &'a str), terms: &Terms) {
        let Terms { amount, room, opened, at, length, effect } = *terms;
        self.draws.push([
            n.into(),
            m.into(),
            i.into(),
            kind.into(),
            quota.into(),
            amount.into(),
            room.into(),
            opened.into(),
            at.into(),
            length.into(),
            effect.into(),
        ]);
    }

    fn message(&mut self, n: i64, m: i64, message: &'a Message) -> Result<(), StoreError> {
        let (address, typed) = (message.to.as_str(), message.to.typed());
        self.enqueued.push(message.id.as_uuid());
        self.messages.push([
            n.into(),
            m.into(),
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

    /// The statements that write the rows, and the charges in the order of their `i`. `waits` says whether they wait for claims
    /// and budgets that somebody else has locked.
    pub(super) fn into_flight(self, texts: &'a Texts, waits: bool) -> Flight<'a> {
        let mut statements = Vec::with_capacity(4);
        if !self.keys.is_empty() {
            statements.push(Sql::new(if waits { &texts.wait } else { &texts.hold }).rows(self.keys));
        }
        let main = statements.len();
        let commit = Sql::new(if self.intricate { &texts.ledger_commit } else { &texts.commit });
        let commit = commit.with(self.tenant, Type::TEXT).rows(self.commits).rows(self.taken).rows(self.draws);
        statements.push(commit.rows(self.profiles).rows(self.found).rows(self.messages));
        if [&self.lost, &self.released, &self.emptied, &self.withdrawn].into_iter().any(|rows| !rows.is_empty()) {
            let clear = Sql::new(&texts.clear).with(self.tenant, Type::TEXT).rows(self.lost).rows(self.released);
            let clear = clear.rows(self.emptied).rows(self.withdrawn);
            statements.push(clear.with(self.enqueued, Type::UUID_ARRAY));
        }
        if !self.gone.is_empty() {
            statements.push(Sql::new(&texts.erase).with(self.tenant, Type::TEXT).rows(self.gone));
        }
        Flight { statements, main, charged: self.charged }
    }
}

/// The statements that write some commits, in one transaction.
pub(super) struct Flight<'a> {
    pub(super) statements: Vec<Sql<'a>>,
    /// The place of the one that answers.
    pub(super) main: usize,
    pub(super) charged: Vec<Drawn<'a>>,
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
        Self { amount, room: i64::MAX, opened: 0, at: refund.at.as_micros(), length: 0, effect: "refund" }
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
