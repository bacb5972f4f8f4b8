//! Text that stands more than once.

use expect_test::expect;

use super::super::{Anchor, Anchoring, ConflictReason, LineSpan};
use super::check;
use crate::hunks;

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
fn every_line_it_replaces_must_be_certain_not_only_the_first() {
    let anchoring = Anchoring::new(b"p\na\nb\nb\nq\n", b"p\na\nb\nb\nb\nq\n");
    let span = LineSpan { start: 2, end: 6, first_line: 1, lines: 2 };
    let reason = ConflictReason::Ambiguous { candidates: vec![1] };
    assert_eq!(anchoring.anchor(&span, b"new\n"), Anchor::Conflict(reason));
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
