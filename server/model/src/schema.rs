//! The published schemas of the JSON contracts, JSON Schema draft 2020-12, made from the types themselves.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::{
    Capability, ChangeSet, Digest, Evidence, Problem, Proof, RelPath, Settings, Task, Timestamp,
    Verdict,
};

/// The contracts that have a schema, in the order of the program's help.
pub const SCHEMAS: &[&str] =
    &["task", "changeset", "proof", "evidence", "verdict", "capability", "error", "settings"];

/// The schema of a contract, by its name in [`SCHEMAS`]; `None` for another name.
///
/// It describes what is written: every member that is always there is required.
/// # Cost
/// Built anew on each call.
pub fn schema(name: &str) -> Option<Value> {
    let schema = match name {
        "task" => of::<Task>(name),
        "changeset" => of::<ChangeSet>(name),
        "proof" => of::<Proof>(name),
        "evidence" => of::<Evidence>(name),
        "verdict" => of::<Verdict>(name),
        "capability" => of::<Capability>(name),
        "error" => of::<Problem>(name),
        "settings" => of::<Settings>(name),
        _ => return None,
    };
    Some(schema)
}

fn of<T: JsonSchema>(name: &str) -> Value {
    let settings = SchemaSettings::draft2020_12();
    // A task and settings are written by people and other programs, so their schemas say what is read.
    let read = matches!(name, "task" | "settings");
    let settings = if read { settings } else { settings.for_serialize() };
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), name.into());
    schema.to_value()
}

fn text(pattern: &str, description: &str) -> Schema {
    json_schema!({"type": "string", "pattern": pattern, "description": description})
}

impl JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text("^[0-9a-f]{64}$", "A SHA-256 in lower-case hexadecimal digits.")
    }
}

impl JsonSchema for RelPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RelPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text(
            "^[^/].*$",
            "A path inside the repository, parts joined by `/`; `\\\\` stands for a backslash and `\\xNN` for a byte that is no text.",
        )
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer", "minimum": 0,
            "description": "Milliseconds since 1970-01-01T00:00:00Z.",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::test_values;

    fn check(name: &str, value: &Value) {
        let schema = schema(name).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        let mut broken = value.clone();
        let first = broken.as_object_mut().unwrap();
        match schema["required"][0].as_str() {
            Some(required) => drop(first.remove(required).unwrap()),
            // Where nothing is required, nothing unknown is taken.
            None => drop(first.insert("unknown".to_owned(), Value::Null)),
        }
        assert!(!validator.is_valid(&broken), "{name}: {broken} was taken");
    }

    #[test]
    fn every_contract_keeps_to_its_schema() {
        let values = test_values::contracts();
        let named: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, SCHEMAS);
        for (name, value) in &values {
            check(name, value);
        }
        assert_eq!(schema("ledger"), None);
    }

    #[test]
    fn a_schema_says_which_draft_it_is() {
        for name in SCHEMAS {
            let schema = schema(name).unwrap();
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert_eq!(schema["title"], *name);
        }
    }

    #[test]
    fn the_published_schemas_are_kept() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/proofs");
        for name in SCHEMAS {
            let text = serde_json::to_string_pretty(&schema(name).unwrap()).unwrap();
            expect_test::expect_file![format!("{folder}/{name}.schema.json")]
                .assert_eq(&format!("{text}\n"));
        }
    }

    fn types(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| types(item, found)),
            Value::Object(members) => {
                if let Some(Value::String(name)) = members.get("type") {
                    found.insert(name.clone());
                }
                members.values().for_each(|member| types(member, found));
            }
            _ => {}
        }
    }

    #[test]
    fn what_is_signed_holds_no_floating_point() {
        for name in ["proof", "evidence", "task", "changeset"] {
            let mut found = BTreeSet::new();
            types(&schema(name).unwrap(), &mut found);
            assert!(found.contains("integer") || found.contains("string"));
            assert!(!found.contains("number"), "{name}");
        }
    }
}
