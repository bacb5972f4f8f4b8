//! The cache of checked-out trees: made once, shared, bounded, and whole or not there.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "tests build their own worlds")]
#![allow(clippy::unwrap_used, reason = "tests say what failed by failing")]

mod world;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use model::FileMode;
use workspace::{Caches, Repository, SeedCommit, Start, TREES_MAX, Trees, seed};
use world::{World, path};

fn cache(world: &World) -> PathBuf {
    world.folder.path().join("cache")
}

fn kept(world: &World) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache(world).join("trees")).unwrap();
    let mut kept: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|at| at.is_dir()).collect();
    kept.sort();
    kept
}

fn inode(path: &Path) -> u64 {
    path.metadata().unwrap().ino()
}

fn checkout(world: &World, commit: &str) -> workspace::Checkout {
    world.library().checkout(&Trees::new(&cache(world)), Start::Commit(commit)).unwrap()
}

#[test]
fn a_tree_is_made_once_and_shares_its_files_with_the_next() {
    let world = World::new();
    for at in 0..20 {
        world.write(&format!("d/{at}"), format!("{at}\n"));
    }
    let first = world.commit("one");
    let again = world.commit("two, with the same tree");
    world.write("d/0", "changed\n");
    world.write("d/new", "1\n");
    fs::remove_file(world.root.join("d/1")).unwrap();
    let second = world.commit("three");

    checkout(&world, &first);
    let [tree] = kept(&world).try_into().unwrap();
    let number = inode(&tree.join("files/d/2"));
    checkout(&world, &again);
    assert_eq!(kept(&world).len(), 1);
    assert_eq!(inode(&tree.join("files/d/2")), number, "not made again");

    checkout(&world, &second);
    let other = kept(&world).into_iter().find(|at| *at != tree).unwrap();
    assert_eq!(inode(&other.join("files/d/2")), number, "shared");
    assert_eq!(fs::read(other.join("files/d/0")).unwrap(), b"changed\n");
    assert_eq!(fs::read(tree.join("files/d/0")).unwrap(), b"0\n");
    assert!(!other.join("files/d/1").exists() && other.join("files/d/new").exists());
    assert_eq!(
        fs::read_dir(cache(&world).join("making"))
            .unwrap()
            .flatten()
            .filter(|e| e.path().is_dir())
            .count(),
        0
    );
}

#[test]
fn what_a_killed_process_left_is_never_used_and_goes() {
    let world = World::new();
    world.write("a", "1\n");
    let commit = world.commit("one");
    checkout(&world, &commit);
    let [tree] = kept(&world).try_into().unwrap();
    // One that lost its note is not whole; one of another start of the system may not be.
    for broken in ["", "some other start\n0000\n1\n"] {
        match broken {
            "" => fs::remove_file(tree.join("note")).unwrap(),
            note => fs::write(tree.join("note"), note).unwrap(),
        }
        fs::remove_file(tree.join("files/a")).unwrap();
        let dead = cache(&world).join("making/1-1/upper/files");
        fs::create_dir_all(&dead).unwrap();
        let made = checkout(&world, &commit);
        assert_eq!(made.saved(&path("a")).unwrap().unwrap().bytes, b"1\n");
        assert!(!dead.exists());
        assert_eq!(kept(&world), std::slice::from_ref(&tree));
    }
}

#[test]
fn the_least_recently_used_trees_go_and_those_in_use_stay() {
    let world = World::new();
    fs::remove_dir_all(&world.root).unwrap();
    let texts: Vec<String> = (0..TREES_MAX + 3).map(|at| format!("{at}\n")).collect();
    let seeds: Vec<SeedCommit<'_>> = texts
        .iter()
        .map(|text| SeedCommit {
            author: "Ann",
            email: "ann@example.com",
            at_s: 1,
            message: "one more",
            files: vec![(path("a"), Some(text.as_bytes()))],
        })
        .collect();
    seed(&world.root, &seeds).unwrap();
    let commits = world.git(&["rev-list", "--reverse", "HEAD"]);
    let commits: Vec<&str> = commits.lines().collect();
    let used = checkout(&world, commits[0]);
    for commit in &commits[1..] {
        checkout(&world, commit);
    }
    assert!(kept(&world).len() <= TREES_MAX + 1, "{}", kept(&world).len());
    assert_eq!(used.saved(&path("a")).unwrap().unwrap().bytes, b"0\n");
    let holds = |text: &str| {
        kept(&world).iter().any(|at| fs::read_to_string(at.join("files/a")).unwrap() == text)
    };
    assert!(holds("0\n") && holds(&format!("{}\n", TREES_MAX + 2)) && !holds("1\n"));
}

