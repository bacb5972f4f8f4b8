//! `countersign repropose`: what waits is stated anew, against the files as they are.

use serde_json::json;

use crate::args::{Arguments, Format, ReproposeArgs};
use crate::commands::run::{proposal_json, proposal_text};
use crate::exit::{Exit, Failure};
use crate::output::{Terminal, safe};
use crate::session;

/// Nothing could be stated anew: 2, and each hunk says why.
pub fn repropose(
    arguments: &Arguments,
    args: &ReproposeArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut engine = session::open(arguments)?;
    let id = engine.find(&args.id)?;
    let again = engine.repropose(id)?;
    let exit = if again.proposal.is_some() { Exit::Done } else { Exit::CouldNot };
    if args.format == Format::Json {
        let each = |hunks: &[(u32, String)]| -> Vec<_> {
            hunks.iter().map(|(hunk, why)| json!({ "hunk": hunk, "why": why })).collect()
        };
        terminal.json(&json!({
            "version": 1,
            "changeset": id,
            "proposal": again.proposal.as_ref().map(proposal_json),
            "suggested": each(&again.suggested),
            "left": each(&again.left),
        }));
        return Ok(exit);
    }
    if let Some(proposal) = &again.proposal {
        terminal.print(&proposal_text(&mut engine, proposal));
    }
    for (hunk, why) in &again.suggested {
        terminal.print(&format!("found hunk {hunk} of {} again: {}\n", id.short(), safe(why)));
    }
    for (hunk, why) in &again.left {
        terminal.print(&format!("left hunk {hunk} of {} as it is: {}\n", id.short(), safe(why)));
    }
    Ok(exit)
}
