//! Laws of histories, and of everything else of which there may be much.

use identity_core::{Change, MessageId};
use identity_ports::{DirectoryQuery, ListOrder, ListQuery};

use super::races::race;
use crate::Harness;
use crate::kit::{Person, at, change, create, erase, id, key, letter, message_id, paid, put, queued, tenant};

/// A history is read in order and in pages, as it was written.
pub async fn a_history_is_read_in_pages(harness: &dyn Harness) {
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

/// Of events, messages and users there may be any number: none is left out because there are many, and an erasure strips every
/// event and removes every message.
pub async fn nothing_is_left_out_because_there_is_much(harness: &dyn Harness) {
    const MANY: u64 = 1_040;
    const CONTRACT: &str = "a store has no limit of its own: the caller's counts";
    let many = usize::try_from(MANY).unwrap();
    let store = harness.open().await;
    let (ada, acme) = (key("ada"), tenant("acme"));
    let draft = (1..=u128::from(MANY)).fold(create(&ada, &Person::default()), |draft, number| {
        draft.message(paid(letter(number, &ada, at(0)), vec![]))
    });
    let draft = draft.events(at(0), vec![Change::AnswerRejected { id: id(7) }; many]);
    let mut events = draft.0.events.clone();
    let stored = put(&*store, draft).await;
    let ids: Vec<MessageId> = (1..=u128::from(MANY)).map(message_id).collect();
    let posted = store.posted(&ada, None, 2_000).await.unwrap();
    let read: Vec<MessageId> = posted.iter().map(|posted| posted.message.id).collect();
    assert!(read == ids, "{CONTRACT}: {} of {MANY} messages are listed", read.len());
    let read = store.history(&ada, 0, 2_000).await.unwrap();
    assert!(read == events, "{CONTRACT}: {} of {MANY} events are read", read.len());
    let draft = erase(&ada, &stored);
    events.extend(draft.0.events.clone());
    store.commit(draft.0).await.expect("a commit without an obstacle is written");
    let read = store.history(&ada, 0, 2_000).await.unwrap();
    let left =
        events.iter().zip(&read).filter(|(written, read)| written.event.clone().stripped() != read.event).count();
    assert_eq!((read.len(), left), (events.len(), 0), "an erasure strips every event, however many there are");
    assert_eq!(store.posted(&ada, None, 2_000).await.unwrap(), [], "an erasure removes every message");
    assert_eq!(queued(&*store).await, [], "an erasure removes every message");

    race(harness, 16, |store, task| async move {
        for number in (0..u128::from(MANY)).filter(|number| number % 16 == task) {
            put(&*store, create(&key(&format!("user {number:04}")), &Person::default())).await;
        }
    })
    .await;
    let query = DirectoryQuery { limit: 2_000, ..DirectoryQuery::default() };
    let page = store.browse(&acme, &query).await.unwrap();
    assert_eq!((page.users.len(), page.total), (many, MANY), "{CONTRACT}: of users on a page, and of all");
    let query = ListQuery { order: ListOrder::Created, after: None, limit: 2_000, prefix: None };
    let page = store.list(&acme, &query).await.unwrap();
    assert_eq!((page.users.len(), page.next), (many, None), "{CONTRACT}: of users on a page");
}
