use std::fmt;
use std::sync::Arc;

use super::confusable_chars::fold_ascii;
use super::{ClaimKey, ClaimKind, Email};

/// The domains under which Google delivers to the same mailboxes; the first is the one in keys.
const GOOGLE: [&str; 2] = ["gmail.com", "googlemail.com"];

/// The mailbox to which messages to an e-mail address go, as far as its provider's rules are known. Variants of one
/// mailbox have the same key.
///
/// A key is for comparison only: messages are sent to the address as its owner wrote it. Equal keys mean the same mailbox
/// at providers that follow these rules, and may mean different ones elsewhere, so a key proves nothing about ownership.
/// The key states the version of its rule. Rule 1:
///
/// | part | rule |
/// |---|---|
/// | local part | ASCII letters in lower case; a `+` after the first character, what follows it, and the dots before it are removed |
/// | local part at `gmail.com` | dots are removed |
/// | domain | `googlemail.com` becomes `gmail.com` |
///
/// ```
/// use identity_core::address::Email;
///
/// let (typed, plain) = (Email::parse("Ada.Lovelace+shop@googlemail.com")?, Email::parse("adalovelace@gmail.com")?);
/// assert_eq!(typed.mailbox_key(), plain.mailbox_key());
/// assert_ne!(typed.claim_key(), plain.claim_key());
/// # Ok::<(), identity_core::address::EmailError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxKey(Arc<str>);

impl MailboxKey {
    /// The version of the rule by which keys are made.
    pub const RULE: u8 = 1;

    pub(super) fn of(email: &Email) -> Self {
        let local = fold_ascii(email.local_part());
        let tag = local.char_indices().skip(1).find(|(_, c)| *c == '+');
        // No local part ends in a dot, and nobody escapes a budget by writing one before the tag.
        let local = tag.and_then(|(at, _)| local.get(..at)).map_or(&*local, |local| local.trim_end_matches('.'));
        if GOOGLE.contains(&email.domain()) {
            return Self(format!("{}@{}", local.replace('.', ""), GOOGLE[0]).into());
        }
        Self(format!("{local}@{}", email.domain()).into())
    }

    /// The text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the claim on one of the mailbox's slots, which are counted from 1.
    #[must_use]
    pub fn slot(&self, number: u8) -> ClaimKey {
        slot(&self.0, Self::RULE, number)
    }

    /// Whether the claim is on a slot of this mailbox, by the present rule.
    #[must_use]
    pub fn has_slot(&self, claim: &ClaimKey) -> bool {
        claim.rule() == Self::RULE && claim.slot().is_some_and(|(mailbox, _)| *mailbox == *self.0)
    }
}

// No domain has a `/`, so the last one is before the number.
fn slot(mailbox: &str, rule: u8, number: u8) -> ClaimKey {
    ClaimKey::new(ClaimKind::Mailbox, rule, format!("{mailbox}/{number}"))
}

impl ClaimKey {
    /// The mailbox and the number of a slot; `None` for a key that is none of a slot.
    #[must_use]
    pub fn slot(&self) -> Option<(&str, u8)> {
        let (mailbox, number) = self.as_str().rsplit_once('/').filter(|_| self.kind() == ClaimKind::Mailbox)?;
        number.parse().ok().map(|number| (mailbox, number))
    }

    /// The key of another slot of the same mailbox; `None` for a key that is none of a slot.
    #[must_use]
    pub(crate) fn with_slot(&self, number: u8) -> Option<Self> {
        self.slot().map(|(mailbox, _)| slot(mailbox, self.rule(), number))
    }
}

/// Prints the key masked, because it is an address.
impl fmt::Debug for MailboxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::mask::masked(&self.0))
    }
}
