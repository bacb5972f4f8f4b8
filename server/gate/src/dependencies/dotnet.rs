//! What .NET projects ask for and fix: project files, central versions, `packages.config` and `packages.lock.json`.

use std::collections::BTreeSet;

use super::document::{Unreadable, members, object, text};
use super::elements;
use super::package::{Ecosystem, Kind, Listing, Package};

/// Elements of a project file that name a package.
const REFERENCES: &[&str] = &["PackageReference", "PackageVersion", "GlobalPackageReference"];

/// What a project file, or one that several share, asks for.
pub(crate) fn project(content: &str) -> Result<Listing, Unreadable> {
    let root = elements::read(content)?;
    let mut listing = Listing::new(Ecosystem::NuGet, Kind::Asked);
    root.each(&mut |_, element| {
        if !REFERENCES.contains(&element.name.as_str()) {
            return;
        }
        // `Update` changes what another element includes.
        let name = element.attribute("Include").or_else(|| element.attribute("Update"));
        let Some(name) = name.filter(|name| !name.is_empty()) else { return };
        let said = ["Version", "VersionOverride"];
        let version =
            said.iter().find_map(|name| element.attribute(name).or_else(|| element.text_of(name)));
        // A version that a property holds is no version here.
        let version = version.filter(|version| !version.contains("$(")).unwrap_or_default();
        listing.packages.push(Package::new(name, version).at(&element.name));
    });
    Ok(listing)
}

/// What a `packages.config` fixes.
pub(crate) fn config(content: &str) -> Result<Listing, Unreadable> {
    let root = elements::read(content)?;
    let mut listing = Listing::new(Ecosystem::NuGet, Kind::Asked);
    for package in root.children.iter().filter(|child| child.name == "package") {
        let Some(name) = package.attribute("id") else {
            return Err(Unreadable::new("a package has no id", 0));
        };
        let version = package.attribute("version").unwrap_or_default();
        listing.packages.push(Package::new(name, version).at("package"));
    }
    Ok(listing)
}

/// What a `packages.lock.json` fixes, for each framework.
pub(crate) fn lock(content: &str) -> Result<Listing, Unreadable> {
    let document = object(content)?;
    let mut listing = Listing::new(Ecosystem::NuGet, Kind::Locked);
    listing.members.insert(String::new());
    let mut seen = BTreeSet::new();
    for (_, packages) in members(document.get("dependencies")) {
        for (name, said) in members(Some(packages)) {
            if text(said, "type") == Some("Project") {
                listing.own.insert(name.to_owned());
                continue;
            }
            let mut package = Package::new(name, text(said, "resolved").unwrap_or_default());
            if let Some(hash) = text(said, "contentHash") {
                package.hashes.insert(("content".to_owned(), hash.to_owned()));
            }
            // Each framework lists them once more.
            if seen.insert((package.name.clone(), package.version.clone())) {
                listing.packages.push(package);
            }
        }
    }
    Ok(listing)
}
