use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::base::codes;

/// The maximum length of one JSON object of a user, in bytes of JSON.
pub const MAX_JSON_BYTES: usize = 65_536;
/// The maximum nesting of one JSON object of a user, in levels.
pub const MAX_JSON_DEPTH: usize = 32;
/// The maximum length of the extension of a user, in bytes of JSON.
pub const MAX_EXTENSION_BYTES: usize = 262_144;
/// The maximum nesting of the extension of a user, in levels.
pub const MAX_EXTENSION_DEPTH: usize = 64;

/// The reason why a JSON object cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The object is longer than [`MAX_JSON_BYTES`] bytes, or an extension than [`MAX_EXTENSION_BYTES`].
    #[error(
        "the JSON object is longer than 65,536 bytes, or 262,144 of an extension; keep large data elsewhere and a reference to \
         it here"
    )]
    TooLarge,
    /// The object is nested more than [`MAX_JSON_DEPTH`] levels deep, or an extension more than [`MAX_EXTENSION_DEPTH`].
    #[error("the JSON object is nested more than 32 levels deep, or an extension more than 64; flatten it")]
    TooDeep,
    /// A key or a text of the object contains U+0000.
    #[error("the JSON object contains the character U+0000; remove it")]
    Nul,
}

codes!(JsonError { Self::TooLarge => "json_too_large", Self::TooDeep => "json_too_deep", Self::Nul => "json_nul" });

/// A JSON object of at most 65,536 bytes and 32 levels, or 262,144 bytes and 64 levels for an extension, without U+0000.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct JsonObject(Map<String, Value>);

impl JsonObject {
    /// Wraps a JSON object.
    ///
    /// # Errors
    /// * [`JsonError::TooLarge`] above 65,536 bytes.
    /// * [`JsonError::TooDeep`] above 32 levels.
    /// * [`JsonError::Nul`] when a key or a text contains U+0000.
    pub fn new(map: Map<String, Value>) -> Result<Self, JsonError> {
        Self(map).within(MAX_JSON_BYTES, MAX_JSON_DEPTH)
    }

    /// Wraps a JSON object that is to be the extension of a user.
    ///
    /// # Errors
    /// * [`JsonError::TooLarge`] above 262,144 bytes.
    /// * [`JsonError::TooDeep`] above 64 levels.
    /// * [`JsonError::Nul`] when a key or a text contains U+0000.
    pub fn extension(map: Map<String, Value>) -> Result<Self, JsonError> {
        Self(map).within(MAX_EXTENSION_BYTES, MAX_EXTENSION_DEPTH)
    }

    fn within(self, bytes: usize, levels: usize) -> Result<Self, JsonError> {
        if self.0.values().any(|value| depth(value, levels) >= levels) {
            return Err(JsonError::TooDeep);
        }
        if self.0.is_empty() {
            return Ok(self);
        }
        let text = serde_json::to_string(&self).ok().filter(|text| text.len() <= bytes);
        match text {
            None => Err(JsonError::TooLarge),
            Some(text) if has_nul(&text) => Err(JsonError::Nul),
            Some(_) => Ok(self),
        }
    }

    /// An object from a record, whose bounds were checked when it was decided.
    pub(crate) const fn from_store(map: Map<String, Value>) -> Self {
        Self(map)
    }

    pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Self>, D::Error> {
        Ok(Arc::new(Self::from_store(Map::deserialize(deserializer)?)))
    }

    /// The members of the object.
    #[must_use]
    pub const fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// A copy of the object with changed top-level members: a value replaces the member, null removes it.
    ///
    /// # Errors
    /// As [`new`](Self::new), for the changed object.
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, JsonError> {
        Self::new(self.with(patch))
    }

    /// As [`patched`](Self::patched), with bounds that somebody else checks.
    pub(crate) fn with(&self, patch: &Map<String, Value>) -> Map<String, Value> {
        let mut map = self.0.clone();
        for (key, value) in patch {
            if value.is_null() {
                map.remove(key);
            } else {
                map.insert(key.clone(), value.clone());
            }
        }
        map
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Prints only the number of members, because claims hold names and addresses.
impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} members]", self.0.len())
    }
}

/// Whether a JSON text has U+0000 in a key or a text, at any depth. JSON always escapes this character, and a backslash
/// that is itself escaped does not begin an escape.
fn has_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json.as_bytes().get(..at).unwrap_or_default();
        before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

/// The nesting of a value in levels, counted no further than `limit`, so that no input causes unbounded recursion.
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

/// What a host knows about a person besides the ways to reach them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Claims in the sense of OpenID Connect Core 1.0, section 5.1. The claim `locale` selects the language of
    /// messages.
    #[serde(default)]
    pub claims: Arc<JsonObject>,
    /// Data that the host may show to everybody.
    #[serde(default)]
    pub public_data: Arc<JsonObject>,
    /// Data that only the host may see.
    #[serde(default)]
    pub private_data: Arc<JsonObject>,
}

impl Profile {
    /// The claim `locale`, a BCP 47 language tag; `None` when it is absent, not a text, or longer than 64 bytes.
    #[must_use]
    pub fn locale(&self) -> Option<&str> {
        self.claims.as_map().get("locale").and_then(Value::as_str).filter(|locale| locale.len() <= 64)
    }
}
