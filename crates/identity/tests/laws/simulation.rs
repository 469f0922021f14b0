//! 10,000 messages over two providers of which every fifth answer is a fault, with time moved by hand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use identity::delivery::{DeliveryState, DeliveryTicket, MessageId, PostState, Posted, Report, Router};
use identity::policy::Budget;
use identity::policy::SendPolicy;
use identity::system::Clock as _;
use identity::{
    Accepted, CodeKeys, Error, Identity, NewUser, Notice, Notifier, NotifyError, Policy, Refusal, Timestamp, UserId,
};
use identity_memory::MemoryStore;

use crate::kit::{CountedEntropy, HandClock, address, keys, secs};

/// Numbers that are the same in every run.
#[derive(Clone, Default)]
struct Dice(Arc<AtomicU64>);

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let mut x = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % sides
    }
}

/// What one message has been through, as the providers saw it.
#[derive(Default, Clone)]
struct Seen {
    /// Who took it on, each time.
    accepted: Vec<&'static str>,
    /// How often nobody could say whether it was taken on.
    unknown: u32,
    late: bool,
    /// What was reported of it that says the most.
    reported: Option<DeliveryState>,
}

#[derive(Default)]
struct World {
    seen: Mutex<HashMap<MessageId, Seen>>,
    /// Callbacks on their way.
    callbacks: Mutex<Vec<(DeliveryTicket, MessageId, DeliveryState)>>,
    identity: OnceLock<Identity>,
}

#[derive(Clone)]
struct Provider {
    name: &'static str,
    world: Arc<World>,
    dice: Dice,
    clock: HandClock,
}

impl Provider {
    /// Takes the message on, and sends callbacks about it: in any order, some of them twice.
    fn accept(&self, notice: &Notice) -> Accepted {
        let id = notice.message.id;
        let mut seen = self.world.seen.lock().unwrap();
        let of_it = seen.entry(id).or_default();
        of_it.accepted.push(self.name);
        of_it.late |= self.clock.now() >= notice.message.expires_at;
        let last = match self.dice.roll(20) {
            0 => DeliveryState::Failed,
            1 => DeliveryState::Bounced,
            _ => DeliveryState::Delivered,
        };
        let mut callbacks = self.world.callbacks.lock().unwrap();
        for state in [DeliveryState::Accepted, last] {
            for _ in 0..1 + self.dice.roll(2) {
                let place = usize::try_from(self.dice.roll(callbacks.len() as u64 + 1)).unwrap();
                callbacks.insert(place, (notice.ticket, id, state));
            }
        }
        Accepted { reference: Some(format!("{}-{id}", self.name)), provider: None }
    }

    fn doubt(&self, id: MessageId) {
        self.world.seen.lock().unwrap().entry(id).or_default().unknown += 1;
    }
}

#[identity::async_trait]
impl Notifier for Provider {
    async fn notify(&self, notice: &Notice) -> Result<Accepted, NotifyError> {
        let id = notice.message.id;
        self.world.seen.lock().unwrap().entry(id).or_default();
        // Every fifth answer is a fault.
        match self.dice.roll(25) {
            0 => Err(NotifyError::transient("500")),
            1 => {
                self.accept(notice);
                self.doubt(id);
                Err(NotifyError::unknown("timed out after it was taken on"))
            }
            2 => {
                self.doubt(id);
                Err(NotifyError::unknown("reset before it was taken on"))
            }
            3 => {
                self.accept(notice);
                self.doubt(id);
                Err(NotifyError::unknown("reset while the answer was on its way"))
            }
            4 => {
                // A slow answer, and a callback that is faster than it.
                let accepted = self.accept(notice);
                tokio::task::yield_now().await;
                let identity = self.world.identity.get().unwrap();
                let report = Report::new(DeliveryState::Accepted, self.clock.now());
                identity.admin("callback").report_delivery(&notice.ticket, &report).await.unwrap();
                Ok(accepted)
            }
            _ => Ok(self.accept(notice)),
        }
    }
}

