//! `countersign gates`, `init` and `schema`: what checks changes here, and in which form it is written down.

use engine::GateSet;
use model::{GateDefinition, GateSource};
use serde_json::json;

use crate::args::{Arguments, Format, GatesArgs, InitArgs};
use crate::exit::{Exit, Failure};
use crate::output::{BOLD, DIM, RESET, Terminal, safe};
use crate::session;

pub fn gates(
    arguments: &Arguments,
    args: &GatesArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let rules = session::rules_from(args.rules_from.clone(), &[])?;
    let set = engine::gates(&arguments.directory, &rules)?;
    if args.format == Format::Json {
        terminal.json(&json!({
            "version": 1,
            "commit": set.commit,
            "digest": set.digest,
            "gates": set.gates,
            "workers": set.workers,
            "notices": set.notices,
        }));
    } else {
        set.notices.iter().for_each(|notice| terminal.notice(notice));
        terminal.print(&listed(&set));
        terminal.print(&listed_workers(&set));
    }
    Ok(Exit::Done)
}

/// The gates for people: each with its command, word by word, and the file that says so.
pub fn listed(set: &GateSet) -> String {
    if set.gates.is_empty() {
        return "no gates: no file of the project says what builds or tests it; state some in countersign.toml\n"
            .to_owned();
    }
    let mut text = String::new();
    for gate in &set.gates {
        let folder =
            gate.folder.as_ref().map_or_else(String::new, |folder| format!(", in {folder}"));
        text.push_str(&format!(
            "{BOLD}{}{RESET} {DIM}{}{}, from {}{RESET}\n  {}\n",
            gate.id,
            gate.kind.word(),
            safe(&folder),
            safe(&declared(gate)),
            safe(&command(&gate.command)),
        ));
    }
    text
}

/// The workers that the repository states, for people.
pub fn listed_workers(set: &GateSet) -> String {
    let line = |(name, worker): (&model::WorkerName, &model::WorkerConfig)| {
        let kinds: Vec<&str> = worker.kinds.iter().map(|kind| kind.name()).collect();
        let (kinds, words) = (kinds.join(", "), safe(&command(&worker.command)));
        format!("{BOLD}{name}{RESET} {DIM}worker, can be asked for {kinds}{RESET}\n  {words}\n")
    };
    set.workers.iter().map(line).collect()
}

fn declared(gate: &GateDefinition) -> String {
    match &gate.source {
        GateSource::Detected { file } => file.to_string(),
        GateSource::Configured => "countersign.toml".to_owned(),
    }
}

/// The command so that it shows where each argument ends.
pub fn command(words: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./=:,@%+{}".contains(&b))
    };
    let quoted = |word: &String| {
        if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

pub fn init(arguments: &Arguments, args: &InitArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let (path, detected) = engine::init(&arguments.directory, args.force)?;
    let count = detected.len();
    let plural = if count == 1 { "" } else { "s" };
    terminal.print(&format!(
        "wrote {} with {count} detected gate{plural}, all commented out; it counts once it is committed\n",
        safe(&path.display().to_string())
    ));
    Ok(Exit::Done)
}

pub fn schema(name: &str, terminal: &Terminal) -> Result<Exit, Failure> {
    let schema = model::schema(name).ok_or_else(|| {
        let known = model::SCHEMAS.join(", ");
        Failure::new(format!("there is no contract `{name}`"), format!("there are: {known}"))
    })?;
    terminal.json(&schema);
    Ok(Exit::Done)
}
