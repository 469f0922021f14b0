//! Laws of presence: users that exist, and users that do not.

use identity_core::{Change, Version};
use identity_ports::{CommitError, Expected};

use crate::Harness;
use crate::kit::{Person, at, change, create, erase, key, look, put};

/// A user that was never written has no user, no events, and gives no error.
pub async fn an_absent_user_is_none(harness: &dyn Harness) {
    let store = harness.open().await;
    put(&*store, create(&key("ada"), &Person::default())).await;
    for stranger in ["eve", "Ada", "ada ", "ad", "adaa", "%", "_da"] {
        let stranger = key(stranger);
        assert_eq!(store.load(&stranger).await.unwrap(), None, "a user that was never written cannot be loaded");
        assert_eq!(store.history(&stranger, 0, 10).await.unwrap(), [], "a user that was never written has no events");
        let draft = change(&stranger, &store.load(&key("ada")).await.unwrap().unwrap(), &Person::default());
        let refused = store.commit(draft.0).await;
        assert!(matches!(refused, Err(CommitError::Conflict)), "an absent user has no version: {refused:?}");
    }
}

/// A commit that creates a user does not update one: it conflicts with an existing user of any version.
pub async fn create_is_not_update(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let first = put(&*store, create(&ada, &Person::default())).await;
    let second = create(&ada, &Person::default().attempts(7).created(at(5)));
    for _ in 0..2 {
        let refused = store.commit(second.0.clone()).await;
        assert!(
            matches!(refused, Err(CommitError::Conflict)),
            "a commit that creates a user does not update one: {refused:?}"
        );
    }
    assert_eq!(store.load(&ada).await.unwrap(), Some(first), "the existing user stays unchanged");
}

/// The id of an erased user is never used again.
pub async fn an_erased_id_is_never_used_again(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let stored = put(&*store, create(&ada, &Person::default())).await;
    store.commit(erase(&ada, &stored).0).await.unwrap();
    for again in [create(&ada, &Person::default()), change(&ada, &stored, &Person::default()).expecting(2)] {
        let refused = store.commit(again.0).await;
        assert!(
            matches!(refused, Err(CommitError::Conflict)),
            "the id of an erased user cannot be used again: {refused:?}"
        );
        assert_eq!(store.load(&ada).await.unwrap(), None, "an erased user stays erased");
    }
    let store = harness.restart(store).await;
    let refused = store.commit(create(&ada, &Person::default()).0).await;
    assert!(
        matches!(refused, Err(CommitError::Conflict)),
        "the id of an erased user cannot be used again after a restart: {refused:?}"
    );
}

/// A commit at another version than the present one is a conflict, whether its version is older or newer.
pub async fn a_stale_version_is_a_conflict(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let first = put(&*store, create(&ada, &Person::default())).await;
    let second = put(&*store, change(&ada, &first, &Person::default().attempts(1))).await;
    let late = change(&ada, &first, &Person::default().attempts(2));
    for draft in [late.clone(), late.clone().expecting(0), late.expecting(3)] {
        let expected = draft.0.expected;
        let refused = store.commit(draft.0).await;
        assert!(matches!(refused, Err(CommitError::Conflict)), "{expected:?} is not version 2: {refused:?}");
    }
    assert_eq!(store.load(&ada).await.unwrap(), Some(second), "a stale commit changes nothing");
}

/// The version is the number of the last event, however many events a commit has.
pub async fn the_version_counts_events(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let three = vec![Change::Created { user: ada.user.clone() }, Change::Disabled, Change::Enabled];
    let stored = put(&*store, create(&ada, &Person::default()).events(at(0), three)).await;
    assert_eq!(stored.version, Version(3), "three events make version 3");
    let two = change(&ada, &stored, &Person::default()).events(at(1), vec![Change::Disabled, Change::Enabled]);
    assert_eq!(two.0.expected, Expected::At(Version(3)));
    let stored = put(&*store, two).await;
    assert_eq!(stored.version, Version(5), "two more events make version 5");
    let numbers: Vec<u64> = store.history(&ada, 0, 10).await.unwrap().iter().map(|recorded| recorded.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

/// Every store that is open at a place sees what another one has acknowledged, and so does a store after a restart.
pub async fn an_acknowledged_commit_is_seen_and_stays(harness: &dyn Harness) {
    let [one, two] = [harness.open().await, harness.open().await];
    let ada = key("ada");
    let person = Person::default().email(1, "ada@example.com", crate::kit::verified()).primary(1);
    let draft = create(&ada, &person).claims(&[], identity_core::ClaimPolicy::Verified);
    let draft = draft.message(crate::kit::paid(crate::kit::letter(1, &ada, at(0)), vec![]));
    let stored = put(&*one, draft).await;
    assert_eq!(two.load(&ada).await.unwrap(), Some(stored.clone()), "another store at the same place sees the user");
    let changed = put(&*two, change(&ada, &stored, &person.clone().attempts(1))).await;
    assert_eq!(one.load(&ada).await.unwrap(), Some(changed), "the first store sees what the other one changed");
    let keys = [crate::kit::mail_key("ada@example.com")];
    let before = look(&*one, std::slice::from_ref(&ada), &keys).await;
    drop(two);
    let store = harness.restart(one).await;
    assert_eq!(look(&*store, &[ada], &keys).await, before, "a restart changes nothing");
}
