//! Two texts as the lines of a difference, for a fenced block: what changed, with a little around it.

use semdiff::{Frame, RowEnd, RowKind};

use crate::prose;

/// Texts above this, both together, are not compared.
const BYTES_MAX: usize = 1 << 20;
/// How many unchanged lines are shown on each side of a changed place.
const CONTEXT_LINES: usize = 2;
const LINE_CHARS_MAX: usize = 200;
const NO_LINE_FEED: &str = "\\ No newline at end of file\n";
const LEFT_OUT: &str = " …\n";

/// The lines, each with its sign in front and a line feed behind; where lines are left out, ` …`. None when
/// the texts are equal or too large.
///
/// # Cost
/// One line difference of texts of at most 1 MiB.
pub(crate) fn lines(before: &[u8], after: &[u8]) -> Vec<String> {
    if before.len() + after.len() > BYTES_MAX {
        return Vec::new();
    }
    let frame = Frame { context_lines: CONTEXT_LINES, rows_max: usize::MAX };
    let layout = semdiff::layout(before, after, frame);
    let mut out = Vec::new();
    for row in &layout.rows {
        let (sign, text) = match row.kind {
            RowKind::Gap { .. } => {
                out.push(LEFT_OUT.to_owned());
                continue;
            }
            RowKind::Context => (' ', before),
            RowKind::Removed => ('-', before),
            RowKind::Added => ('+', after),
        };
        let shows = |end: RowEnd| row.end_matters && row.end == end;
        out.push(shown(sign, text.get(row.range.clone()).unwrap_or_default(), shows(RowEnd::CrLf)));
        if shows(RowEnd::None) {
            out.push(NO_LINE_FEED.to_owned());
        }
    }
    out
}

fn shown(sign: char, line: &[u8], returns: bool) -> String {
    let mut line = String::from_utf8_lossy(line).into_owned();
    if returns {
        line.push('\r');
    }
    let line = prose::visible(&line);
    let cut: String = line.chars().take(LINE_CHARS_MAX).collect();
    let more = if cut.len() < line.len() { "…" } else { "" };
    format!("{sign}{cut}{more}\n")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(before: &str, after: &str, expected: Expect) {
        expected.assert_eq(&lines(before.as_bytes(), after.as_bytes()).concat());
    }

    #[test]
    fn only_what_changed_is_signed() {
        check(
            "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n",
            "a\nb\nc\nD\ne\nf\nG\nh\ni\nj\nk\nL\n",
            expect![[r#"
                 …
                 b
                 c
                -d
                +D
                 e
                 f
                -g
                +G
                 h
                 i
                 j
                 k
                -l
                +L
            "#]],
        );
        check(
            "a\n1\n2\n3\n4\n5\nb\n6\n7\n8\n",
            "A\n1\n2\n3\n4\n5\nB\n6\n7\n8\n",
            expect![[r#"
                -a
                +A
                 1
                 2
                 …
                 4
                 5
                -b
                +B
                 6
                 7
                 …
            "#]],
        );
        check("a\n", "a\n", expect![""]);
    }

    #[test]
    fn how_lines_end_is_shown_where_it_differs() {
        check(
            "a\r\nb\r\n",
            "a\nb\r\n",
            expect![[r#"
            -a<U+000D>
            +a
             b
        "#]],
        );
        check(
            "a\r\nb\r\n",
            "a\r\nc\r\n",
            expect![[r#"
             a
            -b
            +c
        "#]],
        );
        check(
            "a\nb",
            "a\nb\n",
            expect![[r#"
             a
            -b
            \ No newline at end of file
            +b
        "#]],
        );
        check(
            "a",
            "b",
            expect![[r#"
            -a
            +b
        "#]],
        );
    }
}
