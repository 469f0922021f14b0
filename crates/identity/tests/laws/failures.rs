//! Laws of ports that fail, with mocks; and of the work that a look-up does.

use std::sync::{Arc, Mutex};

use identity::address::{ClaimKey, ClaimKind};
use identity::delivery::{Message, MessageId, Posted, Report};
use identity::directory::{DirectoryPage, DirectoryQuery, Found, ListOrder, ListQuery, Page, Stored};
use identity::history::{FeedCursor, FeedError, FeedPage, Recorded};
use identity::policy::ContestPolicy;
use identity::spend::{Charge, Refund};
use identity::store::{
    Backlog, Budgets, Changed, Commit, CommitError, Committed, Directory, EventFeed, ForeignError, Lease, LeaseId,
    Leased, Outbox, Settled, UserKey, UserRepository,
};
use identity::system::EntropyError;
use identity::{
    Code, Error, IdentifierId, Identity, NewAddress, NewUser, Policy, StoreError, TenantId, Timestamp, UserId,
};
use identity_memory::MemoryStore;
use identity_ports::mock::{MockDirectory, MockEntropy, MockOutbox, MockUserRepository};

use crate::kit::{HandClock, Mailbox, address, keys, secs};

/// Three parts as one store: mocks, unless a law says otherwise.
struct Parts<U = MockUserRepository, D = MockDirectory, O = MockOutbox> {
    users: U,
    directory: D,
    outbox: O,
}

#[identity::async_trait]
impl<U: UserRepository, D: Directory, O: Outbox> UserRepository for Parts<U, D, O> {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.users.load(key).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        self.users.find(tenant, keys).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        self.users.list(tenant, query).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.users.history(key, after, limit).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.users.commit(commit).await
    }
}

#[identity::async_trait]
impl<U: UserRepository, D: Directory, O: Outbox> Directory for Parts<U, D, O> {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        self.directory.browse(tenant, query).await
    }
}

#[identity::async_trait]
impl<U: UserRepository, D: Directory, O: Outbox> EventFeed for Parts<U, D, O> {
    async fn events_after(&self, _: FeedCursor, _: usize) -> Result<FeedPage, FeedError> {
        Err(StoreError::failed("no law reads the feed of these").into())
    }

    fn changed(&self) -> Changed {
        Box::pin(std::future::pending())
    }
}

#[identity::async_trait]
impl<U: UserRepository, D: Directory, O: Outbox> Budgets for Parts<U, D, O> {
    async fn draw(&self, _: &TenantId, _: &[Refund], _: &[Charge]) -> Result<(), CommitError> {
        Err(StoreError::failed("no law draws from these").into())
    }
}

