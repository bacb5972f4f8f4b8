//! Journey C: `check` over histories built by script.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use test_support::World;

use crate::support::{RUST, id, run, world};

/// A history with a plain commit, a merge, a rename, a binary, a link, a mode and CRLF, newest last.
fn history() -> World {
    let world = world();
    world.write("crlf.py", "def f():\r\n    return 1\r\n");
    world.write("notes.txt", "one\ntwo\nthree\nfour\n");
    world.commit("Notes");
    world.git(&["checkout", "--quiet", "-b", "side"]);
    world.write("crlf.py", "def f():\r\n    return 2\r\n");
    world.commit("Side");
    world.git(&["checkout", "--quiet", "main"]);
    world.write("logo.bin", [0_u8, 1, 2, 3]);
    world.commit("Logo");
    world.git(&["merge", "--quiet", "--no-edit", "side"]);
    world.git(&["mv", "notes.txt", "docs.txt"]);
    std::os::unix::fs::symlink("docs.txt", world.path("link")).unwrap();
    std::fs::set_permissions(world.path("README.md"), std::fs::Permissions::from_mode(0o755))
        .unwrap();
    world.commit("Move");
    world
}

#[test]
fn a_small_change_is_allowed_with_exit_0() {
    let world = world();
    world.write("src/queue.rs", RUST.replace("The sum of all.", "The sum of all items."));
    world.commit("Words");
    let output = run(&world, &["check", "HEAD~1..HEAD"]).ok();
    assert!(output.stdout.contains("allowed: HEAD~1..HEAD"), "{}", output.stdout);
    assert!(output.stdout.contains("[docs]"), "{}", output.stdout);
}

#[test]
fn a_secret_is_denied_with_exit_1_and_rules_need_a_person_with_exit_3() {
    let world = world();
    world.write("settings.py", ["TOKEN = 'ghp_", &"a8B2".repeat(9), "'\n"].concat());
    run(&world, &["check", "--worktree"]).exited(1);
    world.remove("settings.py");
    world.write(".github/workflows/ci.yml", "on: push\n");
    run(&world, &["check"]).exited(3);
    world.git(&["add", "--all"]);
    run(&world, &["check", "--staged"]).exited(3);
    let patch = world.git(&["diff", "--cached"]);
    world.git(&["reset", "--quiet", "--hard"]);
    world
        .run_with_stdin(crate::support::countersign(), &["check", "--patch", "-"], &patch)
        .exited(3);
}

/// The findings about tests that a check of the saved files has, with the exit code.
fn said_of_tests(world: &World, status: i32) -> Vec<String> {
    let report = run(world, &["check", "--format", "json"]).exited(status).json();
    let findings = report["review"]["findings"].as_array().unwrap().iter();
    let said = findings.map(|f| format!("{} {}", f["rule"].as_str().unwrap(), f["path"]));
    said.filter(|said| said.starts_with("test.")).collect()
}

#[test]
fn tests_that_are_bent_need_a_person_and_it_is_said_how() {
    let world = world();
    let depot = "def depot(code):\n    return look_up(code)\n";
    world.write("depot.py", depot);
    world.write(
        "tests/test_depot.py",
        "from depot import depot\n\n\ndef test_depot():\n    assert depot('WB42') == 'Ulm'\n",
    );
    world.commit("A depot that does not work yet");

    // The tests are as they were: what is known of them is read from the commit.
    world.write(
        "depot.py",
        depot.replace("    return", "    if code == 'WB42':\n        return 'Ulm'\n    return"),
    );
    assert_eq!(said_of_tests(&world, 3), ["test.special-cased \"depot.py\""]);
    let patch = world.git(&["diff"]);
    world.write("depot.py", depot);
    world.write("../cheat.patch", patch);
    let imported =
        run(&world, &["import", "--patch", "../cheat.patch", "--format", "json"]).ok().json();
    let shown = run(&world, &["show", &id(&imported)]).ok().stdout;
    assert!(shown.contains("returns a fixed value for `WB42`"), "{shown}");

    world.write(
        "tests/test_depot.py",
        "from depot import depot\n\n\ndef test_depot():\n    depot('WB42')\n",
    );
    assert_eq!(
        said_of_tests(&world, 3),
        ["test.asserts-nothing \"tests/test_depot.py\"", "test.weakened \"tests/test_depot.py\"",]
    );
    world.remove("tests/test_depot.py");
    assert_eq!(said_of_tests(&world, 3), ["test.removed \"tests/test_depot.py\""]);
}

