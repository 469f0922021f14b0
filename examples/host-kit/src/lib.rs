//! What the example hosts have in common, each part in a file of its own: settings from the command line or the environment,
//! logs, the trace of a request, tenants by host name, and stopping without losing anything.
//!
//! It knows nothing of any API: that is each host's own.

mod logging;
mod restrictions;
mod secret;
mod serve;
mod settings;
mod tenants;
mod trace;

pub use logging::{LogFormat, start_logging};
pub use restrictions::restrictions;
pub use secret::Secret;
pub use serve::{ServeError, serve};
pub use settings::{HostSettings, StartError};
pub use tenants::{TenantNames, TenantNamesError};
pub use trace::{Trace, Who, current_trace, traced};
