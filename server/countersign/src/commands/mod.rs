//! One file for each command, and the table that leads there.

mod adopt;
mod ask;
mod attach;
mod budget;
mod check;
mod decide;
mod demo;
mod doctor;
mod gates;
mod hooks;
mod import;
mod ledger;
mod list;
mod pause;
mod policy;
mod prove;
mod replay;
mod repropose;
mod review;
mod run;
mod run_command;
mod sandbox;
mod serve;
mod show;
mod trust;
mod verify;

use std::io::Read;
use std::path::Path;

use crate::args::{Arguments, Command};
use crate::exit::{Exit, Failure};
use crate::output::Terminal;

/// The largest patch or input document that is read, in bytes.
const INPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Carries out the command.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    log_to_stderr();
    match &arguments.command {
        Command::Demo(args) => demo::demo(args, terminal),
        Command::Run(args) => run::run(arguments, args, terminal),
        Command::Ask(args) => ask::ask(arguments, args, terminal),
        Command::Import(args) => import::import(arguments, args, terminal),
        Command::Snapshot(args) => adopt::snapshot(arguments, args, terminal),
        Command::Adopt(args) => adopt::adopt(arguments, args, terminal),
        Command::Hooks(args) => hooks::hooks(args, terminal),
        Command::List(args) => list::list(arguments, args, terminal),
        Command::Budget(args) => budget::budget(arguments, args, terminal),
        Command::Pause(args) => pause::pause(arguments, args, terminal),
        Command::Show(args) => show::show(arguments, args, terminal),
        Command::Accept(args) => decide::accept(arguments, args, terminal),
        Command::Reject(args) => decide::reject(arguments, args, terminal),
        Command::Restore(args) => decide::restore(arguments, args, terminal),
        Command::Repropose(args) => repropose::repropose(arguments, args, terminal),
        Command::Undo(args) => decide::undo(arguments, args, terminal),
        Command::Review(args) => review::review(arguments, args, terminal),
        Command::Check(args) => check::check(arguments, args, terminal),
        Command::Gates(args) => gates::gates(arguments, args, terminal),
        Command::Init(args) => gates::init(arguments, args, terminal),
        Command::Prove(args) => prove::prove(arguments, args, terminal),
        Command::Attach(args) => attach::attach(arguments, args, terminal),
        Command::Verify(args) => verify::verify(arguments, args, terminal),
        Command::Schema { name } => gates::schema(name, terminal),
        Command::Trust(args) => trust::trust(arguments, args, terminal),
        Command::Policy(command) => policy::policy(command, terminal),
        Command::Ledger(command) => ledger::ledger(arguments, command, terminal),
        Command::Replay(args) => replay::replay(arguments, args, terminal),
        Command::Sandbox(args) => sandbox::sandbox(arguments, args, terminal),
        Command::Doctor(args) => doctor::doctor(arguments, args, terminal),
        Command::Lsp => serve::lsp(arguments),
    }
}

/// Reads a file named on the command line, or standard input for `-`.
fn input(directory: &Path, path: &Path) -> Result<Vec<u8>, Failure> {
    if path != Path::new("-") {
        let path = directory.join(path);
        return engine::read_named(&path, INPUT_BYTES_MAX).map_err(Failure::from);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes);
    match read {
        Err(error) => Err(Failure::new(format!("standard input: {error}"), "name a file instead")),
        Ok(_) if bytes.len() as u64 > INPUT_BYTES_MAX => Err(Failure::new(
            format!("standard input: more than {INPUT_BYTES_MAX} bytes"),
            "take it in parts",
        )),
        Ok(_) => Ok(bytes),
    }
}

/// Warnings and worse go to standard error; `COUNTERSIGN_LOG` asks for more.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_env_var("COUNTERSIGN_LOG")
        .with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into())
        .from_env_lossy();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false);
    // A second call in one process keeps the first logger, which is as good.
    drop(subscriber.try_init());
}
