//! `countersign review`: a person goes through what is proposed.

use std::io::IsTerminal;

use crate::args::{Arguments, Color, ReviewArgs};
use crate::exit::{Exit, Failure};
use crate::output::Terminal;
use crate::review::{Desk, full, plain};
use crate::session;

pub fn review(
    arguments: &Arguments,
    args: &ReviewArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let engine = session::open_for_decision(arguments, args.by.as_deref())?;
    // `ID/2` is how hunks are named elsewhere; the change is meant then.
    let prefix = args.id.as_deref().map(|id| id.split('/').next().unwrap_or_default());
    let start = prefix.map(|prefix| engine.find(prefix)).transpose()?;
    let desk = Desk::new(engine);
    let typed = std::io::stdin().is_terminal();
    if args.plain || !typed || !std::io::stdout().is_terminal() || dumb() {
        return plain(desk, start, &mut std::io::stdin().lock(), !typed, terminal);
    }
    full(desk, start, colored(arguments.color))
}

/// Whether the terminal says that it can do no more than lines.
fn dumb() -> bool {
    let named = std::env::var_os("TERM");
    cfg!(unix) && named.is_none_or(|name| name.is_empty() || name == "dumb")
}

fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}
