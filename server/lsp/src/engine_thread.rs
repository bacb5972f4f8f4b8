//! One thread for each repository: the only place here that waits for the ledger, git and files.
//!
//! It owns the engine and every operation under way, takes jobs in order, and wakes the main loop with
//! what came of them. Between jobs it looks whether another process appended, and keeps the word out
//! which files have unsaved text here.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use engine::{
    Engine, Error, ErrorKind, HeadMark, OpenTexts, Operation, PRESENCE_TTL_MS, Plan, PlanFile,
    Report, Selection,
};
use model::{Budget, ChangeSetId, Digest, OperationId, Purpose, RelPath, TaskId};
use serde_json::Value;

use crate::Options;
use crate::approval;
use crate::background;
use crate::budget::{Metered, raised};
use crate::extension;
use crate::jobs::{AskedText, Begun, Done, Failure, Job, RootId, Token};
use crate::main_loop::{Inbox, Refusal, Wake};
use crate::placement::{self, has_lone_return};
use crate::proofs::{Proofs, Turn};
use crate::proving::{Occasion, Unasked, prove};
use crate::session::answer;
use crate::told::{adopted, reproposed, restored, snapshot};
use crate::work::{self, Offered};

/// How often the ledger is looked at for what others appended: one pragma, some 10 microseconds.
const POLL: Duration = Duration::from_millis(25);
const PANICKED: &str = "internal error: the log on stderr says more";
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// How often presence is renewed: well before it lapses.
const PRESENCE_RENEWAL: Duration = Duration::from_millis(PRESENCE_TTL_MS / 3);

/// Starts an engine for the repository around a folder. It wakes the main loop through the sender.
pub(crate) type Engines = Box<dyn Fn(RootId, PathBuf, Inbox) -> EngineThread + Send>;

/// Engines on threads of their own.
pub(crate) fn engines(options: Options) -> Engines {
    let (options, turn) = (Arc::new(options), Turn::default());
    Box::new(move |root, start, inbox| {
        let (jobs, queue) = channel();
        let (options, turn) = (Arc::clone(&options), turn.clone());
        let to = inbox.clone();
        let body = move || run(root, &start, &options, &turn, &queue, &inbox);
        let thread = background::spawn(format!("engine-{}", root.0), body);
        if let Err(error) = &thread {
            let reason = format!("the system gave no thread: {error}");
            tell(root, Done::Unavailable(Some(reason)), &to);
        }
        EngineThread { jobs: Some(jobs), thread: thread.ok() }
    })
}

/// A running engine thread.
#[derive(Debug)]
pub(crate) struct EngineThread {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl EngineThread {
    /// Someone who takes jobs and is no thread.
    #[cfg(test)]
    pub(crate) fn played_by(jobs: Sender<Job>) -> Self {
        Self { jobs: Some(jobs), thread: None }
    }

    /// Posts a job. A thread that is gone takes none: its repository is not served.
    pub(crate) fn post(&self, job: Job) {
        if let Some(Err(refused)) = self.jobs.as_ref().map(|jobs| jobs.send(job)) {
            tracing::warn!(job = ?refused.0, "the engine of this repository is gone: job dropped");
        }
    }
}

impl Drop for EngineThread {
    /// Lets the thread finish what was posted, then waits for it.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the engine thread panicked");
        }
    }
}

/// An open engine with what is under way.
pub(crate) struct Desk {
    pub(crate) engine: Engine,
    /// Those under way; with each the hunks that were decided without it, and the report has too.
    operations: BTreeMap<Token, (Operation, Vec<u32>)>,
    /// The tasks of this session that have no end yet.
    tasks: BTreeMap<Token, (OperationId, TaskId)>,
    /// What workers may spend.
    budget: Budget,
    presence: Vec<RelPath>,
    presence_due: Option<Instant>,
    /// Where HEAD was when the board was last made.
    head: Option<HeadMark>,
    /// What the ledger said of appends of others, when the board was last made; `None`: never.
    version: Option<i64>,
    /// Whether the board could not be made the last time, so that it is not tried without a pause.
    failing: bool,
}

fn tell(root: RootId, done: Done, inbox: &Inbox) {
    if inbox.send(Wake::Engine(root, Box::new(done))).is_err() {
        tracing::debug!("the main loop is gone");
    }
}

