//! The extension protocol: what an editor may ask for beyond LSP, to show everything that is proposed at once.
//!
//! `editors/PROTOCOL.md` is its documentation, and a test here holds the two together. Nothing essential needs it: what
//! it tells can be read off diagnostics, hovers and code actions, file by file.

use std::collections::BTreeSet;

use engine::{Board, BoardChange, Engine, Error, OpenTexts, Selection};
use lsp_types::notification::Notification;
use lsp_types::{Range, Uri};
use model::{
    ChangeKind, ChangeSetId, ComparisonVerdict, FileChange, Hunk, HunkKind, HunkState, RelPath,
};
use serde::{Deserialize, Serialize};

use crate::placement::{Drift, Place, denial};
use crate::proof;
use crate::prose;

/// How many ChangeSets of which nothing waits are listed: the newest.
const DECIDED_MAX: usize = 50;
const TITLE_MAX: usize = 120;
const REASON_MAX: usize = 240;

/// The requests a client may send, and the notification it is sent.
pub(crate) const CHANGESETS: &str = "countersign/changesets";
pub(crate) const DOCUMENT: &str = "countersign/document";
pub(crate) const STATUS: &str = "countersign/status";

/// `countersign/changed`: what was listed may be another by now. Only for clients that say
/// `experimental.countersign.changed` in their capabilities.
#[derive(Debug)]
pub(crate) enum Changed {}

impl Notification for Changed {
    type Params = Status;
    const METHOD: &'static str = "countersign/changed";
}

/// What goes without saying which ChangeSet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Nothing {}

/// The server in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// Its version.
    pub version: String,
    /// Whether commands are under way.
    pub working: bool,
    /// How many hunks wait that may be decided here.
    pub waiting: usize,
    /// How many of those are not shown in the text: too many at once, quiet hours, or somebody wanted that.
    pub hidden: usize,
    /// Whether nothing begins in the background.
    pub paused: bool,
    /// Until when somebody wanted nothing shown, in milliseconds since 1970.
    pub snoozed_until: Option<u64>,
    /// What workers spent of the time that they may take; `null` where there is no limit.
    pub budget: Option<BudgetRow>,
    /// The folders of the repositories that have a ledger.
    pub roots: Vec<Uri>,
    /// What was asked for in this session, oldest first: all that is not over, and the newest of the rest.
    pub tasks: Vec<TaskRow>,
}

/// What workers spent within 24 hours, of one repository: that which has least left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BudgetRow {
    /// The folder of that repository.
    pub root: Option<Uri>,
    /// What they may take in all, in seconds.
    pub whole_s: u64,
    /// What they took, in seconds.
    pub spent_s: u64,
    /// What is set aside for those under way, in seconds.
    pub reserved_s: u64,
    /// Whether no other begins.
    pub exhausted: bool,
    /// How many tasks wait for time.
    pub waiting: usize,
    /// When the first of what was spent counts no more, in milliseconds since 1970.
    pub easier_at: Option<u64>,
    /// All that in words.
    pub told: String,
}

/// Work that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskRow {
    /// What `countersign.cancel` takes.
    pub id: String,
    /// What kind of work.
    pub kind: String,
    /// One line.
    pub title: String,
    /// Who is asked.
    pub worker: String,
    /// In which file.
    pub uri: Option<Uri>,
    /// How it stands.
    pub state: TaskState,
    /// What was said of its end.
    pub said: String,
    /// The ids of the ChangeSets that wait because of it.
    pub changesets: Vec<String>,
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskState {
    /// It waits its turn.
    Queued,
    /// Somebody is at it.
    Running,
    /// Something was proposed.
    Proposed,
    /// Whoever was asked changed nothing.
    Unchanged,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// The answer to `countersign/changesets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changesets {
    /// The server.
    pub status: Status,
    /// Everything that waits, and the newest of the rest; the newest first.
    pub changesets: Vec<ChangesetRow>,
}