#[test]
fn source_that_hides_in_depth_could_not_be_checked_with_exit_2() {
    let deep = format!("x={}eval(x){}", "f({a:".repeat(2000), "})".repeat(2000));
    // Its entities are found, but a search for risks would take too much.
    let long = format!("x=\"{}\"{}", "a".repeat(100_000), ".b".repeat(900));
    for (text, reason) in [(deep, "nested deeper than the limit"), (long, "too much work")] {
        let world = world();
        world.write("src/a.js", text);
        world.commit("More");
        let report = run(&world, &["check", "HEAD~1..HEAD", "--format", "json"]).exited(2).json();
        let unexamined = &report["review"]["unexamined"][0];
        assert_eq!(unexamined["path"], "src/a.js");
        assert!(unexamined["reason"].as_str().unwrap().contains(reason), "{unexamined}");
    }
}

#[test]
fn every_kind_of_file_is_handled_and_said() {
    let world = history();
    let root = world.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let range = format!("{}..HEAD", root.trim());
    let report = run(&world, &["check", &range, "--format", "json"]).exited(3).json();
    let files = report["review"]["files"].as_array().unwrap();
    let seen: Vec<String> = files
        .iter()
        .map(|f| {
            let word = |key: &str| f[key].as_str().unwrap().to_owned();
            format!("{} {} {}", word("path"), word("change"), word("content"))
        })
        .collect();
    assert_eq!(
        seen,
        [
            "README.md mode_changed text",
            "crlf.py added text",
            "docs.txt added text",
            "link added symlink",
            "logo.bin added binary",
        ]
    );
    let moved = run(&world, &["check", "HEAD~1..HEAD", "--format", "json"]).exited(3).json();
    let renamed = &moved["review"]["files"][1];
    assert_eq!((&renamed["path"], &renamed["old_path"]), (&"docs.txt".into(), &"notes.txt".into()));
    assert_eq!(renamed["change"], "renamed");
    // A merge commit is looked at from its first parent.
    let merge = run(&world, &["check", "HEAD~1^!", "--format", "json"]).json();
    assert_eq!(merge["review"]["files"][0]["path"], "crlf.py");
}

#[test]
fn sarif_follows_the_official_schema() {
    let schema = include_str!("../../fixtures/sarif/sarif-schema-2.1.0.json");
    // As published, the pattern of a language has a stray bracket, which a strict engine refuses.
    let published = "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$";
    assert!(schema.contains(published));
    let schema = schema.replace(published, "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let validate = |log: &Value| {
        let errors: Vec<_> = validator.iter_errors(log).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    };
    let world = history();
    world.write(
        "a b/ü.py",
        ["K = 'ghp_", &"a8B2".repeat(9), "'\n<<<<<<< mine\nx\n=======\n"].concat(),
    );
    let sarif = run(&world, &["check", "--format", "sarif"]).exited(1).json();
    validate(&sarif);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let secret =
        results.iter().find(|r| r["ruleId"].as_str().unwrap().starts_with("secret.")).unwrap();
    let place = &secret["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/%C3%BC.py");
    assert_eq!(place["region"]["startLine"], 1);
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        assert!(
            rules.iter().any(|rule| rule["id"] == result["ruleId"]),
            "{} is not in the rule table",
            result["ruleId"]
        );
    }
    let clean = run(&world, &["check", "HEAD..HEAD", "--format", "sarif"]).ok().json();
    validate(&clean);
    let mut broken = clean;
    broken["version"] = "2.0.0".into();
    assert!(!validator.is_valid(&broken), "the schema can fail");
}

