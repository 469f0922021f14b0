//! Writing a commit. The transaction is undone when this fails, so checks and writes may alternate.

use std::collections::BTreeMap;
use std::iter::once;

use async_trait::async_trait;
use identity_core::{
    Charge, Claim, ClaimKey, Commit, Event, Exhausted, Expected, LookupEntry, Message, Outgoing, Refund, Strength,
    TenantId, Timestamp, User, UserId, WhenExhausted, stored,
};
use identity_ports::{Budgets, CommitError, Committed, ListOrder, StoreError};

use crate::outbox;
use crate::store::{RedbStore, Writing, key, number, time};
use crate::users::Row;

pub(crate) fn commit(rows: &mut Writing<'_>, commit: &Commit) -> Result<Committed, CommitError> {
    commit.check().map_err(StoreError::failed)?;
    let (tenant, user, version) = (&commit.key.tenant, &commit.key.user, commit.version());
    let (before, after) = (commit.before.as_deref(), commit.after.as_deref());
    // The state that the commit expects.
    let place = key(tenant, &["users", user.as_str()]);
    let held = match (commit.expected, rows.get(&place)?) {
        (Expected::Absent, None) => Vec::new(),
        (Expected::At(expected), Some(Row { version, record: Some(_), claims })) if version == expected => claims,
        _ => return Err(CommitError::Conflict),
    };
    let claims = claim(rows, commit, held)?;
    let (sent, committed) = draw(rows, tenant, &commit.refunds, &commit.charges, &commit.messages)?;

    outbox::withdraw(rows, &commit.key, &commit.withdraw)?;
    sent.into_iter().try_for_each(|message| outbox::enqueue(rows, message))?;
    let record = after.map(|user| stored::record(tenant, user, version));
    rows.put(&place, &Row { version, record, claims })?;
    if !before.zip(after).is_some_and(|(before, after)| stored::same_details(before, after)) {
        let place = key(tenant, &["details", user.as_str()]);
        match after.and_then(|user| stored::details(tenant, user)) {
            Some(details) => rows.put(&place, &details)?,
            None => rows.remove(&place)?,
        }
    }
    for (name, order) in [("created", ListOrder::Created), ("updated", ListOrder::Updated)] {
        let place = |of: &User| key(tenant, &["lists", name, &time(order.cursor(of).at), user.as_str()]);
        before.map_or(Ok(()), |of| rows.remove(&place(of)))?;
        after.map_or(Ok(()), |of| rows.put(&place(of), user))?;
    }
    let changes = commit.lookup();
    // Of the entries of a key those that are verified come first, so that an entry moves when its verification changes.
    let place = |entry: &LookupEntry, rank| {
        let (of, id) = (&entry.key, entry.identifier.to_string());
        key(tenant, &["lookup", of.kind().as_str(), of.as_str(), &number(of.rule().into()), rank, user.as_str(), &id])
    };
    for entry in changes.remove.iter().chain(&changes.put) {
        ["0", "1"].iter().try_for_each(|rank| rows.remove(&place(entry, rank)))?;
    }
    for entry in &changes.put {
        rows.put(&place(entry, if entry.verified { "0" } else { "1" }), &(user, entry.identifier, entry.verified))?;
    }
    let place = key(tenant, &["events", user.as_str()]);
    let mut events: Vec<(u64, Event)> = Vec::new();
    if after.is_none() {
        events = rows.below(&place)?.collect::<Result<_, _>>()?;
        outbox::forget(rows, &commit.key)?;
    }
    events.extend(commit.events.iter().map(|recorded| (recorded.number, recorded.event.clone())));
    for (at, event) in events {
        let event = if after.is_none() { event.stripped() } else { event };
        rows.put(&format!("{place}\0{}", number(at)), &(at, event))?;
    }
    Ok(committed)
}

