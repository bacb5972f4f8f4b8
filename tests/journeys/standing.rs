//! The base moves: commits, branches, moved functions and files. What waits is shown as what it is, each with a way on.

use serde_json::Value;
use test_support::World;

use crate::support::{RUST, hunk_states, id, propose, run, world};

fn shown(world: &World, id: &str) -> Value {
    run(world, &["show", id, "--format", "json"]).ok().json()
}

/// How a change stands, and each of its hunks.
fn standing(world: &World, id: &str) -> Vec<String> {
    let shown = shown(world, id);
    let hunks = shown["hunks"].as_array().unwrap().iter().map(|hunk| &hunk["standing"]);
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    std::iter::once(&shown["standing"]).chain(hunks).map(word).collect()
}

const IDLE: &str = "queue.len() == 0";
const BOTH: &str = "right.len() == 0";

#[test]
fn what_drifts_lands_or_conflicts_is_shown_as_that() {
    let world = world();
    let id = id(&propose(&world));
    assert_eq!(standing(&world, &id), ["clean", "clean", "clean"]);
    // A formatter, or anything else, moved the lines and it was committed.
    world.write("src/queue.rs", format!("//! A queue.\n\n{RUST}"));
    world.commit("Say what it is");
    assert_eq!(standing(&world, &id), ["drifted", "drifted", "drifted"]);
    // Somebody else made one of them, and changed what the other replaces.
    let edited = RUST.replace(IDLE, "queue.is_empty()").replace(BOTH, "right.len() < 1");
    world.write("src/queue.rs", &edited);
    world.commit("By hand");
    assert_eq!(standing(&world, &id), ["conflict", "landed", "conflict"]);
    let text = run(&world, &["show", &id]).ok().stdout;
    assert!(text.contains("hunk 2: conflict, "), "{text}");
    assert!(text.contains(&format!("countersign repropose {}", &id[..12])), "{text}");
    let listed = run(&world, &["list"]).ok().stdout;
    assert!(listed.contains("conflict"), "{listed}");
    // Nothing of it can be stated anew: one is there, the other's text is gone.
    let again = run(&world, &["repropose", &id, "--format", "json"]).exited(2).json();
    assert_eq!(again["left"].as_array().unwrap().len(), 2, "{again:#}");
    // Stashed away and back.
    world.write("src/queue.rs", RUST);
    assert_eq!(standing(&world, &id), ["clean", "clean", "clean"]);
}

#[test]
fn all_that_landed_is_recorded_without_writing() {
    let world = world();
    let id = id(&propose(&world));
    let both = RUST.replace(IDLE, "queue.is_empty()").replace(BOTH, "right.is_empty()");
    world.write("src/queue.rs", &both);
    world.commit("By hand");
    assert_eq!(standing(&world, &id), ["landed", "landed", "landed"]);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert_eq!(hunk_states(&world, &id), ["accepted", "accepted"]);
    assert_eq!(world.read("src/queue.rs"), both);
}

#[test]
fn what_belongs_to_another_branch_is_parked_until_it_is_brought_here() {
    let world = world();
    world.git(&["checkout", "--quiet", "-b", "feature"]);
    world.write("src/queue.rs", format!("//! A queue.\n\n{RUST}"));
    world.commit("Say what it is");
    let parked = id(&propose(&world));
    world.git(&["checkout", "--quiet", "-"]);
    assert_eq!(standing(&world, &parked)[0], "parked");
    let refused = run(&world, &["accept", &parked, "--by", "Ada"]).exited(2).stderr;
    assert!(refused.contains("feature"), "{refused}");
    assert_eq!(world.read("src/queue.rs"), RUST);
    // A new branch from here on changes nothing for what was made here.
    let again = run(&world, &["repropose", &parked, "--format", "json"]).ok().json();
    let here = id(&again["proposal"]);
    assert_eq!(hunk_states(&world, &parked), ["superseded", "superseded"]);
    world.git(&["checkout", "--quiet", "-b", "later"]);
    assert_eq!(standing(&world, &here), ["clean", "clean", "clean"]);
    run(&world, &["accept", &here, "--by", "Ada"]).ok();
    // Back on its own branch it is at home.
    assert_ne!(world.read("src/queue.rs"), RUST);
}

#[test]
fn a_hunk_follows_its_moved_file_and_its_undo_does_too() {
    let world = world();
    let id = id(&propose(&world));
    world.git(&["mv", "src/queue.rs", "src/line.rs"]);
    world.commit("Call it a line");
    assert_eq!(standing(&world, &id), ["clean", "clean", "clean"]);
    run(&world, &["accept", &format!("{id}/1"), "--by", "Ada"]).ok();
    assert_eq!(world.read("src/line.rs"), RUST.replace(IDLE, "queue.is_empty()"));
    assert!(!world.path("src/queue.rs").exists());
    run(&world, &["undo", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read("src/line.rs"), RUST);
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn a_hunk_whose_function_moved_and_was_indented_is_found_again_and_previewed() {
    let world = world();
    let proposed = id(&propose(&world));
    let function = "/// Whether nothing waits.\npub fn idle(queue: &[u32]) -> bool {\n    queue.len() == 0\n}\n";
    let indented: String = function.lines().map(|line| format!("    {line}\n")).collect();
    let moved = format!("{}\npub mod waiting {{\n{indented}}}\n", RUST.replace(function, ""));
    world.write("src/queue.rs", &moved);
    assert_eq!(standing(&world, &proposed), ["conflict", "conflict", "drifted"]);
    // It is not accepted where it may belong, only previewed there.
    run(&world, &["accept", &format!("{proposed}/1"), "--by", "Ada"]).exited(2);
    assert_eq!(world.read("src/queue.rs"), moved);
    let again = run(&world, &["repropose", &proposed, "--format", "json"]).ok().json();
    assert_eq!(again["suggested"][0]["hunk"], 1, "{again:#}");
    assert_eq!(hunk_states(&world, &proposed), ["superseded", "superseded"]);
    let anew = id(&again["proposal"]);
    assert_eq!(hunk_states(&world, &anew), ["proposed", "proposed"]);
    run(&world, &["accept", &anew, "--by", "Ada"]).ok();
    let wanted = moved.replace(IDLE, "queue.is_empty()").replace(BOTH, "right.is_empty()");
    assert_eq!(world.read("src/queue.rs"), wanted);
}

#[test]
fn adopted_text_that_was_edited_since_is_captured_again() {
    let world = world();
    run(&world, &["snapshot"]).ok();
    world.write("src/queue.rs", RUST.replace(IDLE, "queue.is_empty()"));
    let adopted = run(&world, &["adopt", "--format", "json"]).ok().json();
    let first = id(&adopted["proposal"]);
    world.write("src/queue.rs", RUST.replace(IDLE, "queue.is_empty() // sure?"));
    assert_eq!(standing(&world, &first), ["conflict", "conflict"]);
    let again = run(&world, &["repropose", &first, "--format", "json"]).ok().json();
    let anew = id(&again["proposal"]);
    assert_eq!(hunk_states(&world, &first), ["superseded"]);
    assert_eq!(hunk_states(&world, &anew), ["adopted"]);
    run(&world, &["reject", &anew, "--by", "Ada"]).ok();
    assert_eq!(world.read("src/queue.rs"), RUST);
}
