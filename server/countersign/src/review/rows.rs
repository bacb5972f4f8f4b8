//! A hunk as rows: what was, what would be, and a few lines around it.

use std::ops::Range;

use model::{Content, FileChange, Hunk, HunkKind, LineSpan};

use syntax::HighlightClass;

use super::visible::Visible;

/// Lines of unchanged text shown around a hunk and between its changed runs.
const CONTEXT_LINES: usize = 3;
/// Rows of one hunk at the most; the rest is counted.
const ROWS_MAX: usize = 20_000;

/// Which side of the change a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Same,
    Removed,
    Added,
    /// A word of ours, no text of the file.
    Note,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub sign: Sign,
    /// The line's number from 1, on its own side (before, for unchanged lines).
    pub number: Option<u32>,
    pub line: Visible,
    /// What the pieces of the line are, as far as they are anything; bytes of `line.text`, ascending.
    pub tints: Vec<(Range<usize>, Tint)>,
}

/// What a piece of source text is, as far as colour goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tint {
    Comment,
    Text,
    Number,
    Keyword,
    Name,
    Type,
    Mark,
}

/// The rows of `hunk` with their surroundings, from both sides' texts.
///
/// # Cost
/// Reads both sides once to colour them, where their language is known.
pub fn rows(file: &FileChange, hunk: &Hunk, before: &[u8], after: &[u8]) -> Vec<Row> {
    if let Some(note) = instead(file) {
        return vec![row_of_note(note)];
    }
    let painted = (Painted::new(file, before), Painted::new(file, after));
    let mut rows = Rows { rows: Vec::new(), ends_shown: ends_differ(hunk, before, after) };
    let (old, new) = (hunk.before, hunk.after);
    if hunk.kind == HunkKind::Lines {
        let from = lines_up(before, old.start, CONTEXT_LINES);
        let above = before.get(from..old.start).unwrap_or_default();
        let count = u32::try_from(above.split_inclusive(newline).count()).unwrap_or(0);
        let first = old.first_line.saturating_sub(count);
        rows.extend(Sign::Same, &painted.0, from..old.start, first);
    }
    let runs = semdiff::hunks(old.of(before), new.of(after));
    let mut at = (old.start, old.first_line);
    for (index, (removed, added)) in runs.iter().enumerate() {
        let (removed, added) = (within(removed, &old), within(added, &new));
        rows.between(&painted.0, at.0..removed.start, at.1, index > 0, true);
        rows.extend(Sign::Removed, &painted.0, removed.bytes(), removed.first_line);
        rows.extend(Sign::Added, &painted.1, added.bytes(), added.first_line);
        at = (removed.end, removed.first_line + removed.lines);
    }
    if !runs.is_empty() {
        rows.between(&painted.0, at.0..old.end, at.1, true, false);
    }
    if hunk.kind == HunkKind::Lines {
        let to = lines_down(before, old.end, CONTEXT_LINES);
        rows.extend(Sign::Same, &painted.0, old.end..to, old.first_line + old.lines);
    }
    let mut rows = rows.rows;
    if rows.is_empty() {
        rows.push(row_of_note("its text stays as it is"));
    }
    if let Some(more) = rows.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
        rows.truncate(ROWS_MAX);
        rows.push(row_of_note(&format!("... {more} more lines")));
    }
    rows
}

/// What is said where there is no text to show.
fn instead(file: &FileChange) -> Option<&'static str> {
    match file.content {
        Content::Text | Content::Symlink => None,
        Content::Binary => Some("not text: it is exchanged as a whole"),
        Content::Huge => Some("larger than the review's limit: it was not examined"),
        Content::Submodule => Some("a submodule"),
        Content::Unreadable => Some("it could not be read"),
    }
}

/// A part's span, as a span of the whole.
fn within(part: &LineSpan, whole: &LineSpan) -> LineSpan {
    LineSpan {
        start: whole.start + part.start,
        end: whole.start + part.end,
        first_line: whole.first_line + part.first_line,
        lines: part.lines,
    }
}

fn newline(byte: &u8) -> bool {
    *byte == b'\n'
}

/// Where the line begins that is `count` lines above the line beginning at `at`.
fn lines_up(text: &[u8], at: usize, count: usize) -> usize {
    let head = text.get(..at.saturating_sub(1)).unwrap_or_default();
    let mut starts = head.iter().enumerate().rev().filter(|(_, byte)| newline(byte));
    starts.nth(count - 1).map_or(0, |(place, _)| place + 1)
}

