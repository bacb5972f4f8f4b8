//! What a write keeps of a file, and what it refuses before it begins.
#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests build their own worlds and stop at the first surprise"
)]

mod world;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use model::{Digest, FileMode};
use rustix::fs::XattrFlags;
use workspace::{ApplyError, Repository};
use world::{World, path};

const NOBODY: u32 = 65_534;

fn replace(repository: &Repository, name: &str, old: &str, new: &str) -> Result<(), ApplyError> {
    let expected = Some((FileMode::File, Digest::of(old.as_bytes())));
    repository.write_file(&path(name), expected, Some((FileMode::File, new.as_bytes())))
}

/// Runs as a user whom permissions bind; as whoever runs the test, if that is no administrator.
fn as_anyone(run: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                // Of this thread only, and with it the rights of an administrator.
                rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(NOBODY)).unwrap();
            }
            run();
        });
    });
}

fn bits(world: &World, name: &str, bits: u32) {
    fs::set_permissions(world.root.join(name), fs::Permissions::from_mode(bits)).unwrap();
}

/// A world that whoever [`as_anyone`] runs as may write to.
fn open_world() -> (World, Repository) {
    let world = World::new();
    // Opened before it belongs to someone else, which would be refused.
    let repository = world.library();
    world.write("folder/file", "old\n");
    world.write("file", "old\n");
    bits(&world, "..", 0o777);
    for name in ["", ".git", "folder"] {
        bits(&world, name, 0o777);
    }
    if rustix::process::geteuid().is_root() {
        for name in ["", ".git", "folder", "folder/file", "file"] {
            chown(world.root.join(name), Some(NOBODY), None).unwrap();
        }
    }
    (world, repository)
}

#[test]
fn a_file_with_several_names_is_refused_and_stays() {
    let world = World::new();
    world.write("file", "old\n");
    fs::hard_link(world.root.join("file"), world.root.join("other")).unwrap();
    let repository = world.library();
    let error = repository.can_write(&path("file")).unwrap_err();
    assert!(matches!(error, ApplyError::HardLinked { links: 2, .. }), "{error}");
    let error = replace(&repository, "file", "old\n", "new\n").unwrap_err();
    assert!(matches!(error, ApplyError::HardLinked { links: 2, .. }), "{error}");
    assert_eq!(fs::read_to_string(world.root.join("other")).unwrap(), "old\n");
    fs::remove_file(world.root.join("other")).unwrap();
    repository.can_write(&path("file")).unwrap();
    replace(&repository, "file", "old\n", "new\n").unwrap();
}

#[test]
fn attributes_and_owner_stay() {
    let world = World::new();
    world.write("file", "old\n");
    let at = world.root.join("file");
    // Not every file system has attributes of the user's.
    let kept = rustix::fs::setxattr(&at, "user.note", b"mine", XattrFlags::empty()).is_ok();
    if rustix::process::geteuid().is_root() {
        chown(&at, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    bits(&world, "file", 0o640);
    let before = fs::metadata(&at).unwrap();
    replace(&world.library(), "file", "old\n", "new\n").unwrap();
    let after = fs::metadata(&at).unwrap();
    let standing = |file: &fs::Metadata| (file.uid(), file.gid(), file.mode());
    assert_eq!(standing(&after), standing(&before));
    assert_ne!(after.ino(), before.ino(), "it was written in place");
    if kept {
        let mut value = Vec::with_capacity(10);
        let spare = rustix::buffer::spare_capacity(&mut value);
        rustix::fs::getxattr(&at, "user.note", spare).unwrap();
        assert_eq!(value, b"mine");
    }
}

#[test]
fn what_may_not_be_written_is_known_before() {
    let (world, repository) = open_world();
    as_anyone(|| {
        let can = |name: &str| repository.can_write(&path(name));
        for name in ["file", "folder/file", "new", "new/deep/file", "folder/new"] {
            can(name).unwrap();
        }
        bits(&world, "file", 0o444);
        assert!(matches!(can("file"), Err(ApplyError::ReadOnly { .. })));
        bits(&world, "folder", 0o555);
        for name in ["folder/file", "folder/new", "folder/new/deep"] {
            assert!(matches!(can(name), Err(ApplyError::ReadOnly { .. })), "{name}");
        }
        let refused = replace(&repository, "folder/file", "old\n", "new\n");
        assert!(matches!(refused, Err(ApplyError::ReadOnly { .. })), "{refused:?}");
        bits(&world, "folder", 0o777);
        assert!(matches!(can("folder"), Err(ApplyError::Unreadable(error)) if error.is_folder()));
        assert!(matches!(can("folder/file/below"), Err(ApplyError::Moved { .. })));
        symlink("folder", world.root.join("link")).unwrap();
        can("link").unwrap();
        assert!(matches!(can("link/file"), Err(ApplyError::ThroughLink { .. })));
        assert!(matches!(can("link/new/file"), Err(ApplyError::ThroughLink { .. })));
    });
}

#[test]
fn a_file_of_another_owner_is_refused_and_stays() {
    // Only an administrator can make such a file.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (world, repository) = open_world();
    chown(world.root.join("file"), Some(0), Some(0)).unwrap();
    bits(&world, "file", 0o666);
    as_anyone(|| {
        let refused = repository.can_write(&path("file"));
        assert!(matches!(refused, Err(ApplyError::Owner { .. })), "{refused:?}");
        let refused = replace(&repository, "file", "old\n", "new\n");
        assert!(matches!(refused, Err(ApplyError::Owner { .. })), "{refused:?}");
    });
    let names: Vec<_> =
        fs::read_dir(&world.root).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "a file was left behind: {names:?}");
    assert_eq!(fs::read_to_string(world.root.join("file")).unwrap(), "old\n");
}
