//! The engine: one ordered table of texts. A key is its parts with U+0000 between them, which occurs in no part; so keys have
//! the order of their parts. A value is JSON.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::Bound::{self, Excluded, Included};
use std::path::Path;
use std::sync::Arc;

use identity_core::{TenantId, Timestamp};
use identity_ports::{SteadyClock, StoreError, SystemClock};
use redb::{Database, ReadOnlyTable, ReadableDatabase as _, ReadableTable, Table, TableDefinition};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

const TABLE: TableDefinition<'_, &str, &str> = TableDefinition::new("identity");

/// The version of the keys and values.
const SCHEMA: u32 = 1;

/// Comes after U+0000, and so after every key that goes on where it stands.
pub(crate) const END: &str = "\u{1}";

/// A store of users in one file. Clones share it.
#[derive(Clone)]
pub struct RedbStore {
    database: Arc<Database>,
    /// Measures how long leases last: the clock of this machine, which alone can open the file.
    pub(crate) clock: Arc<SteadyClock>,
    /// Names the store in cursors of its feed.
    pub(crate) id: u64,
    /// Tells of commits.
    pub(crate) commits: Arc<watch::Sender<()>>,
}

impl RedbStore {
    /// Opens the file, and creates it when it does not exist.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file is open already, [`StoreError::Newer`] for a file of a newer program,
    /// [`StoreError::Failed`] for anything else.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        let opened =
            spawn_blocking(move || Database::create(path).map_err(failed)).await.map_err(StoreError::failed)?;
        let (clock, id) = (Arc::new(SteadyClock::new(Arc::new(SystemClock))), RandomState::new().hash_one(0));
        let store = Self { database: Arc::new(opened?), clock, id, commits: Arc::new(watch::Sender::new(())) };
        let check = move |rows: &mut Writing<'_>| match rows.get("\0schema")? {
            Some(found) if found > SCHEMA => Err(StoreError::Newer { database: found, program: SCHEMA }),
            Some(_) => Ok(rows.get("\0store")?.unwrap_or_default()),
            None => rows.put("\0schema", &SCHEMA).and_then(|()| rows.put("\0store", &id)).map(|()| id),
        };
        Ok(Self { id: store.write(check).await?, ..store })
    }

    /// Reads from one snapshot, on a thread that may block.
    pub(crate) async fn read<V: Send + 'static>(
        &self,
        work: impl FnOnce(&Rows<ReadOnlyTable<&'static str, &'static str>>) -> Result<V, StoreError> + Send + 'static,
    ) -> Result<V, StoreError> {
        let database = Arc::clone(&self.database);
        let read = move || {
            let table = database.begin_read().map_err(failed)?.open_table(TABLE).map_err(failed)?;
            work(&Rows { table, changed: false })
        };
        spawn_blocking(read).await.map_err(StoreError::failed)?
    }

    /// Writes in one transaction, on a thread that may block. Work that fails leaves no trace.
    pub(crate) async fn write<V: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<V, E> + Send + 'static,
    ) -> Result<V, E> {
        let database = Arc::clone(&self.database);
        let write = move || {
            let transaction = database.begin_write().map_err(failed)?;
            // A transaction that is dropped is undone.
            let (answer, changed) = {
                let mut rows = Rows { table: transaction.open_table(TABLE).map_err(failed)?, changed: false };
                (work(&mut rows)?, rows.changed)
            };
            if changed {
                transaction.commit().map_err(failed)?
            }
            Ok(answer)
        };
        spawn_blocking(write).await.map_err(StoreError::failed)?
    }
}

/// The rows of the table.
pub(crate) struct Rows<T> {
    table: T,
    changed: bool,
}

/// The rows in a transaction that writes.
pub(crate) type Writing<'t> = Rows<Table<'t, &'static str, &'static str>>;

/// A table in whatever transaction.
pub(crate) trait Texts: ReadableTable<&'static str, &'static str> {}

impl<T: ReadableTable<&'static str, &'static str>> Texts for T {}

impl<T: Texts> Rows<T> {
    pub(crate) fn get<V: DeserializeOwned>(&self, key: &str) -> Result<Option<V>, StoreError> {
        self.table.get(key).map_err(failed)?.map(|row| parse(key, row.value())).transpose()
    }

    /// The values of the keys in a range.
    pub(crate) fn range<'s, V: DeserializeOwned>(
        &'s self,
        from: Bound<&str>,
        to: Bound<&str>,
    ) -> Result<impl DoubleEndedIterator<Item = Result<V, StoreError>> + use<'s, T, V>, StoreError> {
        let rows = self.table.range::<&str>((from, to)).map_err(failed)?;
        Ok(rows.map(|row| row.map_err(failed).and_then(|(key, value)| parse(key.value(), value.value()))))
    }

    /// The values of the keys that go on from this one.
    pub(crate) fn below<'s, V: DeserializeOwned>(
        &'s self,
        key: &str,
    ) -> Result<impl DoubleEndedIterator<Item = Result<V, StoreError>> + use<'s, T, V>, StoreError> {
        self.range(Included(&format!("{key}\0")), Excluded(&format!("{key}{END}")))
    }
}

impl Writing<'_> {
    pub(crate) fn put(&mut self, key: &str, value: &impl Serialize) -> Result<(), StoreError> {
        self.changed = true;
        let value = serde_json::to_string(value).map_err(StoreError::failed)?;
        self.table.insert(key, value.as_str()).map(drop).map_err(failed)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Result<(), StoreError> {
        self.changed = true;
        self.table.remove(key).map(drop).map_err(failed)
    }
}

pub(crate) fn key(tenant: &TenantId, parts: &[&str]) -> String {
    format!("{tenant}\0{}", parts.join("\0"))
}

/// A number as a part of a key: in hexadecimal, of one length.
pub(crate) fn number(number: u64) -> String {
    format!("{number:016x}")
}

/// A time as a part of a key: times before 1970 come first.
pub(crate) fn time(at: Timestamp) -> String {
    number((at.as_micros() ^ i64::MIN).cast_unsigned())
}

fn parse<V: DeserializeOwned>(key: &str, value: &str) -> Result<V, StoreError> {
    serde_json::from_str(value).map_err(|bad| corrupt(key, bad))
}

/// The error of a row that cannot be read. It names the first three parts of the key, which are never an address.
pub(crate) fn corrupt(key: &str, reason: impl ToString) -> StoreError {
    let key = key.split('\0').take(3).collect::<Vec<_>>().join("/");
    StoreError::Corrupt { table: "identity", key, reason: reason.to_string() }
}

fn failed(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        error @ redb::Error::DatabaseAlreadyOpen => StoreError::unavailable(error),
        error => StoreError::failed(error),
    }
}