#[identity::async_trait]
impl<U: UserRepository, D: Directory, O: Outbox> Outbox for Parts<U, D, O> {
    async fn enqueue(&self, message: Message) -> Result<(), StoreError> {
        self.outbox.enqueue(message).await
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        self.outbox.lease(lease).await
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        self.outbox.settle(lease, settled).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        self.outbox.report(message, report).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        self.outbox.message(message).await
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        self.outbox.posted(key, after, limit).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.outbox.prune(before, limit).await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Posted>, StoreError> {
        self.outbox.dead_letters(tenant, after, limit).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.outbox.backlog().await
    }
}

fn over(users: MockUserRepository) -> Identity {
    Identity::new(
        Parts { users, directory: MockDirectory::new(), outbox: MockOutbox::new() },
        Mailbox::default(),
        keys(),
    )
}

#[tokio::test]
async fn c53_an_unknown_login_name_costs_the_same_work_as_a_known_one() {
    for known in [false, true] {
        for login in ["ada@example.com", "ada", "+441514960453", "", "\u{0}"] {
            let mut users = MockUserRepository::new();
            // One look-up of keys that the text alone decides, and no other call: a mock refuses what it does not expect.
            users.expect_find().times(1).returning(move |_, keys| {
                let found = |key: &ClaimKey| Found {
                    key: key.clone(),
                    user: UserId::parse("ada").unwrap(),
                    identifier: IdentifierId::from_uuid(uuid::Uuid::nil()),
                    verified: true,
                };
                Ok(if known { keys.iter().map(found).collect() } else { Vec::new() })
            });
            let answer = over(users).resolve(login).await.unwrap();
            assert!(known || answer.is_none());
        }
    }
}

#[tokio::test]
async fn c53_keys_depend_on_the_text_alone() {
    let mut users = MockUserRepository::new();
    users.expect_find().times(1).returning(|_, keys| {
        let kinds: Vec<ClaimKind> = keys.iter().map(ClaimKey::kind).collect();
        assert_eq!(kinds, [ClaimKind::Username, ClaimKind::Email]);
        Ok(Vec::new())
    });
    over(users).resolve("ada@example.com").await.unwrap();
}

/// A store that notes which calls it gets.
struct Noted(MemoryStore, Arc<Mutex<Vec<&'static str>>>);

impl Noted {
    fn note(&self, call: &'static str) -> &MemoryStore {
        self.1.lock().unwrap().push(call);
        &self.0
    }
}

#[identity::async_trait]
impl UserRepository for Noted {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.note("load").load(key).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        self.note("find").find(tenant, keys).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        self.note("list").list(tenant, query).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.note("history").history(key, after, limit).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.note("commit").commit(commit).await
    }
}

#[tokio::test]
async fn c53_calls_about_known_and_unknown_addresses_do_the_same_work() {
    let asking = ContestPolicy::ask_owner(secs(7 * 86_400)).unwrap();
    for contest in [ContestPolicy::refuse(), asking, ContestPolicy::administrator(), ContestPolicy::transfer_now()] {
        let [held, free] =
            [work_about("x@example.com", contest).await, work_about("elsewhere@example.com", contest).await];
        assert_eq!(held, free, "{contest:?}");
    }
}

/// The calls that a store gets for another user who asks for an address while this one is verified with somebody, up to the proof
/// where one opens a contest.
async fn work_about(held: &str, contest: ContestPolicy) -> Vec<String> {
    let (store, calls, mailbox) = (MemoryStore::new(), Arc::default(), Mailbox::default());
    let users = Noted(store.clone(), Arc::clone(&calls));
    let clock = HandClock::default();
    let identity = Identity::new(Parts { users, directory: store.clone(), outbox: store }, mailbox.clone(), keys())
        .with_policy(Policy::default().with_contest(contest))
        .with_clock(clock.clone());
    let admin = identity.admin("test");
    let addresses = vec![NewAddress::from(address(held)).verified()];
    admin.create(NewUser { addresses, ..NewUser::default() }).await.unwrap();
    let account = identity.account(&admin.create(NewUser::default()).await.unwrap().outcome);
    calls.lock().unwrap().clear();
    let mut done = Vec::new();
    let mut note = |what: &str| done.push(format!("{what}: {:?}", std::mem::take(&mut *calls.lock().unwrap())));
    let id = account.add(address("x@example.com")).await.unwrap().outcome;
    note("add");
    account.start_verification(id).await.unwrap();
    note("start");
    account.confirm(id, &Code::parse("wrong").unwrap()).await.unwrap();
    note("a wrong code");
    let next = account.replace(id, address("next@example.com")).await.unwrap().outcome;
    note("replace");
    let id = account.replace(next, address("x@example.com")).await.unwrap().outcome;
    note("replace again");
    clock.forward(secs(60));
    account.start_verification(id).await.unwrap();
    note("start again");
    identity.deliver_due().await.unwrap();
    note("deliver");
    let right = account.confirm(id, &mailbox.code("x@example.com").unwrap()).await;
    let is_refused = held == "x@example.com" && !contest.opens();
    assert_eq!(right.is_err(), is_refused, "it is somebody else's");
    if contest.opens() {
        calls.lock().unwrap().clear();
    } else {
        note("a right code");
    }
    identity.resolve(held).await.unwrap();
    note("resolve");
    done
}

#[tokio::test]
async fn a_call_returns_1000_entries_at_most_and_asks_the_store_for_no_more() {
    for (asked, given) in [(0, 1), (1, 1), (1_000, 1_000), (1_001, 1_000), (usize::MAX, 1_000)] {
        let (mut users, mut directory, mut outbox) =
            (MockUserRepository::new(), MockDirectory::new(), MockOutbox::new());
        let page = |_: &TenantId, _: &ListQuery| Ok(Page { users: Vec::new(), next: None });
        // Listed, exported, and passed over.
        users.expect_list().times(4).withf(move |_, query| query.limit == given).returning(page);
        users.expect_history().times(1).withf(move |_, _, limit| *limit == given).returning(|_, _, _| Ok(Vec::new()));
        directory
            .expect_browse()
            .times(1)
            .withf(move |_, query| query.limit == given)
            .returning(|_, _| Ok(DirectoryPage { users: Vec::new(), total: 0 }));
        outbox.expect_posted().times(1).withf(move |_, _, limit| *limit == given).returning(|_, _, _| Ok(Vec::new()));
        let letters = outbox.expect_dead_letters().times(1);
        letters.withf(move |_, _, limit| *limit == given).returning(|_, _, _| Ok(Vec::new()));
        let identity = Identity::new(Parts { users, directory, outbox }, Mailbox::default(), keys());
        let (admin, ada) = (identity.admin("staff"), UserId::parse("ada").unwrap());
        admin.list(&ListQuery { order: ListOrder::Created, after: None, limit: asked, prefix: None }).await.unwrap();
        admin.contests(None, asked).await.unwrap();
        admin.export(None, asked).await.unwrap();
        admin.update_claims(None, asked).await.unwrap();
        admin.browse(&DirectoryQuery { limit: asked, ..DirectoryQuery::default() }).await.unwrap();
        admin.history(&ada, 0, asked).await.unwrap();
        admin.posted(&ada, None, asked).await.unwrap();
        admin.dead_letters(None, asked).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_that_others_change_all_the_time_is_contended_in_the_end() {
    let ada = Arc::new(identity::User::from_events(&created()).unwrap());
    let mut users = MockUserRepository::new();
    users.expect_load().returning(move |_| {
        Ok(Some(Stored { user: Arc::clone(&ada), version: identity::Version(1), claims: Vec::new() }))
    });
    users.expect_commit().times(64).returning(|_| Err(CommitError::Conflict));
    let identity = over(users);
    let failed = identity.admin("staff").disable(&UserId::parse("ada").unwrap()).await;
    assert!(matches!(failed, Err(Error::Contended)), "{failed:?}");
}

fn created() -> Vec<identity::history::Event> {
    vec![identity::history::Event {
        v: identity::history::EventFormat,
        at: identity::Timestamp::from_secs(1),
        actor: identity::history::Actor::Holder,
        change: identity::history::Change::Created { user: UserId::parse("ada").unwrap() },
    }]
}

#[tokio::test]
async fn a_stores_error_reaches_the_host_whole() {
    let mut users = MockUserRepository::new();
    let broken = std::io::Error::new(std::io::ErrorKind::BrokenPipe, "the line is cut");
    let broken = StoreError::failed(broken);
    users.expect_commit().times(1).return_once(move |_| Err(broken.into()));
    let error = over(users).admin("staff").create(NewUser::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "the store failed: the line is cut");
    assert!(matches!(&error, Error::Store(StoreError::Failed(_))));
}

#[tokio::test]
async fn without_randomness_nothing_is_decided() {
    let mut entropy = MockEntropy::new();
    entropy.expect_seed().returning(|| Err(EntropyError(ForeignError::new("the source is dry"))));
    // The store expects no call at all.
    let identity = over(MockUserRepository::new()).with_entropy(entropy);
    let error = identity.admin("staff").create(NewUser::default()).await.unwrap_err();
    assert!(matches!(error, Error::Entropy(_)), "{error:?}");
}
