//! The board: every ChangeSet of the ledger with what became of it, as one immutable value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{ChangeSet, ChangeSetId, ChangeSetState, RelPath, Review, Verdict};

/// Both sides of a file; `None` where it does not exist.
pub type Texts = (Option<Arc<[u8]>>, Option<Arc<[u8]>>);

/// Every ChangeSet, oldest first, as of one event.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// The last event it knows.
    pub seq: u64,
    /// The ChangeSets.
    pub changes: Vec<Arc<BoardChange>>,
    /// Whether nothing is to begin in the background.
    pub paused: bool,
    /// Those that belong to another branch, as of the HEAD when this was made.
    pub parked: BTreeSet<ChangeSetId>,
}

/// One ChangeSet on the board.
#[derive(Debug, Clone)]
pub struct BoardChange {
    /// What it is.
    pub changeset: ChangeSet,
    /// What became of it.
    pub state: ChangeSetState,
    /// What the review found.
    pub review: Option<Review>,
    /// What policy says.
    pub verdict: Option<Verdict>,
    /// Both sides of each file that could be read.
    pub texts: BTreeMap<RelPath, Texts>,
}

impl Board {
    /// The ChangeSet named `id`.
    pub fn change(&self, id: ChangeSetId) -> Option<&Arc<BoardChange>> {
        self.changes.iter().find(|change| change.changeset.id == id)
    }
}
