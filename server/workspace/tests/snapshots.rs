//! Snapshots of the saved files and what became of them since, the same with both backends.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests build their own worlds and stop at the first surprise"
)]

mod world;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use expect_test::{Expect, expect};
use model::{Digest, SnapshotSide};
use workspace::{Repository, SAVED_BYTES_MAX, SnapshotError, TakenSnapshot};
use world::{World, shown};

/// A snapshot with its bytes, as a ledger would keep it.
struct Kept {
    taken: TakenSnapshot,
    bytes: BTreeMap<Digest, Vec<u8>>,
}

impl Kept {
    fn of(taken: TakenSnapshot) -> Self {
        let digests = taken.contents.iter().map(|bytes| (Digest::of(bytes), bytes.clone()));
        Self { bytes: digests.collect(), taken }
    }

    fn since(&self, repository: &Repository) -> String {
        let kept = |digest: &Digest| self.bytes.get(digest).cloned();
        shown(repository, &repository.deltas_since(&self.taken.manifest, &kept).unwrap())
    }
}

/// Takes the same snapshot with both backends.
fn take(world: &World) -> Kept {
    let [library, program] = world.both().map(|repository| repository.take_snapshot().unwrap());
    assert_eq!(library, program);
    Kept::of(library)
}

fn check(world: &World, kept: &Kept, expected: &Expect) {
    for repository in world.both() {
        expected.assert_eq(&kept.since(&repository));
    }
}

fn manifest(kept: &Kept) -> String {
    kept.taken.manifest.files.iter().fold(String::new(), |mut out, file| {
        let said = match &file.side {
            SnapshotSide::Saved(side) => {
                format!("{:?} {:?}", side.mode, String::from_utf8_lossy(&kept.bytes[&side.blob]))
            }
            SnapshotSide::Deleted => "deleted".to_owned(),
            SnapshotSide::Unreadable { mode, reason, stamp } => {
                format!("{mode:?} unreadable: {reason}, stamped: {}", stamp.is_some())
            }
        };
        writeln!(out, "{} {said}", file.path).unwrap();
        out
    })
}

