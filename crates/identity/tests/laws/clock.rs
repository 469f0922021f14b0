//! Steps of the clock: what they must not change. The hand clock has a time of day that a test sets, and a time that passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use identity::spend::SendLimit;
use identity::{
    Accepted, Code, Confirmation, Error, Identity, NewUser, Notice, Notifier, NotifyError, PublicRefusal, Refusal,
    Timestamp, Verification,
};
use identity_memory::MemoryStore;

use crate::kit::{CountedEntropy, HandClock, Host, Mailbox, address, keys, secs};

const HOUR: i64 = 3_600 * 1_000_000;
const DAY: i64 = 24 * HOUR;

fn time_of_day(clock: &HandClock) -> Timestamp {
    identity::system::Clock::now(clock)
}

/// Numbers that look random, the same ones for the same seed.
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Sets the clock by up to a day in either direction, so that it never stands more than a day behind a time that it showed.
fn step_somewhere(clock: &HandClock, dice: &mut Dice, latest: &mut Timestamp) {
    let micros = i64::try_from(dice.up_to(2 * 86_400)).unwrap() * 1_000_000 - DAY;
    let after = Timestamp::from_micros(time_of_day(clock).as_micros() + micros);
    if latest.since(after) < secs(86_000) {
        clock.step(micros);
        *latest = after.max(*latest);
    }
}

#[tokio::test]
async fn c84_no_sequence_of_steps_extends_a_code_or_delays_a_resend() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let host = Host::new();
        let mut latest = time_of_day(&host.clock);
        let account = host.account().await;
        let id = host.added(&account, "ada@example.com").await;
        let code = host.mailbox.code("ada@example.com").unwrap();
        let (mut passed, mut resent_at) = (0, 0);
        while passed < 602 {
            if dice.up_to(3) == 0 {
                step_somewhere(&host.clock, &mut dice, &mut latest);
                host.identity.resolve("nobody").await.unwrap();
            }
            let wait = 1 + dice.up_to(40);
            host.clock.forward(secs(wait));
            passed += wait;
            latest = latest.max(time_of_day(&host.clock));
            match account.start_verification(id).await {
                Ok(_) => {
                    resent_at = passed;
                    continue;
                }
                Err(Error::Refused(PublicRefusal::TooSoon { .. })) => {}
                other => panic!("seed {seed}: {other:?}"),
            }
            // An administrator is told which limit it is.
            let staff = host.identity.admin("staff");
            match staff.start_verification(account.user(), id, &Verification::default()).await {
                Err(Error::Refused(Refusal::TooSoon { retry_at, limit: SendLimit::ResendWait })) => {
                    assert!(passed - resent_at <= 31, "seed {seed}: {} s after the last send", passed - resent_at);
                    let left = retry_at.since(time_of_day(&host.clock));
                    assert!(left <= secs(31), "seed {seed}: told to wait {left:?}");
                }
                // Five sends in ten minutes, ten a day.
                Err(Error::Refused(Refusal::TooSoon { retry_at, .. })) => {
                    let left = retry_at.since(time_of_day(&host.clock));
                    assert!(left <= secs(86_401), "seed {seed}: told to wait {left:?}");
                }
                other => panic!("seed {seed}: {other:?}"),
            }
        }
        // The code that was sent first: a resend keeps it while it lives, and a later code is another one.
        let answer = account.confirm(id, &code).await;
        let verified = matches!(&answer, Ok(receipt) if receipt.outcome == Confirmation::Verified);
        assert!(!verified, "seed {seed}: a code was accepted {passed} s after it was sent");
    }
}

#[tokio::test]
async fn c84_a_code_lives_its_whole_life_after_a_step_back() {
    for back in [1, 60, 3_599, 86_399] {
        for (passed, lives) in [(598, true), (600, false)] {
            let host = Host::new();
            let account = host.account().await;
            let id = host.added(&account, "ada@example.com").await;
            host.clock.step(-i64::try_from(secs(back).as_micros()).unwrap());
            host.clock.forward(secs(passed));
            let answer = account.confirm(id, &host.mailbox.code("ada@example.com").unwrap()).await;
            let expired = matches!(answer, Err(Error::Refused(PublicRefusal::Expired)));
            assert_eq!(expired, !lives, "{back} s back, {passed} s later: {answer:?}");
        }
    }
}