#[test]
fn many_at_once_agree() {
    let world = World::new();
    for at in 0..50 {
        world.write(&format!("{at}"), format!("{at}\n"));
    }
    let commit = world.commit("one");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let made = checkout(&world, &commit);
                let room = made.room(&Caches::default()).unwrap();
                assert_eq!(made.saved(&path("49")).unwrap().unwrap().bytes, b"49\n");
                drop(room);
            });
        }
    });
    assert_eq!(kept(&world).len(), 1);
    for left in ["making", "sandbox"] {
        let left = fs::read_dir(cache(&world).join(left)).unwrap().flatten();
        assert_eq!(left.filter(|entry| entry.path().is_dir()).count(), 0);
    }
}

#[test]
fn modes_links_and_line_ends_are_those_of_the_saved_files() {
    let world = World::new();
    world.write(".gitattributes", "*.txt text eol=crlf\n*.bin filter=big\n");
    world.write("a.txt", "one\r\ntwo\r\n");
    world.write("b.txt", "one\r\ntwo\r\n");
    world.write("c.bin", "stored\n");
    world.write("run", "x\n");
    fs::set_permissions(world.root.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("run", world.root.join("link")).unwrap();
    let commit = world.commit("one");
    // Git takes it for the same text.
    world.write("b.txt", "one\ntwo\n");
    for repository in [world.library(), Repository::discover_by_program(&world.root).unwrap()] {
        let trees = Trees::new(&cache(&world));
        let has = |start, name: &str| {
            let found = repository.checkout(&trees, start).unwrap().saved(&path(name)).unwrap();
            found.map(|saved| (saved.mode, String::from_utf8(saved.bytes).unwrap()))
        };
        let file = |text: &str| Some((FileMode::File, text.to_owned()));
        assert_eq!(has(Start::Saved, "a.txt"), file("one\r\ntwo\r\n"));
        assert_eq!(has(Start::Saved, "b.txt"), file("one\ntwo\n"));
        assert_eq!(has(Start::Commit(&commit), "b.txt"), file("one\r\ntwo\r\n"));
        assert_eq!(has(Start::Saved, "c.bin"), file("stored\n"));
        assert_eq!(has(Start::Saved, "run"), Some((FileMode::Executable, "x\n".to_owned())));
        assert_eq!(has(Start::Saved, "link"), Some((FileMode::Symlink, "run".to_owned())));
    }
}

#[test]
fn attributes_are_heeded_in_a_large_tree_wherever_they_are_stated() {
    let world = World::new();
    for nth in 0..100 {
        world.write(&format!("part/{nth}.txt"), "one\n");
    }
    let commit = world.commit("many");
    let read = |name: &str| {
        let trees = Trees::new(&cache(&world));
        let checkout = world.library().checkout(&trees, Start::Commit(&commit)).unwrap();
        checkout.saved(&path(name)).unwrap().unwrap().bytes
    };
    assert_eq!(read("part/7.txt"), b"one\n");
    world.write(".git/info/attributes", "7.txt text eol=crlf\n");
    assert_eq!(read("part/7.txt"), b"one\r\n");
    assert_eq!(read("part/8.txt"), b"one\n");
    fs::remove_file(world.root.join(".git/info/attributes")).unwrap();
    world.write("part/.gitattributes", "8.txt text eol=crlf\n");
    assert_eq!(read("part/8.txt"), b"one\r\n");
    // Staged and gone from the disk, it still counts.
    world.git(&["add", "part/.gitattributes"]);
    fs::remove_file(world.root.join("part/.gitattributes")).unwrap();
    assert_eq!(read("part/8.txt"), b"one\r\n");
    world.git(&["reset", "--quiet"]);
    assert_eq!(read("part/8.txt"), b"one\n");
    world.git(&["config", "core.autocrlf", "true"]);
    assert_eq!(read("part/8.txt"), b"one\r\n");
}

#[test]
fn a_repository_without_a_commit_has_a_checkout() {
    let world = World::new();
    world.write("a", "1\n");
    let checkout = world.library().checkout(&Trees::new(&cache(&world)), Start::Saved).unwrap();
    assert_eq!(checkout.saved(&path("a")).unwrap().unwrap().bytes, b"1\n");
}
