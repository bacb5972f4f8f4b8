//! Stating what waits anew, against the files as they are: for what is in conflict, parked, or drifted.
//!
//! What has a place keeps it. What has none may have moved with the named thing around it; such a place is
//! only a suggestion, so it is never accepted as it is: it becomes part of a new ChangeSet, which is
//! previewed, reviewed and judged like any. The old hunks give way to it.

use std::ops::Range;

use model::{ChangeSet, ChangeSetId, FileChange, FileMode, Hunk, HunkKind, RelPath};
use semdiff::Anchoring;
use workspace::{ProposedFile, SideContent};

use crate::Error;
use crate::acceptance::{by_file, in_text};
use crate::adopt::{mixed_hunks, title_again, told_apart};
use crate::board::BoardChange;
use crate::check::captured_file;
use crate::engine::Engine;
use crate::examine::{ChangedFile, Side, examine_all};
use crate::plan::{OpenTexts, PlanFile, World, accept_whole};
use crate::project::ProjectAt;
use crate::propose::{Proposal, stated};

/// In how many files, at most, a thing is looked for that is gone from its own.
const FILES_SEARCHED_MAX: usize = 200;

/// What was stated anew.
#[derive(Debug, Clone)]
pub struct Reproposed {
    /// The new ChangeSet; `None`: nothing of it can be stated anew.
    pub proposal: Option<Proposal>,
    /// The hunks that a suggestion found, each with why.
    pub suggested: Vec<(u32, String)>,
    /// The hunks that stay behind, each with why.
    pub left: Reasons,
}

/// Hunks, each with a reason.
type Reasons = Vec<(u32, String)>;

/// What became of the hunks of one file.
#[derive(Default)]
struct Restated {
    files: Vec<ProposedFile>,
    hunks: Vec<u32>,
    suggested: Vec<(u32, String)>,
    left: Reasons,
}

/// An edit of a file's text, by a hunk.
struct Edit {
    hunk: u32,
    path: RelPath,
    mode: FileMode,
    current: std::sync::Arc<[u8]>,
    range: Range<usize>,
    text: Vec<u8>,
    /// Why there, if it is a suggestion.
    why: Option<String>,
}

impl Engine {
    /// States what waits of a ChangeSet anew, against the saved files. The hunks that are stated again are
    /// superseded by the new ones; the others wait as before.
    ///
    /// # Errors
    /// It is not in the ledger, nothing of it waits, or the new ChangeSet cannot be recorded.
    pub fn repropose(&mut self, id: ChangeSetId) -> Result<Reproposed, Error> {
        let change = self.change(id)?;
        if !change.state.adopted().is_empty() {
            return self.readopt(&change);
        }
        let waiting = change.state.waiting();
        if waiting.is_empty() {
            let states: Vec<String> =
                change.state.hunks.iter().map(|(h, s)| format!("{h} is {}", s.word())).collect();
            let (what, states) = ("no hunk".to_owned(), states.join(", "));
            return Err(Error::Hunks { id, what, wanted: "stated anew", states });
        }
        let restated = self.restate(&change, &waiting)?;
        let Restated { files, hunks, suggested, left } = restated;
        if files.is_empty() {
            return Ok(Reproposed { proposal: None, suggested, left });
        }
        let rules = self.rules()?;
        let captured = self.repository.capture(files)?;
        let files: Vec<ChangedFile> = captured.into_iter().map(captured_file).collect();
        let base = self.repository.base()?;
        let of = &change.changeset;
        let mut rationale = of.rationale.clone();
        for (hunk, why) in &suggested {
            rationale.push_str(&format!("\nHunk {hunk} of {} was found again: {why}.", id.short()));
        }
        let (origin, title) = (of.origin.clone(), of.title.clone());
        let rationale = rationale.trim_start().to_owned();
        let (anew, examined) =
            stated(&self.repository, base, origin, title, rationale, &files, &rules)?;
        let proposal = self.record(anew, examined, &files, &rules, Some((id, &hunks)))?;
        Ok(Reproposed { proposal: Some(proposal), suggested, left })
    }

    fn restate(&self, change: &BoardChange, waiting: &[u32]) -> Result<Restated, Error> {
        let open = OpenTexts::default();
        let world = self.world_of(change, &open)?;
        let mut restated = Restated::default();
        let mut all = Vec::new();
        for (file, hunks) in by_file(change, waiting) {
            if hunks.iter().any(|hunk| hunk.kind == HunkKind::Whole) {
                restated.whole(&world, file, &hunks);
                continue;
            }
            match self.edits(&world, change, file, &hunks) {
                Ok((edits, left)) => {
                    restated.left.extend(left);
                    all.extend(edits);
                }
                Err(reason) => {
                    restated.left.extend(hunks.iter().map(|h| (h.ordinal, reason.clone())));
                }
            }
        }
        // A hunk may have been found in the file of another.
        restated.apply(all);
        Ok(restated)
    }

