//! `requirements.txt`, `pyproject.toml` and `Pipfile`.

use serde_json::Value;

use super::document::{Unreadable, elements, members, text, toml};
use super::package::{Ecosystem, Kind, Listing, Package, Source, address};

/// What a file of requirements asks for. Options are not packages; those that name another index are told by
/// [`super::sources`].
pub(crate) fn requirements(content: &str) -> Result<Listing, Unreadable> {
    let mut listing = Listing::new(Ecosystem::PyPi, Kind::Asked);
    let mut lines = (0..).zip(content.lines());
    while let Some((number, first)) = lines.next() {
        let mut line = without_comment(first).to_owned();
        while line.ends_with('\\') {
            line.pop();
            let Some((_, next)) = lines.next() else { break };
            line.push(' ');
            line.push_str(without_comment(next));
        }
        let line = line.trim();
        let editable = ["-e", "--editable"].iter().find_map(|option| {
            line.strip_prefix(option).filter(|rest| rest.starts_with([' ', '=', '\t']))
        });
        let asked_for = editable.map_or(line, |rest| rest.trim_start_matches(['=', ' ', '\t']));
        if asked_for.is_empty() || asked_for.starts_with('-') {
            continue;
        }
        let Some(package) = requirement(asked_for) else {
            return Err(Unreadable::new("a line is no requirement", number));
        };
        listing.packages.push(package);
    }
    Ok(listing)
}

fn without_comment(line: &str) -> &str {
    let start = |at: usize| at == 0 || line[..at].ends_with([' ', '\t']);
    let comment = line.char_indices().find(|(at, c)| *c == '#' && start(*at));
    comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line).trim_end()
}

/// One requirement as PEP 508 and pip write it; `None` for what is none.
pub(crate) fn requirement(line: &str) -> Option<Package> {
    let (line, hashes) = line.split_once("--hash").map_or((line, ""), |(line, rest)| (line, rest));
    let line = line.split(" --").next().unwrap_or_default().trim();
    let vcs = ["git+", "hg+", "svn+", "bzr+"].iter().any(|start| line.starts_with(start));
    let mut package = if vcs || line.contains("://") && !line.contains(" @ ") && !is_direct(line) {
        let egg = line.split_once("#egg=").or_else(|| line.split_once("&egg="));
        let name = egg.map_or("", |(_, name)| name).split(['&', '[', ' ', ';']).next()?;
        let (place, _) = line.split_once(';').unwrap_or((line, ""));
        Package::new(if name.is_empty() { last_part(place) } else { name }, "")
            .from(place_of(place))
    } else if line.starts_with(['.', '/', '~']) || line.contains('\\') {
        Package::new(line, "").from(Source::Path(line.to_owned()))
    } else if has_archive_end(line) {
        Package::new(last_part(line), "").from(Source::Path(line.to_owned()))
    } else {
        named(line)?
    };
    for hash in hashes.split("--hash") {
        let hash = hash.trim().trim_start_matches(['=', ' ']);
        let hash = hash.split_ascii_whitespace().next().unwrap_or_default();
        if let Some((algorithm, hash)) = hash.split_once(':') {
            package.hashes.insert((algorithm.to_owned(), hash.to_owned()));
        }
    }
    Some(package)
}

/// `name@https://...` without spaces around the `@`.
fn is_direct(line: &str) -> bool {
    let end = line.find("://").unwrap_or(line.len());
    line.get(..end).is_some_and(|head| head.contains('@'))
}

fn has_archive_end(line: &str) -> bool {
    let path = line.split(';').next().unwrap_or_default().trim();
    [".whl", ".tar.gz", ".zip"].iter().any(|end| path.ends_with(end))
}

/// The repository's or archive's own name, without revision.
fn last_part(place: &str) -> &str {
    let place = place.split(['#', '?']).next().unwrap_or_default();
    let last = place.rsplit('/').next().unwrap_or_default();
    last.split('@').next().unwrap_or_default().trim_end_matches(".git")
}

fn place_of(place: &str) -> Source {
    match place.strip_prefix("file:") {
        Some(path) => Source::Path(path.to_owned()),
        None if place.starts_with("git+") || place.starts_with("git:") => {
            Source::Git(address(repository(place)))
        }
        None => Source::Url(address(place)),
    }
}

/// The address of a repository without `@revision` behind it.
fn repository(place: &str) -> &str {
    let scheme = place.find("://").map_or(0, |at| at + 3);
    let path = place.get(scheme..).and_then(|rest| rest.find('/')).map(|at| scheme + at);
    let cut = path.and_then(|at| place.get(at..)?.find('@').map(|cut| at + cut));
    cut.and_then(|cut| place.get(..cut)).unwrap_or(place)
}

