use identity_core::{
    Attempts, Challenge, Channel, ClaimKey, Identifier, IdentifierId, SignInUse, Timestamp, Undeliverable, User,
    UserKey, UsernameEntry, Verified,
};
use identity_ports::StoreError;
use rusqlite::{Connection, params};

use crate::cells::json;
use crate::error::name;
use crate::rows::users::execute;

const INSERT: &str = "INSERT INTO identity_identifiers (tenant, user_id, kind, id, address, typed, claim_key, claim_rule, \
position, source, unrestricted, added_at, replaces, sign_in, verified_at, verified_by, verified_source, \
failed_in_a_row, failed_at, sent_at, challenge_nonce, challenge_key, challenge_purpose, challenge_proof, \
challenge_length, challenge_alphabet, challenge_issued_at, challenge_expires_at, challenge_tries, challenge_failed, \
challenge_hint, undeliverable) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, \
?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)";

/// Updates the columns that a challenge changes; none of them is in an index.
const UPDATE_CHALLENGE: &str = "UPDATE identity_identifiers SET failed_in_a_row = ?5, failed_at = ?6, sent_at = ?7, \
challenge_nonce = ?8, challenge_key = ?9, challenge_purpose = ?10, challenge_proof = ?11, challenge_length = ?12, \
challenge_alphabet = ?13, challenge_issued_at = ?14, challenge_expires_at = ?15, challenge_tries = ?16, \
challenge_failed = ?17, challenge_hint = ?18 WHERE tenant = ?1 AND user_id = ?2 AND kind = ?3 AND id = ?4";

/// Updates all columns but those of the address.
const UPDATE: &str = "UPDATE identity_identifiers SET failed_in_a_row = ?5, failed_at = ?6, sent_at = ?7, \
challenge_nonce = ?8, challenge_key = ?9, challenge_purpose = ?10, challenge_proof = ?11, challenge_length = ?12, \
challenge_alphabet = ?13, challenge_issued_at = ?14, challenge_expires_at = ?15, challenge_tries = ?16, \
challenge_failed = ?17, challenge_hint = ?18, position = ?19, source = ?20, unrestricted = ?21, added_at = ?22, \
replaces = ?23, sign_in = ?24, verified_at = ?25, verified_by = ?26, verified_source = ?27, undeliverable = ?28 \
WHERE tenant = ?1 AND user_id = ?2 AND kind = ?3 AND id = ?4";

const DELETE: &str = "DELETE FROM identity_identifiers WHERE tenant = ?1 AND user_id = ?2 AND kind = ?3 AND id = ?4";

const DELETE_ALL: &str = "DELETE FROM identity_identifiers WHERE tenant = ?1 AND user_id = ?2";

/// Writes the rows that changed.
pub(crate) fn write(
    connection: &Connection,
    key: &UserKey,
    before: Option<&User>,
    after: &User,
) -> Result<(), StoreError> {
    let table = Table { connection, key };
    let username = |user: &User| user.username().map(|entry| (entry.id, entry.clone()));
    let had = before.and_then(username);
    let has = after.username();
    if had.as_ref().map(|(_, entry)| entry) != has {
        if let Some((id, _)) = had {
            table.delete("username", id)?;
        }
        if let Some(entry) = has {
            table.insert(&Line::of_username(entry))?;
        }
    }
    for channel in [Channel::Email, Channel::Phone] {
        let kind = channel.as_str();
        let old = before.map(|user| user.book(channel).entries()).unwrap_or_default();
        let new = after.book(channel).entries();
        for gone in old.iter().filter(|entry| !new.iter().any(|other| other.id == entry.id)) {
            table.delete(kind, gone.id)?;
        }
        for (position, entry) in (0..).zip(new) {
            let former = (0..).zip(old).find(|(_, other)| other.id == entry.id);
            let line = Line::of(kind, position, entry);
            match former {
                None => table.insert(&line)?,
                Some((place, former)) if place == position && former == entry => {}
                Some((_, former)) if former.address != entry.address => {
                    table.delete(kind, entry.id)?;
                    table.insert(&line)?;
                }
                Some((place, former)) if place == position && is_about_challenge(former, entry) => {
                    table.update_challenge(&line)?;
                }
                Some(_) => table.update(&line)?,
            }
        }
    }
    Ok(())
}

