//! Where a hunk that has no certain place may belong, because what it is in moved or was indented.
//!
//! A suggestion, never an answer: names and likeness lead to it, so it is shown to the person anew before
//! anything is written. The hunk is followed through the named thing around it. That thing must be in the
//! other text once, under its qualified name, or under its own name where no thing of that qualified name
//! was before; and within the two, their indentation aside, the hunk must have a place by the rules of
//! [`Anchoring`].
//!
//! Knows nothing of files: who looks into several texts must see that only one of them answers.

use std::ops::Range;

use model::{Language, LineSpan};
use syntax::{Entity, outline, parse};

use crate::anchor::Anchoring;
use crate::text::Text;

use self::layout::Layout;

mod layout;
#[cfg(test)]
mod tests;

/// Lines in common, in percent of all lines of both, that make two things of one name the same thing.
pub const SAME_ENTITY_PERCENT: usize = 50;

/// A place that a hunk may have moved to, to be previewed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The whole lines of the text to replace, in bytes.
    pub range: Range<usize>,
    /// What to put there: the hunk's replacement, indented as its surroundings are now.
    pub replacement: Vec<u8>,
    /// The qualified name of what it is in, in that text.
    pub entity: String,
    /// Why, as one clause for people: "`fn parse` moved to line 120 and was indented by 4 columns".
    pub why: String,
}

/// Looks in `current` for the place of a hunk that replaces `before` of `base` by `replacement`.
///
/// For hunks that [`Anchoring::anchor`] answers with a conflict. `None` if there is no such place, if there
/// are several, if the hunk is in no named thing, or if a text does not parse within the limits.
/// # Cost
/// Two parses and one comparison for each named thing around the hunk.
pub fn suggest(
    language: Language,
    base: &[u8],
    current: &[u8],
    before: &LineSpan,
    replacement: &[u8],
) -> Option<Suggestion> {
    find(language, base, (None, current), before, replacement)
}

/// As [`suggest`], in another file of the same language: `other` is its text and `path` how people know it.
///
/// For things that are gone from their own file. Who asks for several files must see that one answers only.
pub fn suggest_in_file(
    language: Language,
    base: &[u8],
    (path, other): (&str, &[u8]),
    before: &LineSpan,
    replacement: &[u8],
) -> Option<Suggestion> {
    find(language, base, (Some(path), other), before, replacement)
}

fn find(
    language: Language,
    base: &[u8],
    (path, target): (Option<&str>, &[u8]),
    before: &LineSpan,
    replacement: &[u8],
) -> Option<Suggestion> {
    let old = Side::read(language, base)?;
    let new = Side::read(language, target)?;
    let rows = old.text.rows(before)?;
    let mut around = old.entities.iter().rev().filter(|entity| holds(&old.rows(entity), &rows));
    around.find_map(|entity| {
        let now = the_same(&old, entity, &new)?;
        let (range, text) = moved(&old, entity, &rows, replacement, &new, now)?;
        let why = why(path, &old, entity, &new, now);
        Some(Suggestion { range, replacement: text, entity: now.name.clone(), why })
    })
}

/// A text with its named things.
struct Side<'t> {
    text: Text<'t>,
    entities: Vec<Entity>,
}

impl<'t> Side<'t> {
    fn read(language: Language, text: &'t [u8]) -> Option<Self> {
        let entities = outline(&parse(language, text).ok()?).ok()?;
        Some(Self { text: Text::new(text), entities })
    }

    fn rows(&self, entity: &Entity) -> Range<usize> {
        let first = entity.first_line as usize;
        first..(first + entity.lines as usize).min(self.text.lines())
    }

    /// The lines of an entity, without their indentation where they are alike, and how that was.
    fn laid_out(&self, entity: &Entity) -> (Layout, Vec<u8>) {
        let text = self.text.of(&self.rows(entity));
        let layout = Layout::of(text);
        let plain = layout.taken_from(text);
        (layout, plain)
    }
}

/// Whether lines `rows`, or the gap they are, lie within `outer`.
fn holds(outer: &Range<usize>, rows: &Range<usize>) -> bool {
    let inside = outer.start <= rows.start && rows.end <= outer.end;
    inside && (!rows.is_empty() || (outer.start < rows.start && rows.end < outer.end))
}

