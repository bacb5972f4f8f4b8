//! What a throwaway checkout of the saved files and a room over it cost, beside `git worktree add` of the same commit.
//!
//! The repository has 2,000 files in 100 folders, and some saved changes. The first checkout of a commit writes each
//! file, as git does; later ones only look at the files. Budgets are ratios to git, measured by turns in the same run,
//! so they hold on any machine.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]
#![expect(clippy::print_stdout, reason = "the ratios are its output")]
#![expect(clippy::disallowed_methods, reason = "the floor is the person's git")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use model::RelPath;
use workspace::{Repository, SeedCommit, Start, Trees};

const FILES: usize = 2000;
const FOLDERS: usize = 100;
/// Saved files that differ from the commit.
const CHANGED: usize = 5;
/// Runs that a ratio is taken from.
const RUNS: usize = 11;

/// The first checkout of a commit, as a multiple of what git takes.
const FIRST_BUDGET: f64 = 3.0;
/// A later one.
const LATER_BUDGET: f64 = 0.5;

fn path(nth: usize) -> String {
    format!("part{}/text_{nth}.txt", nth % FOLDERS)
}

fn text(nth: usize) -> String {
    (0..50).map(|line| format!("line {line} of file {nth}\n")).collect()
}

fn git(folder: &Path, args: &[&str]) {
    let run = Command::new("git").current_dir(folder).args(args).output().unwrap();
    assert!(run.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&run.stderr));
}

fn repository(folder: &Path) -> Repository {
    let texts: Vec<(RelPath, String)> =
        (0..FILES).map(|nth| (path(nth).parse().unwrap(), text(nth))).collect();
    let files = texts.iter().map(|(path, text)| (path.clone(), Some(text.as_bytes()))).collect();
    let (author, email, message) = ("Ada", "ada@example.invalid", "Texts");
    workspace::seed(folder, &[SeedCommit { author, email, at_s: 1, message, files }]).unwrap();
    git(folder, &["status"]);
    for nth in 0..CHANGED {
        fs::write(folder.join(path(nth)), text(nth) + "a line more\n").unwrap();
    }
    Repository::discover(folder).unwrap()
}

fn timed(what: impl FnOnce()) -> Duration {
    let start = Instant::now();
    what();
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap()
}

fn main() {
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let repository = repository(folder.path());
    let room = |trees: &Trees| {
        let checkout = repository.checkout(trees, Start::Saved).unwrap();
        let room = checkout.room(&repository.caches().unwrap()).unwrap();
        assert!(!room.mounts().is_empty());
    };
    let kept = Trees::new(&scratch.path().join("kept"));
    room(&kept);
    let (mut first, mut later, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        let fresh = Trees::new(&scratch.path().join(format!("fresh{run}")));
        first.push(timed(|| room(&fresh)));
        later.push(timed(|| room(&kept)));
        let tree = scratch.path().join(format!("worktree{run}"));
        let add = ["worktree", "add", "--detach", "--quiet", tree.to_str().unwrap()];
        floor.push(timed(|| git(folder.path(), &add)));
    }
    let (first, later, floor) = (median(&mut first), median(&mut later), median(&mut floor));
    let ratio = |time: Duration| time.as_secs_f64() / floor.as_secs_f64();
    println!("git worktree add of {FILES} files: {floor:.1?}");
    println!("first checkout: {first:.1?}; ratio {:.2}, budget {FIRST_BUDGET}", ratio(first));
    println!("later checkout: {later:.1?}; ratio {:.2}, budget {LATER_BUDGET}", ratio(later));
}
