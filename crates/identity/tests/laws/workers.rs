//! Laws of delivery workers: what one provider, one clock, one lost answer or one caller that gives up may hold up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::address::ClaimKey;
use identity::delivery::{Delivery, DeliveryState, Message, MessageId, PostState, Posted, Report, Router};
use identity::directory::{DirectoryPage, DirectoryQuery, Found, ListQuery, Page, Stored};
use identity::history::{FeedCursor, FeedError, FeedPage, Recorded};
use identity::policy::{Budget, SendPolicy};
use identity::spend::{Charge, Refund};
use identity::store::{
    Backlog, Budgets, Changed, Commit, CommitError, Committed, Directory, EventFeed, Lease, LeaseId, Leased, Outbox,
    Settled, UserKey, UserRepository,
};
use identity::system::Clock;
use identity::{
    Accepted, Channel, Error, Identity, NewUser, Notice, Notifier, NotifyError, Policy, Refusal, RefusalKind,
    StoreError, TenantId, Timestamp, UserId,
};
use identity_memory::MemoryStore;
use tokio::time::Instant;

use crate::kit::{CountedEntropy, HandClock, Host, Mailbox, address, keys, secs};

/// A clock that goes with tokio's, which a test has paused.
#[derive(Clone)]
struct Virtual(Instant);

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_800_000_000) + self.0.elapsed()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A provider that answers while it is up, and is silent otherwise.
#[derive(Clone, Default)]
struct Provider {
    is_silent: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    taken: Mailbox,
}

impl Provider {
    fn silent() -> Self {
        let provider = Self::default();
        provider.is_silent.store(true, Ordering::SeqCst);
        provider
    }
}

#[identity::async_trait]
impl Notifier for Provider {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.taken.notify(notice).await
    }
}

/// Text messages go to one provider, mails to another; it is not known to be more than one notifier.
struct Both {
    mail: Provider,
    text: Provider,
}

#[identity::async_trait]
impl Notifier for Both {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        match notice.message.to.channel() {
            Channel::Email => self.mail.notify(notice).await,
            Channel::Phone => self.text.notify(notice).await,
        }
    }
}

async fn send(identity: &Identity, to: &str) -> UserId {
    let user = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
    let account = identity.account(&user);
    let id = account.add(address(to)).await.unwrap().outcome;
    account.start_verification(id).await.unwrap();
    user
}

fn phone(number: usize) -> String {
    format!("+4474{:02}1234{:02}", number / 100 + 10, number % 100)
}

fn policy() -> Policy {
    let block = SendPolicy::builder().block(Some(Budget::new(1_000, secs(3_600)))).build().unwrap();
    Policy::default().with_send(block)
}

fn working(notifier: impl Notifier) -> Identity {
    let clock = Virtual(Instant::now());
    let store = MemoryStore::new().with_clock(clock.clone());
    Identity::new(store, notifier, keys())
        .with_clock(clock)
        .with_entropy(CountedEntropy::default())
        .with_policy(policy())
}

