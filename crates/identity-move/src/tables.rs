/// A table, and the columns at the beginning of its key that say whose rows they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The columns of the key, in order.
    pub(crate) key: &'static [&'static str],
    /// The number of columns of the key that identify the owner of a row: a user, a claim or a budget.
    pub(crate) group: usize,
}

/// The tables to copy, in this order. Users come last: rows that were copied before belong to nobody until then.
pub(crate) const TABLES: [Table; 7] = [
    Table { name: "identity_events", key: &["tenant", "user_id", "number"], group: 2 },
    Table { name: "identity_identifiers", key: &["tenant", "user_id", "kind", "id"], group: 2 },
    Table { name: "identity_profiles", key: &["tenant", "user_id"], group: 2 },
    Table { name: "identity_claims", key: &["tenant", "kind", "claim_key", "claim_rule"], group: 4 },
    Table { name: "identity_outbox", key: &["tenant", "user_id", "id"], group: 2 },
    Table { name: "identity_quotas", key: &["tenant", "kind", "quota"], group: 3 },
    Table { name: "identity_users", key: &["tenant", "id"], group: 2 },
];

/// The table with the schema version of the file. The target keeps its own.
pub(crate) const NOT_MOVED: &str = "identity_meta";

/// A table with the columns to copy, those of the key first.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) table: Table,
    pub(crate) columns: Vec<(String, Kind)>,
}

/// The type of a column in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Flag,
    Id,
    Bytes,
}

impl Columns {
    /// The names of the columns, for SQL.
    pub(crate) fn names(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        names.join(", ")
    }

    pub(crate) fn key(&self) -> String {
        self.table.key.join(", ")
    }
}
