//! Hunks that should land together: an import and its use, a signature and its callers, a thing and its name.
//!
//! Two steps, so that the texts of a large change need not be held at once: [`changed_names`] reads one file
//! and keeps names, [`dependencies`] puts the names of all files together. Only names on added and removed
//! lines count. A wrong warning is noise and a missing one is only what a person had before; so what could
//! mean several things means nothing here, and a name behind an unknown receiver counts only when it is
//! telling, new to the change and declared once.
//!
//! Knows nothing of types, build systems or package managers.

mod across;
mod modules;
mod side;
mod within;

use std::collections::{BTreeMap, BTreeSet};

use model::{Dependency, DependencyKind, EntityChange, FileChange, HunkKind, RelPath};

use self::modules::Family;
use self::side::{Lines, Side};
use self::within::Within;

/// Dependencies of one change; beyond, the later ones are left out.
pub const DEPENDENCIES_MAX: usize = 4096;

/// Declarations of one name that are told apart; of a name with more, nothing is known.
pub const SAME_NAME_MAX: usize = 32;

/// Names of one file that are looked for in others; beyond, the later ones are left out.
pub const WANTED_MAX: usize = 50_000;

/// One changed file with both sides.
#[derive(Debug, Clone, Copy)]
pub struct DependencyFile<'t> {
    /// The change.
    pub change: &'t FileChange,
    /// The text before; empty where there is none.
    pub before: &'t [u8],
    /// The text after; likewise.
    pub after: &'t [u8],
    /// What became of its entities.
    pub entities: &'t [EntityChange],
}

/// The names on the changed lines of one file, and what is between its own hunks.
#[derive(Debug, Clone, Default)]
pub struct ChangedNames {
    links: Vec<Link>,
    definers: Vec<Definer>,
    wanted: Vec<Wanted>,
    /// Names of members, declared or used, before and after.
    members_before: BTreeSet<String>,
    members_after: BTreeSet<String>,
}

/// Hunks of a file by their index in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    hunk: usize,
    needs: usize,
    kind: DependencyKind,
    name: String,
}

/// A name that a hunk brings, takes away or changes.
#[derive(Debug, Clone)]
struct Definer {
    name: String,
    hunk: usize,
    change: NameChange,
    /// The type or module that it is a member of.
    container: Option<String>,
    /// For a method of an implementation: of which trait.
    of_trait: Option<String>,
    /// For a member of a trait or interface: whether who implements it must have it.
    required: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum NameChange {
    New,
    Gone,
    Renamed { old: String },
    Signature,
}

/// A name on a changed line that may mean something of elsewhere.
#[derive(Debug, Clone)]
struct Wanted {
    name: String,
    from: From,
    hunk: usize,
    /// Whether it is on an added line.
    added: bool,
    call: Call,
}

/// Whose name it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    /// A module, as it is written.
    Module(String),
    /// A type, here or in a module.
    Type { name: String, module: Option<String> },
    /// Of whatever stands before the dot.
    Anyone,
}

/// How a call differs from those of the same name on the lines that the same hunk removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// No call, or one that was there before.
    Same,
    New,
    Adapted,
}

/// Reads the names on the changed lines of a file, and what they say of its own hunks.
///
/// Nothing for a file whose language or structure is not known.
/// # Cost
/// Two parses and four searches; linear but for sorting, bounded by [`SAME_NAME_MAX`] for each name.
pub fn changed_names(file: &DependencyFile<'_>) -> ChangedNames {
    let Some(language) = file.change.language else { return ChangedNames::default() };
    let lines = Lines::of(file);
    let sides = (
        Side::read(language, file.before, lines.removed),
        Side::read(language, file.after, lines.added),
    );
    match sides {
        (Ok(before), Ok(after)) => {
            let mut within = Within::new(&before, &after, file.entities);
            within.read();
            within.found
        }
        _ => ChangedNames::default(),
    }
}

/// What the hunks of one change need of one another, by their numbers; at most one for two hunks in one
/// direction.
///
/// `files` are the files of the change with what [`changed_names`] found in each.
/// # Cost
/// Linear in the names but for maps; names with more than [`SAME_NAME_MAX`] declarations are left out.
pub fn dependencies(files: &[(&FileChange, &ChangedNames)]) -> Vec<Dependency> {
    let mut found: BTreeMap<(u32, u32), (DependencyKind, &str)> = BTreeMap::new();
    let across = across::links(files);
    let number = |file: usize, hunk: usize| {
        files.get(file).and_then(|(change, _)| change.hunks.get(hunk)).map(|hunk| hunk.ordinal)
    };
    let within = files.iter().enumerate().flat_map(|(at, (_, names))| {
        names.links.iter().map(move |one| ((at, one.hunk), (at, one.needs), one.kind, &*one.name))
    });
    let across = across.iter().map(|one| (one.hunk, one.needs, one.kind, &*one.name));
    for (hunk, needs, kind, name) in within.chain(across) {
        let (Some(hunk), Some(needs)) = (number(hunk.0, hunk.1), number(needs.0, needs.1)) else {
            continue;
        };
        if hunk == needs {
            continue;
        }
        // Of several names the one that says most: a default export has none of its own.
        let rank = |(kind, name): (DependencyKind, &str)| (kind, name == "default");
        let one = found.entry((hunk, needs)).or_insert((kind, name));
        if (rank((kind, name)), name) < (rank(*one), one.1) {
            *one = (kind, name);
        }
    }
    let dependency = |((hunk, needs), (kind, name)): (_, (_, &str))| Dependency {
        hunk,
        needs,
        kind,
        name: name.to_owned(),
    };
    found.into_iter().take(DEPENDENCIES_MAX).map(dependency).collect()
}

/// The language family and the path of a file's side.
fn place(change: &FileChange, before: bool) -> Option<(Family, &RelPath)> {
    let family = Family::of(change.language?);
    let old = change.old_path.as_ref().filter(|_| before);
    Some((family, old.unwrap_or(&change.path)))
}

/// Whether a file is one hunk that creates, deletes or moves it.
fn whole(change: &FileChange) -> bool {
    change.hunks.iter().any(|hunk| hunk.kind == HunkKind::Whole)
}
