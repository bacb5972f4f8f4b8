//! Runs the real binary with `faults.c` in it, which notes the calls that change files and makes one go wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_support::{Output, World};

use crate::thorough;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing; the calls are counted.
    None,
    /// Killed in place of this call.
    Kill(Call),
    /// Killed after half of this call, if it writes.
    Torn(Call),
    /// From this call on the disk is full.
    Full(Call),
    /// This call fails once.
    Broken(Call),
    /// Every write takes half of what it is given.
    Short,
    /// This path may not be changed.
    Denied(PathBuf),
    /// Nothing may be changed.
    ReadOnly,
}

/// One call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As the system names it.
    pub name: String,
    /// What it concerns, relative to the project folder, `*` for what is random in it.
    pub path: String,
    /// Which of those that do the same to the same file, from 1.
    pub turn: usize,
}

impl Call {
    /// Whether a kill before it leaves other files than a kill after it. A killed process loses nothing that it
    /// wrote, whether the disk has it yet or not.
    pub fn changes_files(&self) -> bool {
        !matches!(self.name.as_str(), "fsync" | "fdatasync")
    }

    /// Whether it needs space, as `faults.c` has it. A disk that is full from any other call on is full from the
    /// next of these on.
    pub fn grows(&self) -> bool {
        let others = ["truncate", "sync", "chmod", "chown", "unlink", "rmdir", "rename"];
        !others.iter().any(|other| self.name.contains(other))
    }

    /// Whether it can be cut in half.
    pub fn writes(&self) -> bool {
        self.name.contains("write")
    }
}

/// The binary under test.
pub fn countersign() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_countersign"))
}

/// Runs the binary without a fault. It does not wait for the disk, which is what makes hundreds of runs cheap.
#[track_caller]
pub fn run(world: &World, args: &[&str]) -> Output {
    let shim = shim();
    let variables = [("LD_PRELOAD", shim.as_os_str()), ("FAULTS_BELOW", world.root().as_os_str())];
    world.run_with_env(countersign(), args, &variables)
}

/// Runs the binary with a fault and gives what it left and the calls it made.
#[track_caller]
pub fn run_with(world: &World, args: &[&str], fault: &Fault) -> (Output, Vec<Call>) {
    let log = world.outer().join("calls.log");
    std::fs::remove_file(&log).ok();
    let (kind, call, path) = match fault {
        Fault::None => ("", None, None),
        Fault::Kill(call) => ("kill", Some(call), None),
        Fault::Torn(call) => ("torn", Some(call), None),
        Fault::Full(call) => ("full", Some(call), None),
        Fault::Broken(call) => ("eio", Some(call), None),
        Fault::Short => ("short", None, None),
        Fault::Denied(path) => ("denied", None, Some(path)),
        Fault::ReadOnly => ("erofs", None, None),
    };
    let line = call.map(|call| format!("{}\t{}", call.name, call.path)).unwrap_or_default();
    let turn = call.map_or(0, |call| call.turn).to_string();
    let shim = shim();
    let path = path.map(|path| path.as_os_str()).unwrap_or_default();
    let variables = [
        ("LD_PRELOAD", shim.as_os_str()),
        ("FAULTS_BELOW", world.root().as_os_str()),
        ("FAULTS_LOG", log.as_os_str()),
        ("FAULTS_KIND", kind.as_ref()),
        ("FAULTS_CALL", line.as_ref()),
        ("FAULTS_TURN", turn.as_ref()),
        ("FAULTS_PATH", path),
    ];
    let output = world.run_with_env(countersign(), args, &variables);
    let calls = std::fs::read_to_string(&log).unwrap_or_else(|error| {
        panic!("the faults did not take hold: {error}\n{output:?}");
    });
    (output, parsed(&calls))
}

/// How often a run is made again.
const REPEATS_MAX: usize = 50;

/// Runs the binary in a replica of `start` with `fault`, which is one at `call`. When files are written is seen in
/// what is looked at again, so a run may do less to git's folder than another: then it is run again.
#[track_caller]
pub fn run_at(start: &World, args: &[&str], fault: &Fault, call: &Call) -> (World, Output) {
    for _ in 0..REPEATS_MAX {
        let world = start.replica();
        let (output, calls) = run_with(&world, args, fault);
        if calls.contains(call) {
            return (world, output);
        }
    }
    panic!("no run makes {call:?} again");
}

