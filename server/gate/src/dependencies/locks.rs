//! Whether manifests and lock files say the same.

use std::collections::BTreeMap;

use model::{Finding, RelPath};

use super::package::{Ecosystem, Kind, Listing, Package, Source, shown};
use super::version::{Version, allowed};
use super::{Format, Read};
use crate::place::finding;
use crate::project::Project;

/// Places in manifests that are not locked, or only if something else asks for them.
const UNLOCKED: &[&str] = &[
    "peerDependencies",
    "workspace.dependencies",
    "build-system.requires",
    "replace",
    "resolutions",
    "overrides",
];

/// How many packages a finding names.
const NAMED_MAX: usize = 8;

/// The lock files that a manifest can have, the likeliest first.
fn locks_of(format: Format) -> &'static [&'static str] {
    match format {
        Format::CargoToml => &["Cargo.lock"],
        Format::PackageJson => {
            &["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"]
        }
        Format::Pyproject => &["poetry.lock", "uv.lock", "pdm.lock", "pylock.toml"],
        Format::Pipfile => &["Pipfile.lock"],
        Format::GoMod => &["go.sum"],
        Format::Gemfile => &["Gemfile.lock"],
        Format::ComposerJson => &["composer.lock"],
        Format::DotnetProject => &["packages.lock.json"],
        _ => &[],
    }
}

/// The file `name` in a folder; `None` is the root.
pub(crate) fn beside(folder: Option<&RelPath>, name: &str) -> Option<RelPath> {
    let path = folder.map_or(name.to_owned(), |folder| format!("{folder}/{name}"));
    path.parse().ok()
}

/// Lock files of the project that the change does not touch, read once.
pub(crate) struct Locks<'p> {
    project: &'p dyn Project,
    read: BTreeMap<RelPath, Option<Listing>>,
}

impl<'p> Locks<'p> {
    pub(crate) fn new(project: &'p dyn Project) -> Self {
        Self { project, read: BTreeMap::new() }
    }