/// The one thing in `new` that `entity` is.
fn the_same<'n>(old: &Side<'_>, entity: &Entity, new: &'n Side<'_>) -> Option<&'n Entity> {
    let kin = |other: &&Entity| {
        other.own_name == entity.own_name
            && (other.kind == entity.kind || (other.is_function() && entity.is_function()))
    };
    let was_another = |other: &Entity| {
        let mut same = old.entities.iter().filter(|e| e.kind == other.kind && e.name == other.name);
        same.any(|e| e.range != entity.range)
    };
    let found: Vec<_> = new.entities.iter().filter(kin).collect();
    let mut named: Vec<_> = found.iter().copied().filter(|e| e.name == entity.name).collect();
    if named.is_empty() {
        named = found.into_iter().filter(|other| !was_another(other)).collect();
    }
    let (_, plain) = old.laid_out(entity);
    let mut alike: Vec<_> = named
        .into_iter()
        .map(|other| (in_common_percent(&plain, &new.laid_out(other).1), other))
        .filter(|(percent, _)| *percent >= SAME_ENTITY_PERCENT)
        .collect();
    alike.sort_by_key(|(percent, _)| std::cmp::Reverse(*percent));
    match alike.as_slice() {
        [(_, only)] => Some(only),
        [(best, most), (next, _), ..] if best > next => Some(most),
        _ => None,
    }
}

/// How many lines two texts share, in percent of the lines of both, empty ones aside.
fn in_common_percent(one: &[u8], other: &[u8]) -> usize {
    let lines = |text: &[u8]| -> Vec<Vec<u8>> {
        let lines = text.split(|&byte| byte == b'\n').map(|line| line.trim_ascii().to_vec());
        let mut lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        lines.sort_unstable();
        lines
    };
    let (one, mut other) = (lines(one), lines(other));
    let all = one.len() + other.len();
    let shared = one.iter().filter(|line| {
        let at = other.binary_search(line);
        at.map(|at| other.remove(at)).is_ok()
    });
    200 * shared.count() / all.max(1)
}

/// The hunk's place in `now`, and its replacement as indented there.
fn moved(
    old: &Side<'_>,
    entity: &Entity,
    rows: &Range<usize>,
    replacement: &[u8],
    new: &Side<'_>,
    now: &Entity,
) -> Option<(Range<usize>, Vec<u8>)> {
    let (old_layout, old_plain) = old.laid_out(entity);
    let (new_layout, new_plain) = new.laid_out(now);
    let (first, there) = (old.rows(entity).start, new.rows(now).start);
    let old_text = Text::new(old_plain.as_slice());
    let span = old_text.span(&(rows.start.checked_sub(first)?..rows.end.checked_sub(first)?));
    if !old_layout.holds(replacement) || !old_layout.holds(old.text.of(rows)) {
        return None;
    }
    let plain = old_layout.taken_from(replacement);
    let anchor = Anchoring::new(&old_plain, &new_plain).anchor(&span, &plain);
    let new_text = Text::new(new_plain.as_slice());
    let place = new_text.rows(&crate::line_span(&new_plain, anchor.target()?.clone()))?;
    let near =
        (there + place.start).saturating_sub(1)..(there + place.end + 1).min(new.rows(now).end);
    if !new_layout.holds(new.text.of(&near)) {
        return None;
    }
    let range = new.text.range(&(there + place.start..there + place.end));
    Some((range, new_layout.given_to(&plain, &old_layout)))
}

/// What became of `entity`, which is `now`.
fn why(
    path: Option<&str>,
    old: &Side<'_>,
    entity: &Entity,
    new: &Side<'_>,
    now: &Entity,
) -> String {
    let name = format!("`{} {}`", entity.kind.word(), entity.name);
    let line = now.first_line + 1;
    let indented = match (old.laid_out(entity).0.columns(), new.laid_out(now).0.columns()) {
        (was, is) if was < is => Some(format!("was indented by {}", columns(is - was))),
        (was, is) if is < was => Some(format!("was outdented by {}", columns(was - is))),
        _ => None,
    };
    let renamed = (entity.name != now.name).then(|| format!("is `{}` now", now.name));
    let moved = match path {
        Some(path) => Some(format!("moved to {path}, line {line}")),
        None if entity.first_line != now.first_line => Some(format!("moved to line {line}")),
        None => None,
    };
    let said: Vec<String> = [moved, indented, renamed].into_iter().flatten().collect();
    match said.as_slice() {
        [] => format!("{name} has one place for it"),
        [one] => format!("{name} {one}"),
        [all @ .., last] => format!("{name} {} and {last}", all.join(", ")),
    }
}

fn columns(count: usize) -> String {
    if count == 1 { "1 column".to_owned() } else { format!("{count} columns") }
}
