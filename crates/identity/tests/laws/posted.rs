//! What becomes of messages: refusals, reports, records, and what an administrator sees of them.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::delivery::{Delivery, DeliveryState, MessageId, PostState, Report, UndeliverableReason};
use identity::policy::Budget;
use identity::policy::SendPolicy;
use identity::spend::SendLimit;
use identity::{
    Accepted, Error, Identity, NewAddress, NewUser, Notice, Notifier, NotifyError, Policy, PublicRefusal, Refusal,
    UserId, Verification,
};
use identity_memory::MemoryStore;
use tokio::sync::Notify;

use crate::kit::{CountedEntropy, HandClock, Mailbox, address, keys, secs};

/// Says yes with a reference, or whatever was laid out before that.
#[derive(Clone, Default)]
struct Desk {
    answers: Arc<Mutex<VecDeque<NotifyError>>>,
    taken: Mailbox,
    notices: Arc<Mutex<Vec<Notice>>>,
}

#[identity::async_trait]
impl Notifier for Desk {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let answer = self.answers.lock().unwrap().pop_front();
        if let Some(error) = answer {
            return Err(error);
        }
        self.notices.lock().unwrap().push(notice.clone());
        self.taken.notify(notice).await?;
        Ok(Accepted { reference: Some(format!("r-{}", notice.message.id)), provider: Some("desk".to_owned()) })
    }
}

struct Host {
    identity: Identity,
    clock: HandClock,
    desk: Desk,
}

fn host() -> Host {
    host_under(Policy::default())
}

fn host_under(policy: Policy) -> Host {
    let (clock, desk) = (HandClock::default(), Desk::default());
    let identity = Identity::new(MemoryStore::new(), desk.clone(), keys())
        .with_policy(policy)
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default());
    Host { identity, clock, desk }
}

impl Host {
    async fn user(&self) -> UserId {
        self.identity.admin("test").create(NewUser::default()).await.unwrap().outcome
    }

    async fn report(&self, notice: &Notice, state: DeliveryState) {
        let report = Report::new(state, self.now());
        self.identity.admin("callback").report_delivery(&notice.ticket, &report).await.unwrap().unwrap();
    }

    fn now(&self) -> identity::Timestamp {
        identity::system::Clock::now(&self.clock)
    }

    fn last(&self) -> Notice {
        self.desk.notices.lock().unwrap().last().unwrap().clone()
    }
}

#[tokio::test]
async fn a_permanent_refusal_gives_the_send_back_marks_the_address_and_lets_the_person_try_again_at_once() {
    let country = SendPolicy::builder().country(Some(Budget::new(1, secs(3_600)))).build().unwrap();
    let host = host_under(Policy::default().with_send(country));
    let user = host.user().await;
    let account = host.identity.account(&user);
    let line = account.add(address("+447400123456")).await.unwrap().outcome;
    account.start_verification(line).await.unwrap();
    let again = account.start_verification(line).await;
    assert!(matches!(again, Err(Error::Refused(PublicRefusal::TooSoon { .. }))), "while it is on its way: {again:?}");
    host.desk.answers.lock().unwrap().push_back(NotifyError::permanent("21211 invalid number"));
    assert_eq!(host.identity.deliver_due().await.unwrap().failed, 1);
    let shown = account.get().await.unwrap();
    let known = shown.identifier(line).unwrap().undeliverable.unwrap();
    assert_eq!(known.why, UndeliverableReason::Refused, "every answer shows it");
    assert_eq!(
        host.identity.admin("staff").dead_letters(None, 10).await.unwrap()[0].error.as_deref(),
        Some("permanently refused: 21211 invalid number")
    );
    // At once, though the country's budget was one code an hour and the wait 30 s.
    account.start_verification(line).await.unwrap();
    assert_eq!(host.identity.deliver_due().await.unwrap().sent, 1);
    account.confirm(line, &host.last().code.unwrap()).await.unwrap();
    assert_eq!(account.get().await.unwrap().identifier(line).unwrap().undeliverable, None, "shown to be reachable");
}

