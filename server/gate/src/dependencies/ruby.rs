//! `Gemfile` and `Gemfile.lock`.
//!
//! A `Gemfile` is a program and is not run: what it says as plain text, as most do, is read.

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

/// What a `Gemfile` asks for; it is never refused.
pub(crate) fn gemfile(content: &str) -> Listing {
    let mut listing = Listing::new(Ecosystem::Ruby, Kind::Asked);
    let mut lines = content.lines().map(str::trim);
    while let Some(first) = lines.next() {
        let mut line = first.to_owned();
        // What ends with a comma goes on.
        while line.ends_with(',') {
            let Some(next) = lines.next() else { break };
            line.push_str(next);
        }
        let (verb, rest) = line.split_once([' ', '(']).unwrap_or((&line, ""));
        match verb {
            "source" => listing
                .indexes
                .extend(quoted(rest.trim()).map(address).filter(|place| place != "rubygems.org")),
            "gem" => listing.packages.extend(asked(rest.trim_start().trim_end_matches(')'))),
            _ => {}
        }
    }
    listing
}

/// A text that begins with a quotation mark, as far as it is in such.
fn quoted(text: &str) -> Option<&str> {
    let mark = text.chars().next().filter(|c| ['"', '\''].contains(c))?;
    text.get(1..)?.split(mark).next()
}

/// `"name", "~> 1.0", ">= 1.2", git: "..", group: ..`
fn asked(arguments: &str) -> Option<Package> {
    let mut arguments = arguments.split(',').map(str::trim);
    let name = quoted(arguments.next()?)?;
    let (mut versions, mut source) = (Vec::new(), Source::Registry);
    for argument in arguments {
        if let Some(version) = quoted(argument) {
            versions.push(version);
            continue;
        }
        let pair = argument.split_once("=>").or_else(|| argument.split_once(':'));
        let Some((key, value)) = pair else { continue };
        let Some(value) = quoted(value.trim()) else { continue };
        source = match key.trim().trim_start_matches(':') {
            "git" => Source::Git(address(value)),
            "github" => Source::Git(format!("github.com/{value}")),
            "path" => Source::Path(value.to_owned()),
            "source" => Source::OtherRegistry(address(value)),
            _ => source,
        };
    }
    Some(Package::new(name, &versions.join(", ")).at("gem").from(source))
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
