//! `countersign snapshot` and `countersign adopt`: an agent edits the working tree itself.

use engine::{AdoptedRun, Since};
use serde_json::json;

use crate::args::{AdoptArgs, Arguments, Format, SnapshotArgs};
use crate::commands::run::{proposal_json, proposal_text};
use crate::exit::{Exit, Failure};
use crate::output::{self, Terminal, safe};
use crate::session;

pub fn snapshot(
    arguments: &Arguments,
    args: &SnapshotArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut engine = session::open(arguments)?;
    let report = engine.take_snapshot(args.label.clone())?;
    match args.format {
        Format::Json => terminal.json(&report),
        Format::Human if report.again => {
            terminal.print(&format!("snapshot {} still says how the files are\n", report.seq));
        }
        Format::Human => {
            let files = output::counted(u32::try_from(report.files).unwrap_or(u32::MAX), "file");
            terminal.print(&format!(
                "snapshot {}: {files} other than in the last commit; `countersign adopt` shows what changes from here on\n",
                report.seq
            ));
        }
    }
    Ok(Exit::Done)
}

pub fn adopt(
    arguments: &Arguments,
    args: &AdoptArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut engine = session::open(arguments)?;
    let since = match &args.since {
        Some(revision) => Since::Revision(revision.clone()),
        None => Since::Snapshot,
    };
    let run = engine.adopt(&since, args.agent.as_deref())?;
    show(&mut engine, &run, args.format, terminal);
    Ok(Exit::Done)
}

fn show(engine: &mut engine::Engine, run: &AdoptedRun, format: Format, terminal: &Terminal) {
    if format == Format::Json {
        let left_out: Vec<_> = run
            .left_out
            .iter()
            .map(|(path, reason)| json!({ "path": path, "reason": reason }))
            .collect();
        terminal.json(&json!({
            "version": 1,
            "since": run.since,
            "proposal": run.proposal.as_ref().map(proposal_json),
            "left_out": left_out,
        }));
        return;
    }
    for (path, reason) in &run.left_out {
        terminal.notice(&format!("left out: {path}: {}", safe(reason)));
    }
    match &run.proposal {
        Some(proposal) => terminal.print(&proposal_text(engine, proposal)),
        None => terminal.print(&format!("nothing changed since {}\n", safe(&run.since))),
    }
}
