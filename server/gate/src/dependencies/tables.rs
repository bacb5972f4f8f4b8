//! Whether a manifest asks for other dependencies than before, or for other code at installation.

use std::collections::BTreeMap;

use model::{ChangeKind, Finding};
use serde_json::Value;

use crate::paths::{PathClass, classify};
use crate::place::{File, finding};

/// Tables of `package.json` and its kin that decide what is installed.
const PACKAGE_JSON: &[&str] = &[
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "optionalDependencies",
    "bundledDependencies",
    "bundleDependencies",
    "overrides",
    "resolutions",
    "pnpm",
    "packageManager",
    "workspaces",
    "scripts.preinstall",
    "scripts.install",
    "scripts.postinstall",
    "scripts.prepare",
    "scripts.prepublish",
    "scripts.preprepare",
    "scripts.postprepare",
];

const CARGO_TOML: &[&str] = &[
    "dependencies",
    "dev-dependencies",
    "build-dependencies",
    "dev_dependencies",
    "build_dependencies",
    "target",
    "patch",
    "replace",
    "workspace.dependencies",
    "package.build",
];

const PYPROJECT_TOML: &[&str] = &[
    "build-system",
    "project.dependencies",
    "project.optional-dependencies",
    "project.dynamic",
    "dependency-groups",
    "tool.poetry.dependencies",
    "tool.poetry.dev-dependencies",
    "tool.poetry.group",
    "tool.poetry.source",
    "tool.pdm.dev-dependencies",
    "tool.pdm.source",
    "tool.uv",
    "tool.hatch.envs",
];

const COMPOSER_JSON: &[&str] =
    &["require", "require-dev", "repositories", "scripts", "config.allow-plugins", "replace"];

const DENO_JSON: &[&str] = &["imports", "scopes", "importMap", "tasks"];

/// A finding when the dependencies of a manifest differ. A manifest that is not understood counts as different.
pub(crate) fn check(file: &File<'_>) -> Option<Finding> {
    let paths = [Some(file.of.path), file.of.old_path];
    let manifest = |path| classify(path).contains(&PathClass::Dependencies);
    if !paths.into_iter().flatten().any(manifest) {
        return None;
    }
    let name = file.of.path.file_name().to_ascii_lowercase();
    let say = |message: String| {
        Some(finding("path.dependencies", file.of.path, file.first_added(), message))
    };
    let tables = match name.as_slice() {
        b"package.json" => PACKAGE_JSON,
        b"cargo.toml" => CARGO_TOML,
        b"pyproject.toml" => PYPROJECT_TOML,
        b"composer.json" => COMPOSER_JSON,
        b"deno.json" | b"jsr.json" => DENO_JSON,
        _ => {
            let moved = file.of.change == ChangeKind::Renamed;
            return if file.of.before == file.of.after && !moved {
                None
            } else {
                say("a file that asks for dependencies is changed".to_owned())
            };
        }
    };
    let side =
        |text: Option<&[u8]>| text.map_or(Some(BTreeMap::new()), |text| read(&name, text, tables));
    let (Some(before), Some(after)) = (side(file.of.before), side(file.of.after)) else {
        return say(
            "the dependencies of a manifest could not be compared: it does not parse".to_owned()
        );
    };
    let mut keys: Vec<_> = before.keys().chain(after.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| before.get(key) != after.get(key));
    if keys.is_empty() { None } else { say(format!("`{}` is changed", keys.join("`, `"))) }
}

/// The tables that are there, by name. Formatting and the order of keys do not count.
fn read<'k>(name: &[u8], text: &[u8], tables: &[&'k str]) -> Option<BTreeMap<&'k str, Value>> {
    let text = std::str::from_utf8(text).ok()?;
    let document: Value = if name.ends_with(b".toml") {
        let table: toml::Table = text.parse().ok()?;
        serde_json::to_value(table).ok()?
    } else {
        serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?
    };
    let lookup = |path: &str| path.split('.').try_fold(&document, |value, key| value.get(key));
    let found = tables.iter().filter_map(|table| Some((*table, lookup(table)?.clone())));
    Some(found.collect())
}
