//! The tasks that were asked for in this session: the queue, what is under way, and how that is told.
//!
//! A few are carried out at once, the others wait their turn. A task holds a thread of its own elsewhere (`work`); here is
//! only what became of it. What it proposes shows by itself, as the ledger is followed.

use std::collections::{BTreeMap, VecDeque};

use engine::{Around, WorkerBy, WorkerError, WorkerSet};
use lsp_types::{
    CodeActionOrCommand, CodeActionParams, MessageType, NumberOrString, ProgressParams,
    ProgressParamsValue, WorkDoneProgress, WorkDoneProgressBegin, WorkDoneProgressEnd,
    WorkDoneProgressReport,
};
use model::{RelPath, Task, TaskBudget, TaskConstraints, TaskEnd, TaskId, TaskPlace};
use serde_json::{Value, json};

use crate::asks::{self, AskArguments, Asking, CancelArguments, Wanted};
use crate::documents::Document;
use crate::extension::{TaskRow, TaskState};
use crate::jobs::{Job, RootId, Token};
use crate::main_loop::{Refusal, Reply, Wake};
use crate::outbox::{Continuation, Outgoing, Question};
use crate::place_name;
use crate::pool;
use crate::prose;
use crate::session::{Session, answer};
use crate::work::{Interrupt, Worked};

/// How many tasks may wait or be under way.
const QUEUE_MAX: usize = 16;
/// How many that are over are remembered.
const OVER_MAX: usize = 8;
const TITLE_MAX: usize = 80;
const SAID_MAX: usize = 600;

/// A task of this session.
#[derive(Debug)]
pub(crate) struct Entry {
    token: Token,
    id: TaskId,
    root: RootId,
    uri: String,
    task: Box<Task>,
    /// Who is asked, as a sentence says it.
    worker: String,
    /// Whether that is a program, whose time is metered.
    metered: bool,
    state: TaskState,
    interrupt: Interrupt,
    progress: Progress,
    /// What its progress says.
    shown: String,
    /// What was said of its end.
    said: String,
    changesets: Vec<String>,
}

/// How a client is shown that something goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// It has no means for it, or refused.
    Untold,
    /// It was asked for a place to show it.
    Asked,
    /// It shows it.
    Shown,
}

/// A command to ask for work, with what is known of its place.
#[derive(Debug)]
pub(crate) struct Placed {
    root: RootId,
    path: RelPath,
    arguments: AskArguments,
    /// What is around the lines that it names.
    around: Option<Around>,
    reply: Reply<Option<Value>>,
}

impl Entry {
    fn is_over(&self) -> bool {
        !matches!(self.state, TaskState::Queued | TaskState::Running)
    }

    fn title(&self) -> String {
        prose::one_line(&self.task.objective, TITLE_MAX)
    }

    fn called(&self) -> String {
        format!("{}, {}", self.worker, self.title())
    }

    fn progress_token(&self) -> NumberOrString {
        NumberOrString::String(format!("countersign/task/{}", self.token.0))
    }
}

impl Session {
    /// Answers what a person can do at a place; what can be asked for is found out on the pool.
    pub(crate) fn actions_and_asks(
        &self,
        params: &CodeActionParams,
        reply: Reply<Option<Vec<CodeActionOrCommand>>>,
    ) {
        let actions = self.actions(params);
        let Some(asking) = self.asking(params) else { return answer(reply, Ok(actions)) };
        self.pool.post(Box::new(move || {
            let asks = pool::caught(|| asks::at(&asking), Vec::new());
            let actions = actions.into_iter().flatten().chain(asks).collect();
            Some(Wake::Offered { actions, reply })
        }));
    }

