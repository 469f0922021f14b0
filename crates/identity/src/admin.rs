use std::sync::Arc;

use identity_core::{
    Actor, Address, ClaimKind, ContestAnswer, ContestId, ContestOutcome, Context, Decision, IdentifierId, Issued,
    MergeConflict, MessageId, NewAddress, NewUser, ProfileChange, Recorded, Refusal, Started, User, UserId, Username,
    Verification,
};
use identity_ports::{Cursor, DirectoryPage, DirectoryQuery, Found, ListOrder, ListQuery, Page, Posted, Prefix};
use serde_json::{Map, Value};

use crate::{Error, Identity, Receipt};

/// The administrator's road: what staff and the host itself may do. Every event keeps the actor's name.
///
/// Besides the refusals that the methods name, every method fails with [`Error::Contended`] when other calls kept changing the
/// user, with [`Error::Store`] when the store fails, and with [`Error::Entropy`] when the source of randomness does. Every
/// method that writes refuses an actor's name that is longer than 800 bytes or contains U+0000, with [`Refusal::TooLarge`] or
/// [`Refusal::Nul`].
#[derive(Debug, Clone)]
pub struct Admin {
    pub(crate) identity: Identity,
    pub(crate) actor: Actor,
}

impl Admin {
    async fn run<T: 'static>(
        &self,
        use_case: &'static str,
        user: &UserId,
        decide: impl Fn(&User, &Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, Error> {
        self.identity.run(use_case, &self.identity.key(user), &self.actor, decide).await
    }

    /// Creates a user with the identifiers and the profile of the request.
    ///
    /// # Errors
    /// As [`User::create`]; [`Refusal::UserExists`] when the id is or was in use, [`Refusal::Taken`] when another user holds the
    /// claim on an address or on the username.
    pub async fn create(&self, new: NewUser) -> Result<Receipt<UserId>, Error> {
        self.create_heeding(new, false).await
    }

    /// The same, and with `heeds_rest` refused while an address or the username rests.
    pub(crate) async fn create_heeding(&self, new: NewUser, heeds_rest: bool) -> Result<Receipt<UserId>, Error> {
        let key_of = |id: &UserId| self.identity.key(id);
        let decide = |context: &Context<'_>| User::create(&new, context);
        self.identity.begin("admin.create", key_of, &self.actor, heeds_rest, decide).await
    }

    /// The user, as stored. One who became a part of another user ([`merge`](Self::merge)) is that other user, here and wherever a
    /// user is named by the id.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`] when there is no such user; [`Error::Store`] when the store fails.
    pub async fn get(&self, user: &UserId) -> Result<Arc<User>, Error> {
        let found = self.identity.load(&self.identity.key(user)).await?;
        Ok(found.ok_or(Refusal::UserNotFound)?.1.user)
    }

    /// What would be lost, or keeps it from happening, if the user `from` became a part of the user `into`: the dry run of
    /// [`merge`](Self::merge).
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`] when there is no such user; [`Error::Store`] when the store fails.
    pub async fn merge_conflicts(&self, from: &UserId, into: &UserId) -> Result<Vec<MergeConflict>, Error> {
        Ok(self.get(into).await?.merge_conflicts(&*self.get(from).await?))
    }

    /// Makes the user `from` a part of the user `into`, for one person who has two: `into` gets the addresses with their evidence
    /// and ids, the username and what its profile and extension do not have; everything else of `from` is erased, also its
    /// events. Both are written in one commit. From then on the id of `from` means `into` in every call, so that a session of
    /// `from` is one of `into`; a host should end them first. Notices go to the verified addresses of `into`, as for any address
    /// that is added.
    ///
    /// Every conflict has to be accepted: the caller shows what [`merge_conflicts`](Self::merge_conflicts) found, and names what
    /// may be settled as [`MergeConflict`] says. The outcome is the conflicts that were not named; when there are any, nothing is
    /// written.
    ///
    /// # Errors
    /// As [`User::merge`]; [`Refusal::UserNotFound`] when there is no such user, [`Refusal::Taken`] when a third user holds the claim
    /// on an address of `from`, which can be when the policy of claims changed.
    pub async fn merge(
        &self,
        from: &UserId,
        into: &UserId,
        accepted: &[MergeConflict],
    ) -> Result<Receipt<Vec<MergeConflict>>, Error> {
        let keys = [&self.identity.key(into), &self.identity.key(from)];
        let decide = |into: &User, from: &User, context: &Context<'_>| into.merge(from, accepted, context);
        self.identity.run_two("admin.merge", keys, &self.actor, decide).await
    }

    /// The users that have an address, verified or not: at most 100, those that verified it first.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn find(&self, address: &Address) -> Result<Vec<Found>, Error> {
        Ok(self.identity.parts.store.find(&self.identity.tenant, &[address.claim_key()]).await?)
    }

    /// The user that has a username.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn find_username(&self, username: &Username) -> Result<Option<UserId>, Error> {
        let found = self.identity.parts.store.find(&self.identity.tenant, &[username.claim_key()]).await?;
        Ok(found.into_iter().next().map(|found| found.user))
    }

    /// A page of users in the order of their creation or last change: all of them, or those with an address that begins with a
    /// prefix; at most 1,000 per page.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn list(&self, query: &ListQuery) -> Result<Page, Error> {
        let query = ListQuery { limit: query.limit.clamp(1, 1_000), ..query.clone() };
        Ok(self.identity.parts.store.list(&self.identity.tenant, &query).await?)
    }

    /// A numbered page of users in any order, with the number of users in all; at most 1,000 per page.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn browse(&self, query: &DirectoryQuery) -> Result<DirectoryPage, Error> {
        let query = DirectoryQuery { limit: query.limit.clamp(1, 1_000), ..query.clone() };
        Ok(self.identity.parts.store.browse(&self.identity.tenant, &query).await?)
    }

    /// The events of a user with numbers above `after`, each with its time and actor; at most 1,000 per call. The events of an
    /// erased user contain nothing personal.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn history(&self, user: &UserId, after: u64, limit: usize) -> Result<Vec<Recorded>, Error> {
        let key = self.identity.key(user);
        Ok(self.identity.parts.store.history(&key, after, limit.clamp(1, 1_000)).await?)
    }

    /// The dead letters of the tenant in the order of their ids, those after `after`, each with the reason of its last failure; at
    /// most 1,000 per call.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn dead_letters(&self, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, Error> {
        Ok(self.identity.parts.store.dead_letters(&self.identity.tenant, after, limit.clamp(1, 1_000)).await?)
    }

    /// Adds an address, verified or exempt from restrictions if the request says so.
    ///
    /// # Errors
    /// As [`User::add`]; [`Refusal::Taken`] when another user holds the claim on the address.
    pub async fn add(&self, user: &UserId, new: impl Into<NewAddress>) -> Result<Receipt<IdentifierId>, Error> {
        let new = new.into();
        self.run("admin.add", user, |user, context| user.add(&new, context)).await
    }

    /// Sends a code, a link or both to an address.
    ///
    /// # Errors
    /// As [`User::start_verification`].
    pub async fn start_verification(
        &self,
        user: &UserId,
        id: IdentifierId,
        request: &Verification,
    ) -> Result<Receipt<Started>, Error> {
        let decide = |user: &User, context: &Context<'_>| user.start_verification(id, request, context);
        Ok(self.identity.started(self.run("admin.start_verification", user, decide).await?))
    }

    /// Makes a code and returns it for the administrator to pass on. No message is sent.
    ///
    /// # Errors
    /// As [`User::issue_code`].
    pub async fn issue_code(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<Issued>, Error> {
        Ok(self
            .identity
            .issued(self.run("admin.issue_code", user, |user, context| user.issue_code(id, context)).await?))
    }

    /// Marks an address as verified on the administrator's word. Nothing is written when it is verified already.
    ///
    /// # Errors
    /// As [`User::mark_verified`]; [`Refusal::Taken`] when another user holds the claim on the address.
    pub async fn mark_verified(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.mark_verified_by(user, id, None).await
    }

    /// Marks an address as verified, and records who attests it: `source` is a text of the host's, at most 800 bytes.
    ///
    /// # Errors
    /// As [`User::mark_verified`]; [`Refusal::Taken`] when another user holds the claim on the address.
    pub async fn mark_verified_by(
        &self,
        user: &UserId,
        id: IdentifierId,
        source: Option<&str>,
    ) -> Result<Receipt<()>, Error> {
        self.run("admin.mark_verified", user, |user, context| user.mark_verified(id, source, context)).await
    }

    /// Removes the verification and the challenge of an address. Nothing is written when it has neither.
    ///
    /// # Errors
    /// As [`User::mark_unverified`].
    pub async fn mark_unverified(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.mark_unverified", user, |user, context| user.mark_unverified(id, context)).await
    }

    /// Clears the mark that an address is undeliverable. Nothing is written when it has no mark.
    ///
    /// # Errors
    /// As [`User::mark_deliverable`].
    pub async fn mark_deliverable(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.mark_deliverable", user, |user, context| user.mark_deliverable(id, context)).await
    }

    /// Clears the count of wrong answers of an address. Nothing is written when it is zero.
    ///
    /// # Errors
    /// As [`User::clear_attempts`].
    pub async fn clear_attempts(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.clear_attempts", user, |user, context| user.clear_attempts(id, context)).await
    }

    /// Makes an address the primary one of its channel. Nothing is written when it is primary already.
    ///
    /// # Errors
    /// As [`User::set_primary`].
    pub async fn set_primary(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.set_primary", user, |user, context| user.set_primary(id, context)).await
    }

    /// Replaces an address. A new address that the request marks as verified takes its place at once; otherwise a verified
    /// address stays until the new one is verified.
    ///
    /// # Errors
    /// As [`User::replace`]; [`Refusal::Taken`] when another user holds the claim on the new address.
    pub async fn replace(
        &self,
        user: &UserId,
        old: IdentifierId,
        new: impl Into<NewAddress>,
    ) -> Result<Receipt<IdentifierId>, Error> {
        let new = new.into();
        self.run("admin.replace", user, |user, context| user.replace(old, &new, context)).await
    }

    /// Removes an address, also the last verified one if the policy lets administrators remove it.
    ///
    /// # Errors
    /// As [`User::remove`].
    pub async fn remove(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.remove", user, |user, context| user.remove(id, context)).await
    }

    /// Stops the removal or replacement of an address that its holder asked for and that has not taken effect. Nothing is written
    /// when none is pending.
    ///
    /// # Errors
    /// As [`User::keep`].
    pub async fn keep(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.keep", user, |user, context| user.keep(id, context)).await
    }

    /// Sets the username, and records where it was collected: `source` is a text of the host's, at most 800 bytes.
    ///
    /// # Errors
    /// As [`User::set_username`]; [`Refusal::Taken`] when another user holds the claim on the username.
    pub async fn set_username(
        &self,
        user: &UserId,
        username: &Username,
        source: Option<&str>,
    ) -> Result<Receipt<IdentifierId>, Error> {
        self.run("admin.set_username", user, |user, context| user.set_username(username, source, context)).await
    }

    /// Removes the username.
    ///
    /// # Errors
    /// As [`User::remove_username`].
    pub async fn remove_username(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.run("admin.remove_username", user, |user, context| user.remove_username(context)).await
    }

    /// Changes members of the profile: a value replaces a member, null removes it, absent members stay.
    ///
    /// # Errors
    /// As [`User::change_profile`].
    pub async fn change_profile(&self, user: &UserId, change: &ProfileChange) -> Result<Receipt<()>, Error> {
        self.run("admin.change_profile", user, |user, context| user.change_profile(change, context)).await
    }

    /// Changes members of the [extension](User::extension): a value replaces a member, null removes it, absent members stay. The
    /// members to change are worked out from the user as it is when it is written, possibly more than once. The outcome is
    /// whether anything differed.
    ///
    /// # Errors
    /// As [`User::report`].
    pub async fn report(
        &self,
        user: &UserId,
        members: impl Fn(&User) -> Map<String, Value>,
    ) -> Result<Receipt<bool>, Error> {
        self.run("admin.report", user, |user, context| user.report(&members(user), context)).await
    }

    /// The users over whose verified addresses a contest is open ([`User::contest`]), in the order of their creation: at most
    /// `limit` of them, which is 1,000 at most, from `after` on. The other user of each is [`Contest::with`](crate::contest::Contest).
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn contests(&self, after: Option<Cursor>, limit: usize) -> Result<Page, Error> {
        let prefix = Some(Prefix { kind: ClaimKind::Contest, text: String::new() });
        self.list(&ListQuery { order: ListOrder::Created, after, limit, prefix }).await
    }

    /// Decides a contest in the owner's place: the address changes hands, or stays. Both users are told.
    ///
    /// # Errors
    /// [`Refusal::NoContest`] when it was decided.
    pub async fn decide_contest(
        &self,
        contest: ContestId,
        answer: ContestAnswer,
    ) -> Result<Receipt<ContestOutcome>, Error> {
        let found = self.identity.parts.store.find(&self.identity.tenant, &[contest.key()]).await?;
        let owner = found.into_iter().next().ok_or(Refusal::NoContest)?.user;
        let decide = |user: &User, context: &Context<'_>| user.answer_contest(contest, answer, context);
        self.run("admin.decide_contest", &owner, decide).await
    }

    /// Disables a user: calls on the holder's road are refused. Nothing is written when the user is disabled already.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`] when there is no such user; [`Error::Store`] when the store fails.
    pub async fn disable(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.run("admin.disable", user, User::disable).await
    }

    /// Enables a user again. Nothing is written when the user is enabled.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`] when there is no such user; [`Error::Store`] when the store fails.
    pub async fn enable(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.run("admin.enable", user, User::enable).await
    }

    /// Erases a user: its rows are deleted, its events lose everything personal, its addresses are free again, and its id is
    /// never used again.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`] when there is no such user; [`Error::Store`] when the store fails.
    pub async fn erase(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.run("admin.erase", user, User::erase).await
    }
}
