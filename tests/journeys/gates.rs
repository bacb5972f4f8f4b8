//! Which gates a project has, what is trusted of them, and the contracts they are written in.

use test_support::World;

use crate::support::{run, world};

const MANIFEST: &str = "[package]\nname = \"queue\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

fn project() -> World {
    let world = world();
    world.write("Cargo.toml", MANIFEST);
    world.write("src/lib.rs", "pub mod queue;\n");
    world.commit("A project");
    world
}

fn ids(world: &World) -> Vec<String> {
    let set = run(world, &["gates", "--format", "json"]).ok().json();
    let gates = set["gates"].as_array().unwrap().iter();
    gates.map(|gate| gate["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn gates_are_those_of_the_last_commit_whatever_is_saved() {
    let world = project();
    let before = ids(&world);
    assert!(before.contains(&"cargo.test".to_owned()), "{before:?}");
    world.write("go.mod", "module queue\n\ngo 1.22\n");
    world.write("main.go", "package main\n");
    world.write("countersign.toml", "[gates]\nskip = [\"cargo.test\"]\n");
    assert_eq!(ids(&world), before);
    let said = run(&world, &["gates"]).ok();
    assert!(said.stderr.contains("not as it is saved"), "{}", said.stderr);
    assert!(said.stdout.contains("from Cargo.toml\n  cargo test"), "{}", said.stdout);
    world.commit("Go beside it, and no tests");
    let after = ids(&world);
    assert!(!after.contains(&"cargo.test".to_owned()), "{after:?}");
    assert!(after.iter().any(|id| id.starts_with("go.")), "{after:?}");
}

#[test]
fn a_new_configuration_changes_nothing_and_none_is_written_over() {
    let world = project();
    let before = run(&world, &["gates", "--format", "json"]).ok().json();
    run(&world, &["init"]).ok();
    let text = world.read("countersign.toml");
    assert!(text.contains("\n#id = \"cargo.test\"\n"), "{text}");
    world.commit("Configured");
    let after = run(&world, &["gates", "--format", "json"]).ok().json();
    assert_eq!(after["gates"], before["gates"]);
    world.write("countersign.toml", "# mine\n");
    let refused = run(&world, &["init"]).exited(2);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(world.read("countersign.toml"), "# mine\n");
    run(&world, &["init", "--force"]).ok();
    assert_eq!(world.read("countersign.toml"), text);
}

#[test]
fn trust_is_for_exactly_these_commands_until_they_change() {
    let world = project();
    let alone = run(&world, &["trust"]).exited(2);
    assert!(alone.stderr.contains("needs a person"), "{}", alone.stderr);
    run(&world, &["trust", "--show"]).exited(3);
    let given = run(&world, &["trust", "--by", "Ada"]).ok();
    assert!(given.stdout.contains("cargo test"), "{}", given.stdout);
    let shown = run(&world, &["trust", "--show", "--format", "json"]).ok().json();
    assert_eq!((&shown["trusted"], &shown["by"]), (&true.into(), &"Ada".into()));
    // Another commit with the same gates is no reason to ask; another gate is.
    world.write("README.md", "# Queues\n");
    world.commit("Words");
    run(&world, &["trust", "--show"]).ok();
    let gate = "[[gate]]\nid = \"mine\"\nkind = \"custom\"\ncommand = [\"sh\", \"-c\", \"a b\"]\n";
    world.write("countersign.toml", gate);
    run(&world, &["trust", "--show"]).ok();
    world.commit("A gate of our own");
    let asked = run(&world, &["trust", "--show"]).exited(3);
    assert!(asked.stdout.contains("from countersign.toml\n  sh -c 'a b'"), "{}", asked.stdout);
    run(&world, &["trust", "--by", "Ada"]).ok();
    run(&world, &["trust", "--revoke", "--by", "Ada"]).ok();
    run(&world, &["trust", "--show"]).exited(3);
}

#[test]
fn every_contract_has_its_schema() {
    let world = world();
    for name in ["task", "changeset", "proof", "evidence", "verdict", "capability", "error"] {
        let schema = run(&world, &["schema", name]).ok().json();
        assert_eq!(schema["title"], name);
        jsonschema::meta::validate(&schema).unwrap();
    }
    run(&world, &["schema", "ledger"]).exited(2);
}
