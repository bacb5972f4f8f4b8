//! Patches that were written to do harm, or that would be taken as they are not meant: each is refused with its
//! line and its reason, and nothing is written.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests build their own worlds and stop at the first surprise"
)]

mod world;

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use expect_test::{Expect, expect};
use workspace::{CaptureError, PATCH_LINES_MAX, PatchError, Repository, parse_patch};
use world::World;

fn import(repository: &Repository, patch: &[u8]) -> Result<usize, String> {
    let patch = parse_patch(patch).map_err(|error| error.to_string())?;
    let proposed = repository.apply_patch(&patch.files).map_err(|error| error.to_string())?;
    Ok(repository.capture(proposed).map_err(|error| error.to_string())?.len())
}

fn add(name: &str) -> String {
    format!(
        "diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+x\n"
    )
}

fn plain(name: &str) -> String {
    format!("--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+x\n")
}

/// Every name below a folder with its kind and content.
fn listing(at: &Path) -> String {
    let mut names: Vec<_> = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.iter().fold(String::new(), |mut out, path| {
        let kind = fs::symlink_metadata(path).unwrap().file_type();
        writeln!(out, "{path:?} {kind:?}").unwrap();
        if kind.is_dir() {
            out.push_str(&listing(path));
        } else if kind.is_file() {
            writeln!(out, "{:?}", fs::read(path).unwrap()).unwrap();
        }
        out
    })
}

fn base() -> World {
    let world = World::new();
    world.write("f", "1\n2\n3\n");
    world.write("Src/Main.rs", "x\n");
    symlink(world.folder.path(), world.root.join("out")).unwrap();
    world.commit("base");
    world
}

/// What is said of each patch; nothing may come of any.
fn refused(patches: &[String], expected: &Expect) {
    let world = base();
    let before = listing(world.folder.path());
    let said = patches.iter().fold(String::new(), |mut said, patch| {
        let error = import(&world.library(), patch.as_bytes()).unwrap_err();
        writeln!(said, "{error}").unwrap();
        said
    });
    expected.assert_eq(&said);
    assert_eq!(listing(world.folder.path()), before, "something was written");
}

