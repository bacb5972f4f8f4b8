//! `pom.xml`, and what Gradle asks for: `gradle.lockfile`, version catalogs, and the coordinates in build scripts.
//!
//! A build script is a program and is not run: what it says as plain text, as most do, is read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Unreadable, members, text, toml};
use super::elements::{self, Element};
use super::package::{Ecosystem, Kind, Listing, Package, Source, address};

/// Elements of a `pom.xml` that bring in code, with the element that names the table.
const TABLES: &[(&str, &str)] = &[
    ("dependency", "dependencies"),
    ("plugin", "plugins"),
    ("extension", "extensions"),
    ("parent", "parent"),
];

/// Whose plugins are meant where no group is said.
const PLUGINS: &str = "org.apache.maven.plugins";

/// The central repository, as it is written.
const CENTRAL: &[&str] = &["repo.maven.apache.org/maven2", "repo1.maven.org/maven2"];

/// How long what properties stand for may be, in bytes.
const PROPERTY_BYTES_MAX: usize = 1 << 10;

/// How often a property may stand for another.
const PROPERTIES_DEEP_MAX: usize = 8;

/// What a `pom.xml` asks for: dependencies, managed ones, plugins, extensions and the parent.
pub(crate) fn pom(content: &str) -> Result<Listing, Unreadable> {
    let root = elements::read(content)?;
    if root.name != "project" {
        return Err(Unreadable::new("it is no `project`", 0));
    }
    let mut properties = root.child("properties").map(properties).unwrap_or_default();
    properties.extend(own(&root));
    let mut listing = Listing::new(Ecosystem::Maven, Kind::Asked);
    root.each(&mut |path, element| {
        let said = |name: &str| element.text_of(name).map(|said| resolved(said, &properties));
        if matches!(element.name.as_str(), "repository" | "pluginRepository")
            && !path.contains(&"distributionManagement")
        {
            let place = address(&said("url").unwrap_or_default());
            if !place.is_empty() && !CENTRAL.contains(&place.as_str()) {
                listing.indexes.insert(place);
            }
            return;
        }
        let Some((_, table)) = TABLES.iter().find(|(name, _)| *name == element.name) else {
            return;
        };
        let Some(artifact) = said("artifactId") else { return };
        let group = said("groupId").or_else(|| (*table == "plugins").then(|| PLUGINS.to_owned()));
        let name = format!("{}:{artifact}", group.as_deref().unwrap_or_default());
        let managed = path.iter().any(|above| above.ends_with("Management"));
        let table = if managed { format!("managed {table}") } else { (*table).to_owned() };
        // A version that is said elsewhere is no version here.
        let version = said("version").filter(|version| !version.contains("${"));
        let mut package = Package::new(&name, &version.unwrap_or_default()).at(&table);
        // A module of the same project: its group is the project's own, whatever others call their version.
        package.inherited = group.is_some()
            && group.as_ref() == properties.get("project.groupId")
            && element.text_of("version").is_some_and(|version| version.starts_with("${project."));
        if let Some(path) = said("systemPath") {
            package.source = Source::Path(path);
        }
        listing.packages.push(package);
    });
    Ok(listing)
}

/// What a project says of itself, or has from its parent, as properties.
fn own(root: &Element) -> impl Iterator<Item = (String, String)> {
    let parent = root.child("parent");
    ["groupId", "version"].into_iter().flat_map(move |name| {
        let parents = parent.and_then(|parent| parent.text_of(name));
        let own = root.text_of(name).or(parents);
        let named =
            |of: &str, value: Option<&str>| Some((format!("{of}.{name}"), value?.to_owned()));
        [named("project", own), named("project.parent", parents)].into_iter().flatten()
    })
}

fn properties(of: &Element) -> BTreeMap<String, String> {
    of.children.iter().map(|child| (child.name.clone(), child.text.clone())).collect()
}

/// A text with what its properties stand for; one that is not known stays as it is.
fn resolved(said: &str, properties: &BTreeMap<String, String>) -> String {
    let mut said = said.to_owned();
    for _ in 0..PROPERTIES_DEEP_MAX {
        let Some(start) = said.find("${") else { break };
        let Some((name, rest)) = said.get(start + 2..).and_then(|tail| tail.split_once('}')) else {
            break;
        };
        let short = |value: &&String| said.len() + value.len() <= PROPERTY_BYTES_MAX;
        let Some(value) = properties.get(name).filter(short) else { break };
        said = format!("{}{value}{rest}", &said[..start]);
    }
    said
}

