//! The law of texts: tenants, ids and keys are compared by all their bytes.

use identity_core::{Claim, ClaimKey, ClaimKind, Strength};
use identity_ports::{CommitError, DirectoryQuery, ListOrder, ListQuery, Prefix, Search};

use crate::Harness;
use crate::kit::{
    Draft, NOW, Person, change, create, key, key_in, letter, lookalikes, message_id, paid, put, raw_key, refusing,
    tenant,
};

/// Tenants, user ids, claim keys and names of budgets are compared by all their bytes, whatever their length: nothing is cut,
/// folded, trimmed or converted, and a tenant and what follows it never run together.
pub async fn texts_are_compared_by_all_their_bytes(harness: &dyn Harness) {
    const CONTRACT: &str = "tenants, user ids, claim keys and names of budgets are compared by all their bytes";
    let store = harness.open().await;
    let pairs = lookalikes();
    let claim = |text: &str| Claim { key: raw_key(ClaimKind::Username, text), strength: Strength::Verified };
    let spend = |number: u64, draft: Draft, text| {
        let message = letter(number.into(), &draft.0.key, NOW);
        draft.message(paid(message, vec![refusing(text, 1, NOW)]))
    };
    for (number, (name, text)) in (1..).zip(&pairs) {
        let draft =
            create(&key_in(name, text), &Person::default().attempts(number)).take(&claim(text).key, Strength::Verified);
        let written = store.commit(spend(number, draft, text).0).await;
        assert!(written.is_ok(), "{CONTRACT}: {text:?} in {name:?} is new, but {written:?}");
    }
    let store = harness.restart(store).await;
    for (number, (name, text)) in (1..).zip(&pairs) {
        let user = key_in(name, text);
        let stored = store.load(&user).await.unwrap().expect("a committed user can be loaded");
        assert_eq!(Person::counted(&stored.user), number, "{CONTRACT}: another user is loaded for {user:?}");
        assert_eq!(stored.claims, [claim(text)], "{CONTRACT}: the claims of {user:?}");
        assert_eq!(store.history(&user, 0, 10).await.unwrap().len(), 1, "{CONTRACT}: the history of {user:?}");
        let posted = store.posted(&user, None, 10).await.unwrap();
        let ids: Vec<_> = posted.iter().map(|posted| posted.message.id).collect();
        assert_eq!(ids, [message_id(number.into())], "{CONTRACT}: the messages of {user:?}");
        let other = || create(&key_in(name, "another"), &Person::default());
        let taken = store.commit(other().take(&claim(text).key, Strength::Verified).0).await;
        assert!(matches!(taken, Err(CommitError::Taken(_))), "the claim {text:?} in {name:?} is kept: {taken:?}");
        let drawn = store.commit(spend(1_000_000, other(), text).0).await;
        assert!(matches!(drawn, Err(CommitError::Exhausted(_))), "the draw {text:?} in {name:?} is kept: {drawn:?}");
    }
}

/// Nobody is found under a text with U+0000, and that is no failure. A commit that takes a claim with one is refused.
pub async fn nobody_is_found_under_a_text_with_u_0000(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = Person::default().username(1, "ada");
    let name = raw_key(ClaimKind::Username, "ada");
    let stored = put(&*store, create(&key("ada"), &ada).take(&name, Strength::Verified)).await;
    for text in ["\0", "ada\0", "\0ada", "a\0da", "ada\0\0", "ada\u{0}0", "ada\u{0}1"] {
        let keys = ClaimKind::ALL.map(|kind| raw_key(kind, text));
        assert_eq!(store.find(&tenant("acme"), &keys).await.unwrap(), [], "nobody is found under {text:?}");
        let prefix = Some(Prefix { kind: ClaimKind::Username, text: text.to_owned() });
        let query = ListQuery { order: ListOrder::Created, after: None, limit: 10, prefix };
        let listed = store.list(&tenant("acme"), &query).await.unwrap().users;
        assert_eq!(listed, [], "nobody is listed under {text:?}");
        let query = DirectoryQuery { limit: 10, search: Some(Search::new(text)), ..DirectoryQuery::default() };
        let browsed = store.browse(&tenant("acme"), &query).await.unwrap();
        assert_eq!((browsed.users, browsed.total), (vec![], 0), "nobody is browsed under {text:?}");
        let claim = ClaimKey::new(ClaimKind::Username, 1, text);
        let refused = store.commit(change(&key("ada"), &stored, &ada).take(&claim, Strength::Verified).0).await;
        assert!(matches!(refused, Err(CommitError::Store(_))), "a claim with U+0000 is refused: {refused:?}");
        assert_eq!(store.load(&key("ada")).await.unwrap(), Some(stored.clone()), "nothing is written");
    }
}
