use std::time::Duration;

use super::DangerousPolicy;

/// What an address gets that no user of the tenant has verified, when somebody asks to sign in with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Unknown {
    /// A code like every other, for hosts where people sign up: the proof that it leads to names no user.
    #[default]
    Invite,
    /// Nothing. The answers are the same.
    Decoy,
}

/// The rules for signing in by code or link, and for showing once more that one has an address. The format of a code, the
/// wrong answers that an attempt accepts, the time between two messages and the guesses at one address in 24 h are those of the
/// [`VerificationPolicy`](crate::policy::VerificationPolicy).
///
/// ```
/// use std::time::Duration;
/// use identity_core::policy::{DangerousPolicy, SignInPolicy, Unknown};
/// let policy = SignInPolicy::default().with_unknown(Unknown::Decoy).with_life(Duration::from_secs(300))?;
/// assert_eq!(policy.life(), Duration::from_secs(300));
/// assert_eq!(policy.with_life(Duration::from_secs(601)), Err(DangerousPolicy::SignInLife));
/// # Ok::<(), DangerousPolicy>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInPolicy {
    unknown: Unknown,
    life: Duration,
}

impl Default for SignInPolicy {
    /// Unknown addresses get a code, and a code is valid for 600 s.
    fn default() -> Self {
        Self { unknown: Unknown::Invite, life: Duration::from_secs(600) }
    }
}

impl SignInPolicy {
    /// Sets what an unknown address gets; [`Unknown::Invite`] by default.
    #[must_use]
    pub const fn with_unknown(self, unknown: Unknown) -> Self {
        Self { unknown, ..self }
    }

    /// Sets how long a code or link is valid: 60 s to 600 s, which is the default. In its first half everybody who asks for the
    /// same address gets the same code; later a new one is made, so that a code in a message is good for half of this time at
    /// least.
    ///
    /// # Errors
    /// [`DangerousPolicy::SignInLife`] for another time (at most 10 minutes: NIST SP 800-63B-4, 3.1.3.2).
    pub fn with_life(self, life: Duration) -> Result<Self, DangerousPolicy> {
        if (Duration::from_secs(60)..=Duration::from_secs(600)).contains(&life) {
            Ok(Self { life, ..self })
        } else {
            Err(DangerousPolicy::SignInLife)
        }
    }

    /// What an unknown address gets.
    #[must_use]
    pub const fn unknown(&self) -> Unknown {
        self.unknown
    }

    /// How long a code or link is valid.
    #[must_use]
    pub const fn life(&self) -> Duration {
        self.life
    }
}
