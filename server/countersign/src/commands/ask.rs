//! `countersign ask`: a task, who carries it out, and what came of it. The language server asks through this, too.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use attest::TrustStore;
use engine::{
    Attempted, Cancel, CommandOutcome, CommandTask, Engine, Proposal, RecipeRun, Worker, WorkerBy,
    WorkerError, WorkerSet,
};
use model::{
    Budget, Task, TaskBudget, TaskConstraints, TaskDiagnostic, TaskEnd, TaskKind, TaskPlace,
};
use sandbox::{Sandbox, Stop, Tier};
use serde_json::json;
use workspace::Trees;

use super::run::{proposal_json, proposal_text};
use super::run_command;
use crate::args::{Arguments, AskArgs, Format};
use crate::exit::{Exit, Failure};
use crate::output::{BOLD, DIM, RESET, Terminal, safe};
use crate::{session, signals};

pub fn ask(arguments: &Arguments, args: &AskArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let set = offered(&arguments.directory)?;
    if args.list {
        return Ok(list(&set, args.format, terminal));
    }
    let failed = |error: std::io::Error| Failure::new(error.to_string(), "try again");
    let (stop, asked) = (Stop::new().map_err(failed)?, signals::signals());
    signals::stop_by_signals(&stop);
    let mut engine = session::open(arguments)?;
    let mut task = stated(&engine, arguments, args)?;
    let worker = set.choose(&task)?;
    task.worker = Some(worker.name.to_string());
    if let Some(before) = engine.board()?.answering(task.id()) {
        let id = before.changeset.id;
        match args.format {
            Format::Json => terminal.json(&json!({
                "version": 1, "task": task, "id": task.id(), "waits": id, "proposals": [],
            })),
            Format::Human => terminal.print(&format!(
                "this was asked for before: change {} waits, `countersign show {}`\n",
                id.short(),
                id.short()
            )),
        }
        return Ok(Exit::Done);
    }
    terminal.notice(&format!("asking {}: {}", worker.called(), safe(&task.objective)));
    let cancel = Cancel { stop: &stop, asked: &asked };
    let queued = engine.queue_task(&task)?;
    let run = work(&mut engine, worker, set.budget, &task, cancel).map_err(unworked);
    engine.end_task(queued, task.id(), end_of(&run, cancel.asked.load(Ordering::SeqCst)))?;
    let run = run?;
    match args.format {
        Format::Json => terminal.json(&as_json(&task, &run)),
        Format::Human => as_text(&mut engine, &run, terminal),
    }
    match run {
        TaskRun::Command(run) if matches!(run.run.outcome, CommandOutcome::ThrownAway) => {
            Err(thrown_away(&run))
        }
        _ => Ok(Exit::Done),
    }
}

/// Who can be asked around a folder.
pub fn offered(folder: &Path) -> Result<WorkerSet, Failure> {
    let trust = TrustStore::new(session::own_folder("trust")?);
    let rules = session::rules_from(None, &[])?;
    Ok(engine::workers(folder, &session::own_home()?, &rules, &trust)?)
}

/// What a task came to.
pub enum TaskRun {
    /// A program ran.
    Command(Box<Attempted>),
    /// Recipes did.
    Recipes(RecipeRun),
}

impl TaskRun {
    /// What was proposed, be it known or turned down before; or the run of which all was thrown away.
    pub fn proposals(&self) -> Result<&[Proposal], &Attempted> {
        match self {
            Self::Recipes(run) => Ok(&run.proposals),
            Self::Command(attempted) => match &attempted.run.outcome {
                CommandOutcome::Proposed(proposal) => Ok(std::slice::from_ref(&**proposal)),
                CommandOutcome::Unchanged => Ok(&[]),
                CommandOutcome::ThrownAway => Err(attempted),
            },
        }
    }
}

/// Why nothing is proposed of what a program did.
pub fn thrown_away(attempted: &Attempted) -> Failure {
    match &attempted.cut_short {
        Some(spending) => Failure::new(
            format!(
                "the command was ended, because the time for workers is spent ({spending}): nothing of what it did is proposed"
            ),
            "`countersign budget --allow 30` gives workers 30 minutes more",
        ),
        None => run_command::thrown_away(&attempted.run),
    }
}

