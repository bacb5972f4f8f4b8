//! Which entity before is which entity after.
//!
//! Names decide first. Only what names leave over, under the same parent and of the same kind, may be a
//! rename: equal but for its own name; or an equal body; or enough words in common.

use std::collections::{BTreeMap, HashMap, VecDeque};

use model::EntityKind;
use syntax::TokenRole;

use super::aspects::Rename;
use super::side::{Part, Side};

/// Entities of one kind and name that are compared by content; beyond, order alone decides.
pub const DUPLICATES_MAX: usize = 64;

/// Pairs of leftovers under one parent that are compared for likeness; beyond, only equal ones are renames.
pub const RENAME_PAIRS_MAX: usize = 4096;

/// Words in common, in percent of all words of both, that make a leftover pair a rename.
pub const RENAME_SIMILARITY_PERCENT: usize = 70;

/// Fewer words than this say too little to be alike.
const SIMILAR_WORDS_MIN: usize = 8;

/// A body with fewer words is too common to tell by.
const BODY_WORDS_MIN: usize = 4;

/// Stands for an entity's own name in what is compared.
const OWN_NAME: u32 = u32::MAX;

/// Which entity before is which after.
pub(super) struct Pairing {
    to_new: Vec<Option<usize>>,
    to_old: Vec<Option<usize>>,
}

/// Entities before and after that may be matched with each other.
type Leftovers = (Vec<usize>, Vec<usize>);

/// What an entity says, its own name aside.
struct Fingerprint {
    all: Vec<u32>,
    body: Vec<u32>,
    body_words: usize,
    /// Sorted.
    words: Vec<u32>,
}

/// Matches the entities of two sides.
pub(super) fn pair(old: &Side<'_, '_>, new: &Side<'_, '_>) -> Pairing {
    let mut pairing =
        Pairing { to_new: vec![None; old.entities.len()], to_old: vec![None; new.entities.len()] };
    pairing.by_name(old, new);
    let mut parents: VecDeque<(Option<usize>, Option<usize>)> = VecDeque::from([(None, None)]);
    parents.extend(pairing.pairs().map(|(a, b)| (Some(a), Some(b))));
    while let Some((old_parent, new_parent)) = parents.pop_front() {
        let left_old = pairing.left(old.members_of(old_parent), &pairing.to_new);
        let left_new = pairing.left(new.members_of(new_parent), &pairing.to_old);
        if left_old.is_empty() || left_new.is_empty() {
            continue;
        }
        let mut found = same_own_names(old, &left_old, new, &left_new);
        for (a, b) in &found {
            pairing.join(*a, *b);
        }
        let mut kinds: BTreeMap<EntityKind, Leftovers> = BTreeMap::new();
        for at in pairing.left(&left_old, &pairing.to_new) {
            kinds.entry(kind(old, at)).or_default().0.push(at);
        }
        for at in pairing.left(&left_new, &pairing.to_old) {
            kinds.entry(kind(new, at)).or_default().1.push(at);
        }
        for (olds, news) in kinds.into_values().filter(|(a, b)| !a.is_empty() && !b.is_empty()) {
            found.extend(pairing.renamed(old, &olds, new, &news));
        }
        parents.extend(found.into_iter().map(|(a, b)| (Some(a), Some(b))));
    }
    pairing
}

impl Pairing {
    pub fn to_new(&self, old_at: usize) -> Option<usize> {
        self.to_new.get(old_at).copied().flatten()
    }

    pub fn to_old(&self, new_at: usize) -> Option<usize> {
        self.to_old.get(new_at).copied().flatten()
    }

