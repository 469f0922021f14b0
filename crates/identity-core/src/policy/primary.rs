use super::DangerousPolicy;

/// On whose word something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// On nobody's.
    Nobody,
    /// On an administrator's alone.
    Administrator,
    /// On the holder's too.
    Anyone,
}

/// Who becomes primary when none is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Election {
    /// The first that is verified.
    FirstVerified,
    /// None, until somebody says so.
    Nobody,
}

/// Who follows a primary that was removed or lost its verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// The one that has been verified the longest.
    OldestVerified,
    /// None, until somebody says so.
    Nobody,
}

/// Who is primary. By default: a verified one only; the first verified is elected; the oldest verified succeeds; the last
/// verified address goes on an administrator's word only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrimaryPolicy {
    unverified: By,
    election: Election,
    succession: Succession,
    last_verified: By,
}

impl Default for PrimaryPolicy {
    fn default() -> Self {
        Self {
            unverified: By::Nobody,
            election: Election::FirstVerified,
            succession: Succession::OldestVerified,
            last_verified: By::Administrator,
        }
    }
}

impl PrimaryPolicy {
    /// Starts from the defaults.
    #[must_use]
    pub fn builder() -> PrimaryPolicyBuilder {
        PrimaryPolicyBuilder(Self::default())
    }

    /// On whose word an unverified address may be primary.
    #[must_use]
    pub const fn unverified(&self) -> By {
        self.unverified
    }

    /// Who becomes primary when none is.
    #[must_use]
    pub const fn election(&self) -> Election {
        self.election
    }

    /// Who follows a primary that went.
    #[must_use]
    pub const fn succession(&self) -> Succession {
        self.succession
    }

    /// On whose word the last verified address of a user may go.
    #[must_use]
    pub const fn last_verified(&self) -> By {
        self.last_verified
    }
}

/// Builds a [`PrimaryPolicy`].
#[derive(Debug, Clone)]
pub struct PrimaryPolicyBuilder(PrimaryPolicy);

impl PrimaryPolicyBuilder {
    /// On whose word an unverified address may be primary. [`By::Anyone`] does not build.
    #[must_use]
    pub fn unverified(mut self, by: By) -> Self {
        self.0.unverified = by;
        self
    }

    /// Who becomes primary when none is.
    #[must_use]
    pub fn election(mut self, election: Election) -> Self {
        self.0.election = election;
        self
    }

    /// Who follows a primary that went.
    #[must_use]
    pub fn succession(mut self, succession: Succession) -> Self {
        self.0.succession = succession;
        self
    }

    /// On whose word the last verified address of a user may go.
    #[must_use]
    pub fn last_verified(mut self, by: By) -> Self {
        self.0.last_verified = by;
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// [`DangerousPolicy::UnverifiedPrimary`] when a holder could make somebody else's address primary.
    pub fn build(self) -> Result<PrimaryPolicy, DangerousPolicy> {
        if self.0.unverified == By::Anyone { Err(DangerousPolicy::UnverifiedPrimary) } else { Ok(self.0) }
    }
}
