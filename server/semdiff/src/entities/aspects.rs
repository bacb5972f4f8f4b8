//! In which aspects two versions of an entity differ.

use model::Aspect;
use syntax::{Token, TokenRole};

use super::side::{Part, Side, within};

/// A name before and after. Where one stands for the other, nothing changed.
pub(super) type Rename<'t> = (&'t [u8], &'t [u8]);

/// The aspects in which the two differ, in order; empty when they say the same.
pub(super) fn aspects(
    old: &Side<'_, '_>,
    old_at: usize,
    new: &Side<'_, '_>,
    new_at: usize,
    renames: &[Rename<'_>],
) -> Vec<Aspect> {
    let (Some(before), Some(after)) = (old.entities.get(old_at), new.entities.get(new_at)) else {
        return Vec::new();
    };
    let differs = |part| {
        let (a, b) = (old.own_tokens(old_at, part), new.own_tokens(new_at, part));
        !a.map(Some)
            .chain(std::iter::repeat(None))
            .zip(b.map(Some).chain(std::iter::repeat(None)))
            .take_while(|(a, b)| a.is_some() || b.is_some())
            .all(|(a, b)| matches!((a, b), (Some(a), Some(b)) if same(a, b, renames)))
    };
    let mut aspects = Vec::new();
    if before.visibility != after.visibility {
        aspects.push(Aspect::Visibility);
    }
    let parts = [
        (Part::Signature, Aspect::Signature),
        (Part::Body, Aspect::Body),
        (Part::Docs, Aspect::Docs),
    ];
    aspects.extend(parts.into_iter().filter(|(part, _)| differs(*part)).map(|(_, aspect)| aspect));
    if aspects.is_empty() && renames.is_empty() && layout(old, old_at) != layout(new, new_at) {
        aspects.push(Aspect::Format);
    }
    aspects
}

/// Whether both sides are the same but for comments, docs and layout.
pub(super) fn same_code(old: &Side<'_, '_>, new: &Side<'_, '_>) -> bool {
    code(old).eq(code(new))
}

/// The numbers of all tokens that are no talk.
fn code<'a>(side: &'a Side<'_, '_>) -> impl Iterator<Item = u32> + 'a {
    let tokens = side.parsed.tokens().iter().zip(&side.parts).zip(&side.file_docs).zip(&side.keys);
    tokens
        .filter(|(((token, part), file_docs), _)| {
            token.role != TokenRole::Comment && **part != Part::Docs && !**file_docs
        })
        .map(|(_, key)| *key)
}

fn same(a: &Token<'_>, b: &Token<'_>, renames: &[Rename<'_>]) -> bool {
    if a.same(b) {
        return true;
    }
    if a.role != b.role || a.kind != b.kind {
        return false;
    }
    match a.role {
        TokenRole::Leaf => renames.iter().any(|(old, new)| a.text == *old && b.text == *new),
        TokenRole::Comment => {
            let talk = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
            let said = renames
                .iter()
                .fold(talk(&a.text), |said, (old, new)| said.replace(&talk(old), &talk(new)));
            said == talk(&b.text)
        }
        TokenRole::Open | TokenRole::Close => false,
    }
}

/// The text of an entity as laid out, without its visibility and carriage returns; only its head when it has
/// members, since their coming and going moves white space around.
fn layout(side: &Side<'_, '_>, at: usize) -> Vec<u8> {
    let Some(entity) = side.entities.get(at) else { return Vec::new() };
    let mut range = entity.range.clone();
    let members = !side.members_of(Some(at)).is_empty();
    if let Some(body) = entity.body_range.as_ref().filter(|body| members && within(body, &range)) {
        range.end = body.start;
    }
    let cut = entity.visibility_range.clone().filter(|visibility| within(visibility, &range));
    let cut = cut.unwrap_or(range.start..range.start);
    let piece = |range| side.parsed.text().get(range).unwrap_or_default();
    let (head, tail) = (piece(range.start..cut.start), piece(cut.end..range.end));
    let tail = if cut.is_empty() { tail } else { tail.trim_ascii_start() };
    head.iter().chain(tail).copied().filter(|byte| *byte != b'\r').collect()
}
