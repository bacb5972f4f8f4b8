//! Patches: every form is read, every trick is refused with its line, and text lands where it belongs.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests build their own worlds and stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::fmt::Write;

use expect_test::{Expect, expect};
use model::{FileMode, RelPath};
use proptest::prelude::*;
use workspace::{PatchError, ProposedFile, SavedFile, apply_patch, parse_patch};

type Tree = BTreeMap<RelPath, SavedFile>;

fn tree(files: &[(&str, &str)]) -> Tree {
    let one = |(path, text): &(&str, &str)| {
        let bytes = text.as_bytes().to_vec();
        (path.parse().unwrap(), SavedFile { mode: FileMode::File, bytes })
    };
    files.iter().map(one).collect()
}

fn apply(base: &Tree, patch: &[u8]) -> Result<Vec<ProposedFile>, PatchError> {
    let patch = parse_patch(patch)?;
    apply_patch(&patch.files, &|path| Ok(base.get(path).cloned()))
}

/// What becomes of each file, or why nothing does.
fn check(base: &[(&str, &str)], patch: &str, expected: &Expect) {
    expected.assert_eq(&match apply(&tree(base), patch.as_bytes()) {
        Err(error) => format!("{error}\n"),
        Ok(files) => files.iter().fold(String::new(), |mut out, file| {
            let from = file.old_path.as_ref().map_or(String::new(), |old| format!("{old} -> "));
            let text = file.bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes));
            writeln!(out, "{from}{} {:?} {text:?}", file.path, file.mode).unwrap();
            out
        }),
    });
}

const EDIT: &str = "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n";

