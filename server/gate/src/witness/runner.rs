//! What says how tests are run: an author who cannot bend a test may bend its runner.

use model::{Finding, RelPath};
use serde_json::Value;

use super::manifest::{IN_CARGO_TARGET, IN_NODE, IN_PYTHON};
use crate::place::{File, finding};

/// Names of files that runners read or run before any test.
const NAMES: &[&str] = &[
    "makefile",
    "gnumakefile",
    "justfile",
    "build.rs",
    "conftest.py",
    "noxfile.py",
    "pytest.ini",
    "setup.cfg",
    "sitecustomize.py",
    "tox.ini",
    "usercustomize.py",
    ".noserc",
    ".npmrc",
    ".mocharc.cjs",
    ".mocharc.js",
    ".mocharc.json",
    ".mocharc.yml",
];

/// What a configuration of a JavaScript runner begins with: `jest.config.ts`.
const STEMS: &[&str] = &[
    "jest.config.",
    "jest.setup.",
    "vitest.config.",
    "vite.config.",
    "ava.config.",
    "karma.conf.",
];

/// Modules that a runner is: one of that name at the top is imported in its place.
const SHADOWED: &[&str] = &["unittest", "pytest", "_pytest", "py", "pluggy", "runpy"];

/// In manifests, the members that say how tests are run.
const IN_CARGO: &[&str] = &["bin", "test"];
const IN_CARGO_PACKAGE: &[&str] = &["autotests", "autobins"];
/// Scripts with one of these in their names count.
const NODE_SCRIPTS: &[&str] = &["test", "spec", "check", "build", "lint"];

/// Whether all of a file is about how tests, or the build before them, are run.
pub(crate) fn is_runner_file(path: &RelPath) -> bool {
    let text = path.to_string().to_lowercase();
    let (folder, name) = text.rsplit_once('/').unwrap_or(("", &text));
    let top = text.split(['/', '.']).next().unwrap_or_default();
    let shadows = SHADOWED.contains(&top) && text.ends_with(".py");
    let in_source = folder == "src" || folder.ends_with("/src");
    NAMES.contains(&name) && !(name == "build.rs" && in_source)
        || STEMS.iter().any(|stem| name.starts_with(stem))
        || (folder == ".cargo" || folder.ends_with("/.cargo")) && name.starts_with("config")
        || shadows
}

/// Says where a change touches it. A new file at its usual place is told as well: before it there was none.
pub(crate) fn check(file: &File<'_>) -> Vec<Finding> {
    let of = &file.of;
    let paths = std::iter::once(of.path).chain(of.old_path);
    let whole = paths.clone().any(is_runner_file);
    let part = || paths.clone().any(|path| differs(path, file));
    if !whole && !part() {
        return Vec::new();
    }
    let message = "it says how tests are run, or what is run before them".to_owned();
    vec![finding("test.runner", of.path, file.first_added(), message)]
}

/// Whether what a manifest says of tests is another. One that cannot be read is told of elsewhere.
fn differs(path: &RelPath, file: &File<'_>) -> bool {
    let text = path.to_string();
    let read: fn(&[u8]) -> Option<Vec<Value>> = match text.rsplit('/').next().unwrap_or_default() {
        "Cargo.toml" => cargo,
        "package.json" => node,
        "pyproject.toml" => python,
        _ => return false,
    };
    let of = |side: Option<&[u8]>| side.and_then(read);
    matches!((of(file.of.before), of(file.of.after)), (Some(before), Some(after)) if before != after)
}

fn toml(text: &[u8]) -> Option<Value> {
    let table: toml::Table = std::str::from_utf8(text).ok()?.parse().ok()?;
    serde_json::to_value(table).ok()
}

fn members(value: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| value.get(name).cloned().unwrap_or_default()).collect()
}

fn cargo(text: &[u8]) -> Option<Vec<Value>> {
    let manifest = toml(text)?;
    let package = manifest.get("package").cloned().unwrap_or_default();
    let lib = manifest.get("lib").cloned().unwrap_or_default();
    let package = members(&package, IN_CARGO_PACKAGE);
    let lib = [members(&lib, IN_CARGO_TARGET), members(&lib, &["path"])].concat();
    Some([members(&manifest, IN_CARGO), package, lib].concat())
}

fn node(text: &[u8]) -> Option<Vec<Value>> {
    let manifest: Value = serde_json::from_slice(text).ok()?;
    let mut all = members(&manifest, IN_NODE);
    let scripts = manifest.get("scripts").and_then(Value::as_object);
    for (name, script) in scripts.into_iter().flatten() {
        if NODE_SCRIPTS.iter().any(|part| name.contains(part)) {
            all.extend([name.clone().into(), script.clone()]);
        }
    }
    Some(all)
}

fn python(text: &[u8]) -> Option<Vec<Value>> {
    let manifest = toml(text)?;
    let tool = manifest.get("tool").cloned().unwrap_or_default();
    Some(members(&tool, IN_PYTHON))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ChangeKind, FileMode};

    fn told(path: &str, before: &str, after: &str) -> bool {
        let path = path.parse().unwrap();
        let file = File::new(&crate::FileUnderReview {
            path: &path,
            old_path: None,
            language: None,
            change: ChangeKind::Modified,
            old_mode: Some(FileMode::File),
            new_mode: Some(FileMode::File),
            before: Some(before.as_bytes()),
            after: Some(after.as_bytes()),
            added: &[],
            removed: &[],
            generated: false,
        });
        !check(&file).is_empty()
    }

    #[test]
    fn what_runs_before_or_instead_of_tests_is_told() {
        for path in [
            "Makefile",
            "sub/conftest.py",
            "build.rs",
            "jest.config.ts",
            ".cargo/config.toml",
            ".npmrc",
            "unittest.py",
            "pytest/__init__.py",
        ] {
            assert!(told(path, "a", "b"), "{path}");
        }
        for path in
            ["src/build.rs", "src/unittest.py", "makefile.md", "cargo/config.toml", "src/jest.ts"]
        {
            assert!(!told(path, "a", "b"), "{path}");
        }
    }

    #[test]
    fn of_a_manifest_only_what_it_says_of_tests_counts() {
        let scripts = |test: &str, lint: &str| {
            format!(
                r#"{{"version": "{lint}", "scripts": {{"test": "{test}", "start": "{lint}"}}}}"#
            )
        };
        assert!(told("package.json", &scripts("jest", "1"), &scripts("true", "1")));
        assert!(!told("package.json", &scripts("jest", "1"), &scripts("jest", "2")));
        let cargo = "[package]\nname = \"a\"\n";
        assert!(told("Cargo.toml", cargo, &format!("{cargo}autotests = false\n")));
        assert!(told("Cargo.toml", cargo, &format!("{cargo}[lib]\ntest = false\n")));
        assert!(!told("Cargo.toml", cargo, &format!("{cargo}version = \"1.0.0\"\n")));
        let python = "[tool.ruff]\nline-length = 9\n";
        assert!(told("pyproject.toml", python, "[tool.pytest.ini_options]\naddopts = \"-k no\"\n"));
        assert!(!told("pyproject.toml", python, "[tool.ruff]\nline-length = 10\n"));
    }
}
