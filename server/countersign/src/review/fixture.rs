//! Changes to test with.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::BoardChange;
use model::{
    Base, ChangeKind, ChangeSet, ChangeSetState, Content, Dependency, DependencyKind, Digest,
    Event, FileChange, FileMode, FileSide, Hunk, HunkKind, LineSpan, Origin, Review, Risk,
    RiskFeatures, RiskLevel, Stats,
};

pub const QUEUE: &str = "\
/// Whether nothing waits.
pub fn idle(queue: &[u32]) -> bool {
    queue.len() == 0
}

/// The sum of all.
pub fn total(queue: &[u32]) -> u32 {
    let mut sum = 0;
    for item in queue {
        sum += item;
    }
    sum
}

/// Whether both are empty.
pub fn both(left: &[u32], right: &[u32]) -> bool {
    left.is_empty() && right.len() == 0
}
";

pub const QUEUE_AFTER: &str = "\
/// Whether nothing waits.
pub fn idle(queue: &[u32]) -> bool {
    queue.is_empty()
}

/// The sum of all.
pub fn total(queue: &[u32]) -> u32 {
    let mut sum = 0;
    for item in queue {
        sum += item;
    }
    sum
}

/// Whether both are empty.
pub fn both(left: &[u32], right: &[u32]) -> bool {
    left.is_empty() && right.is_empty()
}
";

fn span(text: &str) -> LineSpan {
    let lines = u32::try_from(text.lines().count()).unwrap();
    LineSpan { start: 0, end: text.len(), first_line: 0, lines }
}

/// A hunk that is the whole file.
pub fn whole(before: &str, after: &str) -> Hunk {
    let (before, after) = (span(before), span(after));
    Hunk { ordinal: 1, kind: HunkKind::Whole, before, after, entity: None }
}

/// A file with its hunks numbered from `first`.
pub fn file(path: &str, before: Option<&str>, after: Option<&str>, first: u32) -> FileChange {
    let side = |text: &str| FileSide {
        blob: Digest::of(text.as_bytes()),
        mode: FileMode::File,
        size_bytes: text.len() as u64,
    };
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    let hunks = semdiff::hunks(old.as_bytes(), new.as_bytes());
    let hunk = |(ordinal, (before, after)): (u32, &(LineSpan, LineSpan))| Hunk {
        ordinal,
        kind: HunkKind::Lines,
        before: *before,
        after: *after,
        entity: None,
    };
    let path: model::RelPath = path.parse().unwrap();
    FileChange {
        language: syntax::language_of(&path, b""),
        path,
        old_path: None,
        change: ChangeKind::Modified,
        content: Content::Text,
        generated: false,
        before: before.map(side),
        after: after.map(side),
        hunks: (first..).zip(&hunks).map(hunk).collect(),
    }
}

/// A change of one file that was proposed and nothing else.
pub fn change(title: &str, path: &str, before: &str, after: &str) -> Arc<BoardChange> {
    let base = Base { commit: None, branch: None, dirty: false };
    let origin = Origin { worker: "recipe".to_owned(), name: "rust/len-zero".to_owned() };
    let file = file(path, Some(before), Some(after), 1);
    let changeset =
        ChangeSet::new(base, origin, title.to_owned(), "It reads better.".to_owned(), vec![file]);
    let proposed = Event::ChangeSetProposed { changeset: changeset.clone() };
    let state = ChangeSetState::fold(None, 1, &proposed).unwrap();
    let side = |text: &str| Some(Arc::from(text.as_bytes()));
    let path = changeset.files[0].path.clone();
    let texts = BTreeMap::from([(path, (side(before), side(after)))]);
    Arc::new(BoardChange { changeset, state, review: None, verdict: None, texts })
}

/// The same change after `event`.
pub fn after(change: &BoardChange, event: &Event) -> Arc<BoardChange> {
    let seq = change.state.updated_seq + 1;
    let state = ChangeSetState::fold(Some(change.state.clone()), seq, event).unwrap();
    Arc::new(BoardChange { state, ..change.clone() })
}

/// Two changes: one with two hunks, one with one.
pub fn board() -> Vec<Arc<BoardChange>> {
    vec![
        change("Ask whether it is empty", "src/queue.rs", QUEUE, QUEUE_AFTER),
        change("Greet", "app.py", "def greet():\n\tpass\n", "def greet():\n\treturn \"日本\"\n"),
    ]
}

/// The same change, the second hunk of which needs the first.
pub fn needing(change: Arc<BoardChange>) -> Arc<BoardChange> {
    let kind = DependencyKind::Import;
    let dependency = Dependency { hunk: 2, needs: 1, kind, name: "Queue".to_owned() };
    let review = Review {
        stats: Stats::default(),
        files: Vec::new(),
        entities: Vec::new(),
        findings: Vec::new(),
        features: RiskFeatures::default(),
        risk: Risk {
            score: 0,
            level: RiskLevel::Low,
            reasons: Vec::new(),
            model: "none".to_owned(),
        },
        unexamined: Vec::new(),
        dependencies: vec![dependency],
    };
    Arc::new(BoardChange { review: Some(review), ..(*change).clone() })
}
