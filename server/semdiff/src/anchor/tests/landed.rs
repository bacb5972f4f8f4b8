//! Hunks that were made already, whole or in part, there or elsewhere.

use expect_test::expect;

use super::super::{Anchor, Anchoring, ConflictReason};
use super::check;
use crate::hunks;
use crate::text::line_span;

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
fn an_insertion_whose_gap_is_open_was_made_elsewhere() {
    // Of functions that are like one another, the proposal adds to the first; the person wrote a third, with the
    // same in it.
    let (base, proposal) =
        ("f1\n  p\n}\n  r1\nf2\n  p\n}\n", "f1\n  p\n  new\n}\n  r1\nf2\n  p\n}\n");
    check(
        base,
        proposal,
        "f1\n  p\n}\n  R1\nf3\n  p\n  new\n}\n  R3\nf2\n  p\n}\n",
        &expect![[r#"
            conflict: its place now appears at lines 3 and 12
        "#]],
    );
    // With the gap filled, it is there.
    check(
        base,
        proposal,
        "f1\n  p\n  new\n}\n  R1\nf2\n  p\n}\n",
        &expect![[r#"
        already there 3+1
    "#]],
    );
}

#[test]
fn an_empty_line_is_gone_only_where_all_else_is_as_it_was() {
    let base = "a\n\n\nb\nc\n";
    check(
        base,
        "a\n\nb\nc\n",
        "0\na\n\nb\nC\n",
        &expect![[r#"
        already there 4+0
    "#]],
    );
    // The function between them was moved away, with one empty line.
    check(
        "a\n\nf\n\n\nb\nc\n",
        "a\n\nf\n\nb\nc\n",
        "a\n\n\nb\nf\n\nc\n",
        &expect![[r#"
            conflict: line 3 looks like its place, but may be another copy of the text
        "#]],
    );
}

#[test]
fn white_space_among_braces_is_nobodys_once_what_was_around_it_is_gone() {
    // It landed behind `f`; the end of the file looks as if it had not.
    check(
        "a\nf\n\t}\n    }\n\n}\n",
        "a\nf\n\t}\n    }\n  \n}\n",
        "a\nF\n\t}\n    }\n  \ng\n    }\n\n}\n",
        &expect![[r#"
            conflict: line 8 looks like its place, but may be another copy of the text
        "#]],
    );
}

#[test]
fn what_landed_and_was_edited_since_is_not_put_beside_itself() {
    // Of a rewritten call, the old one was taken away by another hunk; then a space was added to the new one.
    check(
        "a\nget(\"/hi\", old(f {\n\tw\n}))\n\nts\nb\n",
        "a\nget(\"/hi\", old(f {\n\tw\n}))\n\nget(\"/hi\",f {\n\tw\n})\n\nts\nb\n",
        "a\nget(\"/hi\", f {\n\tw\n})\n\nts\nb\n",
        &expect![[r#"
        conflict: most of what it adds was added elsewhere since, from line 2 on
    "#]],
    );
    // Beside a block that was like it all along, it goes where it belongs.
    check(
        "a\nget(\"/hi\", old(f {\n\tw\n}))\n\nts\nb\n",
        "a\nget(\"/hi\", old(f {\n\tw\n}))\n\nget(\"/hi\",f {\n\tw\n})\n\nts\nb\n",
        "0\na\nget(\"/hi\", old(f {\n\tw\n}))\n\nts\nb\n",
        &expect![[r#"
        shifted +1 to 7+0
    "#]],
    );
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
    // The same without any line above that tells the place: what they belonged to may be gone.
    check(
        "}\nx\ny\n}\nb\n",
        "}\n}\nb\n",
        "n\n}\nx\ny\nB\n",
        &expect![[r#"
        conflict: the lines right next to it were changed
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
fn hunks_that_swap_functions_are_seen_to_have_landed_though_the_rest_was_rewritten() {
    let tests =
        ["@T\nib {\n  v2\n}\n\n", "@X\niw {\n  set\n  c1\n}\n\n", "@X\nibw {\n  set\n  c3\n}\n\n"];
    let [ib, iw, ibw] = tests;
    let i = |value: &str| format!("@T\ni {{\n  {value}\n}}\n\n");
    let base = format!("top\n{ib}{iw}{ibw}{}end\n", i("v0"));
    let proposal = format!("top\n{iw}{ib}{}{ibw}end\n", i("v1"));
    let current = format!("top\n{iw}{ib}{}{ibw}end\n", i("v3"));
    let stated: Vec<_> = hunks(base.as_bytes(), proposal.as_bytes())
        .iter()
        .map(|(before, after)| (*before, after.of(proposal.as_bytes())))
        .collect();
    let together = Anchoring::new(base.as_bytes(), current.as_bytes()).among(&stated);
    let anchors = stated.iter().map(|(span, replacement)| together.anchor(span, replacement));
    assert_eq!(anchors.filter(|anchor| anchor.target().is_some()).count(), 0);
}
