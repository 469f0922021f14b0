use std::sync::Arc;

use identity::rules::Authority;
use identity::spend::SendLimit;
use identity::{
    Account, Admin, Error, IdentifierId, Identity, Issued, NewAddress, Receipt, Refusal, Started, User, UserId,
    Verification,
};

use crate::tokens::Caller;

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

    pub(super) fn authority(&self) -> Authority {
        match self {
            Self::Own(_) => Authority::Holder,
            Self::Staff(_, _, name) => Authority::Administrator(Arc::clone(name)),
        }
    }

    const fn account(&self) -> &Account {
        match self {
            Self::Own(account) | Self::Staff(_, account, _) => account,
        }
    }

    pub(super) async fn get(&self) -> Result<Arc<User>, Error> {
        self.account().get().await
    }

    pub(super) async fn add(&self, new: NewAddress) -> Result<Receipt<IdentifierId>, Error> {
        match self {
            Self::Own(account) => account.add(new.address).await,
            Self::Staff(admin, account, _) => admin.add(account.user(), new).await,
        }
    }

    pub(super) async fn replace(&self, old: IdentifierId, new: NewAddress) -> Result<Receipt<IdentifierId>, Error> {
        match self {
            Self::Own(account) => account.replace(old, new.address).await,
            Self::Staff(admin, account, _) => admin.replace(account.user(), old, new).await,
        }
    }

    pub(super) async fn remove(&self, id: IdentifierId) -> Result<Receipt<()>, Error> {
        match self {
            Self::Own(account) => account.remove(id).await,
            Self::Staff(admin, account, _) => admin.remove(account.user(), id).await,
        }
    }

    pub(super) async fn start(&self, id: IdentifierId, request: &Verification) -> Result<Receipt<Started>, Error> {
        match self {
            Self::Own(account) => account.start_verification_with(id, request).await,
            Self::Staff(admin, account, _) => admin.start_verification(account.user(), id, request).await,
        }
    }

    /// As [`start`](Self::start), where the address has been written already and there is no way back. A budget that the
    /// address shares with other users withholds the message then, and the answer is that of a message that was sent.
    pub(super) async fn start_after_all(
        &self,
        id: IdentifierId,
        request: &Verification,
    ) -> Result<Receipt<Started>, Error> {
        match self.start(id, request).await {
            Err(Error::Refused(Refusal::TooSoon { limit: SendLimit::Shared(_), .. })) => {
                self.account().start_verification_with(id, request).await
            }
            started => started,
        }
    }

    pub(super) async fn issue(&self, id: IdentifierId) -> Result<Receipt<Issued>, Error> {
        match self {
            Self::Own(_) => Err(Refusal::AdministratorOnly.into()),
            Self::Staff(admin, account, _) => admin.issue_code(account.user(), id).await,
        }
    }
}
