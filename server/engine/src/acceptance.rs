//! Accept, reject and undo: plan, append the intent, act, confirm by content, append the outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{
    ChangeSetId, Decision, Digest, Event, FailedFile, FileChange, Hunk, HunkState, Intent,
    LandedFile, OperationId, Outcome, PlannedFile, PlannedSide, RelPath, Timestamp,
};

use crate::Error;
use crate::board::BoardChange;
use crate::engine::Engine;
use crate::plan::{
    Current, OpenTexts, Plan, PlanFile, Refused, Selection, World, accept_file, undo_file,
};

/// How long a language server's word that a path is open and unsaved holds, in milliseconds.
pub const PRESENCE_TTL_MS: u64 = 10_000;

/// An intent that was appended and has no outcome yet.
#[derive(Debug)]
#[must_use = "an intent needs its outcome: settle it"]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What was planned.
    pub plan: Plan,
    landed: Vec<LandedFile>,
    failed: Vec<FailedFile>,
}

/// What became of an acceptance, a rejection or an undo.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Of which ChangeSet.
    pub changeset: ChangeSetId,
    /// `accepted`, `rejected`, `undone`.
    pub done: &'static str,
    /// The hunks that took effect.
    pub hunks: Vec<u32>,
    /// How many of them found their place moved.
    pub shifted: u32,
    /// How many of them had nothing to write: the text was there already.
    pub already: u32,
    /// The files that reached their planned content.
    pub files: Vec<RelPath>,
    /// The hunks that did not, each with its reason.
    pub refused: Vec<RefusedHunk>,
    /// The files that failed on the way, each with its reason.
    pub failed: Vec<FailedFile>,
}

/// A hunk that did not take effect, in a [`Report`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RefusedHunk {
    /// Which.
    pub hunk: u32,
    /// Its file.
    pub path: RelPath,
    /// Why.
    pub reason: String,
}

impl Operation {
    /// The files that failed so far, each with its reason.
    pub fn failed(&self) -> &[FailedFile] {
        &self.failed
    }
}

impl Engine {
    /// Plans an acceptance against the texts as they are now.
    ///
    /// # Errors
    /// The ChangeSet is unknown or denied, or no hunk asked for can be accepted. A hunk whose text has
    /// changed is not an error: it is in [`Plan::refused`].
    pub fn plan_accept(
        &mut self,
        id: ChangeSetId,
        selection: &Selection,
        open: &OpenTexts,
    ) -> Result<Plan, Error> {
        let verdict = self.current_verdict(id)?;
        let reasons = verdict.as_ref().map(|v| v.reasons.clone()).unwrap_or_default();
        if verdict.is_none_or(|verdict| verdict.decision == Decision::Deny) {
            return Err(Error::Denied { id, reasons });
        }
        let change = self.change(id)?;
        let acceptable = change.state.acceptable();
        let landed = change.state.accepted();
        let hunks = select(&change, selection, &acceptable, "accepted")?;
        let world = self.world(open)?;
        let (mut files, mut refused) = (Vec::new(), Vec::new());
        for (file, hunks) in by_file(&change, &hunks) {
            let in_text: Vec<&Hunk> =
                file.hunks.iter().filter(|hunk| landed.contains(&hunk.ordinal)).collect();
            let (planned, left) = accept_file(&world, file, &hunks, &in_text);
            files.extend(planned);
            refused.extend(left);
        }
        Ok(assemble(&change, false, files, refused))
    }

