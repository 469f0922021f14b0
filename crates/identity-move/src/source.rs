use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use identity_ports::StoreError;
use identity_sqlite::SqliteStore;
use identity_sqlite::rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::mpsc;

use crate::MoveError;
use crate::cells;
use crate::tables::{Columns, NOT_MOVED, TABLES, Table};

/// How many batches are read ahead.
const AHEAD: usize = 3;

/// How long to wait for programs that are just ending.
const PATIENCE: Duration = Duration::from_secs(1);

/// The file, locked for everybody else.
pub(crate) struct Source(Arc<Mutex<Connection>>);

/// Some rows as lines.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) lines: String,
    pub(crate) rows: u64,
}

impl Source {
    pub(crate) async fn open(path: &Path) -> Result<Self, MoveError> {
        if !path.is_file() {
            return Err(MoveError::NoFile(path.to_owned()));
        }
        let lock = || {
            let path = path.to_owned();
            async { tokio::task::spawn_blocking(|| lock(path)).await.map_err(|_| MoveError::Reader)? }
        };
        // A file in use is not migrated. What else is wrong with it, the store finds and explains.
        if let Err(busy @ MoveError::Busy(_)) = lock().await.map(drop) {
            return Err(busy);
        }
        // Checks that the file belongs to this library, and migrates it.
        let refused = |reason| MoveError::Source { path: path.to_owned(), reason };
        drop(SqliteStore::open(path).await.map_err(refused)?);
        Ok(Self(Arc::new(Mutex::new(lock().await?))))
    }

    /// The number of rows of each table.
    pub(crate) async fn counts(&self) -> Result<Vec<u64>, MoveError> {
        self.ask(|connection| {
            let count = |table: &Table| {
                connection
                    .query_row(&format!("SELECT count(*) FROM ({})", table.rows), [], |row| row.get::<_, i64>(0))
                    .map(|count| u64::try_from(count).unwrap_or(0))
            };
            TABLES.iter().map(count).collect()
        })
        .await
    }

    /// The columns of a table.
    pub(crate) async fn columns(&self, table: Table) -> Result<Vec<String>, MoveError> {
        self.ask(move |connection| {
            let rows = connection.prepare(table.rows)?;
            Ok(rows.column_names().map(str::to_owned).collect())
        })
        .await
    }

    /// The tables of the file that this program does not move, in alphabetical order.
    pub(crate) async fn others(&self) -> Result<Vec<String>, MoveError> {
        let known: Vec<&str> = TABLES.iter().map(|table| table.name).chain([NOT_MOVED]).collect();
        let tables: Vec<String> = self
            .ask(|connection| {
                let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                           ORDER BY name";
                connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
            })
            .await?;
        Ok(tables.into_iter().filter(|table| !known.contains(&table.as_str())).collect())
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, identity_sqlite::rusqlite::Error> + Send + 'static,
    ) -> Result<T, MoveError> {
        let connection = Arc::clone(&self.0);
        let asked = move || question(&connection.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(tokio::task::spawn_blocking(asked).await.map_err(|_| MoveError::Reader)??)
    }

    /// The rows of a table in the order of its key, after the first `skip`, in batches of at most `size`.
    pub(crate) fn rows(&self, columns: &Columns, skip: u64, size: u64) -> mpsc::Receiver<Result<Batch, MoveError>> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let (connection, columns) = (Arc::clone(&self.0), columns.clone());
        tokio::task::spawn_blocking(move || {
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = read(&connection, &columns, skip, size, &sender) {
                // A receiver that has gone has failed with an error of its own.
                let _ = sender.blocking_send(Err(error));
            }
        });
        receiver
    }
}

/// Opens the file alone. Whoever else has read it holds a shared lock until it closes it, also while it does nothing, so this
/// fails then; and nobody else can read or write it until this connection is closed, or its process ends.
fn lock(path: PathBuf) -> Result<Connection, MoveError> {
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(PATIENCE)?;
    // In WAL mode an exclusive transaction alone excludes writers only.
    match connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE") {
        Ok(()) => Ok(connection),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Err(MoveError::Busy(path)),
        Err(error) => Err(MoveError::Source { path, reason: StoreError::failed(error) }),
    }
}

fn read(
    connection: &Connection,
    columns: &Columns,
    skip: u64,
    size: u64,
    sender: &mpsc::Sender<Result<Batch, MoveError>>,
) -> Result<(), MoveError> {
    let table = columns.table.name;
    let sql = format!(
        "SELECT {} FROM ({}) ORDER BY {} LIMIT -1 OFFSET ?1",
        columns.names(),
        columns.table.rows,
        columns.key()
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([i64::try_from(skip).unwrap_or(i64::MAX)])?;
    let (mut batch, mut number) = (Batch::default(), skip);
    while let Some(row) = rows.next()? {
        number += 1;
        for (place, (column, kind)) in columns.columns.iter().enumerate() {
            if place > 0 {
                batch.lines.push('\t');
            }
            cells::write(row.get_ref(place)?, *kind, &mut batch.lines).map_err(|reason| MoveError::Row {
                table,
                row: number,
                column: column.clone(),
                reason,
            })?;
        }
        batch.lines.push('\n');
        batch.rows += 1;
        if batch.rows >= size && sender.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
            return Ok(());
        }
    }
    if batch.rows > 0 {
        // As above.
        let _ = sender.blocking_send(Ok(batch));
    }
    Ok(())
}