/// Releases and takes claims. Returns those that the user holds then, in the order of their keys.
fn claim(rows: &mut Writing<'_>, commit: &Commit, held: Vec<Claim>) -> Result<Vec<Claim>, CommitError> {
    let (tenant, user) = (&commit.key.tenant, &commit.key.user);
    let place = |of: &ClaimKey| key(tenant, &["claims", of.kind().as_str(), of.as_str(), &number(of.rule().into())]);
    let (gone, mut held): (Vec<Claim>, Vec<Claim>) =
        held.into_iter().partition(|claim| commit.after.is_none() || commit.claims.release.contains(&claim.key));
    gone.iter().try_for_each(|claim| rows.remove(&place(&claim.key)))?;
    for claim in &commit.claims.take {
        let former: Option<(UserId, Strength)> = rows.get(&place(&claim.key))?;
        if let Some((holder, strength)) = former.filter(|(holder, _)| holder != user) {
            if (claim.strength, strength) != (Strength::Verified, Strength::Unverified) {
                return Err(CommitError::Taken(claim.clone()));
            }
            let loser = key(tenant, &["users", holder.as_str()]);
            if let Some(mut row) = rows.get::<Row>(&loser)? {
                row.claims.retain(|held| held.key != claim.key);
                rows.put(&loser, &row)?;
            }
        }
        rows.put(&place(&claim.key), &(user, claim.strength))?;
        held.retain(|held| held.key != claim.key);
        held.push(claim.clone());
    }
    held.sort();
    Ok(held)
}

/// One window of a budget: when it began, when it ends, and the amount drawn.
type Window = (Timestamp, Timestamp, u64);

/// Gives the refunds back, and draws what a change itself and then its messages cost. Returns the messages to send.
fn draw<'c>(
    rows: &mut Writing<'_>,
    tenant: &TenantId,
    refunds: &[Refund],
    charges: &[Charge],
    messages: &'c [Outgoing],
) -> Result<(Vec<&'c Message>, Committed), CommitError> {
    let place = |kind: &str, quota: &str| key(tenant, &["budgets", kind, quota]);
    // The windows that change, which are written at the end.
    let mut windows: BTreeMap<String, Window> = BTreeMap::new();
    let read = |windows: &BTreeMap<String, Window>, place: &str| match windows.get(place) {
        Some(window) => Ok(Some(*window)),
        None => rows.get(place),
    };
    for refund in refunds {
        let place = place(refund.kind.as_str(), &refund.quota);
        if let Some((began, ends, drawn)) = read(&windows, &place)?
            && (began..ends).contains(&refund.at)
        {
            windows.insert(place, (began, ends, drawn.saturating_sub(refund.amount)));
        }
    }
    let (mut sent, mut exhausted) = (Vec::new(), Vec::new());
    let messages = messages.iter().map(|outgoing| (&outgoing.charges[..], Some(&outgoing.message)));
    for (charges, message) in once((charges, None)).chain(messages) {
        let (before, mut told) = (windows.clone(), Vec::new());
        for charge in charges {
            let place = place(charge.kind.as_str(), &charge.quota);
            let (began, drawn) = match read(&windows, &place)? {
                Some((began, _, drawn)) if charge.at < began + charge.budget.window => (began, drawn),
                _ => (charge.at, 0),
            };
            let ends = began + charge.budget.window;
            if drawn.checked_add(charge.amount).is_none_or(|after| after > charge.budget.limit) {
                told.push(Exhausted::of(charge, drawn, ends));
            }
            let after = drawn.saturating_add(charge.amount).min(i64::MAX.unsigned_abs());
            windows.insert(place, (began, ends, after));
        }
        if let Some(refused) = told.iter().find(|told| told.effect == WhenExhausted::Refuse) {
            return Err(CommitError::Exhausted(refused.clone()));
        }
        if told.iter().any(|told| told.effect == WhenExhausted::Withhold) {
            windows = before;
            told.retain(|told| told.effect == WhenExhausted::Withhold);
        } else {
            sent.extend(message);
        }
        exhausted.append(&mut told);
    }
    windows.iter().try_for_each(|(place, window)| rows.put(place, window))?;
    Ok((sent, Committed { exhausted }))
}

#[async_trait]
impl Budgets for RedbStore {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let (tenant, refunds, charges) = (tenant.clone(), refunds.to_vec(), charges.to_vec());
        self.write(move |rows| draw(rows, &tenant, &refunds, &charges, &[]).map(drop)).await
    }
}
