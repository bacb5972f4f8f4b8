//! A change as the rows that a person reads: removed, added, a little around them, and what is left out.
//!
//! Faces draw signs, colours and hidden characters; which rows there are, and what deserves to be shown of a
//! line's end, is decided here once. Start at [`layout`].

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};
use model::LineSpan;

use crate::hunks::hunks;
use crate::text::narrow;

/// Words and signs, both sides together, of one changed place in which the changed ones are sought.
pub const EMPHASIS_TOKENS_MAX: usize = 4096;

/// Emphasis that covers more of a line's text than this, in percent, says nothing: the line is new.
const EMPHASIS_PERCENT_MAX: usize = 60;

/// How much is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Unchanged lines on each side of a changed place.
    pub context_lines: usize,
    /// Rows at the most; what is beyond is counted.
    pub rows_max: usize,
}

/// A change in rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// How many more rows there are.
    pub left_out: usize,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it shows.
    pub kind: RowKind,
    /// The line before, from 0.
    pub old_line: Option<u32>,
    /// The line after, from 0.
    pub new_line: Option<u32>,
    /// Its text without the line's end: of the text after for added lines, else of the text before.
    pub range: Range<usize>,
    /// How the line ends.
    pub end: RowEnd,
    /// Whether how it ends is a part of what changed, and so has to be seen.
    pub end_matters: bool,
    /// The parts of `range` that changed, where the line was changed rather than replaced.
    pub emphasis: Vec<Range<usize>>,
}

/// What a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowKind {
    /// An unchanged line.
    Context,
    /// A line of the text before.
    Removed,
    /// A line of the text after.
    Added,
    /// Unchanged lines that are not shown; `range` spans them.
    Gap {
        /// How many.
        lines: u32,
    },
}

/// How a row's line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowEnd {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
    /// The text ends without.
    None,
}

/// A line: its bytes without its end, how it ends, and its number.
#[derive(Clone)]
struct Line {
    range: Range<usize>,
    end: RowEnd,
    number: u32,
}

/// The rows of the change from `before` to `after`; none when they are equal.
///
/// # Cost
/// One line difference, and a difference of words for each changed place of at most
/// [`EMPHASIS_TOKENS_MAX`].
pub fn layout(before: &[u8], after: &[u8], frame: Frame) -> Layout {
    let whole = |text: &[u8]| LineSpan { start: 0, end: text.len(), first_line: 0, lines: 0 };
    Rows::new(before, after, frame).inside(&whole(before), &whole(after)).cut()
}

/// The rows of one hunk, with the lines of the text before around it.
///
/// `old` and `new` are what it replaces in `before` and puts there in `after`.
/// # Cost
/// As [`layout`], of the hunk alone, and one pass over the text above it.
pub fn layout_hunk(
    before: &[u8],
    after: &[u8],
    old: &LineSpan,
    new: &LineSpan,
    frame: Frame,
) -> Layout {
    let mut rows = Rows::new(before, after, frame);
    let above = lines(before, 0..old.start, 0);
    let from = above.len().saturating_sub(frame.context_lines);
    let shift = |number: u32| {
        let behind = number.checked_sub(old.first_line.saturating_add(old.lines));
        match behind {
            Some(behind) => new.first_line.saturating_add(new.lines).checked_add(behind),
            None => new.first_line.checked_sub(old.first_line.saturating_sub(number)),
        }
    };
    for line in above.iter().skip(from) {
        rows.context(line, shift(line.number));
    }
    rows = rows.inside(old, new);
    let below = before.get(old.end..).unwrap_or_default();
    let shown = below.split_inclusive(|byte| *byte == b'\n').take(frame.context_lines);
    let end = old.end + shown.map(<[u8]>::len).sum::<usize>();
    for line in lines(before, old.end..end, old.first_line.saturating_add(old.lines)) {
        rows.context(&line, shift(line.number));
    }
    rows.cut()
}

/// The rows as they are put together.
struct Rows<'t> {
    before: &'t [u8],
    after: &'t [u8],
    frame: Frame,
    rows: Vec<Row>,
}

impl<'t> Rows<'t> {
    fn new(before: &'t [u8], after: &'t [u8], frame: Frame) -> Self {
        Self { before, after, frame, rows: Vec::new() }
    }

