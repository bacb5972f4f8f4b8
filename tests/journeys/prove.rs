//! Proving in the real sandbox with real test runners: what passes, what is caught, and that nobody can change what was
//! found out afterwards.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use test_support::{ClientOptions, Output, World};

use crate::escapes::{Means, confined_by, output_of, path_with_bubblewrap};
use crate::extension_protocol::document;
use crate::support::{countersign, id};

pub const QUEUE: &str = "\
\"\"\"Queues.\"\"\"


def first(queue):
    return queue[0]


def larger(a, b):
    if a > b:
        return a
    return b
";

pub const TESTS: &str = "\
import unittest

import queues


class Queues(unittest.TestCase):
    def test_first(self):
        self.assertEqual(queues.first([1, 2]), 1)

    def test_larger(self):
        self.assertEqual(queues.larger(2, 1), 2)
        self.assertEqual(queues.larger(1, 2), 2)
";

/// A Python project with unittest, whose gates are trusted.
pub fn python() -> World {
    let world = World::new();
    world.write("queues.py", QUEUE);
    world.write("test_queues.py", TESTS);
    world.write("README.md", "# Queues\n");
    world.commit("Queues");
    run(&world, &["trust", "--by", "Ada"]).ok();
    world
}

/// Runs the binary where the system's own programs are found.
pub fn run(world: &World, args: &[&str]) -> Output {
    world.run_with_env(countersign(), args, &[("PATH", OsStr::new("/usr/bin:/bin"))])
}

/// Proposes what `edits` do to the committed files, as a patch; answers its id.
pub fn propose(world: &World, edits: &[(&str, &str)]) -> String {
    for (path, text) in edits {
        world.write(path, text);
    }
    world.git(&["add", "--intent-to-add", "."]);
    let patch = world.git(&["diff"]);
    world.git(&["reset", "--quiet", "--hard"]);
    let name = world.outer().join("change.patch");
    fs::write(&name, format!("{}\n", patch.trim_end_matches('\n'))).unwrap();
    let import = ["import", "--patch", name.to_str().unwrap(), "--format", "json"];
    id(&run(world, &import).ok().json())
}

fn prove(world: &World, id: &str) -> Output {
    run(world, &["prove", id, "--format", "json"])
}

pub fn without_mistakes(world: &World, id: &str) -> Value {
    run(world, &["prove", id, "--mutants", "0", "--format", "json"]).json()
}

