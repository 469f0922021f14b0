//! A database of the first version becomes one of records, and loses nothing.

use std::sync::Arc;
use std::time::Duration;

use identity_conformance::kit::{
    NOW, Person, at, change, create, erase, every_change, id, key, letter, mail_key, paid, pending, put, raw_key,
    refusing, tenant, verified,
};
use identity_core::{
    Actor, Challenge, ClaimKind, Identifier, JsonObject, Profile, Status, Strength, Undeliverable, UndeliverableReason,
    User, UserKey, Verified, stored,
};
use identity_ports::{
    Directory as _, DirectoryOrder, DirectoryQuery, ListOrder, ListQuery, Outbox as _, Prefix, SortKey, StoreError,
    Stored, UserRepository as _,
};
use identity_postgres::PostgresStore;
use identity_postgres::tokio_postgres::Client;
use serde_json::{Map, Value, json};

use crate::common::Place;

const FIRST: &str = include_str!("../../migrations/0001_tables.sql");
const CHECKSUM: &str = "select encode(sha256(convert_to($1, 'UTF8')), 'hex')";

/// Tables of the first version, as its program left them.
async fn first(place: &Place) -> Client {
    let client = place.raw().await;
    let schema = &place.schema;
    client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"")).await.unwrap();
    client.batch_execute(&FIRST.replace("{s}", "")).await.unwrap();
    let meta = "CREATE TABLE identity_meta (value BIGINT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL)";
    client.batch_execute(meta).await.unwrap();
    let checksum: String = client.query_one(CHECKSUM, &[&FIRST]).await.unwrap().get(0);
    client.execute("INSERT INTO identity_meta VALUES (1, $1)", &[&checksum]).await.unwrap();
    client
}

async fn insert(client: &Client, table: &str, row: Value) {
    let sql = format!("INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, $1::text::json)");
    client.execute(&sql, &[&row.to_string()]).await.unwrap();
}

fn text(value: &impl serde::Serialize) -> Value {
    serde_json::to_string(value).unwrap().into()
}

/// What was a column of its own then, and is a member of the extension.
fn reported(user: &User, name: &str) -> Option<Value> {
    user.extension().as_map().get(name).map(text)
}

/// Writes a user as the first version did.
async fn write(client: &Client, key: &UserKey, stored: &Stored) {
    let (tenant, user) = (key.tenant.as_str(), &stored.user);
    let primary = |entry: Option<&Identifier>| entry.map(|entry| entry.id.as_uuid().to_string());
    let row = json!({
        "tenant": tenant, "id": key.user.as_str(), "version": stored.version.0,
        "created_at": user.created_at().as_micros(), "updated_at": user.updated_at().as_micros(),
        "disabled": user.is_disabled(), "primary_email": primary(user.primary_email()),
        "primary_phone": primary(user.primary_phone()),
        "retired": if user.retired().is_empty() { Value::Null } else { text(&user.retired()) },
    });
    insert(client, "identity_users", row).await;
    let profile = user.profile();
    let row = json!({
        "tenant": tenant, "user_id": key.user.as_str(), "claims": text(&*profile.claims),
        "public_data": text(&*profile.public_data), "private_data": text(&*profile.private_data),
        "credentials": reported(user, "credentials"), "sign_ins": reported(user, "sign_ins"),
    });
    insert(client, "identity_profiles", row).await;
    for book in [user.emails(), user.phones()] {
        for (position, entry) in book.entries().iter().enumerate() {
            insert(client, "identity_identifiers", identifier(key, user, position, entry)).await;
        }
    }
    if let Some(entry) = user.username() {
        let key_of = entry.username.claim_key();
        let row = json!({
            "tenant": tenant, "user_id": key.user.as_str(), "kind": "username", "id": entry.id.as_uuid(), "position": 0,
            "address": entry.username.as_str(), "typed": entry.username.typed(), "claim_key": key_of.as_str(),
            "claim_rule": key_of.rule(), "status": "verified", "verified": true, "source": entry.source.as_deref(),
            "unrestricted": false, "added_at": entry.added_at.as_micros(), "failed_in_a_row": 0,
            "sign_in": reported(user, &entry.id.to_string()),
        });
        insert(client, "identity_identifiers", row).await;
    }
}

