//! `countersign ledger`: is it whole, and all of it as text.

use std::path::Path;

use ::ledger::{Ledger, Verified};
use attest::{HeadError, HeadStore, SigningKey};
use model::{Envelope, LedgerHead};

use crate::args::{Arguments, LedgerCommand};
use crate::exit::{Exit, Failure};
use crate::output::{GREEN, RESET, Terminal};
use crate::session;

/// A ledger that is sound by itself, but not the one that was here.
fn not_whole(why: &str) -> Failure {
    Failure::new(
        format!("the ledger is not whole: {why}"),
        "nothing was changed; what it was is kept, signed, in the folder `heads` of your configuration: if another repository lay here then, remove its file there",
    )
}

/// Whether a ledger still holds, at its place, the event that was its last when it was last verified.
fn reaches(
    folder: &Path,
    verified: &Verified,
    kept: Option<Envelope>,
    key: &SigningKey,
) -> Result<(), Failure> {
    let Some(kept) = kept else { return Ok(()) };
    let head = attest::verify_head(&kept, &[key.public()])
        .map_err(|error| not_whole(&format!("the head that was kept of it: {error}")))?
        .said;
    if head.seq == 0 {
        return Ok(());
    }
    let ledger = Ledger::open_existing(folder).map_err(engine::Error::from)?;
    let events = match &ledger {
        Some(ledger) => ledger.events(head.seq, 1).map_err(engine::Error::from)?,
        None => Vec::new(),
    };
    match events.first() {
        Some(event) if event.seq == head.seq && event.hash == head.hash => Ok(()),
        Some(event) if event.seq == head.seq => {
            Err(not_whole(&format!("event {} was another when it was last verified", head.seq)))
        }
        _ => Err(not_whole(&format!(
            "it has {} events and had {} when it was last verified",
            verified.events, head.seq
        ))),
    }
}

impl From<HeadError> for Failure {
    fn from(error: HeadError) -> Self {
        Self { message: error.to_string(), hint: None }
    }
}

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
    // The common folder of all working trees, which holds that of the ledger.
    let repository = folder.parent().unwrap_or(&folder);
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
            let heads = HeadStore::new(session::own_folder("heads")?);
            let kept = heads.kept(repository)?;
            let Some(verified) = verified else {
                return if kept.is_some() { Err(not_whole("it is gone")) } else { nothing() };
            };
            let key = SigningKey::open(&session::own_folder("keys")?)?;
            reaches(&folder, &verified, kept, &key)?;
            let head = LedgerHead {
                version: 1,
                seq: verified.events,
                hash: verified.head,
                time: engine::Clock::System.now(),
            };
            heads.keep(repository, &attest::sign_head(&key, &head))?;
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
