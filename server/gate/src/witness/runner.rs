//! What says how tests are run: an author who cannot bend a test may bend its runner.

use model::{ChangeKind, Finding, RelPath};
use serde_json::Value;

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
    ".mocharc.cjs",
    ".mocharc.js",
    ".mocharc.json",
    ".mocharc.yml",
    ".npmrc",
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
const IN_CARGO: &[&str] = &["lib", "bin", "test", "profile"];
const IN_CARGO_PACKAGE: &[&str] = &["autotests", "autobins", "build"];
const IN_NODE: &[&str] = &["scripts", "jest", "mocha", "ava", "vitest", "type"];
const IN_PYTHON: &[&str] = &["pytest", "tox", "nox", "hatch", "pdm", "poe"];

/// Whether all of a file is about how tests, or the build before them, are run.
pub(crate) fn is_runner_file(path: &RelPath) -> bool {
    let text = path.to_string().to_lowercase();
    let (folder, name) = text.rsplit_once('/').unwrap_or(("", &text));
    let top = text.split(['/', '.']).next().unwrap_or_default();
    let shadows = SHADOWED.contains(&top) && text.ends_with(".py");
    NAMES.contains(&name)
        || STEMS.iter().any(|stem| name.starts_with(stem))
        || (folder == ".cargo" || folder.ends_with("/.cargo")) && name.starts_with("config")
        || shadows
}

/// Says where a change touches it. A new file at its usual place is told as well: before it there was none.
pub(crate) fn check(file: &File<'_>) -> Vec<Finding> {
    let of = &file.of;
    let paths = std::iter::once(of.path).chain(of.old_path);
    let whole = paths.clone().any(is_runner_file);
    let part = || of.change != ChangeKind::Added && paths.clone().any(|path| differs(path, file));
    if !whole && !part() {
        return Vec::new();
    }
    let message = "it says how tests are run, or what is run before them".to_owned();
    vec![finding("test.runner", of.path, file.first_added(), message)]
}

/// Whether what a manifest says of tests is another; one that cannot be read is.
fn differs(path: &RelPath, file: &File<'_>) -> bool {
    let text = path.to_string();
    let read: fn(&[u8]) -> Option<Vec<Value>> = match text.rsplit('/').next().unwrap_or_default() {
        "Cargo.toml" => cargo,
        "package.json" => node,
        "pyproject.toml" => python,
        _ => return false,
    };
    let of = |side: Option<&[u8]>| side.map(read);
    let (before, after) = (of(file.of.before), of(file.of.after));
    before != after || before == Some(None)
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
    Some([members(&manifest, IN_CARGO), members(&package, IN_CARGO_PACKAGE)].concat())
}

fn node(text: &[u8]) -> Option<Vec<Value>> {
    Some(members(&serde_json::from_slice(text).ok()?, IN_NODE))
}

fn python(text: &[u8]) -> Option<Vec<Value>> {
    let manifest = toml(text)?;
    let tool = manifest.get("tool").cloned().unwrap_or_default();
    Some([members(&tool, IN_PYTHON), members(&manifest, &["build-system"])].concat())
}