#[tokio::test(start_paused = true)]
async fn c91_a_silent_sms_provider_delays_no_email() {
    let (mail, text) = (Provider::default(), Provider::silent());
    let identity = working(Both { mail: mail.clone(), text: text.clone() });
    for number in 0..60 {
        send(&identity, &phone(number)).await;
    }
    let worker = tokio::spawn({
        let identity = identity.clone();
        async move { identity.deliver_forever().await }
    });
    tokio::time::sleep(secs(2)).await;
    assert!(text.asked.load(Ordering::SeqCst) > 0, "the silent provider has what it can hold");
    for number in 0..120 {
        send(&identity, &format!("u{number}@example.com")).await;
        tokio::time::sleep(secs(1)).await;
        assert_eq!(mail.taken.messages().len(), number + 1, "the mail of second {number} came within a second");
    }
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn c91_an_address_of_the_same_user_on_another_channel_waits_for_nothing() {
    let (mail, text) = (Provider::default(), Provider::silent());
    let identity = working(Both { mail: mail.clone(), text });
    let user = send(&identity, &phone(0)).await;
    let worker = tokio::spawn({
        let identity = identity.clone();
        async move { identity.deliver_forever().await }
    });
    tokio::time::sleep(secs(2)).await;
    let account = identity.account(&user);
    let id = account.add(address("ada@example.com")).await.unwrap().outcome;
    account.start_verification(id).await.unwrap();
    tokio::time::sleep(secs(1)).await;
    assert_eq!(mail.taken.messages().len(), 1);
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn c91_a_silent_provider_delays_no_message_of_another_provider_of_its_channel() {
    let (one, two) = (Provider::silent(), Provider::default());
    let router = Router::builder()
        .provider("one", one.clone())
        .provider("two", two.clone())
        .phones(["one"])
        .country(81, ["two"])
        .build()
        .unwrap();
    let identity = working(router);
    for number in 0..60 {
        send(&identity, &phone(number)).await;
    }
    let worker = tokio::spawn({
        let identity = identity.clone();
        async move { identity.deliver_forever().await }
    });
    tokio::time::sleep(secs(5)).await;
    for number in 0..60 {
        send(&identity, &format!("+819012345{:03}", number)).await;
        tokio::time::sleep(secs(3)).await;
        assert_eq!(two.taken.messages().len(), number + 1, "the text of round {number} came within three seconds");
    }
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn c91_a_provider_that_does_not_answer_is_tried_with_one_message_at_a_time_until_it_answers() {
    let text = Provider::silent();
    let identity = working(Both { mail: Provider::default(), text: text.clone() });
    for number in 0..60 {
        send(&identity, &phone(number)).await;
    }
    let worker = tokio::spawn({
        let identity = identity.clone();
        async move { identity.deliver_forever().await }
    });
    tokio::time::sleep(secs(240)).await;
    let asked = text.asked.load(Ordering::SeqCst);
    assert!((16..=20).contains(&asked), "16 hands, and then a trial from time to time: {asked} attempts");
    text.is_silent.store(false, Ordering::SeqCst);
    tokio::time::sleep(secs(300)).await;
    assert_eq!(text.taken.messages().len(), 60, "all go when it answers again, before they expire");
    worker.abort();
}

/// Takes a second for each message.
#[derive(Clone)]
struct Steady(Mailbox);

#[identity::async_trait]
impl Notifier for Steady {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        tokio::time::sleep(secs(1)).await;
        self.0.notify(notice).await
    }
}

#[tokio::test(start_paused = true)]
async fn c91_a_tenants_flood_delays_no_message_of_another_tenant_and_loses_no_time() {
    let mailbox = Mailbox::default();
    let identity = working(Steady(mailbox.clone()));
    let [flood, quiet] = ["flood", "quiet"].map(|tenant| identity.for_tenant(TenantId::parse(tenant).unwrap()));
    for number in 0..960 {
        send(&flood, &format!("f{number}@example.com")).await;
    }
    let began = Instant::now();
    let worker = tokio::spawn({
        let identity = identity.clone();
        async move { identity.deliver_forever().await }
    });
    let count = |of: &Identity| {
        let messages = mailbox.messages();
        messages.iter().filter(|message| message.key.tenant == *of.tenant()).count()
    };
    // A message takes a second. Behind a flood it takes two at most: one until a hand is free.
    for number in 0..20 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        send(&quiet, &format!("q{number}@example.com")).await;
        tokio::time::sleep(Duration::from_millis(2_050)).await;
        assert_eq!(count(&quiet), number + 1, "message {number} came within two seconds of the flood");
    }
    while count(&flood) < 960 {
        tokio::time::sleep(secs(1)).await;
    }
    let took = began.elapsed().as_secs();
    assert!(took <= 64, "960 and 20 messages by 16 hands take 62 seconds: {took}");
    worker.abort();
}

/// Takes five seconds for each message, while other workers look for messages too.
#[derive(Clone)]
struct Slow(Mailbox);

#[identity::async_trait]
impl Notifier for Slow {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        tokio::time::sleep(secs(5)).await;
        self.0.notify(notice).await
    }
}