fn identifier(key: &UserKey, user: &User, position: usize, entry: &Identifier) -> Value {
    let claim_key = entry.address.claim_key();
    let mut row = json!({
        "tenant": key.tenant.as_str(), "user_id": key.user.as_str(), "kind": claim_key.kind().as_str(),
        "id": entry.id.as_uuid(), "position": position, "address": entry.address.as_str(),
        "typed": entry.address.typed(), "claim_key": claim_key.as_str(), "claim_rule": claim_key.rule(),
        "status": "as it says below", "verified": entry.is_verified(), "source": entry.source.as_deref(),
        "unrestricted": entry.unrestricted, "added_at": entry.added_at.as_micros(),
        "replaces": entry.replaces.map(|id| id.as_uuid()), "sign_in": reported(user, &entry.id.to_string()),
        "undeliverable": entry.undeliverable.as_ref().map(text), "failed_in_a_row": entry.attempts.failed_in_a_row,
        "failed_at": text(&entry.attempts.failed_at), "sent_at": text(&entry.attempts.sent_at),
    });
    let mut more = Map::new();
    if let Some(Verified { at, by, source }) = entry.verified() {
        more = json_map(json!({
            "verified_at": at.as_micros(), "verified_by": by.as_str(), "verified_source": source.as_deref(),
        }));
    } else if let Some(open) = entry.challenge() {
        let Challenge { nonce, key, purpose, proof, format, issued_at, expires_at, tries, failed, hint } = open;
        let nonce: String = nonce.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        more = json_map(json!({
            "challenge_nonce": format!("\\x{nonce}"), "challenge_key": key.as_str(),
            "challenge_purpose": purpose.as_str(), "challenge_proof": proof.as_str(),
            "challenge_length": format.length(), "challenge_alphabet": "digits",
            "challenge_issued_at": issued_at.as_micros(), "challenge_expires_at": expires_at.as_micros(),
            "challenge_tries": tries, "challenge_failed": failed, "challenge_hint": hint.as_deref(),
        }));
    }
    row.as_object_mut().unwrap().extend(more);
    row
}

fn json_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

/// Copies what a store holds into tables of the first version.
async fn as_first(store: &PostgresStore, from: &Place, to: &Place, keys: &[UserKey]) {
    let client = first(to).await;
    for key in keys {
        if let Some(stored) = store.load(key).await.unwrap() {
            write(&client, key, &stored).await;
        }
        for recorded in store.history(key, 0, 1_000).await.unwrap() {
            let actor = match &recorded.event.actor {
                Actor::Holder => None,
                Actor::Administrator(name) => Some(&**name),
            };
            let row = json!({
                "tenant": key.tenant.as_str(), "user_id": key.user.as_str(), "number": recorded.number, "format": 1,
                "at": recorded.event.at.as_micros(), "actor": actor, "type": recorded.event.change.kind(),
                "change": text(&recorded.event.change),
                "commit_id": (recorded.number != 2).then_some("01890000-0000-7000-8000-000000000000"),
            });
            insert(&client, "identity_events", row).await;
        }
    }
    let from = &from.schema;
    let copies = format!(
        "INSERT INTO identity_claims SELECT tenant, kind, key, rule, user_id, strength FROM \"{from}\".identity_claims; \
         INSERT INTO identity_quotas SELECT * FROM \"{from}\".identity_budgets; \
         INSERT INTO identity_outbox SELECT * FROM \"{from}\".identity_outbox"
    );
    client.batch_execute(&copies).await.unwrap();
}

/// A user who has everything.
fn everything() -> Person {
    let person = Person::default().email(1, "Ada@EXAMPLE.com", verified()).email(2, "two@example.com", pending());
    let person = person.email(3, "three@example.com", Status::Unverified).phone(4, "+441514960453", pending());
    let mut person = person.username(5, "Countess").primary(1).updated(at(77)).extension(json!({
        "credentials": {"has_password": true}, "sign_ins": {"attempts_count": 3}, id(3).to_string(): {"idps": ["x"]},
        id(5).to_string(): {"idps": []},
    }));
    let object = |value: Value| Arc::new(JsonObject::new(json_map(value)).unwrap());
    person.parts.profile = Profile {
        claims: object(json!({"locale": "en", "n": [1.5e300, -0.0, 0.1, {"a": null}]})),
        public_data: object(json!({"é": "😀"})),
        private_data: object(json!({"note": "\"quoted\""})),
    };
    let [first, second, third, phone] = person.entries.as_mut_slice() else { panic!("there are four addresses") };
    first.undeliverable = Some(Undeliverable { at: at(5), why: UndeliverableReason::Complained, times: 2 });
    second.replaces = Some(id(1));
    third.source = Some("a \\ \"leaflet\"".into());
    phone.attempts.failed_at = vec![at(1), at(2)];
    person
}

async fn with_everything(store: &PostgresStore) -> Vec<UserKey> {
    let ada = key("ada");
    let draft = create(&ada, &everything()).events(at(0), every_change(&ada));
    let draft = draft.take(&mail_key("ada@example.com"), Strength::Verified);
    let draft = draft.take(&raw_key(ClaimKind::Username, "countess"), Strength::Unverified);
    let draft = draft.message(paid(letter(1, &ada, NOW), vec![refusing("+49", 5, NOW)]));
    let stored = put(store, draft).await;
    put(store, change(&ada, &stored, &everything())).await;
    let bob = put(store, create(&key("bob"), &Person::default().email(9, "b@example.com", verified()))).await;
    store.commit(erase(&key("bob"), &bob).0).await.unwrap();
    put(store, create(&key("cy"), &Person::default().updated(at(5))).message(paid(letter(2, &key("cy"), NOW), vec![])))
        .await;
    ["ada", "bob", "cy", "nobody"].map(key).to_vec()
}

