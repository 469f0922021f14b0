use std::sync::Arc;

use identity_core::{
    Address, Authority, Context, Credentials, Decision, IdentifierId, Issued, MessageId, NewAddress, NewUser,
    ProfileChange, Recorded, Refusal, SignInUse, SignIns, Started, User, UserId, Username, Verification,
};
use identity_ports::{DeadLetter, DirectoryPage, DirectoryQuery, Found, ListQuery, Page};

use crate::{Error, Identity, Receipt};

/// The administrator's road: what staff and the host itself may do. Every event keeps the name that it was opened with.
#[derive(Debug, Clone)]
pub struct Admin {
    pub(crate) identity: Identity,
    pub(crate) authority: Authority,
}

impl Admin {
    async fn run<T>(
        &self,
        use_case: &'static str,
        user: &UserId,
        decide: impl Fn(&User, &Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Receipt<T>, Error> {
        self.identity.run(use_case, &self.identity.key(user), &self.authority, decide).await
    }

    /// Creates a user with everything that the request names.
    ///
    /// # Errors
    /// As [`User::create`]; [`Refusal::UserExists`], [`Refusal::Taken`].
    pub async fn create(&self, new: NewUser) -> Result<Receipt<UserId>, Error> {
        let key_of = |id: &UserId| self.identity.key(id);
        self.identity.begin("admin.create", key_of, &self.authority, |context| User::create(&new, context)).await
    }

    /// A user.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`], [`Error::Store`].
    pub async fn get(&self, user: &UserId) -> Result<Arc<User>, Error> {
        let stored = self.identity.parts.store.load(&self.identity.key(user)).await?;
        Ok(stored.ok_or(Refusal::UserNotFound)?.user)
    }

    /// Who has an address, verified or not; verified ones first, 100 at most.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn find(&self, address: &Address) -> Result<Vec<Found>, Error> {
        Ok(self.identity.parts.store.find(&self.identity.tenant, &[address.claim_key()]).await?)
    }

    /// Who has a username.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn find_username(&self, username: &Username) -> Result<Option<UserId>, Error> {
        let found = self.identity.parts.store.find(&self.identity.tenant, &[username.claim_key()]).await?;
        Ok(found.into_iter().next().map(|found| found.user))
    }

