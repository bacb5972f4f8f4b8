//! Settings that say where packages are fetched from.

use std::collections::BTreeSet;

use model::{Finding, RelPath};

use super::document::text_of;
use super::elements;
use super::lines::line_of;
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
    "www.nuget.org/api/v2",
];

/// Added lines that name another index: what is asked for by name may come from there from now on.
pub(crate) fn check(file: &File<'_>) -> Vec<Finding> {
    if file.of.path.file_name().eq_ignore_ascii_case(b"nuget.config") {
        return nuget(file);
    }
    if !is_setting(file) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (span, text) in file.added_texts() {
        let text = String::from_utf8_lossy(text);
        for (number, line) in (span.first_line..).zip(text.lines()) {
            let Some(place) = index_of(line) else { continue };
            let beside = if line.contains("extra-index-url") {
                "; a name that both know is taken from either"
            } else {
                ""
            };
            findings.push(fetched(file.of.path, number, &place, beside));
        }
    }
    findings
}

/// The sources that a `nuget.config` adds; one that cannot be read names none.
fn nuget(file: &File<'_>) -> Vec<Finding> {
    let named = |text: Option<&[u8]>| -> BTreeSet<String> {
        let read = text.and_then(|text| elements::read(text_of(text).ok()?).ok());
        let mut named = BTreeSet::new();
        read.iter().for_each(|root| {
            root.each(&mut |path, element| {
                let is_source = path.last() == Some(&"packageSources") && element.name == "add";
                let value = element.attribute("value").filter(|value| value.contains("://"));
                named.extend(value.filter(|_| is_source).and_then(other));
            });
        });
        named
    };
    let (before, after) = (named(file.of.before), named(file.of.after));
    let content = String::from_utf8_lossy(file.of.after.unwrap_or_default()).into_owned();
    let tell = |place: &String| {
        let line = line_of(&content, place.trim_start_matches("http://"));
        fetched(file.of.path, line, place, "")
    };
    after.difference(&before).map(tell).collect()
}

/// That packages are fetched from another registry from now on.
pub(crate) fn fetched(path: &RelPath, line: u32, place: &str, beside: &str) -> Finding {
    let source = Source::OtherRegistry(place.to_owned());
    let message = format!("packages are fetched from {} now{beside}", source.words());
    let mut found = finding("dependency.source", path, line, message);
    if !source.is_unprotected() {
        found.severity = model::Severity::Warning;
    }
    found
}

fn is_setting(file: &File<'_>) -> bool {
    let path = file.of.path.to_string().to_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    let requirements = name.ends_with(".txt") && path.contains("requirements");
    let cargo = path.ends_with(".cargo/config.toml") || path.ends_with(".cargo/config");
    let named = [".npmrc", ".yarnrc", ".yarnrc.yml", "pip.conf", "pip.ini"];
    let named = named.contains(&name);
    requirements || cargo || named
}

/// The address of the index that a line names; `None` for a public one.
fn index_of(line: &str) -> Option<String> {
    let line = line.trim();
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
