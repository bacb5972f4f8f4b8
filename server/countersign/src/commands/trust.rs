//! `countersign trust`: which commands may run, from which files, and the person's word for it.

use attest::{StoreError, TrustStore};
use engine::{Clock, GateSet};
use model::TrustedGates;
use serde_json::json;

use crate::args::{Arguments, Format, TrustArgs};
use crate::commands::gates::listed;
use crate::exit::{Exit, Failure};
use crate::output::{GREEN, RESET, Terminal, YELLOW, safe};
use crate::session;

pub fn trust(
    arguments: &Arguments,
    args: &TrustArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let set = engine::gates(&arguments.directory, &session::rules_from(None, &[])?)?;
    let store = TrustStore::new(session::own_folder("trust")?);
    if args.revoke {
        let by = session::decider(args.by.as_deref())?;
        let was = store.revoke(&set.repository)?;
        if args.format == Format::Json {
            terminal
                .json(&json!({ "version": 1, "trusted": false, "revoked": was, "by": by.name }));
        } else {
            terminal.print(if was {
                "no gates of this repository are trusted any more\n"
            } else {
                "no gates of this repository were trusted\n"
            });
        }
        return Ok(Exit::Done);
    }
    let known = store.trusted(&set.repository, set.digest)?;
    if args.show || known.is_some() {
        shown(args, terminal, &set, known.as_ref());
        return Ok(if known.is_some() { Exit::Done } else { Exit::NeedsPerson });
    }
    let by = session::decider(args.by.as_deref())?;
    if set.gates.is_empty() {
        return Err(Failure::new("there are no gates to trust", "`countersign gates` says why"));
    }
    if args.format == Format::Human {
        terminal.print(&format!(
            "These commands would run, in the sandbox, on the files of this repository and on what is proposed:\n\n{}\n",
            listed(&set)
        ));
    }
    if args.by.is_none() && !session::agreed("Trust them until they change? [y/N] ")? {
        terminal.print("nothing was changed\n");
        return Ok(Exit::NeedsPerson);
    }
    let trusted = TrustedGates {
        digest: set.digest,
        count: u32::try_from(set.gates.len()).unwrap_or(u32::MAX),
        by: by.name,
        since: Clock::System.now(),
    };
    store.trust(&set.repository, trusted.clone())?;
    if args.format == Format::Json {
        shown(args, terminal, &set, Some(&trusted));
    } else {
        terminal.print("trusted until they change; `countersign trust --revoke` takes it back\n");
    }
    Ok(Exit::Done)
}

fn shown(args: &TrustArgs, terminal: &Terminal, set: &GateSet, known: Option<&TrustedGates>) {
    if args.format == Format::Json {
        terminal.json(&json!({
            "version": 1,
            "repository": set.repository.display().to_string(),
            "commit": set.commit,
            "digest": set.digest,
            "gates": set.gates,
            "trusted": known.is_some(),
            "by": known.map(|known| &known.by),
            "since": known.map(|known| known.since),
        }));
        return;
    }
    set.notices.iter().for_each(|notice| terminal.notice(notice));
    terminal.print(&listed(set));
    terminal.print(&match known {
        Some(known) => format!("{GREEN}trusted{RESET} by {}\n", safe(&known.by)),
        None => format!(
            "{YELLOW}not trusted{RESET}: nothing of this runs; `countersign trust` allows it\n"
        ),
    });
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { message: error.to_string(), hint: None }
    }
}
