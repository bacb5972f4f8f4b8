//! `countersign trust`: which commands may run, from which files, and the person's word for it.

use std::path::Path;

use attest::{StoreError, TrustStore};
use engine::{Clock, GateSet};
use model::{Actor, Digest, TrustedGates, canonical_json};
use serde_json::json;

use crate::args::{Arguments, Format, TrustArgs};
use crate::commands::gates::{command, listed, listed_workers};
use crate::exit::{Exit, Failure};
use crate::output::{GREEN, RESET, Terminal, YELLOW, safe};
use crate::session;

const TRUSTED: &str = "trusted until they change; `countersign trust --revoke` takes it back";

pub fn trust(
    arguments: &Arguments,
    args: &TrustArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let set = engine::gates(&arguments.directory, &session::rules_from(None, &[])?)?;
    let store = TrustStore::new(session::own_folder("trust")?);
    if args.revoke {
        let by = session::decider(args.by.as_deref())?;
        let was = store.revoke(&set.repository)?;
        if args.format == Format::Json {
            terminal
                .json(&json!({ "version": 1, "trusted": false, "revoked": was, "by": by.name }));
        } else {
            terminal.print(if was {
                "nothing of this repository is trusted any more\n"
            } else {
                "nothing of this repository was trusted\n"
            });
        }
        return Ok(Exit::Done);
    }
    let known = known(&store, &set)?;
    let all = known.is_all(&set);
    if args.show || all {
        shown(args, terminal, &set, &known);
        return Ok(if all { Exit::Done } else { Exit::NeedsPerson });
    }
    let by = session::decider(args.by.as_deref())?;
    if set.gates.is_empty() && set.workers.is_empty() {
        let message = "there are no gates and no workers to trust";
        return Err(Failure::new(message, "`countersign gates` says why"));
    }
    if args.format == Format::Human {
        terminal.print(&format!(
            "These commands would run, in the sandbox, on the files of this repository and on what is proposed:\n\n{}\n",
            everything(&set)
        ));
    }
    if args.by.is_none() && !session::agreed("Trust them until they change? [y/N] ")? {
        terminal.print("nothing was changed\n");
        return Ok(Exit::NeedsPerson);
    }
    let known = all_trusted(&store, &set, known, &by.name)?;
    if args.format == Format::Json {
        shown(args, terminal, &set, &known);
    } else {
        terminal.print(&format!("{TRUSTED}\n"));
    }
    Ok(Exit::Done)
}

/// What of the repository around a folder nobody trusts yet; `None`: nothing.
pub fn wanted(folder: &Path) -> Result<Option<lsp::Approval>, Failure> {
    let (set, _, known) = looked_up(folder)?;
    Ok(left(&set, &known))
}

/// Trusts that, if it is just what `digest` names.
pub fn approve(folder: &Path, digest: Digest, by: &Actor) -> Result<String, Failure> {
    let (set, store, known) = looked_up(folder)?;
    if left(&set, &known).is_none_or(|left| left.digest != digest) {
        let message = "what would run is not what was shown";
        return Err(Failure::new(message, "ask for it again, and look at what is shown then"));
    }
    all_trusted(&store, &set, known, &by.name)?;
    Ok(TRUSTED.to_owned())
}

/// What the repository around a folder would have run, and what of that is trusted.
fn looked_up(folder: &Path) -> Result<(GateSet, TrustStore, Known), Failure> {
    let set = engine::gates(folder, &session::rules_from(None, &[])?)?;
    let store = TrustStore::new(session::own_folder("trust")?);
    let known = known(&store, &set)?;
    Ok((set, store, known))
}

