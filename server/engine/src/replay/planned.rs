//! The way a person's decision goes: the engine's own planning over a world of one file in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use model::{
    ChangeKind, Content, Digest, FileChange, FileMode, FileSide, Hunk, HunkKind, LineSpan,
    PlannedFile, PlannedPlace, PlannedSide, RelPath,
};

use super::case::Case;
use super::lines::edited;
use super::truth::Truth;
use crate::plan::{Current, PlanFile, Refused, World, accept_file, undo_file};

/// What planning made of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    /// How many hunks took effect.
    pub(super) hunks: usize,
    /// What is wrong with the text it planned, if anything.
    pub(super) wrong: Option<String>,
}

/// Plans all hunks of `case` at once; `None` if they cannot be stated as one ChangeSet.
pub(super) fn together(case: &Case, truths: &[Truth]) -> Option<Planned> {
    let held = Held::of(case)?;
    let hunks: Vec<&Hunk> = held.file.hunks.iter().collect();
    let (files, _) = held.plan(&hunks, &[], &hunks);
    Some(check(case, truths, &files, &case.current))
}

/// Plans the hunks of `case` one after another, from the last to the first, each on the text that the one
/// before left; `None` as for [`together`].
pub(super) fn one_by_one(case: &Case, truths: &[Truth]) -> Option<Planned> {
    let mut held = Held::of(case)?;
    let hunks = held.file.hunks.clone();
    let mut in_text: Vec<&Hunk> = if case.kind.undoes() { hunks.iter().collect() } else { vec![] };
    let mut done: Vec<PlanFile> = Vec::new();
    for hunk in hunks.iter().rev() {
        let (files, _) = held.plan(&[hunk], &in_text, &in_text);
        let Some(file) = files.into_iter().next() else { continue };
        if case.kind.undoes() {
            in_text.retain(|other| other.ordinal != hunk.ordinal);
        } else {
            in_text.push(hunk);
        }
        held.current = file.after.as_ref().map_or_else(Vec::new, |(_, bytes)| bytes.to_vec());
        done.push(file);
    }
    Some(check(case, truths, &done, &held.current))
}

/// A place, and the hunks that are put there.
type PutTogether<'c> = (Range<usize>, Vec<(u32, &'c [u8])>);

/// Whether the last text is the current one with exactly the hunks made that took effect.
fn check(case: &Case, truths: &[Truth], files: &[PlanFile], current: &[u8]) -> Planned {
    let after = files.last().and_then(|file| file.after.as_ref());
    let after: &[u8] = after.map_or(current, |(_, bytes)| bytes);
    let mut edits: BTreeMap<(usize, usize), PutTogether<'_>> = BTreeMap::new();
    let mut wrong = None;
    let mut hunks = 0;
    for file in files {
        hunks += file.hunks.len();
        let written: Vec<u32> = file.places.iter().map(|place| place.hunk).collect();
        for (hunk, (waiting, truth)) in (1..).zip(case.waiting.iter().zip(truths)) {
            match (file.hunks.contains(&hunk), written.contains(&hunk), truth.place.clone()) {
                (true, true, Some(place)) => {
                    let key = (place.start, place.end);
                    let (_, texts) = edits.entry(key).or_insert_with(|| (place, Vec::new()));
                    texts.push((hunk, &waiting.text));
                }
                (true, true, None) => wrong = Some(format!("hunk {hunk} was written")),
                (true, false, _) if !truth.there => {
                    wrong = Some(format!("hunk {hunk} was taken to be there already"));
                }
                _ => {}
            }
        }
    }
    // Insertions that came to lie in one gap follow each other as in the ChangeSet.
    let edits: Vec<_> = edits
        .into_values()
        .map(|(place, mut texts)| {
            texts.sort_by_key(|(hunk, _)| *hunk);
            (place, texts.into_iter().flat_map(|(_, text)| text).copied().collect::<Vec<u8>>())
        })
        .collect();
    let right = semdiff::place(&case.current, &edits);
    if wrong.is_none() && right.as_deref() != Ok(after) {
        wrong = Some("the text is not the one with exactly these hunks made".to_owned());
    }
    Planned { hunks, wrong }
}

/// One file in memory, as the engine would find it.
struct Held {
    file: FileChange,
    current: Vec<u8>,
    stored: BTreeMap<Digest, Arc<[u8]>>,
    /// What put the hunks in, where they are to be taken out.
    landed: Option<PlannedFile>,
}

impl World for Held {
    fn current(&self, _: &RelPath) -> Result<Option<Current>, String> {
        Ok(Some(Current {
            mode: FileMode::File,
            bytes: self.current.as_slice().into(),
            in_editor: false,
            unsaved: false,
        }))
    }

    fn stored(&self, blob: &Digest) -> Result<Arc<[u8]>, String> {
        self.stored.get(blob).cloned().ok_or_else(|| "not stored".to_owned())
    }

    fn moved(&self, _: &RelPath) -> Option<RelPath> {
        None
    }
}

impl Held {
    fn of(case: &Case) -> Option<Self> {
        let edits: Vec<_> = case.waiting.iter().map(super::case::Waiting::edit).collect();
        let (other, places) = edited(&case.base, &edits).ok()?;
        let undo = case.kind.undoes();
        // An undo is stated against the text that the acceptance left: there, what waits is the way back.
        let places: Vec<(LineSpan, LineSpan)> = if undo {
            places.into_iter().map(|(left, start)| (start, left)).collect()
        } else {
            places
        };
        let (before, after) = if undo { (&other, &case.base) } else { (&case.base, &other) };
        let side = |text: &Vec<u8>| FileSide {
            blob: Digest::of(text),
            mode: FileMode::File,
            size_bytes: text.len() as u64,
        };
        let hunk = |(ordinal, (before, after)): (u32, &(LineSpan, LineSpan))| Hunk {
            ordinal,
            kind: HunkKind::Lines,
            before: *before,
            after: *after,
            entity: None,
        };
        let file = FileChange {
            path: case.path.clone(),
            old_path: None,
            change: ChangeKind::Modified,
            content: Content::Text,
            language: None,
            generated: false,
            before: Some(side(before)),
            after: Some(side(after)),
            hunks: (1..).zip(&places).map(hunk).collect(),
        };
        let planned = |text: &Vec<u8>| PlannedSide { blob: Digest::of(text), mode: FileMode::File };
        let place = |hunk: &Hunk| PlannedPlace {
            hunk: hunk.ordinal,
            before: hunk.before,
            after: hunk.after,
        };
        let landed = undo.then(|| PlannedFile {
            path: case.path.clone(),
            before: Some(planned(before)),
            after: Some(planned(after)),
            hunks: file.hunks.iter().map(|hunk| hunk.ordinal).collect(),
            in_editor: false,
            places: file.hunks.iter().map(place).collect(),
        });
        let stored = [before, after].map(|text| (Digest::of(text), text.as_slice().into()));
        Some(Self { file, current: case.current.clone(), stored: stored.into(), landed })
    }

    fn plan(
        &self,
        hunks: &[&Hunk],
        accepted: &[&Hunk],
        in_text: &[&Hunk],
    ) -> (Vec<PlanFile>, Vec<Refused>) {
        match &self.landed {
            Some(landed) => undo_file(self, &self.file, hunks, &[landed], in_text),
            None => accept_file(self, &self.file, hunks, accepted),
        }
    }
}
