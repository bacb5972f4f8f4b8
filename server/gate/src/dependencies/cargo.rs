//! `Cargo.toml` and `Cargo.lock`.

use serde_json::Value;

use super::document::{Unreadable, elements, members, text, toml};
use super::package::{Ecosystem, Kind, Listing, Package, Source, address};

const TABLES: &[&str] = &[
    "dependencies",
    "dev-dependencies",
    "build-dependencies",
    "dev_dependencies",
    "build_dependencies",
];

/// What a `Cargo.toml` asks for, for every target.
pub(crate) fn manifest(content: &str) -> Result<Listing, Unreadable> {
    let document = toml(content)?;
    let mut listing = Listing::new(Ecosystem::Cargo, Kind::Asked);
    let mut take = |place: &str, table: Option<&Value>| {
        listing.packages.extend(members(table).map(|(name, said)| asked(name, said).at(place)));
    };
    for table in TABLES {
        take(table, document.get(table));
    }
    for (target, tables) in members(document.get("target")) {
        for table in TABLES {
            take(&format!("target.{target}.{table}"), tables.get(table));
        }
    }
    take("workspace.dependencies", document.get("workspace").and_then(|w| w.get("dependencies")));
    for (registry, table) in members(document.get("patch")) {
        take(&format!("patch.{}", address(registry)), Some(table));
    }
    take("replace", document.get("replace"));
    Ok(listing)
}

fn asked(alias: &str, said: &Value) -> Package {
    if let Some(requirement) = said.as_str() {
        return Package::new(alias, requirement);
    }
    let name = text(said, "package").unwrap_or(alias);
    let source = if let Some(git) = text(said, "git") {
        Source::Git(address(git))
    } else if let Some(path) = text(said, "path") {
        Source::Path(path.to_owned())
    } else if let Some(registry) = text(said, "registry").or_else(|| text(said, "registry-index")) {
        Source::OtherRegistry(address(registry))
    } else {
        Source::Registry
    };
    let inherited = said.get("workspace").and_then(Value::as_bool) == Some(true);
    let version = text(said, "version").unwrap_or_default();
    Package { inherited, ..Package::new(name, version).from(source) }
}

/// What a `Cargo.lock` fixes. A package without a source is a member of the workspace.
pub(crate) fn lock(content: &str) -> Result<Listing, Unreadable> {
    let document = toml(content)?;
    let mut listing = Listing::new(Ecosystem::Cargo, Kind::Locked);
    for said in elements(document.get("package")) {
        let (Some(name), Some(version)) = (text(said, "name"), text(said, "version")) else {
            return Err(Unreadable::new("a package has no name or version", 0));
        };
        let Some(source) = text(said, "source") else {
            listing.members.insert(name.to_owned());
            listing.own.insert(name.to_owned());
            continue;
        };
        let mut package = Package::new(name, version).from(locked_source(source));
        if let Some(hash) = text(said, "checksum") {
            package.hashes.insert(("sha256".to_owned(), hash.to_owned()));
        }
        listing.packages.push(package);
    }
    // The first form of the lock file has the checksums in a table of their own.
    for (about, hash) in members(document.get("metadata")) {
        let Some(about) = about.strip_prefix("checksum ") else { continue };
        let mut words = about.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let of = listing.packages.iter_mut().find(|p| p.name == name && p.version == version);
        if let (Some(package), Some(hash)) = (of, hash.as_str()) {
            package.hashes.insert(("sha256".to_owned(), hash.to_owned()));
        }
    }
    Ok(listing)
}

fn locked_source(source: &str) -> Source {
    if source.starts_with("git+") {
        return Source::Git(address(source));
    }
    let place = address(source.trim_start_matches("registry+"));
    match place.as_str() {
        "github.com/rust-lang/crates.io-index" | "index.crates.io" => Source::Registry,
        _ => Source::OtherRegistry(place),
    }
}