/// Hands in some of the callbacks that there are, each sooner or later, in whatever order they are in, with forged ones in
/// between.
async fn call_back(world: &World, identity: &Identity, dice: &Dice, clock: &HandClock, slow: bool) -> u64 {
    let all = std::mem::take(&mut *world.callbacks.lock().unwrap());
    let (callbacks, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|_| !slow || dice.roll(20) == 0);
    *world.callbacks.lock().unwrap() = later;
    let stranger = CodeKeys::parse(&"99".repeat(32)).unwrap();
    let mut forged = 0;
    for (ticket, id, state) in callbacks {
        if dice.roll(10) == 0 {
            forged += 1;
            let report = Report::new(DeliveryState::Complained, clock.now());
            let refused = identity.admin("callback").report_delivery(&stranger.ticket(id), &report).await;
            assert!(matches!(refused, Err(Error::Refused(Refusal::TicketForged))), "{refused:?}");
        }
        let report = Report::new(state, clock.now());
        let posted = identity.admin("callback").report_delivery(&ticket, &report).await.unwrap();
        let mut seen = world.seen.lock().unwrap();
        let known = &mut seen.get_mut(&id).unwrap().reported;
        if posted.is_some() && known.is_none_or(|known| state.rank() > known.rank()) {
            *known = Some(state);
        }
    }
    forged
}

#[tokio::test]
async fn of_10000_messages_with_every_fifth_answer_a_fault_none_is_lost_late_or_sent_twice_without_doubt() {
    const USERS: usize = 5_000;
    let (clock, dice, world) = (HandClock::default(), Dice::default(), Arc::<World>::default());
    let provider = |name| Provider { name, world: Arc::clone(&world), dice: dice.clone(), clock: clock.clone() };
    let router = Router::builder()
        .provider("one", provider("one"))
        .provider("two", provider("two"))
        .phones(["one", "two"])
        .emails(["two", "one"])
        .build()
        .unwrap();
    // Numbers here are beside each other; their budget has a law of its own.
    let send = SendPolicy::builder().block(Some(Budget::new(1_000, secs(3_600)))).build().unwrap();
    let identity = Identity::new(MemoryStore::new(), router, keys())
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default())
        .with_policy(Policy::default().with_send(send));
    world.identity.set(identity.clone()).unwrap();
    let mut users: Vec<UserId> = Vec::new();
    let mut expires: HashMap<MessageId, Timestamp> = HashMap::new();
    let mut forged = 0;
    for number in 0..USERS {
        let user = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
        let account = identity.account(&user);
        for text in [format!("u{number}@example.com"), format!("+4474{:08}", 10_000_000 + number)] {
            let id = account.add(address(&text)).await.unwrap().outcome;
            account.start_verification(id).await.unwrap();
        }
        users.push(user);
        if number % 250 == 249 {
            identity.deliver_due().await.unwrap();
            forged += call_back(&world, &identity, &dice, &clock, true).await;
            clock.forward(secs(1 + dice.roll(4)));
        }
        for posted in identity.admin("test").posted(users.last().unwrap(), None, 10).await.unwrap() {
            expires.insert(posted.message.id, posted.message.expires_at);
        }
    }
    for _ in 0..700 {
        identity.deliver_due().await.unwrap();
        forged += call_back(&world, &identity, &dice, &clock, true).await;
        clock.forward(secs(1));
    }
    forged += call_back(&world, &identity, &dice, &clock, false).await;
    let mut records: HashMap<MessageId, Posted> = HashMap::new();
    for user in &users {
        for posted in identity.admin("test").posted(user, None, 10).await.unwrap() {
            assert_ne!(posted.state(), PostState::Waiting, "nothing is on its way any more: {posted:?}");
            records.insert(posted.message.id, posted);
        }
    }
    let seen = world.seen.lock().unwrap().clone();
    assert_eq!((seen.len(), forged > 100), (2 * USERS, true), "every message came to a provider");
    let (mut again, mut doubts, mut counted) = (0, 0, 0);
    for (id, Seen { accepted, unknown, late, reported }) in &seen {
        assert!(!accepted.is_empty(), "{id} is lost");
        assert!(!late, "{id} was sent after it expired");
        assert!(accepted.len() as u32 <= 1 + unknown, "{id} was sent {accepted:?} with {unknown} doubts");
        assert!(accepted.windows(2).all(|pair| pair[0] == pair[1]), "{id} went to two providers: {accepted:?}");
        again += accepted.len() - 1;
        doubts += unknown;
        let record = &records[id];
        counted += record.uncertain;
        assert_eq!(record.sent_at.map(|at| at < expires[id] + secs(5)), Some(true), "{record:?}");
        let reported = reported.expect("a callback came");
        assert_eq!(
            record.report.as_ref().map(|report| report.state),
            Some(reported),
            "{id}: the report that says the most"
        );
    }
    println!(
        "{} messages, {doubts} doubts, {again} second sends, {counted} counted, {forged} forged callbacks",
        seen.len()
    );
    assert!(again > 300 && doubts > 900, "the faults were there: {again} second sends, {doubts} doubts");
    assert_eq!(counted, doubts, "every doubt is counted");
}
