//! Where a hunk that was made against one text belongs in the text that is there now, or why nowhere.
//!
//! Content decides; there are no dates, versions or guesses here. A hunk has a place only if all of this
//! holds, and each rule can only refuse:
//!
//! 1. **Its own lines are certain.** Every shortest way from base to current keeps the lines it replaces,
//!    side by side (see `align`). An insertion needs a certain gap in which nothing was inserted.
//! 2. **What touches it is as it was**: the line before and the line behind. The start and the end of the
//!    file count as lines that nothing else equals, so a hunk at the end is in conflict with text appended
//!    there.
//! 3. **No other place looks as good.** Of up to [`CONTEXT_LINES`] lines on each side, those that still
//!    match, counted outwards from the hunk until the first that does not, are its context. Another place
//!    with the same text (for an insertion: any other gap) and as much matching context, in current or in
//!    base, is a rival. The diff alone never decides between two such places; lines further out do, as long
//!    as the next line that stands once is in its order on both sides.
//!
//!    Only if nothing above the hunk changed at all, down to its last context line, or if lines that stand
//!    once in both texts hold it in its place (see `frame`), need no rival be feared.
//! 4. **It was not made already.** No part of it stands right there, what it puts has not come to stand
//!    elsewhere (see `standing` and `twins`), and it does not stand where it would if all hunks of its change
//!    had landed (see `together`).
//!
//! Braces and empty lines are in every block. Where a hunk says nothing else, and neither does what is left of its
//! context, it has a place only if lines further out are in order.
//!
//! If there is no such place, the hunk may have landed already: its replacement stands between the lines
//! that touched it, or taking it out again has a place by the same rules. If only rule 2 fails, it may still
//! merge with the change that touches it (see `merge`).
//!
//! For texts too different for rule 1 (a named limit), the histogram diff stands in for it and rule 3 turns
//! strict: either lines that stand once hold the hunk on both sides, or all context lines must match, and any
//! other place with the same text between the same two lines is a rival, whatever did or did not change above.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use model::LineSpan;

use crate::align::{Alignment, STEPS_MAX};
use crate::apply::{Overlap, apply, shift_past};
use crate::conflict::{CANDIDATES_MAX, ConflictReason};
use crate::hunks::diff_rows;
use crate::text::{Text, line_ending, narrow};

use self::frame::says_something;
use self::lines::{CONTEXT_LINES, Context, Numbered};
use self::twins::Twins;

mod frame;
mod lines;
mod merge;
mod standing;
mod together;
mod twins;

/// The limit of rule 1 where a replacement that may have landed already is looked for, once per hunk.
const LANDED_STEPS_MAX: usize = STEPS_MAX / 8;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Where a hunk belongs in the current text. Ranges are bytes of the current text, whole lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// Where it was; nothing above it changed.
    Unchanged(Range<usize>),
    /// At another place, or between changed lines: the range, and by how many lines it moved down.
    Shifted(Range<usize>, i64),
    /// Where it was, while text that touches it changed: the range, and by how many lines it moved down.
    Merged(Range<usize>, i64),
    /// What it would put there is there: the range of that.
    AlreadyThere(Range<usize>),
    /// Nowhere that is certain.
    Conflict(ConflictReason),
}

impl Anchor {
    /// The bytes of the current text to replace; `None` if there is nothing to do or it cannot be done.
    pub fn target(&self) -> Option<&Range<usize>> {
        match self {
            Self::Unchanged(range) | Self::Shifted(range, _) | Self::Merged(range, _) => {
                Some(range)
            }
            Self::AlreadyThere(_) | Self::Conflict(_) => None,
        }
    }

    /// What became of the hunk, in a word or two for people.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unchanged(_) => "unchanged",
            Self::Shifted(..) => "shifted",
            Self::Merged(..) => "merged",
            Self::AlreadyThere(_) => "already there",
            Self::Conflict(_) => "conflict",
        }
    }
}

