//! Two texts to line hunks: histogram diff, with each hunk slid to where a person would draw it.
//!
//! Knows nothing of languages. What the diff library answers is checked before it is believed: every line
//! outside the hunks must be the same on both sides.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, Token};
use model::LineSpan;

use crate::align::{STEPS_MAX, distance};
use crate::text::{Text, narrow};

/// How many lines both sides together may have between their common start and end to be compared line by
/// line, whatever they are. Longer texts are if few lines changed: of 100,000 lines, about 80.
pub const DIFF_LINES_MAX: usize = 50_000;

/// The difference of two texts in hunks of whole lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDiff {
    /// What each hunk replaces in the text before, and what it puts there from the text after. In order, at
    /// least one unchanged line between two of them.
    pub hunks: Vec<(LineSpan, LineSpan)>,
    /// How closely the hunks follow the change.
    pub precision: Precision,
}

/// How closely hunks follow a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Compared line by line.
    Lines,
    /// Too long and too different: one hunk between the common start and the common end.
    Coarse,
}

/// The hunks that turn `before` into `after`; none when they are equal.
///
/// The same as [`diff_lines`] for callers that do not tell a coarse answer from a close one.
pub fn hunks(before: &[u8], after: &[u8]) -> Vec<(LineSpan, LineSpan)> {
    diff_lines(before, after).hunks
}

/// The line difference of two texts. The same input gives the same hunks.
///
/// # Cost
/// About linear in the lines for ordinary changes. The worst, every second line changed, is lines times
/// changes; measured at
/// [`DIFF_LINES_MAX`]: 0.6 s.
pub fn diff_lines(before: &[u8], after: &[u8]) -> LineDiff {
    let (before, after) = (Text::new(before), Text::new(after));
    let (rows, precision) = diff_rows(&before, &after);
    let hunks = rows.iter().map(|(old, new)| (before.span(old), after.span(new))).collect();
    LineDiff { hunks, precision }
}

/// How many lines hunks add and remove, in this order.
pub fn line_counts(hunks: &[(LineSpan, LineSpan)]) -> (u32, u32) {
    hunks.iter().fold((0, 0), |(added, removed), (before, after)| {
        (after.lines.saturating_add(added), before.lines.saturating_add(removed))
    })
}

/// The hunks that turn the text after back into the text before.
pub fn inverse(hunks: &[(LineSpan, LineSpan)]) -> Vec<(LineSpan, LineSpan)> {
    hunks.iter().map(|&(before, after)| (after, before)).collect()
}

pub(crate) type Rows = (Range<usize>, Range<usize>);

/// Hunks as line ranges.
pub(crate) fn diff_rows(before: &Text<'_>, after: &Text<'_>) -> (Vec<Rows>, Precision) {
    let Some((old, new)) = between_common_ends(before, after) else {
        return (Vec::new(), Precision::Lines);
    };
    let any_change = old.len() + new.len() <= DIFF_LINES_MAX;
    match histogram(before, after, any_change) {
        Some(rows) => (rows, Precision::Lines),
        None => (vec![(old, new)], Precision::Coarse),
    }
}

/// What lies between the common first lines and the common last lines; `None` when the texts are equal.
fn between_common_ends(before: &Text<'_>, after: &Text<'_>) -> Option<Rows> {
    if before.bytes() == after.bytes() {
        return None;
    }
    let shorter = before.lines().min(after.lines());
    let same = |old: usize, new: usize| before.of(&(old..old + 1)) == after.of(&(new..new + 1));
    let head = (0..shorter).take_while(|&line| same(line, line)).count();
    let tail = (1..=shorter - head)
        .take_while(|&back| same(before.lines() - back, after.lines() - back))
        .count();
    Some((head..before.lines() - tail, head..after.lines() - tail))
}

/// The library's hunks, or `None` if they do not hold, or if they would take long and that is not wanted.
fn histogram(before: &Text<'_>, after: &Text<'_>, any_change: bool) -> Option<Vec<Rows>> {
    let mut input: InternedInput<&[u8]> = InternedInput::default();
    input.reserve(narrow(before.lines()), narrow(after.lines()));
    input.update_before(before.iter());
    input.update_after(after.iter());
    if !any_change {
        let numbers = |tokens: &[Token]| tokens.iter().map(|token| token.0).collect::<Vec<_>>();
        distance(&numbers(&input.before), &numbers(&input.after), STEPS_MAX)?;
    }
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let rows: Vec<Rows> = diff
        .hunks()
        .map(|hunk| {
            let wide = |rows: Range<u32>| rows.start as usize..rows.end as usize;
            (wide(hunk.before), wide(hunk.after))
        })
        .collect();
    holds(&rows, &input.before, &input.after).then_some(rows)
}

