use std::time::Duration;

use identity_core::policy::Budget;
use identity_core::{
    Address, BudgetKind, Charge, Content, Email, Message, NoticeKind, Outgoing, Timestamp, UserKey, WhenExhausted,
};

use super::message_id;

/// A notice to an address of nobody's in particular.
#[must_use]
pub fn letter(number: u128, key: &UserKey, created_at: Timestamp) -> Message {
    let to = Address::from(Email::parse("ada@example.com").expect("an e-mail address"));
    Message {
        id: message_id(number),
        key: key.clone(),
        content: Content::Notice { what: NoticeKind::Added, about: to.clone() },
        to,
        locale: None,
        created_at,
        expires_at: created_at + Duration::from_secs(86_400),
    }
}

/// A message that is paid for by these charges.
#[must_use]
pub fn paid(message: Message, charges: Vec<Charge>) -> Outgoing {
    Outgoing { message, charges }
}

/// A charge.
#[must_use]
pub fn charge(kind: BudgetKind, quota: &str, budget: Budget, at: Timestamp, when_exhausted: WhenExhausted) -> Charge {
    Charge { kind, quota: quota.to_owned(), amount: 1, budget, at, when_exhausted }
}

/// A charge on a country's budget of `limit` in 60 s, which refuses.
#[must_use]
pub fn refusing(quota: &str, limit: u64, at: Timestamp) -> Charge {
    let budget = Budget::new(limit, Duration::from_secs(60));
    charge(BudgetKind::Country, quota, budget, at, WhenExhausted::Refuse)
}

/// A charge on an address's budget of `limit` in 60 s, which withholds.
#[must_use]
pub fn withholding(quota: &str, limit: u64, at: Timestamp) -> Charge {
    let budget = Budget::new(limit, Duration::from_secs(60));
    charge(BudgetKind::Address, quota, budget, at, WhenExhausted::Withhold)
}
