//! `countersign prove`: find out what can be found out about a change, and sign it.

use std::time::Duration;

use attest::{SigningKey, TrustStore};
use engine::{Effort, Engine, Import, ProveStep, ProveTask, ProveWhat, Proved, Selection};
use model::{ChangeSetId, Decision};
use sandbox::{Sandbox, Stop, Tier};
use serde_json::json;
use workspace::Trees;

use crate::args::{Arguments, ProveArgs, ProveFormat};
use crate::exit::{Exit, Failure};
use crate::output::{self, Terminal, safe};
use crate::{session, signals};

pub fn prove(
    arguments: &Arguments,
    args: &ProveArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    // Before anything else: where nothing can be confined, nothing is begun.
    let proving = Proving::begin()?;
    signals::stop_by_signals(&proving.stop);
    let mut engine = session::open(arguments)?;
    let what = match &args.commit {
        Some(revision) => ProveWhat::Commit(revision.clone()),
        None => of_change(&mut engine, arguments, args)?,
    };
    let effort = Effort {
        runs: args.runs,
        mutants: args.mutants.into(),
        reductions: args.minimise,
        time: Duration::from_secs(args.time.into()),
    };
    let quiet = args.format != ProveFormat::Human;
    let proved = proving.prove(&mut engine, what, effort, true, &mut |step| {
        if !quiet {
            terminal.notice(&told(step));
        }
    })?;
    if let (true, Some(commit)) = (args.attach, &args.commit) {
        engine.attach(commit, &proved.envelope)?;
    }
    proved.notices.iter().for_each(|notice| terminal.notice(notice));
    match args.format {
        ProveFormat::Json => terminal.json(&json!({
            "version": 1,
            "digest": proved.proof.digest(),
            "proof": proved.proof,
            "verdict": proved.verdict,
            "envelope": proved.envelope,
        })),
        ProveFormat::Envelope => terminal.json_line(&proved.envelope),
        ProveFormat::Human => {
            terminal.print(&output::proof(
                &proved.proof,
                &proved.title,
                &engine.said(&proved.proof),
            ));
            terminal.print(&output::verdict(&proved.verdict));
        }
    }
    Ok(match proved.verdict.decision {
        Decision::Allow => Exit::Done,
        Decision::Deny => Exit::Denied,
        Decision::Review => Exit::NeedsPerson,
    })
}

/// What proving needs of this system and this person.
pub struct Proving {
    sandbox: Sandbox,
    /// Ends what runs.
    pub stop: Stop,
    key: SigningKey,
    trust: TrustStore,
    trees: Trees,
}

impl Proving {
    pub fn begin() -> Result<Self, Failure> {
        let sandbox = Sandbox::enforce(Tier::Namespaces)?;
        let stop = Stop::new().map_err(|error| Failure::new(error.to_string(), "try again"))?;
        let cache = session::cache_home().unwrap_or_else(std::env::temp_dir);
        Ok(Self {
            sandbox,
            stop,
            key: SigningKey::open(&session::own_folder("keys")?)?,
            trust: TrustStore::new(session::own_folder("trust")?),
            trees: Trees::new(&cache.join("countersign")),
        })
    }

    pub fn prove(
        &self,
        engine: &mut Engine,
        what: ProveWhat,
        effort: Effort,
        remember: bool,
        watch: &mut dyn FnMut(&ProveStep),
    ) -> Result<Proved, Failure> {
        let task = ProveTask {
            what,
            env: std::env::vars_os().collect(),
            trust: &self.trust,
            key: &self.key,
            effort,
            remember,
        };
        let proved = engine.prove(&task, &self.sandbox, &self.trees, &self.stop, watch);
        proved.map_err(|error| match error {
            untrusted @ engine::Error::Untrusted { .. } => Failure::new(
                untrusted.to_string(),
                "`countersign gates` lists them; `countersign trust` allows them to run in the sandbox",
            ),
            error => error.into(),
        })
    }
}

/// What just ran, in one line.
pub fn told(step: &ProveStep) -> String {
    let took = if step.known {
        "known".to_owned()
    } else {
        format!("{:.1} s", step.duration.as_secs_f64())
    };
    format!("{}: {} {} ({took})", step.side.name(), step.gate, safe(&step.outcome.to_string()))
}

fn of_change(
    engine: &mut Engine,
    arguments: &Arguments,
    args: &ProveArgs,
) -> Result<ProveWhat, Failure> {
    if let Some(path) = &args.patch {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let bytes = super::input(&arguments.directory, path)?;
        let import = Import::Patch { name, bytes, rationale: args.rationale.clone() };
        let id = engine.import(&import)?.id().ok_or_else(|| {
            Failure::new(
                "all of the patch was rejected before",
                "`countersign list --state rejected` lists it; `countersign restore` takes the rejection back",
            )
        })?;
        return Ok(ProveWhat::ChangeSet(id, Selection::All));
    }
    let (id, hunk) = named(engine, args.id.as_deref().unwrap_or_default())?;
    let hunks: Vec<u32> = args.hunks.iter().copied().chain(hunk).collect();
    let selection = if hunks.is_empty() { Selection::All } else { Selection::Hunks(hunks) };
    Ok(ProveWhat::ChangeSet(id, selection))
}

/// The change, and the hunk of `ID/2`.
fn named(engine: &Engine, text: &str) -> Result<(ChangeSetId, Option<u32>), Failure> {
    let (prefix, hunk) = text.split_once('/').unwrap_or((text, ""));
    let hunk = match hunk {
        "" => None,
        hunk => Some(hunk.parse().map_err(|_| {
            Failure::new(format!("`{text}` names no hunk"), "a hunk is named ID/2")
        })?),
    };
    Ok((engine.find(prefix)?, hunk))
}