/// The calls that each of some runs in replicas of `start` makes.
#[track_caller]
pub fn steady_calls_of(start: &World, args: &[&str]) -> Vec<Call> {
    let mut calls = calls_of(&start.replica(), args);
    for _ in 0..2 {
        let others = calls_of(&start.replica(), args);
        calls.retain(|call| others.contains(call));
    }
    // Nothing is shown by the steps of a run that are not there.
    let writes = |call: &Call| call.path.starts_with(".git/countersign/ledger.db");
    assert!(calls.iter().any(writes), "no call of {args:?} is made each time");
    calls
}

/// The calls of a run without a fault, which must succeed.
#[track_caller]
pub fn calls_of(world: &World, args: &[&str]) -> Vec<Call> {
    let (output, calls) = run_with(world, args, &Fault::None);
    output.ok();
    calls
}

fn parsed(log: &str) -> Vec<Call> {
    let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut call = |line| {
        let turn = turns.entry(line).or_default();
        *turn += 1;
        let (name, path) = line.split_once('\t').unwrap();
        Call { name: name.to_owned(), path: path.to_owned(), turn: *turn }
    };
    log.lines().map(&mut call).collect()
}

/// The compiled `faults.c`. Compiled once for each version of it; two that compile it at once both succeed.
fn shim() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/simulation/faults.c");
    let digest = model::Digest::of(include_bytes!("faults.c")).short();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = folder.join(format!("faults-{digest}.so"));
    if library.exists() {
        return library;
    }
    let unfinished = tempfile::Builder::new().prefix("faults-").tempfile_in(folder).unwrap();
    // Rust needs a C compiler to link with, so one is there.
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o"])
        .arg(unfinished.path())
        .arg(source)
        .output()
        .unwrap_or_else(|error| panic!("`cc`, which links Rust programs, does not run: {error}"));
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    std::fs::rename(unfinished.path(), &library).unwrap();
    library
}

/// The steps that a run takes by default: each that touches the project's own files, and of those that only touch
/// what git's folder holds at most `at_most`, evenly spread. All, if that is asked for.
pub fn chosen<T>(steps: Vec<T>, at_most: usize, call: impl Fn(&T) -> &Call) -> Vec<T> {
    let inner = steps.iter().filter(|step| call(step).path.starts_with(".git")).count();
    if thorough() || inner <= at_most {
        return steps;
    }
    let mut seen = 0;
    let keep = |step: &T| {
        if !call(step).path.starts_with(".git") {
            return true;
        }
        seen += 1;
        (seen - 1) * at_most / inner != seen * at_most / inner
    };
    let mut keep = keep;
    steps.into_iter().filter(|step| keep(step)).collect()
}

#[test]
fn every_kind_of_call_is_seen() {
    let story = crate::story::Story::proposed();
    let world = story.world.replica();
    let calls = calls_of(&world, &["accept", &story.id, "--by", "Ada"]);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for call in &calls {
        let place = if call.path.contains("countersign/ledger.db") {
            "SQLite"
        } else if call.path.starts_with(".git/") {
            "ours"
        } else {
            "tree"
        };
        // Which of its names the call goes by is the business of the system and of libraries.
        let name = call.name.trim_end_matches('2').trim_end_matches("at");
        *kinds.entry(format!("{place} {name}")).or_default() += 1;
    }
    // The counts are the machine's business; that each of these is seen at all is what the kills rest on. The
    // file's rename is made by a library that calls the system without libc.
    let expected = [
        "SQLite ftruncate",
        "SQLite fsync",
        "SQLite open",
        "SQLite pwrite",
        "SQLite unlink",
        "ours fsync",
        "ours mkdir",
        "ours open",
        "ours unlink",
        "tree fchmod",
        "tree fsync",
        "tree mkdir",
        "tree open",
        "tree rename",
        "tree rmdir",
        "tree symlink",
        "tree unlink",
        "tree write",
    ];
    for kind in expected {
        assert!(kinds.contains_key(kind), "{kind} is not among {kinds:#?}");
    }
}
