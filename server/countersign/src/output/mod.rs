//! Forms of answer: one file each. Commands build a text; [`Terminal`] is the only thing that prints.

mod change;
mod diff;
mod markdown;
mod proof;
mod sarif;
mod style;

use std::cell::RefCell;
use std::io::{ErrorKind, Write};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use crate::args::Color;
use crate::exit::Failure;

pub use change::{
    Shown, change, change_line, counted, event_line, report, standing, task_line, verdict,
};
pub use diff::heading;
pub use markdown::markdown;
pub use proof::{proof, proof_line};
pub use sarif::sarif;
pub use style::{BOLD, DIM, GREEN, RED, RESET, YELLOW, decision_style, hidden, safe, title};

/// Standard output and standard error, coloured where wanted.
#[derive(Debug)]
pub struct Terminal {
    choice: ColorChoice,
    lost: RefCell<Option<String>>,
}

impl Terminal {
    /// Colours as `color` says; `auto` looks at the stream and the environment.
    pub fn new(color: Color) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        Self { choice, lost: RefCell::new(None) }
    }

    /// Prints `text`. A reader that went away (`| head`) is no error; a full disk is, see [`Terminal::lost`].
    pub fn print(&self, text: &str) {
        let mut stream = AutoStream::new(std::io::stdout(), self.choice);
        let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
        if let Err(error) = written
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.lost.replace(Some(error.to_string()));
        }
    }

    /// Why some of the output was lost, if it was: then the command did not do what was asked of it.
    pub fn lost(&self) -> Option<String> {
        self.lost.borrow().clone()
    }

    /// Prints `value` as JSON, indented, with a final newline.
    pub fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string());
        self.print(&(text + "\n"));
    }

    /// Prints `value` as JSON on one line.
    pub fn json_line(&self, value: &impl Serialize) {
        let text = serde_json::to_string(value).unwrap_or_else(|error| error.to_string());
        self.print(&(text + "\n"));
    }

    /// Prints a failure on standard error.
    pub fn fail(&self, failure: &Failure) {
        let mut text = format!("{RED}error{RESET}: {}\n", safe(&failure.message));
        if let Some(hint) = &failure.hint {
            text.push_str(&format!("{DIM}hint{RESET}: {}\n", safe(hint)));
        }
        drop(AutoStream::new(std::io::stderr(), self.choice).write_all(text.as_bytes()));
    }

    /// Prints something a person should know, on standard error.
    pub fn notice(&self, text: &str) {
        let text = format!("{YELLOW}note{RESET}: {}\n", safe(text));
        drop(AutoStream::new(std::io::stderr(), self.choice).write_all(text.as_bytes()));
    }
}