/// A base text compared with the current one, ready to anchor hunks that were made against base.
#[derive(Debug)]
pub struct Anchoring<'t> {
    base: Text<'t>,
    current: Text<'t>,
    base_lines: Numbered,
    current_lines: Numbered,
    /// How many first lines are the same.
    head: usize,
    alignment: Alignment,
    /// Whether the alignment is what all shortest ways agree on, or one diff's view.
    certain: bool,
    /// For each line that stands in current more often than in base, its first place there.
    risen: Vec<u32>,
    /// What was applied to the text that hunks are stated against to get `base`.
    landed: Vec<(LineSpan, Vec<u8>)>,
    /// The hunks that wait together, stated against `base`.
    waiting: Vec<(LineSpan, Vec<u8>)>,
    /// The other view, where these seem to have landed together (see `together`).
    accepted: Option<Box<Anchoring<'t>>>,
    /// What several of them put, once it is asked for.
    twins: OnceCell<Twins>,
}

impl<'t> Anchoring<'t> {
    /// Compares `base` with `current`.
    ///
    /// # Cost
    /// Linear in the lines, and the deleted times the inserted ones, at most 16 million steps and 64 MB; beyond that the
    /// cost of a histogram diff.
    pub fn new(base: &'t [u8], current: &'t [u8]) -> Self {
        Self::compare(Cow::Borrowed(base), Cow::Borrowed(current), STEPS_MAX)
    }

    /// Compares `base`, with hunks that are known to have landed, with `current`. Hunks are still stated
    /// against `base`.
    ///
    /// What is known need not be recognised: a hunk next to accepted ones then finds its place even where
    /// text repeats.
    /// # Errors
    /// [`Overlap`] if the landed hunks do not fit `base` together.
    /// # Cost
    /// As [`Anchoring::new`].
    pub fn past<R: AsRef<[u8]>>(
        base: &'t [u8],
        landed: &[(LineSpan, R)],
        current: &'t [u8],
    ) -> Result<Self, Overlap> {
        let advanced = apply(base, landed)?;
        let landed = landed.iter().map(|(span, text)| (*span, text.as_ref().to_vec())).collect();
        let anchoring = Self::compare(Cow::Owned(advanced), Cow::Borrowed(current), STEPS_MAX);
        Ok(Self { landed, ..anchoring })
    }

    /// As if the texts were too different to be certain.
    #[cfg(test)]
    pub(crate) fn uncertain(base: &'t [u8], current: &'t [u8]) -> Self {
        Self::compare(Cow::Borrowed(base), Cow::Borrowed(current), 0)
    }

    fn compare(base: Cow<'t, [u8]>, current: Cow<'t, [u8]>, steps_max: usize) -> Self {
        let (base, current) = (Text::new(base), Text::new(current));
        let (base_lines, current_lines) = Numbered::both(&base, &current);
        let pairs = base_lines.lines().iter().zip(current_lines.lines());
        let head = pairs.take_while(|(old, new)| old == new).count();
        let certain = Alignment::certain(base_lines.lines(), current_lines.lines(), steps_max);
        let (alignment, certain) = match certain {
            Some(alignment) => (alignment, true),
            None => (one_view(&base, &current), false),
        };
        let risen = current_lines.risen_since(&base_lines);
        Self {
            base,
            current,
            base_lines,
            current_lines,
            head,
            alignment,
            certain,
            risen,
            landed: Vec::new(),
            waiting: Vec::new(),
            accepted: None,
            twins: OnceCell::new(),
        }
    }

    /// Where the hunk that replaces `before` of base by `replacement` belongs in the current text.
    ///
    /// # Cost
    /// Linear in the lines of both texts; where the replacement may have landed already, one more
    /// comparison of an eighth of the limit of [`Anchoring::new`].
    pub fn anchor(&self, before: &LineSpan, replacement: &[u8]) -> Anchor {
        let Ok(before) = shift_past(before, &self.landed) else {
            return Anchor::Conflict(ConflictReason::TextChanged);
        };
        let Some(rows) = self.base.rows(&before) else {
            return Anchor::Conflict(ConflictReason::NotInBase);
        };
        if !self.keeps_lines_apart(&rows, replacement) {
            return Anchor::Conflict(ConflictReason::NotInBase);
        }
        if self.base.bytes() == self.current.bytes() {
            return Anchor::Unchanged(before.bytes());
        }
        if let Some(there) = self.as_accepted(&before, replacement) {
            return Anchor::AlreadyThere(there);
        }
        let placed = match self.find(&rows) {
            // A line that equals the one that touched it, with part of the change made before it.
            Ok(Some(place)) if self.made_in_part(&rows, &place, replacement) => {
                Anchor::Conflict(ConflictReason::NeighboursChanged)
            }
            Ok(Some(place)) if place.start == rows.start && self.untouched_above(&rows) => {
                Anchor::Unchanged(self.current.range(&place))
            }
            Ok(Some(place)) => Anchor::Shifted(self.current.range(&place), down(&rows, &place)),
            Ok(None) => self.anchor_beside_changes(&rows, replacement),
            Err(reason) => Anchor::Conflict(reason),
        };
        if let Some(place) = placed.target()
            && let Some(line) = self.stands_elsewhere(&rows, replacement, place)
        {
            return Anchor::Conflict(ConflictReason::StandsElsewhere { line });
        }
        if placed.target().is_some()
            && let Some(line) = self.lies_with_the_others(&before)
        {
            return Anchor::Conflict(ConflictReason::LandedWithOthers { line });
        }
        placed
    }

