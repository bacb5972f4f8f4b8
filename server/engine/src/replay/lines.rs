//! Which line is which: edits in known coordinates, and where each line of one text is in another after them.

use std::ops::Range;

use model::LineSpan;
use semdiff::Overlap;

/// How far a hunk is followed where it slides.
const SLIDES_MAX: usize = 64;

/// A text with the places of its lines.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    pub(super) text: &'t [u8],
    bounds: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        let mut bounds = vec![0];
        let mut end = 0;
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            end += line.len();
            bounds.push(end);
        }
        Self { text, bounds }
    }

    pub(super) fn count(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The bytes of rows `rows`.
    pub(super) fn range(&self, rows: &Range<usize>) -> Range<usize> {
        let at = |row: usize| self.bounds.get(row).copied().unwrap_or(self.text.len());
        at(rows.start)..at(rows.end)
    }

    pub(super) fn of(&self, rows: &Range<usize>) -> &'t [u8] {
        self.text.get(self.range(rows)).unwrap_or_default()
    }

    /// Where `block` stands as whole lines.
    pub(super) fn standing<'l>(
        &'l self,
        block: &'l [u8],
    ) -> impl Iterator<Item = Range<usize>> + 'l {
        self.standing_in(&(0..self.count()), block)
    }

    /// Where `block` stands in rows `region` as whole lines.
    pub(super) fn standing_in<'l>(
        &'l self,
        region: &Range<usize>,
        block: &'l [u8],
    ) -> impl Iterator<Item = Range<usize>> + use<'l> {
        let region_end = self.range(region).end;
        region.clone().chain([region.end]).filter_map(move |row| {
            let start = self.range(&(row..row)).start;
            let end = start + block.len();
            let stands = end <= region_end && self.text.get(start..end) == Some(block);
            stands.then_some(start..end)
        })
    }

    pub(super) fn span(&self, rows: &Range<usize>) -> LineSpan {
        let Range { start, end } = self.range(rows);
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        LineSpan { start, end, first_line: narrow(rows.start), lines: narrow(rows.len()) }
    }
}

/// The rows of a span.
pub(super) fn rows(span: &LineSpan) -> Range<usize> {
    let first = span.first_line as usize;
    first..first + span.lines as usize
}

/// How many lines a text has.
pub(super) fn line_count(text: &[u8]) -> usize {
    text.split_inclusive(|&byte| byte == b'\n').count()
}

/// Whether a text has letters or digits.
pub(super) fn says_something(text: &[u8]) -> bool {
    text.iter().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

/// The other ways to state the insertion or deletion that replaces `span` of `base` by `text`, with the same result:
/// where the lines around it are like its own, it slides. At most [`SLIDES_MAX`] lines up and down.
pub(super) fn slid(base: &Lines<'_>, span: &LineSpan, text: &[u8]) -> Vec<(LineSpan, Vec<u8>)> {
    let own = rows(span);
    if own.is_empty() == text.is_empty() {
        return Vec::new();
    }
    let moving: Vec<&[u8]> = match own.is_empty() {
        true => text.split_inclusive(|&byte| byte == b'\n').collect(),
        false => own.clone().map(|row| base.of(&(row..row + 1))).collect(),
    };
    let mut ways = Vec::new();
    for down in [false, true] {
        let mut lines = moving.clone();
        for far in 1..=SLIDES_MAX {
            let start = if down { Some(own.start + far) } else { own.start.checked_sub(far) };
            let Some(start) = start else { break };
            let over = if down { own.end + far - 1 } else { start };
            let like = if down { lines.first() } else { lines.last() };
            if over >= base.count() || like != Some(&base.of(&(over..over + 1))) {
                break;
            }
            // The line that it slides over changes sides with the one like it.
            if down {
                lines.rotate_left(1)
            } else {
                lines.rotate_right(1)
            }
            let text = if own.is_empty() { lines.concat() } else { Vec::new() };
            ways.push((base.span(&(start..start + own.len())), text));
        }
    }
    ways
}

/// `text` with `edits` made, and each edit with the place that its replacement takes afterwards, in order.
pub(super) type Edited = (Vec<u8>, Vec<(LineSpan, LineSpan)>);

/// Makes edits and says where each ended up.
pub(super) fn edited(text: &[u8], edits: &[(LineSpan, Vec<u8>)]) -> Result<Edited, Overlap> {
    let after = semdiff::apply(text, edits)?;
    let mut ordered: Vec<&(LineSpan, Vec<u8>)> = edits.iter().collect();
    ordered.sort_by_key(|(span, _)| (span.start, span.end));
    let lines = Lines::new(&after);
    // Rows before the next edit in the text, minus those that the edits so far took, plus what they gave.
    let (mut taken, mut given) = (0, 0);
    let spans = ordered.into_iter().map(|(span, replacement)| {
        let count = line_count(replacement);
        let start = span.first_line as usize + given - taken;
        taken += span.lines as usize;
        given += count;
        (*span, lines.span(&(start..start + count)))
    });
    let spans = spans.collect();
    Ok((after, spans))
}

/// For each line of one text, the line of another that it is, if it is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) at: Vec<Option<usize>>,
    /// How many lines the other text has.
    pub(super) lines: usize,
}

