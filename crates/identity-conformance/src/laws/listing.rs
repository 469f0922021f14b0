//! Laws of lists: pages of users.

use std::collections::BTreeSet;

use identity_core::{ClaimKind, Email, Status, TenantId};
use identity_ports::{Cursor, ListOrder, ListQuery, Page, Prefix};

use crate::kit::{ORDERS, Person, at, change, create, key, put, tenant, verified};
use crate::{Harness, Store};

fn query(order: ListOrder, after: Option<Cursor>, limit: usize) -> ListQuery {
    ListQuery { order, after, limit, prefix: None }
}

fn ids(page: &Page) -> Vec<String> {
    page.users.iter().map(|stored| stored.user.id().as_str().to_owned()).collect()
}

/// All pages of a list, and their number.
async fn all(store: &dyn Store, tenant: &TenantId, mut query: ListQuery) -> (Vec<String>, usize) {
    let (mut users, mut pages) = (Vec::new(), 0);
    loop {
        let page = store.list(tenant, &query).await.unwrap();
        pages += 1;
        assert!(pages < 10_000, "a list comes to an end");
        assert!(page.users.len() <= query.limit, "a page has at most the requested number of users");
        users.extend(ids(&page));
        if let (Some(next), Some(last)) = (&page.next, page.users.last()) {
            assert_eq!(*next, query.order.cursor(&last.user), "the next page begins behind the last user of this one");
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return (users, pages),
        }
    }
}

async fn search(store: &dyn Store, kind: ClaimKind, text: &str) -> Vec<String> {
    let prefix = Some(Prefix { kind, text: text.to_owned() });
    let query = ListQuery { prefix, ..query(ListOrder::Created, None, 2) };
    all(store, &tenant("acme"), query).await.0
}

/// Users are listed in the requested order. Ids decide between equal times byte by byte, and the last page says that it
/// is the last one.
pub async fn every_order_is_kept(harness: &dyn Harness) {
    let store = harness.open().await;
    let times =
        [("b", 5, 50), ("B", 5, 20), ("a", 5, 90), ("\u{e9}", 5, 20), ("\u{1f600}", 5, 20), ("\u{fffd}", 5, 20)];
    let more = [("old", 1, 99), ("new", 9, 10), ("e\u{301}", 5, 20), ("a ", 5, 20), ("_", 5, 20)];
    for (name, created, updated) in times.into_iter().chain(more) {
        put(&*store, create(&key(name), &Person::default().created(at(created)).updated(at(updated)))).await;
    }
    let by_creation =
        ["old", "B", "_", "a", "a ", "b", "e\u{301}", "\u{e9}", "\u{fffd}", "\u{1f600}", "new"].map(str::to_owned);
    let by_update =
        ["new", "B", "_", "a ", "e\u{301}", "\u{e9}", "\u{fffd}", "\u{1f600}", "b", "a", "old"].map(str::to_owned);
    for (order, expected) in ORDERS.into_iter().zip([&by_creation, &by_creation, &by_update, &by_update]) {
        let mut expected = expected.to_vec();
        if order.descending() {
            expected.reverse();
        }
        for limit in [1, 2, 3, 10, 11, 12, 1_000] {
            let (users, pages) = all(&*store, &tenant("acme"), query(order, None, limit)).await;
            assert_eq!(users, expected, "{order:?} in pages of {limit}");
            assert_eq!(pages, expected.len().div_ceil(limit), "no page follows the last one: {order:?}, {limit}");
        }
    }
    let empty = store.list(&tenant("nobody"), &query(ListOrder::Created, None, 5)).await.unwrap();
    assert_eq!(empty, Page { users: vec![], next: None }, "a tenant without users has one empty page");
    let empty = store.list(&tenant("acme"), &query(ListOrder::Created, None, 0)).await.unwrap();
    assert_eq!(empty, Page { users: vec![], next: None }, "a page of 0 users is empty, and no page follows it");
}

