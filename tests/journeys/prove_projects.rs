//! Whole projects of TypeScript, Go and Python, proved with their own compilers and runners: what is sound passes, and each way
//! of pretending is caught and named. `tests/toolchains/setup` says where the tools are.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use test_support::{Output, World};

use crate::prove::{line_of, missed, propose, reasons, says};
use crate::support::{countersign, installed};

/// A trusted project, with the toolchain that its gates need.
struct Project {
    world: World,
    env: Vec<(&'static str, OsString)>,
}

impl Project {
    /// Copies the fixture `name`; `prepare` adds what is installed and not committed.
    fn new(name: &str, env: Vec<(&'static str, OsString)>, prepare: impl FnOnce(&World)) -> Self {
        let world = World::new();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/projects");
        copy(&fixture.join(name), world.root());
        world.commit("A queue");
        prepare(&world);
        let project = Self { world, env };
        project.run(&["trust", "--by", "Ada"]).ok();
        project
    }

    fn run(&self, args: &[&str]) -> Output {
        let env: Vec<_> = self.env.iter().map(|(name, value)| (*name, value.as_os_str())).collect();
        self.world.run_with_env(countersign(), args, &env)
    }

    /// Proposes the texts `edits` and proves them, with `mutants` deliberate mistakes.
    fn proved(&self, mutants: &str, edits: &[(&str, &str)]) -> Value {
        let id = propose(&self.world, edits);
        let proved = self.run(&["prove", &id, "--mutants", mutants, "--format", "json"]);
        assert!([0, 1, 3].contains(&proved.status), "{}\n{}", proved.command, proved.stderr);
        proved.json()
    }

    fn text(&self, path: &str) -> String {
        self.world.read(path)
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(status.success(), "{} could not be copied", from.display());
}

/// The verdict of each gate, by its id.
fn verdicts(proved: &Value) -> Vec<(String, String)> {
    let gates = proved["proof"]["validation"]["gates"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    gates
        .map(|gate| (word(&gate["comparison"]["gate"]), word(&gate["comparison"]["verdict"])))
        .collect()
}

#[track_caller]
fn all_pass(proved: &Value, gates: &[&str]) {
    let expected: Vec<_> =
        gates.iter().map(|gate| ((*gate).to_owned(), "passes".to_owned())).collect();
    assert_eq!(verdicts(proved), expected, "{:?}\n{:#}", reasons(proved), proved["proof"]);
}

/// The new test proves the change, the tests of the base hold, and every mistake is noticed.
#[track_caller]
fn is_sound(proved: &Value) {
    let witness = &proved["proof"]["validation"]["witness"];
    assert_eq!(witness["base_tests"][0]["broken"], json!([]), "{witness:#}");
    assert_eq!(witness["tests"][0]["value"], "proves_the_change", "{witness:#}");
    let mutation = &proved["proof"]["validation"]["mutation"];
    assert_eq!(
        (&mutation["survived"], &mutation["invalid"]),
        (&json!([]), &json!(0)),
        "{mutation:#}"
    );
    assert_eq!(mutation["killed"], 2, "{mutation:#}");
    assert_eq!(proved["verdict"]["decision"], "allow", "{:?}", reasons(proved));
}

#[track_caller]
fn is_said(proved: &Value, what: &str) {
    assert!(says(proved, what), "not {what:?} but {:#?}\n{:#}", reasons(proved), proved["proof"]);
}

fn typescript() -> Project {
    let installed = installed("COUNTERSIGN_TEST_TYPESCRIPT").join("node_modules");
    let env = vec![("PATH", OsString::from("/usr/bin:/bin"))];
    Project::new("typescript", env, |world| {
        fs::create_dir(world.path("node_modules")).unwrap();
        copy(&installed, &world.path("node_modules"));
    })
}

const FULL_TS: &str = "
/** Whether one more than `count` is too many. */
export function full(count: number, high: number): boolean {
    return count + 1 > high;
}
";

const HALF_TS: &str = "
/** Whether one more than `count` is too many. */
export function full(count: number, high: number): boolean {
    if (count < 0) {
        return true;
    }
    return count + 1 > high;
}
";

const FULL_TS_TEST: &str = "
test('what is full takes no more', () => {
    assert.equal(full(5, 5), true);
    assert.equal(full(4, 5), false);
});
";

#[test]
fn a_typescript_project_is_proved_with_its_compiler_and_its_runner() {
    let project = typescript();
    let (code, tests) = (project.text("src/queue.ts"), project.text("src/queue.test.ts"));
    let imported = tests.replace("{ first, larger }", "{ first, full, larger }");
    let edits = |mutants: &str, code: &str, tests: &str| {
        project.proved(mutants, &[("src/queue.ts", code), ("src/queue.test.ts", tests)])
    };
    let sound = code.clone() + FULL_TS;

    let proved = edits("2", &sound, &(imported.clone() + FULL_TS_TEST));
    all_pass(&proved, &["npm.build", "npm.test", "npm.type_check"]);
    is_sound(&proved);
    // What ran was compiled: the compiler's map says which lines that is.
    assert_eq!(missed(&proved), []);

    // Nothing runs wrong, but it does not mean what it says.
    let wrong = code.replace("return queue[0];", "return String(queue[0]);");
    let proved = project.proved("0", &[("src/queue.ts", &wrong)]);
    let named = "src/queue.ts:3: Type 'string' is not assignable to type 'number'.";
    is_said(&proved, &format!("npm.type_check: 1 error is new: {named}"));
    // What was compiled all the same is no build: no test speaks of it.
    is_said(&proved, "npm.test: passed on the base and fails on the proposal");
    is_said(&proved, "2 tests of the base fail or do not run");

    // The tests that fail are gone, as compiled as they were.
    let broken = code.replace("a > b", "a < b");
    let (kept, _) = tests.split_once("\ntest('the larger").unwrap();
    let proved = edits("0", &broken, kept);
    is_said(&proved, "1 test of the base fails or does not run");
    is_said(&proved, "the larger is larger");

    let idle = "\ntest('it can be full', () => {\n    full(5, 5);\n});\n";
    let half = code.clone() + HALF_TS;
    let files = [
        ("src/queue.ts", half.as_str()),
        ("src/queue.test.ts", &(imported + idle)),
        ("src/unused.ts", "export const unused: number = 1;\n"),
    ];
    let proved = project.proved("1", &files);
    is_said(&proved, "it can be full proves nothing");
    let line = line_of(&half, "return true");
    let expected = [("src/queue.ts".to_owned(), line), ("src/unused.ts".to_owned(), 1)];
    assert_eq!(missed(&proved), expected);
    let survived = &proved["proof"]["validation"]["mutation"]["survived"];
    assert!(!survived.as_array().unwrap().is_empty(), "nothing asserts what full does");

    // A script that prints what the runner would print; something else of the manifest changes, too.
    let said = "echo '✔ the first comes first (1ms)'; echo '✔ the larger is larger (1ms)'";
    let manifest = project.text("package.json").replace("node --test dist/*.test.js", said);
    let manifest = manifest.replace("1.0.0", "1.1.0");
    let proved = project.proved("0", &[("src/queue.ts", &broken), ("package.json", &manifest)]);
    is_said(&proved, "it says how tests are run");
    is_said(&proved, "1 test of the base fails or does not run");
}

fn go() -> Project {
    let program = installed("COUNTERSIGN_TEST_GO");
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let cache = installed("COUNTERSIGN_TEST_GOCACHE").into_os_string();
    Project::new("go", vec![("PATH", path.into()), ("GOCACHE", cache)], |_| {})
}

const FULL_GO: &str = "
// Full answers whether one more than count is too many.
func Full(count, high int) bool {
	return count+1 > high
}
";

const HALF_GO: &str = "
// Full answers whether one more than count is too many.
func Full(count, high int) bool {
	if count < 0 {
		return true
	}
	return count+1 > high
}
";

const FULL_GO_TEST: &str = "
func TestFull(t *testing.T) {
	if !Full(5, 5) || Full(4, 5) {
		t.Error(\"not full\")
	}
}
";

#[test]
fn a_go_project_is_proved_with_its_compiler_its_vet_and_its_runner() {
    let project = go();
    let (code, tests) = (project.text("queue.go"), project.text("queue_test.go"));
    let edits = |mutants: &str, code: &str, tests: &str| {
        project.proved(mutants, &[("queue.go", code), ("queue_test.go", tests)])
    };
    let sound = code.clone() + FULL_GO;

    let proved = edits("2", &sound, &(tests.clone() + FULL_GO_TEST));
    all_pass(&proved, &["go.build", "go.test", "go.vet"]);
    is_sound(&proved);
    assert_eq!(missed(&proved), []);

    // It builds, and its tests pass: they print nothing.
    let wrong = code.replace("Sprintf(\"%d waiting\"", "Sprintf(\"%s waiting\"");
    let proved = project.proved("0", &[("queue.go", &wrong)]);
    is_said(&proved, "go.vet: passed on the base and fails on the proposal: queue.go:21: ");
    is_said(&proved, "Sprintf format %s has arg count of wrong type int");

    let unbuilt = code.replace("return queue[0]", "return queue[0] + missing");
    let proved = project.proved("0", &[("queue.go", &unbuilt)]);
    is_said(
        &proved,
        "go.build: passed on the base and fails on the proposal: queue.go:8: undefined: missing",
    );

    let broken = code.replace("a > b", "a < b");
    let (kept, _) = tests.split_once("\nfunc TestLarger").unwrap();
    let proved = edits("0", &broken, kept);
    is_said(&proved, "1 test of the base fails or does not run");
    is_said(&proved, "TestLarger");

    let idle = "\nfunc TestRuns(t *testing.T) {\n\tFull(5, 5)\n}\n";
    let half = code.clone() + HALF_GO;
    let proved = edits("1", &half, &(tests.clone() + idle));
    is_said(&proved, "TestRuns proves nothing");
    assert_eq!(missed(&proved), [("queue.go".to_owned(), line_of(&half, "return true"))]);
    let survived = &proved["proof"]["validation"]["mutation"]["survived"];
    assert!(!survived.as_array().unwrap().is_empty(), "nothing asserts what Full does");
}

fn python() -> Project {
    let installed = installed("COUNTERSIGN_TEST_PYTHON");
    // Its interpreter may lie anywhere.
    let path = OsString::from("/usr/bin:/bin");
    Project::new("python", vec![("PATH", path)], |world| {
        copy(&installed, &fs::canonicalize(world.root()).unwrap().join(".venv"));
        // What `pip install --editable .` leaves: the package is where the person works on it.
        let packages = fs::read_dir(world.path(".venv/lib")).unwrap().next().unwrap().unwrap();
        let source = format!("{}\n", world.path("src").display());
        fs::write(packages.path().join("site-packages/waiting.pth"), source).unwrap();
    })
}

const FULL_PY: &str = "

def full(count: int, high: int) -> bool:
    \"\"\"Whether one more than `count` is too many.\"\"\"
    return count + 1 > high
";

const FULL_PY_TEST: &str = "

def test_what_is_full_takes_no_more() -> None:
    assert full(5, 5)
    assert not full(4, 5)
";

#[test]
fn a_python_project_is_proved_with_what_its_virtual_environment_holds() {
    let project = python();
    let (code, tests) =
        (project.text("src/waiting/__init__.py"), project.text("tests/test_waiting.py"));
    let imported = tests.replace("import first, larger", "import first, full, larger");
    let edits = |mutants: &str, code: &str, tests: &str| {
        let files = [("src/waiting/__init__.py", code), ("tests/test_waiting.py", tests)];
        project.proved(mutants, &files)
    };
    let sound = code.clone() + FULL_PY;

    let proved = edits("2", &sound, &(imported.clone() + FULL_PY_TEST));
    all_pass(&proved, &["mypy", "pytest", "ruff.format", "ruff.lint"]);
    is_sound(&proved);
    assert_eq!(proved["proof"]["validation"]["coverage"]["lines"], 6, "{:#}", proved["proof"]);
    assert_eq!(missed(&proved), []);

    // Nothing runs wrong, but it does not mean what it says, is never used, and is laid out by no rule.
    let wrong = code.replace("return queue[0]", "import os\n    return str( queue[0])");
    let proved = project.proved("0", &[("src/waiting/__init__.py", &wrong)]);
    is_said(
        &proved,
        "mypy: 1 error is new: src/waiting/__init__.py:7: Incompatible return value type",
    );
    is_said(
        &proved,
        "ruff.lint: 1 error is new: src/waiting/__init__.py:6: `os` imported but unused",
    );
    is_said(&proved, "ruff.format: passed on the base and fails on the proposal");

    // The tests that fail are gone, or are run no more.
    let broken = code.replace("a > b", "a < b");
    let (kept, _) = tests.split_once("\n\ndef test_the_larger").unwrap();
    let proved = edits("0", &broken, kept);
    is_said(&proved, "1 test of the base fails or does not run");
    is_said(&proved, "test_the_larger_is_larger");
    let manifest = project.text("pyproject.toml");
    let ways = ["addopts = \"-k first\"", "testpaths = [\"src\"]"];
    for way in ways {
        let manifest = manifest.replace("testpaths = [\"tests\"]", way);
        let files = [("src/waiting/__init__.py", broken.as_str()), ("pyproject.toml", &manifest)];
        let proved = project.proved("0", &files);
        is_said(&proved, "1 test of the base fails or does not run");
        is_said(&proved, "it says how tests are run");
    }
    let hook = "def pytest_collection_modifyitems(items):\n    items[:] = items[:1]\n";
    let files = [("src/waiting/__init__.py", broken.as_str()), ("conftest.py", hook)];
    is_said(&project.proved("0", &files), "1 test of the base fails or does not run");

    let idle = "\n\ndef test_it_can_be_full() -> None:\n    callable(full)\n";
    let proved = edits("1", &sound, &(imported + idle));
    is_said(&proved, "test_it_can_be_full proves nothing");
    let validation = &proved["proof"]["validation"];
    assert_eq!(validation["mutation"]["survived"].as_array().unwrap().len(), 1, "{validation:#}");
    assert_eq!(missed(&proved), [("src/waiting/__init__.py".to_owned(), 16)]);
}