/// What is left to trust, named by what it consists of.
fn left(set: &GateSet, known: &Known) -> Option<lsp::Approval> {
    let gates = if known.gates.is_none() { set.gates.as_slice() } else { &[] };
    let workers = set.workers.iter().filter(|_| known.workers.is_none());
    let mut commands: Vec<String> =
        gates.iter().map(|gate| format!("{}: {}", gate.id, command(&gate.command))).collect();
    commands.extend(workers.map(|(name, it)| format!("{name}: {}", command(&it.command))));
    let digests = (
        (!gates.is_empty()).then_some(set.digest),
        set.workers_digest.filter(|_| known.workers.is_none()),
    );
    (!commands.is_empty()).then(|| lsp::Approval {
        digest: Digest::of(&canonical_json(&digests)),
        gates: gates.len(),
        workers: commands.len() - gates.len(),
        commands,
    })
}

/// Has all of it trusted from now on.
fn all_trusted(
    store: &TrustStore,
    set: &GateSet,
    mut known: Known,
    by: &str,
) -> Result<Known, StoreError> {
    let trusted = |digest: Digest, count: usize| TrustedGates {
        digest,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        by: by.to_owned(),
        since: Clock::System.now(),
    };
    if known.gates.is_none() && !set.gates.is_empty() {
        let gates = trusted(set.digest, set.gates.len());
        store.trust(&set.repository, gates.clone())?;
        known.gates = Some(gates);
    }
    if let (None, Some(digest)) = (&known.workers, set.workers_digest) {
        let workers = trusted(digest, set.workers.len());
        store.trust(&set.repository, workers.clone())?;
        known.workers = Some(workers);
    }
    Ok(known)
}

/// What of a repository is trusted: its gates and its workers, each as they are.
struct Known {
    gates: Option<TrustedGates>,
    workers: Option<TrustedGates>,
}

impl Known {
    /// Whether nothing is left to trust.
    fn is_all(&self, set: &GateSet) -> bool {
        let gates = self.gates.is_some() || (set.gates.is_empty() && !set.workers.is_empty());
        gates && (self.workers.is_some() || set.workers.is_empty())
    }
}

fn known(store: &TrustStore, set: &GateSet) -> Result<Known, StoreError> {
    let gates = store.trusted(&set.repository, set.digest)?;
    let workers = match set.workers_digest {
        Some(digest) => store.trusted(&set.repository, digest)?,
        None => None,
    };
    Ok(Known { gates, workers })
}

fn everything(set: &GateSet) -> String {
    // Workers alone are no reason to say that there are no gates.
    let gates =
        if set.gates.is_empty() && !set.workers.is_empty() { String::new() } else { listed(set) };
    gates + &listed_workers(set)
}

fn shown(args: &TrustArgs, terminal: &Terminal, set: &GateSet, known: &Known) {
    let all = known.is_all(set);
    if args.format == Format::Json {
        let some = known.gates.as_ref().or(known.workers.as_ref());
        terminal.json(&json!({
            "version": 1,
            "repository": set.repository.display().to_string(),
            "commit": set.commit,
            "digest": set.digest,
            "gates": set.gates,
            "workers": set.workers,
            "trusted": all,
            "by": some.map(|known| &known.by),
            "since": some.map(|known| known.since),
        }));
        return;
    }
    set.notices.iter().for_each(|notice| terminal.notice(notice));
    terminal.print(&everything(set));
    let nothing = format!(
        "{YELLOW}not trusted{RESET}: nothing of this runs; `countersign trust` allows it\n"
    );
    let some = known.gates.as_ref().or(known.workers.as_ref());
    terminal.print(&match some {
        Some(known) if all => format!("{GREEN}trusted{RESET} by {}\n", safe(&known.by)),
        Some(_) if known.gates.is_some() => format!(
            "{YELLOW}the workers are not trusted{RESET}: none runs; `countersign trust` allows it\n"
        ),
        Some(_) => format!(
            "{YELLOW}the gates are not trusted{RESET}: none runs; `countersign trust` allows it\n"
        ),
        None => nothing,
    });
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { message: error.to_string(), hint: None }
    }
}
