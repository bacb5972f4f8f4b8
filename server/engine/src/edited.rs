//! A hunk that the person changed before accepting it: a ChangeSet of its own, reviewed and judged like any.

use std::sync::Arc;

use model::{ChangeSetId, Event, FileChange, FileMode, Hunk, HunkKind, Origin};
use workspace::ProposedFile;

use crate::Error;
use crate::acceptance::{RefusedHunk, Report, in_text};
use crate::board::BoardChange;
use crate::check::captured_file;
use crate::engine::Engine;
use crate::examine::ChangedFile;
use crate::plan::{OpenTexts, PlanFile, Selection, accept_file};
use crate::propose::Proposal;

/// The worker in the [`Origin`] of a ChangeSet that a person made of a hunk.
const WORKER: &str = "edited";

impl Engine {
    /// Accepts `text` in the place of what hunk `ordinal` of `id` proposes: for lines, the new lines, else the
    /// new file. It becomes a ChangeSet of its own, which is reviewed, judged and accepted; the report is about
    /// that one. The hunk it takes the place of is superseded.
    ///
    /// # Errors
    /// The hunk cannot be accepted or is not text, the edit changes nothing, or policy denies it: then the
    /// hunk waits as before, and an edit that was judged is in the ledger to be read.
    pub fn accept_edited(
        &mut self,
        id: ChangeSetId,
        ordinal: u32,
        text: &[u8],
    ) -> Result<Report, Error> {
        let change = self.change(id)?;
        let Some((file, hunk)) = change.changeset.hunk(ordinal) else {
            return Err(Error::NoSuchPart { id, what: format!("hunk {ordinal}") });
        };
        if !change.state.acceptable().contains(&ordinal) {
            let state = change.state.hunks.get(&ordinal).map(|state| state.word());
            let states = format!("{ordinal} is {}", state.unwrap_or("unknown"));
            return Err(Error::Hunks { id, what: "no such hunk".into(), wanted: "edited", states });
        }
        let (proposed, edited) = match self.edited_file(&change, file, hunk, text)? {
            Ok(edited) => edited,
            Err(reason) => return Ok(refused(id, ordinal, file, reason)),
        };
        let by = match self.propose_edit(&change, proposed, edited)? {
            Ok(by) => by,
            Err(reason) => return Ok(refused(id, ordinal, file, reason)),
        };
        if by == id {
            return self.accept(id, &Selection::Hunks(vec![ordinal]));
        }
        // Whether it may land is known before the hunk is put away, and that before anything is written.
        let plan = self.plan_accept(by, &Selection::All, &OpenTexts::default())?;
        self.append(&Event::Superseded { changeset: id, hunks: vec![ordinal], by })?;
        self.carry_out(plan)
    }

    /// The file as it will be, and the range of it that was edited; or why there is no place for it.
    fn edited_file(
        &self,
        change: &BoardChange,
        file: &FileChange,
        hunk: &Hunk,
        text: &[u8],
    ) -> Result<Result<(ProposedFile, std::ops::Range<usize>), String>, Error> {
        if change.state.adopted().contains(&hunk.ordinal) {
            return Ok(Err(
                "it is in the file already: edit the file, and adopt it again".to_owned()
            ));
        }
        let open = OpenTexts::default();
        let world = self.world_of(change, &open)?;
        let (planned, refused) = accept_file(&world, file, &[hunk], &in_text(change, file));
        if let Some(refused) = refused.into_iter().next() {
            return Ok(Err(refused.reason));
        }
        let (mode, bytes, edited) = if hunk.kind == HunkKind::Whole {
            let Some(after) = &file.after else {
                return Ok(Err("it removes the file, so there is nothing to edit".to_owned()));
            };
            (after.mode, text.to_vec(), 0..text.len())
        } else {
            match spliced(&planned, text) {
                Some(spliced) => spliced,
                None => return Ok(Err("its text is there already: edit the file".to_owned())),
            }
        };
        let (path, old_path) = (file.path.clone(), file.old_path.clone());
        Ok(Ok((ProposedFile { path, old_path, mode, bytes: Some(bytes) }, edited)))
    }

    /// Proposes the edited file in the person's name, as one hunk.
    fn propose_edit(
        &mut self,
        change: &BoardChange,
        proposed: ProposedFile,
        edited: std::ops::Range<usize>,
    ) -> Result<Result<ChangeSetId, String>, Error> {
        let rules = self.rules()?;
        let base = self.repository.base()?;
        let old = proposed.old_path.clone().filter(|old| *old != proposed.path);
        let gone =
            old.map(|path| ProposedFile { path, old_path: None, mode: proposed.mode, bytes: None });
        let captured = self.repository.capture([proposed].into_iter().chain(gone).collect())?;
        let files: Vec<ChangedFile> = captured
            .into_iter()
            .map(|file| ChangedFile { together: vec![edited.clone()], ..captured_file(file) })
            .collect();
        let origin = Origin { worker: WORKER.to_owned(), name: self.actor.name.clone() };
        if files.is_empty() {
            return Err(Error::Empty("the edit".to_owned()));
        }
        let title = format!("{} (edited)", change.changeset.title);
        let rationale = change.changeset.rationale.clone();
        Ok(match self.propose(base, origin, title, rationale, &files, &rules)? {
            Proposal::New(captured) => Ok(captured.changeset.id),
            Proposal::Known { id, .. } => Ok(id),
            Proposal::Rejected(before) => {
                let earlier = before.first().map(|before| before.earlier.short());
                let earlier = earlier.unwrap_or_default();
                Err(format!("you rejected just that before, as change {earlier}: restore it there"))
            }
        })
    }
}

fn refused(changeset: ChangeSetId, hunk: u32, file: &FileChange, reason: String) -> Report {
    let refused = RefusedHunk { hunk, path: file.path.clone(), reason };
    Report { refused: vec![refused], ..Report::empty(changeset) }
}

/// The planned file's text as it is now, with `text` at the place of its one hunk.
fn spliced(
    planned: &[PlanFile],
    text: &[u8],
) -> Option<(FileMode, Vec<u8>, std::ops::Range<usize>)> {
    let planned = planned.first()?;
    let place = planned.places.first()?.before;
    let (mode, now): &(FileMode, Arc<[u8]>) = planned.before.as_ref()?;
    let bytes = [now.get(..place.start)?, text, now.get(place.end..)?].concat();
    Some((*mode, bytes, place.start..place.start + text.len()))
}
