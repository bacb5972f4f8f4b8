//! What is on show: the changes, where the person is among them, and what is being asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::{BoardChange, Landing};
use model::{ChangeSetId, FileChange, Hunk, HunkState, RelPath};

use super::needs::Needs;
use super::rows::{Row, rows};
use super::search::{Query, found_in};

/// The pane that keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    Changes,
    Hunks,
    Diff,
    Why,
}

impl Focus {
    /// In the order Tab goes through them.
    pub const ALL: [Self; 4] = [Self::Changes, Self::Hunks, Self::Diff, Self::Why];
}

/// What a key means at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    Browse,
    /// A line is being typed.
    Typing {
        what: Typing,
        text: String,
    },
    /// Which hunks a decision is meant for.
    Extent {
        accept: bool,
    },
    /// Whether what the chosen hunks need is accepted along.
    Needed(Needs),
    Help {
        scroll: usize,
    },
}

/// What the typed line is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typing {
    Search,
    /// Why these hunks are rejected.
    Reason {
        id: ChangeSetId,
        selection: engine::Selection,
    },
}

/// What is said at the bottom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    pub text: String,
    /// Whether something did not happen that was asked for.
    pub refused: bool,
}

/// Where the person is: a change and one of its hunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub id: ChangeSetId,
    pub hunk: u32,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct State {
    /// The changes in the order they are listed. A change keeps its place while it is on show.
    pub changes: Vec<Arc<BoardChange>>,
    pub at: Option<Place>,
    pub focus: Focus,
    pub mode: Mode,
    /// Columns and rows of the terminal, as far as known.
    pub size: (u16, u16),
    pub status: Status,
    /// The first row of the diff and its first column; the first line of the reasons.
    pub scroll: (usize, usize),
    pub why_scroll: usize,
    pub query: Option<Query>,
    /// The rows of the hunk at `at`.
    pub rows: Arc<Vec<Row>>,
    /// Where hunks would land, as last looked at.
    pub landings: BTreeMap<(ChangeSetId, u32), Landing>,
    pub skipped: BTreeSet<Place>,
    /// What was decided here, newest last.
    pub decided: Vec<(ChangeSetId, Vec<u32>)>,
    /// Of which hunk, as of which event, `rows` are.
    shown: Option<Place>,
}

impl State {
    /// Everything on show, at `start`, or at the first change that waits.
    pub fn new(changes: Vec<Arc<BoardChange>>, start: Option<ChangeSetId>) -> Self {
        let mut state = Self {
            changes: Vec::new(),
            at: None,
            focus: if start.is_some() { Focus::Diff } else { Focus::Changes },
            mode: Mode::Browse,
            size: (0, 0),
            status: Status::default(),
            scroll: (0, 0),
            why_scroll: 0,
            query: None,
            rows: Arc::default(),
            landings: BTreeMap::new(),
            skipped: BTreeSet::new(),
            decided: Vec::new(),
            shown: None,
        };
        state.refresh(changes);
        if let Some(id) = start.or_else(|| state.changes.first().map(|change| change.changeset.id))
        {
            state.go_to_change(id);
        }
        state
    }

    /// Takes in the changes as they are now. Those on show keep their places; new ones come behind the last
    /// that waits, so that nothing moves under the person's hand.
    pub fn refresh(&mut self, changes: Vec<Arc<BoardChange>>) {
        let mut new: BTreeMap<ChangeSetId, Arc<BoardChange>> =
            changes.iter().map(|change| (change.changeset.id, Arc::clone(change))).collect();
        let mut kept = Vec::new();
        for change in &self.changes {
            kept.extend(new.remove(&change.changeset.id));
        }
        let waits = |change: &Arc<BoardChange>| !change.state.waiting().is_empty();
        let (waiting, rest): (Vec<_>, Vec<_>) = changes
            .into_iter()
            .filter(|change| new.contains_key(&change.changeset.id))
            .partition(waits);
        let behind = kept.iter().rposition(waits).map_or(0, |last| last + 1);
        kept.splice(behind..behind, waiting);
        kept.extend(rest.into_iter().rev());
        self.changes = kept;
        let gone = |at: &Place| self.changes.iter().all(|change| change.changeset.id != at.id);
        if self.at.as_ref().is_none_or(gone) {
            self.at = None;
            if let Some(first) = self.changes.first().map(|change| change.changeset.id) {
                self.go_to_change(first);
            }
        }
    }

