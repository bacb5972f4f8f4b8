//! Puts drafts in order: parents, qualified names, leading docs and the parts of each entity.

use std::ops::Range;

use model::EntityKind;

use super::found::{Draft, Found};
use super::{ENTITY_DEPTH_LIMIT, Entity, NAME_LIMIT_BYTES};
use crate::parse::Parsed;
use crate::tokens::Leading;

/// Orders the drafts and settles where each begins, what it belongs to and what it is called.
pub(super) fn settle_places(found: &Found, parsed: &Parsed<'_>) -> Vec<Entity> {
    let lines = LineStarts::of(parsed.text());
    let mut drafts: Vec<&Draft> = found.drafts.iter().collect();
    drafts.sort_by_key(|draft| {
        (draft.wide.start, std::cmp::Reverse(draft.wide.end), draft.core.start)
    });
    let mut entities: Vec<Entity> = Vec::with_capacity(drafts.len());
    let mut open: Vec<usize> = Vec::new();
    let mut floor = 0;
    for draft in drafts {
        while let Some(outer) = open.last().and_then(|at| entities.get(*at)) {
            if outer.range.end > draft.wide.start {
                break;
            }
            floor = outer.range.end;
            open.pop();
        }
        if open.len() >= ENTITY_DEPTH_LIMIT {
            continue;
        }
        let parent = open.last().and_then(|at| Some((*at, entities.get(*at)?)));
        let lowest = parent.map_or(floor, |(_, outer)| floor.max(outer.core.start));
        if let Some(entity) = entity(draft, parent, lowest, parsed, &lines) {
            open.push(entities.len());
            entities.push(entity);
        }
    }
    entities
}

/// The entity that a draft describes; `None` when it is incomplete, local to a function, or crosses `parent`.
fn entity(
    draft: &Draft,
    parent: Option<(usize, &Entity)>,
    lowest: usize,
    parsed: &Parsed<'_>,
    lines: &LineStarts,
) -> Option<Entity> {
    let text = parsed.text();
    let (_, kind) = draft.kind?;
    let (_, name_range, quoted) = draft.name.clone()?;
    let outer = parent.map(|(_, outer)| outer);
    if let Some(outer) = outer {
        let local =
            matches!(kind, EntityKind::Constant | EntityKind::Method) && outer.is_function();
        if local || outer.range.end < draft.wide.end || outer.range == draft.wide {
            return None;
        }
    }
    let typed = [EntityKind::Class, EntityKind::Interface, EntityKind::Impl];
    let kind = match kind {
        EntityKind::Function if outer.is_some_and(|outer| typed.contains(&outer.kind)) => {
            EntityKind::Method
        }
        kind => kind,
    };
    let own_name = own_name(draft, &name_range, quoted, text);
    let receiver = draft.receiver.clone().map(|of| squeeze(text, of));
    let owner = outer.map(|outer| outer.name.clone()).or(receiver);
    let name = match owner {
        Some(owner) => format!("{owner}{}{own_name}", parsed.grammar().separator),
        None => own_name.clone(),
    };
    let (start, leading) = leading(&parsed.flat().leading, text, lowest, draft.wide.start);
    let range = start..draft.wide.end;
    let mut docs_ranges: Vec<Range<usize>> =
        leading.iter().filter(|one| one.docs).map(|one| one.range.clone()).collect();
    docs_ranges.extend(draft.docs.iter().cloned());
    docs_ranges.sort_by_key(|docs| docs.start);
    let body_range = draft.body.as_ref().map(|(_, body)| body.clone());
    let visibility_range = draft.visibility.clone();
    let comments = parsed.comments();
    let first = comments.partition_point(|comment| comment.end <= range.start);
    let past = comments.partition_point(|comment| comment.start < range.end);
    let mut taken = comments.get(first..past).unwrap_or_default().to_vec();
    taken.extend(docs_ranges.iter().chain(&body_range).chain(&visibility_range).cloned());
    taken.push(name_range.clone());
    let (first_line, line_count) = lines.span(&range);
    Some(Entity {
        kind,
        name,
        own_name,
        signature_ranges: without(&range, taken, text),
        range,
        core: draft.core.clone(),
        name_range,
        visibility: visibility_range.clone().map_or_else(String::new, |at| squeeze(text, at)),
        visibility_range,
        body_range,
        docs_ranges,
        public: false,
        is_test: false,
        in_test: false,
        skipped: false,
        focused: false,
        assertions: 0,
        parent: parent.map(|(at, _)| at),
        first_line,
        lines: line_count,
    })
}

