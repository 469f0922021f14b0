use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The most bytes that one JSON object of a user may have.
pub const MAX_JSON_BYTES: usize = 65_536;
/// The most levels of nesting that one JSON object of a user may have.
pub const MAX_JSON_DEPTH: usize = 32;

/// Why a JSON object cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// More than [`MAX_JSON_BYTES`] bytes.
    #[error("the JSON object has more than 65,536 bytes; keep large data elsewhere and a reference to it here")]
    TooLarge,
    /// Nested more deeply than [`MAX_JSON_DEPTH`] levels.
    #[error("the JSON object is nested more than 32 levels deep; flatten it")]
    TooDeep,
    /// U+0000 somewhere in a key or a text.
    #[error("the JSON object has the character U+0000 in it; take it out")]
    Nul,
}

/// A JSON object of at most 65,536 bytes and 32 levels.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct JsonObject(Map<String, Value>);

impl JsonObject {
    /// The object, if it is small enough.
    ///
    /// # Errors
    /// [`JsonError`] when it is too large or too deep, or has U+0000 in it.
    pub fn new(map: Map<String, Value>) -> Result<Self, JsonError> {
        let levels = map.values().map(|value| depth(value, MAX_JSON_DEPTH)).max().unwrap_or(0);
        if levels + 1 > MAX_JSON_DEPTH {
            return Err(JsonError::TooDeep);
        }
        if map.is_empty() {
            return Ok(Self(map));
        }
        let text = serde_json::to_string(&map).ok().filter(|text| text.len() <= MAX_JSON_BYTES);
        match text {
            None => Err(JsonError::TooLarge),
            Some(text) if has_nul(&text) => Err(JsonError::Nul),
            Some(_) => Ok(Self(map)),
        }
    }

    /// The members of the object.
    #[must_use]
    pub const fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The object after a change of its top-level members: a value replaces, a null removes.
    ///
    /// # Errors
    /// [`JsonError`] when the result is too large or too deep.
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, JsonError> {
        let mut map = self.0.clone();
        for (key, value) in patch {
            if value.is_null() {
                map.remove(key);
            } else {
                map.insert(key.clone(), value.clone());
            }
        }
        Self::new(map)
    }
}

/// How many members there are: claims hold addresses and names.
impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} members]", self.0.len())
    }
}

/// Whether a JSON text has U+0000 in one of its texts or keys, however deep: it is always written as an escape there, and a
/// backslash that is itself escaped begins none.
pub(crate) fn has_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json.as_bytes().get(..at).unwrap_or_default();
        before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

/// Levels of nesting of a value, counted no further than `limit`, so that no input makes this recurse without bound.
fn depth(value: &Value, limit: usize) -> usize {
    if limit == 0 {
        return 1;
    }
    match value {
        Value::Array(items) => 1 + items.iter().map(|item| depth(item, limit - 1)).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(|item| depth(item, limit - 1)).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Map::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What a host knows of a person besides the ways to reach them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Claims in the sense of OpenID Connect Core, section 5.1. `locale` decides the language of messages.
    #[serde(default)]
    pub claims: Arc<JsonObject>,
    /// What everybody may see.
    #[serde(default)]
    pub public_data: Arc<JsonObject>,
    /// What the host alone may see.
    #[serde(default)]
    pub private_data: Arc<JsonObject>,
}

impl Profile {
    /// The claim `locale`, a BCP 47 language tag.
    #[must_use]
    pub fn locale(&self) -> Option<&str> {
        self.claims.as_map().get("locale").and_then(Value::as_str).filter(|locale| locale.len() <= 64)
    }
}