    /// Where each hunk of lines goes, and those that go nowhere.
    fn edits(
        &self,
        world: &impl World,
        change: &BoardChange,
        file: &FileChange,
        hunks: &[&Hunk],
    ) -> Result<(Vec<Edit>, Reasons), String> {
        let (Some(before), Some(after)) = (&file.before, &file.after) else {
            return Err("its text was not captured".to_owned());
        };
        let (base, proposal) = (world.stored(&before.blob)?, world.stored(&after.blob)?);
        let found = world.found(&file.path);
        let landed: Vec<_> =
            in_text(change, file).iter().map(|h| (h.before, h.after.of(&proposal))).collect();
        let (mut edits, mut left) = (Vec::new(), Vec::new());
        for hunk in hunks {
            let text = hunk.after.of(&proposal);
            let edit =
                |path: &RelPath, mode, current: &std::sync::Arc<[u8]>, range, text, why| Edit {
                    hunk: hunk.ordinal,
                    path: path.clone(),
                    mode,
                    current: std::sync::Arc::clone(current),
                    range,
                    text,
                    why,
                };
            let mut reason = "the file is gone".to_owned();
            if let Ok((path, current)) = &found {
                let anchoring = Anchoring::past(&base, &landed, &current.bytes)
                    .map_err(|overlap| overlap.to_string())?;
                let anchor = anchoring.anchor(&hunk.before, text);
                if let Some(range) = anchor.target() {
                    let (bytes, text) = (&current.bytes, text.to_vec());
                    edits.push(edit(path, current.mode, bytes, range.clone(), text, None));
                    continue;
                }
                reason = match anchor {
                    semdiff::Anchor::Conflict(reason) => reason.to_string(),
                    _ => {
                        left.push((hunk.ordinal, "it is there already".to_owned()));
                        continue;
                    }
                };
                let suggestion = file.language.and_then(|language| {
                    semdiff::suggest(language, &base, &current.bytes, &hunk.before, text)
                });
                if let Some(there) = suggestion {
                    let (range, text, why) = (there.range, there.replacement, Some(there.why));
                    edits.push(edit(path, current.mode, &current.bytes, range, text, why));
                    continue;
                }
            }
            match self.elsewhere(world, change, file, &base, hunk, text) {
                Some((path, current, there)) => {
                    let (range, text, why) = (there.range, there.replacement, Some(there.why));
                    edits.push(edit(&path, current.mode, &current.bytes, range, text, why));
                }
                None => left.push((hunk.ordinal, reason)),
            }
        }
        Ok((edits, left))
    }

    /// The one file that the thing around a hunk may have moved to, of those that changed since.
    fn elsewhere(
        &self,
        world: &impl World,
        change: &BoardChange,
        file: &FileChange,
        base: &[u8],
        hunk: &Hunk,
        text: &[u8],
    ) -> Option<(RelPath, crate::plan::Current, semdiff::Suggestion)> {
        let language = file.language?;
        let commit = change.changeset.base.commit.clone()?;
        let deltas = self.repository.deltas(&workspace::Scope::Since { base: commit }).ok()?;
        let candidates = deltas
            .into_iter()
            .filter(|delta| delta.after.is_some() && delta.path != file.path)
            .map(|delta| delta.path)
            .filter(|path| syntax::language_of(path, b"") == Some(language));
        let mut answer = None;
        for path in candidates.take(FILES_SEARCHED_MAX) {
            let Ok(Some(current)) = world.current(&path) else { continue };
            let other = (path.to_string(), &current.bytes);
            let found =
                semdiff::suggest_in_file(language, base, (&other.0, other.1), &hunk.before, text);
            if let Some(found) = found {
                if answer.is_some() {
                    return None;
                }
                answer = Some((path, current, found));
            }
        }
        answer
    }

