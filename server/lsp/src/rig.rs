//! A session with an editor and an engine played by the test: no threads, no files, no waiting.
//!
//! What the session asks the engine and tells the editor is written down as text, in order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use engine::{Board, BoardChange, ErrorKind, OpenTexts, PlanFile, Report, Selection};
use lsp_types::{
    ApplyWorkspaceEditParams, DidChangeTextDocumentParams, DocumentChanges, ExecuteCommandParams,
    OneOf, Range, TextDocumentContentChangeEvent, TextDocumentItem, TextEdit, Uri,
    VersionedTextDocumentIdentifier, WorkspaceFolder, WorkspaceFoldersChangeEvent,
};
use model::{
    ChangeSetId, ChangeSetState, Event, FileMode, HolderId, HunkState, Intent, LandedFile,
    OperationId, Outcome, RelPath,
};
use semdiff::{Anchor, Anchoring};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use crate::engine_thread::{Begun, Done, EngineThread, Failure, Hunks, Job, RootId, Token};
use crate::fixture::Sketch;
use crate::main_loop::{Refusal, Wake};
use crate::outbox::{Continuation, Outbox, Outgoing, Question};
use crate::placement;
use crate::pool::{Pool, Work};
use crate::position::{self, Encoding};
use crate::session::Session;

/// How the editor takes edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// The change first, then the answer.
    ChangeThenAnswer,
    /// The answer first, then the change.
    AnswerThenChange,
    /// It says yes and does nothing.
    Lies,
    /// It says no.
    Refuses,
    /// It says nothing.
    Silent,
}

pub(crate) type Asked = oneshot::Receiver<Result<Option<Value>, Refusal>>;

pub(crate) struct Rig {
    pub session: Session,
    outgoing: UnboundedReceiver<Outgoing>,
    jobs: Receiver<Job>,
    work: Receiver<Work>,
    /// Whether the pool does nothing until it is told to.
    pub pool_is_busy: bool,
    pub now: Instant,
    pub log: String,
    pub manner: Manner,
    /// What a silent editor was asked and did not answer.
    unanswered: VecDeque<Continuation>,
    /// The manner for single files.
    pub manners: BTreeMap<String, Manner>,
    /// The buffers, as the editor sees them.
    pub buffers: BTreeMap<String, (i32, String)>,
    /// What is on disk and not open.
    pub disk: BTreeMap<String, String>,
    pub disk_fails: bool,
    /// The files that the editor opens with unsaved text.
    pub dirty: BTreeSet<String>,
    pub begin_fails: Option<Failure>,
    board: Board,
    plans: BTreeMap<Token, (ChangeSetId, bool, Vec<PlanFile>)>,
    seq: u64,
}

impl Rig {
    pub(crate) fn new(capabilities: Value, sketches: &[Sketch]) -> Self {
        Self::start(capabilities, sketches, Manner::ChangeThenAnswer)
    }

    /// With an editor that answers when the test says so.
    pub(crate) fn new_slow(capabilities: Value, sketches: &[Sketch]) -> Self {
        Self::start(capabilities, sketches, Manner::Silent)
    }

    fn start(capabilities: Value, sketches: &[Sketch], manner: Manner) -> Self {
        let (inbox, _wakes) = channel();
        let (sender, outgoing) = unbounded_channel();
        let (job_sender, jobs) = channel();
        let engines = move |_, _, _| EngineThread::played_by(job_sender.clone());
        let (work_sender, work) = channel();
        let pool = Pool::played_by(work_sender);
        let mut session = Session::new(Box::new(engines), pool, Outbox(sender), inbox);
        let now = Instant::now();
        let folder = json!([{ "uri": "file:///r", "name": "r" }]);
        let params = json!({ "capabilities": capabilities, "workspaceFolders": folder });
        let params = serde_json::from_value(params).unwrap();
        session.handle(Wake::Initialize(Box::new(params), oneshot::channel().0), now);
        session.handle(Wake::Initialized, now);
        let changes: Vec<Arc<BoardChange>> = sketches.iter().map(Sketch::on_board).collect();
        let mut rig = Self {
            session,
            outgoing,
            jobs,
            work,
            pool_is_busy: false,
            now,
            log: String::new(),
            manner,
            unanswered: VecDeque::new(),
            manners: BTreeMap::new(),
            buffers: BTreeMap::new(),
            disk: BTreeMap::new(),
            disk_fails: false,
            dirty: BTreeSet::new(),
            begin_fails: None,
            board: Board { seq: 1, changes, ..Board::default() },
            plans: BTreeMap::new(),
            seq: 1,
        };
        rig.engine(Done::Opened { root: PathBuf::from("/r"), alias: None });
        let board = rig.board.clone();
        rig.engine(Done::Board(board));
        rig.settle();
        rig
    }

    /// What was written down since the last look.
    pub(crate) fn said(&mut self) -> String {
        std::mem::take(&mut self.log)
    }

    pub(crate) fn open(&mut self, name: &str, text: &str) {
        self.buffers.insert(name.to_owned(), (1, text.to_owned()));
        let (language_id, text) = (String::new(), text.to_owned());
        self.wake(Wake::Opened(TextDocumentItem { uri: uri(name), language_id, version: 1, text }));
    }

    pub(crate) fn change(&mut self, name: &str, text: &str) {
        self.tell_change(name, text);
        self.settle();
    }