fn run(
    root: RootId,
    start: &Path,
    options: &Options,
    turn: &Turn,
    queue: &Receiver<Job>,
    inbox: &Inbox,
) {
    let wake = |done: Done| tell(root, done, inbox);
    let (mut offered, mut unasked) = (Offered::default(), Unasked::new(options));
    let at_once =
        AssertUnwindSafe(|| open(root, start, options, queue, inbox, (&mut offered, &mut unasked)));
    let (engine, first) = match catch_unwind(at_once) {
        Ok(Ok(Some(opened))) => opened,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => {
            tracing::info!(%error, "nothing to serve here");
            return wake(Done::Unavailable((!error.is_no_repository()).then(|| error.to_string())));
        }
        Err(_) => return wake(Done::Unavailable(Some(PANICKED.to_owned()))),
    };
    // Whoever waits for an answer from here is told that there will be none.
    let serves = AssertUnwindSafe(|| {
        let proofs = Proofs::new(turn.clone());
        serve(root, (engine, first), options, queue, inbox, (offered, unasked, proofs))
    });
    if catch_unwind(serves).is_err() {
        wake(Done::Unavailable(Some(PANICKED.to_owned())));
    }
}

/// Serves until nobody posts jobs any more.
fn serve(
    root: RootId,
    (engine, first): (Engine, Option<Job>),
    options: &Options,
    queue: &Receiver<Job>,
    inbox: &Inbox,
    (mut offered, mut unasked, mut proofs): (Offered, Unasked, Proofs),
) {
    let wake = |done: Done| tell(root, done, inbox);
    let folder = engine.root().to_owned();
    wake(Done::Opened(folder.clone()));
    let mut desk = Desk::new(engine);
    let told = |done: Vec<Done>, unasked: &mut Unasked, proofs: &mut Proofs| {
        for done in done {
            if let Done::Board(board) = &done {
                proofs.add(unasked.newcomers(board), Occasion::New);
            }
            wake(done);
        }
    };
    // Who can be asked is known before anything is shown.
    offered.renew(options, &folder).into_iter().for_each(wake);
    desk.budget = offered.budget();
    told(desk.turn(first), &mut unasked, &mut proofs);
    let (mut metered, mut moved) = (Metered::default(), true);
    loop {
        offered.renew(options, &folder).into_iter().for_each(wake);
        desk.budget = offered.budget();
        metered.renew(&mut desk.engine, desk.budget, moved).into_iter().for_each(wake);
        let wait = if desk.is_behind() { Duration::ZERO } else { POLL };
        let job = match queue.recv_timeout(wait) {
            Ok(Job::Prove { token, changeset, interrupt }) => {
                proofs.ask(token, changeset, interrupt);
                None
            }
            Ok(Job::ProvesUnasked(when)) => {
                unasked.set(when, options);
                None
            }
            Ok(Job::Work { token, task, interrupt }) => {
                work::start(root, &folder, options, (token, task, interrupt), inbox);
                None
            }
            Ok(Job::Meter) => {
                // Whoever was refused may know of a limit that was not looked at here yet.
                offered.renew_now(options, &folder).into_iter().for_each(wake);
                desk.budget = offered.budget();
                metered.forget();
                None
            }
            Ok(Job::Trust { token, digest }) => {
                let done = approval::carry_out(options, &folder, token, digest);
                // Whoever is trusted now can be asked at once.
                offered.renew_now(options, &folder).into_iter().for_each(wake);
                wake(done);
                None
            }
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let allowed = matches!(job, Some(Job::Allow { .. }));
        let done = desk.turn(job);
        moved = allowed || done.iter().any(|done| matches!(done, Done::Board(_)));
        told(done, &mut unasked, &mut proofs);
        proofs.add(unasked.due(), Occasion::Again);
        for token in proofs.cancelled() {
            let failure = Failure::user("it was cancelled before it began".to_owned());
            wake(Done::Failed { token, failure });
        }
        if let Some(next) = proofs.next(&unasked) {
            prove(root, &folder, options, next, inbox);
        }
    }
    desk.presence.clear();
    desk.publish_presence();
}

/// Opens the engine once there is a ledger. A repository without one has no proposals, so there is nothing
/// to show, to record or to tell other processes, and looking at its files must not leave anything in it,
/// until a command asks for something to be recorded: it is answered, too.
/// `None`: nobody waits for it any more.
fn open(
    root: RootId,
    start: &Path,
    options: &Options,
    queue: &Receiver<Job>,
    inbox: &Inbox,
    (offered, unasked): (&mut Offered, &mut Unasked),
) -> Result<Option<(Engine, Option<Job>)>, Error> {
    let (folder, top) = (engine::ledger_folder(start)?, engine::repository_root(start)?);
    tell(root, Done::Found { alias: alias(start, &top), root: top }, inbox);
    loop {
        // Looking for the folder is cheap, opening discovers the repository anew.
        if folder.exists() {
            let (actor, rules_from) = (options.actor.clone(), options.rules_from.clone());
            if let Some(engine) = Engine::open_existing(start, options.clock, actor, rules_from)? {
                return Ok(Some((engine, None)));
            }
        }
        if let Some(done) = offered.renew(options, start)
            && inbox.send(Wake::Engine(root, Box::new(done))).is_err()
        {
            return Ok(None);
        }
        match queue.recv_timeout(POLL) {
            Ok(Job::ProvesUnasked(when)) => unasked.set(when, options),
            // Nothing is paused, nor anything there to be.
            Ok(Job::Pause(false)) => {}
            // What it proposes makes the ledger.
            Ok(Job::Work { token, task, interrupt }) => {
                work::start(root, start, options, (token, task, interrupt), inbox);
            }
            Ok(Job::Trust { token, digest }) => {
                let done = approval::carry_out(options, start, token, digest);
                for done in offered.renew_now(options, start).into_iter().chain([done]) {
                    if inbox.send(Wake::Engine(root, Box::new(done))).is_err() {
                        return Ok(None);
                    }
                }
            }
            Ok(
                job @ (Job::Snapshot { .. }
                | Job::Adopt { .. }
                | Job::QueueTask { .. }
                | Job::Allow { .. }
                | Job::Pause(true)),
            ) => {
                let (actor, rules_from) = (options.actor.clone(), options.rules_from.clone());
                let engine = Engine::open(start, options.clock, actor, rules_from)?;
                return Ok(Some((engine, Some(job))));
            }
            Ok(job) => tracing::warn!(?job, "there is no ledger yet: job dropped"),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        }
    }
}

impl Desk {
    /// Takes an engine.
    pub(crate) fn new(engine: Engine) -> Self {
        let (operations, tasks, presence) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self {
            engine,
            operations,
            tasks,
            budget: Budget::default(),
            presence,
            presence_due: None,
            head: None,
            version: None,
            failing: false,
        }
    }

    /// Whether the ledger moved since the board was last made.
    fn is_behind(&self) -> bool {
        let seen = self.seen();
        let moved = seen.is_some() && self.version != seen;
        !self.failing && (moved || self.head != Some(self.engine.head_mark()))
    }

    fn seen(&self) -> Option<i64> {
        self.engine.data_version().map_err(|error| tracing::warn!(%error, "ledger")).ok()
    }

    /// Does one job, if there is one, and answers what the main loop must know: a new board where the
    /// ledger moved, and before the answer, so that who waits for that sees its effect.
    pub(crate) fn turn(&mut self, job: Option<Job>) -> Vec<Done> {
        let seen = self.seen();
        let mut stale = self.version != seen;
        self.version = seen;
        // Which ChangeSets belong to another branch depends on HEAD.
        let head = Some(self.engine.head_mark());
        stale |= self.head != head;
        self.head = head;
        stale |= job.as_ref().is_some_and(Job::appends);
        let answer = job.and_then(|job| caught(job.token(), || self.perform(job)));
        let mut done = Vec::new();
        if stale && seen.is_some() {
            match self.engine.board() {
                Ok(board) => {
                    self.failing = false;
                    done.push(Done::Board(board));
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.failing, true) {
                        tracing::error!(%error, "the ledger cannot be read: it is tried again");
                    }
                    self.version = None;
                }
            }
        }
        done.extend(answer);
        self.renew_presence();
        done
    }

    fn perform(&mut self, job: Job) -> Option<Done> {
        let logged = |what: &str, result: Result<(), Error>| {
            if let Err(error) = result {
                tracing::error!(%error, "{what} was not recorded");
            }
            None
        };
        match job {
            Job::Begin { token, purpose, follows, changeset, mut selection, open } => {
                if follows {
                    selection = self.there(purpose, changeset, &selection, &open);
                }
                let plan = self.plan(purpose, changeset, &selection, &open);
                let begun = plan.map_err(Failure::from).and_then(|p| self.begin(token, p, vec![]));
                Some(begun.unwrap_or_else(|failure| Done::Failed { token, failure }))
            }
            Job::WriteClosed(token) => {
                let (operation, _) = self.operations.get_mut(&token)?;
                self.engine.write_closed_files(operation);
                let failed = operation.failed().first();
                let written = failed
                    .map_or(Ok(()), |failed| Err(format!("{}: {}", failed.path, failed.reason)));
                Some(Done::WroteClosed { token, written })
            }
            Job::ReverseClosed(token) => {
                self.engine.reverse(&mut self.operations.get_mut(&token)?.0);
                Some(Done::ReversedClosed(token))
            }
            Job::Settle { token, editor } => {
                let (operation, decided) = self.operations.remove(&token)?;
                Some(match self.engine.settle(operation, &editor) {
                    Ok(report) => Done::Settled { token, report: with(report, decided) },
                    Err(error) => Done::Failed { token, failure: error.into() },
                })
            }
            Job::Reject { token, changeset, selection, reason, open } => {
                let rejected = self.reject(token, changeset, &selection, reason, &open);
                Some(rejected.unwrap_or_else(|failure| Done::Failed { token, failure }))
            }
            Job::Restore { token, changeset, selection } => {
                let report = self.engine.restore(changeset, &selection).map_err(Failure::from);
                Some(told(token, report.map(|report| restored(&report))))
            }
            Job::Repropose { token, changeset } => {
                let again = self.engine.repropose(changeset).map_err(Failure::from);
                Some(told(token, again.map(|again| reproposed(&again))))
            }
            // Taken out of the queue before they come here.
            Job::Prove { .. }
            | Job::Work { .. }
            | Job::Trust { .. }
            | Job::Meter
            | Job::ProvesUnasked(_) => None,
            Job::Pause(paused) => {
                self.engine.pause(paused).err().map(|error| Done::NotPaused(error.to_string()))
            }
            Job::Allow { token, by } => {
                let allowed = self.engine.raise_budget(by, self.budget).map_err(Failure::from);
                Some(told(token, allowed.map(|left| (raised(by, &left), Value::Bool(true)))))
            }
            Job::QueueTask { token, task } => {
                let queued = self.engine.queue_task(&task);
                logged(
                    "a task",
                    queued.map(|queued| {
                        self.tasks.insert(token, (queued, task.id()));
                    }),
                )
            }
            Job::EndTask { token, end } => {
                let (queued, task) = self.tasks.remove(&token)?;
                logged("the end of a task", self.engine.end_task(queued, task, end))
            }
            Job::Snapshot { token, label } => {
                let report = self.engine.take_snapshot(label).map_err(Failure::from);
                Some(told(token, report.map(|report| snapshot(&report))))
            }
            Job::Adopt { token, since, agent } => {
                let run = self.engine.adopt(&since, agent.as_deref()).map_err(Failure::from);
                Some(told(token, run.map(|run| adopted(&run))))
            }
            Job::Edited { path, before, after } => {
                let marked = self.engine.saved_digest(&path).is_ok_and(|saved| {
                    saved == Some(Digest::of(&[BYTE_ORDER_MARK, after.as_bytes()].concat()))
                });
                let bytes = |text: &str| match marked {
                    true => [BYTE_ORDER_MARK, text.as_bytes()].concat(),
                    false => text.as_bytes().to_vec(),
                };
                let (before, after) = (bytes(&before), bytes(&after));
                logged("an edit", self.engine.edited(&path, Some(&before), Some(&after)))
            }
            Job::IsSaved { path, rope, revision, under_way } => {
                let saved = !self.differs(&path, &rope.to_string());
                drop(under_way);
                Some(Done::IsSaved { path, revision, saved })
            }
            Job::Saved(path) => logged("a save", self.engine.saved(&path)),
            Job::Withdrawn { path, text, accepted } => {
                let gone = placement::gone(&path, &text, &accepted);
                let reason = "the editor's own undo took it back";
                logged("a withdrawal", self.engine.withdrawn(&path, &gone, reason))
            }
            Job::PutBack { path, back } => {
                let reason = "the editor's own undo put it back";
                logged("what was put back", self.engine.put_back(&path, &back, reason))
            }
            Job::Closed(path) => {
                let reason = "the buffer was closed unsaved";
                logged("a closed buffer", self.engine.closed(&path, reason))
            }
            Job::Compare { path, text, clean_at } => {
                self.differs(&path, &text).then_some(Done::Differs { path, clean_at })
            }
            Job::Recover(mut open) => {
                for (path, open) in &mut open.0 {
                    open.unsaved |= self.differs(path, &open.text);
                }
                match self.engine.recover(&open) {
                    Ok(recovered) => Some(Done::Recovered(recovered)),
                    Err(error) => logged("a recovery", Err(error)),
                }
            }
            Job::Document(asked) => {
                let AskedText { changeset, params, open, reply } = *asked;
                let text = extension::document(&mut self.engine, changeset, &params, &open);
                answer(reply, text.map_err(Refusal::Failed));
                None
            }
            Job::Presence(unsaved) => {
                self.presence = unsaved;
                self.publish_presence();
                None
            }
        }
    }

    fn plan(
        &mut self,
        purpose: Purpose,
        changeset: ChangeSetId,
        selection: &Selection,
        open: &OpenTexts,
    ) -> Result<Plan, Error> {
        match purpose {
            Purpose::Accept => self.engine.plan_accept(changeset, selection, open),
            Purpose::Undo => self.engine.plan_undo(changeset, selection, open),
            Purpose::Reject => self.engine.plan_reject(changeset, selection, None, open),
        }
    }

    /// Rejects what only waits at once, and begins to take out what was adopted: an editor that holds it does so
    /// itself.
    fn reject(
        &mut self,
        token: Token,
        changeset: ChangeSetId,
        selection: &Selection,
        reason: Option<String>,
        open: &OpenTexts,
    ) -> Result<Done, Failure> {
        let change = self.engine.change(changeset)?;
        let state = &change.state;
        let asked: Vec<u32> = match selection {
            Selection::Hunks(hunks) => hunks.clone(),
            Selection::File(path) => {
                let here = |hunk: &u32| state.paths.get(hunk) == Some(path);
                state.rejectable().into_iter().filter(here).collect()
            }
            Selection::All => state.rejectable(),
        };
        let adopted = state.adopted();
        let (adopted, others): (Vec<u32>, Vec<u32>) =
            asked.into_iter().partition(|hunk| adopted.contains(hunk));
        if adopted.is_empty() {
            let report = self.engine.reject(changeset, selection, reason)?;
            return Ok(Done::Settled { token, report });
        }
        let adopted = Selection::Hunks(adopted);
        // Nothing is recorded of the others where these cannot be planned at all.
        fit_for_editors(&self.engine.plan_reject(changeset, &adopted, None, open)?)?;
        if !others.is_empty() {
            let others = Selection::Hunks(others.clone());
            self.engine.reject(changeset, &others, reason.clone())?;
        }
        let plan = self.engine.plan_reject(changeset, &adopted, reason, open)?;
        self.begin(token, plan, others)
    }

    /// Those of the selected hunks for which nothing needs to be written.
    fn there(
        &mut self,
        purpose: Purpose,
        changeset: ChangeSetId,
        selection: &Selection,
        open: &OpenTexts,
    ) -> Selection {
        let Selection::Hunks(hunks) = selection else { return Selection::Hunks(Vec::new()) };
        let mut there = hunks.clone();
        there.retain(|hunk| {
            let plan = self.plan(purpose, changeset, &Selection::Hunks(vec![*hunk]), open);
            plan.is_ok_and(|plan| {
                !plan.hunks.is_empty() && plan.files.iter().all(|file| file.before == file.after)
            })
        });
        Selection::Hunks(there)
    }

    /// Appends the intent; `decided` are hunks of the same command that are decided already.
    fn begin(&mut self, token: Token, plan: Plan, decided: Vec<u32>) -> Result<Done, Failure> {
        if plan.hunks.is_empty() {
            return Ok(Done::Nothing { token, report: with(Report::nothing(plan), decided) });
        }
        fit_for_editors(&plan)?;
        let in_editor: Vec<PlanFile> = plan.files.iter().filter(|f| f.in_editor).cloned().collect();
        let on_disk = plan.files.len() > in_editor.len();
        let operation = self.engine.begin(plan)?;
        self.operations.insert(token, (operation, decided));
        Ok(Done::Begun { token, plan: Begun { in_editor, on_disk } })
    }

    /// Whether the saved file is something else than `text`. An editor keeps the byte order mark to
    /// itself, and one that opened nothing has nothing to save. A file that cannot be read says nothing.
    fn differs(&self, path: &RelPath, text: &str) -> bool {
        let marked = || [BYTE_ORDER_MARK, text.as_bytes()].concat();
        match self.engine.saved_digest(path) {
            Ok(None) => !text.is_empty(),
            Ok(Some(saved)) => {
                saved != Digest::of(text.as_bytes()) && saved != Digest::of(&marked())
            }
            Err(error) => {
                tracing::debug!(%error, "not compared with its buffer");
                false
            }
        }
    }

    fn renew_presence(&mut self) {
        if self.presence_due.is_some_and(|due| due <= Instant::now()) {
            self.publish_presence();
        }
    }

    fn publish_presence(&mut self) {
        if let Err(error) = self.engine.publish_presence(&self.presence) {
            tracing::warn!(%error, "presence was not published");
        }
        self.presence_due = (!self.presence.is_empty()).then(|| Instant::now() + PRESENCE_RENEWAL);
    }
}

