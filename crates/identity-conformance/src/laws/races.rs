//! Laws of races: many calls in parallel.

use std::collections::BTreeSet;
use std::sync::Arc;

use identity_core::{MessageId, Strength, Version};
use identity_ports::{CommitError, Committed, Lease, LeaseId, Outbox, Settled, Settlement, UserRepository};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::Harness;
use crate::kit::{Draft, NOW, Person, at, change, create, key, lease, letter, mail_key, paid, put, queued, refusing};

/// Runs one task per number, all from the same moment on, each on one of two stores at the same place.
pub(super) async fn race<H, T, F>(harness: &H, tasks: u128, task: impl Fn(Arc<H::Store>, u128) -> F) -> Vec<T>
where
    H: Harness,
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
pub async fn one_of_many_concurrent_creations_succeeds(harness: &impl Harness) {
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
        stored.user.sign_ins().attempts_count,
        u64::try_from(winner).unwrap(),
        "the stored user is that of the successful commit"
    );
}

/// Of many parallel commits that take the same claim, one succeeds.
pub async fn one_of_many_concurrent_claims_succeeds(harness: &impl Harness) {
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

/// No update is lost: every commit that was acknowledged is part of the final state.
pub async fn no_update_is_lost(harness: &impl Harness) {
    const TASKS: u128 = 8;
    const EACH: u64 = 6;
    let store = harness.open().await;
    put(&*store, create(&key("ada"), &Person::default())).await;
    race(harness, TASKS, |store, _| async move {
        for _ in 0..EACH {
            for tries in 0.. {
                assert!(tries < 10_000, "a commit succeeds in the end");
                let stored = store.load(&key("ada")).await.unwrap().unwrap();
                let count = stored.user.sign_ins().attempts_count;
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
    assert_eq!(stored.user.sign_ins().attempts_count, total, "every acknowledged update counts");
    assert_eq!(stored.version, Version(total + 1));
    assert_eq!(store.history(&key("ada"), 0, 1_000).await.unwrap().len(), usize::try_from(total).unwrap() + 1);
}

/// However many messages draw in parallel, a budget pays for exactly its limit.
pub async fn quotas_are_exact_under_a_race(harness: &impl Harness) {
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
pub async fn leases_are_exclusive_under_a_race(harness: &impl Harness) {
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
