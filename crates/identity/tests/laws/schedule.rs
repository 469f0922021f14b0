//! Changes that take effect later, by the delivery loop.

use std::time::Duration;

use identity::disavowal::DisavowToken;
use identity::policy::ChangePolicy;
use identity::store::{Outbox as _, UserKey};
use identity::testing::{CountedEntropy, HandClock, Mailbox};
use identity::{Content, Error, IdentifierId, Identity, NoticeKind, Policy, PublicRefusal, TenantId, UserId};
use identity_memory::MemoryStore;

use crate::kit::{Host, address, keys, secs};

const ADA: &str = "ada@example.com";
const NEW: &str = "new@example.com";
const DAY: Duration = Duration::from_secs(86_400);

/// A host under whose policy changes wait for a day, with its store.
fn host() -> (Host, MemoryStore) {
    let (clock, mailbox, store) = (HandClock::default(), Mailbox::default(), MemoryStore::new());
    let change = ChangePolicy::default().with_delay(DAY).unwrap();
    let identity = Identity::new(store.clone(), mailbox.clone(), keys())
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default())
        .with_policy(Policy::default().with_change(change));
    (Host { identity, clock, mailbox }, store)
}

/// Ada, whose address is to be replaced in a day.
async fn scheduled(host: &Host) -> (UserId, IdentifierId) {
    let ada = host.user_with(&[ADA]).await;
    let old = host.replace_primary(&ada, NEW).await;
    (ada, old)
}

async fn primary(host: &Host, user: &UserId) -> String {
    host.identity.account(user).get().await.unwrap().primary_email().unwrap().address.to_string()
}

/// How often an address of this user was replaced.
async fn replaced(host: &Host, user: &UserId) -> usize {
    let history = host.identity.admin("staff").history(user, 0, 1_000).await.unwrap();
    history.iter().filter(|recorded| recorded.event.change.kind() == "replaced").count()
}

/// What waits to be carried out.
async fn waits(store: &MemoryStore, user: &UserId) -> Vec<identity::delivery::Message> {
    let key = UserKey { tenant: TenantId::default(), user: user.clone() };
    let posted = store.posted(&key, None, 100).await.unwrap().into_iter().map(|posted| posted.message);
    posted.filter(|message| matches!(message.content, Content::Due { .. })).collect()
}

#[tokio::test]
async fn a_change_is_carried_out_at_its_time_and_not_before_and_nothing_of_it_is_sent() {
    let (host, store) = host();
    let (ada, old) = scheduled(&host).await;
    let due = host.identity.account(&ada).get().await.unwrap().identifier(old).unwrap().scheduled.unwrap().due;
    let [message] = &waits(&store, &ada).await[..] else { panic!("one thing is due") };
    assert_eq!(message.created_at, due);
    host.mailbox.clear();
    host.clock.forward(DAY - secs(1));
    host.identity.deliver_due().await.unwrap();
    assert_eq!((primary(&host, &ada).await.as_str(), host.mailbox.messages().len()), (ADA, 0));
    host.clock.forward(secs(1));
    host.identity.deliver_due().await.unwrap();
    assert_eq!((primary(&host, &ada).await.as_str(), replaced(&host, &ada).await), (NEW, 1));
    assert_eq!(waits(&store, &ada).await, []);
    host.identity.deliver_due().await.unwrap();
    let is_notice = |message: &identity::delivery::Message| matches!(message.content, Content::Notice { .. });
    assert!(host.mailbox.messages().iter().all(|message| is_notice(message)), "the loop sends what it tells of it");
    assert!(host.mailbox.disavowal(ADA).is_some(), "the old address hears of it with a link");
    let history = host.identity.admin("staff").history(&ada, 0, 1_000).await.unwrap();
    let carried_out = history.iter().find(|recorded| recorded.event.change.kind() == "replaced").unwrap();
    assert!(!carried_out.event.actor.is_administrator(), "it is the holder's change");
}

#[tokio::test]
async fn two_workers_carry_a_change_out_once() {
    for _ in 0..20 {
        let (host, _) = host();
        let (ada, _) = scheduled(&host).await;
        host.clock.forward(DAY);
        let (one, other) = (host.identity.clone(), host.identity.clone());
        let (one, other) = tokio::join!(one.deliver_due(), other.deliver_due());
        assert!(one.is_ok() && other.is_ok());
        assert_eq!((primary(&host, &ada).await.as_str(), replaced(&host, &ada).await), (NEW, 1));
    }
}

