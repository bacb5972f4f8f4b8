//! Proposals: what they amount to against the saved files, and writing them.
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
use std::os::unix::fs::{PermissionsExt, symlink};

use model::{ChangeKind, Digest, FileMode};
use workspace::{ApplyError, CaptureError, ProposedFile, Scope, apply_patch, parse_patch};
use world::{World, path};

fn proposed(name: &str, old: Option<&str>, text: Option<&str>) -> ProposedFile {
    ProposedFile {
        path: path(name),
        old_path: old.map(path),
        mode: FileMode::File,
        bytes: text.map(|text| text.as_bytes().to_vec()),
    }
}

fn captured(world: &World, files: Vec<ProposedFile>) -> Vec<String> {
    let captured = world.library().capture(files).unwrap();
    captured
        .iter()
        .map(|file| {
            let from = file.old_path.as_ref().map_or(String::new(), |old| format!("{old} -> "));
            format!("{:?} {from}{}", file.change, file.path)
        })
        .collect()
}

#[test]
fn a_proposal_is_the_difference_to_the_saved_files() {
    let world = World::new();
    for name in ["edit", "same", "gone", "from", "drift"] {
        world.write(name, format!("{name}\n1\n2\n3\n"));
    }
    world.commit("base");
    world.write("edit", "dirty\n1\n2\n3\n");
    let files = vec![
        proposed("edit", None, Some("dirty\n1\n2\n3\n4\n")),
        proposed("same", None, Some("same\n1\n2\n3\n")),
        proposed("gone", None, None),
        proposed("never", None, None),
        proposed("new/file", None, Some("fresh\n")),
        proposed("from", None, None),
        proposed("to", Some("from"), Some("quite different\n")),
        proposed("drift", None, None),
        proposed("drifted", None, Some("drift\n1\n2\n3\n4\n")),
    ];
    let shown = captured(&world, files.clone());
    assert_eq!(
        shown,
        [
            "Renamed drift -> drifted",
            "Modified edit",
            "Deleted gone",
            "Added new/file",
            "Renamed from -> to",
        ]
    );
    let captured = world.library().capture(files).unwrap();
    let edit = captured.iter().find(|file| file.path == path("edit")).unwrap();
    assert_eq!(
        &edit.before.as_ref().unwrap().1[..],
        b"dirty\n1\n2\n3\n",
        "the saved file, not HEAD"
    );
}

#[test]
fn a_mode_alone_is_a_change() {
    let world = World::new();
    world.write("run", "x\n");
    world.commit("base");
    let mut file = proposed("run", None, Some("x\n"));
    file.mode = FileMode::Executable;
    assert_eq!(world.library().capture(vec![file]).unwrap()[0].change, ChangeKind::ModeChanged);
}

#[test]
fn names_that_collide_are_refused() {
    let world = World::new();
    world.write("Src/Main.rs", "x\n");
    world.commit("base");
    let refused = |files| world.library().capture(files).unwrap_err();
    let error = refused(vec![proposed("Src/main.rs", None, Some("y\n"))]);
    assert_eq!(
        error.to_string(),
        "Src/main.rs differs only in case from Src/Main.rs, which is there"
    );
    let error = refused(vec![proposed("src/other.rs", None, Some("y\n"))]);
    assert!(matches!(error, CaptureError::CaseCollision { .. }), "{error}");
    let error = refused(vec![proposed("Src/Main.rs/x", None, Some("y\n"))]);
    assert!(matches!(error, CaptureError::Blocked { .. }), "{error}");
    // A change of case alone is a move.
    let moved = vec![
        proposed("Src/Main.rs", None, None),
        proposed("Src/main.rs", Some("Src/Main.rs"), Some("x\n")),
    ];
    assert_eq!(captured(&world, moved), ["Renamed Src/Main.rs -> Src/main.rs"]);
}

#[test]
fn a_patch_behind_a_link_of_the_tree_is_refused() {
    let world = World::new();
    world.write("a", "1\n");
    symlink("/tmp", world.root.join("out")).unwrap();
    world.commit("base");
    let patch = parse_patch(b"--- /dev/null\n+++ b/out/x\n@@ -0,0 +1 @@\n+x\n").unwrap();
    let repository = world.library();
    let error = apply_patch(&patch.files, &|path| repository.saved(path)).unwrap_err();
    assert_eq!(error.to_string(), "line 1: out/x lies behind the link out, which is not followed");
}

fn mode(world: &World, name: &str) -> u32 {
    fs::symlink_metadata(world.root.join(name)).unwrap().permissions().mode() & 0o7777
}

fn expect(mode: FileMode, text: &str) -> Option<(FileMode, Digest)> {
    Some((mode, Digest::of(text.as_bytes())))
}

const FILE: FileMode = FileMode::File;

