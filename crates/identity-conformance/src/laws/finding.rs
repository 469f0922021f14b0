//! Laws of finding users by an address or a username.

use identity_core::{ClaimKey, ClaimKind, Status};
use identity_ports::{DirectoryQuery, Found, ListQuery, Prefix, Search};

use crate::Harness;
use crate::kit::{
    ORDERS, Person, change, create, erase, id, key, mail_key, pending, phone_key, put, raw_key, tenant, typed, verified,
};

fn found(claim: &ClaimKey, user: &str, number: u128, verified: bool) -> Found {
    Found { key: claim.clone(), user: key(user).user, identifier: id(number), verified }
}

/// Users are found by their addresses and usernames, claimed or not, in the order of the keys. For each key the
/// verified ones come first, and then the order is by user id.
pub async fn found_users_are_in_order(harness: &dyn Harness) {
    let store = harness.open().await;
    let [mail, phone, name] =
        [mail_key("shared@example.com"), phone_key("+441514960453"), raw_key(ClaimKind::Username, "ada")];
    // Nothing here is claimed.
    let people = [
        ("d", 1, Status::Unverified),
        ("b", 2, pending()),
        ("c", 3, verified()),
        ("a", 4, Status::Unverified),
        ("B", 5, verified()),
        ("\u{e9}", 6, verified()),
    ];
    for (user, number, status) in people {
        put(&*store, create(&key(user), &Person::default().email(number, "Shared@example.com", status))).await;
    }
    let ada = Person::default().phone(11, "+441514960453", verified()).username(12, "Ada");
    put(&*store, create(&key("ada"), &ada)).await;
    let zoe = Person::default().phone(13, "+441514960453", Status::Unverified);
    put(&*store, create(&key("zoe"), &zoe)).await;
    let mails =
        [("B", 5, true), ("c", 3, true), ("\u{e9}", 6, true), ("a", 4, false), ("b", 2, false), ("d", 1, false)];
    let mails = mails.map(|(user, number, verified)| found(&mail, user, number, verified)).to_vec();
    let phones = vec![found(&phone, "ada", 11, true), found(&phone, "zoe", 13, false)];
    let names = vec![found(&name, "ada", 12, true)];
    let unknown = mail_key("nobody@example.com");
    let acme = tenant("acme");
    for (keys, expected) in [
        (vec![mail.clone()], mails.clone()),
        (
            vec![phone.clone(), unknown.clone(), mail.clone(), name.clone()],
            [phones.clone(), mails.clone(), names.clone()].concat(),
        ),
        (vec![name.clone(), mail.clone(), phone.clone()], [names, mails, phones].concat()),
        (vec![unknown.clone()], vec![]),
        (vec![], vec![]),
        (vec![raw_key(ClaimKind::Username, "shared@example.com"), raw_key(ClaimKind::Email, "ada")], vec![]),
        (
            vec![
                raw_key(ClaimKind::Username, "Ada"),
                raw_key(ClaimKind::Username, "ad_"),
                raw_key(ClaimKind::Username, "ad%"),
            ],
            vec![],
        ),
        (
            vec![
                ClaimKey::new(ClaimKind::Username, 200, "ada"),
                ClaimKey::new(ClaimKind::Email, 200, "shared@example.com"),
                ClaimKey::new(ClaimKind::Phone, 200, "+441514960453"),
                raw_key(ClaimKind::Email, "\u{ff53}hared@example.com"),
            ],
            vec![],
        ),
    ] {
        let answer = store.find(&acme, &keys).await.unwrap();
        assert_eq!(answer, expected, "everybody who has the key, by its kind, rule and text, is found: {keys:?}");
    }
}

/// A key that is asked for twice is answered twice, each time in its place.
pub async fn a_key_asked_for_twice_is_answered_twice(harness: &dyn Harness) {
    let store = harness.open().await;
    let (mail, name) = (mail_key("ada@example.com"), raw_key(ClaimKind::Username, "ada"));
    let ada = Person::default().email(1, "ada@example.com", verified()).username(2, "ada");
    put(&*store, create(&key("ada"), &ada)).await;
    let bob = Person::default().email(3, "ada@example.com", Status::Unverified);
    put(&*store, create(&key("bob"), &bob)).await;
    let mails = [found(&mail, "ada", 1, true), found(&mail, "bob", 3, false)];
    let names = [found(&name, "ada", 2, true)];
    let keys = [&mail, &mail, &name, &mail, &name].map(Clone::clone);
    let expected = [&mails[..], &mails, &names, &mails, &names].concat();
    assert_eq!(store.find(&tenant("acme"), &keys).await.unwrap(), expected, "each key is answered in its place");
}

