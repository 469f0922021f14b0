use std::sync::Arc;

use identity_core::{
    Address, Alphabet, Attempts, Book, Challenge, Channel, Claim, ClaimKey, ClaimKind, CodeFormat, Credentials,
    Identifier, IdentifierId, JsonObject, KeyId, Method, Nonce, Profile, Proof, Purpose, Retired, SignIns, Status,
    Strength, TenantId, Timestamp, User, UserId, UserKey, UserParts, Username, UsernameEntry, Verified, Version,
};
use identity_ports::{StoreError, Stored};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::cells::{Bad, Cells};
use crate::error::name;
use crate::link::Link;
use crate::sql::Sql;

/// Every row of the users that `k(n, tenant, id)` names, in one statement, so that all of it is of one moment. Rows of
/// different tables come under the names of one list of columns.
pub(crate) fn parts(tables: &str) -> String {
    format!(
        "SELECT 0 AS part, k.n, k.id AS user_id, u.primary_email AS id, u.primary_phone AS replaces, \
         u.version AS position, u.created_at AS added_at, u.updated_at AS verified_at, u.disabled AS unrestricted, \
         u.retired AS sign_in, NULL::text AS kind, NULL::text AS address, NULL::text AS typed, NULL::text AS source, \
         NULL::text AS verified_by, NULL::text AS verified_source, NULL::int8 AS failed_in_a_row, \
         NULL::text AS failed_at, NULL::text AS sent_at, NULL::bytea AS challenge_nonce, NULL::text AS challenge_key, \
         NULL::text AS challenge_purpose, NULL::text AS challenge_proof, NULL::int8 AS challenge_length, \
         NULL::text AS challenge_alphabet, NULL::int8 AS challenge_issued_at, NULL::int8 AS challenge_expires_at, \
         NULL::int8 AS challenge_tries, NULL::int8 AS challenge_failed, NULL::text AS challenge_hint, \
         NULL::text AS undeliverable \
         FROM k JOIN {tables}identity_users u ON u.tenant = k.tenant AND u.id = k.id \
         UNION ALL SELECT 1, k.n, k.id, i.id, i.replaces, i.position, i.added_at, i.verified_at, i.unrestricted, \
         i.sign_in, i.kind, i.address, i.typed, i.source, i.verified_by, i.verified_source, i.failed_in_a_row, \
         i.failed_at, i.sent_at, i.challenge_nonce, i.challenge_key, i.challenge_purpose, i.challenge_proof, \
         i.challenge_length, i.challenge_alphabet, i.challenge_issued_at, i.challenge_expires_at, i.challenge_tries, \
         i.challenge_failed, i.challenge_hint, i.undeliverable \
         FROM k JOIN {tables}identity_identifiers i ON i.tenant = k.tenant AND i.user_id = k.id \
         UNION ALL SELECT 2, k.n, k.id, NULL, NULL, h.claim_rule, NULL, NULL, NULL, NULL, h.kind, h.claim_key, \
         h.strength, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL \
         FROM k JOIN {tables}identity_claims h ON h.tenant = k.tenant AND h.user_id = k.id \
         UNION ALL SELECT 3, k.n, k.id, NULL, NULL, NULL, NULL, NULL, NULL, p.sign_ins, NULL, p.claims, p.public_data, \
         p.private_data, p.credentials, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
         NULL, NULL, NULL \
         FROM k JOIN {tables}identity_profiles p ON p.tenant = k.tenant AND p.user_id = k.id"
    )
}

/// The users of these keys, in their order.
pub(crate) async fn load(link: &Link, keys: &[UserKey]) -> Result<Vec<Option<Stored>>, StoreError> {
    let text = format!(
        "WITH k AS (SELECT * FROM unnest($1::int8[], $2::text[], $3::text[]) AS x(n, tenant, id)) {}",
        parts(&link.tables)
    );
    let sql = Sql::new(text)
        .with((0..).zip(keys).map(|(n, _)| n).collect::<Vec<i64>>(), Type::INT8_ARRAY)
        .with(keys.iter().map(|key| key.tenant.as_str()).collect::<Vec<_>>(), Type::TEXT_ARRAY)
        .with(keys.iter().map(|key| key.user.as_str()).collect::<Vec<_>>(), Type::TEXT_ARRAY);
    let rows = link.read(&sql).await?;
    let mut sorted: Vec<Vec<&Row>> = keys.iter().map(|_| Vec::new()).collect();
    for row in &rows {
        let place = row.try_get::<_, i64>("n").ok().and_then(|n| usize::try_from(n).ok());
        if let Some(rows) = place.and_then(|place| sorted.get_mut(place)) {
            rows.push(row);
        }
    }
    keys.iter().zip(sorted).map(|(key, rows)| assemble(key, &rows)).collect()
}

