//! What is proved: two trees, the difference between them, and its review.

use std::collections::BTreeMap;

use model::{ChangeSet, ChangeSetId, FileMode, Hunk, Origin, Ran, RelPath, Review};
use workspace::{Checkout, HistoryLimits, ProposedFile, Scope, Start, Trees};

use super::ProveWhat;
use crate::Error;
use crate::acceptance::{adopted_and_others, by_file, in_text, select};
use crate::assess::assess;
use crate::board::BoardChange;
use crate::check::{captured_file, read};
use crate::engine::Engine;
use crate::examine::{ChangedFile, Examined, Side, changed_lines, under_review};
use crate::plan::{OpenTexts, PlanFile, Refused, Selection, accept_file};
use crate::propose::stated;
use crate::rules::Rules;
use crate::take_out::take_out_file;

/// A change between two trees.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The files without the change.
    pub base: Checkout,
    /// Those with it.
    pub proposal: Checkout,
    /// What the change puts there.
    pub proposed: Vec<ProposedFile>,
    /// What the change is called in the ledger; of a commit, as it would be.
    pub id: ChangeSetId,
    /// The difference of the two, as it is now.
    pub changeset: ChangeSet,
    pub files: Vec<ChangedFile>,
    pub examined: Vec<Examined>,
    pub review: Review,
    /// The hunks of the recorded ChangeSet that make the difference; of a commit, all of them.
    pub hunks: Vec<u32>,
    pub title: String,
    pub trees: (model::Digest, model::Digest),
}

/// Both sides of the planned files.
#[derive(Default)]
pub(super) struct Sides {
    base: BTreeMap<RelPath, ProposedFile>,
    proposal: BTreeMap<RelPath, ProposedFile>,
    refused: Vec<Refused>,
    hunks: Vec<u32>,
}

impl Engine {
    pub(crate) fn subject(
        &mut self,
        what: &ProveWhat,
        trees: &Trees,
        rules: &Rules,
    ) -> Result<Subject, Error> {
        match what {
            ProveWhat::ChangeSet(id, selection) => {
                let change = self.change(*id)?;
                self.of_change(&change, selection, trees, rules)
            }
            ProveWhat::Commit(revision) => self.of_commit(revision, trees, rules),
        }
    }

    /// Hunks that wait are proved in the files as they are saved; where none waits, those in the text are proved
    /// against the files without them.
    fn of_change(
        &mut self,
        change: &BoardChange,
        selection: &Selection,
        trees: &Trees,
        rules: &Rules,
    ) -> Result<Subject, Error> {
        let id = change.changeset.id;
        let sides = self.sides(change, selection)?;
        if !sides.refused.is_empty() {
            let reason =
                |one: &Refused| format!("hunk {} ({}): {}", one.hunk, one.path, one.reason);
            let reasons = sides.refused.iter().map(reason).collect::<Vec<_>>().join("; ");
            return Err(Error::Unplaced { id, reasons });
        }
        let saved = self.repository.checkout(trees, Start::Saved)?;
        let base = saved.with(&sides.base.into_values().collect::<Vec<_>>())?;
        let proposed: Vec<ProposedFile> = sides.proposal.into_values().collect();
        let captured = base.capture(&self.repository, proposed.clone())?;
        let files: Vec<ChangedFile> = captured.into_iter().map(captured_file).collect();
        let recorded = &change.changeset;
        let about = About {
            id: Some(id),
            base: self.repository.base()?,
            origin: recorded.origin.clone(),
            title: recorded.title.clone(),
            rationale: recorded.rationale.clone(),
            ran: recorded.ran.clone(),
            hunks: sides.hunks,
        };
        self.difference(about, base, proposed, files, rules)
    }

    pub(super) fn sides(
        &mut self,
        change: &BoardChange,
        selection: &Selection,
    ) -> Result<Sides, Error> {
        let acceptable = change.state.acceptable();
        let open = OpenTexts::default();
        let mut sides = Sides::default();
        if acceptable.is_empty() && !change.state.accepted().is_empty() {
            let plan = self.plan_undo(change.changeset.id, selection, &open)?;
            sides.hunks = plan.hunks;
            sides.refused = plan.refused;
            plan.files.into_iter().for_each(|file| sides.taken_out(file));
            return Ok(sides);
        }
        let hunks = select(change, selection, &acceptable, "proved")?;
        let (found, waiting) = adopted_and_others(change, hunks.clone());
        sides.hunks = hunks;
        let of =
            |hunks: &[u32]| -> Vec<(&model::FileChange, Vec<&Hunk>)> { by_file(change, hunks) };
        let mut world = self.saved_world_of(change, &open);
        for (file, hunks) in of(&found) {
            let (planned, refused) = take_out_file(&world, file, &hunks, &in_text(change, file));
            sides.refused.extend(refused);
            planned.into_iter().for_each(|file| sides.taken_out(file));
        }
        for (file, hunks) in of(&waiting) {
            let (planned, refused) = accept_file(&world, file, &hunks, &in_text(change, file));
            sides.refused.extend(refused);
            planned.into_iter().for_each(|file| world.lay_over(file));
        }
        for (path, file) in world.planned {
            sides.proposal.insert(path, laid(file.path, file.after));
        }
        Ok(sides)
    }