    /// The answer where the hunk's own lines, or what touches them, changed.
    fn anchor_beside_changes(&self, rows: &Range<usize>, replacement: &[u8]) -> Anchor {
        let gone = !self.takes_what_stands(rows, replacement);
        if gone && let Some(there) = self.landed_already(rows, replacement) {
            return Anchor::AlreadyThere(self.current.range(&there));
        }
        if let Some(place) = self.merge(rows, replacement) {
            return Anchor::Merged(self.current.range(&place), down(rows, &place));
        }
        match self.landed_beside_changes(rows, replacement) {
            Some(there) if gone => Anchor::AlreadyThere(self.current.range(&there)),
            _ => Anchor::Conflict(self.why_nowhere(rows)),
        }
    }

    /// A replacement must end its last line, unless it ends the file; and nothing can be inserted behind a
    /// line that does not end. Hunks of a line diff are so; others would run two lines into one.
    fn keeps_lines_apart(&self, rows: &Range<usize>, replacement: &[u8]) -> bool {
        let at_end = rows.end == self.base.lines();
        let ended = |text: &[u8]| text.last().is_none_or(|&byte| byte == b'\n');
        let open_before = at_end && !ended(self.base.of(&(0..rows.start)));
        (at_end || ended(replacement)) && (!open_before || replacement.is_empty())
    }

    /// Whether the current text is base with just this replacement made.
    fn as_accepted(&self, before: &LineSpan, replacement: &[u8]) -> Option<Range<usize>> {
        let head = self.base.bytes().get(..before.start)?;
        let tail = self.base.bytes().get(before.end..)?;
        let rest = self.current.bytes().strip_prefix(head)?.strip_suffix(tail)?;
        (rest == replacement).then(|| before.start..before.start + replacement.len())
    }

    /// Whether nothing changed from the first line to the last context line below `rows`.
    fn untouched_above(&self, rows: &Range<usize>) -> bool {
        self.head >= (rows.end + CONTEXT_LINES).min(self.base.lines())
    }

    /// The lines of current that are lines `rows` of base, by the three rules; `None` if the first two find
    /// none.
    fn find(&self, rows: &Range<usize>) -> Result<Option<Range<usize>>, ConflictReason> {
        let Some(place) = self.certain_place(rows) else { return Ok(None) };
        let context = self.context(rows, &place);
        if !context.touches() {
            return Ok(None);
        }
        let untouched = place.start == rows.start && self.untouched_above(rows);
        if (self.certain && untouched) || self.framed(rows, &place) {
            return Ok(Some(place));
        }
        if !self.certain && context.lines() < 2 * CONTEXT_LINES {
            return Ok(None);
        }
        let far = self.in_order(rows, &place);
        // With only braces and empty lines in it and left around it, what it belonged to is gone.
        if !far && !self.says_itself(rows) && !self.says_where(rows, context) {
            return Ok(None);
        }
        let as_good =
            |other: Context| other.as_good_as(context, far) || (!self.certain && other.touches());
        let mut candidates = self.places_like(rows, as_good);
        if candidates == [narrow(place.start)]
            && !self.has_twin_in_base(rows, &(rows.start..rows.start + 1), &place, as_good)
        {
            return Ok(Some(place));
        }
        candidates.truncate(CANDIDATES_MAX);
        Err(ConflictReason::Ambiguous { candidates })
    }

    /// Whether one of lines `rows` of base says something.
    fn says_itself(&self, rows: &Range<usize>) -> bool {
        rows.clone().any(|row| says_something(self.line(row)))
    }

    /// Whether a line of `context`, near `rows` of base, says something.
    fn says_where(&self, rows: &Range<usize>, context: Context) -> bool {
        let (above, below) = context.near(rows);
        above.chain(below).any(|row| says_something(self.base.of(&(row..row + 1))))
    }

