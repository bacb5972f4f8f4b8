//! `countersign list`: the changes in the ledger.

use engine::BoardChange;
use serde_json::{Value, json};

use crate::args::{Arguments, Format, ListArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Terminal};
use crate::session;

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
    let board = match session::open_existing(arguments)? {
        Some(mut engine) => engine.board()?,
        None => engine::Board::default(),
    };
    let wanted = |change: &&std::sync::Arc<BoardChange>| {
        asked.as_ref().is_none_or(|state| change.state.stage().to_string() == *state)
    };
    let changes: Vec<_> = board.changes.iter().filter(wanted).collect();
    if args.format == Format::Json {
        let rows: Vec<Value> = changes.iter().map(|change| row(change)).collect();
        terminal.json(&json!({ "version": 1, "changes": rows }));
    } else if changes.is_empty() {
        terminal.print("no changes; `countersign run` has the recipes propose some\n");
    } else {
        terminal
            .print(&changes.iter().map(|change| output::change_line(change)).collect::<String>());
    }
    Ok(Exit::Done)
}

fn row(change: &BoardChange) -> Value {
    json!({
        "id": change.changeset.id,
        "short": change.changeset.id.short(),
        "title": change.changeset.title,
        "origin": change.changeset.origin,
        "stage": change.state.stage(),
        "decision": change.verdict.as_ref().map(|verdict| verdict.decision),
        "risk": change.review.as_ref().map(|review| review.risk.score),
        "files": change.changeset.files.iter().map(|file| &file.path).collect::<Vec<_>>(),
        "hunks": hunks(change),
    })
}

/// Each hunk with its file and its state.
pub fn hunks(change: &BoardChange) -> Vec<Value> {
    let hunk = |(file, hunk): (&model::FileChange, &model::Hunk)| {
        let state = change.state.hunks.get(&hunk.ordinal).map(|state| state.word());
        json!({ "hunk": hunk.ordinal, "path": file.path, "state": state, "entity": hunk.entity })
    };
    change.changeset.hunks().map(hunk).collect()
}
