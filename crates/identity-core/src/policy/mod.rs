//! Policies: the rules that a host sets for its tenants. A [`Policy`] is made of fourteen values; those that can be dangerous have
//! a builder, which refuses such a setting with [`DangerousPolicy`].

mod change;
mod claim;
mod contest;
mod disavowal;
mod disposable;
mod freshness;
mod limit;
mod mailbox;
mod notice;
mod primary;
mod rest;
mod restriction;
mod send;
mod shared;
mod sign_in;
mod spend;
mod verification;

pub use change::ChangePolicy;
pub use claim::ClaimPolicy;
pub use contest::ContestPolicy;
pub use disavowal::DisavowalPolicy;
pub use disposable::{DisposableDomains, Listed, Mode};
pub use freshness::FreshnessPolicy;
pub use limit::LimitPolicy;
pub use mailbox::MailboxLimit;
pub use notice::{NoticeKind, NoticePolicy, NoticePolicyBuilder};
pub use primary::{By, Election, PrimaryPolicy, PrimaryPolicyBuilder, Succession};
pub use rest::RestPolicy;
pub use restriction::{Restriction, RestrictionPolicy, RestrictionPolicyBuilder};
pub use send::{Budget, Conversion, Mailboxes, Prices, SendPolicy, SendPolicyBuilder};
pub use shared::{SharedPolicy, SharedPolicyBuilder};
pub use sign_in::{SignInPolicy, Unknown};
pub(crate) use spend::WHOLE;
pub use spend::{BudgetKind, Charge, Exhausted, Refund, WhenExhausted};
pub use verification::{Resend, VerificationPolicy, VerificationPolicyBuilder};

/// The reason why a policy builder refused its settings.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DangerousPolicy {
    /// Codes are too easy to guess: they have fewer than 19.9 bits of entropy (NIST SP 800-63B-4, 3.1.3.2; OWASP ASVS
    /// 5.0, 6.5.4).
    #[error(
        "a code of this format has {bits:.1} bits of entropy and needs at least 19.9; use at least 6 digits or 5 letters"
    )]
    WeakCode {
        /// The entropy of a code of the requested format, in bits.
        bits: f64,
    },
    /// The code length is outside 1 to 20 symbols.
    #[error("a code must have 1 to 20 symbols; choose a length in this range")]
    CodeLength,
    /// More than 100 wrong answers were requested per challenge, per day or in a row (NIST SP 800-63B-4, 3.2.2). The
    /// field is the largest of the three numbers.
    #[error("{0} wrong answers were requested; allow at most 100 per challenge, per day and in a row")]
    Failures(u32),
    /// More than 1,000 guesses a day at one address were requested.
    #[error("{0} guesses a day at one address were requested; allow at most 1,000")]
    Guesses(u32),
    /// A number or a duration is zero and must not be. The field names the setting.
    #[error("{0} must not be zero")]
    Zero(&'static str),
    /// The lifetime of a code for a phone number is longer than 600 s (NIST SP 800-63B-4, 3.1.3.2).
    #[error("a code for a phone number may live at most 600 s; choose a shorter lifetime")]
    PhoneLife,
    /// The lifetime of a code for an e-mail address is longer than 86,400 s (NIST SP 800-63A-4, 3.8).
    #[error("a code for an e-mail address may live at most 86,400 s; choose a shorter lifetime")]
    EmailLife,
    /// Holders could make an unverified address primary, which may belong to somebody else.
    #[error(
        "only an administrator may make an unverified address primary; a holder could name somebody else's address"
    )]
    UnverifiedPrimary,
    /// A limit that keeps strangers from being flooded with messages would be lifted: a budget per address or for
    /// notices allows more than 100 messages per window, has a window shorter than 60 s or is only recorded, or the
    /// sends to one identifier allow more than 100 messages or a window longer than 24 h.
    #[error(
        "the limits on messages to one address cannot be lifted, or anybody could flood it; allow at most 100 messages per window of 60 s to 24 h and do not only record them"
    )]
    UnlimitedSends,
    /// Money is budgeted but no message has a price, or one message can cost more than a whole budget.
    #[error(
        "a budget of {budget} millionths cannot pay for messages that cost up to {price} millionths; set prices, and budgets of at least the highest price"
    )]
    Money {
        /// The smallest money budget, in millionths of the currency unit.
        budget: u64,
        /// The highest price of a message, in millionths of the currency unit; 0 when no price is set.
        price: u64,
    },
    /// The settings of the conversion breaker are out of range: it would never trip or always be open.
    #[error(
        "the conversion breaker needs a ratio of 1 to 100 percent ({percent} was given), a sample of at least 1 and a window longer than zero"
    )]
    Conversion {
        /// The requested ratio of confirmations, in percent.
        percent: u8,
    },
    /// No channel would be notified when an address is removed or replaced, so an address could be taken from a user
    /// unnoticed. The field is the kind of notice that is silenced everywhere.
    #[error(
        "notices of kind {0:?} are silenced on every channel; keep at least one, because removing an address unnoticed is how accounts are taken over"
    )]
    Silence(crate::policy::NoticeKind),
    /// The lifetime of a code to sign in is outside 60 s to 600 s.
    #[error("a code to sign in may live 60 s to 600 s; choose a lifetime in this range")]
    SignInLife,
    /// The time in which a change can be undone is outside 1 hour to 30 days.
    #[error("a change can be undone for 1 hour to 30 days; choose a time in this range, or switch it off")]
    DisavowalWindow,
    /// A delay of changes is longer than 30 days, or the one without proof is shorter than the one with it.
    #[error("a change can be delayed by at most 30 days, and without proof by no less than with it; choose such times")]
    ChangeDelay,
    /// The limits on the addresses of a user contradict each other or the maximum of 50.
    #[error(
        "{least} to {most} addresses of a kind were requested; choose at most 1 to 50, and no more at least than at most"
    )]
    Limits {
        /// The requested least number.
        least: usize,
        /// The requested most.
        most: usize,
    },
    /// The time in which an owner answers a contest is outside 24 hours to 90 days.
    #[error("an owner has 24 hours to 90 days to answer a contest; choose a deadline in this range")]
    ContestDeadline,
    /// A limit on the users of a mailbox is outside 1 to 16.
    #[error("a limit of {0} users for a mailbox was requested; choose 1 to 16")]
    MailboxLimit(u8),
    /// An entry of an allow or block list is not of the kind that the list holds.
    #[error("{entry:?} is not a valid {what}; correct the entry")]
    Entry {
        /// The kind of entry that the list holds.
        what: &'static str,
        /// The rejected entry; masked where it may be somebody's address.
        entry: String,
    },
}