    /// A page of users: by creation or change, all or those with an address that begins so. At most 1,000 at once.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn list(&self, query: &ListQuery) -> Result<Page, Error> {
        let query = ListQuery { limit: query.limit.clamp(1, 1_000), ..query.clone() };
        Ok(self.identity.parts.store.list(&self.identity.tenant, &query).await?)
    }

    /// A numbered page of users, in any order, with how many there are. At most 1,000 at once.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn browse(&self, query: &DirectoryQuery) -> Result<DirectoryPage, Error> {
        let query = DirectoryQuery { limit: query.limit.clamp(1, 1_000), ..query.clone() };
        Ok(self.identity.parts.store.browse(&self.identity.tenant, &query).await?)
    }

    /// What happened to a user, when and on whose word: events with numbers above `after`, at most 1,000 at once. Of an erased
    /// user it says that much still, and nothing personal.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn history(&self, user: &UserId, after: u64, limit: usize) -> Result<Vec<Recorded>, Error> {
        let key = self.identity.key(user);
        Ok(self.identity.parts.store.history(&key, after, limit.clamp(1, 1_000)).await?)
    }

    /// The dead letters of the tenant in the order of their ids, those after `after`, each with the reason of its last failure; at
    /// most 1,000 per call.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn dead_letters(&self, after: Option<MessageId>, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        Ok(self.identity.parts.store.dead_letters(&self.identity.tenant, after, limit.clamp(1, 1_000)).await?)
    }

    /// Adds an address, verified or unrestricted where the request says so.
    ///
    /// # Errors
    /// As [`User::add`]; [`Refusal::Taken`].
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

    /// Makes a code for the caller to pass on; nothing is sent.
    ///
    /// # Errors
    /// As [`User::issue_code`].
    pub async fn issue_code(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<Issued>, Error> {
        Ok(self
            .identity
            .issued(self.run("admin.issue_code", user, |user, context| user.issue_code(id, context)).await?))
    }

    /// Verifies an address on the administrator's word. Nothing is written when it is verified.
    ///
    /// # Errors
    /// As [`User::mark_verified`]; [`Refusal::Taken`].
    pub async fn mark_verified(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.mark_verified_by(user, id, None).await
    }

    /// Verifies an address on the word of `source`, in the host's words.
    ///
    /// # Errors
    /// As [`User::mark_verified`]; [`Refusal::Taken`].
    pub async fn mark_verified_by(
        &self,
        user: &UserId,
        id: IdentifierId,
        source: Option<&str>,
    ) -> Result<Receipt<()>, Error> {
        self.run("admin.mark_verified", user, |user, context| user.mark_verified(id, source, context)).await
    }

    /// Takes an address's verification away, and its challenge. Nothing is written when it has neither.
    ///
    /// # Errors
    /// As [`User::mark_unverified`].
    pub async fn mark_unverified(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.mark_unverified", user, |user, context| user.mark_unverified(id, context)).await
    }

    /// Takes an address for deliverable again. Nothing is written when it is.
    ///
    /// # Errors
    /// As [`User::mark_deliverable`].
    pub async fn mark_deliverable(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.mark_deliverable", user, |user, context| user.mark_deliverable(id, context)).await
    }

    /// Forgives an address its wrong answers.
    ///
    /// # Errors
    /// As [`User::clear_attempts`].
    pub async fn clear_attempts(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.clear_attempts", user, |user, context| user.clear_attempts(id, context)).await
    }

    /// Makes an address the primary one of its kind. Nothing is written when it is.
    ///
    /// # Errors
    /// As [`User::set_primary`].
    pub async fn set_primary(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.set_primary", user, |user, context| user.set_primary(id, context)).await
    }

    /// Replaces an address: at once by one that is verified on the administrator's word, else as the holder does.
    ///
    /// # Errors
    /// As [`User::replace`]; [`Refusal::Taken`].
    pub async fn replace(
        &self,
        user: &UserId,
        old: IdentifierId,
        new: impl Into<NewAddress>,
    ) -> Result<Receipt<IdentifierId>, Error> {
        let new = new.into();
        self.run("admin.replace", user, |user, context| user.replace(old, &new, context)).await
    }

    /// Removes an address, the last verified one too where the policy lets an administrator.
    ///
    /// # Errors
    /// As [`User::remove`].
    pub async fn remove(&self, user: &UserId, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.run("admin.remove", user, |user, context| user.remove(id, context)).await
    }

    /// Sets the name to sign in with, and where it was collected.
    ///
    /// # Errors
    /// As [`User::set_username`]; [`Refusal::Taken`].
    pub async fn set_username(
        &self,
        user: &UserId,
        username: &Username,
        source: Option<&str>,
    ) -> Result<Receipt<IdentifierId>, Error> {
        self.run("admin.set_username", user, |user, context| user.set_username(username, source, context)).await
    }

    /// Removes the name to sign in with.
    ///
    /// # Errors
    /// As [`User::remove_username`].
    pub async fn remove_username(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.run("admin.remove_username", user, |user, context| user.remove_username(context)).await
    }

    /// Changes the profile member by member.
    ///
    /// # Errors
    /// As [`User::change_profile`].
    pub async fn change_profile(&self, user: &UserId, change: &ProfileChange) -> Result<Receipt<()>, Error> {
        self.run("admin.change_profile", user, |user, context| user.change_profile(change, context)).await
    }

    /// Records the credentials that the host keeps.
    ///
    /// # Errors
    /// As [`User::report_credentials`].
    pub async fn report_credentials(&self, user: &UserId, credentials: Credentials) -> Result<Receipt<()>, Error> {
        let credentials = Arc::new(credentials);
        let decide = |user: &User, context: &Context<'_>| user.report_credentials(&credentials, context);
        self.run("admin.report_credentials", user, decide).await
    }

    /// Records sign-in activity.
    ///
    /// # Errors
    /// As [`User::report_sign_ins`].
    pub async fn report_sign_ins(&self, user: &UserId, sign_ins: SignIns) -> Result<Receipt<()>, Error> {
        let sign_ins = Arc::new(sign_ins);
        self.run("admin.report_sign_ins", user, |user, context| user.report_sign_ins(&sign_ins, context)).await
    }

    /// Records how sign-in uses an identifier or the username.
    ///
    /// # Errors
    /// As [`User::report_sign_in_use`].
    pub async fn report_sign_in_use(
        &self,
        user: &UserId,
        id: IdentifierId,
        sign_in: SignInUse,
    ) -> Result<Receipt<()>, Error> {
        let sign_in = Arc::new(sign_in);
        let decide = |user: &User, context: &Context<'_>| user.report_sign_in_use(id, &sign_in, context);
        self.run("admin.report_sign_in_use", user, decide).await
    }

    /// Forgets a passkey; the others stay as they were reported.
    ///
    /// # Errors
    /// As [`User::remove_passkey`].
    pub async fn remove_passkey(&self, user: &UserId, passkey_id: &str) -> Result<Receipt<()>, Error> {
        self.run("admin.remove_passkey", user, |user, context| user.remove_passkey(passkey_id, context)).await
    }

    /// Forgets the user's identity at another provider.
    ///
    /// # Errors
    /// As [`User::disconnect`].
    pub async fn disconnect(
        &self,
        user: &UserId,
        authenticator: &str,
        provider_user_id: &str,
    ) -> Result<Receipt<()>, Error> {
        let decide = |user: &User, context: &Context<'_>| user.disconnect(authenticator, provider_user_id, context);
        self.run("admin.disconnect", user, decide).await
    }

    /// Ends a block of sign-in that the host reported. Nothing is written when there is none.
    ///
    /// # Errors
    /// As [`User::unblock`].
    pub async fn unblock(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.run("admin.unblock", user, User::unblock).await
    }

    /// Closes the user's own road. Nothing is written when it is closed.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`], [`Error::Store`].
    pub async fn disable(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.run("admin.disable", user, User::disable).await
    }

    /// Opens the user's own road. Nothing is written when it is open.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`], [`Error::Store`].
    pub async fn enable(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.run("admin.enable", user, User::enable).await
    }

    /// Erases a user: its rows go, its events lose everything personal, its addresses are free again, and its id is never used
    /// again.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`], [`Error::Store`].
    pub async fn erase(&self, user: &UserId) -> Result<Receipt<()>, Error> {
        self.run("admin.erase", user, User::erase).await
    }
}
