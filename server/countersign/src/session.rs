//! Who acts, on which repository, by which rules: what most commands need first.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use engine::{Clock, Engine, RulesFrom};
use model::{Actor, ActorKind, Surface};

use crate::args::Arguments;
use crate::exit::Failure;

/// The longest answer to a question that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 1024;

/// The rules beside the built-in ones: the person's own policies, where they keep any.
pub fn rules_from(revision: Option<String>, folders: &[PathBuf]) -> Result<RulesFrom, Failure> {
    for folder in folders {
        if !folder.is_dir() {
            let message = format!("{}: there is no such folder of policies", folder.display());
            return Err(Failure::new(message, "name a folder with --policies"));
        }
    }
    let own = config_home().map(|home| home.join("countersign").join("policies"));
    let folders = own.into_iter().chain(folders.iter().cloned()).collect();
    Ok(RulesFrom { revision, folders })
}

/// Opens the repository and its ledger, and settles what a crash left open.
pub fn open(arguments: &Arguments) -> Result<Engine, Failure> {
    let rules = rules_from(None, &[])?;
    let mut engine = Engine::open(&arguments.directory, Clock::System, person(), rules)?;
    recover(&mut engine)?;
    Ok(engine)
}

/// Opens the repository and its ledger, or answers `None` when nothing was ever proposed there.
pub fn open_existing(arguments: &Arguments) -> Result<Option<Engine>, Failure> {
    let rules = rules_from(None, &[])?;
    let engine = Engine::open_existing(&arguments.directory, Clock::System, person(), rules)?;
    let Some(mut engine) = engine else { return Ok(None) };
    recover(&mut engine)?;
    Ok(Some(engine))
}

/// Who decides: whom `by` names, or whoever sits at the terminal.
pub fn decider(by: Option<&str>) -> Result<Actor, Failure> {
    match by.map(str::trim) {
        Some("") => Err(Failure::new("--by names nobody", "say who decides: --by NAME")),
        Some(name) => Ok(Actor { kind: ActorKind::Person, name: name.to_owned(), ..person() }),
        None if attended() => Ok(person()),
        None => Err(Failure::new(
            "a decision needs a person, and no terminal is attached",
            "run it at a terminal or in an editor, or say who decides with --by NAME",
        )),
    }
}

/// Asks at the terminal; only a clear yes is one.
pub fn agreed(question: &str) -> Result<bool, Failure> {
    let failed =
        |error| Failure::new(format!("the terminal: {error}"), "say who decides with --by NAME");
    std::io::stderr().write_all(question.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    BufReader::new(std::io::stdin().take(ANSWER_BYTES_MAX))
        .read_line(&mut answer)
        .map_err(failed)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Opens the repository for a decision, which needs someone to make it.
pub fn open_for_decision(arguments: &Arguments, by: Option<&str>) -> Result<Engine, Failure> {
    let actor = decider(by)?;
    let rules = rules_from(None, &[])?;
    let mut engine = Engine::open(&arguments.directory, Clock::System, actor, rules)?;
    recover(&mut engine)?;
    Ok(engine)
}

/// Whoever sits at the terminal. The name is empty where the environment does not say: git knows then.
pub fn person() -> Actor {
    let surface = if attended() { Surface::Terminal } else { Surface::Headless };
    let kind = if attended() { ActorKind::Person } else { ActorKind::Program };
    Actor { kind, name: std::env::var("GIT_AUTHOR_NAME").unwrap_or_default(), surface }
}

/// The path of a file named on the command line, relative to the root of the repository.
pub fn inside(engine: &Engine, directory: &Path, path: &Path) -> Result<model::RelPath, Failure> {
    engine.rel_path(&directory.join(path)).map_err(Failure::from)
}

fn attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn recover(engine: &mut Engine) -> Result<(), Failure> {
    for recovered in engine.recover(&engine::OpenTexts::default())? {
        tracing::warn!(
            operation = recovered.operation.0,
            change = %recovered.outcome.changeset.short(),
            hunks = ?recovered.outcome.hunks,
            "settled an operation that was interrupted"
        );
    }
    Ok(())
}

/// Where the person's own files of a kind lie: `trust`, `keys`, `heads`.
pub fn own_folder(kind: &str) -> Result<PathBuf, Failure> {
    Ok(own_home()?.join(kind))
}

/// The person's configuration folder.
pub fn own_home() -> Result<PathBuf, Failure> {
    let home = config_home().ok_or_else(|| {
        let message = "there is no folder for what is your own: your configuration, keys and trust";
        Failure::new(message, "set HOME or XDG_CONFIG_HOME")
    })?;
    Ok(home.join("countersign"))
}

fn config_home() -> Option<PathBuf> {
    user_folder("XDG_CONFIG_HOME", ".config")
}

/// Where the person keeps what can be made again.
pub fn cache_home() -> Option<PathBuf> {
    user_folder("XDG_CACHE_HOME", ".cache")
}

fn user_folder(variable: &str, otherwise: &str) -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let xdg = std::env::var_os(variable).map(PathBuf::from).and_then(absolute);
    xdg.or_else(|| std::env::home_dir().and_then(absolute).map(|home| home.join(otherwise)))
}