/// `name[extras] @ address ; markers` or `name[extras] versions ; markers`.
fn named(line: &str) -> Option<Package> {
    let end = line.find(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)));
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    if !name.starts_with(char::is_alphanumeric) {
        return None;
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?.1.trim_start(),
        None => rest,
    };
    if let Some(place) = rest.strip_prefix('@') {
        let place = place.split(" ;").next().unwrap_or_default().trim();
        return Some(Package::new(name, "").from(place_of(place)));
    }
    let version = rest.split(';').next().unwrap_or_default().trim();
    let version = version.trim_start_matches('(').trim_end_matches(')').trim();
    let plain = version.is_empty() || version.starts_with(['=', '<', '>', '!', '~']);
    plain.then(|| Package::new(name, version))
}

/// What a `pyproject.toml` asks for, of every tool that is known.
pub(crate) fn pyproject(content: &str) -> Result<Listing, Unreadable> {
    let document = toml(content)?;
    let mut listing = Listing::new(Ecosystem::PyPi, Kind::Asked);
    let mut plain = |place: &str, list: Option<&Value>| -> Result<(), Unreadable> {
        for said in elements(list) {
            // `{include-group = ".."}` asks for nothing new.
            let Some(said) = said.as_str() else { continue };
            let Some(package) = requirement(said) else {
                return Err(Unreadable::new(format!("`{place}` has what is no requirement"), 0));
            };
            listing.packages.push(package.at(place));
        }
        Ok(())
    };
    plain("build-system.requires", document.get("build-system").and_then(|b| b.get("requires")))?;
    let project = document.get("project");
    plain("project.dependencies", project.and_then(|p| p.get("dependencies")))?;
    for (group, list) in members(project.and_then(|p| p.get("optional-dependencies"))) {
        plain(&format!("project.optional-dependencies.{group}"), Some(list))?;
    }
    for (group, list) in members(document.get("dependency-groups")) {
        plain(&format!("dependency-groups.{group}"), Some(list))?;
    }
    let tool = document.get("tool");
    let of = |name: &str| tool.and_then(|tool| tool.get(name));
    plain("tool.uv.dev-dependencies", of("uv").and_then(|uv| uv.get("dev-dependencies")))?;
    for (group, list) in members(of("pdm").and_then(|pdm| pdm.get("dev-dependencies"))) {
        plain(&format!("tool.pdm.dev-dependencies.{group}"), Some(list))?;
    }
    for (name, said) in members(of("uv").and_then(|uv| uv.get("sources"))) {
        redirect(&mut listing, name, said);
    }
    poetry(&mut listing, of("poetry"));
    Ok(listing)
}

/// `tool.uv.sources` says where a package that is asked for elsewhere comes from.
fn redirect(listing: &mut Listing, name: &str, said: &Value) {
    let said = elements(Some(said)).next().unwrap_or(said);
    let inherited = said.get("workspace").and_then(Value::as_bool) == Some(true);
    let key = listing.ecosystem.key(name);
    let ecosystem = listing.ecosystem;
    for package in listing.packages.iter_mut().filter(|p| ecosystem.key(&p.name) == key) {
        package.inherited |= inherited;
        package.source = table_source(said);
    }
}

fn table_source(said: &Value) -> Source {
    if let Some(git) = text(said, "git") {
        Source::Git(address(git))
    } else if let Some(url) = text(said, "url") {
        Source::Url(address(url))
    } else if let Some(path) = text(said, "path").or_else(|| text(said, "file")) {
        Source::Path(path.to_owned())
    } else if let Some(index) = text(said, "index").or_else(|| text(said, "source")) {
        Source::OtherRegistry(index.to_owned())
    } else {
        Source::Registry
    }
}

fn poetry(listing: &mut Listing, poetry: Option<&Value>) {
    let Some(poetry) = poetry else { return };
    let mut take = |place: &str, table: Option<&Value>| {
        for (name, said) in members(table).filter(|(name, _)| *name != "python") {
            let variants = match said {
                Value::Array(variants) => variants.as_slice(),
                one => std::slice::from_ref(one),
            };
            listing.packages.extend(variants.iter().map(|said| tabled(name, said).at(place)));
        }
    };
    take("tool.poetry.dependencies", poetry.get("dependencies"));
    take("tool.poetry.dev-dependencies", poetry.get("dev-dependencies"));
    for (group, table) in members(poetry.get("group")) {
        take(&format!("tool.poetry.group.{group}.dependencies"), table.get("dependencies"));
    }
}

/// A dependency as Poetry and Pipenv write it: a version, or a table.
fn tabled(name: &str, said: &Value) -> Package {
    if let Some(version) = said.as_str() {
        return Package::new(name, version);
    }
    Package::new(name, text(said, "version").unwrap_or_default()).from(table_source(said))
}

/// What a `Pipfile` asks for.
pub(crate) fn pipfile(content: &str) -> Result<Listing, Unreadable> {
    let document = toml(content)?;
    let mut listing = Listing::new(Ecosystem::PyPi, Kind::Asked);
    let other = ["source", "requires", "scripts", "pipenv"];
    for (table, said) in members(Some(&document)).filter(|(table, _)| !other.contains(table)) {
        listing
            .packages
            .extend(members(Some(said)).map(|(name, said)| tabled(name, said).at(table)));
    }
    Ok(listing)
}
