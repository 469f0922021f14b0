//! What is sent, and what is kept of it.

use std::collections::BTreeMap;

use identity::history::FeedCursor;
use identity_webhooks::{Ended, Webhooks};
use serde_json::json;

use crate::kit::{Book, Receiver, SECRET, end, identity, until, user};

#[tokio::test(start_paused = true)]
async fn every_event_is_sent_signed_and_those_of_a_user_in_their_order() {
    let (receiver, book, identity) = (Receiver::new(|_, _| 204), Book::default(), identity());
    for name in ["ada", "bob", "cleo"] {
        user(&identity, name, 7).await;
    }
    let webhooks = Webhooks::new(identity.clone(), receiver.endpoint(), book.clone());
    until(&webhooks, || book.kept().cursor.is_some()).await;

    let verifier = standardwebhooks::Webhook::new(SECRET).unwrap();
    let mut users: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for got in receiver.got() {
        verifier.verify(&got.body, &got.headers).expect("the signature is that of the specification");
        assert_eq!((got.path.as_str(), &got.headers["content-type"]), ("/hooks", &"application/json".parse().unwrap()));
        let (user, number) = got.event();
        users.entry(user).or_default().push(number);
    }
    let whole: Vec<u64> = (1..=7).collect();
    assert_eq!(users, ["ada", "bob", "cleo"].map(|name| (name.to_owned(), whole.clone())).into());

    // What comes later is sent as it comes.
    user(&identity, "dan", 3).await;
    until(&webhooks, || receiver.got().len() == 24).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_names_the_event_and_has_no_address_in_it() {
    let (receiver, book, identity) = (Receiver::new(|_, _| 200), Book::default(), identity());
    user(&identity, "ada", 3).await;
    until(&Webhooks::new(identity.clone(), receiver.endpoint(), book.clone()), || book.kept().cursor.is_some()).await;
    let got = receiver.got();
    let kinds: Vec<_> = got.iter().map(|got| got.json()["type"].clone()).collect();
    assert_eq!(kinds[0], "created");
    let history = identity.admin("host").history(&"ada".parse().unwrap(), 0, 10).await.unwrap();
    for (got, recorded) in got.iter().zip(&history) {
        let json = got.json();
        assert_eq!(json["type"], recorded.event.change.kind());
        assert_eq!(json["timestamp"], recorded.event.at.to_string());
        assert_eq!(json["data"]["tenant"], "default");
        let identifier = recorded.event.change.identifier().map(|id| id.to_string());
        assert_eq!(json["data"]["identifier"].as_str(), identifier.as_deref());
        assert!(!String::from_utf8_lossy(&got.body).contains('@'));
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_says_what_is_sent_and_what_is_left_out() {
    let (receiver, book, identity) = (Receiver::new(|_, _| 200), Book::default(), identity());
    user(&identity, "ada", 5).await;
    let webhooks = Webhooks::new(identity, receiver.endpoint(), book.clone())
        .with_data(|event| (event.recorded.number == 1).then(|| json!({ "who": event.key.user.as_str() })));
    until(&webhooks, || book.kept().cursor.is_some()).await;
    let got = receiver.got();
    assert_eq!((got.len(), got[0].json()["data"].clone()), (1, json!({ "who": "ada" })));
}

#[tokio::test(start_paused = true)]
async fn who_begins_again_goes_on_where_it_stopped_and_repeats_under_the_same_ids() {
    let (receiver, book, identity) = (Receiver::new(|_, _| 200), Book::default(), identity());
    user(&identity, "ada", 3).await;
    let webhooks = || Webhooks::new(identity.clone(), receiver.endpoint(), book.clone());
    until(&webhooks(), || book.kept().cursor.is_some()).await;
    user(&identity, "bob", 3).await;
    until(&webhooks(), || receiver.got().len() == 6).await;
    let first = receiver.got();

    // The position was not kept.
    book.kept().cursor = None;
    until(&webhooks(), || receiver.got().len() == 12).await;
    let all = receiver.got();
    let ids =
        |got: &[crate::kit::Got]| got.iter().map(|got| (got.event(), got.id().to_owned())).collect::<BTreeMap<_, _>>();
    assert_eq!(ids(&first), ids(&all[6..]));
    let mut distinct: Vec<String> = ids(&first).into_values().collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 6, "each event has an id of its own");
}

#[tokio::test(start_paused = true)]
async fn while_the_hosts_ledger_is_away_nothing_is_lost() {
    let (receiver, book, identity) = (Receiver::new(|_, _| 400), Book::default(), identity());
    user(&identity, "ada", 3).await;
    book.kept().failures = 3;
    book.kept().failures_to_keep = 2;
    let webhooks = Webhooks::new(identity, receiver.endpoint(), book.clone());
    until(&webhooks, || {
        let mut kept = book.kept();
        if kept.dead.len() == 1 && receiver.got().len() == 4 {
            kept.failures = 2;
        }
        kept.cursor.is_some()
    })
    .await;
    assert_eq!(book.kept().dead.iter().map(|dead| dead.number).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_position_of_another_store_ends_the_sending() {
    let (receiver, book, identity) = (Receiver::new(|_, _| 200), Book::default(), identity());
    book.kept().cursor = Some(FeedCursor::at(1, 1));
    let ended = end(&Webhooks::new(identity, receiver.endpoint(), book)).await;
    assert!(matches!(ended, Ended::Feed(_)), "{ended}");
    assert!(receiver.got().is_empty());
}

#[tokio::test(start_paused = true)]
async fn while_a_secret_is_changed_both_sign() {
    let (receiver, book, identity) = (Receiver::new(|_, _| 200), Book::default(), identity());
    user(&identity, "ada", 1).await;
    let next = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let endpoint = receiver.endpoint().with_further_secret(next).unwrap();
    until(&Webhooks::new(identity, endpoint, book.clone()), || book.kept().cursor.is_some()).await;
    for secret in [SECRET, next] {
        let verifier = standardwebhooks::Webhook::new(secret).unwrap();
        verifier.verify(&receiver.got()[0].body, &receiver.got()[0].headers).unwrap();
    }
}
