//! The list of users: pages, order, filter.

use std::sync::Arc;

use identity::import::UserRecord;
use identity::{CodeKeys, Identity, Timestamp};
use identity_sqlite::SqliteStore;
use monocloud_api::wire::SignIns;
use serde_json::{Value, json};

use crate::kit::{KEY, Nowhere, Server};

/// User `n` of 25: each sort key orders them another way, and the last five know nothing of sign-in.
fn user(n: i64) -> UserRecord {
    let time = |n: i64| Timestamp::from_secs(1_700_000_000 + n);
    let nth = |step: i64| n * step % 20;
    let known = |step: i64| (n < 20).then(|| time(nth(step)));
    let count = |step: i64| if n < 20 { nth(step).unsigned_abs() } else { 0 };
    let sign_ins = SignIns {
        failure_count: count(3),
        attempts_count: count(7),
        success_count: count(9),
        block_until: known(11),
        last_attempt: known(13),
        last_success: known(17),
        last_activity: known(19),
        ..SignIns::default()
    };
    let record = json!({
        "id": format!("user-{n:02}"), "created_at": time(n).as_micros(), "updated_at": time(100 - n).as_micros(),
        "username": {"username": format!("name{n:02}")},
        "emails": [{"address": format!("Mail{n:02}@example.com")}],
        "phones": [{"address": format!("+4415149604{n:02}")}],
        "extension": {"sign_ins": sign_ins},
    });
    serde_json::from_value(record).unwrap()
}

async fn server() -> Server {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    {
        let store = SqliteStore::open(folder.path().join("identity.db")).await.unwrap();
        let identity = Identity::new(store, Nowhere, CodeKeys::parse(KEY).unwrap());
        let answers = identity.admin("seed").import((0..25).map(user).collect()).await.unwrap();
        assert!(answers.iter().all(|answer| *answer == identity::import::Imported::New), "{answers:?}");
    }
    Server::on(folder, &[])
}

fn ids(page: &Value) -> Vec<String> {
    page.as_array().unwrap().iter().map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_are_right_on_every_page() {
    let server = server().await;
    let all: Vec<String> = (0..25).map(|n| format!("user-{n:02}")).collect();
    for (page, size) in [(1, 10), (2, 10), (3, 10), (4, 10), (1, 25), (2, 12), (1, 1000), (25, 1), (26, 1)] {
        let answer = server.get(&format!("/api/users?page={page}&size={size}")).await;
        let expected: Vec<String> = all.iter().skip((page - 1) * size).take(size).cloned().collect();
        assert_eq!(ids(&answer.of(200)), expected, "page {page} of {size}");
        let pagination: Value = serde_json::from_str(answer.header("x-pagination")).unwrap();
        let expected = json!({
            "page_size": size, "current_page": page, "total_count": 25,
            "has_previous": page > 1, "has_next": page * size < 25,
        });
        assert_eq!(pagination, expected);
    }
    let default: Value = serde_json::from_str(server.get("/api/users").await.header("x-pagination")).unwrap();
    assert_eq!((&default["page_size"], &default["current_page"]), (&json!(10), &json!(1)));
}

#[tokio::test]
async fn every_sort_key_sorts_both_ways() {
    let server = server().await;
    let all = server.get("/api/users?size=1000").await.of(200);
    for key in [
        "creation_time",
        "last_updated",
        "last_activity",
        "failure_count",
        "sign_in_attempts_count",
        "last_sign_in_attempt",
        "sign_in_success_count",
        "last_sign_in_success",
        "block_until",
    ] {
        let mut expected: Vec<(Option<i64>, String)> = all
            .as_array()
            .unwrap()
            .iter()
            .map(|user| (user[key].as_i64(), user["user_id"].as_str().unwrap().to_owned()))
            .collect();
        expected.sort();
        let expected: Vec<String> = expected.into_iter().map(|(_, id)| id).collect();
        let up = ids(&server.get(&format!("/api/users?size=1000&sort={key}:1")).await.of(200));
        assert_eq!(up, expected, "{key}");
        let mut paged = Vec::new();
        for page in 1..=4 {
            paged.extend(ids(&server.get(&format!("/api/users?page={page}&size=7&sort={key}:-1")).await.of(200)));
        }
        assert_eq!(paged, expected.into_iter().rev().collect::<Vec<_>>(), "{key}");
    }
}

#[tokio::test]
async fn a_filter_finds_by_the_beginning_of_a_name_or_address_or_by_id() {
    let server = server().await;
    for (filter, expected) in [
        ("name0", 10),
        ("NAME1", 10),
        ("mail24@", 1),
        ("mail2", 5),
        ("%2B4415149604", 25),
        ("%2B441514960413", 1),
        ("user-07", 1),
        ("user-0", 0),
        ("example.com", 0),
        ("%25", 0),
        ("bounce%2Bada=example", 0),
        ("++name00++", 1),
        ("_", 0),
        ("", 25),
    ] {
        let answer = server.get(&format!("/api/users?size=5&filter={filter}&sort=creation_time:-1")).await;
        let pagination: Value = serde_json::from_str(answer.header("x-pagination")).unwrap();
        assert_eq!(pagination["total_count"], expected, "{filter}");
        assert_eq!(ids(&answer.of(200)).len(), usize::min(expected, 5), "{filter}");
    }
}

#[tokio::test]
async fn pages_stay_while_users_arrive() {
    let server = server().await;
    let mut seen = Vec::new();
    for page in 1..=5 {
        seen.extend(ids(&server.get(&format!("/api/users?page={page}&size=5")).await.of(200)));
        server.user(json!({})).await;
    }
    let all: Vec<String> = (0..25).map(|n| format!("user-{n:02}")).collect();
    assert_eq!(seen, all, "who was there is seen once, in order");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let server = Server::start();
    for (query, field) in [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=99999999999999999999", "page"),
        ("size=0", "size"),
        ("size=1001", "size"),
        ("sort=creation_time", "sort"),
        ("sort=creation_time:2", "sort"),
        ("sort=password:1", "sort"),
        ("filter=email:mail01@example.com", "filter"),
        ("filter=email%3D%22mail01@example.com%22", "filter"),
        ("filter=email=mail01@example.com", "filter"),
        ("filter=email!=mail01@example.com", "filter"),
        ("filter=email+eq+mail01@example.com", "filter"),
        ("filter=mail01+OR+mail02", "filter"),
        ("filter=(mail01)", "filter"),
        ("filter=mail*", "filter"),
        ("filter=creation_time%3E1", "filter"),
        ("email=mail01@example.com", "email"),
        ("search=mail01", "search"),
        ("page=1&page=2", "page"),
    ] {
        assert_eq!(server.get(&format!("/api/users?{query}")).await.field(), field, "{query}");
    }
    let far = server.get("/api/users?page=2147483647&size=1000").await;
    assert_eq!(far.of(200), json!([]));
}