/// Fails for now while it is told to, and counts.
#[derive(Clone, Default)]
struct Busy(Arc<AtomicBool>, Arc<AtomicUsize>);

#[identity::async_trait]
impl Notifier for Busy {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        if self.0.load(Ordering::SeqCst) { Err(NotifyError::transient("busy")) } else { Ok(Accepted::default()) }
    }
}

#[tokio::test]
async fn c84_a_step_back_delays_no_retry_of_a_message() {
    for back in [60, 3_600, 86_399] {
        let (clock, busy) = (HandClock::default(), Busy::default());
        let identity = Identity::new(MemoryStore::new(), busy.clone(), keys()).with_clock(clock.clone());
        let user = identity.admin("test").create(NewUser::default()).await.unwrap().outcome;
        let id = identity.account(&user).add(address("ada@example.com")).await.unwrap().outcome;
        identity.account(&user).start_verification(id).await.unwrap();
        busy.0.store(true, Ordering::SeqCst);
        assert_eq!(identity.deliver_due().await.unwrap().retried, 1);
        busy.0.store(false, Ordering::SeqCst);
        clock.step(-i64::try_from(secs(back).as_micros()).unwrap());
        assert_eq!(identity.deliver_due().await.unwrap().sent, 0, "the wait is not over");
        clock.forward(secs(5));
        assert_eq!(identity.deliver_due().await.unwrap().sent, 1, "{back} s back");
    }
}

#[tokio::test]
async fn c84_after_a_clock_was_fast_once_nobody_is_told_to_wait_for_it() {
    for fast in [60, 3_600, 86_400] {
        let host = Host::new();
        let account = host.account().await;
        let id = account.add(address("ada@example.com")).await.unwrap().outcome;
        host.clock.step(fast * 1_000_000);
        let started = account.start_verification(id).await.unwrap().outcome;
        assert_eq!(started.resend_at, time_of_day(&host.clock) + secs(30));
        host.clock.step(-fast * 1_000_000);
        let refused = account.start_verification(id).await.unwrap_err();
        let Error::Refused(refusal) = &refused else { panic!("{refused:?}") };
        assert_eq!(refusal.retry_at(), Some(time_of_day(&host.clock) + secs(30)), "{fast} s fast");
        host.clock.forward(secs(30));
        let started = account.start_verification(id).await.unwrap().outcome;
        let now = time_of_day(&host.clock);
        assert_eq!((started.resend_at, started.expires_at), (now + secs(30), now + secs(570)), "{fast} s fast");
        let issued = host.identity.admin("desk").issue_code(account.user(), id).await.unwrap().outcome;
        assert_eq!(issued.expires_at, now + secs(600), "{fast} s fast");
    }
}

#[tokio::test]
async fn c84_time_goes_on_in_a_process_that_saw_a_later_time() {
    for ahead in [61, 3_600, 86_399] {
        let (store, mailbox) = (MemoryStore::new(), Mailbox::default());
        let (fast_clock, clock) = (HandClock::default(), HandClock::default());
        fast_clock.step(ahead * 1_000_000);
        let process = |clock: &HandClock| {
            Identity::new(store.clone(), mailbox.clone(), keys())
                .with_clock(clock.clone())
                .with_entropy(CountedEntropy::default())
        };
        let (fast, right) = (process(&fast_clock), process(&clock));
        let user = fast.admin("test").create(NewUser::default()).await.unwrap().outcome;
        let id = fast.account(&user).add(address("ada@example.com")).await.unwrap().outcome;
        fast.account(&user).start_verification(id).await.unwrap();
        fast.deliver_due().await.unwrap();
        let pass = |seconds| {
            fast_clock.forward(secs(seconds));
            clock.forward(secs(seconds));
        };
        pass(1);
        let refused = right.account(&user).start_verification(id).await.unwrap_err();
        let Error::Refused(refusal) = &refused else { panic!("{refused:?}") };
        let left = refusal.retry_at().unwrap().since(time_of_day(&clock));
        assert!(left <= secs(30), "{ahead} s ahead: told to wait {left:?}");
        pass(30);
        right.account(&user).start_verification(id).await.unwrap();
        pass(571);
        let late = right.account(&user).confirm(id, &mailbox.code("ada@example.com").unwrap()).await;
        assert!(matches!(late, Err(Error::Refused(PublicRefusal::Expired))), "{ahead} s ahead: {late:?}");
    }
}

