//! `countersign snapshot` and `countersign adopt`: an agent edits the working tree itself.

use std::time::Duration;

use engine::{AdoptedRun, Proposal, Since};
use serde_json::json;
use workspace::Woken;

use crate::args::{AdoptArgs, Arguments, Format, SnapshotArgs};
use crate::commands::hooks::for_an_agent;
use crate::commands::run::{proposal_json, proposal_text};
use crate::exit::{Exit, Failure};
use crate::output::{self, Terminal, safe};
use crate::session;
use crate::signals::signals;

/// How long the files must be left alone before what changed is adopted.
const QUIET: Duration = Duration::from_secs(1);

pub fn snapshot(
    arguments: &Arguments,
    args: &SnapshotArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    if args.hook {
        return Ok(for_an_agent(terminal, || {
            session::open(arguments)?.take_snapshot(args.label.clone())?;
            Ok(())
        }));
    }
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
    let since = match &args.since {
        Some(revision) => Since::Revision(revision.clone()),
        None => Since::Snapshot,
    };
    if args.hook {
        return Ok(for_an_agent(terminal, || {
            let run = session::open(arguments)?.adopt(&since, args.agent.as_deref())?;
            notices(&run, terminal);
            Ok(())
        }));
    }
    let mut engine = session::open(arguments)?;
    if args.watch {
        return watch(&mut engine, &since, args, terminal);
    }
    let run = engine.adopt(&since, args.agent.as_deref())?;
    show(&mut engine, &run, args.format, terminal);
    Ok(Exit::Done)
}

/// Adopts whenever the files have changed and were quiet since, until a signal ends it.
fn watch(
    engine: &mut engine::Engine,
    since: &Since,
    args: &AdoptArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let stop = signals();
    let failure = |error: workspace::WatchError| {
        Failure::new(error.to_string(), "`countersign adopt` without --watch adopts once")
    };
    // From here on nothing is missed, so the snapshot comes after.
    let mut watch = workspace::Watch::open(engine.root(), QUIET).map_err(failure)?;
    began(engine, since, args.format, terminal)?;
    let mut last = None;
    loop {
        match engine.adopt(since, args.agent.as_deref()) {
            Ok(run) => {
                let id = run.proposal.as_ref().and_then(Proposal::id);
                if id != last && id.is_some() {
                    told(engine, &run, args.format, terminal);
                }
                last = id;
            }
            // Git may be in the middle of something; the next change is another chance.
            Err(error) => terminal.notice(&error.to_string()),
        }
        if terminal.lost().is_some() || watch.wait(&stop).map_err(failure)? == Woken::Stopped {
            return Ok(Exit::Done);
        }
    }
}

/// Says since when changes are adopted, and takes a snapshot if there is nothing to start from.
fn began(
    engine: &mut engine::Engine,
    since: &Since,
    format: Format,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let (words, taken) = match (since, engine.last_snapshot()?) {
        (Since::Revision(revision), _) => (revision.clone(), false),
        (Since::Snapshot, Some(seq)) => (format!("snapshot {seq}"), false),
        (Since::Snapshot, None) => (format!("snapshot {}", engine.take_snapshot(None)?.seq), true),
    };
    match format {
        Format::Json => {
            terminal.json_line(&json!({ "version": 1, "watching": words, "taken": taken }));
        }
        Format::Human => {
            let taken = if taken { ", taken just now" } else { "" };
            terminal.print(&format!("adopting what changes since {}{taken}\n", safe(&words)));
        }
    }
    Ok(())
}

/// One adoption on one line.
fn told(engine: &mut engine::Engine, run: &AdoptedRun, format: Format, terminal: &Terminal) {
    if format == Format::Json {
        terminal.json_line(&adoption_json(run));
        return;
    }
    notices(run, terminal);
    let id = run.proposal.as_ref().and_then(Proposal::id);
    if let Some(change) = id.and_then(|id| engine.change(id).ok()) {
        terminal.print(&output::change_line(&change, None));
    }
}

fn adoption_json(run: &AdoptedRun) -> serde_json::Value {
    let left_out: Vec<_> = run
        .left_out
        .iter()
        .map(|(path, reason)| json!({ "path": path, "reason": reason }))
        .collect();
    json!({
        "version": 1,
        "since": run.since,
        "proposal": run.proposal.as_ref().map(proposal_json),
        "left_out": left_out,
        "notices": run.notices,
    })
}

fn notices(run: &AdoptedRun, terminal: &Terminal) {
    for (path, reason) in &run.left_out {
        terminal.notice(&format!("left out: {path}: {}", safe(reason)));
    }
    run.notices.iter().for_each(|notice| terminal.notice(&safe(notice)));
}

fn show(engine: &mut engine::Engine, run: &AdoptedRun, format: Format, terminal: &Terminal) {
    if format == Format::Json {
        terminal.json(&adoption_json(run));
        return;
    }
    notices(run, terminal);
    match &run.proposal {
        Some(proposal) => terminal.print(&proposal_text(engine, proposal)),
        None => terminal.print(&format!("nothing changed since {}\n", safe(&run.since))),
    }
}
