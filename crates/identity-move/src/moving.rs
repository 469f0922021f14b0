use std::fmt;
use std::path::PathBuf;

use crate::MoveError;
use crate::compare::compare;
use crate::source::Source;
use crate::tables::{Columns, TABLES};
use crate::target::Target;

/// Receives the progress of a move.
pub trait Watch: Send {
    /// A step begins with `total` rows, of which `done` are done.
    fn begin(&mut self, step: Step, total: u64, done: u64);

    /// This many more rows are done.
    fn rows(&mut self, rows: u64);
}

/// Ignores the progress.
impl Watch for () {
    fn begin(&mut self, _: Step, _: u64, _: u64) {}

    fn rows(&mut self, _: u64) {}
}

/// A step of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Rows are copied.
    Copying,
    /// Both sides are read and compared.
    Comparing,
}

/// What both sides hold, as verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// A report for each table.
    pub tables: Vec<TableReport>,
    /// The names of the tables that stay in the file alone, because they are not of this library, in alphabetical order.
    pub left: Vec<String>,
}

/// What both sides hold in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReport {
    /// The name of the table.
    pub table: &'static str,
    /// The number of its rows.
    pub rows: u64,
    /// The number of users, claims or budgets that the rows belong to. The digest of each was the same on both sides.
    pub groups: u64,
    /// SHA-256 over these digests, in hexadecimal digits.
    pub digest: String,
}

/// A move from a SQLite file to a PostgreSQL database.
#[derive(Clone)]
pub struct Move {
    from: PathBuf,
    to: String,
    schema: Option<String>,
    batch: u64,
}

impl fmt::Debug for Move {
    // The URL may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Move").field("from", &self.from).field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Move {
    /// A move from this SQLite file to the PostgreSQL database at this URL.
    pub fn new(from: impl Into<PathBuf>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into(), schema: None, batch: 5_000 }
    }

    /// Sets the schema of the target, which is created if it does not exist; by default the connection's own.
    #[must_use]
    pub fn with_schema(self, schema: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), ..self }
    }

    /// Sets the number of rows in one transaction: 1 to 100,000, 5,000 by default. Other values are clamped.
    #[must_use]
    pub fn with_batch(self, rows: u64) -> Self {
        Self { batch: rows.clamp(1, 100_000), ..self }
    }

    /// Copies everything, continuing an earlier run of the same move, and verifies that both sides hold the same.
    ///
    /// # Errors
    /// [`MoveError`]. After any error the move may be run again.
    pub async fn run(&self, watch: &mut impl Watch) -> Result<Report, MoveError> {
        let (source, mut target, tables) = self.open().await?;
        let totals = source.counts().await?;
        let copied = target.progress(&totals).await?;
        watch.begin(Step::Copying, totals.iter().sum(), copied.iter().sum());
        for (columns, mut done) in tables.iter().zip(copied) {
            let mut rows = source.rows(columns, done, self.batch);
            while let Some(batch) = rows.recv().await {
                let batch = batch?;
                let rows = batch.rows;
                target.write(columns, done, batch).await?;
                done += rows;
                watch.rows(rows);
            }
        }
        let report = self.prove(&source, &mut target, &tables, watch).await?;
        target.finish().await?;
        Ok(report)
    }

    /// Verifies that both sides hold the same, without copying.
    ///
    /// # Errors
    /// [`MoveError::Different`] when they do not, any other [`MoveError`] when one side cannot be read.
    pub async fn compare(&self, watch: &mut impl Watch) -> Result<Report, MoveError> {
        let (source, mut target, tables) = self.open().await?;
        self.prove(&source, &mut target, &tables, watch).await
    }

    async fn open(&self) -> Result<(Source, Target, Vec<Columns>), MoveError> {
        let source = Source::open(&self.from).await?;
        if let Some(table) = source.others().await?.iter().find(|table| table.starts_with("identity_")) {
            let reason = format!("the file has a table {table} that this program does not know");
            return Err(MoveError::Tables { table: "the file", reason });
        }
        let mut target = Target::open(&self.to, self.schema.as_deref()).await?;
        let mut tables = Vec::with_capacity(TABLES.len());
        for table in TABLES {
            tables.push(target.columns(table, &source).await?);
        }
        Ok((source, target, tables))
    }

    async fn prove(
        &self,
        source: &Source,
        target: &mut Target,
        tables: &[Columns],
        watch: &mut impl Watch,
    ) -> Result<Report, MoveError> {
        watch.begin(Step::Comparing, source.counts().await?.iter().sum(), 0);
        let mut report = Report { tables: Vec::with_capacity(tables.len()), left: source.others().await? };
        for columns in tables {
            let ours = source.rows(columns, 0, self.batch);
            let watch = &mut *watch;
            let table = columns.table;
            report
                .tables
                .push(target.read(columns, async move |theirs| compare(table, ours, theirs, watch).await).await?);
        }
        Ok(report)
    }
}