#[test]
fn names_that_reach_elsewhere_are_refused() {
    refused(
        &[
            add("/etc/passwd"),
            add("b//etc/passwd"),
            add("b/../../x"),
            add("b/a/./x"),
            plain("//server/share/x"),
            plain("C:/x"),
            plain("c:x"),
            plain("b/C:\\x"),
            plain("\\\\server\\share"),
            plain("b/a\\..\\x"),
            plain("\"b/\\000x\""),
            plain("\"b/a\\nb\""),
            plain("out/x"),
            plain("b/"),
            "diff --git a/f b/f\nrename from f\nrename to ../f\n".to_owned(),
            "diff --git a/f b/f\ncopy from /etc/passwd\ncopy to f\n".to_owned(),
            "diff --git a/../x b/../x\nold mode 100644\nnew mode 100755\n".to_owned(),
        ],
        &expect![[r#"
            line 1: `/etc/passwd` is absolute: a path inside the repository is needed
            line 1: `/etc/passwd` is absolute: a path inside the repository is needed
            line 1: `../../x` has an empty, `.` or `..` part: it could leave the repository
            line 1: `a/./x` has an empty, `.` or `..` part: it could leave the repository
            line 1: `//server/share/x` is absolute: a path inside the repository is needed
            line 1: `C:/x` is absolute: a path inside the repository is needed
            line 1: `c:x` is absolute: a path inside the repository is needed
            line 1: `C:\\x` is absolute: a path inside the repository is needed
            line 1: `\\\\server\\share` has a backslash, which separates folders on Windows
            line 1: `a\\..\\x` has a backslash, which separates folders on Windows
            line 1: `\x00x` holds a NUL byte
            line 1: `a\x0ab` has a control character
            line 1: out/x lies behind the link out, which is not followed
            line 1: the path is empty
            line 1: `../f` has an empty, `.` or `..` part: it could leave the repository
            line 1: `/etc/passwd` is absolute: a path inside the repository is needed
            line 1: `../x` has an empty, `.` or `..` part: it could leave the repository
        "#]],
    );
}

#[test]
fn names_of_gits_own_folder_are_refused_in_every_spelling() {
    let names = [
        ".git/config",
        "sub/.git/hooks/x",
        ".GIT/x",
        ".Git",
        ".git./x",
        ".git /x",
        ".git. . /x",
        "git~1/x",
        "GIT~1/x",
        ".git::$INDEX_ALLOCATION/x",
        ".git:x",
        ".g\u{200c}it/x",
        "\u{feff}.git/x",
        ".gi\u{202e}t/x",
        ".git\\config",
        "a/.git\u{200d}/x",
    ];
    let world = base();
    let before = listing(world.folder.path());
    for name in names {
        let error = import(&world.library(), plain(&format!("b/{name}")).as_bytes()).unwrap_err();
        let escaped = name.replace('\\', "\\\\");
        assert_eq!(error, format!("line 1: `{escaped}` reaches into git's own folder"));
    }
    assert_eq!(listing(world.folder.path()), before, "something was written");
}

#[test]
fn names_that_are_no_names_on_other_systems_are_refused() {
    let long = "x".repeat(256);
    let deep = "d/".repeat(2100) + "x";
    let names = [
        "CON",
        "nul.txt",
        "a/Aux.c",
        "COM1",
        "lpt9.log",
        "com\u{b9}",
        "CONIN$",
        "x.",
        "x ",
        "a. /x",
        "a<b",
        "a>b",
        "a|b",
        "a?b",
        "a*b",
        "a:b/x",
        "\\\"b/a\\tb\"",
        &long,
        &deep,
    ];
    let short = |text: &str| if text.len() > 100 { "(long)".to_owned() } else { text.to_owned() };
    let world = base();
    let mut said = String::new();
    for name in names {
        let name = name.strip_prefix("\\").map_or(format!("b/{name}"), str::to_owned);
        let error = import(&world.library(), plain(&name).as_bytes()).unwrap_err();
        let words: Vec<String> = error.split('`').map(short).collect();
        writeln!(said, "{}", words.join("`")).unwrap();
    }
    expect![[r#"
        line 1: `CON` is a device on Windows (`con`)
        line 1: `nul.txt` is a device on Windows (`nul`)
        line 1: `a/Aux.c` is a device on Windows (`aux`)
        line 1: `COM1` is a device on Windows (`com1`)
        line 1: `lpt9.log` is a device on Windows (`lpt9`)
        line 1: `com¹` is a device on Windows (`com¹`)
        line 1: `CONIN$` is a device on Windows (`conin$`)
        line 1: `x.` ends in a dot or a space, which Windows drops
        line 1: `x ` ends in a dot or a space, which Windows drops
        line 1: `a. /x` ends in a dot or a space, which Windows drops
        line 1: `a<b` has a `<`, which no name holds on Windows
        line 1: `a>b` has a `>`, which no name holds on Windows
        line 1: `a|b` has a `|`, which no name holds on Windows
        line 1: `a?b` has a `?`, which no name holds on Windows
        line 1: `a*b` has a `*`, which no name holds on Windows
        line 1: `a:b/x` is absolute: a path inside the repository is needed
        line 1: `a\x09b` has a control character
        line 1: `(long)` has a name longer than 255 bytes
        line 1: `(long)` is longer than 4000 bytes
    "#]]
    .assert_eq(&said);
    // The same names where a plain diff gives both sides a name and only the counts say that it is new.
    let sly = "--- a/aux.c\n+++ b/aux.c\n@@ -0,0 +1 @@\n+x\n";
    let error = import(&world.library(), sly.as_bytes()).unwrap_err();
    assert_eq!(error, "line 1: `aux.c` is a device on Windows (`aux`)");
}

#[test]
fn names_that_collide_are_refused() {
    let rename = |from: &str, to: &str| {
        format!("diff --git a/{from} b/{to}\nrename from {from}\nrename to {to}\n")
    };
    let link = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n";
    refused(
        &[
            add("b/new") + &add("b/NEW"),
            add("b/dir/x") + &add("b/DIR/y"),
            add("b/stra\u{df}e") + &add("b/STRASSE"),
            add("b/n") + &add("b/n/x"),
            add("b/n/x") + &add("b/n"),
            add("b/n/x") + &add("b/N"),
            add("b/Src"),
            add("b/f/x"),
            add("b/F"),
            add("b/src/other"),
            rename("f", "Src/main.rs"),
            link.to_owned() + &add("b/l/x"),
            add("b/l/x") + link,
            link.to_owned() + &rename("f", "l/f"),
            rename("out", "in") + &add("b/out/x") + &add("b/in/x"),
        ],
        &expect![[r#"
            line 7: `NEW` differs only in case from `new`
            line 7: `DIR/y` lies in `DIR`, which differs only in case from `dir`
            line 7: `STRASSE` differs only in case from `straße`
            line 7: `n/x` cannot be there while `n` is both a file and a folder
            line 7: `n` cannot be there while `n` is both a file and a folder
            line 7: `N` differs only in case from `n`
            line 1: Src cannot be read: Src is a folder, not a file
            line 1: f is to be added and is already there
            F differs only in case from f, which is there
            src/other differs only in case from Src, which is there
            Src/main.rs differs only in case from Src/Main.rs, which is there
            line 8: `l/x` cannot be there while `l` is both a file and a folder
            line 7: `l` cannot be there while `l` is both a file and a folder
            line 8: `l/f` cannot be there while `l` is both a file and a folder
            line 10: `in/x` cannot be there while `in` is both a file and a folder
        "#]],
    );
}

#[test]
fn what_would_be_taken_as_it_is_not_meant_is_refused() {
    let edit = "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n";
    let mail = |encoding: &str| {
        format!(
            "From: a\nSubject: [PATCH] x\nContent-Transfer-Encoding: {encoding}\n\n---\n{}",
            add("b/n")
        )
    };
    refused(
        &[
            mail("quoted-printable"),
            mail("BASE64"),
            format!("{edit}Only in new/lib: more.c\n"),
            format!("{edit}Binary files a/x.png and b/x.png differ\n"),
            format!("{edit}Binary files /dev/null and b/new.png differ\n"),
            "diff --git a/f b/f\nindex 1..2\nGIT binary patch\ndelta 1\n".to_owned(),
            "diff --git a/s b/s\nnew file mode 160000\n--- /dev/null\n+++ b/s\n@@ -0,0 +1 @@\n+Subproject commit 0\n".to_owned(),
            // A line that lost its end in the middle of the file would be joined with the next.
            "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+one\n\\ No newline at end of file\n".to_owned(),
            "--- a/f\n+++ b/f\n@@ -1,3 +1,4 @@\n 1\n 2\n 3\n+4\n\\ No newline at end of file\n+5\n".to_owned(),
            "--- a/n\n+++ b/n\n@@ -0,0 +1,2 @@\n+1\n\\ No newline at end of file\n+2\n".to_owned(),
            "diff --git a/f b/f\nold mode 100644\nnew mode 120000\n".to_owned(),
            "diff --git a/l b/l\nnew file mode 120000\n".to_owned(),
            "diff --git a/f b/f\nnew file mode 100644\ndeleted file mode 100644\n".to_owned(),
            "diff --git a/f b/g\nnew file mode 100644\nrename from f\nrename to g\n".to_owned(),
            "--- a/f\n+++ b/f\n@@ -2,2 +2,2 @@\n 1\n-2\n+two\n@@ -1 +1 @@\n-1\n+one\n".to_owned(),
            "--- a/f\n+++ b/f\n@@ -99999999999999999999 +1 @@\n-1\n+2\n".to_owned(),
            "--- a/f\n+++ b/f\n@@ -1,18446744073709551615 +1 @@\n-1\n+2\n".to_owned(),
            "--- a/f\n+++ b/f\n@@ -18446744073709551615,1 +1 @@\n-x\n+2\n".to_owned(),
            "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n".to_owned(),
        ],
        &expect![[r#"
            line 3: the mail is encoded as quoted-printable: take the output of `git format-patch` or decode it first
            line 3: the mail is encoded as BASE64: take the output of `git format-patch` or decode it first
            line 8: more.c is only in new/lib, and its text is not here: make the patch with `diff -ruN`
            line 8: x.png is changed as binary data, which is not applied: commit it on a branch and import the branch
            line 8: new.png is changed as binary data, which is not applied: commit it on a branch and import the branch
            line 3: f is changed as binary data, which is not applied: commit it on a branch and import the branch
            line 1: s is a submodule: commit its change on a branch and import the branch
            line 3: the text it replaces is not in f: the file has changed since
            line 9: the hunk before has more lines than its `@@` says
            line 3: a line of the hunk follows one without a line end
            line 1: f becomes a file from a link or a link from a file: delete it and add it
            line 1: l is a link, and its target is empty or no name
            line 1: the file is said to be new, deleted, renamed or copied at once
            line 1: the file is said to be new, deleted, renamed or copied at once
            line 7: the text it replaces is not in f: the file has changed since
            line 3: the `@@` line is broken
            line 3: the hunk ends early: 18446744073709551614 more lines are expected
            line 3: the text it replaces is not in f: the file has changed since
            line 3: the hunk ends early: 1 more lines are expected
        "#]],
    );
}

#[test]
fn a_patch_has_not_more_lines_than_memory_allows() {
    let lines = vec![b'\n'; PATCH_LINES_MAX + 1];
    assert!(matches!(parse_patch(&lines), Err(PatchError::Limit { what: "lines", .. })));
}

#[test]
fn a_branch_must_keep_to_the_same_names() {
    let world = base();
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    let refused = |path: &str| {
        world.write(path, "x\n");
        let commit = world.commit("topic");
        let repository = world.library();
        world.git(&["checkout", "--quiet", "main"]);
        let deltas = repository.deltas(&repository.commit_scope(&commit).unwrap()).unwrap();
        let error = repository.check_added(&deltas).unwrap_err();
        world.git(&["checkout", "--quiet", "topic"]);
        world.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        error
    };
    assert_eq!(
        refused("aux.c").to_string(),
        "aux.c cannot be added: it is a device on Windows (`aux`)"
    );
    let error = refused("src/x");
    assert!(matches!(error, CaptureError::CaseCollision { .. }), "{error}");
    assert_eq!(
        refused("a?").to_string(),
        "a? cannot be added: it has a `?`, which no name holds on Windows"
    );
}

#[test]
fn a_series_that_git_formats_gives_the_tree_it_came_from() {
    let world = base();
    world.write("caf\u{e9} au lait.txt", "1\n2\n3\n");
    world.write("crlf", "1\r\n2\r\n");
    world.write("run.sh", "run");
    world.commit("start");
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    world.write("empty", "");
    world.write("f", "1\ntwo\n3");
    world.write("crlf", "1\r\nzwei\r\n");
    world.commit("edit\n\nThe body\n--- with a rule\n");
    fs::rename(world.root.join("caf\u{e9} au lait.txt"), world.root.join("caf\u{e9}.txt")).unwrap();
    world.write("caf\u{e9}.txt", "1\n2\ndrei\n");
    fs::set_permissions(
        world.root.join("run.sh"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    fs::remove_file(world.root.join("Src/Main.rs")).unwrap();
    world.write("f", "one\ntwo\n3");
    world.commit("move");
    let patch = |options: &[&str]| {
        let mut args = vec!["format-patch", "--stdout", "main..topic"];
        args.extend(options);
        world.try_git(&world.root, &args).stdout
    };
    let variants = [patch(&[]), patch(&["--no-prefix"]), patch(&["--no-renames", "-U1"])];
    let diff = world.try_git(&world.root, &["diff", "main", "topic"]).stdout;
    let tree = world.git(&["ls-tree", "-r", "topic"]);
    world.git(&["checkout", "--quiet", "main"]);
    for patch in variants.into_iter().chain([diff]) {
        let repository = world.library();
        let files = parse_patch(&patch).unwrap().files;
        for file in repository.apply_patch(&files).unwrap() {
            let at = world.root.join(file.path.as_str().unwrap());
            match file.bytes {
                Some(bytes) => {
                    fs::create_dir_all(at.parent().unwrap()).unwrap();
                    fs::write(&at, bytes).unwrap();
                    let bits = file.mode.octal() & 0o777;
                    fs::set_permissions(&at, std::os::unix::fs::PermissionsExt::from_mode(bits))
                        .unwrap();
                }
                None => fs::remove_file(at).unwrap(),
            }
        }
        world.commit("applied");
        assert_eq!(world.git(&["ls-tree", "-r", "HEAD"]), tree);
        world.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    }
}
