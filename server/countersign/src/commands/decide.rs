//! `countersign accept`, `reject`, `restore` and `undo`: a person decides.

use engine::{Engine, Report, Selection};
use model::ChangeSetId;

use crate::args::{AcceptArgs, Arguments, DecideArgs, Format, Part, RejectArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Terminal};
use crate::session;

pub fn accept(
    arguments: &Arguments,
    args: &AcceptArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut engine = session::open_for_decision(arguments, args.part.by.as_deref())?;
    let (id, mut selection) = selected(&engine, &args.part)?;
    if let (true, Selection::Hunks(hunks)) = (args.with_needed, &selection) {
        selection = Selection::Hunks(engine.with_needed(id, hunks)?);
    }
    let accepted = match (&args.reason, args.break_glass) {
        (Some(reason), true) => engine.accept_denied(id, &selection, reason),
        _ => engine.accept(id, &selection),
    };
    match accepted {
        Ok(report) => Ok(answer(&mut engine, &report, args.format, terminal)),
        Err(denied @ engine::Error::Denied { .. }) => {
            terminal.fail(&Failure::new(
                denied.to_string(),
                format!(
                    "`countersign show {0}` shows all of it; `countersign reject {0} --hunk N` for what is denied, \
                     then `countersign repropose {0}`, leaves the rest; --break-glass --reason TEXT accepts it all the same",
                    id.short()
                ),
            ));
            Ok(Exit::Denied)
        }
        Err(error) => Err(error.into()),
    }
}

pub fn undo(
    arguments: &Arguments,
    args: &DecideArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut engine = session::open_for_decision(arguments, args.part.by.as_deref())?;
    let (id, selection) = selected(&engine, &args.part)?;
    let report = engine.undo(id, &selection)?;
    Ok(answer(&mut engine, &report, args.format, terminal))
}

pub fn reject(
    arguments: &Arguments,
    args: &RejectArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut engine = session::open_for_decision(arguments, args.part.by.as_deref())?;
    let (id, selection) = selected(&engine, &args.part)?;
    let report = engine.reject(id, &selection, args.reason.clone())?;
    Ok(answer(&mut engine, &report, args.format, terminal))
}

pub fn restore(
    arguments: &Arguments,
    args: &DecideArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut engine = session::open_for_decision(arguments, args.part.by.as_deref())?;
    let (id, selection) = selected(&engine, &args.part)?;
    let report = engine.restore(id, &selection)?;
    Ok(answer(&mut engine, &report, args.format, terminal))
}

/// `ID`, `ID/HUNK`, `--hunk N`, `--file PATH`.
fn selected(engine: &Engine, part: &Part) -> Result<(ChangeSetId, Selection), Failure> {
    let (prefix, hunk) = match part.id.split_once('/') {
        Some((prefix, hunk)) => (prefix, Some(hunk)),
        None => (part.id.as_str(), None),
    };
    let mut hunks = part.hunks.clone();
    if let Some(hunk) = hunk {
        let hunk = hunk.parse().map_err(|_| {
            Failure::new(
                format!("`{hunk}` is not a hunk's number"),
                "write it as ID/2, or --hunk 2",
            )
        })?;
        hunks.push(hunk);
    }
    hunks.sort_unstable();
    hunks.dedup();
    let selection = match (&part.file, hunks.is_empty()) {
        (Some(_), false) => {
            return Err(Failure::new("a hunk and a file were named", "name one of them"));
        }
        (Some(file), true) => {
            let path = plain(file).parse().map_err(|error: model::RelPathError| {
                Failure::new(error.to_string(), "name it as `countersign show` prints it")
            })?;
            Selection::File(path)
        }
        (None, false) => Selection::Hunks(hunks),
        (None, true) => Selection::All,
    };
    Ok((engine.find(prefix)?, selection))
}

/// A path without the `./` that shells put in front.
fn plain(path: &str) -> &str {
    path.strip_prefix("./").map_or(path, plain)
}

/// All that was asked took effect: 0. Anything refused or failed: 2, and it is named.
fn answer(engine: &mut Engine, report: &Report, format: Format, terminal: &Terminal) -> Exit {
    match format {
        Format::Json => terminal.json(report),
        Format::Human => {
            let change = engine.change(report.changeset).ok();
            terminal.print(&output::report(report, change.as_deref()));
        }
    }
    if report.refused.is_empty() && report.failed.is_empty() { Exit::Done } else { Exit::CouldNot }
}
