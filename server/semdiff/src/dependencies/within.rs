//! What the names of one file say: links between its own hunks, and what is to be looked for in other files.

use std::collections::{BTreeSet, HashMap};

use model::{Aspect, DependencyKind, EntityChange, EntityChangeKind, EntityKind};
use syntax::{Reference, ReferenceKind};

use super::side::{Binding, Side, squeezed};
use super::{Call, ChangedNames, Definer, From, Link, NameChange, WANTED_MAX, Wanted};

/// How the receiver of a method, or its type, is called from inside.
const SELF_NAMES: &[&str] = &["self", "Self", "this", "cls"];

/// A file's names as they are read.
pub(super) struct Within<'s, 't> {
    before: &'s Side<'t>,
    after: &'s Side<'t>,
    /// What became of the entities of each side.
    before_changes: HashMap<usize, Became>,
    after_changes: HashMap<usize, Became>,
    pub found: ChangedNames,
}

/// What became of an entity, with the hunks that say so.
#[derive(Default)]
struct Became {
    /// Its counterpart's own name, when renamed.
    renamed: Option<String>,
    /// It has no counterpart.
    alone: bool,
    /// The hunks of its name, or of its signature where that alone changed.
    hunks: Vec<usize>,
    signature: bool,
}

impl<'s, 't> Within<'s, 't> {
    pub fn new(before: &'s Side<'t>, after: &'s Side<'t>, changes: &[EntityChange]) -> Self {
        let mut within = Self {
            before,
            after,
            before_changes: HashMap::new(),
            after_changes: HashMap::new(),
            found: ChangedNames::default(),
        };
        changes.iter().for_each(|change| within.take(change));
        within
    }