/// What the ledger keeps of how a task ended.
fn end_of(run: &Result<TaskRun, Failure>, cancelled: bool) -> TaskEnd {
    let reason = match run.as_ref().map(TaskRun::proposals) {
        Ok(Ok(proposals)) => {
            let changesets: Vec<_> = proposals.iter().filter_map(Proposal::id).collect();
            return match changesets.is_empty() {
                true => TaskEnd::Unchanged,
                false => TaskEnd::Proposed { changesets },
            };
        }
        Ok(Err(attempted)) => thrown_away(attempted).message,
        Err(failure) => failure.message.clone(),
    };
    if cancelled { TaskEnd::Cancelled } else { TaskEnd::Failed { reason } }
}

/// Has a worker carry out a task. A program runs in the sandbox and within its budget, or not at all.
pub fn work(
    engine: &mut Engine,
    worker: &Worker,
    budget: Budget,
    task: &Task,
    cancel: Cancel<'_>,
) -> Result<TaskRun, engine::Error> {
    let config = match &worker.by {
        WorkerBy::Own(config) | WorkerBy::Repository(config) => config,
        WorkerBy::Recipes => return Ok(TaskRun::Recipes(engine.run_recipe_task(task)?)),
    };
    let sandbox = Sandbox::enforce(Tier::Namespaces)?;
    let cache = session::cache_home().unwrap_or_else(std::env::temp_dir);
    let trees = Trees::new(&cache.join("countersign"));
    let command = CommandTask::of(task, &worker.name, config, std::env::vars_os().collect());
    let attempted = engine.attempt(task.id(), command, budget, &sandbox, &trees, cancel)?;
    Ok(TaskRun::Command(Box::new(attempted)))
}

/// Why it was not carried out, for who sits at a terminal.
fn unworked(error: engine::Error) -> Failure {
    match error {
        engine::Error::Exhausted(exhausted) => Failure::new(
            exhausted.to_string(),
            "`countersign budget` says when there is more, and with --allow 30 gives it 30 minutes",
        ),
        error => error.into(),
    }
}

/// What the command line asks for.
fn stated(engine: &Engine, arguments: &Arguments, args: &AskArgs) -> Result<Task, Failure> {
    let named = args.kind.as_deref();
    let kind = TaskKind::ALL.into_iter().find(|kind| Some(kind.name()) == named);
    let kind = kind.ok_or_else(|| Failure::new("nothing says what to ask for", "name a kind"))?;
    let mut place = match &args.place {
        Some(place) => Some(placed(engine, arguments, place)?),
        None => None,
    };
    let around = match &place {
        Some(place) if place.lines > 0 => engine.around(place)?,
        _ => None,
    };
    let mut what = place.as_ref().map_or_else(|| "the project".to_owned(), place_words);
    if let (Some(around), Some(place), true) =
        (around, &mut place, matches!(kind, TaskKind::Tests | TaskKind::Docs))
    {
        (place.first_line, place.lines) = (around.first_line, around.lines);
        what = around.name;
    }
    let objective = args.objective.as_ref().map(|text| text.trim()).filter(|text| !text.is_empty());
    if objective.is_some_and(|text| text.len() > engine::OBJECTIVE_BYTES_MAX) {
        let message = format!("the objective has more than {} bytes", engine::OBJECTIVE_BYTES_MAX);
        return Err(Failure::new(message, "name a file that says more"));
    }
    let diagnostic = (args.code.is_some() || args.source.is_some()).then(|| TaskDiagnostic {
        message: objective.unwrap_or_default().to_owned(),
        source: args.source.clone(),
        code: args.code.clone(),
    });
    let objective = objective.map_or_else(|| kind.objective(&what), str::to_owned);
    Ok(Task {
        kind,
        objective,
        place,
        diagnostic,
        constraints: TaskConstraints::default(),
        budget: TaskBudget::default(),
        depends_on: [].into(),
        worker: args.worker.clone(),
    })
}

