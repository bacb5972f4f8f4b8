//! What it costs to judge a change by the built-in rules, against the least that anyone must do: write the input
//! as JSON and read it again, which an evaluator in another process would need.
//!
//! Three changes: a typing mistake mended, a day's work, and a sweep over 200 files. The budget in milliseconds is
//! what is lost between a keypress that accepts and the answer; it holds for all but the sweep.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]
#![expect(clippy::print_stdout, reason = "the figures are its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use model::{Digest, PolicyInput};
use policy::{Bundle, Policy, judge};
use serde_json::{Value, json};

const ROUNDS: usize = 200;
const BUDGET: Duration = Duration::from_millis(5);

/// A change of `files` files with `per_file` entities and findings in each.
fn input(files: usize, per_file: usize) -> PolicyInput {
    let path = |nth: usize| format!("src/part_{}/file_{nth}.rs", nth % 7);
    let file = |nth: usize| {
        json!({
            "path": path(nth), "old_path": null, "change": "modified", "content": "text", "language": "rust",
            "generated": false, "old_mode": "file", "new_mode": "file",
            "lines_added": 3 * per_file, "lines_removed": per_file, "protected": false,
        })
    };
    let in_each = |make: &dyn Fn(usize, usize) -> Value| -> Vec<Value> {
        (0..files)
            .flat_map(|nth| (0..per_file).map(move |of| (nth, of)))
            .map(|(nth, of)| make(nth, of))
            .collect()
    };
    let entity = |nth: usize, of: usize| {
        json!({
            "path": path(nth), "kind": "function", "name": format!("step_{of}"), "change": "modified",
            "old_name": null, "aspects": ["body"], "public": of.is_multiple_of(3), "test": false, "test_code": false,
            "first_line": 10 * of, "lines": 8,
        })
    };
    let finding = |nth: usize, of: usize| {
        json!({
            "rule": "size.large_function", "severity": "note", "message": "this function has grown", "path": path(nth),
            "first_line": 10 * of, "lines": 8,
        })
    };
    let gate =
        |id: &str| json!({ "id": id, "kind": "test", "verdict": "passes", "reason": "12 passed" });
    let gates = ["build", "test", "lint", "format", "types"].map(gate);
    let value = json!({
        "version": 1, "action": "propose",
        "actor": { "kind": "person", "name": "Ada", "surface": "editor" },
        "changeset": {
            "id": Digest::of(b"bench"), "origin": { "worker": "recipe", "name": "tidy" }, "title": "Tidy",
            "files": (0..files).map(file).collect::<Vec<_>>(),
        },
        "stats": {
            "files": files, "hunks": files * per_file, "lines_added": 3 * files * per_file,
            "lines_removed": files * per_file,
        },
        "entities": in_each(&entity), "findings": in_each(&finding), "unexamined": [],
        "risk": { "score": 34, "level": "medium", "reasons": [], "model": "additive-1" },
        "proof": {
            "current": true, "gates": gates, "broken_base_tests": 0,
            "proving_tests": 3, "idle_tests": [], "flaky_tests": [], "coverage_percent": 80, "mutation_percent": 70,
            "mutants": 20, "sandbox": "namespaces",
        },
        "limits": { "review_lines": 400, "deny_lines": 5000, "review_risk": 60, "require_proof": true },
    });
    serde_json::from_value(value).unwrap()
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    *times.get((times.len() - 1) * percent / 100).unwrap()
}

fn main() {
    let start = Instant::now();
    let policy = Policy::compile(&Bundle::built_in().unwrap()).unwrap();
    println!("compiling the built-in rules, once for each process: {:.2?}", start.elapsed());
    for (name, files, per_file) in [("small", 1, 2), ("day's work", 12, 8), ("sweep", 200, 4)] {
        let input = input(files, per_file);
        let (mut judging, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let text = serde_json::to_vec(&input).unwrap();
            black_box(serde_json::from_slice::<Value>(&text).unwrap());
            floors.push(start.elapsed());
            let start = Instant::now();
            black_box(judge(&policy, &[], &input));
            judging.push(start.elapsed());
        }
        let (half, most) = (percentile(&mut judging, 50), percentile(&mut judging, 99));
        let floor = percentile(&mut floors, 50);
        let ratio = half.as_secs_f64() / floor.as_secs_f64();
        println!(
            "{name}, {files} files, {} entities, as many findings: {}",
            files * per_file,
            judge(&policy, &[], &input).decision
        );
        println!("  p50 {half:.2?}, p99 {most:.2?} (budget {BUDGET:.2?})");
        println!("  floor p50 {floor:.2?}: ratio {ratio:.1}");
    }
}