    fn asking(&self, params: &CodeActionParams) -> Option<Asking> {
        let uri = params.text_document.uri.as_str();
        let document = self.documents.get(uri)?;
        let (root, path) = self.asked_place(document)?;
        let workers = self.roots.get(&root)?.workers.clone()?;
        let mine = self.tasks.iter().filter(|entry| entry.uri == uri && !entry.is_over());
        Some(Asking {
            uri: document.uri.clone(),
            path,
            text: document.text().clone(),
            named: document.named().clone(),
            range: params.range,
            only: params.context.only.clone(),
            diagnostics: params.context.diagnostics.clone(),
            workers,
            to_allow: self.to_allow(root),
            under_way: mine.map(|entry| (entry.id, entry.called())).collect(),
            to_approve: self.to_approve(root),
            literals: self.client.literals,
        })
    }

    /// In which repository a document is, and where: also of one that has no ledger yet.
    fn asked_place(&self, document: &Document) -> Option<(RootId, RelPath)> {
        let home = self.homes.get(document.uri.as_str());
        // One without a ledger may lie in one that has it.
        let meant = self.root_meant(Some(&document.uri));
        if let Some(home) = home.filter(|(root, _)| meant.is_none_or(|meant| meant == *root)) {
            return Some(home.clone());
        }
        self.place_below(&document.uri)
    }

    fn place_below(&self, uri: &lsp_types::Uri) -> Option<(RootId, RelPath)> {
        let path = place_name::to_path(uri)?;
        let root = self.root_meant(Some(uri))?;
        let top = &self.roots.get(&root)?.workers.as_ref()?.root;
        Some((root, place_name::below(top, &path)?))
    }

    /// Who can be asked is another, or what states it does not load.
    pub(crate) fn offered(&mut self, root: RootId, offered: Result<WorkerSet, String>) {
        let Some(root) = self.roots.get_mut(&root) else { return };
        match offered {
            Ok(set) => root.workers = Some(set.into()),
            // Those that were known stay: what they would do, they were stated for.
            Err(message) => self.outbox.say(
                MessageType::WARNING,
                format!(
                    "who can be asked for work is not known: {}",
                    prose::one_line(&message, SAID_MAX)
                ),
            ),
        }
        self.start_tasks();
    }

    /// A command about tasks.
    pub(crate) fn command_of_tasks(&mut self, wanted: Wanted, reply: Reply<Option<Value>>) {
        match wanted {
            Wanted::Ask(arguments) => self.ask_for(*arguments, reply),
            Wanted::Cancel(arguments) => self.cancel(&arguments, reply),
        }
    }

    /// Has it found out what the place is that work is asked for at.
    pub(crate) fn ask_for(&self, arguments: AskArguments, reply: Reply<Option<Value>>) {
        let document = self.documents.get(arguments.uri.as_str());
        let place = match document {
            Some(document) => self.asked_place(document),
            None => self.place_below(&arguments.uri),
        };
        let Some((root, path)) = place else {
            let message = "no repository is open around that file".to_owned();
            return self.refuse(reply, message);
        };
        let text = document.map(|document| (document.text().clone(), document.named().clone()));
        let range = arguments.range;
        self.pool.post(Box::new(move || {
            let around = text.zip(range).and_then(|((text, named), range)| {
                let (first, count) = asks::lines(range);
                let around = || {
                    let named = named.get_or_init(|| engine::named(&path, text.as_bytes()));
                    engine::innermost(named, first, count).cloned()
                };
                pool::caught(around, None)
            });
            Some(Wake::AskedFor(Box::new(Placed { root, path, arguments, around, reply })))
        }));
    }

