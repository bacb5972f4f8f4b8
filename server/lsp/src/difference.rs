//! Two texts as the lines of a difference, for a fenced block: what changed, with a little around it.

use crate::prose;

/// Texts above this, both together, are not compared.
const BYTES_MAX: usize = 1 << 20;
/// How many unchanged lines are shown on each side of a changed place.
const CONTEXT_LINES: usize = 2;
const LINE_CHARS_MAX: usize = 200;
const NO_LINE_FEED: &str = "\\ No newline at end of file\n";

/// The lines, each with its sign in front and a line feed behind; where lines are left out, ` …`. None when
/// the texts are equal or too large.
///
/// # Cost
/// One line difference of texts of at most 1 MiB.
pub(crate) fn lines(before: &[u8], after: &[u8]) -> Vec<String> {
    if before.len() + after.len() > BYTES_MAX {
        return Vec::new();
    }
    let hunks = semdiff::hunks(before, after);
    let ends = hunks.iter().skip(1).map(|(old, _)| old.start).chain([before.len()]);
    let mut out = Vec::new();
    for (number, ((old, new), next)) in hunks.iter().zip(ends).enumerate() {
        if number == 0 {
            let around = split(before.get(..old.start).unwrap_or_default());
            let left = around.len().saturating_sub(CONTEXT_LINES);
            out.extend((left > 0).then(left_out));
            out.extend(around.iter().skip(left).map(|line| shown(' ', line, false)));
        }
        changed(&mut out, old.of(before), new.of(after));
        let around = split(before.get(old.end..next).unwrap_or_default());
        let last = number + 1 == hunks.len();
        let wanted = if last { CONTEXT_LINES } else { 2 * CONTEXT_LINES };
        if around.len() <= wanted {
            out.extend(around.iter().map(|line| shown(' ', line, false)));
        } else {
            let context = |line: &String| shown(' ', line, false);
            out.extend(around.iter().take(CONTEXT_LINES).map(context));
            out.push(left_out());
            let rest = if last { around.len() } else { around.len() - CONTEXT_LINES };
            out.extend(around.iter().skip(rest).map(context));
        }
    }
    out
}

/// One changed place. How lines end is shown where the two sides end them differently.
fn changed(out: &mut Vec<String>, old: &[u8], new: &[u8]) {
    let (old, new) = (split(old), split(new));
    let both = !old.is_empty() && !new.is_empty();
    let returns = |lines: &[String]| lines.iter().any(|line| line.ends_with("\r\n"));
    let same = || old.iter().map(|line| bare(line)).eq(new.iter().map(|line| bare(line)));
    let show_returns = both && (returns(&old) != returns(&new) || same());
    let fed = |lines: &[String]| lines.last().is_some_and(|line| line.ends_with('\n'));
    let show_feed = both && fed(&old) != fed(&new);
    for (sign, lines) in [('-', &old), ('+', &new)] {
        out.extend(lines.iter().map(|line| shown(sign, line, show_returns)));
        if show_feed && !fed(lines) {
            out.push(NO_LINE_FEED.to_owned());
        }
    }
}

fn split(text: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(text).split_inclusive('\n').map(str::to_owned).collect()
}

/// A line without its end.
fn bare(line: &str) -> &str {
    let bare = line.strip_suffix('\n').unwrap_or(line);
    if bare.len() < line.len() { bare.strip_suffix('\r').unwrap_or(bare) } else { bare }
}

fn shown(sign: char, line: &str, returns: bool) -> String {
    let line = if returns { line.strip_suffix('\n').unwrap_or(line) } else { bare(line) };
    let line = prose::visible(line);
    let cut: String = line.chars().take(LINE_CHARS_MAX).collect();
    let more = if cut.len() < line.len() { "…" } else { "" };
    format!("{sign}{cut}{more}\n")
}

fn left_out() -> String {
    " …\n".to_owned()
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
