//! A host of which a test moves the time and reads the mail.

use std::time::Duration;

pub(crate) use identity::testing::{CountedEntropy, HandClock, Mailbox};
use identity::{Account, Address, CodeKeys, Email, IdentifierId, Identity, NewAddress, NewUser, Phone, Policy, UserId};
use identity_memory::MemoryStore;

pub(crate) struct Host {
    pub(crate) identity: Identity,
    pub(crate) clock: HandClock,
    pub(crate) mailbox: Mailbox,
}

pub(crate) fn keys() -> CodeKeys {
    CodeKeys::parse(&format!("test:{}", "5a".repeat(32))).unwrap()
}

impl Host {
    pub(crate) fn new() -> Self {
        let (clock, mailbox) = (HandClock::default(), Mailbox::default());
        let identity = Identity::new(MemoryStore::new(), mailbox.clone(), keys())
            .with_clock(clock.clone())
            .with_entropy(CountedEntropy::default());
        Self { identity, clock, mailbox }
    }

    pub(crate) fn with_policy(mut self, policy: Policy) -> Self {
        self.identity = self.identity.with_policy(policy);
        self
    }

    pub(crate) async fn user(&self) -> UserId {
        self.identity.admin("test").create(NewUser::default()).await.unwrap().outcome
    }

    /// Somebody with the user's session replaces the primary address by one that they read. The answer is the id of the old one.
    pub(crate) async fn replace_primary(&self, user: &UserId, by: &str) -> IdentifierId {
        let account = self.identity.account(user);
        let old = account.get().await.unwrap().primary_email().unwrap().id;
        let new = account.replace(old, address(by)).await.unwrap().outcome;
        account.start_verification(new).await.unwrap();
        self.identity.deliver_due().await.unwrap();
        account.confirm(new, &self.mailbox.code(by).unwrap()).await.unwrap();
        self.identity.deliver_due().await.unwrap();
        old
    }

    pub(crate) async fn account(&self) -> Account {
        self.identity.account(&self.user().await)
    }

    /// A user with these verified addresses.
    pub(crate) async fn user_with(&self, addresses: &[&str]) -> UserId {
        let addresses = addresses.iter().map(|text| NewAddress::from(address(text)).verified()).collect();
        let new = NewUser { addresses, ..NewUser::default() };
        self.identity.admin("test").create(new).await.unwrap().outcome
    }

    /// Adds an address and has its code sent.
    pub(crate) async fn added(&self, account: &Account, text: &str) -> IdentifierId {
        let id = account.add(address(text)).await.unwrap().outcome;
        account.start_verification(id).await.unwrap();
        self.identity.deliver_due().await.unwrap();
        id
    }

    /// Adds an address and verifies it by its code.
    pub(crate) async fn verified(&self, account: &Account, text: &str) -> IdentifierId {
        let id = self.added(account, text).await;
        account.confirm(id, &self.mailbox.code(text).unwrap()).await.unwrap();
        id
    }
}

pub(crate) fn address(text: &str) -> Address {
    match Email::parse(text) {
        Ok(email) => email.into(),
        Err(_) => Phone::parse(text).unwrap().into(),
    }
}

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