    /// The person types at a line and a character of it, and no pause follows.
    pub(crate) fn type_at(&mut self, name: &str, (line, character): (u32, u32), new: &str) {
        let (version, buffer) = self.buffers.get_mut(name).unwrap();
        *version += 1;
        let at = lsp_types::Position { line, character };
        buffer.insert_str(position::model::to_byte(buffer, at, Encoding::Utf16), new);
        let (range, text) = (Some(Range { start: at, end: at }), new.to_owned());
        let change = TextDocumentContentChangeEvent { range, range_length: None, text };
        let document = VersionedTextDocumentIdentifier { uri: uri(name), version: *version };
        let (text_document, content_changes) = (document, vec![change]);
        self.wake(Wake::Changed(DidChangeTextDocumentParams { text_document, content_changes }));
    }

    pub(crate) fn save(&mut self, name: &str) {
        self.wake(Wake::Saved(uri(name)));
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.buffers.remove(name);
        self.wake(Wake::Closed(uri(name)));
    }

    pub(crate) fn command(&mut self, verb: &str, hunks: Option<&[u32]>, change: usize) -> Asked {
        let id = self.board.changes[change].changeset.id;
        let mut argument = json!({ "changeset": id });
        if let Some(hunks) = hunks {
            argument["hunks"] = json!(hunks);
        }
        let (reply, answer) = oneshot::channel();
        let params = ExecuteCommandParams {
            command: format!("countersign.{verb}"),
            arguments: vec![argument],
            ..ExecuteCommandParams::default()
        };
        self.wake(Wake::Command(params, reply));
        answer
    }

    /// A silent editor answers the first thing it was asked.
    pub(crate) fn answer_oldest(&mut self, outcome: Result<(), String>) {
        let continuation = self.unanswered.pop_front().expect("it was asked something");
        self.wake(Wake::Answered(continuation, outcome));
    }

    pub(crate) fn later(&mut self, by: Duration) {
        self.now += by;
        self.wake(Wake::Timer);
    }

    fn handle(&mut self, wake: Wake) {
        self.session.handle(wake, self.now);
        while !self.pool_is_busy && self.work_quietly() {}
    }

    /// The pool does what it was given, and what comes of that.
    pub(crate) fn work(&mut self) {
        while self.work_once() {}
    }

    /// The pool does one piece of work, if it was given one.
    pub(crate) fn work_once(&mut self) -> bool {
        let worked = self.work_quietly();
        self.settle();
        worked
    }

    fn work_quietly(&mut self) -> bool {
        let work = self.work.try_recv();
        work.map(|work| self.session.handle(work(), self.now)).is_ok()
    }

    pub(crate) fn wake(&mut self, wake: Wake) {
        self.handle(wake);
        self.settle();
    }

    fn engine(&mut self, done: Done) {
        self.handle(Wake::Engine(RootId(1), Box::new(done)));
    }

    /// Plays engine and editor until nobody has anything to do.
    fn settle(&mut self) {
        loop {
            if let Ok(job) = self.jobs.try_recv() {
                self.perform(job);
            } else if let Ok(outgoing) = self.outgoing.try_recv() {
                self.hear(outgoing);
            } else {
                return;
            }
        }
    }

