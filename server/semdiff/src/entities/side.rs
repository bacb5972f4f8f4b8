//! One version of a file, prepared for comparison: every token knows its entity and its part in it.

use std::collections::HashMap;
use std::ops::Range;

use syntax::{Entity, ParseError, Parsed, Token, TokenRole, outline_and_docs};

/// The part a token plays in the entity that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Its name, where declared.
    Name,
    /// Who may use it.
    Visibility,
    /// How it is used.
    Signature,
    /// What it does.
    Body,
    /// What is said about it.
    Docs,
    /// A node around the declaration (`export ...`), which says nothing by itself.
    Wrapper,
}

/// Numbers for tokens that say the same, shared by both sides so that comparing is exact and cheap.
#[derive(Default)]
pub(super) struct Interner<'s> {
    numbers: HashMap<(TokenRole, u16, &'s [u8]), u32>,
}

/// One version of a file.
pub(super) struct Side<'s, 't> {
    pub parsed: &'s Parsed<'t>,
    pub entities: Vec<Entity>,
    /// Every token's number.
    pub keys: Vec<u32>,
    /// Every token's part; `None` for a token of no entity.
    pub parts: Vec<Part>,
    /// For each entity the tokens that are its own, nested entities aside.
    pub own: Vec<Vec<usize>>,
    /// For each entity all of its tokens, nested entities included.
    pub spans: Vec<Range<usize>>,
    /// For each entity those directly in it; the last list is the file's.
    pub members: Vec<Vec<usize>>,
    /// Whether a token outside of all entities is the file's own documentation.
    pub file_docs: Vec<bool>,
}

impl<'s> Interner<'s> {
    fn number(&mut self, token: &'s Token<'_>) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry((token.role, token.kind, token.text.as_ref())).or_insert(next)
    }
}

impl<'s, 't> Side<'s, 't> {
    /// # Errors
    /// [`ParseError`] when its entities cannot be found within the limits.
    pub fn read(parsed: &'s Parsed<'t>, interner: &mut Interner<'s>) -> Result<Self, ParseError> {
        let (entities, docs) = outline_and_docs(parsed)?;
        let tokens = parsed.tokens();
        let owners = owners(&entities, tokens);
        let mut own = vec![Vec::new(); entities.len()];
        let mut parts = Vec::with_capacity(tokens.len());
        let mut file_docs = Vec::with_capacity(tokens.len());
        for (at, (token, owner)) in tokens.iter().zip(&owners).enumerate() {
            let entity = owner.and_then(|owner| entities.get(owner));
            if let Some(list) = owner.and_then(|owner| own.get_mut(owner)) {
                list.push(at);
            }
            parts.push(entity.map_or(Part::Body, |entity| part(entity, token)));
            file_docs
                .push(entity.is_none() && docs.iter().any(|range| within(&token.range, range)));
        }
        let mut members = vec![Vec::new(); entities.len() + 1];
        for (at, entity) in entities.iter().enumerate() {
            if let Some(list) = members.get_mut(entity.parent.unwrap_or(entities.len())) {
                list.push(at);
            }
        }
        let spans = entities.iter().map(|entity| span(entity, tokens)).collect();
        let keys = tokens.iter().map(|token| interner.number(token)).collect();
        Ok(Self { parsed, entities, keys, parts, own, spans, members, file_docs })
    }

    /// The text of an entity's declared name, which may be less than its own name.
    pub fn name_text(&self, at: usize) -> &[u8] {
        let range = self.entities.get(at).map(|entity| entity.name_range.clone());
        range.and_then(|range| self.parsed.text().get(range)).unwrap_or_default()
    }

    /// The entity's own tokens that play `wanted`.
    pub fn own_tokens(&self, at: usize, wanted: Part) -> impl Iterator<Item = &'s Token<'t>> + '_ {
        let tokens = self.parsed.tokens();
        let own = self.own.get(at).map(Vec::as_slice).unwrap_or_default();
        own.iter()
            .filter(move |token| self.parts.get(**token) == Some(&wanted))
            .filter_map(|token| tokens.get(*token))
    }

    /// The members of an entity, or of the file.
    pub fn members_of(&self, at: Option<usize>) -> &[usize] {
        self.members.get(at.unwrap_or(self.entities.len())).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Whether `inner` lies in `outer`.
pub(super) fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn part(entity: &Entity, token: &Token<'_>) -> Part {
    let range = &token.range;
    let in_docs = entity.docs_ranges.iter().any(|docs| within(range, docs));
    if token.role == TokenRole::Comment || in_docs {
        return Part::Docs;
    }
    let structure = matches!(token.role, TokenRole::Open | TokenRole::Close);
    if structure && *range != entity.core && within(&entity.core, range) {
        return Part::Wrapper;
    }
    if within(range, &entity.name_range) {
        return Part::Name;
    }
    if entity.visibility_range.as_ref().is_some_and(|visibility| within(range, visibility)) {
        return Part::Visibility;
    }
    if entity.body_range.as_ref().is_some_and(|body| within(range, body)) {
        return Part::Body;
    }
    Part::Signature
}

/// The innermost entity that holds each token. A node belongs to what holds all of it.
fn owners(entities: &[Entity], tokens: &[Token<'_>]) -> Vec<Option<usize>> {
    let mut owners = Vec::with_capacity(tokens.len());
    let mut nodes: Vec<Option<usize>> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    for token in tokens {
        if token.role == TokenRole::Close {
            owners.push(nodes.pop().flatten());
            continue;
        }
        let start = token.range.start;
        let ended = |at: &usize, by: usize| entities.get(*at).is_none_or(|e| e.range.end <= by);
        while let Some(entity) = entities.get(next).filter(|e| e.range.start <= start) {
            while open.last().is_some_and(|at| ended(at, entity.range.start)) {
                open.pop();
            }
            open.push(next);
            next += 1;
        }
        while open.last().is_some_and(|at| ended(at, start)) {
            open.pop();
        }
        let holds =
            |at: &&usize| entities.get(**at).is_some_and(|e| within(&token.range, &e.range));
        let owner = open.iter().rev().find(holds).copied();
        if token.role == TokenRole::Open {
            nodes.push(owner);
        }
        owners.push(owner);
    }
    owners
}

/// The tokens of an entity. They stand together, since a walk over the tree leaves a node only when done.
fn span(entity: &Entity, tokens: &[Token<'_>]) -> Range<usize> {
    let place = |token: &Token<'_>| match token.role {
        TokenRole::Close => token.range.end,
        _ => token.range.start,
    };
    let first = tokens.partition_point(|token| place(token) < entity.range.start);
    let past = tokens.partition_point(|token| place(token) <= entity.range.end);
    let inside = |at: &usize| tokens.get(*at).is_some_and(|t| within(&t.range, &entity.range));
    let first = (first..past).find(inside).unwrap_or(past);
    let last = (first..past).rev().find(inside);
    first..last.map_or(first, |last| last + 1)
}
