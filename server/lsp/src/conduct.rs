//! What commands do: preflight, intent, edits, confirmation, outcome; and what saving, closing and the
//! editor's own undo mean for what was accepted.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use engine::{ErrorKind, PlanFile, Report};
use lsp_types::{ExecuteCommandParams, MessageType};
use model::{ChangeSetId, RelPath};
use serde_json::Value;

use crate::acceptance::{Acceptance, EditorFile, Input, Step};
use crate::command::{self, Verb};
use crate::edits::{self, Replacement};
use crate::engine_thread::{Begun, Failure, Hunks, Job, RootId, Token};
use crate::hover;
use crate::main_loop::{Refusal, Reply};
use crate::outbox::{Continuation, Outgoing, Question};
use crate::placement;
use crate::prose;
use crate::session::{Session, answer};

/// How many commands may be under way.
const RUNNING_MAX: usize = 64;
const TITLE_MAX: usize = 60;

/// A command under way.
#[derive(Debug)]
pub(crate) struct Running {
    root: RootId,
    verb: Verb,
    title: String,
    reply: Reply<Option<Value>>,
    /// What an editor holds of it, once it is begun.
    acceptance: Option<Acceptance>,
    /// The plan for the files in an editor, in the order of the acceptance's files.
    files: Vec<PlanFile>,
}

impl Running {
    /// When to be woken at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.acceptance.as_ref()?.deadline()
    }
}

/// Accepted, unsaved hunks in a document.
#[derive(Debug)]
pub(crate) struct Landing {
    changeset: ChangeSetId,
    hunks: BTreeSet<u32>,
    /// The text before them: when the buffer reads so again, the editor's own undo took them out.
    before: Arc<str>,
}

/// The hunks of several landings.
fn hunks_of<'l>(landings: impl IntoIterator<Item = &'l Landing>) -> Hunks {
    let mut hunks = Hunks::new();
    for landing in landings {
        hunks.entry(landing.changeset).or_default().extend(&landing.hunks);
    }
    hunks
}

impl Session {
    /// Starts a command; its end is answered later.
    pub(crate) fn command(&mut self, params: ExecuteCommandParams, reply: Reply<Option<Value>>) {
        let request = match command::read(&params.command, params.arguments) {
            Ok(request) => request,
            Err(message) => return answer(reply, Err(Refusal::InvalidParams(message))),
        };
        let matching = self.roots.iter().flat_map(|(id, root)| {
            let named =
                root.board.changes.iter().filter(|change| {
                    change.changeset.id.to_string().starts_with(&request.changeset)
                });
            named.map(|change| (*id, Arc::clone(change)))
        });
        let matching: Vec<_> = matching.take(2).collect();
        let [(root, change)] = matching.as_slice() else {
            let how = if matching.is_empty() { "no change" } else { "several changes" };
            let message =
                format!("{how} named {}: `countersign list` shows all", request.changeset);
            self.outbox.say(MessageType::ERROR, message.clone());
            return answer(reply, Err(Refusal::Failed(message)));
        };
        let (root, changeset) = (*root, change.changeset.id);
        let (verb, selection) = (request.verb, request.selection);
        if verb == Verb::Why {
            let why = hover::why(change);
            self.outbox.say(MessageType::INFO, why.clone());
            return answer(reply, Ok(Some(Value::String(why))));
        }
        if self.running.len() >= RUNNING_MAX {
            let message = format!("{RUNNING_MAX} commands are under way: wait for one to end");
            return answer(reply, Err(Refusal::Failed(message)));
        }
        let title = prose::one_line(&change.changeset.title, TITLE_MAX);
        let token = self.token();
        let job = match verb {
            Verb::Accept | Verb::Undo => {
                let (undo, open) = (verb == Verb::Undo, self.open_texts(root));
                Job::Begin { token, undo, changeset, selection, open }
            }
            Verb::Reject | Verb::Why => {
                Job::Reject { token, changeset, selection, reason: request.reason }
            }
        };
        let running = Running { root, verb, title, reply, acceptance: None, files: Vec::new() };
        self.running.insert(token, running);
        self.post(root, job);
    }

    pub(crate) fn post(&self, root: RootId, job: Job) {
        if let Some(root) = self.roots.get(&root) {
            root.engine.post(job);
        }
    }

    /// The intent is in the ledger: the edits may go out.
    pub(crate) fn begun(&mut self, token: Token, plan: Begun, now: Instant) {
        let transactional = self.client.transactional;
        let Some(running) = self.running.get_mut(&token) else { return };
        let text = |side: &Option<(model::FileMode, Arc<[u8]>)>| {
            let bytes = side.as_ref().map(|(_, bytes)| &**bytes).unwrap_or_default();
            Arc::<str>::from(String::from_utf8_lossy(bytes))
        };
        let file = |f: &PlanFile| EditorFile::new(f.path.clone(), text(&f.before), text(&f.after));
        let files = plan.in_editor.iter().map(file).collect();
        running.acceptance = Some(Acceptance::new(files, transactional, plan.on_disk));
        running.files = plan.in_editor;
        self.advance(token, Input::Begun, now);
    }

