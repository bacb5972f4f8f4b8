//! `countersign demo`: the whole way, on a small repository made for it.
//!
//! Everything here goes through the same use cases as the other commands; this only chooses what to do next and
//! says so. What it shows: proposals with their reviews and verdicts, an acceptance, a hunk that moved, one
//! whose text changed, one that policy denies, an undo, and the ledger of it all.

mod fixture;

use std::path::{Path, PathBuf};

use engine::{BoardChange, Clock, Engine, Import, Proposal, Selection};
use model::{Actor, ActorKind, ChangeSetId, Decision, RelPath, Surface};

use crate::args::DemoArgs;
use crate::commands::run::proposal_text;
use crate::exit::{Exit, Failure};
use crate::output::{self, BOLD, DIM, GREEN, RESET, Terminal, safe, title};
use crate::session;

use self::fixture::{Edit, History};

/// The recipes that propose: enough to see the verdicts differ, over three languages. The repository has
/// something for each of the others too.
const RECIPES: [&str; 6] = [
    "rust/borrowed-parameter",
    "rust/len-zero",
    "python/mutable-default",
    "python/none-comparison",
    "typescript/index-of-includes",
    "typescript/json-clone",
];

/// The file that the person edits while a proposal for it waits.
const EDITED: &str = "service/waybill/carriers.py";

/// Goes the whole way.
pub fn demo(args: &DemoArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let folder = make(args)?;
    let say = |heading: &str, text: &str| {
        terminal.print(&format!("\n{}\n{DIM}{text}{RESET}\n\n", title(heading)));
    };
    terminal.print(&format!("A repository in {BOLD}{}{RESET}\n", folder.display()));
    let mut engine = open(&folder)?;

    say(
        "1. Proposals",
        "The recipe worker and an agent's patch propose. Nothing in the working tree is touched.",
    );
    let run = engine.run_recipes(&RECIPES.map(str::to_owned), &[])?;
    for proposal in &run.proposals {
        terminal.print(&proposal_text(&mut engine, proposal));
    }
    let retry = import(&mut engine, "retry-backoff.patch", terminal)?;
    let leaky = import(&mut engine, "leaky-config.patch", terminal)?;

    say("2. Accept", "What policy allows is accepted as shown, byte for byte.");
    let allowed = allowed(&mut engine, &run.proposals)?;
    terminal.print(&output::report(&engine.accept(allowed, &Selection::All)?, None));

    say("3. A hunk whose text moved", "Someone writes above it. It is found again by its content.");
    terminal.print(&edit(&folder, "edits/shift.toml")?);
    let change = engine.change(retry)?;
    let first = hunks_in(&change, EDITED)?.into_iter().take(1).collect();
    terminal.print(&output::report(&engine.accept(retry, &Selection::Hunks(first))?, None));

    say(
        "4. A hunk whose text changed",
        "Someone rewrites the very lines. That hunk is refused, the others land.",
    );
    terminal.print(&edit(&folder, "edits/conflict.toml")?);
    terminal.print(&output::report(&engine.accept(retry, &Selection::File(path(EDITED)?))?, None));

    say("5. Denied", "The rules say no, whoever asks.");
    match engine.accept(leaky, &Selection::All) {
        Err(denied @ engine::Error::Denied { .. }) => terminal.print(&format!("{denied}\n")),
        Err(error) => return Err(error.into()),
        Ok(_) => return Err(Failure::new("policy let a secret through", "this is a defect")),
    }

    say("6. Undo", "What was accepted comes out again; what was written since stays.");
    terminal.print(&output::report(&engine.undo(allowed, &Selection::All)?, None));

    say("7. The ledger", "Append-only and hash-chained; everything else is derived from it.");
    let stored = engine.ledger().events(1, usize::MAX).map_err(engine::Error::from)?;
    terminal.print(&stored.iter().map(output::event_line).collect::<String>());
    let verified = engine.ledger().verify().map_err(|error| {
        Failure::new(error.to_string(), "`countersign ledger verify` says more")
    })?;
    terminal.print(&format!(
        "{GREEN}whole{RESET}: {} events, {} changes, {} texts\n",
        verified.events, verified.changesets, verified.blobs
    ));
    terminal.print(&next_steps(&folder, &mut engine)?);
    Ok(Exit::Done)
}

/// Makes the repository and leaves one file dirty.
fn make(args: &DemoArgs) -> Result<PathBuf, Failure> {
    let folder = match &args.keep {
        Some(folder) => std::path::absolute(folder).map_err(|error| {
            Failure::new(format!("{}: {error}", folder.display()), "name another folder")
        })?,
        None => tempfile::Builder::new()
            .prefix("countersign-demo-")
            .tempdir()
            .map(tempfile::TempDir::keep)
            .map_err(|error| {
                Failure::new(format!("no temporary folder: {error}"), "name one with --keep DIR")
            })?,
    };
    let history: History = fixture::read("history.toml")?;
    workspace::seed(&folder, &fixture::commits(&history)?).map_err(|error| {
        Failure::new(error.to_string(), "name a folder that is empty or does not exist with --keep")
    })?;
    let repository = workspace::Repository::discover(&folder).map_err(engine::Error::from)?;
    for (path, bytes) in fixture::dirty(&history)? {
        write(&repository, &path, bytes)?;
    }
    Ok(folder)
}