fn came_once(mailbox: &Mailbox, count: usize) {
    let mut times: HashMap<MessageId, usize> = HashMap::new();
    for message in mailbox.messages() {
        *times.entry(message.id).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "no message came twice: {times:?}");
    assert_eq!(times.len(), count, "every message came");
}

#[tokio::test(start_paused = true)]
async fn c92_two_workers_never_hold_one_message_whatever_their_clocks_say() {
    for fast in [180, 3_600, 86_400] {
        let clock = Virtual(Instant::now());
        let (store, mailbox) = (MemoryStore::new().with_clock(clock), Mailbox::default());
        let worker = |clock: HandClock| {
            Identity::new(store.clone(), Slow(mailbox.clone()), keys())
                .with_clock(clock)
                .with_entropy(CountedEntropy::default())
        };
        let (right, fast_clock) = (HandClock::default(), HandClock::default());
        fast_clock.step(fast * 1_000_000);
        let (right, ahead) = (worker(right), worker(fast_clock));
        // Notices are worth a day, longer than the clocks differ.
        for number in 0..3 {
            let new = NewUser {
                addresses: vec![identity::NewAddress::from(address(&format!("u{number}@example.com"))).verified()],
                ..NewUser::default()
            };
            let user = right.admin("test").create(new).await.unwrap().outcome;
            right.account(&user).add(address(&format!("v{number}@example.com"))).await.unwrap();
        }
        let first = tokio::spawn({
            let right = right.clone();
            async move { right.deliver_due().await }
        });
        tokio::time::sleep(secs(1)).await;
        for _ in 0..10 {
            let delivered = ahead.deliver_due().await.unwrap();
            assert_eq!((delivered.sent, delivered.expired), (0, 0), "{fast} s ahead");
        }
        assert_eq!(first.await.unwrap().unwrap().sent, 3);
        came_once(&mailbox, 3);
    }
}

/// Calls of `lease` whose answers are lost.
#[derive(Clone)]
struct Losing {
    store: MemoryStore,
    lost: Arc<AtomicUsize>,
}

#[identity::async_trait]
impl UserRepository for Losing {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.store.load(key).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        self.store.find(tenant, keys).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        self.store.list(tenant, query).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.store.history(key, after, limit).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.store.commit(commit).await
    }
}

#[identity::async_trait]
impl Directory for Losing {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        self.store.browse(tenant, query).await
    }
}

#[identity::async_trait]
impl EventFeed for Losing {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        self.store.events_after(cursor, limit).await
    }

    fn changed(&self) -> Changed {
        self.store.changed()
    }
}

#[identity::async_trait]
impl Budgets for Losing {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        self.store.draw(tenant, refunds, charges).await
    }
}

