use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use identity::import::{IdentifierRecord, UserRecord};
use identity::user::JsonObject;
use identity::{Timestamp, UserId};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::cells::{address, claims, username};
use crate::import::{Import, Reason};

/// What is read of a user in the answer of Clerk's `GET /v1/users`. Times are in milliseconds.
#[derive(Deserialize)]
struct User {
    id: String,
    username: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    image_url: Option<String>,
    #[serde(default)]
    banned: bool,
    created_at: i64,
    updated_at: i64,
    primary_email_address_id: Option<String>,
    primary_phone_number_id: Option<String>,
    #[serde(default)]
    email_addresses: Vec<Entry>,
    #[serde(default)]
    phone_numbers: Vec<Entry>,
    #[serde(default, deserialize_with = "object")]
    public_metadata: Map<String, Value>,
    #[serde(default, deserialize_with = "object")]
    private_metadata: Map<String, Value>,
}

#[derive(Deserialize)]
struct Entry {
    id: Option<String>,
    #[serde(alias = "email_address", alias = "phone_number")]
    address: String,
    verification: Option<Verification>,
    created_at: Option<i64>,
}

#[derive(Deserialize)]
struct Verification {
    status: String,
}

/// An object, or null for an empty one.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Users of Clerk: one or more pages of its list one after the other, or a user a line.
pub(crate) fn read(file: &Path, _: Timestamp, import: &mut Import) -> Result<(), Box<dyn Error>> {
    for value in serde_json::Deserializer::from_reader(BufReader::new(File::open(file)?)).into_iter() {
        let users = match value? {
            Value::Array(users) => users,
            user => vec![user],
        };
        for user in users {
            let name = user.get("id").and_then(Value::as_str).unwrap_or("a user without an id").to_owned();
            import.row(name, serde_json::from_value(user).map_err(|error| error.to_string()).and_then(record))?;
        }
    }
    Ok(())
}

fn record(clerk: User) -> Result<UserRecord, Reason> {
    let id = UserId::parse(&clerk.id).map_err(|error| format!("id: {error}"))?;
    let mut user = UserRecord::new(id, millis(clerk.created_at));
    user.updated_at = millis(clerk.updated_at);
    user.disabled = clerk.banned;
    let primary =
        |entries: Vec<Entry>, id: Option<String>| entries.into_iter().map(move |one| entry(one, id.as_deref()));
    user.emails = primary(clerk.email_addresses, clerk.primary_email_address_id).collect();
    user.phones = primary(clerk.phone_numbers, clerk.primary_phone_number_id).collect();
    user.username = username(clerk.username, &user.emails)?;
    let names = [("given_name", clerk.first_name), ("family_name", clerk.last_name), ("picture", clerk.image_url)];
    user.profile.claims = claims(names)?.into();
    let data = |map| JsonObject::new(map).map_err(|error| error.to_string());
    user.profile.public_data = data(clerk.public_metadata)?.into();
    user.profile.private_data = data(clerk.private_metadata)?.into();
    Ok(user)
}

fn entry(entry: Entry, primary: Option<&str>) -> IdentifierRecord {
    let verified = entry.verification.is_some_and(|verification| verification.status == "verified");
    let primary = entry.id.is_some() && entry.id.as_deref() == primary;
    IdentifierRecord { added_at: entry.created_at.map(millis), ..address(entry.address, verified, primary) }
}

const fn millis(millis: i64) -> Timestamp {
    Timestamp::from_micros(millis.saturating_mul(1_000))
}
