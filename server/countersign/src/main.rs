//! The `countersign` program: arguments in, use cases of `engine`, text or JSON out, an exit code.
//!
//! It decides nothing about changes. `args` says what can be asked, `commands` has one file for each
//! command, `output` one for each form of answer, `exit` what the exit codes mean.

mod args;
mod commands;
mod exit;
mod output;
mod review;
mod session;
mod signals;

use clap::Parser;

use crate::args::Arguments;
use crate::exit::Failure;
use crate::output::Terminal;

fn main() -> std::process::ExitCode {
    sandbox::enter_stage_if_asked();
    let arguments = Arguments::parse();
    let terminal = Terminal::new(arguments.color);
    let exit = match commands::run(&arguments, &terminal) {
        Ok(exit) => match terminal.lost() {
            None => exit,
            Some(reason) => {
                let message = format!("standard output: {reason}");
                terminal
                    .fail(&Failure::new(message, "the output is incomplete; write it elsewhere"));
                exit::Exit::CouldNot
            }
        },
        Err(failure) => {
            terminal.fail(&failure);
            exit::Exit::CouldNot
        }
    };
    exit.into()
}
