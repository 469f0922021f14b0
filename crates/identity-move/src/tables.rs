/// What the rows of a table belong to: the columns at the beginning of its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The key, in its order.
    pub(crate) key: &'static [&'static str],
    /// How many columns of the key name whose rows they are.
    pub(crate) group: usize,
}

/// What moves, in this order. Users come last: while they are not there, nothing that has come is anybody's.
pub(crate) const TABLES: [Table; 7] = [
    Table { name: "identity_events", key: &["tenant", "user_id", "number"], group: 2 },
    Table { name: "identity_identifiers", key: &["tenant", "user_id", "kind", "id"], group: 2 },
    Table { name: "identity_profiles", key: &["tenant", "user_id"], group: 2 },
    Table { name: "identity_claims", key: &["tenant", "kind", "claim_key", "claim_rule"], group: 4 },
    Table { name: "identity_outbox", key: &["tenant", "user_id", "id"], group: 2 },
    Table { name: "identity_quotas", key: &["tenant", "kind", "quota"], group: 3 },
    Table { name: "identity_users", key: &["tenant", "id"], group: 2 },
];

/// Which version a file's tables have. The target keeps its own.
pub(crate) const NOT_MOVED: &str = "identity_meta";

/// A table, with the columns that move: those of the key first.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) table: Table,
    pub(crate) columns: Vec<(String, Kind)>,
}

/// How the target holds a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Flag,
    Id,
    Bytes,
}

impl Columns {
    /// The names, for SQL.
    pub(crate) fn names(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        names.join(", ")
    }

    pub(crate) fn key(&self) -> String {
        self.table.key.join(", ")
    }
}
