//! Reads what the statement answered to each commit.

use std::collections::HashSet;

use identity_core::{Charge, Exhausted, TenantId, WhenExhausted};
use identity_ports::{CommitError, Committed, StoreError};
use tokio_postgres::Row;

use super::batch::Drawn;
use super::job::{Answer, Job};
use crate::cells::{Bad, Cells};

/// The judgement of one commit.
#[derive(Default)]
struct Verdict {
    told: bool,
    /// Whether the user was at the expected version when the statement began.
    fits: bool,
    /// Whether the row of the user, and the claims and budgets, were locked for this commit.
    free: bool,
    /// Whether nothing spoke against the commit.
    passed: bool,
    /// Whether it was written.
    done: bool,
    /// Whether an earlier try, whose answer was lost, wrote the commit.
    before: bool,
    /// The place of the first claim that another user holds.
    taken: Option<usize>,
    /// Charges that their budgets did not cover, by their place, with the message that they belong to.
    exhausted: Vec<(usize, i64, Exhausted)>,
    damaged: Option<StoreError>,
}

/// Reads the answers, in the order of the commits; a commit without one has to be tried again.
pub(super) fn read(rows: &[Row], jobs: &[&Job], charged: &[Drawn<'_>]) -> Result<Vec<Option<Answer>>, StoreError> {
    let mut verdicts: Vec<Verdict> = jobs.iter().flat_map(|job| job.parts()).map(|_| Verdict::default()).collect();
    for row in rows {
        let cells = Cells(row);
        let read = judge(cells, &mut verdicts, charged);
        read.map_err(|_| StoreError::failed("the database answered a commit with rows of another kind"))?;
    }
    let mut verdicts = verdicts.into_iter();
    Ok(jobs.iter().map(|job| answer(job.parts().zip(&mut verdicts).collect())).collect())
}

fn judge(cells: Cells<'_>, verdicts: &mut [Verdict], charged: &[Drawn<'_>]) -> Result<(), Bad> {
    let at = |n: usize| n.checked_sub(1);
    let gone = || Bad::from("the row belongs to no commit");
    match cells.get::<i32>("part")? {
        1 => {
            let n: usize = cells.int("n")?;
            let verdict = at(n).and_then(|n| verdicts.get_mut(n)).ok_or_else(gone)?;
            (verdict.told, verdict.fits, verdict.before) = (true, cells.get("well")?, cells.get("before")?);
            (verdict.free, verdict.passed, verdict.done) =
                (cells.get("free")?, cells.get("passed")?, cells.get("done")?);
            verdict.taken = cells.get::<Option<i64>>("i")?.and_then(|i| usize::try_from(i).ok());
        }
        2 => {
            let i: usize = cells.int("i")?;
            let drawn = at(i).and_then(|i| charged.get(i)).ok_or_else(gone)?;
            let verdict = usize::try_from(drawn.n).ok().and_then(at).and_then(|n| verdicts.get_mut(n));
            let verdict = verdict.ok_or_else(gone)?;
            match found(cells, &drawn.key.tenant, drawn.charge) {
                Ok(exhausted) => verdict.exhausted.push((i, drawn.m, exhausted)),
                Err(error) => verdict.damaged = Some(error),
            }
        }
        _ => {}
    }
    Ok(())
}

/// What a charge that did not fit found.
///
/// # Errors
/// The budget is damaged.
pub(super) fn found(cells: Cells<'_>, tenant: &TenantId, charge: &Charge) -> Result<Exhausted, StoreError> {
    // The name of a quota may be a country's or a tenant's, or a pseudonym: never an address.
    let key = || format!("{tenant}/{}/{}", charge.kind.as_str(), charge.quota);
    let read = || {
        let (is_open, drawn): (bool, Option<i64>) = (cells.get("before")?, cells.get("drawn")?);
        let drawn = u64::try_from(drawn.unwrap_or(0)).map_err(|_| "the amount drawn is negative")?;
        let (began, drawn) = if is_open { (cells.time("began_at")?, drawn) } else { (charge.at, 0) };
        Ok(Exhausted::of(charge, drawn, began + charge.budget.window))
    };
    read().map_err(|bad: Bad| bad.at("identity_budgets", key))
}

/// The answer to a commit by the verdicts on its parts.
fn answer(parts: Vec<(&Job, Verdict)>) -> Option<Answer> {
    let all = |is: fn(&Verdict) -> bool| parts.iter().all(|(_, verdict)| is(verdict));
    // What was not locked was not judged. What passed and was not written found a user who was created meanwhile.
    let undecided = all(|verdict| verdict.told && !verdict.before && verdict.fits)
        && (!all(|verdict| verdict.free) || all(|verdict| verdict.passed) && !all(|verdict| verdict.done));
    (!undecided).then(|| decided(parts))
}

fn decided(parts: Vec<(&Job, Verdict)>) -> Answer {
    let all = |is: fn(&Verdict) -> bool| parts.iter().all(|(_, verdict)| is(verdict));
    if !all(|verdict| verdict.told) {
        return Err(StoreError::failed("the database did not answer a commit").into());
    }
    if all(|verdict| verdict.before) {
        // What was withheld is not known any more: the answer that said so was lost.
        return Ok(Committed::default());
    }
    if !all(|verdict| verdict.fits) {
        return Err(CommitError::Conflict);
    }
    let mut exhausted = Vec::new();
    for (job, verdict) in parts {
        exhausted.extend(exhausted_by(verdict, job)?);
    }
    Ok(Committed { exhausted })
}

/// The budgets that did not cover a charge of a part, if nothing else speaks against it.
fn exhausted_by(verdict: Verdict, job: &Job) -> Result<Vec<Exhausted>, CommitError> {
    if let Some(place) = verdict.taken {
        let claim = place.checked_sub(1).and_then(|place| job.commit.claims.take.get(place));
        return Err(claim.map_or_else(
            || StoreError::failed("the database named a claim that the commit does not take").into(),
            |claim| CommitError::Taken(claim.clone()),
        ));
    }
    if let Some(error) = verdict.damaged {
        return Err(error.into());
    }
    let mut exhausted = verdict.exhausted;
    exhausted.sort_unstable_by_key(|(i, ..)| *i);
    if let Some(place) = exhausted.iter().position(|(.., told)| told.effect == WhenExhausted::Refuse) {
        return Err(CommitError::Exhausted(exhausted.swap_remove(place).2));
    }
    let withheld: HashSet<i64> =
        exhausted.iter().filter(|(.., told)| told.effect == WhenExhausted::Withhold).map(|(_, m, _)| *m).collect();
    // Of a message that is withheld only what withheld it is told: nothing else was drawn.
    exhausted.retain(|(_, m, told)| told.effect == WhenExhausted::Withhold || !withheld.contains(m));
    Ok(exhausted.into_iter().map(|(.., told)| told).collect())
}