    /// Plans taking accepted hunks out again, against the texts as they are now.
    ///
    /// # Errors
    /// The ChangeSet is unknown, or no hunk asked for is accepted.
    pub fn plan_undo(
        &mut self,
        id: ChangeSetId,
        selection: &Selection,
        open: &OpenTexts,
    ) -> Result<Plan, Error> {
        let change = self.change(id)?;
        let hunks = select(&change, selection, &change.state.accepted(), "undone")?;
        // Newest first: a later acceptance was made on top of an earlier one.
        let mut operations: BTreeMap<OperationId, Vec<u32>> = BTreeMap::new();
        for hunk in hunks {
            if let Some(HunkState::Accepted { operation, .. }) = change.state.hunks.get(&hunk) {
                operations.entry(*operation).or_default().push(hunk);
            }
        }
        let mut world = self.world(open)?;
        let mut refused = Vec::new();
        for (operation, hunks) in operations.into_iter().rev() {
            let asked = self.ledger.operation(operation)?;
            let intent = asked.ok_or(Error::NoSuchOperation(operation))?.intent;
            if intent.worktree != self.worktree() {
                return Err(Error::OtherWorktree { id, worktree: intent.worktree });
            }
            for (file, hunks) in by_file(&change, &hunks) {
                let ordinals: Vec<u32> = hunks.iter().map(|hunk| hunk.ordinal).collect();
                let in_text = in_text(file, &change.state.accepted());
                let landed: Vec<&PlannedFile> = intent
                    .files
                    .iter()
                    .filter(|landed| landed.hunks.iter().any(|hunk| ordinals.contains(hunk)))
                    .collect();
                let (planned, left) = undo_file(&world, file, &hunks, &landed, &in_text);
                refused.extend(left);
                planned.into_iter().for_each(|file| world.lay_over(file));
            }
        }
        let files = world.planned.into_values().collect();
        Ok(assemble(&change, true, files, refused))
    }

    /// Appends the intent: from here on a crash leaves a trace.
    ///
    /// # Errors
    /// Conflict kind when the ChangeSet moved since the plan was made; nothing was appended.
    pub fn begin(&mut self, plan: Plan) -> Result<Operation, Error> {
        let files = plan.files.iter().map(|file| self.planned(file)).collect::<Result<_, _>>()?;
        let intent = Intent {
            changeset: plan.changeset,
            hunks: plan.hunks.clone(),
            files,
            holder: self.ledger.holder()?.clone(),
            worktree: self.worktree(),
        };
        let event =
            if plan.undo { Event::UndoRequested(intent) } else { Event::AcceptRequested(intent) };
        let seq = self.ledger.append_if(self.clock.now(), &self.actor, &event, plan.as_of)?;
        Ok(Operation { id: OperationId(seq), plan, landed: Vec::new(), failed: Vec::new() })
    }

    /// Writes the files that no editor holds, each atomically, stopping at the first that fails.
    pub fn write_closed_files(&mut self, operation: &mut Operation) {
        let files = operation.plan.files.iter().filter(|file| !file.in_editor);
        for file in files {
            let already = operation.landed.iter().any(|landed| landed.path == file.path);
            if already {
                continue;
            }
            if let Some(failed) = operation.failed.first() {
                let reason = format!("not written, because {} failed", failed.path);
                operation.failed.push(FailedFile { path: file.path.clone(), reason });
                continue;
            }
            match self.write(file) {
                Ok(landed) => operation.landed.push(landed),
                Err(reason) => {
                    operation.failed.push(FailedFile { path: file.path.clone(), reason });
                }
            }
        }
    }

    /// Puts back the files already written on disk, where they still are exactly as this operation left
    /// them. Those that are not stay as they are and count as landed.
    pub fn reverse(&mut self, operation: &mut Operation) {
        let landed = std::mem::take(&mut operation.landed);
        for landed in landed {
            let file = operation.plan.files.iter().find(|f| f.path == landed.path && !f.in_editor);
            let Some(file) = file else {
                operation.landed.push(landed);
                continue;
            };
            let back =
                PlanFile { before: file.after.clone(), after: file.before.clone(), ..file.clone() };
            match self.write(&back) {
                Ok(_) => operation.failed.push(FailedFile {
                    path: landed.path,
                    reason: "put back, because another file failed".to_owned(),
                }),
                Err(_) => operation.landed.push(landed),
            }
        }
    }

