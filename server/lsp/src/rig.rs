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
    ApplyWorkspaceEditParams, Diagnostic, DidChangeTextDocumentParams, DocumentChanges,
    ExecuteCommandParams, OneOf, PublishDiagnosticsParams, Range, TextDocumentContentChangeEvent,
    TextDocumentItem, TextEdit, Uri, VersionedTextDocumentIdentifier, WorkspaceFolder,
    WorkspaceFoldersChangeEvent,
};
use model::{
    ChangeSetId, ChangeSetState, Event, FileMode, HolderId, HunkState, Intent, LandedFile,
    OperationId, Outcome, RelPath,
};
use semdiff::{Anchor, Anchoring};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use crate::engine_thread::EngineThread;
use crate::fixture::Sketch;
use crate::jobs::{Begun, Done, Failure, Hunks, Job, RootId, Token};
use crate::main_loop::{Refusal, Wake};
use crate::outbox::{Continuation, Outbox, Outgoing, Question};
use crate::placement;
use crate::pool::{Pool, Work};
use crate::position::{self, Encoding};
use crate::session::Session;

/// Noon of some day.
const CLOCK: engine::Clock = engine::Clock::Fixed(model::Timestamp(12 * 3_600_000));

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
    /// The tasks that somebody is at.
    pub at_work: VecDeque<Token>,
    /// What the tasks that are over came to.
    pub ends: Vec<model::TaskEnd>,
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
    /// The diagnostics that the editor shows.
    pub shown: BTreeMap<String, Vec<Diagnostic>>,
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
        let (inbox, _wakes) = unbounded_channel();
        let (sender, outgoing) = unbounded_channel();
        let (job_sender, jobs) = channel();
        let engines = move |_, _, _| EngineThread::played_by(job_sender.clone());
        let (work_sender, work) = channel();
        let pool = Pool::played_by(work_sender);
        let mut session = Session::new(CLOCK, Box::new(engines), pool, Outbox(sender), inbox);
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
            at_work: VecDeque::new(),
            ends: Vec::new(),
            manners: BTreeMap::new(),
            buffers: BTreeMap::new(),
            disk: BTreeMap::new(),
            disk_fails: false,
            dirty: BTreeSet::new(),
            begin_fails: None,
            shown: BTreeMap::new(),
            board: Board { seq: 1, changes, ..Board::default() },
            plans: BTreeMap::new(),
            seq: 1,
        };
        rig.engine(Done::Found { root: PathBuf::from("/r"), alias: None });
        rig.engine(Done::Opened(PathBuf::from("/r")));
        let board = rig.board.clone();
        rig.engine(Done::Board(board));
        rig.later(crate::session::RECOVERY_WAIT);
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

    /// The editor closes the folder that is open.
    pub(crate) fn close_folder(&mut self) {
        let folder = WorkspaceFolder { uri: "file:///r".parse().unwrap(), name: "r".to_owned() };
        let event = WorkspaceFoldersChangeEvent { added: vec![], removed: vec![folder] };
        self.wake(Wake::Folders(event));
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
        if let engine::Clock::Fixed(at) = &mut self.session.clock {
            at.0 += u64::try_from(by.as_millis()).unwrap();
        }
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
        let Ok(work) = self.work.try_recv() else { return false };
        if let Some(wake) = work() {
            self.session.handle(wake, self.now);
        }
        true
    }

    pub(crate) fn wake(&mut self, wake: Wake) {
        self.handle(wake);
        self.settle();
    }

    /// The engine says something of its own accord.
    pub(crate) fn engine_says(&mut self, done: Done) {
        self.engine(done);
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
            Outgoing::Changed(status) => {
                writeln!(self.log, "changed: {} wait", status.waiting).unwrap();
            }
            Outgoing::Progress(params) => {
                let value = serde_json::to_value(&params.value).unwrap();
                let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
                writeln!(
                    self.log,
                    "{}",
                    format!("progress {} {} {}", text("kind"), text("title"), text("message"))
                        .trim()
                )
                .unwrap();
            }
            Outgoing::Publish(_, notice) => {
                let text = String::from_utf8(notice.0).unwrap();
                let body: Value =
                    serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
                assert_eq!(body["method"], "textDocument/publishDiagnostics");
                let params: PublishDiagnosticsParams =
                    serde_json::from_value(body["params"].clone()).unwrap();
                let lines: Vec<String> =
                    params.diagnostics.iter().map(|d| d.range.start.line.to_string()).collect();
                let name = name(&params.uri);
                writeln!(self.log, "publish {name}: lines [{}]", lines.join(", ")).unwrap();
                self.shown.insert(name, params.diagnostics);
            }
            Outgoing::Ask(question, continuation) => {
                let (manner, changes) = match *question {
                    Question::RefreshDiagnostics => {
                        self.log.push_str("refresh\n");
                        (self.manner, Vec::new())
                    }
                    Question::RefreshLenses => {
                        self.log.push_str("refresh lenses\n");
                        (self.manner, Vec::new())
                    }
                    Question::Settings(section) => {
                        writeln!(self.log, "ask for settings {section}").unwrap();
                        (self.manner, Vec::new())
                    }
                    Question::Progress(_) => {
                        self.log.push_str("create progress\n");
                        (self.manner, Vec::new())
                    }
                    Question::Register(params) => {
                        let methods = params.registrations.iter().map(|r| r.method.as_str());
                        let methods: Vec<&str> = methods.collect();
                        writeln!(self.log, "register {}", methods.join(", ")).unwrap();
                        (self.manner, Vec::new())
                    }
                    Question::Choose { params, .. } | Question::Allow { params, .. } => {
                        writeln!(self.log, "choose: {}", params.message).unwrap();
                        (Manner::Silent, Vec::new())
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
            Job::ProvesUnasked(when) => {
                writeln!(self.log, "job proves newcomers: {when:?}").unwrap()
            }
            Job::Pause(paused) => writeln!(self.log, "job pause: {paused}").unwrap(),
            Job::Work { token, task, .. } => {
                writeln!(self.log, "job work: {}", task.objective).unwrap();
                self.at_work.push_back(token);
            }
            Job::Restore { .. }
            | Job::Repropose { .. }
            | Job::Prove { .. }
            | Job::Trust { .. }
            | Job::Snapshot { .. }
            | Job::Adopt { .. } => {
                self.log.push_str("job that changes no text\n");
            }
            // No snapshot was taken, and no file is written by anyone else.
            Job::Edited { .. } | Job::IsSaved { .. } | Job::QueueTask { .. } => {}
            Job::EndTask { end, .. } => self.ends.push(end),
            Job::Meter => {}
            Job::Allow { by, .. } => writeln!(self.log, "job allow: {by:?}").unwrap(),
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
            Job::Document(_) => self.log.push_str("job document\n"),
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

    /// Another branch is checked out, which this change does not belong to, or its own again.
    pub(crate) fn park(&mut self, change: usize, parked: bool) {
        let id = self.id(change);
        match parked {
            true => self.board.parked.insert(id),
            false => self.board.parked.remove(&id),
        };
        let board = self.board.clone();
        self.engine_says(Done::Board(board));
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

mod tests;