    /// The client answered a question.
    pub(crate) fn answered(
        &mut self,
        continuation: &Continuation,
        outcome: Result<(), String>,
        now: Instant,
    ) {
        match continuation {
            Continuation::Edit { token, files } => {
                self.advance(*token, Input::Answered { files, applied: outcome }, now);
            }
            Continuation::Refresh => self.refresh_answered(outcome),
            Continuation::Registration => self.registration_answered(outcome),
        }
    }

    /// The files on disk were written, or not.
    pub(crate) fn wrote(&mut self, token: Token, written: Result<(), String>, now: Instant) {
        self.advance(token, Input::DiskWritten(written), now);
    }

    /// The files on disk were put back.
    pub(crate) fn reversed(&mut self, token: Token, now: Instant) {
        self.advance(token, Input::DiskReversed, now);
    }

    /// Gives up on what took too long.
    pub(crate) fn expire(&mut self, now: Instant) {
        let due = |running: &Running| running.deadline().is_some_and(|due| due <= now);
        let tokens: Vec<Token> = self
            .running
            .iter()
            .filter(|(_, running)| due(running))
            .map(|(token, _)| *token)
            .collect();
        for token in tokens {
            self.advance(token, Input::Tick, now);
        }
    }

    /// Feeds an acceptance and does what it asks for, until it waits.
    fn advance(&mut self, token: Token, input: Input<'_>, now: Instant) {
        let Some(acceptance) = self.running.get_mut(&token).and_then(|r| r.acceptance.as_mut())
        else {
            return;
        };
        let mut steps: VecDeque<Step> = acceptance.step(input, now).into();
        while let Some(step) = steps.pop_front() {
            let refused = self.perform(token, step);
            let Some((files, reason)) = refused else { continue };
            let Some(running) = self.running.get_mut(&token) else { return };
            let Some(acceptance) = running.acceptance.as_mut() else { return };
            let input = Input::Answered { files: &files, applied: Err(reason) };
            steps.extend(acceptance.step(input, now));
        }
    }

    /// Does one step; answers the files whose edit cannot even be sent, and why.
    fn perform(&mut self, token: Token, step: Step) -> Option<(Vec<usize>, String)> {
        let running = self.running.get(&token)?;
        let root = running.root;
        match step {
            Step::Edit(files) => self.send_edits(token, files, false),
            Step::Reverse(file) => self.send_edits(token, vec![file], true),
            Step::WriteDisk => {
                self.post(root, Job::WriteClosed(token));
                None
            }
            Step::ReverseDisk => {
                self.post(root, Job::ReverseClosed(token));
                None
            }
            Step::Settle(editor) => {
                self.post(root, Job::Settle { token, editor });
                None
            }
        }
    }

    /// Sends the edit of `files` in one request, if each buffer still reads as the edit was planned for.
    fn send_edits(
        &self,
        token: Token,
        files: Vec<usize>,
        reverse: bool,
    ) -> Option<(Vec<usize>, String)> {
        let running = self.running.get(&token)?;
        let acceptance = running.acceptance.as_ref()?;
        let mut documents = Vec::new();
        for index in &files {
            let (file, plan) = (acceptance.files().get(*index)?, running.files.get(*index)?);
            let uri = self.uri_of(running.root, &file.path);
            let Some(document) = uri.and_then(|uri| self.documents.get(uri)) else {
                return Some((files, format!("{} is not open any more", file.path)));
            };
            let as_planned =
                if reverse { file.reached(document.text()) } else { document.reads(&file.before) };
            if !as_planned {
                return Some((files, format!("{} was changed meanwhile", file.path)));
            }
            let replacements: Vec<Replacement> = if reverse {
                vec![edits::replacement(document.text(), &file.before)]
            } else {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                plan.edits.iter().map(|(range, new)| (range.clone(), text(new))).collect()
            };
            documents.push((document, edits::inland(document.text(), replacements)));
        }
        let label = format!("Countersign: {} {}", running.verb.word(), running.title);
        let edit = edits::workspace_edit(&self.client, label, &documents);
        let continuation = Continuation::Edit { token, files };
        self.outbox.send(Outgoing::Ask(Box::new(Question::Edit(edit)), continuation));
        None
    }

