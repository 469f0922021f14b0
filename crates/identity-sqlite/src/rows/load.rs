use std::sync::Arc;

use identity_core::{
    Address, Alphabet, Attempts, Book, Challenge, Channel, Claim, ClaimKey, ClaimKind, CodeFormat, Credentials,
    Identifier, IdentifierId, JsonObject, KeyId, Method, Nonce, Profile, Proof, Purpose, Retired, SignIns, Status,
    Strength, Timestamp, User, UserKey, UserParts, Username, UsernameEntry, Verified, Version,
};
use identity_ports::{StoreError, Stored};
use rusqlite::Connection;

use crate::cells::{Bad, Cells};
use crate::error::{name, store};

/// Reads everything of a user in one statement: a consistent state, for the cost of one call of the driver.
const LOAD: &str = "\
SELECT 0, version, created_at, updated_at, disabled, primary_email, primary_phone, retired, \
 0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 \
 FROM identity_users WHERE tenant = ?1 AND id = ?2 \
UNION ALL SELECT 1, kind, id, position, address, typed, claim_key, claim_rule, source, unrestricted, added_at, replaces, sign_in, \
 verified_at, verified_by, verified_source, failed_in_a_row, failed_at, sent_at, challenge_nonce, challenge_key, \
 challenge_purpose, challenge_proof, challenge_length, challenge_alphabet, challenge_issued_at, \
 challenge_expires_at, challenge_tries, challenge_failed, challenge_hint, undeliverable \
 FROM identity_identifiers WHERE tenant = ?1 AND user_id = ?2 \
UNION ALL SELECT 2, kind, claim_key, claim_rule, strength, \
 0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 \
 FROM identity_claims WHERE tenant = ?1 AND user_id = ?2 \
UNION ALL SELECT 3, claims, public_data, private_data, credentials, sign_ins, \
 0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 \
 FROM identity_profiles WHERE tenant = ?1 AND user_id = ?2";

