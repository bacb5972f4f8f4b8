//! What an acceptance costs above the physical work: writing each file beside itself, waiting for the disk,
//! renaming it, and one append to a ledger.
//!
//! The change is 200 hunks in 50 files that no editor holds, four to a file of some 200 lines. In the second
//! round the person has typed above every hunk, so that each must be found and both texts of each file kept.
//! Budgets are ratios to a floor measured by turns in the same run, so they hold on any machine.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]
#![expect(clippy::print_stdout, reason = "the ratios are its output")]
#![expect(clippy::disallowed_methods, reason = "the floor is the plain system")]

use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use engine::{Clock, Engine, Import, OpenTexts, Proposal, RulesFrom, Selection};
use ledger::Ledger;
use model::{
    Actor, ActorKind, Base, ChangeSet, ChangeSetId, Event, Origin, RelPath, Surface, Timestamp,
};
use workspace::SeedCommit;

const FILES: usize = 50;
/// Hunks in each file.
const HUNKS: usize = 4;
/// Lines between two hunks.
const GAP: usize = 50;
/// Runs that a ratio is taken from.
const RUNS: usize = 11;

/// Planning alone, as a multiple of the floor.
const PREFLIGHT_BUDGET: f64 = 2.0;
/// A whole acceptance, as a multiple of the floor.
const ACCEPT_BUDGET: f64 = 4.0;

fn path(nth: usize) -> String {
    format!("part{}/text_{nth}.txt", nth % 7)
}

fn text(nth: usize, changed: bool) -> String {
    let line = |at: usize| {
        let word = if changed && at % GAP == GAP / 2 { "after" } else { "before" };
        format!("line {at} of file {nth}, {word}\n")
    };
    (0..HUNKS * GAP).map(line).collect()
}

fn actor() -> Actor {
    Actor { kind: ActorKind::Person, name: "Ada".into(), surface: Surface::Terminal }
}

fn clock() -> Clock {
    Clock::Fixed(Timestamp(1_735_689_600_000))
}

/// A repository with the files, and the change proposed.
fn proposed(folder: &Path) -> (Engine, ChangeSetId) {
    let texts: Vec<(RelPath, String)> =
        (0..FILES).map(|nth| (path(nth).parse().unwrap(), text(nth, false))).collect();
    let files = texts.iter().map(|(path, text)| (path.clone(), Some(text.as_bytes()))).collect();
    let (author, email, message) = ("Ada", "ada@example.invalid", "Start");
    workspace::seed(folder, &[SeedCommit { author, email, at_s: 1, message, files }]).unwrap();
    let mut patch = String::new();
    for nth in 0..FILES {
        let (path, lines) = (path(nth), HUNKS * GAP);
        patch.push_str(&format!("--- a/{path}\n+++ b/{path}\n@@ -1,{lines} +1,{lines} @@\n"));
        for (sign, text) in [('-', text(nth, false)), ('+', text(nth, true))] {
            text.lines().for_each(|line| patch.push_str(&format!("{sign}{line}\n")));
        }
    }
    let mut engine = Engine::open(folder, clock(), actor(), RulesFrom::default()).unwrap();
    let import =
        Import::Patch { name: "bench.patch".into(), bytes: patch.into_bytes(), rationale: None };
    assert!(matches!(engine.import(&import).unwrap(), Proposal::New(_)));
    let id = engine.board().unwrap().changes.first().unwrap().changeset.id;
    assert_eq!(engine.change(id).unwrap().state.hunks.len(), FILES * HUNKS);
    (engine, id)
}

/// An empty ledger with something to append about.
fn ledger(folder: &Path) -> (Ledger, ChangeSetId) {
    let mut ledger = Ledger::open(folder).unwrap();
    let base = Base { commit: None, branch: None, dirty: false };
    let origin = Origin { worker: "bench".into(), name: "bench".into() };
    let changeset = ChangeSet::new(base, origin, "Floor".into(), String::new(), Vec::new());
    let id = changeset.id;
    ledger.append(Timestamp(0), &actor(), &Event::ChangeSetProposed { changeset }).unwrap();
    (ledger, id)
}

/// Writes every file beside itself, waits for the disk, renames it, waits for the folder; then appends once.
fn floor(folder: &Path, ledger: &mut Ledger, changeset: ChangeSetId, run: usize) {
    for nth in 0..FILES {
        let target = folder.join(path(nth));
        let beside = target.with_extension("new");
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        let mut file = fs::File::create(&beside).unwrap();
        file.write_all(text(nth, run.is_multiple_of(2)).as_bytes()).unwrap();
        file.sync_all().unwrap();
        fs::rename(&beside, &target).unwrap();
        fs::File::open(target.parent().unwrap()).unwrap().sync_all().unwrap();
    }
    let event = Event::Saved { changeset, path: path(0).parse().unwrap(), hunks: vec![] };
    ledger.append(Timestamp(0), &actor(), &event).unwrap();
}

fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(run());
    start.elapsed()
}

fn median(durations: &mut [Duration]) -> Duration {
    durations.sort();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

/// Preflight, acceptance and floor by turns.
fn round(name: &str, repository: &Path, scratch: &Path, engine: &mut Engine, id: ChangeSetId) {
    let (mut ledger, of_floor) = ledger(&scratch.join(name));
    let (mut plans, mut accepts, mut floors) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        let open = OpenTexts::default();
        plans.push(timed(|| engine.plan_accept(id, &Selection::All, &open).unwrap()));
        let mut hunks = 0;
        accepts.push(timed(|| hunks = engine.accept(id, &Selection::All).unwrap().hunks.len()));
        assert_eq!(hunks, FILES * HUNKS);
        engine.undo(id, &Selection::All).unwrap();
        floors.push(timed(|| floor(&scratch.join("files"), &mut ledger, of_floor, run)));
    }
    let undone = fs::read_to_string(repository.join(path(0))).unwrap();
    assert!(undone.ends_with(&text(0, false)));
    let (plan, accept) = (median(&mut plans), median(&mut accepts));
    let floor = median(&mut floors);
    let ratio = |time: Duration| time.as_secs_f64() / floor.as_secs_f64();
    println!(
        "{name}: preflight of {} hunks in {FILES} files: {plan:.1?}; ratio {:.2}, budget {PREFLIGHT_BUDGET}",
        FILES * HUNKS,
        ratio(plan)
    );
    println!(
        "{name}: acceptance: {accept:.1?}; floor {floor:.1?}; ratio {:.2}, budget {ACCEPT_BUDGET}",
        ratio(accept)
    );
}

fn main() {
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let repository = folder.path();
    let (mut engine, id) = proposed(repository);
    round("as captured", repository, scratch.path(), &mut engine, id);
    for nth in 0..FILES {
        let typed = format!("typed by the person\n{}", text(nth, false));
        fs::write(repository.join(path(nth)), typed).unwrap();
    }
    round("shifted", repository, scratch.path(), &mut engine, id);
}
