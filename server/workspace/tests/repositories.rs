//! Repositories of every kind: which backend reads them, and what is said of those that none can.
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

use expect_test::expect;
use workspace::{Backend, Repository, RepositoryError, Scope, innermost_below};
use world::{World, path, shown};

/// Commits, stages and edits, and reads everything back by the program.
fn check_by_program(world: &World, why: &str) {
    world.write("a", "1\n2\n3\n");
    world.write("src/b", "x\n");
    world.commit("base");
    world.write("a", "1\n2\n3\n4\n");
    world.git(&["mv", "src/b", "src/c"]);
    let repository = Repository::discover(&world.root.join("src")).unwrap();
    let Backend::Program { reason } = repository.backend() else {
        panic!("the library reads it");
    };
    assert!(reason.contains(why), "{reason}");
    assert_eq!(repository.root(), Some(&*world.root));
    assert_eq!(repository.head().unwrap().branch.as_deref(), Some("main"));
    let all = expect![[r#"
        Modified a: File "1\n2\n3\n" => File "1\n2\n3\n4\n"
        Renamed src/b -> src/c: File "x\n" => File "x\n"
    "#]];
    all.assert_eq(&shown(&repository, &repository.deltas(&Scope::Worktree).unwrap()));
    let staged = expect![[r#"
        Renamed src/b -> src/c: File "x\n" => File "x\n"
    "#]];
    staged.assert_eq(&shown(&repository, &repository.deltas(&Scope::Staged).unwrap()));
    world.commit("edit");
    let range = repository.resolve_range("HEAD^..HEAD").unwrap();
    all.assert_eq(&shown(&repository, &repository.deltas(&range).unwrap()));
    let features = repository.history(&[path("a")], None, Default::default()).unwrap().unwrap();
    assert_eq!(features.prior_changes, 2);
    assert_eq!(repository.file_at("HEAD^", &path("src/b")).unwrap().as_deref(), Some(&b"x\n"[..]));
    assert_eq!(repository.file_at("HEAD", &path("src/b")).unwrap(), None);
    let under = repository.files_under("HEAD", &path("src")).unwrap();
    assert_eq!(under, [(path("src/c"), b"x\n".to_vec())]);
    assert!(!repository.base().unwrap().dirty);
}

#[test]
fn sha256_is_read_by_the_program() {
    if let Some(world) = World::with(&["--object-format=sha256"]) {
        check_by_program(&world, "sha256");
    }
}

#[test]
fn reftable_is_read_by_the_program() {
    // Older git (Debian 12 has 2.39) cannot create one; then there is nothing to read.
    if let Some(world) = World::with(&["--ref-format=reftable"]) {
        check_by_program(&world, "refstorage");
    }
}

#[test]
fn a_split_index_is_read_by_the_program() {
    let world = World::new();
    world.write("z", "z\n");
    world.commit("first");
    world.git(&["config", "core.splitIndex", "true"]);
    world.git(&["update-index", "--split-index"]);
    check_by_program(&world, "link");
}

#[test]
fn a_partial_clone_says_what_it_does_not_have() {
    let origin = World::new();
    origin.write("a", "old\n");
    origin.commit("base");
    origin.write("a", "new\n");
    origin.commit("edit");
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let world = World::new();
    let url = format!("file://{}", origin.root.display());
    world.git_at(world.folder.path(), &["clone", "--quiet", "--filter=blob:none", &url, "part"]);
    let at = world.folder.path().join("part");
    for repository in
        [Repository::discover(&at).unwrap(), Repository::discover_by_program(&at).unwrap()]
    {
        let range = repository.resolve_range("HEAD~1..HEAD").unwrap();
        expect![[r#"
            Modified a: File unreadable: its content is not in this clone: fetch it with git first => File "new\n"
        "#]]
        .assert_eq(&shown(&repository, &repository.deltas(&range).unwrap()));
    }
    // Nothing was fetched behind the person's back.
    let missing = world.git_at(&at, &["rev-list", "--objects", "--missing=print", "HEAD"]);
    assert_eq!(missing.lines().filter(|line| line.starts_with('?')).count(), 1, "{missing}");
}

#[test]
fn a_shallow_clone_names_its_edge() {
    let origin = World::new();
    for round in 0..4 {
        origin.write("a", format!("{round}\n"));
        origin.commit("edit");
    }
    let world = World::new();
    let url = format!("file://{}", origin.root.display());
    world.git_at(world.folder.path(), &["clone", "--quiet", "--depth=2", &url, "thin"]);
    let at = world.folder.path().join("thin");
    for repository in
        [Repository::discover(&at).unwrap(), Repository::discover_by_program(&at).unwrap()]
    {
        let error = repository.resolve_range("HEAD~3..HEAD").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`HEAD~3` needs history that this shallow clone does not have: run `git fetch --deepen=100` (or `--unshallow`) first"
        );
        // The edge itself is there; what it changed is not known.
        assert!(repository.deltas(&repository.resolve_range("HEAD~1..HEAD").unwrap()).is_ok());
        let error = repository.commit_scope("HEAD~1").unwrap_err();
        assert!(matches!(error, RepositoryError::Shallow { .. }), "{error}");
        let limits = Default::default();
        let features = repository.history(&[path("a")], None, limits).unwrap().unwrap();
        assert_eq!((features.prior_changes, features.truncated), (1, true));
        assert_eq!(repository.history(&[path("a")], Some("HEAD~1"), limits).unwrap(), None);
    }
}

#[test]
fn a_bare_repository_has_ranges_only() {
    let origin = World::new();
    origin.write("a", "1\n");
    origin.commit("base");
    origin.write("a", "2\n");
    origin.commit("edit");
    let world = World::new();
    let url = origin.root.to_str().unwrap();
    world.git_at(world.folder.path(), &["clone", "--quiet", "--bare", url, "bare.git"]);
    let at = world.folder.path().join("bare.git");
    for repository in
        [Repository::discover(&at).unwrap(), Repository::discover_by_program(&at).unwrap()]
    {
        assert_eq!(repository.root(), None);
        let range = repository.resolve_range("HEAD~1..HEAD").unwrap();
        assert_eq!(
            shown(&repository, &repository.deltas(&range).unwrap()),
            "Modified a: File \"1\\n\" => File \"2\\n\"\n"
        );
        for scope in [Scope::Worktree, Scope::Staged] {
            let error = repository.deltas(&scope).unwrap_err();
            assert!(matches!(error, RepositoryError::Bare), "{error}");
        }
    }
}

#[test]
fn worktrees_share_one_folder_and_have_their_own_head() {
    let world = World::new();
    world.write("a", "1\n");
    world.commit("base");
    world.git(&["worktree", "add", "--quiet", "-b", "side", "../side"]);
    let at = world.root.parent().unwrap().join("side");
    fs::write(at.join("a"), "2\n").unwrap();
    fs::write(world.root.join(".git/info/exclude"), "left-out\n").unwrap();
    fs::write(at.join("left-out"), "").unwrap();
    for repository in
        [Repository::discover(&at).unwrap(), Repository::discover_by_program(&at).unwrap()]
    {
        assert_eq!(repository.root().unwrap().canonicalize().unwrap(), at);
        let common = repository.common_dir().canonicalize().unwrap();
        assert_eq!(common, world.root.join(".git"));
        assert!(repository.git_dir().starts_with(common.join("worktrees")));
        assert_eq!(repository.head().unwrap().branch.as_deref(), Some("side"));
        assert_eq!(
            shown(&repository, &repository.deltas(&Scope::Worktree).unwrap()),
            "Modified a: File \"1\\n\" => File \"2\\n\"\n"
        );
    }
    assert!(!world.library().base().unwrap().dirty);
}

#[test]
fn no_repository_and_a_strangers_repository_are_said_clearly() {
    let nothing = tempfile::tempdir().unwrap();
    let error = Repository::discover(nothing.path()).unwrap_err();
    assert!(matches!(error, RepositoryError::NotFound { .. }), "{error}");
    let error = Repository::discover_by_program(nothing.path()).unwrap_err();
    assert!(matches!(error, RepositoryError::NotFound { .. }), "{error}");

    let world = World::new();
    // Only the administrator can give a folder away; for others there is no stranger to be made.
    let given = ["", ".git"].map(|name| {
        std::os::unix::fs::chown(world.root.join(name), Some(12345), Some(12345)).is_ok()
    });
    if given == [true, true] {
        for error in
            [Repository::discover(&world.root), Repository::discover_by_program(&world.root)]
        {
            let error = error.unwrap_err();
            assert!(matches!(error, RepositoryError::Ownership { .. }), "{error}");
            assert!(error.to_string().contains("safe.directory"), "{error}");
        }
    }
}

#[test]
fn an_unknown_extension_is_refused_by_both_and_said() {
    let world = World::new();
    world.git(&["config", "core.repositoryFormatVersion", "1"]);
    world.git(&["config", "extensions.fromTheFuture", "true"]);
    let error = Repository::discover(&world.root).unwrap_err();
    assert!(matches!(error, RepositoryError::Unsupported { .. }), "{error}");
    assert!(error.to_string().to_lowercase().contains("fromthefuture"), "{error}");
}

#[test]
fn a_detached_head_has_no_branch() {
    let world = World::new();
    world.write("a", "1\n");
    let commit = world.commit("base");
    world.git(&["checkout", "--quiet", "--detach"]);
    for repository in world.both() {
        let head = repository.head().unwrap();
        assert_eq!((head.commit.as_deref(), head.branch), (Some(&commit[..]), None));
    }
}

#[test]
fn one_walk_tells_the_history_of_all_paths() {
    let world = World::new();
    let at = |day: u32, who: &str, message: &str| {
        let date = format!("2026-01-{day:02}T00:00:00Z");
        world.git(&["add", "--all"]);
        let author = format!("{who} <{who}@example.com>");
        let script = format!(
            "GIT_COMMITTER_DATE={date} git -c user.name=x -c user.email=x commit --quiet --author='{author}' --date={date} -m '{message}'"
        );
        world.git(&["-c", &format!("alias.at=!{script}"), "at"]);
    };
    world.write("a", "1\n");
    world.write("dir/b", "1\n");
    at(1, "ann", "begin");
    world.write("a", "2\n");
    at(3, "bob", "Fix: a");
    world.write("c", "1\n");
    at(5, "cid", "fix elsewhere");
    world.write("dir/b", "2\n");
    at(9, "ann", "more");
    for repository in world.both() {
        let ask = |paths: &[&str], limits| {
            let paths: Vec<_> = paths.iter().map(|text| path(text)).collect();
            repository.history(&paths, None, limits).unwrap().unwrap()
        };
        let both = ask(&["a", "dir/b"], Default::default());
        assert_eq!((both.prior_changes, both.authors, both.fixes), (3, 2, 1));
        // a: day 3, dir/b: day 9, seen from day 9.
        assert!((both.age_days - 3.0).abs() < 1e-9, "{}", both.age_days);
        assert!(!both.truncated);
        let none = ask(&["never"], Default::default());
        assert_eq!((none.prior_changes, none.truncated), (0, false));
        let short = workspace::HistoryLimits { commits: 2, ..Default::default() };
        let short = ask(&["a", "dir/b"], short);
        assert_eq!((short.prior_changes, short.truncated), (1, true));
        assert!(ask(&["a", "b"], workspace::HistoryLimits { paths: 1, commits: 9 }).truncated);
    }
}

#[test]
fn the_innermost_repository_is_found_below_another_where_it_says_it_is() {
    let world = World::new();
    for folder in ["src/deep", "vendor/x/src", "vendor/x/y/src", "vendor/no/.git", "away/src"] {
        fs::create_dir_all(world.root.join(folder)).unwrap();
    }
    for inner in ["vendor/x", "vendor/x/y", "away"] {
        world.git(&["init", "--quiet", inner]);
    }
    world.git(&["-C", "away", "config", "core.worktree", "../../src"]);
    std::os::unix::fs::symlink("vendor/x", world.root.join("link")).unwrap();
    let found = |folder: &str| {
        let found = innermost_below(&world.root, &world.root.join(folder))?;
        Some(found.strip_prefix(&world.root).unwrap().to_str().unwrap().to_owned())
    };
    assert_eq!(found("vendor/x/src").as_deref(), Some("vendor/x"));
    assert_eq!(found("vendor/x/y/src").as_deref(), Some("vendor/x/y"));
    assert_eq!(found("link/src").as_deref(), Some("link"));
    // None, no repository after all, and one that says that it is elsewhere.
    for folder in ["", "src/deep", "vendor", "vendor/no/src", "away/src"] {
        assert_eq!(found(folder), None, "{folder}");
    }
    assert_eq!(innermost_below(&world.root.join("src"), &world.root.join("vendor/x")), None);
}
