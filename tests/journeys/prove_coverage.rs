//! Which lines tests come to, where the project does not measure that: of what changed, and of what did not.

use serde_json::{Value, json};
use test_support::World;

use crate::prove::{
    NODE, NODE_TESTS, QUEUE, TESTS, good, line_of, missed, propose, python, run, without_mistakes,
};

/// No project here asks for coverage, and no plugin is installed.
#[test]
fn changed_lines_that_no_test_comes_to_are_named() {
    let world = python();
    let [code, test] = good();
    let half = test.1.replace("        self.assertEqual(queues.clamp(9, 5), 5)\n", "");
    let unused = "\"\"\"Nobody needs this.\"\"\"\n\nUNUSED = 1\n";
    let files = [(code.0, code.1.as_str()), (test.0, &half), ("unused.py", unused)];
    let id = propose(&world, &files);
    let proved = without_mistakes(&world, &id);
    let expected = [
        ("queues.py".to_owned(), line_of(&code.1, "return high")),
        ("unused.py".to_owned(), line_of(unused, "UNUSED")),
    ];
    assert_eq!(missed(&proved), expected);
    let again = without_mistakes(&world, &id);
    assert_eq!(again["digest"], proved["digest"]);
    assert_eq!(again["proof"]["record"]["cache_hits"], again["proof"]["record"]["runs"]);
    let shown = run(&world, &["show", &id, "--proof"]).ok().stdout;
    assert!(shown.contains("not run unused.py:3"), "{shown}");

    // Where lines may be run unseen nothing is said: tests trace themselves, or run code in another process.
    for unseen in ["sys.settrace(None)", "subprocess.run([sys.executable, '-c', 'pass'])"] {
        let tests = format!(
            "{}\n    def test_unseen(self):\n        import subprocess, sys\n        {unseen}\n",
            test.1
        );
        let id = propose(&world, &[(code.0, &code.1), (test.0, &tests)]);
        let proved = without_mistakes(&world, &id);
        assert_eq!(proved["proof"]["validation"]["coverage"], Value::Null, "{unseen}");
    }
    // Nor where the tests end otherwise when they are watched.
    let notices = format!(
        "{}\n    def test_alone(self):\n        import sys\n        self.assertIsNone(sys.gettrace())\n",
        test.1
    );
    let id = propose(&world, &[(code.0, &code.1), (test.0, &notices)]);
    let proved = without_mistakes(&world, &id);
    assert_eq!(proved["proof"]["validation"]["coverage"], Value::Null, "{:#}", proved["proof"]);
    assert_eq!(proved["proof"]["validation"]["gates"][0]["comparison"]["verdict"], "passes");

    let world = World::new();
    let manifest =
        "{\"name\": \"queue\", \"type\": \"module\", \"scripts\": {\"test\": \"node --test\"}}\n";
    world.write("package.json", manifest);
    world.write("queue.js", NODE);
    world.write("queue.test.js", NODE_TESTS);
    world.commit("A queue");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let half = NODE.replace(
        "    return a > b",
        "    if (a === 9) {\n        return 9;\n    }\n    return a > b",
    );
    assert_ne!(half, NODE);
    let id = propose(&world, &[("queue.js", &half)]);
    let proved = without_mistakes(&world, &id);
    assert_eq!(missed(&proved), [("queue.js".to_owned(), line_of(&half, "return 9"))]);
}

/// A test is taken out that alone came to a line, and code comes in above that.
#[test]
fn lines_that_tests_no_longer_come_to_are_named() {
    let world = python();
    let fewer = TESTS.replace("        self.assertEqual(queues.larger(1, 2), 2)\n", "");
    assert_ne!(fewer, TESTS);
    let code =
        QUEUE.replace("def larger", "def last(queue):\n    return queue[-1]\n\n\ndef larger");
    let id = propose(&world, &[("queues.py", &code), ("test_queues.py", &fewer)]);
    let proved = without_mistakes(&world, &id);
    let delta = &proved["proof"]["validation"]["coverage_delta"];
    let lost = json!([{ "path": "queues.py", "line": line_of(&code, "return b") - 1 }]);
    assert_eq!(delta["lost"], lost, "{:#}", proved["proof"]);
    let count = |name: &str| delta[name].as_u64().unwrap();
    assert_eq!(count("before"), count("lines"), "{delta:#}");
    assert_eq!(count("after"), count("lines") - 1, "{delta:#}");
    assert_eq!(missed(&proved), [("queues.py".to_owned(), line_of(&code, "return queue[-1]"))]);
    // What is known of the base serves the next change, too.
    let other = propose(&world, &[("queues.py", &code)]);
    let proved = without_mistakes(&world, &other);
    let delta = &proved["proof"]["validation"]["coverage_delta"];
    assert_eq!((&delta["lost"], &delta["after"]), (&json!([]), &delta["before"]), "{delta:#}");
    assert!(proved["proof"]["record"]["cache_hits"].as_u64().unwrap() >= 2, "{proved:#}");
    let shown = run(&world, &["show", &id, "--proof"]).ok().stdout;
    let line = line_of(&code, "return b");
    assert!(shown.contains(&format!("no longer run queues.py:{line}")), "{shown}");
}