/// One ChangeSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangesetRow {
    /// What commands take.
    pub id: String,
    /// What people read.
    pub short: String,
    /// One line.
    pub title: String,
    /// Who proposed it.
    pub origin: String,
    /// The folder of its repository.
    pub root: Uri,
    /// Whether it is to be shown in the text, and not only in lists.
    pub shown: bool,
    /// Where a list shows it.
    pub group: Group,
    /// Its stage, as `countersign list` says it.
    pub stage: String,
    /// Whether it was in the text when it was captured.
    pub adopted: bool,
    /// What policy says; `null` until judged.
    pub verdict: Option<String>,
    /// Why it is denied, if it is.
    pub denied: Option<String>,
    /// How risky it is; `null` until reviewed.
    pub risk: Option<RiskRow>,
    /// How its newest proof stands.
    pub proof: ProofRow,
    /// The hunks that may be accepted now.
    pub accept: Vec<u32>,
    /// Those that may be rejected.
    pub reject: Vec<u32>,
    /// Those that may be taken out again.
    pub undo: Vec<u32>,
    /// Those whose rejection may be taken back.
    pub restore: Vec<u32>,
    /// The changed files, ordered by path.
    pub files: Vec<FileRow>,
}

/// How risky a ChangeSet is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RiskRow {
    /// From 0 to 100.
    pub score: u8,
    /// In one word.
    pub level: String,
}

/// How the newest proof of a ChangeSet stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProofRow {
    /// In one word.
    pub standing: ProofStanding,
    /// How many gates it did not make worse.
    pub passed: usize,
    /// How many gates the proof has.
    pub gates: usize,
}

/// How the newest proof of a ChangeSet stands, as far as the ledger and this session know. Whether other files moved since
/// takes a look at all of them: the page that says why does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProofStanding {
    /// There is none.
    None,
    /// Somebody asked for one in this session, and it is under way.
    Running,
    /// No gate is worse with the change, and no test of the base breaks.
    Passed,
    /// Some gate is worse or unknown, a test of the base breaks, or no gate ran.
    Failed,
    /// It speaks for other hunks than those that may be accepted now.
    Stale,
}

/// Where a list shows a ChangeSet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Group {
    /// It waits for a person.
    Waiting,
    /// It waits, and policy denies it.
    Denied,
    /// It waits, and belongs to another branch.
    Parked,
    /// Nothing of it waits.
    Decided,
}

/// One file of a ChangeSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRow {
    /// As commands take it.
    pub path: RelPath,
    /// Where it is.
    pub uri: Option<Uri>,
    /// What happens to it.
    pub change: ChangeKind,
    /// Its hunks.
    pub hunks: Vec<HunkRow>,
}

/// One hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HunkRow {
    /// Its number in the ChangeSet.
    pub hunk: u32,
    /// What became of it, in words.
    pub state: String,
    /// Whether it is the file as one.
    pub whole: bool,
    /// The function, type or section it is in.
    pub entity: Option<String>,
    /// The first line it puts there, or takes away.
    pub text: String,
    /// Where it was captured: the first line, from 0.
    pub line: u32,
    /// How many lines it puts there.
    pub added: u32,
    /// How many lines it takes away.
    pub removed: u32,
    /// Where it is in an open document.
    pub range: Option<Range>,
    /// How it stands in an open document.
    pub standing: Option<StandingRow>,
    /// Why it has no place there, if it has none.
    pub conflict: Option<String>,
}

/// How a waiting hunk stands in an open document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StandingRow {
    /// Where it was captured.
    Clean,
    /// Moved, or next to changed text.
    Drifted,
    /// What it puts there is there already.
    Landed,
    /// It has no place.
    Conflict,
}

/// What a document is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentParams {
    /// The id of the ChangeSet.
    pub changeset: String,
    /// Which text.
    pub side: Side,
    /// Of which file; not for a proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RelPath>,
    /// With which hunks; those of the file when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunks: Option<Vec<u32>>,
    /// The folder of the repository that is meant, where several have the ChangeSet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<Uri>,
}

/// Which text is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// The file as it was captured, without the change.
    Before,
    /// With it.
    After,
    /// The file as it would be if the hunks were accepted now.
    Accepted,
    /// The file as it would be if they were taken out now.
    TakenOut,
    /// Everything that speaks for and against the ChangeSet, in Markdown.
    Proof,
}

/// The answer to `countersign/document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DocumentText {
    /// The text; `null` where there is no file, or none that is text.
    pub text: Option<String>,
    /// Why hunks that were asked for are not in it.
    pub refused: Vec<String>,
}