    fn hear(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Say(kind, text) => writeln!(self.log, "say {kind:?}: {text}").unwrap(),
            Outgoing::Publish(params) => {
                let lines: Vec<String> =
                    params.diagnostics.iter().map(|d| d.range.start.line.to_string()).collect();
                let name = name(&params.uri);
                writeln!(self.log, "publish {name}: lines [{}]", lines.join(", ")).unwrap();
            }
            Outgoing::Ask(question, continuation) => {
                let (manner, changes) = match *question {
                    Question::RefreshDiagnostics => {
                        self.log.push_str("refresh\n");
                        (self.manner, Vec::new())
                    }
                    Question::Register(params) => {
                        let methods = params.registrations.iter().map(|r| r.method.as_str());
                        let methods: Vec<&str> = methods.collect();
                        writeln!(self.log, "register {}", methods.join(", ")).unwrap();
                        (self.manner, Vec::new())
                    }
                    Question::Edit(params) => self.read_edit(params),
                };
                let outcome = match manner {
                    Manner::Refuses => Err("the test says no".to_owned()),
                    _ => Ok(()),
                };
                let answer = Wake::Answered(continuation.clone(), outcome);
                match manner {
                    Manner::ChangeThenAnswer => {
                        changes.iter().for_each(|(name, text)| self.tell_change(name, text));
                        self.handle(answer);
                    }
                    Manner::AnswerThenChange => {
                        self.handle(answer);
                        changes.iter().for_each(|(name, text)| self.tell_change(name, text));
                    }
                    Manner::Lies | Manner::Refuses => self.handle(answer),
                    Manner::Silent => self.unanswered.push_back(continuation),
                }
            }
        }
    }

    fn read_edit(&mut self, params: ApplyWorkspaceEditParams) -> (Manner, Vec<(String, String)>) {
        let mut changes = Vec::new();
        let mut edits: Vec<(String, Option<i32>, Vec<TextEdit>)> = Vec::new();
        if let Some(DocumentChanges::Edits(documents)) = params.edit.document_changes {
            for document in documents {
                let all = document.edits.into_iter().map(|edit| match edit {
                    OneOf::Left(edit) => edit,
                    OneOf::Right(edit) => edit.text_edit,
                });
                let at = document.text_document;
                edits.push((name(&at.uri), at.version, all.collect()));
            }
        }
        for (uri, all) in params.edit.changes.unwrap_or_default() {
            edits.push((name(&uri), None, all));
        }
        let mut manner = self.manner;
        for (name, version, edits) in edits {
            let (current, text) = &self.buffers[&name];
            let fresh = version.is_none_or(|version| version == *current);
            let shown = version.map(|version| format!(" version {version}")).unwrap_or_default();
            writeln!(self.log, "edit {name}{shown}").unwrap();
            assert!(fresh, "an edit for version {version:?} of {name}, which is at {current}");
            manner = self.manners.get(&name).copied().unwrap_or(manner);
            changes.push((name, applied(text, &edits)));
        }
        (manner, changes)
    }

    fn tell_change(&mut self, name: &str, text: &str) {
        let Some((version, buffer)) = self.buffers.get_mut(name) else { return };
        *version += 1;
        text.clone_into(buffer);
        let change = TextDocumentContentChangeEvent {
            range: None,
            range_length: None,
            text: text.to_owned(),
        };
        let params = DidChangeTextDocumentParams {
            text_document: VersionedTextDocumentIdentifier { uri: uri(name), version: *version },
            content_changes: vec![change],
        };
        self.handle(Wake::Changed(params));
    }

    fn perform(&mut self, job: Job) {
        match job {
            Job::Begin { token, purpose, changeset, selection, open, .. } => {
                let undo = purpose == model::Purpose::Undo;
                self.begin(token, undo, changeset, &selection, &open);
            }
            Job::WriteClosed(token) => {
                writeln!(self.log, "job write closed files").unwrap();
                let written =
                    if self.disk_fails { Err("b.rs: disk full".to_owned()) } else { Ok(()) };
                if written.is_ok() {
                    let files = &self.plans[&token].2;
                    for file in files.iter().filter(|file| !file.in_editor) {
                        let text =
                            String::from_utf8(file.after.as_ref().unwrap().1.to_vec()).unwrap();
                        self.disk.insert(file.path.to_string(), text);
                    }
                }
                self.engine(Done::WroteClosed { token, written });
            }
            Job::ReverseClosed(token) => {
                writeln!(self.log, "job put closed files back").unwrap();
                self.engine(Done::ReversedClosed(token));
            }
            Job::Settle { token, editor } => self.settle_job(token, &editor),
            Job::Reject { token, changeset, selection, .. } => {
                let hunks = self.select(changeset, &selection);
                writeln!(self.log, "job reject {hunks:?}").unwrap();
                self.append(&Event::Rejected {
                    changeset,
                    hunks: hunks.clone(),
                    reason: None,
                    prints: vec![],
                });
                let report = report(changeset, "rejected", hunks);
                self.engine(Done::Settled { token, report });
            }
            Job::Restore { .. }
            | Job::Repropose { .. }
            | Job::Prove { .. }
            | Job::Snapshot { .. }
            | Job::Adopt { .. } => {
                self.log.push_str("job that changes no text\n");
            }
            // No snapshot was taken, and no file is written by anyone else.
            Job::Edited { .. } | Job::IsSaved { .. } => {}
            Job::Saved(path) => {
                writeln!(self.log, "job saved {path}").unwrap();
                let ids: Vec<_> = self.board.changes.iter().map(|c| c.changeset.id).collect();
                for changeset in ids {
                    self.append(&Event::Saved { changeset, path: path.clone(), hunks: vec![] });
                }
            }
            Job::Withdrawn { path, text, accepted } => {
                let gone = placement::gone(&path, &text, &accepted);
                if !gone.is_empty() {
                    let hunks: Vec<_> = gone.values().collect();
                    writeln!(self.log, "job withdrawn {path} {hunks:?}").unwrap();
                    self.withdraw(gone);
                }
            }
            Job::PutBack { path, back } => {
                let hunks: Vec<_> = back.values().collect();
                writeln!(self.log, "job put back {path} {hunks:?}").unwrap();
            }
            Job::Closed(path) => {
                writeln!(self.log, "job closed {path}").unwrap();
                let mut gone = Hunks::new();
                for change in &self.board.changes {
                    for (hunk, state) in &change.state.hunks {
                        let unsaved = matches!(state, HunkState::Accepted { saved: false, .. });
                        if unsaved && change.state.paths.get(hunk) == Some(&path) {
                            gone.entry(change.changeset.id).or_default().insert(*hunk);
                        }
                    }
                }
                self.withdraw(gone);
            }
            Job::Compare { path, clean_at, .. } => {
                if self.dirty.contains(&path.to_string()) {
                    self.engine(Done::Differs { path, clean_at });
                }
            }
            Job::Recover(open) => {
                let names: Vec<String> = open.0.keys().map(ToString::to_string).collect();
                writeln!(self.log, "job recover {names:?}").unwrap();
            }
            Job::Presence(unsaved) => writeln!(self.log, "job presence {unsaved:?}").unwrap(),
        }
    }

    fn withdraw(&mut self, gone: Hunks) {
        for (changeset, hunks) in gone {
            let (hunks, reason) = (hunks.into_iter().collect(), "gone".to_owned());
            self.append(&Event::Withdrawn { changeset, hunks, reason });
        }
    }

    fn begin(
        &mut self,
        token: Token,
        undo: bool,
        changeset: ChangeSetId,
        selection: &Selection,
        open: &OpenTexts,
    ) {
        if let Some(failure) = self.begin_fails.clone() {
            self.engine(Done::Failed { token, failure });
            return;
        }
        let hunks = self.select(changeset, selection);
        let verb = if undo { "undo" } else { "accept" };
        writeln!(self.log, "job begin {verb} {hunks:?}").unwrap();
        let change = Arc::clone(self.board.change(changeset).unwrap());
        let mut files = Vec::new();
        for file in &change.changeset.files {
            let open_text = open.0.get(&file.path).map(|open| open.text.to_string());
            let in_editor = open_text.is_some();
            let on_disk = self.disk.get(&file.path.to_string()).cloned();
            let text = open_text.or(on_disk).expect("the file is open or on disk");
            let (Some(before), Some(after)) = &change.texts[&file.path] else { panic!("no texts") };
            let anchoring = Anchoring::new(before, text.as_bytes());
            let mut edits = Vec::new();
            for hunk in file.hunks.iter().filter(|hunk| hunks.contains(&hunk.ordinal)) {
                let (old, new) = (hunk.before.of(before), hunk.after.of(after));
                match anchoring.anchor(&hunk.before, new) {
                    Anchor::Unchanged(range)
                    | Anchor::Shifted(range, _)
                    | Anchor::Merged(range, _) => {
                        edits.push((range, new.to_vec()));
                    }
                    Anchor::AlreadyThere(range) if undo => edits.push((range, old.to_vec())),
                    Anchor::AlreadyThere(_) => {}
                    other => panic!("no place: {other:?}"),
                }
            }
            let planned = semdiff::place(text.as_bytes(), &edits).unwrap();
            files.push(PlanFile {
                path: file.path.clone(),
                in_editor,
                before: Some((FileMode::File, text.as_bytes().into())),
                after: Some((FileMode::File, planned.into())),
                edits,
                hunks: hunks.clone(),
                places: Vec::new(),
                shifted: vec![],
                already: 0,
                unsaved: true,
            });
        }
        let (holder, intent_hunks) = (HolderId("rig".into()), hunks);
        let intent = Intent {
            changeset,
            hunks: intent_hunks,
            files: Vec::new(),
            holder,
            worktree: String::new(),
        };
        let event =
            if undo { Event::UndoRequested(intent) } else { Event::AcceptRequested(intent) };
        self.append(&event);
        let in_editor: Vec<PlanFile> = files.iter().filter(|f| f.in_editor).cloned().collect();
        let on_disk = files.len() > in_editor.len();
        self.plans.insert(token, (changeset, undo, files));
        self.engine(Done::Begun { token, plan: Begun { in_editor, on_disk } });
    }

    fn settle_job(&mut self, token: Token, editor: &[(RelPath, Result<(), String>)]) {
        let outcomes: Vec<String> = editor
            .iter()
            .map(|(path, outcome)| match outcome {
                Ok(()) => format!("{path} landed"),
                Err(reason) => format!("{path} failed ({reason})"),
            })
            .collect();
        writeln!(self.log, "job settle: {}", outcomes.join(", ")).unwrap();
        let (changeset, undo, files) = self.plans.remove(&token).unwrap();
        let landed = |file: &&PlanFile| match editor.iter().find(|(path, _)| *path == file.path) {
            Some((_, outcome)) => outcome.is_ok(),
            None => !self.disk_fails,
        };
        let landed: Vec<RelPath> =
            files.iter().filter(landed).map(|file| file.path.clone()).collect();
        let open = self.board.change(changeset).unwrap().state.open.clone().unwrap();
        let whole = landed.len() == files.len();
        let hunks = if whole { open.hunks.clone() } else { Vec::new() };
        let land = |path: &RelPath| LandedFile {
            path: path.clone(),
            blob: None,
            saved: !editor.iter().any(|(in_editor, _)| in_editor == path),
        };
        let outcome = Outcome {
            operation: OperationId(open.operation.0),
            changeset,
            hunks: hunks.clone(),
            landed: landed.iter().map(land).collect(),
            failed: Vec::new(),
        };
        self.append(&match (undo, whole) {
            (false, true) => Event::Accepted(outcome),
            (false, false) => Event::AcceptFailed(outcome),
            (true, true) => Event::Undone(outcome),
            (true, false) => Event::UndoFailed(outcome),
        });
        let mut report = report(changeset, if undo { "undone" } else { "accepted" }, hunks);
        report.files = landed;
        report.failed = editor
            .iter()
            .filter_map(|(path, outcome)| {
                let reason = outcome.clone().err()?;
                Some(model::FailedFile { path: path.clone(), reason })
            })
            .collect();
        self.engine(Done::Settled { token, report });
    }

    fn select(&self, changeset: ChangeSetId, selection: &Selection) -> Vec<u32> {
        let state = &self.board.change(changeset).unwrap().state;
        match selection {
            Selection::Hunks(hunks) => hunks.clone(),
            _ => state.hunks.keys().copied().collect(),
        }
    }

    /// Folds an event in, as the ledger does, and shows the session the board.
    pub(crate) fn append(&mut self, event: &Event) {
        self.seq += 1;
        self.board.seq = self.seq;
        for change in &mut self.board.changes {
            if Some(change.changeset.id) == event.changeset() {
                let mut next = BoardChange::clone(change);
                next.state = ChangeSetState::fold(Some(next.state), self.seq, event).unwrap();
                *change = Arc::new(next);
            }
        }
        let board = self.board.clone();
        self.engine(Done::Board(board));
    }

    pub(crate) fn id(&self, change: usize) -> ChangeSetId {
        self.board.changes[change].changeset.id
    }
}

