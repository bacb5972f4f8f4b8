//! Structured text, read strictly: a key that is there twice means different things to different programs, so
//! such a text is not read at all.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why a text could not be read. It quotes nothing of the text but a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Unreadable {
    pub(crate) reason: String,
    /// The line, from 0, when it is known.
    pub(crate) line: u32,
}

impl Unreadable {
    pub(crate) fn new(reason: impl Into<String>, line: u32) -> Self {
        Self { reason: reason.into(), line }
    }
}

/// The text of a file, without a mark of the byte order.
pub(crate) fn text_of(bytes: &[u8]) -> Result<&str, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::new("it is not UTF-8", 0))?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// A JSON document.
pub(crate) fn json(text: &str) -> Result<Value, Unreadable> {
    serde_json::from_str::<Strict>(text).map(|strict| strict.0).map_err(|error| {
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX).saturating_sub(1);
        let said = error.to_string();
        let reason = if said.starts_with(TWICE) { TWICE } else { "it is no JSON" };
        Unreadable::new(reason, line)
    })
}

/// A JSON document that is an object.
pub(crate) fn object(text: &str) -> Result<Value, Unreadable> {
    let document = json(text)?;
    if document.is_object() { Ok(document) } else { Err(Unreadable::new("it is no object", 0)) }
}

/// A TOML document.
pub(crate) fn toml(text: &str) -> Result<Value, Unreadable> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let twice = error.message().contains("duplicate key");
        let reason = if twice { TWICE } else { "it is no TOML" };
        Unreadable::new(reason, crate::place::lines_in(before.as_bytes()))
    })?;
    serde_json::to_value(table).map_err(|_| Unreadable::new("it is no TOML", 0))
}

/// A YAML document, within the limits of its reader on depth, nodes and aliases.
pub(crate) fn yaml(text: &str) -> Result<Value, Unreadable> {
    serde_saphyr::from_str::<Strict>(text).map(|strict| strict.0).map_err(|error| {
        let line = error.location().map_or(0, |at| u32::try_from(at.line()).unwrap_or(u32::MAX));
        Unreadable::new("it is no YAML", line.saturating_sub(1))
    })
}

/// The members of an object; none of anything else.
pub(crate) fn members(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// The elements of an array; none of anything else.
pub(crate) fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// A member that is text.
pub(crate) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

const TWICE: &str = "a key is there twice";

/// A value none of whose objects has a key twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(Value::String(value.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Strict, D::Error> {
        Strict::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Strict, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Strict(Value::Array(values)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let Strict(value) = map.next_value()?;
            if members.insert(key, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Strict(Value::Object(members)))
    }
}
