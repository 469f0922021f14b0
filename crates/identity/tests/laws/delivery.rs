//! Laws of delivery. Time is moved by hand: the host's by its clock, tokio's by pausing it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::delivery::Delivery;
use identity::{Accepted, CodeKeys, Identity, Notice, Notifier, NotifyError};
use identity_memory::MemoryStore;

use crate::kit::{CountedEntropy, HandClock, Host, Mailbox, address, keys, secs};

/// Answers what a test laid out for it, and delivers into a mailbox where that is a yes.
#[derive(Clone, Default)]
struct Scripted {
    answers: Arc<Mutex<VecDeque<NotifyError>>>,
    mailbox: Mailbox,
}

#[identity::async_trait]
impl Notifier for Scripted {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let answer = self.answers.lock().unwrap().pop_front();
        match answer {
            Some(error) => Err(error),
            None => self.mailbox.notify(notice).await,
        }
    }
}

struct Desk {
    identity: Identity,
    clock: HandClock,
    scripted: Scripted,
}

fn desk() -> Desk {
    let (clock, scripted) = (HandClock::default(), Scripted::default());
    let identity = Identity::new(MemoryStore::new(), scripted.clone(), keys())
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default());
    Desk { identity, clock, scripted }
}

impl Desk {
    async fn send(&self, to: &str) {
        let user = self.identity.admin("test").create(identity::NewUser::default()).await.unwrap().outcome;
        let account = self.identity.account(&user);
        let id = account.add(address(to)).await.unwrap().outcome;
        account.start_verification(id).await.unwrap();
    }
}

#[tokio::test]
async fn a_transient_failure_is_tried_again_after_a_wait_that_doubles() {
    let desk = desk();
    desk.send("ada@example.com").await;
    desk.scripted.answers.lock().unwrap().extend((0..3).map(|_| NotifyError::transient("busy")));
    for longest in [5, 10, 20] {
        let first = desk.identity.deliver_due().await.unwrap();
        assert_eq!((first.sent, first.retried), (0, 1));
        desk.clock.forward(Duration::from_millis(longest * 749));
        assert_eq!(
            desk.identity.deliver_due().await.unwrap().retried,
            0,
            "it comes before three quarters of {longest} s"
        );
        desk.clock.forward(Duration::from_millis(longest * 251));
    }
    assert_eq!(desk.identity.deliver_due().await.unwrap().sent, 1);
    assert_eq!(desk.scripted.mailbox.messages().len(), 1);
}

