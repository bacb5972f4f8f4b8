//! The replay, over a history that is made to be confusing: blocks that repeat, functions that move, both kinds
//! of line ends, and a merge.

use test_support::World;

use crate::support::run;

/// How many functions there are to begin with.
const FUNCTIONS: usize = 24;

/// One function; all end alike, and every third has the same body.
fn function(number: usize, revision: usize) -> String {
    let body = if number.is_multiple_of(3) { 0 } else { number };
    format!(
        "/// Step {number}.\nfn step_{number}(line: &str) -> usize {{\n    let mut sum = {body};\n    for part in line.split(',') {{\n        sum += part.len();\n    }}\n    // Revision {revision}.\n    sum\n}}\n\n"
    )
}

fn listing(functions: &[(usize, usize)]) -> String {
    functions.iter().map(|(number, revision)| function(*number, *revision)).collect()
}

fn settings(revision: usize) -> String {
    let section = |key: usize| {
        let value = if key % 7 == revision % 7 { revision } else { 0 };
        format!("[section]\r\nkey_{key} = {value}\r\nkind = plain\r\n\r\n")
    };
    (0..40).map(section).collect()
}

/// Some commits after the first; each changes, adds, removes or moves a few functions, always the same ones.
fn history(commits: usize) -> World {
    let world = World::new();
    let mut functions: Vec<(usize, usize)> = (0..FUNCTIONS).map(|number| (number, 0)).collect();
    world.write("src/steps.rs", listing(&functions));
    world.write("settings.ini", settings(0));
    world.commit("Steps");
    for revision in 1..=commits {
        for nth in [revision * 5, revision * 11 + 3] {
            let count = functions.len();
            functions[nth % count].1 = revision;
        }
        match revision % 6 {
            1 => functions.insert(revision % functions.len(), (100 + revision, revision)),
            3 => {
                functions.remove(revision * 7 % functions.len());
            }
            5 => {
                let moved = functions.remove(revision * 3 % functions.len());
                functions.push(moved);
            }
            _ => {}
        }
        world.write("src/steps.rs", listing(&functions));
        if revision % 2 == 0 {
            world.write("settings.ini", settings(revision));
        }
        world.commit(&format!("Revision {revision}"));
    }
    world
}

#[test]
fn a_replay_misapplies_nothing_and_one_seed_is_one_run() {
    let world = history(24);
    let before = world.git(&["count-objects", "-v"]) + &world.git(&["status", "--porcelain"]);
    let args = ["replay", ".", "--seed", "7", "--cases", "80", "--format", "json"];
    let first = run(&world, &args).ok();
    let report = first.json();
    assert_eq!(report["misapplied"], 0, "{:#}", report["misapplied_cases"]);
    assert!(report["rate_percent"].as_f64().unwrap() >= 95.0, "{report:#}");
    assert_eq!((report["passed"].as_bool(), report["cases"].as_u64()), (Some(true), Some(80)));
    for kind in ["split", "near", "landed", "undo_split", "undo_later", "copied", "moved", "twin"] {
        let kinds = report["kinds"].as_array().unwrap();
        assert!(kinds.iter().any(|row| row["kind"] == kind), "no case of kind {kind}");
    }
    assert_eq!(run(&world, &args).ok().stdout, first.stdout);
    let after = world.git(&["count-objects", "-v"]) + &world.git(&["status", "--porcelain"]);
    assert_eq!(after, before);
    assert!(!world.path(".git/countersign").exists());
}

#[test]
fn a_case_is_shown_and_an_empty_history_is_said_to_be_empty() {
    let world = history(6);
    let shown = run(&world, &["replay", ".", "--cases", "9", "--show", "4"]);
    assert!(shown.stdout.contains("case 4 "), "{}", shown.stdout);
    assert!(shown.stdout.contains("misapplied 0"), "{}", shown.stdout);
    let empty = World::new();
    empty.write("a.txt", "a\n");
    empty.commit("One");
    let output = run(&empty, &["replay", "."]).exited(2);
    assert!(output.stderr.contains("has no commits to make cases of"), "{}", output.stderr);
}