#[tokio::test]
async fn a_database_of_the_first_version_keeps_everything() {
    let (from, to) = (Place::new(), Place::new());
    let old = from.store().await;
    let keys = with_everything(&old).await;
    as_first(&old, &from, &to, &keys).await;
    let new = to.store().await;
    for key in &keys {
        assert_eq!(new.load(key).await.unwrap(), old.load(key).await.unwrap(), "{key:?}");
        assert_eq!(new.history(key, 0, 1_000).await.unwrap(), old.history(key, 0, 1_000).await.unwrap(), "{key:?}");
        assert_eq!(new.posted(key, None, 10).await.unwrap(), old.posted(key, None, 10).await.unwrap(), "{key:?}");
    }
    let acme = tenant("acme");
    let prefix = Some(Prefix { kind: ClaimKind::Email, text: "two@".to_owned() });
    for (order, prefix) in [(ListOrder::Created, prefix), (ListOrder::Updated, None), (ListOrder::Created, None)] {
        let query = ListQuery { order, after: None, limit: 10, prefix };
        let [listed, before] = [new.list(&acme, &query).await.unwrap(), old.list(&acme, &query).await.unwrap()];
        assert!(listed == before && !listed.users.is_empty(), "{query:?}: {listed:?}");
    }
    let found = [mail_key("ada@example.com"), mail_key("three@example.com"), raw_key(ClaimKind::Username, "countess")];
    assert_eq!(new.find(&acme, &found).await.unwrap(), old.find(&acme, &found).await.unwrap());
    let drawn = "SELECT drawn FROM identity_budgets";
    assert_eq!(to.raw().await.query_one(drawn, &[]).await.unwrap().get::<_, i64>(0), 1);
    // Who was erased is not created again, and who is there goes on.
    assert!(new.commit(create(&key("bob"), &Person::default()).0).await.is_err());
    let ada = new.load(&key("ada")).await.unwrap().unwrap();
    let ada = put(&new, change(&key("ada"), &ada, &Person::default())).await;
    new.commit(erase(&key("ada"), &ada).0).await.unwrap();
    let left = "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'identity_old%' AND schemaname = current_schema()";
    assert_eq!(to.raw().await.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
}

/// Users without anything, in tables of the first version.
async fn crowd(place: &Place, count: i64) -> Client {
    let client = first(place).await;
    let sql = format!(
        "INSERT INTO identity_users (tenant, id, version, created_at, updated_at, disabled) \
         SELECT 'acme', 'user-' || lpad(n::text, 5, '0'), 1, n, n, false FROM generate_series(1, {count}) n; \
         INSERT INTO identity_events (tenant, user_id, number, format, at, type, change) \
         SELECT tenant, id, 1, 1, created_at, 'created', '{{\"type\":\"created\",\"user\":\"' || id || '\"}}' \
         FROM identity_users"
    );
    client.batch_execute(&sql).await.unwrap();
    client
}

async fn wait_for(client: &Client, sql: &str) -> i64 {
    loop {
        let row = client.query_opt(sql, &[]).await;
        if let Ok(Some(row)) = row {
            return row.get(0);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn count(client: &Client, table: &str) -> i64 {
    client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_was_killed_goes_on() {
    let place = Place::new();
    let client = crowd(&place, 700).await;
    // The second transaction of the move waits when it comes to this user.
    let stop = "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS \
                'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END'; \
                CREATE TRIGGER stop AFTER DELETE ON identity_users FOR EACH ROW WHEN (OLD.id = 'user-00400') \
                EXECUTE FUNCTION stop(); SELECT pg_advisory_lock(4711)";
    client.batch_execute(stop).await.unwrap();
    let (options, url) = (place.options(), place.url());
    let moving = tokio::spawn(async move { options.connect(&url).await });
    let waits = "SELECT pid::int8 FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database() \
                 AND query LIKE '%identity_old_users%'";
    let pid = wait_for(&client, waits).await;
    assert_eq!((count(&client, "identity_users").await, count(&client, "identity_old_users").await), (250, 450));
    client.execute("SELECT pg_terminate_backend($1)", &[&i32::try_from(pid).unwrap()]).await.unwrap();
    let killed = moving.await.unwrap();
    assert!(killed.is_err(), "{killed:?}");
    client.batch_execute("SELECT pg_advisory_unlock(4711); DROP TRIGGER stop ON identity_old_users").await.unwrap();

    // Two processes at once go on with it.
    let url = place.url();
    let (one, other) = tokio::join!(place.options().connect(&url), place.options().connect(&url));
    drop(other.unwrap());
    let store = one.unwrap();
    assert_eq!(count(&client, "identity_users").await, 700);
    let query = ListQuery { order: ListOrder::LatestUpdated, after: None, limit: 1_000, prefix: None };
    let listed = store.list(&tenant("acme"), &query).await.unwrap().users;
    let ids: Vec<String> = listed.iter().map(|stored| stored.user.id().to_string()).collect();
    let expected: Vec<String> = (1..=700).rev().map(|number| format!("user-{number:05}")).collect();
    assert_eq!(ids, expected);
    assert_eq!(store.history(&key("user-00400"), 0, 10).await.unwrap().len(), 1);
}

/// Whoever needs a table waits behind a step that waits for it: the step gives way soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_waits_for_a_table_holds_up_nobody_for_long() {
    let place = Place::new();
    let mut client = crowd(&place, 3).await;
    let reading = client.transaction().await.unwrap();
    assert_eq!(reading.query_one("SELECT count(*) FROM identity_users", &[]).await.unwrap().get::<_, i64>(0), 3);
    let (options, url) = (place.options(), place.url());
    let moving = tokio::spawn(async move { options.connect(&url).await });
    let other = place.raw().await;
    let waits = "SELECT 1::int8 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() \
                 AND query LIKE '%RENAME TO identity_old_users%'";
    wait_for(&other, waits).await;
    other.batch_execute("SET statement_timeout = '5s'").await.unwrap();
    assert_eq!(count(&other, "identity_users").await, 3, "it is served while the step waits");
    assert!(!moving.is_finished());
    reading.commit().await.unwrap();
    let store = moving.await.unwrap().unwrap();
    assert!(store.load(&key("user-00003")).await.unwrap().is_some());
}

/// A damaged row of the first version is named, and nothing is lost: once it is mended, the move goes on.
#[tokio::test]
async fn a_damaged_user_of_the_first_version_is_named() {
    let place = Place::new();
    let client = crowd(&place, 3).await;
    client.batch_execute("UPDATE identity_users SET retired = 'secret' WHERE id = 'user-00002'").await.unwrap();
    match place.options().connect(&place.url()).await {
        Err(StoreError::Corrupt { table: "identity_users", key, reason }) => {
            assert!(key == "acme/user-00002" && !reason.contains("secret"), "{key}: {reason}");
        }
        other => panic!("{other:?}"),
    }
    client.batch_execute("UPDATE identity_old_users SET retired = NULL").await.unwrap();
    let store = place.store().await;
    assert!(store.load(&key("user-00002")).await.unwrap().is_some());
}

/// A second record of the form before extensions stays until somebody changes what is in it. It is read, and ordered by, all the
/// same.
#[tokio::test]
async fn a_second_record_of_version_1_is_read_and_ordered_by_what_it_reports() {
    const FAILURES: SortKey = SortKey::new(&["sign_ins", "failure_count"]);
    let place = Place::new();
    let store = place.store().await;
    let (ada, bob, cy) = (key("ada"), key("bob"), key("cy"));
    for (key, failures) in [(&ada, 7), (&bob, 5), (&cy, 3)] {
        let person = Person::default().extension(json!({"sign_ins": {"failure_count": failures}}));
        put(&store, create(key, &person)).await;
    }
    let old = json!({"v": 1, "k": {"has_password": true}, "s": {"failure_count": 4}, "i": {}}).to_string();
    let old = stored::with_checksum(old, &ada, None);
    place.sql(&format!("UPDATE identity_profiles SET record = '{old}' WHERE user_id = 'ada'")).await;
    let read = store.load(&ada).await.unwrap().unwrap();
    let expected = json!({"credentials": {"has_password": true}, "sign_ins": {"failure_count": 4}});
    assert_eq!(serde_json::to_value(read.user.extension()).unwrap(), expected);
    let query = DirectoryQuery { order: DirectoryOrder::Reported(FAILURES), limit: 9, ..DirectoryQuery::default() };
    let page = store.browse(&ada.tenant, &query).await.unwrap();
    let ids: Vec<_> = page.users.iter().map(|stored| stored.user.id().as_str()).collect();
    assert_eq!(ids, ["cy", "ada", "bob"]);
    // It is written in the form of today when something in it changes.
    put(&store, change(&ada, &read, &Person::of(&read.user).attempts(1))).await;
    let new = store.load(&ada).await.unwrap().unwrap();
    assert_eq!(Person::counted(&new.user), 1);
    let sql = "SELECT count(*) FROM identity_profiles WHERE record LIKE '{\"v\":2,%'";
    assert_eq!(place.raw().await.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 3);
}
