//! What a change does to named things: added, removed, modified or renamed, and in which aspects.
//!
//! Entities are matched by kind and qualified name first; duplicates (overloads, `cfg`'d twins) by equal
//! content, then equal signature, then order; what is left over under the same parent may be a rename. A
//! container is modified only by what is its own: a changed member is reported as that member. Moving a
//! thing within its file is no change. Moves between files are not looked for.
//!
//! Knows nothing of hunks, findings or risk. Start at [`entity_changes`].

mod aspects;
mod matching;
mod side;
#[cfg(test)]
mod tests;

use std::ops::Range;

use model::{Aspect, EntityChange, EntityChangeKind, Language, RelPath};
use syntax::{Entity, ParseError, is_outside_interface, is_test_data, is_test_path, parse};

use self::aspects::{aspects, same_code};
use self::matching::pair;
use self::side::{Interner, Side};

pub use self::matching::{DUPLICATES_MAX, RENAME_PAIRS_MAX, RENAME_SIMILARITY_PERCENT};

/// What a change of one file does to its entities.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntityDiff {
    /// The changes, by first line, then by name.
    pub changes: Vec<EntityChange>,
    /// Whether the texts differ, and in comments, docs and layout only. Never when a side does not parse
    /// cleanly, nor when a comment that tools obey (`noqa`, `@ts-ignore`...) changed.
    pub cosmetic: bool,
    /// Places before that do not parse.
    pub errors_before: usize,
    /// Places after that do not parse.
    pub errors_after: usize,
    /// Why the entities could not be looked at, if so; `changes` is then empty.
    pub unexamined: Option<ParseError>,
}

/// Compares the entities of two versions of a file; `None` for a version that does not exist.
///
/// Broken source is compared as far as it goes.
/// # Cost
/// Two parses; then linear but for leftover renames, which [`RENAME_PAIRS_MAX`] bounds.
pub fn entity_changes(
    path: &RelPath,
    language: Language,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> EntityDiff {
    if before == after {
        return EntityDiff::default();
    }
    compare(path, language, before, after)
        .unwrap_or_else(|error| EntityDiff { unexamined: Some(error), ..EntityDiff::default() })
}

/// The qualified name of the innermost entity around `range`, white space at its ends aside.
///
/// `entities` is the outline of `text`. `None` between entities.
pub fn enclosing<'e>(entities: &'e [Entity], text: &[u8], range: &Range<usize>) -> Option<&'e str> {
    let own = text.get(range.clone())?;
    let start = range.start + (own.len() - own.trim_ascii_start().len());
    let end = start + own.trim_ascii().len();
    let range = if start >= end { range.clone() } else { start..end };
    let around = |entity: &&Entity| {
        entity.range.start <= range.start
            && range.end <= entity.range.end
            && (range.start < range.end || range.start < entity.range.end)
    };
    let reached = entities.partition_point(|entity| entity.range.start <= range.start);
    let candidates = entities.get(..reached).unwrap_or_default();
    candidates.iter().rev().find(around).map(|entity| entity.name.as_str())
}

fn compare(
    path: &RelPath,
    language: Language,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> Result<EntityDiff, ParseError> {
    let old = parse(language, before.unwrap_or_default())?;
    let new = parse(language, after.unwrap_or_default())?;
    let mut interner = Interner::default();
    let old = Side::read(&old, &mut interner)?;
    let new = Side::read(&new, &mut interner)?;
    let (errors_before, errors_after) = (old.parsed.errors().len(), new.parsed.errors().len());
    let both = before.is_some() && after.is_some();
    Ok(EntityDiff {
        changes: changes(path, &old, &new),
        cosmetic: both && errors_before + errors_after == 0 && same_code(&old, &new),
        errors_before,
        errors_after,
        unexamined: None,
    })
}

fn changes(path: &RelPath, old: &Side<'_, '_>, new: &Side<'_, '_>) -> Vec<EntityChange> {
    let pairing = pair(old, new);
    let mut changes = Vec::new();
    for (at, entity) in old.entities.iter().enumerate() {
        if pairing.to_new(at).is_none() {
            changes.push(change(path, entity, EntityChangeKind::Removed, Vec::new()));
        }
    }
    for (at, entity) in new.entities.iter().enumerate() {
        let Some((old_at, before)) =
            pairing.to_old(at).and_then(|old_at| Some((old_at, old.entities.get(old_at)?)))
        else {
            changes.push(change(path, entity, EntityChangeKind::Added, Vec::new()));
            continue;
        };
        let renamed = before.own_name != entity.own_name;
        let aspects = aspects(old, old_at, new, at, &pairing.renames(old, new, at));
        if !renamed && aspects.is_empty() {
            continue;
        }
        let kind = if renamed { EntityChangeKind::Renamed } else { EntityChangeKind::Modified };
        let mut change = change(path, entity, kind, aspects);
        change.old_name = renamed.then(|| before.name.clone());
        change.public |= before.public && !is_outside_interface(path);
        change.test |= before.is_test;
        change.test_code |= before.in_test;
        changes.push(change);
    }
    changes
        .sort_by(|a, b| (a.first_line, &a.name, a.change).cmp(&(b.first_line, &b.name, b.change)));
    changes
}

fn change(
    path: &RelPath,
    entity: &Entity,
    change: EntityChangeKind,
    aspects: Vec<Aspect>,
) -> EntityChange {
    EntityChange {
        path: path.clone(),
        kind: entity.kind,
        name: entity.name.clone(),
        change,
        old_name: None,
        aspects,
        public: entity.public && !is_outside_interface(path),
        test: entity.is_test,
        test_code: entity.in_test || is_test_path(path) || is_test_data(path),
        first_line: entity.first_line,
        lines: entity.lines,
    }
}