pub(crate) fn told(token: Token, said: Result<(String, Value), Failure>) -> Done {
    match said {
        Ok((said, value)) => Done::Told { token, said, value },
        Err(failure) => Done::Failed { token, failure },
    }
}

/// The report with hunks that were decided without the operation.
fn with(mut report: Report, decided: Vec<u32>) -> Report {
    report.hunks.extend(decided);
    report.hunks.sort_unstable();
    report
}

/// A panic is our bug and ends the job, not the server.
pub(crate) fn caught(token: Option<Token>, job: impl FnOnce() -> Option<Done>) -> Option<Done> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| {
        tracing::error!("a job panicked");
        let message = "internal error: the log on stderr says more".to_owned();
        let failure = Failure { kind: ErrorKind::Internal, message };
        token.map(|token| Done::Failed { token, failure })
    })
}

/// Editors hold text, and count a lone carriage return as a line break where git does not.
fn fit_for_editors(plan: &Plan) -> Result<(), Failure> {
    for file in plan.files.iter().filter(|file| file.in_editor) {
        let texts = [&file.before, &file.after];
        let fits = texts
            .into_iter()
            .flatten()
            .all(|(_, bytes)| std::str::from_utf8(bytes).is_ok_and(|text| !has_lone_return(text)));
        if !fits {
            let message = format!(
                "{} is not UTF-8 or has lone carriage returns, so an editor cannot change it safely: \
                 close it there, or use `countersign accept`",
                file.path
            );
            return Err(Failure { kind: ErrorKind::User, message });
        }
    }
    Ok(())
}

