//! The table `members` is the service's own. A member comes and goes in the transaction of its user.

use identity::history::Change;
use identity::store::Commit;
use identity::{StoreError, UserId};
use identity_sql::{SqlStore, Statement};

pub(crate) const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS members (user_id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT 'friend')";

/// The rows that are written with a change of a user.
pub(crate) fn members(commit: &Commit) -> Vec<Statement> {
    let rows = commit.events.iter().filter_map(|recorded| match recorded.event.change {
        Change::Created { .. } => Some("INSERT INTO members (user_id) VALUES ($1)"),
        Change::Erased => Some("DELETE FROM members WHERE user_id = $1"),
        _ => None,
    });
    rows.map(|sql| Statement::new(sql).bind(commit.key.user.as_str())).collect()
}

/// The name of a member.
pub(crate) async fn name(store: &SqlStore, user: &UserId) -> Result<Option<String>, StoreError> {
    let rows = store.query(Statement::new("SELECT name FROM members WHERE user_id = $1").bind(user.as_str())).await?;
    Ok(rows.first().and_then(|row| row.first()?.as_text()).map(str::to_owned))
}

pub(crate) async fn rename(store: &SqlStore, user: &UserId, name: &str) -> Result<(), StoreError> {
    let update = Statement::new("UPDATE members SET name = $2 WHERE user_id = $1").bind(user.as_str()).bind(name);
    store.query(update).await.map(drop)
}
