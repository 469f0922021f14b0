//! What is kept as text: records, events, messages.

use std::cell::Cell;
use std::fmt::Debug;

use identity::delivery::{Message, Posted, Report};
use identity::history::{Actor, Event, FeedCursor};
use identity::import::{Imported, UserRecord};
use identity::store::{UserKey, UserRepository as _};
use identity::{Profile, Timestamp, User, UserId, stored};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kit::{Known, known, over_texts};

fn same_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(text: &str) {
    let Ok(value) = serde_json::from_str::<T>(text) else { return };
    let written = serde_json::to_string(&value).expect("what was read is written");
    assert_eq!(serde_json::from_str::<T>(&written).expect("what was written is read"), value, "{text:?}");
}

fn json<T: Serialize>(all: &[T]) -> impl Iterator<Item = String> {
    all.iter().map(|one| serde_json::to_string(one).expect("what is known is written"))
}

const RECORD: &str = r#"{"id":"eve","created_at":1,"updated_at":2,"username":{"name":"Eve"},"emails":[{"address":"eve@example.com","primary":true,"verified":{"at":1,"source":"x"}}],"phones":[{"address":"+441514960454","added_at":5}],"profile":{"claims":{"a":1}}}"#;

#[test]
fn records_events_and_messages_are_read_again_as_the_same() {
    let known = known();
    let (posted, events) = (known.posted(), known.history());
    let messages: Vec<Message> = posted.iter().map(|posted| posted.message.clone()).collect();
    let report = r#"{"state":"bounced","at":5,"detail":"550"}"#;
    let valid = json(&posted).chain(json(&messages)).chain(json(&events));
    let valid: Vec<String> = valid.chain([RECORD.to_owned(), report.to_owned()]).collect();
    over_texts!(valid, |text: &str| {
        same_json::<Posted>(text);
        same_json::<Message>(text);
        same_json::<Event>(text);
        same_json::<UserRecord>(text);
        same_json::<Report>(text);
        same_json::<Profile>(text);
        same_json::<Actor>(text);
        same_json::<FeedCursor>(text);
        same_json::<Timestamp>(text);
    });
}

#[test]
fn what_an_import_takes_is_stored_and_read_again_as_the_same() {
    let Known { identity, store, key, runtime, .. } = known();
    let (admin, count) = (identity.admin("staff"), Cell::new(0));
    over_texts!([RECORD], |text: &str| {
        let Ok(mut record) = serde_json::from_str::<UserRecord>(text) else { return };
        // The id of a user who was erased is not used again.
        let number = count.replace(count.get() + 1);
        record.id = UserId::parse(&format!("eve{number}")).expect("an id");
        let (key, again) = (UserKey { user: record.id.clone(), ..key.clone() }, record.clone());
        let [told] = &*runtime.block_on(admin.import(vec![record])).expect("nothing fails") else {
            panic!("one record, one answer");
        };
        if !matches!(told, Imported::New) {
            return;
        }
        let found = runtime.block_on(store.load(&key)).expect("the store reads").expect("it was imported");
        let (main, details) =
            (stored::record(&key.tenant, &found.user, found.version), stored::details(&key.tenant, &found.user));
        assert_eq!(stored::read(&key, found.version, &main, details.as_deref()).as_ref(), Ok(&*found.user), "{text}");
        let told = runtime.block_on(admin.import(vec![again])).expect("nothing fails");
        assert!(matches!(*told, [Imported::AlreadyThere]), "{text}: {told:?}");
        runtime.block_on(admin.erase(&key.user)).expect("nothing fails");
    });
}

#[test]
fn stored_forms_are_read_again_as_the_same() {
    let known = known();
    let (key, events) = (known.key.clone(), known.history());
    let found = known.runtime.block_on(known.store.load(&key)).expect("the store reads").expect("the user is there");
    let version = found.version;
    let main = stored::record(&key.tenant, &found.user, version);
    let details = stored::details(&key.tenant, &found.user).expect("a profile");
    let valid = [main.clone(), details.clone(), stored::events(&key.user, &events)];
    over_texts!(valid, |text: &str| {
        let again = |user: &User| {
            let (main, details) = (stored::record(&key.tenant, user, version), stored::details(&key.tenant, user));
            let read = stored::read(&key, version, &main, details.as_deref());
            assert_eq!(read.as_ref(), Ok(user), "{text}");
        };
        // Without the checksum, which stands at the end, and with a right one.
        let end = text.char_indices().rev().nth(15).map_or(0, |(at, _)| at);
        for text in [text.to_owned(), format!("{}}}", &text[..end])] {
            let sealed = |version| identity_core::stored::with_checksum(text.clone(), &key, version);
            let as_main = stored::read(&key, version, &sealed(Some(version)), Some(&details));
            let alone = stored::read(&key, version, &sealed(Some(version)), None);
            let as_details = stored::read(&key, version, &main, Some(&sealed(None)));
            let bare = stored::read(&key, version, &text, Some(&details));
            [as_main, alone, as_details, bare].iter().flatten().for_each(again);
        }
        if let Ok(events) = stored::read_events(&key.user, text) {
            let written = stored::events(&key.user, &events);
            assert_eq!(stored::read_events(&key.user, &written).as_ref(), Ok(&events), "{text}");
            User::from_events(&events).iter().for_each(again);
        }
    });
}