    /// Finds the entity of a change on its sides, and the hunks that make it.
    fn take(&mut self, change: &EntityChange) {
        let at = |side: &Side<'_>, name: &str| side.only(change.kind, name);
        let name_hunks = |side: &Side<'_>, at: usize| {
            let start = side.entities.get(at).map(|entity| entity.name_range.start);
            start.and_then(|start| side.hunk_at(start)).into_iter().collect::<Vec<_>>()
        };
        let old_name = change.old_name.as_deref().unwrap_or(&change.name);
        match change.change {
            EntityChangeKind::Added => {
                if let Some(new) = at(self.after, &change.name) {
                    let hunks = name_hunks(self.after, new);
                    let became = Became { alone: true, hunks, ..Became::default() };
                    self.after_changes.insert(new, became);
                }
            }
            EntityChangeKind::Removed => {
                if let Some(old) = at(self.before, &change.name) {
                    let hunks = name_hunks(self.before, old);
                    let became = Became { alone: true, hunks, ..Became::default() };
                    self.before_changes.insert(old, became);
                }
            }
            EntityChangeKind::Modified | EntityChangeKind::Renamed => {
                let pair = (at(self.before, old_name), at(self.after, &change.name));
                let (Some(old), Some(new)) = pair else { return };
                let (old_own, new_own) = (own_name(self.before, old), own_name(self.after, new));
                let renamed = old_own != new_own;
                let mut hunks = BTreeSet::new();
                let signature = self.signature_changed(change, old, new);
                if renamed {
                    hunks.extend(name_hunks(self.before, old));
                    hunks.extend(name_hunks(self.after, new));
                }
                if signature {
                    hunks.extend(self.signature_hunks(old, new));
                }
                let hunks: Vec<usize> = hunks.into_iter().collect();
                if hunks.is_empty() {
                    return;
                }
                self.parts(&hunks, &new_own);
                let became = |other: &str| Became {
                    renamed: renamed.then(|| other.to_owned()),
                    alone: false,
                    hunks: hunks.clone(),
                    signature,
                };
                self.before_changes.insert(old, became(&new_own));
                self.after_changes.insert(new, became(&old_own));
            }
        }
    }

    fn signature_changed(&self, change: &EntityChange, old: usize, new: usize) -> bool {
        let kinds =
            [EntityKind::Impl, EntityKind::Module, EntityKind::Interface, EntityKind::Constant];
        let speaks = change.aspects.contains(&Aspect::Signature) && !kinds.contains(&change.kind);
        speaks && self.before.signature(old).0 != self.after.signature(new).0
    }

    fn signature_hunks(&self, old: usize, new: usize) -> Vec<usize> {
        let of = |side: &Side<'_>, at: usize| -> Vec<usize> {
            side.signature(at).1.iter().flat_map(|range| side.hunks_in(range)).collect()
        };
        let mut hunks = of(self.before, old);
        hunks.extend(of(self.after, new));
        hunks
    }

    pub fn read(&mut self) {
        self.split_things();
        self.moved_names();
        self.added_uses();
        self.adapted_calls();
        self.removed_uses();
        self.define();
        self.imports();
        self.member_names();
        self.found.links.sort();
        self.found.links.dedup();
        self.found.wanted.truncate(WANTED_MAX);
    }

    fn link(&mut self, hunk: usize, needs: usize, kind: DependencyKind, name: &str) {
        if hunk != needs {
            self.found.links.push(Link { hunk, needs, kind, name: name.to_owned() });
        }
    }

    /// Neighbours among the hunks that hold parts of one thing need one another.
    fn parts(&mut self, hunks: &[usize], name: &str) {
        for (a, b) in hunks.iter().zip(hunks.iter().skip(1)) {
            self.link(*a, *b, DependencyKind::Part, name);
            self.link(*b, *a, DependencyKind::Part, name);
        }
    }

    /// New and removed things whose text lies in several hunks, since lines between are shared with others.
    fn split_things(&mut self) {
        let mut split = Vec::new();
        for (side, changes) in
            [(self.before, &self.before_changes), (self.after, &self.after_changes)]
        {
            let alone = |at: &usize| changes.get(at).is_some_and(|became| became.alone);
            for at in changes.keys().filter(|at| alone(at)) {
                let Some(entity) = side.entities.get(*at) else { continue };
                if !entity.parent.is_some_and(|outer| alone(&outer)) {
                    split.push((side.hunks_in(&entity.range), entity.own_name.clone()));
                }
            }
        }
        split.iter().for_each(|(hunks, name)| self.parts(hunks, name));
    }

    /// A name of the file that one hunk takes away and another brings: alone, one leaves none, or two.
    fn moved_names(&mut self) {
        let mut moved = Vec::new();
        for (at, name, hunk) in changed_imports(self.before) {
            if let (true, Some(other)) =
                (is_only_name(self.before, name.name), self.only_new_name(name.name))
                && self.before.owner(at).is_none()
            {
                moved.push((hunk, other, name.name.to_owned()));
            }
        }
        for (at, entity) in self.before.entities.iter().enumerate() {
            let gone = self.before.hunk_at(entity.name_range.start).filter(|_| {
                entity.parent.is_none()
                    && entity.kind != EntityKind::Impl
                    && self.before_changes.get(&at).is_none_or(|became| became.renamed.is_none())
                    && is_only_name(self.before, &entity.own_name)
            });
            let new = gone.and_then(|_| self.only_new_name(&entity.own_name));
            moved.extend(gone.zip(new).map(|(a, b)| (a, b, entity.own_name.clone())));
        }
        for (a, b, name) in moved {
            self.link(a, b, DependencyKind::Replacement, &name);
            self.link(b, a, DependencyKind::Replacement, &name);
        }
    }

    /// The hunk that adds the only top-level import or entity of that name.
    fn only_new_name(&self, name: &str) -> Option<usize> {
        if !is_only_name(self.after, name) {
            return None;
        }
        let imported = self
            .after
            .places(name)
            .filter(|(at, one)| {
                one.kind == ReferenceKind::Import && self.after.owner(*at).is_none()
            })
            .find_map(|(_, one)| self.after.hunk_at(one.range.start));
        imported.or_else(|| {
            let entities = self.after.called(name).iter();
            let mut top = entities.filter_map(|at| self.after.entities.get(*at));
            let top =
                top.find(|entity| entity.parent.is_none() && entity.kind != EntityKind::Impl)?;
            self.after.hunk_at(top.name_range.start)
        })
    }

    /// Uses on added lines need what they mean.
    fn added_uses(&mut self) {
        let after = self.after;
        for (at, name, hunk) in after.changed_names() {
            if name.kind != ReferenceKind::Use {
                continue;
            }
            let inside = after.owner(at);
            if name.qualifier.is_some() {
                self.want_member(after, at, name, hunk, true);
                continue;
            }
            if let Some(own) = self.own_type(name, at) {
                self.added_use(name, own, hunk);
                continue;
            }
            match after.binding(name.name, inside) {
                Binding::Local(places, scope) => {
                    let Some(entity) = after.entities.get(scope) else { continue };
                    let old = self.counterpart(entity.kind, &entity.name, scope);
                    let fresh = !self.before.mentions(&old, name.name);
                    if let Some(needs) = only_hunk(after, &places).filter(|_| fresh) {
                        self.link(hunk, needs, DependencyKind::Definition, name.name);
                    }
                }
                Binding::Import(import) => {
                    let Some(import) = after.names.get(import) else { continue };
                    match after.hunk_at(import.range.start) {
                        Some(needs) if !self.before.knows(name.name) => {
                            self.link(hunk, needs, DependencyKind::Import, name.name);
                        }
                        _ => self.want_imported(import, name, hunk, true),
                    }
                }
                Binding::Entity(entity) => self.added_use(name, entity, hunk),
                Binding::Unknown => {}
            }
        }
    }

    /// Calls that are given something else while their names stand on unchanged lines.
    fn adapted_calls(&mut self) {
        let after = self.after;
        for (at, name, hunk) in after.changed_calls() {
            if name.qualifier.is_some() {
                self.want_member(after, at, name, hunk, true);
                continue;
            }
            let binding = match self.own_type(name, at) {
                Some(own) => Binding::Entity(own),
                None => after.binding(name.name, after.owner(at)),
            };
            match binding {
                Binding::Import(import) => {
                    if let Some(import) = after.names.get(import) {
                        self.want_imported(import, name, hunk, true);
                    }
                }
                Binding::Entity(entity) => {
                    let became = self.after_changes.get(&entity);
                    if became.is_some_and(|became| became.signature && became.renamed.is_none()) {
                        self.added_use(name, entity, hunk);
                    }
                }
                Binding::Local(..) | Binding::Unknown => {}
            }
        }
    }

    /// The type that `Self` means at a name after.
    fn own_type(&self, name: &Reference<'_>, at: usize) -> Option<usize> {
        let around =
            self.after.type_around(self.after.owner(at)).filter(|_| name.name == "Self")?;
        let own = self.after.called(self.after.type_name(around)?).iter();
        let mut types = own.filter(|at| {
            let kinds = [EntityKind::Struct, EntityKind::Enum, EntityKind::Class];
            self.after.entities.get(**at).is_some_and(|entity| kinds.contains(&entity.kind))
        });
        types.next().filter(|_| types.next().is_none()).copied()
    }

    /// A use on an added line of an entity of this file.
    fn added_use(&mut self, name: &Reference<'_>, entity: usize, hunk: usize) {
        let Some(became) = self.after_changes.get(&entity) else { return };
        let (hunks, renamed, signature) =
            (became.hunks.clone(), became.renamed.clone(), became.signature);
        if became.alone && !self.before.knows(name.name) {
            for needs in hunks {
                self.link(hunk, needs, DependencyKind::Definition, name.name);
            }
            return;
        }
        let call = self.call(name, hunk);
        let own = own_name(self.after, entity);
        for needs in hunks {
            if let Some(old) = &renamed {
                self.link(hunk, needs, DependencyKind::Rename, &own);
                if self
                    .before
                    .places(old)
                    .any(|(_, o)| self.before.hunk_at(o.range.start) == Some(hunk))
                {
                    self.link(needs, hunk, DependencyKind::Uses, &own);
                }
            } else if signature && call != Call::Same {
                self.link(hunk, needs, DependencyKind::Signature, &own);
                if call == Call::Adapted {
                    self.link(needs, hunk, DependencyKind::Uses, &own);
                }
            }
        }
    }

    /// What takes a name away needs that its uses, on removed lines, go too.
    fn removed_uses(&mut self) {
        let before = self.before;
        for (at, name, hunk) in before.changed_names() {
            if name.kind != ReferenceKind::Use {
                continue;
            }
            if name.qualifier.is_some() {
                self.want_member(before, at, name, hunk, false);
                continue;
            }
            match before.binding(name.name, before.owner(at)) {
                Binding::Local(places, scope) => {
                    let Some(entity) = before.entities.get(scope) else { continue };
                    let new = self.successor(entity.kind, &entity.name, scope);
                    let gone = !self.after.mentions(&new, name.name);
                    if let Some(gives) = only_hunk(before, &places).filter(|_| gone) {
                        self.link(gives, hunk, DependencyKind::Removal, name.name);
                    }
                }
                Binding::Import(import) => {
                    let Some(import) = before.names.get(import) else { continue };
                    match before.hunk_at(import.range.start) {
                        Some(gives) if !self.after.knows(name.name) => {
                            self.link(gives, hunk, DependencyKind::Removal, name.name);
                        }
                        _ => self.want_imported(import, name, hunk, false),
                    }
                }
                Binding::Entity(entity) => {
                    let Some(became) = self.before_changes.get(&entity) else { continue };
                    let kind = match &became.renamed {
                        Some(_) => DependencyKind::Uses,
                        None if became.alone => DependencyKind::Removal,
                        None => continue,
                    };
                    if self.after.knows(name.name) {
                        continue;
                    }
                    for gives in became.hunks.clone() {
                        self.link(gives, hunk, kind, name.name);
                    }
                }
                Binding::Unknown => {}
            }
        }
    }

    /// The name before of an entity after.
    fn counterpart(&self, kind: EntityKind, name: &str, at: usize) -> String {
        let renamed = self.after_changes.get(&at).and_then(|became| became.renamed.as_deref());
        renamed.map_or_else(|| name.to_owned(), |old| qualified(self.before, kind, old, name))
    }

    /// The name after of an entity before.
    fn successor(&self, kind: EntityKind, name: &str, at: usize) -> String {
        let renamed = self.before_changes.get(&at).and_then(|became| became.renamed.as_deref());
        renamed.map_or_else(|| name.to_owned(), |new| qualified(self.after, kind, new, name))
    }

    /// How a call on an added line differs from those that its hunk removes.
    fn call(&self, name: &Reference<'_>, hunk: usize) -> Call {
        let Some(arguments) = &name.arguments else { return Call::Same };
        let own = squeezed(self.after.text, arguments);
        // A call whose name stands on an unchanged line was there before.
        let there = self.after.hunk_at(name.range.start).is_none();
        let mut call = if there { Call::Adapted } else { Call::New };
        for old in self.before.calls(name.name, hunk) {
            if old == own {
                return Call::Same;
            }
            call = Call::Adapted;
        }
        call
    }

    fn want(&mut self, name: &str, from: From, hunk: usize, added: bool, call: Call) {
        self.found.wanted.push(Wanted { name: name.to_owned(), from, hunk, added, call });
    }

    /// A use of what an import, which stays, makes known.
    fn want_imported(
        &mut self,
        import: &Reference<'_>,
        name: &Reference<'_>,
        hunk: usize,
        added: bool,
    ) {
        let Some(module) = import.module else { return };
        let call = if added { self.call(name, hunk) } else { Call::Same };
        let source = import.source.unwrap_or(import.name);
        self.want(source, From::Module(module.to_owned()), hunk, added, call);
    }

    /// A use behind a dot.
    fn want_member(
        &mut self,
        side: &Side<'_>,
        at: usize,
        name: &Reference<'_>,
        hunk: usize,
        added: bool,
    ) {
        let Some(qualifier) = name.qualifier else { return };
        let inside = side.owner(at);
        let call = if added { self.call(name, hunk) } else { Call::Same };
        if SELF_NAMES.contains(&qualifier) {
            let own = side.type_around(inside).and_then(|at| side.type_name(at));
            if let Some(own) = own {
                let from = From::Type { name: own.to_owned(), module: None };
                self.want(name.name, from, hunk, added, call);
            }
            return;
        }
        let path = side
            .text
            .get(..name.range.start)
            .is_some_and(|before| before.trim_ascii_end().ends_with(b"::"));
        let from = match side.binding(qualifier, inside) {
            _ if qualifier.is_empty() => From::Anyone,
            Binding::Local(..) => From::Anyone,
            Binding::Import(import) => {
                let Some(import) = side.names.get(import) else { return };
                let module = import.module.unwrap_or_default();
                match import.source {
                    Some("*") => From::Module(module.to_owned()),
                    source => {
                        let source = source.unwrap_or(import.name).to_owned();
                        let inner = format!("{module}/{source}");
                        self.want(name.name, From::Module(inner), hunk, added, call);
                        From::Type { name: source, module: Some(module.to_owned()) }
                    }
                }
            }
            Binding::Entity(_) => From::Type { name: qualifier.to_owned(), module: None },
            Binding::Unknown if path => From::Module(qualifier.to_owned()),
            Binding::Unknown => From::Anyone,
        };
        self.want(name.name, from, hunk, added, call);
    }

    /// Imports on changed lines that are not on both sides.
    fn imports(&mut self) {
        let key = |one: &Reference<'_>| {
            let text = |part: Option<&str>| part.map(str::to_owned);
            (one.name.to_owned(), text(one.module), text(one.source))
        };
        let all = |side: &Side<'_>| -> BTreeSet<_> {
            let imports = side.names.iter().filter(|one| one.kind == ReferenceKind::Import);
            imports.map(key).collect()
        };
        let (old, new) = (all(self.before), all(self.after));
        for (side, other, added) in [(self.after, &old, true), (self.before, &new, false)] {
            for (at, import, hunk) in changed_imports(side) {
                if other.contains(&key(import)) {
                    continue;
                }
                if let Some(module) = import.module {
                    let source = import.source.unwrap_or(import.name);
                    self.want(source, From::Module(module.to_owned()), hunk, added, Call::New);
                }
                if side.owner(at).is_none() && side.passes_on(import) {
                    let change = if added { NameChange::New } else { NameChange::Gone };
                    self.found.definers.push(Definer {
                        name: import.name.to_owned(),
                        hunk,
                        change,
                        container: None,
                        of_trait: None,
                        required: false,
                    });
                }
            }
        }
    }

    /// What other files may look for.
    fn define(&mut self) {
        let mut found = Vec::new();
        for (side, changes, new) in
            [(self.before, &self.before_changes, false), (self.after, &self.after_changes, true)]
        {
            for (at, became) in changes {
                let change = match (&became.renamed, became.alone) {
                    (_, true) if new => NameChange::New,
                    (_, true) => NameChange::Gone,
                    (Some(old), _) if new => NameChange::Renamed { old: old.clone() },
                    (None, _) if new && became.signature => NameChange::Signature,
                    _ => continue,
                };
                let Some(entity) = side.entities.get(*at) else { continue };
                let outer = entity.parent.and_then(|at| side.entities.get(at));
                if outer.is_some_and(syntax::Entity::is_function) || entity.kind == EntityKind::Impl
                {
                    continue;
                }
                let container = entity.parent.and_then(|at| side.type_name(at)).map(str::to_owned);
                let of_trait = outer
                    .and_then(|outer| outer.own_name.strip_prefix('<')?.split_once(" as "))
                    .map(|(_, of)| of.trim_end_matches('>').split('<').next().unwrap_or_default())
                    .map(|of| of.rsplit("::").next().unwrap_or(of).to_owned());
                let interface = outer.is_some_and(|outer| outer.kind == EntityKind::Interface);
                for hunk in &became.hunks {
                    let default =
                        entity.own_name == "default" || entity.visibility.contains("default");
                    if default && container.is_none() && entity.own_name != "default" {
                        found.push(Definer {
                            name: "default".to_owned(),
                            hunk: *hunk,
                            change: change.clone(),
                            container: None,
                            of_trait: None,
                            required: false,
                        });
                    }
                    found.push(Definer {
                        name: entity.own_name.clone(),
                        hunk: *hunk,
                        change: change.clone(),
                        container: container.clone(),
                        of_trait: of_trait.clone(),
                        required: interface && entity.body_range.is_none(),
                    });
                }
            }
        }
        found.sort_by(|a, b| (a.hunk, &a.name).cmp(&(b.hunk, &b.name)));
        self.found.definers.extend(found);
        self.define_members();
    }

    /// Fields, variants and properties that only one side has.
    fn define_members(&mut self) {
        let all = |side: &Side<'_>| -> BTreeSet<(String, String)> {
            side.names
                .iter()
                .enumerate()
                .filter(|(_, one)| one.kind == ReferenceKind::Member)
                .filter_map(|(at, one)| Some((container(side, at)?, one.name.to_owned())))
                .collect()
        };
        let (old, new) = (all(self.before), all(self.after));
        for (side, other, change) in
            [(self.after, &old, NameChange::New), (self.before, &new, NameChange::Gone)]
        {
            let mut seen = BTreeSet::new();
            for (at, one, hunk) in side.changed_names() {
                let Some(of) = container(side, at).filter(|_| one.kind == ReferenceKind::Member)
                else {
                    continue;
                };
                let member = (of, one.name.to_owned());
                if other.contains(&member) || !seen.insert(member.clone()) {
                    continue;
                }
                self.found.definers.push(Definer {
                    name: member.1,
                    hunk,
                    change: change.clone(),
                    container: Some(member.0),
                    of_trait: None,
                    required: false,
                });
            }
        }
    }

    fn member_names(&mut self) {
        let of = |side: &Side<'_>| {
            let methods = side
                .entities
                .iter()
                .filter(|entity| entity.kind == EntityKind::Method)
                .map(|entity| entity.own_name.clone());
            let names = side
                .names
                .iter()
                .filter(|one| one.kind == ReferenceKind::Member || one.qualifier.is_some());
            names.map(|one| one.name.to_owned()).chain(methods).collect()
        };
        self.found.members_before = of(self.before);
        self.found.members_after = of(self.after);
    }
}

