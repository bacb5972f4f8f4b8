//! `Gemfile.lock`. A `Gemfile` is a program and is not read.

use super::document::Unreadable;
use super::package::{Ecosystem, Kind, Listing, Package, Source, address};

/// What a `Gemfile.lock` fixes: sections at the margin, `remote:` with two spaces, gems with four.
pub(crate) fn lock(content: &str) -> Result<Listing, Unreadable> {
    let mut listing = Listing::new(Ecosystem::Ruby, Kind::Locked);
    listing.members.insert(String::new());
    let (mut section, mut source, mut sums) = ("", Source::Registry, Vec::new());
    for (number, line) in (0..).zip(content.lines()) {
        let line = line.trim_end();
        let indent = line.len() - line.trim_start().len();
        let text = line.trim_start();
        if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) {
            return Err(Unreadable::new("a merge is not finished", number));
        }
        match (indent, section) {
            _ if text.is_empty() => {}
            (0, _) => (section, source) = (text, Source::Registry),
            (2, "GEM" | "GIT" | "PATH") => {
                if let Some(remote) = text.strip_prefix("remote: ") {
                    source = source_of(section, remote);
                }
            }
            (4, "GEM" | "GIT" | "PATH") => {
                let Some((name, version)) = gem(text) else {
                    return Err(Unreadable::new("a line is no gem", number));
                };
                listing.packages.push(Package::new(name, version).from(source.clone()));
            }
            (2, "CHECKSUMS") => sums.push(text),
            _ => {}
        }
    }
    for sum in sums {
        let (about, hash) = sum.rsplit_once(' ').unwrap_or((sum, ""));
        let (Some((name, version)), Some((kind, hash))) = (gem(about), hash.split_once('=')) else {
            continue;
        };
        let of = listing.packages.iter_mut().find(|p| p.name == name && p.version == version);
        if let Some(package) = of {
            package.hashes.insert((kind.to_owned(), hash.to_owned()));
        }
    }
    Ok(listing)
}

fn source_of(section: &str, remote: &str) -> Source {
    match section {
        "GIT" => Source::Git(address(remote)),
        "PATH" => Source::Path(remote.to_owned()),
        _ if address(remote) == "rubygems.org" => Source::Registry,
        _ => Source::OtherRegistry(address(remote)),
    }
}

/// `name (version)`.
fn gem(text: &str) -> Option<(&str, &str)> {
    let (name, version) = text.split_once(" (")?;
    Some((name, version.strip_suffix(')')?))
}
