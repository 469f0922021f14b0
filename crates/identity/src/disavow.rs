//! Undoing a change with the link of its notice.

use identity_core::{Actor, Context, Decision, DisavowToken, Recorded, Refusal, Undone, User, disavowals};

use crate::{Account, Error, HolderError, Identity, Receipt};

impl Identity {
    /// Undoes the change that the notice with this token reported, exactly that one, and answers what it was and since when the
    /// account may have been in other hands: a host ends the sessions that began since. Nobody needs to be signed in, because
    /// whoever replaced an address kept its owner out. Call it when the person presses the button of the page that the link
    /// opens, never when the page is shown: mail scanners open links too.
    ///
    /// A change that is pending is stopped. An address that comes back has its id and its evidence, and is primary if it was. All
    /// addresses that were concerned are told, in a notice without a link: an undone change is contested with an administrator.
    /// [`User::disavow`] says what is undone for each kind of change, and the manual's page
    /// [`when_somebody_else_gets_in`](crate::manual::when_somebody_else_gets_in) tells the story.
    ///
    /// # Errors
    /// Nothing is changed by any of them.
    /// * [`PublicRefusal::DisavowalForged`](crate::PublicRefusal::DisavowalForged) when the token was not made by this host for
    ///   this tenant, [`DisavowalKeyGone`](crate::PublicRefusal::DisavowalKeyGone) when its key is no longer configured.
    /// * [`DisavowalUsed`](crate::PublicRefusal::DisavowalUsed), [`DisavowalOver`](crate::PublicRefusal::DisavowalOver) when the
    ///   window of the [`DisavowalPolicy`](crate::policy::DisavowalPolicy) is over, and
    ///   [`AdministratorOnly`](crate::PublicRefusal::AdministratorOnly) when an administrator made the change.
    /// * [`NothingToUndo`](crate::PublicRefusal::NothingToUndo) when the change does not stand any more.
    /// * [`TakenSince`](crate::PublicRefusal::TakenSince) when an address that would come back belongs to another user by now, and
    ///   the [`ContestPolicy`](crate::policy::ContestPolicy) opens no contest: one that opens it answers [`Undone::contested`].
    /// * [`UserNotFound`](crate::PublicRefusal::UserNotFound) when the user was erased or became
    ///   a part of another one, and [`Disabled`](crate::PublicRefusal::Disabled) when the user is disabled.
    /// * [`TooMany`](crate::PublicRefusal::TooMany) when there is no room for the address that would come back.
    /// * [`HolderError::Contended`], [`HolderError::Store`] and [`HolderError::Entropy`] as on the holder's road.
    pub async fn disavow(&self, token: &DisavowToken) -> Result<Receipt<Undone>, HolderError> {
        self.judge_disavowal("disavow", token, |decision| decision).await
    }

    /// What [`disavow`](Self::disavow) would undo with this token now, so that the page that the link opens can say it. Nothing is
    /// written.
    ///
    /// # Errors
    /// As [`disavow`](Self::disavow), except for [`PublicRefusal::TakenSince`](crate::PublicRefusal::TakenSince).
    pub async fn disavowal(&self, token: &DisavowToken) -> Result<Undone, HolderError> {
        let nothing = |decision| Decision { events: Vec::new(), ..decision };
        Ok(self.judge_disavowal("disavowal", token, nothing).await?.outcome)
    }

    async fn judge_disavowal(
        &self,
        use_case: &'static str,
        token: &DisavowToken,
        done: impl Fn(Decision<Undone>) -> Decision<Undone>,
    ) -> Result<Receipt<Undone>, HolderError> {
        // A made-up token learns nothing of any user.
        token.check(&self.tenant, &self.parts.keys).map_err(Error::from)?;
        let decide = |user: &User, history: &[Recorded], context: &Context<'_>| {
            // What a user did who became a part of another one was erased with that user.
            if user.id() != token.user() {
                return Err(Refusal::UserNotFound);
            }
            user.disavow(history, token, context).map(&done)
        };
        match self.run_with_history(use_case, &self.key(token.user()), &Actor::Holder, decide).await {
            Ok(receipt) => Ok(Receipt { user: receipt.user.seen_by_holder(), ..receipt }),
            Err(Error::Refused(Refusal::Taken(kind) | Refusal::Resting { kind, .. })) => {
                Err(Error::from(Refusal::TakenSince(kind)).public())
            }
            Err(error) => Err(error.public()),
        }
    }
}

impl Account {
    /// The changes that [`Identity::disavow`] would undo now, the newest first, each with the token of its notice, for a page where the
    /// user is signed in. All events of the user are read; of those whose window is not over the newest 64 are looked at, so a user who
    /// changes much finds what is older in the notices alone. Nobody can undo what a disabled user did.
    ///
    /// # Errors
    /// [`PublicRefusal::UserNotFound`](crate::PublicRefusal::UserNotFound) and [`HolderError::Store`].
    pub async fn disavowals(&self) -> Result<Vec<(DisavowToken, Undone)>, HolderError> {
        let decide = |user: &User, history: &[Recorded], context: &Context<'_>| {
            Ok(Decision { events: Vec::new(), outcome: disavowals(user, history, context) })
        };
        let listed = self.identity.run_with_history("account.disavowals", &self.key, &Actor::Holder, decide).await;
        listed.map(|receipt| receipt.outcome).map_err(Error::public)
    }
}
