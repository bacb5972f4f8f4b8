//! `countersign pause`: nothing begins in the background until it goes on.

use serde_json::json;

use crate::args::{Arguments, Format, PauseArgs};
use crate::exit::{Exit, Failure};
use crate::output::Terminal;
use crate::session;

pub fn pause(
    arguments: &Arguments,
    args: &PauseArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let paused = !args.off;
    // Where nothing was ever proposed nothing can be paused, and looking leaves nothing behind.
    let engine = match args.off {
        true => session::open_existing(arguments)?,
        false => Some(session::open(arguments)?),
    };
    let news = engine.map_or(Ok(false), |mut engine| engine.pause(paused))?;
    match (args.format, paused, news) {
        (Format::Json, ..) => terminal.json(&json!({ "paused": paused, "changed": news })),
        (Format::Human, true, true) => terminal.print(
            "paused: nothing begins in the background; `countersign pause --off` has it go on\n",
        ),
        (Format::Human, true, false) => {
            terminal.print("paused already; `countersign pause --off` has it go on\n");
        }
        (Format::Human, false, true) => terminal.print("work in the background goes on\n"),
        (Format::Human, false, false) => terminal.print("nothing was paused\n"),
    }
    Ok(Exit::Done)
}
