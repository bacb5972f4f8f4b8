//! Checkouts whose files have CRLF while git stores LF: proposals come in the form of the files.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests build their own worlds and stop at the first surprise"
)]

mod world;

use std::fs;

use expect_test::{Expect, expect};
use workspace::{Repository, parse_patch};
use world::{World, path, shown};

/// A branch `topic` that edits, adds, moves and deletes; the checkout of `main` has CRLF.
fn crlf_world() -> World {
    let world = World::new();
    world.write("edit.txt", "a\nb\nc\n");
    world.write("tail.txt", "a\nb\nend");
    world.write("gone.txt", "x\n");
    world.write("from.txt", "1\n2\n3\n4\n5\n");
    world.write("binary", b"\0\n1\n");
    world.commit("base");
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    world.write("edit.txt", "a\nB\nc\n");
    world.write("tail.txt", "a\nB\nend");
    world.write("new.txt", "n\n");
    world.write("binary", b"\0\n2\n");
    fs::remove_file(world.root.join("gone.txt")).unwrap();
    fs::rename(world.root.join("from.txt"), world.root.join("to.txt")).unwrap();
    world.commit("topic");
    world.git(&["checkout", "--quiet", "main"]);
    world.git(&["config", "core.autocrlf", "true"]);
    world.git(&["rm", "--quiet", "-r", "--cached", "."]);
    world.git(&["reset", "--quiet", "--hard"]);
    assert_eq!(fs::read(world.root.join("edit.txt")).unwrap(), b"a\r\nb\r\nc\r\n");
    world
}

fn check_import(world: &World, expected: &Expect) {
    for repository in world.both() {
        let deltas = repository.deltas(&repository.branch_scope("topic").unwrap()).unwrap();
        let deltas = repository.as_checked_out(deltas).unwrap();
        expected.assert_eq(&shown(&repository, &deltas));
    }
}

