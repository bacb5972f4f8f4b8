//! Hunks next to changed text.

use expect_test::expect;

use super::check;

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