#[tokio::test]
async fn a_bounce_is_reported_by_its_ticket_and_shown_by_every_answer() {
    let host = host();
    let user = host.user().await;
    let account = host.identity.account(&user);
    let mail = account.add(address("ada@example.com")).await.unwrap().outcome;
    account.start_verification(mail).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let notice = host.last();
    let admin = host.identity.admin("callback");
    let posted = admin.posted(&user, None, 10).await.unwrap();
    assert_eq!(posted.len(), 1, "what was sent is proven");
    assert_eq!(posted[0].state(), PostState::Sent(DeliveryState::Accepted));
    let reference = format!("r-{}", notice.message.id);
    assert_eq!((posted[0].provider.as_deref(), posted[0].reference.as_deref()), (Some("desk"), Some(&*reference)));
    assert_eq!((posted[0].sent_at, posted[0].attempts, posted[0].uncertain), (Some(host.now()), 1, 0));
    host.clock.forward(secs(5));
    for _ in 0..3 {
        host.report(&notice, DeliveryState::Bounced).await;
        host.report(&notice, DeliveryState::Accepted).await;
    }
    let known = account.get().await.unwrap().identifier(mail).unwrap().undeliverable.unwrap();
    assert_eq!((known.why, known.times), (UndeliverableReason::Bounced, 1), "once, however often it is reported");
    let history = admin.history(&user, 0, 100).await.unwrap();
    let kinds: Vec<&str> = history.iter().map(|recorded| recorded.event.change.kind()).collect();
    assert_eq!(kinds, ["created", "added", "verification_started", "delivery_failed"]);
    let posted = admin.posted(&user, None, 10).await.unwrap();
    assert_eq!(posted[0].state(), PostState::Sent(DeliveryState::Bounced));
    assert_eq!(posted[0].report.as_ref().unwrap().at, host.now());
    // The code did not come: the next one may be asked for at once. One that arrives clears the mark.
    host.clock.forward(secs(1));
    account.start_verification(mail).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    host.clock.forward(secs(1));
    host.report(&host.last(), DeliveryState::Delivered).await;
    assert_eq!(account.get().await.unwrap().identifier(mail).unwrap().undeliverable, None);
    // A time from tomorrow is no time of a report.
    let tomorrow = Report::new(DeliveryState::Complained, host.now() + secs(86_400)).with_detail("arf");
    let posted = admin.report_delivery(&host.last().ticket, &tomorrow).await.unwrap().unwrap();
    assert_eq!(posted.report.unwrap().at, host.now());
    // What is not kept any more is no error: providers repeat themselves.
    admin.erase(&user).await.unwrap();
    let report = Report::new(DeliveryState::Delivered, host.now());
    assert_eq!(admin.report_delivery(&notice.ticket, &report).await.unwrap(), None);
    let forged = identity::CodeKeys::parse(&"66".repeat(32)).unwrap().ticket(notice.message.id);
    let refused = admin.report_delivery(&forged, &report).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::TicketForged))), "{refused:?}");
}

#[tokio::test]
async fn a_message_of_another_tenant_is_reported_on_in_its_own() {
    let host = host();
    let acme = host.identity.for_tenant(identity::TenantId::parse("acme").unwrap());
    let user = acme.admin("test").create(NewUser::default()).await.unwrap().outcome;
    let mail = acme.account(&user).add(address("ada@example.com")).await.unwrap().outcome;
    acme.account(&user).start_verification(mail).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    host.report(&host.last(), DeliveryState::Bounced).await;
    assert!(acme.account(&user).get().await.unwrap().identifier(mail).unwrap().undeliverable.is_some());
}

#[tokio::test]
async fn c54_a_refusal_gives_an_administrator_its_rule_and_numbers_and_a_person_the_time_alone() {
    let send = SendPolicy::builder().country(Some(Budget::new(1, secs(3_600)))).build().unwrap();
    let host = host_under(Policy::default().with_send(send));
    let (mut shown, mut refusals) = (Vec::new(), Vec::new());
    for number in 0..2 {
        let user = host.user().await;
        let line = host.identity.account(&user).add(address(&format!("+44740012{number}400"))).await.unwrap().outcome;
        if let Err(Error::Refused(refusal)) = host.identity.account(&user).start_verification(line).await {
            shown.push(refusal);
        }
        let by_staff = host.identity.admin("staff").start_verification(&user, line, &Verification::default()).await;
        if let Err(Error::Refused(refusal @ Refusal::TooSoon { limit: SendLimit::Shared(_), .. })) = by_staff {
            refusals.push(refusal);
        }
    }
    let retry_at = host.now() + secs(3_600);
    assert_eq!(shown, [PublicRefusal::TooSoon { retry_at }], "the second person");
    assert_eq!(shown[0].to_string(), "a message was sent a short time ago; ask again later");
    assert_eq!(refusals.len(), 1, "an administrator, of the second person: {refusals:?}");
    let Refusal::TooSoon { retry_at: told_at, limit: SendLimit::Shared(told) } = &refusals[0] else {
        panic!("{refusals:?}")
    };
    assert_eq!(*told_at, retry_at);
    assert_eq!(
        (told.kind.as_str(), told.quota.as_str(), told.drawn, told.limit, told.amount),
        ("country", "+44", 1, 1, 1)
    );
    let text = refusals[0].to_string();
    assert!(["country", "+44", "1 of 1", "3600 s"].iter().all(|word| text.contains(word)), "{text}");
}

