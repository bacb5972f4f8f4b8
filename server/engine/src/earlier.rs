//! What was said before of the same work by the same source.
//!
//! Work that a person turned down is not offered again while what surrounds it stays as it was. Work that
//! still waits, stated against an older text, gives way to the newer statement.

use std::collections::BTreeMap;

use model::{
    ChangeSet, ChangeSetId, ChangeSetState, Event, HunkPrint, HunkState, Rejection, RelPath,
};
use semdiff::FilePrints;

use crate::Error;
use crate::engine::Engine;
use crate::examine::{ChangedFile, Side};
use crate::plan::OpenTexts;
use crate::standing::Landing;

/// The prints of every hunk of a change.
pub(crate) type Prints = BTreeMap<u32, HunkPrint>;

/// A hunk that was rejected before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedBefore {
    /// Its number in what was proposed now.
    pub hunk: u32,
    /// In which ChangeSet it was rejected.
    pub earlier: ChangeSetId,
    /// Its number there.
    pub earlier_hunk: u32,
    /// Why, if they said.
    pub reason: Option<String>,
}

/// How every hunk of `changeset` is known again; `files` are what it was made from.
///
/// # Cost
/// Parses both sides of each file.
pub(crate) fn prints(changeset: &ChangeSet, files: &[ChangedFile]) -> Prints {
    let mut prints = Prints::new();
    for file in &changeset.files {
        let Some(changed) = files.iter().find(|changed| changed.path == file.path) else {
            continue;
        };
        let (before, after) = (bytes(changed.before.as_ref()), bytes(changed.after.as_ref()));
        let of = FilePrints::new(file, before, after);
        prints.extend(file.hunks.iter().map(|hunk| (hunk.ordinal, of.of(hunk))));
    }
    prints
}

fn bytes(side: Option<&Side>) -> &[u8] {
    side.and_then(Side::bytes).unwrap_or_default()
}

impl Engine {
    /// The hunks of `changeset` that a person rejected before, from the same source, while what surrounds
    /// them was as it is now.
    pub(crate) fn rejected_before(
        &self,
        changeset: &ChangeSet,
        prints: &Prints,
    ) -> Result<Vec<RejectedBefore>, Error> {
        let states = self.ledger.states()?;
        let earlier: Vec<&ChangeSetState> =
            states.iter().filter(|state| state.origin == changeset.origin).collect();
        let mut found = Vec::new();
        for (file, hunk) in changeset.hunks() {
            let Some(print) = prints.get(&hunk.ordinal) else { continue };
            // Of twins, which one was meant cannot be told: all were rejected, or none is.
            let twins = prints.values().filter(|other| *other == print).count();
            let rejections = earlier.iter().map(|state| {
                let same = |rejection: &&Rejection| rejection.print.as_ref() == Some(print);
                state.rejections.values().filter(same).count()
            });
            if rejections.max().unwrap_or(0) < twins {
                continue;
            }
            let same = earlier.iter().find_map(|state| {
                let rejections = state.rejections.iter();
                let same = rejections
                    .filter(|(_, rejection)| rejection.print.as_ref() == Some(print))
                    .find(|(hunk, _)| self.same_file(state.paths.get(hunk), &file.path));
                same.map(|(hunk, rejection)| (state.id, *hunk, rejection.reason.clone()))
            });
            if let Some((earlier, earlier_hunk, reason)) = same {
                let hunk = hunk.ordinal;
                found.push(RejectedBefore { hunk, earlier, earlier_hunk, reason });
            }
        }
        Ok(found)
    }

    /// Whether what was said of `earlier` holds for `path`: it is the same file, or `earlier` is gone, so that
    /// this may be where it went.
    fn same_file(&self, earlier: Option<&RelPath>, path: &RelPath) -> bool {
        earlier.is_some_and(|earlier| {
            earlier == path || matches!(self.repository.saved(earlier), Ok(None))
        })
    }

    /// The events that let older statements of the same work give way to `changeset`.
    ///
    /// # Cost
    /// Parses the files of every ChangeSet of the same source that still waits.
    pub(crate) fn superseding(
        &mut self,
        changeset: &ChangeSet,
        prints: &Prints,
    ) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        for state in self.ledger.states()? {
            if state.id == changeset.id || state.open.is_some() {
                continue;
            }
            let old = self.change(state.id)?.changeset.adopted.clone();
            let hunks = match (&changeset.adopted, old) {
                (None, None) if state.origin == changeset.origin => {
                    let waits = |state: &HunkState| matches!(state, HunkState::Proposed);
                    self.said_again(changeset, prints, &state, waits)?
                }
                (Some(new), Some(old)) if new.worktree == old.worktree => {
                    let waits = |state: &HunkState| matches!(state, HunkState::Adopted);
                    let mut hunks = self.said_again(changeset, prints, &state, waits)?;
                    if new.snapshot.is_some() && new.snapshot == old.snapshot {
                        hunks.extend(self.overtaken(changeset, &state)?);
                    }
                    hunks.sort_unstable();
                    hunks.dedup();
                    hunks
                }
                _ => continue,
            };
            if !hunks.is_empty() {
                events.push(Event::Superseded { changeset: state.id, hunks, by: changeset.id });
            }
        }
        Ok(events)
    }

    /// The waiting hunks of which `changeset` says the same, in the same file.
    fn said_again(
        &mut self,
        changeset: &ChangeSet,
        prints: &Prints,
        state: &ChangeSetState,
        waits: impl Fn(&HunkState) -> bool,
    ) -> Result<Vec<u32>, Error> {
        let waiting: Vec<u32> =
            state.hunks.iter().filter(|(_, state)| waits(state)).map(|(hunk, _)| *hunk).collect();
        let again = |(hunk, print): &(u32, HunkPrint)| {
            changeset.hunks().any(|(file, new)| {
                let same = prints.get(&new.ordinal).is_some_and(|new| new.work == print.work);
                same && state.paths.get(hunk) == Some(&file.path)
            })
        };
        let old = self.prints(state.id, &waiting)?;
        Ok(old.into_iter().filter(again).map(|(hunk, _)| hunk).collect())
    }

    /// The adopted hunks that are no longer in the text as they were captured, of files of which `changeset`
    /// says what happened since the same moment.
    fn overtaken(
        &mut self,
        changeset: &ChangeSet,
        state: &ChangeSetState,
    ) -> Result<Vec<u32>, Error> {
        let standings = self.standings(state.id, &OpenTexts::default())?;
        let restated = |hunk: &u32| {
            let path = state.paths.get(hunk);
            changeset.files.iter().any(|file| Some(&file.path) == path)
        };
        let gone = |hunk: &u32| matches!(standings.hunks.get(hunk), Some((_, Landing::Nowhere(_))));
        Ok(state.adopted().into_iter().filter(|hunk| restated(hunk) && gone(hunk)).collect())
    }
}

/// Why hunks of a new ChangeSet are rejected from the start.
pub(crate) fn rejected_from_the_start(
    changeset: &ChangeSet,
    before: &[RejectedBefore],
    prints: &Prints,
) -> Option<Event> {
    let first = before.first()?;
    let reason = match &first.reason {
        Some(reason) => format!("rejected before, in {}: {reason}", first.earlier.short()),
        None => format!("rejected before, in {}", first.earlier.short()),
    };
    let hunks: Vec<u32> = before.iter().map(|before| before.hunk).collect();
    let prints = hunks.iter().filter_map(|hunk| Some((*hunk, *prints.get(hunk)?))).collect();
    Some(Event::Rejected { changeset: changeset.id, hunks, reason: Some(reason), prints })
}
