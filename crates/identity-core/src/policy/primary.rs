use super::DangerousPolicy;

/// Who is allowed to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Neither the holder nor an administrator.
    Nobody,
    /// Administrators only.
    Administrator,
    /// The holder and administrators.
    Anyone,
}

/// Which address becomes primary when a user has no primary address of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Election {
    /// The next address that becomes verified.
    FirstVerified,
    /// None, until one is chosen with [`User::set_primary`](crate::user::User::set_primary).
    Nobody,
}

/// Which address becomes primary when the primary one is removed or loses its verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// The address of the same kind that has been verified the longest; none if no other is verified.
    OldestVerified,
    /// None, until one is chosen with [`User::set_primary`](crate::user::User::set_primary).
    Nobody,
}

/// The rules for the primary address of each kind.
///
/// Defaults: only a verified address may be primary; the first address that is verified becomes primary; when the
/// primary one is removed, the address that has been verified the longest succeeds it; only an administrator may remove
/// the last verified address of a user.
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
    /// A builder that starts from the defaults.
    #[must_use]
    pub fn builder() -> PrimaryPolicyBuilder {
        PrimaryPolicyBuilder(Self::default())
    }

    /// Who may make an unverified address primary.
    #[must_use]
    pub const fn unverified(&self) -> By {
        self.unverified
    }

    /// Which address becomes primary when there is none.
    #[must_use]
    pub const fn election(&self) -> Election {
        self.election
    }

    /// Which address succeeds a primary one that was removed or lost its verification.
    #[must_use]
    pub const fn succession(&self) -> Succession {
        self.succession
    }

    /// Who may remove the last verified address of a user, counted over both kinds.
    #[must_use]
    pub const fn last_verified(&self) -> By {
        self.last_verified
    }
}

/// Builder of a [`PrimaryPolicy`].
#[derive(Debug, Clone)]
pub struct PrimaryPolicyBuilder(PrimaryPolicy);

impl PrimaryPolicyBuilder {
    /// Sets who may make an unverified address primary; nobody by default. [`build`](Self::build) refuses
    /// [`By::Anyone`].
    #[must_use]
    pub fn unverified(mut self, by: By) -> Self {
        self.0.unverified = by;
        self
    }

    /// Sets which address becomes primary when there is none; [`Election::FirstVerified`] by default.
    #[must_use]
    pub fn election(mut self, election: Election) -> Self {
        self.0.election = election;
        self
    }

    /// Sets which address succeeds a primary one that was removed or lost its verification;
    /// [`Succession::OldestVerified`] by default.
    #[must_use]
    pub fn succession(mut self, succession: Succession) -> Self {
        self.0.succession = succession;
        self
    }

    /// Sets who may remove the last verified address of a user; [`By::Administrator`] by default.
    #[must_use]
    pub fn last_verified(mut self, by: By) -> Self {
        self.0.last_verified = by;
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    /// [`DangerousPolicy::UnverifiedPrimary`] when holders could make an unverified address primary.
    pub fn build(self) -> Result<PrimaryPolicy, DangerousPolicy> {
        if self.0.unverified == By::Anyone { Err(DangerousPolicy::UnverifiedPrimary) } else { Ok(self.0) }
    }
}
