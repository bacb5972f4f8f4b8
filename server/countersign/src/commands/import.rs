//! `countersign import`: take in what something else made.

use crate::args::{Arguments, Format, ImportArgs};
use crate::commands::run::{proposal_json, proposal_text};
use crate::exit::{Exit, Failure};
use crate::output::Terminal;
use crate::session;

pub fn import(
    arguments: &Arguments,
    args: &ImportArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let source = &args.source;
    let import = match (&source.patch, &source.branch, &source.commit, &source.worktree) {
        (Some(path), ..) => engine::Import::Patch {
            name: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            bytes: super::input(&arguments.directory, path)?,
            rationale: None,
        },
        (_, Some(branch), ..) => engine::Import::Branch(branch.clone()),
        (_, _, Some(commit), _) => engine::Import::Commit(commit.clone()),
        (.., Some(folder)) => {
            let folder = arguments.directory.join(folder);
            let name = folder.components().next_back().map_or_else(
                || folder.to_string_lossy().into_owned(),
                |last| last.as_os_str().to_string_lossy().into_owned(),
            );
            engine::Import::Worktree { name, folder }
        }
        _ => {
            return Err(Failure::new(
                "nothing to import",
                "name --patch, --branch, --commit or --worktree",
            ));
        }
    };
    let mut engine = session::open(arguments)?;
    let proposal = engine.import(&import)?;
    match args.format {
        Format::Json => terminal.json(&proposal_json(&proposal)),
        Format::Human => terminal.print(&proposal_text(&mut engine, &proposal)),
    }
    Ok(Exit::Done)
}
