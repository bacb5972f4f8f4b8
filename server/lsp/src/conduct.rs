//! What commands do: preflight, intent, edits, confirmation, outcome. What buffers say later is in `follow`.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use engine::{BoardChange, ErrorKind, PlanFile, Report, Selection, Since};
use lsp_types::{ExecuteCommandParams, MessageType};
use model::{ChangeSetId, Purpose, RelPath};
use serde_json::Value;

use crate::acceptance::{Acceptance, EditorFile, Input, Step};
use crate::asks;
use crate::budget;
use crate::command::{self, OfFiles, Verb};
use crate::documents::Document;
use crate::edits::{self, Replacement};
use crate::hover;
use crate::jobs::{Begun, Failure, Job, RootId, Token};
use crate::main_loop::{Refusal, Reply};
use crate::outbox::{Continuation, Outgoing, Question};
use crate::pause;
use crate::prose;
use crate::session::{Session, answer};
use crate::settings;
use crate::work::Interrupt;

/// How many commands may be under way.
const RUNNING_MAX: usize = 64;
const TITLE_MAX: usize = 60;

/// A command under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) root: RootId,
    pub(crate) changeset: ChangeSetId,
    verb: Verb,
    title: String,
    /// Who waits for it; nobody, where the server follows what the editor did late.
    pub(crate) reply: Option<Reply<Option<Value>>>,
    /// What an editor holds of it, once it is begun.
    pub(crate) acceptance: Option<Acceptance>,
    /// The plan for the files in an editor, in the order of the acceptance's files.
    pub(crate) files: Vec<PlanFile>,
}

impl Running {
    /// When to be woken at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.acceptance.as_ref()?.deadline()
    }
}