    /// Whether the text of `rows` starts in base at a line not in `own`, with a context that `counts` when
    /// compared with that of `place`.
    fn has_twin_in_base(
        &self,
        rows: &Range<usize>,
        own: &Range<usize>,
        place: &Range<usize>,
        counts: impl Fn(Context) -> bool,
    ) -> bool {
        let starts = match self.base_lines.lines().get(rows.clone()) {
            Some([]) | None => self.base_lines.gaps_like(&self.current_lines, place),
            Some(old) => self.base_lines.occurrences(old),
        };
        starts.into_iter().filter(|start| !own.contains(start)).any(|start| {
            let twin = start..start + rows.len();
            let (base, current) = (self.base_lines.lines(), self.current_lines.lines());
            counts(Context::between(current, place, base, &twin))
        })
    }

    /// The line of current that line `row` of base certainly is.
    fn kept(&self, row: usize) -> Option<usize> {
        self.alignment.lines.get(row).copied().flatten()
    }

    /// Rule 1.
    fn certain_place(&self, rows: &Range<usize>) -> Option<Range<usize>> {
        if rows.is_empty() {
            let gap = self.alignment.gaps.get(rows.start).copied().flatten()?;
            return Some(gap..gap);
        }
        let found = self.alignment.lines.get(rows.clone())?;
        let start = found.first().copied().flatten()?;
        let together = found.iter().zip(start..).all(|(line, expected)| *line == Some(expected));
        together.then(|| start..start + rows.len())
    }

    fn context(&self, rows: &Range<usize>, place: &Range<usize>) -> Context {
        Context::between(self.base_lines.lines(), rows, self.current_lines.lines(), place)
    }

    /// The lines of current at which the text of `rows` stands, with a context that `counts`: no more than
    /// a few beyond those that are named.
    fn places_like(&self, rows: &Range<usize>, counts: impl Fn(Context) -> bool) -> Vec<u32> {
        let starts = match self.base_lines.lines().get(rows.clone()) {
            Some([]) | None => self.current_lines.gaps_like(&self.base_lines, rows),
            Some(old) => self.current_lines.occurrences(old),
        };
        starts
            .into_iter()
            .filter(|&start| counts(self.context(rows, &(start..start + rows.len()))))
            .take(CANDIDATES_MAX + 1)
            .map(narrow)
            .collect()
    }

    /// The lines of current that are the replacement, landed at its place.
    fn landed_already(&self, rows: &Range<usize>, replacement: &[u8]) -> Option<Range<usize>> {
        if let Some(place) = self.between_neighbours(rows)
            && self.current.of(&place) == replacement
        {
            return Some(place);
        }
        // Where the touching lines repeat, ask the other way round: made against the accepted text, has
        // the inverse hunk a place?
        if !self.stands_somewhere(rows, replacement) {
            return None;
        }
        let (inverse, put) = self.against_accepted(rows, replacement)?;
        inverse.find(&put).ok().flatten()
    }

    /// The accepted text compared with current, and the lines that accepting puts there.
    fn against_accepted(
        &self,
        rows: &Range<usize>,
        replacement: &[u8],
    ) -> Option<(Anchoring<'_>, Range<usize>)> {
        let accepted = apply(self.base.bytes(), &[(self.base.span(rows), replacement)]).ok()?;
        let current = Cow::Borrowed(self.current.bytes());
        let inverse = Anchoring::compare(Cow::Owned(accepted), current, LANDED_STEPS_MAX);
        let lines = replacement.split_inclusive(|&byte| byte == b'\n').count();
        Some((inverse, rows.start..rows.start + lines))
    }

    /// What lies between the certain places of the two lines that touch `rows`.
    fn between_neighbours(&self, rows: &Range<usize>) -> Option<Range<usize>> {
        let start = match rows.start.checked_sub(1) {
            None => 0,
            Some(above) => self.kept(above)? + 1,
        };
        let end = match rows.end {
            end if end == self.base.lines() => self.current.lines(),
            below => self.kept(below)?,
        };
        (start <= end).then_some(start..end)
    }

    /// Whether the replacement stands anywhere between lines equal to those that touch `rows`.
    fn stands_somewhere(&self, rows: &Range<usize>, replacement: &[u8]) -> bool {
        let above = rows.start.saturating_sub(1)..rows.start;
        let below = rows.end..(rows.end + 1).min(self.base.lines());
        self.stands(&[self.base.of(&above), replacement, self.base.of(&below)].concat())
    }