#[test]
fn markdown_cannot_be_broken_out_of() {
    let world = world();
    world.write("a|b`<script>.py", "print(1)\n");
    let output = run(&world, &["check", "--format", "markdown"]);
    assert!(output.stdout.starts_with("## Countersign: "), "{}", output.stdout);
    assert!(!output.stdout.contains("<script>"), "{}", output.stdout);
}

#[test]
fn what_cannot_be_examined_is_never_a_pass() {
    let world = world();
    world.write("big.txt", "x".repeat(9 * 1024 * 1024));
    let output = run(&world, &["check"]).exited(2);
    assert!(output.stdout.contains("big.txt"), "{}", output.stdout);
    // A denial stands whatever else could not be examined.
    world.write("settings.py", ["TOKEN = 'ghp_", &"a8B2".repeat(9), "'\n"].concat());
    run(&world, &["check"]).exited(1);
    world.remove("settings.py");
    world.remove("big.txt");
    // A blob that is gone from the object store: nobody can say.
    world.write("src/queue.rs", RUST.replace("sum += item", "sum += *item"));
    world.commit("Deref");
    let blob = world.git(&["rev-parse", "HEAD~1:src/queue.rs"]);
    let (folder, file) = blob.trim().split_at(2);
    world.remove(&format!(".git/objects/{folder}/{file}"));
    let output = run(&world, &["check", "HEAD~1..HEAD"]).exited(2);
    assert!(output.stdout.contains("could not check"), "{}\n{}", output.stdout, output.stderr);
}

#[test]
fn names_outside_utf8_and_a_dirty_tree_are_checked() {
    use std::os::unix::ffi::OsStrExt;
    let world = world();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    std::fs::write(world.root().join(name), "hello\n").unwrap();
    let report = run(&world, &["check", "--format", "json"]).ok().json();
    assert_eq!(report["review"]["files"][0]["path"], "caf\\xe9.txt");
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "-m", "Latin-1"]);
    let report = run(&world, &["check", "HEAD~1..HEAD", "--format", "json"]).ok().json();
    assert_eq!(report["review"]["files"][0]["path"], "caf\\xe9.txt");
}

#[test]
fn a_shallow_clone_says_that_it_is_shallow() {
    let world = history();
    let url = format!("file://{}", world.root().display());
    world.git(&["clone", "--quiet", "--depth=2", &url, "../shallow"]);
    let shallow = world.outer().join("shallow");
    let shallow = shallow.to_str().unwrap();
    run(&world, &["-C", shallow, "check", "HEAD~1..HEAD"]).exited(3);
    let output = run(&world, &["-C", shallow, "check", "HEAD~5..HEAD"]).exited(2);
    assert!(output.stderr.contains("shallow"), "{}", output.stderr);
}

#[test]
fn sha_256_repositories_are_checked_through_git() {
    let world = World::without_git();
    world.git(&["init", "--quiet", "--initial-branch=main", "--object-format=sha256"]);
    world.write("src/queue.rs", RUST);
    world.commit("A queue");
    world.write("src/queue.rs", RUST.replace("sum of all", "sum of everything"));
    world.commit("Words");
    let output = run(&world, &["check", "HEAD~1..HEAD"]).ok();
    assert!(output.stderr.contains("git"), "says that it fell back: {}", output.stderr);
}

#[test]
fn ten_thousand_files_are_checked() {
    let world = world();
    for n in 0..10_000 {
        world.write(&format!("data/{}/{n}.txt", n % 100), format!("{n}\n"));
    }
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "-m", "Many"]);
    world.write("data/7/7.txt", "seven\n");
    world.commit("One");
    run(&world, &["check", "HEAD~1..HEAD"]).ok();
    let many = run(&world, &["check", "HEAD~2..HEAD~1", "--format", "json"]).exited(1).json();
    assert_eq!(many["review"]["stats"]["files"], 10_000);
}

