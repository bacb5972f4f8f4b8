//! Rejections: recorded with what makes the work known again, taken back, and, where the work was adopted
//! from the tree, taken out of the text.

use model::{ChangeSetId, Event, HunkPrint, Purpose};

use semdiff::FilePrints;

use crate::Error;
use crate::acceptance::{Report, adopted_and_others, assemble, by_file, in_text, select};
use crate::engine::Engine;
use crate::plan::{OpenTexts, Plan, Selection};
use crate::take_out::take_out_file;

impl Engine {
    /// Rejects hunks from where no editor is. What only waits is recorded and nothing else changes; what was
    /// adopted is taken out of the files. All of it stays readable, and [`Engine::restore`] takes it back.
    ///
    /// # Errors
    /// The ChangeSet is unknown, or a hunk asked for cannot be rejected.
    pub fn reject(
        &mut self,
        id: ChangeSetId,
        selection: &Selection,
        reason: Option<String>,
    ) -> Result<Report, Error> {
        let change = self.change(id)?;
        let hunks = select(&change, selection, &change.state.rejectable(), "rejected")?;
        let (adopted, waiting) = adopted_and_others(&change, hunks);
        let mut report = Report { done: "rejected", ..Report::empty(id) };
        if !adopted.is_empty() {
            let adopted = Selection::Hunks(adopted);
            let plan = self.plan_reject(id, &adopted, reason.clone(), &OpenTexts::default())?;
            report = self.carry_out(plan)?;
        }
        if !waiting.is_empty() {
            self.turn_down(id, waiting.clone(), reason)?;
            report.hunks.extend(waiting);
            report.hunks.sort_unstable();
        }
        Ok(report)
    }

    /// Records the rejection of hunks that are not in the text.
    fn turn_down(
        &mut self,
        changeset: ChangeSetId,
        hunks: Vec<u32>,
        reason: Option<String>,
    ) -> Result<(), Error> {
        let prints = self.prints(changeset, &hunks)?;
        self.append(&Event::Rejected { changeset, hunks, reason, prints })?;
        Ok(())
    }

    /// Plans taking adopted hunks out of the text, against the texts as they are now. Begun and settled as
    /// an acceptance is; then they are rejected.
    ///
    /// # Errors
    /// The ChangeSet is unknown, or a hunk asked for was not adopted or is decided. A hunk whose text was
    /// edited since is not an error: it is in [`Plan::refused`].
    pub fn plan_reject(
        &mut self,
        id: ChangeSetId,
        selection: &Selection,
        reason: Option<String>,
        open: &OpenTexts,
    ) -> Result<Plan, Error> {
        let change = self.change(id)?;
        let hunks = select(&change, selection, &change.state.adopted(), "taken out")?;
        let world = self.world_of(&change, open)?;
        let (mut files, mut refused) = (Vec::new(), Vec::new());
        for (file, hunks) in by_file(&change, &hunks) {
            let (planned, left) = take_out_file(&world, file, &hunks, &in_text(&change, file));
            files.extend(planned);
            refused.extend(left);
        }
        let (files, refused) = self.preflight(files, refused);
        Ok(Plan { reason, ..assemble(&change, Purpose::Reject, files, refused) })
    }

    /// Takes rejections back: the hunks wait again. Nothing is written; text that was taken out is put back by
    /// accepting it.
    ///
    /// # Errors
    /// The ChangeSet is unknown, or a hunk asked for is not rejected.
    pub fn restore(&mut self, id: ChangeSetId, selection: &Selection) -> Result<Report, Error> {
        let change = self.change(id)?;
        let hunks = select(&change, selection, &change.state.rejected(), "restored")?;
        self.append(&Event::Restored { changeset: id, hunks: hunks.clone() })?;
        Ok(Report { done: "restored", hunks, ..Report::empty(id) })
    }

    /// How hunks are known again.
    pub(crate) fn prints(
        &mut self,
        id: ChangeSetId,
        hunks: &[u32],
    ) -> Result<Vec<(u32, HunkPrint)>, Error> {
        let change = self.change(id)?;
        let mut prints = Vec::new();
        for (file, hunks) in by_file(&change, hunks) {
            let (before, after) = change.texts.get(&file.path).cloned().unwrap_or_default();
            let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
            let of = FilePrints::new(file, &before, &after);
            prints.extend(hunks.iter().map(|hunk| (hunk.ordinal, of.of(hunk))));
        }
        Ok(prints)
    }
}