    /// Takes a task in, unless it was asked for before.
    pub(crate) fn asked_for(&mut self, placed: Placed) {
        let Placed { root, path, arguments, around, reply } = placed;
        let workers = self.roots.get(&root).and_then(|root| root.workers.clone());
        let Some(workers) = workers else {
            let message = "nobody can be asked from here: use `countersign ask`".to_owned();
            return self.refuse(reply, message);
        };
        let uri = arguments.uri.as_str().to_owned();
        let mut task = stated(path, arguments.clone(), around);
        let worker = match workers.choose(&task) {
            Ok(worker) => worker.clone(),
            Err(error @ WorkerError::Untrusted(_)) => {
                self.outbox.say(MessageType::WARNING, error.to_string());
                if let Some(root) = self.roots.get_mut(&root) {
                    root.wished = Some(Box::new(arguments));
                }
                return self.trust(root, None, Some(reply));
            }
            Err(error) => return self.refuse(reply, error.to_string()),
        };
        task.worker = Some(worker.name.to_string());
        let id = task.id();
        if let Some(entry) = self.tasks.iter().find(|entry| entry.id == id && !entry.is_over()) {
            self.outbox.say(MessageType::INFO, format!("asked for already: {}", entry.called()));
            return answer(reply, Ok(Some(json!({ "task": id, "state": entry.state }))));
        }
        let board = self.roots.get(&root).map(|root| root.board.clone());
        if let Some(change) = board.as_ref().and_then(|board| board.answering(id)) {
            let changeset = change.changeset.id;
            let text = format!("this was asked for before: change {} waits", changeset.short());
            self.outbox.say(MessageType::INFO, text);
            let value =
                json!({ "task": id, "state": TaskState::Proposed, "changesets": [changeset] });
            return answer(reply, Ok(Some(value)));
        }
        let ahead = self.tasks.iter().filter(|entry| !entry.is_over()).count();
        if ahead >= QUEUE_MAX {
            return self
                .refuse(reply, format!("{QUEUE_MAX} tasks wait: let one end, or cancel it"));
        }
        let token = self.token();
        let progress = if self.client.progress { Progress::Asked } else { Progress::Untold };
        let entry = Entry {
            token,
            id,
            root,
            uri,
            task: Box::new(task),
            worker: worker.called(),
            metered: worker.by != WorkerBy::Recipes,
            state: TaskState::Queued,
            interrupt: Interrupt::default(),
            progress,
            shown: String::new(),
            said: String::new(),
            changesets: Vec::new(),
        };
        self.tell_asked(&entry, ahead);
        self.post(root, Job::QueueTask { token, task: entry.task.clone() });
        self.tasks.push_back(entry);
        self.start_tasks();
        let state = self.tasks.iter().find(|entry| entry.token == token).map(|entry| entry.state);
        answer(reply, Ok(Some(json!({ "task": id, "state": state, "ahead": ahead }))));
    }

    fn tell_asked(&self, entry: &Entry, ahead: usize) {
        let document = self.documents.get(&entry.uri);
        let unsaved = document.is_some_and(Document::unsaved);
        let mut text = format!("asked {}", entry.called());
        if self.paused_roots().contains(&entry.root) {
            text.push_str("; it waits, since work in the background is paused");
        } else if self.has_no_time(entry) {
            text.push_str("; it waits, since the time for workers is spent");
        } else if ahead > 0 {
            text.push_str(&format!("; {} before it", prose::count(ahead, "task")));
        }
        if unsaved {
            text.push_str("; it sees the saved text, not what is unsaved here");
        }
        // Who shows progress needs no line for it.
        if entry.progress == Progress::Untold || unsaved {
            self.outbox.say(MessageType::INFO, text);
        }
        if entry.progress == Progress::Asked {
            let question = Box::new(Question::Progress(entry.progress_token()));
            self.outbox.send(Outgoing::Ask(question, Continuation::Progress(entry.token)));
        }
    }

    /// Has as many tasks carried out as may be at once, in the order in which they were asked for.
    pub(crate) fn start_tasks(&mut self) {
        loop {
            let running =
                self.tasks.iter().filter(|entry| entry.state == TaskState::Running).count();
            let due = |entry: &Entry| {
                entry.state == TaskState::Queued
                    && !self.is_held(entry.root)
                    && !self.has_no_time(entry)
            };
            let Some(next) = self.tasks.iter().position(due) else { break };
            let Some(next) = self.tasks.get_mut(next) else { break };
            let workers = self.roots.get(&next.root).and_then(|root| root.workers.as_ref());
            if running >= workers.map_or(1, |workers| workers.at_once) {
                break;
            }
            next.state = TaskState::Running;
            let (root, token) = (next.root, next.token);
            let (task, interrupt) = (next.task.clone(), next.interrupt.clone());
            self.post(root, Job::Work { token, task, interrupt });
        }
        self.ask_for_time();
        self.report_tasks();
    }

