//! `countersign attach`: a proof beside the commit that it speaks for.

use crate::args::{Arguments, AttachArgs};
use crate::exit::{Exit, Failure};
use crate::output::Terminal;
use crate::session;

pub fn attach(
    arguments: &Arguments,
    args: &AttachArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut engine = session::open(arguments)?;
    let (proof, envelope) = engine.proof_for(&args.commit)?;
    if args.trailer {
        terminal.print(&format!("Countersign-Proof: {}\n", proof.digest));
        return Ok(Exit::Done);
    }
    let commit = engine.attach(&args.commit, &envelope)?;
    let short = commit.get(..12).unwrap_or(&commit);
    terminal.print(&format!(
        "attached proof {} to commit {short}; `git push origin refs/notes/countersign` shares it\n",
        proof.digest.short()
    ));
    Ok(Exit::Done)
}