/// Where a hunk is in an open document, if it is known.
pub(crate) type Placed<'a> = &'a dyn Fn(&BoardChange, u32) -> Option<(Place, Range)>;

/// How many hunks of a board wait for a person, here.
pub(crate) fn waiting(board: &Board) -> usize {
    let here = board.changes.iter().filter(|change| !board.parked.contains(&change.changeset.id));
    here.map(|change| change.state.waiting().len()).sum()
}

/// The ChangeSets of a board, the newest first.
pub(crate) fn rows(
    board: &Board,
    root: &Uri,
    uri: &dyn Fn(&RelPath) -> Option<Uri>,
    shows: &dyn Fn(ChangeSetId) -> bool,
    proving: &BTreeSet<ChangeSetId>,
    placed: Placed<'_>,
) -> Vec<ChangesetRow> {
    let mut decided = 0;
    let mut rows = Vec::new();
    for change in board.changes.iter().rev() {
        let group = group(board, change);
        decided += usize::from(group == Group::Decided);
        if group != Group::Decided || decided <= DECIDED_MAX {
            let row = row(change, group, root, uri, placed);
            let id = change.changeset.id;
            let proof = proof_row(change, proving.contains(&id));
            rows.push(ChangesetRow { shown: shows(id), proof, ..row });
        }
    }
    rows
}

fn group(board: &Board, change: &BoardChange) -> Group {
    if change.state.waiting().is_empty() {
        Group::Decided
    } else if board.parked.contains(&change.changeset.id) {
        Group::Parked
    } else if denial(change).is_some() {
        Group::Denied
    } else {
        Group::Waiting
    }
}

fn row(
    change: &BoardChange,
    group: Group,
    root: &Uri,
    uri: &dyn Fn(&RelPath) -> Option<Uri>,
    placed: Placed<'_>,
) -> ChangesetRow {
    let (changeset, state) = (&change.changeset, &change.state);
    let denied = denial(change).map(|reason| {
        let message = reason.map(|reason| prose::one_line(&reason.message, REASON_MAX));
        message.unwrap_or_else(|| "policy denies it".to_owned())
    });
    let may_accept = denied.is_none() && group != Group::Parked;
    let risk = change.review.as_ref().map(|review| RiskRow {
        score: review.risk.score,
        level: review.risk.level.word().to_owned(),
    });
    let file = |file: &FileChange| FileRow {
        path: file.path.clone(),
        uri: uri(&file.path),
        change: file.change,
        hunks: file.hunks.iter().map(|hunk| hunk_row(change, file, hunk, placed)).collect(),
    };
    ChangesetRow {
        id: changeset.id.to_string(),
        short: changeset.id.short(),
        title: prose::one_line(&changeset.title, TITLE_MAX),
        origin: prose::one_line(&changeset.origin.to_string(), TITLE_MAX),
        root: root.clone(),
        shown: true,
        group,
        stage: state.stage().to_string(),
        adopted: changeset.adopted.is_some(),
        verdict: change.verdict.as_ref().map(|verdict| verdict.decision.to_string()),
        denied,
        risk,
        proof: proof_row(change, false),
        accept: if may_accept { state.acceptable() } else { Vec::new() },
        reject: state.rejectable(),
        undo: state.accepted(),
        restore: state.restorable(),
        files: changeset.files.iter().map(file).collect(),
    }
}

fn proof_row(change: &BoardChange, running: bool) -> ProofRow {
    let proof = change.state.proof.as_ref();
    let gates = proof.map(|proof| proof.summary.gates.as_slice()).unwrap_or_default();
    let passes = |verdict| match verdict {
        ComparisonVerdict::Passes | ComparisonVerdict::NoWorse => true,
        ComparisonVerdict::Worse | ComparisonVerdict::Unknown => false,
    };
    let passed = gates.iter().filter(|gate| passes(gate.verdict)).count();
    let standing = match proof {
        _ if running => ProofStanding::Running,
        None => ProofStanding::None,
        // Of what is decided nothing more lands: what was found out stays so.
        Some(proof)
            if !change.state.waiting().is_empty() && proof.hunks != change.state.acceptable() =>
        {
            ProofStanding::Stale
        }
        Some(proof)
            if passed == gates.len() && passed > 0 && proof.summary.broken_base_tests == 0 =>
        {
            ProofStanding::Passed
        }
        Some(_) => ProofStanding::Failed,
    };
    ProofRow { standing, passed, gates: gates.len() }
}

