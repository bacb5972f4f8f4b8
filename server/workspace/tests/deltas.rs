//! What differs, in every scope, the same with both backends.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests build their own worlds and stop at the first surprise"
)]

mod world;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use expect_test::expect;
use workspace::{RepositoryError, Scope, SideContent};
use world::{World, check, check_range, path, shown};

/// A commit with one of each, then everything changed once.
fn changed_world() -> World {
    let world = World::new();
    world.write("keep.txt", "same\n");
    world.write("edit.txt", "one\ntwo\n");
    world.write("gone.txt", "going\n");
    world.write("old/name.txt", "1\n2\n3\n4\n");
    world.write("run.sh", "run\n");
    world.write("kind.txt", "file\n");
    symlink("keep.txt", world.root.join("link")).unwrap();
    world.commit("base");
    world.write("edit.txt", "one\nTWO\n");
    fs::remove_file(world.root.join("gone.txt")).unwrap();
    fs::create_dir(world.root.join("new")).unwrap();
    fs::rename(world.root.join("old/name.txt"), world.root.join("new/name.txt")).unwrap();
    world.write("new/name.txt", "1\n2\n3\n4\n5\n");
    fs::set_permissions(world.root.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(world.root.join("kind.txt")).unwrap();
    symlink("edit.txt", world.root.join("kind.txt")).unwrap();
    fs::remove_file(world.root.join("link")).unwrap();
    symlink("edit.txt", world.root.join("link")).unwrap();
    fs::write(world.root.join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "latin\n").unwrap();
    world
}

#[test]
fn the_same_change_looks_the_same_in_every_scope() {
    let expected = expect![[r#"
        Added caf\xe9: - => File "latin\n"
        Modified edit.txt: File "one\ntwo\n" => File "one\nTWO\n"
        Deleted gone.txt: File "going\n" => -
        TypeChanged kind.txt: File "file\n" => Symlink "edit.txt"
        Modified link: Symlink "keep.txt" => Symlink "edit.txt"
        Renamed old/name.txt -> new/name.txt: File "1\n2\n3\n4\n" => File "1\n2\n3\n4\n5\n"
        ModeChanged run.sh: File "run\n" => Executable "run\n"
    "#]];
    let world = changed_world();
    check(&world, &Scope::Worktree, &expected);
    check_range(&world, "HEAD", &expected);
    world.git(&["add", "--all"]);
    check(&world, &Scope::Staged, &expected);
    check(&world, &Scope::Worktree, &expected);
    let commit = world.commit("change");
    check_range(&world, "HEAD~1..HEAD", &expected);
    for repository in world.both() {
        let scope = repository.commit_scope(&commit).unwrap();
        expected.assert_eq(&shown(&repository, &repository.deltas(&scope).unwrap()));
        assert_eq!(repository.deltas(&Scope::Worktree).unwrap(), []);
        assert!(!repository.base().unwrap().dirty);
    }
}

#[test]
fn before_the_first_commit_everything_is_added() {
    let world = World::new();
    world.write("a", "1\n");
    let expected = expect![[r#"
        Added a: - => File "1\n"
    "#]];
    check(&world, &Scope::Worktree, &expected);
    check(&world, &Scope::Staged, &expect![""]);
    world.git(&["add", "a"]);
    check(&world, &Scope::Staged, &expected);
    for repository in world.both() {
        let head = repository.head().unwrap();
        assert_eq!((head.commit, head.branch.as_deref()), (None, Some("main")));
        let error = repository.resolve_range("HEAD").unwrap_err();
        assert!(matches!(error, RepositoryError::Unborn { .. }), "{error}");
        assert!(repository.base().unwrap().dirty);
    }
    let first = world.commit("first");
    for repository in world.both() {
        let scope = repository.commit_scope(&first).unwrap();
        expected.assert_eq(&shown(&repository, &repository.deltas(&scope).unwrap()));
    }
}

#[test]
fn ranges_with_two_and_three_dots() {
    let world = World::new();
    world.write("a", "1\n");
    world.commit("base");
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    world.write("t", "topic\n");
    world.commit("topic: add t\n\nBecause.\n");
    world.git(&["checkout", "--quiet", "main"]);
    world.write("m", "main\n");
    world.commit("main");
    check_range(
        &world,
        "main..topic",
        &expect![[r#"
        Deleted m: File "main\n" => -
        Added t: - => File "topic\n"
    "#]],
    );
    let left = expect![[r#"
        Added t: - => File "topic\n"
    "#]];
    check_range(&world, "main...topic", &left);
    check_range(&world, "...topic", &left);
    world.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "topic"]);
    for repository in world.both() {
        // A merge is compared with its first parent.
        let scope = repository.commit_scope("HEAD").unwrap();
        left.assert_eq(&shown(&repository, &repository.deltas(&scope).unwrap()));
        let message = repository.commit_message("topic").unwrap();
        assert_eq!((&message.title[..], &message.body[..]), ("topic: add t", "Because."));
    }
}

#[test]
fn an_unknown_revision_is_named_with_the_closest_one() {
    let world = World::new();
    world.write("a", "1\n");
    world.commit("base");
    for repository in world.both() {
        let said = |range: &str| repository.resolve_range(range).unwrap_err().to_string();
        assert_eq!(
            said("mian..HEAD"),
            "`mian` is no revision of this repository: did you mean `main`?"
        );
        for range in ["..", "...", "", " .. "] {
            assert!(said(range).contains("names no revision"), "{range}: {}", said(range));
        }
        assert!(repository.resolve_range("HEAD..").is_ok());
        assert!(repository.resolve_range("...main").is_ok());
        assert!(said("HEAD~7").starts_with("`HEAD~7` is no revision"), "{}", said("HEAD~7"));
        assert!(said("--output=x..HEAD").starts_with("`--output=x` is no revision"));
    }
}

#[test]
fn conflicts_in_the_index_are_unreadable_and_the_saved_file_is_shown() {
    let world = World::new();
    world.write("a", "base\n");
    world.commit("base");
    world.git(&["checkout", "--quiet", "-b", "other"]);
    world.write("a", "theirs\n");
    world.commit("theirs");
    world.git(&["checkout", "--quiet", "main"]);
    world.write("a", "ours\n");
    world.commit("ours");
    world.try_git(&world.root, &["merge", "other"]);
    world.write("a", "half merged\n");
    check(
        &world,
        &Scope::Staged,
        &expect![[r#"
        Modified a: File "ours\n" => File unreadable: it is unmerged: resolve the conflict and stage it
    "#]],
    );
    check(
        &world,
        &Scope::Worktree,
        &expect![[r#"
        Modified a: File "ours\n" => File "half merged\n"
    "#]],
    );
}

#[test]
fn line_endings_alone_are_no_change() {
    let world = World::new();
    world.write(".gitattributes", "*.txt text eol=crlf\n*.bin -text\n");
    world.write("same.txt", "a\nb\n");
    world.write("edit.txt", "a\nb\n");
    world.write("raw.bin", "a\nb\n");
    world.commit("base");
    world.write("same.txt", "a\r\nb\r\n");
    world.write("edit.txt", "a\r\nB\r\n");
    world.write("raw.bin", "a\r\nb\r\n");
    let expected = expect![[r#"
        Modified edit.txt: File "a\r\nb\r\n" => File "a\r\nB\r\n"
        Modified raw.bin: File "a\nb\n" => File "a\r\nb\r\n"
    "#]];
    check(&world, &Scope::Worktree, &expected);
    // A moved file is found again, whatever its endings.
    fs::rename(world.root.join("same.txt"), world.root.join("moved.txt")).unwrap();
    world.write("edit.txt", "a\nb\n");
    world.write("raw.bin", "a\nb\n");
    check(
        &world,
        &Scope::Worktree,
        &expect![[r#"
        Renamed same.txt -> moved.txt: File "a\r\nb\r\n" => File "a\r\nb\r\n"
    "#]],
    );
}

#[test]
fn special_files_are_never_opened() {
    let world = World::new();
    world.write("tracked", "x\n");
    world.commit("base");
    fs::remove_file(world.root.join("tracked")).unwrap();
    let pipe = |name: &str| {
        let made = std::process::Command::new("mkfifo").arg(world.root.join(name)).status();
        assert!(made.unwrap().success());
    };
    pipe("tracked");
    pipe("untracked");
    let _socket = UnixListener::bind(world.root.join("socket")).unwrap();
    check(
        &world,
        &Scope::Worktree,
        &expect![[r#"
        Modified tracked: File "x\n" => File unreadable: it is a named pipe, not a file
    "#]],
    );
    for repository in world.both() {
        let error = repository.saved(&path("untracked")).unwrap_err();
        assert_eq!(error.to_string(), "untracked is a named pipe, not a file");
    }
    // Not even where git itself would read.
    pipe(".gitattributes");
    for repository in world.both() {
        let error = repository.deltas(&Scope::Worktree);
        assert!(error.is_ok(), "nothing needed attributes: {error:?}");
    }
    fs::remove_file(world.root.join("tracked")).unwrap();
    world.write("tracked", "y\n");
    for repository in world.both() {
        let error = repository.deltas(&Scope::Worktree).unwrap_err();
        assert!(matches!(error, RepositoryError::NotPlain { .. }), "{error}");
    }
}

#[test]
fn a_linked_folder_is_not_part_of_the_tree() {
    let world = World::new();
    world.write("dir/a", "1\n");
    world.write("other/a", "1\n");
    world.commit("base");
    fs::remove_dir_all(world.root.join("dir")).unwrap();
    symlink("other", world.root.join("dir")).unwrap();
    check(
        &world,
        &Scope::Worktree,
        &expect![[r#"
        Added dir: - => Symlink "other"
        Deleted dir/a: File "1\n" => -
    "#]],
    );
    for repository in world.both() {
        let error = repository.saved(&path("dir/a")).unwrap_err();
        assert!(error.to_string().contains("symbolic link, which is not followed"), "{error}");
        let link = repository.saved(&path("dir")).unwrap().unwrap();
        assert_eq!(link.bytes, b"other");
    }
}

#[test]
fn ignored_files_are_left_out_and_tracked_ones_are_not() {
    let world = World::new();
    world.write(".gitignore", "*.log\nbuild/\n");
    world.write("kept.log", "tracked\n");
    world.git(&["add", "--force", "kept.log"]);
    world.commit("base");
    world.write("kept.log", "changed\n");
    world.write("x.log", "ignored\n");
    world.write("build/out", "ignored\n");
    world.write("sub/.gitignore", "!x.log\n");
    world.write("sub/x.log", "not ignored\n");
    fs::write(world.root.join(".git/info/exclude"), "secret\n").unwrap();
    world.write("secret", "excluded\n");
    check(
        &world,
        &Scope::Worktree,
        &expect![[r#"
        Modified kept.log: File "tracked\n" => File "changed\n"
        Added sub/.gitignore: - => File "!x.log\n"
        Added sub/x.log: - => File "not ignored\n"
    "#]],
    );
    for repository in world.both() {
        let listed = repository.list_files(&["*.log".into(), ".gitignore".into()]).unwrap();
        let names: Vec<String> = listed.iter().map(ToString::to_string).collect();
        assert_eq!(names, [".gitignore", "kept.log", "sub/.gitignore", "sub/x.log"]);
    }
}

#[test]
fn submodules_and_nested_repositories_are_commits() {
    let world = World::new();
    let inner = World::new();
    inner.write("x", "1\n");
    inner.commit("inner");
    let url = inner.root.to_str().unwrap();
    world.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "sub"]);
    world.commit("with submodule");
    check(&world, &Scope::Worktree, &expect![""]);
    fs::write(world.root.join("sub/x"), "2\n").unwrap();
    world.git_at(&world.root.join("sub"), &["commit", "--quiet", "--all", "-m", "moved"]);
    let expected = expect![[r#"
        Modified sub: Submodule submodule 581744f => Submodule submodule a3591f1
    "#]];
    check(&world, &Scope::Worktree, &expected);
    world.git(&["add", "sub"]);
    check(&world, &Scope::Staged, &expected);
    world.git(&["commit", "--quiet", "-m", "moved"]);
    check_range(&world, "HEAD^..HEAD", &expected);

    // A clone that someone left in the tree hides nothing.
    world.git(&["clone", "--quiet", url, "stray"]);
    fs::create_dir(world.root.join("empty")).unwrap();
    world.git_at(&world.root.join("empty"), &["init", "--quiet"]);
    fs::write(world.root.join(".git/info/exclude"), "ignored\n").unwrap();
    world.git(&["clone", "--quiet", url, "ignored"]);
    check(
        &world,
        &Scope::Worktree,
        &expect![[r#"
            Added empty: - => Submodule unreadable: it is a repository of its own without a commit
            Added stray: - => Submodule submodule 581744f
        "#]],
    );
}

#[test]
fn what_changes_inside_a_submodule_is_not_passed_over() {
    let world = World::new();
    let inner = World::new();
    let innermost = World::new();
    innermost.write("z", "1\n");
    innermost.commit("innermost");
    inner.write("x", "1\n");
    inner.write(".gitignore", "out\n");
    inner.commit("inner");
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"];
    inner.git(&[&add[..], &[innermost.root.to_str().unwrap(), "deep"]].concat());
    inner.commit("with submodule");
    world.git(&[&add[..], &[inner.root.to_str().unwrap(), "sub"]].concat());
    world.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
    ]);
    world.commit("with submodules");
    world.write("sub/out", "ignored\n");
    check(&world, &Scope::Worktree, &expect![""]);

    let since = Scope::Since { base: "HEAD".to_owned() };
    let dirty = |scope: &Scope| {
        // Its commit names a folder of this run, so its id is another one each time.
        let commit = world.git(&["rev-parse", "--short=7", "HEAD:sub"]);
        for repository in world.both() {
            assert_eq!(
                shown(&repository, &repository.deltas(scope).unwrap()),
                format!(
                    "Modified sub: Submodule submodule {commit} => Submodule unreadable: \
                     the submodule has changes of its own: check it there\n"
                )
            );
        }
    };
    world.write("sub/x", "2\n");
    dirty(&Scope::Worktree);
    dirty(&since);
    world.write("sub/x", "1\n");
    check(&world, &Scope::Worktree, &expect![""]);
    world.write("sub/untracked", "2\n");
    dirty(&Scope::Worktree);
    fs::remove_file(world.root.join("sub/untracked")).unwrap();
    world.write("sub/deep/z", "2\n");
    dirty(&Scope::Worktree);
    // A commit that moved does not hide what is beside it.
    world.write("sub/x", "2\n");
    world.git_at(&world.root.join("sub"), &["commit", "--quiet", "-m", "moved", "x"]);
    dirty(&Scope::Worktree);
    world.write("sub/deep/z", "1\n");
    // What is not checked out has no changes.
    world.git(&["submodule", "--quiet", "deinit", "--force", "--all"]);
    check(&world, &Scope::Worktree, &expect![""]);
    check(&world, &Scope::Staged, &expect![""]);
}

#[test]
fn a_sparse_checkout_and_announced_files_are_no_changes() {
    let world = World::new();
    world.write("in/a", "1\n");
    world.write("out/b", "2\n");
    world.commit("base");
    world.git(&["sparse-checkout", "set", "--no-cone", "/in/"]);
    assert!(!world.root.join("out").exists());
    check(&world, &Scope::Worktree, &expect![""]);
    world.write("in/new", "3\n");
    world.git(&["add", "--intent-to-add", "in/new"]);
    check(&world, &Scope::Staged, &expect![""]);
    check(
        &world,
        &Scope::Worktree,
        &expect![[r#"
        Added in/new: - => File "3\n"
    "#]],
    );
}

#[test]
fn the_executable_bit_counts_only_where_the_disk_has_one() {
    let world = World::new();
    world.write("run", "x\n");
    world.commit("base");
    world.git(&["config", "core.filemode", "false"]);
    fs::set_permissions(world.root.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    check(&world, &Scope::Worktree, &expect![""]);
}

#[test]
fn an_edit_that_keeps_size_and_time_of_the_index_is_seen() {
    let world = World::new();
    world.write("a", "one\n");
    world.commit("base");
    // Written in the same moment as the index, and of the same size.
    for round in 0..20 {
        world.write("a", format!("{round:03}\n"));
        world.git(&["add", "a"]);
        world.write("a", "two\n");
        for repository in world.both() {
            let deltas = repository.deltas(&Scope::Worktree).unwrap();
            let after = deltas[0].after.as_ref().unwrap();
            assert_eq!(repository.read(after, 9), SideContent::Bytes(b"two\n".to_vec()));
        }
    }
}

#[test]
fn huge_sides_are_not_read() {
    let world = World::new();
    world.write("big", vec![b'x'; 5000]);
    world.commit("base");
    world.write("big", vec![b'y'; 6000]);
    for repository in world.both() {
        let deltas = repository.deltas(&Scope::Worktree).unwrap();
        let (before, after) =
            (deltas[0].before.as_ref().unwrap(), deltas[0].after.as_ref().unwrap());
        assert_eq!((before.size_bytes, after.size_bytes), (5000, 6000));
        assert_eq!(repository.read(before, 4999), SideContent::Huge { size_bytes: 5000 });
        assert_eq!(repository.read(after, 100), SideContent::Huge { size_bytes: 6000 });
    }
}

#[test]
fn a_path_that_no_file_may_have_is_refused() {
    let world = World::new();
    world.write("x", "1\n");
    world.commit("base");
    let blob = world.git(&["rev-parse", "HEAD:x"]);
    // git refuses to write such a tree by any normal command.
    let id: Vec<u8> =
        (0..40).step_by(2).map(|at| u8::from_str_radix(&blob[at..at + 2], 16).unwrap()).collect();
    fs::write(world.folder.path().join("tree"), [b"100644 ..\0", &id[..]].concat()).unwrap();
    let file = world.folder.path().join("tree");
    let tree =
        world.git(&["hash-object", "-t", "tree", "-w", "--literally", file.to_str().unwrap()]);
    let commit = world.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "hostile"]);
    for repository in world.both() {
        let scope = repository.commit_scope(&commit).unwrap();
        let error = repository.deltas(&scope).unwrap_err();
        assert!(matches!(error, RepositoryError::HostilePath { .. }), "{error}");
    }
}
