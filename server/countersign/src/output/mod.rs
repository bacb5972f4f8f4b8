//! Forms of answer: one file each. Commands build a text; [`Terminal`] is the only thing that prints.

mod change;
mod diff;
mod markdown;
mod sarif;
mod style;

use std::io::Write;

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use crate::args::Color;
use crate::exit::Failure;

pub use change::{Shown, change, change_line, counted, event_line, report};
pub use markdown::markdown;
pub use sarif::sarif;
pub use style::{BOLD, DIM, GREEN, RED, RESET, YELLOW, decision_style, safe, title};

/// Standard output and standard error, coloured where wanted.
#[derive(Debug)]
pub struct Terminal {
    choice: ColorChoice,
}

impl Terminal {
    /// Colours as `color` says; `auto` looks at the stream and the environment.
    pub fn new(color: Color) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        Self { choice }
    }

    /// Prints `text`. A reader that went away (`| head`) is no error.
    pub fn print(&self, text: &str) {
        let stream = std::io::stdout();
        // Nothing is left to tell anyone when standard output is gone.
        drop(AutoStream::new(stream, self.choice).write_all(text.as_bytes()));
    }

    /// Prints `value` as JSON, indented, with a final newline.
    pub fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string());
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
