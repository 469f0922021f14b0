//! A host of which a test moves the time and reads the mail.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::delivery::Message;
use identity::rules::Seed;
use identity::system::{Clock, Entropy, EntropyError};
use identity::{
    Accepted, Account, Address, Code, CodeKeys, Email, IdentifierId, Identity, LinkToken, NewAddress, NewUser, Notice,
    Notifier, NotifyError, Phone, Policy, Timestamp, UserId,
};
use identity_memory::MemoryStore;

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct HandClock {
    time_of_day: Arc<AtomicI64>,
    passed: Arc<AtomicU64>,
}

impl HandClock {
    pub(crate) fn new() -> Self {
        Self { time_of_day: Arc::new(AtomicI64::new(1_800_000_000_000_000)), passed: Arc::default() }
    }

    /// Lets time pass.
    pub(crate) fn forward(&self, duration: Duration) {
        self.passed.fetch_add(u64::try_from(duration.as_micros()).unwrap(), Ordering::SeqCst);
        self.step(i64::try_from(duration.as_micros()).unwrap());
    }

    /// Sets the time of day back, while no time passes.
    pub(crate) fn back(&self, duration: Duration) {
        self.step(-i64::try_from(duration.as_micros()).unwrap());
    }

    /// Sets the time of day by so many microseconds, while no time passes.
    pub(crate) fn step(&self, micros: i64) {
        self.time_of_day.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.time_of_day.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.passed.load(Ordering::SeqCst))
    }
}

/// A different seed each time, the same ones in every run.
#[derive(Clone, Default)]
pub(crate) struct CountedEntropy(Arc<AtomicU64>);

impl Entropy for CountedEntropy {
    fn seed(&self) -> Result<Seed, EntropyError> {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Ok(Seed::new(bytes))
    }
}

/// What arrived, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Mailbox(Arc<Mutex<Vec<Notice>>>);

impl Mailbox {
    pub(crate) fn all(&self) -> Vec<Arc<Message>> {
        self.0.lock().unwrap().iter().map(|notice| Arc::clone(&notice.message)).collect()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The last code that came to an address.
    pub(crate) fn code(&self, to: &str) -> Code {
        self.last(to, |notice| notice.code.clone())
    }

    /// The last link that came to an address.
    pub(crate) fn link(&self, to: &str) -> LinkToken {
        self.last(to, |notice| notice.link.clone())
    }

    fn last<T>(&self, to: &str, what: impl Fn(&Notice) -> Option<T>) -> T {
        let notices = self.0.lock().unwrap();
        let to = notices.iter().rev().filter(|notice| notice.message.to.as_str() == to);
        to.filter_map(what).next().expect("a message came to this address")
    }
}

#[identity::async_trait]
impl Notifier for Mailbox {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        self.0.lock().unwrap().push(notice.clone());
        Ok(Accepted::default())
    }
}

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
        let (clock, mailbox) = (HandClock::new(), Mailbox::default());
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
        account.confirm(id, &self.mailbox.code(text)).await.unwrap();
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
