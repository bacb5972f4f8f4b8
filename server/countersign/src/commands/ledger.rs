//! `countersign ledger`: is it whole, and all of it as text.

use ::ledger::Ledger;

use crate::args::{Arguments, LedgerCommand};
use crate::exit::{Exit, Failure};
use crate::output::{GREEN, RESET, Terminal};

pub fn ledger(
    arguments: &Arguments,
    command: &LedgerCommand,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    if let LedgerCommand::Verify { file: Some(file) } = command {
        let bytes = super::input(&arguments.directory, file)?;
        let verified = ::ledger::verify_export(&*bytes).map_err(|error| {
            Failure::new(
                format!("{}: {error}", file.display()),
                "the export was changed, or is cut short",
            )
        })?;
        terminal.print(&format!(
            "{GREEN}whole{RESET}: {} events, unbroken chain, head {}\n",
            verified.events, verified.head
        ));
        return Ok(Exit::Done);
    }
    let folder = engine::ledger_folder(&arguments.directory)?;
    let nothing = || {
        terminal.print("no ledger: nothing was ever proposed in this repository\n");
        Ok(Exit::Done)
    };
    match command {
        LedgerCommand::Verify { .. } => {
            let verified = Ledger::verify_folder(&folder).map_err(|error| {
                if !error.is_not_whole() {
                    return Failure {
                        message: format!("the ledger could not be read: {error}"),
                        hint: None,
                    };
                }
                Failure::new(
                    format!("the ledger is not whole: {error}"),
                    "nothing was changed; `countersign ledger export` still reads what can be read",
                )
            })?;
            let Some(verified) = verified else { return nothing() };
            terminal.print(&format!(
                "{GREEN}whole{RESET}: {} events, {} changes, {} texts, head {}\n",
                verified.events, verified.changesets, verified.blobs, verified.head
            ));
        }
        LedgerCommand::Export => {
            let ledger = Ledger::open_existing(&folder).map_err(engine::Error::from)?;
            let Some(ledger) = ledger else { return nothing() };
            let mut text = Vec::new();
            ledger.export(&mut text).map_err(engine::Error::from)?;
            terminal.print(&String::from_utf8_lossy(&text));
        }
    }
    Ok(Exit::Done)
}
