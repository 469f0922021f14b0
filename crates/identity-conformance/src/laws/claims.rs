//! Laws of claims: addresses and usernames that belong to one user only.

use identity_core::{Claim, ClaimKey, ClaimKind, Strength};
use identity_ports::{CommitError, DirectoryQuery, ListOrder, ListQuery};

use crate::kit::{Draft, Person, change, create, key, mail_key, put, raw_key};
use crate::{Harness, Store};

use Strength::{Unverified, Verified};

async fn held(store: &dyn Store, user: &str) -> Vec<(String, Strength)> {
    let stored = store.load(&key(user)).await.unwrap().expect("the user is there");
    stored.claims.into_iter().map(|claim| (claim.key.as_str().to_owned(), claim.strength)).collect()
}

fn new(user: &str) -> Draft {
    create(&key(user), &Person::default())
}

async fn refuse(store: &dyn Store, draft: Draft, taken: &ClaimKey, because: &str) {
    let asked = draft.0.claims.take.iter().find(|claim| claim.key == *taken).cloned();
    match store.commit(draft.0).await {
        Err(CommitError::Taken(claim)) => assert_eq!(
            Some(claim),
            asked,
            "a refusal names the claim as the commit takes it, and nothing of the user who holds it"
        ),
        other => panic!("{because}: {other:?}"),
    }
}

/// A claim belongs to one user of a tenant only, and another user can take it after it was released.
pub async fn claims_are_exclusive_and_can_be_released(harness: &dyn Harness) {
    let store = harness.open().await;
    for claim in [mail_key("ada@example.com"), raw_key(ClaimKind::Username, "ada"), raw_key(ClaimKind::Phone, "+4930")]
    {
        for strength in [Unverified, Verified] {
            let name = |user: &str| format!("{user}-{}-{strength:?}", claim.as_str());
            let [ada, bob] = [name("ada"), name("bob")];
            let stored = put(&*store, new(&ada).take(&claim, strength)).await;
            assert_eq!(stored.claims, [Claim { key: claim.clone(), strength }], "the claim is the user's");
            refuse(&*store, new(&bob).take(&claim, strength), &claim, "another user's claim is taken").await;
            assert_eq!(store.load(&key(&bob)).await.unwrap(), None);
            let stored = put(&*store, change(&key(&ada), &stored, &Person::default()).release(&claim)).await;
            assert_eq!(stored.claims, [], "a released claim is not held");
            let stored = put(&*store, new(&bob).take(&claim, strength)).await;
            assert_eq!(stored.claims, [Claim { key: claim.clone(), strength }], "a released claim can be taken");
            put(&*store, change(&key(&bob), &stored, &Person::default()).release(&claim)).await;
        }
    }
}

/// The claims of a user come in the order of their keys, wherever the user is read: by kind, then by rule, then by the bytes of
/// the text.
pub async fn claims_come_in_the_order_of_their_keys(harness: &dyn Harness) {
    let store = harness.open().await;
    let name = |rule, text| ClaimKey::new(ClaimKind::Username, rule, text);
    let first = [name(2, "b"), raw_key(ClaimKind::Phone, "+4930"), name(1, "\u{e9}"), name(1, "b")];
    let second = [raw_key(ClaimKind::Email, "z"), name(1, "_"), name(1, "B"), name(1, "a"), name(10, "a")];
    let take = |draft: Draft, keys: &[ClaimKey]| keys.iter().fold(draft, |draft, key| draft.take(key, Verified));
    let stored = put(&*store, take(new("ada"), &first)).await;
    put(&*store, take(change(&key("ada"), &stored, &Person::default()), &second)).await;
    let mut expected = [&first[..], &second].concat();
    expected.sort();
    let query = ListQuery { order: ListOrder::Created, after: None, limit: 10, prefix: None };
    let listed = store.list(&key("ada").tenant, &query).await.unwrap().users;
    let browsed = DirectoryQuery { limit: 10, ..DirectoryQuery::default() };
    let browsed = store.browse(&key("ada").tenant, &browsed).await.unwrap().users;
    for stored in [store.load(&key("ada")).await.unwrap().into_iter().collect(), listed, browsed] {
        let [stored] = <[_; 1]>::try_from(stored).expect("ada is there");
        let keys: Vec<ClaimKey> = stored.claims.into_iter().map(|claim| claim.key).collect();
        assert_eq!(keys, expected, "claims come in the order of their keys");
    }
}

/// Claims are different when they differ in kind, in the rule that made them, or in their text.
pub async fn claims_differ_by_every_part(harness: &dyn Harness) {
    let store = harness.open().await;
    let keys = [
        raw_key(ClaimKind::Email, "ada"),
        raw_key(ClaimKind::Username, "ada"),
        raw_key(ClaimKind::Phone, "ada"),
        ClaimKey::new(ClaimKind::Username, 2, "ada"),
        ClaimKey::new(ClaimKind::Username, 255, "ada"),
        raw_key(ClaimKind::Username, "Ada"),
    ];
    for (number, claim) in keys.iter().enumerate() {
        let stored = put(&*store, new(&format!("user {number}")).take(claim, Verified)).await;
        assert_eq!(stored.claims, [Claim { key: claim.clone(), strength: Verified }]);
    }
    for claim in &keys {
        refuse(&*store, new("eve").take(claim, Verified), claim, "and each is exclusive").await;
    }
}

