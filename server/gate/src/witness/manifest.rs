//! The parts of manifests that say how tests are run: which they are, and a manifest of one side with those of the
//! other. All else, the dependencies above all, stays as it is.

use model::RelPath;
use serde_json::{Map, Value};

use crate::dependencies::document;

/// In `Cargo.toml`, the tables that are about nothing else.
const IN_CARGO: &[&str] = &["test", "bench", "profile"];
const IN_CARGO_PACKAGE: &[&str] = &["autotests", "autobenches"];
/// What a target says of how it is tested.
pub(super) const IN_CARGO_TARGET: &[&str] = &["test", "doctest", "harness"];
/// In `package.json`, beside the scripts.
pub(super) const IN_NODE: &[&str] = &["jest", "mocha", "ava", "vitest"];
/// In `pyproject.toml`, below `tool`.
pub(super) const IN_PYTHON: &[&str] = &["pytest", "tox", "nox", "hatch", "pdm", "poe"];

/// The text of the manifest `own` with what `other` says of how tests are run. `None` if that is the same, if the
/// file is no manifest known here, or if a side cannot be read: [`crate::check`] tells of it then.
pub(super) fn with_tests_of(path: &RelPath, own: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let text = path.to_string();
    let (read, put_back, write): (Read, PutBack, Write) =
        match text.rsplit('/').next().unwrap_or_default() {
            "Cargo.toml" => (of_toml, cargo, to_toml),
            "package.json" => (of_json, node, to_json),
            "pyproject.toml" => (of_toml, python, to_toml),
            _ => return None,
        };
    let (before, base) = (read(own)?, read(other)?);
    let mut after = before.clone();
    put_back(&mut after, &base);
    if after == before { None } else { write(&after) }
}

type Members = Map<String, Value>;
type Read = fn(&[u8]) -> Option<Members>;
type PutBack = fn(&mut Members, &Members);
type Write = fn(&Members) -> Option<Vec<u8>>;

fn of_toml(text: &[u8]) -> Option<Members> {
    members(document::toml(document::text_of(text).ok()?).ok()?)
}

fn of_json(text: &[u8]) -> Option<Members> {
    members(document::json(document::text_of(text).ok()?).ok()?)
}

fn members(value: Value) -> Option<Members> {
    if let Value::Object(members) = value { Some(members) } else { None }
}

fn to_toml(members: &Members) -> Option<Vec<u8>> {
    Some(toml::to_string(members).ok()?.into_bytes())
}

fn to_json(members: &Members) -> Option<Vec<u8>> {
    Some(serde_json::to_string_pretty(members).ok()?.into_bytes())
}

/// Makes the members `names` of `own` those of `base`, also where one side has none.
fn replace(own: &mut Members, base: &Members, names: &[&str]) {
    for name in names {
        match base.get(*name) {
            Some(value) => drop(own.insert((*name).to_owned(), value.clone())),
            // The others keep their order, which means something in a manifest of npm.
            None => drop(own.shift_remove(*name)),
        }
    }
}

/// The same, one level down. A table that is made up of nothing else comes and goes with them.
fn replace_in(own: &mut Members, base: &Members, table: &str, names: &[&str]) {
    let empty = Members::new();
    let of_base = base.get(table).and_then(Value::as_object).unwrap_or(&empty);
    let wanted = names.iter().any(|name| of_base.contains_key(*name));
    if !own.contains_key(table) && wanted {
        own.insert(table.to_owned(), Value::Object(Members::new()));
    }
    if let Some(inner) = own.get_mut(table).and_then(Value::as_object_mut) {
        let had = !inner.is_empty();
        replace(inner, of_base, names);
        if had && inner.is_empty() {
            own.shift_remove(table);
        }
    }
}

fn cargo(own: &mut Members, base: &Members) {
    replace(own, base, IN_CARGO);
    replace_in(own, base, "package", IN_CARGO_PACKAGE);
    replace_in(own, base, "lib", IN_CARGO_TARGET);
    let named = |target: &Value| target.get("name").and_then(Value::as_str).map(str::to_owned);
    let of_base = base.get("bin").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for bin in own.get_mut("bin").and_then(Value::as_array_mut).into_iter().flatten() {
        let same = of_base.iter().find(|other| named(other) == named(bin));
        let same = same.and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(bin) = bin.as_object_mut() {
            replace(bin, &same, IN_CARGO_TARGET);
        }
    }
}

