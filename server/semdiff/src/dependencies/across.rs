//! What the names of several files say of one another, members of types in one file included.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{ChangeKind, DependencyKind, FileChange};

use super::modules::{Family, declares, means};
use super::{
    Call, ChangedNames, DEPENDENCIES_MAX, Definer, From, NameChange, SAME_NAME_MAX, Wanted, place,
    whole,
};

/// Pairs of hunks that are kept while looking; several may say the same.
const LINKS_MAX: usize = 16 * DEPENDENCIES_MAX;

/// A hunk by its file and its index in that.
type At = (usize, usize);

pub(super) struct Link {
    pub hunk: At,
    pub needs: At,
    pub kind: DependencyKind,
    pub name: String,
}

struct Across<'f> {
    files: &'f [(&'f FileChange, &'f ChangedNames)],
    definers: BTreeMap<&'f str, Vec<(usize, &'f Definer)>>,
    /// Old names of renamed things.
    renamed: BTreeMap<&'f str, Vec<(usize, &'f Definer)>>,
    /// Names of members in any file of a family, before and after.
    members: [BTreeSet<(Family, &'f str)>; 2],
    /// Names behind unknown receivers, by file, hunk and whether they are on an added line.
    anyones: BTreeSet<(usize, usize, bool, &'f str)>,
    links: Vec<Link>,
}

/// The links between hunks of all files.
pub(super) fn links(files: &[(&FileChange, &ChangedNames)]) -> Vec<Link> {
    let mut across = Across {
        files,
        definers: BTreeMap::new(),
        renamed: BTreeMap::new(),
        members: [BTreeSet::new(), BTreeSet::new()],
        anyones: BTreeSet::new(),
        links: Vec::new(),
    };
    for (at, (change, names)) in files.iter().enumerate() {
        if let Some(family) = change.language.map(Family::of) {
            let [before, after] = &mut across.members;
            before.extend(names.members_before.iter().map(|name| (family, name.as_str())));
            after.extend(names.members_after.iter().map(|name| (family, name.as_str())));
        }
        let anyones = names.wanted.iter().filter(|wanted| wanted.from == From::Anyone);
        across.anyones.extend(anyones.map(|one| (at, one.hunk, one.added, one.name.as_str())));
        for definer in &names.definers {
            across.definers.entry(&definer.name).or_default().push((at, definer));
            if let NameChange::Renamed { old } = &definer.change {
                across.renamed.entry(old).or_default().push((at, definer));
            }
        }
    }
    across.by_name();
    across.by_trait();
    across.by_file();
    across.links
}

impl<'f> Across<'f> {
    fn link(&mut self, hunk: At, needs: At, kind: DependencyKind, name: &str) {
        if hunk != needs && self.links.len() < LINKS_MAX {
            self.links.push(Link { hunk, needs, kind, name: name.to_owned() });
        }
    }

    fn by_name(&mut self) {
        let files = self.files;
        for (user, (_, names)) in files.iter().enumerate() {
            for wanted in &names.wanted {
                let known = self.definers.get(wanted.name.as_str()).cloned().unwrap_or_default();
                let old = self.renamed.get(wanted.name.as_str()).cloned().unwrap_or_default();
                if known.len() > SAME_NAME_MAX || old.len() > SAME_NAME_MAX {
                    continue;
                }
                for (at, definer) in known {
                    if self.matches(user, wanted, at, definer) {
                        self.wants((user, wanted), (at, definer), false);
                    }
                }
                for (at, definer) in old.into_iter().filter(|_| !wanted.added) {
                    if self.matches(user, wanted, at, definer) {
                        self.wants((user, wanted), (at, definer), true);
                    }
                }
            }
        }
    }

    /// A name is used that another hunk is about. `by_old`: by the name that it had before a rename.
    fn wants(
        &mut self,
        (user, wanted): (usize, &Wanted),
        (at, definer): (usize, &Definer),
        by_old: bool,
    ) {
        let (use_at, def_at) = ((user, wanted.hunk), (at, definer.hunk));
        let name = wanted.name.as_str();
        match (&definer.change, wanted.added) {
            (NameChange::New, true) => {
                self.link(use_at, def_at, DependencyKind::Definition, name);
            }
            (NameChange::Gone, false) => self.link(def_at, use_at, DependencyKind::Removal, name),
            (NameChange::Renamed { .. }, true) => {
                self.link(use_at, def_at, DependencyKind::Rename, name);
            }
            (NameChange::Renamed { .. }, false) if by_old => {
                self.link(def_at, use_at, DependencyKind::Uses, name);
            }
            (NameChange::Signature, true) if wanted.call != Call::Same => {
                let import = !matches!(wanted.from, From::Anyone) && wanted.call == Call::New;
                self.link(use_at, def_at, DependencyKind::Signature, name);
                if !import {
                    self.link(def_at, use_at, DependencyKind::Uses, name);
                }
            }
            _ => {}
        }
    }

    fn matches(&self, user: usize, wanted: &Wanted, at: usize, definer: &Definer) -> bool {
        let before = !wanted.added;
        let sides = self.files.get(user).zip(self.files.get(at));
        let Some(((user_change, _), (change, _))) = sides else { return false };
        let (Some((family, from)), Some((own, path))) =
            (place(user_change, before), place(change, before))
        else {
            return false;
        };
        if family != own {
            return false;
        }
        match &wanted.from {
            From::Module(module) => {
                user != at
                    && definer.container.is_none()
                    && means(family, from, &dotted(family, module), path)
            }
            From::Type { name, module } => {
                definer.container.as_deref() == Some(name)
                    && match module {
                        Some(module) => {
                            user != at && means(family, from, &dotted(family, module), path)
                        }
                        None => user == at,
                    }
            }
            From::Anyone => {
                definer.container.is_some() && self.telling(family, (user, wanted), definer)
            }
        }
    }

    /// Whether a member behind an unknown receiver can only be the one that is declared here.
    fn telling(&self, family: Family, (user, wanted): (usize, &Wanted), definer: &Definer) -> bool {
        let name = definer.name.as_str();
        let same = self.definers.get(name).map(Vec::as_slice).unwrap_or_default();
        let owners: BTreeSet<_> =
            same.iter().map(|(at, one)| (*at, one.container.as_deref())).collect();
        if owners.len() != 1 {
            return false;
        }
        let [before, after] = &self.members;
        let known = |old: bool, name: &str| {
            let members = if old { before } else { after };
            members.contains(&(family, name))
        };
        match &definer.change {
            NameChange::New => is_telling(name) && !known(true, name),
            NameChange::Gone => is_telling(name) && !known(false, name),
            NameChange::Renamed { old } => {
                // Both names on the two sides of one hunk tell enough.
                let hunk = |added: bool, name: &str| {
                    self.anyones.contains(&(user, wanted.hunk, added, name))
                };
                !known(true, name) && !known(false, old) && hunk(true, name) && hunk(false, old)
            }
            NameChange::Signature => is_telling(name) && wanted.call == Call::Adapted,
        }
    }

    /// A method of a trait and that of its implementation.
    fn by_trait(&mut self) {
        let mut links = Vec::new();
        for same in self.definers.values().filter(|same| same.len() <= SAME_NAME_MAX) {
            for (at, own) in same {
                let Some(of) = &own.of_trait else { continue };
                for (other, declared) in same {
                    if declared.container.as_ref() != Some(of) || declared.of_trait.is_some() {
                        continue;
                    }
                    let (implements, says) = ((*at, own.hunk), (*other, declared.hunk));
                    let name = &own.name;
                    match (&own.change, &declared.change) {
                        (NameChange::New, NameChange::New) => {
                            links.push((implements, says, DependencyKind::Definition, name));
                            if declared.required {
                                links.push((says, implements, DependencyKind::Uses, name));
                            }
                        }
                        (NameChange::Gone, NameChange::Gone) => {
                            links.push((says, implements, DependencyKind::Removal, name));
                            if declared.required {
                                links.push((implements, says, DependencyKind::Removal, name));
                            }
                        }
                        (NameChange::Signature, NameChange::Signature) => {
                            links.push((implements, says, DependencyKind::Signature, name));
                            links.push((says, implements, DependencyKind::Uses, name));
                        }
                        (NameChange::Renamed { .. }, NameChange::Renamed { .. }) => {
                            links.push((implements, says, DependencyKind::Rename, name));
                            links.push((says, implements, DependencyKind::Uses, name));
                        }
                        _ => {}
                    }
                }
            }
        }
        for (hunk, needs, kind, name) in links {
            self.link(hunk, needs, kind, name);
        }
    }

    /// Files that come, go or move, and the imports that mean them.
    fn by_file(&mut self) {
        let files = self.files;
        let moving: Vec<usize> = (0..files.len())
            .filter(|at| files.get(*at).is_some_and(|(change, _)| whole(change)))
            .take(SAME_NAME_MAX * SAME_NAME_MAX)
            .collect();
        // Found by the last part of the path first, which is cheap.
        let mut by_last: HashMap<String, Vec<(usize, bool)>> = HashMap::new();
        for at in moving {
            let Some((change, _)) = files.get(at) else { continue };
            let sides = match change.change {
                ChangeKind::Added => [Some(true), None],
                ChangeKind::Deleted => [None, Some(false)],
                ChangeKind::Renamed => [Some(true), Some(false)],
                _ => continue,
            };
            for added in sides.into_iter().flatten() {
                if let Some((_, path)) = place(change, !added) {
                    for last in last_parts(&String::from_utf8_lossy(path.as_bytes())) {
                        by_last.entry(last).or_default().push((at, added));
                    }
                }
            }
        }
        for (user, (user_change, names)) in files.iter().enumerate() {
            for wanted in &names.wanted {
                let From::Module(module) = &wanted.from else { continue };
                let Some((family, from)) = place(user_change, !wanted.added) else { continue };
                let inner = dotted(family, &format!("{module}/{}", wanted.name));
                let module = dotted(family, module);
                let paths = matches!(family, Family::Ecma | Family::Go);
                let inside = if paths { None } else { Some(&inner) };
                for written in [Some(&module), inside].into_iter().flatten() {
                    let last = match family {
                        Family::Ecma | Family::Go => last_parts(written).into_iter().next(),
                        _ => written.rsplit(['.', ':']).next().map(str::to_owned),
                    };
                    let last = last.unwrap_or_default();
                    for (at, added) in by_last.get(&last).cloned().unwrap_or_default() {
                        let target = files.get(at).and_then(|(change, _)| place(change, !added));
                        let hit = target.is_some_and(|(own, path)| {
                            own == family && means(family, from, written, path)
                        });
                        if hit && added == wanted.added && at != user {
                            self.file_link((user, wanted.hunk), (at, 0), added, &last);
                        }
                    }
                }
            }
            for definer in names.definers.iter().filter(|one| one.container.is_none()) {
                let added = definer.change == NameChange::New;
                let Some((Family::Rust, from)) = place(user_change, !added) else { continue };
                for (at, new) in by_last.get(&definer.name).cloned().unwrap_or_default() {
                    let target = files.get(at).and_then(|(change, _)| place(change, !new));
                    let hit = target.is_some_and(|(_, path)| declares(from, &definer.name, path));
                    if hit && new == added && at != user {
                        self.file_link((user, definer.hunk), (at, 0), added, &definer.name);
                    }
                }
            }
        }
    }

    fn file_link(&mut self, user: At, file: At, added: bool, name: &str) {
        if added {
            self.link(user, file, DependencyKind::Definition, name);
        } else {
            self.link(file, user, DependencyKind::Removal, name);
        }
    }
}

/// A module within a module, as the language writes it.
fn dotted(family: Family, module: &str) -> String {
    match family {
        Family::Ecma | Family::Go => module.to_owned(),
        Family::Python if module.ends_with("./") || module.starts_with('.') => {
            let dots = module.chars().take_while(|c| *c == '.').count();
            let (dots, rest) = module.split_at(dots);
            format!("{dots}{}", rest.replace('/', ".").trim_matches('.'))
        }
        Family::Python => module.replace('/', "."),
        Family::Rust => module.replace('/', "::"),
    }
}

/// By which a file's path is looked up: its name, and its folder's where the name says nothing.
fn last_parts(path: &str) -> Vec<String> {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or(file).to_owned();
    if ["index", "__init__", "mod"].contains(&stem.as_str()) || file.ends_with(".go") {
        let folder = parts.next().unwrap_or_default().to_owned();
        return vec![folder, stem];
    }
    vec![stem]
}

/// Whether a name is made of several words, and so is hardly that of a member of something else.
fn is_telling(name: &str) -> bool {
    let inner = name.trim_matches('_');
    let words = inner.split('_').filter(|word| !word.is_empty()).count();
    let humps = inner.chars().zip(inner.chars().skip(1));
    words > 1 || humps.filter(|(a, b)| a.is_lowercase() && b.is_uppercase()).count() > 0
}
