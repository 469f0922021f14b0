//! Users as the first version kept them: a row for each identifier, and one for each event.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity_core::{
    Actor, Address, Alphabet, Attempts, Book, Challenge, Change, Channel, ClaimKind, CodeFormat, Event, EventFormat,
    Identifier, IdentifierId, JsonObject, KeyId, LookupEntry, Method, Nonce, Profile, ProofBy, Purpose, Status,
    TenantId, Timestamp, User, UserId, UserKey, UserParts, Username, UsernameEntry, Verified, Version, stored,
};
use identity_ports::StoreError;
use serde_json::Value;
use tokio_postgres::{Row, Transaction};
use uuid::Uuid;

use crate::cells::{Bad, Cells, json, signed};
use crate::error::{failure, name};
use crate::sql::Sql;

/// The number of users that are moved in one transaction.
const BATCH: &str = "250";

/// Everything of one user.
#[derive(Default)]
struct Old {
    user: Option<Row>,
    profile: Option<Row>,
    identifiers: Vec<Row>,
    events: Vec<Row>,
}

/// Moves some users, and gives how many; none when all are moved.
pub(super) async fn step(transaction: &Transaction<'_>, tables: &str) -> Result<usize, StoreError> {
    let run = async |sql: Sql<'_>| {
        let text = sql.text.replace("{s}", tables).replace("{batch}", BATCH);
        let rows = transaction.query_typed(&text, &sql.typed_params()).await;
        rows.map_err(|error| failure(error).into_error())
    };
    let mut first = run(Sql::new("SELECT * FROM {s}identity_old_users ORDER BY tenant, id LIMIT {batch}")).await?;
    if first.is_empty() {
        // What is left of users who were erased.
        let text = "SELECT DISTINCT tenant, user_id AS id FROM (SELECT tenant, user_id FROM {s}identity_old_events \
                    ORDER BY tenant, user_id LIMIT {batch}) e";
        first = run(Sql::new(text)).await?;
    }
    let mut users: BTreeMap<UserKey, Old> = BTreeMap::new();
    for row in first {
        let (key, exists) = (key(&row, "id")?, row.columns().len() > 2);
        users.insert(key, Old { user: exists.then_some(row), ..Old::default() });
    }
    let keys = || users.keys().map(|key| (key.tenant.as_str(), key.user.as_str()));
    let taken = async |table: &str, id: &str| {
        let text = format!(
            "DELETE FROM {{s}}identity_old_{table} o USING unnest($1::text[], $2::text[]) AS k(tenant, id) \
             WHERE o.tenant = k.tenant AND o.{id} = k.id RETURNING o.*"
        );
        run(Sql::new(text).rows(keys())).await
    };
    let profiles = taken("profiles", "user_id").await?;
    let identifiers = taken("identifiers", "user_id").await?;
    let events = taken("events", "user_id").await?;
    taken("users", "id").await?;
    for row in profiles {
        let key = key(&row, "user_id")?;
        users.entry(key).or_default().profile = Some(row);
    }
    for row in identifiers {
        users.entry(key(&row, "user_id")?).or_default().identifiers.push(row);
    }
    for row in events {
        users.entry(key(&row, "user_id")?).or_default().events.push(row);
    }
    let mut new = Moved::default();
    for (key, old) in &users {
        new.add(key, old)?;
    }
    for sql in new.statements() {
        run(sql).await?;
    }
    Ok(users.len())
}