/// Whether the lines outside the hunks are the same on both sides, and at least one lies between two hunks.
fn holds<T: PartialEq>(rows: &[Rows], before: &[T], after: &[T]) -> bool {
    let (mut old, mut new) = (0, 0);
    for (nth, (removed, added)) in rows.iter().enumerate() {
        let kept = before.get(old..removed.start);
        if kept.is_none() || kept != after.get(new..added.start) {
            return false;
        }
        if nth > 0 && old == removed.start {
            return false;
        }
        (old, new) = (removed.end, added.end);
    }
    let rest = before.get(old..);
    rest.is_some() && rest == after.get(new..)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(before: &str, after: &str, expected: &Expect) {
        let mut drawn = String::new();
        for (old, new) in hunks(before.as_bytes(), after.as_bytes()) {
            drawn +=
                &format!("@ {}+{} {}+{}\n", old.first_line, old.lines, new.first_line, new.lines);
            for (sign, span, text) in [('-', old, before), ('+', new, after)] {
                for line in text[span.bytes()].split_inclusive('\n') {
                    drawn += &format!("{sign}{line:?}\n");
                }
            }
        }
        expected.assert_eq(&drawn);
    }

    #[test]
    fn equal_texts_have_no_hunks() {
        check("a\n", "a\n", &expect![""]);
        check("", "", &expect![""]);
    }

    #[test]
    fn a_file_filled_or_emptied_is_one_hunk() {
        check(
            "",
            "a\nb",
            &expect![[r#"
            @ 0+0 0+2
            +"a\n"
            +"b"
        "#]],
        );
        check(
            "a\n",
            "",
            &expect![[r#"
            @ 0+1 0+0
            -"a\n"
        "#]],
        );
    }

    #[test]
    fn a_missing_final_newline_is_a_change_of_the_last_line() {
        check(
            "a\nb",
            "a\nb\n",
            &expect![[r#"
            @ 1+1 1+1
            -"b"
            +"b\n"
        "#]],
        );
    }

    #[test]
    fn a_changed_line_ending_is_a_changed_line() {
        check(
            "a\r\nb\r\n",
            "a\r\nb\n",
            &expect![[r#"
            @ 1+1 1+1
            -"b\r\n"
            +"b\n"
        "#]],
        );
    }

    #[test]
    fn a_new_function_is_drawn_whole() {
        let before = "fn a() {\n    x();\n}\n\nfn c() {\n    x();\n}\n";
        let after = "fn a() {\n    x();\n}\n\nfn b() {\n    x();\n}\n\nfn c() {\n    x();\n}\n";
        check(
            before,
            after,
            &expect![[r#"
            @ 4+0 4+4
            +"fn b() {\n"
            +"    x();\n"
            +"}\n"
            +"\n"
        "#]],
        );
    }

    #[test]
    fn a_removed_paragraph_takes_the_blank_line_behind_it() {
        check(
            "0\na\n\nfoo\n\nb\n",
            "1\na\n\nb\n",
            &expect![[r#"
            @ 0+1 0+1
            -"0\n"
            +"1\n"
            @ 3+2 3+0
            -"foo\n"
            -"\n"
        "#]],
        );
        check(
            "if a {\n    x\n}\nif b {\n    x\n}\nend\n",
            "if a {\n    x\n}\nend\n",
            &expect![[r#"
            @ 3+3 3+0
            -"if b {\n"
            -"    x\n"
            -"}\n"
        "#]],
        );
    }

    #[test]
    fn hunks_one_line_apart_stay_apart() {
        check(
            "a\nb\nc\n",
            "x\nb\ny\n",
            &expect![[r#"
            @ 0+1 0+1
            -"a\n"
            +"x\n"
            @ 2+1 2+1
            -"c\n"
            +"y\n"
        "#]],
        );
    }

    #[test]
    fn a_long_text_all_changed_is_one_hunk_between_the_common_ends() {
        let many = |tag: &str| -> String {
            let body: Vec<_> =
                (0..=DIFF_LINES_MAX / 2).map(|line| format!("{tag} {line}\n")).collect();
            format!("head\n{}tail\n", body.concat())
        };
        let (before, after) = (many("a"), many("b"));
        let diff = diff_lines(before.as_bytes(), after.as_bytes());
        assert_eq!(diff.precision, Precision::Coarse);
        let [(old, new)] = diff.hunks.as_slice() else {
            panic!("one hunk, not {}", diff.hunks.len())
        };
        assert_eq!((old.start, old.end), (5, before.len() - 5));
        assert_eq!((new.start, new.end), (5, after.len() - 5));
        assert_eq!(old.lines as usize, DIFF_LINES_MAX / 2 + 1);
    }

    #[test]
    fn a_long_text_with_few_changes_is_compared_line_by_line() {
        let before: String = (0..DIFF_LINES_MAX).map(|line| format!("{line}\n")).collect();
        let after = before.replacen("1\n", "one\n", 1).replace("\n49998\n", "\n");
        let diff = diff_lines(before.as_bytes(), after.as_bytes());
        assert_eq!((diff.precision, diff.hunks.len()), (Precision::Lines, 2));
    }

    #[test]
    fn an_answer_that_loses_a_line_is_not_believed() {
        let row = |old: Range<usize>, new: Range<usize>| vec![(old, new)];
        assert!(holds(&row(1..2, 1..1), &[1, 2, 3], &[1, 3]));
        assert!(!holds(&row(1..2, 1..1), &[1, 2, 3], &[1, 2]));
        assert!(!holds(&row(1..9, 1..1), &[1, 2, 3], &[1]));
        assert!(!holds(&[(0..1, 0..1), (1..2, 1..2)], &[1, 2], &[3, 4]));
    }

    #[test]
    fn counts_are_added_then_removed() {
        assert_eq!(line_counts(&hunks(b"a\nb\nc\n", b"a\nx\n")), (1, 2));
    }
}
