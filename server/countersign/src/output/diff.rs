//! A hunk as a unified diff.

use model::{ChangeSet, Content, FileChange, Hunk, HunkKind};
use semdiff::{Frame, Row, RowEnd, RowKind};

use super::change::kind_word;
use super::style::{CYAN, DIM, GREEN, RED, RESET, YELLOW, safe};

/// Lines of unchanged text shown around a hunk.
const CONTEXT_LINES: usize = 3;
/// Lines of one hunk shown at the most; the rest is counted.
const SHOWN_LINES: usize = 200;

/// One line of a shown hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// ` `, `-` or `+`.
    pub sign: char,
    /// The line without its newline, made safe.
    pub text: String,
}

/// The lines of `hunk` with their surroundings, from both sides' texts. Empty where the content is not text, or
/// where the file only moved.
pub fn lines(file: &FileChange, hunk: &Hunk, before: &[u8], after: &[u8]) -> Vec<DiffLine> {
    if file.content != Content::Text {
        return Vec::new();
    }
    let frame = Frame { context_lines: CONTEXT_LINES, rows_max: usize::MAX };
    let layout = match hunk.kind {
        HunkKind::Lines => semdiff::layout_hunk(before, after, &hunk.before, &hunk.after, frame),
        HunkKind::Whole => semdiff::layout(before, after, frame),
    };
    layout.rows.iter().map(|row| line(row, before, after)).collect()
}

/// A row. Of how a line ends, a missing end of a changed line is always said.
fn line(row: &Row, before: &[u8], after: &[u8]) -> DiffLine {
    let (sign, text) = match row.kind {
        RowKind::Context => (' ', before),
        RowKind::Removed => ('-', before),
        RowKind::Added => ('+', after),
        RowKind::Gap { lines } => {
            return DiffLine { sign: ' ', text: format!("... {lines} lines as they were") };
        }
    };
    let mut bytes = text.get(row.range.clone()).unwrap_or_default().to_vec();
    if row.end == RowEnd::CrLf && row.end_matters {
        bytes.push(b'\r');
    }
    let unfed = row.end == RowEnd::None && sign != ' ';
    let end = if unfed { "  (no newline at the end)" } else { "" };
    DiffLine { sign, text: safe(&String::from_utf8_lossy(&bytes)) + end }
}

/// The lines, coloured, each indented by two.
pub fn human(lines: &[DiffLine]) -> String {
    let mut out = String::new();
    for DiffLine { sign, text } in lines.iter().take(SHOWN_LINES) {
        let style = match sign {
            '-' => RED,
            '+' => GREEN,
            _ => DIM,
        };
        out.push_str(&format!("  {style}{sign}{text}{RESET}\n"));
    }
    if let Some(more) = lines.len().checked_sub(SHOWN_LINES).filter(|more| *more > 0) {
        out.push_str(&format!("  {DIM}... {more} more lines{RESET}\n"));
    }
    out
}

/// The heading of a hunk, and a line more where it is not the agent's alone.
pub fn heading(
    changeset: &ChangeSet,
    file: &FileChange,
    hunk: &Hunk,
    state: Option<&str>,
) -> String {
    let place = match hunk.kind {
        HunkKind::Lines => format!("line {}", hunk.before.first_line + 1),
        HunkKind::Whole => match &file.old_path {
            Some(old) => format!("{} from {old}", kind_word(file.change)),
            None => format!("{}, whole file", kind_word(file.change)),
        },
    };
    let entity = hunk.entity.as_ref().map(|e| format!(" · in {}", safe(e))).unwrap_or_default();
    let state = state.map(|state| format!(" · {state}")).unwrap_or_default();
    let mixed = if changeset.is_mixed(hunk.ordinal) {
        format!("  {YELLOW}holds your own edits too: rejecting it takes them out as well{RESET}\n")
    } else {
        String::new()
    };
    let number = hunk.ordinal;
    format!("  {CYAN}hunk {number} · {} {place}{entity}{state}{RESET}\n{mixed}", file.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ChangeKind, LineSpan};

    fn check(kind: HunkKind, before: &str, after: &str, expected: expect_test::Expect) {
        let span = |text: &str| LineSpan {
            start: 0,
            end: text.len(),
            first_line: 0,
            lines: u32::try_from(text.lines().count()).unwrap(),
        };
        let file = FileChange {
            path: "f".parse().unwrap(),
            old_path: None,
            change: ChangeKind::Modified,
            content: Content::Text,
            language: None,
            generated: false,
            before: None,
            after: None,
            hunks: Vec::new(),
        };
        let hunk =
            Hunk { ordinal: 1, kind, before: span(before), after: span(after), entity: None };
        let shown = lines(&file, &hunk, before.as_bytes(), after.as_bytes());
        let text = shown.iter().map(|line| format!("{}{}\n", line.sign, line.text));
        expected.assert_eq(&text.collect::<String>());
    }

    #[test]
    fn a_file_that_only_moved_shows_nothing() {
        check(HunkKind::Whole, "a\nb\n", "a\nb\n", expect_test::expect![""]);
    }

    #[test]
    fn line_ends_are_shown_where_they_change() {
        check(
            HunkKind::Whole,
            "a\r\n",
            "b\r\n",
            expect_test::expect![[r#"
            -a
            +b
        "#]],
        );
        check(
            HunkKind::Whole,
            "a\n",
            "a\r\n",
            expect_test::expect![[r#"
            -a
            +a\u{d}
        "#]],
        );
        check(
            HunkKind::Whole,
            "a\n",
            "a",
            expect_test::expect![[r#"
            -a
            +a  (no newline at the end)
        "#]],
        );
    }

    #[test]
    fn a_whole_file_shows_what_changed_in_it() {
        let before: String = (0..20).map(|n| format!("{n}\n")).collect();
        let after = before.replace("3\n", "three\n").replace("17\n", "").replace("1three", "13");
        check(
            HunkKind::Whole,
            &before,
            &after,
            expect_test::expect![[r#"
             0
             1
             2
            -3
            +three
             4
             5
             6
             ... 7 lines as they were
             14
             15
             16
            -17
             18
             19
        "#]],
        );
        check(
            HunkKind::Whole,
            "",
            "a\n\x1b[2J\r\n",
            expect_test::expect![[r#"
            +a
            +\u{1b}[2J
        "#]],
        );
    }
}
