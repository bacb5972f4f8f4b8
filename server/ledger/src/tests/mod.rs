//! The ledger as its callers meet it.

mod basics;
mod concurrency;
mod crash;
mod evidence;
mod format;
mod laws;
mod opening;
mod spending;
mod tamper;

use std::fs;
use std::path::PathBuf;

use model::{
    Actor, ActorKind, Base, ChangeKind, ChangeSet, Content, Decision, Digest, Event, FileChange,
    FileMode, FileSide, HolderId, Hunk, HunkKind, Intent, LandedFile, LineSpan, OperationId,
    Origin, Outcome, PlannedFile, PlannedPlace, PlannedSide, RelPath, Review, Risk, RiskFeatures,
    RiskLevel, Stats, Surface, Timestamp, Verdict,
};
use tempfile::TempDir;

use crate::Ledger;

/// A folder to put a ledger in, gone at the end of the test.
struct World {
    root: TempDir,
}

impl World {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("countersign")
    }

    fn database(&self) -> PathBuf {
        self.folder().join("ledger.db")
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.folder()).unwrap()
    }

    /// The database without this crate's guards, to do what nobody should.
    fn raw(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.database()).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection
    }
}

fn path(text: &str) -> RelPath {
    text.parse().unwrap()
}

fn actor() -> Actor {
    Actor { kind: ActorKind::Person, name: "Ada".to_owned(), surface: Surface::Terminal }
}

fn text_of(name: &str, file: u32, after: bool) -> Vec<u8> {
    format!("{name} {file} {}\n", if after { "after" } else { "before" }).into_bytes()
}

/// A ChangeSet of `files` files with one hunk each, numbered from 1.
fn changeset(name: &str, files: u32) -> ChangeSet {
    let side = |file, after| {
        let bytes = text_of(name, file, after);
        let size_bytes = bytes.len() as u64;
        Some(FileSide { blob: Digest::of(&bytes), mode: FileMode::File, size_bytes })
    };
    let span = LineSpan { start: 0, end: 3, first_line: 0, lines: 1 };
    let hunk = Hunk { ordinal: 0, kind: HunkKind::Lines, before: span, after: span, entity: None };
    let file = |number| FileChange {
        path: path(&format!("{name}/{number}.txt")),
        old_path: None,
        change: ChangeKind::Modified,
        content: Content::Text,
        language: None,
        generated: false,
        before: side(number, false),
        after: side(number, true),
        hunks: vec![hunk.clone()],
    };
    ChangeSet::new(
        Base { commit: Some("c0ffee".to_owned()), branch: Some("main".to_owned()), dirty: false },
        Origin { worker: "recipe".to_owned(), name: "test".to_owned() },
        format!("change {name}"),
        String::new(),
        (1..=files).map(file).collect(),
    )
}

/// Stores every blob of [`changeset`].
fn store_blobs(ledger: &Ledger, name: &str, files: u32) {
    let all: Vec<_> = (1..=files)
        .flat_map(|file| [text_of(name, file, false), text_of(name, file, true)])
        .collect();
    ledger.blobs().put_all(all.iter().map(Vec::as_slice)).unwrap();
}

fn proposed(changeset: &ChangeSet) -> Event {
    Event::ChangeSetProposed { changeset: changeset.clone() }
}

fn judged(changeset: &ChangeSet, score: u8, entropy: f64) -> Event {
    let review = Review {
        stats: Stats { files: 1, hunks: 1, lines_added: 1, lines_removed: 1 },
        files: vec![],
        entities: vec![],
        findings: vec![],
        features: RiskFeatures { entropy, ..RiskFeatures::default() },
        risk: Risk {
            score,
            level: RiskLevel::of(score),
            reasons: vec![],
            model: "additive-1".to_owned(),
        },
        unexamined: vec![],
        dependencies: vec![],
    };
    let digest = Digest::of(b"policy");
    let verdict = Verdict {
        decision: Decision::Review,
        reasons: vec![],
        policy_digest: digest,
        input_digest: digest,
    };
    Event::ChangeSetJudged { changeset: changeset.id, review, verdict }
}

fn intent(changeset: &ChangeSet, hunks: &[u32], holder: &HolderId) -> Intent {
    let planned = |side: &FileSide| PlannedSide { blob: side.blob, mode: side.mode };
    let files = changeset
        .hunks()
        .filter(|(_, hunk)| hunks.contains(&hunk.ordinal))
        .map(|(file, hunk)| PlannedFile {
            path: file.path.clone(),
            before: file.before.as_ref().map(planned),
            after: file.after.as_ref().map(planned),
            hunks: vec![hunk.ordinal],
            in_editor: false,
            places: vec![PlannedPlace {
                hunk: hunk.ordinal,
                before: hunk.before,
                after: hunk.after,
            }],
        })
        .collect();
    let (hunks, holder) = (hunks.to_vec(), holder.clone());
    Intent { changeset: changeset.id, hunks, files, holder, worktree: String::new() }
}

fn outcome(changeset: &ChangeSet, operation: u64, hunks: &[u32], saved: bool) -> Outcome {
    let landed = changeset
        .hunks()
        .filter(|(_, hunk)| hunks.contains(&hunk.ordinal))
        .map(|(file, _)| LandedFile {
            path: file.path.clone(),
            blob: file.after.as_ref().map(|side| side.blob),
            saved,
        })
        .collect();
    Outcome {
        operation: OperationId(operation),
        changeset: changeset.id,
        hunks: hunks.to_vec(),
        landed,
        failed: vec![],
    }
}

/// Proposes, judges, accepts hunk 1 of 2, undoes it, rejects hunk 2 and accepts 1 again, left open:
/// eight events, from `ledger.last_seq() + 1` on.
fn story(ledger: &mut Ledger, name: &str) -> ChangeSet {
    let changeset = changeset(name, 2);
    store_blobs(ledger, name, 2);
    let start = ledger.last_seq().unwrap();
    let holder = HolderId("1-dead".to_owned());
    let events = [
        proposed(&changeset),
        judged(&changeset, 12, 0.1),
        Event::AcceptRequested(intent(&changeset, &[1], &holder)),
        Event::Accepted(outcome(&changeset, start + 3, &[1], true)),
        Event::UndoRequested(intent(&changeset, &[1], &holder)),
        Event::Undone(outcome(&changeset, start + 5, &[1], true)),
        Event::Rejected {
            changeset: changeset.id,
            hunks: vec![2],
            reason: None,
            prints: Default::default(),
        },
        Event::AcceptRequested(intent(&changeset, &[1], &holder)),
    ];
    for (seq, event) in (start + 1..).zip(&events) {
        assert_eq!(ledger.append(Timestamp(1_000 * seq), &actor(), event).unwrap(), seq);
    }
    changeset
}

/// The log as text.
fn exported(ledger: &Ledger) -> String {
    let mut text = Vec::new();
    ledger.export(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The files of a ledger without its shared memory: what another machine would find.
struct Snapshot(Vec<(PathBuf, Vec<u8>)>);

impl Snapshot {
    fn of(world: &World) -> Self {
        let (mut files, mut pending) = (Vec::new(), vec![world.folder()]);
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    pending.push(path);
                } else if !path.to_string_lossy().ends_with("-shm") {
                    let bytes = fs::read(&path).unwrap();
                    files.push((path.strip_prefix(world.root.path()).unwrap().to_owned(), bytes));
                }
            }
        }
        Self(files)
    }

    fn restored(&self) -> World {
        let world = World::new();
        for (path, bytes) in &self.0 {
            let path = world.root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        world
    }
}
