//! `countersign list`: the changes in the ledger.

use engine::{BoardChange, Landing, Standings, TaskRecord};
use serde_json::{Value, json};

use crate::args::{Arguments, Format, ListArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Terminal};
use crate::session;

/// How many tasks are listed.
const TASKS_MAX: usize = 100;
const STATES: &str =
    "proposed, judged, accepting, accepted, partly accepted, undone, rejected, adopted, superseded";

pub fn list(arguments: &Arguments, args: &ListArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    // JSON writes the states with underscores; both are understood.
    let asked = args.state.as_ref().map(|state| state.replace('_', " "));
    if let Some(state) = &asked
        && STATES.split(", ").all(|known| known != state)
    {
        let message = format!("`{state}` is not a state");
        return Err(Failure::new(message, format!("there are: {STATES}")));
    }
    let mut engine = session::open_existing(arguments)?;
    if args.tasks {
        let tasks = engine.map_or(Ok(Vec::new()), |engine| engine.tasks(TASKS_MAX))?;
        return Ok(list_tasks(&tasks, args.format, terminal));
    }
    let board = match &mut engine {
        Some(engine) => engine.board()?,
        None => engine::Board::default(),
    };
    let mut standing = |change: &BoardChange| {
        // Only what waits is looked at, and what cannot be looked at is listed without.
        let waits = !change.state.waiting().is_empty();
        let engine = engine.as_mut().filter(|_| waits)?;
        engine.standings(change.changeset.id, &engine::OpenTexts::default()).ok()
    };
    let wanted = |change: &&std::sync::Arc<BoardChange>| {
        asked.as_ref().is_none_or(|state| change.state.stage().to_string() == *state)
    };
    let changes: Vec<_> = board.changes.iter().filter(wanted).collect();
    if args.format == Format::Json {
        let rows: Vec<Value> = changes.iter().map(|change| row(change, standing(change))).collect();
        terminal.json(&json!({ "version": 1, "changes": rows }));
    } else if changes.is_empty() {
        terminal.print("no changes; `countersign run` has the recipes propose some\n");
    } else {
        let line = |change: &&std::sync::Arc<BoardChange>| {
            output::change_line(change, standing(change).map(|s| s.standing))
        };
        terminal.print(&changes.iter().map(line).collect::<String>());
    }
    Ok(Exit::Done)
}

fn list_tasks(tasks: &[TaskRecord], format: Format, terminal: &Terminal) -> Exit {
    if format == Format::Json {
        let rows: Vec<Value> = tasks.iter().map(task_row).collect();
        terminal.json(&json!({ "version": 1, "tasks": rows }));
    } else if tasks.is_empty() {
        terminal.print("no work was asked for; `countersign ask` asks for some\n");
    } else {
        terminal.print(&tasks.iter().map(output::task_line).collect::<String>());
    }
    Exit::Done
}

fn task_row(record: &TaskRecord) -> Value {
    let end = record.end.as_ref().map(|(at, end)| json!({ "at": at, "end": end }));
    json!({
        "id": record.task.id(),
        "short": record.task.id().short(),
        "event": record.queued,
        "asked_at": record.asked_at,
        "asked_by": record.actor,
        "task": record.task,
        "ended": end,
    })
}

fn row(change: &BoardChange, standings: Option<Standings>) -> Value {
    json!({
        "id": change.changeset.id,
        "short": change.changeset.id.short(),
        "title": change.changeset.title,
        "origin": change.changeset.origin,
        "stage": change.state.stage(),
        "standing": standings.as_ref().map(|s| s.standing),
        "decision": change.verdict.as_ref().map(|verdict| verdict.decision),
        "risk": change.review.as_ref().map(|review| review.risk.score),
        "files": change.changeset.files.iter().map(|file| &file.path).collect::<Vec<_>>(),
        "hunks": hunks(change, standings.as_ref()),
    })
}

/// Each hunk with its file, its state, whether it holds what the person wrote too, and, while it waits, how it stands.
pub fn hunks(change: &BoardChange, standings: Option<&Standings>) -> Vec<Value> {
    let hunk = |(file, hunk): (&model::FileChange, &model::Hunk)| {
        let state = change.state.hunks.get(&hunk.ordinal).map(|state| state.word());
        let stands = standings.and_then(|standings| standings.hunks.get(&hunk.ordinal));
        let (line, reason) = match stands.map(|(_, landing)| landing) {
            Some(Landing::Line(line)) => (Some(line + 1), None),
            Some(Landing::Nowhere(reason)) => (None, Some(reason)),
            _ => (None, None),
        };
        json!({
            "hunk": hunk.ordinal, "path": file.path, "state": state, "entity": hunk.entity,
            "reason": change.state.rejections.get(&hunk.ordinal).and_then(|r| r.reason.as_ref()),
            "standing": stands.map(|(standing, _)| standing), "line": line, "conflict": reason,
            "mixed": change.changeset.is_mixed(hunk.ordinal),
        })
    };
    change.changeset.hunks().map(hunk).collect()
}