fn node(own: &mut Members, base: &Members) {
    let scripts = |side: &Members| side.get("scripts").and_then(Value::as_object).cloned();
    let known = scripts(base).unwrap_or_default();
    // A script of a new name is asked for by none of the base's, unless it stands before or behind one of them.
    let is_new = |name: &str| {
        let around = ["pre", "post"].iter().find_map(|when| name.strip_prefix(when));
        !known.contains_key(name) && !around.is_some_and(|of| known.contains_key(of))
    };
    let new = scripts(own).unwrap_or_default().into_iter().filter(|(name, _)| is_new(name));
    let all: Members = known.clone().into_iter().chain(new).collect();
    replace(own, base, IN_NODE);
    if !all.is_empty() {
        own.insert("scripts".to_owned(), Value::Object(all));
    } else if own.contains_key("scripts") {
        replace(own, base, &["scripts"]);
    }
}

fn python(own: &mut Members, base: &Members) {
    replace_in(own, base, "tool", IN_PYTHON);
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(path: &str, own: &str, base: &str, expected: Expect) {
        let path = path.parse().unwrap();
        let text = with_tests_of(&path, own.as_bytes(), base.as_bytes());
        let text = text.map_or("the same".to_owned(), |text| String::from_utf8(text).unwrap());
        expected.assert_eq(&text);
    }

    #[test]
    fn scripts_are_those_of_the_base_and_dependencies_those_of_the_change() {
        let own = r#"{"name": "a", "exports": {"types": "./z.ts", "default": "./a.js"}, "dependencies": {"b": "2"},
            "scripts": {"test": "true", "pretest": "node fake.js", "serve": "node ."}, "jest": {"bail": 1}}"#;
        let base = r#"{"name": "a", "scripts": {"test": "jest", "lint": "eslint"}, "dependencies": {"b": "1"}}"#;
        check(
            "sub/package.json",
            own,
            base,
            expect![[r#"
            {
              "name": "a",
              "exports": {
                "types": "./z.ts",
                "default": "./a.js"
              },
              "dependencies": {
                "b": "2"
              },
              "scripts": {
                "test": "jest",
                "lint": "eslint",
                "serve": "node ."
              }
            }"#]],
        );
        check(
            "package.json",
            r#"{"version": "2", "scripts": {"test": "jest"}}"#,
            r#"{"scripts": {"test": "jest"}}"#,
            expect!["the same"],
        );
        check(
            "package.json",
            r#"{"scripts": {"test": "a", "test": "b"}}"#,
            "{}",
            expect!["the same"],
        );
        check("package.json", "{", "{}", expect!["the same"]);
    }

    #[test]
    fn targets_of_cargo_are_tested_as_on_the_base() {
        let base = "[package]\nname = \"a\"\n\n[lib]\nname = \"b\"\n\n[[bin]]\nname = \"c\"\n\n[dependencies]\nx = \"1\"\n";
        let own = "[package]\nname = \"a\"\nautotests = false\nversion = \"2.0.0\"\n\n[lib]\nname = \"b\"\ntest = false\nharness = false\n\n\
            [[test]]\nname = \"queue\"\npath = \"tests/queue.rs\"\nharness = false\n\n[[bin]]\nname = \"c\"\npath = \"src/c.rs\"\ntest = false\n\n\
            [profile.test]\ndebug-assertions = false\n\n[dependencies]\nx = \"2\"\n";
        check(
            "Cargo.toml",
            own,
            base,
            expect![[r#"
            [[bin]]
            name = "c"
            path = "src/c.rs"

            [dependencies]
            x = "2"

            [lib]
            name = "b"

            [package]
            name = "a"
            version = "2.0.0"
        "#]],
        );
        // Where the base says something, it is said again.
        check(
            "Cargo.toml",
            base,
            own,
            expect![[r#"
            [[bin]]
            name = "c"
            test = false

            [dependencies]
            x = "1"

            [lib]
            name = "b"
            test = false
            harness = false

            [package]
            name = "a"
            autotests = false

            [[test]]
            harness = false
            name = "queue"
            path = "tests/queue.rs"

            [profile.test]
            debug-assertions = false
        "#]],
        );
    }

    #[test]
    fn pytest_is_set_as_on_the_base() {
        let base =
            "[project]\nname = \"a\"\n\n[tool.pytest.ini_options]\ntestpaths = [\"tests\"]\n";
        let own = "[project]\nname = \"a\"\ndependencies = [\"x\"]\n\n[tool.pytest.ini_options]\naddopts = \"-k nothing\"\n\n[tool.ruff]\nline-length = 9\n";
        check(
            "pyproject.toml",
            own,
            base,
            expect![[r#"
            [project]
            dependencies = ["x"]
            name = "a"

            [tool.pytest.ini_options]
            testpaths = ["tests"]

            [tool.ruff]
            line-length = 9
        "#]],
        );
        check(
            "pyproject.toml",
            own,
            "[project]\nname = \"a\"\n",
            expect![[r#"
            [project]
            dependencies = ["x"]
            name = "a"

            [tool.ruff]
            line-length = 9
        "#]],
        );
        check("setup.toml", own, base, expect!["the same"]);
    }
}
