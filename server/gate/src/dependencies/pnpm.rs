//! `pnpm-lock.yaml` of the versions 5 to 9.

use serde_json::Value;

use super::document::{Unreadable, members, text, yaml};
use super::npm::{hashes, name_of, resolved};
use super::package::{Ecosystem, Kind, Listing, Package, Source, address};

/// What a `pnpm-lock.yaml` fixes.
pub(crate) fn lock(content: &str) -> Result<Listing, Unreadable> {
    let document = yaml(content)?;
    if document.get("lockfileVersion").is_none() {
        return Err(Unreadable::new("it has no lockfileVersion", 0));
    }
    let mut listing = Listing::new(Ecosystem::Npm, Kind::Locked);
    let folders = members(document.get("importers"));
    listing.members.extend(folders.map(|(folder, _)| folder.trim_start_matches('.').to_owned()));
    listing.members.insert(String::new());
    for (_, importer) in members(document.get("importers")) {
        listing.own.extend(linked(importer));
    }
    for (key, said) in members(document.get("packages")) {
        let (name, version) = named(key, said);
        let mut package = Package::new(&name, &version);
        if let Some(resolution) = said.get("resolution") {
            if let Some(repository) = text(resolution, "repo") {
                package.source = Source::Git(address(repository));
            } else if let Some(archive) = text(resolution, "tarball") {
                package.source = resolved(archive);
            } else if let Some(folder) = text(resolution, "directory") {
                package.source = Source::Path(folder.to_owned());
            }
            package.hashes = text(resolution, "integrity").map(hashes).unwrap_or_default();
        }
        package.install_script = said.get("requiresBuild").and_then(Value::as_bool) == Some(true);
        listing.packages.push(package);
    }
    Ok(listing)
}

/// What a project of the workspace takes from another one beside it: `link:../core`, by itself or as `version`.
fn linked(importer: &Value) -> Vec<String> {
    let tables = ["dependencies", "devDependencies", "optionalDependencies"];
    let all = tables.iter().flat_map(|table| members(importer.get(table)));
    let is_link = |said: &Value| {
        let version = said.as_str().or_else(|| text(said, "version"));
        version.is_some_and(|version| version.starts_with("link:"))
    };
    all.filter(|(_, said)| is_link(said)).map(|(name, _)| name.to_owned()).collect()
}

/// `/a/1.0.0_peer@2` (5), `/a@1.0.0(peer@2)` (6 to 8), `a@1.0.0` (9); an address names itself beside.
fn named(key: &str, said: &Value) -> (String, String) {
    let key = key.trim_start_matches('/');
    let key = key.split('(').next().unwrap_or_default();
    let name = name_of(key);
    let (name, version) = if name.len() < key.len() && !name.trim_start_matches('@').contains(':') {
        let (_, peers) = (name, key.get(name.len() + 1..).unwrap_or_default());
        // In the fifth form the `@` may be that of a peer: `a/1.0.0_b@2`.
        match name.rsplit_once('/') {
            Some((outer, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
                (outer, version)
            }
            _ => (name, peers),
        }
    } else {
        key.rsplit_once('/').unwrap_or((key, ""))
    };
    let version = version.split('_').next().unwrap_or_default();
    let name = text(said, "name").unwrap_or(name);
    (name.to_owned(), text(said, "version").unwrap_or(version).to_owned())
}
