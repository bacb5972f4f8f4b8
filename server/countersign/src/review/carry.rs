//! Carries out what was decided: the one place of the review that reaches the engine.

use std::io::Write;
use std::sync::Arc;

use engine::{BoardChange, Engine, Report, Selection};
use model::{ChangeSetId, RelPath};

use super::command::{Decision, Done, Landings};
use super::edit;
use crate::exit::Failure;

/// The largest text that is read back from an editor, in bytes.
const EDITED_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The engine, and how far its ledger was read.
#[derive(Debug)]
pub struct Desk {
    engine: Engine,
    version: Option<i64>,
}

impl Desk {
    pub fn new(engine: Engine) -> Self {
        Self { engine, version: None }
    }

    /// The changes as they are now.
    pub fn board(&mut self) -> Result<Vec<Arc<BoardChange>>, Failure> {
        self.version = Some(self.engine.data_version()?);
        Ok(self.engine.board()?.changes)
    }

    /// Whether another process appended since the last look.
    pub fn moved(&self) -> Result<bool, Failure> {
        Ok(self.version != Some(self.engine.data_version()?))
    }

    /// Where the hunks of a file would land now.
    pub fn landings(&mut self, id: ChangeSetId, path: &RelPath) -> Result<Landings, Failure> {
        let hunks = self.engine.landings(id, path)?;
        Ok(Landings { id, path: path.clone(), hunks })
    }

    /// Does what was decided.
    pub fn decide(&mut self, id: ChangeSetId, selection: &Selection, decision: Decision) -> Done {
        let result = match &decision {
            Decision::Accept => self.engine.accept(id, selection),
            Decision::Reject(reason) => self.engine.reject(id, selection, reason.clone()),
            Decision::Undo => self.take_back(id, selection),
            Decision::Edit(hunk) => return self.edit(id, *hunk),
        };
        done(id, decision, result.map_err(Failure::from))
    }

    /// Undoes what was accepted, or restores what was rejected.
    fn take_back(
        &mut self,
        id: ChangeSetId,
        selection: &Selection,
    ) -> Result<Report, engine::Error> {
        let rejected = self.engine.change(id)?.state.restorable();
        match selection {
            Selection::Hunks(hunks) if hunks.iter().all(|hunk| rejected.contains(hunk)) => {
                self.engine.restore(id, selection)
            }
            _ => self.engine.undo(id, selection),
        }
    }

    /// Has the person edit what a hunk proposes, and accepts what they made of it. The terminal must be theirs.
    pub fn edit(&mut self, id: ChangeSetId, hunk: u32) -> Done {
        let result = self.edited(id, hunk).and_then(|text| {
            let accepted = self.engine.accept_edited(id, hunk, &text);
            accepted.map_err(Failure::from)
        });
        done(id, Decision::Edit(hunk), result)
    }

    fn edited(&mut self, id: ChangeSetId, ordinal: u32) -> Result<Vec<u8>, Failure> {
        let change = self.engine.change(id)?;
        let told =
            |error: &dyn std::fmt::Display| Failure { message: error.to_string(), hint: None };
        let Some((file, hunk)) = change.changeset.hunk(ordinal) else {
            return Err(Failure { message: format!("there is no hunk {ordinal}"), hint: None });
        };
        if file.content != model::Content::Text {
            return Err(Failure { message: format!("{} is not text", file.path), hint: None });
        }
        let (before, after) = change.texts.get(&file.path).cloned().unwrap_or_default();
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let proposed = edit::proposed(file, hunk, &after).map_err(|error| told(&error))?;
        let named = |error: std::io::Error| {
            Failure::new(format!("no temporary file: {error}"), "set TMPDIR to a folder with room")
        };
        let mut scratch = tempfile::Builder::new()
            .prefix("countersign-")
            .suffix(&edit::suffix(&file.path))
            .tempfile()
            .map_err(named)?;
        let text = edit::compose(file, hunk, &before, proposed);
        scratch.write_all(&text).and_then(|()| scratch.flush()).map_err(named)?;
        let scratch = scratch.into_temp_path();
        let path = std::env::var_os("PATH").unwrap_or_default();
        sandbox::edit(&editor(), &scratch, &path).map_err(|error| told(&error))?;
        let edited = engine::read_named(&scratch, EDITED_BYTES_MAX)?;
        edit::taken_over(&edited, proposed).map_err(|error| told(&error))
    }
}

/// What the person set, in the order that every program asks in.
fn editor() -> String {
    let set = |name: &str| std::env::var(name).ok().filter(|command| !command.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".to_owned())
}

fn done(id: ChangeSetId, decision: Decision, result: Result<Report, Failure>) -> Done {
    Done { id, decision, result: result.map_err(|failure| failure.message) }
}