#[test]
fn a_branch_comes_with_the_line_ends_of_the_checkout() {
    let world = crlf_world();
    check_import(
        &world,
        &expect![[r#"
            Modified binary: File "\0\n1\n" => File "\0\n2\n"
            Modified edit.txt: File "a\r\nb\r\nc\r\n" => File "a\r\nB\r\nc\r\n"
            Deleted gone.txt: File "x\r\n" => -
            Added new.txt: - => File "n\r\n"
            Modified tail.txt: File "a\r\nb\r\nend" => File "a\r\nB\r\nend"
            Renamed from.txt -> to.txt: File "1\r\n2\r\n3\r\n4\r\n5\r\n" => File "1\r\n2\r\n3\r\n4\r\n5\r\n"
        "#]],
    );
    // What is there counts, not what a checkout would write; and without conversion nothing changes.
    world.write("edit.txt", "a\nb\nc\n");
    world.write(".gitattributes", "gone.txt -text\nfrom.txt eol=lf\n*.bin filter=lfs\n");
    check_import(
        &world,
        &expect![[r#"
            Modified binary: File "\0\n1\n" => File "\0\n2\n"
            Modified edit.txt: File "a\nb\nc\n" => File "a\nB\nc\n"
            Deleted gone.txt: File "x\n" => -
            Added new.txt: - => File "n\r\n"
            Modified tail.txt: File "a\r\nb\r\nend" => File "a\r\nB\r\nend"
            Renamed from.txt -> to.txt: File "1\r\n2\r\n3\r\n4\r\n5\r\n" => File "1\r\n2\r\n3\r\n4\r\n5\r\n"
        "#]],
    );
    world.write(".gitattributes", "edit.txt filter=lfs\n");
    let [repository, _] = world.both();
    let deltas = repository.deltas(&repository.branch_scope("topic").unwrap()).unwrap();
    let deltas = repository.as_checked_out(deltas).unwrap();
    assert!(shown(&repository, &deltas).contains(
        "edit.txt: File unreadable: it is stored through the filter `lfs`, which is not run"
    ));
}

fn check_patch(repository: &Repository, patch: &str, expected: &Expect) {
    let patch = parse_patch(patch.as_bytes()).unwrap();
    expected.assert_eq(&match repository.apply_patch(&patch.files) {
        Err(error) => format!("{error}\n"),
        Ok(files) => files
            .iter()
            .map(|file| {
                let text = file.bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes));
                format!("{} {text:?}\n", file.path)
            })
            .collect(),
    });
}

#[test]
fn a_patch_by_git_lands_on_a_checkout_with_crlf() {
    let world = crlf_world();
    let raw = |args: &[&str]| String::from_utf8(world.try_git(&world.root, args).stdout).unwrap();
    let paths = ["edit.txt", "tail.txt", "gone.txt", "from.txt", "to.txt", "new.txt"];
    let patch = raw(&[&["diff", "-M", "main", "topic", "--"][..], &paths].concat());
    assert!(!patch.contains('\r'), "git diffs what it stores");
    let all = expect![[r#"
        edit.txt Some("a\r\nB\r\nc\r\n")
        from.txt None
        gone.txt None
        new.txt Some("n\r\n")
        tail.txt Some("a\r\nB\r\nend")
        to.txt Some("1\r\n2\r\n3\r\n4\r\n5\r\n")
    "#]];
    for repository in world.both() {
        check_patch(&repository, &patch, &all);
        // Mailed and saved with CRLF it says the same.
        check_patch(&repository, &patch.replace('\n', "\r\n"), &all);
        // What it proposes is what the checkout of the branch would hold.
        let proposed = repository.apply_patch(&parse_patch(patch.as_bytes()).unwrap().files);
        let captured = repository.capture(proposed.unwrap()).unwrap();
        assert_eq!(captured.len(), 5);
    }
    // The lines a patch keeps stay as they are, and other text is still other text.
    world.write("edit.txt", "a\r\nb\r\nc\nd\r\n");
    let edit = "--- a/edit.txt\n+++ b/edit.txt\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n";
    let repository = world.library();
    check_patch(
        &repository,
        edit,
        &expect![[r#"
        edit.txt Some("a\r\nB\r\nc\nd\r\n")
    "#]],
    );
    check_patch(
        &repository,
        &edit.replace(" a\n", " A\n"),
        &expect![[r#"
        line 3: the text it replaces is not in edit.txt: the file has changed since
    "#]],
    );
    let end = "--- a/tail.txt\n+++ b/tail.txt\n@@ -2,2 +2,2 @@\n b\n-other\n\\ No newline at end of file\n+new\n";
    check_patch(
        &repository,
        end,
        &expect![[r#"
        line 3: the text it replaces is not in tail.txt: the file has changed since
    "#]],
    );
    // Where git converts nothing, line ends are bytes.
    world.write(".gitattributes", "edit.txt -text\n");
    check_patch(
        &world.library(),
        edit,
        &expect![[r#"
        line 3: the text it replaces is not in edit.txt: the file has changed since
    "#]],
    );
}

#[test]
fn a_file_stored_with_crlf_is_patched_as_it_is() {
    let world = World::new();
    world.write("f", "a\r\nb\r\n");
    world.commit("stored with CRLF");
    world.git(&["config", "core.autocrlf", "true"]);
    let repository = world.library();
    let patch = "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+B\r\n";
    check_patch(
        &repository,
        patch,
        &expect![[r#"
        f Some("a\r\nB\r\n")
    "#]],
    );
    world.write("f", "a\r\nB\r\n");
    world.git(&["-c", "core.autocrlf=false", "commit", "--quiet", "--all", "-m", "edit"]);
    let deltas = repository.deltas(&repository.commit_scope("HEAD").unwrap()).unwrap();
    let deltas = repository.as_checked_out(deltas).unwrap();
    expect![[r#"
        Modified f: File "a\r\nb\r\n" => File "a\r\nB\r\n"
    "#]]
    .assert_eq(&shown(&repository, &deltas));
    assert!(repository.saved(&path("f")).unwrap().is_some());
}
