//! Cases of anchoring that a person would argue about, with the answer.

use expect_test::{Expect, expect};

use super::*;
use crate::hunks;

mod landed;
mod merging;
mod repeats;

/// Anchors the hunks from `base` to `proposal` in `current`; places are lines counted from 1.
fn check(base: &str, proposal: &str, current: &str, expected: &Expect) {
    let hunks = hunks(base.as_bytes(), proposal.as_bytes());
    let stated: Vec<_> =
        hunks.iter().map(|(before, after)| (*before, after.of(proposal.as_bytes()))).collect();
    let lines = |range: &Range<usize>| {
        let first = current[..range.start].matches('\n').count() + 1;
        format!("{first}+{}", current[range.clone()].split_inclusive('\n').count())
    };
    let answers: Vec<String> = anchor_all(base.as_bytes(), &stated, current.as_bytes())
        .iter()
        .map(|anchor| match anchor {
            Anchor::Unchanged(range) => format!("unchanged {}\n", lines(range)),
            Anchor::Shifted(range, down) => format!("shifted {down:+} to {}\n", lines(range)),
            Anchor::Merged(range, down) => format!("merged {down:+} to {}\n", lines(range)),
            Anchor::AlreadyThere(range) => format!("already there {}\n", lines(range)),
            Anchor::Conflict(reason) => format!("conflict: {reason}\n"),
        })
        .collect();
    expected.assert_eq(&answers.concat());
}

#[test]
fn an_untouched_file() {
    check("a\nb\nc\n", "a\nB\nc\n", "a\nb\nc\n", &expect![["unchanged 2+1\n"]]);
}

#[test]
fn edits_below_leave_it_and_edits_above_shift_it() {
    let (base, proposal) = ("a\nb\nc\nd\ne\nf\n", "a\nB\nc\nd\ne\nf\n");
    check(base, proposal, "a\nb\nc\nd\ne\nf\nnew\n", &expect![["unchanged 2+1\n"]]);
    check(base, proposal, "a\nb\nc\nnew\nd\ne\nf\n", &expect![["shifted +0 to 2+1\n"]]);
    check(base, proposal, "new\nnew\na\nb\nc\nd\ne\nf\n", &expect![["shifted +2 to 4+1\n"]]);
}

#[test]
fn a_change_of_its_text_is_a_conflict() {
    let (base, proposal) = ("a\nb\nc\nd\n", "a\nB\nc\nd\n");
    check(
        base,
        proposal,
        "a\nmine\nc\nd\n",
        &expect![["conflict: the text it replaces was changed\n"]],
    );
    check(base, proposal, "a\nc\nd\n", &expect![["conflict: the text it replaces was changed\n"]]);
}

