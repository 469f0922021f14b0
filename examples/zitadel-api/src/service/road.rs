use std::sync::Arc;

use identity::history::Actor;
use identity::spend::SendLimit;
use identity::{
    Account, Admin, Error, HolderError, IdentifierId, Identity, Issued, NewAddress, PublicRefusal, Receipt, Refusal,
    Started, User, UserId, Verification,
};

use crate::tokens::Caller;

/// The error of a call on either road. An administrator is told more than a holder.
#[derive(Debug)]
pub(super) enum Stopped {
    Own(HolderError),
    Staff(Error),
}

impl Stopped {
    pub(super) fn is(&self, refusal: &PublicRefusal) -> bool {
        match self {
            Self::Own(error) => error.refusal() == Some(refusal),
            Self::Staff(error) => error.refusal().map(Refusal::public).as_ref() == Some(refusal),
        }
    }
}

impl From<HolderError> for Stopped {
    fn from(error: HolderError) -> Self {
        Self::Own(error)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Staff(error)
    }
}

/// The road that a token opens: the holder's own, or the administrator's.
pub(super) enum Road<'a> {
    Own(Account),
    Staff(Admin, Account, &'a Arc<str>),
}

impl<'a> Road<'a> {
    pub(super) fn of(identity: &Identity, caller: &'a Caller, user: &UserId) -> Self {
        let account = identity.account(user);
        match caller {
            Caller::User(_) => Self::Own(account),
            Caller::Administrator(name) => Self::Staff(identity.admin(Arc::clone(name)), account, name),
        }
    }

    pub(super) fn actor(&self) -> Actor {
        match self {
            Self::Own(_) => Actor::Holder,
            Self::Staff(_, _, name) => Actor::Administrator(Arc::clone(name)),
        }
    }

    const fn account(&self) -> &Account {
        match self {
            Self::Own(account) | Self::Staff(_, account, _) => account,
        }
    }

    /// The error of a decision that was made on this road without the library's use cases.
    pub(super) fn stopped(&self, error: Error) -> Stopped {
        match self {
            Self::Own(_) => Stopped::Own(error.public()),
            Self::Staff(..) => Stopped::Staff(error),
        }
    }

    pub(super) async fn get(&self) -> Result<Arc<User>, HolderError> {
        self.account().get().await
    }

    pub(super) async fn add(&self, new: NewAddress) -> Result<Receipt<IdentifierId>, Stopped> {
        match self {
            Self::Own(account) => Ok(account.add(new.address).await?),
            Self::Staff(admin, account, _) => Ok(admin.add(account.user(), new).await?),
        }
    }

    pub(super) async fn replace(&self, old: IdentifierId, new: NewAddress) -> Result<Receipt<IdentifierId>, Stopped> {
        match self {
            Self::Own(account) => Ok(account.replace(old, new.address).await?),
            Self::Staff(admin, account, _) => Ok(admin.replace(account.user(), old, new).await?),
        }
    }

    pub(super) async fn remove(&self, id: IdentifierId) -> Result<Receipt<()>, Stopped> {
        match self {
            Self::Own(account) => Ok(account.remove(id).await?),
            Self::Staff(admin, account, _) => Ok(admin.remove(account.user(), id).await?),
        }
    }

    pub(super) async fn start(&self, id: IdentifierId, request: &Verification) -> Result<Receipt<Started>, Stopped> {
        match self {
            Self::Own(account) => Ok(account.start_verification_with(id, request).await?),
            Self::Staff(admin, account, _) => Ok(admin.start_verification(account.user(), id, request).await?),
        }
    }

    /// As [`start`](Self::start), where the address has been written already and there is no way back. A budget that the
    /// address shares with other users withholds the message then, and the answer is that of a message that was sent.
    pub(super) async fn start_after_all(
        &self,
        id: IdentifierId,
        request: &Verification,
    ) -> Result<Receipt<Started>, Stopped> {
        match self.start(id, request).await {
            Err(Stopped::Staff(Error::Refused(Refusal::TooSoon { limit: SendLimit::Shared(_), .. }))) => {
                Ok(self.account().start_verification_with(id, request).await?)
            }
            started => started,
        }
    }

    pub(super) async fn issue(&self, id: IdentifierId) -> Result<Receipt<Issued>, Stopped> {
        match self {
            Self::Own(_) => Err(Stopped::Own(PublicRefusal::AdministratorOnly.into())),
            Self::Staff(admin, account, _) => Ok(admin.issue_code(account.user(), id).await?),
        }
    }
}