    /// Captures the files of an adopted ChangeSet again, as they have become since.
    fn readopt(&mut self, change: &BoardChange) -> Result<Reproposed, Error> {
        let rules = self.rules()?;
        let adopted = change.state.adopted();
        let (mut files, mut left) = (Vec::new(), Vec::new());
        {
            let open = OpenTexts::default();
            let world = self.world_of(change, &open)?;
            for (file, hunks) in by_file(change, &adopted) {
                match recaptured(&world, file) {
                    Ok(Some(file)) => files.push(file),
                    Ok(None) => {
                        let gone = "it is no longer in the text".to_owned();
                        left.extend(hunks.iter().map(|hunk| (hunk.ordinal, gone.clone())));
                    }
                    Err(reason) => {
                        left.extend(hunks.iter().map(|hunk| (hunk.ordinal, reason.clone())));
                    }
                }
            }
        }
        if files.is_empty() {
            return Ok(Reproposed { proposal: None, suggested: Vec::new(), left });
        }
        let since = change.changeset.adopted.as_ref().and_then(|adopted| adopted.snapshot);
        let mut unread = Vec::new();
        let touches = self.touches(since.unwrap_or(change.state.proposed_seq) + 1)?;
        let (files, mixed) = told_apart(files, &touches, &mut unread);
        if files.is_empty() {
            return Ok(Reproposed { proposal: None, suggested: Vec::new(), left });
        }
        let base = self.repository.base()?;
        let project = ProjectAt::new(&self.repository, base.commit.as_deref());
        let examined = examine_all(files.iter().cloned(), &rules, &project);
        let changes = examined.files.iter().map(|file| file.change.clone()).collect();
        let of = &change.changeset;
        let (origin, title) = (of.origin.clone(), title_again(&of.title, files.len()));
        let mut again = ChangeSet::new(base, origin, title, of.rationale.clone(), changes);
        let mixed = mixed_hunks(&again, &mixed);
        again.adopted = of.adopted.clone().map(|adopted| model::Adoption { mixed, ..adopted });
        let proposal = self.record(again, examined, &files, &rules, Some((of.id, &adopted)))?;
        Ok(Reproposed { proposal: Some(proposal), suggested: Vec::new(), left })
    }
}

/// A file of an adopted change from its captured start to what it is now; `None` if that is the same.
fn recaptured(world: &impl World, file: &FileChange) -> Result<Option<ChangedFile>, String> {
    let side = |mode, bytes: &[u8]| Side { mode, content: SideContent::Bytes(bytes.to_vec()) };
    let before = match &file.before {
        Some(before) => Some(side(before.mode, &world.stored(&before.blob)?)),
        None => None,
    };
    let (path, current) = match world.found(&file.path) {
        Ok((path, current)) => (path, Some(current)),
        Err(_) => (file.path.clone(), None),
    };
    let after = current.map(|current| side(current.mode, &current.bytes));
    let said = |side: &Option<Side>| side.as_ref().map(|s| (s.mode, s.bytes().map(<[u8]>::to_vec)));
    if said(&before) == said(&after) {
        return Ok(None);
    }
    let change = match (&before, &after) {
        (None, _) => model::ChangeKind::Added,
        (_, None) => model::ChangeKind::Deleted,
        _ => file.change,
    };
    Ok(Some(ChangedFile {
        path,
        old_path: file.old_path.clone(),
        change,
        before,
        after,
        together: Vec::new(),
    }))
}

impl Restated {
    fn whole(&mut self, world: &impl World, file: &FileChange, hunks: &[&Hunk]) {
        match accept_whole(world, file, hunks) {
            Ok(planned) => {
                for PlanFile { path, after, .. } in planned {
                    let mode = after.as_ref().map_or(FileMode::File, |(mode, _)| *mode);
                    let bytes = after.map(|(_, bytes)| bytes.to_vec());
                    self.files.push(ProposedFile { path, old_path: None, mode, bytes });
                }
                self.hunks.extend(hunks.iter().map(|hunk| hunk.ordinal));
            }
            Err(reason) => {
                self.left.extend(hunks.iter().map(|hunk| (hunk.ordinal, reason.clone())));
            }
        }
    }

    /// Puts the edits into their files, each file's together; where two overlap, the later one stays behind.
    fn apply(&mut self, mut edits: Vec<Edit>) {
        edits.sort_by(|a, b| (&a.path, a.range.start).cmp(&(&b.path, b.range.start)));
        let mut at = 0;
        while let Some(first) = edits.get(at) {
            let (path, mode, current) = (first.path.clone(), first.mode, first.current.clone());
            let (mut placed, mut put) = (Vec::<(Range<usize>, Vec<u8>)>::new(), Vec::new());
            while let Some(edit) = edits.get(at).filter(|edit| edit.path == path) {
                at += 1;
                let overlaps = placed.last().is_some_and(|(range, _)| edit.range.start < range.end);
                if overlaps {
                    let reason = "its place overlaps that of another hunk".to_owned();
                    self.left.push((edit.hunk, reason));
                    continue;
                }
                placed.push((edit.range.clone(), edit.text.clone()));
                put.push(edit);
            }
            match semdiff::place(&current, &semdiff::together(&placed)) {
                Ok(bytes) => {
                    let bytes = Some(bytes);
                    self.files.push(ProposedFile { path, old_path: None, mode, bytes });
                    self.hunks.extend(put.iter().map(|edit| edit.hunk));
                    let why = |edit: &&Edit| edit.why.clone().map(|why| (edit.hunk, why));
                    self.suggested.extend(put.iter().filter_map(why));
                }
                Err(overlap) => {
                    self.left.extend(put.iter().map(|edit| (edit.hunk, overlap.to_string())));
                }
            }
        }
    }
}
