//! `countersign show`: one change with all that is known of it.

use engine::Engine;
use model::ChangeSetId;
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
    if let Some(gate) = &args.log {
        return log(&mut engine, terminal, id, gate);
    }
    let change = engine.change(id)?;
    if args.proof {
        let account = engine.proof_account(id)?;
        let account =
            account.and_then(|account| Some((account.proof?, account.current, account.said)));
        let (proof, current, said) = account.ok_or_else(|| unproved(id))?;
        match args.format {
            Format::Json => terminal.json(&json!({
                "version": 1,
                "current": current,
                "digest": proof.digest(),
                "proof": proof,
            })),
            Format::Human => {
                terminal.print(&output::proof(&proof, &change.changeset.title, &said));
                if !current {
                    terminal
                        .notice("unproven: it speaks for other files or hunks than would land now");
                }
            }
        }
        return Ok(Exit::Done);
    }
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

fn unproved(id: ChangeSetId) -> Failure {
    let short = id.short();
    Failure::new(
        format!("{short} has no proof that could be shown"),
        format!("`countersign prove {short}` makes one; `countersign verify {short}` looks at one"),
    )
}

/// What a gate printed, line by line.
fn log(
    engine: &mut Engine,
    terminal: &Terminal,
    id: ChangeSetId,
    gate: &str,
) -> Result<Exit, Failure> {
    let Some(log) = engine.gate_log(id, gate)? else {
        let account = engine.proof_account(id)?;
        let proof = account.and_then(|account| account.proof).ok_or_else(|| unproved(id))?;
        let gates = proof.validation.gates.iter();
        let gates: Vec<&str> = gates.map(|gate| gate.comparison.gate.as_str()).collect();
        return Err(Failure::new(
            format!("nothing is kept of a gate `{gate}`"),
            format!("its gates are {}", gates.join(", ")),
        ));
    };
    if log.cut {
        terminal.notice("the beginning is not kept");
    }
    let lines = log.text.lines().map(|line| format!("{}\n", safe(line)));
    terminal.print(&lines.collect::<String>());
    Ok(Exit::Done)
}