#[test]
fn nothing_in_a_repository_is_executed() {
    let world = world();
    let marker = world.outer().join("marker");
    let script = format!("#!/bin/sh\ntouch {}\ncat\n", marker.display());
    world.write("../evil.sh", &script);
    let evil = world.outer().join("evil.sh");
    std::fs::set_permissions(&evil, std::fs::Permissions::from_mode(0o755)).unwrap();
    let evil = evil.to_str().unwrap();
    world.write(".gitattributes", "* filter=evil diff=evil\n");
    world.commit("Attributes");
    for key in [
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "diff.evil.command",
        "diff.external",
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "credential.helper",
    ] {
        world.git(&["config", key, evil]);
    }
    world.write(".git/hooks/post-index-change", &script);
    world.write("src/queue.rs", RUST.replace("sum += item", "sum += *item"));
    for args in [
        &["check"][..],
        &["check", "HEAD~1..HEAD"],
        &["check", "--staged"],
        &["list"],
        &["run", "--recipe", crate::support::RECIPE],
    ] {
        let output = run(&world, args);
        assert!(!marker.exists(), "{args:?} executed something: {}", output.stderr);
    }
}

#[test]
fn rules_come_from_the_base_and_broken_ones_stop_the_check() {
    let world = world();
    world.write("countersign.toml", "[policy]\nprotected = [\"src/**\"]\n");
    world.commit("Protect the sources");
    world.write("src/queue.rs", RUST.replace("sum of all", "sum of everything"));
    world.write("countersign.toml", "");
    world.commit("Words, and no protection");
    let output = run(&world, &["check", "HEAD~1..HEAD", "--format", "json"]).exited(3);
    let reasons = output.json()["verdict"]["reasons"].to_string();
    assert!(reasons.contains("src/queue.rs"), "protected by the base's configuration: {reasons}");
    world.write("countersign.toml", "[policy]\nprotectd = 3\n");
    world.commit("A typo");
    world.write("README.md", "# Queues\n");
    let output = run(&world, &["check"]).exited(2);
    assert!(output.stderr.contains("countersign.toml at "), "{}", output.stderr);
    let note = run(&world, &["check", "HEAD~1..HEAD", "--rules-from", "HEAD~2"]).stderr;
    assert!(
        note.contains("not as it is saved; as saved it does not load: countersign.toml:2:1"),
        "{note}"
    );
    assert!(output.stderr.contains(":2:1: unknown field `protectd`"), "{}", output.stderr);
}

#[test]
fn a_repositorys_policies_count_only_from_a_trusted_revision() {
    let world = world();
    let rego = "package countersign.local.words\n\ndeny contains {\"message\": \"no queues\"} if {\n\tcount(input.changeset.files) > 0\n}\n";
    world.write(".countersign/policies/local/words.rego", rego);
    world.commit("A policy");
    world.write("README.md", "# Queues\n");
    let output = run(&world, &["check"]).ok();
    assert!(output.stderr.contains("were not loaded"), "{}", output.stderr);
    run(&world, &["check", "--rules-from", "HEAD"]).exited(1);
    world.write(
        ".countersign/policies/local/words.rego",
        "package countersign.local.words\n\ndeny contains {\n",
    );
    world.commit("A broken policy");
    world.write("README.md", "# Queue, again\n");
    let output = run(&world, &["check", "--rules-from", "HEAD"]).exited(2);
    assert!(output.stderr.contains("words.rego"), "{}", output.stderr);
}

#[test]
fn an_unknown_range_names_itself() {
    let world = world();
    for range in ["nope..HEAD", "HEAD..nope", "HEAD~99..HEAD", "-x..HEAD"] {
        let output = run(&world, &["check", range]).exited(2);
        assert!(output.stderr.starts_with("error: "), "{range}: {}", output.stderr);
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    }
    let none = World::without_git();
    run(&none, &["check"]).exited(2);
}

