//! What appending costs above what the disk demands, and what checking a whole ledger costs.
//!
//! The floor of an append is the same text in one row of a bare database, committed with the same pragmas,
//! in the same run and by turns; the floor of a check is reading and hashing the same text. Budgets are
//! ratios to the floor, so they hold on any machine.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to report")]
#![expect(clippy::print_stdout, reason = "the ratios are its output")]
#![expect(clippy::disallowed_methods, reason = "the floor is a database without the ledger")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::Criterion;
use ledger::Ledger;
use model::{
    Actor, ActorKind, Base, ChangeKind, ChangeSet, Content, Decision, Digest, Event, FileChange,
    Hunk, HunkKind, LineSpan, Origin, Review, Risk, RiskFeatures, RiskLevel, Stats, Surface,
    Timestamp, Verdict,
};
use rusqlite::Connection;

/// Appends that the ratio is taken from.
const APPENDS: usize = 200;

/// Events in the ledger that is checked.
const EVENTS: usize = 5_000;

/// ChangeSets that they are spread over.
const CHANGESETS: usize = 50;

/// Median append, as a multiple of the floor.
const APPEND_BUDGET: f64 = 1.5;

/// Check of a whole ledger, as a multiple of the floor.
const VERIFY_BUDGET: f64 = 12.0;

fn actor() -> Actor {
    Actor { kind: ActorKind::Person, name: "Ada".to_owned(), surface: Surface::Terminal }
}

fn changeset(number: usize) -> ChangeSet {
    let span = LineSpan::default();
    let hunk = Hunk { ordinal: 0, kind: HunkKind::Lines, before: span, after: span, entity: None };
    let file = FileChange {
        path: format!("src/{number}.rs").parse().unwrap(),
        old_path: None,
        change: ChangeKind::Modified,
        content: Content::Text,
        language: None,
        generated: false,
        before: None,
        after: None,
        hunks: vec![hunk],
    };
    ChangeSet::new(
        Base { commit: None, branch: None, dirty: false },
        Origin { worker: "recipe".to_owned(), name: "bench".to_owned() },
        format!("change {number}"),
        String::new(),
        vec![file],
    )
}

/// A judgement as a small review leaves it: about a kilobyte.
fn judged(number: usize) -> Event {
    let review = Review {
        stats: Stats::default(),
        files: vec![],
        entities: vec![],
        findings: vec![],
        features: RiskFeatures::default(),
        risk: Risk {
            score: 7,
            level: RiskLevel::of(7),
            reasons: vec![],
            model: "additive-1".to_owned(),
        },
        unexamined: vec![],
        dependencies: vec![],
    };
    let digest = Digest::of(b"");
    let verdict = Verdict {
        decision: Decision::Review,
        reasons: vec![],
        policy_digest: digest,
        input_digest: digest,
    };
    Event::ChangeSetJudged { changeset: changeset(number).id, review, verdict }
}

/// A ledger in `folder` with one ChangeSet.
fn ledger(folder: &Path) -> Ledger {
    let mut ledger = Ledger::open(&folder.join("countersign")).unwrap();
    let event = Event::ChangeSetProposed { changeset: changeset(0) };
    ledger.append(Timestamp(0), &actor(), &event).unwrap();
    ledger
}

/// A database that does nothing but keep text, as durably.
fn floor(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("floor.db")).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    connection.pragma_update(None, "synchronous", "full").unwrap();
    connection
        .execute_batch("CREATE TABLE t (seq INTEGER PRIMARY KEY, event TEXT NOT NULL)")
        .unwrap();
    connection
}

fn append_floor(connection: &mut Connection, text: &str) {
    let transaction = connection.transaction().unwrap();
    transaction
        .prepare_cached("INSERT INTO t (event) VALUES (?1)")
        .unwrap()
        .execute([text])
        .unwrap();
    transaction.commit().unwrap();
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times.get(times.len() * percent / 100).copied().unwrap_or_default()
}

fn report(name: &str, mut own: Vec<Duration>, mut floor: Vec<Duration>, budget: f64) {
    let (own_50, floor_50) = (percentile(&mut own, 50), percentile(&mut floor, 50));
    let (own_99, floor_99) = (percentile(&mut own, 99), percentile(&mut floor, 99));
    let ratio = own_50.as_secs_f64() / floor_50.as_secs_f64();
    println!(
        "{name}: p50 {own_50:.2?}, floor {floor_50:.2?}, ratio {ratio:.2} (budget {budget}); \
         p99 {own_99:.2?}, floor {floor_99:.2?}"
    );
}

fn append(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let (mut ledger, mut bare) = (ledger(folder.path()), floor(folder.path()));
    let (actor, event) = (actor(), judged(0));
    let text = serde_json::to_string(&event).unwrap();
    let mut append = || {
        ledger.append(Timestamp(0), &actor, black_box(&event)).unwrap();
    };
    let (mut own, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..APPENDS {
        own.push(timed(&mut append));
        floor.push(timed(|| append_floor(&mut bare, &text)));
    }
    criterion.bench_function("append", |bencher| bencher.iter(&mut append));
    criterion.bench_function("append, floor", |bencher| {
        bencher.iter(|| append_floor(&mut bare, black_box(&text)));
    });
    report("append", own, floor, APPEND_BUDGET);
}

fn verify(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = ledger(folder.path());
    let proposals =
        (1..CHANGESETS).map(|number| Event::ChangeSetProposed { changeset: changeset(number) });
    let judgements = (0..EVENTS - CHANGESETS).map(|number| judged(number % CHANGESETS));
    let events: Vec<_> = proposals.chain(judgements).collect();
    ledger.append_all(Timestamp(0), &actor(), &events).unwrap();
    let bare = Connection::open(folder.path().join("countersign").join("ledger.db")).unwrap();
    let verify = || assert_eq!(ledger.verify().unwrap().events, EVENTS as u64);
    let read = || {
        let mut statement = bare.prepare_cached("SELECT event FROM events ORDER BY seq").unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            black_box(Digest::of(row.get_ref(0).unwrap().as_bytes().unwrap()));
        }
    };
    let (mut own, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        own.push(timed(verify));
        floor.push(timed(read));
    }
    criterion.bench_function("verify 5,000 events", |bencher| bencher.iter(verify));
    criterion.bench_function("verify 5,000 events, floor", |bencher| bencher.iter(read));
    report("verify 5,000 events", own, floor, VERIFY_BUDGET);
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    append(&mut criterion);
    verify(&mut criterion);
    criterion.final_summary();
}
