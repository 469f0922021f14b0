//! The OpenAPI 3.1 document, out of the handlers' own types.

use serde_json::{Value, json};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::problem::{CodedError, Errors, Problem};
use crate::routes::{claims, data, emails, external_authenticators, passkeys, phones, username, users};
use crate::wire::{CurrentSummary, CurrentUser, LegacySummary, LegacyUser, Wire};

#[derive(OpenApi)]
#[openapi(
    info(title = "Users", description = "Users and their identifiers, as MonoCloud's users API has them.", version = env!("CARGO_PKG_VERSION"), license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    paths(
        users::list, users::create, users::get, users::delete, users::enable, users::disable, users::unblock,
        username::set, username::remove,
        emails::add, emails::remove, emails::set_primary, emails::verify, emails::unverify, emails::send_link,
        phones::add, phones::remove, phones::set_primary, phones::verify, phones::unverify,
        passkeys::remove, claims::patch, data::get_private, data::patch_private, data::get_public, data::patch_public,
        external_authenticators::disconnect,
    ),
    components(schemas(CurrentUser, CurrentSummary, LegacyUser, LegacySummary, Problem, Errors, CodedError)),
    modifiers(&Key),
    security(("key" = [])),
)]
struct Document;

struct Key;

impl Modify for Key {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-KEY")));
        openapi.components.get_or_insert_default().add_security_scheme("key", scheme);
    }
}

/// The document of a host that speaks this generation: its answers are of that one alone.
#[must_use]
pub fn document(wire: Wire) -> Value {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    let (user, summary, others) = match wire {
        Wire::Current => ("CurrentUser", "CurrentSummary", "Legacy"),
        Wire::Legacy => ("LegacyUser", "LegacySummary", "Current"),
    };
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.retain(|name, _| !name.starts_with(others));
        for (name, means) in [("User", user), ("UserSummary", summary)] {
            schemas.insert(name.to_owned(), json!({ "$ref": format!("#/components/schemas/{means}") }));
        }
    }
    document
}
