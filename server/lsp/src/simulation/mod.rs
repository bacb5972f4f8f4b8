//! A person at an editor that misbehaves as real ones do, on a seed: a real session and a real engine over real
//! files, in one thread, with a clock of its own. Whatever happens in between, when all is quiet the ledger,
//! the buffers and the disk agree, every keystroke is there, and nothing is under way any more.
//!
//! `SIMULATION_SEED=7` runs one seed and tells the story, `SIMULATION_RUNS=5000` runs so many.

mod client;
mod files;
mod random;
mod story;
mod tokens;

use story::Story;

/// How many seeds a plain test run takes, besides those that once found something.
const RUNS: u64 = 30;
/// A part of a file had reached the disk, and another had not: it was called unsaved.
const FOUND_SOMETHING: [u64; 1] = [10_060];

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn editors_that_misbehave_leave_no_wrong_state() {
    if let Some(seed) = number("SIMULATION_SEED") {
        let mut story = Story::new(seed);
        story.aloud = true;
        story.run();
        return;
    }
    let first = number("SIMULATION_FIRST").unwrap_or(1);
    let runs = number("SIMULATION_RUNS").unwrap_or(RUNS);
    let mut failed = Vec::new();
    for seed in (first..first + runs).chain(FOUND_SOMETHING) {
        let run = std::panic::catch_unwind(|| Story::new(seed).run());
        if let Err(panic) = run {
            let why = panic.downcast_ref::<String>().map_or("?", String::as_str);
            failed.push(format!("SIMULATION_SEED={seed}: {why}"));
        }
    }
    assert!(failed.is_empty(), "{} of {runs} failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [3, 4] {
        let tell = || {
            let mut story = Story::new(seed);
            story.run();
            story.told
        };
        assert_eq!(tell(), tell());
    }
}
