use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use identity::{CodeKeys, Identity, Notifier, StoreError};
use identity_postgres::PostgresStore;
use identity_postgres::tokio_postgres::Config;
use identity_postgres::tokio_postgres::config::Host;
use identity_sqlite::SqliteStore;

use crate::Secret;

/// The database of the users. It never prints a password.
#[derive(Clone)]
pub enum Database {
    /// An SQLite file.
    File(PathBuf),
    /// PostgreSQL at this URL.
    Postgres(Secret),
}

impl Database {
    /// Opens the database, creates or migrates its tables, and returns the use cases on it.
    pub(crate) async fn open(&self, notifier: impl Notifier, keys: CodeKeys) -> Result<Identity, StoreError> {
        match self {
            Self::File(file) => Ok(Identity::new(SqliteStore::open(file).await?, notifier, keys)),
            Self::Postgres(url) => {
                let store = PostgresStore::connect(url.reveal()).await?;
                let identity = Identity::new(store.clone(), notifier, keys);
                let woken = identity.clone();
                tokio::spawn(async move {
                    // Other processes enqueue messages too. Without a notification they are found by polling.
                    if let Err(error) = store.listen(|| woken.wake_delivery()).await {
                        tracing::info!(%error, "notifications of new messages ended; messages of other processes are found by polling");
                    }
                });
                Ok(identity)
            }
        }
    }
}

/// A `postgres://` or `postgresql://` URL, or else a file.
impl FromStr for Database {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        Ok(match scheme {
            Some("postgres" | "postgresql") => Self::Postgres(Secret::from_str(text)?),
            _ => Self::File(text.into()),
        })
    }
}

/// Prints the file, or host and database of the URL; never a user or a password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Postgres(url) => {
                let Ok(config) = Config::from_str(url.reveal()) else { return f.write_str("postgres://") };
                let hosts: Vec<_> = config.get_hosts().iter().map(host_name).collect();
                write!(f, "postgres://{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
            }
        }
    }
}

fn host_name(host: &Host) -> Cow<'_, str> {
    match host {
        Host::Tcp(name) => name.into(),
        #[cfg(unix)]
        Host::Unix(folder) => folder.to_string_lossy(),
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_postgres_is_one_and_anything_else_is_a_file() {
        let database = |text: &str| Database::from_str(text).unwrap();
        assert!(matches!(database("postgres://db/app"), Database::Postgres(_)));
        assert!(matches!(database("postgresql://db/app"), Database::Postgres(_)));
        assert!(matches!(database("identity.db"), Database::File(_)));
        assert!(matches!(database("postgres"), Database::File(_)));
    }

    #[test]
    fn neither_user_nor_password_is_printed() {
        for (url, shown) in [
            ("postgres://ada:s3cret@db.example.com:5432/app?sslmode=require", "postgres://db.example.com/app"),
            (
                "postgres://ada@one.example.com,two.example.com/app?password=s3cret",
                "postgres://one.example.com,two.example.com/app",
            ),
            ("postgres://ada:s3c%40ret@db.example.com/app", "postgres://db.example.com/app"),
            ("postgres://ada:s3cret@db.example.com:port/app", "postgres://"),
        ] {
            let database = Database::from_str(url).unwrap();
            assert_eq!(database.to_string(), shown);
            assert_eq!(format!("{database:?}"), shown);
        }
    }
}
