//! All files of a decision are looked at together before the first of them is written.

use std::fs;

use serde_json::{Value, json};
use test_support::World;

use crate::support::{RUST, event_kinds, hunk_states, id, propose, run};

const IDLE: &str = "    queue.len() == 0\n";

/// Two files with two hunks each, of which the second file has another name that no change may reach.
fn linked() -> (World, String) {
    let world = World::new();
    world.write("src/first.rs", RUST);
    world.write("src/second.rs", RUST);
    world.commit("Two queues");
    let id = id(&propose(&world));
    fs::hard_link(world.path("src/second.rs"), world.outer().join("other")).unwrap();
    (world, id)
}

fn refused(report: &Value) -> Vec<u64> {
    let refused = report["refused"].as_array().unwrap();
    let reason = |hunk: &Value| hunk["reason"].as_str().unwrap().contains("hard links");
    assert!(refused.iter().all(reason), "{report:#}");
    refused.iter().map(|hunk| hunk["hunk"].as_u64().unwrap()).collect()
}

#[test]
fn a_file_that_cannot_be_written_is_refused_and_the_others_land() {
    let (world, id) = linked();
    let accept = ["accept", &id, "--by", "Ada", "--format", "json"];
    let report = run(&world, &accept).exited(2).json();
    assert_eq!(refused(&report), [3, 4]);
    assert_eq!((&report["hunks"], &report["failed"]), (&json!([1, 2]), &json!([])));
    assert_eq!(hunk_states(&world, &id), ["accepted", "accepted", "proposed", "proposed"]);
    assert!(!world.read("src/first.rs").contains(IDLE));
    assert_eq!(world.read("src/second.rs"), RUST);
    // Its hunks alone are refused before anything is asked of the ledger.
    let before = event_kinds(&world);
    let report = run(&world, &accept).exited(2).json();
    assert_eq!((refused(&report), &report["hunks"]), (vec![3, 4], &json!([])));
    assert_eq!(event_kinds(&world), before);
    // Without its other name it lands, and the undo looks first as well.
    fs::remove_file(world.outer().join("other")).unwrap();
    run(&world, &accept).ok();
    fs::hard_link(world.path("src/first.rs"), world.outer().join("other")).unwrap();
    let report = run(&world, &["undo", &id, "--by", "Ada", "--format", "json"]).exited(2).json();
    assert_eq!((refused(&report), &report["hunks"]), (vec![1, 2], &json!([3, 4])));
    assert_eq!(world.read("src/second.rs"), RUST);
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn a_rejection_looks_before_it_takes_out() {
    let (world, _) = linked();
    run(&world, &["snapshot"]).ok();
    fs::remove_file(world.outer().join("other")).unwrap();
    let edited = RUST.replace(IDLE, "    queue.is_empty()\n");
    for file in ["src/first.rs", "src/second.rs"] {
        world.write(file, &edited);
    }
    let adopted = id(&run(&world, &["adopt", "--format", "json"]).ok().json()["proposal"]);
    fs::hard_link(world.path("src/first.rs"), world.outer().join("other")).unwrap();
    let reject = ["reject", &adopted, "--by", "Ada", "--format", "json"];
    let report = run(&world, &reject).exited(2).json();
    assert_eq!((refused(&report), &report["hunks"]), (vec![1], &json!([2])));
    assert_eq!((world.read("src/first.rs"), world.read("src/second.rs")), (edited, RUST.into()));
    assert_eq!(hunk_states(&world, &adopted), ["adopted", "rejected"]);
}

#[test]
fn a_rename_needs_both_its_names() {
    let world = World::new();
    world.write("old.txt", "one\ntwo\nthree\n");
    world.write("kept.txt", "kept\n");
    world.commit("Texts");
    world.git(&["checkout", "--quiet", "-b", "topic"]);
    world.git(&["mv", "old.txt", "new.txt"]);
    world.write("kept.txt", "changed\n");
    world.commit("Renamed");
    world.git(&["checkout", "--quiet", "main"]);
    let import = ["import", "--branch", "topic", "--format", "json"];
    let imported = id(&run(&world, &import).ok().json());
    fs::hard_link(world.path("old.txt"), world.outer().join("other")).unwrap();
    let accept = ["accept", &imported, "--by", "Ada", "--format", "json"];
    let report = run(&world, &accept).exited(2).json();
    assert_eq!((refused(&report).len(), report["hunks"].as_array().unwrap().len()), (1, 1));
    assert_eq!(world.read("kept.txt"), "changed\n");
    assert!(world.path("old.txt").exists() && !world.path("new.txt").exists());
}