fn hunk_row(change: &BoardChange, file: &FileChange, hunk: &Hunk, placed: Placed<'_>) -> HunkRow {
    let state = change.state.hunks.get(&hunk.ordinal).copied();
    let (place, range) = placed(change, hunk.ordinal).unzip();
    let standing = match (&place, state) {
        (Some(Place::Proposed { drift: Drift::None, .. } | Place::Adopted { .. }), _) => {
            Some(StandingRow::Clean)
        }
        (Some(Place::Proposed { .. }), _) => Some(StandingRow::Drifted),
        (Some(Place::Landed { .. }), _) => Some(StandingRow::Landed),
        (Some(Place::Nowhere { .. }), _) => Some(StandingRow::Conflict),
        _ => None,
    };
    let conflict = match place {
        Some(Place::Nowhere { reason }) => Some(reason),
        _ => None,
    };
    // Where it landed there is nothing to be shown that is not there.
    let unplaced = matches!(standing, Some(StandingRow::Conflict | StandingRow::Landed));
    HunkRow {
        hunk: hunk.ordinal,
        state: state.map_or("", HunkState::word).to_owned(),
        whole: hunk.kind == HunkKind::Whole,
        entity: hunk.entity.as_ref().map(|entity| prose::one_line(entity, TITLE_MAX)),
        text: first_line(change, file, hunk),
        line: hunk.before.first_line,
        added: hunk.after.lines,
        removed: hunk.before.lines,
        range: range.filter(|_| !unplaced),
        standing,
        conflict,
    }
}

/// The first line that a hunk puts there, or takes away if it puts none.
fn first_line(change: &BoardChange, file: &FileChange, hunk: &Hunk) -> String {
    let Some((before, after)) = change.texts.get(&file.path) else { return String::new() };
    let side = |text: &Option<std::sync::Arc<[u8]>>, span: &model::LineSpan| {
        let text = text.as_deref().unwrap_or_default();
        let text = if hunk.kind == HunkKind::Whole { text } else { span.of(text) };
        let text = String::from_utf8_lossy(text.get(..text.len().min(4096)).unwrap_or_default());
        let line = text.lines().find(|line| !line.trim().is_empty());
        line.map(|line| prose::one_line(line, TITLE_MAX)).unwrap_or_default()
    };
    let added = side(after, &hunk.after);
    if added.is_empty() { side(before, &hunk.before) } else { added }
}

/// The text that is asked for, of the ChangeSet `id`. Writes nothing into any file.
///
/// # Errors
/// The ChangeSet or the file is not in the ledger, or the hunks cannot be accepted or taken out, and why.
pub(crate) fn document(
    engine: &mut Engine,
    id: ChangeSetId,
    params: &DocumentParams,
    open: &OpenTexts,
) -> Result<DocumentText, String> {
    let change = engine.change(id).map_err(|error| error.to_string())?;
    let text = |bytes: Option<&[u8]>| {
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::to_owned)
    };
    if params.side == Side::Proof {
        let proved = engine.proof_account(id).map_err(|error| error.to_string())?;
        let text = proof::text(&change, proved.as_ref());
        return Ok(DocumentText { text: Some(text), refused: Vec::new() });
    }
    let Some(path) = &params.path else { return Err("name the file by `path`".to_owned()) };
    let of_file = |file: &&FileChange| file.path == *path || file.old_path.as_ref() == Some(path);
    let Some(file) = change.changeset.files.iter().find(of_file) else {
        return Err(format!("{path} is no file of change {}", id.short()));
    };
    if let Side::Before | Side::After = params.side {
        let texts = change.texts.get(&file.path);
        let side = texts.and_then(|(before, after)| match params.side {
            Side::Before => before.as_deref(),
            _ => after.as_deref(),
        });
        return Ok(DocumentText { text: text(side), refused: Vec::new() });
    }
    let asked = match &params.hunks {
        Some(hunks) => Selection::Hunks(hunks.clone()),
        None => Selection::File(path.clone()),
    };
    let plan = match params.side {
        Side::Accepted => engine.plan_accept(id, &asked, open),
        _ => take_out(engine, &change, &asked, open),
    };
    let plan = plan.map_err(|error| error.to_string())?;
    let refused: Vec<String> = plan
        .refused
        .iter()
        .filter(|refused| refused.path == *path)
        .map(|refused| format!("hunk {}: {}", refused.hunk, refused.reason))
        .collect();
    let Some(planned) = plan.files.iter().find(|file| file.path == *path) else {
        let why = if refused.is_empty() {
            "nothing of it is left".to_owned()
        } else {
            refused.join("; ")
        };
        return Err(why);
    };
    let after = planned.after.as_ref().map(|(_, bytes)| &**bytes);
    Ok(DocumentText { text: text(after), refused })
}