#[test]
fn a_plain_diff_with_and_without_prefixes() {
    let expected = expect![[r#"
        f File Some("1\ntwo\n3\n4\n")
    "#]];
    let base = [("f", "1\n2\n3\n4\n")];
    check(&base, EDIT, &expected);
    check(&base, &EDIT.replace("a/f", "f").replace("b/f", "f"), &expected);
    check(
        &base,
        &EDIT.replace("a/f", "f.orig\t2026-01-01").replace("b/f", "f\t2026-01-02"),
        &expected,
    );
    check(&base, &EDIT.replace("a/f", "i/f").replace("b/f", "w/f"), &expected);
    check(&base, &format!("diff --git a/f b/f\nindex 1..2 100644\n{EDIT}"), &expected);
    check(&base, &format!("some words\n\n{EDIT}more words\n"), &expected);
}

#[test]
fn git_headers_add_delete_move_copy_and_change_modes() {
    check(
        &[("gone", "x\n"), ("from", "1\n2\n"), ("src", "s\n"), ("run", "r\n")],
        "diff --git a/new b/new\nnew file mode 100755\nindex 0..1\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+n\n\
         diff --git a/empty b/empty\nnew file mode 100644\nindex 0..1\n\
         diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
         diff --git a/from b/to\nsimilarity index 50%\nrename from from\nrename to to\n--- a/from\n+++ b/to\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n\
         diff --git a/src b/dup\nsimilarity index 100%\ncopy from src\ncopy to dup\n\
         diff --git a/run b/run\nold mode 100644\nnew mode 100755\n\
         diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+target\n\\ No newline at end of file\n",
        &expect![[r#"
            dup File Some("s\n")
            empty File Some("")
            from File None
            gone File None
            l Symlink Some("target")
            new Executable Some("n\n")
            run Executable Some("r\n")
            from -> to File Some("1\n3\n")
        "#]],
    );
}

#[test]
fn mails_give_title_and_rationale_and_build_on_each_other() {
    let text = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n\
        From: Ann <a@b>\nDate: x\nSubject: [PATCH 1/2] f: count\n in words\n\nBecause.\n\n--- really\n---\n f | 2 +-\n\n\
        diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+one\n-- \n2.47.3\n\n\
        From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n\
        Subject: [PATCH 2/2] f: shout\n\n---\n\
        diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-one\n+ONE\n-- \n2.47.3\n\n";
    let patch = parse_patch(text.as_bytes()).unwrap();
    assert_eq!(patch.title.as_deref(), Some("f: count in words"));
    assert_eq!(patch.rationale, "Because.\n\n--- really\n\nf: shout");
    check(
        &[("f", "1\n")],
        text,
        &expect![[r#"
        f File Some("ONE\n")
    "#]],
    );
}

#[test]
fn line_ends_are_bytes_unless_the_whole_patch_was_converted() {
    let crlf_file = [("f", "1\r\n2\r\n3\r\n")];
    let converted = EDIT.replace('\n', "\r\n");
    let expected = expect![[r#"
        f File Some("1\r\ntwo\r\n3\r\n")
    "#]];
    check(&crlf_file, &converted, &expected);
    let by_git = EDIT.replace(" 1\n", " 1\r\n").replace("2\n", "2\r\n").replace("two\n", "two\r\n");
    check(&crlf_file, &by_git.replace(" 3\n", " 3\r\n"), &expected);
    check(
        &[("f", "1\n2\n3\n")],
        &converted,
        &expect![[r#"
        f File Some("1\ntwo\n3\n")
    "#]],
    );
    check(
        &crlf_file,
        EDIT,
        &expect![[r#"
        line 3: the text it replaces is not in f: the file has changed since
    "#]],
    );
}

#[test]
fn a_missing_last_line_end_is_text_too() {
    let patch = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+1\n";
    check(
        &[("f", "1")],
        patch,
        &expect![[r#"
        f File Some("1\n")
    "#]],
    );
    check(
        &[("f", "1\n")],
        patch,
        &expect![[r#"
        line 3: the text it replaces is not in f: the file has changed since
    "#]],
    );
    let patch = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+1\n\\ No newline at end of file\n";
    check(
        &[("f", "1\n")],
        patch,
        &expect![[r#"
        f File Some("1")
    "#]],
    );
}

#[test]
fn quoted_names_are_read() {
    check(
        &[("caf\u{e9}", "1\n"), ("a b", "1\n")],
        "diff --git \"a/caf\\303\\251\" \"b/caf\\303\\251\"\n--- \"a/caf\\303\\251\"\n+++ \"b/caf\\303\\251\"\n@@ -1 +1 @@\n-1\n+2\n\
         diff --git a/a b b/a b\n--- a/a b\t\n+++ b/a b\t\n@@ -1 +1 @@\n-1\n+2\n",
        &expect![[r#"
            a b File Some("2\n")
            café File Some("2\n")
        "#]],
    );
}

#[test]
fn a_moved_hunk_needs_one_place() {
    check(
        &[("f", "0\n0\n1\n2\n3\n")],
        EDIT,
        &expect![[r#"
        f File Some("0\n0\n1\ntwo\n3\n")
    "#]],
    );
    check(
        &[("f", "0\n1\n2\n3\n0\n1\n2\n3\n")],
        EDIT,
        &expect![[r#"
        line 3: the text it replaces is in f at line 2 and at line 6: make the patch again with more context
    "#]],
    );
    check(
        &[("f", "1\nx\n3\n")],
        EDIT,
        &expect![[r#"
        line 3: the text it replaces is not in f: the file has changed since
    "#]],
    );
    check(
        &[("f", "a\nb\n")],
        "--- a/f\n+++ b/f\n@@ -1,0 +2 @@\n+x\n",
        &expect![[r#"
        line 3: it has no context lines, so nothing says where in f it belongs: make the patch again with context
    "#]],
    );
    // One hunk that has to move makes the repeated text of the other doubtful, too.
    let two = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+y\n@@ -3 +3 @@\n-z\n+Z\n";
    check(
        &[("f", "x\n-\nz\n")],
        two,
        &expect![[r#"
        f File Some("y\n-\nZ\n")
    "#]],
    );
    check(
        &[("f", "x\n-\n-\nz\nx\n")],
        two,
        &expect![[r#"
        line 3: the text it replaces is in f at line 1 and at line 5: make the patch again with more context
    "#]],
    );
}

#[test]
fn what_is_there_must_be_what_the_patch_thinks() {
    let add = "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+1\n";
    check(
        &[("f", "1\n")],
        add,
        &expect![[r#"
        line 1: f is to be added and is already there
    "#]],
    );
    check(
        &[],
        EDIT,
        &expect![[r#"
        line 1: f is to be changed and is not there
    "#]],
    );
    let delete = "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n";
    check(
        &[("f", "1\n2\n")],
        delete,
        &expect![[r#"
        line 1: f holds more than the patch that deletes it knows
    "#]],
    );
    check(
        &[("f", "1\n")],
        &add.replace("b/f", "b/f/g"),
        &expect![[r#"
        line 1: f is to be added and is already there
    "#]],
    );
    let rename = "diff --git a/f b/g\nrename from f\nrename to g\n";
    check(
        &[("f", "1\n"), ("g", "2\n")],
        rename,
        &expect![[r#"
        line 1: g is to be added and is already there
    "#]],
    );
}

/// The refusal of a patch that adds `name`, as it stands in the patch.
fn refused(name: &str) -> String {
    let text = format!("--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+x\n");
    parse_patch(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn hostile_paths_are_refused_with_their_line() {
    expect![[r#"
        line 1: `/etc/passwd` is absolute: a path inside the repository is needed
        line 1: `../x` has an empty, `.` or `..` part: it could leave the repository
        line 1: `x/../../y` has an empty, `.` or `..` part: it could leave the repository
        line 1: `.git/hooks/pre-commit` reaches into git's own folder
        line 1: `sub/.GIT/config` reaches into git's own folder
        line 1: `C:/x` is absolute: a path inside the repository is needed
        line 1: `src/aux.txt` is a device on Windows (`aux`)
        line 1: `CON` is a device on Windows (`con`)
        line 1: `x.` ends in a dot or a space, which Windows drops
        line 1: `x\\y` has a backslash, which separates folders on Windows
        line 1: `x:stream` has a colon, which names a hidden stream on Windows
    "#]]
    .assert_eq(
        &[
            "/etc/passwd",
            "b/../x",
            "b/x/../../y",
            "b/.git/hooks/pre-commit",
            "b/sub/.GIT/config",
            "b/C:/x",
            "b/src/aux.txt",
            "b/CON",
            "b/x.",
            "b/x\\y",
            "b/x:stream",
        ]
        .map(|name| {
            // A drive letter looks like a stream where it is longer than one letter.
            let name = if name == "b/x:stream" { "b/dir/x:stream" } else { name };
            refused(name).replace("dir/", "") + "\n"
        })
        .concat(),
    );
    // Deep in a series, and by rename.
    let text = format!("{EDIT}diff --git a/f b/g\nrename from f\nrename to ../g\n");
    let error = parse_patch(text.as_bytes()).unwrap_err();
    assert!(error.to_string().starts_with("line 8: `../g`"), "{error}");
    // A file that has such a name already may be changed.
    check(
        &[("aux.c", "1\n2\n3\n")],
        &EDIT.replace("/f", "/aux.c"),
        &expect![[r#"
        aux.c File Some("1\ntwo\n3\n")
    "#]],
    );
}

#[test]
fn a_link_that_the_patch_makes_is_not_followed_either() {
    let text = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n\
        --- /dev/null\n+++ b/l/passwd\n@@ -0,0 +1 @@\n+x\n";
    check(
        &[],
        text,
        &expect![[r#"
            line 8: `l/passwd` cannot be there while `l` is both a file and a folder
        "#]],
    );
}

#[test]
fn names_that_differ_in_case_collide_unless_one_moves() {
    let add = |name: &str| format!("--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n");
    check(
        &[],
        &(add("Read.me") + &add("READ.me")),
        &expect![[r#"
        line 5: `READ.me` differs only in case from `Read.me`
    "#]],
    );
    check(
        &[("a.txt", "1\n")],
        "diff --git a/a.txt b/A.txt\nrename from a.txt\nrename to A.txt\n",
        &expect![[r#"
        a.txt -> A.txt File Some("1\n")
        a.txt File None
    "#]],
    );
}

#[test]
fn what_cannot_be_applied_says_why() {
    let said = |text: &str| parse_patch(text.as_bytes()).unwrap_err().to_string() + "\n";
    expect![[r#"
        the text holds no change: a unified diff, `git diff` or `git format-patch` is needed
        line 3: x.png is changed as binary data, which is not applied: commit it on a branch and import the branch
        line 3: x.png is changed as binary data, which is not applied: commit it on a branch and import the branch
        line 1: sub is a submodule: commit its change on a branch and import the branch
        line 1: a combined diff of a merge cannot be applied: compare with one parent
        line 3: the hunk ends early: 2 more lines are expected
        line 6: the hunk before has more lines than its `@@` says
        line 4: a line of a hunk begins with ` `, `+`, `-` or `\`
        line 3: the `@@` line is broken
        line 4: a `@@` line is expected after `+++`
        line 2: git knows no such file mode
        line 1: this hunk belongs to no file: `---` and `+++` lines are needed
    "#]]
    .assert_eq(
        &[
            "just words\n",
            "diff --git a/x.png b/x.png\nindex 1..2\nGIT binary patch\nliteral 1\n",
            "diff --git a/x.png b/x.png\nindex 1..2\nBinary files a/x.png and b/x.png differ\n",
            "diff --git a/sub b/sub\nindex 1..2 160000\n--- a/sub\n+++ b/sub\n@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2\n",
            "diff --cc f\nindex 1,2..3\n",
            "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n 1\n",
            "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+2\n+3\n",
            "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\nx\n",
            "--- a/f\n+++ b/f\n@@ -1,x +1 @@\n-1\n+2\n",
            "diff --git a/f b/f\n--- a/f\n+++ b/f\nwhat\n",
            "diff --git a/f b/f\nold mode 100999\n",
            "@@ -1 +1 @@\n-1\n+2\n",
        ]
        .map(said)
        .concat(),
    );
}

/// A minimal unified diff with one hunk over everything that differs, with up to three context lines.
fn diff(old: &[String], new: &[String]) -> String {
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[same..].iter().rev().zip(new[same..].iter().rev()).take_while(|(a, b)| a == b);
    let tail = tail.count();
    let start = same.saturating_sub(3);
    let after = tail.min(3);
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let (old_count, new_count) = (old_end + after - start, new_end + after - start);
    let first = if old_count == 0 { 0 } else { start + 1 };
    let mut out = format!("--- a/f\n+++ b/f\n@@ -{first},{old_count} +1,{new_count} @@\n");
    for line in &old[start..same] {
        writeln!(out, " {line}").unwrap();
    }
    for line in &old[same..old_end] {
        writeln!(out, "-{line}").unwrap();
    }
    for line in &new[same..new_end] {
        writeln!(out, "+{line}").unwrap();
    }
    for line in &old[old_end..old_end + after] {
        writeln!(out, " {line}").unwrap();
    }
    out
}

proptest! {
    #[test]
    fn a_diff_applied_to_its_base_gives_the_other_side(
        old in proptest::collection::vec("[ab]{0,1}", 1..12),
        new in proptest::collection::vec("[ab]{0,1}", 0..12),
    ) {
        prop_assume!(old != new);
        let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let base = text(&old);
        let done = apply(&tree(&[("f", &base)]), diff(&old, &new).as_bytes()).unwrap();
        prop_assert_eq!(done[0].bytes.clone(), Some(text(&new).into_bytes()));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(diff --git |--- |\\+\\+\\+ |@@ -|a/x|b/x| |\"|\\\\|0|1|,|\\+|@@|\n|\r\n|rename from |old mode |From |\u{e9}){0,60}") {
        // Whatever it is, it is read or refused.
        if let Ok(patch) = parse_patch(text.as_bytes()) {
            prop_assert!(!patch.files.is_empty());
        }
    }
}
