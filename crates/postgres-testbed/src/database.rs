use std::path::PathBuf;

use crate::USER;
use crate::programs::{program, run};

/// A database of a temporary cluster. It is removed with the cluster.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) socket: PathBuf,
}

impl Database {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server's port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URL for clients, through TCP on loopback.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The URL through another port of loopback: that of a pooler or a proxy.
    #[must_use]
    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://{USER}@127.0.0.1:{port}/{}", self.name)
    }

    /// Runs SQL as the superuser, and returns the rows: one per line, columns separated by `|`.
    pub fn sql(&self, sql: &str) -> String {
        let mut psql = program("psql");
        psql.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", &self.name, "-p", &self.port.to_string()]);
        run(psql.arg("-h").arg(&self.socket).args(["-c", sql]))
    }

    /// Every column of every row of every table, as text; printable bytes as they are.
    #[must_use]
    pub fn dump(&self) -> Vec<u8> {
        let tables = self.sql(
            "select format('select %L || t::text from %I.%I t order by 1', tablename || ' ', schemaname, tablename) \
             from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1",
        );
        let selects: Vec<&str> = tables.lines().collect();
        self.sql(&format!("set bytea_output = escape; {}", selects.join("; "))).into_bytes()
    }
}
