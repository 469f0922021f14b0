//! What the example hosts have in common, each part in a file of its own: settings from the command line or the environment,
//! the tokens that callers show, connections and bodies with limits, logs, the trace of a request, tenants by host name, and
//! stopping without losing anything.
//!
//! It knows nothing of any API: that is each host's own.

mod body;
mod connection;
mod connections;
mod database;
mod in_flight;
mod limits;
mod log_notifier;
mod logging;
mod restrictions;
mod secret;
mod serve;
mod settings;
mod tenants;
mod tokens;
mod trace;

pub use body::{BodyError, drain_body, read_body};
pub use database::Database;
pub use in_flight::{Busy, InFlight, Share};
pub use limits::Limits;
pub use log_notifier::LogNotifier;
pub use logging::{LogFormat, start_logging};
pub use restrictions::restrictions;
pub use secret::Secret;
pub use serve::{ServeError, ready, run, serve};
pub use settings::{HostNames, HostSettings, PublicUrl, StartError};
pub use tenants::{TenantNames, TenantNamesError};
pub use tokens::Tokens;
pub use trace::{Trace, Who, current_trace, traced};