impl Identity {
    /// After edits in known places: what each replaced on the left, what it put on the right.
    pub(super) fn of_edits(lines: usize, edits: &[(LineSpan, LineSpan)]) -> Self {
        let mut at = Vec::with_capacity(lines);
        let mut row = 0;
        for (old, new) in edits {
            let (old, new) = (rows(old), rows(new));
            let kept = old.start.saturating_sub(at.len());
            row = new.start - kept.min(new.start);
            at.extend((row..row + kept).map(Some));
            at.extend(old.map(|_| None));
            row = new.end;
        }
        let kept = lines.saturating_sub(at.len());
        at.extend((row..row + kept).map(Some));
        Self { at, lines: row + kept }
    }

    /// Between two versions of a text, by one line diff.
    pub(super) fn between(before: &[u8], after: &[u8]) -> Self {
        Self::of_edits(line_count(before), &semdiff::hunks(before, after))
    }

    /// Through this, then through `next`.
    pub(super) fn then(&self, next: &Self) -> Self {
        let follow = |row: &Option<usize>| row.and_then(|row| next.get(row));
        Self { at: self.at.iter().map(follow).collect(), lines: next.lines }
    }

    pub(super) fn get(&self, row: usize) -> Option<usize> {
        self.at.get(row).copied().flatten()
    }

    /// For each line of the other text, the line that it was.
    pub(super) fn back(&self) -> Self {
        let mut at = vec![None; self.lines];
        for (row, there) in self.at.iter().enumerate() {
            if let Some(slot) = there.and_then(|there| at.get_mut(there)) {
                *slot = Some(row);
            }
        }
        Self { at, lines: self.at.len() }
    }

    /// Where `rows` are, if all are still there and side by side. Not for no rows.
    pub(super) fn together(&self, rows: &Range<usize>) -> Option<Range<usize>> {
        let start = self.get(rows.start)?;
        let side_by_side = rows.clone().zip(start..).all(|(row, at)| self.get(row) == Some(at));
        (side_by_side && !rows.is_empty()).then(|| start..start + rows.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_followed_through_edits_and_back() {
        let first = Identity::between(b"a\nb\nc\nd\n", b"0\na\nc\nd\n");
        assert_eq!(first.at, [Some(1), None, Some(2), Some(3)]);
        assert_eq!(first.back().at, [None, Some(0), Some(2), Some(3)]);
        let second = Identity::between(b"0\na\nc\nd\n", b"a\nc\nx\nd\n");
        assert_eq!(first.then(&second).at, [Some(0), None, Some(1), Some(3)]);
        assert_eq!(first.then(&second).lines, 4);
    }

    #[test]
    fn edits_say_where_they_ended_up() {
        let text = b"a\nb\nc\nd\n";
        let lines = Lines::new(text);
        let edits =
            vec![(lines.span(&(3..4)), b"D\n".to_vec()), (lines.span(&(1..1)), b"x\ny\n".to_vec())];
        let (after, spans) = edited(text, &edits).unwrap();
        assert_eq!(after, b"a\nx\ny\nb\nc\nD\n");
        let after = Lines::new(&after);
        let places: Vec<_> = spans.iter().map(|(_, span)| after.of(&rows(span))).collect();
        assert_eq!(places, [&b"x\ny\n"[..], b"D\n"]);
    }

    #[test]
    fn a_hunk_slides_along_lines_like_its_own() {
        let base = Lines::new(b"a\n\n\n\nb\n");
        let made = |span: &LineSpan, text: &[u8]| {
            semdiff::apply(base.text, &[(*span, text.to_vec())]).unwrap()
        };
        let check = |own: Range<usize>, text: &[u8], ways: usize| {
            let span = base.span(&own);
            let slid = slid(&base, &span, text);
            assert_eq!(slid.len(), ways, "{own:?}");
            for (other, other_text) in slid {
                assert_ne!(other, span);
                assert_eq!(made(&other, &other_text), made(&span, text));
            }
        };
        check(2..3, b"", 2);
        check(1..3, b"", 1);
        check(1..4, b"", 0);
        check(0..1, b"", 0);
        check(1..1, b"x\n\n", 0);
        check(1..1, b"\nx\n", 1);
        check(4..4, b"x\n\n", 1);
        check(4..4, b"\n", 3);
        check(1..2, b"x\n", 0);
    }
}
