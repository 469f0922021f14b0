use std::sync::Arc;

use identity_core::{
    Address, Answer, Authority, Code, Confirmation, Context, Decision, IdentifierId, LinkToken, NewAddress, Refusal,
    Started, User, UserId, UserKey, Username, Verification,
};

use crate::{Error, Identity, Receipt};

/// The holder's road: what a person may do with their own identifiers.
///
/// Nothing here attests anything, sets a restriction aside or shows a code, and
/// [`Refusal::public`] does not tell whether an address is somebody else's.
#[derive(Debug, Clone)]
pub struct Account {
    pub(crate) identity: Identity,
    pub(crate) key: UserKey,
}

const HOLDER: Authority = Authority::Holder;

impl Account {
    /// Whose account it is.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.key.user
    }

    /// The user.
    ///
    /// # Errors
    /// [`Refusal::UserNotFound`], [`Error::Store`].
    pub async fn get(&self) -> Result<Arc<User>, Error> {
        let stored = self.identity.parts.store.load(&self.key).await?;
        Ok(stored.ok_or(Refusal::UserNotFound)?.user)
    }

    /// Adds an address, unverified. It grants nothing, blocks nobody, and is somebody else's business to contest.
    ///
    /// # Errors
    /// As [`User::add`].
    pub async fn add(&self, address: impl Into<Address>) -> Result<Receipt<IdentifierId>, Error> {
        let new = NewAddress::from(address.into());
        self.identity.run("account.add", &self.key, &HOLDER, |user, context| user.add(&new, context)).await
    }

    /// Sends a code to an address, or the same one once more while it lives.
    ///
    /// # Errors
    /// As [`User::start_verification`].
    pub async fn start_verification(&self, id: IdentifierId) -> Result<Receipt<Started>, Error> {
        self.start_verification_with(id, &Verification::default()).await
    }

    /// Sends a code, a link or both to an address.
    ///
    /// # Errors
    /// As [`User::start_verification`].
    pub async fn start_verification_with(
        &self,
        id: IdentifierId,
        request: &Verification,
    ) -> Result<Receipt<Started>, Error> {
        let decide = |user: &User, context: &Context<'_>| user.start_verification(id, request, context);
        let receipt = self.identity.run("account.start_verification", &self.key, &HOLDER, decide).await?;
        Ok(self.identity.started(receipt))
    }

    /// Judges a code that the person typed. A wrong one is counted, and is no error.
    ///
    /// # Errors
    /// As [`User::confirm`]; [`Refusal::Taken`] when somebody else verified the address before.
    pub async fn confirm(&self, id: IdentifierId, code: &Code) -> Result<Receipt<Confirmation>, Error> {
        let decide = |user: &User, context: &Context<'_>| user.confirm(id, Answer::Code(code), context);
        self.identity.run("account.confirm", &self.key, &HOLDER, decide).await
    }

    /// Judges the token of a link that the person opened. Do so when they say so on the page that the link opens, never when
    /// the page is shown: mail scanners open links too.
    ///
    /// # Errors
    /// As [`User::confirm`]; [`Refusal::IdentifierNotFound`] when the link is somebody else's.
    pub async fn confirm_link(&self, token: &LinkToken) -> Result<Receipt<Confirmation>, Error> {
        let decide = |user: &User, context: &Context<'_>| {
            if token.user() != user.id() {
                return Err(Refusal::IdentifierNotFound);
            }
            user.confirm(token.identifier(), Answer::Link(token), context)
        };
        self.identity.run("account.confirm_link", &self.key, &HOLDER, decide).await
    }

    /// Returns the address that [`confirm_link`](Self::confirm_link) with this token would confirm now, so that the page that
    /// the link opens can name it; `None` when the token is not the one of the link. Nothing is written and no guess is
    /// counted.
    ///
    /// # Errors
    /// As [`confirm_link`](Self::confirm_link), except for [`Refusal::Taken`].
    pub async fn link_address(&self, token: &LinkToken) -> Result<Option<Address>, Error> {
        let decide = |user: &User, context: &Context<'_>| {
            if token.user() != user.id() {
                return Err(Refusal::IdentifierNotFound);
            }
            let judged = user.confirm(token.identifier(), Answer::Link(token), context)?;
            let named = user.identifier(token.identifier()).filter(|_| judged.outcome == Confirmation::Verified);
            Ok(Decision { events: Vec::new(), outcome: named.map(|entry| entry.address.clone()) })
        };
        Ok(self.identity.run("account.link_address", &self.key, &HOLDER, decide).await?.outcome)
    }

    /// Makes a verified address the primary one of its kind. Nothing is written when it is.
    ///
    /// # Errors
    /// As [`User::set_primary`].
    pub async fn set_primary(&self, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.identity
            .run("account.set_primary", &self.key, &HOLDER, |user, context| user.set_primary(id, context))
            .await
    }

    /// Replaces an address: a verified one stays until the new one is verified.
    ///
    /// # Errors
    /// As [`User::replace`].
    pub async fn replace(
        &self,
        old: IdentifierId,
        address: impl Into<Address>,
    ) -> Result<Receipt<IdentifierId>, Error> {
        let new = NewAddress::from(address.into());
        self.identity.run("account.replace", &self.key, &HOLDER, |user, context| user.replace(old, &new, context)).await
    }

    /// Removes an address.
    ///
    /// # Errors
    /// As [`User::remove`].
    pub async fn remove(&self, id: IdentifierId) -> Result<Receipt<()>, Error> {
        self.identity.run("account.remove", &self.key, &HOLDER, |user, context| user.remove(id, context)).await
    }

    /// Sets the name to sign in with.
    ///
    /// # Errors
    /// As [`User::set_username`]; [`Refusal::Taken`] when somebody else has it.
    pub async fn set_username(&self, username: &Username) -> Result<Receipt<IdentifierId>, Error> {
        let decide = |user: &User, context: &Context<'_>| user.set_username(username, None, context);
        self.identity.run("account.set_username", &self.key, &HOLDER, decide).await
    }

    /// Removes the name to sign in with.
    ///
    /// # Errors
    /// As [`User::remove_username`].
    pub async fn remove_username(&self) -> Result<Receipt<()>, Error> {
        self.identity
            .run("account.remove_username", &self.key, &HOLDER, |user, context| user.remove_username(context))
            .await
    }
}
