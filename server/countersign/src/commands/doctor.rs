//! `countersign doctor`: what this system can do for Countersign, and what is missing.

use std::ffi::OsString;
use std::time::Duration;

use ::sandbox::{Command, Limits, Means, Program, Refusal, Sandbox, Tier, Toolchains, Worked};
use serde_json::{Value, json};

use crate::args::{Arguments, DoctorArgs, Format};
use crate::exit::{Exit, Failure};
use crate::output::{BOLD, GREEN, RED, RESET, Terminal, YELLOW, safe};

/// How long git may take to say its version.
const GIT_MAX: Limits = Limits { time: Duration::from_secs(10), output_bytes: 4096 };

const PROFILE_HINT: &str = "put this into /etc/apparmor.d/countersign, then `sudo apparmor_parser --replace \
    /etc/apparmor.d/countersign`, and namespaces are allowed to this program:";

/// What is known of the means to confine: they withstood, or why they cannot be used.
type Tried = (Means, Result<Sandbox, Refusal>);

pub fn doctor(
    arguments: &Arguments,
    args: &DoctorArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut tried: Vec<Tried> = Vec::new();
    for means in Means::ALL {
        // A program of others is not started where nobody needs it.
        if means != Means::Bubblewrap || tried.iter().all(|(_, tried)| tried.is_err()) {
            tried.push((means, Sandbox::by(means)));
        }
    }
    let best = best(&tried);
    let tier = best.map(Means::tier);
    let env: Vec<_> = std::env::vars_os().collect();
    let toolchains =
        ::sandbox::toolchains(&env, tier.unwrap_or(Tier::Namespaces), Worked::default());
    let git = git(env);
    let ledger = ledger(arguments);
    let profile = Sandbox::missing_profile().filter(|_| tier != Some(Tier::Namespaces));
    match args.format {
        Format::Json => terminal.json(&json!({
            "version": 1,
            "sandbox": {
                "missing_profile": profile,
                "tier": tier.map(Tier::name),
                "by": best.map(Means::name),
                "tiers": tried.iter().map(means_json).collect::<Vec<_>>(),
            },
            "tools": toolchains.tools.iter().map(|tool| json!({
                "name": tool.name,
                "path": tool.file.as_ref().map(|file| file.display().to_string()),
                "inside": tool.inside,
            })).collect::<Vec<_>>(),
            "shown": toolchains.mounts.iter().map(|mount| mount.at().display().to_string()).collect::<Vec<_>>(),
            "git": git,
            "ledger": ledger,
        })),
        Format::Human => terminal.print(&human(&tried, profile.as_deref(), &toolchains, git.as_deref(), &ledger)),
    }
    Ok(if best.is_some() { Exit::Done } else { Exit::CouldNot })
}

/// The first that withstood: what is used.
fn best(tried: &[Tried]) -> Option<Means> {
    tried.iter().find(|(_, tried)| tried.is_ok()).map(|(means, _)| *means)
}

fn means_json((means, tried): &Tried) -> Value {
    match tried {
        Ok(sandbox) => {
            let attempts = sandbox.probed().attempts.iter();
            let attempts = attempts.map(|one| json!({ "to": one.what, "said": one.said }));
            json!({
                "by": means.name(),
                "tier": means.tier().name(),
                "enforced": true,
                "landlock_abi": sandbox.probed().landlock_abi,
                "attempts": attempts.collect::<Vec<_>>(),
            })
        }
        Err(refusal) => {
            json!({
                "by": means.name(),
                "tier": means.tier().name(),
                "enforced": false,
                "reason": reason(refusal),
            })
        }
    }
}

fn reason(refusal: &Refusal) -> String {
    match std::error::Error::source(refusal) {
        Some(cause) => format!("{refusal}: {cause}"),
        None => refusal.to_string(),
    }
}

