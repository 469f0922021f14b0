//! Laws of waiting for events.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use identity::Identity;
use identity::history::{Feed, FeedCursor, FeedError, FeedPage};
use identity::testing::MockStore;
use tokio::time::{Instant, timeout};

use crate::kit::{Host, Mailbox, keys, secs};

async fn names(feed: &mut Feed, limit: usize) -> Vec<String> {
    let page = timeout(secs(600), feed.next(limit)).await.expect("it wakes").unwrap();
    page.events.iter().map(|event| event.recorded.event.change.kind().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_reader_waits_without_polling_until_a_commit_of_its_process() {
    let host = Host::new();
    let mut feed = host.identity.feed(FeedCursor::START);
    let began = Instant::now();
    let reading = tokio::spawn(async move { names(&mut feed, 10).await });
    tokio::task::yield_now().await;
    host.user().await;
    assert_eq!(reading.await.unwrap(), ["created"]);
    assert_eq!(began.elapsed(), secs(0), "it was woken");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_dropped_while_it_waits_has_lost_nothing() {
    let host = Host::new();
    let mut feed = host.identity.feed(FeedCursor::NOW);
    assert!(timeout(secs(5), feed.next(10)).await.is_err(), "there is nothing");
    assert_ne!(feed.cursor(), FeedCursor::NOW, "the present was a moment");
    let ada = host.user().await;
    host.identity.admin("test").disable(&ada).await.unwrap();
    assert_eq!(names(&mut feed, 0).await, ["created"], "a limit of 0 counts as 1");
    let kept = feed.cursor().to_string();
    assert_eq!(names(&mut feed, 1).await, ["disabled"]);
    let mut again = host.identity.feed(kept.parse().unwrap());
    assert_eq!(names(&mut again, 10).await, ["disabled"], "what was not kept comes again");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_tells_of_is_found_within_a_second() {
    let looks = Arc::new(AtomicU64::new(0));
    let mut store = MockStore::new();
    store.expect_changed().returning(|| Box::pin(pending()));
    let noted = Arc::clone(&looks);
    let written = Host::new();
    written.user().await;
    let events = written.identity.feed(FeedCursor::START).next(1).await.unwrap().events;
    store.expect_events_after().returning(move |_, _| {
        let look = noted.fetch_add(1, Ordering::SeqCst);
        let events = if look < 3 { Vec::new() } else { events.clone() };
        Ok(FeedPage { events, next: FeedCursor::at(1, look) })
    });
    let identity = Identity::new(store, Mailbox::default(), keys());
    let began = Instant::now();
    assert_eq!(names(&mut identity.feed(FeedCursor::START), 10).await, ["created"]);
    assert_eq!((began.elapsed(), looks.load(Ordering::SeqCst)), (secs(3), 4));
}

#[test]
fn a_cursor_has_one_text_and_nothing_else_is_one() {
    for cursor in [FeedCursor::START, FeedCursor::NOW, FeedCursor::at(0, 0), FeedCursor::at(u64::MAX, u64::MAX)] {
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let json = serde_json::to_string(&cursor).unwrap();
        assert_eq!(serde_json::from_str::<FeedCursor>(&json).unwrap(), cursor);
    }
    let one = FeedCursor::at(10, 7).to_string();
    for text in
        ["", "-", "end", "Start", "start ", &one[1..], &format!("{one} "), &one.to_uppercase(), &one.replace('7', "07")]
    {
        assert!(text.parse::<FeedCursor>().is_err(), "{text:?}");
        assert!(serde_json::from_value::<FeedCursor>(text.into()).is_err(), "{text:?}");
    }
    assert!(one.replace('7', "18446744073709551616").parse::<FeedCursor>().is_err());
}

#[test]
fn without_tokio_the_feed_says_so() {
    let identity = Identity::new(identity_memory::MemoryStore::new(), Mailbox::default(), keys());
    let mut feed = identity.feed(FeedCursor::START);
    let mut next = std::pin::pin!(feed.next(1));
    let polled = next.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    let std::task::Poll::Ready(Err(FeedError::Store(error))) = polled else { unreachable!("it answers at once") };
    assert!(error.to_string().contains("there is no tokio runtime here"), "{error}");
}