#[tokio::test]
async fn what_is_void_is_not_sent_any_more() {
    let host = host();
    let user = host.user().await;
    let account = host.identity.account(&user);
    let mail = account.add(address("ada@example.com")).await.unwrap().outcome;
    account.start_verification(mail).await.unwrap();
    let code = host.identity.admin("desk").issue_code(&user, mail).await.unwrap().outcome.code;
    account.confirm(mail, &code).await.unwrap();
    assert_eq!(host.identity.deliver_due().await.unwrap().sent, 0, "nobody needs it any more");
    assert!(host.identity.admin("desk").posted(&user, None, 10).await.unwrap().is_empty());
}

/// A provider that is out, one way or the other, until it is back.
#[derive(Clone, Default)]
struct Outage {
    out: Arc<std::sync::atomic::AtomicBool>,
    asked: Arc<AtomicUsize>,
    taken: Arc<Mutex<HashMap<MessageId, usize>>>,
}

#[identity::async_trait]
impl Notifier for Outage {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        if self.out.load(Ordering::SeqCst) {
            return Err(if asked.is_multiple_of(2) {
                NotifyError::transient("503")
            } else {
                NotifyError::unknown("no answer")
            });
        }
        *self.taken.lock().unwrap().entry(notice.message.id).or_default() += 1;
        Ok(Accepted { reference: Some("r".to_owned()), provider: None })
    }
}

#[tokio::test(start_paused = true)]
async fn the_loop_survives_an_outage_of_an_hour_without_losing_or_doubling_anything() {
    let (clock, outage) = (HandClock::default(), Outage::default());
    let identity = Identity::new(MemoryStore::new(), outage.clone(), keys())
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default());
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let identity = identity.clone();
            tokio::spawn(async move { identity.deliver_forever().await })
        })
        .collect();
    let mut expected = 0;
    let mut post = async |number: usize| {
        let verified = NewAddress::from(address(&format!("u{number}@example.com"))).verified();
        let new = NewUser { addresses: vec![verified], ..NewUser::default() };
        let user = identity.admin("test").create(new).await.unwrap().outcome;
        identity.account(&user).add(address(&format!("v{number}@example.com"))).await.unwrap();
        expected += 1;
    };
    let tick = async |secs_now: u64| {
        clock.forward(secs(secs_now));
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    for number in 0..200 {
        post(number).await;
    }
    tick(1).await;
    assert_eq!(outage.taken.lock().unwrap().len(), 200);
    outage.out.store(true, Ordering::SeqCst);
    // For an hour nothing goes, and more comes in.
    for minute in 0..60 {
        post(1_000 + minute).await;
        for _ in 0..6 {
            tick(10).await;
        }
    }
    assert_eq!(outage.taken.lock().unwrap().len(), 200, "nothing went meanwhile");
    assert!(identity.admin("staff").dead_letters(None, 10).await.unwrap().is_empty(), "and there is no dead letter");
    outage.out.store(false, Ordering::SeqCst);
    for _ in 0..130 {
        tick(60).await;
    }
    let taken = outage.taken.lock().unwrap().clone();
    assert_eq!(taken.len(), expected, "nothing is lost");
    assert!(taken.values().all(|times| *times == 1), "and nothing was sent twice");
    workers.into_iter().for_each(|worker| worker.abort());
}

