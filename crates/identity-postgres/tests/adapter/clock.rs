//! The server's clock is the one that everybody goes by.

use std::time::Duration;

use identity::system::{Clock, SystemClock};
use identity::{Accepted, Code, Email, Identity, NewUser, Notice, Notifier, NotifyError, Timestamp};
use identity_conformance::kit::code_keys;
use identity_postgres::PostgresStore;

use crate::common::Place;

const HOUR: Duration = Duration::from_secs(3_600);
/// The server answers sooner.
const CLOSE: Duration = Duration::from_secs(60);

struct Nobody;

#[identity::async_trait]
impl Notifier for Nobody {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        Ok(Accepted::default())
    }
}

/// The clock of a machine that agrees with a server whose clock is an hour ahead of this one's.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + HOUR
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

/// Sets the clock that the stores of this place find on the server so many hours ahead of this machine's.
async fn set(place: &Place, ahead: u32) {
    let schema = clocks(place);
    let clock = format!(
        "CREATE SCHEMA IF NOT EXISTS {schema}; \
         CREATE OR REPLACE FUNCTION {schema}.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS \
         'SELECT pg_catalog.statement_timestamp() + interval ''{ahead} hours'''"
    );
    place.sql(&clock).await;
}

/// The name of the schema in which that clock stands before the server's own.
fn clocks(place: &Place) -> String {
    place.schema.to_lowercase().replace(' ', "_")
}

async fn store(place: &Place) -> PostgresStore {
    let url = format!("{}?options=-c%20search_path%3D{},pg_catalog", place.url(), clocks(place));
    place.options().connect(&url).await.unwrap()
}

fn assert_ahead(at: Timestamp, by: Duration) {
    let server = SystemClock.now() + by;
    assert!(at.since(server) < CLOSE && server.since(at) < CLOSE, "{at} for {server}");
}

#[tokio::test]
async fn c84_a_host_goes_by_the_clock_of_the_server_and_follows_it() {
    let place = Place::new();
    set(&place, 1).await;
    let identity = Identity::new(store(&place).await, Nobody, code_keys());
    let created = identity.admin("test").create(NewUser::default()).await.unwrap();
    assert_ahead(created.at, HOUR);
    set(&place, 2).await;
    let account = identity.account(&created.outcome);
    let added = account.add(Email::parse("ada@example.com").unwrap()).await.unwrap();
    assert_ahead(added.at, 2 * HOUR);
    let created = identity.admin("test").create(NewUser::default()).await.unwrap();
    assert_ahead(created.at, 2 * HOUR);
}

#[tokio::test]
async fn c84_machines_whose_clocks_differ_bring_no_more_guesses() {
    let place = Place::new();
    set(&place, 1).await;
    let slow = Identity::new(store(&place).await, Nobody, code_keys());
    let right = Identity::new(store(&place).await, Nobody, code_keys()).with_clock(Ahead);
    let user = slow.admin("test").create(NewUser::default()).await.unwrap().outcome;
    let id = slow.account(&user).add(Email::parse("ada@example.com").unwrap()).await.unwrap().outcome;
    let mut compared = 0;
    for process in [&slow, &right, &slow, &right] {
        let account = process.account(&user);
        _ = account.start_verification(id).await;
        while account.confirm(id, &Code::parse("wrong").unwrap()).await.is_ok() {
            compared += 1;
        }
    }
    assert_eq!(compared, 5);
}
