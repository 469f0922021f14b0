//! What the flow costs in a file of many users, against a file of few.

use std::path::Path;

use identity::Timestamp;
use identity::rules::Seed;
use identity_sqlite::Durability;
use identity_sqlite::rusqlite::{Connection, params};
use uuid::Uuid;

use crate::flow::Host;
use crate::measure::in_turns;
use crate::people::People;
use crate::table::{Row, Target, Unit};
use crate::{places, sqlite};

const MANY: usize = 1_000_000;
const FEW: usize = 10_000;
const FLOWS: usize = 300;

pub(crate) fn rows() -> Vec<Row> {
    let (folder, place) = places::in_memory(6_144);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let [mut in_many, mut in_few] = [("many.db", MANY), ("few.db", FEW)].map(|(name, users)| {
        let path = folder.path().join(name);
        drop(sqlite::open(&runtime, &path, Durability::Normal));
        let mut people = People::default();
        fill(&path, users, &mut people);
        let host = Host::new(sqlite::open(&runtime, &path, Durability::Normal));
        let runtime = &runtime;
        move || sqlite::run(runtime, &host, &people.some(FLOWS))
    });
    vec![Row {
        what: format!("the same flow, {MANY} users in the {place}"),
        than: format!("{FEW} users"),
        unit: Unit::Time,
        pair: in_turns(21, &mut in_many, &mut in_few),
        target: Target::RatioAtMost(1.5),
    }]
}

/// Puts users into a new file, each with what the flow leaves once its messages are delivered.
fn fill(path: &Path, users: usize, people: &mut People) {
    let connection = Connection::open(path).unwrap();
    // The file is lost with the benchmark, whatever happens.
    for (pragma, value) in [("journal_mode", "DELETE"), ("journal_mode", "OFF"), ("synchronous", "OFF")] {
        connection.pragma_update(None, pragma, value).unwrap();
    }
    connection.pragma_update(None, "cache_size", -1_000_000).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let began = Timestamp::from_secs(1_700_000_000);
    let mut load = Load::new(&connection);
    for number in 0..users {
        let person = people.one();
        let at = Timestamp::from_micros(began.as_micros() + 10_000_000 * i64::try_from(number).unwrap());
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
        let seed = Seed::new(bytes);
        let [user, email, phone] = [500, 0, 1].map(|number| seed.uuid(at, number));
        let at = at.as_micros();
        load.user(user, at, phone);
        load.address(user, at, email, "email", &person.email, "administrator");
        load.address(user, at, phone, "phone", &person.phone, "code");
        load.events(user, at, [email, phone], [&person.email, &person.phone]);
    }
    drop(load);
    connection.execute_batch("COMMIT").unwrap();
}

/// The statements, prepared once.
struct Load<'c> {
    user: Statement<'c>,
    identifier: Statement<'c>,
    claim: Statement<'c>,
    event: Statement<'c>,
}

type Statement<'c> = identity_sqlite::rusqlite::Statement<'c>;

impl<'c> Load<'c> {
    fn new(connection: &'c Connection) -> Self {
        let prepare = |sql| connection.prepare(sql).unwrap();
        Self {
            user: prepare(
                "INSERT INTO identity_users (tenant, id, version, created_at, updated_at, disabled, primary_phone) \
                 VALUES ('default', ?1, 7, ?2, ?2, 0, ?3)",
            ),
            identifier: prepare(
                "INSERT INTO identity_identifiers (tenant, user_id, kind, id, position, address, claim_key, \
                 claim_rule, unrestricted, added_at, verified_at, verified_by, failed_in_a_row) \
                 VALUES ('default', ?1, ?2, ?3, 0, ?4, ?4, 1, 0, ?5, ?5, ?6, 0)",
            ),
            claim: prepare("INSERT INTO identity_claims VALUES ('default', ?1, ?2, 1, ?3, 'verified')"),
            event: prepare("INSERT INTO identity_events VALUES ('default', ?1, ?2, 1, ?3, 'signup', ?4, ?5)"),
        }
    }

    fn user(&mut self, user: Uuid, at: i64, phone: Uuid) {
        self.user.execute(params![user.to_string(), at, phone.into_bytes()]).unwrap();
    }

    fn address(&mut self, user: Uuid, at: i64, id: Uuid, kind: &str, address: &str, by: &str) {
        let user = user.to_string();
        self.identifier.execute(params![user, kind, id.into_bytes(), address, at, by]).unwrap();
        self.claim.execute(params![kind, address, user]).unwrap();
    }

    fn events(&mut self, user: Uuid, at: i64, [email, phone]: [Uuid; 2], addresses: [&str; 2]) {
        let [mail, number] = addresses;
        let added = |id, kind, address| {
            format!(r#"{{"type":"added","id":"{id}","address":{{"channel":"{kind}","address":"{address}"}}}}"#)
        };
        let verified =
            |id, by| format!(r#"{{"type":"verified","id":"{id}","verified":{{"at":{at},"by":"{by}","source":null}}}}"#);
        let nonce = [123_u8; 16].map(|byte| byte.to_string()).join(",");
        let expires_at = at + 600_000_000;
        let challenge = format!(
            r#"{{"nonce":[{nonce}],"key":"6a2b0c1d","purpose":"verification","proof":"code","format":{{"length":6,"alphabet":"digits"}},"issued_at":{at},"expires_at":{expires_at},"tries":5,"failed":0,"hint":null}}"#
        );
        let started = format!(r#"{{"type":"verification_started","id":"{phone}","challenge":{challenge}}}"#);
        let primary = format!(r#"{{"type":"primary_changed","channel":"phone","id":"{phone}"}}"#);
        let events = [
            ("created", format!(r#"{{"type":"created","user":"{user}"}}"#)),
            ("added", added(email, "email", mail)),
            ("added", added(phone, "phone", number)),
            ("verification_started", started),
            ("verified", verified(phone, "code")),
            ("verified", verified(email, "administrator")),
            ("primary_changed", primary),
        ];
        let user = user.to_string();
        for (number, (kind, change)) in (1..).zip(events) {
            self.event.execute(params![user, number, at, kind, change]).unwrap();
        }
    }
}