    /// The names that a pair and those around it changed.
    pub fn renames<'a>(
        &self,
        old: &'a Side<'_, '_>,
        new: &'a Side<'_, '_>,
        new_at: usize,
    ) -> Vec<Rename<'a>> {
        let mut renames = Vec::new();
        let mut at = Some(new_at);
        while let Some(new_at) = at {
            if let Some(old_at) = self.to_old(new_at) {
                let names = (old.name_text(old_at), new.name_text(new_at));
                if names.0 != names.1 && !names.0.is_empty() {
                    renames.push(names);
                }
            }
            at = new.entities.get(new_at).and_then(|entity| entity.parent);
        }
        renames
    }

    fn join(&mut self, old_at: usize, new_at: usize) {
        if let (Some(a), Some(b)) = (self.to_new.get_mut(old_at), self.to_old.get_mut(new_at)) {
            *a = Some(new_at);
            *b = Some(old_at);
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.to_new.iter().enumerate().filter_map(|(a, b)| Some((a, (*b)?)))
    }

    fn left(&self, of: &[usize], taken: &[Option<usize>]) -> Vec<usize> {
        of.iter().copied().filter(|at| taken.get(*at).is_some_and(Option::is_none)).collect()
    }

    /// Matches by kind and qualified name. Parents come before their members, so twins can prefer the
    /// parent that theirs was matched with.
    fn by_name(&mut self, old: &Side<'_, '_>, new: &Side<'_, '_>) {
        let mut groups: HashMap<(EntityKind, &str), Leftovers> = HashMap::new();
        for (at, entity) in old.entities.iter().enumerate() {
            groups.entry((entity.kind, &entity.name)).or_default().0.push(at);
        }
        for (at, entity) in new.entities.iter().enumerate() {
            groups.entry((entity.kind, &entity.name)).or_default().1.push(at);
        }
        let mut groups: Vec<_> =
            groups.into_values().filter(|(a, b)| !a.is_empty() && !b.is_empty()).collect();
        groups.sort();
        for (olds, news) in groups {
            self.twins(old, &olds, new, &news);
        }
    }

    fn twins(&mut self, old: &Side<'_, '_>, olds: &[usize], new: &Side<'_, '_>, news: &[usize]) {
        let few = olds.len() <= DUPLICATES_MAX && news.len() <= DUPLICATES_MAX;
        if few && olds.len().max(news.len()) > 1 {
            self.join_where(olds, news, |pairing, a, b| {
                pairing.same_parent(old, a, new, b) && keys(old, a).eq(keys(new, b))
            });
            self.join_where(olds, news, |pairing, a, b| {
                pairing.same_parent(old, a, new, b)
                    && old
                        .own_tokens(a, Part::Signature)
                        .map(|t| (t.kind, &t.text))
                        .eq(new.own_tokens(b, Part::Signature).map(|t| (t.kind, &t.text)))
            });
            self.join_where(olds, news, |pairing, a, b| pairing.same_parent(old, a, new, b));
        }
        let left_old = self.left(olds, &self.to_new);
        let left_new = self.left(news, &self.to_old);
        for (a, b) in left_old.into_iter().zip(left_new) {
            self.join(a, b);
        }
    }

    fn join_where(
        &mut self,
        olds: &[usize],
        news: &[usize],
        fits: impl Fn(&Self, usize, usize) -> bool,
    ) {
        for a in self.left(olds, &self.to_new) {
            let free = self.left(news, &self.to_old);
            if let Some(b) = free.into_iter().find(|b| fits(self, a, *b)) {
                self.join(a, b);
            }
        }
    }

    fn same_parent(&self, old: &Side<'_, '_>, a: usize, new: &Side<'_, '_>, b: usize) -> bool {
        let parents = |side: &Side<'_, '_>, at: usize| side.entities.get(at).and_then(|e| e.parent);
        match (parents(old, a), parents(new, b)) {
            (None, None) => true,
            (Some(a), Some(b)) => self.to_new(a) == Some(b),
            _ => false,
        }
    }

    /// Renames among leftovers of one kind and parent: equal ones, then equal bodies, then the most alike.
    fn renamed(
        &mut self,
        old: &Side<'_, '_>,
        olds: &[usize],
        new: &Side<'_, '_>,
        news: &[usize],
    ) -> Vec<(usize, usize)> {
        let prints = |side: &Side<'_, '_>, of: &[usize]| -> Vec<(usize, Fingerprint)> {
            of.iter().map(|at| (*at, Fingerprint::of(side, *at))).collect()
        };
        let (olds, news) = (prints(old, olds), prints(new, news));
        let mut found = Vec::new();
        let mut equal: HashMap<&[u32], VecDeque<usize>> = HashMap::new();
        for (at, print) in &news {
            equal.entry(&print.all).or_default().push_back(*at);
        }
        for (a, print) in &olds {
            if let Some(b) = equal.get_mut(print.all.as_slice()).and_then(VecDeque::pop_front) {
                self.join(*a, b);
                found.push((*a, b));
            }
        }
        if olds.len().saturating_mul(news.len()) > RENAME_PAIRS_MAX {
            return found;
        }
        let mut likely = Vec::new();
        for (a, before) in olds.iter().filter(|(a, _)| self.to_new(*a).is_none()) {
            for (b, after) in news.iter().filter(|(b, _)| self.to_old(*b).is_none()) {
                if let Some(percent) = before.likeness_percent(after) {
                    likely.push((std::cmp::Reverse(percent), *a, *b));
                }
            }
        }
        likely.sort();
        for (_, a, b) in likely {
            if self.to_new(a).is_none() && self.to_old(b).is_none() {
                self.join(a, b);
                found.push((a, b));
            }
        }
        found
    }
}