    /// Appends the outcome. `editor` says for each file in an editor whether its buffer reached the
    /// planned text, or why not; a file it does not name failed.
    ///
    /// # Errors
    /// The ledger did not take the outcome; recovery will settle the intent by content.
    pub fn settle(
        &mut self,
        mut operation: Operation,
        editor: &[(RelPath, Result<(), String>)],
    ) -> Result<Report, Error> {
        for file in operation.plan.files.iter().filter(|file| file.in_editor) {
            let path = file.path.clone();
            match editor.iter().find(|(named, _)| *named == path).map(|(_, outcome)| outcome) {
                Some(Ok(())) => {
                    operation.landed.push(LandedFile { path, blob: blob(file), saved: false });
                }
                Some(Err(reason)) => {
                    operation.failed.push(FailedFile { path, reason: reason.clone() });
                }
                None => {
                    let reason = "the editor did not apply it".to_owned();
                    operation.failed.push(FailedFile { path, reason });
                }
            }
        }
        let Operation { id, plan, landed, failed } = operation;
        let outcome = outcome(id, &plan, landed, failed);
        let report = Report {
            changeset: plan.changeset,
            done: if plan.undo { "undone" } else { "accepted" },
            hunks: outcome.hunks.clone(),
            shifted: plan.files.iter().map(|file| file.shifted).sum(),
            already: plan.files.iter().map(|file| file.already).sum(),
            files: outcome.landed.iter().map(|file| file.path.clone()).collect(),
            refused: plan.refused.into_iter().map(RefusedHunk::from).collect(),
            failed: outcome.failed.clone(),
        };
        self.append(&settled(outcome, plan.undo, plan.hunks.len()))?;
        Ok(report)
    }

    /// Accepts from where no editor is: plans, writes on disk, settles.
    ///
    /// # Errors
    /// As [`Engine::plan_accept`] and [`Engine::begin`].
    pub fn accept(&mut self, id: ChangeSetId, selection: &Selection) -> Result<Report, Error> {
        let plan = self.plan_accept(id, selection, &OpenTexts::default())?;
        self.carry_out(plan)
    }

    /// Undoes from where no editor is: plans, writes on disk, settles.
    ///
    /// # Errors
    /// As [`Engine::plan_undo`] and [`Engine::begin`].
    pub fn undo(&mut self, id: ChangeSetId, selection: &Selection) -> Result<Report, Error> {
        let plan = self.plan_undo(id, selection, &OpenTexts::default())?;
        self.carry_out(plan)
    }

    fn carry_out(&mut self, plan: Plan) -> Result<Report, Error> {
        if plan.hunks.is_empty() {
            return Ok(Report::nothing(plan));
        }
        let mut operation = self.begin(plan)?;
        self.write_closed_files(&mut operation);
        if !operation.failed.is_empty() {
            self.reverse(&mut operation);
        }
        self.settle(operation, &[])
    }

