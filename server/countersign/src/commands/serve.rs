//! `countersign lsp`: the language server on standard input and output.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::{Cancel, Clock, Effort, Engine, Proposal, ProveWhat, Selection, WorkerSet};
use lsp::{Interrupt, Occasion, Unworked, Worked};
use model::{Actor, ActorKind, ChangeSetId, Digest, Surface, Task, TaskKind};
use sandbox::Stop;
use serde_json::{Value, json};

use crate::args::Arguments;
use crate::commands::ask::{self, TaskRun};
use crate::commands::prove::Proving;
use crate::commands::trust;
use crate::exit::{Exit, Failure};
use crate::{output, session};

pub fn lsp(_arguments: &Arguments) -> Result<Exit, Failure> {
    let options = lsp::Options {
        clock: Clock::System,
        actor: editor(),
        rules_from: session::rules_from(None, &[])?,
        prover: Some(lsp::Prover::new(prove)),
        works: Some(Arc::new(Workers)),
        approves: Some(Arc::new(Approvals)),
        proves_unasked: std::env::var_os("COUNTERSIGN_PROVE").is_none_or(|how| how != "asked"),
        proves_again_after: again_after()?,
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

/// How quiet it must have been, from the environment or a minute.
fn again_after() -> Result<Duration, Failure> {
    let Some(given) = std::env::var_os("COUNTERSIGN_PROVE_AFTER") else {
        return Ok(Duration::from_secs(60));
    };
    let given = given.to_string_lossy();
    let wrong = |_| {
        let message =
            format!("COUNTERSIGN_PROVE_AFTER is `{given}`, which is no number of seconds");
        Failure::new(message, "set it to seconds, such as 60, or unset it")
    };
    given.parse().map(Duration::from_secs).map_err(wrong)
}

fn editor() -> Actor {
    Actor { kind: ActorKind::Person, surface: Surface::Editor, ..session::person() }
}

/// Those that an editor can ask for work.
struct Workers;

impl lsp::Works for Workers {
    fn offered(&self, folder: &Path) -> Result<WorkerSet, String> {
        ask::offered(folder).map_err(told)
    }

    /// Its end, and the end of this program, ends what runs in the sandbox, too.
    fn work(&self, folder: &Path, task: &Task, interrupt: &Interrupt) -> Result<Worked, Unworked> {
        let stop = Stop::new().map_err(|error| error.to_string())?;
        let end = stop.clone();
        interrupt.ends(move || end.stop());
        let rules = session::rules_from(None, &[]).map_err(told)?;
        let set = ask::offered(folder).map_err(told)?;
        let worker = set.choose(task).map_err(|error| error.to_string())?;
        let engine = Engine::open(folder, Clock::System, editor(), rules);
        let mut engine = engine.map_err(|error| error.to_string())?;
        let cancel = Cancel { stop: &stop, asked: interrupt.asked() };
        let run = match ask::work(&mut engine, worker, set.budget, task, cancel) {
            Ok(run) => run,
            Err(engine::Error::Exhausted(exhausted)) => return Err(Unworked::Exhausted(exhausted)),
            Err(error) => return Err(told(error.into()).into()),
        };
        Ok(worked(task, &worker.called(), &run)?)
    }
}

/// What nobody trusts yet, and the person's word for it.
struct Approvals;

impl lsp::Approves for Approvals {
    fn wanted(&self, folder: &Path) -> Result<Option<lsp::Approval>, String> {
        trust::wanted(folder).map_err(told)
    }

    fn approve(&self, folder: &Path, digest: Digest) -> Result<String, String> {
        trust::approve(folder, digest, &editor()).map_err(told)
    }
}

/// What a task came to, in one sentence.
fn worked(task: &Task, worker: &str, run: &TaskRun) -> Result<Worked, String> {
    let proposals = run.proposals().map_err(|attempted| {
        let last = attempted.run.tail.lines().last().unwrap_or_default();
        let said = if last.is_empty() { String::new() } else { format!("; it said: {last}") };
        told(ask::thrown_away(attempted)) + &said
    })?;
    let output = if let TaskRun::Command(run) = run { run.run.tail.trim() } else { "" };
    let changesets = proposals.iter().filter_map(Proposal::id).collect();
    let mut sentences = Vec::new();
    for proposal in proposals {
        sentences.push(match proposal {
            Proposal::New(captured) => {
                let hunks = captured.changeset.hunks().count();
                let hunks = output::counted(u32::try_from(hunks).unwrap_or(u32::MAX), "hunk");
                format!("{worker} proposes {hunks}: {}", captured.changeset.title)
            }
            Proposal::Known { id, stage } => {
                format!("{worker} proposes what is known already: change {} ({stage})", id.short())
            }
            Proposal::Rejected(_) => {
                format!("{worker} proposes only what was rejected before")
            }
        });
    }
    if sentences.is_empty() {
        sentences.push(format!("{worker} changed nothing"));
    }
    let mut said = sentences.join("; ");
    // Of a review, what is said is what was asked for.
    if (proposals.is_empty() || task.kind == TaskKind::Review) && !output.is_empty() {
        said.push_str(&format!("; it said: {output}"));
    }
    Ok(Worked { said, changesets })
}

fn told(failure: Failure) -> String {
    match failure.hint {
        Some(hint) => format!("{}: {hint}", failure.message),
        None => failure.message,
    }
}

/// Proves what an editor asks for. Its end ends what runs in the sandbox, too.
fn prove(
    root: &Path,
    id: ChangeSetId,
    occasion: Occasion,
    interrupt: &Interrupt,
) -> Result<(String, Value), String> {
    let rules = session::rules_from(None, &[]).map_err(told)?;
    // A proof that rests on nothing is not worth a line, unless somebody wants to see just that.
    let gates = engine::gates(root, &rules).map_err(|error| error.to_string())?.gates;
    if occasion != Occasion::Asked && gates.is_empty() {
        return Err("there are no gates".to_owned());
    }
    let engine = Engine::open(root, Clock::System, editor(), rules);
    let mut engine = engine.map_err(|error| error.to_string())?;
    if occasion == Occasion::Again {
        let proof = engine.proof(id).map_err(|error| error.to_string())?;
        if proof.is_none_or(|(_, current)| current) {
            return Err("its proof speaks for what would land".to_owned());
        }
    }
    let what = ProveWhat::ChangeSet(id, Selection::All);
    let proving = Proving::begin().map_err(told)?;
    let stop = proving.stop.clone();
    interrupt.ends(move || stop.stop());
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