pub(crate) fn uri(name: &str) -> Uri {
    format!("file:///r/{name}").parse().unwrap()
}

pub(crate) fn failure(kind: ErrorKind, message: &str) -> Failure {
    Failure { kind, message: message.to_owned() }
}

fn name(uri: &Uri) -> String {
    uri.as_str().trim_start_matches("file:///r/").to_owned()
}

fn report(changeset: ChangeSetId, done: &'static str, hunks: Vec<u32>) -> Report {
    let (files, refused, failed) = (Vec::new(), Vec::new(), Vec::new());
    Report { changeset, done, hunks, shifted: 0, already: 0, files, refused, failed, unmet: vec![] }
}

/// Applies edits as the protocol says: all of them against the text before.
pub(crate) fn applied(text: &str, edits: &[TextEdit]) -> String {
    let byte = |at| position::model::to_byte(text, at, Encoding::Utf16);
    let bytes = |range: Range| byte(range.start)..byte(range.end);
    let mut edits: Vec<_> = edits.iter().map(|edit| (bytes(edit.range), &edit.new_text)).collect();
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = text.to_owned();
    for (range, new) in edits.into_iter().rev() {
        out.replace_range(range, new);
    }
    out
}

mod tests {
    use expect_test::expect;
    use model::Decision;