/// What the verdict says.
pub fn reasons(proved: &Value) -> Vec<String> {
    let reasons = proved["verdict"]["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| reason["message"].as_str().unwrap().to_owned()).collect()
}

/// Whether any of the reasons says `what`.
pub fn says(proved: &Value, what: &str) -> bool {
    reasons(proved).iter().any(|reason| reason.contains(what))
}

/// The changed lines that tests do not come to, by file and line from 1.
pub fn missed(proved: &Value) -> Vec<(String, u64)> {
    let coverage = &proved["proof"]["validation"]["coverage"];
    let missed = coverage["missed"].as_array();
    let missed = missed.unwrap_or_else(|| panic!("no line was measured: {:#}", proved["proof"]));
    let place = |place: &Value| {
        (place["path"].as_str().unwrap().to_owned(), place["line"].as_u64().unwrap() + 1)
    };
    missed.iter().map(place).collect()
}

/// The line of a text that holds `what`, from 1.
pub fn line_of(text: &str, what: &str) -> u64 {
    u64::try_from(text.lines().position(|line| line.contains(what)).unwrap()).unwrap() + 1
}

/// A clamp with a test of it.
pub fn good() -> [(&'static str, String); 2] {
    let code = format!(
        "{QUEUE}\n\ndef clamp(x, high):\n    if x > high:\n        return high\n    return x\n"
    );
    let test = format!(
        "{TESTS}\n    def test_clamp(self):\n        self.assertEqual(queues.clamp(9, 5), 5)\n        self.assertEqual(queues.clamp(1, 5), 1)\n"
    );
    [("queues.py", code), ("test_queues.py", test)]
}

pub fn of<'t>(edits: &'t [(&'static str, String)]) -> Vec<(&'static str, &'t str)> {
    edits.iter().map(|(path, text)| (*path, text.as_str())).collect()
}

#[test]
fn a_sound_change_is_proved_signed_known_again_and_verified_offline() {
    let world = python();
    let id = propose(&world, &of(&good()));
    let proved = prove(&world, &id).ok().json();
    let proof = &proved["proof"];
    let gate = &proof["validation"]["gates"][0];
    assert_eq!(gate["comparison"]["verdict"], "passes", "{proof:#}");
    assert_eq!(gate["required"], true);
    assert_eq!(proof["sandbox"], "namespaces");
    let witness = &proof["validation"]["witness"];
    assert_eq!(witness["base_tests"][0]["broken"], json!([]));
    assert_eq!(witness["tests"][0]["value"], "proves_the_change", "{witness:#}");
    let mutation = &proof["validation"]["mutation"];
    assert!(mutation["killed"].as_u64().unwrap() >= 2, "{mutation:#}");
    assert_eq!(proof["record"]["cache_hits"], 0);
    // The second proof of the same costs nothing and is the same.
    let again = prove(&world, &id).ok().json();
    assert_eq!(again["digest"], proved["digest"]);
    assert_eq!(again["proof"]["record"]["cache_hits"], again["proof"]["record"]["runs"]);
    let shown = run(&world, &["show", &id]).ok();
    assert!(shown.stdout.contains("proved"), "{}", shown.stdout);
    let verified = run(&world, &["verify", &id]).ok();
    assert!(
        verified.stdout.contains("it speaks for what accepting the change leads to"),
        "{}",
        verified.stdout
    );
    let rerun = run(&world, &["verify", &id, "--rerun"]).ok();
    assert!(rerun.stdout.contains("holds gates: the same when run again"), "{}", rerun.stdout);
    // A half of it is another tree.
    let half = run(&world, &["show", &id, "--format", "json"]).ok().json();
    assert_eq!(half["proof"]["current"], true);
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    let landed = run(&world, &["verify", &id]).ok();
    assert!(
        landed.stdout.contains("it speaks for the files as they are saved"),
        "{}",
        landed.stdout
    );
    world.write("README.md", "# Other\n");
    let drifted = run(&world, &["verify", &id]).ok();
    assert!(drifted.stdout.contains("the files are others by now"), "{}", drifted.stdout);
}

#[test]
fn what_is_proved_in_namespaces_of_bubblewrap_holds_in_our_own() {
    let world = python();
    let id = propose(&world, &of(&good()));
    let mut command = confined_by(&world, Means::Bubblewrap, "true");
    command.env("PATH", path_with_bubblewrap("/usr/bin:/bin"));
    command.args(["prove", &id, "--format", "json"]);
    let proved = output_of(command).ok().json();
    let proof = &proved["proof"];
    assert_eq!(proof["validation"]["gates"][0]["comparison"]["verdict"], "passes", "{proof:#}");
    assert_eq!(proof["sandbox"], "namespaces");
    assert!(proof["validation"]["mutation"]["killed"].as_u64().unwrap() >= 2, "{proof:#}");
    let rerun = run(&world, &["verify", &id, "--rerun"]).ok();
    assert!(rerun.stdout.contains("holds gates: the same when run again"), "{}", rerun.stdout);
}

#[test]
fn nothing_runs_that_nobody_trusts() {
    let world = python();
    run(&world, &["trust", "--revoke", "--by", "Ada"]).ok();
    let id = propose(&world, &of(&good()));
    let refused = prove(&world, &id).exited(2);
    assert!(refused.stderr.contains("nobody trusts"), "{}", refused.stderr);
    assert!(refused.stderr.contains("countersign trust"), "{}", refused.stderr);
    let verify = run(&world, &["verify", &id]).exited(2);
    assert!(verify.stderr.contains("never proved"), "{}", verify.stderr);
}

#[test]
fn a_change_that_breaks_tests_is_denied_and_cannot_be_accepted() {
    let world = python();
    let broken = QUEUE.replace("a > b", "a < b");
    let id = propose(&world, &[("queues.py", &broken)]);
    let proved = prove(&world, &id).exited(1).json();
    assert!(says(&proved, "1 test fails that did not fail before"), "{:?}", reasons(&proved));
    let refused = run(&world, &["accept", &id, "--by", "Ada"]).exited(1);
    assert!(refused.stderr.contains("test fails"), "{}", refused.stderr);
    // As soon as the files are others, the proof is an older one, and a person decides.
    world.write("README.md", "# Other\n");
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
}

#[test]
fn a_deleted_failing_test_and_a_bent_one_are_caught_by_the_tests_of_the_base() {
    let world = python();
    let broken = QUEUE.replace("a > b", "a < b");
    let bent = TESTS
        .replace("larger(2, 1), 2", "larger(2, 1), 1")
        .replace("larger(1, 2), 2", "larger(1, 2), 1");
    let id = propose(&world, &[("queues.py", &broken), ("test_queues.py", &bent)]);
    let proved = prove(&world, &id).exited(3).json();
    assert!(says(&proved, "1 test of the base fails or does not run"), "{:?}", reasons(&proved));
    let (kept, _) = TESTS.split_once("\n    def test_larger").unwrap();
    let id = propose(&world, &[("queues.py", &broken), ("test_queues.py", kept)]);
    let proved = prove(&world, &id).json();
    assert!(says(&proved, "1 test of the base fails or does not run"), "{:?}", reasons(&proved));
    assert!(says(&proved, "test_larger"), "the deleted test is named: {:?}", reasons(&proved));
}

#[test]
fn what_fails_says_why_wherever_people_look() {
    let world = python();
    let silent = "[[gate]]\nid = \"mine\"\nkind = \"lint\"\ncommand = [\"sh\", \"-c\", \"echo; echo '[no](such) thing' >&2; grep -q 'a > b' queues.py\"]\n";
    world.write("countersign.toml", silent);
    world.commit("A gate of our own");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let id = propose(&world, &[("queues.py", &QUEUE.replace("a > b", "a < b"))]);
    let proved = run(&world, &["prove", &id]).exited(1).stdout;
    let said =
        "fails now test_queues.Queues test_larger\n        | Traceback (most recent call last):\n";
    for part in [said, "        | AssertionError: 1 != 2\n", "\n        | [no](such) thing\n"] {
        assert!(proved.contains(part), "no {part:?} in\n{proved}");
    }
    let shown = run(&world, &["show", &id, "--proof"]).ok();
    let (gates, _) = proved.split_once("\n  proof ").unwrap();
    assert!(shown.stdout.starts_with(gates), "{}", shown.stdout);
    let json = run(&world, &["show", &id, "--proof", "--format", "json"]).ok().json();
    assert_eq!(json["proof"]["changeset"], json!(id));
    let log = run(&world, &["show", &id, "--log", "unittest"]).ok().stdout;
    assert!(log.contains("FAILED (failures=1)"), "{log}");
    let refused = run(&world, &["show", &id, "--log", "other"]).exited(2).stderr;
    assert!(refused.contains("its gates are mine, unittest"), "{refused}");

    let mut editor = world.lsp(countersign(), &["lsp"], ClientOptions::default());
    editor.open("queues.py");
    editor.wait_diagnostics("queues.py", |all| all.len() == 1);
    let page = document(&editor, &id, "proof", &[]).unwrap();
    let page = page["text"].as_str().unwrap();
    let parts = [
        "- `mine` worse: passed on the base and fails on the proposal (not required)\n  > `[no](such) thing`\n",
        "  - fails now: `test_queues.Queues test_larger`\n    > `Traceback (most recent call last):`\\\n",
        "    > `AssertionError: 1 != 2`",
        "### The tests of the base, with the proposed code\n\n- broken: `test_queues.Queues test_larger`\n",
    ];
    for part in parts {
        assert!(page.contains(part), "no {part:?} in\n{page}");
    }
    assert!(editor.shutdown().success());
}

/// The run of the proposal's own tests ends with a file that git ignores, where its code looks who is asking.
#[test]
fn what_the_proposal_left_behind_is_not_there_for_the_tests_of_the_base() {
    let world = World::new();
    world.write(".gitignore", "out/\n__pycache__/\n");
    world.write("queues.py", QUEUE);
    world.write("test_queues.py", TESTS);
    world.commit("Queues");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let leaves = "import atexit\nimport os\nimport pathlib\n\nleft = pathlib.Path(\"out/left\")\nfound = left.exists()\n\
        os.makedirs(\"out\", exist_ok=True)\natexit.register(left.touch)\n";
    let code = QUEUE.replace("a > b", "(a > b) == found");
    let code = code.replacen("\n\n\n", &format!("\n\n{leaves}\n\n"), 1);
    let (kept, _) = TESTS.split_once("\n    def test_larger").unwrap();
    let id = propose(&world, &[("queues.py", &code), ("test_queues.py", kept)]);
    let proved = prove(&world, &id).json();
    assert!(says(&proved, "1 test of the base fails or does not run"), "{:?}", reasons(&proved));
}

#[test]
fn a_change_that_keeps_the_runner_from_the_tests_is_caught() {
    let world = World::new();
    let scripts = |test: &str| {
        format!(
            "{{\"name\": \"queue\", \"type\": \"module\", \"scripts\": {{\"test\": \"{test}\"}}}}\n"
        )
    };
    world.write("package.json", scripts("node --test"));
    world.write("queue.js", NODE);
    world.write("queue.test.js", NODE_TESTS);
    world.commit("A queue");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let broken = NODE.replace("a > b", "a < b");
    let fewer = scripts("node --test --test-name-pattern=nothing");
    let id = propose(&world, &[("queue.js", &broken), ("package.json", &fewer)]);
    let proved = prove(&world, &id);
    let json = proved.json();
    assert_ne!(proved.status, 0);
    assert!(says(&json, "of the base fail"), "{:?}\n{}", reasons(&json), proved.stderr);
}

#[test]
fn a_test_that_asserts_nothing_or_passes_without_the_change_proves_nothing() {
    let world = python();
    let [code, _] = good();
    let test = format!(
        "{TESTS}\n    def test_runs(self):\n        queues.clamp(9, 5)\n\n    def test_first_again(self):\n        self.assertEqual(queues.first([3]), 3)\n"
    );
    let id = propose(&world, &[(code.0, &code.1), ("test_queues.py", &test)]);
    let proved = prove(&world, &id).exited(3).json();
    assert!(says(&proved, "test_runs proves nothing"), "{:?}", reasons(&proved));
    assert!(says(&proved, "test_first_again proves nothing"), "{:?}", reasons(&proved));
    let survived = &proved["proof"]["validation"]["mutation"]["survived"];
    assert!(!survived.as_array().unwrap().is_empty(), "nothing asserts what clamp does");
}

#[test]
fn a_change_in_the_tree_already_is_proved_against_the_files_without_it() {
    let world = python();
    let [code, test] = good();
    world.write(code.0, &code.1);
    world.write(test.0, &test.1);
    let adopted = run(&world, &["adopt", "--format", "json"]).ok().json();
    let id = id(&adopted["proposal"]);
    let proved = prove(&world, &id).ok().json();
    let witness = &proved["proof"]["validation"]["witness"];
    assert_eq!(witness["tests"][0]["value"], "proves_the_change", "{witness:#}");
    assert_eq!(world.read("queues.py"), code.1);
    run(&world, &["verify", &id]).ok();
}

#[test]
fn a_commit_is_proved_on_its_parent_and_its_envelope_verified_as_a_file() {
    let world = python();
    let [code, test] = good();
    world.write(code.0, &code.1);
    world.write(test.0, &test.1);
    world.commit("Clamp");
    let envelope = run(&world, &["prove", "--commit", "HEAD", "--format", "envelope"]).ok().stdout;
    let file = world.outer().join("proof.json");
    fs::write(&file, envelope.trim_end()).unwrap();
    let verified = run(&world, &["verify", file.to_str().unwrap()]).ok();
    assert!(verified.stdout.contains("it speaks for"), "{}", verified.stdout);
    fs::write(&file, envelope.trim_end().replace("\"sig\":\"", "\"sig\":\"A")).unwrap();
    run(&world, &["verify", file.to_str().unwrap()]).exited(1);
}

#[test]
fn a_changed_byte_of_anything_stored_is_noticed() {
    let world = python();
    let id = propose(&world, &of(&good()));
    prove(&world, &id).ok();
    run(&world, &["verify", &id]).ok();
    let blobs = blobs(&world);
    assert!(blobs.len() > 6, "{blobs:?}");
    for blob in blobs {
        let sound = fs::read(&blob).unwrap();
        let mut bent = sound.clone();
        let middle = bent.len() / 2;
        let Some(byte) = bent.get_mut(middle) else { continue };
        *byte ^= 1;
        fs::write(&blob, &bent).unwrap();
        let said = run(&world, &["verify", &id]);
        let noticed = said.status != 0 || is_log_of_a_mistake(&sound);
        assert!(
            noticed,
            "{}: {}\n{}",
            blob.display(),
            String::from_utf8_lossy(&sound),
            said.stdout
        );
        fs::write(&blob, &sound).unwrap();
    }
    run(&world, &["verify", &id]).ok();
}

/// What became of one deliberate mistake is kept for the next time only: no proof rests on it.
fn is_log_of_a_mistake(bytes: &[u8]) -> bool {
    let evidence: Value = serde_json::from_slice(bytes).unwrap_or_default();
    evidence["record"]["artifacts"].is_null() && evidence["subject"].is_object()
}

fn blobs(world: &World) -> Vec<PathBuf> {
    let folder = world.root().join(".git/countersign/blobs");
    let below = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        below(folder).filter(|path| path.is_dir()).flat_map(below).collect();
    found.sort();
    found
}

#[test]
fn a_rust_project_is_built_once_for_all_runs() {
    let (Some(cargo), Some(rustup)) =
        (home("CARGO_HOME", ".cargo"), home("RUSTUP_HOME", ".rustup"))
    else {
        panic!("this is run by cargo, whose home has to be known")
    };
    let world = World::new();
    let manifest = "[package]\nname = \"queue\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    world.write("Cargo.toml", manifest);
    world
        .write("Cargo.lock", "version = 3\n\n[[package]]\nname = \"queue\"\nversion = \"0.1.0\"\n");
    world.write(".gitignore", "target\n");
    world.write("src/lib.rs", RUST);
    world.commit("A queue");
    let run = |args: &[&str]| {
        let env = [("CARGO_HOME", cargo.as_os_str()), ("RUSTUP_HOME", rustup.as_os_str())];
        world.run_with_env(countersign(), args, &env)
    };
    run(&["trust", "--by", "Ada"]).ok();
    let id =
        propose(&world, &[("src/lib.rs", &RUST.replace("if a > b { a } else { b }", "a.max(b)"))]);
    let proved = run(&["prove", &id, "--mutants", "2", "--format", "json"]);
    let json = proved.json();
    let gates = json["proof"]["validation"]["gates"].as_array().unwrap();
    let verdicts: Vec<&str> =
        gates.iter().map(|gate| gate["comparison"]["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["passes", "passes"], "{json:#}\n{}", proved.stderr);
    let tests = &gates[1]["comparison"];
    assert_eq!((&tests["unchanged"], &tests["removed_tests"]), (&1.into(), &json!([])));
    assert_eq!(json["proof"]["validation"]["mutation"]["invalid"], 0);
    // Without the harness a file prints what it likes.
    let fake = "fn main() { println!(\"running 1 test\\ntest tests::larger_is_larger ... ok\\n\\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\"); }\n";
    let edits = [
        ("src/lib.rs", RUST.replace("a > b", "a < b") + fake),
        ("Cargo.toml", format!("{manifest}\n[lib]\nharness = false\n")),
    ];
    let edits: Vec<(&str, &str)> =
        edits.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let id = propose(&world, &edits);
    let proved = run(&["prove", &id, "--mutants", "0", "--format", "json"]);
    let json = proved.json();
    assert!(says(&json, "it says how tests are run"), "{:?}", reasons(&json));
    assert!(says(&json, "1 test of the base fails"), "{:?}\n{}", reasons(&json), proved.stderr);
}

const RUST: &str = "\
/// The larger of two.
pub fn larger(a: i32, b: i32) -> i32 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    #[test]
    fn larger_is_larger() {
        assert_eq!(super::larger(1, 2), 2);
        assert_eq!(super::larger(3, 2), 3);
    }
}
";

/// A folder of the person's toolchain, which the hermetic environment does not know.
fn home(variable: &str, otherwise: &str) -> Option<PathBuf> {
    let stated = std::env::var_os(variable).map(PathBuf::from);
    stated.or_else(|| Some(std::env::home_dir()?.join(otherwise)))
}

/// Whether a check of the newest commit that asks for proofs passes; else what it says.
fn checked(world: &World, more: &[&str]) -> Result<(), String> {
    let args = ["check", "HEAD~1..HEAD", "--require-proof", "--format", "json"];
    let output = run(world, &[&args[..], more].concat());
    let json = output.json();
    let reasons = reasons(&json).into_iter().filter(|reason| reason.starts_with("commit "));
    let reasons: Vec<String> = reasons.collect();
    assert_eq!(output.status == 1, !reasons.is_empty(), "{json:#}");
    if reasons.is_empty() { Ok(()) } else { Err(reasons.join("; ")) }
}

#[test]
fn a_range_needs_a_proof_of_each_commit_that_holds_for_it() {
    let world = python();
    let [code, test] = good();
    world.write(code.0, &code.1);
    world.write(test.0, &test.1);
    world.commit("Clamp");
    assert!(checked(&world, &[]).unwrap_err().contains("(Clamp) has no proof"));
    let none = run(&world, &["attach"]).exited(2);
    assert!(none.stderr.contains("--attach"), "{}", none.stderr);
    run(&world, &["prove", "--commit", "HEAD", "--attach"]).ok();
    checked(&world, &[]).unwrap();
    // The note follows to a commit of other files, and speaks for none of them.
    let proved = world.git(&["rev-parse", "HEAD"]);
    world.write("README.md", "# Other\n");
    world.git(&["commit", "--quiet", "--all", "--amend", "--message", "Amended"]);
    assert!(checked(&world, &[]).unwrap_err().contains("(Amended) has no proof"));
    world.git(&["notes", "--ref=countersign", "copy", proved.trim(), "HEAD"]);
    assert!(checked(&world, &[]).unwrap_err().contains("it speaks for other files"));
    world.git(&["notes", "--ref=countersign", "add", "--force", "--message", "{}", "HEAD"]);
    assert!(checked(&world, &[]).unwrap_err().contains("does not hold"));
    // A proof that policy has something against is none that holds.
    world.write("queues.py", code.1.replace("a > b", "a < b"));
    world.commit("Broken");
    run(&world, &["prove", "--commit", "HEAD", "--attach"]).exited(1);
    assert!(checked(&world, &[]).unwrap_err().contains("1 test fails"));
}

#[test]
fn whose_proofs_are_believed_and_who_needs_none_is_said_by_the_trusted_revision() {
    let world = python();
    let id = propose(&world, &of(&good()));
    prove(&world, &id).ok();
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    world.commit("Clamp");
    let trailer = run(&world, &["attach", "--trailer"]).ok();
    assert!(trailer.stdout.starts_with("Countersign-Proof: "), "{}", trailer.stdout);
    run(&world, &["attach"]).ok();
    checked(&world, &[]).unwrap();
    // Somebody else has another key.
    let keys = world.outer().join("config/countersign/keys");
    let text = fs::read_to_string(keys.join("ed25519.pub")).unwrap();
    fs::remove_dir_all(&keys).unwrap();
    assert!(checked(&world, &[]).unwrap_err().contains("does not hold"));
    let file = world.outer().join("ada.pub");
    fs::write(&file, &text).unwrap();
    checked(&world, &["--proof-key", file.to_str().unwrap()]).unwrap();
    world.git(&["switch", "--quiet", "--create", "trusted", "HEAD~1"]);
    world.write(".countersign/keys/ada.pub", &text);
    world.commit("Whom we believe");
    world.git(&["switch", "--quiet", "-"]);
    checked(&world, &["--rules-from", "trusted"]).unwrap();
    world.git(&["notes", "--ref=countersign", "remove", "HEAD"]);
    assert!(checked(&world, &["--rules-from", "trusted"]).is_err());
    world.git(&["switch", "--quiet", "trusted"]);
    world.write("countersign.toml", "[policy]\nproof_exempt_authors = [\"*@example.invalid\"]\n");
    world.commit("Who needs none");
    world.git(&["switch", "--quiet", "-"]);
    checked(&world, &["--rules-from", "trusted"]).unwrap();
}

#[test]
fn only_a_person_passes_over_policy_and_it_is_kept() {
    let world = python();
    let broken = QUEUE.replace("a > b", "a < b");
    let id = propose(&world, &[("queues.py", &broken)]);
    let despite = ["accept", &id, "--break-glass", "--reason", "the tests are wrong"];
    let ada = [&despite[..], &["--by", "Ada"]].concat();
    let early = run(&world, &ada).exited(2);
    assert!(early.stderr.contains("does not deny it"), "{}", early.stderr);
    prove(&world, &id).exited(1);
    run(&world, &["accept", &id, "--by", "Ada"]).exited(1);
    run(&world, &despite).exited(2);
    run(&world, &["accept", &id, "--break-glass", "--reason", " ", "--by", "Ada"]).exited(2);
    assert_eq!(world.read("queues.py"), QUEUE);
    run(&world, &ada).ok();
    assert_eq!(world.read("queues.py"), broken);
    let export = run(&world, &["ledger", "export"]).ok().stdout;
    let kept = export.lines().find(|line| line.contains("glass_broken")).unwrap();
    assert!(kept.contains("the tests are wrong") && kept.contains("Ada"), "{kept}");
    run(&world, &["ledger", "verify"]).ok();
}

#[test]
fn hunks_that_no_evidence_needs_are_named() {
    let world = python();
    let [code, test] = good();
    let spare = code.1.replace("return queue[0]", "return queue[:1][0]");
    let edits = [("README.md", "# Many queues\n"), (code.0, &spare), (test.0, &test.1)];
    let id = propose(&world, &edits);
    let proved = run(&world, &["prove", &id, "--minimise", "20", "--format", "json"]).json();
    let proof = &proved["proof"]["validation"];
    // The title, and the slice; what is left is the function and its test.
    assert_eq!(proof["superfluous_hunks"], json!([1, 2]), "{proof:#}");
}

#[test]
fn a_node_project_is_proved_with_its_own_runner() {
    let world = World::new();
    world.write(
        "package.json",
        "{\"name\": \"queue\", \"type\": \"module\", \"scripts\": {\"test\": \"node --test\"}}\n",
    );
    world.write("queue.js", NODE);
    world.write("queue.test.js", NODE_TESTS);
    world.write(".gitignore", "node_modules/\n");
    world.commit("A queue");
    world.write("node_modules/dep/index.js", "1\n");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let broken = NODE.replace("a > b", "a < b");
    let id = propose(&world, &[("queue.js", &broken)]);
    let proved = prove(&world, &id).exited(1);
    let json = proved.json();
    assert!(
        says(&json, "1 test fails that did not fail before"),
        "{:?}\n{}",
        reasons(&json),
        proved.stderr
    );
    let sound = NODE.replace("a > b ? a : b", "Math.max(a, b)");
    let id = propose(&world, &[("queue.js", &sound)]);
    let json = prove(&world, &id).ok().json();
    assert_eq!(json["proof"]["validation"]["gates"][0]["comparison"]["unchanged"], 1, "{json:#}");
    let hits = |json: Value| json["proof"]["record"]["cache_hits"].as_u64().unwrap();
    assert!(hits(prove(&world, &id).ok().json()) > 0);
    // Another dependency is installed: what is known is of the one before.
    world.write("node_modules/dep/index.js", "22\n");
    assert_eq!(hits(prove(&world, &id).ok().json()), 0);
}

pub const NODE: &str = "\
export function larger(a, b) {
    return a > b ? a : b;
}
";

pub const NODE_TESTS: &str = "\
import assert from 'node:assert';
import test from 'node:test';
import { larger } from './queue.js';

test('the larger is larger', () => {
    assert.equal(larger(1, 2), 2);
    assert.equal(larger(3, 2), 3);
});
";

#[test]
fn what_a_manifest_says_of_tests_is_what_it_said_on_the_base() {
    let world = World::new();
    let manifest =
        |addopts: &str| format!("[project]\nname = \"queue\"\n\n[tool.tox]\nrun = \"{addopts}\"\n");
    // A gate that names no tests: only how it ends tells.
    let read = "import tomllib\nassert tomllib.load(open('pyproject.toml', 'rb'))['tool']['tox']['run'] == 'all'\nimport queues\nassert queues.larger(1, 2) == 2\n";
    let gate = "[gates]\ndetect = false\n\n[[gate]]\nid = \"mine\"\nkind = \"test\"\ncommand = [\"sh\", \"run.sh\"]\n";
    let run_it =
        "if grep -q 'run = \"none\"' pyproject.toml; then exit 0; fi\npython3 tests/all.py\n";
    world.write("queues.py", QUEUE);
    world.write("tests/all.py", format!("import sys\nsys.path.insert(0, '.')\n{read}"));
    world.write("run.sh", run_it);
    world.write("countersign.toml", gate);
    world.write("pyproject.toml", manifest("all"));
    world.commit("Queues");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let broken = QUEUE.replace("a > b", "a < b");
    let fewer = manifest("none").replace("queue", "queues");
    let id = propose(&world, &[("queues.py", &broken), ("pyproject.toml", &fewer)]);
    let json = prove(&world, &id).json();
    let gate = &json["proof"]["validation"]["gates"][0]["comparison"];
    assert_eq!(gate["verdict"], "passes", "the change has the gate look away: {gate:#}");
    assert!(says(&json, "it says how tests are run"), "{:?}", reasons(&json));
    assert!(says(&json, "1 test of the base fails"), "{:?}", reasons(&json));
}

#[test]
fn a_runner_that_the_change_brings_along_is_put_back_and_named() {
    let world = python();
    let broken = QUEUE.replace("a > b", "a < b");
    // `python3 -m unittest` finds this one first.
    let fake =
        "import sys\nprint('test_first (test_queues.Queues.test_first) ... ok', file=sys.stderr)\n";
    let id = propose(&world, &[("queues.py", &broken), ("unittest.py", fake)]);
    let proved = prove(&world, &id).json();
    assert!(says(&proved, "how tests are run"), "{:?}", reasons(&proved));
    assert!(says(&proved, "of the base fail"), "{:?}", reasons(&proved));
}

#[test]
fn a_run_that_rewrites_the_tests_judges_nothing() {
    let world = World::new();
    world.write("check.sh", "grep -q sound state\n");
    world.write("state", "sound\n");
    let gate = "[[gate]]\nid = \"mine\"\nkind = \"test\"\ncommand = [\"sh\", \"run.sh\"]\n";
    world.write("countersign.toml", gate);
    world.write("run.sh", "sh prepare.sh; sh check.sh\n");
    world.write("prepare.sh", "true\n");
    world.commit("A gate of our own");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let edits = [("state", "broken\n"), ("prepare.sh", "echo true > check.sh\n")];
    let id = propose(&world, &edits);
    let json = prove(&world, &id).json();
    let gate = &json["proof"]["validation"]["gates"][0]["comparison"];
    assert_eq!(gate["verdict"], "unknown", "{gate:#}");
    assert!(gate["reason"].as_str().unwrap().contains("it changed check.sh"), "{gate:#}");
}

#[test]
fn a_gate_that_names_no_tests_and_fails_with_those_of_the_base_is_caught() {
    let world = World::new();
    world.write("tests/check.sh", "grep -q sound state\n");
    world.write("state", "sound\n");
    let gate = "[[gate]]\nid = \"mine\"\nkind = \"test\"\ncommand = [\"sh\", \"tests/check.sh\"]\n";
    world.write("countersign.toml", gate);
    world.commit("A gate of our own");
    run(&world, &["trust", "--by", "Ada"]).ok();
    let edits = [("state", "broken\n"), ("tests/check.sh", "grep -q broken state\n")];
    let id = propose(&world, &edits);
    let json = prove(&world, &id).exited(3).json();
    assert!(says(&json, "1 test of the base fails"), "{:?}", reasons(&json));
}

#[test]
fn planted_evidence_is_not_believed_and_missing_evidence_is_told() {
    let world = python();
    let broken = QUEUE.replace("a > b", "a < b");
    let id = propose(&world, &[("queues.py", &broken)]);
    prove(&world, &id).exited(1);
    let ledger = world.root().join(".git/countersign/ledger.db");
    let sql = |text: &str| {
        let script = format!(
            "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nc.execute({text:?})\nc.commit()\n"
        );
        world.run("/usr/bin/python3", &["-c", &script, ledger.to_str().unwrap()]).ok();
    };
    // Every run is said to be one that passed.
    sql("UPDATE evidence SET blob = (SELECT blob FROM evidence LIMIT 1)");
    prove(&world, &id).exited(1);
    sql("DELETE FROM evidence");
    let said = run(&world, &["verify", &id]).exited(1);
    assert!(said.stdout.contains("runs are gone"), "{}", said.stdout);
}

#[test]
fn where_a_proof_is_required_only_what_was_proved_lands() {
    let world = python();
    world.write("countersign.toml", "[policy]\nrequire_proof = true\n");
    world.commit("Only with a proof");
    let [code, test] = good();
    let id = propose(&world, &[(code.0, &code.1), (test.0, &test.1)]);
    let refused = run(&world, &["accept", &id, "--by", "Ada"]).exited(1);
    assert!(
        refused.stderr.contains("a proof is required, and there is none"),
        "{}",
        refused.stderr
    );
    // One hunk is proved: it lands, and the other does not come along.
    let first = format!("{id}/1");
    prove(&world, &first).json();
    let refused = run(&world, &["accept", &id, "--by", "Ada"]).exited(1);
    assert!(refused.stderr.contains("speaks for other files or hunks"), "{}", refused.stderr);
    run(&world, &["accept", &first, "--by", "Ada"]).ok();
    assert_eq!(world.read("queues.py"), code.1);
    assert_eq!(world.read("test_queues.py"), TESTS);
    // The test alone passes without the rest, which is in the files by now: a person decides.
    prove(&world, &id).exited(3);
    world.write("README.md", "# Other\n");
    run(&world, &["accept", &id, "--by", "Ada"]).exited(1);
    world.write("README.md", "# Queues\n");
    run(&world, &["accept", &id, "--by", "Ada"]).ok();
    assert_eq!(world.read("test_queues.py"), test.1);
}