#[identity::async_trait]
impl Outbox for Losing {
    async fn enqueue(&self, message: Message) -> Result<(), StoreError> {
        self.store.enqueue(message).await
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        let leased = self.store.lease(lease).await?;
        let lose = |left: usize| left.checked_sub(1);
        match self.lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose) {
            Ok(_) => Err(StoreError::failed("the connection closed before the answer")),
            Err(_) => Ok(leased),
        }
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        self.store.settle(lease, settled).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        self.store.report(message, report).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        self.store.message(message).await
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        self.store.posted(key, after, limit).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.store.prune(before, limit).await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Posted>, StoreError> {
        self.store.dead_letters(tenant, after, limit).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.store.backlog().await
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_lease_delays_no_message() {
    for lost in 1..6 {
        let store = Losing { store: MemoryStore::new(), lost: Arc::default() };
        let mailbox = Mailbox::default();
        let identity = Identity::new(store.clone(), mailbox.clone(), keys())
            .with_clock(HandClock::default())
            .with_entropy(CountedEntropy::default());
        let mut users = Vec::new();
        for number in 0..20 {
            users.push(send(&identity, &format!("u{number}@example.com")).await);
        }
        store.lost.store(lost, Ordering::SeqCst);
        for _ in 0..lost {
            let _ = identity.deliver_due().await;
        }
        // No time has passed, neither for the leases nor for the messages.
        identity.deliver_due().await.unwrap();
        came_once(&mailbox, 20);
    }
}

#[tokio::test(start_paused = true)]
async fn c91_a_caller_that_gives_up_on_delivery_delays_no_message() {
    for forever in [true, false] {
        let clock = Virtual(Instant::now());
        let (store, mailbox) = (MemoryStore::new().with_clock(clock.clone()), Mailbox::default());
        let identity = Identity::new(store.clone(), Slow(mailbox.clone()), keys())
            .with_clock(clock.clone())
            .with_entropy(CountedEntropy::default());
        for number in 0..50 {
            send(&identity, &format!("u{number}@example.com")).await;
        }
        // As a loop of the host's around `select!` does.
        for _ in 0..20 {
            tokio::select! {
                () = identity.deliver_forever(), if forever => {}
                _ = identity.deliver_due(), if !forever => {}
                () = tokio::time::sleep(secs(2)) => {}
            }
        }
        tokio::time::sleep(secs(10)).await;
        let began = Instant::now();
        let another = Identity::new(store, Slow(mailbox.clone()), keys()).with_clock(clock);
        another.deliver_due().await.unwrap();
        assert!(began.elapsed() < secs(60), "no lease had to end first");
        came_once(&mailbox, 50);
    }
}

/// Is silent the first time, and answers from then on.
#[derive(Clone, Default)]
struct SilentOnce(Arc<AtomicBool>, Mailbox);

#[identity::async_trait]
impl Notifier for SilentOnce {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        if !self.0.swap(true, Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.1.notify(notice).await
    }
}

#[test]
fn c91_the_end_of_a_runtime_delays_no_message_of_the_next_one() {
    let notifier = SilentOnce::default();
    let store = MemoryStore::new();
    let identity = Identity::new(store, notifier.clone(), keys())
        .with_clock(HandClock::default())
        .with_entropy(CountedEntropy::default());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let first = runtime();
    first.block_on(async {
        send(&identity, "ada@example.com").await;
        tokio::select! {
            _ = identity.deliver_due() => panic!("the notifier is silent"),
            () = tokio::task::yield_now() => {}
            () = async { while !notifier.0.load(Ordering::SeqCst) { tokio::task::yield_now().await } } => {}
        }
        while !notifier.0.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    });
    // The task that hands the message over ends with its runtime.
    drop(first);
    runtime().block_on(async {
        assert_eq!(identity.deliver_due().await.unwrap().sent, 1, "at once, though its lease lasts two minutes");
    });
}

#[test]
fn a_loop_that_runs_takes_over_at_once_what_the_end_of_another_runtime_left() {
    let notifier = SilentOnce::default();
    let store = MemoryStore::new();
    let identity = Identity::new(store, notifier.clone(), keys())
        .with_clock(HandClock::default())
        .with_entropy(CountedEntropy::default());
    let runtime = |is_paused| {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(is_paused).build().unwrap()
    };
    let (first, second) = (runtime(false), runtime(true));
    let running = identity.clone();
    second.block_on(async {
        tokio::spawn(async move { running.deliver_forever().await });
        tokio::time::sleep(secs(1)).await;
    });
    let asked = Arc::clone(&notifier.0);
    first.block_on(async {
        send(&identity, "ada@example.com").await;
        tokio::select! {
            _ = identity.deliver_due() => panic!("the notifier is silent"),
            () = async { while !asked.load(Ordering::SeqCst) { tokio::task::yield_now().await } } => {}
        }
    });
    drop(first);
    second.block_on(async { tokio::time::sleep(secs(3)).await });
    let sent = notifier.1.notices();
    assert_eq!(sent.len(), 1, "in three seconds, though the lease lasts two minutes");
    assert_eq!((sent[0].attempts, sent[0].uncertain), (2, 1), "the first attempt may have sent it, and counts as such");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_delivery_keeps_no_message_that_it_had_not_begun_with() {
    for forever in [true, false] {
        let clock = Virtual(Instant::now());
        let (store, mailbox) = (MemoryStore::new().with_clock(clock.clone()), Mailbox::default());
        let worker = || {
            Identity::new(store.clone(), Slow(mailbox.clone()), keys())
                .with_clock(clock.clone())
                .with_entropy(CountedEntropy::default())
        };
        let identity = worker();
        for number in 0..40 {
            send(&identity, &format!("u{number}@example.com")).await;
        }
        tokio::select! {
            () = identity.deliver_forever(), if forever => {}
            _ = identity.deliver_due(), if !forever => {}
            () = tokio::time::sleep(secs(1)) => {}
        }
        // Sixteen are being sent, by the worker that was dropped. The others are free, and need not wait for them.
        let began = Instant::now();
        let another = Identity::new(store.clone(), mailbox.clone(), keys()).with_clock(clock.clone());
        assert_eq!(another.deliver_due().await.unwrap().sent, 24);
        assert_eq!(began.elapsed(), Duration::ZERO);
        tokio::time::sleep(secs(5)).await;
        came_once(&mailbox, 40);
        assert!(mailbox.notices().iter().all(|notice| (notice.attempts, notice.uncertain) == (1, 0)));
    }
}

/// Polls a future where there is no runtime.
fn without_tokio<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..1_000 {
        if let std::task::Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
    }
    panic!("it waits for something");
}

#[test]
fn without_tokio_what_needs_it_says_so_and_everything_else_works() {
    let host = Host::new();
    let user = without_tokio(host.user());
    let mail = without_tokio(host.identity.account(&user).add(address("ada@example.com"))).unwrap().outcome;
    without_tokio(host.identity.account(&user).start_verification(mail)).unwrap();
    assert!(matches!(without_tokio(host.identity.deliver_due()), Err(Error::NoRuntime)));
    assert!(matches!(without_tokio(host.identity.admin("test").import(Vec::new())), Err(Error::NoRuntime)));
    without_tokio(host.identity.deliver_forever());
    let crowded = host.identity.with_commit(|_| async { Err(identity::store::CommitError::Conflict) });
    let contended = without_tokio(crowded.admin("test").disable(&user));
    assert!(matches!(contended, Err(Error::Contended)), "{contended:?}");
}

#[tokio::test]
async fn a_message_whose_workers_all_ended_becomes_a_dead_letter() {
    let (store, mailbox) = (MemoryStore::new(), Mailbox::default());
    let identity = Identity::new(store.clone(), mailbox.clone(), keys())
        .with_clock(HandClock::default())
        .with_entropy(CountedEntropy::default())
        .with_delivery(Delivery::default().with_attempts(3));
    send(&identity, "ada@example.com").await;
    for number in 0..3 {
        // A worker that leases the message and ends.
        let now = Timestamp::from_secs(1_800_000_000);
        let lease = Lease::new(LeaseId(uuid::Uuid::from_u128(number)), now, Duration::ZERO, 10);
        assert_eq!(store.lease(lease).await.unwrap().len(), 1);
    }
    assert_eq!(identity.deliver_due().await.unwrap().failed, 1);
    assert_eq!(mailbox.messages().len(), 0, "it is not tried once more");
    let dead = identity.admin("staff").dead_letters(None, 10).await.unwrap();
    assert!(dead[0].error.as_deref().unwrap().contains("ended before"), "{:?}", dead[0].error);
}

/// Lets nobody know what became of a message.
struct Unclear;

#[identity::async_trait]
impl Notifier for Unclear {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        Err(NotifyError::unknown("the connection closed after DATA"))
    }
}

#[tokio::test]
async fn a_code_that_may_have_been_sent_stays_paid_for() {
    let country = SendPolicy::builder().country(Some(Budget::new(1, secs(3_600)))).build().unwrap();
    for attempts in [1, 2, 24] {
        let clock = HandClock::default();
        let identity = Identity::new(MemoryStore::new(), Unclear, keys())
            .with_policy(Policy::default().with_send(country.clone()))
            .with_clock(clock.clone())
            .with_entropy(CountedEntropy::default())
            .with_delivery(Delivery::default().with_attempts(attempts));
        send(&identity, "+447400123456").await;
        // It ends as a dead letter, or because it expired.
        let mut ended = 0;
        for _ in 0..25 {
            let delivered = identity.deliver_due().await.unwrap();
            ended += delivered.failed + delivered.expired;
            clock.forward(secs(30));
        }
        assert_eq!(ended, 1);
        let user = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
        let id = identity.account(&user).add(address("+447400765432")).await.unwrap().outcome;
        let refused = identity.account(&user).start_verification(id).await;
        let too_soon = matches!(refused, Err(Error::Refused(ref refusal)) if refusal.kind() == RefusalKind::TooSoon);
        assert!(too_soon, "{attempts} attempts: the budget has it still: {refused:?}");
    }
}

/// Refuses the first message for good, and accepts all others.
#[derive(Clone, Default)]
struct RefusesFirst(Arc<AtomicUsize>);

#[identity::async_trait]
impl Notifier for RefusesFirst {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err(NotifyError::permanent("no such mailbox")),
            _ => Ok(Accepted::default()),
        }
    }
}

