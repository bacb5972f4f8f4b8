//! How what waits stands in the files as they are: in its place, drifted, landed, in conflict, parked.
//!
//! A projection: nothing of it is recorded, since the files say it again at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use model::{ChangeSetId, Hunk, HunkKind, RelPath};
use serde::Serialize;

use crate::Error;
use crate::acceptance::{adopted_and_others, by_file, in_text};
use crate::board::BoardChange;
use crate::engine::Engine;
use crate::plan::{OpenTexts, PlanFile, World, accept_file};
use crate::take_out::review_file;

/// How a ChangeSet stands: the worst of its waiting hunks, or that it belongs elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing of it waits.
    Settled,
    /// Everything that waits is there already, though nobody accepted it here.
    Landed,
    /// Everything that waits has its place, where it was captured.
    Clean,
    /// Everything that waits has its place; some of it moved, or what touches it changed.
    Drifted,
    /// Some of what waits has no place any more.
    Conflict,
    /// It was made on another branch, whose commit HEAD does not contain.
    Parked,
}

impl Standing {
    /// One word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Landed => "landed",
            Self::Clean => "clean",
            Self::Drifted => "drifted",
            Self::Conflict => "conflict",
            Self::Parked => "parked",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Where a hunk would land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// At this line of the text, from 0.
    Line(u32),
    /// The file is exchanged as a whole.
    Whole,
    /// Its text is there already.
    Already,
    /// It was adopted, and is in the text as it was captured.
    InText,
    /// Nowhere, and why.
    Nowhere(String),
}

/// How a ChangeSet stands, hunk by hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standings {
    /// As a whole.
    pub standing: Standing,
    /// The branch it belongs to, if it is parked.
    pub branch: Option<String>,
    /// How each hunk that may be accepted stands, and where it would land.
    pub hunks: BTreeMap<u32, (Standing, Landing)>,
}

impl Standings {
    /// What can be done, if it does not simply wait; `id` is how the ChangeSet is named.
    pub fn way_forward(&self, id: &str) -> Option<String> {
        match self.standing {
            Standing::Settled | Standing::Clean | Standing::Drifted => None,
            Standing::Landed => Some(format!(
                "it is in the files already: `countersign accept {id}` records that, and writes nothing"
            )),
            Standing::Conflict => Some(format!(
                "the rest can be accepted; `countersign repropose {id}` states anew what can be found again"
            )),
            Standing::Parked => Some(format!(
                "switch to branch {}, or bring it here with `countersign repropose {id}`",
                self.branch.as_deref().unwrap_or_default()
            )),
        }
    }
}

impl Engine {
    /// How what waits of a ChangeSet stands in the texts as they are now.
    ///
    /// # Errors
    /// It is not in the ledger, or the repository cannot be read.
    /// # Cost
    /// Reads and anchors each file of which a hunk waits.
    pub fn standings(&mut self, id: ChangeSetId, open: &OpenTexts) -> Result<Standings, Error> {
        let change = self.change(id)?;
        let branch = self.parked(&change)?;
        let world = self.world_of(&change, open)?;
        let hunks = look(&world, &change, |_| true);
        let waiting = change.state.waiting();
        let of_waiting: Vec<Standing> = hunks
            .iter()
            .filter(|(hunk, _)| waiting.contains(hunk))
            .map(|(_, (standing, _))| *standing)
            .collect();
        let standing = match (&branch, of_waiting.is_empty()) {
            (_, true) => Standing::Settled,
            (Some(_), false) => Standing::Parked,
            (None, false) => worst(&of_waiting),
        };
        Ok(Standings { standing, branch, hunks })
    }

    /// Where each hunk of the file `path` that may be accepted would land in the saved file as it is now.
    ///
    /// # Errors
    /// The ChangeSet is not in the ledger, or the ledger cannot be read.
    /// # Cost
    /// Reads the file and compares it with what the hunks were made against.
    pub fn landings(
        &mut self,
        id: ChangeSetId,
        path: &RelPath,
    ) -> Result<BTreeMap<u32, Landing>, Error> {
        let change = self.change(id)?;
        let open = OpenTexts::default();
        let world = self.world_of(&change, &open)?;
        let found = look(&world, &change, |of| of == path);
        Ok(found.into_iter().map(|(hunk, (_, landing))| (hunk, landing)).collect())
    }

    /// The branch that a ChangeSet belongs to, if that is not here: it was made on another branch, and HEAD
    /// does not contain the commit that it was made on.
    pub(crate) fn parked(&self, change: &BoardChange) -> Result<Option<String>, Error> {
        let base = &change.changeset.base;
        let (Some(branch), Some(commit)) = (&base.branch, &base.commit) else { return Ok(None) };
        let head = self.repository.head()?;
        if head.branch.as_ref() == Some(branch) || head.commit.as_ref() == Some(commit) {
            return Ok(None);
        }
        // A branch that is gone, or a commit that was pruned, holds nothing back.
        let exists = self.repository.commit_id(&format!("refs/heads/{branch}")).is_ok();
        let here = match self.repository.merge_base(commit, "HEAD") {
            Ok(common) => common == *commit,
            Err(_) => self.repository.commit_id(commit).is_err(),
        };
        Ok((exists && !here).then(|| branch.clone()))
    }
}

/// As a whole: landed if all is, else the worst.
fn worst(hunks: &[Standing]) -> Standing {
    if hunks.iter().all(|standing| *standing == Standing::Landed) {
        return Standing::Landed;
    }
    hunks.iter().map(|standing| (*standing).max(Standing::Clean)).max().unwrap_or(Standing::Settled)
}

/// How each hunk that may be accepted stands, of the files that are `wanted`.
fn look(
    world: &impl World,
    change: &BoardChange,
    wanted: impl Fn(&RelPath) -> bool,
) -> BTreeMap<u32, (Standing, Landing)> {
    let mut hunks = BTreeMap::new();
    let (found, waiting) = adopted_and_others(change, change.state.acceptable());
    for (adopted, hunks_of) in [(true, found), (false, waiting)] {
        for (file, of) in by_file(change, &hunks_of) {
            if !wanted(&file.path) {
                continue;
            }
            let (planned, refused) = if adopted {
                review_file(world, file, &of, &in_text(change, file))
            } else {
                accept_file(world, file, &of, &in_text(change, file))
            };
            for refused in refused {
                let nowhere = (Standing::Conflict, Landing::Nowhere(refused.reason));
                hunks.insert(refused.hunk, nowhere);
            }
            for planned in &planned {
                let moved: BTreeSet<u32> = planned.shifted.iter().copied().collect();
                for &hunk in &planned.hunks {
                    let landing =
                        if adopted { Landing::InText } else { landing(hunk, &of, planned) };
                    let standing = match landing {
                        Landing::Already => Standing::Landed,
                        _ if moved.contains(&hunk) => Standing::Drifted,
                        _ => Standing::Clean,
                    };
                    hunks.insert(hunk, (standing, landing));
                }
            }
        }
    }
    hunks
}

/// Where a planned hunk lands in its file.
fn landing(hunk: u32, hunks: &[&Hunk], planned: &PlanFile) -> Landing {
    let whole = |of: &&&Hunk| of.ordinal == hunk && of.kind == HunkKind::Whole;
    match planned.places.iter().find(|place| place.hunk == hunk) {
        Some(place) => Landing::Line(place.before.first_line),
        None if planned.before == planned.after => Landing::Already,
        None if hunks.iter().any(|of| whole(&of)) => Landing::Whole,
        None => Landing::Already,
    }
}
