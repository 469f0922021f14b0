use std::fmt;
use std::path::PathBuf;

use crate::MoveError;
use crate::compare::compare;
use crate::source::Source;
use crate::tables::{Columns, TABLES};
use crate::target::Target;

/// Somebody who waits for a move.
pub trait Watch: Send {
    /// A step begins: so many rows in all, of which so many are done.
    fn begin(&mut self, step: Step, total: u64, done: u64);

    /// So many rows more are done.
    fn rows(&mut self, rows: u64);
}

/// Nobody waits.
impl Watch for () {
    fn begin(&mut self, _: Step, _: u64, _: u64) {}

    fn rows(&mut self, _: u64) {}
}

/// What a move does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Rows go over.
    Copying,
    /// Both sides are read and compared.
    Comparing,
}

/// What both sides hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Each table.
    pub tables: Vec<TableReport>,
}

/// What both sides hold of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReport {
    /// Its name.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// To how many users, claims or budgets they belong; the digest of each was the same on both sides.
    pub groups: u64,
    /// SHA-256 over those digests, in hexadecimal digits.
    pub digest: String,
}

/// From a file to a database.
#[derive(Clone)]
pub struct Move {
    from: PathBuf,
    to: String,
    schema: Option<String>,
    batch: u64,
}

impl fmt::Debug for Move {
    // The address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Move").field("from", &self.from).field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Move {
    /// From this SQLite file to the PostgreSQL database of this URL.
    pub fn new(from: impl Into<PathBuf>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into(), schema: None, batch: 5_000 }
    }

    /// Into this schema, which is created when it is missing.
    #[must_use]
    pub fn with_schema(self, schema: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), ..self }
    }

    /// So many rows a transaction, 1 to 100,000: 5,000 unless said otherwise.
    #[must_use]
    pub fn with_batch(self, rows: u64) -> Self {
        Self { batch: rows.clamp(1, 100_000), ..self }
    }

    /// Moves everything, from where an earlier run of the same move ended, and proves that both sides hold the same.
    ///
    /// # Errors
    /// [`MoveError`]. Whenever it ends early, it may be run again.
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

    /// Moves nothing, and proves that both sides hold the same.
    ///
    /// # Errors
    /// [`MoveError::Different`] when they do not, and [`MoveError`].
    pub async fn compare(&self, watch: &mut impl Watch) -> Result<Report, MoveError> {
        let (source, mut target, tables) = self.open().await?;
        self.prove(&source, &mut target, &tables, watch).await
    }

    async fn open(&self) -> Result<(Source, Target, Vec<Columns>), MoveError> {
        let source = Source::open(&self.from).await?;
        if let Some(table) = source.unknown().await?.first() {
            let reason = format!("the file has a table {table}, which this program does not know");
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
        let mut report = Report { tables: Vec::with_capacity(tables.len()) };
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