    /// What changes between two spans, with unchanged lines of theirs around it.
    fn inside(mut self, old: &LineSpan, new: &LineSpan) -> Self {
        let (was, is) = (old.of(self.before), new.of(self.after));
        let runs = hunks(was, is);
        let (mut at, mut old_line, mut new_line) = (0, old.first_line, new.first_line);
        for (nth, (removed, added)) in runs.iter().enumerate() {
            let between = old.start + at..old.start + removed.start;
            self.unchanged(between, old_line, new_line, nth > 0, true);
            (old_line, new_line) =
                (old.first_line + removed.first_line, new.first_line + added.first_line);
            let gone = old.start + removed.start..old.start + removed.end;
            let came = new.start + added.start..new.start + added.end;
            self.changed(&lines(self.before, gone, old_line), &lines(self.after, came, new_line));
            at = removed.end;
            old_line = old_line.saturating_add(removed.lines);
            new_line = new_line.saturating_add(added.lines);
        }
        if !runs.is_empty() {
            self.unchanged(old.start + at..old.start + was.len(), old_line, new_line, true, false);
        }
        self
    }

    /// Unchanged lines next to changed ones: those that touch, and a row for how many lie between.
    fn unchanged(
        &mut self,
        range: Range<usize>,
        old_line: u32,
        new_line: u32,
        touches_above: bool,
        touches_below: bool,
    ) {
        let around = lines(self.before, range, old_line);
        let head = if touches_above { self.frame.context_lines } else { 0 };
        let tail = if touches_below { self.frame.context_lines } else { 0 };
        let new_of = |line: &Line| Some(new_line.saturating_add(line.number - old_line));
        if around.len() <= head + tail {
            around.iter().for_each(|line| self.context(line, new_of(line)));
            return;
        }
        let (first, rest) = around.split_at_checked(head).unwrap_or((&around, &[]));
        let (skipped, last) = rest.split_at_checked(rest.len() - tail).unwrap_or((rest, &[]));
        first.iter().for_each(|line| self.context(line, new_of(line)));
        if let (Some(from), Some(to)) = (skipped.first(), skipped.last()) {
            self.rows.push(Row {
                kind: RowKind::Gap { lines: narrow(skipped.len()) },
                old_line: Some(from.number),
                new_line: new_of(from),
                range: from.range.start..to.range.end,
                end: to.end,
                end_matters: false,
                emphasis: Vec::new(),
            });
        }
        last.iter().for_each(|line| self.context(line, new_of(line)));
    }

    /// One changed place. How lines end matters where the two sides end them differently.
    fn changed(&mut self, old: &[Line], new: &[Line]) {
        let both = !old.is_empty() && !new.is_empty();
        let returns = |lines: &[Line]| lines.iter().any(|line| line.end == RowEnd::CrLf);
        let text = |text: &'t [u8], line: &Line| text.get(line.range.clone()).unwrap_or_default();
        let same = || {
            let old = old.iter().map(|line| text(self.before, line));
            old.eq(new.iter().map(|line| text(self.after, line)))
        };
        let fed = |lines: &[Line]| lines.last().is_some_and(|line| line.end != RowEnd::None);
        let show_returns = both && (returns(old) != returns(new) || same());
        let show_feed = both && fed(old) != fed(new);
        let emphasis =
            if both { emphasis(self.before, old, self.after, new) } else { Default::default() };
        let sides = [(RowKind::Removed, old, emphasis.0), (RowKind::Added, new, emphasis.1)];
        for (kind, lines, mut changed) in sides {
            for line in lines {
                let number = Some(line.number);
                let removed = kind == RowKind::Removed;
                self.rows.push(Row {
                    kind,
                    old_line: number.filter(|_| removed),
                    new_line: number.filter(|_| !removed),
                    range: line.range.clone(),
                    end: line.end,
                    end_matters: match line.end {
                        RowEnd::Lf => false,
                        RowEnd::CrLf => show_returns,
                        RowEnd::None => show_feed,
                    },
                    emphasis: take_within(&mut changed, &line.range),
                });
            }
        }
    }

    fn context(&mut self, line: &Line, new_line: Option<u32>) {
        self.rows.push(Row {
            kind: RowKind::Context,
            old_line: Some(line.number),
            new_line,
            range: line.range.clone(),
            end: line.end,
            end_matters: false,
            emphasis: Vec::new(),
        });
    }

    fn cut(mut self) -> Layout {
        let left_out = self.rows.len().saturating_sub(self.frame.rows_max);
        self.rows.truncate(self.frame.rows_max);
        Layout { rows: self.rows, left_out }
    }
}