/// Counts how many are in hand at a time, and holds each until all that may be are there.
#[derive(Clone)]
struct Hands {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

#[identity::async_trait]
impl Notifier for Hands {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        Ok(Accepted::default())
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_are_in_hand_side_by_side_as_was_said_and_no_more() {
    for concurrency in [1, 4, 16] {
        let hands = Hands { now: Arc::default(), most: Arc::default() };
        let identity = Identity::new(MemoryStore::new(), hands.clone(), keys())
            .with_clock(HandClock::default())
            .with_delivery(Delivery::default().with_concurrency(concurrency));
        for number in 0..40 {
            let user = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
            let mail = identity.account(&user).add(address(&format!("u{number}@example.com"))).await.unwrap().outcome;
            identity.account(&user).start_verification(mail).await.unwrap();
        }
        let began = tokio::time::Instant::now();
        assert_eq!(identity.deliver_due().await.unwrap().sent, 40);
        assert_eq!(hands.most.load(Ordering::SeqCst), concurrency);
        let rounds = 40_u64.div_ceil(concurrency as u64);
        assert_eq!(began.elapsed().as_secs(), rounds, "a slow one holds up nobody beside it");
    }
}

/// Which message of which user came when; every third one has to wait first.
#[derive(Clone, Default)]
struct Order {
    came: Arc<Mutex<HashMap<UserId, Vec<MessageId>>>>,
    asked: Arc<AtomicUsize>,
}

#[identity::async_trait]
impl Notifier for Order {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        tokio::task::yield_now().await;
        if self.asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(3) {
            return Err(NotifyError::transient("busy"));
        }
        let Notice { message, .. } = notice;
        self.came.lock().unwrap().entry(message.key.user.clone()).or_default().push(message.id);
        Ok(Accepted { reference: Some("r".to_owned()), provider: None })
    }
}

#[tokio::test]
async fn a_users_messages_to_an_address_keep_their_order_among_many_workers() {
    let (clock, order) = (HandClock::default(), Order::default());
    let identity = Identity::new(MemoryStore::new(), order.clone(), keys())
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default());
    let mut users = Vec::new();
    for number in 0..20 {
        let verified = NewAddress::from(address(&format!("u{number}@example.com"))).verified();
        let new = NewUser { addresses: vec![verified], ..NewUser::default() };
        users.push(identity.admin("test").create(new).await.unwrap().outcome);
    }
    for round in 0..10 {
        for (number, user) in users.iter().enumerate() {
            identity.account(user).add(address(&format!("v{number}-{round}@example.com"))).await.unwrap();
        }
        clock.forward(Duration::from_millis(7));
    }
    for _ in 0..200 {
        let (one, two, three) = tokio::join!(identity.deliver_due(), identity.deliver_due(), identity.deliver_due());
        for delivered in [one, two, three] {
            delivered.unwrap();
        }
        clock.forward(secs(5));
    }
    for user in &users {
        let came = order.came.lock().unwrap().get(user).cloned().unwrap();
        let mut posted = identity.admin("test").posted(user, None, 100).await.unwrap();
        posted.sort_by_key(|posted| (posted.message.created_at, posted.message.id));
        let ids: Vec<MessageId> = posted.iter().map(|posted| posted.message.id).collect();
        assert_eq!(came, ids, "each once, in the order in which they came about");
    }
}

/// Panics at one address.
#[derive(Clone, Default)]
struct Fragile(Mailbox);

#[identity::async_trait]
impl Notifier for Fragile {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        assert!(!notice.message.to.as_str().starts_with("poison"), "a bug in the notifier");
        self.0.notify(notice).await
    }
}

#[tokio::test]
async fn a_message_that_no_worker_survives_becomes_a_dead_letter_and_delays_nobody() {
    let (clock, fragile) = (HandClock::default(), Fragile::default());
    let identity = Identity::new(MemoryStore::new(), fragile.clone(), keys())
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default())
        .with_delivery(Delivery::default().with_attempts(3));
    for name in ["poison", "ada", "bob"] {
        let verified = NewAddress::from(address(&format!("{name}@example.com"))).verified();
        let new = NewUser { addresses: vec![verified], ..NewUser::default() };
        let user = identity.admin("test").create(new).await.unwrap().outcome;
        identity.account(&user).add(address(&format!("new-{name}@example.com"))).await.unwrap();
    }
    for _ in 0..5 {
        identity.deliver_due().await.unwrap();
        clock.forward(secs(60));
    }
    assert_eq!(fragile.0.messages().len(), 2, "the others came");
    let dead = identity.admin("staff").dead_letters(None, 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].attempts), (1, 3));
    assert!(dead[0].error.as_deref().unwrap().contains("panicked"), "{:?}", dead[0].error);
}