/// The rules that a host sets for its tenants. The default of every part is safe to use as it is.
///
/// ```
/// use identity_core::{Policy, VerificationPolicy};
/// let policy = Policy::default().with_verification(VerificationPolicy::builder().digits(8).build()?);
/// assert!(policy.entropy_bits() > 26.0);
/// assert!(VerificationPolicy::builder().digits(5).build().is_err());
/// # Ok::<(), identity_core::DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub(crate) primary: PrimaryPolicy,
    pub(crate) claim: ClaimPolicy,
    pub(crate) mailbox_limit: Option<MailboxLimit>,
    pub(crate) verification: VerificationPolicy,
    pub(crate) rest: RestPolicy,
    pub(crate) restriction: RestrictionPolicy,
    pub(crate) send: SendPolicy,
    pub(crate) notice: NoticePolicy,
    pub(crate) sign_in: SignInPolicy,
    pub(crate) freshness: FreshnessPolicy,
    pub(crate) limit: LimitPolicy,
    pub(crate) disavowal: DisavowalPolicy,
    pub(crate) change: ChangePolicy,
    pub(crate) contest: ContestPolicy,
}

impl Policy {
    /// Sets the rules for the primary address.
    #[must_use]
    pub fn with_primary(self, primary: PrimaryPolicy) -> Self {
        Self { primary, ..self }
    }

    /// Sets which addresses only one user may hold.
    #[must_use]
    pub fn with_claim(self, claim: ClaimPolicy) -> Self {
        Self { claim, ..self }
    }

    /// Sets how many users may hold verified addresses of one mailbox; `None`, the default, for any number.
    #[must_use]
    pub fn with_mailbox_limit(self, mailbox_limit: Option<MailboxLimit>) -> Self {
        Self { mailbox_limit, ..self }
    }

    /// Sets the rules for codes and links.
    #[must_use]
    pub fn with_verification(self, verification: VerificationPolicy) -> Self {
        Self { verification, ..self }
    }