/// For one key at most 100 users are returned, the first ones in the order. Users who no longer have the key, or were erased,
/// take no place, neither here nor in a list or a directory.
pub async fn at_most_100_users_are_found_for_a_key(harness: &dyn Harness) {
    let store = harness.open().await;
    for number in 0..103_u128 {
        let status = if number > 100 { verified() } else { Status::Unverified };
        let person = Person::default().email(number, "shared@example.com", status);
        put(&*store, create(&key(&format!("user {number:03}")), &person)).await;
    }
    put(&*store, create(&key("other"), &Person::default().email(900, "other@example.com", verified()))).await;
    let keys = [mail_key("shared@example.com"), mail_key("other@example.com")];
    let acme = tenant("acme");
    let places = store.find(&acme, &keys).await.unwrap();
    assert_eq!(places.len(), 101, "100 users for the first key and 1 for the second");
    let first = [("user 101", 101, true), ("user 102", 102, true), ("user 000", 0, false)];
    let first = first.map(|(user, number, verified)| found(&keys[0], user, number, verified));
    assert_eq!(places[..3], first, "verified addresses come first");
    assert_eq!(places[99], found(&keys[0], "user 097", 97, false));
    assert_eq!(places[100], found(&keys[1], "other", 900, true));
    for number in 0..100_u128 {
        let user = key(&format!("user {number:03}"));
        let stored = store.load(&user).await.unwrap().unwrap();
        let draft = match number % 2 {
            0 => erase(&user, &stored),
            _ => change(&user, &stored, &Person::of(&stored.user).without(number)),
        };
        store.commit(draft.0).await.expect("a commit without an obstacle is written");
    }
    let places = store.find(&acme, &keys[..1]).await.unwrap();
    let left = [("user 101", 101, true), ("user 102", 102, true), ("user 100", 100, false)];
    let left = left.map(|(user, number, verified)| found(&keys[0], user, number, verified));
    assert_eq!(places, left, "users who no longer have the key, or were erased, take no place among those found");
    let prefix = Some(Prefix { kind: ClaimKind::Email, text: "shared".to_owned() });
    for (prefix, count) in [(prefix, 3), (None, 54)] {
        for order in ORDERS {
            let query = ListQuery { order, after: None, limit: count, prefix: prefix.clone() };
            let page = store.list(&acme, &query).await.unwrap();
            assert_eq!(page.users.len(), count, "erased users take no place in a list: {order:?}");
            assert_eq!(page.next, None, "no page of erased users follows: {order:?}");
        }
        let search = prefix.map(|_| Search::new("shared"));
        let query = DirectoryQuery { limit: 100, search, ..DirectoryQuery::default() };
        let page = store.browse(&acme, &query).await.unwrap();
        assert_eq!((page.users.len(), page.total), (count, count as u64), "nobody who was erased is counted");
    }
}

/// Users are found by what they have now: not by what was removed, and with the present status.
pub async fn finding_follows_every_change(harness: &dyn Harness) {
    let store = harness.open().await;
    let [mail, name, new] =
        [mail_key("ada@example.com"), raw_key(ClaimKind::Username, "ada"), raw_key(ClaimKind::Username, "lovelace")];
    let [ada, acme] = [key("ada").tenant, tenant("acme")];
    assert_eq!(ada, acme);
    let keys = [mail.clone(), name.clone(), new.clone()];
    let user = key("ada");
    let steps = [
        (Person::default().email(1, "ada@example.com", Status::Unverified), vec![found(&mail, "ada", 1, false)]),
        (Person::default().email(1, "ada@example.com", verified()), vec![found(&mail, "ada", 1, true)]),
        (Person::default().email(1, "ada@example.com", pending()), vec![found(&mail, "ada", 1, false)]),
        // The same address as it may also be typed.
        (Person::default().email(1, "ada@EXAMPLE.com", pending()), vec![found(&mail, "ada", 1, false)]),
        // The same address under another id, and a username.
        (
            Person::default().email(2, "ada@example.com", verified()).username(3, "ada"),
            vec![found(&mail, "ada", 2, true), found(&name, "ada", 3, true)],
        ),
        (Person::default().username(4, "Lovelace"), vec![found(&new, "ada", 4, true)]),
        (Person::default(), vec![]),
    ];
    let mut stored = None;
    for (person, expected) in steps {
        let draft = match &stored {
            None => create(&user, &person),
            Some(stored) => change(&user, stored, &person),
        };
        let written = put(&*store, draft).await;
        let forms = typed(&person.with_id(&user.user).user());
        assert_eq!(typed(&written.user), forms, "a commit that changes only what was typed is written");
        stored = Some(written);
        assert_eq!(store.find(&acme, &keys).await.unwrap(), expected, "users are found by what they have now");
    }
}