    fn of_commit(
        &mut self,
        revision: &str,
        trees: &Trees,
        rules: &Rules,
    ) -> Result<Subject, Error> {
        let scope = self.repository.commit_scope(revision)?;
        let Scope::Range { base: from, head } = &scope else {
            return Err(Error::NoBase(revision.to_owned()));
        };
        if from.is_empty() {
            return Err(Error::NoBase(revision.to_owned()));
        }
        let message = self.repository.commit_message(head)?;
        let deltas = self.repository.as_checked_out(self.repository.deltas(&scope)?)?;
        let huge = rules.config().review.huge_file_bytes;
        let files: Vec<ChangedFile> =
            deltas.into_iter().map(|delta| read(&self.repository, delta, huge)).collect();
        let proposed = files.iter().flat_map(proposed_of).collect();
        let base = self.repository.checkout(trees, Start::Commit(from))?;
        let about = About {
            id: None,
            base: model::Base { commit: Some(from.clone()), branch: None, dirty: false },
            origin: Origin { worker: "commit".to_owned(), name: head.clone() },
            title: message.title,
            rationale: message.body,
            ran: None,
            hunks: Vec::new(),
        };
        self.difference(about, base, proposed, files, rules)
    }

    fn difference(
        &self,
        about: About,
        base: Checkout,
        proposed: Vec<ProposedFile>,
        files: Vec<ChangedFile>,
        rules: &Rules,
    ) -> Result<Subject, Error> {
        if files.is_empty() {
            return Err(Error::Empty(about.origin.to_string()));
        }
        let title = about.title.clone();
        let (changeset, examination) = stated(
            &self.repository,
            about.base,
            about.origin,
            about.title,
            about.rationale,
            &files,
            rules,
        )?;
        let changeset = ChangeSet { ran: about.ran, ..changeset };
        let commit = changeset.base.commit.as_deref();
        let history =
            self.repository.history(&changeset.paths_before(), commit, HistoryLimits::default())?;
        let examined = examination.files.clone();
        let hunks = match about.hunks.is_empty() {
            true => changeset.hunks().map(|(_, hunk)| hunk.ordinal).collect(),
            false => about.hunks,
        };
        let proposal = base.with(&proposed)?;
        let trees = (base.digest(&self.repository)?, proposal.digest(&self.repository)?);
        let review = assess(examination, history);
        let id = about.id.unwrap_or(changeset.id);
        Ok(Subject {
            id,
            base,
            proposal,
            proposed,
            changeset,
            files,
            examined,
            review,
            hunks,
            title,
            trees,
        })
    }
}

impl Subject {
    /// The files, as the pure checks see them.
    pub(crate) fn under_review<T>(
        &self,
        look: impl FnOnce(&[gate::FileUnderReview<'_>]) -> T,
    ) -> T {
        let pairs = || self.files.iter().zip(&self.examined);
        let lines: Vec<_> = pairs().map(|(file, examined)| changed_lines(file, examined)).collect();
        let seen: Vec<_> = pairs()
            .zip(&lines)
            .map(|((file, examined), (removed, added))| {
                under_review(file, examined, removed, added)
            })
            .collect();
        look(&seen)
    }

    /// The mode of a file on either side.
    pub(crate) fn mode(&self, path: &RelPath) -> FileMode {
        let of = |file: &ChangedFile| {
            let here = file.path == *path || file.old_path.as_ref() == Some(path);
            let side = file.after.as_ref().or(file.before.as_ref()).filter(|_| here)?;
            Some(side.mode)
        };
        self.files.iter().find_map(of).unwrap_or(FileMode::File)
    }
}

impl Sides {
    /// What the tree gets; `None` if a hunk has no place.
    pub(super) fn proposed(self) -> Option<Vec<ProposedFile>> {
        self.refused.is_empty().then(|| self.proposal.into_values().collect())
    }

    /// A file from which hunks are taken out: it is the base, and as it is now the proposal.
    fn taken_out(&mut self, file: PlanFile) {
        self.base.insert(file.path.clone(), laid(file.path.clone(), file.after));
        self.proposal.insert(file.path.clone(), laid(file.path, file.before));
    }
}

fn laid(path: RelPath, held: crate::plan::Held) -> ProposedFile {
    let mode = held.as_ref().map_or(FileMode::File, |(mode, _)| *mode);
    ProposedFile { path, old_path: None, mode, bytes: held.map(|(_, bytes)| bytes.to_vec()) }
}

/// What a changed file puts into the tree: itself, and nothing where it was.
pub(super) fn proposed_of(file: &ChangedFile) -> Vec<ProposedFile> {
    let bytes = file.after.as_ref().and_then(Side::bytes).map(<[u8]>::to_vec);
    let mode = file.after.as_ref().map_or(FileMode::File, |side| side.mode);
    let gone = |path: &RelPath| laid(path.clone(), None);
    let here = ProposedFile { path: file.path.clone(), old_path: None, mode, bytes };
    file.old_path.iter().map(gone).chain([here]).collect()
}

struct About {
    id: Option<ChangeSetId>,
    base: model::Base,
    origin: Origin,
    title: String,
    rationale: String,
    ran: Option<Ran>,
    hunks: Vec<u32>,
}