#[tokio::test(start_paused = true)]
async fn records_go_when_their_time_is_over() {
    let host = host();
    let identity = host.identity.clone().with_delivery(Delivery::default().with_retention(secs(86_400)));
    let user = host.user().await;
    let mail = identity.account(&user).add(address("ada@example.com")).await.unwrap().outcome;
    identity.account(&user).start_verification(mail).await.unwrap();
    let stop = Arc::new(Notify::new());
    let stopped = Arc::clone(&stop);
    let worker = tokio::spawn({
        let identity = identity.clone();
        async move { identity.deliver_until(async move { stopped.notified().await }).await }
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    let records = async || identity.admin("test").posted(&user, None, 10).await.unwrap().len();
    assert_eq!(records().await, 1);
    host.clock.forward(secs(86_399));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(records().await, 1, "it is kept that long");
    host.clock.forward(secs(3_601));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(records().await, 0, "and then no longer");
    stop.notify_one();
    worker.await.unwrap();
}

#[tokio::test]
async fn c54_of_1000_adjacent_numbers_no_more_than_the_budget_reach_a_notifier() {
    let host = host();
    for number in 0..1_000 {
        let account = host.identity.account(&host.user().await);
        let line = account.add(address(&format!("+447400123{number:03}"))).await.unwrap().outcome;
        // Nobody is told what strangers have used up.
        account.start_verification(line).await.unwrap();
    }
    host.identity.deliver_due().await.unwrap();
    assert_eq!(host.desk.taken.messages().len(), 200, "20 an hour to each block of 100");
    host.clock.forward(secs(3_600));
    let account = host.identity.account(&host.user().await);
    let line = account.add(address("+447400123007")).await.unwrap().outcome;
    account.start_verification(line).await.unwrap();
    assert_eq!(host.identity.deliver_due().await.unwrap().sent, 1, "and when the hour is over there is room again");
}

#[tokio::test]
async fn c54_a_country_where_nobody_confirms_gets_its_sample_and_no_more_and_confirming_opens_it() {
    let conversion = identity::policy::Conversion::new(50, 30, secs(3_600));
    let send = SendPolicy::builder().conversion(Some(conversion)).build().unwrap();
    let host = host_under(Policy::default().with_send(send));
    let mut refused = 0;
    let mut lines = Vec::new();
    for number in 0..100 {
        let user = host.user().await;
        let account = host.identity.account(&user);
        let line = account.add(address(&format!("+4474001{number:03}00"))).await.unwrap().outcome;
        match account.start_verification(line).await {
            Ok(_) => lines.push((user, line)),
            Err(Error::Refused(refusal @ PublicRefusal::TooSoon { .. })) => {
                assert_eq!(refusal.retry_at(), Some(host.now() + secs(3_600)));
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((lines.len(), refused), (30, 70));
    host.identity.deliver_due().await.unwrap();
    let notices = host.desk.notices.lock().unwrap().clone();
    for (user, line) in lines.iter().take(5) {
        let code = notices.iter().find(|notice| notice.message.key.user == *user).unwrap().code.clone().unwrap();
        host.identity.account(user).confirm(*line, &code).await.unwrap();
    }
    // Five confirmations make up for ten codes.
    let mut more = 0;
    for number in 0..50 {
        let account = host.identity.account(&host.user().await);
        let line = account.add(address(&format!("+4474002{number:03}00"))).await.unwrap().outcome;
        more += usize::from(account.start_verification(line).await.is_ok());
    }
    assert_eq!(more, 10);
}

#[tokio::test]
async fn c25_one_message_goes_to_one_address_and_a_list_is_none() {
    let host = host();
    let account = host.identity.account(&host.user().await);
    for list in [
        "ada@example.com,eve@example.com",
        "ada@example.com eve@example.com",
        "ada@example.com;eve@example.com",
        "<ada@example.com>",
        "\"ada@example.com\" <eve@example.com>",
        "[\"ada@example.com\",\"eve@example.com\"]",
    ] {
        assert!(identity::Email::parse(list).is_err(), "{list}");
        let record = format!(
            r#"{{"id":"x","created_at":0,"updated_at":0,"emails":[{{"address":{}}}]}}"#,
            serde_json::to_string(list).unwrap()
        );
        let record: identity::import::UserRecord = serde_json::from_str(&record).unwrap();
        let imported = host.identity.admin("import").import(vec![record]).await.unwrap();
        assert!(matches!(imported[0], identity::import::Imported::Refused(_)), "{list}: {imported:?}");
    }
    let two =
        r#"{"id":"x","created_at":0,"updated_at":0,"emails":[{"address":["ada@example.com","eve@example.com"]}]}"#;
    assert!(serde_json::from_str::<identity::import::UserRecord>(two).is_err(), "a list is no address");
    let mail = account.add(address("ada@example.com")).await.unwrap().outcome;
    account.start_verification(mail).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let came = host.desk.taken.messages();
    assert_eq!(came.len(), 1);
    assert_eq!(came[0].to.as_str(), "ada@example.com", "the stored address, and no other");
}