    /// Whether a task is one of a program's, and its repository's workers may take no time.
    fn has_no_time(&self, entry: &Entry) -> bool {
        entry.metered && self.roots.get(&entry.root).is_some_and(|root| root.purse.holds())
    }

    /// The repositories whose tasks wait for time, and how many do.
    pub(crate) fn waiting_for_time(&self) -> BTreeMap<RootId, usize> {
        let mut waiting = BTreeMap::new();
        let waits = |entry: &&Entry| entry.state == TaskState::Queued && self.has_no_time(entry);
        for entry in self.tasks.iter().filter(waits) {
            *waiting.entry(entry.root).or_default() += 1;
        }
        waiting
    }

    /// A task did not begin, and waits again; of which repository. One that was cancelled meanwhile is over.
    pub(crate) fn task_waits(&mut self, token: Token) -> Option<RootId> {
        let entry = self.tasks.iter_mut().find(|entry| entry.token == token)?;
        if entry.state != TaskState::Running {
            return None;
        }
        entry.state = TaskState::Queued;
        let root = entry.root;
        if entry.interrupt.asked().load(std::sync::atomic::Ordering::SeqCst) {
            self.task_over(token, Err("it had not begun".to_owned()));
        }
        Some(root)
    }

    /// Tells where progress is shown how it stands, if that is another.
    fn report_tasks(&mut self) {
        let mut moved = Vec::new();
        let (paused, spent) = (self.paused_roots(), self.waiting_for_time());
        for (ahead, entry) in self.tasks.iter_mut().filter(|entry| !entry.is_over()).enumerate() {
            let held = (paused.contains(&entry.root), spent.contains_key(&entry.root));
            let message = standing(entry, ahead, held);
            if entry.progress == Progress::Shown && entry.shown != message {
                entry.shown.clone_from(&message);
                moved.push((entry.token, message));
            }
        }
        for (token, message) in moved {
            let Some(entry) = self.tasks.iter().find(|entry| entry.token == token) else {
                continue;
            };
            let (cancellable, percentage) = (Some(true), None);
            let message = Some(message);
            let report = WorkDoneProgressReport { cancellable, message, percentage };
            self.send_progress(entry, WorkDoneProgress::Report(report));
        }
    }

    fn send_progress(&self, entry: &Entry, value: WorkDoneProgress) {
        let (token, value) = (entry.progress_token(), ProgressParamsValue::WorkDone(value));
        self.outbox.send(Outgoing::Progress(ProgressParams { token, value }));
    }

    /// The client shows progress from now on, or does not want to.
    pub(crate) fn progress_answered(&mut self, token: Token, outcome: &Result<(), String>) {
        let ahead =
            self.tasks.iter().filter(|it| !it.is_over()).take_while(|it| it.token != token).count();
        let (paused, spent) = (self.paused_roots(), self.waiting_for_time());
        let Some(entry) = self.tasks.iter_mut().find(|entry| entry.token == token) else { return };
        if outcome.is_err() {
            entry.progress = Progress::Untold;
            return;
        }
        if entry.is_over() {
            return;
        }
        entry.progress = Progress::Shown;
        let held = (paused.contains(&entry.root), spent.contains_key(&entry.root));
        entry.shown = standing(entry, ahead, held);
        let begin = WorkDoneProgressBegin {
            title: format!("Asked {}", entry.called()),
            cancellable: Some(true),
            message: Some(entry.shown.clone()),
            percentage: None,
        };
        let Some(entry) = self.tasks.iter().find(|entry| entry.token == token) else { return };
        self.send_progress(entry, WorkDoneProgress::Begin(begin));
    }

    /// The client wants to see no more of a progress: the task behind it is cancelled.
    pub(crate) fn progress_cancelled(&mut self, token: &NumberOrString) {
        let of = self.tasks.iter().find(|entry| entry.progress_token() == *token);
        if let Some(token) = of.map(|entry| entry.token) {
            self.cancel_task(token);
        }
    }