    /// The command is over: remember what is unsaved, say what happened, answer.
    pub(crate) fn finished(&mut self, token: Token, report: &Report) {
        let Some(running) = self.running.remove(&token) else { return };
        let mut unsaved = Vec::new();
        let files = running.acceptance.iter().flat_map(Acceptance::files).zip(&running.files);
        for (file, plan) in files {
            let landed = report.files.contains(&file.path);
            let uri = self.uri_of(running.root, &file.path).map(str::to_owned);
            let (true, Some(uri)) = (landed, uri) else { continue };
            let landings = self.landings.entry(uri.clone()).or_default();
            let (changeset, before) = (report.changeset, Arc::clone(&file.before));
            let took = |hunk: &&u32| report.hunks.contains(hunk);
            let hunks: BTreeSet<u32> = plan.hunks.iter().filter(took).copied().collect();
            if running.verb == Verb::Undo {
                take_from(landings, &Hunks::from([(changeset, hunks)]));
            } else if !hunks.is_empty() {
                landings.push(Landing { changeset, hunks, before });
            }
            if self.documents.get(&uri).is_some_and(|document| document.unsaved()) {
                unsaved.push(file.path.clone());
            } else if running.verb == Verb::Undo {
                // It was saved while the undo was under way; the ledger learns of it now.
                self.post(running.root, Job::Saved(file.path.clone()));
            }
            self.text_settled(&uri);
            self.text_paused(&uri);
        }
        let (kind, text) = said(&running, report, &unsaved);
        self.outbox.say(kind, text);
        answer(running.reply, Ok(serde_json::to_value(report).ok()));
    }

    /// The command failed as a whole.
    pub(crate) fn failed(&mut self, token: Token, failure: Failure) {
        let Some(running) = self.running.remove(&token) else { return };
        let Failure { kind, message } = failure;
        tracing::info!(?kind, message, "a command failed");
        let text = format!("could not {} {}: {message}", running.verb.word(), running.title);
        self.outbox.say(MessageType::ERROR, text);
        let refusal = match kind {
            ErrorKind::Conflict => Refusal::Moved(message),
            ErrorKind::Internal => Refusal::Internal(message),
            ErrorKind::User | ErrorKind::Config | ErrorKind::Limit => Refusal::Failed(message),
        };
        answer(running.reply, Err(refusal));
    }

    /// A repository goes: its commands are over, and what they wrote is settled by content later.
    pub(crate) fn abandon(&mut self, id: RootId) {
        let tokens: Vec<Token> =
            self.running.iter().filter(|(_, r)| r.root == id).map(|(token, _)| *token).collect();
        for running in tokens.into_iter().filter_map(|token| self.running.remove(&token)) {
            let message = "its folder was closed".to_owned();
            answer(running.reply, Err(Refusal::Failed(message)));
        }
    }

    /// A buffer has another text: it may be what an acceptance waits for, or the editor's own undo.
    pub(crate) fn text_changed(&mut self, uri: &str, now: Instant) {
        let Some(text) = self.documents.get(uri).map(|document| Arc::clone(document.text())) else {
            return;
        };
        let tokens = self.taking_part(uri);
        let quiet = tokens.is_empty();
        if let Some((_, path)) = self.homes.get(uri).cloned() {
            for token in tokens {
                self.advance(token, Input::Text { path: &path, text: &text }, now);
            }
        }
        if quiet {
            self.text_settled(uri);
        }
    }

    /// The commands under way that change this document.
    fn taking_part(&self, uri: &str) -> Vec<Token> {
        let Some((id, path)) = self.homes.get(uri) else { return Vec::new() };
        let part = |running: &Running| {
            let files = running.acceptance.iter().flat_map(Acceptance::files);
            running.root == *id && files.into_iter().any(|file| file.path == *path)
        };
        self.running.iter().filter(|(_, running)| part(running)).map(|(token, _)| *token).collect()
    }

    /// Looks whether what was accepted in a document is still there, or is saved already.
    fn text_settled(&mut self, uri: &str) {
        let Some(landings) = self.landings.get(uri).filter(|landings| !landings.is_empty()) else {
            return;
        };
        let Some(document) = self.documents.get(uri) else { return };
        let back = landings.iter().position(|landing| document.reads(&landing.before));
        if let Some(back) = back {
            // The editor undoes the newest first, so what came after that text is gone as well.
            self.withdraw(uri, hunks_of(landings.iter().skip(back)));
        } else if !document.unsaved() {
            // It may read as saved because what was accepted is gone.
            self.text_paused(uri);
            let held = self.landings.remove(uri).is_some_and(|landings| !landings.is_empty());
            if let Some((id, path)) = self.homes.get(uri).cloned().filter(|_| held) {
                self.post(id, Job::Saved(path));
            }
        }
    }