#[test]
fn a_file_is_replaced_with_its_bits_kept() {
    let world = World::new();
    world.write("a", "old\r\n");
    fs::set_permissions(world.root.join("a"), fs::Permissions::from_mode(0o640)).unwrap();
    let repository = world.library();
    repository.write_file(&path("a"), expect(FILE, "old\r\n"), Some((FILE, b"new\r\n"))).unwrap();
    assert_eq!(fs::read(world.root.join("a")).unwrap(), b"new\r\n");
    assert_eq!(mode(&world, "a"), 0o640);
    let executable = Some((FileMode::Executable, &b"new\r\n"[..]));
    repository.write_file(&path("a"), expect(FILE, "new\r\n"), executable).unwrap();
    assert_eq!(mode(&world, "a"), 0o750);
    let before = expect(FileMode::Executable, "new\r\n");
    repository.write_file(&path("a"), before, Some((FILE, b"new\r\n"))).unwrap();
    assert_eq!(mode(&world, "a"), 0o640);
}

#[test]
fn folders_come_and_go_with_their_files() {
    let world = World::new();
    world.write("keep/x", "x\n");
    let repository = world.library();
    repository.write_file(&path("keep/a/b/c"), None, Some((FILE, b"c\n"))).unwrap();
    assert_eq!(fs::read(world.root.join("keep/a/b/c")).unwrap(), b"c\n");
    let plain = tempfile::tempdir_in(&world.root).unwrap();
    fs::write(plain.path().join("x"), "").unwrap();
    let usual = fs::metadata(plain.path().join("x")).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&world, "keep/a/b/c"), usual, "as any program creates a file");
    repository.write_file(&path("keep/a/b/c"), expect(FILE, "c\n"), None).unwrap();
    assert!(!world.root.join("keep/a").exists());
    assert!(world.root.join("keep/x").exists());
    repository.write_file(&path("keep/x"), expect(FILE, "x\n"), None).unwrap();
    assert!(world.root.exists());
}

#[test]
fn what_the_person_did_meanwhile_wins() {
    let world = World::new();
    world.write("a", "theirs\n");
    world.write("dir/x", "x\n");
    let repository = world.library();
    let moved = |name: &str, expected, after| {
        let error = repository.write_file(&path(name), expected, after).unwrap_err();
        assert!(matches!(error, ApplyError::Moved { .. }), "{name}: {error}");
    };
    moved("a", expect(FILE, "ours\n"), Some((FILE, &b"new\n"[..])));
    moved("a", expect(FILE, "ours\n"), None);
    moved("a", None, Some((FILE, &b"new\n"[..])));
    moved("a", expect(FileMode::Executable, "theirs\n"), Some((FILE, &b"new\n"[..])));
    moved("gone", expect(FILE, "x"), Some((FILE, &b"new\n"[..])));
    moved("dir", None, Some((FILE, &b"new\n"[..])));
    moved("a/below", None, Some((FILE, &b"new\n"[..])));
    moved("new/gone", expect(FILE, "x"), Some((FILE, &b"new\n"[..])));
    assert_eq!(fs::read(world.root.join("a")).unwrap(), b"theirs\n");
    let mut names: Vec<_> =
        fs::read_dir(&world.root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".git", "a", "dir"], "nothing half-made is left");
}

#[test]
fn links_are_replaced_and_never_written_through() {
    let world = World::new();
    world.write("target", "precious\n");
    symlink("target", world.root.join("link")).unwrap();
    fs::create_dir(world.root.join("real")).unwrap();
    symlink("real", world.root.join("folder")).unwrap();
    let repository = world.library();
    let error = repository
        .write_file(&path("link"), expect(FILE, "precious\n"), Some((FILE, b"x\n")))
        .unwrap_err();
    assert!(matches!(error, ApplyError::Link { .. }), "{error}");
    let error = repository.write_file(&path("folder/x"), None, Some((FILE, b"x\n"))).unwrap_err();
    assert!(matches!(error, ApplyError::ThroughLink { .. }), "{error}");

    let link = FileMode::Symlink;
    repository.write_file(&path("link"), expect(link, "target"), Some((link, b"other"))).unwrap();
    assert_eq!(fs::read_link(world.root.join("link")).unwrap().to_str(), Some("other"));
    repository.write_file(&path("link"), expect(link, "other"), Some((FILE, b"file\n"))).unwrap();
    assert_eq!(fs::read(world.root.join("link")).unwrap(), b"file\n");
    repository.write_file(&path("link"), expect(FILE, "file\n"), Some((link, b"target"))).unwrap();
    repository.write_file(&path("link"), expect(link, "target"), None).unwrap();
    repository.write_file(&path("in/new"), None, Some((link, b"../target"))).unwrap();
    assert_eq!(fs::read(world.root.join("in/new")).unwrap(), b"precious\n");
    assert_eq!(fs::read(world.root.join("target")).unwrap(), b"precious\n");
}