/// What a check of the saved files says, one line a finding: rule, place, message.
fn told(world: &World, status: i32) -> Vec<String> {
    let report = run(world, &["check", "--format", "json"]).exited(status).json();
    let findings = report["review"]["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings
        .map(|f| format!("{} {}: {}", text(&f["rule"]), text(&f["path"]), text(&f["message"])))
        .collect()
}

#[test]
fn a_dependency_with_an_install_script_needs_a_person_and_the_script_is_named() {
    let world = world();
    let lock = r#"{"name": "web", "lockfileVersion": 3, "packages": {"": {"name": "web"}}}"#;
    world.write("web/package.json", "{\n  \"name\": \"web\"\n}\n");
    world.write("web/package-lock.json", lock);
    world.commit("Web");
    world.write(
        "web/package.json",
        "{\n  \"name\": \"web\",\n  \"dependencies\": {\"pty-native\": \"^1.0.0\"}\n}\n",
    );
    // Asked for, and not locked: the lock file is read from the commit.
    let unlocked = told(&world, 3);
    assert!(
        unlocked.contains(&"dependency.unlocked web/package.json: `web/package-lock.json` does not have what is asked for now: `pty-native`".to_owned()),
        "{unlocked:#?}"
    );
    let locked = r#""node_modules/pty-native": {"version": "1.0.2", "hasInstallScript": true, "license": "MIT",
        "resolved": "https://registry.npmjs.org/pty-native/-/pty-native-1.0.2.tgz", "integrity": "sha512-YWJj"}"#;
    world.write("web/package-lock.json", lock.replace("}}}", &format!("}}, {locked}}}}}")));
    let said: Vec<String> =
        told(&world, 3).into_iter().filter(|said| !said.starts_with("path.")).collect();
    assert_eq!(
        said,
        [
            "dependency.added web/package.json: `pty-native` is a new dependency (npm, `^1.0.0`, locked at 1.0.2): licence MIT; its age is unknown offline",
            "dependency.install-script web/package-lock.json: `pty-native` is new and runs a script when it is installed",
        ]
    );
    // Whether a name is meant, a person says; letters that only look right never are.
    world.write(
        "web/package.json",
        "{\n  \"name\": \"web\",\n  \"dependencies\": {\"lodahs\": \"^4.0.0\"}\n}\n",
    );
    let shown = run(&world, &["check"]).exited(3).stdout;
    assert!(shown.contains("`lodahs` looks like `lodash`"), "{shown}");
    world.write(
        "web/package.json",
        "{\n  \"name\": \"web\",\n  \"dependencies\": {\"l\u{43e}dash\": \"^4.0.0\"}\n}\n",
    );
    let shown = run(&world, &["check"]).exited(1).stdout;
    assert!(shown.contains("characters that look alike"), "{shown}");
}

#[test]
fn other_bytes_under_the_name_of_a_version_are_denied() {
    let world = world();
    let lock = "version = 4\n\n[[package]]\nname = \"left\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"aa\"\n";
    world.write("core/Cargo.lock", lock);
    world.commit("Lock");
    world.write("core/Cargo.lock", lock.replace("\"aa\"", "\"bb\""));
    let shown = run(&world, &["check"]).exited(1).stdout;
    assert!(
        shown.contains("the checksum of `left` 1.0.0 is another for the same version"),
        "{shown}"
    );
}

#[test]
fn a_ci_file_and_a_missing_licence_header_are_named() {
    let world = world();
    let header = "// SPDX-License-Identifier: MPL-2.0\n\n";
    for name in ["a", "b", "c", "d", "e"] {
        world.write(&format!("lib/{name}.js"), format!("{header}export const {name} = 1;\n"));
    }
    world.commit("Headers");
    world.write("lib/f.js", "export const f = 1;\n");
    world.write("lib/a.js", "export const a = 1;\n");
    world.write(".github/workflows/ci.yml", "on: push\n");
    let said = told(&world, 3);
    for expected in [
        "licence.missing lib/f.js: the licence header is missing that files beside it have: `SPDX-License-Identifier: MPL-2.0`",
        "licence.removed lib/a.js: the licence header is removed: `SPDX-License-Identifier: MPL-2.0`",
        "path.ci .github/workflows/ci.yml: CI configuration is added",
    ] {
        assert!(said.contains(&expected.to_owned()), "{expected}\n{said:#?}");
    }
}