#[tokio::test]
async fn a_code_whose_send_was_given_back_is_not_sent_after_all() {
    for written in [true, false] {
        let (store, notifier, clock) = (MemoryStore::new(), RefusesFirst::default(), HandClock::default());
        let identity = Identity::new(store.clone(), notifier.clone(), keys())
            .with_clock(clock.clone())
            .with_entropy(CountedEntropy::default());
        send(&identity, "ada@example.com").await;
        // The answer to the commit that notes the refusal is lost.
        let losing = identity.clone().with_commit(move |commit: Commit| {
            let store = store.clone();
            async move {
                if written {
                    store.commit(commit).await?;
                }
                Err(StoreError::failed("the connection closed before the answer").into())
            }
        });
        assert!(losing.deliver_due().await.is_err());
        for _ in 0..5 {
            clock.forward(secs(30));
            identity.deliver_due().await.unwrap();
        }
        assert_eq!(notifier.0.load(Ordering::SeqCst), 1, "it is a dead letter, noted or not");
        assert_eq!(identity.admin("staff").dead_letters(None, 10).await.unwrap().len(), 1);
    }
}

/// Accepts everything under a reference, and keeps the tickets.
#[derive(Clone, Default)]
struct Ticketed(Arc<Mutex<Vec<Notice>>>);

