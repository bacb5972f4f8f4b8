//! Cases of anchoring that a person would argue about, with the answer.

use expect_test::{Expect, expect};

use super::*;
use crate::hunks;
use crate::text::line_span;

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
fn a_replacement_merges_with_changes_on_one_side() {
    let (base, proposal) = ("a\nb\nc\nd\n", "a\nB\nc\nd\n");
    check(
        base,
        proposal,
        "a\nb\nmine\nd\n",
        &expect![[r#"
        merged +0 to 2+1
    "#]],
    );
    check(
        base,
        proposal,
        "a\nb\nmine\nc\nd\n",
        &expect![[r#"
        merged +0 to 2+1
    "#]],
    );
    check(
        base,
        proposal,
        "a\nb\nd\n",
        &expect![[r#"
        merged +0 to 2+1
    "#]],
    );
    check(
        base,
        proposal,
        "x\ny\nb\nc\nd\n",
        &expect![[r#"
        merged +1 to 3+1
    "#]],
    );
    check(
        base,
        "a\nc\nd\n",
        "a\nb\nmine\nd\n",
        &expect![[r#"
        merged +0 to 2+1
    "#]],
    );
    // On both sides: what it belonged to is gone.
    check(
        base,
        proposal,
        "x\nb\ny\nd\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
}

#[test]
fn what_the_person_made_of_it_already_is_not_made_twice() {
    let (base, proposal) = ("a\nb\nc\nd\n", "a\nX\nY\nc\nd\n");
    check(
        base,
        proposal,
        "a\nX\nb\nc\nd\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    check(
        base,
        proposal,
        "a\nb\n  Y\nc\nd\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    check(
        base,
        proposal,
        "a\nY\nZ\nb\nc\nd\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    // Braces are in every block; they count where they touch.
    let proposal = "a\n{\n  b\n}\nc\nd\n";
    check(
        base,
        proposal,
        "a\n{\nz\n}\nb\nc\nd\n",
        &expect![[r#"
        merged +3 to 5+1
    "#]],
    );
    check(
        base,
        proposal,
        "a\nz\n{\nb\nc\nd\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
}

#[test]
fn landed_beside_a_change() {
    let (base, proposal) = ("a\nb\nc\nd\n", "a\nX\nY\nc\nd\n");
    check(
        base,
        proposal,
        "mine\na1\nX\nY\nc\nd\n",
        &expect![[r#"
        already there 3+2
    "#]],
    );
    check(
        "a\nb\nc\nd\n",
        "a\nX\nb\nc\nd\n",
        "a\nX\nb1\nc\nd\n",
        &expect![[r#"
        already there 2+1
    "#]],
    );
    // What it would replace is still there as well.
    check(
        base,
        proposal,
        "a1\nX\nY\nb\nc\nd\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    check(
        base,
        proposal,
        "a\nX\nc1\nd\n",
        &expect![[r#"
        conflict: the text it replaces was changed
    "#]],
    );
}

#[test]
fn a_replacement_beside_changes_must_be_the_only_one_like_it() {
    let base = "a\n}\n\nb\n}\n\nc\n";
    let proposal = "a\nx }\n\nb\n}\n\nc\n";
    check(
        base,
        proposal,
        "changed\n}\n\nb\n}\n\nc\n",
        &expect![[r#"
        merged +0 to 2+1
    "#]],
    );
    // The line that stands once is a part of the change now.
    check(
        base,
        proposal,
        "changed\n}\n\nmine\n}\n\nc\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
}

#[test]
fn an_insertion_merges_where_its_order_is_known() {
    let (base, proposal) = ("1\n2\n3\na\nbread\nc\nd\n", "1\n2\n3\na\nX\nbread\nc\nd\n");
    // The line below was edited in place, the line above was, or either was deleted.
    check(
        base,
        proposal,
        "1\n2\n3\na\nbroad\nc\nd\n",
        &expect![[r#"
        merged +0 to 5+0
    "#]],
    );
    check(
        base,
        "1\n2\n3\na\nbread\nX\nc\nd\n",
        "1\n2\n3\na\nbroad\nc\nd\n",
        &expect![[r#"
        merged +0 to 6+0
    "#]],
    );
    check(
        base,
        proposal,
        "1\n2\n3\na\nc\nd\n",
        &expect![[r#"
            merged +0 to 5+0
        "#]],
    );
    check(
        base,
        "1\n2\n3\na\nbread\nX\nc\nd\n",
        "1\n2\n3\na\nc\nd\n",
        &expect![[r#"
            merged -1 to 5+0
        "#]],
    );
    // Something was put there, or one line became several or another: which comes first is unknown.
    check(
        base,
        proposal,
        "1\n2\n3\na\nmine\nbread\nc\nd\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    check(
        base,
        proposal,
        "1\n2\n3\na\nmine\nbroad\nc\nd\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    check(
        base,
        proposal,
        "1\n2\n3\na\nbutter\nc\nd\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    // A line that may have been kept, and one that may have been put beside it.
    check(
        "a\n  }\nb\nc\n",
        "a\n  }\nX\nb\nc\n",
        "  }\n  }\nb\nc\n",
        &expect![[r#"
        conflict: line 3 looks like its place, but may be another copy of the text
    "#]],
    );
    // Both sides changed.
    check(
        "1\nable\nbread\nc\n",
        "1\nable\nX\nbread\nc\n",
        "1\ncable\nbroad\nc\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
}

#[test]
fn an_insertion_beside_a_deleted_brace_needs_what_is_said_beyond_it() {
    // The brace seems deleted, since the empty lines of other blocks are taken for those that followed it.
    check(
        "a {\n  x\n}\n\nt\n\nu\n\nv\nz\n",
        "a {\n  x\n  mine\n}\n\nt\n\nu\n\nv\nz\n",
        "a {\n  x\n\n  p\n\n  q\n\n  r\n}\nz\n",
        &expect![[r#"
            conflict: the lines right next to it were changed
        "#]],
    );
    check(
        "z\nv\n\nu\n\nt\n\n{\n  x\n} a\n",
        "z\nv\n\nu\n\nt\n\n{\n  mine\n  x\n} a\n",
        "z\n{\n  r\n\n  q\n\n  p\n\n  x\n} a\n",
        &expect![[r#"
            conflict: the lines right next to it were changed
        "#]],
    );
    // It is deleted.
    check(
        "a {\n  x\n}\n\nb\n",
        "a {\n  x\n  mine\n}\n\nb\n",
        "a {\n  x\n\nb\n",
        &expect![[r#"
        merged +0 to 3+0
    "#]],
    );
}

#[test]
fn an_empty_line_that_a_deletion_brought_there_is_not_put_again() {
    check(
        "a\nb\n// gone\n\nc\nd\n",
        "a\nb\n\n// gone\n\nc\nd\n",
        "a\nb\n\nc\nd\n",
        &expect![[r#"
            conflict: the lines right next to it were changed
        "#]],
    );
}

#[test]
fn insertions_on_both_sides_of_a_deleted_line_have_one_place_in_a_known_order() {
    let (base, proposal) = ("a\nb\nc\n", "a\nX\nb\nY\nc\n");
    check(
        base,
        proposal,
        "a\nc\n",
        &expect![[r#"
            merged +0 to 2+0
            merged -1 to 2+0
        "#]],
    );
    check(
        base,
        "a\nB\nc\n",
        "b\nc\n",
        &expect![[r#"
        merged -1 to 1+1
    "#]],
    );
}

#[test]
fn text_added_at_the_ends_of_the_file() {
    check(
        "a\nb\n",
        "a\nB\n",
        "a\nb\nc\n",
        &expect![[r#"
        merged +0 to 2+1
    "#]],
    );
    check(
        "a\nb\n",
        "a\nb\nB\n",
        "a\nb\nc\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    check(
        "a\nb\n",
        "A\na\nb\n",
        "x\na\nb\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    // It would run into the line below.
    check(
        "a\nb\n",
        "a\nB",
        "a\nb\nc\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
    // It would run into the line above.
    check(
        "a\nb\nbread\n",
        "a\nb\nbread\nX\n",
        "a\nb\nbroad",
        &expect![[r#"
        conflict: the lines right next to it were changed
    "#]],
    );
}

#[test]
fn landed_already() {
    let (base, proposal) = ("a\nb\nc\nd\n", "a\nB\nc\nd\n");
    check(base, proposal, proposal, &expect![["already there 2+1\n"]]);
    check(base, proposal, "new\na\nB\nc\nd\n", &expect![["already there 3+1\n"]]);
    // A deletion and an insertion leave only their neighbours to tell.
    check(base, "a\nc\nd\n", "new\na\nc\nd\n", &expect![["already there 3+0\n"]]);
    check(base, "a\nb\nx\nc\nd\n", "new\na\nb\nx\nc\nd\n", &expect![["already there 4+1\n"]]);
    // The inserted line repeats the one above it.
    check("a\nb\n", "a\na\nb\n", "new\na\na\nb\n", &expect![["already there 3+1\n"]]);
}

#[test]
fn one_of_several_hunks_has_landed() {
    let base = "a\nb\nc\nd\ne\nf\ng\nh\n";
    let proposal = "a\nB\nc\nd\ne\nf\nG\nh\n";
    check(
        base,
        proposal,
        "a\nB\nc\nd\ne\nf\ng\nh\n",
        &expect![[r#"
        already there 2+1
        shifted +0 to 7+1
    "#]],
    );
}

#[test]
fn which_of_equal_lines_was_deleted_cannot_be_told() {
    let base = "x\n\nf\n\nf\n\nf\n\ny\n";
    check(
        base,
        "x\n\nF\n\nf\n\nf\n\ny\n",
        "x\n\nf\n\nf\n\ny\n",
        &expect![["conflict: its place now appears at lines 3 and 5\n"]],
    );
}

#[test]
fn of_two_equal_blocks_the_diff_alone_does_not_choose() {
    let block = "1\n2\n3\nold\n4\n5\n6\n";
    let base = format!("{block}between\n{block}between\n");
    let proposal = base.replacen("old", "new", 1);
    check(
        &base,
        &proposal,
        &format!("import\n{base}"),
        &expect![["conflict: its place now appears at lines 5 and 13\n"]],
    );
    check(&base, &proposal, &format!("{base}end\n"), &expect![["unchanged 4+1\n"]]);
    // The other block is gone, or this one: what is left may be either.
    check(
        &base,
        &proposal,
        &format!("import\nbetween\n{block}"),
        &expect![["conflict: line 6 looks like its place, but may be another copy of the text\n"]],
    );
    // Made by hand in both, it is there, whichever was meant.
    check(
        &base,
        &proposal,
        &format!("import\n{}", base.replace("old", "new")),
        &expect![["already there 5+1\n"]],
    );
    // A context that tells them apart is enough.
    let told = proposal.replacen("2\n", "two\n", 1);
    let base = base.replacen("2\n", "two\n", 1);
    check(&base, &told, &format!("import\n{base}"), &expect![["shifted +1 to 5+1\n"]]);
}

#[test]
fn the_last_of_equal_blocks_may_be_the_other_one() {
    let block = "1\n2\n3\nold\n4\n5\n6\n";
    let long = "a\nb\nc\nd\ne\n".repeat(2);
    let base = format!("{block}{long}{block}");
    let proposal = base.replacen("old", "new", 1);
    check(
        &base,
        &proposal,
        &format!("import\n{block}{long}"),
        &expect![[r#"
        conflict: line 5 looks like its place, but may be another copy of the text
    "#]],
    );
}

#[test]
fn lines_that_stand_once_tell_twins_apart() {
    let block = "1\n2\n3\nold\n4\n5\n6\n";
    let base = format!("first\n{block}between\n{block}last\n");
    let proposal = base.replacen("old", "new", 1);
    check(
        &base,
        &proposal,
        &format!("import\n{base}"),
        &expect![[r#"
        shifted +1 to 6+1
    "#]],
    );
    // Changes on one side of the hunk leave the other.
    let above = base.replacen("2\n", "two\n", 1);
    check(
        &base,
        &proposal,
        &format!("import\n{above}"),
        &expect![[r#"
        shifted +1 to 6+1
    "#]],
    );
    // With changes on both sides it may be either.
    let both = above.replacen("5\n", "five\n", 1);
    check(
        &base,
        &proposal,
        &format!("import\n{both}x\n"),
        &expect![[r#"
        conflict: its place now appears at lines 6 and 14
    "#]],
    );
    // A line that stands twice by now says nothing.
    check(
        &base,
        &proposal,
        &format!("import\n{base}between\nfirst\n"),
        &expect![[r#"
        conflict: its place now appears at lines 6 and 14
    "#]],
    );
    // The twins changed places: lines alone cannot tell that from changed names.
    let swapped = format!("last\n{block}between\n{block}first\n");
    check(
        &base,
        &proposal,
        &swapped,
        &expect![[r#"
        conflict: its place now appears at lines 5 and 13
    "#]],
    );
    let renamed = base.replace("first", "second");
    check(
        &base,
        &proposal,
        &format!("import\n{renamed}"),
        &expect![[r#"
        conflict: its place now appears at lines 6 and 14
    "#]],
    );
}

#[test]
fn twins_that_changed_places_are_not_told_apart_by_an_empty_line() {
    let body = "fn new() {\nlet n = start();\nn\n}\n}\n";
    let base = format!("impl A {{\n{body}\nimpl B {{\n{body}");
    let current = format!("impl B {{\n{body}\nimpl A {{\n{body}");
    check(
        &base,
        &base.replacen("start", "begin", 1),
        &current,
        &expect![[r#"
        conflict: its place now appears at lines 3 and 10
    "#]],
    );
}

#[test]
fn a_copy_pasted_beside_the_original_is_ambiguous() {
    let (base, proposal) = ("p\nf {\n  old\n}\nq\n", "p\nf {\n  new\n}\nq\n");
    check(
        base,
        proposal,
        "p\nf {\n  old\n}\nf {\n  old\n}\nq\n",
        &expect![["conflict: its place now appears at lines 3 and 6\n"]],
    );
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
fn a_text_too_different_to_be_certain_needs_its_full_context() {
    let base = "1\n2\n3\nold\n4\n5\n6\n7\n8\n";
    let span = hunks(base.as_bytes(), b"1\n2\n3\nnew\n4\n5\n6\n7\n8\n")[0].0;
    let check = |current: &str, lands: bool| {
        let anchor =
            Anchoring::uncertain(base.as_bytes(), current.as_bytes()).anchor(&span, b"new\n");
        assert_eq!(anchor.target().is_some(), lands, "{anchor:?}");
    };
    check(&format!("import\n{base}"), true);
    // Lines that stand once in both, with nothing changed up to them on both sides, need no more.
    check(&base.replace("6\n", "six\n"), true);
    check(&format!("import\n{base}3\nold\n4\n"), false);
    check(&format!("{base}other\n"), true);
    check(&format!("{base}3\nold\n4\n"), false);
    check(&format!("{}3\nold\n4\n", base.replace("1\n2\n", "one\ntwo\n")), false);
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

#[test]
fn every_line_it_replaces_must_be_certain_not_only_the_first() {
    let anchoring = Anchoring::new(b"p\na\nb\nb\nq\n", b"p\na\nb\nb\nb\nq\n");
    let span = LineSpan { start: 2, end: 6, first_line: 1, lines: 2 };
    let reason = ConflictReason::Ambiguous { candidates: vec![1] };
    assert_eq!(anchoring.anchor(&span, b"new\n"), Anchor::Conflict(reason));
}

#[test]
fn what_is_known_to_have_landed_need_not_be_recognised() {
    let base = "x\n\nx\n\nx\n\n";
    let hunks = hunks(base.as_bytes(), b"X\n\nx\n\nX\n\n");
    let (first, last) = (hunks[0].0, hunks[1].0);
    let accepted = "X\n\nx\n\nx\n\n";
    let anchoring =
        Anchoring::past(base.as_bytes(), &[(first, "X\n")], accepted.as_bytes()).unwrap();
    assert_eq!(anchoring.anchor(&last, b"X\n"), Anchor::Unchanged(6..8));
    assert_eq!(anchoring.anchor(&first, b"X\n"), Anchor::Conflict(ConflictReason::TextChanged));
}

#[test]
fn a_deletion_is_there_only_if_its_lines_are_gone() {
    // The lines stand where they stood; those below them changed.
    check(
        "a\nx\ny\nb\nc\n",
        "a\nb\nc\n",
        "a\nx\ny\nB\nC\n",
        &expect![[r#"
        merged +0 to 2+2
    "#]],
    );
    // The same without any line above that tells the place.
    check(
        "}\nx\ny\n}\nb\n",
        "}\n}\nb\n",
        "n\n}\nx\ny\nB\n",
        &expect![[r#"
        merged +1 to 3+2
    "#]],
    );
    // They were moved.
    check(
        "a\nx\ny\nb\nc\nd\n",
        "a\nb\nc\nd\n",
        "a\nb\nc\nx\ny\nd\n",
        &expect![[r#"
        conflict: the text it replaces was changed
    "#]],
    );
    // One of them was indented, the other kept.
    check(
        "a\nx\ny\nb\n",
        "a\nb\n",
        "a\nx\n  y\nb\n",
        &expect![[r#"
        conflict: the text it replaces was changed
    "#]],
    );
    // One of two equal blocks is gone, and a like one stands behind the other.
    check(
        "a\nx\nv1\nb\nx\nv2\nc\n",
        "a\nb\nx\nv2\nc\n",
        "a\nb\nx\nv2\nx\nv1\nc\n",
        &expect![[r#"
        conflict: the text it replaces was changed
    "#]],
    );
    // Lines that are nobody's may stand anywhere.
    check(
        "a\n}\nb\nc\n",
        "a\nb\nc\n",
        "0\na\nb\n}\n}\nc\n",
        &expect![[r#"
        already there 3+0
    "#]],
    );
    // What stands in its place shows that it was made, though the line stands elsewhere by now.
    check(
        "a\nb\nc\nd\n",
        "a\nB\nc\nd\n",
        "0\na\nB\nc\nb\nd\n",
        &expect![[r#"
        already there 3+1
    "#]],
    );
}

#[test]
fn what_was_added_elsewhere_is_not_added_again() {
    let base = "a\nb\nc\nd\ne\n";
    // It was moved up after it landed.
    check(
        base,
        "a\nb\nc\nf {\n  x\n}\nd\ne\n",
        "a\nf {\n  x\n}\nb\nc\nd\ne\n",
        &expect![[r#"
        conflict: most of what it adds was added elsewhere since, from line 2 on
    "#]],
    );
    // And one line of it was edited, and it was indented.
    check(
        base,
        "a\nb\nc\nf\n  x\n  y\nd\ne\n",
        "a\n  f\n    X\n    y\nb\nc\nd\ne\n",
        &expect![[r#"
        conflict: most of what it adds was added elsewhere since, from line 2 on
    "#]],
    );
    // Only a smaller part of it is like what was added.
    check(
        base,
        "a\nb\nc\nf\n  x\n  y\nd\ne\n",
        "a\nf\n  g\n  h\nb\nc\nd\ne\n",
        &expect![[r#"
        shifted +3 to 7+0
    "#]],
    );
    // Of what it repeats there is no more than there was.
    check(
        "a\nb\nc\nd\ne\n",
        "a\nb\nc\na\nd\ne\n",
        "0\na\nb\nc\nd\ne\n",
        &expect![[r#"
        shifted +1 to 5+0
    "#]],
    );
    // All that it puts was put elsewhere. That counts unless lines that stand once hold it on both sides.
    check(
        "1. edit\n\n2. tell\n\nexport\n\n3. run\n",
        "1. edit\n\n2. tell\n\ninstall\n\n3. run\n",
        "0. fetch\n\ninstall\n\n1. edit\n\n3. tell\n\nexport\n\n4. run\n",
        &expect![[r#"
            conflict: most of what it adds was added elsewhere since, from line 3 on
        "#]],
    );
    check(
        base,
        "a\nb\nC\nd\ne\n",
        "C\na\nb\nc\nd\ne\n",
        &expect![[r#"
            shifted +1 to 4+1
        "#]],
    );
}

#[test]
fn what_the_same_edit_puts_elsewhere_is_no_landing() {
    // Two lines that are alike became the same line: the person did one of them.
    check(
        "a\nrevision 3\nb\nc\nd\nrevision 5\ne\n",
        "a\nrevision 3\nb\nc\nd\nrevision 7\ne\n",
        "a\nrevision 7\nb\nc\nd\nrevision 5\ne\n",
        &expect![[r#"
            shifted +0 to 6+1
        "#]],
    );
}

#[test]
fn a_line_of_punctuation_that_still_stands_was_not_replaced_yet() {
    // The person named the language of the first block.
    check(
        "a\n```\nx\n```\nb\n```\ny\n```\nc\n",
        "a\n```\nx\n```\nb\n```go\ny\n```\nc\n",
        "a\n```go\nx\n```\nb\n```\ny\n```\nc\n",
        &expect![[r#"
            shifted +0 to 6+1
        "#]],
    );
    // An empty line is no line that it takes away.
    check(
        "a\n\nx\nb\n\ny\nc\n",
        "a\n\nx\nb\n// go\ny\nc\n",
        "a\n// go\nx\nb\n\ny\nc\n",
        &expect![[r#"
            conflict: most of what it adds was added elsewhere since, from line 2 on
        "#]],
    );
}

const FOUR: &str = "f1 {\n  a1\n}\nf2 {\n  a2\n}\nf3 {\n  a3\n}\nf4 {\n  a4\n}\n";

/// [`FOUR`] with each of its functions returning that is in `which`.
fn returning(which: &[usize]) -> String {
    let returns = |text: String, nth: &usize| {
        text.replace(&format!("  a{nth}\n"), &format!("  a{nth}\n  return\n"))
    };
    which.iter().fold(FOUR.to_owned(), returns)
}

#[test]
fn what_several_hunks_put_is_no_landing_of_one_while_it_stands_less_often() {
    // The person made one of the same edits, and two wait.
    check(
        FOUR,
        &returning(&[1, 3]),
        &returning(&[2]),
        &expect![[r#"
        unchanged 3+0
        shifted +1 to 10+0
    "#]],
    );
}

#[test]
fn what_several_hunks_put_may_have_landed_where_it_stands_as_often() {
    check(
        FOUR,
        &returning(&[1, 3]),
        &returning(&[2, 4]),
        &expect![[r#"
        conflict: most of what it adds was added elsewhere since, from line 6 on
        conflict: most of what it adds was added elsewhere since, from line 6 on
    "#]],
    );
    // One hunk alone puts it.
    check(
        FOUR,
        &returning(&[1]),
        &returning(&[2]),
        &expect![[r#"
        conflict: most of what it adds was added elsewhere since, from line 6 on
    "#]],
    );
    // However often.
    let twice = FOUR.replace("  a1\n", "  a1\n  return\n  b1\n  return\n");
    check(
        FOUR,
        &twice,
        &returning(&[2]),
        &expect![[r#"
        conflict: most of what it adds was added elsewhere since, from line 6 on
    "#]],
    );
    // Of two, one landed in its place, so what else stands may be the other.
    check(
        FOUR,
        &returning(&[1, 3]),
        &returning(&[1, 2]),
        &expect![[r#"
        already there 3+1
        conflict: most of what it adds was added elsewhere since, from line 3 on
    "#]],
    );
    // Around one of two, what stands once is gone.
    check(
        FOUR,
        &returning(&[1, 3]),
        &returning(&[2]).replace("f3", "g3").replace("f4", "g4").replace("a3", "b3"),
        &expect![[r#"
            conflict: most of what it adds was added elsewhere since, from line 6 on
            conflict: the lines right next to it were changed
        "#]],
    );
}

#[test]
fn a_block_that_stands_beside_its_gap_is_not_put_again() {
    // Its lines stood in base, too, so that nothing new shows that it landed.
    check(
        "end\n\ntest\n  two\nend\n\ntest\n  one\nend\n\nlast\n",
        "end\n\ntest\n  one\nend\n\ntest\n  two\nend\n\nlast\n",
        "end\n\ntest\n  one\nend\n\ntest\n  two\nend\n\nlast\nmore\n",
        &expect![[r#"
            already there 4+1
            already there 8+1
        "#]],
    );
}

#[test]
fn a_part_that_was_made_before_a_line_like_the_one_that_touched_it_is_seen() {
    check(
        "unreleased\n=====\n\n  * fix\n",
        "1.0\n===\n\n  * fix\n",
        "unreleased\n=====\n\n  * new\n\n1.0\n===\n\n  * fix\n",
        &expect![[r#"
            conflict: the lines right next to it were changed
        "#]],
    );
}

#[test]
fn an_insertion_beside_a_line_that_was_moved_has_no_place() {
    check(
        "f {\n  a\n  b\n  delete\n}\n",
        "f {\n  a\n  b\n  delete\n  notify\n}\n",
        "f {\n  delete\n  a\n  b\n}\n",
        &expect![[r#"
            conflict: the lines right next to it were changed
        "#]],
    );
}

#[test]
fn a_deletion_whose_lines_were_rewritten_or_indented_is_not_there() {
    check(
        "pub fn a\n\nx y\n\npub fn b\n",
        "pub fn a\n\npub fn b\n",
        "fn other\n\nx z\n\npub fn b\n",
        &expect![[r#"
            conflict: the text it replaces was changed
        "#]],
    );
    check(
        "a\nx\ny\nb\n",
        "a\nb\n",
        "a\n  x\n  y\nb\n",
        &expect![[r#"
        conflict: the text it replaces was changed
    "#]],
    );
}

#[test]
fn hunks_that_landed_with_the_rest_of_a_move_are_not_applied_where_their_lines_went() {
    // `q` was moved up and said `new` there; since then `b` was edited.
    let (base, current) = (b"b\n\nq\n\nend\n", b"new\n\nq\n\nc\n\n\nend\n");
    let put = (line_span(base, 0..0), &b"new\n\nq\n\n"[..]);
    let taken = (line_span(base, 3..5), &b""[..]);
    let alone = Anchoring::new(base, current);
    assert_eq!(alone.anchor(&taken.0, taken.1), Anchor::Shifted(5..7, 0));
    let together = Anchoring::new(base, current).among(&[put, taken]);
    let landed = ConflictReason::LandedWithOthers { line: 6 };
    assert_eq!(together.anchor(&taken.0, taken.1), Anchor::Conflict(landed));
    // Nothing of the other says that they landed.
    let other = (put.0, &b"other\n\n"[..]);
    let apart = Anchoring::new(base, current).among(&[other, taken]);
    assert_eq!(apart.anchor(&taken.0, taken.1), Anchor::Shifted(5..7, 0));
}

#[test]
fn an_insertion_of_which_only_braces_are_left_around_has_no_place() {
    check(
        "fn a {\n  x\n}\n",
        "fn a {\n  x\n}\n\nfn b {\n}\n",
        "fn c {\n  y\n  z\n}\n",
        &expect![[r#"
            conflict: line 5 looks like its place, but may be another copy of the text
        "#]],
    );
    // What the brace ends is still there.
    check(
        "fn a {\n  x\n}\n",
        "fn a {\n  x\n}\n\nfn b {\n}\n",
        "fn c {\n  y\n}\n\nfn a {\n  x\n}\n",
        &expect![[r#"
            shifted +4 to 8+0
        "#]],
    );
}