/// The lines of a range of `text`, the first of them numbered `number`.
fn lines(text: &[u8], range: Range<usize>, number: u32) -> Vec<Line> {
    let mut start = range.start;
    let pieces = text.get(range).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
    let line = |(nth, piece): (usize, &[u8])| {
        let (own, end) = match piece {
            [own @ .., b'\r', b'\n'] => (own, RowEnd::CrLf),
            [own @ .., b'\n'] => (own, RowEnd::Lf),
            own => (own, RowEnd::None),
        };
        let range = start..start + own.len();
        start += piece.len();
        Line { range, end, number: number.saturating_add(narrow(nth)) }
    };
    pieces.enumerate().map(line).collect()
}

/// The front of `ranges`, cut to what lies within `line`.
fn take_within(
    ranges: &mut std::collections::VecDeque<Range<usize>>,
    line: &Range<usize>,
) -> Vec<Range<usize>> {
    let mut within = Vec::new();
    while let Some(range) = ranges.front().filter(|range| range.start < line.end) {
        let piece = range.start.max(line.start)..range.end.min(line.end);
        let goes_on = range.end > line.end;
        if piece.start < piece.end {
            within.push(piece);
        }
        if goes_on {
            break;
        }
        ranges.pop_front();
    }
    let marked: usize = within.iter().map(Range::len).sum();
    if marked * 100 > line.len() * EMPHASIS_PERCENT_MAX {
        within.clear();
    }
    within
}

type Emphasis = std::collections::VecDeque<Range<usize>>;

/// The words of two sides that the other side does not have in this order.
fn emphasis(before: &[u8], old: &[Line], after: &[u8], new: &[Line]) -> (Emphasis, Emphasis) {
    let words = |text, lines: &[Line]| -> Vec<Range<usize>> {
        let lines = lines.iter().flat_map(|line| words(text, line.range.clone()));
        lines.take(EMPHASIS_TOKENS_MAX + 1).collect()
    };
    let (old, new) = (words(before, old), words(after, new));
    if old.len() + new.len() > EMPHASIS_TOKENS_MAX {
        return Default::default();
    }
    let mut input: InternedInput<&[u8]> = InternedInput::default();
    input.update_before(old.iter().map(|word| before.get(word.clone()).unwrap_or_default()));
    input.update_after(new.iter().map(|word| after.get(word.clone()).unwrap_or_default()));
    let diff = Diff::compute(Algorithm::Myers, &input);
    let mut found = (Emphasis::new(), Emphasis::new());
    for hunk in diff.hunks() {
        let sides = [(&old, hunk.before, &mut found.0), (&new, hunk.after, &mut found.1)];
        for (words, rows, found) in sides {
            let own = words.get(rows.start as usize..rows.end as usize).unwrap_or_default();
            for word in own {
                match found.back_mut() {
                    Some(last) if last.end == word.start => last.end = word.end,
                    _ => found.push_back(word.clone()),
                }
            }
        }
    }
    found
}

