//! Writing a commit. The transaction is undone when this fails, so checks and writes may alternate.

use async_trait::async_trait;
use identity_core::{
    BudgetKind, Charge, Claim, ClaimKey, Commit, Details, Event, Exhausted, Expected, LookupEntry, Outgoing, Refund,
    Strength, TenantId, User, UserId,
};
use identity_ports::{Budgets, CommitError, Committed, Draws, ListOrder, StoreError, Window};

use crate::store::{RedbStore, Writing, key, number, time};
use crate::users::Row;
use crate::{feed, outbox};

pub(crate) fn commit(rows: &mut Writing<'_>, commit: &Commit) -> Result<Committed, CommitError> {
    commit.check().map_err(StoreError::failed)?;
    for part in commit.parts() {
        let row: Option<Row> = rows.get(&row_of(part))?;
        match (part.expected, row) {
            (Expected::Absent, None) => {}
            (Expected::At(expected), Some(Row { version, record: Some(_), .. })) if version == expected => {}
            _ => return Err(CommitError::Conflict),
        }
    }
    // Both users release before either takes.
    commit.parts().try_for_each(|part| release(rows, part))?;
    let mut committed = Committed::default();
    for part in commit.parts() {
        committed.exhausted.append(&mut write(rows, part)?);
    }
    Ok(committed)
}

fn row_of(commit: &Commit) -> String {
    key(&commit.key.tenant, &["users", commit.key.user.as_str()])
}

/// Writes what the commit says of one user, and gives the budgets that did not cover a charge.
fn write(rows: &mut Writing<'_>, commit: &Commit) -> Result<Vec<Exhausted>, CommitError> {
    let (tenant, user, version) = (&commit.key.tenant, &commit.key.user, commit.version());
    let (before, after, place) = (commit.before.as_deref(), commit.after.as_deref(), row_of(commit));
    let claims = take(rows, commit)?;
    let Draws { withheld, exhausted, .. } = draw(rows, tenant, &commit.refunds, &commit.charges, &commit.messages)?;

    outbox::withdraw(rows, &commit.key, &commit.withdraw)?;
    for (outgoing, _) in commit.messages.iter().zip(withheld).filter(|(_, withheld)| !withheld) {
        outbox::enqueue(rows, &outgoing.message)?;
    }
    rows.put(&place, &Row { version, record: commit.record(), claims })?;
    let place = key(tenant, &["details", user.as_str()]);
    match commit.details() {
        Details::Stays => {}
        Details::Goes => rows.remove(&place)?,
        Details::Is(record) => rows.put(&place, &record)?,
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
    feed::append(rows, commit)?;
    Ok(exhausted)
}

fn claim_of(tenant: &TenantId, of: &ClaimKey) -> String {
    key(tenant, &["claims", of.kind().as_str(), of.as_str(), &number(of.rule().into())])
}

/// Releases what the user loses.
fn release(rows: &mut Writing<'_>, commit: &Commit) -> Result<(), StoreError> {
    let Some(row) = rows.get::<Row>(&row_of(commit))? else { return Ok(()) };
    let (gone, claims): (Vec<Claim>, Vec<Claim>) =
        row.claims.into_iter().partition(|claim| commit.after.is_none() || commit.claims.release.contains(&claim.key));
    gone.iter().try_for_each(|claim| rows.remove(&claim_of(&commit.key.tenant, &claim.key)))?;
    rows.put(&row_of(commit), &Row { claims, ..row })
}

/// Takes claims. Returns those that the user holds then, in the order of their keys.
fn take(rows: &mut Writing<'_>, commit: &Commit) -> Result<Vec<Claim>, CommitError> {
    let (tenant, user) = (&commit.key.tenant, &commit.key.user);
    let mut held = rows.get(&row_of(commit))?.map_or_else(Vec::new, |row: Row| row.claims);
    for claim in &commit.claims.take {
        let former: Option<(UserId, Strength)> = rows.get(&claim_of(tenant, &claim.key))?;
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
        rows.put(&claim_of(tenant, &claim.key), &(user, claim.strength))?;
        held.retain(|held| held.key != claim.key);
        held.push(claim.clone());
    }
    held.sort();
    Ok(held)
}

/// Gives the refunds back, and draws what a change itself and then its messages cost.
fn draw<'c>(
    rows: &mut Writing<'_>,
    tenant: &TenantId,
    refunds: &'c [Refund],
    charges: &'c [Charge],
    messages: &'c [Outgoing],
) -> Result<Draws<'c>, CommitError> {
    let place = |kind: BudgetKind, quota: &str| key(tenant, &["budgets", kind.as_str(), quota]);
    let draws = Draws::judge(refunds, charges, messages, |kind, quota| {
        let window = rows.get(&place(kind, quota))?;
        Ok(window.map(|(began, ends, drawn)| Window { began, ends, drawn }))
    })?;
    for (kind, quota, Window { began, ends, drawn }) in &draws.windows {
        rows.put(&place(*kind, quota), &(began, ends, drawn))?;
    }
    Ok(draws)
}

#[async_trait]
impl Budgets for RedbStore {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let (tenant, refunds, charges) = (tenant.clone(), refunds.to_vec(), charges.to_vec());
        self.write(move |rows| draw(rows, &tenant, &refunds, &charges, &[]).map(drop)).await
    }
}
