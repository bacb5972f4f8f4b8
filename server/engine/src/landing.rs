//! Where hunks that wait would land if they were accepted now. Looks, and changes nothing.

use std::collections::BTreeMap;

use model::{ChangeSetId, Hunk, HunkKind, RelPath};

use crate::Error;
use crate::engine::Engine;
use crate::plan::{OpenTexts, accept_file};

/// Where a hunk would land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// At this line of the saved file, from 0.
    Line(u32),
    /// The file is exchanged as a whole.
    Whole,
    /// Its text is there already.
    Already,
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
        let (acceptable, accepted) = (change.state.acceptable(), change.state.accepted());
        for file in change.changeset.files.iter().filter(|file| file.path == *path) {
            let among = |hunks: &[u32]| -> Vec<&Hunk> {
                file.hunks.iter().filter(|hunk| hunks.contains(&hunk.ordinal)).collect()
            };
            let waiting = among(&acceptable);
            if waiting.is_empty() {
                continue;
            }
            let (planned, refused) = accept_file(&world, file, &waiting, &among(&accepted));
            for refused in refused {
                landings.insert(refused.hunk, Landing::Nowhere(refused.reason));
            }
            for planned in planned {
                let kind = |hunk: &u32| waiting.iter().find(|h| h.ordinal == *hunk).map(|h| h.kind);
                let landing = |hunk: &u32| match planned.places.iter().find(|p| p.hunk == *hunk) {
                    Some(place) => Landing::Line(place.before.first_line),
                    None if kind(hunk) == Some(HunkKind::Whole) => Landing::Whole,
                    None => Landing::Already,
                };
                landings.extend(planned.hunks.iter().map(|hunk| (*hunk, landing(hunk))));
            }
        }
        Ok(landings)
    }
}