#[test]
fn what_a_killed_process_left_is_hidden_and_swept() {
    let world = World::new();
    let name = |letter: &str| format!(".countersign-{}.tmp", letter.repeat(12));
    world.write("src/a", "x\n");
    world.write(&format!("src/{}", name("t")), "somebody tracks it\n");
    world.commit("base");
    world.write(&format!("src/{}", name("a")), "half");
    symlink("a", world.root.join("src").join(name("l"))).unwrap();
    world.write(&name("b"), "half");
    world.write(&format!("elsewhere/{}", name("c")), "half");
    world.write("src/.countersign-notes.tmp", "theirs\n");
    fs::create_dir(world.root.join("src").join(name("d"))).unwrap();
    symlink("elsewhere", world.root.join("link")).unwrap();
    for repository in world.both() {
        let listed = repository.list_files(&[]).unwrap();
        let expected =
            [format!("src/{}", name("t")), "src/.countersign-notes.tmp".into(), "src/a".into()];
        let mut expected = expected.map(|name| path(&name));
        expected.sort();
        assert_eq!(listed, expected);
        let deltas = repository.deltas(&Scope::Worktree).unwrap();
        let named: Vec<_> = deltas.iter().map(|delta| delta.path.to_string()).collect();
        assert_eq!(named, ["link", "src/.countersign-notes.tmp"]);
    }
    let repository = world.library();
    let paths = ["src/a", "src/gone", "link/x", "no/such/folder"].map(path);
    assert_eq!(repository.sweep(&[]).unwrap(), 0);
    assert_eq!(repository.sweep(&paths).unwrap(), 2);
    assert_eq!(repository.sweep(&paths).unwrap(), 0);
    let mut left: Vec<_> = fs::read_dir(world.root.join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    let mut expected = [name("d"), name("t"), ".countersign-notes.tmp".into(), "a".into()];
    expected.sort();
    assert_eq!(left, expected);
    assert!(world.root.join("elsewhere").join(name("c")).exists(), "not through a link");
    assert_eq!(repository.sweep(&[path("top")]).unwrap(), 1);
}

/// Every writer reads, adds a line, and writes if nothing changed meanwhile: no line may be lost.
#[test]
fn two_writers_of_one_file_do_not_overwrite_each_other() {
    let world = World::new();
    world.write("f", "");
    let writer = |id: usize| {
        let repository = world.library();
        let mut written = 0;
        while written < 40 {
            // A file that is replaced twice while it is read is refused.
            let Ok(Some(saved)) = repository.saved(&path("f")) else { continue };
            let after = [&saved.bytes[..], format!("{id}.{written}\n").as_bytes()].concat();
            let before = Some((FILE, Digest::of(&saved.bytes)));
            match repository.write_file(&path("f"), before, Some((FILE, &after))) {
                Ok(()) => written += 1,
                Err(ApplyError::Moved { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
    std::thread::scope(|scope| {
        for id in 0..3 {
            scope.spawn(move || writer(id));
        }
    });
    let text = fs::read_to_string(world.root.join("f")).unwrap();
    assert_eq!(text.lines().count(), 3 * 40);
}

#[test]
fn read_only_files_and_submodules_are_refused() {
    let world = World::new();
    world.write("a", "x\n");
    fs::set_permissions(world.root.join("a"), fs::Permissions::from_mode(0o444)).unwrap();
    let repository = world.library();
    let error =
        repository.write_file(&path("a"), expect(FILE, "x\n"), Some((FILE, b"y\n"))).unwrap_err();
    assert!(matches!(error, ApplyError::ReadOnly { .. }), "{error}");
    assert_eq!(fs::read(world.root.join("a")).unwrap(), b"x\n");
    let after = Some((FileMode::Submodule, &b""[..]));
    let error = repository.write_file(&path("sub"), None, after).unwrap_err();
    assert!(matches!(error, ApplyError::Submodule { .. }), "{error}");
}

#[test]
fn a_persons_own_files_and_folders_are_read_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("secrets")).unwrap();
    fs::write(at.join("secrets/added.rego"), "b").unwrap();
    fs::write(at.join("a.rego"), "a").unwrap();
    fs::write(at.join("readme.md"), "no").unwrap();
    let read = workspace::read_folder(at, "rego").unwrap();
    let pairs: Vec<_> = read.iter().map(|(name, text)| (&name[..], &text[..])).collect();
    assert_eq!(pairs, [("a.rego", "a"), ("secrets/added.rego", "b")]);
    assert_eq!(workspace::read_folder(&at.join("none"), "rego").unwrap(), []);
    assert_eq!(workspace::read_named(&at.join("a.rego"), 1).unwrap(), b"a");
    fs::write(at.join("a.rego"), "aa").unwrap();
    assert!(workspace::read_named(&at.join("a.rego"), 1).is_err());
    assert!(
        workspace::read_named(at, 1).unwrap_err().to_string().ends_with("a folder, not a file")
    );
    fs::write(at.join("a.rego"), b"\xff").unwrap();
    assert!(workspace::read_folder(at, "rego").unwrap_err().to_string().contains("not UTF-8"));
}