/// Deletes all identifiers of a user, for a commit that does not know the state before it.
pub(crate) fn clear(connection: &Connection, key: &UserKey) -> Result<(), StoreError> {
    execute(connection, DELETE_ALL, params![key.tenant.as_str(), key.user.as_str()]).map(drop)
}

/// Whether two identifiers differ only in the challenge and the attempts.
fn is_about_challenge(former: &Identifier, entry: &Identifier) -> bool {
    former.verified() == entry.verified()
        && former.source == entry.source
        && former.unrestricted == entry.unrestricted
        && former.added_at == entry.added_at
        && former.replaces == entry.replaces
        && former.sign_in == entry.sign_in
        && former.undeliverable == entry.undeliverable
}

struct Table<'a> {
    connection: &'a Connection,
    key: &'a UserKey,
}

impl Table<'_> {
    fn delete(&self, kind: &str, id: IdentifierId) -> Result<(), StoreError> {
        let (tenant, user) = (self.key.tenant.as_str(), self.key.user.as_str());
        let row = params![tenant, user, kind, id.as_uuid().into_bytes()];
        execute(self.connection, DELETE, row).map(drop)
    }

    fn insert(&self, line: &Line<'_>) -> Result<(), StoreError> {
        let challenge = ChallengeCells::of(line.challenge);
        let typed = (line.typed != line.address).then_some(line.typed);
        let row = params![
            self.key.tenant.as_str(),
            self.key.user.as_str(),
            line.kind,
            line.id,
            line.address,
            typed,
            line.claim_key.as_str(),
            line.claim_key.rule(),
            line.position,
            line.source,
            line.unrestricted,
            line.added_at,
            line.replaces,
            sign_in(line)?,
            line.verified.map(|verified| verified.at.as_micros()),
            line.verified.map(|verified| verified.by.as_str()),
            line.verified.and_then(|verified| verified.source.as_deref()),
            line.failed_in_a_row(),
            line.failed_at(),
            line.sent_at(),
            challenge.nonce,
            challenge.key,
            challenge.purpose,
            challenge.proof,
            challenge.length,
            challenge.alphabet,
            challenge.issued_at,
            challenge.expires_at,
            challenge.tries,
            challenge.failed,
            challenge.hint,
            undeliverable(line)?,
        ];
        execute(self.connection, INSERT, row).map(drop)
    }

    fn update_challenge(&self, line: &Line<'_>) -> Result<(), StoreError> {
        let challenge = ChallengeCells::of(line.challenge);
        let row = params![
            self.key.tenant.as_str(),
            self.key.user.as_str(),
            line.kind,
            line.id,
            line.failed_in_a_row(),
            line.failed_at(),
            line.sent_at(),
            challenge.nonce,
            challenge.key,
            challenge.purpose,
            challenge.proof,
            challenge.length,
            challenge.alphabet,
            challenge.issued_at,
            challenge.expires_at,
            challenge.tries,
            challenge.failed,
            challenge.hint,
        ];
        self.changed(execute(self.connection, UPDATE_CHALLENGE, row)?)
    }

    fn update(&self, line: &Line<'_>) -> Result<(), StoreError> {
        let challenge = ChallengeCells::of(line.challenge);
        let row = params![
            self.key.tenant.as_str(),
            self.key.user.as_str(),
            line.kind,
            line.id,
            line.failed_in_a_row(),
            line.failed_at(),
            line.sent_at(),
            challenge.nonce,
            challenge.key,
            challenge.purpose,
            challenge.proof,
            challenge.length,
            challenge.alphabet,
            challenge.issued_at,
            challenge.expires_at,
            challenge.tries,
            challenge.failed,
            challenge.hint,
            line.position,
            line.source,
            line.unrestricted,
            line.added_at,
            line.replaces,
            sign_in(line)?,
            line.verified.map(|verified| verified.at.as_micros()),
            line.verified.map(|verified| verified.by.as_str()),
            line.verified.and_then(|verified| verified.source.as_deref()),
            undeliverable(line)?,
        ];
        self.changed(execute(self.connection, UPDATE, row)?)
    }

    fn changed(&self, rows: usize) -> Result<(), StoreError> {
        if rows == 1 {
            return Ok(());
        }
        let reason = "an identifier that the user had is missing".to_owned();
        Err(StoreError::Corrupt { table: "identity_identifiers", key: name(self.key), reason })
    }
}

