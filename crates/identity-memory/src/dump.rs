use identity_core::UserRecord;
use identity_ports::{Posted, StoreError};
use serde_json::{Value, json};

use crate::MemoryStore;
use crate::people::Row;

impl MemoryStore {
    /// The whole content as JSON, one line per user, message and budget. Tests search it for what must not be stored.
    /// It has no other use, and nothing reads it back.
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
        let mut lines = Vec::new();
        for (tenant, kept) in &tables.tenants {
            for (id, row) in kept.people.rows() {
                lines.push(json!({"tenant": tenant, "user": id, "row": row.json()}));
            }
            for (kind, quota, began, drawn) in kept.quotas.rows() {
                lines.push(json!({"tenant": tenant, "kind": kind, "quota": quota, "began": began, "drawn": drawn}));
            }
        }
        lines.extend(tables.post.rows().map(|posted| {
            let Posted { message, provider, reference, error, report, .. } = posted;
            json!({"message": message, "provider": provider, "reference": reference, "error": error, "report": report})
        }));
        Ok(lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect())
    }
}

impl Row {
    fn json(&self) -> Value {
        let user = self.user.as_deref().map(|user| {
            let identifiers = user.identifiers();
            let parts: Vec<Value> = identifiers
                .map(
                    |entry| json!({"typed": entry.address.typed(), "status": entry.status, "attempts": entry.attempts}),
                )
                .collect();
            json!({"record": UserRecord::from(user), "identifiers": parts, "retired": user.retired()})
        });
        json!({"user": user, "claims": self.claims, "events": self.events})
    }
}