#[tokio::test]
async fn a_permanent_failure_is_kept_and_visible_and_not_tried_again() {
    let desk = desk();
    desk.send("ada@example.com").await;
    desk.scripted.answers.lock().unwrap().push_back(NotifyError::permanent("no such mailbox"));
    assert_eq!(desk.identity.deliver_due().await.unwrap().failed, 1);
    desk.clock.forward(secs(500));
    assert_eq!(desk.identity.deliver_due().await.unwrap().sent, 0);
    let dead = desk.identity.admin("staff").dead_letters(None, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].attempts, dead[0].error.as_deref()), (1, Some("permanently refused: no such mailbox")));
    assert_eq!(desk.identity.admin("staff").dead_letters(Some(dead[0].message.id), 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_message_that_expired_is_settled_unsent() {
    let desk = desk();
    desk.send("ada@example.com").await;
    desk.clock.forward(secs(600));
    assert_eq!(desk.identity.deliver_due().await.unwrap().expired, 1);
    assert_eq!(desk.scripted.mailbox.messages().len(), 0);
    assert!(desk.identity.admin("staff").dead_letters(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_retry_that_would_come_too_late_ends_unsent() {
    let desk = desk();
    desk.send("ada@example.com").await;
    desk.clock.forward(secs(598));
    desk.scripted.answers.lock().unwrap().push_back(NotifyError::transient("busy"));
    assert_eq!(desk.identity.deliver_due().await.unwrap().retried, 1);
    desk.clock.forward(secs(2));
    assert_eq!(desk.identity.deliver_due().await.unwrap().expired, 1);
}

#[tokio::test]
async fn after_24_attempts_a_message_becomes_a_dead_letter() {
    let host = desk();
    let new = identity::NewUser {
        addresses: vec![identity::NewAddress::from(address("ada@example.com")).verified()],
        ..identity::NewUser::default()
    };
    let user = host.identity.admin("test").create(new).await.unwrap().outcome;
    // A notice is worth a day, which is longer than its attempts take.
    host.identity.account(&user).add(address("b@example.com")).await.unwrap();
    host.scripted.answers.lock().unwrap().extend((0..50).map(|_| NotifyError::transient("busy")));
    let mut tries = 0;
    for _ in 0..70 {
        let delivered = host.identity.deliver_due().await.unwrap();
        tries += delivered.retried + delivered.failed;
        host.clock.forward(secs(1_200));
    }
    assert_eq!(tries, 24);
    assert_eq!(host.identity.admin("staff").dead_letters(None, 10).await.unwrap()[0].attempts, 24);
}

#[tokio::test]
async fn c93_a_message_whose_key_a_worker_does_not_have_is_left_for_one_that_has_it() {
    let store = MemoryStore::new();
    let clock = HandClock::default();
    let with = |text: String| {
        let keys = CodeKeys::parse(&text).unwrap();
        Identity::new(store.clone(), Mailbox::default(), keys)
            .with_clock(clock.clone())
            .with_entropy(CountedEntropy::default())
    };
    let old = with(format!("a:{}", "5a".repeat(32)));
    let account = old.account(&old.admin("test").create(identity::NewUser::default()).await.unwrap().outcome);
    let id = account.add(address("ada@example.com")).await.unwrap().outcome;
    account.start_verification(id).await.unwrap();
    // A previous key still serves ...
    let rotated = with(format!("b:{},a:{}", "5b".repeat(32), "5a".repeat(32)));
    assert_eq!(rotated.deliver_due().await.unwrap().sent, 1);
    clock.forward(secs(30));
    account.start_verification(id).await.unwrap();
    // ... without it the message is left for a worker that has the key, and no attempt is counted ...
    let without = with(format!("b:{}", "5b".repeat(32)));
    let delivered = without.deliver_due().await.unwrap();
    assert_eq!((delivered.left, delivered.failed, delivered.sent), (1, 0, 0));
    clock.forward(secs(2));
    assert_eq!(without.deliver_due().await.unwrap().left, 1);
    clock.forward(secs(2));
    assert_eq!(rotated.deliver_due().await.unwrap().sent, 1, "and that one sends it");
    // ... until its code is void.
    clock.forward(secs(30));
    rotated.account(account.user()).start_verification(id).await.unwrap();
    let old_again = with(format!("a:{}", "5a".repeat(32)));
    old_again.account(account.user()).start_verification(id).await.unwrap_err();
    for _ in 0..20 {
        clock.forward(secs(30));
        let delivered = without.deliver_due().await.unwrap();
        if delivered.failed == 1 {
            break;
        }
        assert_eq!((delivered.left, delivered.failed), (1, 0));
    }
    let dead = without.admin("staff").dead_letters(None, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].error.as_deref().unwrap().contains("the key `a`"), "{:?}", dead[0].error);
    assert_eq!(dead[0].attempts, 1);
    // And the next message is made with the key that is there.
    clock.forward(secs(30));
    without.account(account.user()).start_verification(id).await.unwrap();
    assert_eq!(without.deliver_due().await.unwrap().sent, 1);
}

/// Never answers.
struct Stuck;

#[identity::async_trait]
impl Notifier for Stuck {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_notifier_that_does_not_answer_is_given_up_on() {
    let clock = HandClock::default();
    let identity = Identity::new(MemoryStore::new(), Stuck, keys()).with_clock(clock.clone());
    let account = identity.account(&identity.admin("test").create(identity::NewUser::default()).await.unwrap().outcome);
    let id = account.add(address("ada@example.com")).await.unwrap().outcome;
    account.start_verification(id).await.unwrap();
    assert_eq!(identity.deliver_due().await.unwrap().uncertain, 1, "it may have been taken on");
}

#[tokio::test(start_paused = true)]
async fn the_loop_delivers_what_comes_in_and_stops_when_it_is_told() {
    let host = Host::new();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let identity = host.identity.clone();
    let worker = tokio::spawn(async move {
        identity.deliver_until(async { stopped.await.unwrap_or(()) }).await;
    });
    for number in 0..40 {
        let account = host.account().await;
        let id = account.add(address(&format!("u{number}@example.com"))).await.unwrap().outcome;
        account.start_verification(id).await.unwrap();
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(host.mailbox.messages().len(), 40);
    stop.send(()).unwrap();
    worker.await.unwrap();
}

/// Stops the loop in the middle of a batch.
#[derive(Clone)]
struct StopsAt {
    mailbox: Mailbox,
    at: usize,
    stop: Arc<tokio::sync::Notify>,
}

#[identity::async_trait]
impl Notifier for StopsAt {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        if self.mailbox.messages().len() + 1 == self.at {
            self.stop.notify_one();
            tokio::task::yield_now().await;
        }
        self.mailbox.notify(notice).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_a_batch_gives_the_rest_back_at_once() {
    let (store, clock) = (MemoryStore::new(), HandClock::default());
    let stops = StopsAt { mailbox: Mailbox::default(), at: 3, stop: Arc::default() };
    let identity =
        Identity::new(store, stops.clone(), keys()).with_clock(clock.clone()).with_entropy(CountedEntropy::default());
    let identity = identity.with_delivery(Delivery::default().with_concurrency(1));
    for number in 0..10 {
        let account =
            identity.account(&identity.admin("test").create(identity::NewUser::default()).await.unwrap().outcome);
        let id = account.add(address(&format!("u{number}@example.com"))).await.unwrap().outcome;
        account.start_verification(id).await.unwrap();
    }
    let stop = Arc::clone(&stops.stop);
    identity.deliver_until(async move { stop.notified().await }).await;
    assert_eq!(stops.mailbox.messages().len(), 3, "the one in hand is finished, no other is begun");
    // Without waiting for any lease to run out, the next worker has them all.
    assert_eq!(identity.deliver_due().await.unwrap().sent, 7);
    let mut ids: Vec<_> = stops.mailbox.messages().iter().map(|message| message.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10, "each came once");
}

/// Takes 25 s for each message, and lets another worker look for messages meanwhile.
#[derive(Clone)]
struct Slow {
    mailbox: Mailbox,
    clock: HandClock,
    other: Arc<Identity>,
}

#[identity::async_trait]
impl Notifier for Slow {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        self.clock.forward(secs(25));
        self.other.deliver_due().await.unwrap();
        self.mailbox.notify(notice).await
    }
}

#[tokio::test]
async fn a_worker_leaves_what_it_cannot_finish_within_its_lease() {
    let (store, clock, mailbox) = (MemoryStore::new(), HandClock::default(), Mailbox::default());
    let other = Identity::new(store.clone(), mailbox.clone(), keys()).with_clock(clock.clone());
    let slow = Slow { mailbox: mailbox.clone(), clock: clock.clone(), other: Arc::new(other) };
    let identity = Identity::new(store, slow, keys()).with_clock(clock);
    let identity = identity.with_delivery(Delivery::default().with_concurrency(1));
    for number in 0..5 {
        let user = identity.admin("test").create(identity::NewUser::default()).await.unwrap().outcome;
        let account = identity.account(&user);
        let id = account.add(address(&format!("u{number}@example.com"))).await.unwrap().outcome;
        account.start_verification(id).await.unwrap();
    }
    identity.deliver_due().await.unwrap();
    let mut ids: Vec<_> = mailbox.messages().iter().map(|message| message.id).collect();
    assert_eq!(ids.len(), 5);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5, "each came once");
}

#[tokio::test]
async fn c26_nothing_that_reaches_a_notifier_has_a_control_character_in_its_address() {
    let host = Host::new();
    let account = host.account().await;
    for text in ["ada@example.com", "+44 1514 960453", "grüße@bücher.example"] {
        host.added(&account, address(text).as_str()).await;
    }
    for text in
        ["ada@example.com\r\nBcc: x@example.com", "a\0@example.com", "ada@example.com\n", "a@b.example,c@d.example"]
    {
        assert!(identity::Email::parse(text).is_err(), "{text:?}");
    }
    for message in host.mailbox.messages() {
        assert!(!message.to.as_str().chars().any(char::is_control));
    }
    assert_eq!(host.mailbox.messages().len(), 3);
}