/// A user that exists from the first page to the last is listed once, also while users are added and removed.
pub async fn paging_is_stable_while_rows_arrive(harness: &dyn Harness) {
    let store = harness.open().await;
    for number in 0..20_u64 {
        let person = Person::default().created(at(100 + number / 3)).updated(at(200 + number / 4));
        put(&*store, create(&key(&format!("user {number:02}")), &person)).await;
    }
    let there: BTreeSet<String> = (0..20).map(|number| format!("user {number:02}")).collect();
    for (round, order) in ORDERS.into_iter().enumerate() {
        let mut seen: Vec<String> = Vec::new();
        let mut query = query(order, None, 3);
        for number in 0.. {
            let page = store.list(&tenant("acme"), &query).await.unwrap();
            seen.extend(ids(&page));
            let Some(next) = page.next else { break };
            query.after = Some(next);
            // Users are added before, at and behind the present position of this list.
            for (name, secs) in [("before", 1), ("at", 103), ("behind", 150)] {
                let person = Person::default().created(at(secs)).updated(at(secs + 100));
                put(&*store, create(&key(&format!("{name} {round} {number}")), &person)).await;
            }
            assert!(number < 1_000, "a list comes to an end");
            if number > 10 {
                query.limit = 1_000;
            }
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert!(once.is_superset(&there), "{order:?} misses {:?}", there.difference(&once));
        assert_eq!(once.len(), seen.len(), "{order:?} repeats a user although none changed");
    }
}

/// A user that changes while a list in the order of changes is read is not missed.
pub async fn a_user_that_changes_is_not_missed(harness: &dyn Harness) {
    let store = harness.open().await;
    let names: BTreeSet<String> = (0..12).map(|number| format!("user {number:02}")).collect();
    for (secs, name) in (0..).zip(&names) {
        put(&*store, create(&key(name), &Person::default().created(at(secs)))).await;
    }
    for order in [ListOrder::Created, ListOrder::NewestCreated, ListOrder::Updated] {
        let mut seen = BTreeSet::new();
        let mut query = query(order, None, 2);
        for number in 0..20_usize {
            let page = store.list(&tenant("acme"), &query).await.unwrap();
            seen.extend(ids(&page));
            let Some(next) = page.next else { break };
            query.after = Some(next);
            let name = key(&format!("user {:02}", (number * 5) % 12));
            let stored = store.load(&name).await.unwrap().unwrap();
            let later = Person::of(&stored.user).updated(at(10_000 + u64::try_from(number).unwrap()));
            put(&*store, change(&name, &stored, &later)).await;
        }
        assert_eq!(seen, names, "{order:?} misses a user that changed");
    }
}

/// A search finds by the literal beginning of a claim key: no character has a special meaning.
pub async fn a_prefix_is_literal(harness: &dyn Harness) {
    let store = harness.open().await;
    let people = [
        ("u1", "a_b"),
        ("u2", "axb"),
        ("u3", "50%off"),
        ("u4", "500off"),
        ("u5", "a\\b"),
        ("u6", "a*b"),
        ("u7", "a[b]c"),
        ("u8", "a?b"),
        ("u9", "\u{e9}ve"),
        ("ua", "eve"),
        ("ub", "z\u{2069b}z"),
        ("uc", "a'b\"c"),
        ("ud", "zz"),
    ];
    for (number, (user, name)) in (0..).zip(people) {
        let person = Person::default().created(at(number)).username(u128::from(number) + 1, name);
        put(&*store, create(&key(user), &person)).await;
    }
    for (text, expected) in [
        ("a_", &["u1"][..]),
        ("50%", &["u3"]),
        ("%", &[]),
        ("_", &[]),
        ("*", &[]),
        ("a*", &["u6"]),
        ("a[", &["u7"]),
        ("a[b]", &["u7"]),
        ("a?", &["u8"]),
        ("a\\", &["u5"]),
        ("a'", &["uc"]),
        ("a'b\"", &["uc"]),
        ("a", &["u1", "u2", "u5", "u6", "u7", "u8", "uc"]),
        ("\u{e9}", &["u9"]),
        ("e", &["ua"]),
        ("E", &[]),
        ("A_", &[]),
        ("z", &["ub", "ud"]),
        ("z\u{2069b}", &["ub"]),
        ("eve", &["ua"]),
        ("evee", &[]),
        ("ve", &[]),
    ] {
        assert_eq!(search(&*store, ClaimKind::Username, text).await, expected, "names that begin with {text:?}");
    }
    assert_eq!(search(&*store, ClaimKind::Username, "").await.len(), people.len(), "an empty prefix finds every user");
    assert_eq!(search(&*store, ClaimKind::Email, "").await, [""; 0], "a search finds only keys of its kind");
}

/// A search finds every user once, by any address of the kind, verified or not, that the user has at the time.
pub async fn a_search_finds_each_user_once(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = Person::default().email(1, "ada@example.com", verified()).email(2, "ada@example.org", Status::Unverified);
    let ada = ada.phone(3, "+441514960453", crate::kit::pending()).username(4, "countess").created(at(1));
    let stored = put(&*store, create(&key("ada"), &ada)).await;
    let bob = Person::default().email(5, "Ada.Bob@example.com", Status::Unverified).created(at(2));
    put(&*store, create(&key("bob"), &bob)).await;
    let email = ClaimKind::Email;
    assert_eq!(
        search(&*store, email, "ada").await,
        ["ada", "bob"],
        "each user is found once, in whatever case it was typed"
    );
    assert_eq!(search(&*store, email, "ada@").await, ["ada"]);
    assert_eq!(search(&*store, email, "ada@example.org").await, ["ada"], "a whole key is a prefix of itself");
    assert_eq!(search(&*store, email, "countess").await, [""; 0], "a search finds only keys of its kind");
    assert_eq!(search(&*store, ClaimKind::Phone, "+44").await, ["ada"]);
    assert_eq!(search(&*store, ClaimKind::Username, "count").await, ["ada"]);
    let other = Person::of(&stored.user).without(2).email(6, "lovelace@example.com", Status::Unverified);
    let mut other = other.email(7, "ada@example.net", Status::Unverified).updated(at(9));
    other.parts.username = None;
    put(&*store, change(&key("ada"), &stored, &other)).await;
    assert_eq!(search(&*store, email, "ada@example.org").await, [""; 0], "a removed address is not found");
    assert_eq!(search(&*store, ClaimKind::Username, "count").await, [""; 0], "a removed username is not found");
    assert_eq!(search(&*store, email, "love").await, ["ada"], "an added address is found");
    let canonical = Email::parse("ada@example.net").unwrap();
    assert_eq!(search(&*store, email, canonical.as_str()).await, ["ada"]);
    for order in ORDERS {
        let prefix = Some(Prefix { kind: email, text: "ada".to_owned() });
        let query = ListQuery { prefix, ..query(order, None, 1) };
        // Neither the order of the keys nor that of the creation serves for every list.
        let bob_first = matches!(order, ListOrder::NewestCreated | ListOrder::Updated);
        let expected = if bob_first { ["bob", "ada"] } else { ["ada", "bob"] };
        assert_eq!(
            all(&*store, &tenant("acme"), query).await,
            (expected.map(str::to_owned).to_vec(), 2),
            "a search has the order of its list, in pages of one: {order:?}"
        );
    }
}
