//! The rows of identifiers.

use identity_core::{Attempts, Challenge, Channel, Identifier, Timestamp, User, UserKey, UsernameEntry};
use identity_ports::StoreError;

use super::batch::Parts;
use crate::cells::json;
use crate::sql::Cell;

/// Adds the rows that differ from the stored ones.
pub(super) fn write<'a>(
    parts: &mut Parts<'a>,
    n: i64,
    key: &'a UserKey,
    before: Option<&User>,
    after: &'a User,
) -> Result<(), StoreError> {
    let (had, has) = (before.and_then(User::username), after.username());
    if had != has {
        if let Some(gone) = had.filter(|gone| has.is_none_or(|entry| entry.id != gone.id)) {
            drop_one(parts, n, key, "username", gone.id);
        }
        if let Some(entry) = has {
            username(parts, n, key, entry)?;
        }
    }
    for channel in [Channel::Email, Channel::Phone] {
        let old = before.map(|user| user.book(channel).entries()).unwrap_or_default();
        let new = after.book(channel).entries();
        for gone in old.iter().filter(|entry| !new.iter().any(|other| other.id == entry.id)) {
            drop_one(parts, n, key, channel.as_str(), gone.id);
        }
        for (position, entry) in (0..).zip(new) {
            let former = (0_i64..).zip(old).find(|(_, other)| other.id == entry.id);
            // Equality of addresses leaves the typed form out.
            let same = former.is_some_and(|(place, other)| {
                place == position && other == entry && other.address.typed() == entry.address.typed()
            });
            if !same {
                address(parts, n, key, channel, position, entry)?;
            }
        }
    }
    Ok(())
}

fn drop_one<'a>(parts: &mut Parts<'a>, n: i64, key: &'a UserKey, kind: &'a str, id: identity_core::IdentifierId) {
    let (tenant, user) = (key.tenant.as_str(), key.user.as_str());
    parts.dropped.push([n.into(), tenant.into(), user.into(), kind.into(), id.as_uuid().into()]);
}

fn address<'a>(
    parts: &mut Parts<'a>,
    n: i64,
    key: &'a UserKey,
    channel: Channel,
    position: i64,
    entry: &'a Identifier,
) -> Result<(), StoreError> {
    let (verified, challenge) = (entry.verified(), entry.challenge());
    let status = match (verified, challenge) {
        (Some(_), _) => "verified",
        (None, Some(_)) => "pending",
        (None, None) => "unverified",
    };
    let claim_key = entry.address.claim_key();
    let (canonical, typed) = (entry.address.as_str(), entry.address.typed());
    let Attempts { failed_in_a_row, failed_at, sent_at } = &entry.attempts;
    let [nonce, challenge_key, purpose, proof, length, alphabet, issued_at, expires_at, tries, failed, hint] =
        cells(challenge);
    parts.identifiers.push([
        n.into(),
        key.tenant.as_str().into(),
        key.user.as_str().into(),
        channel.as_str().into(),
        entry.id.as_uuid().into(),
        position.into(),
        canonical.into(),
        (typed != canonical).then_some(typed).into(),
        claim_key.as_str().to_owned().into(),
        i64::from(claim_key.rule()).into(),
        status.into(),
        verified.is_some().into(),
        entry.source.as_deref().into(),
        entry.unrestricted.into(),
        entry.added_at.as_micros().into(),
        entry.replaces.map(identity_core::IdentifierId::as_uuid).into(),
        entry.sign_in.as_deref().map(json).transpose()?.into(),
        verified.map(|verified| verified.at.as_micros()).into(),
        verified.map(|verified| verified.by.as_str()).into(),
        verified.and_then(|verified| verified.source.as_deref()).into(),
        i64::from(*failed_in_a_row).into(),
        times(failed_at)?.into(),
        times(sent_at)?.into(),
        nonce,
        challenge_key,
        purpose,
        proof,
        length,
        alphabet,
        issued_at,
        expires_at,
        tries,
        failed,
        hint,
        entry.undeliverable.as_ref().map(json).transpose()?.into(),
    ]);
    Ok(())
}

fn username<'a>(parts: &mut Parts<'a>, n: i64, key: &'a UserKey, entry: &'a UsernameEntry) -> Result<(), StoreError> {
    let claim_key = entry.username.claim_key();
    let (canonical, typed) = (entry.username.as_str(), entry.username.typed());
    let [nonce, challenge_key, purpose, proof, length, alphabet, issued_at, expires_at, tries, failed, hint] =
        cells(None);
    parts.identifiers.push([
        n.into(),
        key.tenant.as_str().into(),
        key.user.as_str().into(),
        "username".into(),
        entry.id.as_uuid().into(),
        0_i64.into(),
        canonical.into(),
        (typed != canonical).then_some(typed).into(),
        claim_key.as_str().to_owned().into(),
        i64::from(claim_key.rule()).into(),
        "verified".into(),
        true.into(),
        entry.source.as_deref().into(),
        false.into(),
        entry.added_at.as_micros().into(),
        Cell::Id(None),
        entry.sign_in.as_deref().map(json).transpose()?.into(),
        Cell::Long(None),
        Cell::Text(None),
        Cell::Text(None),
        0_i64.into(),
        Cell::Text(None),
        Cell::Text(None),
        nonce,
        challenge_key,
        purpose,
        proof,
        length,
        alphabet,
        issued_at,
        expires_at,
        tries,
        failed,
        hint,
        Cell::Text(None),
    ]);
    Ok(())
}

/// A challenge as cells, all of them NULL when there is none.
fn cells(challenge: Option<&Challenge>) -> [Cell<'_>; 11] {
    let alphabet = challenge.map(|challenge| match challenge.format.alphabet() {
        identity_core::Alphabet::Digits => "digits",
        identity_core::Alphabet::Letters => "letters",
    });
    [
        challenge.map(|challenge| challenge.nonce.as_bytes().as_slice()).into(),
        challenge.map(|challenge| challenge.key.as_str()).into(),
        challenge.map(|challenge| challenge.purpose.as_str()).into(),
        challenge.map(|challenge| challenge.proof.as_str()).into(),
        challenge.map(|challenge| i64::from(challenge.format.length())).into(),
        alphabet.into(),
        challenge.map(|challenge| challenge.issued_at.as_micros()).into(),
        challenge.map(|challenge| challenge.expires_at.as_micros()).into(),
        challenge.map(|challenge| i64::from(challenge.tries)).into(),
        challenge.map(|challenge| i64::from(challenge.failed)).into(),
        challenge.and_then(|challenge| challenge.hint.as_deref()).into(),
    ]
}

/// Times as a JSON array; `None` when there are none.
fn times(times: &[Timestamp]) -> Result<Option<String>, StoreError> {
    if times.is_empty() { Ok(None) } else { json(&times).map(Some) }
}
