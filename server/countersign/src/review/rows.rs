//! A hunk as rows: what was, what would be, and a few lines around it.

use std::ops::Range;

use model::{Content, FileChange, Hunk, HunkKind};
use semdiff::{Frame, RowEnd, RowKind};

use syntax::HighlightClass;

use super::visible::Visible;

/// Lines of unchanged text around a hunk, and its rows at the most; the rest is counted.
const FRAME: Frame = Frame { context_lines: 3, rows_max: 20_000 };

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
    /// What of the line changed, where it was changed rather than replaced.
    pub emphasis: Vec<Range<usize>>,
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
    let layout = match hunk.kind {
        HunkKind::Lines => semdiff::layout_hunk(before, after, &hunk.before, &hunk.after, FRAME),
        HunkKind::Whole => semdiff::layout(before, after, FRAME),
    };
    let (old, new) = (Painted::new(file, before), Painted::new(file, after));
    let mut rows = Vec::new();
    for row in &layout.rows {
        let (sign, side, number) = match row.kind {
            RowKind::Context => (Sign::Same, &old, row.old_line),
            RowKind::Removed => (Sign::Removed, &old, row.old_line),
            RowKind::Added => (Sign::Added, &new, row.new_line),
            RowKind::Gap { lines } => {
                rows.push(row_of_note(&format!("... {lines} lines as they were")));
                continue;
            }
        };
        rows.push(side.row(sign, number.map(|number| number + 1), row));
        if row.end == RowEnd::None && sign != Sign::Same {
            rows.push(row_of_note("no newline at the end"));
        }
    }
    if rows.is_empty() {
        rows.push(row_of_note("its text stays as it is"));
    }
    if layout.left_out > 0 {
        rows.push(row_of_note(&format!("... {} more lines", layout.left_out)));
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

fn row_of_note(text: &str) -> Row {
    let line = Visible::new(text.as_bytes());
    Row { sign: Sign::Note, number: None, line, tints: Vec::new(), emphasis: Vec::new() }
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

    fn row(&self, sign: Sign, number: Option<u32>, row: &semdiff::Row) -> Row {
        let mut range = row.range.clone();
        if row.end == RowEnd::CrLf && row.end_matters {
            // The carriage return is a part of what changed, so it is shown.
            range.end += 1;
        }
        let line = Visible::new(self.text.get(range.clone()).unwrap_or_default());
        let local = |piece: &Range<usize>| {
            let within = piece.start.max(range.start)..piece.end.min(range.end);
            line.range(&(within.start - range.start..within.end - range.start))
        };
        let first = self.tints.partition_point(|(tinted, _)| tinted.end <= range.start);
        let tints = self.tints.iter().skip(first);
        let tints = tints.take_while(|(tinted, _)| tinted.start < range.end);
        let tints = tints.map(|(tinted, tint)| (local(tinted), *tint)).collect();
        let emphasis = row.emphasis.iter().map(local).collect();
        Row { sign, number, line, tints, emphasis }
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
        let changed = shown.iter().find(|row| row.sign == Sign::Added).unwrap();
        let emphasis = changed.emphasis.iter().map(|range| &changed.line.text[range.clone()]);
        assert_eq!(emphasis.collect::<Vec<_>>(), ["is_empty"]);
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
