//! What a manifest asks for and a lock file fixes, in the same words for every ecosystem.

use std::collections::{BTreeMap, BTreeSet};

/// Where packages of one kind come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ecosystem {
    Cargo,
    Npm,
    PyPi,
    Go,
    Ruby,
    Maven,
    NuGet,
    Packagist,
}

impl Ecosystem {
    /// Its name in findings.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
            Self::Go => "Go",
            Self::Ruby => "RubyGems",
            Self::Maven => "Maven",
            Self::NuGet => "NuGet",
            Self::Packagist => "Packagist",
        }
    }

    /// A name as the ecosystem compares names: two spellings of one package have one key.
    pub(crate) fn key(self, name: &str) -> String {
        match self {
            Self::PyPi => separators_as(&name.to_lowercase(), '-'),
            Self::Cargo => name.to_lowercase().replace('_', "-"),
            _ => name.to_lowercase(),
        }
    }
}

/// Runs of `-`, `_` and `.` as one `to`.
fn separators_as(name: &str, to: char) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with(to) => {}
            '-' | '_' | '.' => out.push(to),
            c => out.push(c),
        }
    }
    out
}

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The public registry, or nothing is said.
    Registry,
    /// Another registry, by its address.
    OtherRegistry(String),
    /// A git repository, by its address without revision.
    Git(String),
    /// An archive at an address.
    Url(String),
    /// A folder or file on the machine, as written.
    Path(String),
}

impl Source {
    /// What it is, in a sentence: "the public registry", "the git repository `..`".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Registry => "the public registry".to_owned(),
            Self::OtherRegistry(place) => format!("the registry `{}`", shown(place)),
            Self::Git(place) => format!("the git repository `{}`", shown(place)),
            Self::Url(place) => format!("the address `{}`", shown(place)),
            Self::Path(place) => format!("the path `{}`", shown(place)),
        }
    }

    /// Whether anyone on the way can replace what is fetched.
    pub(crate) fn is_unprotected(&self) -> bool {
        let (Self::OtherRegistry(place) | Self::Git(place) | Self::Url(place)) = self else {
            return false;
        };
        let host = place.strip_prefix("http://").or_else(|| place.strip_prefix("git://"));
        host.is_some_and(|host| {
            let host = host.split(['/', ':']).next().unwrap_or_default();
            !matches!(host, "localhost" | "127.0.0.1") && !host.ends_with(".localhost")
        })
    }
}

/// An address without what is secret in it (user, password, query) and without its fragment. The scheme stays
/// only where it protects nothing.
pub(crate) fn address(url: &str) -> String {
    let url = url.trim().trim_start_matches("git+").trim_start_matches("sparse+");
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    let plain =
        if matches!(scheme, "http" | "git") { format!("{scheme}://") } else { String::new() };
    let slash = if path.is_empty() { "" } else { "/" };
    format!("{plain}{host}{slash}{path}")
}

/// A package that a manifest asks for, or that a lock file fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// As written, without an alias.
    pub(crate) name: String,
    /// A requirement in a manifest, an exact version in a lock file; empty when nothing is said.
    pub(crate) version: String,
    /// The table or group that asks for it; empty in most lock files.
    pub(crate) place: String,
    pub(crate) source: Source,
    /// What its bytes must hash to: (what is hashed and how, hash).
    pub(crate) hashes: BTreeSet<(String, String)>,
    /// Whether the lock file says that it runs code when it is installed.
    pub(crate) install_script: bool,
    /// Its licence, where the file says it.
    pub(crate) licence: Option<String>,
    /// Whether another manifest of the project says where it comes from and in which version.
    pub(crate) inherited: bool,
}

impl Package {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            place: String::new(),
            source: Source::Registry,
            hashes: BTreeSet::new(),
            install_script: false,
            licence: None,
            inherited: false,
        }
    }

    pub(crate) fn at(self, place: &str) -> Self {
        Self { place: place.to_owned(), ..self }
    }

    pub(crate) fn from(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// Whether it is part of the project itself.
    pub(crate) fn is_local(&self) -> bool {
        self.inherited || matches!(self.source, Source::Path(_))
    }
}

/// What kind of list a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A manifest: requirements.
    Asked,
    /// A lock file: exact versions of all that is installed.
    Locked,
    /// Checksums only, of more than is used.
    Sums,
}

/// The packages of one file.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) ecosystem: Ecosystem,
    pub(crate) kind: Kind,
    pub(crate) packages: Vec<Package>,
    /// Of a lock file: the folders, from its own, or the names of the projects that it locks for.
    pub(crate) members: BTreeSet<String>,
    /// Of a lock file: the names of packages that are part of the project.
    pub(crate) own: BTreeSet<String>,
    /// Of a manifest: the registries that it names beside the public one, by address.
    pub(crate) indexes: BTreeSet<String>,
}

impl Listing {
    pub(crate) fn new(ecosystem: Ecosystem, kind: Kind) -> Self {
        Self {
            ecosystem,
            kind,
            packages: Vec::new(),
            members: BTreeSet::new(),
            own: BTreeSet::new(),
            indexes: BTreeSet::new(),
        }
    }

    /// The packages by key, each in the order of the file.
    pub(crate) fn by_key(&self) -> BTreeMap<String, Vec<&Package>> {
        let mut found: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
        for package in &self.packages {
            found.entry(self.ecosystem.key(&package.name)).or_default().push(package);
        }
        found
    }
}

/// How many characters of a name or an address a finding shows.
const SHOWN_MAX: usize = 120;

/// Text of a stranger for a message: one line, nothing hidden, cut.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(SHOWN_MAX) {
        match c {
            '`' => out.push('\''),
            c if c.is_ascii_graphic() || c == ' ' => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    if text.chars().nth(SHOWN_MAX).is_some() {
        out.push_str("...");
    }
    out
}
