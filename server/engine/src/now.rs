//! The texts that a plan starts from, as they are now.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Digest, RelPath};

use crate::Error;
use crate::board::BoardChange;
use crate::engine::Engine;
use crate::plan::{Current, OpenTexts, PlanFile, World};

/// The world as it is: buffers where an editor holds a file, else the disk, else what is planned already.
pub(crate) struct Now<'e> {
    engine: &'e Engine,
    open: &'e OpenTexts,
    elsewhere: Vec<RelPath>,
    pub(crate) planned: BTreeMap<RelPath, PlanFile>,
    /// The commit that what is planned was made on.
    since: Option<String>,
    /// Where files went since then, once somebody asked.
    moved: OnceCell<BTreeMap<RelPath, RelPath>>,
}

impl Now<'_> {
    /// Shows a planned file to what is planned after it, as one step from the start to the newest end.
    pub(crate) fn lay_over(&mut self, file: PlanFile) {
        let Some(earlier) = self.planned.remove(&file.path) else {
            self.planned.insert(file.path.clone(), file);
            return;
        };
        let text = |side: &Option<(model::FileMode, Arc<[u8]>)>| {
            side.as_ref().map_or_else(|| Arc::from([]), |(_, bytes)| Arc::clone(bytes))
        };
        let (from, to) = (text(&earlier.before), text(&file.after));
        let edits = semdiff::hunks(&from, &to)
            .iter()
            .map(|(before, after)| (before.bytes(), after.of(&to).to_vec()))
            .collect();
        let merged = PlanFile {
            before: earlier.before,
            after: file.after,
            edits,
            hunks: [earlier.hunks, file.hunks].concat(),
            // Two steps in one have no single place for each hunk; an undo is not undone by places.
            places: Vec::new(),
            shifted: [earlier.shifted, file.shifted].concat(),
            already: earlier.already + file.already,
            unsaved: earlier.unsaved,
            in_editor: earlier.in_editor || file.in_editor,
            path: file.path,
        };
        self.planned.insert(merged.path.clone(), merged);
    }
}

impl World for Now<'_> {
    fn current(&self, path: &RelPath) -> Result<Option<Current>, String> {
        let open = self.open.0.get(path);
        let unsaved = open.is_some_and(|open| open.unsaved);
        if let Some(planned) = self.planned.get(path) {
            let in_editor = planned.in_editor;
            let current = planned.after.as_ref().map(|(mode, bytes)| Current {
                mode: *mode,
                bytes: Arc::clone(bytes),
                in_editor,
                unsaved,
            });
            return Ok(current);
        }
        if open.is_none() && self.elsewhere.contains(path) {
            return Err(unsaved_in_an_editor(path));
        }
        let saved = match self.engine.repository.saved(path) {
            // Whether a folder can make way is for the preflight and the write to say.
            Err(workspace::RepositoryError::File(error)) if error.is_folder() => None,
            saved => saved.map_err(|error| error.to_string())?,
        };
        let current =
            |mode, bytes: Arc<[u8]>| Current { mode, bytes, in_editor: open.is_some(), unsaved };
        Ok(match (open, saved) {
            (Some(open), saved) => {
                let mode = saved.map_or(model::FileMode::File, |saved| saved.mode);
                Some(current(mode, open.text.as_bytes().into()))
            }
            (None, Some(saved)) => Some(current(saved.mode, saved.bytes.into())),
            (None, None) => None,
        })
    }

    fn stored(&self, blob: &Digest) -> Result<Arc<[u8]>, String> {
        self.engine.ledger.blob(blob).map(Arc::from).map_err(|error| error.to_string())
    }

    fn moved(&self, path: &RelPath) -> Option<RelPath> {
        let since = self.since.clone()?;
        let moved = || {
            // Where git cannot say, nothing is known to have moved: the file is gone then.
            let deltas = self.engine.repository.deltas(&workspace::Scope::Since { base: since });
            let renamed = |delta: workspace::Delta| Some((delta.old_path?, delta.path));
            deltas.unwrap_or_default().into_iter().filter_map(renamed).collect()
        };
        self.moved.get_or_init(moved).get(path).cloned()
    }
}

impl Engine {
    pub(crate) fn world<'e>(&'e self, open: &'e OpenTexts) -> Result<Now<'e>, Error> {
        Ok(Now { elsewhere: self.unsaved_elsewhere()?, ..self.saved_world(open) })
    }

    /// The world with the saved text also of what an editor elsewhere holds unsaved: to look, not to plan.
    pub(crate) fn saved_world<'e>(&'e self, open: &'e OpenTexts) -> Now<'e> {
        let (planned, moved) = (BTreeMap::new(), OnceCell::new());
        Now { engine: self, open, elsewhere: Vec::new(), planned, since: None, moved }
    }

    /// The world for what belongs to `change`: files are followed from the commit that it was made on.
    pub(crate) fn world_of<'e>(
        &'e self,
        change: &BoardChange,
        open: &'e OpenTexts,
    ) -> Result<Now<'e>, Error> {
        Ok(Now { since: change.changeset.base.commit.clone(), ..self.world(open)? })
    }

    /// As [`Engine::world_of`], with the saved text also of what an editor elsewhere holds unsaved.
    pub(crate) fn saved_world_of<'e>(
        &'e self,
        change: &BoardChange,
        open: &'e OpenTexts,
    ) -> Now<'e> {
        Now { since: change.changeset.base.commit.clone(), ..self.saved_world(open) }
    }

    /// The files that an editor of another process holds unsaved.
    fn unsaved_elsewhere(&self) -> Result<Vec<RelPath>, Error> {
        let own = self.ledger.holder()?;
        let presences = self.ledger.presences(self.clock.now())?;
        let others = presences.into_iter().filter(|(_, holder)| holder != own);
        Ok(others.map(|(path, _)| path).collect())
    }

    /// Those of them whose process lives: an editor may have started its server again since.
    pub(crate) fn held_elsewhere(&self) -> Result<BTreeSet<RelPath>, Error> {
        let own = self.ledger.holder()?;
        let presences = self.ledger.presences(self.clock.now())?;
        let held = presences.into_iter().filter(|(_, holder)| holder != own);
        Ok(held.filter(|(_, holder)| self.ledger.is_alive(holder)).map(|(path, _)| path).collect())
    }

    /// Refuses a file in which someone has begun to type elsewhere, maybe since its write was planned.
    pub(crate) fn writable(&self, path: &RelPath) -> Result<(), String> {
        let elsewhere = self.unsaved_elsewhere().map_err(|error| error.to_string())?;
        if elsewhere.contains(path) { Err(unsaved_in_an_editor(path)) } else { Ok(()) }
    }
}

fn unsaved_in_an_editor(path: &RelPath) -> String {
    format!("{path} has unsaved changes in an editor: accept it there, or save")
}
