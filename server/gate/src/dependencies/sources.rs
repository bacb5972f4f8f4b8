//! Settings that say where packages are fetched from.

use model::Finding;

use super::package::{Source, address, shown};
use crate::place::{File, finding};

/// Words in front of the address of an index, by the file that they stand in.
const INDEXES: &[&str] = &[
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "index-url",
    "extra-index-url",
    "registry",
    "npmRegistryServer",
    "-i",
    "-f",
];

/// Addresses of the public registries.
const PUBLIC: &[&str] = &[
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "pypi.org/simple",
    "pypi.python.org/simple",
    "github.com/rust-lang/crates.io-index",
    "index.crates.io",
    "api.nuget.org/v3/index.json",
];

/// Added lines that name another index: what is asked for by name may come from there from now on.
pub(crate) fn check(file: &File<'_>) -> Vec<Finding> {
    if !is_setting(file) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (span, text) in file.added_texts() {
        let text = String::from_utf8_lossy(text);
        for (number, line) in (span.first_line..).zip(text.lines()) {
            let Some(place) = index_of(line) else { continue };
            let source = Source::OtherRegistry(place);
            let beside = if line.contains("extra-index-url") {
                "; a name that both know is taken from either"
            } else {
                ""
            };
            let message = format!("packages are fetched from {} now{beside}", source.words());
            let mut found = finding("dependency.source", file.of.path, number, message);
            if !source.is_unprotected() {
                found.severity = model::Severity::Warning;
            }
            findings.push(found);
        }
    }
    findings
}

fn is_setting(file: &File<'_>) -> bool {
    let path = file.of.path.to_string().to_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    let requirements = name.ends_with(".txt") && path.contains("requirements");
    let cargo = path.ends_with(".cargo/config.toml") || path.ends_with(".cargo/config");
    let named = [".npmrc", ".yarnrc", ".yarnrc.yml", "pip.conf", "pip.ini", "nuget.config"];
    let named = named.contains(&name);
    requirements || cargo || named
}

/// The address of the index that a line names; `None` for a public one.
fn index_of(line: &str) -> Option<String> {
    let line = line.trim();
    // `<add key="name" value="https://.." />` in `nuget.config`.
    if line.starts_with("<add ") {
        let (_, value) = line.split_once(" value=\"")?;
        let value = value.split('"').next().filter(|value| value.contains("://"))?;
        return other(value);
    }
    let (key, value) = line.split_once(|c: char| c == '=' || c == ':' || c.is_whitespace())?;
    let key = key.trim_matches('"');
    // `@scope:registry=..` in `.npmrc`.
    let (key, value) = match value.strip_prefix("registry=") {
        Some(value) if key.starts_with('@') => ("registry", value),
        _ => (key, value),
    };
    let value = value.trim_matches([' ', '=', '"', '\'', ':']);
    if !INDEXES.contains(&key) || !value.contains("://") {
        return None;
    }
    other(value.trim_start_matches("registry+"))
}

/// The address of a registry that is not a public one.
fn other(url: &str) -> Option<String> {
    let place = address(url);
    (!PUBLIC.contains(&place.as_str())).then(|| shown(&place))
}
