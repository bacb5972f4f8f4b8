//! Repositories made by script, in folders of their own, with fixed names and dates.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use model::RelPath;
use tempfile::TempDir;
use workspace::{Backend, Delta, Repository, Scope, SideContent, SideRef};

pub struct World {
    pub folder: TempDir,
    pub root: PathBuf,
}

impl World {
    pub fn new() -> Self {
        Self::with(&[]).unwrap()
    }

    /// `None` when the installed git cannot create such a repository.
    pub fn with(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("repo");
        fs::create_dir(&root).unwrap();
        let world = Self { folder, root };
        let init = [&["init", "--quiet", "--initial-branch=main"], options].concat();
        world.try_git(&world.root, &init).status.success().then_some(())?;
        world.git(&["config", "core.autocrlf", "false"]);
        Some(world)
    }

    pub fn try_git(&self, at: &Path, args: &[&str]) -> Output {
        Command::new("git")
            .args(args)
            .current_dir(at)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.com")
            .env("GIT_COMMITTER_NAME", "Ann")
            .env("GIT_COMMITTER_EMAIL", "ann@example.com")
            .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
            .output()
            .unwrap()
    }

    pub fn git(&self, args: &[&str]) -> String {
        self.git_at(&self.root, args)
    }

    pub fn git_at(&self, at: &Path, args: &[&str]) -> String {
        let output = self.try_git(at, args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let full = self.root.join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, bytes).unwrap();
    }

    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn library(&self) -> Repository {
        let repository = Repository::discover(&self.root).unwrap();
        assert_eq!(repository.backend(), &Backend::Library);
        repository
    }

    pub fn program(&self) -> Repository {
        Repository::discover_by_program(&self.root).unwrap()
    }

    /// Both backends, which must agree.
    pub fn both(&self) -> [Repository; 2] {
        [self.library(), self.program()]
    }
}

pub fn path(text: &str) -> RelPath {
    text.parse().unwrap()
}

pub fn bytes(repository: &Repository, side: &Option<SideRef>) -> String {
    match side {
        None => "-".to_owned(),
        Some(side) => match repository.read(side, 1 << 20) {
            SideContent::Bytes(bytes) => format!("{:?}", String::from_utf8_lossy(&bytes)),
            SideContent::Huge { size_bytes } => format!("huge {size_bytes}"),
            SideContent::Submodule { commit } => format!("submodule {}", &commit[..7]),
            SideContent::Unreadable { reason } => format!("unreadable: {reason}"),
        },
    }
}

/// One line for each delta: `Modified old -> new File "before" Executable "after"`.
pub fn shown(repository: &Repository, deltas: &[Delta]) -> String {
    let side = |side: &Option<SideRef>| {
        let mode = side.as_ref().map_or(String::new(), |side| format!("{:?} ", side.mode));
        mode + &bytes(repository, side)
    };
    deltas
        .iter()
        .map(|delta| {
            let from = delta.old_path.as_ref().map_or(String::new(), |old| format!("{old} -> "));
            let (before, after) = (side(&delta.before), side(&delta.after));
            format!("{:?} {from}{}: {before} => {after}\n", delta.change, delta.path)
        })
        .collect()
}

/// Both backends see exactly this.
pub fn check(world: &World, scope: &Scope, expected: &expect_test::Expect) {
    for repository in world.both() {
        let deltas = repository.deltas(scope).unwrap();
        expected.assert_eq(&shown(&repository, &deltas));
    }
}

pub fn check_range(world: &World, range: &str, expected: &expect_test::Expect) {
    for repository in world.both() {
        let scope = repository.resolve_range(range).unwrap();
        expected.assert_eq(&shown(&repository, &repository.deltas(&scope).unwrap()));
    }
}
