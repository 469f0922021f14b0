use async_trait::async_trait;
use identity_core::TenantId;
use identity_ports::{Directory, DirectoryOrder, DirectoryPage, DirectoryQuery, Search, StoreError};

use crate::PostgresStore;
use crate::cells::{Cells, capped};
use crate::rows::list::until;
use crate::rows::load;
use crate::sql::Sql;

/// Times and counts of sign-in are read out of the second record: whoever sorts by them reads every user's.
fn key(order: DirectoryOrder) -> String {
    let report = |name: &str| format!("(replace(p.record, '\\u0000', '\\ufffd')::json -> 's' ->> '{name}')::numeric");
    match order {
        DirectoryOrder::Created => "u.created_at".to_owned(),
        DirectoryOrder::Updated => "u.updated_at".to_owned(),
        DirectoryOrder::LastActivity => report("last_activity"),
        DirectoryOrder::Failures => format!("coalesce({}, 0)", report("failure_count")),
        DirectoryOrder::Attempts => format!("coalesce({}, 0)", report("attempts_count")),
        DirectoryOrder::LastAttempt => report("last_attempt"),
        DirectoryOrder::Successes => format!("coalesce({}, 0)", report("success_count")),
        DirectoryOrder::LastSuccess => report("last_success"),
        DirectoryOrder::BlockUntil => report("block_until"),
    }
}

#[async_trait]
impl Directory for PostgresStore {
    /// A numbered page of users and how many there are, in one statement and of one moment.
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        let link = self.link();
        let nobody = DirectoryPage { users: Vec::new(), total: 0 };
        let unknown = |search: &Search| search.beginning.contains('\0') || search.id.contains('\0');
        if query.search.as_ref().is_some_and(unknown) {
            return Ok(nobody);
        }
        // Who has no such time comes before all who have.
        let (way, ids) = if query.descending { ("DESC NULLS LAST", "DESC") } else { ("ASC NULLS FIRST", "ASC") };
        let report = match query.order {
            DirectoryOrder::Created | DirectoryOrder::Updated => "",
            _ => &link.texts.signins,
        };
        let among = if query.search.is_some() { &link.texts.search } else { "" };
        let text = link.texts.browse.replace("{by}", &key(query.order)).replace("{way}", way).replace("{ids}", ids);
        let text = text.replace("{report}", report).replace("{among}", among);
        let mut sql = Sql::new(text).with((tenant.as_str(), capped(query.limit), capped(query.skip)));
        if let Some(Search { id, beginning }) = &query.search {
            sql = sql.with((id.as_str(), beginning.as_str(), until(beginning)));
        }
        let rows = link.read(&sql).await?;
        let Some((total, users)) = rows.split_first() else { return Ok(nobody) };
        let total = Cells(total).int("version");
        let total = total.map_err(|_| StoreError::failed("the database told no count of users"))?;
        Ok(DirectoryPage { users: load::page(tenant, users)?, total })
    }
}
