//! The one form in which a contract is digested and signed.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::Digest;

/// The canonical JSON of `value`: keys sorted by their bytes at every depth, no white space, UTF-8.
///
/// The contracts that are signed hold no floating-point numbers, so the same value has the same bytes on
/// every machine; a test over their schemas keeps it so. What does not serialise, which no contract does,
/// is `null`.
pub fn canonical_json<T: Serialize>(value: &T) -> Vec<u8> {
    let value = serde_json::to_value(value).unwrap_or_default();
    sorted(value).to_string().into_bytes()
}

/// The digest of the canonical JSON of `value` without its top-level members `left_out`.
pub(crate) fn digest_without<T: Serialize>(value: &T, left_out: &[&str]) -> Digest {
    let mut value = serde_json::to_value(value).unwrap_or_default();
    if let Value::Object(members) = &mut value {
        members.retain(|name, _| !left_out.contains(&name.as_str()));
    }
    Digest::of(sorted(value).to_string().as_bytes())
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(Map::from_iter(members))
        }
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let one: Value =
            serde_json::from_str(r#"{"b":[{"z":1,"a":"ü"}],"a":null,"Z":true}"#).unwrap();
        let other: Value =
            serde_json::from_str(r#"{"Z":true,"a":null,"b":[{"a":"ü","z":1}]}"#).unwrap();
        assert_eq!(canonical_json(&one), r#"{"Z":true,"a":null,"b":[{"a":"ü","z":1}]}"#.as_bytes());
        assert_eq!(canonical_json(&one), canonical_json(&other));
    }

    #[test]
    fn what_is_left_out_does_not_count_and_the_rest_does() {
        let value = |kept: u32, left: u32| serde_json::json!({"kept": kept, "left": left});
        let digest = |kept, left| digest_without(&value(kept, left), &["left"]);
        assert_eq!(digest(1, 2), digest(1, 3));
        assert_ne!(digest(1, 2), digest(2, 2));
    }
}