/// Where `count` lines from `at` end.
fn lines_down(text: &[u8], at: usize, count: usize) -> usize {
    let tail = text.get(at..).unwrap_or_default();
    let mut ends = tail.iter().enumerate().filter(|(_, byte)| newline(byte));
    ends.nth(count - 1).map_or(text.len(), |(place, _)| at + place + 1)
}

/// Whether the line ends are part of what changed, so that they must be seen.
fn ends_differ(hunk: &Hunk, before: &[u8], after: &[u8]) -> bool {
    let (old, new) = (hunk.before.of(before), hunk.after.of(after));
    let crlf = |text: &[u8]| text.split_inclusive(newline).all(|line| line.ends_with(b"\r\n"));
    !old.is_empty() && !new.is_empty() && crlf(old) != crlf(new)
}

fn row_of_note(text: &str) -> Row {
    let line = Visible::new(text.as_bytes());
    Row { sign: Sign::Note, number: None, line, tints: Vec::new() }
}

/// What a class of source text is here; most names are plain.
fn tint(class: HighlightClass) -> Option<Tint> {
    Some(match class {
        HighlightClass::Comment => Tint::Comment,
        HighlightClass::String | HighlightClass::Escape => Tint::Text,
        HighlightClass::Number | HighlightClass::Constant => Tint::Number,
        HighlightClass::Keyword => Tint::Keyword,
        HighlightClass::Function => Tint::Name,
        HighlightClass::Type => Tint::Type,
        HighlightClass::Attribute | HighlightClass::Label => Tint::Mark,
        HighlightClass::Operator
        | HighlightClass::Property
        | HighlightClass::Variable
        | HighlightClass::Parameter
        | HighlightClass::Punctuation => return None,
    })
}

/// A text with what its pieces are.
struct Painted<'t> {
    text: &'t [u8],
    tints: Vec<(Range<usize>, Tint)>,
}

impl<'t> Painted<'t> {
    fn new(file: &FileChange, text: &'t [u8]) -> Self {
        // A text that cannot be read, or is too large to be, is shown without colours.
        let pieces = file.language.and_then(|language| syntax::highlight(language, text).ok());
        let tinted = |(range, class)| Some((range, tint(class)?));
        Self { text, tints: pieces.into_iter().flatten().filter_map(tinted).collect() }
    }

    fn tints(&self, range: &Range<usize>) -> impl Iterator<Item = &(Range<usize>, Tint)> {
        let first = self.tints.partition_point(|(tinted, _)| tinted.end <= range.start);
        let end = range.end;
        self.tints.iter().skip(first).take_while(move |(tinted, _)| tinted.start < end)
    }
}

struct Rows {
    rows: Vec<Row>,
    ends_shown: bool,
}

impl Rows {
    fn extend(&mut self, sign: Sign, side: &Painted<'_>, range: Range<usize>, first_line: u32) {
        let mut start = range.start;
        let text = side.text.get(range).unwrap_or_default();
        for (number, bytes) in (first_line + 1..).zip(text.split_inclusive(newline)) {
            let changed = matches!(sign, Sign::Removed | Sign::Added);
            let shown = self.shown(bytes, changed);
            let line = Visible::new(shown);
            let range = start..start + shown.len();
            let tints = side.tints(&range).map(|(range, tint)| {
                let local = range.start.saturating_sub(start)..(range.end - start).min(shown.len());
                (line.range(&local), *tint)
            });
            let tints = tints.collect();
            self.rows.push(Row { sign, number: Some(number), line, tints });
            if changed && !bytes.ends_with(b"\n") {
                self.rows.push(row_of_note("no newline at the end"));
            }
            start += bytes.len();
        }
    }

