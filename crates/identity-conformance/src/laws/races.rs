//! Laws of races: many calls in parallel.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use identity_core::policy::Budget;
use identity_core::{Charge, Claim, ClaimKey, Email, JsonObject, MessageId, Strength, Version, WhenExhausted};
use identity_ports::{CommitError, Committed, DirectoryQuery, Lease, LeaseId, Settled, Settlement, Stored};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::kit::{Draft, NOW, Person, at, change, create, key, lease, letter, mail_key, paid, put, queued, refusing};
use crate::{Harness, Store};

/// Runs one task per number, all from the same moment on, each on one of two stores at the same place.
pub(super) async fn race<T, F>(harness: &dyn Harness, tasks: u128, task: impl Fn(Arc<dyn Store>, u128) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let stores = [harness.open().await, harness.open().await];
    let barrier = Arc::new(Barrier::new(usize::try_from(tasks).unwrap()));
    let running: Vec<_> = (0..tasks)
        .map(|number| {
            let barrier = Arc::clone(&barrier);
            let task = task(Arc::clone(&stores[usize::try_from(number % 2).unwrap()]), number);
            tokio::spawn(async move {
                barrier.wait().await;
                task.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for handle in running {
        results.push(handle.await.expect("no task panics"));
    }
    results
}

/// Of many parallel commits that create the same user, one succeeds and the others conflict.
pub async fn one_of_many_concurrent_creations_succeeds(harness: &dyn Harness) {
    let results = race(harness, 16, |store, number| async move {
        let person = Person::default().attempts(u64::try_from(number).unwrap());
        store.commit(create(&key("ada"), &person).0).await
    })
    .await;
    assert_eq!(
        results.iter().filter(|result| result.is_ok()).count(),
        1,
        "exactly one commit creates the user: {results:?}"
    );
    let conflicts = results.iter().filter(|result| matches!(result, Err(CommitError::Conflict))).count();
    assert_eq!(conflicts, 15, "the other commits conflict: {results:?}");
    let winner = results.iter().position(Result::is_ok).unwrap();
    let store = harness.open().await;
    let stored = store.load(&key("ada")).await.unwrap().unwrap();
    assert_eq!(
        Person::counted(&stored.user),
        u64::try_from(winner).unwrap(),
        "the stored user is that of the successful commit"
    );
}

/// Of many parallel commits that take the same claim, one succeeds.
pub async fn one_of_many_concurrent_claims_succeeds(harness: &dyn Harness) {
    let claim = mail_key("ada@example.com");
    for strength in [Strength::Unverified, Strength::Verified] {
        let results = race(harness, 16, |store, number| {
            let draft = create(&key(&format!("{strength:?} {number}")), &Person::default()).take(&claim, strength);
            async move { store.commit(draft.0).await }
        })
        .await;
        let won: Vec<usize> = (0..16).filter(|index| results[*index].is_ok()).collect();
        assert_eq!(won.len(), 1, "exactly one commit takes the claim: {results:?}");
        let taken = results.iter().filter(|result| matches!(result, Err(CommitError::Taken(_)))).count();
        assert_eq!(taken, 15, "for the other commits it is taken: {results:?}");
        let store = harness.open().await;
        for number in 0..16 {
            let stored = store.load(&key(&format!("{strength:?} {number}"))).await.unwrap();
            let holds = stored.is_some_and(|stored| stored.claims.iter().any(|held| held.key == claim));
            assert_eq!(holds, won.contains(&number), "only the user of the successful commit holds the claim");
        }
    }
}

/// However many users take slots of one mailbox in parallel, each by trying one after the other, there are as many as slots.
pub async fn c87_as_many_concurrent_users_take_slots_of_a_mailbox_as_there_are(harness: &dyn Harness) {
    const SLOTS: u8 = 3;
    let mailbox = Email::parse("ada@example.com").unwrap().mailbox_key();
    let results = race(harness, 16, |store, number| {
        let draft =
            create(&key(&format!("user {number}")), &Person::default()).take(&mailbox.slot(1), Strength::Verified);
        async move {
            let mut commit = draft.0;
            loop {
                match store.commit(commit.clone()).await {
                    Ok(_) => return commit.claims.take.first().map(|claim| claim.key.clone()),
                    Err(CommitError::Taken(claim)) if commit.claims.pass_over(&claim.key, SLOTS).is_ok() => {}
                    Err(CommitError::Taken(_)) => return None,
                    Err(other) => panic!("a slot is free or taken: {other}"),
                }
            }
        }
    })
    .await;
    let taken: BTreeSet<ClaimKey> = results.iter().flatten().cloned().collect();
    let slots: BTreeSet<ClaimKey> = (1..=SLOTS).map(|number| mailbox.slot(number)).collect();
    assert_eq!((results.iter().flatten().count(), taken), (usize::from(SLOTS), slots), "each slot has one user");
    let store = harness.open().await;
    for (number, slot) in results.iter().enumerate() {
        let stored = store.load(&key(&format!("user {number}"))).await.unwrap();
        let held: Vec<_> = stored.into_iter().flat_map(|stored| stored.claims).map(|claim| claim.key).collect();
        assert_eq!(held, slot.iter().cloned().collect::<Vec<_>>(), "a user who was refused has nothing");
    }
}

/// No update is lost: every commit that was acknowledged is part of the final state.
pub async fn no_update_is_lost(harness: &dyn Harness) {
    const TASKS: u128 = 8;
    const EACH: u64 = 6;
    let store = harness.open().await;
    put(&*store, create(&key("ada"), &Person::default())).await;
    race(harness, TASKS, |store, _| async move {
        for _ in 0..EACH {
            for tries in 0.. {
                assert!(tries < 10_000, "a commit succeeds in the end");
                let stored = store.load(&key("ada")).await.unwrap().unwrap();
                let count = Person::counted(&stored.user);
                let draft = change(&key("ada"), &stored, &Person::of(&stored.user).attempts(count + 1));
                // Deciding takes a while, in which others commit.
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                match store.commit(draft.0).await {
                    Ok(_) => break,
                    Err(CommitError::Conflict) => tokio::task::yield_now().await,
                    Err(other) => panic!("only a conflict was expected: {other}"),
                }
            }
        }
    })
    .await;
    let total = u64::try_from(TASKS).unwrap() * EACH;
    let stored = store.load(&key("ada")).await.unwrap().unwrap();
    assert_eq!(Person::counted(&stored.user), total, "every acknowledged update counts");
    assert_eq!(stored.version, Version(total + 1));
    assert_eq!(store.history(&key("ada"), 0, 1_000).await.unwrap().len(), usize::try_from(total).unwrap() + 1);
}

/// However many messages draw in parallel, a budget pays for exactly its limit.
pub async fn quotas_are_exact_under_a_race(harness: &dyn Harness) {
    let results = race(harness, 32, |store, number| async move {
        let user = key(&format!("spender {number}"));
        let message = paid(letter(number, &user, NOW), vec![refusing("+49", 10, NOW)]);
        store.commit(create(&user, &Person::default()).message(message).0).await
    })
    .await;
    assert_eq!(
        results.iter().filter(|result| result.is_ok()).count(),
        10,
        "ten of thirty-two charges fit: {results:?}"
    );
    let exhausted = |result: &&Result<Committed, CommitError>| matches!(result, Err(CommitError::Exhausted(told)) if told.retry_at == at(60));
    assert_eq!(
        results.iter().filter(exhausted).count(),
        22,
        "the others are refused with the end of the window: {results:?}"
    );
    let store = harness.open().await;
    assert_eq!(queued(&*store).await.len(), 10, "as many messages are enqueued as the budget pays for");
}

/// However many leases are taken in parallel, no message has two holders, and none is left behind.
pub async fn leases_are_exclusive_under_a_race(harness: &dyn Harness) {
    const MESSAGES: u128 = 40;
    let store = harness.open().await;
    let ada = key("ada");
    let draft = (0..MESSAGES).fold(create(&ada, &Person::default()), |draft: Draft, number| {
        draft.message(paid(letter(number, &ada, NOW), vec![]))
    });
    put(&*store, draft).await;
    let leased: Vec<Vec<MessageId>> = race(harness, 8, |store, task| async move {
        let mut mine = Vec::new();
        for round in 0.. {
            let id = LeaseId(Uuid::from_u128(task * 1_000 + round));
            let leased = store.lease(Lease { id, ..lease(0, at(1), at(600), 3) }).await.unwrap();
            if leased.is_empty() {
                break;
            }
            let settled = leased.iter().map(|leased| Settled { id: leased.message.id, outcome: Settlement::Done });
            assert_eq!(
                store.settle(id, settled.collect()).await.unwrap(),
                leased.len(),
                "a lease settles the messages that it holds"
            );
            mine.extend(leased.into_iter().map(|leased| leased.message.id));
        }
        mine
    })
    .await;
    let all: Vec<MessageId> = leased.into_iter().flatten().collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "no message has two holders");
    assert_eq!(all.len() + queued(&*store).await.len(), 40, "no message is lost");
    assert_eq!(all.len(), 40, "no message is left behind");
}

fn claim(number: u64) -> Claim {
    Claim { key: mail_key(&format!("a{number:02}@example.com")), strength: Strength::Verified }
}

/// A user every part of whom tells the number.
fn numbered(number: u64) -> Person {
    let mut person = Person::default().attempts(number);
    let members = [("number".to_owned(), number.into())].into_iter().collect();
    person.parts.profile.claims = Arc::new(JsonObject::new(members).expect("a small object"));
    person
}

fn cost(number: u64) -> Charge {
    refusing(&format!("+{number}"), 1, NOW)
}

/// A commit that tells whether a budget was drawn from, and draws nothing.
fn probe(user: &str, number: u64) -> Draft {
    let budget = Budget::new(0, cost(number).budget.window);
    let charge = Charge { amount: 0, budget, when_exhausted: WhenExhausted::Record, ..cost(number) };
    create(&key(user), &Person::default()).charge(charge)
}

/// A commit becomes visible as one, and a call reads one snapshot: whoever sees one part of a commit (the record, the second
/// record, the claims, an amount drawn) sees the others too, and a directory counts the users that it shows.
pub async fn a_commit_is_seen_whole_or_not_at_all(harness: &dyn Harness) {
    const COMMITS: u64 = 40;
    const CONTRACT: &str = "a commit becomes visible as one, and a call reads one snapshot";
    let store = harness.open().await;
    put(&*store, create(&key("ada"), &numbered(0))).await;
    let done = Arc::new(AtomicBool::new(false));
    race(harness, 4, |store, task| {
        let done = Arc::clone(&done);
        async move {
            let ada = async || store.load(&key("ada")).await.unwrap().unwrap();
            let of = |stored: &Stored| Person::counted(&stored.user);
            for turn in 0_u64.. {
                if (task == 0 && turn == COMMITS) || done.load(Ordering::SeqCst) || turn > 1_000_000 {
                    break;
                }
                match task {
                    0 => {
                        let stored = ada().await;
                        let draft = change(&key("ada"), &stored, &numbered(turn + 1)).charge(cost(turn + 1));
                        put(&*store, draft.take(&claim(turn + 1).key, Strength::Verified)).await;
                    }
                    // Who sees the user sees what else the commit wrote, and nobody else can have it.
                    1 => {
                        let stored = ada().await;
                        let number = of(&stored);
                        let claims: Vec<Claim> = (1..=number).map(claim).collect();
                        assert_eq!(stored.version, Version(number + 1), "{CONTRACT}: the version");
                        assert_eq!(
                            *stored.user,
                            *numbered(number).with_id(&key("ada").user).user(),
                            "{CONTRACT}: the user"
                        );
                        assert_eq!(stored.claims, claims, "{CONTRACT}: the claims");
                        if number > 0 {
                            let thief = create(&key(&format!("thief {turn}")), &Person::default());
                            let taken = store.commit(thief.take(&claim(number).key, Strength::Verified).0).await;
                            assert!(
                                matches!(taken, Err(CommitError::Taken(_))),
                                "{CONTRACT}: the claim is held: {taken:?}"
                            );
                            let told =
                                store.commit(probe(&format!("prober {turn}"), number).0).await.unwrap().exhausted;
                            assert_eq!(told.len(), 1, "{CONTRACT}: the amount is drawn");
                        }
                    }
                    // Who sees the amount drawn sees the user.
                    2 => {
                        let next = of(&ada().await) + 1;
                        let told =
                            store.commit(probe(&format!("early prober {turn}"), next).0).await.unwrap().exhausted;
                        assert!(
                            told.is_empty() || of(&ada().await) >= next,
                            "{CONTRACT}: the user of the amount drawn"
                        );
                    }
                    _ => {
                        let query = DirectoryQuery { limit: 1_000_000, ..DirectoryQuery::default() };
                        let page = store.browse(&key("ada").tenant, &query).await.unwrap();
                        assert_eq!(page.users.len() as u64, page.total, "{CONTRACT}: the page and the total");
                    }
                }
                tokio::task::yield_now().await;
            }
            if task == 0 {
                done.store(true, Ordering::SeqCst);
            }
        }
    })
    .await;
}
