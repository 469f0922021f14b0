use std::sync::Arc;

use identity_core::{
    Actor, Address, Answer, Code, Confirmation, ContestAnswer, ContestId, ContestOutcome, Context, Decision,
    IdentifierId, LinkToken, NewAddress, PublicRefusal, Refusal, Started, User, UserId, UserKey, Username,
    Verification,
};

use crate::{HolderError, Identity, Receipt};

/// The holder's road: what a person may do with their own identifiers.
///
/// No method attests an address, sets a restriction aside or shows a code. Refusals are [`PublicRefusal`], which tells
/// nothing about other users, and users come without the private data of their profiles: that is for
/// [`Admin`](crate::Admin). Every method fails with
/// * [`HolderError::Refused`] when the rules do not allow the call; `Errors` names the refusals that matter. A disabled
///   user is [`PublicRefusal::Disabled`], an unknown one [`PublicRefusal::UserNotFound`];
/// * [`HolderError::Contended`] when other calls kept changing the user; nothing was written;
/// * [`HolderError::Store`] when the store fails, and [`HolderError::Entropy`] when the source of randomness does.
#[derive(Debug, Clone)]
pub struct Account {
    pub(crate) identity: Identity,
    pub(crate) key: UserKey,
}

impl Account {
    /// The id of the user whose account this is.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.key.user
    }

    /// The user, as stored. When this user became a part of another one ([`Admin::merge`](crate::Admin::merge)), it is that other
    /// user, here and in every other call.
    ///
    /// # Errors
    /// [`PublicRefusal::UserNotFound`].
    pub async fn get(&self) -> Result<Arc<User>, HolderError> {
        let found = self.identity.load(&self.key).await?;
        Ok(found.ok_or(PublicRefusal::UserNotFound)?.1.user.seen_by_holder())
    }

    /// Adds an address, unverified. An unverified address grants nothing, and it blocks nobody unless the
    /// [`ClaimPolicy`](crate::policy::ClaimPolicy) says otherwise.
    ///
    /// # Errors
    /// [`PublicRefusal::Duplicate`] when the user has the address, [`PublicRefusal::TooMany`], and
    /// [`PublicRefusal::Unavailable`] when a restriction keeps it out or another user holds it.
    pub async fn add(&self, address: impl Into<Address>) -> Result<Receipt<IdentifierId>, HolderError> {
        let new = NewAddress::from(address.into());
        self.run("account.add", |user, context| user.add(&new, context)).await
    }

    /// Sends a code to an address. While a code is valid, it is the same code that is sent again.
    ///
    /// # Errors
    /// As [`start_verification_with`](Self::start_verification_with).
    pub async fn start_verification(&self, id: IdentifierId) -> Result<Receipt<Started>, HolderError> {
        self.start_verification_with(id, &Verification::default()).await
    }

    /// Sends a code, a link or both to an address.
    ///
    /// # Errors
    /// [`PublicRefusal::AlreadyVerified`], [`PublicRefusal::TooSoon`] and [`PublicRefusal::TooManyFailures`] with the time
    /// of the next try, [`PublicRefusal::Unavailable`] when a restriction keeps the address out,
    /// [`PublicRefusal::IdentifierNotFound`]; [`PublicRefusal::Life`], [`PublicRefusal::TooLarge`] and
    /// [`PublicRefusal::Nul`] for a request that is not allowed.
    pub async fn start_verification_with(
        &self,
        id: IdentifierId,
        request: &Verification,
    ) -> Result<Receipt<Started>, HolderError> {
        let decide = |user: &User, context: &Context<'_>| user.start_verification(id, request, context);
        Ok(self.identity.started(self.run("account.start_verification", decide).await?))
    }

    /// Judges a code that the person typed. A wrong code is counted, and is an outcome rather than an error. A right one for an
    /// address that is verified with another user opens a contest if the
    /// [`ContestPolicy`](crate::policy::ContestPolicy) says so, which is [`Confirmation::Contested`].
    ///
    /// # Errors
    /// [`PublicRefusal::NoChallenge`], [`PublicRefusal::Expired`], [`PublicRefusal::AlreadyVerified`],
    /// [`PublicRefusal::TooManyFailures`], [`PublicRefusal::KeyGone`], [`PublicRefusal::IdentifierNotFound`], and
    /// [`PublicRefusal::Unavailable`] when another user verified the address first, and [`PublicRefusal::Resting`] when the answer
    /// is right and another user gave the address up a short time ago ([`RestPolicy`](crate::policy::RestPolicy)).
    pub async fn confirm(&self, id: IdentifierId, code: &Code) -> Result<Receipt<Confirmation>, HolderError> {
        self.run("account.confirm", |user, context| user.confirm(id, Answer::Code(code), context)).await
    }

    /// Judges the token of a link that the person opened. Call it when they press the button of the page that the link
    /// opens, never when the page is shown: mail scanners open links too.
    ///
    /// # Errors
    /// As [`confirm`](Self::confirm); [`PublicRefusal::IdentifierNotFound`] when the link belongs to another user.
    pub async fn confirm_link(&self, token: &LinkToken) -> Result<Receipt<Confirmation>, HolderError> {
        let decide = |user: &User, context: &Context<'_>| {
            if token.user() != user.id() {
                return Err(Refusal::IdentifierNotFound);
            }
            user.confirm(token.identifier(), Answer::Link(token), context)
        };
        self.run("account.confirm_link", decide).await
    }

    /// Returns the address that [`confirm_link`](Self::confirm_link) with this token would confirm now, so that the page that
    /// the link opens can name it; `None` when the token is not the one of the link. Nothing is written and no guess is
    /// counted.
    ///
    /// # Errors
    /// As [`confirm_link`](Self::confirm_link), except for [`PublicRefusal::Unavailable`].
    pub async fn link_address(&self, token: &LinkToken) -> Result<Option<Address>, HolderError> {
        let decide = |user: &User, context: &Context<'_>| {
            if token.user() != user.id() {
                return Err(Refusal::IdentifierNotFound);
            }
            let judged = user.confirm(token.identifier(), Answer::Link(token), context)?;
            let named = user.identifier(token.identifier()).filter(|_| judged.outcome == Confirmation::Verified);
            Ok(Decision { events: Vec::new(), outcome: named.map(|entry| entry.address.clone()) })
        };
        Ok(self.run("account.link_address", decide).await?.outcome)
    }

    /// Makes a verified address the primary one of its channel. Nothing is written when it is primary already.
    ///
    /// # Errors
    /// [`PublicRefusal::NotVerified`] unless the [`PrimaryPolicy`](crate::policy::PrimaryPolicy) allows it,
    /// [`PublicRefusal::IdentifierNotFound`].
    pub async fn set_primary(&self, id: IdentifierId) -> Result<Receipt<()>, HolderError> {
        self.run("account.set_primary", |user, context| user.set_primary(id, context)).await
    }

    /// Replaces an address. A verified address stays until the new one is verified, and longer when the
    /// [`ChangePolicy`](crate::policy::ChangePolicy) says so: the receipt of [`confirm`](Self::confirm) has the user with the
    /// [pending change](User::scheduled) then.
    ///
    /// # Errors
    /// As [`add`](Self::add); [`PublicRefusal::Unchanged`] when both addresses are the same,
    /// [`PublicRefusal::IdentifierNotFound`].
    pub async fn replace(
        &self,
        old: IdentifierId,
        address: impl Into<Address>,
    ) -> Result<Receipt<IdentifierId>, HolderError> {
        let new = NewAddress::from(address.into());
        self.run("account.replace", |user, context| user.replace(old, &new, context)).await
    }

    /// Removes an address, or has it removed later when the [`ChangePolicy`](crate::policy::ChangePolicy) says so: the user of the
    /// receipt has the address with the [pending change](User::scheduled) then.
    ///
    /// # Errors
    /// [`PublicRefusal::LastVerified`] unless the [`PrimaryPolicy`](crate::policy::PrimaryPolicy) lets holders remove
    /// their last verified address, [`PublicRefusal::IdentifierNotFound`].
    pub async fn remove(&self, id: IdentifierId) -> Result<Receipt<()>, HolderError> {
        self.run("account.remove", |user, context| user.remove(id, context)).await
    }

    /// Stops the removal or replacement of an address that has not taken effect. Nothing is written when none is pending. Whoever
    /// reads the address needs no session for that: its notice has a link ([`Identity::disavow`]).
    ///
    /// # Errors
    /// [`PublicRefusal::IdentifierNotFound`].
    pub async fn keep(&self, id: IdentifierId) -> Result<Receipt<()>, HolderError> {
        self.run("account.keep", |user, context| user.keep(id, context)).await
    }

    /// Sets the username.
    ///
    /// # Errors
    /// [`PublicRefusal::UsernameTaken`] when another user has it or gave it up a short time ago,
    /// [`PublicRefusal::UsernameIsAddress`] when it reads as an
    /// e-mail address or a phone number.
    pub async fn set_username(&self, username: &Username) -> Result<Receipt<IdentifierId>, HolderError> {
        self.run("account.set_username", |user, context| user.set_username(username, None, context)).await
    }

    /// Removes the username.
    ///
    /// # Errors
    /// [`PublicRefusal::IdentifierNotFound`] when there is none.
    pub async fn remove_username(&self) -> Result<Receipt<()>, HolderError> {
        self.run("account.remove_username", |user, context| user.remove_username(context)).await
    }

    /// Whether the evidence of an address is fresh enough for a purpose of the host, by the
    /// [`FreshnessPolicy`](crate::policy::FreshnessPolicy). False for a purpose that the policy does not name. Who is not fresh shows
    /// the address once more: [`step_up`](Self::step_up), and then [`Proof::renew`](crate::sign_in::Proof::renew).
    ///
    /// # Errors
    /// [`PublicRefusal::UserNotFound`], [`PublicRefusal::IdentifierNotFound`].
    pub async fn is_fresh(&self, id: IdentifierId, purpose: &str) -> Result<bool, HolderError> {
        let (_, stored) = self.identity.load(&self.key).await?.ok_or(PublicRefusal::UserNotFound)?;
        let entry = stored.user.identifier(id).ok_or(PublicRefusal::IdentifierNotFound)?;
        Ok(entry.is_fresh(purpose, self.identity.policy().freshness(), self.identity.now()))
    }

    /// Answers the open contest over an address of this user, which [`User::contest`] names: agreeing transfers the address at once,
    /// objecting ends the contest. Without being signed in, the link of the notice objects ([`Identity::disavow`]).
    ///
    /// # Errors
    /// [`PublicRefusal::NoContest`] when it was decided, [`PublicRefusal::AdministratorOnly`] for the user who contests the address:
    /// removing it withdraws.
    pub async fn answer_contest(
        &self,
        contest: ContestId,
        answer: ContestAnswer,
    ) -> Result<Receipt<ContestOutcome>, HolderError> {
        self.run("account.answer_contest", |user, context| user.answer_contest(contest, answer, context)).await
    }

    pub(crate) async fn run<T: 'static>(
        &self,
        use_case: &'static str,
        decide: impl Fn(&User, &Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, HolderError> {
        match self.identity.run(use_case, &self.key, &Actor::Holder, decide).await {
            Ok(receipt) => Ok(Receipt { user: receipt.user.seen_by_holder(), ..receipt }),
            Err(error) => Err(error.public()),
        }
    }
}
