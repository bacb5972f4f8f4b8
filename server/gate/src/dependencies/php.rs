//! `composer.json` and `composer.lock`.

use serde_json::Value;

use super::document::{Unreadable, elements, members, object, text};
use super::package::{Ecosystem, Kind, Listing, Package, Source, address};

const TABLES: &[&str] = &["require", "require-dev"];

/// The registry that is asked where nothing else is said, and where it sends to.
const PUBLIC: &[&str] = &["packagist.org", "repo.packagist.org"];

/// What a `composer.json` asks for.
pub(crate) fn manifest(content: &str) -> Result<Listing, Unreadable> {
    let document = object(content)?;
    let mut listing = Listing::new(Ecosystem::Packagist, Kind::Asked);
    for table in TABLES {
        let packages = members(document.get(table)).filter(|(name, _)| is_package(name));
        for (name, said) in packages {
            // What stands behind an `@` says how stable it has to be.
            let version = said.as_str().unwrap_or_default().split('@').next().unwrap_or_default();
            listing.packages.push(Package::new(name, version).at(table));
        }
    }
    let repositories = document.get("repositories");
    let listed = elements(repositories).chain(members(repositories).map(|(_, said)| said));
    for repository in listed {
        let Some(url) = text(repository, "url") else { continue };
        let place = address(url);
        let is_path = text(repository, "type") == Some("path");
        if !is_path && !PUBLIC.contains(&place.as_str()) {
            listing.indexes.insert(place);
        }
    }
    Ok(listing)
}

/// What a `composer.lock` fixes.
pub(crate) fn lock(content: &str) -> Result<Listing, Unreadable> {
    let document = object(content)?;
    let mut listing = Listing::new(Ecosystem::Packagist, Kind::Locked);
    listing.members.insert(String::new());
    for table in ["packages", "packages-dev"] {
        for said in elements(document.get(table)) {
            let Some(name) = text(said, "name") else {
                return Err(Unreadable::new("a package has no name", 0));
            };
            let version = text(said, "version").unwrap_or_default();
            let mut package = Package::new(name, version).at(table).from(source_of(said));
            // A plugin runs in Composer itself, as soon as it is there.
            package.install_script = text(said, "type") == Some("composer-plugin");
            let licences: Vec<&str> =
                elements(said.get("license")).filter_map(Value::as_str).collect();
            package.licence = (!licences.is_empty()).then(|| licences.join(" or "));
            let sum = said.get("dist").and_then(|dist| text(dist, "shasum"));
            if let Some(sum) = sum.filter(|sum| !sum.is_empty()) {
                package.hashes.insert(("dist".to_owned(), sum.to_owned()));
            }
            let commit = said.get("source").and_then(|source| text(source, "reference"));
            // What is on a branch may be another commit each time.
            let fixed = !version.starts_with("dev-") && !version.ends_with("-dev");
            if let Some(commit) = commit.filter(|_| fixed) {
                package.hashes.insert(("source".to_owned(), commit.to_owned()));
            }
            listing.packages.push(package);
            // What it stands for is there with it.
            for also in ["replace", "provide"] {
                listing.own.extend(members(said.get(also)).map(|(name, _)| name.to_owned()));
            }
        }
    }
    Ok(listing)
}

/// What has no vendor is the language, or part of the system.
fn is_package(name: &str) -> bool {
    name.contains('/')
}

/// Packages of the registry are fetched from where their authors keep them, which the registry says: only what it does not
/// know is from elsewhere.
fn source_of(said: &Value) -> Source {
    // The registry tells who is to be told of an installation.
    let notified = text(said, "notification-url").map(address).unwrap_or_default();
    if PUBLIC.iter().any(|public| notified.split('/').next() == Some(*public)) {
        return Source::Registry;
    }
    let of = |key: &str| {
        let place = said.get(key)?;
        Some((text(place, "type")?, text(place, "url")?))
    };
    match of("source").or_else(|| of("dist")) {
        Some(("path", folder)) => Source::Path(folder.to_owned()),
        Some(("git", url)) => Source::Git(address(url)),
        Some((_, url)) => Source::Url(address(url)),
        None => Source::Registry,
    }
}
