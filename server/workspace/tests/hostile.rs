//! Nothing that a repository configures is run, by either backend.
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
use std::os::unix::fs::PermissionsExt;

use workspace::{HistoryLimits, Scope};
use world::{World, path, shown};

/// A repository in which every program git could be made to start leaves a mark.
fn trapped() -> World {
    let world = World::new();
    world.write("a.txt", "one\n");
    world.write(".gitattributes", "* filter=trap diff=trap merge=trap\n");
    let base = world.commit("base");
    let trap = world.folder.path().join("trap");
    let mark = world.folder.path().join("marks");
    fs::write(&trap, format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", mark.display())).unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    let trap = trap.to_str().unwrap();
    for key in [
        "filter.trap.clean",
        "filter.trap.smudge",
        "filter.trap.process",
        "diff.trap.command",
        "diff.trap.textconv",
        "diff.external",
        "merge.trap.driver",
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "credential.helper",
        "gpg.program",
        "interactive.diffFilter",
        "uploadpack.packObjectsHook",
        "alias.rev-parse",
    ] {
        world.git(&["config", key, trap]);
    }
    for (key, value) in [
        ("filter.trap.required", "true"),
        ("log.showSignature", "true"),
        ("extensions.worktreeConfig", "true"),
        ("remote.origin.url", "ext::sh -c trap%"),
        ("remote.origin.promisor", "true"),
    ] {
        world.git(&["config", key, value]);
    }
    let hooks = world.root.join(".git/hooks");
    fs::remove_dir_all(&hooks).ok();
    fs::create_dir(&hooks).unwrap();
    for hook in [
        "post-index-change",
        "reference-transaction",
        "pre-commit",
        "post-checkout",
        "fsmonitor-watchman",
    ] {
        fs::copy(trap, hooks.join(hook)).unwrap();
    }
    world.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    world.write("a.txt", "two\n");
    world.write("new.txt", "new\n");
    fs::remove_file(&mark).ok();
    assert!(!base.is_empty());
    world
}

#[test]
fn nothing_the_repository_configures_is_run() {
    let world = trapped();
    let mark = world.folder.path().join("marks");
    let index = fs::read(world.root.join(".git/index")).unwrap();
    for repository in world.both() {
        let deltas = repository.deltas(&Scope::Worktree).unwrap();
        assert_eq!(
            shown(&repository, &deltas),
            "Modified a.txt: File unreadable: it is stored through the filter `trap`, which is not run => File \"two\\n\"\n\
             Added new.txt: - => File \"new\\n\"\n"
        );
        repository.deltas(&Scope::Staged).unwrap();
        repository.deltas(&repository.commit_scope("HEAD").unwrap()).unwrap();
        repository.deltas(&repository.resolve_range("HEAD").unwrap()).unwrap();
        repository.list_files(&[]).unwrap();
        repository.base().unwrap();
        repository.commit_message("HEAD").unwrap();
        repository.file_at("HEAD", &path("a.txt")).unwrap().unwrap();
        let paths = [path("a.txt")];
        repository.history(&paths, None, HistoryLimits::default()).unwrap().unwrap();
        assert!(repository.resolve_range("nothing").is_err());
        assert!(!mark.exists(), "{}", fs::read_to_string(&mark).unwrap());
    }
    assert_eq!(fs::read(world.root.join(".git/index")).unwrap(), index, "the index was written");

    // The traps do work.
    world.try_git(&world.root, &["status"]);
    world.try_git(&world.root, &["diff"]);
    assert!(mark.exists(), "git itself should have stepped into a trap");
}
