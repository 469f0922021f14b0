//! Ten thousand codes through the real parts, to two providers of whose answers a fifth are faults: over SQLite, the delivery
//! loop, the router and both adapters, with callbacks that come twice, out of order and forged.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

#[expect(dead_code, reason = "other tests look at the requests afterwards")]
#[path = "../provider/mod.rs"]
mod provider;
mod world;

use std::sync::Arc;
use std::time::Duration;

use identity::delivery::{DeliveryState, PostState, Posted, UndeliverableReason};
use identity::{Address, Error, NewAddress, NewUser, Phone, PublicRefusal, UserId};

use world::{Fate, MESSAGES, World};

fn phone(number: usize) -> Address {
    // A hundred apart: each in a block of its own, as far as budgets go.
    Phone::from_e164(&format!("+44{}", 7_400_000_000 + 100 * number)).unwrap().into()
}

/// Everybody asks for a code.
async fn ask(world: &Arc<World>) -> Vec<UserId> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..MESSAGES {
        let identity = world.identity.clone();
        tasks.spawn(async move {
            let new = NewUser { addresses: vec![NewAddress::from(phone(number))], ..NewUser::default() };
            let created = identity.admin("test").create(new).await.unwrap();
            let id = created.user.identifiers().next().unwrap().id;
            identity.account(&created.outcome).start_verification(id).await.unwrap();
            (number, created.outcome)
        });
    }
    let mut users: Vec<_> = tasks.join_all().await;
    users.sort_by_key(|(number, _)| *number);
    users.into_iter().map(|(_, user)| user).collect()
}

/// What a person may do right after the first attempt: whose number was refused may ask again at once. Gives how many did.
async fn ask_again(world: &World, users: &[UserId]) -> usize {
    let mut asked = 0;
    for (number, user) in users.iter().enumerate().step_by(97) {
        let account = world.identity.account(user);
        let identifier = account.get().await.unwrap().identifiers().next().unwrap().clone();
        if world.fate(&identifier.address) == Fate::Refused {
            let why = identifier.undeliverable.map(|known| known.why);
            assert_eq!(why, Some(UndeliverableReason::Refused), "{number}");
            account.start_verification(identifier.id).await.unwrap();
            asked += 1;
        } else if identifier.undeliverable.is_none() && identifier.attempts.sent_at.len() == 1 {
            let again = account.start_verification(identifier.id).await;
            assert!(matches!(again, Err(Error::Refused(PublicRefusal::TooSoon { .. }))), "{number}: {again:?}");
        }
    }
    asked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_10_000_messages_with_20_percent_faults_none_is_lost_late_or_sent_twice_without_doubt() {
    let world = World::start().await;
    let users = ask(&world).await;
    let mut delivered = world.identity.deliver_due().await.unwrap();
    let asked_again = ask_again(&world, &users).await;
    // Until after the last code has expired; what falls due in between is tried again.
    let mut forged = 0;
    for _ in 0..140 {
        forged += world.report_half().await;
        world.clock.advance(Duration::from_secs(5));
        let round = world.identity.deliver_due().await.unwrap();
        delivered.sent += round.sent;
        delivered.retried += round.retried;
        delivered.uncertain += round.uncertain;
        delivered.failed += round.failed;
        delivered.expired += round.expired;
    }
    forged += world.report_rest().await;
    assert!(forged > 1_000, "{forged} forged callbacks were refused");

    let (mut second, mut uncertain, mut refused, mut silent, mut faulty) = (0, 0, 0, 0, 0);
    for (number, user) in users.iter().enumerate() {
        let posted = world.identity.admin("test").posted(user, None, 10).await.unwrap();
        let address = phone(number);
        match world.fate(&address) {
            Fate::Refused => {
                assert!(posted.iter().all(|posted| posted.state() == PostState::DeadLetter), "{posted:?}");
                refused += posted.len();
                assert!(posted.iter().all(|posted| world.takes(posted.message.id).is_empty()));
            }
            Fate::Silent => {
                assert!(posted.is_empty(), "expired unsent, it is not kept: {posted:?}");
                silent += 1;
            }
            fate => {
                let [posted] = &posted[..] else { panic!("{number}: {posted:?}") };
                let takes = judge(&world, posted, fate);
                second += takes - 1;
                uncertain += posted.uncertain;
                faulty += usize::from(posted.attempts > 1);
            }
        }
    }
    assert_eq!((silent, delivered.expired), (100, 100));
    assert_eq!((refused, delivered.failed), (200 + asked_again, 200 + asked_again));
    assert!(world.latest_after_expiry().is_none(), "nobody is asked to send what has expired");
    // Nobody sent twice what was not in doubt, and the doubt is counted where it arose and where it was kept.
    assert_eq!(delivered.uncertain, uncertain as usize);
    assert!(second <= uncertain && second > 50, "{second} of {uncertain}");
    assert!(faulty > 1_000, "{faulty} messages met a fault");
    println!(
        "{delivered:?}; second sends {second}, in doubt {uncertain}, met a fault {faulty}, forged callbacks {forged}"
    );
}

/// One message that went out; gives how often it was taken.
fn judge(world: &World, posted: &Posted, fate: Fate) -> u32 {
    let takes = world.takes(posted.message.id);
    assert!(!takes.is_empty(), "lost: {posted:?}");
    assert!(
        takes.windows(2).all(|two| two.first() == two.last()),
        "two providers took one message: {takes:?} {posted:?}"
    );
    let times = u32::try_from(takes.len()).unwrap();
    assert!(times - 1 <= posted.uncertain, "taken {times} times: {posted:?}");
    // Duplicates, and those that came too late, changed nothing.
    let state = match fate {
        Fate::Arrives => DeliveryState::Delivered,
        Fate::Fails => DeliveryState::Failed,
        _ => DeliveryState::Bounced,
    };
    assert_eq!(posted.state(), PostState::Sent(state), "{posted:?}");
    times
}