fn take_out(
    engine: &mut Engine,
    change: &BoardChange,
    asked: &Selection,
    open: &OpenTexts,
) -> Result<engine::Plan, Error> {
    let id = change.changeset.id;
    let adopted: BTreeSet<u32> = change.state.adopted().into_iter().collect();
    let waits = match asked {
        Selection::Hunks(hunks) => hunks.iter().all(|hunk| adopted.contains(hunk)),
        _ => !adopted.is_empty(),
    };
    if waits {
        engine.plan_reject(id, asked, None, open)
    } else {
        engine.plan_undo(id, asked, open)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    fn at(path: &str) -> String {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../editors");
        std::fs::read_to_string(root.join(path)).unwrap()
    }

    /// One of everything that goes over the wire.
    fn everything() -> Vec<(&'static str, Value)> {
        let uri: Uri = "file:///r".parse().unwrap();
        let task = TaskRow {
            id: "00".into(),
            kind: "fix".into(),
            title: "t".into(),
            worker: "w".into(),
            uri: Some(uri.clone()),
            state: TaskState::Queued,
            said: String::new(),
            changesets: vec!["00".into()],
        };
        let budget = BudgetRow {
            root: Some(uri.clone()),
            whole_s: 60,
            spent_s: 60,
            reserved_s: 0,
            exhausted: true,
            waiting: 1,
            easier_at: Some(0),
            told: "1 min of 1 min".into(),
        };
        let status = Status {
            version: "1".into(),
            working: true,
            waiting: 1,
            hidden: 0,
            paused: false,
            snoozed_until: Some(0),
            budget: Some(budget.clone()),
            roots: vec![uri.clone()],
            tasks: vec![task.clone()],
        };
        let hunk = HunkRow {
            hunk: 1,
            state: "proposed".into(),
            whole: false,
            entity: Some("f".into()),
            text: "x".into(),
            line: 0,
            added: 1,
            removed: 1,
            range: Some(Range::default()),
            standing: Some(StandingRow::Clean),
            conflict: Some("gone".into()),
        };
        let file = FileRow {
            path: "a.rs".parse().unwrap(),
            uri: Some(uri.clone()),
            change: ChangeKind::Modified,
            hunks: vec![hunk.clone()],
        };
        let risk = RiskRow { score: 1, level: "low".into() };
        let proof = ProofRow { standing: ProofStanding::Passed, passed: 1, gates: 1 };
        let row = ChangesetRow {
            id: "00".into(),
            short: "00".into(),
            title: "t".into(),
            origin: "o".into(),
            root: uri.clone(),
            shown: true,
            group: Group::Waiting,
            stage: "judged".into(),
            adopted: false,
            verdict: Some("allow".into()),
            denied: Some("no".into()),
            risk: Some(risk.clone()),
            proof,
            accept: vec![1],
            reject: vec![1],
            undo: vec![1],
            restore: vec![1],
            files: vec![file.clone()],
        };
        let params = DocumentParams {
            changeset: "00".into(),
            side: Side::Proof,
            path: Some("a.rs".parse().unwrap()),
            hunks: Some(vec![1]),
            uri: Some(uri),
        };
        let text = DocumentText { text: Some("x".into()), refused: vec!["no".into()] };
        let list = Changesets { status: status.clone(), changesets: vec![row.clone()] };
        vec![
            ("Status", json!(status)),
            ("Budget", json!(budget)),
            ("Task", json!(task)),
            ("Changesets", json!(list)),
            ("Changeset", json!(row)),
            ("Risk", json!(risk)),
            ("Proof", json!(proof)),
            ("File", json!(file)),
            ("Hunk", json!(hunk)),
            ("DocumentParams", json!(params)),
            ("DocumentText", json!(text)),
        ]
    }

    /// The rows of the table below a heading: the first column.
    fn documented(page: &str, heading: &str) -> BTreeSet<String> {
        let below = page.split(&format!("### {heading}\n")).nth(1).unwrap_or_default();
        let section = below.split("\n#").next().unwrap_or_default();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.filter_map(|row| row.split('`').next()).map(str::to_owned).collect()
    }

    #[test]
    fn the_documentation_and_the_client_name_every_method_and_field() {
        let (page, client) = (at("PROTOCOL.md"), at("vscode/src/protocol.ts"));
        for method in [CHANGESETS, DOCUMENT, STATUS, Changed::METHOD] {
            assert!(page.contains(&format!("## `{method}`\n")), "{method} is not documented");
            assert!(client.contains(&format!("\"{method}\"")), "{method} is not in protocol.ts");
        }
        assert_eq!(page.matches("\n## `countersign/").count(), 4, "a method that does not exist");
        for (name, value) in everything() {
            let fields: BTreeSet<String> = value.as_object().unwrap().keys().cloned().collect();
            assert_eq!(documented(&page, name), fields, "{name} in editors/PROTOCOL.md");
            let interface = client.split(&format!("export interface {name} {{")).nth(1);
            let interface = interface.and_then(|rest| rest.split('}').next());
            let interface = interface.unwrap_or_else(|| panic!("no {name} in protocol.ts"));
            let declared = interface.lines().filter_map(|line| {
                let (field, _) = line.trim().strip_prefix("readonly ")?.split_once(':')?;
                Some(field.trim_end_matches('?').to_owned())
            });
            assert_eq!(declared.collect::<BTreeSet<_>>(), fields, "{name} in protocol.ts");
        }
    }

    #[test]
    fn the_page_changes_only_with_whoever_looks_at_what_else_must() {
        // A change of it is one of the protocol: look at the three clients, the changelog, and what old clients do.
        let page = model::Digest::of(at("PROTOCOL.md").as_bytes()).to_string();
        expect_test::expect!["3cfb527f659c17c291595f185478797d07ce8dbf85f0e40b262af0b4e44b1006"]
            .assert_eq(&page);
    }

    #[test]
    fn every_command_is_documented() {
        let page = at("PROTOCOL.md");
        for verb in crate::command::Verb::ALL {
            assert!(page.contains(&format!("`{}`", verb.name())), "{}", verb.name());
        }
    }

    #[test]
    fn every_word_of_an_enumeration_is_documented() {
        let page = at("PROTOCOL.md");
        let groups = [Group::Waiting, Group::Denied, Group::Parked, Group::Decided];
        let sides = [Side::Before, Side::After, Side::Accepted, Side::TakenOut, Side::Proof];
        let standings = [StandingRow::Clean, StandingRow::Drifted, StandingRow::Landed];
        let standings = standings.into_iter().chain([StandingRow::Conflict]);
        let words = groups.map(|word| json!(word)).into_iter();
        let words = words.chain(sides.map(|word| json!(word)));
        let states = [TaskState::Queued, TaskState::Running, TaskState::Proposed];
        let over = [TaskState::Unchanged, TaskState::Failed, TaskState::Cancelled];
        let proofs = [ProofStanding::None, ProofStanding::Running, ProofStanding::Passed];
        let proofs = proofs.into_iter().chain([ProofStanding::Failed, ProofStanding::Stale]);
        let words = words.chain(proofs.map(|word| json!(word)));
        let words = words.chain(states.into_iter().chain(over).map(|word| json!(word)));
        for word in words.chain(standings.map(|word| json!(word))) {
            let word = word.as_str().unwrap();
            assert!(page.contains(&format!("`{word}`")), "{word} is not documented");
        }
    }
}