    /// The change at hand.
    pub fn change(&self) -> Option<&Arc<BoardChange>> {
        let at = self.at?;
        self.changes.iter().find(|change| change.changeset.id == at.id)
    }

    /// The hunk at hand, with its file.
    pub fn hunk(&self) -> Option<(&FileChange, &Hunk)> {
        self.change()?.changeset.hunk(self.at?.hunk)
    }

    /// The path of the hunk at hand.
    pub fn path(&self) -> Option<&RelPath> {
        self.hunk().map(|(file, _)| &file.path)
    }

    /// What became of the hunk at hand.
    pub fn hunk_state(&self) -> Option<HunkState> {
        self.change()?.state.hunks.get(&self.at?.hunk).copied()
    }

    /// Where the change at hand stands in the list.
    pub fn change_index(&self) -> usize {
        let found =
            self.changes.iter().position(|c| self.at.is_some_and(|at| c.changeset.id == at.id));
        found.unwrap_or(0)
    }

    /// Goes to the first hunk of a change that waits, else to its first.
    pub fn go_to_change(&mut self, id: ChangeSetId) {
        let Some(change) = self.changes.iter().find(|change| change.changeset.id == id) else {
            return;
        };
        let first = change.changeset.hunks().next().map(|(_, hunk)| hunk.ordinal);
        if let Some(hunk) = change.state.waiting().first().copied().or(first) {
            self.go_to(Place { id, hunk });
        }
    }

    /// Goes to a hunk and shows it from its top.
    pub fn go_to(&mut self, place: Place) {
        if self.at != Some(place) {
            self.scroll = (0, 0);
            self.why_scroll = 0;
        }
        self.at = Some(place);
        self.show();
    }

    fn show(&mut self) {
        if self.shown == self.at {
            return;
        }
        self.shown = self.at;
        let shown = self.change().zip(self.hunk()).map(|(change, (file, hunk))| {
            let texts = change.texts.get(&file.path);
            let (before, after) = texts.cloned().unwrap_or_default();
            rows(file, hunk, &before.unwrap_or_default(), &after.unwrap_or_default())
        });
        self.rows = Arc::new(shown.unwrap_or_default());
    }

    /// The hunk after (or before) the one at hand, in its change.
    pub fn neighbour(&self, forward: bool) -> Option<Place> {
        let (at, change) = (self.at?, self.change()?);
        let hunks: Vec<u32> = change.changeset.hunks().map(|(_, hunk)| hunk.ordinal).collect();
        let index = hunks.iter().position(|hunk| *hunk == at.hunk)?;
        let next = if forward { index.checked_add(1)? } else { index.checked_sub(1)? };
        hunks.get(next).map(|hunk| Place { hunk: *hunk, ..at })
    }

    /// The next hunk that waits and was not skipped: in this change behind the one at hand, then from its
    /// top, then in the changes below.
    pub fn next_waiting(&self) -> Option<Place> {
        let at = self.at?;
        let open = |change: &BoardChange| {
            let id = change.changeset.id;
            let places = change.state.waiting().into_iter().map(move |hunk| Place { id, hunk });
            places.filter(|place| !self.skipped.contains(place)).collect::<Vec<_>>()
        };
        let here = open(self.change()?);
        let behind = here.iter().find(|place| place.hunk > at.hunk);
        let in_this = behind.or_else(|| here.iter().find(|place| place.hunk != at.hunk)).copied();
        let below = self.changes.iter().skip(self.change_index() + 1);
        in_this.or_else(|| below.flat_map(|change| open(change)).next())
    }

    /// The hunks in which the search finds something, in the order of the list.
    pub fn found(&self) -> Vec<Place> {
        let Some(query) = &self.query else { return Vec::new() };
        let found = self.changes.iter().flat_map(|change| found_in(query, change));
        found.map(|(id, hunk)| Place { id, hunk }).collect()
    }

    /// Where a hunk comes in the order of the list.
    pub fn order(&self, place: Place) -> (usize, u32) {
        let index = self.changes.iter().position(|change| change.changeset.id == place.id);
        (index.unwrap_or(usize::MAX), place.hunk)
    }

    /// Says something at the bottom.
    pub fn say(&mut self, text: impl Into<String>) {
        self.status = Status { text: text.into(), refused: false };
    }

    /// Says why something did not happen.
    pub fn refuse(&mut self, text: impl Into<String>) {
        self.status = Status { text: text.into(), refused: true };
    }
}