/// A verified claim is taken from a user with an unverified one. No other claim is taken from another user.
pub async fn verified_wins_over_unverified(harness: &dyn Harness) {
    let store = harness.open().await;
    let claim = mail_key("ada@example.com");
    let squatter = put(&*store, new("eve").take(&claim, Unverified)).await;
    refuse(&*store, new("ada").take(&claim, Unverified), &claim, "unverified does not win over unverified").await;
    put(&*store, new("ada").take(&claim, Verified)).await;
    assert_eq!(
        held(&*store, "ada").await,
        [("ada@example.com".to_owned(), Verified)],
        "a verified claim wins over an unverified one"
    );
    assert_eq!(held(&*store, "eve").await, [], "the other user no longer holds the claim");
    let after = store.load(&key("eve")).await.unwrap().unwrap();
    assert_eq!(after.version, squatter.version, "a user who lost a claim keeps its version");
    for strength in [Unverified, Verified] {
        refuse(&*store, new("bob").take(&claim, strength), &claim, "nothing wins over verified").await;
        let again = change(&key("eve"), &after, &Person::default()).take(&claim, strength);
        refuse(&*store, again, &claim, "who lost it does not get it back").await;
    }
}

/// A release never affects the claim of another user.
pub async fn a_release_affects_no_other_users_claim(harness: &dyn Harness) {
    let store = harness.open().await;
    let [claim, free] = [mail_key("ada@example.com"), mail_key("free@example.com")];
    put(&*store, new("ada").take(&claim, Verified)).await;
    let eve = put(&*store, new("eve").release(&claim).release(&free)).await;
    put(&*store, change(&key("eve"), &eve, &Person::default()).release(&claim)).await;
    assert_eq!(held(&*store, "ada").await, [("ada@example.com".to_owned(), Verified)], "the claim stays with its user");
    refuse(&*store, new("bob").take(&claim, Verified), &claim, "and is not free").await;
    // The user whose claim went to a stronger one may still release it in the next commit.
    let weak = mail_key("weak@example.com");
    put(&*store, new("carl").take(&weak, Unverified)).await;
    put(&*store, new("dora").take(&weak, Verified)).await;
    let carl = store.load(&key("carl")).await.unwrap().unwrap();
    put(&*store, change(&key("carl"), &carl, &Person::default()).release(&weak)).await;
    assert_eq!(held(&*store, "dora").await, [("weak@example.com".to_owned(), Verified)]);
}

/// A claim that the user holds changes to the given strength, stronger or weaker.
pub async fn a_claim_takes_on_a_new_strength(harness: &dyn Harness) {
    let store = harness.open().await;
    let claim = mail_key("ada@example.com");
    let mut stored = put(&*store, new("ada").take(&claim, Unverified)).await;
    for strength in [Verified, Verified, Unverified, Unverified] {
        stored = put(&*store, change(&key("ada"), &stored, &Person::default()).take(&claim, strength)).await;
        assert_eq!(stored.claims, [Claim { key: claim.clone(), strength }], "the claim has the strength of the commit");
    }
    put(&*store, new("bob").take(&claim, Verified)).await;
    assert_eq!(held(&*store, "ada").await, [], "a claim that became unverified can be lost");
}

/// Claims are released before others are taken, and the claims of a user are in the order of their keys.
pub async fn claims_are_released_before_others_are_taken(harness: &dyn Harness) {
    let store = harness.open().await;
    let keys = ["d@example.com", "b@example.com", "a@example.com", "c@example.com"].map(mail_key);
    let draft = keys.iter().fold(new("ada"), |draft, claim| draft.take(claim, Unverified));
    let draft = draft.take(&raw_key(ClaimKind::Username, "ada"), Verified);
    let stored = put(&*store, draft.take(&raw_key(ClaimKind::Phone, "+49"), Unverified)).await;
    let order: Vec<&str> = stored.claims.iter().map(|claim| claim.key.as_str()).collect();
    let sorted = ["a@example.com", "b@example.com", "c@example.com", "d@example.com", "+49", "ada"];
    assert_eq!(order, sorted, "claims are in the order of their keys");
    let swap = change(&key("ada"), &stored, &Person::default());
    let swap = swap.release(&keys[0]).release(&keys[1]).take(&keys[1], Verified);
    put(&*store, swap).await;
    let kept: Vec<(String, Strength)> = held(&*store, "ada").await.into_iter().take(3).collect();
    let expected = [("a@example.com", Unverified), ("b@example.com", Verified), ("c@example.com", Unverified)];
    assert_eq!(
        kept,
        expected.map(|(key, strength)| (key.to_owned(), strength)),
        "claims are released before others are taken"
    );
}