    use super::*;
    use crate::acceptance::{ANSWER_WAIT, CONTENT_WAIT};
    use crate::delivery::SETTLE_WAIT;

    /// Longer than a pause in typing.
    const PAUSE: Duration = Duration::from_secs(1);
    const BEFORE: &str = "a\nb\nc\nd\ne\n";
    const AFTER: &str = "a\nB\nc\nD\ne\n";

    fn one_file() -> Rig {
        let sketch = Sketch::new("a.rs", BEFORE, AFTER).judged(34, Decision::Review);
        let versioned = json!({ "workspace": { "workspaceEdit": { "documentChanges": true } } });
        let mut rig = Rig::new(versioned, &[sketch]);
        rig.open("a.rs", BEFORE);
        rig.said();
        rig
    }

    /// One change over two files, both of which are open.
    fn two_files(capabilities: Value) -> Rig {
        let both = Sketch::new("a.rs", BEFORE, AFTER).and("b.rs", "x\n", "y\n");
        let mut rig = Rig::new(capabilities, &[both]);
        rig.open("a.rs", BEFORE);
        rig.open("b.rs", "x\n");
        rig.said();
        rig
    }

    fn outcome(mut answer: Asked) -> String {
        match answer.try_recv() {
            Ok(Ok(Some(value))) => format!("{} {}", value["done"], value["hunks"]),
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_hunk_is_accepted_through_the_editor_and_saved() {
        let mut rig = one_file();
        let answer = rig.command("accept", Some(&[2]), 0);
        assert_eq!(rig.buffers["a.rs"].1, "a\nb\nc\nD\ne\n");
        assert_eq!(outcome(answer), "\"accepted\" [2]");
        rig.save("a.rs");
        expect![[r#"
            job begin accept [2]
            publish a.rs: lines [1]
            edit a.rs version 1
            job presence ["a.rs"]
            job settle: a.rs landed
            publish a.rs: lines [1]
            say Info: accepted hunk 2 of Tidy a.rs, not saved yet in a.rs
            job presence []
            job saved a.rs
        "#]]
        .assert_eq(&rig.said());
    }

    #[test]
    fn the_answer_may_come_before_the_change() {
        let mut rig = one_file();
        rig.manner = Manner::AnswerThenChange;
        let answer = rig.command("accept", None, 0);
        assert_eq!(rig.buffers["a.rs"].1, AFTER);
        assert_eq!(outcome(answer), "\"accepted\" [1,2]");
    }

    #[test]
    fn yes_is_not_believed() {
        let mut rig = one_file();
        rig.manner = Manner::Lies;
        let answer = rig.command("accept", Some(&[1]), 0);
        rig.later(CONTENT_WAIT);
        assert_eq!(outcome(answer), "\"accepted\" []");
        expect![[r#"
            job begin accept [1]
            publish a.rs: lines [3]
            edit a.rs version 1
            job settle: a.rs failed (its text in the editor did not become the planned text)
            publish a.rs: lines [1, 3]
            say Warning: nothing of Tidy a.rs was accepted; a.rs: its text in the editor did not become the planned text
        "#]]
        .assert_eq(&rig.said());
    }

    #[test]
    fn an_editor_that_says_nothing_is_not_waited_for_for_ever() {
        let mut rig = one_file();
        rig.manner = Manner::Silent;
        let mut answer = rig.command("accept", Some(&[1]), 0);
        rig.later(CONTENT_WAIT);
        assert!(answer.try_recv().is_err());
        rig.later(ANSWER_WAIT);
        assert_eq!(outcome(answer), "\"accepted\" []");
    }

    #[test]
    fn a_second_document_that_fails_takes_the_first_back() {
        let mut rig = two_files(json!({}));
        rig.manners.insert("b.rs".into(), Manner::Refuses);
        let answer = rig.command("accept", None, 0);
        assert_eq!(rig.buffers["a.rs"].1, BEFORE);
        assert_eq!(outcome(answer), "\"accepted\" []");
        expect![[r#"
            job begin accept [1, 2, 3]
            publish a.rs: lines []
            publish b.rs: lines []
            edit a.rs
            job presence ["a.rs"]
            edit b.rs
            edit a.rs
            job presence []
            job settle: a.rs failed (taken back, because another file failed), b.rs failed (the test says no)
            publish a.rs: lines [1, 3]
            publish b.rs: lines [0]
            say Warning: nothing of Tidy a.rs was accepted; a.rs: taken back, because another file failed; b.rs: the test says no
        "#]]
        .assert_eq(&rig.said());
    }

    #[test]
    fn what_was_saved_before_its_file_was_closed_is_followed_when_the_command_is_over() {
        let both = Sketch::new("a.rs", BEFORE, AFTER).and("b.rs", "x\n", "y\n");
        let mut rig = Rig::new_slow(json!({}), &[both]);
        rig.open("a.rs", BEFORE);
        rig.open("b.rs", "x\n");
        rig.command("accept", None, 0);
        rig.change("a.rs", AFTER);
        rig.answer_oldest(Ok(()));
        rig.answer_oldest(Err("the test says no".into()));
        rig.said();
        // It was asked to take the first file back, and saves and closes it instead.
        rig.disk.insert("a.rs".into(), AFTER.into());
        rig.close("a.rs");
        let said = rig.said();
        assert!(said.contains("job settle: a.rs failed"), "{said}");
        assert!(said.contains("\njob closed a.rs\njob begin accept"), "{said}");
    }

    #[test]
    fn a_transactional_editor_gets_all_documents_at_once() {
        let whole = json!({ "workspace": { "workspaceEdit": {
            "documentChanges": true, "failureHandling": "textOnlyTransactional" } } });
        let mut rig = two_files(whole);
        rig.command("accept", None, 0);
        assert_eq!((&*rig.buffers["a.rs"].1, &*rig.buffers["b.rs"].1), (AFTER, "y\n"));
        let said = rig.said();
        assert!(said.contains("edit a.rs version 1\nedit b.rs version 1\n"), "{said}");
    }

    #[test]
    fn closed_files_are_written_after_the_documents() {
        let both = Sketch::new("a.rs", BEFORE, AFTER).and("b.rs", "x\n", "y\n");
        let mut rig = Rig::new(json!({}), &[both]);
        rig.open("a.rs", BEFORE);
        rig.disk.insert("b.rs".into(), "x\n".into());
        rig.command("accept", None, 0);
        assert_eq!((&*rig.buffers["a.rs"].1, &*rig.disk["b.rs"]), (AFTER, "y\n"));
    }

    #[test]
    fn a_disk_that_fails_takes_the_documents_back() {
        let both = Sketch::new("a.rs", BEFORE, AFTER).and("b.rs", "x\n", "y\n");
        let mut rig = Rig::new(json!({}), &[both]);
        rig.open("a.rs", BEFORE);
        rig.disk.insert("b.rs".into(), "x\n".into());
        rig.disk_fails = true;
        rig.command("accept", None, 0);
        assert_eq!((&*rig.buffers["a.rs"].1, &*rig.disk["b.rs"]), (BEFORE, "x\n"));
        let said = rig.said();
        assert!(said.contains("job put closed files back"), "{said}");
    }

    #[test]
    fn the_editors_own_undo_withdraws() {
        let mut rig = one_file();
        rig.command("accept", Some(&[1]), 0);
        rig.said();
        rig.change("a.rs", "a\nB\nc\nd\ne!\n");
        rig.change("a.rs", BEFORE);
        rig.later(PAUSE);
        expect![[r#"
            job presence []
            job withdrawn a.rs [{1}]
            publish a.rs: lines [3]
            publish a.rs: lines [1, 3]
        "#]]
        .assert_eq(&rig.said());
    }

    #[test]
    fn closing_unsaved_withdraws_and_closing_saved_does_not() {
        let mut rig = one_file();
        rig.command("accept", Some(&[1]), 0);
        rig.save("a.rs");
        rig.said();
        rig.close("a.rs");
        assert_eq!(rig.said(), "publish a.rs: lines []\n");
        rig.open("a.rs", "a\nB\nc\nd\ne\n");
        rig.command("accept", Some(&[2]), 0);
        rig.said();
        rig.close("a.rs");
        let said = rig.said();
        assert!(said.contains("job closed a.rs\n"), "{said}");
    }

    #[test]
    fn the_editors_own_undo_withdraws_what_it_took_out_and_no_more() {
        let mut rig = one_file();
        rig.command("accept", Some(&[1]), 0);
        rig.change("a.rs", "mine\na\nB\nc\nd\ne\n");
        rig.command("accept", Some(&[2]), 0);
        rig.said();
        rig.change("a.rs", "mine\na\nB\nc\nd\ne\n");
        rig.later(PAUSE);
        let said = rig.said();
        assert!(said.contains("job withdrawn a.rs [{2}]"), "{said}");
        rig.save("a.rs");
        let states: Vec<_> = rig.board.changes[0].state.hunks.values().map(|s| s.word()).collect();
        assert_eq!(states, ["accepted", "proposed"]);
    }

    #[test]
    fn what_reads_as_saved_because_it_is_gone_is_not_saved() {
        let mut rig = one_file();
        rig.change("a.rs", "mine\na\nb\nc\nd\ne\n");
        rig.command("accept", Some(&[1]), 0);
        rig.said();
        // A jump over both steps: the text before the acceptance is never there again.
        rig.change("a.rs", BEFORE);
        rig.later(PAUSE);
        assert_eq!(
            rig.said(),
            "job presence []\njob withdrawn a.rs [{1}]\npublish a.rs: lines [3]\npublish a.rs: lines [1, 3]\n"
        );
    }

    #[test]
    fn a_hunk_is_gone_when_its_text_before_is_back_and_not_when_it_is_typed_over() {
        let mut rig = one_file();
        rig.command("accept", None, 0);
        rig.said();
        // A text that never was: one hunk taken out, the other typed over.
        rig.change("a.rs", "mine\na\nb\nc\nD!\ne\n");
        rig.later(PAUSE);
        assert_eq!(rig.said(), "job withdrawn a.rs [{1}]\npublish a.rs: lines [2]\n");
        // A command comes before the pause is over, and so does a save.
        rig.command("accept", Some(&[1]), 0);
        rig.change("a.rs", "mine!\na\nb\nc\nD!\ne\n");
        rig.said();
        let answer = rig.command("accept", Some(&[1]), 0);
        assert_eq!(outcome(answer), "\"accepted\" [1]");
        rig.change("a.rs", "a\nb\nc\nD!\ne\n");
        rig.said();
        rig.save("a.rs");
        let said = rig.said();
        assert!(said.contains("job withdrawn a.rs [{1}]\njob saved a.rs\n"), "{said}");
    }

    #[test]
    fn a_buffer_that_is_unsaved_when_it_is_opened_is_told() {
        let mut rig = one_file();
        rig.dirty.insert("b.rs".to_owned());
        rig.open("b.rs", "x\n");
        assert_eq!(rig.said(), "job presence [\"b.rs\"]\n");
        rig.save("b.rs");
        assert_eq!(rig.said(), "job presence []\n");
    }

    #[test]
    fn undo_takes_it_out_again_and_keeps_later_edits() {
        let mut rig = one_file();
        rig.command("accept", Some(&[1]), 0);
        rig.change("a.rs", "mine\na\nB\nc\nd\ne\n");
        rig.said();
        let answer = rig.command("undo", Some(&[1]), 0);
        assert_eq!(rig.buffers["a.rs"].1, "mine\na\nb\nc\nd\ne\n");
        assert_eq!(outcome(answer), "\"undone\" [1]");
        let said = rig.said();
        assert!(!said.contains("withdrawn"), "{said}");
    }

    #[test]
    fn reject_needs_no_edit() {
        let mut rig = one_file();
        let answer = rig.command("reject", Some(&[1]), 0);
        assert_eq!(outcome(answer), "\"rejected\" [1]");
        expect![[r#"
            job reject [1]
            publish a.rs: lines [3]
            say Info: rejected hunk 1 of Tidy a.rs
        "#]]
        .assert_eq(&rig.said());
    }

    #[test]
    fn failures_are_said_and_answered_by_whose_turn_it_is() {
        let mut rig = one_file();
        for (kind, expected) in [
            (ErrorKind::User, "Failed"),
            (ErrorKind::Conflict, "Moved"),
            (ErrorKind::Internal, "Internal"),
        ] {
            rig.begin_fails = Some(failure(kind, "the test says so"));
            let answer = rig.command("accept", None, 0);
            assert_eq!(outcome(answer), format!("Err({expected}(\"the test says so\"))"));
            assert_eq!(rig.said(), "say Error: could not accept Tidy a.rs: the test says so\n");
        }
    }

    #[test]
    fn why_is_said_and_answered() {
        let mut rig = one_file();
        let answer = rig.command("why", None, 0);
        let expected = "Tidy a.rs: risk 34 medium (+34 it is a fixture); policy: review; review: the fixture says so (fixture.rule)";
        assert_eq!(rig.said(), format!("say Info: {expected}\n"));
        assert!(outcome(answer).contains("null null"));
    }

    #[test]
    fn diagnostics_follow_typing_when_the_person_pauses() {
        let mut rig = one_file();
        rig.change("a.rs", "new\na\nb\nc\nd\ne\n");
        assert_eq!(rig.said(), "job presence [\"a.rs\"]\n");
        rig.later(PAUSE);
        assert_eq!(rig.said(), "publish a.rs: lines [2, 4]\n");
        rig.change("a.rs", "new\na\nmine\nc\nd\ne\n");
        rig.later(PAUSE);
        // What has no place any more is listed at the top.
        assert_eq!(rig.said(), "publish a.rs: lines [0, 4]\n");
        rig.close("a.rs");
        assert_eq!(rig.said(), "job presence []\npublish a.rs: lines []\n");
    }

    /// A client that says it can be made to ask for diagnostics.
    fn may_pull() -> Value {
        json!({ "textDocument": { "diagnostic": { "dynamicRegistration": true } } })
    }

    fn pulled(rig: &mut Rig) -> Vec<u32> {
        let params = json!({ "textDocument": { "uri": uri("a.rs") } });
        let (reply, mut answer) = oneshot::channel();
        rig.wake(Wake::Diagnostic(serde_json::from_value(params).unwrap(), reply));
        let report = serde_json::to_value(answer.try_recv().unwrap().unwrap()).unwrap();
        let items = report["items"].as_array().unwrap().iter();
        items.map(|item| item["range"]["start"]["line"].as_u64().unwrap() as u32).collect()
    }

    #[test]
    fn a_client_that_refreshes_and_registers_asks_and_is_told_nothing() {
        let mut rig = Rig::new(may_pull(), &[Sketch::new("a.rs", BEFORE, AFTER)]);
        rig.open("a.rs", BEFORE);
        expect![[r#"
            job recover []
            refresh
            register textDocument/diagnostic
            refresh
        "#]]
        .assert_eq(&rig.said());
        assert_eq!(pulled(&mut rig), [1, 3]);
        rig.command("reject", Some(&[1]), 0);
        expect![[r#"
            job reject [1]
            refresh
            say Info: rejected hunk 1 of Tidy a.rs
        "#]]
        .assert_eq(&rig.said());
        // It was asked to ask, and did not yet: asking again would say nothing new.
        rig.open("b.rs", "");
        assert_eq!(rig.said(), "");
        assert_eq!(pulled(&mut rig), [3]);
        rig.close("a.rs");
        assert_eq!(rig.said(), "");
    }

    #[test]
    fn until_it_is_settled_a_client_is_neither_told_nor_answered() {
        let mut rig = Rig::new_slow(may_pull(), &[Sketch::new("a.rs", BEFORE, AFTER)]);
        rig.open("a.rs", BEFORE);
        assert_eq!(rig.said(), "job recover []\nrefresh\n");
        assert_eq!(pulled(&mut rig), Vec::<u32>::new());
        rig.answer_oldest(Ok(()));
        assert_eq!(rig.said(), "register textDocument/diagnostic\n");
        // Some ask before they have answered the registration.
        assert_eq!(pulled(&mut rig), Vec::<u32>::new());
        rig.answer_oldest(Ok(()));
        assert_eq!(rig.said(), "refresh\n");
        assert_eq!(pulled(&mut rig), [1, 3]);
        // Once it asks, it is told no more, even if it does not refresh.
        rig.answer_oldest(Err("the test says no".into()));
        rig.command("reject", Some(&[1]), 0);
        let said = rig.said();
        assert!(said.contains("refresh") && !said.contains("publish"), "{said}");
    }

    #[test]
    fn a_client_that_cannot_refresh_or_register_is_told() {
        for agreed in 0..2 {
            let mut rig = Rig::new_slow(may_pull(), &[Sketch::new("a.rs", BEFORE, AFTER)]);
            rig.open("a.rs", BEFORE);
            for _ in 0..agreed {
                rig.answer_oldest(Ok(()));
            }
            rig.said();
            rig.answer_oldest(Err("the test says no".into()));
            assert_eq!(rig.said(), "publish a.rs: lines [1, 3]\n");
            assert_eq!(pulled(&mut rig), Vec::<u32>::new());
        }
    }

    #[test]
    fn a_client_that_does_not_say_is_told_and_stays_so() {
        for agreed in 0..2 {
            let mut rig = Rig::new_slow(may_pull(), &[Sketch::new("a.rs", BEFORE, AFTER)]);
            rig.open("a.rs", BEFORE);
            for _ in 0..agreed {
                rig.answer_oldest(Ok(()));
            }
            rig.said();
            rig.later(SETTLE_WAIT);
            assert_eq!(rig.said(), "publish a.rs: lines [1, 3]\n");
            rig.answer_oldest(Ok(()));
            assert_eq!(rig.said(), "");
            assert_eq!(pulled(&mut rig), Vec::<u32>::new());
        }
    }

    #[test]
    fn a_client_that_asks_but_cannot_be_registered_is_told() {
        let asks = json!({ "textDocument": { "diagnostic": {} } });
        let mut rig = Rig::new(asks, &[Sketch::new("a.rs", BEFORE, AFTER)]);
        rig.said();
        rig.open("a.rs", BEFORE);
        assert_eq!(rig.said(), "publish a.rs: lines [1, 3]\n");
        assert_eq!(pulled(&mut rig), Vec::<u32>::new());
    }

    #[test]
    fn an_engine_that_still_waits_goes_with_its_folder() {
        let mut rig = one_file();
        let folder = |path: &str| WorkspaceFolder {
            uri: format!("file://{path}").parse().unwrap(),
            name: String::new(),
        };
        let event = |added, removed| WorkspaceFoldersChangeEvent { added, removed };
        rig.wake(Wake::Folders(event(vec![folder("/s"), folder("/t")], vec![])));
        assert_eq!(rig.session.roots.len(), 3);
        rig.wake(Wake::Folders(event(vec![], vec![folder("/s")])));
        assert_eq!(rig.session.roots.len(), 2);
    }

    #[test]
    fn a_file_outside_every_repository_is_silent() {
        let mut rig = one_file();
        let outside = "file:///elsewhere/a.rs".parse().unwrap();
        let (language_id, text) = (String::new(), BEFORE.to_owned());
        rig.wake(Wake::Opened(TextDocumentItem { uri: outside, language_id, version: 1, text }));
        assert_eq!(rig.said(), "");
    }

    #[test]
    fn a_change_that_nobody_knows_is_refused() {
        let mut rig = one_file();
        let (reply, answer) = oneshot::channel();
        let params = ExecuteCommandParams {
            command: "countersign.accept".into(),
            arguments: vec![json!({ "changeset": "ffffffff" })],
            ..ExecuteCommandParams::default()
        };
        rig.wake(Wake::Command(params, reply));
        assert!(outcome(answer).starts_with("Err(Failed(\"no change named ffffffff"));
        assert_ne!(rig.id(0).short(), "ffffffffffff");
    }
}
