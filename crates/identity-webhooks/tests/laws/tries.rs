//! An endpoint that is away, refuses, hangs, redirects or wants no more.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity_webhooks::{Ended, Endpoint, Webhooks};
use tokio::time::Instant;

use crate::kit::{Book, Receiver, SECRET, SILENCE, end, identity, until, user};

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_was_away_gets_every_event_once_it_is_back_in_the_order_of_each_user() {
    let (receiver, book, identity) =
        (Receiver::new(|place, _| if place < 4 { 503 } else { 200 }), Book::default(), identity());
    user(&identity, "ada", 3).await;
    let began = Instant::now();
    until(&Webhooks::new(identity, receiver.endpoint(), book.clone()), || book.kept().cursor.is_some()).await;
    let numbers: Vec<u64> = receiver.got().iter().map(|got| got.event().1).collect();
    assert_eq!(numbers, [1, 1, 1, 1, 1, 2, 3]);
    let waited = began.elapsed();
    let pauses = Duration::from_secs(5 + 30 + 120 + 600);
    assert!((pauses..pauses + Duration::from_secs(5)).contains(&waited), "{waited:?}");
    assert!(book.kept().dead.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_says_how_long_to_wait_up_to_a_day() {
    for (asked, waits) in [("100", 100), ("1", 5), ("99999999", 86_400), ("soon", 5)] {
        let receiver = Receiver::with_header(move |place, _| match place {
            0 => (429, Some(("retry-after", asked.to_owned()))),
            _ => (200, None),
        });
        let (book, identity) = (Book::default(), identity());
        user(&identity, "ada", 1).await;
        let began = Instant::now();
        until(&Webhooks::new(identity, receiver.endpoint(), book.clone()), || book.kept().cursor.is_some()).await;
        assert!((waits..=waits + waits / 100).contains(&began.elapsed().as_secs()), "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_refused_is_kept_as_dead_after_three_tries_and_the_next_ones_follow() {
    let receiver = Receiver::new(|_, got| if got.event().1 == 2 { 422 } else { 200 });
    let (book, identity) = (Book::default(), identity());
    user(&identity, "ada", 3).await;
    until(&Webhooks::new(identity, receiver.endpoint(), book.clone()), || book.kept().cursor.is_some()).await;
    let numbers: Vec<u64> = receiver.got().iter().map(|got| got.event().1).collect();
    assert_eq!(numbers, [1, 2, 2, 2, 3]);
    let dead = book.kept().dead.clone();
    assert_eq!((dead.len(), dead[0].number, dead[0].user.as_str()), (1, 2, "ada"));
    assert_eq!(dead[0].reason, "the endpoint answered 422");
    assert_eq!(dead[0].id.to_string(), receiver.got()[1].id());
}

#[tokio::test(start_paused = true)]
async fn an_event_is_tried_ten_times_while_the_endpoint_is_away() {
    let (receiver, book, identity) = (Receiver::new(|_, _| 500), Book::default(), identity());
    user(&identity, "ada", 1).await;
    let began = Instant::now();
    until(&Webhooks::new(identity, receiver.endpoint(), book.clone()), || book.kept().cursor.is_some()).await;
    assert_eq!((receiver.got().len(), book.kept().dead.len()), (10, 1));
    assert_eq!(began.elapsed().as_secs() / 3_600, 15);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_taken_delays_no_other_user() {
    let seen = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&seen);
    let receiver = Receiver::new(move |_, got| {
        if got.event().0 == "ada" {
            return 503;
        }
        *counted.lock().unwrap() += 1;
        200
    });
    let identity = identity();
    user(&identity, "ada", 1).await;
    user(&identity, "bob", 3).await;
    let began = Instant::now();
    until(&Webhooks::new(identity, receiver.endpoint(), Book::default()), || *seen.lock().unwrap() == 3).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_wants_no_more_ends_the_sending_and_nothing_is_passed_over() {
    let (receiver, book, identity) =
        (Receiver::new(|place, _| if place == 1 { 410 } else { 200 }), Book::default(), identity());
    user(&identity, "ada", 3).await;
    let webhooks = Webhooks::new(identity, receiver.endpoint(), book.clone());
    assert!(matches!(end(&webhooks).await, Ended::Gone));
    assert_eq!((receiver.got().len(), book.kept().cursor), (2, None));
    until(&webhooks, || book.kept().cursor.is_some()).await;
    let numbers: Vec<u64> = receiver.got().iter().map(|got| got.event().1).collect();
    assert_eq!(numbers, [1, 2, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed() {
    let receiver = Receiver::with_header(|_, _| (307, Some(("location", "/elsewhere".to_owned()))));
    let (book, identity) = (Book::default(), identity());
    user(&identity, "ada", 1).await;
    until(&Webhooks::new(identity, receiver.endpoint(), book.clone()), || book.kept().cursor.is_some()).await;
    assert!(receiver.got().iter().all(|got| got.path == "/hooks"));
    assert_eq!((receiver.got().len(), book.kept().dead[0].reason.as_str()), (3, "the endpoint answered 307"));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_hangs_is_given_up_and_tried_again() {
    let (receiver, book, identity) =
        (Receiver::new(|place, _| if place == 0 { SILENCE } else { 200 }), Book::default(), identity());
    user(&identity, "ada", 1).await;
    let endpoint = receiver.endpoint().with_timeout(Duration::from_millis(300));
    until(&Webhooks::new(identity, endpoint, book.clone()), || book.kept().cursor.is_some()).await;
    assert_eq!((receiver.got().len(), book.kept().dead.len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_resolves_to_this_machine_is_not_connected_to() {
    let (receiver, book, identity) = (Receiver::new(|_, _| 200), Book::default(), identity());
    user(&identity, "ada", 1).await;
    let endpoint = Endpoint::new(&format!("https://localhost:{}/hooks", receiver.port()), SECRET).unwrap();
    until(&Webhooks::new(identity, endpoint, book.clone()), || book.kept().cursor.is_some()).await;
    assert_eq!(book.kept().dead[0].reason, "its name does not resolve to a public address");
    assert!(receiver.got().is_empty());
}
