//! Laws of finding users by an address or a username.

use identity_core::{ClaimKey, ClaimKind, Status};
use identity_ports::{Found, UserRepository};

use crate::Harness;
use crate::kit::{Person, change, create, id, key, mail_key, pending, phone_key, put, raw_key, tenant, verified};

fn found(claim: &ClaimKey, user: &str, number: u128, verified: bool) -> Found {
    Found { key: claim.clone(), user: key(user).user, identifier: id(number), verified }
}

/// Users are found by their addresses and usernames, claimed or not, in the order of the keys. For each key the
/// verified ones come first, and then the order is by user id.
pub async fn found_users_are_in_order(harness: &impl Harness) {
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
    let mails =
        [("B", 5, true), ("c", 3, true), ("\u{e9}", 6, true), ("a", 4, false), ("b", 2, false), ("d", 1, false)];
    let mails = mails.map(|(user, number, verified)| found(&mail, user, number, verified)).to_vec();
    let [phones, names] = [vec![found(&phone, "ada", 11, true)], vec![found(&name, "ada", 12, true)]];
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
        (vec![ClaimKey::new(ClaimKind::Username, 2, "ada")], vec![]),
    ] {
        assert_eq!(store.find(&acme, &keys).await.unwrap(), expected, "{keys:?}");
    }
}

/// For one key at most 100 users are returned, the first ones in the order.
pub async fn at_most_100_users_are_found_for_a_key(harness: &impl Harness) {
    let store = harness.open().await;
    for number in 0..103_u128 {
        let status = if number > 100 { verified() } else { Status::Unverified };
        let person = Person::default().email(number, "shared@example.com", status);
        put(&*store, create(&key(&format!("user {number:03}")), &person)).await;
    }
    put(&*store, create(&key("other"), &Person::default().email(900, "other@example.com", verified()))).await;
    let keys = [mail_key("shared@example.com"), mail_key("other@example.com")];
    let places = store.find(&tenant("acme"), &keys).await.unwrap();
    assert_eq!(places.len(), 101, "100 users for the first key and 1 for the second");
    let first = [("user 101", 101, true), ("user 102", 102, true), ("user 000", 0, false)];
    let first = first.map(|(user, number, verified)| found(&keys[0], user, number, verified));
    assert_eq!(places[..3], first, "verified addresses come first");
    assert_eq!(places[99], found(&keys[0], "user 097", 97, false));
    assert_eq!(places[100], found(&keys[1], "other", 900, true));
}

/// Users are found by what they have now: not by what was removed, and with the present status.
pub async fn finding_follows_every_change(harness: &impl Harness) {
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
        stored = Some(put(&*store, draft).await);
        assert_eq!(store.find(&acme, &keys).await.unwrap(), expected);
    }
}