fn human(
    tried: &[Tried],
    profile: Option<&str>,
    toolchains: &Toolchains,
    git: Option<&str>,
    ledger: &Value,
) -> String {
    let mut text = format!("{BOLD}Sandbox{RESET}\n");
    for (means, tried) in tried {
        let name = means.name();
        match tried {
            Err(Refusal::Missing { program }) => {
                text.push_str(&format!(
                    "  {YELLOW}{name:<12}{RESET} `{program}` is not installed\n"
                ));
            }
            Ok(sandbox) => {
                let probed = sandbox.probed();
                text.push_str(&format!(
                    "  {GREEN}{name:<12}{RESET} holds, with version {} of Landlock; tried in vain:\n",
                    probed.landlock_abi
                ));
                for one in &probed.attempts {
                    text.push_str(&format!("    to {}: {}\n", one.what, safe(&one.said)));
                }
            }
            Err(refusal) => {
                let reason = reason(refusal);
                text.push_str(&format!("  {RED}{name:<12}{RESET} {}\n", safe(&reason)));
            }
        }
    }
    if let Some(profile) = profile {
        text.push_str(&format!("  {PROFILE_HINT}\n\n"));
        profile.lines().for_each(|line| text.push_str(&format!("    {}\n", safe(line))));
        text.push('\n');
    }
    match best(tried).map(Means::tier) {
        Some(Tier::Namespaces) => {}
        Some(Tier::Landlock) => text.push_str(
            "  the weaker tier is used only where it is allowed: `--allow-tier landlock`\n",
        ),
        None => text.push_str("  nothing can be confined here, so no program of others is run\n"),
    }
    text.push_str(&format!("{BOLD}Programs{RESET}, as the sandbox sees them\n"));
    for tool in &toolchains.tools {
        let (style, said) = match (&tool.file, tool.inside) {
            (Some(file), true) => (GREEN, safe(&file.display().to_string())),
            (Some(file), false) => {
                (YELLOW, format!("not visible inside: {}", safe(&file.display().to_string())))
            }
            (None, _) => (YELLOW, "not found".to_owned()),
        };
        text.push_str(&format!("  {style}{:<12}{RESET} {said}\n", tool.name));
    }
    let (style, said) = match git {
        Some(version) => (GREEN, safe(version)),
        None => (YELLOW, "not found; it is needed for a few kinds of repositories only".to_owned()),
    };
    text.push_str(&format!("{BOLD}Git{RESET}\n  {style}{said}{RESET}\n{BOLD}Ledger{RESET}\n"));
    let word = |name: &str| ledger.get(name).and_then(Value::as_str).unwrap_or_default();
    let style = if word("state") == "broken" { RED } else { GREEN };
    text.push_str(&format!("  {style}{}{RESET} {}\n", word("state"), safe(word("said"))));
    text
}

/// What the person's git calls its version.
fn git(env: Vec<(OsString, OsString)>) -> Option<String> {
    let env = env.into_iter().filter(|(name, _)| name == "PATH" || name == "SystemRoot").collect();
    let finished = ::sandbox::run(Command {
        program: Program::Git,
        args: vec!["--version".into()],
        cwd: std::env::temp_dir(),
        env,
        stdin: Vec::new(),
        limits: GIT_MAX,
    });
    let finished = finished.ok().filter(|finished| finished.status.success())?;
    Some(String::from_utf8_lossy(&finished.stdout).trim().to_owned())
}

fn ledger(arguments: &Arguments) -> Value {
    let said = |state: &str, said: String| json!({ "state": state, "said": said });
    let folder = match engine::ledger_folder(&arguments.directory) {
        Ok(folder) => folder,
        Err(error) => return said("none", error.to_string()),
    };
    match ::ledger::Ledger::verify_folder(&folder) {
        Ok(None) => said("none", "nothing was ever proposed in this repository".to_owned()),
        Ok(Some(verified)) => {
            said("whole", format!("{} events, {} changes", verified.events, verified.changesets))
        }
        Err(error) => said("broken", error.to_string()),
    }
}
