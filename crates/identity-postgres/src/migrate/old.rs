//! Users as the first version kept them: a row for each identifier, and one for each event. The rows are read as JSON, and become
//! records and events of the first form, which the core reads.

use std::collections::BTreeMap;

use identity_core::{LookupEntry, Nonce, User, UserKey, Version, stored};
use identity_ports::StoreError;
use serde_json::{Map, Value, json};
use tokio_postgres::{Row, Transaction};
use uuid::Uuid;

use crate::cells::{Bad, Cells, parsed, signed};
use crate::error::{failure, name};
use crate::sql::Sql;

/// The number of users that are moved in one transaction.
const BATCH: &str = "250";

/// Rows of users as JSON objects.
type Rows = BTreeMap<UserKey, Vec<Value>>;

/// Everything of some users.
struct Old {
    users: Rows,
    profiles: Rows,
    identifiers: Rows,
    events: Rows,
}

/// Moves some users, and gives how many; none when all are moved.
pub(super) async fn step(transaction: &Transaction<'_>, tables: &str) -> Result<usize, StoreError> {
    let run = async |sql: Sql<'_>| {
        let text = sql.text.replace("{s}", tables).replace("{batch}", BATCH);
        let rows = transaction.query_typed(&text, &sql.typed_params()).await;
        rows.map_err(|error| failure(error).into_error())
    };
    let mut first =
        run(Sql::new("SELECT tenant, id FROM {s}identity_old_users ORDER BY tenant, id LIMIT {batch}")).await?;
    if first.is_empty() {
        // What is left of users who were erased.
        let text = "SELECT DISTINCT tenant, user_id AS id FROM (SELECT tenant, user_id FROM {s}identity_old_events \
                    ORDER BY tenant, user_id LIMIT {batch}) e";
        first = run(Sql::new(text)).await?;
    }
    let keys: Vec<UserKey> = first.iter().map(key).collect::<Result<_, _>>()?;
    let taken = async |table: &str, id: &str| {
        let text = format!(
            "DELETE FROM {{s}}identity_old_{table} o USING unnest($1::text[], $2::text[]) AS k(tenant, id) \
             WHERE o.tenant = k.tenant AND o.{id} = k.id RETURNING k.tenant, k.id, to_json(o)::text AS row"
        );
        let mut rows = Rows::new();
        for row in &run(Sql::new(text).rows(keys.iter().map(|key| (key.tenant.as_str(), key.user.as_str())))).await? {
            let key = key(row)?;
            let json = Cells(row).json("row").map_err(|bad| bad.at("identity_users", || name(&key)))?;
            rows.entry(key).or_default().push(json);
        }
        Ok::<_, StoreError>(rows)
    };
    let mut old = Old {
        profiles: taken("profiles", "user_id").await?,
        identifiers: taken("identifiers", "user_id").await?,
        events: taken("events", "user_id").await?,
        users: taken("users", "id").await?,
    };
    let mut new = Moved::default();
    for key in &keys {
        new.add(key, &mut old)?;
    }
    for sql in new.statements() {
        run(sql).await?;
    }
    Ok(keys.len())
}

fn key(row: &Row) -> Result<UserKey, StoreError> {
    Cells(row).key("id").map_err(|bad| bad.at("identity_users", String::new))
}

/// tenant, id, version, created_at, updated_at, record.
type UserRow<'a> = (&'a str, &'a str, i64, Option<i64>, Option<i64>, Option<String>);

/// tenant, user_id, number, first, updated_at, commit_id, events.
type EventRow<'a> = (&'a str, &'a str, i64, i64, Option<i64>, Uuid, String);

/// The rows of users as they are kept now.
#[derive(Default)]
struct Moved<'a> {
    users: Vec<UserRow<'a>>,
    /// tenant, user_id, record.
    profiles: Vec<(&'a str, &'a str, String)>,
    /// tenant, kind, key, rule, user_id, identifier, verified.
    lookup: Vec<(&'a str, &'a str, String, i64, &'a str, Uuid, bool)>,
    events: Vec<EventRow<'a>>,
}