fn key(row: &Row, id: &str) -> Result<UserKey, StoreError> {
    let cells = Cells(row);
    let read = || {
        let tenant = cells.name("tenant", |id| TenantId::parse(id).ok())?;
        Ok(UserKey { tenant, user: cells.name(id, |id| UserId::parse(id).ok())? })
    };
    read().map_err(|bad: Bad| bad.at("identity_users", String::new))
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
    fn add(&mut self, key: &'a UserKey, old: &Old) -> Result<(), StoreError> {
        let (tenant, id) = (key.tenant.as_str(), key.user.as_str());
        let user = old.read(key).map_err(|bad| bad.at("identity_users", || name(key)))?;
        let history = old.history().map_err(|bad| bad.at("identity_events", || name(key)))?;
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
            self.users.push((tenant, id, signed(last)?, None, None, None));
        }
        for commit in history {
            // Only the newest says when the user last changed.
            let at = updated_at.filter(|_| commit.last == last);
            let (first, last) = (signed(commit.first)?, signed(commit.last)?);
            self.events.push((tenant, id, last, first, at, commit.id, json(&commit.events)?));
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
    first: u64,
    last: u64,
    events: Vec<Event>,
}

impl Old {
    fn history(&self) -> Result<Vec<Commit>, Bad> {
        let mut events = Vec::with_capacity(self.events.len());
        for row in &self.events {
            let cells = Cells(row);
            if cells.int::<u8>("format")? != EventFormat::VERSION {
                return Err(Bad::from("an event has a format that this program does not read"));
            }
            let actor = cells.opt_shared("actor")?.map_or(Actor::Holder, Actor::Administrator);
            let change: Change = cells.json("change")?;
            let event = Event { v: EventFormat, at: cells.time("at")?, actor, change };
            events.push((cells.int("number")?, cells.opt_id::<Uuid>("commit_id")?, event));
        }
        events.sort_unstable_by_key(|(number, ..)| *number);
        let mut commits: Vec<Commit> = Vec::new();
        for (number, id, event) in events {
            match commits.last_mut() {
                Some(commit) if id == Some(commit.id) && commit.last + 1 == number => {
                    commit.last = number;
                    commit.events.push(event);
                }
                _ => {
                    let id = id.unwrap_or_default();
                    commits.push(Commit { id, first: number, last: number, events: vec![event] });
                }
            }
        }
        Ok(commits)
    }

    fn read(&self, key: &UserKey) -> Result<Option<(User, Version)>, Bad> {
        let Some(user) = &self.user else { return Ok(None) };
        let (mut username, mut emails, mut phones, mut used) = (None, Vec::new(), Vec::new(), Vec::new());
        for row in &self.identifiers {
            let cells = Cells(row);
            let (id, source, added_at) = (cells.id("id")?, cells.opt_shared("source")?, cells.time("added_at")?);
            let canonical = cells.text("address")?;
            let typed = cells.opt_text("typed")?.unwrap_or(canonical);
            used.extend(cells.opt_json::<Value>("sign_in")?.map(|sign_in| (id, sign_in)));
            let (channel, book) = match cells.name("kind", ClaimKind::from_name)? {
                ClaimKind::Email => (Channel::Email, &mut emails),
                ClaimKind::Phone => (Channel::Phone, &mut phones),
                ClaimKind::Username => {
                    let name = Username::restore(canonical, typed).map_err(|_| Bad::from("a username is none"))?;
                    username = Some(UsernameEntry { id, username: name, source, added_at });
                    continue;
                }
                ClaimKind::Mailbox => return Err(Bad::from("a mailbox is none of a user's identifiers")),
            };
            let entry = Identifier {
                id,
                address: Address::restore(channel, canonical, typed)?,
                status: status(cells)?,
                source,
                unrestricted: cells.flag("unrestricted")?,
                added_at,
                replaces: cells.opt_id("replaces")?,
                attempts: Attempts {
                    failed_in_a_row: cells.int("failed_in_a_row")?,
                    failed_at: cells.opt_json("failed_at")?.unwrap_or_default(),
                    sent_at: cells.opt_json("sent_at")?.unwrap_or_default(),
                },
                undeliverable: cells.opt_json("undeliverable")?,
            };
            book.push((cells.int::<i64>("position")?, entry));
        }
        let cells = Cells(user);
        let (profile, credentials, sign_ins) = match &self.profile {
            None => Default::default(),
            Some(row) => {
                let cells = Cells(row);
                let object = |name| Ok::<_, Bad>(Arc::new(cells.opt_json::<JsonObject>(name)?.unwrap_or_default()));
                let (claims, public_data) = (object("claims")?, object("public_data")?);
                let profile = Profile { claims, public_data, private_data: object("private_data")? };
                (profile, cells.opt_json("credentials")?, cells.opt_json("sign_ins")?)
            }
        };
        let user = User::restore(UserParts {
            id: key.user.clone(),
            created_at: cells.time("created_at")?,
            updated_at: cells.time("updated_at")?,
            disabled: cells.flag("disabled")?,
            username: username.map(Box::new),
            emails: book(Channel::Email, emails, cells.opt_id("primary_email")?)?,
            phones: book(Channel::Phone, phones, cells.opt_id("primary_phone")?)?,
            profile,
            extension: Arc::new(stored::lifted(credentials, sign_ins, used)),
            retired: cells.opt_json("retired")?.unwrap_or_default(),
        })?;
        Ok(Some((user, Version(cells.int("version")?))))
    }
}

fn book(channel: Channel, mut book: Vec<(i64, Identifier)>, primary: Option<IdentifierId>) -> Result<Book, Bad> {
    book.sort_unstable_by_key(|(position, _)| *position);
    Ok(Book::restore(channel, book.into_iter().map(|(_, entry)| entry).collect(), primary)?)
}

fn status(cells: Cells<'_>) -> Result<Status, Bad> {
    if let Some(at) = cells.opt_int("verified_at")? {
        let (by, source) = (cells.name("verified_by", Method::from_name)?, cells.opt_shared("verified_source")?);
        return Ok(Status::Verified(Verified { at: Timestamp::from_micros(at), by, source }));
    }
    let Some(nonce) = cells.opt_bytes("challenge_nonce")? else { return Ok(Status::Unverified) };
    let alphabet = |name: &str| match name {
        "digits" => Some(Alphabet::Digits),
        "letters" => Some(Alphabet::Letters),
        _ => None,
    };
    let (length, alphabet) = (cells.int("challenge_length")?, cells.name("challenge_alphabet", alphabet)?);
    Ok(Status::Pending(Challenge {
        nonce: Nonce::from_bytes(nonce),
        key: cells.name("challenge_key", |name| KeyId::parse(name).ok())?,
        purpose: cells.name("challenge_purpose", Purpose::from_name)?,
        proof: cells.name("challenge_proof", ProofBy::from_name)?,
        format: CodeFormat::new(length, alphabet).ok_or("a code has no such length")?,
        issued_at: cells.time("challenge_issued_at")?,
        expires_at: cells.time("challenge_expires_at")?,
        tries: cells.int("challenge_tries")?,
        failed: cells.int("challenge_failed")?,
        hint: cells.opt_shared("challenge_hint")?,
    }))
}