    fn cancel(&mut self, arguments: &CancelArguments, reply: Reply<Option<Value>>) {
        let wanted = arguments.task.as_ref().map(|task| task.to_lowercase());
        let named = |entry: &&Entry| {
            let id = entry.id.0.to_string();
            !entry.is_over() && wanted.as_ref().is_none_or(|start| id.starts_with(start.as_str()))
        };
        let named: Vec<&Entry> = self.tasks.iter().filter(named).collect();
        if named.is_empty() {
            let message = "no task of that name is under way, so there is nothing to cancel";
            return self.refuse(reply, message.to_owned());
        }
        let ids: Vec<TaskId> = named.iter().map(|entry| entry.id).collect();
        let tokens: Vec<Token> = named.iter().map(|entry| entry.token).collect();
        tokens.into_iter().for_each(|token| self.cancel_task(token));
        answer(reply, Ok(Some(json!({ "cancelled": ids }))));
    }

    /// One that waits is over at once; one that is under way once its worker has ended.
    fn cancel_task(&mut self, token: Token) {
        let Some(entry) = self.tasks.iter_mut().find(|entry| entry.token == token) else { return };
        entry.interrupt.interrupt();
        if entry.state == TaskState::Queued {
            self.task_over(token, Err("it had not begun".to_owned()));
        }
    }

    /// A task came to its end.
    pub(crate) fn task_over(&mut self, token: Token, result: Result<Worked, String>) {
        let Some(entry) = self.tasks.iter_mut().find(|entry| entry.token == token) else { return };
        if entry.is_over() {
            return;
        }
        let cancelled = entry.interrupt.asked().load(std::sync::atomic::Ordering::SeqCst);
        let (kind, said, end) = match result {
            Ok(Worked { changesets, said }) if changesets.is_empty() => {
                entry.state = TaskState::Unchanged;
                (MessageType::INFO, said, TaskEnd::Unchanged)
            }
            Ok(Worked { changesets, said }) => {
                entry.state = TaskState::Proposed;
                entry.changesets = changesets.iter().map(|id| id.to_string()).collect();
                (MessageType::INFO, said, TaskEnd::Proposed { changesets })
            }
            Err(_) if cancelled => {
                entry.state = TaskState::Cancelled;
                let said = format!("cancelled, nothing is proposed: {}", entry.called());
                (MessageType::INFO, said, TaskEnd::Cancelled)
            }
            Err(reason) => {
                entry.state = TaskState::Failed;
                let said = format!("{} proposed nothing: {reason}", entry.worker);
                let reason = prose::bounded(prose::visible(&reason), SAID_MAX, "…");
                (MessageType::ERROR, said, TaskEnd::Failed { reason })
            }
        };
        let root = entry.root;
        let said = prose::bounded(prose::visible(&said), SAID_MAX, "…");
        entry.said.clone_from(&said);
        let shown = entry.progress == Progress::Shown;
        self.post(root, Job::EndTask { token, end });
        self.outbox.say(kind, said.clone());
        if shown && let Some(entry) = self.tasks.iter().find(|entry| entry.token == token) {
            let end = WorkDoneProgressEnd { message: Some(said) };
            self.send_progress(entry, WorkDoneProgress::End(end));
        }
        self.forget_old_tasks();
        self.start_tasks();
    }

    fn forget_old_tasks(&mut self) {
        let over = self.tasks.iter().filter(|entry| entry.is_over()).count();
        let mut excess = over.saturating_sub(OVER_MAX);
        self.tasks.retain(|entry| {
            let goes = excess > 0 && entry.is_over();
            excess -= usize::from(goes);
            !goes
        });
    }

    /// A repository goes, and what was asked for there with it.
    pub(crate) fn abandon_tasks(&mut self, root: RootId, why: &str) {
        let here = self.tasks.iter().filter(|entry| entry.root == root && !entry.is_over());
        let tokens: Vec<Token> = here.map(|entry| entry.token).collect();
        for token in tokens {
            self.cancel_task(token);
            self.task_over(token, Err(why.to_owned()));
        }
    }