impl<'a> Moved<'a> {
    fn add(&mut self, key: &'a UserKey, old: &mut Old) -> Result<(), StoreError> {
        let (tenant, id) = (key.tenant.as_str(), key.user.as_str());
        let mut of = |rows: fn(&mut Old) -> &mut Rows| rows(old).remove(key).unwrap_or_default();
        let [users, profiles] = [of(|old| &mut old.users), of(|old| &mut old.profiles)];
        let (identifiers, events) = (of(|old| &mut old.identifiers), of(|old| &mut old.events));
        let user = users.first().map(|user| read(key, user, profiles.first(), identifiers)).transpose();
        let user = user.map_err(|bad| bad.at("identity_users", || name(key)))?;
        let history = history(key, events).map_err(|bad| bad.at("identity_events", || name(key)))?;
        let last = history.last().map_or(0, |commit| commit.last);
        let updated_at = user.as_ref().map(|(user, _)| user.updated_at().as_micros());
        if let Some((user, version)) = &user {
            let record = stored::record(&key.tenant, user, *version);
            let created_at = Some(user.created_at().as_micros());
            self.users.push((tenant, id, signed(version.0)?, created_at, updated_at, Some(record)));
            self.profiles.extend(stored::details(&key.tenant, user).map(|record| (tenant, id, record)));
            for LookupEntry { key, identifier, verified } in user.lookup() {
                let (kind, rule) = (key.kind().as_str(), i64::from(key.rule()));
                let row = (tenant, kind, key.as_str().to_owned(), rule, id, identifier.as_uuid(), verified);
                self.lookup.push(row);
            }
        } else {
            self.users.push((tenant, id, last, None, None, None));
        }
        for Commit { id: commit, first, last: number, events } in history {
            // Only the newest says when the user last changed.
            let at = updated_at.filter(|_| number == last);
            self.events.push((tenant, id, number, first, at, commit, Value::Array(events).to_string()));
        }
        Ok(())
    }

    fn statements(self) -> [Sql<'a>; 4] {
        let users = "INSERT INTO {s}identity_users (tenant, id, version, created_at, updated_at, record) \
                     SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::text[])";
        let profiles = "INSERT INTO {s}identity_profiles (tenant, user_id, record) \
                        SELECT * FROM unnest($1::text[], $2::text[], $3::text[])";
        let lookup = "INSERT INTO {s}identity_lookup (tenant, kind, key, rule, user_id, identifier, verified) SELECT * \
                      FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[], $6::uuid[], $7::bool[])";
        let events = "INSERT INTO {s}identity_events (tenant, user_id, number, first, updated_at, commit_id, events) \
                      SELECT e.a, e.b, e.c, e.d, e.e, e.f, e.g::json FROM unnest($1::text[], $2::text[], $3::int8[], \
                      $4::int8[], $5::int8[], $6::uuid[], $7::text[]) AS e(a, b, c, d, e, f, g)";
        [
            Sql::new(users).rows(self.users),
            Sql::new(profiles).rows(self.profiles),
            Sql::new(lookup).rows(self.lookup),
            Sql::new(events).rows(self.events),
        ]
    }
}

/// The events that were written together.
struct Commit {
    id: Uuid,
    first: i64,
    last: i64,
    events: Vec<Value>,
}

fn history(key: &UserKey, mut rows: Vec<Value>) -> Result<Vec<Commit>, Bad> {
    let number = |row: &Value| row["number"].as_i64().unwrap_or_default();
    rows.sort_unstable_by_key(number);
    let mut commits: Vec<Commit> = Vec::new();
    for row in &rows {
        let actor = if row["actor"].is_null() { json!("holder") } else { json!({"administrator": row["actor"]}) };
        let event = json!({"v": row["format"], "at": row["at"], "actor": actor, "change": inner(row, "change")?});
        stored::read_events(&key.user, &json!([event]).to_string())?;
        let (id, number) = (row["commit_id"].as_str().and_then(|id| Uuid::parse_str(id).ok()), number(row));
        match commits.last_mut() {
            Some(commit) if id == Some(commit.id) && commit.last + 1 == number => {
                commit.last = number;
                commit.events.push(event);
            }
            _ => commits.push(Commit { id: id.unwrap_or_default(), first: number, last: number, events: vec![event] }),
        }
    }
    Ok(commits)
}

/// The value of a column that holds JSON as a text.
fn inner(row: &Value, name: &str) -> Result<Value, Bad> {
    row[name].as_str().map_or(Ok(Value::Null), |text| parsed(name, text))
}