    /// Sets how long what a user gives up is kept from others.
    #[must_use]
    pub fn with_rest(self, rest: RestPolicy) -> Self {
        Self { rest, ..self }
    }

    /// Sets which addresses are refused.
    #[must_use]
    pub fn with_restriction(self, restriction: RestrictionPolicy) -> Self {
        Self { restriction, ..self }
    }

    /// Sets the budgets for messages.
    #[must_use]
    pub fn with_send(self, send: SendPolicy) -> Self {
        Self { send, ..self }
    }

    /// Sets which notices are sent.
    #[must_use]
    pub fn with_notice(self, notice: NoticePolicy) -> Self {
        Self { notice, ..self }
    }

    /// Sets the rules for signing in by code or link.
    #[must_use]
    pub fn with_sign_in(self, sign_in: SignInPolicy) -> Self {
        Self { sign_in, ..self }
    }

    /// Sets how old evidence may be for each of the host's purposes.
    #[must_use]
    pub fn with_freshness(self, freshness: FreshnessPolicy) -> Self {
        Self { freshness, ..self }
    }

    /// Sets how many addresses of each kind a user may have and keeps.
    #[must_use]
    pub fn with_limit(self, limit: LimitPolicy) -> Self {
        Self { limit, ..self }
    }

    /// Sets the rules for undoing a change with the link of its notice.
    #[must_use]
    pub fn with_disavowal(self, disavowal: DisavowalPolicy) -> Self {
        Self { disavowal, ..self }
    }

    /// Sets how long it takes until an address that matters is gone after its holder removed or replaced it.
    #[must_use]
    pub fn with_change(self, change: ChangePolicy) -> Self {
        Self { change, ..self }
    }

    /// Sets what happens when somebody proves an address that is verified with another user.
    #[must_use]
    pub fn with_contest(self, contest: ContestPolicy) -> Self {
        Self { contest, ..self }
    }

    /// The rules for the primary address.
    #[must_use]
    pub const fn primary(&self) -> &PrimaryPolicy {
        &self.primary
    }

    /// Which addresses only one user of a tenant may hold.
    #[must_use]
    pub const fn claim(&self) -> ClaimPolicy {
        self.claim
    }

    /// How many users may hold verified addresses of one mailbox; `None` when any number may.
    #[must_use]
    pub const fn mailbox_limit(&self) -> Option<MailboxLimit> {
        self.mailbox_limit
    }

    /// The rules for codes and links: format, lifetime, guesses and sends.
    #[must_use]
    pub const fn verification(&self) -> &VerificationPolicy {
        &self.verification
    }

    /// How long what a user gives up is kept from others.
    #[must_use]
    pub const fn rest(&self) -> RestPolicy {
        self.rest
    }

    /// The restrictions that keep addresses out.
    #[must_use]
    pub const fn restriction(&self) -> &RestrictionPolicy {
        &self.restriction
    }

    /// The budgets for messages, shared by all users of a tenant.
    #[must_use]
    pub const fn send(&self) -> &SendPolicy {
        &self.send
    }

    /// The notices that are sent when an address of a user changes.
    #[must_use]
    pub const fn notice(&self) -> &NoticePolicy {
        &self.notice
    }

    /// The rules for signing in by code or link.
    #[must_use]
    pub const fn sign_in(&self) -> &SignInPolicy {
        &self.sign_in
    }

    /// How old evidence may be for each of the host's purposes.
    #[must_use]
    pub const fn freshness(&self) -> &FreshnessPolicy {
        &self.freshness
    }

    /// How many addresses of each kind a user may have and keeps.
    #[must_use]
    pub const fn limit(&self) -> LimitPolicy {
        self.limit
    }

    /// The rules for undoing a change with the link of its notice.
    #[must_use]
    pub const fn disavowal(&self) -> &DisavowalPolicy {
        &self.disavowal
    }

    /// How long it takes until an address that matters is gone after its holder removed or replaced it.
    #[must_use]
    pub const fn change(&self) -> &ChangePolicy {
        &self.change
    }

    /// What happens when somebody proves an address that is verified with another user.
    #[must_use]
    pub const fn contest(&self) -> ContestPolicy {
        self.contest
    }

    /// The entropy of a code, in bits; 19.9 for the default of six digits.
    #[must_use]
    pub fn entropy_bits(&self) -> f64 {
        self.verification.format().entropy_bits()
    }
}
