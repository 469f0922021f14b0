/// A table of the target, and the rows of the file that it gets. Records, events and messages are copied as they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The query for the rows of the file, with the columns of the target.
    pub(crate) rows: &'static str,
    /// The columns of the key, in order.
    pub(crate) key: &'static [&'static str],
    /// The number of columns of the key that identify the owner of a row: a user, a claim or a budget.
    pub(crate) group: usize,
}

/// The tables to copy, in this order. Users come last: rows that were copied before belong to nobody until then.
pub(crate) const TABLES: [Table; 7] = [
    // Only the newest row of a user is looked at for its time, and none of an earlier run for the id of its commit.
    Table {
        name: "identity_events",
        rows: "SELECT u.tenant, u.id AS user_id, e.last AS number, zeroblob(16) AS commit_id, e.events AS record, \
               iif(u.last_event = e.event, u.updated_at, NULL) AS updated_at \
               FROM identity_events e JOIN identity_users u USING (user)",
        key: &["tenant", "user_id", "number"],
        group: 2,
    },
    Table {
        name: "identity_profiles",
        rows: "SELECT u.tenant, u.id AS user_id, p.record FROM identity_profiles p JOIN identity_users u USING (user)",
        key: &["tenant", "user_id"],
        group: 2,
    },
    Table {
        name: "identity_lookup",
        rows: "SELECT tenant, kind, key, rule, user_id, identifier, verified FROM identity_lookup",
        key: &["tenant", "kind", "key", "rule", "user_id", "identifier"],
        group: 4,
    },
    Table {
        name: "identity_claims",
        rows: "SELECT tenant, kind, key, rule, user_id, strength FROM identity_claims",
        key: &["tenant", "kind", "key", "rule"],
        group: 4,
    },
    Table {
        name: "identity_outbox",
        rows: "SELECT o.tenant, coalesce(u.id, o.message ->> '$.key.user') AS user_id, o.id, o.format, o.channel, o.address, o.message ->> '$.to.typed' AS typed, \
               o.message -> '$.content' AS content, o.message ->> '$.locale' AS locale, o.created_at, o.expires_at, \
               o.due_at, o.attempts, o.lease, o.leased_until, o.error, o.failed_at, o.identifier, o.uncertain, o.provider, \
               o.reference, o.sent_at, o.report ->> '$.state' AS report, o.report ->> '$.at' AS reported_at, \
               o.report ->> '$.detail' AS report_detail \
               FROM identity_outbox o LEFT JOIN identity_users u USING (user)",
        key: &["tenant", "user_id", "id"],
        group: 2,
    },
    Table {
        name: "identity_budgets",
        rows: "SELECT tenant, kind, quota, began_at, ends_at, drawn FROM identity_budgets",
        key: &["tenant", "kind", "quota"],
        group: 3,
    },
    Table {
        name: "identity_users",
        rows: "SELECT tenant, id, version, created_at, updated_at, record FROM identity_users",
        key: &["tenant", "id"],
        group: 2,
    },
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
