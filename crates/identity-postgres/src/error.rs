//! What an error of the driver means to a host, and whether the statement may be tried again.

use std::error::Error as _;

use deadpool_postgres::PoolError;
use identity_core::UserKey;
use identity_ports::{ForeignError, StoreError};
use tokio::runtime::Handle;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

/// What the server said, without the values that stood in its rows or in the statement.
#[derive(Debug, thiserror::Error)]
#[error("{what} (SQLSTATE {code}){}; {advice}", message.as_deref().map(|message| format!(": {message}")).unwrap_or_default())]
struct Refused {
    what: &'static str,
    code: String,
    /// Only for classes whose messages hold no data: the others may quote an address.
    message: Option<String>,
    advice: &'static str,
}

/// The server could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the database server cannot be reached; check that it runs and that host and port are right")]
struct Unreachable(#[source] Error);

/// The connection broke.
#[derive(Debug, thiserror::Error)]
#[error("the connection to the database was lost")]
struct Lost(#[source] Error);

/// A write failed, and at least one of its tries may have reached the server.
#[derive(Debug, thiserror::Error)]
#[error("{0}; whether the change was written is unknown; load the user to find out")]
pub(crate) struct Unknown(pub(crate) ForeignError);

/// How one try of a statement failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another transaction changed or locks the same rows. Nothing was written; the same statement may go through now.
    Race(ForeignError),
    /// As a race; inside a transaction of the host it stays one, because the transaction's snapshot is too old.
    Snapshot(ForeignError),
    /// The server cannot be reached or does not take writes at the moment. This try wrote nothing.
    Away(ForeignError),
    /// The deadline of the call has passed. This try wrote nothing.
    Late(ForeignError),
    /// The answer was lost. It is unknown whether this try wrote something.
    Lost(ForeignError),
    /// The statement would fail again. This try wrote nothing.
    Fatal(StoreError),
    /// A row with the same unique key exists already; the name of the constraint.
    Duplicate(String),
}

impl Failure {
    pub(crate) fn late(reason: &str) -> Self {
        Self::Late(ForeignError::new(reason))
    }

    /// The same of a statement that cannot have written anything.
    pub(crate) fn without_writing(self) -> Self {
        match self {
            Self::Lost(error) => Self::Away(error),
            other => other,
        }
    }

    /// Whether the connection that the statement ran on is of no further use.
    pub(crate) const fn spends_connection(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Late(_) | Self::Lost(_))
    }

    pub(crate) fn into_error(self) -> StoreError {
        match self {
            Self::Race(error) | Self::Snapshot(error) | Self::Away(error) | Self::Late(error) => {
                StoreError::Unavailable(error)
            }
            Self::Lost(error) => StoreError::failed(Unknown(error)),
            Self::Fatal(error) => error,
            Self::Duplicate(constraint) => StoreError::failed(format!(
                "a row with the same key exists already (constraint {constraint}); nothing was written"
            )),
        }
    }
}

/// What an error of the pool means. No statement was sent.
pub(crate) fn pool(error: PoolError) -> Failure {
    match error {
        PoolError::Backend(error) => failure(error).without_writing(),
        PoolError::Closed => Failure::Fatal(StoreError::Closed),
        PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            Failure::Fatal(StoreError::failed(error.to_string()))
        }
    }
}

/// What an error of the driver means.
pub(crate) fn failure(error: Error) -> Failure {
    let Some(server) = error.as_db_error() else {
        if error.to_string().starts_with("error connecting") {
            return Failure::Away(ForeignError::new(Unreachable(error)));
        }
        if error.is_closed() || caused_by_io(&error) {
            return Failure::Lost(ForeignError::new(Lost(error)));
        }
        return Failure::Fatal(StoreError::failed(error));
    };
    classify(server)
}

fn caused_by_io(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}

fn classify(server: &DbError) -> Failure {
    let code = server.code();
    let class = code.code().get(..2);
    let told = |what, advice| {
        let message = (!matches!(class, Some("22" | "23" | "P0"))).then(|| server.message().to_owned());
        ForeignError::new(Refused { what, code: code.code().to_owned(), message, advice })
    };
    let away = |what, advice| Failure::Away(told(what, advice));
    let fatal = |what, advice| Failure::Fatal(StoreError::Failed(told(what, advice)));
    let raced =
        || told("another transaction changed or locks the same rows", "see which transaction holds its locks for long");
    match code.code() {
        "40001" => Failure::Snapshot(raced()),
        "40P01" | "55P03" => Failure::Race(raced()),
        "23505" => Failure::Duplicate(server.constraint().unwrap_or_default().to_owned()),
        "53100" | "53200" => Failure::Fatal(StoreError::Full),
        "25006" => away(
            "the server takes no writes, because it is a standby",
            "name the primary, or name all servers with target_session_attrs=read-write",
        ),
        "57014" => away("the server cancelled the statement", "see why it took so long"),
        "57P03" => away("the server is starting or stopping", "wait until it is up"),
        "57P01" | "57P02" => Failure::Lost(told("the server is stopping or was restarted", "wait until it is up")),
        "53300" => away(
            "the server has no free connection",
            "raise its max_connections, make the pools smaller, or put a pooler in front",
        ),
        // What commit.sql divides by zero for.
        "22012" => Failure::Race(told("a user of the commit was created meanwhile", "let fewer create one user")),
        "22021" | "22P05" => Failure::Fatal(StoreError::failed(
            "a text holds a character that the database cannot store (U+0000, or one outside its encoding); remove the \
             character, or use a database with the encoding UTF8; nothing was written",
        )),
        "28P01" | "28000" => fatal(
            "the server refused the login",
            "check that user and password are right and that its pg_hba.conf allows them",
        ),
        "3D000" => fatal("the database does not exist", "create it, or name another one"),
        "42501" => fatal(
            "the database user lacks a right",
            "grant it the schema and its tables, or migrate as the user who owns them",
        ),
        "42P01" | "3F000" => {
            fatal("a table of this library does not exist", "migrate first, or name the schema that holds the tables")
        }
        _ => {
            let error = told("the database refused the statement", "see the log of the database server");
            if matches!(class, Some("08" | "57")) || *code == SqlState::IO_ERROR {
                Failure::Lost(error)
            } else {
                Failure::Fatal(StoreError::Failed(error))
            }
        }
    }
}

/// Nothing here works without tokio, whose functions would panic.
pub(crate) fn in_tokio() -> Result<(), StoreError> {
    let reason = "there is no tokio runtime here; call the store within one, such as a function under `#[tokio::main]`";
    Handle::try_current().map(drop).map_err(|_| StoreError::unavailable(reason))
}

/// The name of a user's rows in errors.
pub(crate) fn name(key: &UserKey) -> String {
    format!("{}/{}", key.tenant, key.user)
}
