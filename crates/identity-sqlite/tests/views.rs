//! What hosts read past the library: the views over the records, and the rows by which they join.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;
#[path = "common/town.rs"]
mod town;

use common::Place;
use identity_conformance::kit::key;
use identity_core::User;
use identity_ports::UserRepository as _;
use identity_sqlite::rusqlite::{Connection, OptionalExtension as _};

fn lines(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The lines that the view has to show of a user.
fn identifiers(tenant: &str, user: &User) -> Vec<String> {
    let addresses = user.identifiers().map(|entry| {
        let verified = entry.verified();
        let primary = [user.primary_email(), user.primary_phone()].into_iter().flatten().any(|one| one.id == entry.id);
        format!(
            "{tenant}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
            user.id(),
            entry.id.as_uuid().simple(),
            entry.address.channel().as_str(),
            entry.address.as_str(),
            entry.address.typed(),
            u8::from(primary),
            verified.map_or(String::new(), |verified| verified.at.as_micros().to_string()),
            verified.map_or("", |verified| verified.by.as_str()),
            entry.added_at.as_micros()
        )
    });
    let username = user.username().map(|entry| {
        let (id, name) = (entry.id.as_uuid().simple(), &entry.username);
        let at = entry.added_at.as_micros();
        format!("{tenant}|{}|{id}|username|{}|{}|0|||{at}", user.id(), name.as_str(), name.typed())
    });
    addresses.chain(username).collect()
}

#[tokio::test]
async fn the_views_show_what_the_users_have() {
    let place = Place::new();
    let store = place.open().await;
    town::fill(&store).await;
    let (mut expected, mut primaries) = (Vec::new(), Vec::new());
    for key in town::everybody() {
        let Some(stored) = store.load(&key).await.unwrap() else { continue };
        expected.extend(identifiers(key.tenant.as_str(), &stored.user));
        let [email, phone] = [stored.user.primary_email(), stored.user.primary_phone()]
            .map(|entry| entry.map_or("", |entry| entry.address.as_str()));
        primaries.push(format!("{}|{}|{email}|{phone}", key.tenant, key.user));
    }
    expected.sort_unstable();
    primaries.sort_unstable();
    let raw = place.raw();
    let columns = "tenant || '|' || user_id || '|' || identifier || '|' || kind || '|' || address || '|' || typed || '|' || \
                   is_primary || '|' || coalesce(verified_at, '') || '|' || coalesce(verified_by, '') || '|' || added_at";
    assert_eq!(lines(&raw, &format!("SELECT {columns} FROM identity_identifiers ORDER BY 1")), expected);
    let columns =
        "tenant || '|' || user_id || '|' || coalesce(primary_email, '') || '|' || coalesce(primary_phone, '')";
    assert_eq!(lines(&raw, &format!("SELECT {columns} FROM identity_primary ORDER BY 1")), primaries);
    // A damaged record is in no view, and hides nobody else.
    raw.execute("UPDATE identity_users SET record = '{' WHERE id = 'ada'", []).unwrap();
    let others = expected.iter().filter(|line| !line.starts_with("acme|ada|")).count();
    assert_eq!(lines(&raw, "SELECT address FROM identity_identifiers").len(), others);
    assert_eq!(lines(&raw, "SELECT user_id FROM identity_primary").len(), primaries.len() - 1);
}

#[tokio::test]
async fn a_host_joins_its_rows_to_users_by_address_with_an_index() {
    let place = Place::new();
    let store = place.open().await;
    town::fill(&store).await;
    let raw = place.raw();
    raw.execute_batch(
        "CREATE TABLE orders (email TEXT); INSERT INTO orders VALUES ('user.3@example.com'), ('nobody@example.com')",
    )
    .unwrap();
    let join = "SELECT l.user_id FROM orders CROSS JOIN identity_lookup AS l \
                ON l.tenant = 'other' AND l.kind = 'email' AND l.key = orders.email AND l.verified";
    assert_eq!(lines(&raw, join), ["user-3"]);
    let mut plan = raw.prepare(&format!("EXPLAIN QUERY PLAN {join}")).unwrap();
    let plan: Vec<String> = plan.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
    assert!(
        plan.iter().any(|step| step.contains("SEARCH l USING PRIMARY KEY (tenant=? AND kind=? AND key=?")),
        "{plan:?}"
    );
}

#[tokio::test]
async fn nothing_of_an_erased_user_is_in_a_view() {
    let place = Place::new();
    let store = place.open().await;
    town::fill(&store).await;
    let raw = place.raw();
    let row = "SELECT version FROM identity_users WHERE id = 'gone' AND record IS NULL AND claims IS NULL";
    assert_eq!(raw.query_row(row, [], |row| row.get::<_, i64>(0)).optional().unwrap(), Some(2));
    assert!(store.load(&key("gone")).await.unwrap().is_none());
    for view in ["identity_identifiers", "identity_primary", "identity_lookup", "identity_claims"] {
        let sql = format!("SELECT user_id FROM {view} WHERE user_id = 'gone'");
        assert!(lines(&raw, &sql).is_empty(), "{view}");
    }
}
