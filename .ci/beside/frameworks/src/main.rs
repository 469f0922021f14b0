//! One program with the adapter, sqlx, diesel and sea-orm: each writes a row to the same file, and the adapter reads them all.
//! Continuous integration only compiles it; `cargo run` runs it.

use std::error::Error;

use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use identity_sqlite::SqliteStore;
use identity_sqlite::rusqlite::Transaction;
use sea_orm::{ConnectionTrait as _, Database};
use sqlx::SqlitePool;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let folder = std::env::temp_dir().join(format!("beside-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let path = folder.join("app.db");
    let (file, url) = (path.display().to_string(), format!("sqlite:{}", path.display()));

    let store = SqliteStore::open(&path).await?;
    let tables = |transaction: &Transaction<'_>| {
        transaction
            .execute_batch("CREATE TABLE orders (placed_with TEXT); INSERT INTO orders VALUES ('identity-sqlite')")
    };
    run(&store, tables).await?;
    sqlx::query("INSERT INTO orders VALUES ('sqlx')").execute(&SqlitePool::connect(&url).await?).await?;
    diesel::sql_query("INSERT INTO orders VALUES ('diesel')").execute(&mut SqliteConnection::establish(&file)?)?;
    Database::connect(url).await?.execute_unprepared("INSERT INTO orders VALUES ('sea-orm')").await?;
    let count =
        |transaction: &Transaction<'_>| transaction.query_row("SELECT count(*) FROM orders", [], |row| row.get(0));
    let orders: i64 = run(&store, count).await?;
    assert_eq!(orders, 4);
    drop(store);
    SqliteStore::open(&path).await?;
    Ok(std::fs::remove_dir_all(folder)?)
}

/// Runs a transaction of the store whose errors are the driver's.
async fn run<T: Send + 'static>(
    store: &SqliteStore,
    work: impl FnOnce(&Transaction<'_>) -> identity_sqlite::rusqlite::Result<T> + Send + 'static,
) -> Result<T, Box<dyn Error + Send + Sync>> {
    store.transaction(|transaction| work(transaction).map_err(Into::into)).await
}
