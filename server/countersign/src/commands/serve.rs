//! `countersign lsp`: the language server on standard input and output.

use std::path::Path;
use std::sync::Mutex;

use engine::{Clock, Effort, Engine, ProveWhat, Selection};
use model::{Actor, ActorKind, ChangeSetId, Surface};
use serde_json::{Value, json};

use crate::args::Arguments;
use crate::commands::prove::Proving;
use crate::exit::{Exit, Failure};
use crate::session;

pub fn lsp(_arguments: &Arguments) -> Result<Exit, Failure> {
    let options = lsp::Options {
        clock: Clock::System,
        actor: editor(),
        rules_from: session::rules_from(None, &[])?,
        prover: Some(lsp::Prover::new(prove)),
        proves_newcomers: std::env::var_os("COUNTERSIGN_PROVE").is_none_or(|how| how != "asked"),
    };
    match lsp::serve_stdio(options) {
        Ok(()) => Ok(Exit::Done),
        // What the protocol wants then. It is the client's fault, and nobody is there to be told.
        Err(lsp::ServeError::NoShutdown) => Ok(Exit::Of(1)),
        Err(error) => Err(Failure::new(
            error.to_string(),
            "an editor starts this; see the README of your editor's client",
        )),
    }
}

fn editor() -> Actor {
    Actor { kind: ActorKind::Person, surface: Surface::Editor, ..session::person() }
}

/// Proves what an editor asks for. Its end ends what runs in the sandbox, too.
fn prove(root: &Path, id: ChangeSetId, asked: bool) -> Result<(String, Value), String> {
    /// One after another: each has the machine for itself.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let told = |failure: Failure| match failure.hint {
        Some(hint) => format!("{}: {hint}", failure.message),
        None => failure.message,
    };
    let rules = session::rules_from(None, &[]).map_err(told)?;
    // A proof that rests on nothing is not worth a line, unless somebody wants to see just that.
    let gates = engine::gates(root, &rules).map_err(|error| error.to_string())?.gates;
    if !asked && gates.is_empty() {
        return Err("there are no gates".to_owned());
    }
    let engine = Engine::open(root, Clock::System, editor(), rules);
    let mut engine = engine.map_err(|error| error.to_string())?;
    let what = ProveWhat::ChangeSet(id, Selection::All);
    let proving = Proving::begin().map_err(told)?;
    let proved = proving.prove(&mut engine, what, Effort::default(), true, &mut |_| {});
    let proved = proved.map_err(told)?;
    let summary = proved.proof.validation.summary(proved.proof.sandbox);
    let gates = summary.gates.iter().map(|gate| format!("{}: {}", gate.id, gate.reason));
    let gates = gates.collect::<Vec<_>>().join(", ");
    let said =
        format!("proved change {}: {gates}; policy: {}", id.short(), proved.verdict.decision);
    let value = json!({
        "changeset": id,
        "digest": proved.proof.digest(),
        "summary": summary,
        "verdict": proved.verdict,
    });
    Ok((said, value))
}
