//! What a driver's error means to a host.

use std::error::Error as _;

use deadpool_postgres::PoolError;
use identity_core::UserKey;
use identity_ports::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

/// What the server said, without the values that stood in its rows or in the statement.
#[derive(Debug, thiserror::Error)]
#[error("{what} (SQLSTATE {code}){}; {advice}", message.as_deref().map(|message| format!(": {message}")).unwrap_or_default())]
struct Refused {
    what: &'static str,
    code: String,
    /// Only of classes whose messages hold no data: the others may quote an address.
    message: Option<String>,
    advice: &'static str,
}

/// The connection failed.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}; {advice}")]
struct Lost {
    what: &'static str,
    advice: &'static str,
    source: Error,
}

/// How an attempt to run a statement failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Others were in the way, and nothing was written: the same statement may go through now.
    Race(StoreError),
    /// As a race, and for good in this transaction: what it sees is too old.
    Snapshot(StoreError),
    /// The connection went, or the server cannot write at the moment. Whether something was written is not known.
    Lost(StoreError),
    /// It will fail again.
    Fatal(StoreError),
    /// A row that the database keeps unique was there before its time; the name of the constraint.
    Duplicate(String),
}

impl Failure {
    pub(crate) fn into_error(self) -> StoreError {
        match self {
            Self::Race(error) | Self::Snapshot(error) | Self::Lost(error) | Self::Fatal(error) => error,
            Self::Duplicate(constraint) => StoreError::failed(format!(
                "a row of the same key was there before ({constraint}); nothing was written"
            )),
        }
    }
}

/// What an error of the pool means.
pub(crate) fn pool(error: PoolError) -> Failure {
    match error {
        PoolError::Backend(error) => failure(error),
        PoolError::Timeout(_) => Failure::Lost(StoreError::failed(
            "no connection to the database came free in time; raise the pool's size, or the timeout",
        )),
        PoolError::Closed => Failure::Fatal(StoreError::Closed),
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            Failure::Fatal(StoreError::failed(error.to_string()))
        }
    }
}

/// What an error of the driver means.
pub(crate) fn failure(error: Error) -> Failure {
    let Some(server) = error.as_db_error() else {
        let connecting = error.to_string().starts_with("error connecting");
        let (what, advice) = if connecting {
            ("the database server cannot be reached", "see that it runs and that host and port are right")
        } else if error.is_closed() || caused_by_io(&error) {
            ("the connection to the database was lost", "whether something was written is for a new `load` to say")
        } else {
            return Failure::Fatal(StoreError::failed(error));
        };
        return Failure::Lost(StoreError::failed(Lost { what, advice, source: error }));
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
    let told = |what, advice, quote: bool| {
        let message = quote.then(|| server.message().to_owned());
        StoreError::failed(Refused { what, code: code.code().to_owned(), message, advice })
    };
    match code.code() {
        // Our own statements end so when a row changed under them.
        "22P02" => Failure::Race(told("others changed the same rows", "try again", false)),
        "40001" => Failure::Snapshot(told("others changed the same rows", "try again", true)),
        "40P01" | "55P03" => Failure::Race(told("others changed the same rows", "try again", true)),
        "23505" => Failure::Duplicate(server.constraint().unwrap_or_default().to_owned()),
        "53100" | "53200" => Failure::Fatal(StoreError::Full),
        "25006" => Failure::Lost(told(
            "the server only reads: it is a standby",
            "name the primary, or all servers with target_session_attrs=read-write",
            true,
        )),
        "57P01" | "57P02" | "57P03" | "57014" => {
            Failure::Lost(told("the server is starting, stopping, or gave the statement up", "try again", true))
        }
        "53300" => Failure::Lost(told(
            "the server has no connection left",
            "raise its max_connections, make the pools smaller, or put a pooler in front",
            true,
        )),
        "22021" | "22P05" => Failure::Fatal(StoreError::failed(
            "a text holds a character that the database cannot keep (U+0000, or none of its encoding); take it out, and let \
             the database's encoding be UTF8; nothing was written",
        )),
        "28P01" | "28000" => Failure::Fatal(told(
            "the server does not let this user in",
            "see that user and password are right and that its pg_hba.conf names them",
            true,
        )),
        "3D000" => Failure::Fatal(told("there is no such database", "create it, or name another one", true)),
        "42501" => Failure::Fatal(told(
            "the user may not do this",
            "let it use the schema and its tables, or migrate as the user who owns them",
            true,
        )),
        "42P01" | "3F000" => Failure::Fatal(told(
            "a table of this library is not there",
            "migrate first, or name the schema that holds the tables",
            true,
        )),
        other => {
            let quote = !matches!(other.get(..2), Some("22" | "23" | "P0"));
            let error = told("the database refused the statement", "see its log", quote);
            if matches!(other.get(..2), Some("08" | "57")) || *code == SqlState::IO_ERROR {
                Failure::Lost(error)
            } else {
                Failure::Fatal(error)
            }
        }
    }
}

/// How a user's rows are named in errors.
pub(crate) fn name(key: &UserKey) -> String {
    format!("{}/{}", key.tenant, key.user)
}