/// The values of a row.
struct Line<'a> {
    kind: &'a str,
    id: [u8; 16],
    position: i64,
    address: &'a str,
    typed: &'a str,
    claim_key: ClaimKey,
    source: Option<&'a str>,
    unrestricted: bool,
    added_at: i64,
    replaces: Option<[u8; 16]>,
    sign_in: Option<&'a SignInUse>,
    verified: Option<&'a Verified>,
    attempts: Option<&'a Attempts>,
    challenge: Option<&'a Challenge>,
    undeliverable: Option<Undeliverable>,
}

impl<'a> Line<'a> {
    fn of(kind: &'a str, position: i64, entry: &'a Identifier) -> Self {
        Self {
            kind,
            id: entry.id.as_uuid().into_bytes(),
            position,
            address: entry.address.as_str(),
            typed: entry.address.typed(),
            claim_key: entry.address.claim_key(),
            source: entry.source.as_deref(),
            unrestricted: entry.unrestricted,
            added_at: entry.added_at.as_micros(),
            replaces: entry.replaces.map(|id| id.as_uuid().into_bytes()),
            sign_in: entry.sign_in.as_deref(),
            verified: entry.verified(),
            attempts: Some(&entry.attempts),
            challenge: entry.challenge(),
            undeliverable: entry.undeliverable,
        }
    }

    fn of_username(entry: &'a UsernameEntry) -> Self {
        Self {
            kind: "username",
            id: entry.id.as_uuid().into_bytes(),
            position: 0,
            address: entry.username.as_str(),
            typed: entry.username.typed(),
            claim_key: entry.username.claim_key(),
            source: entry.source.as_deref(),
            unrestricted: false,
            added_at: entry.added_at.as_micros(),
            replaces: None,
            sign_in: entry.sign_in.as_deref(),
            verified: None,
            attempts: None,
            challenge: None,
            undeliverable: None,
        }
    }

    fn failed_in_a_row(&self) -> u32 {
        self.attempts.map_or(0, |attempts| attempts.failed_in_a_row)
    }

    fn failed_at(&self) -> Option<String> {
        self.attempts.and_then(|attempts| times(&attempts.failed_at))
    }

    fn sent_at(&self) -> Option<String> {
        self.attempts.and_then(|attempts| times(&attempts.sent_at))
    }
}

fn sign_in(line: &Line<'_>) -> Result<Option<String>, StoreError> {
    line.sign_in.map(json).transpose()
}

fn undeliverable(line: &Line<'_>) -> Result<Option<String>, StoreError> {
    line.undeliverable.as_ref().map(json).transpose()
}

/// Times as a JSON array; `None` for an empty list.
fn times(times: &[Timestamp]) -> Option<String> {
    if times.is_empty() { None } else { serde_json::to_string(times).ok() }
}

/// The cells of a challenge; all of them are NULL without one.
#[derive(Default)]
struct ChallengeCells<'a> {
    nonce: Option<&'a [u8]>,
    key: Option<&'a str>,
    purpose: Option<&'a str>,
    proof: Option<&'a str>,
    length: Option<u8>,
    alphabet: Option<&'a str>,
    issued_at: Option<i64>,
    expires_at: Option<i64>,
    tries: Option<u8>,
    failed: Option<u8>,
    hint: Option<&'a str>,
}

impl<'a> ChallengeCells<'a> {
    fn of(challenge: Option<&'a Challenge>) -> Self {
        let Some(challenge) = challenge else { return Self::default() };
        Self {
            nonce: Some(challenge.nonce.as_bytes()),
            key: Some(challenge.key.as_str()),
            purpose: Some(challenge.purpose.as_str()),
            proof: Some(challenge.proof.as_str()),
            length: Some(challenge.format.length()),
            alphabet: Some(match challenge.format.alphabet() {
                identity_core::Alphabet::Digits => "digits",
                identity_core::Alphabet::Letters => "letters",
            }),
            issued_at: Some(challenge.issued_at.as_micros()),
            expires_at: Some(challenge.expires_at.as_micros()),
            tries: Some(challenge.tries),
            failed: Some(challenge.failed),
            hint: challenge.hint.as_deref(),
        }
    }
}