    /// Records that the person does not want these hunks. Nothing else changes; they stay readable.
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
        let hunks = select(&change, selection, &change.state.acceptable(), "rejected")?;
        let event = Event::Rejected { changeset: id, hunks: hunks.clone(), reason };
        self.append(&event)?;
        Ok(Report { done: "rejected", hunks, ..Report::empty(id) })
    }

    /// Records that a buffer whose text holds accepted hunks was saved.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take the event.
    pub fn saved(&mut self, path: &RelPath) -> Result<(), Error> {
        let accepted = self.unsaved(path)?.into_iter().map(|(changeset, _)| changeset);
        let undone = self.undone_unsaved(path)?.into_iter().map(|(changeset, ..)| changeset);
        let changesets: BTreeSet<ChangeSetId> = accepted.chain(undone).collect();
        for changeset in changesets {
            self.append(&Event::Saved { changeset, path: path.clone() })?;
        }
        Ok(())
    }

    /// Settles undos that only the buffer of a file held, now that the buffer is gone: where the disk still
    /// has what was accepted, the undo is lost and the hunk is accepted as before.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take the event.
    pub fn closed(&mut self, path: &RelPath, reason: &str) -> Result<(), Error> {
        for (changeset, hunk, accepted) in self.undone_unsaved(path)? {
            let event = self.undo_settled(changeset, path, hunk, accepted, reason)?;
            self.append(&event)?;
        }
        Ok(())
    }

    /// What became of an unsaved undo, by what the disk holds.
    pub(crate) fn undo_settled(
        &self,
        changeset: ChangeSetId,
        path: &RelPath,
        hunk: u32,
        accepted: OperationId,
        reason: &str,
    ) -> Result<Event, Error> {
        let asked = self.ledger.operation(accepted)?;
        let planned = asked.as_ref().and_then(|o| o.intent.files.iter().find(|f| f.path == *path));
        Ok(if planned.is_some_and(|file| self.on_disk(file, hunk)) {
            Event::UndoLost { changeset, hunks: vec![hunk], reason: reason.to_owned() }
        } else {
            Event::Saved { changeset, path: path.clone() }
        })
    }

    /// The undone hunks of a file that the disk does not know of yet, with the operation that had accepted them.
    fn undone_unsaved(
        &self,
        path: &RelPath,
    ) -> Result<Vec<(ChangeSetId, u32, OperationId)>, Error> {
        let mut found = Vec::new();
        for state in self.ledger.states()? {
            for (hunk, hunk_state) in &state.hunks {
                if let HunkState::Undone {
                    operation: Some(operation),
                    accepted: Some(accepted),
                    saved: false,
                } = hunk_state
                    && state.paths.get(hunk) == Some(path)
                    && self.is_ours(*operation)?
                {
                    found.push((state.id, *hunk, *accepted));
                }
            }
        }
        Ok(found)
    }

    /// Whether an operation wrote to this working tree.
    pub(crate) fn is_ours(&self, operation: OperationId) -> Result<bool, Error> {
        let asked = self.ledger.operation(operation)?;
        Ok(asked.is_some_and(|asked| asked.intent.worktree == self.worktree()))
    }

    /// Records that these accepted hunks of a file are gone from its buffer: it was closed unsaved, or the
    /// editor's own undo took them out. They are proposed again; those that are not accepted and unsaved
    /// any more stay what they are.
    ///
    /// # Errors
    /// The ledger cannot be read or did not take the event.
    pub fn withdrawn(
        &mut self,
        path: &RelPath,
        gone: &BTreeMap<ChangeSetId, BTreeSet<u32>>,
        reason: &str,
    ) -> Result<(), Error> {
        for (changeset, mut hunks) in self.unsaved(path)? {
            hunks.retain(|hunk| gone.get(&changeset).is_some_and(|gone| gone.contains(hunk)));
            if hunks.is_empty() {
                continue;
            }
            let reason = reason.to_owned();
            self.append(&Event::Withdrawn { changeset, hunks, reason })?;
        }
        Ok(())
    }

    /// Tells other processes which paths have unsaved text in an editor here. Holds for
    /// [`PRESENCE_TTL_MS`]; renew before.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub fn publish_presence(&mut self, unsaved: &[RelPath]) -> Result<(), Error> {
        let until = Timestamp(self.clock.now().0.saturating_add(PRESENCE_TTL_MS));
        Ok(self.ledger.publish_presence(unsaved, until)?)
    }

    /// The accepted, unsaved hunks of a file, by ChangeSet.
    fn unsaved(&self, path: &RelPath) -> Result<Vec<(ChangeSetId, Vec<u32>)>, Error> {
        let mut found = Vec::new();
        for state in self.ledger.states()? {
            let mut hunks = Vec::new();
            for (hunk, hunk_state) in &state.hunks {
                if let HunkState::Accepted { operation, saved: false } = hunk_state
                    && state.paths.get(hunk) == Some(path)
                    && self.is_ours(*operation)?
                {
                    hunks.push(*hunk);
                }
            }
            if !hunks.is_empty() {
                found.push((state.id, hunks));
            }
        }
        Ok(found)
    }

    pub(crate) fn world<'e>(&'e self, open: &'e OpenTexts) -> Result<Now<'e>, Error> {
        let own = self.ledger.holder()?;
        let presences = self.ledger.presences(self.clock.now())?;
        let elsewhere =
            presences.into_iter().filter(|(_, holder)| holder != own).map(|(path, _)| path);
        let (elsewhere, planned) = (elsewhere.collect(), BTreeMap::new());
        Ok(Now { engine: self, open, elsewhere, planned })
    }

    pub(crate) fn write(&self, file: &PlanFile) -> Result<LandedFile, String> {
        if file.before == file.after {
            // The text is there already; whether the disk has it depends on who holds it.
            let saved = !file.unsaved;
            return Ok(LandedFile { path: file.path.clone(), blob: blob(file), saved });
        }
        let before = file.before.as_ref().map(|(mode, bytes)| (*mode, Digest::of(bytes)));
        let after = file.after.as_ref().map(|(mode, bytes)| (*mode, &**bytes));
        let written = self.repository.write_file(&file.path, before, after);
        written.map_err(|error| error.to_string())?;
        Ok(LandedFile { path: file.path.clone(), blob: blob(file), saved: true })
    }

    /// Stores both sides, so that a crash can be settled and an undo planned.
    fn planned(&self, file: &PlanFile) -> Result<PlannedFile, Error> {
        let side = |side: &Option<(model::FileMode, Arc<[u8]>)>| -> Result<_, Error> {
            let Some((mode, bytes)) = side else { return Ok(None) };
            Ok(Some(PlannedSide { blob: self.ledger.put_blob(bytes)?, mode: *mode }))
        };
        Ok(PlannedFile {
            path: file.path.clone(),
            before: side(&file.before)?,
            after: side(&file.after)?,
            hunks: file.hunks.clone(),
            in_editor: file.in_editor,
            places: file.places.clone(),
        })
    }
}

