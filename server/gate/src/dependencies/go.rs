//! `go.mod` and `go.sum`.

use super::document::Unreadable;
use super::package::{Ecosystem, Kind, Listing, Package, Source};

/// The group of what is only asked for by what is asked for.
pub(crate) const INDIRECT: &str = "indirect";

/// What a `go.mod` asks for; a replacement counts as the source of what it replaces.
pub(crate) fn module(content: &str) -> Result<Listing, Unreadable> {
    let mut listing = Listing::new(Ecosystem::Go, Kind::Asked);
    let mut replaced = Vec::new();
    let mut block: Option<String> = None;
    for (number, line) in (0..).zip(content.lines()) {
        let (line, comment) = line.split_once("//").map_or((line, ""), |(line, rest)| (line, rest));
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if line == ")" {
            if block.take().is_none() {
                return Err(Unreadable::new("a block ends that did not begin", number));
            }
            continue;
        }
        let (verb, rest) = match &block {
            Some(verb) => (verb.clone(), line),
            None => {
                let (verb, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
                (verb.to_owned(), rest.trim())
            }
        };
        if block.is_none() && rest == "(" {
            block = Some(verb);
            continue;
        }
        let words: Vec<&str> = rest.split_ascii_whitespace().map(|w| w.trim_matches('"')).collect();
        match (verb.as_str(), words.as_slice()) {
            ("require", [name, version]) => {
                let place = if comment.trim() == INDIRECT { INDIRECT } else { "require" };
                listing.packages.push(Package::new(name, version).at(place));
            }
            ("replace", [name, .., "=>", to]) => replaced.push((*name, *to, "")),
            ("replace", [name, .., "=>", to, version]) => replaced.push((*name, *to, *version)),
            ("require" | "replace", _) => {
                return Err(Unreadable::new(format!("a line is no `{verb}`"), number));
            }
            _ => {}
        }
    }
    if block.is_some() {
        return Err(Unreadable::new("a block does not end", 0));
    }
    for (name, to, version) in replaced {
        let local = to.starts_with(['.', '/']);
        let source = if local { Source::Path(to.into()) } else { Source::Git(to.to_owned()) };
        let mut of = listing.packages.iter_mut().filter(|package| package.name == name).peekable();
        if of.peek().is_none() {
            drop(of);
            listing.packages.push(Package::new(name, version).at("replace").from(source));
        } else {
            of.for_each(|package| package.source = source.clone());
        }
    }
    Ok(listing)
}

/// The checksums of a `go.sum`.
pub(crate) fn sums(content: &str) -> Result<Listing, Unreadable> {
    let mut listing = Listing::new(Ecosystem::Go, Kind::Sums);
    listing.members.insert(String::new());
    for (number, line) in (0..).zip(content.lines()) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [name, version, hash] = words.as_slice() else {
            if words.is_empty() {
                continue;
            }
            return Err(Unreadable::new("a line is no checksum", number));
        };
        let (version, what) = match version.strip_suffix("/go.mod") {
            Some(version) => (version, "go.mod"),
            None => (*version, "module"),
        };
        let mut package = Package::new(name, version);
        package.hashes.insert((what.to_owned(), (*hash).to_owned()));
        listing.packages.push(package);
    }
    Ok(listing)
}