/// The user of this key.
pub(crate) fn load(connection: &Connection, key: &UserKey) -> Result<Option<Stored>, StoreError> {
    let mut statement = connection.prepare_cached(LOAD).map_err(store)?;
    let mut rows = statement.query([key.tenant.as_str(), key.user.as_str()]).map_err(store)?;
    let mut parts = Parts::default();
    while let Some(row) = rows.next().map_err(store)? {
        let mut cells = Cells::from(row, 0);
        let part: i64 = cells.int().map_err(|bad| bad.at("identity_users", || name(key)))?;
        let (table, read) = match part {
            0 => ("identity_users", parts.user(&mut cells)),
            1 => ("identity_identifiers", parts.identifier(&mut cells)),
            2 => ("identity_claims", parts.claim(&mut cells)),
            _ => ("identity_profiles", parts.profile(&mut cells)),
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
    fn user(&mut self, cells: &mut Cells<'_>) -> Result<(), Bad> {
        self.user = Some(UserRow {
            version: cells.int()?,
            created_at: cells.time()?,
            updated_at: cells.time()?,
            disabled: cells.flag()?,
            primary_email: cells.opt_id()?,
            primary_phone: cells.opt_id()?,
            retired: cells.json_or_default()?,
        });
        Ok(())
    }

    fn identifier(&mut self, cells: &mut Cells<'_>) -> Result<(), Bad> {
        let kind = cells.name(ClaimKind::from_name)?;
        let id = cells.id()?;
        let position = cells.int()?;
        let canonical = cells.text()?;
        let typed = cells.opt_text()?.unwrap_or(canonical);
        let keyed = (cells.text()?, cells.int()?);
        let source = cells.opt_shared()?;
        let unrestricted = cells.flag()?;
        let added_at = cells.time()?;
        let replaces = cells.opt_id()?;
        let sign_in = cells.opt_json()?.map(Arc::new);
        let (channel, book) = match kind {
            ClaimKind::Email => (Channel::Email, &mut self.emails),
            ClaimKind::Phone => (Channel::Phone, &mut self.phones),
            ClaimKind::Username => {
                let username =
                    Username::restore(canonical, typed).map_err(|_| Bad::from("the username is not valid"))?;
                matches_key(&username.claim_key(), keyed)?;
                let entry = UsernameEntry { id, username, source, added_at, sign_in };
                return match self.username.replace(entry) {
                    None => Ok(()),
                    Some(_) => Err(Bad::from("a user has two usernames")),
                };
            }
        };
        let address = Address::restore(channel, canonical, typed)?;
        matches_key(&address.claim_key(), keyed)?;
        let verified = verified(cells)?;
        let attempts = Attempts {
            failed_in_a_row: cells.int()?,
            failed_at: cells.json_or_default()?,
            sent_at: cells.json_or_default()?,
        };
        let status = match (verified, challenge(cells)?) {
            (None, None) => Status::Unverified,
            (None, Some(challenge)) => Status::Pending(challenge),
            (Some(verified), None) => Status::Verified(verified),
            (Some(_), Some(_)) => return Err(Bad::from("a verified identifier has a challenge")),
        };
        let undeliverable = cells.opt_json()?;
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
        book.push((position, entry));
        Ok(())
    }

    fn claim(&mut self, cells: &mut Cells<'_>) -> Result<(), Bad> {
        let kind = cells.name(ClaimKind::from_name)?;
        let text = cells.text()?;
        let key = ClaimKey::new(kind, cells.int()?, text);
        let strength = cells.name(strength_from)?;
        self.claims.push(Claim { key, strength });
        Ok(())
    }

    fn profile(&mut self, cells: &mut Cells<'_>) -> Result<(), Bad> {
        let mut object = || cells.json_or_default::<JsonObject>().map(Arc::new);
        let profile = Profile { claims: object()?, public_data: object()?, private_data: object()? };
        self.profile = Some((profile, cells.json_or_default()?, cells.json_or_default()?));
        Ok(())
    }

    fn into_stored(self, key: &UserKey) -> Result<Option<Stored>, Bad> {
        let Self { user, username, emails, phones, mut claims, profile } = self;
        let Some(user) = user else {
            let nothing = username.is_none() && emails.is_empty() && phones.is_empty() && claims.is_empty();
            return if nothing && profile.is_none() {
                Ok(None)
            } else {
                Err(Bad::from("the row of the user is missing, and other rows of the user exist"))
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

/// Compares an address with the key that it is found by: where they differ, one of them is damaged. A key of another rule
/// cannot be compared.
fn matches_key(key: &ClaimKey, (text, rule): (&str, u8)) -> Result<(), Bad> {
    if key.rule() == rule && key.as_str() != text {
        return Err(Bad::from("an identifier differs from the key that it is found by"));
    }
    Ok(())
}

fn book(channel: Channel, mut entries: Vec<(i64, Identifier)>, primary: Option<IdentifierId>) -> Result<Book, Bad> {
    entries.sort_unstable_by_key(|(position, _)| *position);
    if (0..).zip(&entries).any(|(index, (position, _))| index != *position) {
        return Err(Bad::from("the positions of its identifiers have a gap"));
    }
    Ok(Book::restore(channel, entries.into_iter().map(|(_, entry)| entry).collect(), primary)?)
}

fn verified(cells: &mut Cells<'_>) -> Result<Option<Verified>, Bad> {
    let Some(at) = cells.opt_time()? else {
        let (by, source) = (cells.opt_text()?, cells.opt_text()?);
        return if by.is_none() && source.is_none() {
            Ok(None)
        } else {
            Err(Bad::from("an identifier that is not verified says who verified it"))
        };
    };
    Ok(Some(Verified { at, by: cells.name(Method::from_name)?, source: cells.opt_shared()? }))
}

/// The number of cells of a challenge.
const CHALLENGE: usize = 11;

fn challenge(cells: &mut Cells<'_>) -> Result<Option<Challenge>, Bad> {
    let Some(nonce) = cells.opt_bytes()? else {
        cells.skip(CHALLENGE - 1);
        return Ok(None);
    };
    Ok(Some(Challenge {
        nonce: Nonce::from_bytes(nonce),
        key: cells.name(|name| KeyId::parse(name).ok())?,
        purpose: cells.name(Purpose::from_name)?,
        proof: cells.name(Proof::from_name)?,
        format: {
            let length = cells.int()?;
            let alphabet = cells.name(alphabet_from)?;
            CodeFormat::new(length, alphabet).ok_or_else(|| Bad::from("the length of the code is out of range"))?
        },
        issued_at: cells.time()?,
        expires_at: cells.time()?,
        tries: cells.int()?,
        failed: cells.int()?,
        hint: cells.opt_shared()?,
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