fn own_name(draft: &Draft, name: &Range<usize>, quoted: bool, text: &[u8]) -> String {
    let mut own = squeeze(text, name.clone());
    if quoted {
        let bare = own.trim_start_matches(['"', '\'', '`']).trim_end_matches(['"', '\'', '`']);
        own = bare.to_owned();
    }
    if let Some(of) = draft.trait_name.clone() {
        own = format!("<{own} as {}>", squeeze(text, of));
    }
    own
}

/// The comments and attributes right above `start`, topmost last, and where the first of them starts.
///
/// A comment belongs to what follows unless a blank line parts them or code shares its line.
fn leading<'l>(
    all: &'l [Leading],
    text: &[u8],
    lowest: usize,
    start: usize,
) -> (usize, Vec<&'l Leading>) {
    let blank = |range: Range<usize>, newlines_max: usize| {
        text.get(range).is_some_and(|gap| {
            let newlines = gap.iter().filter(|b| **b == b'\n').count();
            gap.trim_ascii().is_empty() && newlines <= newlines_max
        })
    };
    let mut at = start;
    let mut taken = Vec::new();
    let before = all.partition_point(|one| one.range.start < start);
    let mut candidates = all.get(..before).unwrap_or_default().iter().rev().peekable();
    while let Some(one) = candidates.next() {
        let mut after_attribute = || {
            candidates
                .peek()
                .is_some_and(|above| !above.comment && blank(above.range.end..one.range.start, 0))
        };
        let own = !one.comment || starts_line(text, one.range.start) || after_attribute();
        let newlines_max = if one.comment { 1 } else { usize::MAX };
        if one.range.start < lowest || !own || !blank(one.range.end..at, newlines_max) {
            break;
        }
        at = one.range.start;
        taken.push(one);
    }
    (at, taken)
}

fn starts_line(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|b| **b != b'\n').all(u8::is_ascii_whitespace)
}

/// The pieces of `range` outside of `taken` that hold more than white space, trimmed.
fn without(range: &Range<usize>, mut taken: Vec<Range<usize>>, text: &[u8]) -> Vec<Range<usize>> {
    taken.sort_by_key(|piece| (piece.start, piece.end));
    taken.push(range.end..range.end);
    let mut pieces = Vec::new();
    let mut at = range.start;
    for piece in taken {
        let own = text.get(at..piece.start.min(range.end)).unwrap_or_default();
        let trimmed = own.trim_ascii();
        if !trimmed.is_empty() {
            let start = at + (own.len() - own.trim_ascii_start().len());
            pieces.push(start..start + trimmed.len());
        }
        at = at.max(piece.end);
    }
    pieces
}

/// The text of a range on one line, cut at [`NAME_LIMIT_BYTES`].
fn squeeze(text: &[u8], range: Range<usize>) -> String {
    let shown = String::from_utf8_lossy(text.get(range).unwrap_or_default());
    let mut out = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if out.len() > NAME_LIMIT_BYTES {
        out.truncate(out.floor_char_boundary(NAME_LIMIT_BYTES));
        out.push('…');
    }
    out
}

/// Where each line starts.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(text: &[u8]) -> Self {
        let ends = text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(ends).collect())
    }

    /// The line of `range`'s start, from 0, and how many lines it touches.
    fn span(&self, range: &Range<usize>) -> (u32, u32) {
        let line = |at: usize| self.0.partition_point(|start| *start <= at).saturating_sub(1);
        let first = line(range.start);
        let last = line(range.end.saturating_sub(1).max(range.start));
        (
            u32::try_from(first).unwrap_or(u32::MAX),
            u32::try_from(last - first + 1).unwrap_or(u32::MAX),
        )
    }
}
