//! What the model wants done, and what it is told of the world.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{BoardChange, Landing, Report, Selection};
use model::{ChangeSetId, RelPath};

use super::key::Key;

/// What a person decided about hunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Accept,
    /// With the reason, if they gave one.
    Reject(Option<String>),
    Undo,
    /// This hunk, as the person changed it.
    Edit(u32),
}

/// What is to be done outside of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Decide { id: ChangeSetId, selection: Selection, decision: Decision },
    Edit { id: ChangeSetId, hunk: u32 },
    Quit,
}

/// What came of a decision or an edit.
#[derive(Debug, Clone)]
pub struct Done {
    /// Of which ChangeSet. What was edited is reported of a ChangeSet of its own.
    pub id: ChangeSetId,
    /// What was decided.
    pub decision: Decision,
    /// What became of it, or why nothing did.
    pub result: Result<Report, String>,
}

/// Where the hunks of one file of one ChangeSet would land now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landings {
    pub id: ChangeSetId,
    pub path: RelPath,
    pub hunks: BTreeMap<u32, Landing>,
}

/// What can change the model.
#[derive(Debug, Clone)]
pub enum Input {
    Key(Key),
    /// The terminal has this many columns and rows.
    Size(u16, u16),
    /// The ledger moved: every ChangeSet as it is now.
    Board(Vec<Arc<BoardChange>>),
    /// The files were looked at.
    Landings(Landings),
    Done(Done),
    /// Something to say that no key asked for.
    Notice(String),
}