impl Session {
    /// Starts a command; its end is answered later.
    pub(crate) fn command(
        &mut self,
        params: ExecuteCommandParams,
        reply: Reply<Option<Value>>,
        now: Instant,
    ) {
        if let Some(snooze) = settings::read(&params.command, &params.arguments) {
            return match snooze {
                Ok(given) => self.snooze(given, reply, now),
                Err(message) => answer(reply, Err(Refusal::InvalidParams(message))),
            };
        }
        if let Some(pause) = pause::read(&params.command, &params.arguments) {
            return match pause {
                Ok(given) => self.pause(given, reply),
                Err(message) => answer(reply, Err(Refusal::InvalidParams(message))),
            };
        }
        if let Some(allow) = budget::read(&params.command, &params.arguments) {
            return match allow {
                Ok(given) => self.allow(&given, reply),
                Err(message) => answer(reply, Err(Refusal::InvalidParams(message))),
            };
        }
        if let Some(of_tasks) = asks::read(&params.command, &params.arguments) {
            return match of_tasks {
                Ok(wanted) => self.command_of_tasks(wanted, reply),
                Err(message) => answer(reply, Err(Refusal::InvalidParams(message))),
            };
        }
        if let Some(of_files) = command::read_of_files(&params.command, &params.arguments) {
            return match of_files {
                Ok((verb, given)) => self.command_of_files(verb, given, reply),
                Err(message) => answer(reply, Err(Refusal::InvalidParams(message))),
            };
        }
        let request = match command::read(&params.command, params.arguments) {
            Ok(request) => request,
            Err(message) => return answer(reply, Err(Refusal::InvalidParams(message))),
        };
        let meant = request.uri.as_ref().and_then(|uri| self.root_shown(uri));
        let roots = self.roots.iter().filter(|(id, _)| meant.is_none_or(|meant| meant == **id));
        let matching = roots.flat_map(|(id, root)| {
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
            let mut why = hover::why(change);
            if let Selection::Hunks(hunks) = &selection {
                why.push_str(&self.why_nowhere(changeset, hunks));
            }
            self.outbox.say(MessageType::INFO, why.clone());
            return answer(reply, Ok(Some(Value::String(why))));
        }
        if self.running.len() >= RUNNING_MAX {
            let message = format!("{RUNNING_MAX} commands are under way: wait for one to end");
            return answer(reply, Err(Refusal::Failed(message)));
        }
        if verb == Verb::Restore {
            let token = self.starts(root, change, verb, Some(reply));
            self.post(root, Job::Restore { token, changeset, selection });
        } else if verb == Verb::Repropose {
            let token = self.starts(root, change, verb, Some(reply));
            self.post(root, Job::Repropose { token, changeset });
        } else if verb == Verb::Prove {
            self.prove(root, change, Some(reply));
        } else if verb == Verb::Reject {
            let token = self.starts(root, change, verb, Some(reply));
            let (reason, open) = (request.reason, self.open_texts(root));
            self.post(root, Job::Reject { token, changeset, selection, reason, open });
        } else {
            self.begin(root, change, verb, selection, Some(reply));
        }
    }

    /// What is being proved, or waits for that because somebody asked.
    pub(crate) fn proving(&self) -> BTreeSet<ChangeSetId> {
        let asked = self.running.values().filter(|running| running.verb == Verb::Prove);
        let under_way = self.roots.values().flat_map(|root| root.proving.iter().copied());
        asked.map(|running| running.changeset).chain(under_way).collect()
    }

    /// Has a change proved because somebody asked for it.
    pub(crate) fn prove(
        &mut self,
        root: RootId,
        change: &BoardChange,
        reply: Option<Reply<Option<Value>>>,
    ) {
        let changeset = change.changeset.id;
        let (token, interrupt) =
            (self.starts(root, change, Verb::Prove, reply), Interrupt::default());
        self.post(root, Job::Prove { token, changeset, interrupt: interrupt.clone() });
        let title = prose::one_line(&change.changeset.title, TITLE_MAX);
        self.follow_proof(token, format!("Proving {title}"), interrupt);
        self.outbox.say(MessageType::INFO, format!("proving change {}", changeset.short()));
    }

    /// Starts a command about the files of a repository as a whole.
    fn command_of_files(&mut self, verb: Verb, given: OfFiles, reply: Reply<Option<Value>>) {
        let Some(root) = self.root_meant(given.uri.as_ref()) else {
            let open = self.roots.values().filter(|root| self.counts(root)).count();
            let message = match (open, &given.uri) {
                (0, _) => match self.refused.values().next() {
                    Some(why) => why.clone(),
                    None => "no repository is open here".to_owned(),
                },
                (_, Some(uri)) => {
                    format!("{} is in no repository that is open", uri.as_str())
                }
                (_, None) => {
                    format!("several repositories are open: name one to {} by `uri`", verb.word())
                }
            };
            self.outbox.say(MessageType::ERROR, message.clone());
            return answer(reply, Err(Refusal::Failed(message)));
        };
        if verb == Verb::Trust {
            return self.trust(root, given.digest, Some(reply));
        }
        let token = self.token();
        self.of_files.insert(token, (root, verb, reply));
        let since = given.since.map_or(Since::Snapshot, Since::Revision);
        self.post(
            root,
            match verb {
                Verb::Snapshot => Job::Snapshot { token, label: given.label },
                _ => Job::Adopt { token, since, agent: given.agent },
            },
        );
    }

    /// A command that changed no text is over.
    pub(crate) fn told(&mut self, token: Token, mut said: String, value: Value) {
        self.proof_over(token);
        let of_files = self.of_files.remove(&token);
        if let Some((root, Verb::Adopt, _)) = &of_files {
            let open = self.open_texts(*root).0;
            let unsaved = open.values().filter(|open| open.unsaved).count();
            if unsaved > 0 {
                let files = prose::count(unsaved, "open file");
                said.push_str(&format!("; what {files} hold unsaved is no part of it"));
            }
        }
        let reply = match of_files {
            Some((_, _, reply)) => Some(reply),
            None => self.running.remove(&token).and_then(|running| running.reply),
        };
        self.outbox.say(MessageType::INFO, said);
        if let Some(reply) = reply {
            answer(reply, Ok(Some(value)));
        }
    }

    /// Has an acceptance or an undo planned against the buffers as they are now, and its intent appended.
    pub(crate) fn begin(
        &mut self,
        root: RootId,
        change: &BoardChange,
        verb: Verb,
        selection: Selection,
        reply: Option<Reply<Option<Value>>>,
    ) {
        // Nobody waits where the ledger follows what the editor did already.
        let follows = reply.is_none();
        let token = self.starts(root, change, verb, reply);
        let purpose = if verb == Verb::Undo { Purpose::Undo } else { Purpose::Accept };
        let (changeset, open) = (change.changeset.id, self.open_texts(root));
        self.post(root, Job::Begin { token, purpose, follows, changeset, selection, open });
    }

    fn starts(
        &mut self,
        root: RootId,
        change: &BoardChange,
        verb: Verb,
        reply: Option<Reply<Option<Value>>>,
    ) -> Token {
        let title = prose::one_line(&change.changeset.title, TITLE_MAX);
        let changeset = change.changeset.id;
        let token = self.token();
        let (acceptance, files) = (None, Vec::new());
        let running = Running { root, changeset, verb, title, reply, acceptance, files };
        self.running.insert(token, running);
        token
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
            Continuation::Nothing => {}
            Continuation::Progress(token) => {
                self.proof_shown(*token, &outcome);
                self.progress_answered(*token, &outcome);
            }
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
    pub(crate) fn advance(&mut self, token: Token, input: Input<'_>, now: Instant) {
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

    /// The command is over: watch what it was about, say what happened, answer.
    pub(crate) fn finished(&mut self, token: Token, report: &Report, now: Instant) {
        let Some(running) = self.running.remove(&token) else { return };
        // What only waited is not in any text, so there is nothing to watch.
        if running.verb != Verb::Reject || running.acceptance.is_some() {
            self.watch_outcome(&running, report, now);
        }
        let mut unsaved = Vec::new();
        for path in &report.files {
            let uri = self.uri_of(running.root, path);
            let document = uri.and_then(|uri| self.documents.get(uri));
            if document.is_some_and(Document::unsaved) {
                unsaved.push(path.clone());
            }
        }
        let (kind, text) = said(&running, report, &unsaved);
        match running.reply {
            Some(reply) => {
                self.outbox.say(kind, text);
                answer(reply, Ok(serde_json::to_value(report).ok()));
            }
            None if report.hunks.is_empty() => tracing::info!(text, "not followed"),
            None => self.outbox.say(MessageType::INFO, format!("the editor did it late: {text}")),
        }
    }

    /// The command failed as a whole.
    pub(crate) fn failed(&mut self, token: Token, failure: Failure) {
        let Failure { kind, message } = failure;
        self.proof_over(token);
        tracing::info!(?kind, message, "a command failed");
        let (reply, text) = if let Some((root, verb, reply)) = self.of_files.remove(&token) {
            if verb == Verb::Allow {
                self.allow_failed(root);
            }
            (reply, format!("could not {}: {message}", verb.word()))
        } else {
            let Some(running) = self.running.remove(&token) else { return };
            let Some(reply) = running.reply else { return };
            (reply, format!("could not {} {}: {message}", running.verb.word(), running.title))
        };
        self.outbox.say(MessageType::ERROR, text);
        let refusal = match kind {
            ErrorKind::Conflict => Refusal::Moved(message),
            ErrorKind::Internal => Refusal::Internal(message),
            ErrorKind::User | ErrorKind::Config | ErrorKind::Limit => Refusal::Failed(message),
        };
        answer(reply, Err(refusal));
    }

    /// A repository goes, and `why`: its commands are over, and what they wrote is settled by content later.
    pub(crate) fn abandon(&mut self, id: RootId, why: &str) {
        self.abandon_tasks(id, why);
        self.abandon_approval(id, why);
        let of_files: Vec<Token> =
            self.of_files.iter().filter(|(_, of)| of.0 == id).map(|(token, _)| *token).collect();
        for (_, _, reply) in of_files.into_iter().filter_map(|token| self.of_files.remove(&token)) {
            answer(reply, Err(Refusal::Failed(why.to_owned())));
        }
        let tokens: Vec<Token> =
            self.running.iter().filter(|(_, r)| r.root == id).map(|(token, _)| *token).collect();
        for token in tokens {
            self.proof_over(token);
            if let Some(reply) = self.running.remove(&token).and_then(|running| running.reply) {
                answer(reply, Err(Refusal::Failed(why.to_owned())));
            }
        }
    }
}

/// One line on how a command ended.
fn said(running: &Running, report: &Report, unsaved: &[RelPath]) -> (MessageType, String) {
    let title = &running.title;
    let mut text = if report.hunks.is_empty() {
        format!("nothing of {title} was {}", report.done)
    } else {
        format!("{} {} of {title}", report.done, prose::numbered("hunk", &report.hunks))
    };
    if running.verb != Verb::Undo && !unsaved.is_empty() && !report.hunks.is_empty() {
        text.push_str(&format!(", not saved yet in {}", named(unsaved)));
    }
    for unmet in report.unmet.iter().take(REASONS_MAX) {
        text.push_str(&format!("; {unmet}, and that is not in the text"));
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
    let smooth = report.refused.is_empty() && report.failed.is_empty() && report.unmet.is_empty();
    (if smooth { MessageType::INFO } else { MessageType::WARNING }, text)
}

const REASONS_MAX: usize = 3;

fn named(paths: &[RelPath]) -> String {
    match paths {
        [path] => path.to_string(),
        paths => prose::count(paths.len(), "file"),
    }
}
