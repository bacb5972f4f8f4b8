//! `yarn.lock`: the form of its own that version 1 writes, and the YAML of later ones.

use super::document::{Unreadable, members, text, yaml};
use super::npm::{asked, hashes, name_of, resolved};
use super::package::{Ecosystem, Kind, Listing, Package, Source};

/// What a `yarn.lock` fixes.
pub(crate) fn lock(content: &str) -> Result<Listing, Unreadable> {
    if content.lines().any(|line| line.starts_with("__metadata:")) {
        berry(content)
    } else {
        classic(content)
    }
}

/// Entries begin at the margin (`a@^1, a@^2:`), their properties with two spaces, lists of theirs with four.
fn classic(content: &str) -> Result<Listing, Unreadable> {
    let mut listing = Listing::new(Ecosystem::Npm, Kind::Locked);
    for (number, line) in (0..).zip(content.lines()) {
        let line = line.trim_end();
        if line.is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            let Some(entry) = line.strip_suffix(':') else {
                return Err(Unreadable::new("a line is no entry", number));
            };
            let spec = entry.split(',').next().unwrap_or_default().trim().trim_matches('"');
            let name = name_of(spec);
            let said = spec.get(name.len()..).unwrap_or_default().trim_start_matches('@');
            listing.packages.push(Package { version: String::new(), ..asked(name, said) });
            continue;
        }
        let Some(package) = listing.packages.last_mut() else {
            return Err(Unreadable::new("a line belongs to no entry", number));
        };
        let Some(property) = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) else {
            continue;
        };
        let (key, value) = property.split_once(' ').unwrap_or((property, ""));
        let value = value.trim().trim_matches('"');
        match key {
            "version" => package.version = value.to_owned(),
            "resolved" => {
                if let Some((_, sha1)) = value.rsplit_once('#')
                    && sha1.len() == 40
                    && resolved(value) == Source::Registry
                {
                    package.hashes.insert(("sha1".to_owned(), sha1.to_owned()));
                }
                package.source = resolved(value);
            }
            "integrity" => package.hashes.extend(hashes(value)),
            _ => {}
        }
    }
    match listing.packages.iter().find(|package| package.version.is_empty()) {
        Some(_) => Err(Unreadable::new("an entry has no version", 0)),
        None => Ok(listing),
    }
}

fn berry(content: &str) -> Result<Listing, Unreadable> {
    let document = yaml(content)?;
    let mut listing = Listing::new(Ecosystem::Npm, Kind::Locked);
    let cache = document.get("__metadata").and_then(|m| m.get("cacheKey"));
    let cache = cache.map(ToString::to_string).unwrap_or_default();
    for (key, said) in members(Some(&document)) {
        if key == "__metadata" {
            continue;
        }
        let Some(resolution) = text(said, "resolution") else {
            return Err(Unreadable::new("an entry has no resolution", 0));
        };
        let name = name_of(resolution);
        let place = resolution.get(name.len()..).unwrap_or_default().trim_start_matches('@');
        if let Some(folder) = place.strip_prefix("workspace:") {
            listing.members.insert(folder.trim_start_matches('.').trim_matches('/').to_owned());
            listing.own.insert(name.to_owned());
            continue;
        }
        let version = match said.get("version") {
            Some(serde_json::Value::String(version)) => version.clone(),
            Some(version) => version.to_string(),
            None => return Err(Unreadable::new("an entry has no version", 0)),
        };
        let source = match place.split_once(':') {
            Some(("npm", _)) => Source::Registry,
            // A patch of the project's own over a package of the registry.
            Some(("patch", _)) => continue,
            _ => asked(name, place).source,
        };
        let mut package = Package::new(name, &version).from(source);
        if let Some(hash) = text(said, "checksum") {
            // A hash is of what this version of the cache made of the archive.
            let (made_by, hash) = hash.split_once('/').unwrap_or((&cache, hash));
            package.hashes.insert((made_by.to_owned(), hash.to_owned()));
        }
        listing.packages.push(package);
    }
    Ok(listing)
}
