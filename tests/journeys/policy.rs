//! The policies' own tests, and trying them on an input.

use serde_json::json;

use crate::support::{id, propose, run, world};

#[test]
fn the_built_in_policies_pass_their_tests() {
    let world = world();
    let report = run(&world, &["policy", "test", "--format", "json"]).ok().json();
    assert_eq!(report["failed"], 0);
    assert!(report["passed"].as_u64().unwrap() >= 30, "{}", report["passed"]);
}

#[test]
fn a_failing_policy_test_is_exit_1_and_a_broken_policy_exit_2() {
    let world = world();
    world.write(
        "rules/local/a.rego",
        "package countersign.local.a\n\ndeny contains {\"message\": \"x\"} if input.bad\n",
    );
    let none = run(&world, &["policy", "test", "--bundle", "rules"]).exited(2);
    assert!(none.stderr.contains("no policy test"), "{}", none.stderr);
    let test = "package countersign.local.a_test\n\nimport data.countersign.local.a\n\ntest_good if count(a.deny) == 1 with input as {\"bad\": true}\n\ntest_bad if count(a.deny) == 1 with input as {}\n";
    world.write("rules/local/a_test.rego", test);
    let output = run(&world, &["policy", "test", "--bundle", "rules"]).exited(1);
    assert!(output.stdout.contains("1 passed, 1 failed"), "{}", output.stdout);
    world.write("rules/local/a.rego", "package countersign.local.a\n\ndeny contains {\n");
    let output = run(&world, &["policy", "test", "--bundle", "rules"]).exited(2);
    assert!(output.stderr.contains("a.rego:"), "{}", output.stderr);
}

#[test]
fn an_input_can_be_evaluated_and_explained() {
    let world = world();
    let _ = id(&propose(&world));
    world.write("../input.json", json!({ "version": 1 }).to_string());
    let output = run(&world, &["policy", "eval", "--input", "../input.json", "--explain"]).ok();
    assert!(output.stdout.contains("deny"), "an incomplete input is denied: {}", output.stdout);
    // What a check hands to the rules can be tried on them.
    let checked = run(&world, &["check", "--format", "policy-input"]).ok().stdout;
    world.write("../input.json", checked);
    let output = run(&world, &["policy", "eval", "--input", "../input.json"]).ok();
    assert!(output.stdout.contains("\"allow\""), "{}", output.stdout);
    world.write("../input.json", json!({ "version": 1 }).to_string());
    let query = run(
        &world,
        &["policy", "eval", "--input", "../input.json", "--query", "input.version + 1"],
    );
    assert!(query.ok().stdout.contains('2'));
    world.write("../input.json", "{");
    run(&world, &["policy", "eval", "--input", "../input.json"]).exited(2);
}