/// How the editor spells `root`, when it came in by a link: `start` without what leads from `root` to it.
#[expect(clippy::disallowed_methods, reason = "names are compared here, no file is read")]
fn alias(start: &Path, root: &Path) -> Option<PathBuf> {
    let real = std::fs::canonicalize(start).ok()?;
    let below = real.strip_prefix(std::fs::canonicalize(root).ok()?).ok()?;
    if !start.ends_with(below) {
        return None;
    }
    let alias = start.ancestors().nth(below.components().count())?;
    (alias != root).then(|| alias.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_the_job_and_is_answered() {
        let done = caught(Some(Token(7)), || panic!("the test says so"));
        let Some(Done::Failed { token, failure }) = done else { panic!("{done:?}") };
        assert_eq!((token, failure.kind), (Token(7), ErrorKind::Internal));
        assert!(caught(None, || panic!("nobody waits")).is_none());
    }

    #[test]
    fn an_alias_is_how_the_editor_spells_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let outer = folder.path().canonicalize().unwrap();
        let (real, link) = (outer.join("real"), outer.join("link"));
        std::fs::create_dir_all(real.join("sub")).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(alias(&link.join("sub"), &real), Some(link.clone()));
        assert_eq!(alias(&link, &real), Some(link));
        assert_eq!(alias(&real.join("sub"), &real), None);
        assert_eq!(alias(&outer, &real), None);
    }
}
