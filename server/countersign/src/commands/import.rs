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
    let import = match (&source.patch, &source.branch, &source.commit) {
        (Some(path), _, _) => engine::Import::Patch {
            name: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            bytes: super::input(&arguments.directory, path)?,
        },
        (_, Some(branch), _) => engine::Import::Branch(branch.clone()),
        (_, _, Some(commit)) => engine::Import::Commit(commit.clone()),
        _ => return Err(Failure::new("nothing to import", "name --patch, --branch or --commit")),
    };
    let mut engine = session::open(arguments)?;
    let proposal = engine.import(&import)?;
    match args.format {
        Format::Json => terminal.json(&proposal_json(&proposal)),
        Format::Human => terminal.print(&proposal_text(&mut engine, &proposal)),
    }
    Ok(Exit::Done)
}
