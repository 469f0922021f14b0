use std::time::Duration;

use identity_core::policy::Budget;
use identity_core::{
    Address, BudgetKind, Charge, Content, Email, Message, NoticeKind, Outgoing, Timestamp, UserKey, WhenExhausted,
};

use identity_ports::{Lease, LeaseId};
use uuid::Uuid;

use super::message_id;

/// A notice to `ada@example.com`, with the id of this number.
#[must_use]
pub fn letter(number: u128, key: &UserKey, created_at: Timestamp) -> Message {
    let to = Address::from(Email::parse("ada@example.com").expect("an e-mail address"));
    Message {
        id: message_id(number),
        key: key.clone(),
        content: Content::Notice { what: NoticeKind::Added, about: to.clone(), event: None },
        to,
        locale: None,
        created_at,
        expires_at: created_at + Duration::from_secs(86_400),
    }
}

/// A message with its charges.
#[must_use]
pub fn paid(message: Message, charges: Vec<Charge>) -> Outgoing {
    Outgoing { message, charges }
}

/// A charge of one unit.
#[must_use]
pub fn charge(kind: BudgetKind, quota: &str, budget: Budget, at: Timestamp, when_exhausted: WhenExhausted) -> Charge {
    Charge { kind, quota: quota.to_owned(), amount: 1, budget, at, when_exhausted }
}

/// A charge of one unit that refuses, on a country's budget of `limit` per 60 s.
#[must_use]
pub fn refusing(quota: &str, limit: u64, at: Timestamp) -> Charge {
    let budget = Budget::new(limit, Duration::from_secs(60));
    charge(BudgetKind::Country, quota, budget, at, WhenExhausted::Refuse)
}

/// A charge of one unit that withholds, on an address's budget of `limit` per 60 s.
#[must_use]
pub fn withholding(quota: &str, limit: u64, at: Timestamp) -> Charge {
    let budget = Budget::new(limit, Duration::from_secs(60));
    charge(BudgetKind::Address, quota, budget, at, WhenExhausted::Withhold)
}

/// A lease by hand: the worker's clock and the store's show `now`, and the lease ends at `until`.
#[must_use]
pub fn lease(id: u128, now: Timestamp, until: Timestamp, limit: usize) -> Lease {
    Lease { at: Some(now), ..Lease::new(LeaseId(Uuid::from_u128(id)), now, until.since(now), limit) }
}
