//! One side of a file: its entities and names, which hunk changes a line, and what a name means at a place.

use std::collections::HashMap;
use std::ops::Range;

use model::{EntityKind, HunkKind, Language};
use syntax::{Entity, ParseError, Reference, ReferenceKind, outline, parse, references};

use super::DependencyFile;
use crate::hunks::hunks;

/// Places where a name begins as a variable or is imported; of a name with more, nothing is known.
const BINDERS_MAX: usize = 256;

/// Places of one name that are looked at for one question.
const MENTIONS_MAX: usize = 1024;

/// How far back the beginning of an import is looked for.
const IMPORT_BYTES_MAX: usize = 4096;

/// A call over as many lines is more than its arguments: a callback's body, a table.
const CALL_LINES_MAX: usize = 12;

/// The changed lines of both sides in bytes, in order, with the hunk that changes them.
#[derive(Default)]
pub(super) struct Lines {
    pub removed: Vec<(Range<usize>, usize)>,
    pub added: Vec<(Range<usize>, usize)>,
}

impl Lines {
    /// A hunk may hold unchanged lines: a file that is one hunk, or edits that are offered as one.
    pub fn of(file: &DependencyFile<'_>) -> Self {
        let mut lines = Self::default();
        for (at, hunk) in file.change.hunks.iter().enumerate() {
            let (old, new) = match hunk.kind {
                HunkKind::Lines => (hunk.before.bytes(), hunk.after.bytes()),
                HunkKind::Whole => (0..file.before.len(), 0..file.after.len()),
            };
            let (Some(before), Some(after)) =
                (file.before.get(old.clone()), file.after.get(new.clone()))
            else {
                continue;
            };
            for (removed, added) in hunks(before, after) {
                if removed.lines > 0 {
                    lines.removed.push((old.start + removed.start..old.start + removed.end, at));
                }
                if added.lines > 0 {
                    lines.added.push((new.start + added.start..new.start + added.end, at));
                }
            }
        }
        lines
    }
}

/// One side of a file.
pub(super) struct Side<'t> {
    language: Language,
    pub text: &'t [u8],
    pub entities: Vec<Entity>,
    pub names: Vec<Reference<'t>>,
    /// For each name the innermost entity around it.
    owners: Vec<Option<usize>>,
    changed: Vec<(Range<usize>, usize)>,
    by_name: HashMap<&'t str, Vec<usize>>,
    /// Where a name begins as a variable or is imported.
    binders: HashMap<&'t str, Vec<usize>>,
    entities_by_name: HashMap<String, Vec<usize>>,
    /// The first entity of a kind and qualified name, and whether it is the only one.
    by_qualified: HashMap<(EntityKind, String), (usize, bool)>,
    /// Entities by where their name is declared.
    declared: HashMap<usize, usize>,
}

/// What a name means at a place.
pub(super) enum Binding {
    /// A variable of a function: where it begins, and the entity it is of.
    Local(Vec<usize>, usize),
    /// The import that makes it known.
    Import(usize),
    Entity(usize),
    /// Nothing of this file, or one of several things.
    Unknown,
}

