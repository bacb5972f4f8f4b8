//! ChangeSets and boards for tests, made by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::BoardChange;
use model::{
    Base, ChangeKind, ChangeSet, ChangeSetState, Content, Decision, Dependency, Digest, Event,
    FileChange, FileMode, FileSide, Hunk, HunkKind, HunkState, LineSpan, OperationId, Origin,
    RelPath, Review, Risk, RiskFeatures, RiskLevel, RiskReason, Severity, Stats, Verdict,
    VerdictReason,
};

/// A ChangeSet of one modified text file.
pub(crate) struct Sketch {
    pub path: RelPath,
    pub before: String,
    pub after: String,
    pub rationale: String,
    pub judged: Option<(u8, Decision)>,
    /// Which hunks need which, if it is judged.
    pub dependencies: Vec<Dependency>,
    /// The states of the first hunks; the others are proposed.
    pub states: Vec<HunkState>,
    /// Further files: path, before, after.
    pub further: Vec<(RelPath, String, String)>,
}

impl Sketch {
    pub(crate) fn new(path: &str, before: &str, after: &str) -> Self {
        Self {
            path: path.parse().unwrap(),
            before: before.to_owned(),
            after: after.to_owned(),
            rationale: String::new(),
            judged: None,
            dependencies: Vec::new(),
            states: Vec::new(),
            further: Vec::new(),
        }
    }

    pub(crate) fn and(mut self, path: &str, before: &str, after: &str) -> Self {
        self.further.push((path.parse().unwrap(), before.to_owned(), after.to_owned()));
        self
    }

    pub(crate) fn judged(self, score: u8, decision: Decision) -> Self {
        Self { judged: Some((score, decision)), ..self }
    }

    pub(crate) fn on_board(&self) -> Arc<BoardChange> {
        let (mut files, mut texts) = (Vec::new(), Vec::new());
        let first = std::iter::once((&self.path, &self.before, &self.after));
        for (path, before, after) in first.chain(self.further.iter().map(|(p, b, a)| (p, b, a))) {
            files.push(modified(path, before, after));
            texts.push((path.clone(), (Some(bytes(before)), Some(bytes(after)))));
        }
        let mut change = board_change(files, texts);
        change.changeset.rationale.clone_from(&self.rationale);
        if let Some((score, decision)) = self.judged {
            let dependencies = self.dependencies.clone();
            change.review = Some(Review { dependencies, ..review(score) });
            change.verdict = Some(verdict(decision));
        }
        for (state, given) in change.state.hunks.values_mut().zip(&self.states) {
            *state = *given;
        }
        Arc::new(change)
    }
}

fn modified(path: &RelPath, before: &str, after: &str) -> FileChange {
    let hunks = semdiff::hunks(before.as_bytes(), after.as_bytes());
    let hunks = hunks.into_iter().map(|(before, after)| hunk(HunkKind::Lines, before, after));
    FileChange {
        path: path.clone(),
        old_path: None,
        change: ChangeKind::Modified,
        content: Content::Text,
        language: None,
        generated: false,
        before: Some(side(before)),
        after: Some(side(after)),
        hunks: hunks.collect(),
    }
}

/// A hunk that was accepted.
pub(crate) fn accepted(saved: bool) -> HunkState {
    HunkState::Accepted { operation: OperationId(2), saved, adopted: false }
}

/// A hunk that was accepted and undone, both saved.
pub(crate) fn undone() -> HunkState {
    let (operation, accepted) = (Some(OperationId(3)), Some(OperationId(2)));
    HunkState::Undone { operation, accepted, saved: true }
}

/// A ChangeSet that deletes a file.
pub(crate) fn deletion(path: &str, before: &str) -> Arc<BoardChange> {
    let path: RelPath = path.parse().unwrap();
    let file = FileChange {
        path: path.clone(),
        old_path: None,
        change: ChangeKind::Deleted,
        content: Content::Text,
        language: None,
        generated: false,
        before: Some(side(before)),
        after: None,
        hunks: vec![hunk(HunkKind::Whole, LineSpan::default(), LineSpan::default())],
    };
    Arc::new(board_change(vec![file], vec![(path, (Some(bytes(before)), None))]))
}

fn board_change(files: Vec<FileChange>, texts: Vec<(RelPath, engine::Texts)>) -> BoardChange {
    let base = Base { commit: None, branch: None, dirty: false };
    let origin = Origin { worker: "recipe".into(), name: "tidy".into() };
    let title = format!("Tidy {}", files[0].path);
    let changeset = ChangeSet::new(base, origin, title, String::new(), files);
    let event = Event::ChangeSetProposed { changeset: changeset.clone() };
    let state = ChangeSetState::fold(None, 1, &event).unwrap();
    let texts: BTreeMap<_, _> = texts.into_iter().collect();
    BoardChange { changeset, state, review: None, verdict: None, texts }
}

fn hunk(kind: HunkKind, before: LineSpan, after: LineSpan) -> Hunk {
    Hunk { ordinal: 0, kind, before, after, entity: None }
}

fn side(text: &str) -> FileSide {
    let blob = Digest::of(text.as_bytes());
    FileSide { blob, mode: FileMode::File, size_bytes: text.len() as u64 }
}

fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

pub(crate) fn review(score: u8) -> Review {
    let reason = RiskReason {
        feature: "fixture".into(),
        points: i16::from(score),
        text: "it is a fixture".into(),
    };
    Review {
        stats: Stats::default(),
        files: Vec::new(),
        entities: Vec::new(),
        findings: Vec::new(),
        features: RiskFeatures::default(),
        risk: Risk {
            score,
            level: RiskLevel::of(score),
            reasons: vec![reason],
            model: "fixture".into(),
        },
        unexamined: Vec::new(),
        dependencies: vec![],
    }
}

pub(crate) fn verdict(decision: Decision) -> Verdict {
    let reason = VerdictReason {
        rule: "fixture.rule".into(),
        decision,
        severity: Severity::Warning,
        message: "the fixture says so".into(),
        path: None,
        line: None,
    };
    let digest = Digest::of(b"");
    Verdict { decision, reasons: vec![reason], policy_digest: digest, input_digest: digest }
}