impl Fingerprint {
    fn of(side: &Side<'_, '_>, at: usize) -> Self {
        let mut print =
            Self { all: Vec::new(), body: Vec::new(), body_words: 0, words: Vec::new() };
        let name = side.name_text(at);
        let own = side.own.get(at).map(Vec::as_slice).unwrap_or_default();
        let Some(entity) = side.entities.get(at) else { return print };
        let tokens = side.parsed.tokens();
        for token_at in side.spans.get(at).cloned().unwrap_or_default() {
            let (Some(token), Some(key)) = (tokens.get(token_at), side.keys.get(token_at)) else {
                continue;
            };
            let part = side.parts.get(token_at);
            let own_part = part.filter(|_| own.binary_search(&token_at).is_ok());
            let talk = part == Some(&Part::Docs) || own_part == Some(&Part::Visibility);
            if token.role != TokenRole::Leaf || talk {
                continue;
            }
            let key = if token.text == name { OWN_NAME } else { *key };
            let body = entity
                .body_range
                .as_ref()
                .is_some_and(|body| body.start <= token.range.start && token.range.end <= body.end);
            print.all.push(key);
            if body {
                print.body.push(key);
            }
            if key != OWN_NAME && token.is_word() {
                print.words.push(key);
                print.body_words += usize::from(body);
            }
        }
        print.words.sort_unstable();
        print
    }

    /// How alike the two are, when enough to be the same thing: 101 for an equal body.
    fn likeness_percent(&self, other: &Self) -> Option<usize> {
        if self.body_words >= BODY_WORDS_MIN && self.body == other.body {
            return Some(101);
        }
        let (mine, theirs) = (self.words.len(), other.words.len());
        if mine.min(theirs) < SIMILAR_WORDS_MIN {
            return None;
        }
        let percent = 200 * common(&self.words, &other.words) / (mine + theirs);
        (percent >= RENAME_SIMILARITY_PERCENT).then_some(percent)
    }
}

/// How many elements two sorted lists share, repeats counted.
fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut count = 0;
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                count += 1;
                a.next();
                b.next();
            }
        }
    }
    count
}

/// Members of a renamed parent keep their own names.
fn same_own_names(
    old: &Side<'_, '_>,
    olds: &[usize],
    new: &Side<'_, '_>,
    news: &[usize],
) -> Vec<(usize, usize)> {
    let mut free: HashMap<(EntityKind, &str), VecDeque<usize>> = HashMap::new();
    for at in news {
        if let Some(entity) = new.entities.get(*at) {
            free.entry((entity.kind, &entity.own_name)).or_default().push_back(*at);
        }
    }
    olds.iter()
        .filter_map(|a| {
            let entity = old.entities.get(*a)?;
            let b = free.get_mut(&(entity.kind, entity.own_name.as_str()))?.pop_front()?;
            Some((*a, b))
        })
        .collect()
}

fn kind(side: &Side<'_, '_>, at: usize) -> EntityKind {
    side.entities.get(at).map_or(EntityKind::Function, |entity| entity.kind)
}

fn keys<'a>(side: &'a Side<'_, '_>, at: usize) -> impl Iterator<Item = &'a u32> {
    let span = side.spans.get(at).cloned().unwrap_or_default();
    side.keys.get(span).unwrap_or_default().iter()
}