#[identity::async_trait]
impl Notifier for Ticketed {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        self.0.lock().unwrap().push(notice.clone());
        Ok(Accepted { reference: Some("r".to_owned()), provider: None })
    }
}

#[tokio::test]
async fn a_report_whose_detail_cannot_be_kept_is_refused_and_changes_nothing() {
    let notifier = Ticketed::default();
    let identity = Identity::new(MemoryStore::new(), notifier.clone(), keys()).with_clock(HandClock::default());
    let user = send(&identity, "ada@example.com").await;
    identity.deliver_due().await.unwrap();
    let ticket = notifier.0.lock().unwrap()[0].ticket;
    let admin = identity.admin("callback");
    let report = |detail: &str| Report::new(DeliveryState::Bounced, Timestamp::from_secs(1)).with_detail(detail);
    let long = admin.report_delivery(&ticket, &report(&"x".repeat(801))).await;
    assert!(matches!(long, Err(Error::Refused(Refusal::TooLarge { .. }))), "{long:?}");
    let nul = admin.report_delivery(&ticket, &report("550\0")).await;
    assert!(matches!(nul, Err(Error::Refused(Refusal::Nul { .. }))), "{nul:?}");
    let posted = admin.posted(&user, None, 10).await.unwrap();
    assert_eq!(posted[0].state(), PostState::Sent(DeliveryState::Accepted));
    let entry = identity.account(&user).get().await.unwrap();
    assert!(entry.identifiers().all(|entry| entry.undeliverable.is_none()));
    admin.report_delivery(&ticket, &report(&"x".repeat(800))).await.unwrap().unwrap();
}