    /// The line without its end, unless the end is what changed.
    fn shown<'l>(&self, line: &'l [u8], changed: bool) -> &'l [u8] {
        let Some(line) = line.strip_suffix(b"\n") else { return line };
        if self.ends_shown && changed { line } else { line.strip_suffix(b"\r").unwrap_or(line) }
    }

    /// Unchanged lines of a hunk: those that touch what changed, and a word on how many lie between.
    fn between(
        &mut self,
        side: &Painted<'_>,
        range: Range<usize>,
        first_line: u32,
        touches_above: bool,
        touches_below: bool,
    ) {
        let text = side.text.get(range.clone()).unwrap_or_default();
        let lines = text.split_inclusive(newline).count();
        let head = if touches_above { CONTEXT_LINES } else { 0 };
        let tail = if touches_below { CONTEXT_LINES } else { 0 };
        if lines <= head + tail {
            return self.extend(Sign::Same, side, range, first_line);
        }
        let head_end =
            if head == 0 { range.start } else { lines_down(side.text, range.start, head) };
        let tail_start = if tail == 0 { range.end } else { lines_up(side.text, range.end, tail) };
        let skipped = lines - head - tail;
        self.extend(Sign::Same, side, range.start..head_end, first_line);
        self.rows.push(row_of_note(&format!("... {skipped} lines as they were")));
        let tail_line = first_line + u32::try_from(lines - tail).unwrap_or(0);
        self.extend(Sign::Same, side, tail_start..range.end, tail_line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::fixture;

    fn check(before: &str, after: &str, hunk: usize, expected: expect_test::Expect) {
        let file = fixture::file("f.rs", Some(before), Some(after), 1);
        let hunk = &file.hunks[hunk];
        let shown = rows(&file, hunk, before.as_bytes(), after.as_bytes());
        let text = shown.iter().map(|row| {
            let sign = match row.sign {
                Sign::Same => ' ',
                Sign::Removed => '-',
                Sign::Added => '+',
                Sign::Note => '~',
            };
            let number = row.number.map(|number| number.to_string()).unwrap_or_default();
            format!("|{number:>3}{sign}{}\n", row.line.text)
        });
        expected.assert_eq(&text.collect::<String>());
    }

    #[test]
    fn a_hunk_has_its_lines_numbered_and_three_around_it() {
        let before: String = (1..=12).map(|n| format!("{n}\n")).collect();
        let after = before.replace("5\n", "five\nand\n").replace("11\n", "eleven\n");
        check(
            &before,
            &after,
            0,
            expect_test::expect![[r#"
                |  2 2
                |  3 3
                |  4 4
                |  5-5
                |  5+five
                |  6+and
                |  6 6
                |  7 7
                |  8 8
            "#]],
        );
        check(
            &before,
            &after,
            1,
            expect_test::expect![[r#"
                |  8 8
                |  9 9
                | 10 10
                | 11-11
                | 12+eleven
                | 12 12
            "#]],
        );
    }

    #[test]
    fn ends_of_lines_and_of_files_are_shown_where_they_change() {
        check(
            "a\r\nb\r\n",
            "a\r\nb\n",
            0,
            expect_test::expect![[r#"
                |  1 a
                |  2-b\u{d}
                |  2+b
            "#]],
        );
        check(
            "a\nb\n",
            "a\nc",
            0,
            expect_test::expect![[r#"
                |  1 a
                |  2-b
                |  2+c
                |   ~no newline at the end
            "#]],
        );
    }

    #[test]
    fn pieces_of_source_are_told_apart_on_both_sides() {
        let file =
            fixture::file("src/queue.rs", Some(fixture::QUEUE), Some(fixture::QUEUE_AFTER), 1);
        let (before, after) = (fixture::QUEUE.as_bytes(), fixture::QUEUE_AFTER.as_bytes());
        let shown = rows(&file, &file.hunks[0], before, after);
        let tints = |text: &str| {
            let row = shown.iter().find(|row| row.line.text.contains(text)).unwrap();
            let piece = |(range, tint): &(Range<usize>, Tint)| {
                format!("{} {tint:?}", &row.line.text[range.clone()])
            };
            row.tints.iter().map(piece).collect::<Vec<_>>()
        };
        assert!(tints("///")[0].ends_with("Comment"));
        assert!(tints("pub fn").contains(&"pub Keyword".to_owned()), "{:?}", tints("pub fn"));
        assert_eq!(tints("len()"), ["len Name", "0 Number"]);
        assert_eq!(tints("is_empty()"), ["is_empty Name"]);
    }

    #[test]
    fn a_whole_file_shows_what_changed_in_it() {
        let before: String = (0..20).map(|n| format!("{n}\n")).collect();
        let after = before.replace("3\n", "three\n").replace("17\n", "").replace("1three", "13");
        let mut file = fixture::file("f", Some(&before), Some(&after), 1);
        file.hunks = vec![fixture::whole(&before, &after)];
        let shown = rows(&file, &file.hunks[0], before.as_bytes(), after.as_bytes());
        let numbers: Vec<_> = shown.iter().filter_map(|row| row.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 4, 5, 6, 7, 15, 16, 17, 18, 19, 20]);
        let notes: Vec<_> = shown.iter().filter(|row| row.sign == Sign::Note).collect();
        assert_eq!(notes[0].line.text, "... 7 lines as they were");
    }
}
