use async_trait::async_trait;
use identity_core::{Charge, Refund, TenantId};

use crate::CommitError;

/// Budgets beside those that a commit draws from. A host that limits messages across its tenants passes one to
/// `Identity::with_shared_budgets`: its store, or one that several stores have in common.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Budgets: Send + Sync + 'static {
    /// Gives these amounts back and then draws all of these charges, or none of them when one does not fit, durably before it
    /// answers. Windows, amounts and refunds are those of [`UserRepository::commit`](crate::UserRepository::commit). Two draws
    /// at once must never exceed a budget together; one may be refused for what the other draws and gives back again.
    ///
    /// The charges are different budgets, and each of them refuses. What is drawn twice because an answer was lost stays
    /// drawn.
    ///
    /// # Errors
    /// * [`CommitError::Exhausted`] when a charge does not fit.
    /// * [`CommitError::Store`] when the store fails. The charges may then have been drawn or not.
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError>;
}