fn open(folder: &Path) -> Result<Engine, Failure> {
    let actor = Actor { kind: ActorKind::Person, surface: Surface::Terminal, ..session::person() };
    let rules = engine::RulesFrom::default();
    Ok(Engine::open(folder, Clock::System, actor, rules)?)
}

fn import(engine: &mut Engine, name: &str, terminal: &Terminal) -> Result<ChangeSetId, Failure> {
    let bytes = fixture::file(&format!("proposals/{name}"))?.to_vec();
    let proposal =
        engine.import(&Import::Patch { name: name.to_owned(), bytes, rationale: None })?;
    terminal.print(&proposal_text(engine, &proposal));
    proposal.id().ok_or_else(|| {
        Failure::new(format!("{name} was rejected before"), "start with a new folder")
    })
}

/// The largest proposal that policy allows and that does not touch the file edited later.
fn allowed(engine: &mut Engine, proposals: &[Proposal]) -> Result<ChangeSetId, Failure> {
    let edited = path(EDITED)?;
    let mut best: Option<(usize, ChangeSetId)> = None;
    for proposal in proposals {
        let Proposal::New(captured) = proposal else { continue };
        let change = engine.change(captured.changeset.id)?;
        let apart = change.changeset.files.iter().all(|file| file.path != edited);
        let hunks = change.state.hunks.len();
        let better = best.is_none_or(|(most, _)| hunks > most);
        if captured.verdict.decision == Decision::Allow && apart && better {
            best = Some((hunks, captured.changeset.id));
        }
    }
    let nothing = || Failure::new("policy allowed none of the proposals", "this is a defect");
    best.map(|(_, id)| id).ok_or_else(nothing)
}

/// Plays the person at the keyboard, and says what they wrote.
fn edit(folder: &Path, name: &str) -> Result<String, Failure> {
    let edit: Edit = fixture::read(name)?;
    let path = path(&edit.file)?;
    let repository = workspace::Repository::discover(folder).map_err(engine::Error::from)?;
    let saved = repository.saved(&path).map_err(engine::Error::from)?;
    let text = saved.map(|saved| String::from_utf8_lossy(&saved.bytes).into_owned());
    let text = text.unwrap_or_default().replacen(&edit.old, &edit.new, 1);
    write(&repository, &path, text.as_bytes())?;
    let line = |sign: char, text: &str| format!("  {DIM}{sign}{}{RESET}\n", safe(text));
    let (old, new): (Vec<&str>, Vec<&str>) =
        (edit.old.lines().collect(), edit.new.lines().collect());
    let gone = old.iter().filter(|text| !new.contains(text)).map(|text| line('-', text));
    let here = new.iter().filter(|text| !old.contains(text)).map(|text| line('+', text));
    Ok(format!("  {DIM}{path}{RESET}\n{}\n", gone.chain(here).collect::<String>()))
}

fn write(repository: &workspace::Repository, path: &RelPath, bytes: &[u8]) -> Result<(), Failure> {
    let saved = repository.saved(path).map_err(engine::Error::from)?;
    let mode = saved.as_ref().map_or(model::FileMode::File, |saved| saved.mode);
    let before = saved.map(|saved| (mode, model::Digest::of(&saved.bytes)));
    repository
        .write_file(path, before, Some((mode, bytes)))
        .map_err(|error| Failure::new(error.to_string(), "name another folder with --keep DIR"))
}

fn hunks_in(change: &BoardChange, file: &str) -> Result<Vec<u32>, Failure> {
    let path = path(file)?;
    let here = |(hunk, at): (&u32, &RelPath)| (*at == path).then_some(*hunk);
    Ok(change.state.paths.iter().filter_map(here).collect())
}

fn path(text: &str) -> Result<RelPath, Failure> {
    text.parse().map_err(|error| Failure::new(format!("{error}"), "this is a defect of the build"))
}

/// How to go on from here, in each editor and in the terminal.
fn next_steps(folder: &Path, engine: &mut Engine) -> Result<String, Failure> {
    let waiting =
        engine.board()?.changes.into_iter().find(|change| !change.state.waiting().is_empty());
    let short = waiting.map_or_else(|| "ID".to_owned(), |change| change.changeset.id.short());
    let folder = folder.display();
    let program = std::env::current_exe().unwrap_or_else(|_| "countersign".into());
    let program = program.display();
    Ok(format!(
        "
{}
  cd {folder}
  alias countersign={program}
  countersign list
  countersign show {short}
  nvim {EDITED}      # with editors/nvim on the runtime path; hover and code actions on the diagnostics
  hx {EDITED}        # with editors/helix/languages.toml; space a, space k
  any editor that speaks LSP: start `countersign lsp` in {folder}
",
        title("8. Go on"),
    ))
}
