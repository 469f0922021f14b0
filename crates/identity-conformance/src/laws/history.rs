//! Laws of histories: the events of a user.

use identity_core::Change;
use identity_ports::UserRepository;

use crate::Harness;
use crate::kit::{Person, at, change, create, id, key, put};

/// A history is read in order and in pages, as it was written.
pub async fn a_history_is_read_in_pages(harness: &impl Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let mut written = Vec::new();
    let draft = create(&ada, &Person::default())
        .events(at(0), vec![Change::Created { user: ada.user.clone() }, Change::Disabled]);
    written.extend(draft.0.events.clone());
    let mut stored = put(&*store, draft).await;
    for secs in 1..=10 {
        let changes = vec![Change::AnswerRejected { id: id(7) }, Change::Enabled, Change::Disabled];
        let draft = change(&ada, &stored, &Person::default()).events(at(secs), changes);
        written.extend(draft.0.events.clone());
        stored = put(&*store, draft).await;
    }
    put(&*store, create(&key("bob"), &Person::default())).await;
    assert_eq!(store.history(&ada, 0, 1_000).await.unwrap(), written, "the whole history is in order");
    for limit in [1, 5, 32, 33] {
        let (mut read, mut after) = (Vec::new(), 0);
        loop {
            let page = store.history(&ada, after, limit).await.unwrap();
            assert!(page.len() <= limit, "a page has at most the requested number of events");
            let Some(last) = page.last() else { break };
            assert!(page[0].number > after, "a page has only numbers above the given one");
            after = last.number;
            read.extend(page);
        }
        assert_eq!(read, written, "pages of {limit} add up to the whole history");
    }
    assert_eq!(
        store.history(&ada, 31, 10).await.unwrap(),
        written[31..],
        "a page has only numbers above the given one"
    );
    for after in [32, 33, u64::from(u32::MAX), i64::MAX as u64] {
        assert_eq!(store.history(&ada, after, 10).await.unwrap(), [], "there is no event above {after}");
    }
    assert_eq!(store.history(&ada, 0, 0).await.unwrap(), [], "a page of 0 events is empty");
}
