//! `countersign lsp`: the language server on standard input and output.

use model::{Actor, ActorKind, Surface};

use crate::args::Arguments;
use crate::exit::{Exit, Failure};
use crate::session;

pub fn lsp(_arguments: &Arguments) -> Result<Exit, Failure> {
    let actor = Actor { kind: ActorKind::Person, surface: Surface::Editor, ..session::person() };
    let rules_from = session::rules_from(None, &[])?;
    lsp::serve_stdio(lsp::Options { clock: engine::Clock::System, actor, rules_from }).map_err(
        |error| {
            Failure::new(
                error.to_string(),
                "an editor starts this; see the README of your editor's client",
            )
        },
    )?;
    Ok(Exit::Done)
}