fn place_words(place: &TaskPlace) -> String {
    let first = u64::from(place.first_line) + 1;
    match place.lines {
        0 => place.path.to_string(),
        1 => format!("{}:{first}", place.path),
        lines => format!("{}:{first}-{}", place.path, first + u64::from(lines) - 1),
    }
}

/// `path`, `path:3` or `path:3-7`. A file whose name is all of that is meant first.
fn placed(engine: &Engine, arguments: &Arguments, place: &Path) -> Result<TaskPlace, Failure> {
    let inside = |path: &Path| session::inside(engine, &arguments.directory, path);
    let numbered = place.to_str().and_then(|text| {
        let (path, lines) = text.rsplit_once(':')?;
        let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
        Some((PathBuf::from(path), first.parse::<u32>().ok()?, last.parse::<u32>().ok()?))
    });
    let whole = inside(place).map(|path| TaskPlace { path, first_line: 0, lines: 0 });
    let is_there =
        |place: &TaskPlace| engine.saved_digest(&place.path).is_ok_and(|it| it.is_some());
    let Some((path, first, last)) = numbered.filter(|_| !whole.as_ref().is_ok_and(is_there)) else {
        return whole;
    };
    if first == 0 || last < first {
        let message = format!("{}: lines count from 1, the first comes first", place.display());
        return Err(Failure::new(message, "e.g. src/queue.rs:3-7"));
    }
    Ok(TaskPlace { path: inside(&path)?, first_line: first - 1, lines: last - first + 1 })
}

fn list(set: &WorkerSet, format: Format, terminal: &Terminal) -> Exit {
    let kinds = |worker: &Worker| match &worker.by {
        WorkerBy::Own(config) | WorkerBy::Repository(config) => {
            config.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>()
        }
        WorkerBy::Recipes => vec!["fix", "refactor", "chore"],
    };
    let from = |worker: &Worker| match worker.by {
        WorkerBy::Own(_) => "yours",
        WorkerBy::Repository(_) => "of this repository, trusted",
        WorkerBy::Recipes => "brought along",
    };
    if format == Format::Json {
        let row = |worker: &Worker| json!({ "name": worker.name, "kinds": kinds(worker), "from": from(worker) });
        terminal.json(&json!({
            "version": 1,
            "workers": set.workers.iter().map(row).collect::<Vec<_>>(),
            "untrusted": set.untrusted,
            "config": set.own_config.display().to_string(),
        }));
        return Exit::Done;
    }
    for worker in &set.workers {
        let kinds = kinds(worker).join(", ");
        terminal.print(&format!(
            "{BOLD}{}{RESET} {kinds} {DIM}{}{RESET}\n",
            worker.name,
            from(worker)
        ));
    }
    for name in &set.untrusted {
        terminal.print(&format!("{BOLD}{name}{RESET} {DIM}of this repository, and nobody trusts it: `countersign trust`{RESET}\n"));
    }
    terminal.notice(&format!("state workers in {}", safe(&set.own_config.display().to_string())));
    Exit::Done
}

fn as_json(task: &Task, run: &TaskRun) -> serde_json::Value {
    let mut json = match run {
        TaskRun::Command(attempted) => run_command::as_json(&attempted.run),
        TaskRun::Recipes(run) => json!({
            "version": 1,
            "proposals": run.proposals.iter().map(proposal_json).collect::<Vec<_>>(),
        }),
    };
    if let Some(members) = json.as_object_mut() {
        members.insert("task".to_owned(), json!(task));
        members.insert("id".to_owned(), json!(task.id()));
    }
    json
}

fn as_text(engine: &mut Engine, run: &TaskRun, terminal: &Terminal) {
    match run {
        TaskRun::Command(attempted) => run_command::as_text(engine, &attempted.run, terminal),
        TaskRun::Recipes(run) if run.proposals.is_empty() => {
            terminal.print("the recipes found nothing there\n");
        }
        TaskRun::Recipes(run) => {
            let texts = run.proposals.iter().map(|proposal| proposal_text(engine, proposal));
            texts.for_each(|text| terminal.print(&text));
        }
    }
}

impl From<WorkerError> for Failure {
    fn from(error: WorkerError) -> Self {
        Self { message: error.to_string(), hint: None }
    }
}