/// The same, where an empty one stands for this value.
fn inner_or(row: &Value, name: &str, empty: Value) -> Result<Value, Bad> {
    inner(row, name).map(|value| if value.is_null() { empty } else { value })
}

/// An id, as records have it.
fn id(value: &Value) -> Value {
    value.as_str().map(|id| id.replace('-', "")).into()
}

/// A user, by the records of the first form: see [`stored`] for the names of their members.
fn read(key: &UserKey, user: &Value, profile: Option<&Value>, mut rows: Vec<Value>) -> Result<(User, Version), Bad> {
    let (mut username, mut entries, mut used) = (Value::Null, Vec::new(), Map::new());
    rows.sort_unstable_by_key(|row| row["position"].as_i64());
    for row in &rows {
        let sign_in = inner(row, "sign_in")?;
        if !sign_in.is_null() {
            used.extend(id(&row["id"]).as_str().map(|id| (id.to_owned(), sign_in)));
        }
        let (kind, primary) = match row["kind"].as_str() {
            Some("email") => ("e", "primary_email"),
            Some("phone") => ("p", "primary_phone"),
            Some("username") => {
                username = json!({
                    "i": id(&row["id"]), "a": row["address"], "t": row["typed"], "s": row["source"], "c": row["added_at"],
                });
                continue;
            }
            _ => return Err("an identifier is of an unknown kind".into()),
        };
        let (mut verified, mut challenge, mut undeliverable) = (Value::Null, Value::Null, Value::Null);
        let found = &inner(row, "undeliverable")?;
        if !row["verified_at"].is_null() {
            verified = json!({"a": row["verified_at"], "b": row["verified_by"], "s": row["verified_source"]});
        } else if let Some(nonce) = row["challenge_nonce"].as_str() {
            let nonce = Uuid::parse_str(nonce.trim_start_matches("\\x")).map_err(|_| "a nonce is none")?;
            challenge = json!({
                "n": Nonce::from_bytes(nonce.into_bytes()), "k": row["challenge_key"], "u": row["challenge_purpose"],
                "f": row["challenge_proof"], "l": row["challenge_length"], "y": row["challenge_alphabet"],
                "c": row["challenge_issued_at"], "e": row["challenge_expires_at"], "t": row["challenge_tries"],
                "w": row["challenge_failed"], "h": row["challenge_hint"],
            });
        }
        if !found.is_null() {
            undeliverable = json!({"a": found["at"], "w": found["why"], "t": found["times"]});
        }
        entries.push(json!({
            "i": id(&row["id"]), "k": kind, "a": row["address"], "t": row["typed"], "s": row["source"],
            "c": row["added_at"], "l": row["unrestricted"], "p": id(&row["replaces"]),
            "b": user.get(primary) == row.get("id"), "v": verified, "q": challenge, "f": row["failed_in_a_row"],
            "w": inner_or(row, "failed_at", json!([]))?, "m": inner_or(row, "sent_at", json!([]))?, "d": undeliverable,
        }));
    }
    let retired = |gone: &Value| {
        let (key, attempts) = (&gone["key"], &gone["attempts"]);
        json!({
            "k": key["kind"], "u": key["rule"], "a": key["key"], "f": attempts["failed_in_a_row"],
            "w": attempts["failed_at"], "m": attempts["sent_at"],
        })
    };
    let retired: Vec<Value> =
        inner_or(user, "retired", json!([]))?.as_array().into_iter().flatten().map(retired).collect();
    let main = json!({
        "v": 1, "c": user["created_at"], "u": user["updated_at"], "x": user["disabled"], "n": username, "i": entries,
        "r": retired, "d": true,
    });
    let object = |name: &str| profile.map_or(Ok(json!({})), |profile| inner_or(profile, name, json!({})));
    let details = json!({
        "v": 1, "p": object("claims")?, "o": object("public_data")?, "h": object("private_data")?,
        "k": object("credentials")?, "s": object("sign_ins")?, "i": used,
    });
    let version = Version(user["version"].as_u64().ok_or("its version is none")?);
    let main = stored::with_checksum(main.to_string(), key, Some(version));
    let details = stored::with_checksum(details.to_string(), key, None);
    Ok((stored::read(key, version, &main, Some(&details))?, version))
}