    /// The connection is over: ends all, and lets nothing begin any more.
    pub(crate) fn end_tasks(&mut self) {
        self.ending = true;
        let open = self.tasks.iter().filter(|entry| !entry.is_over());
        let tokens: Vec<Token> = open.map(|entry| entry.token).collect();
        tokens.into_iter().for_each(|token| self.cancel_task(token));
    }

    /// How many wait their turn.
    pub(crate) fn queued_tasks(&self) -> usize {
        self.tasks.iter().filter(|entry| entry.state == TaskState::Queued).count()
    }

    /// Whether a task waits or is under way.
    pub(crate) fn has_tasks(&self) -> bool {
        self.tasks.iter().any(|entry| !entry.is_over())
    }

    /// Whether a task of a repository waits or is under way.
    pub(crate) fn has_tasks_in(&self, id: RootId) -> bool {
        self.tasks.iter().any(|entry| entry.root == id && !entry.is_over())
    }

    /// How each task stands.
    pub(crate) fn task_states(&self) -> Vec<(Token, TaskState)> {
        self.tasks.iter().map(|entry| (entry.token, entry.state)).collect()
    }

    /// The tasks, in the order in which they were asked for.
    pub(crate) fn task_rows(&self) -> Vec<TaskRow> {
        let row = |entry: &Entry| TaskRow {
            id: entry.id.0.to_string(),
            kind: entry.task.kind.name().to_owned(),
            title: entry.title(),
            worker: entry.worker.clone(),
            uri: entry.uri.parse().ok(),
            state: entry.state,
            said: entry.said.clone(),
            changesets: entry.changesets.clone(),
        };
        self.tasks.iter().map(row).collect()
    }

    fn refuse(&self, reply: Reply<Option<Value>>, message: String) {
        self.outbox.say(MessageType::ERROR, message.clone());
        answer(reply, Err(Refusal::Failed(message)));
    }
}

/// The tasks of a session, in the order in which they were asked for.
pub(crate) type Tasks = VecDeque<Entry>;

/// How a task stands, in a few words.
fn standing(entry: &Entry, ahead: usize, (paused, spent): (bool, bool)) -> String {
    if entry.state == TaskState::Running {
        "at work on a copy of the saved files".to_owned()
    } else if paused {
        "paused".to_owned()
    } else if entry.metered && spent {
        "waits: the time for workers is spent".to_owned()
    } else {
        format!("waits for {}", prose::count(ahead, "task"))
    }
}

/// The task that a command asks for.
fn stated(path: RelPath, arguments: AskArguments, around: Option<Around>) -> Task {
    let AskArguments { kind, range, objective, worker, diagnostic, .. } = arguments;
    let (mut first_line, mut lines) = range.map_or((0, 0), asks::lines);
    // A cursor stands for one line.
    lines = lines.max(u32::from(range.is_some()));
    let mut what = match (range, lines) {
        (None, _) => path.to_string(),
        (_, 1) => format!("{path}:{}", first_line.saturating_add(1)),
        _ => {
            format!("{path}:{}-{}", first_line.saturating_add(1), first_line.saturating_add(lines))
        }
    };
    let of_entity = matches!(kind, model::TaskKind::Tests | model::TaskKind::Docs);
    if let Some(around) = around.filter(|_| of_entity) {
        (first_line, lines) = (around.first_line, around.lines);
        what = around.name;
    }
    let objective = objective.filter(|text| !text.trim().is_empty());
    Task {
        kind,
        objective: objective.unwrap_or_else(|| kind.objective(&what)),
        place: Some(TaskPlace { path, first_line, lines }),
        diagnostic,
        constraints: TaskConstraints::default(),
        budget: TaskBudget::default(),
        depends_on: [].into(),
        worker,
    }
}

#[cfg(test)]
mod tests;
