//! Signing in by code or link, with a user or without one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use identity::address::ClaimKey;
use identity::delivery::{Message, MessageId, Posted, Report};
use identity::directory::{DirectoryPage, DirectoryQuery, Found, ListQuery, Page, Stored};
use identity::history::{FeedCursor, FeedError, FeedPage, Recorded};
use identity::policy::{Budget, Conversion, RestrictionPolicy, SendPolicy, SharedPolicy, SignInPolicy, Unknown};
use identity::sign_in::{Login, Proof, SignInRequest, SignInStarted, SignInTicket};
use identity::spend::{BudgetKind, Charge, Refund};
use identity::store::{
    Backlog, Budgets, Changed, Commit, CommitError, Committed, Directory, EventFeed, Lease, LeaseId, Leased, Outbox,
    Settled, UserKey, UserRepository,
};
use identity::user::{Method, Purpose};
use identity::{
    Accepted, Code, CodeKeys, HolderError, Identity, LinkToken, NewAddress, NewUser, Notice, Notifier, NotifyError,
    Phone, Policy, ProofBy as By, PublicRefusal, StoreError, TenantId, Timestamp, UserId, Username,
};
use identity_memory::MemoryStore;

use crate::kit::{CountedEntropy, HandClock, Host, Mailbox, address, keys, secs};

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";

fn decoys() -> Policy {
    Policy::default().with_sign_in(SignInPolicy::default().with_unknown(Unknown::Decoy))
}

fn wrong() -> Code {
    Code::parse("wrong").unwrap()
}

impl Host {
    async fn start(&self, to: &str) -> SignInStarted {
        let started = self.identity.sign_in().start(address(to)).await.unwrap();
        self.identity.deliver_due().await.unwrap();
        started
    }

    async fn confirm(&self, started: &SignInStarted, code: &Code) -> Result<Option<Proof>, HolderError> {
        self.identity.sign_in().confirm(&started.ticket, code).await
    }

    /// The proof of an address.
    async fn proof(&self, of: &str) -> Proof {
        let started = self.start(of).await;
        self.confirm(&started, &self.mailbox.code(of).unwrap()).await.unwrap().expect("the code is right")
    }
}

fn refused(confirmed: Result<Option<Proof>, HolderError>) -> PublicRefusal {
    confirmed.expect_err("it is refused").refusal().expect("by the rules").clone()
}

#[tokio::test]
async fn a_code_proves_who_has_the_address_and_how_and_when() {
    let host = Host::new();
    let ada = host.user_with(&[ADA, "+441514960453"]).await;
    for to in [ADA, "+441514960453"] {
        let started = host.start(to).await;
        host.clock.forward(secs(40));
        let proof = host.confirm(&started, &host.mailbox.code(to).unwrap()).await.unwrap().expect("the code is right");
        assert_eq!((proof.user(), proof.address()), (Some(&ada), &address(to)));
        assert_eq!((proof.method(), proof.purpose()), (Method::Code, Purpose::SignIn));
        assert_eq!(proof.tenant(), host.identity.tenant());
        assert_eq!(started.expires_at, proof.at() + secs(260), "it is valid for 300 s at least");
        assert_eq!(started.resend_at + secs(10), proof.at(), "the next message is worth asking for after 30 s");
        assert!(!format!("{proof:?}").contains(to), "{proof:?}");
    }
}

#[tokio::test]
async fn strangers_get_a_code_where_the_policy_invites_them_and_nothing_else() {
    let host = Host::new();
    let proof = host.proof(EVE).await;
    assert_eq!((proof.user(), proof.address()), (None, &address(EVE)));
    let host = Host::new().with_policy(decoys());
    let started = host.start(EVE).await;
    assert_eq!(host.mailbox.messages().len(), 0, "nothing is sent");
    assert!(host.confirm(&started, &wrong()).await.unwrap().is_none(), "the answer is that of a wrong code");
    let ada = host.user_with(&[ADA]).await;
    assert_eq!(host.proof(ADA).await.user(), Some(&ada), "a user is no stranger");
    // Who lost the address before the answer is one.
    let (admin, started) = (host.identity.admin("test"), host.start(ADA).await);
    let id = admin.get(&ada).await.unwrap().primary_email().unwrap().id;
    admin.mark_unverified(&ada, id).await.unwrap();
    assert!(host.confirm(&started, &host.mailbox.code(ADA).unwrap()).await.unwrap().is_none());
}

/// Which calls of the store were made, and how many look-ups find nobody although there is somebody.
#[derive(Clone)]
pub(crate) struct Noted(pub(crate) MemoryStore, pub(crate) Arc<Mutex<Vec<String>>>, pub(crate) Arc<AtomicUsize>);

impl Noted {
    fn note(&self, what: impl Into<String>) -> &MemoryStore {
        self.1.lock().unwrap().push(what.into());
        &self.0
    }
}