/// The users whose rows these are, in the order of `n`, where a query of ours named them.
pub(crate) fn page(tenant: &TenantId, rows: &[Row]) -> Result<Vec<Stored>, StoreError> {
    let corrupt =
        || StoreError::Corrupt { table: "identity_users", key: tenant.to_string(), reason: "an id is none".to_owned() };
    let mut sorted: Vec<(i64, &Row)> = Vec::with_capacity(rows.len());
    for row in rows {
        sorted.push((row.try_get("n").map_err(|_| corrupt())?, row));
    }
    sorted.sort_by_key(|(n, _)| *n);
    let mut users = Vec::new();
    for same in sorted.chunk_by(|(one, _), (next, _)| one == next) {
        let Some((_, first)) = same.first() else { continue };
        let id: &str = first.try_get("user_id").map_err(|_| corrupt())?;
        let key = UserKey { tenant: tenant.clone(), user: UserId::parse(id).map_err(|_| corrupt())? };
        let rows: Vec<&Row> = same.iter().map(|(_, row)| *row).collect();
        users.extend(assemble(&key, &rows)?);
    }
    Ok(users)
}

/// The user of this key, from all of its rows.
fn assemble(key: &UserKey, rows: &[&Row]) -> Result<Option<Stored>, StoreError> {
    let mut parts = Parts::default();
    for row in rows {
        let cells = Cells(row);
        let part: i32 = row.try_get("part").map_err(StoreError::failed)?;
        let (table, read) = match part {
            0 => ("identity_users", parts.user(cells)),
            1 => ("identity_identifiers", parts.identifier(cells)),
            2 => ("identity_claims", parts.claim(cells)),
            _ => ("identity_profiles", parts.profile(cells)),
        };
        read.map_err(|bad| bad.at(table, || name(key)))?;
    }
    parts.into_stored(key).map_err(|bad| bad.at("identity_users", || name(key)))
}

#[derive(Default)]
struct Parts {
    user: Option<UserRow>,
    username: Option<UsernameEntry>,
    emails: Vec<(i64, Identifier)>,
    phones: Vec<(i64, Identifier)>,
    claims: Vec<Claim>,
    profile: Option<(Profile, Credentials, SignIns)>,
}

struct UserRow {
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    disabled: bool,
    primary_email: Option<IdentifierId>,
    primary_phone: Option<IdentifierId>,
    retired: Vec<Retired>,
}

impl Parts {
    fn user(&mut self, cells: Cells<'_>) -> Result<(), Bad> {
        self.user = Some(UserRow {
            version: cells.int("position").map_err(|_| "its version is none")?,
            created_at: cells.time("added_at")?,
            updated_at: cells.time("verified_at")?,
            disabled: cells.flag("unrestricted")?,
            primary_email: cells.opt_id("id")?,
            primary_phone: cells.opt_id("replaces")?,
            retired: cells
                .opt_json("sign_in")
                .map_err(|_| "what was retired is no JSON of its kind")?
                .unwrap_or_default(),
        });
        Ok(())
    }

    fn identifier(&mut self, cells: Cells<'_>) -> Result<(), Bad> {
        let kind = cells.name("kind", ClaimKind::from_name)?;
        let id = cells.id("id")?;
        let canonical = cells.text("address")?;
        let typed = cells.opt_text("typed")?.unwrap_or(canonical);
        let source = cells.opt_shared("source")?;
        let added_at = cells.time("added_at")?;
        let sign_in = cells.opt_json("sign_in")?.map(Arc::new);
        let (channel, book) = match kind {
            ClaimKind::Email => (Channel::Email, &mut self.emails),
            ClaimKind::Phone => (Channel::Phone, &mut self.phones),
            ClaimKind::Username => {
                let username =
                    Username::restore(canonical, typed).map_err(|_| Bad::from("a stored username is none"))?;
                let entry = UsernameEntry { id, username, source, added_at, sign_in };
                return match self.username.replace(entry) {
                    None => Ok(()),
                    Some(_) => Err(Bad::from("a user has two usernames")),
                };
            }
        };
        let address = Address::restore(channel, canonical, typed)?;
        let attempts = Attempts {
            failed_in_a_row: cells.int("failed_in_a_row")?,
            failed_at: cells.json_or_default("failed_at")?,
            sent_at: cells.json_or_default("sent_at")?,
        };
        let status = match (verified(cells)?, challenge(cells)?) {
            (None, None) => Status::Unverified,
            (None, Some(challenge)) => Status::Pending(challenge),
            (Some(verified), None) => Status::Verified(verified),
            (Some(_), Some(_)) => return Err(Bad::from("a verified identifier has a challenge")),
        };
        let (unrestricted, replaces) = (cells.flag("unrestricted")?, cells.opt_id("replaces")?);
        let undeliverable = cells.opt_json("undeliverable")?;
        let entry = Identifier {
            id,
            address,
            status,
            source,
            unrestricted,
            added_at,
            replaces,
            attempts,
            undeliverable,
            sign_in,
        };
        book.push((cells.int("position")?, entry));
        Ok(())
    }

