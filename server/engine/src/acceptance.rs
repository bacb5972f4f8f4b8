//! Accept, reject and undo: plan, append the intent, act, confirm by content, append the outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{
    ActorKind, ChangeSetId, Decision, Dependency, Digest, Event, FailedFile, FileChange, Hunk,
    HunkState, Intent, LandedFile, OperationId, Outcome, PlannedFile, PlannedSide, Purpose,
    RelPath,
};

use crate::Error;
use crate::board::BoardChange;
use crate::engine::Engine;
use crate::plan::{OpenTexts, Plan, PlanFile, Refused, Selection, accept_file, undo_file};
use crate::take_out::review_file;

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
    /// What lacks now what it needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Dependency>,
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
    /// changed, or whose file cannot be written, is not an error: it is in [`Plan::refused`].
    pub fn plan_accept(
        &mut self,
        id: ChangeSetId,
        selection: &Selection,
        open: &OpenTexts,
    ) -> Result<Plan, Error> {
        let mut verdict = self.current_verdict(id)?;
        let change = self.change(id)?;
        let acceptable = change.state.acceptable();
        let hunks = select(&change, selection, &acceptable, "accepted")?;
        if change.state.proof.is_some() && hunks.len() < acceptable.len() {
            verdict = self.verdict_for(&change, &hunks)?;
        }
        let reasons = verdict.as_ref().map(|v| v.reasons.clone()).unwrap_or_default();
        if verdict.is_none_or(|verdict| verdict.decision == Decision::Deny) {
            return Err(Error::Denied { id, reasons });
        }
        let asked = hunks.len();
        let plan = self.plan_acceptance(&change, hunks, open)?;
        // What is left out, or lies unsaved in an editor, is another result than the proof's.
        let other = plan.hunks.len() < asked || plan.files.iter().any(|file| file.unsaved);
        if other
            && let Some(verdict) = self.verdict_unproved(&change)?
            && verdict.decision == Decision::Deny
        {
            return Err(Error::Denied { id, reasons: verdict.reasons });
        }
        Ok(plan)
    }

    /// Plans an acceptance, whatever policy says.
    fn plan_acceptance(
        &mut self,
        change: &BoardChange,
        hunks: Vec<u32>,
        open: &OpenTexts,
    ) -> Result<Plan, Error> {
        let id = change.changeset.id;
        if let Some(branch) = self.parked(change)? {
            return Err(Error::Parked { id, branch });
        }
        let (hunks, mut refused) = self.apart_from_editors(change, hunks)?;
        let (found, hunks) = adopted_and_others(change, hunks);
        let mut world = self.world_of(change, open)?;
        for (file, hunks) in by_file(change, &found) {
            let (planned, left) = review_file(&world, file, &hunks, &in_text(change, file));
            refused.extend(left);
            planned.into_iter().for_each(|file| world.lay_over(file));
        }
        for (file, hunks) in by_file(change, &hunks) {
            let (planned, left) = accept_file(&world, file, &hunks, &in_text(change, file));
            refused.extend(left);
            planned.into_iter().for_each(|file| world.lay_over(file));
        }
        let files = world.planned.into_values().collect();
        let (files, refused) = self.preflight(files, refused);
        Ok(assemble(change, Purpose::Accept, files, refused))
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
        let (hunks, mut refused) = self.apart_from_editors(&change, hunks)?;
        // Newest first: a later acceptance was made on top of an earlier one.
        let mut operations: BTreeMap<OperationId, Vec<u32>> = BTreeMap::new();
        let mut reviewed = Vec::new();
        for hunk in hunks {
            match change.state.hunks.get(&hunk) {
                // Its acceptance wrote nothing, so its undo does not either.
                Some(HunkState::Accepted { adopted: true, .. }) => reviewed.push(hunk),
                Some(HunkState::Accepted { operation, .. }) => {
                    operations.entry(*operation).or_default().push(hunk);
                }
                _ => {}
            }
        }
        let mut world = self.world_of(&change, open)?;
        for (operation, hunks) in operations.into_iter().rev() {
            let asked = self.ledger.operation(operation)?;
            let intent = asked.ok_or(Error::NoSuchOperation(operation))?.intent;
            if intent.worktree != self.worktree() {
                return Err(Error::OtherWorktree { id, worktree: intent.worktree });
            }
            for (file, hunks) in by_file(&change, &hunks) {
                let ordinals: Vec<u32> = hunks.iter().map(|hunk| hunk.ordinal).collect();
                let in_text = in_text(&change, file);
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
        let files: Vec<PlanFile> = world.planned.into_values().collect();
        self.must_be_here(&change, &files)?;
        let (files, refused) = self.preflight(files, refused);
        let mut plan = assemble(&change, Purpose::Undo, files, refused);
        plan.hunks.extend(reviewed);
        plan.hunks.sort_unstable();
        Ok(plan)
    }

    /// Appends the intent: from here on a crash leaves a trace.
    ///
    /// # Errors
    /// Conflict kind when the ChangeSet moved since the plan was made; nothing was appended.
    pub fn begin(&mut self, plan: Plan) -> Result<Operation, Error> {
        self.store(&plan)?;
        let files = plan.files.iter().map(planned).collect();
        let intent = Intent {
            changeset: plan.changeset,
            hunks: plan.hunks.clone(),
            files,
            holder: self.ledger.holder()?.clone(),
            worktree: self.worktree(),
        };
        let event = match plan.purpose {
            Purpose::Accept => Event::AcceptRequested(intent),
            Purpose::Undo => Event::UndoRequested(intent),
            Purpose::Reject => {
                let prints = self.prints(plan.changeset, &plan.hunks)?;
                Event::RejectRequested { intent, reason: plan.reason.clone(), prints }
            }
        };
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
        for landed in landed.into_iter().rev() {
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
            done: done(plan.purpose),
            hunks: outcome.hunks.clone(),
            shifted: plan.files.iter().map(|file| counted(&file.shifted)).sum(),
            already: plan.files.iter().map(|file| file.already).sum(),
            files: outcome.landed.iter().map(|file| file.path.clone()).collect(),
            refused: plan.refused.into_iter().map(RefusedHunk::from).collect(),
            failed: outcome.failed.clone(),
            unmet: plan.unmet.into_iter().filter(|one| of_outcome(one, &outcome)).collect(),
        };
        let event = settled(outcome, plan.purpose, plan.hunks.len());
        self.append(&event).map_err(|error| Error::Unsettled(Box::new(error)))?;
        Ok(report)
    }

    /// `hunks` of a ChangeSet with all that they need, of what can be accepted.
    ///
    /// # Errors
    /// The ChangeSet is unknown.
    pub fn with_needed(&mut self, id: ChangeSetId, hunks: &[u32]) -> Result<Vec<u32>, Error> {
        let change = self.change(id)?;
        let review = change.review.as_ref();
        let dependencies = review.map(|r| r.dependencies.as_slice()).unwrap_or_default();
        let acceptable = change.state.acceptable();
        let mut all = Dependency::together(dependencies, hunks);
        all.retain(|hunk| hunks.contains(hunk) || acceptable.contains(hunk));
        Ok(all)
    }

    /// Accepts from where no editor is: plans, writes on disk, settles.
    ///
    /// # Errors
    /// As [`Engine::plan_accept`] and [`Engine::begin`].
    pub fn accept(&mut self, id: ChangeSetId, selection: &Selection) -> Result<Report, Error> {
        let plan = self.plan_accept(id, selection, &OpenTexts::default())?;
        self.carry_out(plan)
    }

    /// Accepts what policy denies, for this reason, from where no editor is. That it was done is in the ledger first.
    ///
    /// # Errors
    /// Nobody is there to answer for it, the reason is empty, or policy denies nothing; else as [`Engine::accept`].
    pub fn accept_denied(
        &mut self,
        id: ChangeSetId,
        selection: &Selection,
        reason: &str,
    ) -> Result<Report, Error> {
        let reason = reason.trim().to_owned();
        if self.actor.kind != ActorKind::Person || reason.is_empty() {
            return Err(Error::Glass("it takes a person, and a reason that is not empty"));
        }
        let change = self.change(id)?;
        let hunks = select(&change, selection, &change.state.acceptable(), "accepted")?;
        let verdict = self.verdict_for(&change, &hunks)?;
        let denied = verdict.filter(|verdict| verdict.decision == Decision::Deny);
        let verdict = denied.ok_or(Error::Glass("policy does not deny it: accept it as ever"))?;
        let plan = self.plan_acceptance(&change, hunks, &OpenTexts::default())?;
        let hunks = plan.hunks.clone();
        let as_of = self.append(&Event::GlassBroken { changeset: id, hunks, reason, verdict })?;
        self.carry_out(Plan { as_of, ..plan })
    }

    /// Undoes from where no editor is: plans, writes on disk, settles.
    ///
    /// # Errors
    /// As [`Engine::plan_undo`] and [`Engine::begin`].
    pub fn undo(&mut self, id: ChangeSetId, selection: &Selection) -> Result<Report, Error> {
        let plan = self.plan_undo(id, selection, &OpenTexts::default())?;
        self.carry_out(plan)
    }

    pub(crate) fn carry_out(&mut self, plan: Plan) -> Result<Report, Error> {
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

    pub(crate) fn write(&self, file: &PlanFile) -> Result<LandedFile, String> {
        if file.before == file.after {
            // The text is there already; whether the disk has it as well, the disk knows.
            let planned = file.after.as_ref().map(|(_, bytes)| Digest::of(bytes));
            let on_disk = self.saved_digest(&file.path).is_ok_and(|saved| saved == planned);
            let saved = !file.unsaved && on_disk;
            return Ok(LandedFile { path: file.path.clone(), blob: blob(file), saved });
        }
        self.writable(&file.path)?;
        let before = file.before.as_ref().map(|(mode, bytes)| (*mode, Digest::of(bytes)));
        let after = file.after.as_ref().map(|(mode, bytes)| (*mode, &**bytes));
        let written = self.repository.write_file(&file.path, before, after);
        written.map_err(|error| error.to_string())?;
        Ok(LandedFile { path: file.path.clone(), blob: blob(file), saved: true })
    }

    /// Stores both sides of each file, so that a crash can be settled and an undo planned. What was captured
    /// is stored already, and was read to make the plan.
    fn store(&mut self, plan: &Plan) -> Result<(), Error> {
        let change = self.change(plan.changeset)?;
        let files = change.changeset.files.iter();
        let captured: BTreeSet<Digest> =
            files.flat_map(|f| f.before.iter().chain(&f.after)).map(|side| side.blob).collect();
        let sides = plan.files.iter().flat_map(|file| file.before.iter().chain(&file.after));
        let new = sides.map(|(_, bytes)| &**bytes);
        self.ledger.blobs().put_all(new.filter(|bytes| !captured.contains(&Digest::of(bytes))))?;
        Ok(())
    }
}

fn planned(file: &PlanFile) -> PlannedFile {
    let side = |side: &Option<(model::FileMode, Arc<[u8]>)>| {
        side.as_ref().map(|(mode, bytes)| PlannedSide { blob: Digest::of(bytes), mode: *mode })
    };
    PlannedFile {
        path: file.path.clone(),
        before: side(&file.before),
        after: side(&file.after),
        hunks: file.hunks.clone(),
        in_editor: file.in_editor,
        places: file.places.clone(),
    }
}

impl Report {
    pub(crate) fn empty(changeset: ChangeSetId) -> Self {
        Self {
            changeset,
            done: "accepted",
            hunks: Vec::new(),
            shifted: 0,
            already: 0,
            files: Vec::new(),
            refused: Vec::new(),
            failed: Vec::new(),
            unmet: Vec::new(),
        }
    }

    /// What to say of a plan in which no hunk can take effect.
    pub fn nothing(plan: Plan) -> Self {
        Self {
            done: done(plan.purpose),
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

/// The event for an outcome.
pub(crate) fn settled(outcome: Outcome, purpose: Purpose, asked: usize) -> Event {
    let whole = outcome.failed.is_empty() && outcome.hunks.len() == asked;
    match (purpose, whole, outcome.landed.is_empty()) {
        (Purpose::Accept, true, _) => Event::Accepted(outcome),
        (Purpose::Accept, false, false) => Event::PartlyAccepted(outcome),
        (Purpose::Accept, false, true) => Event::AcceptFailed(outcome),
        (Purpose::Undo, true, _) => Event::Undone(outcome),
        (Purpose::Undo, false, false) => Event::PartlyUndone(outcome),
        (Purpose::Undo, false, true) => Event::UndoFailed(outcome),
        (Purpose::Reject, true, _) => Event::TakenOut(outcome),
        (Purpose::Reject, false, false) => Event::PartlyTakenOut(outcome),
        (Purpose::Reject, false, true) => Event::TakeOutFailed(outcome),
    }
}

/// Whether what a dependency says came true.
fn of_outcome(one: &Dependency, outcome: &Outcome) -> bool {
    outcome.hunks.contains(&one.hunk) || outcome.hunks.contains(&one.needs)
}

fn counted(hunks: &[u32]) -> u32 {
    u32::try_from(hunks.len()).unwrap_or(u32::MAX)
}

/// What was done, as a word.
fn done(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Accept => "accepted",
        Purpose::Undo => "undone",
        Purpose::Reject => "rejected",
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

pub(crate) fn assemble(
    change: &BoardChange,
    purpose: Purpose,
    mut files: Vec<PlanFile>,
    mut refused: Vec<Refused>,
) -> Plan {
    // What goes makes way first: a file may take the place of a folder, and a folder that of a file.
    files.sort_by(|a, b| (a.after.is_some(), &a.path).cmp(&(b.after.is_some(), &b.path)));
    refused.sort_by_key(|refused| refused.hunk);
    let mut hunks: Vec<u32> = files.iter().flat_map(|file| file.hunks.clone()).collect();
    hunks.sort_unstable();
    hunks.dedup();
    let (changeset, as_of) = (change.changeset.id, change.state.updated_seq);
    let unmet = unmet(change, purpose, &hunks);
    Plan { changeset, purpose, hunks, files, refused, as_of, reason: None, unmet }
}

/// What will lack something that it needs: of what lands, or of what stays in the text.
fn unmet(change: &BoardChange, purpose: Purpose, hunks: &[u32]) -> Vec<Dependency> {
    let Some(review) = &change.review else { return Vec::new() };
    let there = |(hunk, state): (&u32, &HunkState)| {
        matches!(state, HunkState::Accepted { .. } | HunkState::Adopted).then_some(*hunk)
    };
    let in_text: Vec<u32> = change.state.hunks.iter().filter_map(there).collect();
    let unmet = match purpose {
        Purpose::Accept => Dependency::unmet(&review.dependencies, hunks, &in_text),
        Purpose::Undo | Purpose::Reject => {
            let left: Vec<u32> = in_text.into_iter().filter(|hunk| !hunks.contains(hunk)).collect();
            let all = Dependency::unmet(&review.dependencies, &left, &[]);
            all.into_iter().filter(|one| hunks.contains(&one.needs)).collect()
        }
    };
    unmet.into_iter().cloned().collect()
}

pub(crate) fn by_file<'c>(
    change: &'c BoardChange,
    hunks: &[u32],
) -> Vec<(&'c FileChange, Vec<&'c Hunk>)> {
    let wanted = |file: &'c FileChange| {
        let hunks: Vec<&Hunk> =
            file.hunks.iter().filter(|hunk| hunks.contains(&hunk.ordinal)).collect();
        (!hunks.is_empty()).then_some((file, hunks))
    };
    change.changeset.files.iter().filter_map(wanted).collect()
}

/// The hunks of a file that are in the text: accepted, or found there.
pub fn in_text<'c>(change: &BoardChange, file: &'c FileChange) -> Vec<&'c Hunk> {
    let there = |hunk: &&Hunk| {
        let state = change.state.hunks.get(&hunk.ordinal);
        matches!(state, Some(HunkState::Accepted { .. } | HunkState::Adopted))
    };
    file.hunks.iter().filter(there).collect()
}

/// Those of `hunks` that were found in the text, and the others.
pub(crate) fn adopted_and_others(change: &BoardChange, hunks: Vec<u32>) -> (Vec<u32>, Vec<u32>) {
    let adopted = change.state.adopted();
    hunks.into_iter().partition(|hunk| adopted.contains(hunk))
}

/// The hunks that a selection means. `All` and `File` take what can be; named hunks must each be able to.
pub(crate) fn select(
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