/// What a `gradle.lockfile` fixes: `group:artifact:version=configurations`.
pub(crate) fn gradle_lock(content: &str) -> Result<Listing, Unreadable> {
    let mut listing = Listing::new(Ecosystem::Maven, Kind::Locked);
    listing.members.insert(String::new());
    for (number, line) in (0..).zip(content.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
            continue;
        }
        let coordinates = line.split_once('=').and_then(|(of, _)| coordinates(of));
        let Some((name, Some(version))) = coordinates else {
            return Err(Unreadable::new("a line fixes no version", number));
        };
        listing.packages.push(Package::new(&name, version));
    }
    Ok(listing)
}

/// `group:artifact:version`, with more behind it or without a version.
fn coordinates(said: &str) -> Option<(String, Option<&str>)> {
    let plain = |part: &&str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && part.chars().all(known)
    };
    let said = said.split('@').next()?;
    let mut parts = said.split(':');
    let (group, artifact) = (parts.next().filter(plain)?, parts.next().filter(plain)?);
    let version = parts.next().filter(|version| !version.is_empty());
    Some((format!("{group}:{artifact}"), version))
}

/// What a version catalog (`libs.versions.toml`) has under a name.
pub(crate) fn catalog(content: &str) -> Result<Listing, Unreadable> {
    let document = toml(content)?;
    let mut listing = Listing::new(Ecosystem::Maven, Kind::Asked);
    let version = |said: &Value| -> String {
        let version = said.get("version");
        let referred = version.and_then(|version| text(version, "ref"));
        let known = referred.and_then(|name| document.get("versions")?.get(name));
        // A rich version has what is asked for at least in one of these.
        let rich = |said: &Value| {
            let kinds = ["strictly", "require", "prefer"];
            kinds.iter().find_map(|kind| text(said, kind)).map(str::to_owned)
        };
        let said = known.or(version);
        let plain = said.and_then(Value::as_str).map(str::to_owned);
        plain.or_else(|| said.and_then(rich)).unwrap_or_default()
    };
    for (_, said) in members(document.get("libraries")) {
        let package = match said.as_str() {
            Some(said) => coordinates(said)
                .map(|(name, version)| Package::new(&name, version.unwrap_or_default())),
            None => {
                let apart = || Some(format!("{}:{}", text(said, "group")?, text(said, "name")?));
                let name = text(said, "module").map(str::to_owned).or_else(apart);
                name.map(|name| Package::new(&name, &version(said)))
            }
        };
        let Some(package) = package else {
            return Err(Unreadable::new("a library has no name", 0));
        };
        listing.packages.push(package.at("libraries"));
    }
    for (_, said) in members(document.get("plugins")) {
        let (id, version) = match said.as_str().and_then(|said| said.split_once(':')) {
            Some((id, version)) => (id, version.to_owned()),
            None => (text(said, "id").unwrap_or_default(), version(said)),
        };
        listing.packages.push(Package::new(id, &version).at("plugins"));
    }
    Ok(listing)
}

/// The coordinates that a build script has in quotation marks; it is never refused.
pub(crate) fn gradle_script(content: &str) -> Listing {
    let mut listing = Listing::new(Ecosystem::Maven, Kind::Asked);
    for line in content.lines() {
        let line = line.split("//").next().unwrap_or_default();
        for quoted in line.split(['\'', '"']).skip(1).step_by(2) {
            let Some((name, version)) = coordinates(quoted).filter(is_likely) else { continue };
            let version = version.filter(|version| !version.contains('$'));
            let package = Package::new(&name, version.unwrap_or_default());
            listing.packages.push(package.at("script"));
        }
    }
    listing
}

/// Whether a quoted text is likely to be a package: much else has colons in it, such as images, times and options.
fn is_likely((name, version): &(String, Option<&str>)) -> bool {
    let begins = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic());
    let (group, artifact) = name.split_once(':').unwrap_or((name, ""));
    let versioned = version.map(|version| {
        version.starts_with(|c: char| c.is_ascii_digit() || "$[(+".contains(c))
            || version.starts_with("latest")
    });
    begins(group) && begins(artifact) && versioned.unwrap_or_else(|| group.contains('.'))
}
