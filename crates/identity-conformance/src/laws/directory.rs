//! Laws of directories: numbered pages of users.

use identity_ports::{DirectoryOrder, DirectoryPage, DirectoryQuery, Search, SortKey};
use serde_json::json;

use crate::Harness;
use crate::kit::{Person, at, change, create, erase, key, key_in, put, tenant};

fn ids(page: &DirectoryPage) -> Vec<String> {
    page.users.iter().map(|stored| stored.user.id().as_str().to_owned()).collect()
}

/// The orders of a directory, and some that a host may declare: numbers at the top and further inside, with a value for users
/// who have none and without, under names that mean something elsewhere, and where there are other things than numbers.
const ORDERS: [DirectoryOrder; 11] = [
    DirectoryOrder::Created,
    DirectoryOrder::Updated,
    by(&["last"]),
    DirectoryOrder::Reported(SortKey::new(&["last"]).or(1_004)),
    by(&["sign_ins", "failures"]),
    DirectoryOrder::Reported(SortKey::new(&["sign_ins", "failures"]).or(0)),
    by(&["it's \"0\"", "$.a[1]", ""]),
    by(&["odd"]),
    by(&["list", "0"]),
    by(&["sign_ins", "failures", "further"]),
    by(&[]),
];

const fn by(path: &'static [&'static str]) -> DirectoryOrder {
    DirectoryOrder::Reported(SortKey::new(path))
}

/// Person `n` of 12. Every order ranks them differently, some have equal values, and the last three have no sign-in
/// activity.
fn person(n: u64) -> Person {
    let odd = [
        json!("7"),
        json!(7.5),
        json!(7.0),
        json!(true),
        json!(null),
        json!(u64::MAX),
        json!(9_223_372_036_854_775_808_u64),
        json!(i64::MAX),
        json!(i64::MIN),
        json!([7]),
        json!({"x": 7}),
        json!(-7),
    ];
    let odd = &odd[usize::try_from(n).unwrap()];
    let mut extension = json!({"odd": odd, "list": [n]});
    if n < 9 {
        extension["last"] = (1_000 + n * 8 % 9).into();
        extension["sign_ins"] = json!({"failures": n * 2 % 9 / 2});
        extension["it's \"0\""] = json!({"$.a[1]": {"": n * 5 % 9}});
    }
    Person::default().created(at(n / 2)).updated(at(100 - n)).extension(extension)
}

/// Every order works in both directions, the pages join without gaps, and the total counts all pages.
pub async fn a_directory_has_numbered_pages_in_every_order(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut users = Vec::new();
    for n in 0..12 {
        // The order of the keys is none of the orders of a directory, and ids are compared with their case.
        let name = format!("{}ser-{n:02}", if n % 2 == 0 { "u" } else { "U" });
        let mail = format!("found{:02}@example.com", 11 - n);
        let person = person(n).email(n.into(), &mail, identity_core::Status::Unverified);
        users.push(put(&*store, create(&key(&name), &person)).await.user);
    }
    let other = Person::default().email(99, "found@example.com", identity_core::Status::Unverified);
    put(&*store, create(&key_in("other", "stranger"), &other)).await;
    for order in ORDERS {
        for descending in [false, true] {
            let mut expected: Vec<_> =
                users.iter().map(|user| (order.of(user), user.id().as_str().to_owned())).collect();
            expected.sort();
            if descending {
                expected.reverse();
            }
            let expected: Vec<String> = expected.into_iter().map(|(_, id)| id).collect();
            for search in [None, Some(Search::new("Found"))] {
                let mut paged = Vec::new();
                for (skip, limit) in [(0, 5), (5, 5), (10, 5), (15, 5), (3, 0)] {
                    let query = DirectoryQuery { order, descending, skip, limit, search: search.clone() };
                    let page = store.browse(&tenant("acme"), &query).await.unwrap();
                    assert_eq!(page.total, 12, "the total counts the users of all pages, also for a page of {limit}");
                    assert!(page.users.len() <= limit, "a page has at most the requested number of users");
                    paged.extend(ids(&page));
                }
                assert_eq!(
                    paged, expected,
                    "{order:?}, descending: {descending}, {search:?}: users with equal values are ordered by the bytes of their ids"
                );
            }
        }
    }
    let none = DirectoryQuery { skip: u64::MAX, limit: 5, ..DirectoryQuery::default() };
    assert_eq!(
        ids(&store.browse(&tenant("acme"), &none).await.unwrap()),
        [""; 0],
        "a page behind the last one is empty"
    );
}

/// A search finds each user once, by the beginning of any claim key or by the whole id. The text is not interpreted as
/// a pattern, and the result follows every change.
pub async fn a_directory_search_is_literal_and_follows_changes(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = Person::default()
        .email(1, "ada_l@example.com", identity_core::Status::Unverified)
        .email(2, "ada@example.org", identity_core::Status::Unverified)
        .phone(3, "+441514960453", identity_core::Status::Unverified)
        .username(4, "Ada");
    let ada = put(&*store, create(&key("u1"), &ada)).await;
    let bob = Person::default().email(5, "adaxl@example.com", identity_core::Status::Unverified);
    put(&*store, create(&key("u2"), &bob)).await;
    put(&*store, create(&key("u%"), &Person::default())).await;
    let search = async |typed: &str| {
        let query = DirectoryQuery { limit: 10, search: Some(Search::new(typed)), ..DirectoryQuery::default() };
        let page = store.browse(&tenant("acme"), &query).await.unwrap();
        assert_eq!(page.total, u64::try_from(page.users.len()).unwrap(), "a found user is counted once: {typed}");
        ids(&page)
    };
    assert_eq!(search("ADA").await, ["u1", "u2"], "users are found by a prefix without regard to ASCII case");
    assert_eq!(search("ada_").await, ["u1"], "an underscore is an ordinary character");
    assert_eq!(search("ada%").await, [""; 0], "a percent sign is an ordinary character");
    assert_eq!(search("+4415").await, ["u1"], "users are found by a phone number");
    assert_eq!(search("u%").await, ["u%"], "users are found by their id");
    assert_eq!(search("u").await, [""; 0], "users are found only by the whole id");
    assert_eq!(search("U1").await, [""; 0], "ids are compared with their case");
    assert_eq!(search("example").await, [""; 0], "users are found only by the beginning of a key");

    let moved = Person::of(&ada.user).without(1).without(2);
    let ada = put(&*store, change(&key("u1"), &ada, &moved)).await;
    assert_eq!(search("ada_").await, [""; 0], "a removed address is not found");
    assert_eq!(search("ada").await, ["u1", "u2"], "the remaining keys are found");
    store.commit(erase(&key("u1"), &ada).0).await.unwrap();
    assert_eq!(search("ada").await, ["u2"], "an erased user is not found");
    assert_eq!(search("u1").await, [""; 0], "an erased user is not found by its id");
}
