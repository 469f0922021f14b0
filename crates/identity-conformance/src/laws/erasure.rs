//! Laws of erasure.

use std::sync::Arc;

use identity_core::{Actor, Change, ClaimKind, Recorded, Reported, Strength};
use identity_ports::{Lease, LeaseId, ListOrder, ListQuery, Prefix, Settled, Settlement};
use serde_json::json;
use uuid::Uuid;

use crate::Harness;
use crate::kit::{
    Person, at, create, erase, every_change, id, key, lease, letter, mail_key, message_id, paid, put, queued, raw_key,
    tenant, verified,
};

/// Erasing removes the user, its claims, the keys by which it is found, and its messages, including dead letters. Of
/// its events only the time, the actor, the type and the identifier's id remain.
pub async fn erasing_leaves_nothing_personal(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let claim = mail_key("ada@example.com");
    let person = Person::default().email(1, "ada@example.com", verified()).primary(1).username(2, "countess");
    let changes = vec![
        Change::Created { user: ada.user.clone() },
        Change::Added {
            id: id(1),
            address: person.entries[0].address.clone(),
            source: Some("leaflet".into()),
            unrestricted: false,
            replaces: None,
        },
        Change::UsernameSet { id: id(2), username: person.parts.username.clone().unwrap().username, source: None },
        Change::ExtensionReported(Reported {
            members: Arc::new(serde_json::from_value(json!({"sign_ins": {"city": "Turin"}})).unwrap()),
        }),
    ];
    let draft = create(&ada, &person).events(at(0), changes).take(&claim, Strength::Verified);
    let draft = draft.message(paid(letter(1, &ada, at(0)), vec![])).message(paid(letter(2, &ada, at(1)), vec![]));
    let draft = draft.message(paid(letter(5, &ada, at(1)), vec![]));
    let stored = put(&*store, draft.message(paid(letter(4, &ada, at(0)), vec![]))).await;
    let bob = key("bob");
    put(&*store, create(&bob, &Person::default()).message(paid(letter(3, &bob, at(0)), vec![]))).await;
    // One message is a dead letter, one was sent, one is leased, and one is pending.
    let lease = lease(5, at(0), at(60), 10);
    assert_eq!(store.lease(lease.clone()).await.unwrap().len(), 2);
    let failed = Settlement::Failed { at: at(0), error: "never".to_owned() };
    let settled = vec![Settled { id: message_id(1), outcome: failed }];
    assert_eq!(store.settle(lease.id, settled).await.unwrap(), 1);
    let lease = Lease { id: LeaseId(Uuid::from_u128(6)), ..lease };
    assert_eq!(store.lease(lease.clone()).await.unwrap().len(), 1);
    let sent = Settlement::Sent { at: at(0), provider: None, reference: Some("number 4".to_owned()) };
    assert_eq!(store.settle(lease.id, vec![Settled { id: message_id(4), outcome: sent }]).await.unwrap(), 1);
    let lease = Lease { id: LeaseId(Uuid::from_u128(7)), now: at(1), at: Some(at(1)), ..lease };
    assert_eq!(store.lease(lease).await.unwrap().len(), 1);

    let before = store.history(&ada, 0, 100).await.unwrap();
    let draft = erase(&ada, &stored).events(at(9), vec![Change::Disabled, Change::Erased]);
    let written: Vec<_> = before.into_iter().chain(draft.0.events.clone()).collect();
    // The claims are released even if the commit does not name them.
    let mut draft = draft;
    draft.0.claims.release.clear();
    store.commit(draft.0).await.unwrap();

    assert_eq!(store.load(&ada).await.unwrap(), None, "an erased user cannot be loaded");
    let acme = tenant("acme");
    assert_eq!(
        store.find(&acme, &[claim.clone(), raw_key(ClaimKind::Username, "countess")]).await.unwrap(),
        [],
        "an erased user is not found"
    );
    for prefix in [None, Some(Prefix { kind: ClaimKind::Username, text: "count".to_owned() })] {
        for order in [ListOrder::Created, ListOrder::Updated] {
            let page =
                store.list(&acme, &ListQuery { order, after: None, limit: 10, prefix: prefix.clone() }).await.unwrap();
            assert!(page.users.iter().all(|stored| stored.user.id().as_str() == "bob"), "an erased user is not listed");
        }
    }
    let history = store.history(&ada, 0, 100).await.unwrap();
    let stripped: Vec<_> = written
        .into_iter()
        .map(|recorded| Recorded { number: recorded.number, event: recorded.event.stripped() })
        .collect();
    assert_eq!(history, stripped, "every event is stripped, including earlier ones");
    assert!(matches!(&history[0].event.actor, Actor::Administrator(name) if &**name == "conformance"));
    let left: Vec<_> = queued(&*store).await.into_iter().map(|leased| leased.message.id).collect();
    assert_eq!(left, [message_id(3)], "pending messages are removed, but only those of the erased user");
    assert_eq!(store.dead_letters(&acme, None, 10).await.unwrap(), [], "the dead letters are removed too");
    assert_eq!(store.posted(&ada, None, 10).await.unwrap(), [], "sent messages are removed too");
    let dora = put(&*store, create(&key("dora"), &Person::default()).take(&claim, Strength::Unverified)).await;
    assert_eq!(dora.claims.len(), 1, "the claim can be taken again");
}

/// An event of any kind is reduced to what [`Event::stripped`](identity_core::Event::stripped) leaves of it, and the
/// events of other users remain complete.
pub async fn every_event_of_an_erased_user_is_stripped(harness: &dyn Harness) {
    let store = harness.open().await;
    let [ada, bob] = [key("ada"), key("bob")];
    let mut written = Vec::new();
    for user in [&ada, &bob] {
        let draft = create(user, &Person::default()).events(at(1), every_change(user));
        written.push(draft.0.events.clone());
        put(&*store, draft).await;
    }
    let stored = store.load(&ada).await.unwrap().unwrap();
    let draft = erase(&ada, &stored);
    written[0].extend(draft.0.events.clone());
    store.commit(draft.0).await.unwrap();
    for recorded in &mut written[0] {
        recorded.event = recorded.event.clone().stripped();
    }
    for (user, written) in [&ada, &bob].into_iter().zip(&written) {
        let read = store.history(user, 0, 1_000).await.unwrap();
        assert_eq!(read, *written, "the events that remain of {}", user.user);
    }
}