/// Tracked files, then one of each kind of difference from the commit.
fn dirty_world() -> World {
    let world = World::new();
    world.write(".gitignore", "out/\n");
    world.write("clean.txt", "1\n2\n3\n4\n");
    world.write("also.txt", "also\n");
    world.write("dirty.txt", "committed\n");
    world.write("gone.txt", "gone\n");
    world.write("run.sh", "run\n");
    world.commit("base");
    world.write("dirty.txt", "mine\n");
    world.write("new.txt", "untracked\n");
    world.write("staged.txt", "staged\n");
    world.git(&["add", "staged.txt"]);
    world.write("out/built", "ignored\n");
    fs::remove_file(world.root.join("gone.txt")).unwrap();
    fs::set_permissions(world.root.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("clean.txt", world.root.join("link")).unwrap();
    world
}

#[test]
fn a_snapshot_lists_what_is_not_as_committed() {
    let world = dirty_world();
    let kept = take(&world);
    expect![[r#"
        dirty.txt File "mine\n"
        gone.txt deleted
        link Symlink "clean.txt"
        new.txt File "untracked\n"
        run.sh Executable "run\n"
        staged.txt File "staged\n"
    "#]]
    .assert_eq(&manifest(&kept));
    let snapshot = &kept.taken.manifest;
    assert_eq!(snapshot.head.as_deref(), Some(&*world.git(&["rev-parse", "HEAD"])));
    assert_eq!(snapshot.branch.as_deref(), Some("main"));
    assert_eq!(snapshot.worktree, "", "the main worktree");
    check(&world, &kept, &expect![[""]]);
}

#[test]
fn what_is_edited_since_is_compared_with_what_was_saved_then() {
    let world = dirty_world();
    let kept = take(&world);
    world.write("dirty.txt", "mine\nagent\n");
    world.write("clean.txt", "1\n2\n3\nfour\n");
    world.write("new.txt", "touched\n");
    world.write("more.txt", "more\n");
    world.write("out/built", "again\n");
    world.write("gone.txt", "back\n");
    fs::set_permissions(world.root.join("run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::remove_file(world.root.join("link")).unwrap();
    symlink("also.txt", world.root.join("link")).unwrap();
    let expected = expect![[r#"
        Modified clean.txt: File "1\n2\n3\n4\n" => File "1\n2\n3\nfour\n"
        Modified dirty.txt: File "mine\n" => File "mine\nagent\n"
        Added gone.txt: - => File "back\n"
        Modified link: Symlink "clean.txt" => Symlink "also.txt"
        Added more.txt: - => File "more\n"
        Modified new.txt: File "untracked\n" => File "touched\n"
        ModeChanged run.sh: Executable "run\n" => File "run\n"
    "#]];
    check(&world, &kept, &expected);
    // Committing it, as agents do, changes no file.
    world.commit("agent");
    check(&world, &kept, &expected);
    world.git(&["checkout", "--quiet", "--detach"]);
    world.git(&["commit", "--quiet", "--amend", "--message", "again"]);
    check(&world, &kept, &expected);
}

#[test]
fn going_back_to_the_commit_is_a_change_of_what_was_dirty() {
    let world = dirty_world();
    let kept = take(&world);
    world.git(&["reset", "--quiet", "--hard"]);
    world.git(&["clean", "--quiet", "--force"]);
    check(
        &world,
        &kept,
        &expect![[r#"
            Modified dirty.txt: File "mine\n" => File "committed\n"
            Added gone.txt: - => File "gone\n"
            Deleted link: Symlink "clean.txt" => -
            Deleted new.txt: File "untracked\n" => -
            ModeChanged run.sh: Executable "run\n" => File "run\n"
            Deleted staged.txt: File "staged\n" => -
        "#]],
    );
}

#[test]
fn moves_are_found_from_clean_and_from_dirty_files() {
    let world = dirty_world();
    world.write("dirty.txt", "mine\nand\nmore\nlines\n");
    let kept = take(&world);
    fs::create_dir(world.root.join("moved")).unwrap();
    for name in ["clean.txt", "dirty.txt"] {
        fs::rename(world.root.join(name), world.root.join("moved").join(name)).unwrap();
    }
    world.write("moved/dirty.txt", "mine\nand\nmore\nwords\n");
    check(
        &world,
        &kept,
        &expect![[r#"
            Renamed clean.txt -> moved/clean.txt: File "1\n2\n3\n4\n" => File "1\n2\n3\n4\n"
            Renamed dirty.txt -> moved/dirty.txt: File "mine\nand\nmore\nlines\n" => File "mine\nand\nmore\nwords\n"
        "#]],
    );
}

#[test]
fn a_file_that_was_there_counts_even_if_git_ignores_it_by_now() {
    let world = dirty_world();
    let kept = take(&world);
    world.write(".gitignore", "out/\nnew.txt\nclean.txt\n");
    world.git(&["rm", "--quiet", "--cached", "clean.txt"]);
    check(
        &world,
        &kept,
        &expect![[r#"
            Modified .gitignore: File "out/\n" => File "out/\nnew.txt\nclean.txt\n"
        "#]],
    );
    world.write("new.txt", "hidden\n");
    world.write("clean.txt", "hidden\n");
    check(
        &world,
        &kept,
        &expect![[r#"
            Modified .gitignore: File "out/\n" => File "out/\nnew.txt\nclean.txt\n"
            Modified clean.txt: File "1\n2\n3\n4\n" => File "hidden\n"
            Modified new.txt: File "untracked\n" => File "hidden\n"
        "#]],
    );
}

#[test]
fn a_file_that_git_ignored_then_is_no_addition() {
    let world = dirty_world();
    let kept = take(&world);
    world.write(".gitignore", "\n");
    let expected = expect![[r#"
        Modified .gitignore: File "out/\n" => File "\n"
        Modified out/built: File unreadable: git ignored it when the snapshot was taken: what it held is not known => File "ignored\n"
    "#]];
    check(&world, &kept, &expected);
    world.commit("everything");
    check(&world, &kept, &expected);
    // The rules may also have been dirty or new at the snapshot.
    world.write(".gitignore", "*.tmp\n");
    world.write("sub/.gitignore", "/secret\n");
    world.write("a.tmp", "1\n");
    world.write("sub/secret", "2\n");
    let kept = take(&world);
    world.write(".gitignore", "\n");
    fs::remove_file(world.root.join("sub/.gitignore")).unwrap();
    world.write("sub/new", "3\n");
    check(
        &world,
        &kept,
        &expect![[r#"
            Modified .gitignore: File "*.tmp\n" => File "\n"
            Modified a.tmp: File unreadable: git ignored it when the snapshot was taken: what it held is not known => File "1\n"
            Deleted sub/.gitignore: File "/secret\n" => -
            Added sub/new: - => File "3\n"
            Modified sub/secret: File unreadable: git ignored it when the snapshot was taken: what it held is not known => File "2\n"
        "#]],
    );
}

#[test]
fn before_the_first_commit_every_file_is_listed() {
    let world = World::new();
    world.write("a", "1\n");
    let kept = take(&world);
    expect![[r#"
        a File "1\n"
    "#]]
    .assert_eq(&manifest(&kept));
    world.commit("first");
    check(&world, &kept, &expect![[""]]);
    world.write("a", "2\n");
    check(
        &world,
        &kept,
        &expect![[r#"
        Modified a: File "1\n" => File "2\n"
    "#]],
    );
}

#[test]
fn what_cannot_be_kept_is_named_and_is_no_change_until_it_is_touched() {
    let world = dirty_world();
    let huge = fs::File::create(world.root.join("huge.bin")).unwrap();
    huge.set_len(SAVED_BYTES_MAX + 1).unwrap();
    fs::remove_file(world.root.join("dirty.txt")).unwrap();
    let _socket = UnixListener::bind(world.root.join("dirty.txt")).unwrap();
    let kept = take(&world);
    let said = manifest(&kept);
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("unreadable")).collect();
    assert_eq!(
        lines,
        [
            "dirty.txt File unreadable: it is a socket, not a file, stamped: false",
            "huge.bin File unreadable: it has 67108865 bytes, more than the limit of 67108864, stamped: true",
        ]
    );
    check(&world, &kept, &expect![[""]]);
    huge.set_len(SAVED_BYTES_MAX + 2).unwrap();
    let changed = kept.since(&world.library());
    assert!(
        changed.starts_with("Modified huge.bin: File unreadable: it has 67108865"),
        "{changed}"
    );
}

#[test]
fn line_ends_are_kept_as_they_lie_on_disk() {
    let world = World::new();
    world.git(&["config", "core.autocrlf", "true"]);
    world.write("clean.txt", "1\r\n2\r\n");
    world.write("dirty.txt", "1\r\n2\r\n");
    world.commit("stored with LF");
    world.write("dirty.txt", "1\r\ntwo\r\n");
    let kept = take(&world);
    expect![[r#"
        dirty.txt File "1\r\ntwo\r\n"
    "#]]
    .assert_eq(&manifest(&kept));
    world.write("clean.txt", "one\r\n2\r\n");
    world.write("dirty.txt", "1\r\n2\r\n");
    check(
        &world,
        &kept,
        &expect![[r#"
            Modified clean.txt: File "1\r\n2\r\n" => File "one\r\n2\r\n"
            Modified dirty.txt: File "1\r\ntwo\r\n" => File "1\r\n2\r\n"
        "#]],
    );
}

#[test]
fn a_filter_is_not_run_and_bytes_on_disk_are_compared() {
    let world = World::new();
    world.write(".gitattributes", "*.big filter=trap\n");
    world.write("a.big", "stored\n");
    world.write("b.big", "stored too\n");
    world.commit("base");
    let ran = world.folder.path().join("ran");
    world.git(&["config", "filter.trap.clean", &format!("touch {}", ran.display())]);
    world.git(&["config", "filter.trap.required", "true"]);
    world.write("a.big", "saved\n");
    let kept = take(&world);
    expect![[r#"
        a.big File "saved\n"
    "#]]
    .assert_eq(&manifest(&kept));
    world.write("a.big", "again\n");
    world.write("b.big", "touched\n");
    check(
        &world,
        &kept,
        &expect![[r#"
            Modified a.big: File "saved\n" => File "again\n"
            Modified b.big: File unreadable: it is stored through the filter `trap`, which is not run => File "touched\n"
        "#]],
    );
    assert!(!ran.exists());
}

#[test]
fn submodules_and_nested_repositories_are_their_commits() {
    let world = World::new();
    world.write("a", "1\n");
    world.commit("base");
    let nested = world.root.join("nested");
    fs::create_dir(&nested).unwrap();
    world.git_at(&nested, &["init", "--quiet"]);
    world.git_at(&nested, &["commit", "--quiet", "--allow-empty", "--message", "one"]);
    let one = world.git_at(&nested, &["rev-parse", "HEAD"]);
    let kept = take(&world);
    assert_eq!(manifest(&kept), format!("nested Submodule {one:?}\n"));
    check(&world, &kept, &expect![[""]]);
    world.git_at(&nested, &["commit", "--quiet", "--allow-empty", "--message", "two"]);
    let two = world.git_at(&nested, &["rev-parse", "HEAD"]);
    let (one, two) = (&one[..7], &two[..7]);
    let changed = kept.since(&world.library());
    assert_eq!(
        changed,
        format!("Modified nested: Submodule submodule {one} => Submodule submodule {two}\n")
    );
    world.git(&["-c", "advice.addEmbeddedRepo=false", "add", "nested"]);
    world.git(&["commit", "--quiet", "--message", "as a submodule"]);
    assert_eq!(kept.since(&world.library()), changed);
    assert_eq!(kept.since(&world.program()), changed);
}

#[test]
fn a_snapshot_of_elsewhere_or_without_its_commit_is_refused() {
    let world = dirty_world();
    let mut kept = take(&world);
    let none = |_: &Digest| None;
    let linked = world.folder.path().join("linked");
    world.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap()]);
    let other = Repository::discover(&linked).unwrap();
    let refused = other.deltas_since(&kept.taken.manifest, &none);
    assert!(matches!(refused, Err(SnapshotError::OtherWorktree { .. })), "{refused:?}");
    world.write("dirty.txt", "again\n");
    let blind = world.library().deltas_since(&kept.taken.manifest, &none).unwrap();
    assert_eq!(
        shown(&world.library(), &blind),
        "Modified dirty.txt: File unreadable: what the snapshot kept of it is gone => File \"again\\n\"\n"
    );
    kept.taken.manifest.head = Some("0123456789012345678901234567890123456789".to_owned());
    for repository in world.both() {
        let refused = repository.deltas_since(&kept.taken.manifest, &none);
        assert!(matches!(refused, Err(SnapshotError::CommitGone { .. })), "{refused:?}");
    }
}
