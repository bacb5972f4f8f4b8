//! A hunk as a unified diff.

use model::{Content, FileChange, Hunk, HunkKind};

use super::change::kind_word;
use super::style::{CYAN, DIM, GREEN, RED, RESET, safe};

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
    let (old, new) = (hunk.before.of(before), hunk.after.of(after));
    // Line ends are shown where they are what changed.
    let ends = |text: &[u8]| text.split_inclusive(|b| *b == b'\n').all(|l| l.ends_with(b"\r\n"));
    let line =
        if ends(old) == ends(new) || old.is_empty() || new.is_empty() { plain } else { exact };
    let runs = semdiff::hunks(old, new);
    let mut shown = Vec::new();
    if hunk.kind == HunkKind::Lines {
        let above = split(before.get(..hunk.before.start).unwrap_or_default());
        let from = above.len().saturating_sub(CONTEXT_LINES);
        shown.extend(above.get(from..).unwrap_or_default().iter().map(|text| line(' ', text)));
    }
    let mut at = 0;
    for (index, (removed, added)) in runs.iter().enumerate() {
        let between = old.get(at..removed.start).unwrap_or_default();
        shown.extend(unchanged(&split(between), index > 0, true));
        shown.extend(split(removed.of(old)).iter().map(|text| line('-', text)));
        shown.extend(split(added.of(new)).iter().map(|text| line('+', text)));
        at = removed.end;
    }
    if !runs.is_empty() {
        shown.extend(unchanged(&split(old.get(at..).unwrap_or_default()), true, false));
    }
    if hunk.kind == HunkKind::Lines {
        let below = split(before.get(hunk.before.end..).unwrap_or_default());
        shown.extend(below.iter().take(CONTEXT_LINES).map(|text| line(' ', text)));
    }
    shown
}

/// Unchanged lines next to changed ones: those that touch, and a word on how many lie between.
fn unchanged(lines: &[&[u8]], touches_above: bool, touches_below: bool) -> Vec<DiffLine> {
    let head = if touches_above { CONTEXT_LINES } else { 0 };
    let tail = if touches_below { CONTEXT_LINES } else { 0 };
    if lines.len() <= head + tail {
        return lines.iter().map(|text| plain(' ', text)).collect();
    }
    let (first, rest) = lines.split_at_checked(head).unwrap_or((lines, &[]));
    let (skipped, last) = rest.split_at_checked(rest.len() - tail).unwrap_or((rest, &[]));
    let gap = DiffLine { sign: ' ', text: format!("... {} lines as they were", skipped.len()) };
    let context = |text: &&[u8]| plain(' ', text);
    first.iter().map(context).chain([gap]).chain(last.iter().map(context)).collect()
}

/// A line without its end; only a missing one is said.
fn plain(sign: char, bytes: &[u8]) -> DiffLine {
    let shown = exact(sign, bytes);
    let text = shown.text.strip_suffix("\\u{d}").map(str::to_owned).unwrap_or(shown.text);
    DiffLine { sign, text }
}

/// A line with a carriage return shown.
fn exact(sign: char, bytes: &[u8]) -> DiffLine {
    let (bytes, end) = match bytes.strip_suffix(b"\n") {
        Some(bytes) => (bytes, ""),
        None if sign == ' ' => (bytes, ""),
        None => (bytes, "  (no newline at the end)"),
    };
    DiffLine { sign, text: safe(&String::from_utf8_lossy(bytes)) + end }
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
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

/// The heading of a hunk.
pub fn heading(file: &FileChange, hunk: &Hunk, state: Option<&str>) -> String {
    let place = match hunk.kind {
        HunkKind::Lines => format!("line {}", hunk.before.first_line + 1),
        HunkKind::Whole => match &file.old_path {
            Some(old) => format!("{} from {old}", kind_word(file.change)),
            None => format!("{}, whole file", kind_word(file.change)),
        },
    };
    let entity = hunk.entity.as_ref().map(|e| format!(" · in {}", safe(e))).unwrap_or_default();
    let state = state.map(|state| format!(" · {state}")).unwrap_or_default();
    format!("  {CYAN}hunk {} · {} {place}{entity}{state}{RESET}\n", hunk.ordinal, file.path)
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
