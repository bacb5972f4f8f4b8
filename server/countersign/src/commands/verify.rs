//! `countersign verify`: whether a proof holds, offline.

use std::path::Path;

use attest::{PublicKey, SigningKey};
use engine::{Effort, ProofCheck, ProveWhat, Selection};
use model::Proof;
use serde_json::json;

use crate::args::{Arguments, Format, VerifyArgs};
use crate::commands::prove::{Proving, told};
use crate::exit::{Exit, Failure};
use crate::output::{GREEN, RED, RESET, Terminal, YELLOW, safe};
use crate::{session, signals};

pub fn verify(
    arguments: &Arguments,
    args: &VerifyArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let trusted = trusted(arguments, &args.keys)?;
    let mut engine = session::open(arguments)?;
    let file = arguments.directory.join(&args.proof);
    let checked = match engine.find(args.proof.split('/').next().unwrap_or_default()) {
        Ok(id) => engine.verify_change(id, &trusted)?,
        Err(_) if file.is_file() => {
            let bytes = super::input(&arguments.directory, Path::new(&args.proof))?;
            engine.verify_proof(&bytes, &trusted)?
        }
        Err(error) => return Err(error.into()),
    };
    let mut checks = checked.checks;
    if let (true, Some(proof)) = (args.rerun, &checked.proof) {
        checks.extend(rerun(&mut engine, proof, terminal)?);
    }
    let holds = checks.iter().all(|check| check.holds != Some(false));
    match args.format {
        Format::Json => terminal.json(&json!({
            "version": 1,
            "holds": holds,
            "digest": checked.proof.as_ref().map(Proof::digest),
            "changeset": checked.proof.as_ref().map(|proof| proof.changeset),
            "checks": checks
                .iter()
                .map(|check| json!({ "what": check.what, "holds": check.holds, "said": check.said }))
                .collect::<Vec<_>>(),
        })),
        Format::Human => checks.iter().for_each(|check| terminal.print(&line(check))),
    }
    Ok(if holds { Exit::Done } else { Exit::Denied })
}

fn line(check: &ProofCheck) -> String {
    let (style, word) = match check.holds {
        Some(true) => (GREEN, "holds"),
        Some(false) => (RED, "fails"),
        None => (YELLOW, "open"),
    };
    format!("{style}{word}{RESET} {}: {}\n", check.what, safe(&check.said))
}

/// The person's own key, and those that they name.
pub fn trusted(
    arguments: &Arguments,
    files: &[std::path::PathBuf],
) -> Result<Vec<PublicKey>, Failure> {
    let mut keys = vec![SigningKey::open(&session::own_folder("keys")?)?.public()];
    for file in files {
        let text = super::input(&arguments.directory, file)?;
        let text = String::from_utf8_lossy(&text);
        let key = text.trim().parse().map_err(|error| {
            Failure::new(format!("{}: {error}", file.display()), "name the file of a public key")
        })?;
        keys.push(key);
    }
    Ok(keys)
}

/// Runs everything again and says where it comes out differently.
fn rerun(
    engine: &mut engine::Engine,
    proof: &Proof,
    terminal: &Terminal,
) -> Result<Vec<ProofCheck>, Failure> {
    let what = match proof.provenance.worker.as_str() {
        "commit" if engine.change(proof.changeset).is_err() => {
            ProveWhat::Commit(proof.provenance.name.clone())
        }
        _ => ProveWhat::ChangeSet(engine.proved_as(proof)?, Selection::All),
    };
    let runs = proof.validation.gates.iter().map(|gate| gate.base_evidence.len()).max();
    let mutants = proof.validation.mutation.as_ref().map_or(0, |report| report.budget);
    let effort = Effort {
        runs: runs.and_then(|runs| u32::try_from(runs).ok()).unwrap_or(1).max(1),
        mutants: usize::try_from(mutants).unwrap_or(usize::MAX),
        ..Effort::default()
    };
    let proving = Proving::begin()?;
    signals::stop_by_signals(&proving.stop);
    let again =
        proving.prove(engine, what, effort, false, &mut |step| terminal.notice(&told(step)))?;
    Ok(engine::compare_proofs(proof, &again.proof))
}
