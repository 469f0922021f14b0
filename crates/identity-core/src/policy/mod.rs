//! What a host decides once: six values, of which a dangerous one does not build.

mod claim;
mod notice;
mod primary;
mod restriction;
mod send;
mod verification;

pub use claim::ClaimPolicy;
pub use notice::{NoticePolicy, NoticePolicyBuilder};
pub use primary::{By, Election, PrimaryPolicy, PrimaryPolicyBuilder, Succession};
pub use restriction::{Restriction, RestrictionPolicy, RestrictionPolicyBuilder};
pub use send::{Budget, Conversion, Prices, SendPolicy, SendPolicyBuilder};
pub use verification::{Resend, VerificationPolicy, VerificationPolicyBuilder};

/// Why a policy does not build.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DangerousPolicy {
    /// Codes can be guessed: fewer than 19.9 bits (NIST SP 800-63B-4, 3.1.3.2; OWASP ASVS 5.0, 6.5.4).
    #[error("a code has {bits:.1} bits of entropy and needs 19.9; use 6 digits or 5 letters at least")]
    WeakCode {
        /// What the format has.
        bits: f64,
    },
    /// A format that no code can have.
    #[error("a code has 1 to 20 symbols")]
    CodeLength,
    /// Guessing succeeds too often.
    #[error(
        "guessing succeeds on one identifier with a chance of {chance}, 0.001 is the most; lengthen the code or allow fewer failures in a row"
    )]
    Guessable {
        /// The chance that guessing ever succeeds on one identifier before an administrator looks at it.
        chance: f64,
    },
    /// More than 100 failures in a row (NIST SP 800-63B-4, 3.2.2).
    #[error("at most 100 failures in a row are allowed, {0} were asked for")]
    Failures(u32),
    /// A count that has to be at least one is zero.
    #[error("{0} has to be at least 1")]
    Zero(&'static str),
    /// A code for a phone lives longer than 600 s (NIST SP 800-63B-4, 3.1.3.2).
    #[error("a phone code lives 600 s at most")]
    PhoneLife,
    /// A code for an e-mail address lives longer than 86,400 s (NIST SP 800-63A-4, 3.8).
    #[error("an e-mail code lives 86,400 s at most")]
    EmailLife,
    /// Anybody could make an address primary that they have not shown to be theirs.
    #[error(
        "an unverified address may be primary by an administrator's word only; a holder could name somebody else's address"
    )]
    UnverifiedPrimary,
    /// A limit on sends is lifted that keeps strangers from being flooded.
    #[error("the budget per address cannot be lifted; anybody could flood it with messages")]
    UnlimitedSends,
    /// Money is budgeted, and nothing has a price, or one message costs more than a whole budget.
    #[error(
        "a budget of {budget} millionths cannot pay for messages that cost up to {price}; set prices, and budgets above them"
    )]
    Money {
        /// The smallest budget of money.
        budget: u64,
        /// The highest price.
        price: u64,
    },
    /// A breaker that never or always trips.
    #[error(
        "a breaker needs 1 to 100 percent of confirmations, a sample and a window; {percent} percent were asked for"
    )]
    Conversion {
        /// How many percent were asked for.
        percent: u8,
    },
    /// An address could be taken away from a user, and nobody would be told.
    #[error(
        "{0:?} has to be told by one channel at least; an address that goes in silence is how accounts are taken over"
    )]
    Silence(crate::NoticeKind),
    /// A list names something that it cannot hold.
    #[error("{entry:?} is no {what}")]
    Entry {
        /// What was expected.
        what: &'static str,
        /// What was given; masked, if it may be somebody's address.
        entry: String,
    },
}

/// What a host decides once.
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
    pub(crate) verification: VerificationPolicy,
    pub(crate) restriction: RestrictionPolicy,
    pub(crate) send: SendPolicy,
    pub(crate) notice: NoticePolicy,
}

impl Policy {
    /// With this rule of who is primary.
    #[must_use]
    pub fn with_primary(self, primary: PrimaryPolicy) -> Self {
        Self { primary, ..self }
    }

    /// With this rule of what belongs to one user alone.
    #[must_use]
    pub fn with_claim(self, claim: ClaimPolicy) -> Self {
        Self { claim, ..self }
    }

    /// With these codes.
    #[must_use]
    pub fn with_verification(self, verification: VerificationPolicy) -> Self {
        Self { verification, ..self }
    }

    /// With these restrictions.
    #[must_use]
    pub fn with_restriction(self, restriction: RestrictionPolicy) -> Self {
        Self { restriction, ..self }
    }

    /// With these budgets.
    #[must_use]
    pub fn with_send(self, send: SendPolicy) -> Self {
        Self { send, ..self }
    }

    /// With these told of what happens.
    #[must_use]
    pub fn with_notice(self, notice: NoticePolicy) -> Self {
        Self { notice, ..self }
    }

    /// Who is primary.
    #[must_use]
    pub const fn primary(&self) -> &PrimaryPolicy {
        &self.primary
    }

    /// What belongs to one user alone.
    #[must_use]
    pub const fn claim(&self) -> ClaimPolicy {
        self.claim
    }

    /// The codes.
    #[must_use]
    pub const fn verification(&self) -> &VerificationPolicy {
        &self.verification
    }

    /// The restrictions.
    #[must_use]
    pub const fn restriction(&self) -> &RestrictionPolicy {
        &self.restriction
    }

    /// The budgets.
    #[must_use]
    pub const fn send(&self) -> &SendPolicy {
        &self.send
    }

    /// Who is told of what.
    #[must_use]
    pub const fn notice(&self) -> &NoticePolicy {
        &self.notice
    }

    /// The entropy of a code, in bits.
    #[must_use]
    pub fn entropy_bits(&self) -> f64 {
        self.verification.format().entropy_bits()
    }
}