/// Words, runs of white space, and every other sign by itself. Bytes beyond ASCII belong to words.
fn words(text: &[u8], range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let class = |byte: &u8| match byte {
        b' ' | b'\t' => 1,
        b'_' | 0x80.. => 2,
        byte if byte.is_ascii_alphanumeric() => 2,
        _ => 0,
    };
    let line = text.get(range.clone()).unwrap_or_default();
    let mut at = range.start;
    line.chunk_by(move |a, b| class(a) != 0 && class(a) == class(b)).map(move |word| {
        let start = at;
        at += word.len();
        start..at
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    const FRAME: Frame = Frame { context_lines: 1, rows_max: 100 };

    fn drawn(layout: &Layout, before: &str, after: &str) -> String {
        let mut out = String::new();
        for row in &layout.rows {
            let number = |line: Option<u32>| line.map_or("-".into(), |line| line.to_string());
            out += &format!("{:<2} {:<2} ", number(row.old_line), number(row.new_line));
            let (sign, text) = match row.kind {
                RowKind::Context => (' ', before),
                RowKind::Removed => ('-', before),
                RowKind::Added => ('+', after),
                RowKind::Gap { lines } => {
                    out += &format!("({lines})\n");
                    continue;
                }
            };
            let marked: Vec<&str> = row.emphasis.iter().map(|at| &text[at.clone()]).collect();
            out += &format!("{sign}{}", &text[row.range.clone()]);
            if row.end_matters {
                out += &format!(" {:?}", row.end);
            }
            if !marked.is_empty() {
                out += &format!(" {marked:?}");
            }
            out.push('\n');
        }
        if layout.left_out > 0 {
            out += &format!("and {} more\n", layout.left_out);
        }
        out
    }

    fn check(before: &str, after: &str, expected: Expect) {
        let layout = layout(before.as_bytes(), after.as_bytes(), FRAME);
        expected.assert_eq(&drawn(&layout, before, after));
    }

    #[test]
    fn what_changed_stands_among_what_did_not() {
        check(
            "a\nb\nc\nd\ne\nf\ng\n",
            "a\nb\nc\nD\ne\nF\nX\ng\n",
            expect![[r#"
                0  0  (2)
                2  2   c
                3  -  -d
                -  3  +D
                4  4   e
                5  -  -f
                -  5  +F
                -  6  +X
                6  7   g
            "#]],
        );
        check(
            "a\n1\n2\n3\n4\nb\n",
            "A\n1\n2\n3\n4\n",
            expect![[r#"
                0  -  -a
                -  0  +A
                1  1   1
                2  2  (2)
                4  4   4
                5  -  -b
            "#]],
        );
        check("a\n", "a\n", expect![[""]]);
    }

    #[test]
    fn how_lines_end_matters_where_it_differs() {
        check(
            "a\r\nb\r\n",
            "a\nb\r\n",
            expect![[r#"
                0  -  -a CrLf
                -  0  +a
                1  1   b
            "#]],
        );
        check(
            "a\r\nb\r\n",
            "a\r\nc\r\n",
            expect![[r#"
                0  0   a
                1  -  -b
                -  1  +c
            "#]],
        );
        check(
            "a\nb",
            "a\nb\n",
            expect![[r#"
                0  0   a
                1  -  -b None
                -  1  +b
            "#]],
        );
        check(
            "a",
            "b",
            expect![[r#"
                0  -  -a
                -  0  +b
            "#]],
        );
    }

    #[test]
    fn changed_words_are_marked_unless_all_is_new() {
        check(
            "let a = parse(line);\n",
            "let a = parse(line, ';');\n",
            expect![[r#"
                0  -  -let a = parse(line);
                -  0  +let a = parse(line, ';'); [", ';'"]
            "#]],
        );
        check(
            "let a = b;\nlet über = c;\n",
            "let a = d;\nlet ober = c;\n",
            expect![[r#"
                0  -  -let a = b; ["b"]
                1  -  -let über = c; ["über"]
                -  0  +let a = d; ["d"]
                -  1  +let ober = c; ["ober"]
            "#]],
        );
        check(
            "one two\n",
            "three four five\n",
            expect![[r#"
                0  -  -one two
                -  0  +three four five
            "#]],
        );
    }

    #[test]
    fn a_hunk_stands_in_its_file() {
        let before = "0\n1\n2\n3\n4\n5\n6\n";
        let after = "new\n0\n1\n2\nthree\nand\n4\n5\n6\n";
        let hunks = hunks(before.as_bytes(), after.as_bytes());
        let (old, new) = hunks[1];
        let frame = Frame { context_lines: 2, rows_max: 5 };
        let layout = layout_hunk(before.as_bytes(), after.as_bytes(), &old, &new, frame);
        expect![[r#"
            1  2   1
            2  3   2
            3  -  -3
            -  4  +three
            -  5  +and
            and 2 more
        "#]]
        .assert_eq(&drawn(&layout, before, after));
    }

    proptest! {
        #[test]
        fn rows_say_both_texts(
            before in "([a-c]{0,3}(\r?\n)){0,12}[a-c]{0,2}",
            after in "([a-c]{0,3}(\r?\n)){0,12}[a-c]{0,2}",
            context_lines in 0..4_usize,
        ) {
            let frame = Frame { context_lines, rows_max: usize::MAX };
            let layout = layout(before.as_bytes(), after.as_bytes(), frame);
            let (mut old, mut new) = (String::new(), String::new());
            for row in &layout.rows {
                let end = match row.end { RowEnd::Lf => "\n", RowEnd::CrLf => "\r\n", RowEnd::None => "" };
                let text = if row.kind == RowKind::Added { &after } else { &before };
                let line = format!("{}{end}", &text[row.range.clone()]);
                let inside = |at: &Range<usize>| row.range.start <= at.start && at.end <= row.range.end;
                prop_assert!(row.emphasis.iter().all(inside));
                if row.kind != RowKind::Added {
                    prop_assert_eq!(old.matches('\n').count() as u32, row.old_line.unwrap());
                    old += &line;
                }
                if row.kind != RowKind::Removed {
                    prop_assert_eq!(new.matches('\n').count() as u32, row.new_line.unwrap());
                    new += &line;
                }
            }
            if before == after {
                prop_assert!(layout.rows.is_empty());
            } else {
                prop_assert_eq!(old, before);
                prop_assert_eq!(new, after);
            }
        }
    }
}
