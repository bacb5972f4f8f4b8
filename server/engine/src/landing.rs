//! Where hunks that wait would land if they were accepted now. Looks, and changes nothing.

use std::collections::BTreeMap;

use model::{ChangeSetId, Hunk, HunkKind, RelPath};

use crate::Error;
use crate::acceptance::{adopted_and_others, by_file, in_text};
use crate::engine::Engine;
use crate::plan::{OpenTexts, PlanFile, Refused, accept_file};
use crate::take_out::review_file;

/// Where a hunk would land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// At this line of the saved file, from 0.
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

impl Engine {
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
        let world = self.world(&open)?;
        let mut landings = BTreeMap::new();
        let (found, waiting) = adopted_and_others(&change, change.state.acceptable());
        let refuse = |refused: Vec<Refused>| {
            let nowhere = |r: Refused| (r.hunk, Landing::Nowhere(r.reason));
            refused.into_iter().map(nowhere).collect::<Vec<_>>()
        };
        for (file, hunks) in by_file(&change, &found) {
            if file.path != *path {
                continue;
            }
            let (planned, refused) = review_file(&world, file, &hunks, &in_text(&change, file));
            landings.extend(refuse(refused));
            let there = planned.iter().flat_map(|planned| &planned.hunks);
            landings.extend(there.map(|hunk| (*hunk, Landing::InText)));
        }
        for (file, hunks) in by_file(&change, &waiting) {
            if file.path != *path {
                continue;
            }
            let (planned, refused) = accept_file(&world, file, &hunks, &in_text(&change, file));
            landings.extend(refuse(refused));
            for planned in planned {
                landings.extend(
                    planned.hunks.iter().map(|hunk| (*hunk, place(*hunk, &hunks, &planned))),
                );
            }
        }
        Ok(landings)
    }
}

/// Where a planned hunk lands in its file.
fn place(hunk: u32, hunks: &[&Hunk], planned: &PlanFile) -> Landing {
    let whole = |of: &&&Hunk| of.ordinal == hunk && of.kind == HunkKind::Whole;
    match planned.places.iter().find(|place| place.hunk == hunk) {
        Some(place) => Landing::Line(place.before.first_line),
        None if hunks.iter().any(|of| whole(&of)) => Landing::Whole,
        None => Landing::Already,
    }
}
