//! The law of texts: tenants, ids and keys are compared by all their bytes.

use identity_core::{Claim, ClaimKind, Strength};
use identity_ports::CommitError;

use crate::Harness;
use crate::kit::{Draft, NOW, Person, create, key_in, letter, lookalikes, message_id, paid, raw_key, refusing};

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
