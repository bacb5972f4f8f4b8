//! `countersign run --worker command`: a program proposes, from the sandbox.

use std::path::PathBuf;
use std::time::Duration;

use engine::{Cancel, CommandOutcome, CommandRun, CommandTask, Engine};
use sandbox::{Bound, Bounds, End, Sandbox, Stop, Tier};
use serde_json::json;
use workspace::Trees;

use super::run::{proposal_json, proposal_text};
use crate::args::{Arguments, Format, RunArgs};
use crate::exit::{Exit, Failure};
use crate::output::Terminal;
use crate::{session, signals};

/// Files named for people; JSON has all of them.
const SHOWN_FILES: usize = 5;

pub fn run(arguments: &Arguments, args: &RunArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let objective = objective(args)?;
    // Before anything else: where nothing can be confined, nothing is begun.
    let sandbox = Sandbox::enforce(Tier::Namespaces)?;
    let failed = |error: std::io::Error| Failure::new(error.to_string(), "try again");
    let stop = Stop::new().map_err(failed)?;
    let asked = signals::signals();
    signals::stop_by_signals(&stop);
    let mut engine = session::open(arguments)?;
    let cache = session::cache_home().unwrap_or_else(std::env::temp_dir);
    let bounds = bounds(args);
    let task = CommandTask {
        objective,
        argv: args.command.clone(),
        folder: folder(&engine, arguments),
        env: std::env::vars_os().collect(),
        given: Vec::new(),
        input: Vec::new(),
        bounds,
        any_exit: args.any_exit,
        task: None,
    };
    terminal.notice(&format!(
        "sandbox: {}; no network; it sees a copy of the saved files; at most {} s, {} MiB",
        sandbox.tier().name(),
        bounds.time.as_secs(),
        bounds.memory_bytes >> 20,
    ));
    let cancel = Cancel { stop: &stop, asked: &asked };
    let trees = Trees::new(&cache.join("countersign"));
    let run = engine.run_command(&task, &sandbox, &trees, cancel)?;
    match args.format {
        Format::Json => terminal.json(&as_json(&run)),
        Format::Human => as_text(&mut engine, &run, terminal),
    }
    match run.outcome {
        CommandOutcome::ThrownAway => Err(thrown_away(&run)),
        CommandOutcome::Proposed(_) | CommandOutcome::Unchanged => Ok(Exit::Done),
    }
}

fn objective(args: &RunArgs) -> Result<String, Failure> {
    let way = "countersign run \"tidy imports\" --worker command -- ruff check --fix";
    if !args.recipes.is_empty() {
        return Err(Failure::new("--recipe is for the recipes, not for a command", way));
    }
    if args.command.is_empty() {
        return Err(Failure::new("no command is named", way));
    }
    let [about] = args.about.as_slice() else {
        let message = match args.about.as_slice() {
            [] => "nothing says what the command is for",
            _ => "what the command is for is more than one argument",
        };
        return Err(Failure::new(message, way));
    };
    // A title is one line.
    let words = about.to_string_lossy().split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return Err(Failure::new("nothing says what the command is for", way));
    }
    Ok(words)
}

fn bounds(args: &RunArgs) -> Bounds {
    let default = Bounds::default();
    let time = args.time.map_or(default.time, Duration::from_secs);
    let memory_bytes = args.memory.map_or(default.memory_bytes, |mib| mib << 20);
    Bounds { time, memory_bytes, cpu: default.cpu.max(time), ..default }
}

/// Where the person stands, from the top of the tree.
fn folder(engine: &Engine, arguments: &Arguments) -> PathBuf {
    let resolved = arguments.directory.canonicalize().ok().zip(engine.root().canonicalize().ok());
    let below = resolved.and_then(|(here, root)| here.strip_prefix(root).ok().map(PathBuf::from));
    below.unwrap_or_default()
}

pub(super) fn as_json(run: &CommandRun) -> serde_json::Value {
    let proposals: Vec<_> = match &run.outcome {
        CommandOutcome::Proposed(proposal) => vec![proposal_json(proposal)],
        CommandOutcome::Unchanged | CommandOutcome::ThrownAway => Vec::new(),
    };
    let ended = match run.end {
        End::Exited(code) => json!({ "exit_code": code }),
        End::Signalled(signal) => json!({ "signal": signal }),
        End::Stopped(bound) => json!({ "stopped": bound }),
    };
    let pair = |path: String, reason: &str| json!({ "path": path, "reason": reason });
    let unseen = run.unseen.iter().map(|(path, reason)| pair(path.to_string(), reason));
    let left_out = run.left_out.iter().map(|left| pair(left.path.clone(), left.reason));
    json!({
        "version": 1,
        "proposals": proposals,
        "skipped": unseen.collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
        "command": {
            "argv": run.argv,
            "ended": ended,
            "tier": run.tier,
            "duration_ms": u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX),
            "output": run.tail,
        },
    })
}

pub(super) fn as_text(engine: &mut Engine, run: &CommandRun, terminal: &Terminal) {
    let unseen = run.unseen.iter().map(|(path, why)| format!("not shown to it: {path}: {why}"));
    let left = run.left_out.iter().map(|it| format!("thrown away: {}: {}", it.path, it.reason));
    let notes: Vec<String> = unseen.chain(left).collect();
    notes.iter().take(SHOWN_FILES).for_each(|note| terminal.notice(note));
    if notes.len() > SHOWN_FILES {
        let more = notes.len() - SHOWN_FILES;
        terminal.notice(&format!("{more} more; --format json lists them all"));
    }
    match &run.outcome {
        CommandOutcome::Proposed(proposal) => terminal.print(&proposal_text(engine, proposal)),
        CommandOutcome::Unchanged => terminal.print("the command changed nothing\n"),
        CommandOutcome::ThrownAway => {
            let line = |line: &str| terminal.notice(&format!("it said: {line}"));
            run.tail.lines().for_each(line);
        }
    }
}

/// Why nothing is proposed of what a program did.
pub(super) fn thrown_away(run: &CommandRun) -> Failure {
    let nothing = "nothing of what it did is proposed";
    match run.end {
        End::Exited(code) => Failure::new(
            format!("the command ended with exit code {code}: {nothing}"),
            "if that is no failure of this command, add --any-exit",
        ),
        End::Signalled(signal) => Failure {
            message: format!("the command was ended by signal {signal}: {nothing}"),
            hint: None,
        },
        End::Stopped(Bound::Cancelled) => {
            Failure { message: format!("the command was interrupted: {nothing}"), hint: None }
        }
        End::Stopped(bound) => {
            let hint = match bound {
                Bound::Time | Bound::Cpu => "--time gives it more",
                Bound::Memory => "--memory gives it more",
                _ => "let it do less at a time",
            };
            let name = bound.name();
            Failure::new(
                format!("the command was ended, because it reached {name}: {nothing}"),
                hint,
            )
        }
    }
}
