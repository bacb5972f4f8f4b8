//! What a check costs above the physical work: reading both sides of every file and parsing them once.
//!
//! The change is 120 files in three languages, each a module of some 200 lines in which two functions
//! change. Budgets are ratios to a floor measured by turns in the same run, so they hold on any machine.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]
#![expect(clippy::print_stdout, reason = "the ratios are its output")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::Criterion;
use engine::{RulesFrom, Target};
use model::RelPath;
use workspace::{Repository, SeedCommit, SideContent};

/// Files of each language.
const FILES: usize = 40;

/// Functions in each file.
const FUNCTIONS: usize = 25;

/// Runs that the ratio is taken from.
const RUNS: usize = 15;

/// A whole check, as a multiple of the floor.
const CHECK_BUDGET: f64 = 8.0;

fn rust(changed: bool) -> String {
    let body =
        |n: usize| if changed && n.is_multiple_of(12) { "total + item" } else { "total ^ item" };
    let function = |n: usize| {
        format!(
            "/// Folds `items` in the {n}th way.\npub fn fold_{n}(items: &[u64]) -> u64 {{\n    let mut total = {n};\n    for item in items {{\n        total = {};\n    }}\n    total\n}}\n\n",
            body(n)
        )
    };
    (0..FUNCTIONS).map(function).collect()
}

fn python(changed: bool) -> String {
    let body =
        |n: usize| if changed && n.is_multiple_of(12) { "total + item" } else { "total ^ item" };
    let function = |n: usize| {
        format!(
            "def fold_{n}(items):\n    \"\"\"Folds items in the {n}th way.\"\"\"\n    total = {n}\n    for item in items:\n        total = {}\n    return total\n\n\n",
            body(n)
        )
    };
    (0..FUNCTIONS).map(function).collect()
}

fn typescript(changed: bool) -> String {
    let body =
        |n: usize| if changed && n.is_multiple_of(12) { "total + item" } else { "total ^ item" };
    let function = |n: usize| {
        format!(
            "/** Folds items in the {n}th way. */\nexport function fold{n}(items: number[]): number {{\n  let total = {n};\n  for (const item of items) {{\n    total = {};\n  }}\n  return total;\n}}\n\n",
            body(n)
        )
    };
    (0..FUNCTIONS).map(function).collect()
}

/// A repository with two commits: all files, then the change.
fn repository(folder: &Path) {
    let texts =
        |changed| [("rs", rust(changed)), ("py", python(changed)), ("ts", typescript(changed))];
    let commits: Vec<_> = [false, true].map(texts).into();
    let commits: Vec<SeedCommit<'_>> = commits
        .iter()
        .zip(1..)
        .map(|(texts, at_s)| SeedCommit {
            author: "Ada",
            email: "ada@example.invalid",
            at_s,
            message: "Fold",
            files: texts
                .iter()
                .flat_map(|(extension, text)| {
                    (0..FILES).map(move |n| {
                        let path = format!("src/part{}/module_{n}.{extension}", n % 7);
                        (path.parse::<RelPath>().unwrap(), Some(text.as_bytes()))
                    })
                })
                .collect(),
        })
        .collect();
    workspace::seed(folder, &commits).unwrap();
}

fn check(folder: &Path) {
    let target = Target::Range("HEAD~1..HEAD".to_owned());
    let report = engine::check(folder, &target, &RulesFrom::default()).unwrap();
    assert_eq!(report.review.files.len(), 3 * FILES);
    black_box(report);
}

/// Opens the repository, compares the trees, reads both sides and parses each once.
fn floor(folder: &Path) {
    let repository = Repository::discover(folder).unwrap();
    let scope = repository.resolve_range("HEAD~1..HEAD").unwrap();
    for delta in repository.deltas(&scope).unwrap() {
        let language = syntax::language_of(&delta.path, b"").unwrap();
        for side in delta.before.iter().chain(&delta.after) {
            let SideContent::Bytes(bytes) = repository.read(side, u64::MAX) else { continue };
            black_box(syntax::parse(language, &bytes).unwrap());
        }
    }
}

fn timed(run: impl Fn(&Path), folder: &Path) -> Duration {
    let start = Instant::now();
    run(folder);
    start.elapsed()
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    repository(folder.path());
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    criterion.bench_function("check 120 files", |b| b.iter(|| check(folder.path())));
    criterion.bench_function("floor: read and parse", |b| b.iter(|| floor(folder.path())));
    criterion.final_summary();

    let pairs: Vec<_> =
        (0..RUNS).map(|_| (timed(check, folder.path()), timed(floor, folder.path()))).collect();
    let (checks, floors): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let (check, floor) = (median(checks), median(floors));
    let ratio = check.as_secs_f64() / floor.as_secs_f64();
    println!(
        "check of 120 files: {check:.1?}; floor {floor:.1?}; ratio {ratio:.2}, budget {CHECK_BUDGET}"
    );
}
