//! The named things of a file: what `queries/<language>/outline.scm` and `tests.scm` find, put in order.
//!
//! An entity's place is a range that holds its docs, attributes and decorators too; ranges nest and never
//! cross. Start at [`outline`].

mod found;
mod places;

use std::ops::Range;

use model::EntityKind;

use self::found::Found;
use self::places::settle_places;
use crate::parse::{ParseError, Parsed};
use crate::visibility::settle_visibility;

/// Entities nested deeper than this belong to the one around them.
pub const ENTITY_DEPTH_LIMIT: usize = 24;

/// A single part of a name is cut here (test titles can be long).
pub const NAME_LIMIT_BYTES: usize = 160;

/// A named thing in source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// What kind of thing.
    pub kind: EntityKind,
    /// Its qualified name: `Type::method`, `<Type as Trait>::method`, `Class.method`, `describe title.it title`.
    /// Not unique: overloads and `cfg`'d duplicates share one.
    pub name: String,
    /// The last part of the name.
    pub own_name: String,
    /// All of it: docs, attributes, decorators and `export` included.
    pub range: Range<usize>,
    /// The declaration alone.
    pub core: Range<usize>,
    /// Its name, where it is declared.
    pub name_range: Range<usize>,
    /// What says who may use it, e.g. `pub(crate)`, `export`.
    pub visibility_range: Option<Range<usize>>,
    /// How it is used: what is left of `range` without name, visibility, docs, comments and body.
    pub signature_ranges: Vec<Range<usize>>,
    /// What it does, or, for a container, where its members are.
    pub body_range: Option<Range<usize>>,
    /// What is said about it: leading comments, doc attributes, a docstring.
    pub docs_ranges: Vec<Range<usize>>,
    /// Whether it is visible outside its package, as far as its file says.
    pub public: bool,
    /// How the source says so: `pub(crate)`, `export default`, `private` (also for a leading underscore), or empty.
    pub visibility: String,
    /// Whether it is a test itself: a function that a test runner runs and counts.
    pub is_test: bool,
    /// Whether it is code for tests: a test, a module, class or suite of tests, or anything inside of one.
    pub in_test: bool,
    /// Whether a marker keeps it from running or from having to pass.
    pub skipped: bool,
    /// Whether a marker (`it.only`) makes it the only thing that runs.
    pub focused: bool,
    /// Assertions in it. Those of nested tests count there; a container counts only its own.
    pub assertions: u32,
    /// The entity around it, as an index into the outline.
    pub parent: Option<usize>,
    /// First line of `range`, from 0.
    pub first_line: u32,
    /// How many lines.
    pub lines: u32,
}

/// Every entity of a file in order of its place, the outer before the inner.
///
/// Local variables are no entities, nor are methods of objects inside functions.
/// # Cost
/// One query run; linear in the text but for a sort.
/// # Errors
/// [`ParseError`] when a limit is reached; nothing is known of the file then.
pub fn outline(parsed: &Parsed<'_>) -> Result<Vec<Entity>, ParseError> {
    Ok(outline_and_docs(parsed)?.0)
}

/// The [`outline`], and where the file itself is documented beside comments: Python's module docstring.
///
/// # Errors
/// As [`outline`].
pub fn outline_and_docs(
    parsed: &Parsed<'_>,
) -> Result<(Vec<Entity>, Vec<Range<usize>>), ParseError> {
    let found = Found::search(parsed)?;
    let mut entities = settle_places(&found, parsed);
    settle_tests(&mut entities, &found);
    settle_visibility(&mut entities, parsed.grammar().visibility, &found.exports);
    Ok((entities, found.file_docs))
}

impl Entity {
    /// Whether it can hold members: its `body_range` is then theirs.
    pub fn is_container(&self) -> bool {
        matches!(
            self.kind,
            EntityKind::Class | EntityKind::Interface | EntityKind::Module | EntityKind::Impl
        )
    }

    /// Whether it is a function or a method.
    pub fn is_function(&self) -> bool {
        matches!(self.kind, EntityKind::Function | EntityKind::Method)
    }
}

/// Attaches what `tests.scm` found; members of code for tests, and of what is skipped, are so too.
fn settle_tests(entities: &mut [Entity], found: &Found) {
    let mut mark = |places: &[Range<usize>], set: fn(&mut Entity)| {
        for at in innermost(entities, places).into_iter().flatten() {
            if let Some(entity) = entities.get_mut(at) {
                set(entity);
            }
        }
    };
    mark(&found.tests, |entity| (entity.is_test, entity.in_test) = (true, true));
    mark(&found.test_code, |entity| entity.in_test = true);
    mark(&found.skips, |entity| entity.skipped = true);
    mark(&found.focuses, |entity| entity.focused = true);
    mark(&found.assertions, |entity| entity.assertions = entity.assertions.saturating_add(1));

    // No runner looks for tests inside of a test, whatever is called `test_it` there.
    let mut inside_test = vec![false; entities.len()];
    for at in 0..entities.len() {
        let outer = entities.get(at).and_then(|entity| entity.parent);
        let inside = outer.is_some_and(|outer| {
            entities.get(outer).is_some_and(|outer| outer.is_test)
                || inside_test.get(outer).copied().unwrap_or_default()
        });
        if let (Some(entity), Some(slot)) = (entities.get_mut(at), inside_test.get_mut(at)) {
            *slot = inside;
            entity.is_test &= !inside && entity.is_function();
        }
    }
    // What a function inside a test asserts, the test asserts.
    for at in (0..entities.len()).rev() {
        let Some(entity) = entities.get(at).filter(|e| e.is_function() && !e.is_test) else {
            continue;
        };
        let (count, parent) = (entity.assertions, entity.parent);
        let parent = parent.and_then(|at| entities.get_mut(at)).filter(|e| e.is_function());
        if let Some(parent) = parent {
            parent.assertions = parent.assertions.saturating_add(count);
        }
    }
    for at in 0..entities.len() {
        let parent = entities.get(at).and_then(|entity| entity.parent);
        let (test, skipped) = parent
            .and_then(|at| entities.get(at))
            .map_or((false, false), |parent| (parent.in_test, parent.skipped));
        if let Some(entity) = entities.get_mut(at) {
            entity.in_test |= test;
            entity.skipped |= skipped || (found.file_skipped && entity.in_test);
        }
    }
}

/// The innermost entity around each of `places`, which are in order.
fn innermost(entities: &[Entity], places: &[Range<usize>]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    let holds = |at: &usize, place: &Range<usize>| {
        entities.get(*at).is_some_and(|e| e.range.start <= place.start && place.end <= e.range.end)
    };
    let mut owners = Vec::with_capacity(places.len());
    for place in places {
        while entities.get(next).is_some_and(|e| e.range.start <= place.start) {
            while open.last().and_then(|at| entities.get(*at)).is_some_and(|outer| {
                entities.get(next).is_some_and(|entity| outer.range.end <= entity.range.start)
            }) {
                open.pop();
            }
            open.push(next);
            next += 1;
        }
        while open
            .last()
            .and_then(|at| entities.get(*at))
            .is_some_and(|e| e.range.end <= place.start)
        {
            open.pop();
        }
        owners.push(open.iter().rev().find(|at| holds(at, place)).copied());
    }
    owners
}

#[cfg(test)]
mod tests;
