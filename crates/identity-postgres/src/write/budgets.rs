use async_trait::async_trait;
use identity_core::{Charge, Refund, TenantId};
use identity_ports::{Budgets, CommitError, StoreError};

use super::batch::{draw, give_back};
use super::job::hash;
use super::verdict;
use crate::PostgresStore;
use crate::cells::Cells;
use crate::error::Failure;
use crate::patience::Patience;
use crate::sql::Sql;

#[async_trait]
impl Budgets for PostgresStore {
    /// Judges and draws in one flight, under the locks that commits take as well.
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        let link = self.link();
        let given = refunds.iter().map(|refund| (refund.quota.as_str(), refund.kind));
        let drawn = charges.iter().map(|charge| (charge.quota.as_str(), charge.kind)).chain(given);
        let keys = drawn.map(|(quota, kind)| (1, hash(&link.tables, tenant, "budget", [quota, kind.as_str(), ""])));
        let draws = (1..).zip(charges).map(|(i, charge)| draw(1, 0, i, charge));
        let draws = refunds.iter().map(|refund| give_back(1, refund)).chain(draws);
        let statements =
            [Sql::new(&link.texts.wait).rows(keys), Sql::new(&link.texts.draw).with((tenant.as_str(),)).rows(draws)];
        let mut patience = Patience::new(&link);
        let answers = loop {
            match link.flight(&statements).await {
                Ok(answers) => break answers,
                // What was given back twice could be drawn twice.
                Err(lost @ Failure::Lost(_)) if !refunds.is_empty() => return Err(lost.into_error().into()),
                Err(failure) => patience.after(failure).await?,
            }
        };
        let Some(row) = answers.last().and_then(|rows| rows.first()) else { return Ok(()) };
        let place = Cells(row).int("i").ok().and_then(|i: usize| i.checked_sub(1));
        let charge = place.and_then(|place| charges.get(place));
        let charge = charge.ok_or_else(|| StoreError::failed("the database named a charge that was not asked for"))?;
        Err(CommitError::Exhausted(verdict::found(Cells(row), tenant, charge)?))
    }
}
