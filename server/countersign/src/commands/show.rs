//! `countersign show`: one change with all that is known of it.

use serde_json::json;

use crate::args::{Arguments, Format, ShowArgs};
use crate::commands::list::hunks;
use crate::exit::{Exit, Failure};
use crate::output::{self, Shown, Terminal, safe};
use crate::session;

pub fn show(arguments: &Arguments, args: &ShowArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let Some(mut engine) = session::open_existing(arguments)? else {
        return Err(Failure::new(
            "nothing was ever proposed in this repository",
            "`countersign run` has the recipes propose",
        ));
    };
    // `ID/2` is how hunks are named elsewhere; the change is shown then.
    let prefix = args.id.split('/').next().unwrap_or_default();
    let id = engine.find(prefix)?;
    let change = engine.change(id)?;
    // Where the files cannot be looked at, e.g. in a bare clone, the rest is shown.
    let standings = engine.standings(id, &engine::OpenTexts::default()).ok();
    let proof = engine.proof(id)?;
    match args.format {
        Format::Json => terminal.json(&json!({
            "version": 1,
            "changeset": change.changeset,
            "stage": change.state.stage(),
            "standing": standings.as_ref().map(|s| s.standing),
            "parked_on": standings.as_ref().and_then(|s| s.branch.as_ref()),
            "hunks": hunks(&change, standings.as_ref()),
            "review": change.review,
            "verdict": change.verdict,
            "proof": proof.as_ref().map(|(proof, current)| json!({
                "current": current,
                "digest": proof.digest,
                "hunks": proof.hunks,
                "summary": proof.summary,
            })),
        })),
        Format::Human => {
            terminal.print(&output::change(Shown::from(&*change)));
            if let Some((proof, current)) = &proof {
                terminal.print(&output::proof_line(proof, *current));
            }
            terminal.print(&format!("  state {}\n", change.state.stage()));
            for (hunk, rejection) in &change.state.rejections {
                if let Some(reason) = &rejection.reason {
                    terminal.print(&format!("    hunk {hunk} rejected: {}\n", safe(reason)));
                }
            }
            if let Some(standings) = &standings {
                terminal.print(&output::standing(standings, &id.short()));
            }
        }
    }
    Ok(Exit::Done)
}
