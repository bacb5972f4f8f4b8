//! Journey A in the real editors: a proposal appears, is accepted and undone there, and buffer, disk and ledger agree
//! at every step.

#[cfg(target_os = "linux")]
mod ask;
mod helix;
mod helix_configuration;
mod neovim;
mod pictures;
pub mod tmux;
mod vscode;

use std::env;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use test_support::World;

use crate::support;

/// How long anything is waited for before the journey fails. An editor that starts on a busy machine needs seconds.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Two hunks for `rust/len-zero`: on lines 3 and 22.
pub const RUST_FILE: &str = "src/queue.rs";

/// One hunk for `python/none-comparison`, on line 2. The text before it on the line has characters that every position
/// encoding counts differently.
pub const PYTHON_FILE: &str = "app.py";
pub const PYTHON: &str = "def greet(name):\n    return \"😀ü\" if name == None else name\n";
pub const PYTHON_ACCEPTED: &str =
    "def greet(name):\n    return \"😀ü\" if name is None else name\n";

/// A committed repository in which the recipes have proposed to change both files.
pub fn world() -> World {
    let world = World::new();
    world.write(RUST_FILE, support::RUST);
    world.write(PYTHON_FILE, PYTHON);
    world.commit("A queue and a greeting");
    let args = ["run", "--recipe", "rust/len-zero", "--recipe", "python/none-comparison"];
    support::run(&world, &args).ok();
    assert_eq!(states(&world, RUST_FILE), ["proposed", "proposed"]);
    assert_eq!(states(&world, PYTHON_FILE), ["proposed"]);
    world
}

/// One more hunk for `rust/len-zero`, on line 2.
pub const SECOND_FILE: &str = "src/stack.rs";
pub const SECOND: &str = "pub fn none(stack: &[u32]) -> bool {\n    stack.len() == 0\n}\n";

/// A committed repository with two Rust files.
pub fn untouched() -> World {
    let world = World::new();
    world.write(RUST_FILE, support::RUST);
    world.write(SECOND_FILE, SECOND);
    world.commit("A queue and a stack");
    world
}

/// In which a recipe has proposed one change over both.
pub fn two_files() -> World {
    let world = untouched();
    support::run(&world, &["run", "--recipe", "rust/len-zero"]).ok();
    assert_eq!(states(&world, RUST_FILE), ["proposed", "proposed"]);
    assert_eq!(states(&world, SECOND_FILE), ["proposed"]);
    world
}

/// The Rust file as an agent changes it: on lines 8 and 18.
pub fn agents() -> String {
    support::RUST
        .replace("let mut sum = 0", "let mut sum: u32 = 0")
        .replace("rest > 0", "rest != 0")
}

/// The Rust file after its first hunk was accepted.
pub fn rust_accepted() -> String {
    support::RUST.replacen("queue.len() == 0", "queue.is_empty()", 1)
}

/// Has something proposed for `README.md`, a page of one line, that policy denies.
pub fn leak(world: &World) {
    let key = ["AKIA", "Q3EGWLJ5X7TZR2MP"].concat();
    let patch = format!(
        "--- a/README.md\n+++ b/README.md\n@@ -1 +1,2 @@\n # Queue\n+aws_access_key_id = {key}\n"
    );
    world.write("../leak.patch", patch);
    support::run(world, &["import", "--patch", "../leak.patch"]).ok();
}

/// The program a test must have; `tests/run` says where it is.
pub fn program(variable: &str) -> PathBuf {
    let Some(path) = env::var_os(variable) else {
        panic!("{variable} is not set: run the tests with ./tests/run, which installs the editors");
    };
    PathBuf::from(path)
}

/// `PATH` for an editor: the binary under test, then the system's programs. Other language servers are not on it.
pub fn path() -> String {
    let folder = support::countersign().parent().unwrap();
    format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display())
}

/// A file of the repository these tests are part of, which the editors are to load as users do.
fn in_checkout(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).canonicalize().unwrap()
}

/// The state of every hunk of a file, in the order of the ledger's list.
pub fn states(world: &World, file: &str) -> Vec<String> {
    let list = support::run(world, &["list", "--format", "json"]).ok().json();
    let changes = list["changes"].as_array().unwrap();
    let hunks = changes.iter().flat_map(|change| change["hunks"].as_array().unwrap());
    let of_file = hunks.filter(|hunk| hunk["path"] == file);
    of_file.map(|hunk| hunk["state"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the ledger has these states for the hunks of a file. Each look is a run of the binary.
#[track_caller]
pub fn wait_states(world: &World, file: &str, wanted: &[&str]) {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let states = states(world, file);
        if states == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "the hunks of {file} are {states:?}, not {wanted:?}");
    }
}

/// Whether the ledger is sound at the end of a journey, and no operation hangs.
#[track_caller]
pub fn verify(world: &World) {
    support::run(world, &["ledger", "verify"]).ok();
    let list: Value = support::run(world, &["list", "--format", "json"]).ok().json();
    for change in list["changes"].as_array().unwrap() {
        assert_ne!(change["stage"], "accepting", "{change:#}");
    }
}