    /// The lock file of each manifest among `files` that the change does not touch.
    pub(crate) fn around(&mut self, files: &[Read<'_>]) -> Vec<&Listing> {
        for file in files.iter().filter(|file| file.format.kind() == Kind::Asked) {
            for path in candidates(file) {
                self.load(&path, file.format.ecosystem());
            }
        }
        self.read.values().flatten().collect()
    }

    fn load(&mut self, path: &RelPath, ecosystem: Ecosystem) {
        if self.read.contains_key(path) || self.project.paths().binary_search(path).is_err() {
            return;
        }
        let format = Format::of(path).filter(|format| format.ecosystem() == ecosystem);
        let text = self.project.text(path);
        let listing = format.zip(text).and_then(|(format, text)| format.read(&text).ok());
        self.read.insert(path.clone(), listing);
    }

    /// What each manifest asks for now that its lock file does not have.
    pub(crate) fn unlocked(&self, files: &[Read<'_>]) -> Vec<Finding> {
        files.iter().filter_map(|file| self.unlocked_of(file, files)).collect()
    }

    fn unlocked_of(&self, file: &Read<'_>, files: &[Read<'_>]) -> Option<Finding> {
        let after = file.after.as_ref()?;
        let (path, lock) = candidates(file).find_map(|path| {
            let changed = files.iter().find(|other| *other.file.of.path == path);
            let listing = match changed {
                Some(changed) => changed.after.as_ref()?,
                None => self.read.get(&path)?.as_ref()?,
            };
            locks_for(listing, &path, file).then_some((path, listing))
        })?;
        let before = file.before.as_ref().map(Listing::by_key).unwrap_or_default();
        let locked = lock.by_key();
        let missing = after.packages.iter().filter(|package| {
            let plain = matches!(package.source, Source::Registry | Source::OtherRegistry(_));
            let key = after.ecosystem.key(&package.name);
            let same =
                |old: &&Package| old.version == package.version && old.place == package.place;
            let old = before.get(&key).is_some_and(|old| old.iter().any(same));
            let elsewhere =
                UNLOCKED.contains(&package.place.as_str()) || package.place.starts_with("patch.");
            let own = lock.own.iter().any(|own| after.ecosystem.key(own) == key);
            plain
                && !own
                && !package.inherited
                && !elsewhere
                && !old
                && !is_locked(package, locked.get(&key), after.ecosystem)
        });
        let mut names: Vec<&str> = missing.map(|package| package.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let text = file.file.of.after.unwrap_or_default();
        let line = super::line_of(text, names.first()?);
        let lock = shown(&path.to_string());
        let message = format!("`{lock}` does not have what is asked for now: {}", few(&names));
        Some(finding("dependency.unlocked", file.file.of.path, line, message))
    }
}

/// A lock file whose packages differ while no manifest of its project does.
pub(crate) fn alone(files: &[Read<'_>]) -> Vec<Finding> {
    let changed = |file: &&Read<'_>| {
        let versions = |listing: &Option<Listing>| -> Vec<(String, String)> {
            let all = listing.iter().flat_map(|listing| &listing.packages);
            let mut all: Vec<_> = all.map(|p| (p.name.clone(), p.version.clone())).collect();
            all.sort();
            all
        };
        // A `.gemspec` and Gradle's scripts are programs: not all that they ask for is known.
        file.format.kind() == Kind::Locked
            && !matches!(file.format.ecosystem(), Ecosystem::Ruby | Ecosystem::Maven)
            && file.before.is_some()
            && file.after.is_some()
            && versions(&file.before) != versions(&file.after)
    };
    let with_manifest = |lock: &Read<'_>| {
        let folder = lock.file.of.path.parent();
        files.iter().any(|file| {
            let below = folder.as_ref().is_none_or(|folder| {
                file.file.of.path.as_bytes().starts_with(format!("{folder}/").as_bytes())
            });
            file.format.kind() == Kind::Asked
                && file.format.ecosystem() == lock.format.ecosystem()
                && below
        })
    };
    let locks = files.iter().filter(changed).filter(|lock| !with_manifest(lock));
    locks
        .map(|lock| {
            let message = "packages differ that no manifest of the change asks for".to_owned();
            finding("dependency.lock-alone", lock.file.of.path, lock.file.first_added(), message)
        })
        .collect()
}

fn is_locked(package: &Package, locked: Option<&Vec<&Package>>, ecosystem: Ecosystem) -> bool {
    let Some(locked) = locked else { return false };
    let oldest = allowed(ecosystem, &package.version).and_then(|allowed| allowed.oldest);
    let Some(oldest) = oldest else { return true };
    // Behind a dash a gem says what it was built for.
    let built_for = |version: &'_ str| match ecosystem {
        Ecosystem::Ruby => version.split('-').next().unwrap_or_default().to_owned(),
        _ => version.to_owned(),
    };
    let versions: Vec<Version> =
        locked.iter().filter_map(|p| Version::parse(&built_for(&p.version))).collect();
    versions.is_empty() || versions.iter().any(|version| *version >= oldest)
}

/// Where a lock file of a manifest may lie: in its folder, and above.
fn candidates<'r>(file: &Read<'r>) -> impl Iterator<Item = RelPath> + use<'r> {
    let names = locks_of(file.format);
    let mut folders = vec![file.file.of.path.parent()];
    while let Some(Some(folder)) = folders.last() {
        folders.push(folder.parent());
    }
    folders.into_iter().flat_map(move |folder| {
        names.iter().filter_map(move |name| beside(folder.as_ref(), name)).collect::<Vec<_>>()
    })
}

/// Whether a lock file locks for the project of a manifest: it lies beside it, or says so itself.
fn locks_for(lock: &Listing, at: &RelPath, manifest: &Read<'_>) -> bool {
    let (folder, own) = (at.parent(), manifest.file.of.path.parent());
    if folder == own {
        return true;
    }
    if lock.ecosystem == Ecosystem::Cargo {
        return manifest.project.as_ref().is_some_and(|name| lock.members.contains(name));
    }
    let start = folder.map_or(0, |folder| folder.as_bytes().len() + 1);
    let own = own.map(|own| own.to_string()).unwrap_or_default();
    own.get(start..)
        .is_some_and(|below| lock.members.iter().any(|m| m.trim_start_matches('/') == below))
}

fn few(names: &[&str]) -> String {
    let quoted = names.iter().take(NAMED_MAX).map(|name| format!("`{}`", shown(name)));
    let shown = quoted.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
