use async_trait::async_trait;
use identity_core::TenantId;
use identity_ports::{Directory, DirectoryOrder, DirectoryPage, DirectoryQuery, Search, StoreError, behind};

use crate::PostgresStore;
use crate::cells::{Cells, capped};
use crate::rows::load;
use crate::sql::Sql;

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
        // What the host reports is read out of the second record: whoever sorts by it reads every user's.
        let first = if query.search.is_some() { 7 } else { 4 };
        let (by, report, reported) = match query.order {
            DirectoryOrder::Created => ("u.created_at", String::new(), None),
            DirectoryOrder::Updated => ("u.updated_at", String::new(), None),
            DirectoryOrder::Reported(key) => {
                let path: String = (1..=key.path().len()).map(|number| format!(" -> ${first}[{number}]")).collect();
                let missing = format!("${}", first + 1);
                let report = link.texts.reported.replace("{path}", &path).replace("{missing}", &missing);
                ("r.value", report, Some(key))
            }
        };
        let among = if query.search.is_some() { &link.texts.search } else { "" };
        let text = link.texts.browse.replace("{by}", by).replace("{way}", way).replace("{ids}", ids);
        let text = text.replace("{report}", &report).replace("{among}", among);
        let mut sql = Sql::new(text).with((tenant.as_str(), capped(query.limit), capped(query.skip)));
        if let Some(Search { id, beginning }) = &query.search {
            sql = sql.with((id.as_str(), beginning.as_str(), behind(beginning)));
        }
        if let Some(key) = reported {
            sql = sql.rows(key.path().iter().map(|name| (*name,))).with((key.missing(),));
        }
        let rows = link.read(&sql).await?;
        let Some((total, users)) = rows.split_first() else { return Ok(nobody) };
        let total = Cells(total).int("version");
        let total = total.map_err(|_| StoreError::failed("the database told no count of users"))?;
        Ok(DirectoryPage { users: load::page(tenant, users)?, total })
    }
}
