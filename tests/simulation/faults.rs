//! Runs the real binary with `faults.c` in it, which counts the calls that change files and makes one go wrong.

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
    Kill(usize),
    /// Killed after half of this call, if it writes.
    Torn(usize),
    /// From this call on the disk is full.
    Full(usize),
    /// This call fails once.
    Broken(usize),
    /// Every write takes half of what it is given.
    Short,
    /// This path may not be changed.
    Denied(PathBuf),
    /// Nothing may be changed.
    ReadOnly,
}

/// One call that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its number, from 1.
    pub number: usize,
    /// As the system names it.
    pub name: String,
    /// What it concerns, relative to the project folder, `*` for what is random in it.
    pub path: String,
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
    let (kind, at, path) = match fault {
        Fault::None => ("", 0, None),
        Fault::Kill(at) => ("kill", *at, None),
        Fault::Torn(at) => ("torn", *at, None),
        Fault::Full(at) => ("full", *at, None),
        Fault::Broken(at) => ("eio", *at, None),
        Fault::Short => ("short", 1, None),
        Fault::Denied(path) => ("denied", 0, Some(path)),
        Fault::ReadOnly => ("erofs", 0, None),
    };
    let (at, shim) = (at.to_string(), shim());
    let path = path.map(|path| path.as_os_str()).unwrap_or_default();
    let variables = [
        ("LD_PRELOAD", shim.as_os_str()),
        ("FAULTS_BELOW", world.root().as_os_str()),
        ("FAULTS_LOG", log.as_os_str()),
        ("FAULTS_KIND", kind.as_ref()),
        ("FAULTS_AT", at.as_ref()),
        ("FAULTS_PATH", path),
    ];
    let output = world.run_with_env(countersign(), args, &variables);
    let calls = std::fs::read_to_string(&log).unwrap_or_else(|error| {
        panic!("the faults did not take hold: {error}\n{output:?}");
    });
    let calls = calls.lines().map(|line| call(world, line)).collect();
    (output, calls)
}

/// How often a run is made again. On a busy machine the calls of two runs differ more often.
const REPEATS_MAX: usize = 50;

/// Runs the binary in a replica of `start` with a fault at `call`. When files are written is seen in what is looked at
/// again, so a run may make a call more or less: then it is run again.
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

/// The calls that two runs in replicas of `start` agree on.
#[track_caller]
pub fn steady_calls_of(start: &World, args: &[&str]) -> Vec<Call> {
    let mut last = calls_of(&start.replica(), args);
    for _ in 0..10 {
        let next = calls_of(&start.replica(), args);
        if next == last {
            return next;
        }
        last = next;
    }
    panic!("no two runs of {args:?} make the same calls");
}

/// The calls of a run without a fault, which must succeed.
#[track_caller]
pub fn calls_of(world: &World, args: &[&str]) -> Vec<Call> {
    let (output, calls) = run_with(world, args, &Fault::None);
    output.ok();
    calls
}

fn call(world: &World, line: &str) -> Call {
    let mut fields = line.split('\t');
    let number = fields.next().unwrap().parse().unwrap();
    let name = fields.next().unwrap().to_owned();
    let root = format!("{}/", world.root().display());
    let paths: Vec<String> = fields
        .filter(|path| !path.is_empty())
        .map(|path| {
            let path = path.strip_prefix(&root).unwrap_or(path);
            let path = if root.strip_suffix('/') == Some(path) { "." } else { path };
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let random = name.starts_with(".countersign-")
                || folder.ends_with("/holders")
                || folder.ends_with("/incoming");
            let name = if random { "*" } else { name };
            if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
        })
        .collect();
    Call { number, name, path: paths.join(" -> ") }
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
    // Numbers have no gaps: each call is counted once.
    assert!(calls.iter().map(|call| call.number).eq(1..=calls.len()));
}