impl<'t> Side<'t> {
    /// # Errors
    /// [`ParseError`] when its structure cannot be read.
    pub fn read(
        language: Language,
        text: &'t [u8],
        changed: Vec<(Range<usize>, usize)>,
    ) -> Result<Self, ParseError> {
        let parsed = parse(language, text)?;
        let entities = outline(&parsed)?;
        let names = references(&parsed)?;
        let owners = owners(&entities, &names);
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut binders: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, name) in names.iter().enumerate() {
            by_name.entry(name.name).or_default().push(at);
            if matches!(name.kind, ReferenceKind::Import | ReferenceKind::Local) {
                binders.entry(name.name).or_default().push(at);
            }
        }
        let mut entities_by_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_qualified: HashMap<(EntityKind, String), (usize, bool)> = HashMap::new();
        for (at, entity) in entities.iter().enumerate() {
            entities_by_name.entry(entity.own_name.clone()).or_default().push(at);
            let qualified = (entity.kind, entity.name.clone());
            by_qualified
                .entry(qualified)
                .and_modify(|(_, only)| *only = false)
                .or_insert((at, true));
        }
        let declared =
            entities.iter().enumerate().map(|(at, e)| (e.name_range.start, at)).collect();
        Ok(Self {
            language,
            text,
            entities,
            names,
            owners,
            changed,
            by_name,
            binders,
            entities_by_name,
            by_qualified,
            declared,
        })
    }

    /// The hunk that changes the line at `at`.
    pub fn hunk_at(&self, at: usize) -> Option<usize> {
        let past = self.changed.partition_point(|(range, _)| range.end <= at);
        let (range, hunk) = self.changed.get(past)?;
        range.contains(&at).then_some(*hunk)
    }

    /// The hunks that change a line of `range`, in order, without repeats.
    pub fn hunks_in(&self, range: &Range<usize>) -> Vec<usize> {
        let first = self.changed.partition_point(|(changed, _)| changed.end <= range.start);
        let mut found = Vec::new();
        for (changed, hunk) in self.changed.get(first..).unwrap_or_default() {
            if changed.start >= range.end {
                break;
            }
            if found.last() != Some(hunk) {
                found.push(*hunk);
            }
        }
        found
    }

    /// The names on changed lines, each with its index and the hunk.
    pub fn changed_names(&self) -> impl Iterator<Item = (usize, &Reference<'t>, usize)> {
        let hunk = |at: usize| self.hunk_at(at);
        self.names.iter().enumerate().filter_map(move |(at, name)| {
            Some((at, name, hunk(name.range.start)?)).filter(|_| !self.declares(name))
        })
    }

    /// Whether an entity is declared under this name here.
    pub fn declares(&self, name: &Reference<'_>) -> bool {
        name.kind != ReferenceKind::Import && self.declared.contains_key(&name.range.start)
    }

    pub fn owner(&self, name: usize) -> Option<usize> {
        self.owners.get(name).copied().flatten()
    }

    /// Every place of a name.
    pub fn places(&self, name: &str) -> impl Iterator<Item = (usize, &Reference<'t>)> {
        let places = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|at| Some((*at, self.names.get(*at)?)))
    }

    /// The entities whose last part of the name is `name`.
    pub fn called(&self, name: &str) -> &[usize] {
        self.entities_by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The only entity of this kind and qualified name.
    pub fn only(&self, kind: EntityKind, name: &str) -> Option<usize> {
        let (at, only) = self.by_qualified.get(&(kind, name.to_owned()))?;
        only.then_some(*at)
    }

    /// Whether `outer` is `inner` or around it; `None` is the file.
    fn holds(&self, outer: Option<usize>, inner: Option<usize>) -> bool {
        let mut at = inner;
        loop {
            if at == outer {
                return true;
            }
            match at.and_then(|at| self.entities.get(at)) {
                Some(entity) => at = entity.parent,
                None => return false,
            }
        }
    }

    /// What a bare `name` means inside of the entity `inside`: the innermost variable, import or entity.
    pub fn binding(&self, name: &str, inside: Option<usize>) -> Binding {
        let binders = self.binders.get(name).map(Vec::as_slice).unwrap_or_default();
        if binders.len() > BINDERS_MAX {
            return Binding::Unknown;
        }
        let mut locals = Vec::new();
        let mut scope = None;
        let mut import = None;
        let mut imports = 0;
        for (at, place) in binders.iter().filter_map(|at| Some((*at, self.names.get(*at)?))) {
            let owner = self.owner(at);
            match place.kind {
                ReferenceKind::Import if self.holds(owner, inside) => {
                    imports += 1;
                    import = Some(at);
                }
                ReferenceKind::Local if !self.declares(place) && self.holds(owner, inside) => {
                    // What is around no function is known in the whole file, as an entity is.
                    let Some(owner) = owner else { return Binding::Unknown };
                    if scope != Some(owner)
                        && scope.is_none_or(|s| self.holds(Some(s), Some(owner)))
                    {
                        (scope, locals) = (Some(owner), Vec::new());
                    }
                    if scope == Some(owner) {
                        locals.push(at);
                    }
                }
                _ => {}
            }
        }
        if let Some(scope) = scope {
            return Binding::Local(locals, scope);
        }
        let visible = |at: &&usize| {
            let Some(entity) = self.entities.get(**at) else { return false };
            let outer = entity.parent.and_then(|at| self.entities.get(at));
            let open =
                outer.is_none_or(|outer| outer.is_function() || outer.kind == EntityKind::Module);
            open && entity.kind != EntityKind::Impl && self.holds(entity.parent, inside)
        };
        let mut entities = self.called(name).iter().filter(visible);
        match (import, entities.next(), entities.next()) {
            // `const a = require("a")` is both.
            (Some(import), _, None) if imports == 1 => Binding::Import(import),
            (None, Some(entity), None) => Binding::Entity(*entity),
            _ => Binding::Unknown,
        }
    }

    /// Whether the file as a whole knows something by this name.
    pub fn knows(&self, name: &str) -> bool {
        let binders = self.binders.get(name).map(Vec::as_slice).unwrap_or_default();
        let import = |at: &usize| {
            self.names.get(*at).is_some_and(|place| place.kind == ReferenceKind::Import)
        };
        binders.iter().any(import)
            || self.called(name).iter().any(|at| {
                let outer = self.entities.get(*at).and_then(|entity| entity.parent);
                outer.is_none_or(|outer| {
                    self.entities.get(outer).is_some_and(|e| e.kind == EntityKind::Module)
                })
            })
    }

    /// Whether the bare `name` stands anywhere in an entity of this qualified name.
    ///
    /// Taken for granted of a name that stands in more than [`MENTIONS_MAX`] places.
    pub fn mentions(&self, entity: &str, name: &str) -> bool {
        let places = self.by_name.get(name).map_or(0, Vec::len);
        places > MENTIONS_MAX
            || self.places(name).filter(|(_, place)| place.qualifier.is_none()).any(|(at, _)| {
                let mut owner = self.owner(at);
                while let Some(around) = owner.and_then(|at| self.entities.get(at)) {
                    if around.name == entity {
                        return true;
                    }
                    owner = around.parent;
                }
                false
            })
    }

    /// Whether others may take an import from here. Only Rust says so, and says it before `use`.
    pub fn passes_on(&self, import: &Reference<'_>) -> bool {
        if self.language != Language::Rust {
            return true;
        }
        let before = self.text.get(..import.range.start).unwrap_or_default();
        let from = before.len().saturating_sub(IMPORT_BYTES_MAX);
        let near = before.get(from..).unwrap_or_default();
        let statement = near.rsplit(|byte| *byte == b';').next().unwrap_or_default();
        statement
            .split(|byte| *byte == b'\n')
            .any(|line| line.trim_ascii_start().starts_with(b"pub"))
    }

    /// The type or module around an entity or a name, innermost first.
    pub fn type_around(&self, mut at: Option<usize>) -> Option<usize> {
        while let Some(entity) = at.and_then(|at| self.entities.get(at)) {
            if !entity.is_function() && entity.kind != EntityKind::Constant {
                return at;
            }
            at = entity.parent;
        }
        None
    }

    /// What a type or module is called where it is used: an implementation is its type's.
    pub fn type_name(&self, at: usize) -> Option<&str> {
        let own = self.entities.get(at)?.own_name.as_str();
        let own = own.strip_prefix('<').and_then(|name| name.split(" as ").next()).unwrap_or(own);
        let own = own.split('<').next().unwrap_or(own).trim();
        Some(own.rsplit("::").next().unwrap_or(own))
    }

    /// The signature of an entity without attributes and decorators, and where it is.
    pub fn signature(&self, at: usize) -> (String, Vec<Range<usize>>) {
        let Some(entity) = self.entities.get(at) else { return (String::new(), Vec::new()) };
        let inside = |range: &&Range<usize>| {
            entity.core.start <= range.start && range.end <= entity.core.end
        };
        let places: Vec<_> = entity.signature_ranges.iter().filter(inside).cloned().collect();
        let pieces = places.iter().map(|range| squeezed(self.text, range));
        (pieces.collect::<Vec<_>>().join(" "), places)
    }

    /// The calls of `name` that `hunk` changes, as text.
    pub fn calls<'s>(&'s self, name: &'s str, hunk: usize) -> impl Iterator<Item = String> + 's {
        let of = move |place: &Reference<'_>| {
            let arguments =
                place.arguments.as_ref().filter(|_| self.call_hunk(place) == Some(hunk))?;
            Some(squeezed(self.text, arguments))
        };
        self.places(name).take(MENTIONS_MAX).filter_map(move |(_, place)| of(place))
    }

    /// The hunk that changes a call: its name, or else, unless they are long, what it is given.
    pub fn call_hunk(&self, name: &Reference<'_>) -> Option<usize> {
        self.hunk_at(name.range.start).or_else(|| {
            let arguments = name.arguments.as_ref()?;
            let text = self.text.get(arguments.clone())?;
            let lines = text.iter().filter(|byte| **byte == b'\n').take(CALL_LINES_MAX).count();
            let within = arguments.start..arguments.end;
            (lines < CALL_LINES_MAX).then(|| self.hunks_in(&within).first().copied()).flatten()
        })
    }

    /// Calls whose name is on an unchanged line and whose arguments are not.
    pub fn changed_calls(&self) -> impl Iterator<Item = (usize, &Reference<'t>, usize)> {
        self.names.iter().enumerate().filter_map(move |(at, name)| {
            name.arguments.as_ref()?;
            let named = self.hunk_at(name.range.start).is_some();
            if named || name.kind != ReferenceKind::Use {
                return None;
            }
            Some((at, name, self.call_hunk(name)?))
        })
    }
}

/// A piece of text without its white space.
pub(super) fn squeezed(text: &[u8], range: &Range<usize>) -> String {
    let piece = String::from_utf8_lossy(text.get(range.clone()).unwrap_or_default());
    piece.split_whitespace().collect()
}

/// The innermost entity around each name. Entities nest and never cross.
fn owners(entities: &[Entity], names: &[Reference<'_>]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    let ended = |at: usize, by: usize| entities.get(at).is_none_or(|e| e.range.end <= by);
    let mut owners = Vec::with_capacity(names.len());
    for name in names {
        let start = name.range.start;
        while let Some(entity) = entities.get(next).filter(|e| e.range.start <= start) {
            while open.last().is_some_and(|at| ended(*at, entity.range.start)) {
                open.pop();
            }
            open.push(next);
            next += 1;
        }
        while open.last().is_some_and(|at| ended(*at, start)) {
            open.pop();
        }
        owners.push(open.last().copied());
    }
    owners
}
