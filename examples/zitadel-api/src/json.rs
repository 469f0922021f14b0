//! The JSON form of messages, as Protocol Buffers define it: both spellings of a name are read, unknown fields are not looked
//! at, zero values are not written.

use std::collections::HashSet;
use std::fmt;

use prost::{Message, Name};
use prost_reflect::{DeserializeOptions, DynamicMessage, Kind, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::failure::Failure;
use crate::wire::descriptor;

/// Reads a message. No bytes at all are a message with nothing in it.
///
/// # Errors
/// What is no JSON, no object, of the wrong type, or has a field twice; both spellings of a name are one field.
pub(crate) fn read<M: Message + Name + Default>(bytes: &[u8]) -> Result<M, Failure> {
    if bytes.is_empty() {
        return Ok(M::default());
    }
    let descriptor = descriptor::<M>().ok_or_else(unknown)?;
    let unreadable =
        |error: serde_json::Error| Failure::unreadable(format!("the body cannot be read: {}", said(&error)));
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Once(Some(descriptor.clone())).deserialize(&mut reader).map_err(unreadable)?;
    reader.end().map_err(unreadable)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let message = DynamicMessage::deserialize_with_options(descriptor, &mut reader, &options).map_err(unreadable)?;
    message.transcode_to().map_err(|_| unknown())
}

/// Writes a message.
///
/// # Errors
/// A message that is not in `proto/`, which would be a mistake of this program.
pub(crate) fn write<M: Message + Name>(message: &M) -> Result<Vec<u8>, Failure> {
    let mut dynamic = DynamicMessage::new(descriptor::<M>().ok_or_else(unknown)?);
    dynamic.transcode_from(message).map_err(|_| unknown())?;
    serde_json::to_vec(&dynamic).map_err(|_| unknown())
}

fn unknown() -> Failure {
    Failure::plain(tonic::Code::Internal, "a message has no descriptor")
}

/// Where and why, without the value: it may be somebody's address.
fn said(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    if error.is_data() {
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        let twice = text.starts_with("field ") || text.starts_with("multiple fields");
        let expected = text.rsplit_once("expected ").map(|(_, expected)| format!("expected {expected}"));
        let what = if twice { text.to_owned() } else { expected.unwrap_or_else(|| "a value is none".to_owned()) };
        return format!("{what}, line {line} column {column}");
    }
    format!("it is no JSON, line {line} column {column}")
}

/// Walks JSON beside a message's descriptor and refuses a field that comes twice. Below what is unknown nothing is looked at.
struct Once(Option<MessageDescriptor>);

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let known = self
                .0
                .as_ref()
                .and_then(|message| message.get_field_by_json_name(&name).or_else(|| message.get_field_by_name(&name)));
            let inner = match known {
                Some(field) if !seen.insert(field.number()) => {
                    return Err(A::Error::custom(format_args!("field {} comes twice", field.json_name())));
                }
                Some(field) => match field.kind() {
                    Kind::Message(message) => Some(message),
                    _ => None,
                },
                None => None,
            };
            map.next_value_seed(Self(inner))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Self(self.0.clone()))?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
