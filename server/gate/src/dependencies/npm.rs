//! `package.json` and `package-lock.json` of all versions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{Unreadable, json, members, object, text};
use super::package::{Ecosystem, Kind, Listing, Package, Source, address};
use super::version::Version;

const TABLES: &[&str] =
    &["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/// How deep `dependencies` in `dependencies` of the first form of the lock file are followed.
const DEPTH_MAX: usize = 60;

/// What a `package.json` asks for.
pub(crate) fn manifest(content: &str) -> Result<Listing, Unreadable> {
    let document = object(content)?;
    let mut listing = Listing::new(Ecosystem::Npm, Kind::Asked);
    for table in TABLES {
        for (name, said) in members(document.get(table)) {
            let said = said.as_str().unwrap_or_default();
            listing.packages.push(asked(name, said).at(table));
        }
    }
    for table in ["overrides", "resolutions"] {
        for (name, said) in members(document.get(table)) {
            if let Some(said) = said.as_str().filter(|said| !said.starts_with('$')) {
                listing.packages.push(asked(resolved_name(name), said).at(table));
            }
        }
    }
    Ok(listing)
}

/// The package that a pattern of `resolutions` speaks of: `**/a`, `b/a`, `a@1`.
fn resolved_name(pattern: &str) -> &str {
    let start = pattern.rfind('@').filter(|at| *at == 0 || pattern[..*at].ends_with('/'));
    let tail = match start {
        Some(at) => pattern.get(at..),
        None => pattern.rsplit('/').next(),
    };
    name_of(tail.unwrap_or(pattern))
}

/// The name in `name@version`; a scope begins with `@`.
pub(crate) fn name_of(spec: &str) -> &str {
    let cut = spec.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
    cut.and_then(|at| spec.get(..at)).unwrap_or(spec)
}

/// What is asked for by `said` under the name `alias`.
pub(crate) fn asked(alias: &str, said: &str) -> Package {
    let said = said.trim();
    if let Some(other) = said.strip_prefix("npm:") {
        let name = name_of(other);
        let version = other.get(name.len()..).unwrap_or_default().trim_start_matches('@');
        // Berry writes `npm:^1` for a plain requirement.
        let plain = name.len() == other.len()
            && (name.starts_with(['^', '~', '<', '>', '=', '*']) || Version::parse(name).is_some());
        if plain {
            return Package::new(alias, other);
        }
        return Package::new(name, version);
    }
    if said.starts_with("workspace:") || said.starts_with("catalog:") {
        return Package { inherited: true, ..Package::new(alias, "") };
    }
    for local in ["file:", "link:", "portal:"] {
        if let Some(path) = said.strip_prefix(local) {
            return Package::new(alias, "").from(Source::Path(path.to_owned()));
        }
    }
    if said.starts_with("./") || said.starts_with("../") || said.starts_with('/') {
        return Package::new(alias, "").from(Source::Path(said.to_owned()));
    }
    let source = source_of(said);
    match source {
        Source::Registry => Package::new(alias, said),
        source => Package::new(alias, "").from(source),
    }
}

/// Where a requirement that is no version range comes from.
fn source_of(said: &str) -> Source {
    for (host, place) in
        [("github:", "github.com"), ("gitlab:", "gitlab.com"), ("bitbucket:", "bitbucket.org")]
    {
        if let Some(path) = said.strip_prefix(host) {
            let path = path.split('#').next().unwrap_or_default();
            return Source::Git(format!("{place}/{path}"));
        }
    }
    let git = ["git+", "git:", "git@", "ssh:"].iter().any(|start| said.starts_with(start));
    if git || said.split('#').next().unwrap_or_default().ends_with(".git") {
        return Source::Git(address(said));
    }
    if said.contains("://") {
        return Source::Url(address(said));
    }
    // `owner/name` is short for a repository.
    let mut parts = said.split('#').next().unwrap_or_default().split('/');
    let short = |part: Option<&str>| {
        part.is_some_and(|p| {
            !p.is_empty() && p.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        })
    };
    if short(parts.next()) && short(parts.next()) && parts.next().is_none() {
        let path = said.split('#').next().unwrap_or_default();
        return Source::Git(format!("github.com/{path}"));
    }
    Source::Registry
}

/// What a `package-lock.json` or `npm-shrinkwrap.json` fixes.
pub(crate) fn lock(content: &str) -> Result<Listing, Unreadable> {
    let document = json(content)?;
    let mut listing = Listing::new(Ecosystem::Npm, Kind::Locked);
    listing.members.insert(String::new());
    let known = document.get("lockfileVersion").and_then(Value::as_u64);
    if known.is_some_and(|version| version > 3) {
        return Err(Unreadable::new("its lockfileVersion is not known", 0));
    }
    let Some(packages) = document.get("packages") else {
        let Some(dependencies) = document.get("dependencies") else {
            let empty = document.is_object() && known.is_some();
            let none = Unreadable::new("it has neither `packages` nor `dependencies`", 0);
            return if empty { Ok(listing) } else { Err(none) };
        };
        nested(dependencies, &mut listing, 0)?;
        return Ok(listing);
    };
    for (place, said) in members(Some(packages)) {
        let Some((_, name)) = place.rsplit_once("node_modules/") else {
            listing.members.insert(place.to_owned());
            continue;
        };
        let name = text(said, "name").unwrap_or(name);
        if said.get("link").and_then(Value::as_bool) == Some(true) {
            listing.own.insert(name.to_owned());
            continue;
        }
        listing.packages.push(locked(name, said));
    }
    Ok(listing)
}

/// The first form: each package with what only it can see.
fn nested(dependencies: &Value, listing: &mut Listing, depth: usize) -> Result<(), Unreadable> {
    if depth > DEPTH_MAX {
        return Err(Unreadable::new("it is nested too deeply", 0));
    }
    for (name, said) in members(Some(dependencies)) {
        listing.packages.push(locked(name, said));
        if let Some(inner) = said.get("dependencies") {
            nested(inner, listing, depth + 1)?;
        }
    }
    Ok(())
}

fn locked(name: &str, said: &Value) -> Package {
    let version = text(said, "version").unwrap_or_default();
    let aliased = asked(name, version);
    let mut package = match text(said, "resolved") {
        Some(place) => Package::new(&aliased.name, &aliased.version).from(resolved(place)),
        None => aliased,
    };
    package.hashes = text(said, "integrity").map(hashes).unwrap_or_default();
    package.install_script = said.get("hasInstallScript").and_then(Value::as_bool) == Some(true);
    package.licence = match said.get("license") {
        Some(Value::String(licence)) => Some(licence.clone()),
        Some(object) => text(object, "type").map(str::to_owned),
        None => None,
    };
    package
}

/// Where a lock file says that an archive came from.
pub(crate) fn resolved(place: &str) -> Source {
    if place.starts_with("git") || place.starts_with("ssh:") {
        return Source::Git(address(place));
    }
    if let Some(path) = place.strip_prefix("file:") {
        return Source::Path(path.to_owned());
    }
    let plain = address(place);
    let host = plain.split('/').next().unwrap_or_default();
    if host == "registry.npmjs.org" || host == "registry.yarnpkg.com" {
        return Source::Registry;
    }
    // A registry keeps archives as `<name>/-/<file>`; any other address is an archive by itself.
    match plain.split_once("/-/") {
        Some((package, _)) => Source::OtherRegistry(match package.strip_prefix("http://") {
            Some(rest) => format!("http://{}", rest.split('/').next().unwrap_or_default()),
            None => host.to_owned(),
        }),
        None => Source::Url(plain),
    }
}

/// `sha512-<hash> sha1-<hash>`, each by its algorithm.
pub(crate) fn hashes(integrity: &str) -> BTreeSet<(String, String)> {
    let pair = |hash: &str| {
        let (algorithm, hash) = hash.split_once('-')?;
        Some((algorithm.to_owned(), hash.to_owned()))
    };
    integrity.split_ascii_whitespace().filter_map(pair).collect()
}
