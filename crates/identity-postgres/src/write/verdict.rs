//! What the statement says of each commit.

use identity_core::{Timestamp, WhenExhausted};
use identity_ports::{CommitError, StoreError};
use tokio_postgres::Row;

use super::batch::{Beforehand, Drawn};
use super::job::{Answer, Job};
use crate::cells::{Bad, Cells};

/// How one commit was judged.
#[derive(Default)]
struct Verdict {
    told: bool,
    fits: bool,
    /// Written by an earlier try whose answer was lost.
    before: bool,
    /// The place of the first claim that is somebody else's.
    taken: Option<usize>,
    /// The first charge that refuses, by its place, and what it is refused with.
    refused: Option<(usize, CommitError)>,
}

/// Reads the answers, in the order of the commits.
pub(super) fn read(
    rows: &[Row],
    jobs: &[&Job],
    beforehand: &[Beforehand],
    charged: &[Drawn<'_>],
) -> Result<Vec<Answer>, StoreError> {
    let mut verdicts: Vec<Verdict> = jobs.iter().map(|_| Verdict::default()).collect();
    for row in rows {
        let cells = Cells(row);
        let read = judge(cells, &mut verdicts, charged);
        read.map_err(|_| StoreError::failed("the database answered a commit with something else"))?;
    }
    let judged = verdicts.into_iter().zip(jobs).zip(beforehand);
    Ok(judged.map(|((verdict, job), beforehand)| answer(verdict, job, beforehand)).collect())
}

fn judge(cells: Cells<'_>, verdicts: &mut [Verdict], charged: &[Drawn<'_>]) -> Result<(), Bad> {
    let at = |n: usize| n.checked_sub(1);
    let gone = || Bad::from("a row of no commit");
    match cells.0.try_get::<_, i32>("part").map_err(|_| gone())? {
        1 => {
            let n: usize = cells.int("n")?;
            let verdict = at(n).and_then(|n| verdicts.get_mut(n)).ok_or_else(gone)?;
            (verdict.told, verdict.fits, verdict.before) = (true, cells.flag("well")?, cells.flag("before")?);
            verdict.taken = cells.opt_int("i")?.and_then(|i| usize::try_from(i).ok());
        }
        2 => {
            let i: usize = cells.int("i")?;
            let drawn = at(i).and_then(|i| charged.get(i)).ok_or_else(gone)?;
            let verdict = usize::try_from(drawn.n).ok().and_then(at).and_then(|n| verdicts.get_mut(n));
            let verdict = verdict.ok_or_else(gone)?;
            let refused = refused(cells, drawn)?;
            if let Some(error) = refused.filter(|_| verdict.refused.as_ref().is_none_or(|(place, _)| i < *place)) {
                verdict.refused = Some((i, error));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Why a charge refuses, if it does.
fn refused(cells: Cells<'_>, drawn: &Drawn<'_>) -> Result<Option<CommitError>, Bad> {
    let charge = drawn.charge;
    if cells.opt_int("drawn")?.is_some_and(|drawn| drawn < 0) {
        let key = format!("{}/{}/{}", drawn.key.tenant, charge.kind.as_str(), charge.quota);
        let reason = "fewer than no draws".to_owned();
        // The name of a quota may be a country's or a tenant's, or a pseudonym: never an address.
        return Ok(Some(StoreError::Corrupt { table: "identity_quotas", key, reason }.into()));
    }
    if cells.flag("well")? || charge.when_exhausted != WhenExhausted::Refuse {
        return Ok(None);
    }
    let open = cells.flag("before")?;
    let began_at = cells.opt_int("began_at")?.filter(|_| open).map_or(charge.at, Timestamp::from_micros);
    Ok(Some(CommitError::Exhausted { kind: charge.kind, retry_at: began_at + charge.budget.window }))
}

fn answer(verdict: Verdict, job: &Job, beforehand: &Beforehand) -> Answer {
    if !verdict.told {
        return Err(StoreError::failed("the database did not answer a commit").into());
    }
    if verdict.before {
        return Ok(());
    }
    if !verdict.fits {
        return Err(CommitError::Conflict);
    }
    if let Some(place) = verdict.taken {
        let claim = place.checked_sub(1).and_then(|place| job.commit.claims.take.get(place));
        return Err(claim.map_or_else(
            || StoreError::failed("the database named a claim that was not asked for").into(),
            |claim| CommitError::Taken(claim.clone()),
        ));
    }
    if let Some((_, error)) = verdict.refused {
        return Err(error);
    }
    match beforehand.windows.as_ref().and_then(|windows| windows.exhausted) {
        Some((kind, retry_at)) => Err(CommitError::Exhausted { kind, retry_at }),
        None => Ok(()),
    }
}