    fn claim(&mut self, cells: Cells<'_>) -> Result<(), Bad> {
        let kind = cells.name("kind", ClaimKind::from_name)?;
        let rule = cells.int("position").map_err(|_| "its rule is none that this program knows")?;
        let key = ClaimKey::new(kind, rule, cells.text("address")?);
        let strength = cells.opt_text("typed")?.and_then(strength_from).ok_or("its strength is none")?;
        self.claims.push(Claim { key, strength });
        Ok(())
    }

    fn profile(&mut self, cells: Cells<'_>) -> Result<(), Bad> {
        let object = |name: &str| cells.json_or_default::<JsonObject>(name).map(Arc::new);
        let profile = Profile {
            claims: object("address").map_err(|_| "the claims are no JSON object")?,
            public_data: object("typed").map_err(|_| "the public data are no JSON object")?,
            private_data: object("source").map_err(|_| "the private data are no JSON object")?,
        };
        let credentials =
            cells.json_or_default("verified_by").map_err(|_| "the credentials are no JSON of their kind")?;
        let sign_ins = cells.json_or_default("sign_in").map_err(|_| "the sign-ins are no JSON of their kind")?;
        self.profile = Some((profile, credentials, sign_ins));
        Ok(())
    }

    fn into_stored(self, key: &UserKey) -> Result<Option<Stored>, Bad> {
        let Self { user, username, emails, phones, mut claims, profile } = self;
        let Some(user) = user else {
            let nothing = username.is_none() && emails.is_empty() && phones.is_empty() && claims.is_empty();
            return if nothing && profile.is_none() {
                Ok(None)
            } else {
                Err(Bad::from("it is missing, and other rows of it are there"))
            };
        };
        let (profile, credentials, sign_ins) = profile.unwrap_or_default();
        let emails = book(Channel::Email, emails, user.primary_email)?;
        let phones = book(Channel::Phone, phones, user.primary_phone)?;
        let restored = User::restore(UserParts {
            id: key.user.clone(),
            created_at: user.created_at,
            updated_at: user.updated_at,
            disabled: user.disabled,
            username,
            emails,
            phones,
            profile,
            credentials: Arc::new(credentials),
            sign_ins: Arc::new(sign_ins),
            retired: user.retired,
        })?;
        claims.sort_unstable();
        Ok(Some(Stored { user: Arc::new(restored), version: Version(user.version), claims }))
    }
}

fn book(channel: Channel, mut entries: Vec<(i64, Identifier)>, primary: Option<IdentifierId>) -> Result<Book, Bad> {
    entries.sort_unstable_by_key(|(position, _)| *position);
    if (0..).zip(&entries).any(|(index, (position, _))| index != *position) {
        return Err(Bad::from("the positions of its identifiers have a gap"));
    }
    Ok(Book::restore(channel, entries.into_iter().map(|(_, entry)| entry).collect(), primary)?)
}

fn verified(cells: Cells<'_>) -> Result<Option<Verified>, Bad> {
    let Some(at) = cells.opt_time("verified_at")? else {
        let (by, source) = (cells.opt_text("verified_by")?, cells.opt_text("verified_source")?);
        return if by.is_none() && source.is_none() {
            Ok(None)
        } else {
            Err(Bad::from("somebody vouches for what is not verified"))
        };
    };
    let by = cells.name("verified_by", Method::from_name)?;
    Ok(Some(Verified { at, by, source: cells.opt_shared("verified_source")? }))
}

fn challenge(cells: Cells<'_>) -> Result<Option<Challenge>, Bad> {
    let Some(nonce) = cells.opt_bytes("challenge_nonce")? else { return Ok(None) };
    let (length, alphabet) = (cells.int("challenge_length")?, cells.name("challenge_alphabet", alphabet_from)?);
    Ok(Some(Challenge {
        nonce: Nonce::from_bytes(nonce),
        key: cells.name("challenge_key", |name| KeyId::parse(name).ok())?,
        purpose: cells.name("challenge_purpose", Purpose::from_name)?,
        proof: cells.name("challenge_proof", Proof::from_name)?,
        format: CodeFormat::new(length, alphabet).ok_or("a code has no such length")?,
        issued_at: cells.time("challenge_issued_at")?,
        expires_at: cells.time("challenge_expires_at")?,
        tries: cells.int("challenge_tries")?,
        failed: cells.int("challenge_failed")?,
        hint: cells.opt_shared("challenge_hint")?,
    }))
}

fn strength_from(name: &str) -> Option<Strength> {
    match name {
        "verified" => Some(Strength::Verified),
        "unverified" => Some(Strength::Unverified),
        _ => None,
    }
}

fn alphabet_from(name: &str) -> Option<Alphabet> {
    match name {
        "digits" => Some(Alphabet::Digits),
        "letters" => Some(Alphabet::Letters),
        _ => None,
    }
}
