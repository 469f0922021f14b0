//! Laws of tenants.

use identity_core::{ClaimKind, Strength, Timestamp};
use identity_ports::{Cursor, DirectoryQuery, ListQuery, Page, Prefix};

use crate::Harness;
use crate::kit::{
    ORDERS, Person, at, change, create, erase, id, key_in, letter, look, mail_key, paid, put, refusing, tenant,
    verified,
};

/// Tenants are separate: the same ids, addresses, claims and budgets exist in each, and what happens in one is not
/// visible in another.
pub async fn tenants_never_mix(harness: &dyn Harness) {
    let store = harness.open().await;
    let claims = [mail_key("ada@example.com")];
    // Each is next to another one in the order of bytes.
    let names = ["acme", "ACME", "acme ", "acm_", "acm%", "acmf", "acme\u{301}"];
    for (number, name) in (1..).zip(names) {
        let user = key_in(name, "ada");
        let person = Person::default().email(1, "ada@example.com", verified()).primary(1).attempts(number);
        let draft = create(&user, &person).take(&claims[0], Strength::Verified);
        let message = paid(letter(u128::from(number), &user, at(0)), vec![refusing("+49", 1, at(0))]);
        let stored = put(&*store, draft.message(message)).await;
        assert_eq!(Person::counted(&stored.user), number, "each tenant has a user of this id");
    }
    let acme = key_in("acme", "ada");
    let others: Vec<_> = names[1..].iter().map(|name| key_in(name, "ada")).collect();
    let before = look(&*store, &others, &claims).await;
    for (number, other) in (1..).zip(std::iter::once(&acme).chain(&others)) {
        let stored = store.load(other).await.unwrap().unwrap();
        assert_eq!(Person::counted(&stored.user), number, "each tenant has its own user");
        let found = store.find(&other.tenant, &claims).await.unwrap();
        assert_eq!(
            found.iter().map(|found| found.identifier).collect::<Vec<_>>(),
            [id(1)],
            "each tenant finds its own user"
        );
        for prefix in [None, Some(Prefix { kind: ClaimKind::Email, text: "ada".to_owned() })] {
            for order in ORDERS {
                let first = ListQuery { order, after: None, limit: 10, prefix: prefix.clone() };
                let page = store.list(&other.tenant, &first).await.unwrap();
                assert_eq!(page.users, std::slice::from_ref(&stored), "each tenant lists its own user: {order:?}");
                assert_eq!(page.next, None, "no page with another tenant's user follows: {order:?}");
                // Behind the last user, and as a list that begins behind every user would go on.
                let [before, behind] = [i64::MIN, i64::MAX].map(Timestamp::from_micros);
                for at in [order.cursor(&stored.user).at, if order.descending() { before } else { behind }] {
                    let after = Some(Cursor { at, user: other.user.clone() });
                    let page = store.list(&other.tenant, &ListQuery { after, ..first.clone() }).await.unwrap();
                    assert_eq!(page, Page { users: vec![], next: None }, "a list ends with its tenant: {order:?}");
                }
            }
        }
        for descending in [false, true] {
            let query = DirectoryQuery { descending, limit: 10, ..DirectoryQuery::default() };
            let page = store.browse(&other.tenant, &query).await.unwrap();
            assert_eq!(
                (page.users.as_slice(), page.total),
                (std::slice::from_ref(&stored), 1),
                "a directory is one tenant's"
            );
        }
        assert_eq!(store.history(other, 0, 10).await.unwrap().len(), 1, "each tenant has its own history");
    }
    // A user of one tenant changes and is then erased with its messages. The users of other tenants stay.
    let stored = store.load(&acme).await.unwrap().unwrap();
    let changed = change(&acme, &stored, &Person::default().attempts(99)).release(&claims[0]);
    let stored = put(&*store, changed).await;
    store.commit(erase(&acme, &stored).0).await.unwrap();
    let message = letter(1, &acme, at(0)).id;
    assert!(crate::kit::queued(&*store).await.iter().all(|leased| leased.message.id != message));
    let after = look(&*store, &others, &claims).await;
    // Pending messages are read for all tenants at once.
    assert_eq!(after.without_queued(), before.without_queued(), "a change is not visible in another tenant");
    assert_eq!(store.find(&tenant("acme"), &claims).await.unwrap(), []);
    for other in &others {
        assert!(crate::kit::queued(&*store).await.iter().any(|leased| leased.message.key == *other));
    }
}
