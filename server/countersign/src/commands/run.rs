//! `countersign run`: a worker proposes.

use engine::Proposal;
use serde_json::json;

use crate::args::{Arguments, Format, RunArgs, Worker};
use crate::exit::{Exit, Failure};
use crate::output::{self, Shown, Terminal, safe};
use crate::session;

/// Skipped files named for people; JSON has all of them.
const SHOWN_SKIPPED: usize = 5;

pub fn run(arguments: &Arguments, args: &RunArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if args.list_recipes {
        return list_recipes(args.format, terminal);
    }
    match args.worker {
        Worker::Command => return super::run_command::run(arguments, args, terminal),
        Worker::Recipe => meant_for_recipes(args)?,
    }
    let mut engine = session::open(arguments)?;
    let paths = args
        .about
        .iter()
        .map(|path| session::inside(&engine, &arguments.directory, path))
        .collect::<Result<Vec<_>, _>>()?;
    let run = engine.run_recipes(&args.recipes, &paths)?;
    if args.format == Format::Json {
        let proposals: Vec<_> = run.proposals.iter().map(proposal_json).collect();
        let skipped: Vec<_> = run
            .skipped
            .iter()
            .map(|(path, reason)| json!({ "path": path, "reason": reason }))
            .collect();
        terminal.json(&json!({
            "version": 1, "files": run.files, "proposals": proposals, "skipped": skipped,
        }));
        return Ok(Exit::Done);
    }
    for (_, reason) in run.skipped.iter().take(SHOWN_SKIPPED) {
        terminal.notice(&format!("skipped: {reason}"));
    }
    if run.skipped.len() > SHOWN_SKIPPED {
        let more = run.skipped.len() - SHOWN_SKIPPED;
        terminal.notice(&format!("{more} more were skipped; --format json lists them all"));
    }
    run.proposals.iter().for_each(|proposal| terminal.print(&proposal_text(&mut engine, proposal)));
    let new = run.proposals.iter().filter(|p| matches!(p, Proposal::New(_))).count();
    let files = output::counted(run.files, "file");
    let new = output::counted(u32::try_from(new).unwrap_or(u32::MAX), "new proposal");
    terminal.print(&format!("{files} looked at, {new}\n"));
    Ok(Exit::Done)
}

/// What only a command heeds is not ignored in silence.
fn meant_for_recipes(args: &RunArgs) -> Result<(), Failure> {
    let limits = args.time.is_some() || args.memory.is_some() || args.any_exit;
    if limits || !args.command.is_empty() {
        let message = "recipes take no command and no limits";
        return Err(Failure::new(message, "add --worker command to have a command propose"));
    }
    Ok(())
}

fn list_recipes(format: Format, terminal: &Terminal) -> Result<Exit, Failure> {
    let recipes = engine::recipes()?;
    if format == Format::Json {
        let rows: Vec<_> = recipes
            .iter()
            .map(|r| json!({ "name": r.card().id, "title": r.card().title, "rationale": r.card().rationale }))
            .collect();
        terminal.json(&rows);
    } else {
        let line =
            |r: &agent::recipe::Recipe| format!("{:<28} {}\n", r.card().id, safe(&r.card().title));
        terminal.print(&recipes.iter().map(line).collect::<String>());
    }
    Ok(Exit::Done)
}

/// A proposal as JSON.
pub fn proposal_json(proposal: &Proposal) -> serde_json::Value {
    match proposal {
        Proposal::New(captured) => json!({
            "new": true,
            "id": captured.changeset.id,
            "changeset": captured.changeset,
            "review": captured.review,
            "verdict": captured.verdict,
        }),
        Proposal::Known { id, stage } => {
            json!({ "new": false, "changeset": { "id": id }, "id": id, "stage": stage })
        }
        Proposal::Rejected(before) => json!({
            "new": false,
            "rejected_before": before
                .iter()
                .map(|b| json!({ "changeset": b.earlier, "hunk": b.earlier_hunk, "reason": b.reason }))
                .collect::<Vec<_>>(),
        }),
    }
}

/// A proposal for people.
pub fn proposal_text(engine: &mut engine::Engine, proposal: &Proposal) -> String {
    match proposal {
        Proposal::New(captured) => {
            let board = engine.change(captured.changeset.id).ok();
            let shown = Shown {
                changeset: &captured.changeset,
                state: None,
                review: Some(&captured.review),
                verdict: Some(&captured.verdict),
                texts: board.as_ref().map(|change| &change.texts),
                kept: true,
            };
            output::change(shown) + "\n"
        }
        Proposal::Known { id, stage } => {
            format!("change {} is in the ledger already: {stage}\n", id.short())
        }
        Proposal::Rejected(before) => before.first().map_or_else(String::new, |first| {
            let reason = first.reason.as_ref().map(|r| format!(": {}", safe(r))).unwrap_or_default();
            let id = first.earlier.short();
            format!(
                "all of it was rejected before, in {id}{reason}; `countersign restore {id}` brings it back\n"
            )
        }),
    }
}