#[tokio::test]
async fn c84_a_step_of_more_than_a_day_is_believed() {
    let host = Host::new();
    let account = host.account().await;
    let id = account.add(address("ada@example.com")).await.unwrap().outcome;
    host.clock.step(2 * DAY);
    account.start_verification(id).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code("ada@example.com").unwrap();
    host.clock.step(-2 * DAY);
    let receipt = host.identity.admin("test").create(NewUser::default()).await.unwrap();
    assert_eq!(receipt.at, time_of_day(&host.clock), "the time of day, not the one two days ahead");
    // What was made under the wrong clock is void, and nobody waits for it.
    let answer = account.confirm(id, &code).await;
    assert!(matches!(answer, Err(Error::Refused(PublicRefusal::Expired))), "{answer:?}");
    let started = account.start_verification(id).await.unwrap().outcome;
    assert_eq!(started.resend_at, time_of_day(&host.clock) + secs(30));
    // And time goes on from there, without a jump back to the wrong one.
    host.clock.forward(secs(1));
    let receipt = host.identity.admin("test").create(NewUser::default()).await.unwrap();
    assert_eq!(receipt.at, time_of_day(&host.clock));
}

/// Two processes with a store in common, of which one clock is ahead, and a stranger who guesses at one user's address as fast as
/// they let: what they compared, by the time that passed.
async fn guesses_at_two_clocks(seed: u64, ahead: u64) -> (Vec<u64>, Vec<Timestamp>) {
    let mut dice = Dice(seed);
    let (store, mailbox) = (MemoryStore::new(), Mailbox::default());
    let clocks = [HandClock::default(), HandClock::default()];
    clocks[1].step(i64::try_from(ahead).unwrap() * 1_000_000);
    let entropy = CountedEntropy::default();
    let processes = clocks.clone().map(|clock| {
        Identity::new(store.clone(), mailbox.clone(), keys()).with_clock(clock).with_entropy(entropy.clone())
    });
    let user = processes[0].admin("test").create(NewUser::default()).await.unwrap().outcome;
    let id = processes[0].account(&user).add(address("ada@example.com")).await.unwrap().outcome;
    let (mut passed, mut compared) = (0, Vec::new());
    while passed < 7_200 {
        for _ in 0..4 {
            let process = if dice.up_to(2) == 1 { &processes[1] } else { &processes[0] };
            let name = identity::Username::parse(&format!("name{}", dice.up_to(1_000))).unwrap();
            process.admin("test").set_username(&user, &name, None).await.unwrap();
            let account = process.account(&user);
            // Often it is refused, and there is a challenge to answer all the same.
            _ = account.start_verification(id).await;
            while let Ok(receipt) = account.confirm(id, &Code::parse("wrong").unwrap()).await {
                assert!(matches!(receipt.outcome, Confirmation::Rejected { .. }));
                compared.push(passed);
            }
        }
        let wait = 1 + dice.up_to(200);
        clocks.iter().for_each(|clock| clock.forward(secs(wait)));
        passed += wait;
    }
    let history = processes[0].admin("test").history(&user, 0, 1_000).await.unwrap();
    (compared, history.into_iter().map(|recorded| recorded.event.at).collect())
}

/// The most of these within so many seconds.
fn most_within(compared: &[u64], window: u64) -> usize {
    let from = |at: &u64| compared.iter().filter(|other| (*at..*at + window).contains(other)).count();
    compared.iter().map(from).max().unwrap_or(0)
}

#[tokio::test]
async fn c84_clocks_that_differ_bring_one_more_challenge_and_no_more_guesses_in_an_hour() {
    let mut twice = 0;
    for seed in 0..60 {
        let ahead = [0, 45, 599, 3_600, 82_800][usize::try_from(seed % 5).unwrap()];
        let (compared, times) = guesses_at_two_clocks(seed, ahead).await;
        assert!(times.is_sorted(), "seed {seed}: a user's time never goes back, whatever a process's clock shows");
        assert!(most_within(&compared, 3_600) <= 20, "seed {seed}, {ahead} s: {compared:?}");
        // A challenge may be over by one clock as soon as it was begun by the other.
        let most = most_within(&compared, 600);
        assert!(most <= if ahead == 0 { 5 } else { 10 }, "seed {seed}, {ahead} s: {most} in 600 s");
        twice += usize::from(most > 5);
    }
    assert!(twice > 0, "the difference was made use of");
}