    /// Looks in every document whether what was accepted there is gone, however that came.
    pub(crate) fn texts_paused(&mut self) {
        for uri in self.landings.keys().cloned().collect::<Vec<_>>() {
            self.text_paused(&uri);
        }
    }

    /// Looks by content: where the text that an accepted hunk replaced is back, the hunk is gone. Typing over
    /// it is not that. Cost: a difference of two whole texts for each ChangeSet.
    fn text_paused(&mut self, uri: &str) {
        let Some(landings) = self.landings.get(uri).filter(|_| self.taking_part(uri).is_empty())
        else {
            return;
        };
        let (Some(document), Some((id, path))) = (self.documents.get(uri), self.homes.get(uri))
        else {
            return;
        };
        let Some(root) = self.roots.get(id) else { return };
        let gone = hunks_of(landings).into_iter().filter_map(|(changeset, hunks)| {
            let change = root.board.change(changeset)?;
            let gone = placement::taken_out(change, path, document.text(), &hunks);
            (!gone.is_empty()).then_some((changeset, gone))
        });
        self.withdraw(uri, gone.collect());
    }

    /// These accepted hunks are not in a document any more.
    fn withdraw(&mut self, uri: &str, gone: Hunks) {
        let Some((id, path)) = self.homes.get(uri).cloned().filter(|_| !gone.is_empty()) else {
            return;
        };
        if let Some(landings) = self.landings.get_mut(uri) {
            take_from(landings, &gone);
        }
        self.post(id, Job::Withdrawn { path, gone });
    }

    /// A buffer was saved: so is what was accepted in it.
    pub(crate) fn text_saved(&mut self, uri: &str) {
        if !self.taking_part(uri).is_empty() {
            return;
        }
        self.text_paused(uri);
        let held = self.landings.remove(uri).is_some_and(|landings| !landings.is_empty());
        if (held || !self.accepted_in(uri).is_empty() || self.undone_in(uri))
            && let Some((id, path)) = self.homes.get(uri).cloned()
        {
            self.post(id, Job::Saved(path));
        }
    }

    /// A buffer is about to be closed: what was accepted in it and is not saved is gone.
    pub(crate) fn text_closed(&mut self, uri: &str, now: Instant) {
        let home: Option<(RootId, RelPath)> = self.homes.get(uri).cloned();
        let Some((id, path)) = home else { return };
        for token in self.taking_part(uri) {
            self.advance(token, Input::Closed { path: &path }, now);
        }
        self.text_paused(uri);
        let mut accepted = hunks_of(&self.landings.remove(uri).unwrap_or_default());
        for (changeset, hunks) in self.accepted_in(uri) {
            accepted.entry(changeset).or_default().extend(hunks);
        }
        let concerned = !accepted.is_empty() || self.undone_in(uri);
        if let Some(document) = self.documents.get(uri).filter(|_| concerned) {
            let text = Arc::clone(document.text());
            self.post(id, Job::Closed { path, text, accepted });
        }
    }
}

/// Takes hunks out of landings, and landings that have none left.
fn take_from(landings: &mut Vec<Landing>, hunks: &Hunks) {
    for landing in landings.iter_mut() {
        let gone = hunks.get(&landing.changeset);
        landing.hunks.retain(|hunk| gone.is_none_or(|gone| !gone.contains(hunk)));
    }
    landings.retain(|landing| !landing.hunks.is_empty());
}

/// One line on how a command ended.
fn said(running: &Running, report: &Report, unsaved: &[RelPath]) -> (MessageType, String) {
    let title = &running.title;
    let mut text = if report.hunks.is_empty() {
        format!("nothing of {title} was {}", report.done)
    } else {
        format!("{} {} of {title}", report.done, prose::numbered("hunk", &report.hunks))
    };
    if running.verb == Verb::Accept && !unsaved.is_empty() && !report.hunks.is_empty() {
        text.push_str(&format!(", not saved yet in {}", named(unsaved)));
    }
    for refused in report.refused.iter().take(REASONS_MAX) {
        text.push_str(&format!("; not hunk {}: {}", refused.hunk, refused.reason));
    }
    for failed in report.failed.iter().take(REASONS_MAX) {
        text.push_str(&format!("; {}: {}", failed.path, failed.reason));
    }
    let left = report.refused.len().saturating_sub(REASONS_MAX)
        + report.failed.len().saturating_sub(REASONS_MAX);
    if left > 0 {
        text.push_str(&format!("; and {left} more"));
    }
    let smooth = report.refused.is_empty() && report.failed.is_empty();
    (if smooth { MessageType::INFO } else { MessageType::WARNING }, text)
}

const REASONS_MAX: usize = 3;

fn named(paths: &[RelPath]) -> String {
    match paths {
        [path] => path.to_string(),
        paths => prose::count(paths.len(), "file"),
    }
}
