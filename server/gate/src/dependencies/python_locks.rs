//! `poetry.lock`, `pdm.lock`, `uv.lock`, `pylock.toml` and `Pipfile.lock`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{Unreadable, elements, members, object, text, toml};
use super::package::{Ecosystem, Kind, Listing, Package, Source, address};

/// What a `poetry.lock`, a `pdm.lock`, a `uv.lock` or a `pylock.toml` fixes: they differ in little.
pub(crate) fn tables(content: &str) -> Result<Listing, Unreadable> {
    let document = toml(content)?;
    let mut listing = Listing::new(Ecosystem::PyPi, Kind::Locked);
    listing.members.insert(String::new());
    // The first form of `poetry.lock` has the hashes in a table of their own.
    let apart = document.get("metadata").and_then(|metadata| metadata.get("files"));
    let packages = document.get("package").or_else(|| document.get("packages"));
    for said in elements(packages) {
        let Some(name) = text(said, "name") else {
            return Err(Unreadable::new("a package has no name", 0));
        };
        if let Some(folder) = own_folder(said) {
            listing.members.insert(folder.trim_start_matches('.').trim_matches('/').to_owned());
            listing.own.insert(name.to_owned());
            continue;
        }
        let mut package =
            Package::new(name, text(said, "version").unwrap_or_default()).from(source_of(said));
        for list in ["files", "wheels"] {
            elements(said.get(list)).for_each(|file| add_hash(&mut package.hashes, file));
        }
        said.get("sdist").into_iter().for_each(|file| add_hash(&mut package.hashes, file));
        let of_it = apart.and_then(|files| files.get(name));
        elements(of_it).for_each(|file| add_hash(&mut package.hashes, file));
        listing.packages.push(package);
    }
    Ok(listing)
}

/// The folder of a package that is part of the project.
fn own_folder(said: &Value) -> Option<&str> {
    let source = said.get("source")?;
    ["editable", "virtual", "directory"].iter().find_map(|kind| text(source, kind))
}

fn source_of(said: &Value) -> Source {
    if let Some(vcs) = said.get("vcs") {
        return Source::Git(address(text(vcs, "url").unwrap_or_default()));
    }
    let Some(source) = said.get("source") else { return Source::Registry };
    if let Some(registry) = text(source, "registry") {
        return registry_at(registry);
    }
    if let Some(git) = text(source, "git") {
        return Source::Git(address(git));
    }
    let url = text(source, "url").unwrap_or_default();
    match text(source, "type") {
        Some("git") => Source::Git(address(url)),
        Some("url") => Source::Url(address(url)),
        Some("legacy") => registry_at(url),
        Some("directory" | "file") => Source::Path(url.to_owned()),
        _ if !url.is_empty() => Source::Url(address(url)),
        _ => text(source, "path").map_or(Source::Registry, |path| Source::Path(path.to_owned())),
    }
}

fn registry_at(url: &str) -> Source {
    let place = address(url);
    match place.split('/').next().unwrap_or_default() {
        "pypi.org" | "pypi.python.org" => Source::Registry,
        _ => Source::OtherRegistry(place),
    }
}

/// Each file is hashed by itself; what it is called is in its address where nothing else says it.
fn add_hash(hashes: &mut BTreeSet<(String, String)>, file: &Value) {
    let name = text(file, "file").or_else(|| text(file, "name"));
    let name = name.or_else(|| text(file, "url").and_then(|url| url.rsplit('/').next()));
    let hash = match file.get("hashes") {
        Some(by_kind) => text(by_kind, "sha256"),
        None => text(file, "hash"),
    };
    if let (Some(name), Some(hash)) = (name, hash) {
        hashes.insert((name.to_owned(), hash.trim_start_matches("sha256:").to_owned()));
    }
}

/// What a `Pipfile.lock` fixes.
pub(crate) fn pipfile(content: &str) -> Result<Listing, Unreadable> {
    let document = object(content)?;
    let mut listing = Listing::new(Ecosystem::PyPi, Kind::Locked);
    listing.members.insert(String::new());
    for (group, packages) in members(Some(&document)).filter(|(group, _)| *group != "_meta") {
        for (name, said) in members(Some(packages)) {
            let version = text(said, "version").unwrap_or_default().trim_start_matches('=');
            let source = if let Some(git) = text(said, "git") {
                Source::Git(address(git))
            } else if let Some(file) = text(said, "file") {
                Source::Url(address(file))
            } else if let Some(path) = text(said, "path") {
                Source::Path(path.to_owned())
            } else {
                match text(said, "index") {
                    None | Some("pypi") => Source::Registry,
                    Some(index) => Source::OtherRegistry(index.to_owned()),
                }
            };
            let mut package = Package::new(name, version).from(source).at(group);
            // The files are not named: they are a set.
            for hash in elements(said.get("hashes")).filter_map(Value::as_str) {
                if let Some((algorithm, hash)) = hash.split_once(':') {
                    package.hashes.insert((algorithm.to_owned(), hash.to_owned()));
                }
            }
            listing.packages.push(package);
        }
    }
    Ok(listing)
}
