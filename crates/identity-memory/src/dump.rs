use identity_core::stored;
use identity_ports::StoreError;
use serde_json::{Value, json};

use crate::MemoryStore;

impl MemoryStore {
    /// The whole content as JSON, one value per line. Tests search it for what must not be stored. It has no other use, and
    /// nothing reads it back.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when a thread panicked while it wrote to the store.
    ///
    /// ```
    /// assert!(identity_memory::MemoryStore::new().dump()?.is_empty());
    /// # Ok::<(), identity_ports::StoreError>(())
    /// ```
    pub fn dump(&self) -> Result<Vec<u8>, StoreError> {
        let tables = self.read()?;
        let mut lines: Vec<String> = Vec::new();
        let line = |value: Value| value.to_string();
        for (tenant, kept) in &tables.tenants {
            for (id, row) in &kept.people.rows {
                lines.push(line(json!({"tenant": tenant, "user": id, "claims": row.claims, "events": row.events})));
                let user = row.user.as_deref();
                lines.extend(user.map(|user| stored::record(tenant, user, row.version())));
                lines.extend(user.and_then(|user| stored::details(tenant, user)));
            }
            lines.extend(
                kept.quotas.0.iter().map(|budget| line(json!({"tenant": tenant, "budget": format!("{budget:?}")}))),
            );
        }
        lines.extend(tables.post.messages.values().map(|kept| line(json!(kept.posted))));
        Ok(lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect())
    }
}