/// The type that a field or variant is declared in.
fn container(side: &Side<'_>, name: usize) -> Option<String> {
    side.type_around(side.owner(name)).and_then(|at| side.type_name(at)).map(str::to_owned)
}

fn own_name(side: &Side<'_>, at: usize) -> String {
    side.entities.get(at).map(|entity| entity.own_name.clone()).unwrap_or_default()
}

/// The qualified name of the entity called `own`; `name` where there is none of that kind.
fn qualified(side: &Side<'_>, kind: EntityKind, own: &str, name: &str) -> String {
    let mut found = side.called(own).iter().filter_map(|at| side.entities.get(*at));
    found.find(|entity| entity.kind == kind).map_or(name, |entity| &entity.name).to_owned()
}

/// The hunk that holds all of the places; `None` when one of them is on no changed line.
fn only_hunk(side: &Side<'_>, places: &[usize]) -> Option<usize> {
    let hunk = |at: &usize| side.names.get(*at).and_then(|name| side.hunk_at(name.range.start));
    let first = places.first().and_then(hunk)?;
    places.iter().all(|place| hunk(place) == Some(first)).then_some(first)
}

fn changed_imports<'s, 't>(
    side: &'s Side<'t>,
) -> impl Iterator<Item = (usize, &'s Reference<'t>, usize)> {
    side.changed_names().filter(|(_, name, _)| name.kind == ReferenceKind::Import)
}

/// Whether the file has exactly one top-level import or entity of that name.
fn is_only_name(side: &Side<'_>, name: &str) -> bool {
    let imports = side
        .places(name)
        .filter(|(at, one)| one.kind == ReferenceKind::Import && side.owner(*at).is_none())
        .count();
    let entities = side
        .called(name)
        .iter()
        .filter(|at| {
            side.entities
                .get(**at)
                .is_some_and(|e| e.parent.is_none() && e.kind != EntityKind::Impl)
        })
        .count();
    imports + entities == 1
}
