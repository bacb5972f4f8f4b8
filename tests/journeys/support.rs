//! What the journeys share: the binary, and small worlds with something to propose.

use std::path::Path;
#[cfg(target_os = "linux")]
use std::path::PathBuf;

use serde_json::Value;
use test_support::{Output, World};

/// The binary under test.
pub fn countersign() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_countersign"))
}

/// What the setup of tests installs. Without it nothing is shown, so nothing passes.
#[cfg(target_os = "linux")]
pub fn installed(variable: &str) -> PathBuf {
    let stated = std::env::var_os(variable);
    stated.map(PathBuf::from).unwrap_or_else(|| {
        panic!(
            "{variable} is not set: run `tests/run`, or `eval \"$(tests/toolchains/setup)\"` first"
        )
    })
}

/// Runs the binary in `world`.
pub fn run(world: &World, args: &[&str]) -> Output {
    world.run(countersign(), args)
}

/// Rust text in which the recipes `len-zero` and others find nothing but what a test writes into it.
pub const RUST: &str = "\
/// Whether nothing waits.
pub fn idle(queue: &[u32]) -> bool {
    queue.len() == 0
}

/// The sum of all.
pub fn total(queue: &[u32]) -> u32 {
    let mut sum = 0;
    for item in queue {
        sum += item;
    }
    sum
}

/// Whether anything waits behind the first.
pub fn crowded(queue: &[u32]) -> bool {
    let rest = queue.iter().skip(1).count();
    rest > 0
}

/// Whether both are empty.
pub fn both(left: &[u32], right: &[u32]) -> bool {
    left.is_empty() && right.len() == 0
}
";

/// A world with one commit, in which the recipe that replaces `len() == 0` has two hunks in `src/queue.rs`.
pub fn world() -> World {
    let world = World::new();
    world.write("src/queue.rs", RUST);
    world.write("README.md", "# Queue\n");
    world.commit("A queue");
    world
}

/// A proposal, and a gate that its commit states.
pub fn gated() -> World {
    let world = world();
    world.write("check.sh", "grep -q 'queue.is_empty()' src/queue.rs\n");
    let gate = "[[gate]]\nid = \"mine\"\nkind = \"test\"\ncommand = [\"sh\", \"check.sh\"]\n";
    world.write("countersign.toml", gate);
    world.commit("A gate of our own");
    propose(&world);
    world
}

/// Has the recipe propose and answers its one ChangeSet.
pub fn propose(world: &World) -> Value {
    let output = run(world, &["run", "--recipe", RECIPE, "--format", "json"]).ok().json();
    let proposals = output["proposals"].as_array().unwrap();
    assert_eq!(proposals.len(), 1, "{output:#}");
    proposals[0].clone()
}

/// The recipe of [`propose`].
pub const RECIPE: &str = "rust/len-zero";

/// The id of a ChangeSet, from its JSON.
pub fn id(proposal: &Value) -> String {
    proposal["changeset"]["id"].as_str().unwrap().to_owned()
}

/// The state of every hunk, in order.
pub fn hunk_states(world: &World, id: &str) -> Vec<String> {
    let shown = run(world, &["show", id, "--format", "json"]).ok().json();
    let hunks = shown["hunks"].as_array().unwrap();
    hunks.iter().map(|hunk| hunk["state"].as_str().unwrap().to_owned()).collect()
}

/// The kinds of the events about a ChangeSet, in order, from the exported ledger.
pub fn event_kinds(world: &World) -> Vec<String> {
    let export = run(world, &["ledger", "export"]).ok().stdout;
    let kind = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["event"]["kind"].as_str().unwrap().to_owned()
    };
    export.lines().map(kind).collect()
}