impl Report {
    fn empty(changeset: ChangeSetId) -> Self {
        Self {
            changeset,
            done: "accepted",
            hunks: Vec::new(),
            shifted: 0,
            already: 0,
            files: Vec::new(),
            refused: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// What to say of a plan in which no hunk can take effect.
    pub fn nothing(plan: Plan) -> Self {
        Self {
            done: if plan.undo { "undone" } else { "accepted" },
            refused: plan.refused.into_iter().map(RefusedHunk::from).collect(),
            ..Self::empty(plan.changeset)
        }
    }
}

impl From<Refused> for RefusedHunk {
    fn from(Refused { hunk, path, reason }: Refused) -> Self {
        Self { hunk, path, reason }
    }
}

/// The world as it is: buffers where an editor holds a file, else the disk, else what is planned already.
pub(crate) struct Now<'e> {
    engine: &'e Engine,
    open: &'e OpenTexts,
    elsewhere: Vec<RelPath>,
    planned: BTreeMap<RelPath, PlanFile>,
}

impl Now<'_> {
    /// Shows a planned file to what is planned after it, as one step from the start to the newest end.
    fn lay_over(&mut self, file: PlanFile) {
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
            shifted: earlier.shifted + file.shifted,
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
            return Err(format!(
                "{path} has unsaved changes in an editor: accept it there, or save"
            ));
        }
        let saved = self.engine.repository.saved(path).map_err(|error| error.to_string())?;
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
}

/// The event for an outcome.
pub(crate) fn settled(outcome: Outcome, undo: bool, asked: usize) -> Event {
    let whole = outcome.failed.is_empty() && outcome.hunks.len() == asked;
    match (undo, whole, outcome.landed.is_empty()) {
        (false, true, _) => Event::Accepted(outcome),
        (false, false, false) => Event::PartlyAccepted(outcome),
        (false, false, true) => Event::AcceptFailed(outcome),
        (true, true, _) => Event::Undone(outcome),
        (true, false, false) => Event::PartlyUndone(outcome),
        (true, false, true) => Event::UndoFailed(outcome),
    }
}