#[identity::async_trait]
impl UserRepository for Noted {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.note("load").load(key).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        let store = self.note(format!("find {}", keys.len()));
        match self.2.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Ok(Vec::new()),
            Err(_) => store.find(tenant, keys).await,
        }
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        self.note("list").list(tenant, query).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.note("history").history(key, after, limit).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let kinds: Vec<&str> = commit.charges.iter().map(|charge| charge.kind.as_str()).collect();
        self.note(format!("commit {kinds:?}")).commit(commit).await
    }
}

#[identity::async_trait]
impl Directory for Noted {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        self.note("browse").browse(tenant, query).await
    }
}

#[identity::async_trait]
impl EventFeed for Noted {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        self.note("events_after").events_after(cursor, limit).await
    }

    fn changed(&self) -> Changed {
        self.0.changed()
    }
}

#[identity::async_trait]
impl Budgets for Noted {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let kinds: Vec<&str> = charges.iter().map(|charge| charge.kind.as_str()).collect();
        self.note(format!("draw {kinds:?} {}", refunds.len())).draw(tenant, refunds, charges).await
    }
}

#[identity::async_trait]
impl Outbox for Noted {
    async fn enqueue(&self, message: Message) -> Result<(), StoreError> {
        self.note("enqueue").enqueue(message).await
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        self.0.lease(lease).await
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        self.0.settle(lease, settled).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        self.0.report(message, report).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        self.0.message(message).await
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        self.0.posted(key, after, limit).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.0.prune(before, limit).await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Posted>, StoreError> {
        self.0.dead_letters(tenant, after, limit).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.0.backlog().await
    }
}

/// Everything that a client and a store see of many starts and guesses.
async fn seen(login: &Login, known: Option<&str>, policy: Policy) -> Vec<String> {
    let (clock, calls) = (HandClock::default(), Arc::new(Mutex::new(Vec::new())));
    let identity =
        Identity::new(Noted(MemoryStore::new(), Arc::clone(&calls), Arc::default()), Mailbox::default(), keys())
            .with_clock(clock.clone())
            .with_entropy(CountedEntropy::default())
            .with_policy(policy);
    for (name, of) in [("ada", known), ("bob", Some("bob@example.com"))] {
        let username = of.map(|_| Username::parse(name).unwrap());
        let addresses = of.map(|of| NewAddress::from(address(of)).verified()).into_iter().collect();
        identity.admin("test").create(NewUser { username, addresses, ..NewUser::default() }).await.unwrap();
    }
    let mut seen = Vec::new();
    calls.lock().unwrap().clear();
    for _ in 0..14 {
        let started = identity.sign_in().start(login.clone()).await;
        seen.push(match &started {
            Ok(started) => {
                format!("{} {:?} {:?}", started.ticket.as_str().len(), started.expires_at, started.resend_at)
            }
            Err(error) => format!("{error}"),
        });
        for _ in 0..7 {
            let Ok(started) = &started else { continue };
            let confirmed = identity.sign_in().confirm(&started.ticket, &wrong()).await;
            seen.push(format!("{:?}", confirmed.map_err(|error| error.refusal().cloned())));
        }
        seen.append(&mut calls.lock().unwrap());
        clock.forward(secs(47));
    }
    seen
}

#[tokio::test]
async fn c97_known_and_unknown_are_answered_alike_with_the_same_calls() {
    let by_name = Login::parse("ada").unwrap();
    for policy in [Policy::default(), decoys()] {
        for (login, known) in
            [(Login::parse(ADA).unwrap(), ADA), (by_name.clone(), ADA), (by_name.clone(), "a@b.example")]
        {
            let (of_known, of_unknown) =
                (seen(&login, Some(known), policy.clone()).await, seen(&login, None, policy.clone()).await);
            assert!(of_known.iter().any(|what| what == "enqueue") && of_known.iter().any(|what| what.contains("Fail")));
            assert_eq!(of_known, of_unknown, "{login:?}");
        }
    }
    // Whether somebody is known is not even asked.
    for login in [Login::parse(ADA).unwrap(), by_name] {
        let calls = seen(&login, Some(ADA), decoys()).await;
        assert!(!calls.iter().any(|what| what == "load" || what.starts_with("find")), "{login:?}: {calls:?}");
    }
}

#[tokio::test]
async fn a_code_asked_for_by_username_goes_to_one_address_alone() {
    let host = Host::new();
    let (name, second) = (Username::parse("ada").unwrap(), "b@example.com");
    let addresses = [ADA, second].map(|it| NewAddress::from(address(it)).verified()).to_vec();
    let new = NewUser { username: Some(name.clone()), addresses, ..NewUser::default() };
    let created = host.identity.admin("test").create(new).await.unwrap();
    let (ada, sign_in) = (created.outcome, host.identity.sign_in());
    let start = async || {
        let started = sign_in.start(name.clone()).await.unwrap();
        host.identity.deliver_due().await.unwrap();
        started
    };
    let first = start().await;
    let code = host.mailbox.code(ADA).unwrap();
    let other = created.user.emails().entries()[1].id;
    host.identity.account(&ada).set_primary(other).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    host.mailbox.clear();
    // Whoever reads the first address has this code: the present one does not get it, and it signs nobody in.
    host.clock.forward(secs(31));
    let again = start().await;
    assert_eq!(host.mailbox.messages().len(), 0, "the same code would go to the other address");
    for started in [&first, &again] {
        assert!(host.confirm(started, &code).await.unwrap().is_none(), "it went to an address that is not primary");
    }
    host.clock.forward(secs(270));
    let started = start().await;
    let proof = host.confirm(&started, &host.mailbox.code(second).unwrap()).await.unwrap().unwrap();
    assert_eq!((proof.user(), proof.address()), (Some(&ada), &address(second)), "the next code goes there");
}

#[tokio::test]
async fn a_username_signs_in_by_text_where_its_user_has_a_number_alone() {
    let number = "+441514960453";
    let shared = SharedPolicy::builder().address(Budget::new(1, secs(3_600))).build().unwrap();
    let host = Host::new();
    let identity = host.identity.clone().with_shared_budgets(MemoryStore::new(), shared);
    let name = Username::parse("ada").unwrap();
    let addresses = vec![NewAddress::from(address(number)).verified()];
    let new = NewUser { username: Some(name.clone()), addresses, ..NewUser::default() };
    let ada = identity.admin("test").create(new).await.unwrap().outcome;
    let started = identity.sign_in().start(name.clone()).await.unwrap();
    let delivered = identity.deliver_due().await.unwrap();
    assert_eq!((delivered.sent_on, delivered.sent), (1, 1), "one call delivers what is sent on as well");
    let message = host.mailbox.messages().remove(0);
    assert!(message.to == address(number) && !format!("{message:?}").contains("ada"), "{message:?}");
    let code = host.mailbox.code(number).unwrap();
    let proof = identity.sign_in().confirm(&started.ticket, &code).await.unwrap().unwrap();
    assert_eq!((proof.user(), proof.address()), (Some(&ada), &address(number)));
    // The budgets of all tenants have counted it where it went.
    identity.sign_in().start(address(number)).await.expect("nobody learns of it");
    assert_eq!(identity.deliver_due().await.unwrap().sent, 0);
}

#[tokio::test]
async fn an_unverified_address_signs_nobody_in() {
    for (policy, sent) in [(Policy::default(), 1), (decoys(), 0)] {
        let host = Host::new().with_policy(policy);
        let account = host.account().await;
        account.add(address(ADA)).await.unwrap();
        let started = host.start(ADA).await;
        assert_eq!(host.mailbox.messages().len(), sent, "who has it unverified is a stranger");
        if sent == 1 {
            let proof = host.confirm(&started, &host.mailbox.code(ADA).unwrap()).await.unwrap().unwrap();
            assert_eq!(proof.user(), None);
        }
    }
}

#[tokio::test]
async fn a_disabled_user_is_told_what_everybody_is_told() {
    let host = Host::new();
    let ada = host.user_with(&[ADA]).await;
    let admin = host.identity.admin("test");
    let started = host.start(ADA).await;
    let code = host.mailbox.code(ADA).unwrap();
    admin.disable(&ada).await.unwrap();
    assert!(host.confirm(&started, &code).await.unwrap().is_none(), "disabled meanwhile");
    host.clock.forward(secs(700));
    host.mailbox.clear();
    host.start(ADA).await;
    assert_eq!(host.mailbox.messages().len(), 0, "nothing is sent");
    admin.enable(&ada).await.unwrap();
    host.clock.forward(secs(700));
    assert_eq!(host.proof(ADA).await.user(), Some(&ada));
}

#[tokio::test]
async fn a_second_device_within_the_wait_has_the_same_code_and_no_second_message() {
    let host = Host::new();
    host.user_with(&[ADA]).await;
    let first = host.start(ADA).await;
    host.clock.forward(secs(10));
    let second = host.start(ADA).await;
    assert_eq!(host.mailbox.messages().len(), 1, "30 s have not passed");
    assert_ne!(first.ticket, second.ticket);
    assert_eq!(second.expires_at, first.expires_at + secs(10), "when somebody else began does not show");
    assert!(host.confirm(&second, &host.mailbox.code(ADA).unwrap()).await.unwrap().is_some(), "it is not locked out");
    assert_eq!(
        refused(host.confirm(&first, &host.mailbox.code(ADA).unwrap()).await),
        PublicRefusal::NoChallenge,
        "used"
    );
    let used = host.mailbox.code(ADA).unwrap();
    // Who comes next does not wait for a used code to expire, even at the same moment.
    let third = host.start(ADA).await;
    assert_eq!(host.mailbox.messages().len(), 2);
    assert_ne!(host.mailbox.code(ADA).unwrap().reveal(), used.reveal(), "with another code");
    assert_eq!(refused(host.confirm(&first, &used).await), PublicRefusal::NoChallenge, "the used one stays used");
    assert!(host.confirm(&third, &used).await.unwrap().is_none());
    assert!(host.confirm(&third, &host.mailbox.code(ADA).unwrap()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_message_after_the_wait_has_the_same_code_and_half_a_life_later_a_new_one() {
    let host = Host::new();
    host.user_with(&[ADA]).await;
    let started = host.start(ADA).await;
    let code = host.mailbox.code(ADA).unwrap();
    for after in [31, 260] {
        host.clock.forward(secs(after));
        host.start(ADA).await;
        assert_eq!(host.mailbox.code(ADA).unwrap().reveal(), code.reveal());
    }
    assert_eq!(host.mailbox.messages().len(), 3, "each comes after 30 s");
    host.clock.forward(secs(9));
    let later = host.start(ADA).await;
    let new = host.mailbox.code(ADA).unwrap();
    assert_ne!(new.reveal(), code.reveal(), "after 300 s");
    assert!(host.confirm(&started, &code).await.unwrap().is_some(), "the first is still valid");
    assert!(host.confirm(&later, &new).await.unwrap().is_some(), "and so is the second");
}

#[tokio::test]
async fn a_code_ends_with_its_life() {
    let host = Host::new();
    for (after, is_valid) in [(599, true), (600, false)] {
        let started = host.start(EVE).await;
        host.clock.forward(secs(after));
        let confirmed = host.confirm(&started, &host.mailbox.code(EVE).unwrap()).await;
        assert_eq!(confirmed.is_ok_and(|proof| proof.is_some()), is_valid, "{after} s");
        host.clock.forward(secs(700));
    }
    let started = host.start(EVE).await;
    host.clock.forward(secs(600));
    assert_eq!(refused(host.confirm(&started, &wrong()).await), PublicRefusal::Expired);
    let short = SignInPolicy::default().with_life(secs(60)).unwrap();
    let host = Host::new().with_policy(Policy::default().with_sign_in(short));
    let started = host.start(EVE).await;
    host.clock.forward(secs(60));
    assert_eq!(refused(host.confirm(&started, &wrong()).await), PublicRefusal::Expired, "its own life");
}

#[tokio::test]
async fn guesses_are_counted_for_the_ticket_the_challenge_and_the_address() {
    let host = Host::new();
    host.user_with(&[ADA]).await;
    // Five with a ticket; the owner's own still works.
    let (owner, thief) = (host.start(ADA).await, host.start(ADA).await);
    for _ in 0..5 {
        assert!(host.confirm(&thief, &wrong()).await.unwrap().is_none());
    }
    let code = host.mailbox.code(ADA).unwrap();
    assert_eq!(refused(host.confirm(&thief, &code).await), PublicRefusal::NoChallenge, "the ticket is spent");
    // Twenty with all tickets of a challenge.
    for _ in 0..3 {
        let ticket = host.start(ADA).await;
        for _ in 0..5 {
            assert!(host.confirm(&ticket, &wrong()).await.unwrap().is_none());
        }
    }
    assert!(matches!(refused(host.confirm(&owner, &code).await), PublicRefusal::TooManyFailures { .. }));
    // A hundred at an address, however it is written and whichever the challenge.
    for round in 0_u32..40 {
        host.clock.forward(secs(301));
        let spelling = if round % 2 == 0 { ADA } else { "ADA@example.com" };
        let ticket = host.start(spelling).await;
        for _ in 0..5 {
            let guessed = host.confirm(&ticket, &wrong()).await;
            assert_eq!(guessed.is_ok(), round < 16, "80 more are judged, not in round {round}");
        }
    }
    host.clock.forward(secs(301));
    let other = host.start(EVE).await;
    assert!(
        host.confirm(&other, &host.mailbox.code(EVE).unwrap()).await.unwrap().is_some(),
        "another address is another count"
    );
    host.clock.forward(secs(86_400));
    assert!(host.proof(ADA).await.user().is_some(), "a day later");
}

#[tokio::test]
async fn who_may_not_guess_any_more_signs_in_by_link() {
    let host = Host::new();
    let ada = host.user_with(&[ADA]).await;
    // Five challenges of 20 guesses each, with a message each.
    for _ in 0..5 {
        for _ in 0..4 {
            let ticket = host.identity.sign_in().start(address(ADA)).await.unwrap().ticket;
            for _ in 0..5 {
                assert!(host.identity.sign_in().confirm(&ticket, &wrong()).await.unwrap().is_none());
            }
        }
        host.clock.forward(secs(301));
    }
    host.clock.forward(secs(80_000));
    let request = SignInRequest { by: By::Either, ..SignInRequest::default() };
    let started = host.identity.sign_in().start_with(address(ADA), &request).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    assert!(matches!(
        refused(host.confirm(&started, &host.mailbox.code(ADA).unwrap()).await),
        PublicRefusal::TooManyFailures { .. }
    ));
    let proof = host.identity.sign_in().confirm_link(&started.ticket, &host.mailbox.link(ADA).unwrap()).await.unwrap();
    let proof = proof.expect("a link cannot be guessed and is not counted");
    assert_eq!((proof.user(), proof.method()), (Some(&ada), Method::Link));
}

#[tokio::test]
async fn a_link_signs_in_with_the_ticket_of_its_own_attempt_alone() {
    let host = Host::new();
    let sign_in = host.identity.sign_in();
    let request = SignInRequest { by: By::Link, locale: Some("de".into()) };
    let started = sign_in.start_with(address(EVE), &request).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    assert_eq!(host.mailbox.messages()[0].locale.as_deref(), Some("de"), "in the language of the page");
    let link = host.mailbox.link(EVE).unwrap();
    assert_eq!(refused(sign_in.confirm(&started.ticket, &wrong()).await), PublicRefusal::NoChallenge, "no code");
    let other = host.start(ADA).await;
    assert_eq!(refused(sign_in.confirm_link(&other.ticket, &link).await), PublicRefusal::NoChallenge, "no link");
    let another = sign_in.start_with(address(ADA), &request).await.unwrap();
    assert!(sign_in.confirm_link(&another.ticket, &link).await.unwrap().is_none(), "another address");
    let changed = LinkToken::parse(&link.reveal().replacen(|_: char| true, "A", 2)).unwrap();
    assert!(sign_in.confirm_link(&started.ticket, &changed).await.unwrap().is_none(), "a changed link");
    assert_eq!(sign_in.confirm_link(&started.ticket, &link).await.unwrap().unwrap().method(), Method::Link);
    assert_eq!(refused(sign_in.confirm_link(&started.ticket, &link).await), PublicRefusal::NoChallenge, "once");
    let issued = SignInRequest { by: By::Issued, ..request };
    let refused = sign_in.start_with(address(EVE), &issued).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(&PublicRefusal::AdministratorOnly));
}

#[tokio::test]
async fn a_code_works_once_and_is_guessed_at_no_more_while_a_new_key_is_promoted() {
    let (store, mailbox, entropy) = (MemoryStore::new(), Mailbox::default(), CountedEntropy::default());
    let [old, new] = ["old:".to_owned() + &"5a".repeat(32), "new:".to_owned() + &"a5".repeat(32)];
    let process = |first: &str, second: &str| {
        let keys = CodeKeys::parse(&format!("{first},{second}")).unwrap();
        Identity::new(store.clone(), mailbox.clone(), keys).with_entropy(entropy.clone())
    };
    let (before, after) = (process(&old, &new), process(&new, &old));
    let started = before.sign_in().start(address(ADA)).await.unwrap();
    before.deliver_due().await.unwrap();
    let code = mailbox.code(ADA).unwrap();
    assert!(after.sign_in().confirm(&started.ticket, &code).await.unwrap().is_some());
    assert_eq!(refused(before.sign_in().confirm(&started.ticket, &code).await), PublicRefusal::NoChallenge);

    let started = before.sign_in().start(address(EVE)).await.unwrap();
    before.deliver_due().await.unwrap();
    for process in [&before, &after, &before, &after, &before] {
        assert!(process.sign_in().confirm(&started.ticket, &wrong()).await.unwrap().is_none());
    }
    let code = mailbox.code(EVE).unwrap();
    for process in [before, after] {
        assert_eq!(refused(process.sign_in().confirm(&started.ticket, &code).await), PublicRefusal::NoChallenge);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_256_answers_at_once_is_a_proof() {
    let host = Arc::new(Host::new());
    host.user_with(&[ADA]).await;
    // Tickets of several devices, and each of them more than once.
    let mut tickets = Vec::new();
    for _ in 0..64 {
        tickets.push(host.identity.sign_in().start(address(ADA)).await.unwrap());
    }
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code(ADA).unwrap();
    let answers = (0..256).map(|number| {
        let (host, started, code) = (Arc::clone(&host), tickets[number % 64].clone(), code.clone());
        tokio::spawn(async move { host.confirm(&started, &code).await })
    });
    let mut proofs = 0;
    for answer in answers.collect::<Vec<_>>() {
        match answer.await.unwrap() {
            Ok(proof) => proofs += usize::from(proof.is_some()),
            Err(error) => assert!(
                matches!(error.refusal(), Some(PublicRefusal::NoChallenge | PublicRefusal::TooManyFailures { .. })),
                "{error}"
            ),
        }
    }
    assert_eq!(proofs, 1);
}

#[tokio::test]
async fn a_ticket_of_another_tenant_a_changed_and_a_made_up_one_open_nothing() {
    let host = Host::new();
    let started = host.start(EVE).await;
    let code = host.mailbox.code(EVE).unwrap();
    let other = host.identity.for_tenant(TenantId::parse("globex").unwrap());
    assert_eq!(refused(other.sign_in().confirm(&started.ticket, &code).await), PublicRefusal::NoChallenge);
    let text = started.ticket.as_str();
    assert!(!text.contains("eve") && !format!("{started:?}").contains(text), "nobody reads it");
    let mut made_up = vec![String::new(), "A".repeat(9_000), "ticket".to_owned(), text[..text.len() - 4].to_owned()];
    for place in (0..text.len()).step_by(7) {
        let other = if &text[place..=place] == "A" { "B" } else { "A" };
        made_up.push(format!("{}{other}{}", &text[..place], &text[place + 1..]));
    }
    for text in made_up {
        let ticket = SignInTicket::new(text);
        assert_eq!(refused(host.identity.sign_in().confirm(&ticket, &code).await), PublicRefusal::NoChallenge);
    }
    let kept = SignInTicket::new(text);
    assert!(host.identity.sign_in().confirm(&kept, &code).await.unwrap().is_some(), "as the client brings it back");
}

#[tokio::test]
async fn a_withheld_message_is_answered_as_every_other() {
    let host = Host::new();
    let account = host.account().await;
    let mine = host.verified(&account, ADA).await;
    host.mailbox.clear();
    let mut answers = Vec::new();
    for _ in 0..9 {
        let before = host.clock.clone();
        let started = host.start(ADA).await;
        answers.push((started.ticket.as_str().len(), started.expires_at, identity::system::Clock::now(&before)));
        host.clock.forward(secs(31));
    }
    assert_eq!(host.mailbox.messages().len(), 5, "five in 600 s");
    for (length, expires_at, now) in &answers {
        assert_eq!((*length, *expires_at), (answers[0].0, *now + secs(300)));
    }
    // Codes that verify have budgets of their own.
    let other = host.account().await;
    let id = other.add(address(ADA)).await.unwrap().outcome;
    host.mailbox.clear();
    other.start_verification(id).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    assert_eq!(host.mailbox.messages().len(), 1);
    // And so has who is signed in.
    account.step_up(mine).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    assert_eq!(host.mailbox.messages().len(), 2);
}

#[tokio::test]
async fn a_username_signs_in_at_its_users_primary_address() {
    let host = Host::new();
    let addresses =
        vec![NewAddress::from(address(ADA)).verified(), NewAddress::from(address("b@example.com")).verified()];
    let name = Username::parse("ada").unwrap();
    let new = NewUser { username: Some(name.clone()), addresses, ..NewUser::default() };
    let created = host.identity.admin("test").create(new).await.unwrap();
    let (ada, sign_in) = (created.outcome, host.identity.sign_in());
    let started = sign_in.start(name.clone()).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let proof = sign_in.confirm(&started.ticket, &host.mailbox.code(ADA).unwrap()).await.unwrap().unwrap();
    assert_eq!((proof.user(), proof.address()), (Some(&ada), &address(ADA)));
    // A code that went to an address which is not the primary one any more signs nobody in.
    let started = sign_in.start(name.clone()).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code(ADA).unwrap();
    let second = created.user.emails().entries()[1].id;
    host.identity.account(&ada).set_primary(second).await.unwrap();
    assert!(sign_in.confirm(&started.ticket, &code).await.unwrap().is_none());
    // Nobody has this name: nothing is sent, also where strangers are invited.
    host.identity.deliver_due().await.unwrap();
    host.mailbox.clear();
    sign_in.start(Username::parse("nobody").unwrap()).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    assert_eq!(host.mailbox.messages().len(), 0);
}

#[tokio::test]
async fn the_code_goes_to_the_address_as_its_user_wrote_it() {
    let host = Host::new();
    let ada = host.user_with(&["Ada@example.com"]).await;
    let started = host.identity.sign_in().start(address("aDA@example.com")).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code("Ada@example.com").unwrap();
    assert_eq!(host.confirm(&started, &code).await.unwrap().unwrap().user(), Some(&ada));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_find_or_create_at_once_one_creates_and_all_find_the_same() {
    let host = Host::new();
    let proof = host.proof(EVE).await;
    let calls = (0..64).map(|_| {
        let proof = proof.clone();
        tokio::spawn(async move { proof.find_or_create(NewUser::default()).await.unwrap() })
    });
    let mut found = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        found.push(call.await.unwrap());
    }
    assert_eq!(found.iter().filter(|found| found.is_new).count(), 1);
    assert!(found.iter().all(|one| one.user == found[0].user), "{found:?}");
    let user = host.identity.admin("test").get(&found[0].user).await.unwrap();
    let primary = user.primary_email().unwrap();
    assert!(primary.is_verified() && primary.address == address(EVE));
    assert_eq!(host.identity.admin("test").history(&found[0].user, 0, 10).await.unwrap().len(), 4, "one commit");
}

#[tokio::test]
async fn who_is_created_between_the_look_and_the_commit_is_found() {
    let (mailbox, blind) = (Mailbox::default(), Arc::new(AtomicUsize::new(0)));
    let store = Noted(MemoryStore::new(), Arc::default(), Arc::clone(&blind));
    let identity = Identity::new(store, mailbox.clone(), keys());
    let started = identity.sign_in().start(address(EVE)).await.unwrap();
    identity.deliver_due().await.unwrap();
    let proof = identity.sign_in().confirm(&started.ticket, &mailbox.code(EVE).unwrap()).await.unwrap().unwrap();
    let first = proof.find_or_create(NewUser::default()).await.unwrap();
    // The look-up comes before the other's commit.
    blind.store(1, Ordering::SeqCst);
    let second = proof.find_or_create(NewUser::default()).await.unwrap();
    assert_eq!((first.is_new, second.is_new, second.user), (true, false, first.user));
    // Somebody holds the address whom no look-up finds: it ends.
    blind.store(1_000, Ordering::SeqCst);
    let refused = proof.find_or_create(NewUser::default()).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(&PublicRefusal::Unavailable));
}

#[tokio::test]
async fn find_or_create_gives_nobody_the_account_of_somebody_else() {
    let host = Host::new();
    // Who has the address unverified keeps their account to themselves.
    let squatter = host.account().await;
    squatter.add(address(EVE)).await.unwrap();
    let eve = host.proof(EVE).await.find_or_create(NewUser::default()).await.unwrap();
    assert!(eve.is_new && eve.user != *squatter.user());
    // A user who was disabled or took another name in the form of the address.
    let proof = host.proof(EVE).await;
    host.identity.admin("test").disable(&eve.user).await.unwrap();
    let refused = proof.find_or_create(NewUser::default()).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(&PublicRefusal::Disabled));
    let named = |name: &str| NewUser { username: Some(Username::parse(name).unwrap()), ..NewUser::default() };
    host.identity.admin("test").create(named("taken")).await.unwrap();
    let refused = host.proof(ADA).await.find_or_create(named("taken")).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(&PublicRefusal::UsernameTaken));
}

#[tokio::test]
async fn a_step_up_names_the_user_who_asked_and_is_no_sign_in() {
    let host = Host::new();
    let (account, other) = (host.account().await, host.account().await);
    let id = host.verified(&account, ADA).await;
    let sign_in = host.identity.sign_in();
    let started = account.step_up(id).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code(ADA).unwrap();
    assert_eq!(refused(sign_in.confirm(&started.ticket, &code).await), PublicRefusal::NoChallenge);
    assert_eq!(refused(other.confirm_step_up(&started.ticket, &code).await), PublicRefusal::NoChallenge);
    assert!(account.confirm_step_up(&started.ticket, &wrong()).await.unwrap().is_none());
    let proof = account.confirm_step_up(&started.ticket, &code).await.unwrap().unwrap();
    assert_eq!((proof.user(), proof.purpose()), (Some(account.user()), Purpose::StepUp));
    assert_eq!(refused(account.confirm_step_up(&started.ticket, &code).await), PublicRefusal::NoChallenge, "once");
    let signing_in = host.start(ADA).await;
    let code = host.mailbox.code(ADA).unwrap();
    assert_eq!(refused(account.confirm_step_up(&signing_in.ticket, &code).await), PublicRefusal::NoChallenge);
    // An address that is not verified, or not any more, shows nothing.
    let open = account.add(address("b@example.com")).await.unwrap().outcome;
    assert_eq!(account.step_up(open).await.unwrap_err().refusal(), Some(&PublicRefusal::NotVerified));
    host.clock.forward(secs(301));
    let started = account.step_up(id).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    host.identity.admin("test").mark_unverified(account.user(), id).await.unwrap();
    assert!(account.confirm_step_up(&started.ticket, &host.mailbox.code(ADA).unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_step_up_that_comes_after_an_erasure_is_not_sent_and_leaves_nothing() {
    let (store, mailbox) = (MemoryStore::new(), Mailbox::default());
    let identity = Identity::new(store.clone(), Referring(mailbox.clone(), true), keys());
    let identity = identity.with_clock(HandClock::default()).with_entropy(CountedEntropy::default());
    let admin = identity.admin("test");
    let new = NewUser { addresses: vec![NewAddress::from(address(ADA)).verified()], ..NewUser::default() };
    let created = admin.create(new).await.unwrap();
    let (user, id) = (created.outcome, created.user.emails().entries()[0].id);
    identity.account(&user).step_up(id).await.unwrap();
    let waiting = admin.posted(&user, None, 10).await.unwrap();
    admin.erase(&user).await.unwrap();
    for posted in waiting {
        // As a call that loaded the user before the erasure.
        store.enqueue(posted.message).await.unwrap();
    }
    identity.deliver_due().await.unwrap();
    assert_eq!(mailbox.messages().len(), 0);
    assert_eq!(admin.posted(&user, None, 10).await.unwrap(), Vec::new());
}

/// A provider that refers to what it takes, or refuses.
struct Referring(Mailbox, bool);

#[identity::async_trait]
impl Notifier for Referring {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        self.0.notify(notice).await?;
        if self.1 {
            Ok(Accepted { reference: Some("1".to_owned()), provider: None })
        } else {
            Err(NotifyError::permanent("no"))
        }
    }
}

#[tokio::test]
async fn nothing_is_kept_of_a_visitor() {
    for accepts in [true, false] {
        let (store, mailbox) = (MemoryStore::new(), Mailbox::default());
        let identity = Identity::new(store.clone(), Referring(mailbox.clone(), accepts), keys());
        for to in [address(EVE), Phone::parse("+441514960453").unwrap().into()] {
            let started = identity.sign_in().start(to).await.unwrap();
            identity.deliver_due().await.unwrap();
            let _ = identity.sign_in().confirm(&started.ticket, &wrong()).await.unwrap();
        }
        assert_eq!(mailbox.messages().len(), 2);
        let kept = String::from_utf8_lossy(&store.dump().unwrap()).into_owned();
        assert!(!kept.contains("eve") && !kept.contains("1514960453"), "{kept}");
    }
}

#[tokio::test]
async fn a_proof_is_of_the_tenant_that_asked() {
    let host = Host::new();
    let globex = host.identity.for_tenant(TenantId::parse("globex").unwrap());
    host.user_with(&[ADA]).await;
    let started = globex.sign_in().start(address(ADA)).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let proof = globex.sign_in().confirm(&started.ticket, &host.mailbox.code(ADA).unwrap()).await.unwrap().unwrap();
    assert_eq!((proof.tenant(), proof.user()), (globex.tenant(), None));
    let created: UserId = proof.find_or_create(NewUser::default()).await.unwrap().user;
    assert!(
        globex.admin("test").get(&created).await.is_ok() && host.identity.admin("test").get(&created).await.is_err()
    );
}

#[tokio::test]
async fn a_restricted_address_is_not_invited_and_its_user_still_signs_in() {
    let host = Host::new();
    let ada = host.user_with(&[ADA]).await;
    let blocked = RestrictionPolicy::builder().block_domain("example.com").build().unwrap();
    let host = host.with_policy(Policy::default().with_restriction(blocked));
    let started = host.start(EVE).await;
    assert_eq!(host.mailbox.messages().len(), 0, "nothing is sent");
    assert!(host.confirm(&started, &wrong()).await.unwrap().is_none());
    assert_eq!(host.proof(ADA).await.user(), Some(&ada));
}

#[tokio::test]
async fn budgets_of_strangers_withhold_and_those_of_countries_refuse_whoever_typed_the_number() {
    let number = "+441514960453";
    let one = Budget::new(1, secs(3_600));
    let send = SendPolicy::builder().country(Some(one)).build().unwrap();
    let host = Host::new().with_policy(Policy::default().with_send(send));
    let name = Username::parse("ada").unwrap();
    let addresses = vec![NewAddress::from(address(number)).verified()];
    let new = NewUser { username: Some(name.clone()), addresses, ..NewUser::default() };
    host.identity.admin("test").create(new).await.unwrap();
    host.start(number).await;
    let other = host.identity.sign_in().start(address("+441514960454")).await.unwrap_err();
    assert!(matches!(other.refusal(), Some(PublicRefusal::TooSoon { .. })), "{other}");
    host.identity.sign_in().start(name).await.expect("a name does not tell where its user has a number");
    host.identity.deliver_due().await.unwrap();
    assert_eq!(host.mailbox.messages().len(), 1);
    // A budget that only records lets every message pass.
    let send = SendPolicy::builder().tenant(Some(one)).record_only([BudgetKind::Tenant]).build().unwrap();
    let host = Host::new().with_policy(Policy::default().with_send(send));
    host.start(ADA).await;
    host.start(EVE).await;
    assert_eq!(host.mailbox.messages().len(), 2);
    // The budgets of all tenants withhold.
    let shared = SharedPolicy::builder().address(one).build().unwrap();
    let host = Host::new();
    let identity = host.identity.clone().with_shared_budgets(MemoryStore::new(), shared);
    for tenant in ["globex", "initech"] {
        let tenant = identity.for_tenant(TenantId::parse(tenant).unwrap());
        tenant.sign_in().start(address(EVE)).await.expect("nobody learns of it");
    }
    host.identity.deliver_due().await.unwrap();
    assert_eq!(host.mailbox.messages().len(), 1);
}

#[tokio::test]
async fn a_right_code_keeps_the_breaker_of_its_country_closed() {
    let breaker = Conversion::new(50, 2, secs(86_400));
    let send = SendPolicy::builder().conversion(Some(breaker)).build().unwrap();
    let host = Host::new().with_policy(Policy::default().with_send(send));
    for number in 0..6 {
        assert!(host.proof(&format!("+4415149604{number}0")).await.user().is_none());
    }
    for number in 0..2 {
        host.start(&format!("+4415149605{number}0")).await;
    }
    let refused = host.identity.sign_in().start(address("+441514960590")).await.unwrap_err();
    assert!(matches!(refused.refusal(), Some(PublicRefusal::TooSoon { .. })), "nobody confirms: {refused}");
}