#[test]
fn an_insertion_where_something_was_inserted_has_no_place() {
    let base = "f {\n}\n\ng {\n}\n";
    let proposal = "f {\n}\n\nnew {\n}\n\ng {\n}\n";
    check(
        base,
        proposal,
        "f {\n}\n\nmine {\n}\n\ng {\n}\n",
        &expect![[r#"
        conflict: line 7 looks like its place, but may be another copy of the text
    "#]],
    );
}

#[test]
fn a_new_function_below_does_not_unsettle_the_one_above() {
    let base = "f {\n  old\n}\n\ng {\n  x\n}\n";
    let proposal = "f {\n  new\n}\n\ng {\n  x\n}\n";
    check(
        base,
        proposal,
        "f {\n  old\n}\n\nh {\n  y\n}\n\ng {\n  x\n}\n",
        &expect![["shifted +0 to 2+1\n"]],
    );
}

#[test]
fn a_moved_block_is_not_followed() {
    let (base, proposal) = ("a\nold\nb\n1\n2\n3\n4\n", "a\nnew\nb\n1\n2\n3\n4\n");
    check(
        base,
        proposal,
        "1\n2\n3\n4\na\nold\nb\n",
        &expect![["conflict: line 6 looks like its place, but may be another copy of the text\n"]],
    );
}

#[test]
fn converted_line_endings_are_named() {
    let (base, proposal) = ("a\nb\nc\n", "a\nB\nc\n");
    check(
        base,
        proposal,
        "a\r\nb\r\nc\r\n",
        &expect![["conflict: the file's line endings were changed from LF to CRLF\n"]],
    );
    check(
        "a\r\nb\r\n",
        "A\r\nb\r\n",
        "a\nb\n",
        &expect![["conflict: the file's line endings were changed from CRLF to LF\n"]],
    );
}

#[test]
fn a_byte_order_mark_matters_to_the_first_line_only() {
    let base = "a\nb\nc\nd\n";
    let marked = "\u{feff}a\nb\nc\nd\n";
    check(
        base,
        "A\nb\nc\nd\n",
        marked,
        &expect![["conflict: a byte order mark was added to the first line\n"]],
    );
    check(
        marked,
        "\u{feff}A\nb\nc\nd\n",
        base,
        &expect![["conflict: the byte order mark of the first line was removed\n"]],
    );
    check(base, "a\nb\nC\nd\n", marked, &expect![["shifted +0 to 3+1\n"]]);
    check(
        base,
        "a\nB\nc\nd\n",
        marked,
        &expect![[r#"
        merged +0 to 2+1
    "#]],
    );
    check(
        "abcd\nb\n",
        "new\nabcd\nb\n",
        "\u{feff}abcd\nb\n",
        &expect![[r#"
        conflict: a byte order mark was added to the first line
    "#]],
    );
    check(
        "abcd\nb\n",
        "abcd\nnew\nb\n",
        "\u{feff}abcd\nb\n",
        &expect![[r#"
        merged +0 to 2+0
    "#]],
    );
}

#[test]
fn a_last_line_without_an_ending() {
    check("a\nb", "a\nB", "a\nb", &expect![["unchanged 2+1\n"]]);
    check("a\nb\nc", "a\nb\nC", "new\na\nb\nc", &expect![["shifted +1 to 4+1\n"]]);
    check("a\nb", "a\nB", "a\nb\n", &expect![["conflict: the text it replaces was changed\n"]]);
    check(
        "a\nb",
        "A\nb",
        "a\nb\n",
        &expect![[r#"
            merged +0 to 1+1
        "#]],
    );
}

#[test]
fn empty_files() {
    check("", "a\n", "", &expect![["unchanged 1+0\n"]]);
    check("", "a\n", "mine\n", &expect![["conflict: the lines right next to it were changed\n"]]);
    check("a\n", "", "", &expect![["already there 1+0\n"]]);
    check("a\nb\n", "A\nb\n", "", &expect![["conflict: the file is empty now\n"]]);
    check("a\nb\n", "new\na\nb\n", "", &expect![["conflict: the file is empty now\n"]]);
    check("a\nb\n", "a\nb\nnew\n", "", &expect![["conflict: the file is empty now\n"]]);
    check(
        "a\nb\n",
        "A\nb\n",
        "other\nfile\n",
        &expect![["conflict: the whole text of the file was replaced\n"]],
    );
}

#[test]
fn spans_that_do_not_fit_are_refused() {
    let refused = Anchor::Conflict(ConflictReason::NotInBase);
    let anchoring = Anchoring::new(b"a\nb\n", b"a\nb\n");
    let first = LineSpan { start: 0, end: 2, first_line: 0, lines: 1 };
    assert_eq!(anchoring.anchor(&LineSpan { end: 3, ..first }, b""), refused);
    assert_eq!(anchoring.anchor(&LineSpan { first_line: 1, ..first }, b""), refused);
    assert_eq!(anchoring.anchor(&LineSpan { start: 9, end: 9, ..first }, b""), refused);
    // It would run into the next line.
    assert_eq!(anchoring.anchor(&first, b"open"), refused);
    assert_eq!(anchoring.anchor(&first, b"closed\n"), Anchor::Unchanged(0..2));
    // It would run into the line before.
    let end = LineSpan { start: 1, end: 1, first_line: 1, lines: 0 };
    assert_eq!(Anchoring::new(b"a", b"a").anchor(&end, b"b\n"), refused);
}

#[test]
fn an_uncertain_insertion_at_the_end_of_the_file() {
    let base = "1\n2\n3\n";
    let end = LineSpan { start: 6, end: 6, first_line: 3, lines: 0 };
    let anchor = |current: &str| {
        Anchoring::uncertain(base.as_bytes(), current.as_bytes()).anchor(&end, b"4\n")
    };
    assert_eq!(anchor("import\n1\n2\n3\n"), Anchor::Shifted(13..13, 1));
    assert_eq!(anchor("1\n2\n3\nmine\n"), Anchor::Conflict(ConflictReason::NeighboursChanged));
}