/// What became of a plan.
fn outcome(
    operation: OperationId,
    plan: &Plan,
    landed: Vec<LandedFile>,
    failed: Vec<FailedFile>,
) -> Outcome {
    let files = plan.files.iter().map(|file| (&file.path, file.hunks.as_slice()));
    let hunks = took_effect(&plan.hunks, files, &landed);
    Outcome { operation, changeset: plan.changeset, hunks, landed, failed }
}

/// The hunks of `asked` that took effect: those of which every file that they need has landed.
pub(crate) fn took_effect<'f>(
    asked: &[u32],
    files: impl Iterator<Item = (&'f RelPath, &'f [u32])>,
    landed: &[LandedFile],
) -> Vec<u32> {
    let missing = |path: &RelPath| landed.iter().all(|landed| landed.path != *path);
    let stuck: BTreeSet<u32> =
        files.filter(|(path, _)| missing(path)).flat_map(|(_, hunks)| hunks).copied().collect();
    asked.iter().filter(|hunk| !stuck.contains(hunk)).copied().collect()
}

fn blob(file: &PlanFile) -> Option<Digest> {
    file.after.as_ref().map(|(_, bytes)| Digest::of(bytes))
}

fn assemble(
    change: &BoardChange,
    undo: bool,
    mut files: Vec<PlanFile>,
    mut refused: Vec<Refused>,
) -> Plan {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    refused.sort_by_key(|refused| refused.hunk);
    let mut hunks: Vec<u32> = files.iter().flat_map(|file| file.hunks.clone()).collect();
    hunks.sort_unstable();
    hunks.dedup();
    let (changeset, as_of) = (change.changeset.id, change.state.updated_seq);
    Plan { changeset, undo, hunks, files, refused, as_of }
}

fn by_file<'c>(change: &'c BoardChange, hunks: &[u32]) -> Vec<(&'c FileChange, Vec<&'c Hunk>)> {
    let wanted = |file: &'c FileChange| {
        let hunks: Vec<&Hunk> =
            file.hunks.iter().filter(|hunk| hunks.contains(&hunk.ordinal)).collect();
        (!hunks.is_empty()).then_some((file, hunks))
    };
    change.changeset.files.iter().filter_map(wanted).collect()
}

fn in_text<'c>(file: &'c FileChange, accepted: &[u32]) -> Vec<&'c Hunk> {
    file.hunks.iter().filter(|hunk| accepted.contains(&hunk.ordinal)).collect()
}

/// The hunks that a selection means. `All` and `File` take what can be; named hunks must each be able to.
fn select(
    change: &BoardChange,
    selection: &Selection,
    able: &[u32],
    wanted: &'static str,
) -> Result<Vec<u32>, Error> {
    let id = change.changeset.id;
    let states = |hunks: &mut dyn Iterator<Item = &u32>| {
        let state =
            |hunk: &u32| change.state.hunks.get(hunk).map(|s| format!("{hunk} is {}", s.word()));
        hunks.filter_map(state).collect::<Vec<_>>().join(", ")
    };
    let chosen = match selection {
        Selection::Hunks(hunks) => {
            for hunk in hunks {
                if !change.state.hunks.contains_key(hunk) {
                    return Err(Error::NoSuchPart { id, what: format!("hunk {hunk}") });
                }
                if !able.contains(hunk) {
                    let states = states(&mut std::iter::once(hunk));
                    return Err(Error::Hunks { id, what: "no such hunk".into(), wanted, states });
                }
            }
            hunks.clone()
        }
        Selection::File(path) => {
            if change.changeset.files.iter().all(|file| file.path != *path) {
                return Err(Error::NoSuchPart { id, what: format!("file {path}") });
            }
            let here = |hunk: &&u32| change.state.paths.get(hunk) == Some(path);
            able.iter().filter(here).copied().collect()
        }
        Selection::All => able.to_vec(),
    };
    if chosen.is_empty() {
        let states = states(&mut change.state.hunks.keys());
        return Err(Error::Hunks { id, what: "no hunk".into(), wanted, states });
    }
    Ok(chosen)
}