    /// Whether whole lines of current are `text`, or start with it.
    fn stands(&self, text: &[u8]) -> bool {
        (0..self.current.lines()).any(|line| {
            let here = self.current.offset(line)..;
            self.current.bytes().get(here).is_some_and(|current| current.starts_with(text))
        })
    }

    fn why_nowhere(&self, rows: &Range<usize>) -> ConflictReason {
        let (base, current) = (self.base.bytes(), self.current.bytes());
        let (from, to) = (line_ending(base), line_ending(current));
        if current.is_empty() {
            return ConflictReason::FileEmptied;
        }
        if from != to {
            return ConflictReason::LineEndingsChanged { from, to };
        }
        if let Some(added) = self.mark_changed()
            && rows.start <= 1
        {
            return ConflictReason::ByteOrderMark { added };
        }
        if self.alignment.common == 0 && !base.is_empty() {
            return ConflictReason::FileReplaced;
        }
        let mut candidates = self.places_like(rows, Context::touches);
        if !candidates.is_empty() {
            candidates.truncate(CANDIDATES_MAX);
            return ConflictReason::Ambiguous { candidates };
        }
        if rows.is_empty() || self.certain_place(rows).is_some() {
            return ConflictReason::NeighboursChanged;
        }
        ConflictReason::TextChanged
    }

    /// Whether a byte order mark, and nothing else of the first line, was added or removed.
    fn mark_changed(&self) -> Option<bool> {
        let (old, new) = (self.base.of(&(0..1)), self.current.of(&(0..1)));
        if new.strip_prefix(BYTE_ORDER_MARK) == Some(old) {
            return Some(true);
        }
        (old.strip_prefix(BYTE_ORDER_MARK) == Some(new)).then_some(false)
    }
}

/// Anchors each of `hunks`, made against `base`, in `current`. One answer for each, in their order.
///
/// If `current` is `base` with all of them made, all are already there, however much text repeats.
/// # Cost
/// One [`Anchoring::new`] and one [`Anchoring::anchor`] for each.
pub fn anchor_all(base: &[u8], hunks: &[(LineSpan, &[u8])], current: &[u8]) -> Vec<Anchor> {
    let stated: Vec<(LineSpan, &[u8])> = hunks.to_vec();
    if base != current && apply(base, &stated).is_ok_and(|accepted| accepted == current) {
        let there = hunks.iter().map(|(span, text)| {
            let others: Vec<_> =
                stated.iter().filter(|(other, _)| other != span).copied().collect();
            match shift_past(span, &others) {
                Ok(span) => Anchor::AlreadyThere(span.start..span.start + text.len()),
                Err(_) => Anchor::Conflict(ConflictReason::NotInBase),
            }
        });
        return there.collect();
    }
    let anchoring = Anchoring::new(base, current).among(hunks);
    hunks.iter().map(|(span, text)| anchoring.anchor(span, text)).collect()
}

/// The histogram diff as an alignment.
fn one_view(base: &Text<'_>, current: &Text<'_>) -> Alignment {
    let mut lines = vec![None; base.lines()];
    let mut gaps = vec![None; base.lines() + 1];
    let (hunks, _) = diff_rows(base, current);
    let (mut old, mut new) = (0, 0);
    let mut common = 0;
    let end = (base.lines()..base.lines(), current.lines()..current.lines());
    for (removed, added) in hunks.into_iter().chain([end]) {
        for (nth, line) in (old..removed.start).enumerate() {
            if let Some(slot) = lines.get_mut(line) {
                *slot = Some(new + nth);
            }
            common += 1;
        }
        // A gap at a hunk counts too: what was inserted there shows in the context.
        for (nth, gap) in (old..=removed.start).enumerate() {
            if let Some(slot) = gaps.get_mut(gap) {
                *slot = Some(new + nth);
            }
        }
        (old, new) = (removed.end, added.end);
    }
    Alignment { lines, gaps, common }
}

/// By how many lines a place lies below where it was.
fn down(rows: &Range<usize>, place: &Range<usize>) -> i64 {
    let signed = |line: usize| i64::try_from(line).unwrap_or(i64::MAX);
    signed(place.start) - signed(rows.start)
}

#[cfg(test)]
mod tests;
