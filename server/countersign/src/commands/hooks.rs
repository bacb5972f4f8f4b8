//! `countersign hooks`: what to give an agent's program so that it says when its turns begin and end.
//!
//! It prints and writes nothing: the configuration of other programs is the person's.

use std::time::Duration;

use serde_json::{Value, json};

use crate::args::{HookAgent, HooksArgs};
use crate::exit::{Exit, Failure};
use crate::output::Terminal;

/// After how long a hook gives up, so that no turn waits for it.
const HOOK_MAX: Duration = Duration::from_secs(20);

/// After how long the agent's program may end it: later than it ends itself.
const TIMEOUT_S: u64 = 30;

/// For agents without hooks: a turn is a run of a command.
const GENERIC: &str = "\
#!/bin/sh
# countersign-turn AGENT COMMAND [ARGUMENT...]
# Runs a command that edits this working tree; what it changed is adopted as work of AGENT.
agent=${1:?the name of the agent}
shift
countersign snapshot --hook --label \"before a turn of $agent\" || true
\"$@\"
status=$?
countersign adopt --hook --agent \"$agent\" || true
exit \"$status\"
";

pub fn hooks(args: &HooksArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let (name, events, where_to, timeout) = match args.agent {
        HookAgent::Claude => (
            "claude",
            ["UserPromptSubmit", "Stop"],
            "merge this into .claude/settings.json of the repository, or ~/.claude/settings.json for all",
            TIMEOUT_S,
        ),
        HookAgent::Codex => (
            "codex",
            ["UserPromptSubmit", "Stop"],
            "merge this into ~/.codex/hooks.json, or .codex/hooks.json of a trusted repository; then trust both hooks with /hooks in codex",
            TIMEOUT_S,
        ),
        HookAgent::Gemini => (
            "gemini",
            ["BeforeAgent", "AfterAgent"],
            "merge this into .gemini/settings.json of the repository, or ~/.gemini/settings.json for all",
            TIMEOUT_S * 1000,
        ),
        HookAgent::Generic => {
            terminal.notice(
                "save this as countersign-turn on your path, make it executable, and start agents with it",
            );
            terminal.print(GENERIC);
            return Ok(Exit::Done);
        }
    };
    terminal.notice(where_to);
    terminal.json(&configuration(name, events, timeout));
    Ok(Exit::Done)
}

/// The shape that these programs share. The unit of `timeout` is theirs.
fn configuration(name: &str, [before, after]: [&str; 2], timeout: u64) -> Value {
    // Whatever happens, the turn goes on: of some exit codes these programs make a refusal.
    let hook = |command: String| {
        json!([{ "hooks": [
            { "type": "command", "command": format!("{command} || true"), "timeout": timeout }
        ] }])
    };
    json!({ "hooks": {
        before: hook(format!("countersign snapshot --hook --label 'before a turn of {name}'")),
        after: hook(format!("countersign adopt --hook --agent {name}")),
    } })
}

/// Carries `work` out for an agent that waits: an error is said on standard error and is none to the caller.
///
/// What takes longer than [`HOOK_MAX`] is broken off, as a crash would; the ledger is made for that.
pub fn for_an_agent(terminal: &Terminal, work: impl FnOnce() -> Result<(), Failure>) -> Exit {
    std::thread::spawn(|| {
        std::thread::sleep(HOOK_MAX);
        std::process::exit(0);
    });
    if let Err(failure) = work() {
        terminal.fail(&failure);
    }
    Exit::Done
}