#[tokio::test]
async fn a_worker_that_died_before_it_settled_leaves_nothing_to_do_twice() {
    let (host, store) = host();
    let (ada, old) = scheduled(&host).await;
    let due = waits(&store, &ada).await;
    host.clock.forward(DAY);
    host.identity.deliver_due().await.unwrap();
    let version = store_version(&store, &ada).await;
    // It comes once more, as when its lease ended unsettled.
    store.enqueue(due[0].clone()).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    assert_eq!((store_version(&store, &ada).await, waits(&store, &ada).await), (version, vec![]));
    // And it waits where it comes too early, as from a worker whose clock is ahead.
    let (host, store) = self::host();
    let (ada, _) = scheduled(&host).await;
    let [message] = &waits(&store, &ada).await[..] else { panic!("one thing is due") };
    let early = identity::delivery::Message {
        id: uuid::Uuid::from_u128(7).into(),
        created_at: message.created_at - DAY,
        ..message.clone()
    };
    store.enqueue(early).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    assert_eq!((primary(&host, &ada).await.as_str(), waits(&store, &ada).await.len()), (ADA, 2));
    let _ = old;
}

async fn store_version(store: &MemoryStore, user: &UserId) -> identity::Version {
    use identity::store::UserRepository as _;
    let key = UserKey { tenant: TenantId::default(), user: user.clone() };
    store.load(&key).await.unwrap().unwrap().version
}

#[tokio::test]
async fn what_is_stopped_or_erased_waits_no_more() {
    let (host, store) = host();
    let (ada, old) = scheduled(&host).await;
    host.identity.account(&ada).keep(old).await.unwrap();
    assert_eq!(waits(&store, &ada).await, []);
    host.identity.account(&ada).replace(old, address("other@example.com")).await.unwrap();
    let (eve, old) = {
        let eve = host.user_with(&["eve@example.com"]).await;
        let account = host.identity.account(&eve);
        let old = account.get().await.unwrap().primary_email().unwrap().id;
        let new = account.replace(old, address("eve2@example.com")).await.unwrap().outcome;
        account.start_verification(new).await.unwrap();
        host.identity.deliver_due().await.unwrap();
        account.confirm(new, &host.mailbox.code("eve2@example.com").unwrap()).await.unwrap();
        (eve, old)
    };
    assert_eq!(waits(&store, &eve).await.len(), 1);
    let staff = host.identity.admin("staff");
    staff.keep(&eve, old).await.unwrap();
    assert_eq!(waits(&store, &eve).await, []);
    staff.erase(&eve).await.unwrap();
    assert_eq!(waits(&store, &eve).await, []);
}

#[tokio::test]
async fn the_old_address_stops_it_without_signing_in() {
    let (host, store) = host();
    let (ada, _) = scheduled(&host).await;
    let token = DisavowToken::parse(&host.mailbox.disavowal(ADA).unwrap().reveal()).unwrap();
    host.clock.forward(DAY - secs(1));
    assert_eq!(host.identity.disavowal(&token).await.unwrap().change, NoticeKind::Scheduled);
    host.identity.disavow(&token).await.unwrap();
    assert_eq!(waits(&store, &ada).await, []);
    host.clock.forward(DAY);
    host.identity.deliver_due().await.unwrap();
    let user = host.identity.account(&ada).get().await.unwrap();
    assert_eq!((primary(&host, &ada).await.as_str(), user.identifiers().count()), (ADA, 1));
}

#[tokio::test]
async fn a_change_that_cannot_be_told_is_not_scheduled() {
    let (host, _) = host();
    let ada = host.user_with(&[ADA, NEW]).await;
    let account = host.identity.account(&ada);
    let old = account.get().await.unwrap().primary_email().unwrap().id;
    let mut refused = None;
    for _ in 0..100 {
        match account.remove(old).await {
            Ok(_) => drop(account.keep(old).await.unwrap()),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    assert!(matches!(refused, Some(Error::Refused(PublicRefusal::TooSoon { .. }))), "{refused:?}");
    assert!(account.get().await.unwrap().scheduled().next().is_none());
}
