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
    let news = session::open(arguments)?.pause(paused)?;
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
