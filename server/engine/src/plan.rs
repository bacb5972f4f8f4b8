//! Planning: which text each file must have after an acceptance or an undo, before anything is written.
//!
//! Pure. It is handed the texts as they are now and answers with the texts as they will be, or, hunk by
//! hunk, why not. An undo is the acceptance of the inverse hunks against the text the acceptance left.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use model::{
    ChangeSetId, Content, Dependency, FileChange, FileMode, Hunk, HunkKind, LineSpan, PlannedFile,
    PlannedPlace, Purpose, RelPath,
};
use semdiff::{Anchor, Anchoring, Overlap};

/// Which hunks of a ChangeSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Every hunk that can be.
    All,
    /// These; each must be able to.
    Hunks(Vec<u32>),
    /// Those of a file.
    File(RelPath),
}

/// The texts that editors hold open, by path.
#[derive(Debug, Clone, Default)]
pub struct OpenTexts(pub BTreeMap<RelPath, OpenText>);

/// The text of one open buffer.
#[derive(Debug, Clone)]
pub struct OpenText {
    /// The whole text, with the document's line endings.
    pub text: Arc<str>,
    /// Whether the disk does not have it yet.
    pub unsaved: bool,
}

/// What is to happen to each file. Nothing is written until it is begun.
#[derive(Debug, Clone)]
#[must_use = "a plan does nothing until it is begun"]
pub struct Plan {
    /// Of which ChangeSet.
    pub changeset: ChangeSetId,
    /// What it is for.
    pub purpose: Purpose,
    /// The hunks that will take effect.
    pub hunks: Vec<u32>,
    /// The files, ordered by path.
    pub files: Vec<PlanFile>,
    /// The hunks that were asked for and cannot take effect.
    pub refused: Vec<Refused>,
    /// The last event about the ChangeSet when this was planned; a later one makes the plan void.
    pub(crate) as_of: u64,
    /// Why, if it rejects and they said.
    pub(crate) reason: Option<String>,
    /// What will be broken: what lands, or stays, without what it needs.
    pub unmet: Vec<Dependency>,
}

/// One file of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFile {
    /// The file.
    pub path: RelPath,
    /// Whether an editor holds it open and writes it.
    pub in_editor: bool,
    /// Its mode and bytes now; `None`: nothing is there.
    pub before: Option<(FileMode, Arc<[u8]>)>,
    /// Its mode and bytes afterwards; `None`: nothing.
    pub after: Option<(FileMode, Arc<[u8]>)>,
    /// What to replace: byte ranges in the text now, ordered, not overlapping.
    pub edits: Vec<(Range<usize>, Vec<u8>)>,
    /// The hunks that make the difference.
    pub hunks: Vec<u32>,
    /// Where each hunk of lines lies on both sides.
    pub places: Vec<PlannedPlace>,
    /// Those of them that found their place moved, or next to changed text.
    pub shifted: Vec<u32>,
    /// How many of them have nothing to write: the text is there already.
    pub already: u32,
    /// Whether an editor holds text of it that the disk does not have.
    pub unsaved: bool,
}

/// A hunk that cannot take effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which.
    pub hunk: u32,
    /// Its file.
    pub path: RelPath,
    /// Why, in one clause.
    pub reason: String,
}

/// A file as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub mode: FileMode,
    pub bytes: Arc<[u8]>,
    pub in_editor: bool,
    pub unsaved: bool,
}

/// Reads the world for a plan: the current file, or nothing, or why not; and stored bytes.
pub(crate) trait World {
    fn current(&self, path: &RelPath) -> Result<Option<Current>, String>;
    fn stored(&self, blob: &model::Digest) -> Result<Arc<[u8]>, String>;

    /// Where git says that a file which is gone went.
    fn moved(&self, path: &RelPath) -> Option<RelPath>;

    /// The file as it is now, where it is now.
    fn found(&self, path: &RelPath) -> Result<(RelPath, Current), String> {
        if let Some(current) = self.current(path)? {
            return Ok((path.clone(), current));
        }
        let Some(moved) = self.moved(path) else { return Err("the file is gone".to_owned()) };
        let current = self.current(&moved)?.ok_or("the file is gone")?;
        Ok((moved, current))
    }
}

/// Plans the acceptance of `hunks` of `file`; `landed` are those of its hunks that are in the text already.
pub(crate) fn accept_file(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
    landed: &[&Hunk],
) -> (Vec<PlanFile>, Vec<Refused>) {
    let refuse = |reason: String| (Vec::new(), refuse_all(hunks, &file.path, &reason));
    match file.content {
        Content::Submodule => return refuse("a submodule is moved with git, not here".into()),
        Content::Huge | Content::Unreadable => {
            return refuse("it could not be examined, so it cannot be accepted".into());
        }
        Content::Text | Content::Binary | Content::Symlink => {}
    }
    let whole = hunks.iter().any(|hunk| hunk.kind == HunkKind::Whole);
    if whole {
        return match accept_whole(world, file, hunks) {
            Ok(files) => (files, Vec::new()),
            Err(reason) => refuse(reason),
        };
    }
    let sides = || -> Result<_, String> {
        let (Some(before), Some(after)) = (&file.before, &file.after) else {
            return Err("its text was not captured".to_owned());
        };
        let (path, current) = world.found(&file.path)?;
        Ok((world.stored(&before.blob)?, world.stored(&after.blob)?, path, current))
    };
    let (base, proposal, path, current) = match sides() {
        Ok(sides) => sides,
        Err(reason) => return refuse(reason),
    };
    let replacement = |hunk: &&Hunk| Replacement {
        hunk: hunk.ordinal,
        place: hunk.before,
        text: hunk.after.of(&proposal).to_vec(),
    };
    let replacements: Vec<_> = hunks.iter().map(replacement).collect();
    match anchoring(file, landed, (&base, &proposal), &current.bytes) {
        Ok(anchoring) => place_in((&file.path, &path), &anchoring, &current, &replacements),
        Err(overlap) => refuse(overlap.to_string()),
    }
}

/// How an acceptance finds the hunks of `file` in `current`: past those of them that have `landed`, and among
/// all of them. `before` and `after` are its captured texts.
///
/// # Errors
/// [`Overlap`] if the landed hunks do not fit the text before together.
/// # Cost
/// That of [`Anchoring::past`] and [`Anchoring::among`].
pub fn anchoring<'t>(
    file: &FileChange,
    landed: &[&Hunk],
    (before, after): (&'t [u8], &[u8]),
    current: &'t [u8],
) -> Result<Anchoring<'t>, Overlap> {
    let stated = |hunk: &Hunk| (hunk.before, hunk.after.of(after));
    let landed: Vec<_> = landed.iter().map(|hunk| stated(hunk)).collect();
    let all: Vec<_> = file.hunks.iter().map(stated).collect();
    Ok(Anchoring::past(before, &landed, current)?.among(&all))
}

/// Plans taking `hunks` of `file` out again; `landed` is the file of the intent that put them in.
pub(crate) fn undo_file(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
    landed: &[&PlannedFile],
    in_text: &[&Hunk],
) -> (Vec<PlanFile>, Vec<Refused>) {
    let refuse = |reason: String| (Vec::new(), refuse_all(hunks, &file.path, &reason));
    if hunks.iter().any(|hunk| hunk.kind == HunkKind::Whole) {
        // What was there before it was accepted was not written then; it is taken out as it was captured.
        let nothing_written = landed.iter().all(|file| file.before == file.after);
        let files = if nothing_written {
            crate::take_out::whole(world, file, hunks, true)
        } else {
            undo_whole(world, landed, hunks)
        };
        return match files {
            Ok(files) => (files, Vec::new()),
            Err(reason) => refuse(reason),
        };
    }
    match undo_lines(world, file, hunks, landed, in_text) {
        Ok(planned) => planned,
        Err(reason) => refuse(reason),
    }
}

/// What a hunk, or its inverse, puts in place of what.
pub(crate) struct Replacement {
    pub hunk: u32,
    pub place: LineSpan,
    pub text: Vec<u8>,
}

/// Anchors replacements in the current text and applies those that have one place. They were stated for the
/// file `from`, and `path` is where that is now.
///
/// Git pairs files that are half the same: another file than the one that moved would do. So in a file that
/// moved nothing is put next to changed text.
pub(crate) fn place_in(
    (from, path): (&RelPath, &RelPath),
    anchoring: &Anchoring<'_>,
    current: &Current,
    replacements: &[Replacement],
) -> (Vec<PlanFile>, Vec<Refused>) {
    let mut placed: Vec<(u32, Range<usize>, Vec<u8>)> = Vec::new();
    let mut refused = Vec::new();
    let mut already = Vec::new();
    let mut shifted = Vec::new();
    for Replacement { hunk, place, text } in replacements {
        let mut refuse = |reason: String| {
            refused.push(Refused { hunk: *hunk, path: path.clone(), reason });
        };
        match anchoring.anchor(place, text) {
            Anchor::Merged(..) if path != from => {
                refuse(format!("{from} became {path}, where the text around it is another"));
            }
            Anchor::Unchanged(range) => placed.push((*hunk, range, text.clone())),
            Anchor::Shifted(range, _) | Anchor::Merged(range, _) => {
                shifted.push(*hunk);
                placed.push((*hunk, range, text.clone()));
            }
            // Nothing to write, and nothing to refuse: what was asked for is so.
            Anchor::AlreadyThere(_) => already.push(*hunk),
            Anchor::Conflict(reason) => refuse(reason.to_string()),
        }
    }
    placed.sort_by_key(|(hunk, range, _)| (range.start, range.end, *hunk));
    let edits: Vec<_> =
        placed.iter().map(|(_, range, text)| (range.clone(), text.clone())).collect();
    let edits = semdiff::together(&edits);
    let after = match semdiff::place(&current.bytes, &edits) {
        Ok(after) => after,
        Err(overlap) => {
            let hunks = placed.iter().map(|(hunk, ..)| *hunk);
            refused.extend(hunks.map(|hunk| Refused {
                hunk,
                path: path.clone(),
                reason: overlap.to_string(),
            }));
            return (Vec::new(), refused);
        }
    };
    if placed.is_empty() && already.is_empty() {
        return (Vec::new(), refused);
    }
    let mut grown: isize = 0;
    let places = placed.iter().map(|(hunk, range, text)| {
        let start = range.start.saturating_add_signed(grown);
        grown +=
            isize::try_from(text.len()).unwrap_or(0) - isize::try_from(range.len()).unwrap_or(0);
        PlannedPlace {
            hunk: *hunk,
            before: semdiff::line_span(&current.bytes, range.clone()),
            after: semdiff::line_span(&after, start..start + text.len()),
        }
    });
    let places = places.collect();
    let file = PlanFile {
        path: path.clone(),
        // Without an edit there is nothing for an editor to do.
        in_editor: current.in_editor && !edits.is_empty(),
        unsaved: current.unsaved,
        already: u32::try_from(already.len()).unwrap_or(u32::MAX),
        before: Some((current.mode, Arc::clone(&current.bytes))),
        places,
        after: Some((current.mode, after.into())),
        edits,
        hunks: placed.iter().map(|(hunk, ..)| *hunk).chain(already).collect(),
        shifted,
    };
    (vec![file], refused)
}

/// A whole hunk needs the file exactly as it was captured, and nothing where it wants to create one.
pub(crate) fn accept_whole(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
) -> Result<Vec<PlanFile>, String> {
    let ordinals: Vec<u32> = hunks.iter().map(|hunk| hunk.ordinal).collect();
    let side = |side: &model::FileSide| -> Result<_, String> {
        Ok((side.mode, world.stored(&side.blob)?))
    };
    let before = file.before.as_ref().map(side).transpose()?;
    let after = file.after.as_ref().map(side).transpose()?;
    let mut files = Vec::new();
    let old = file.old_path.as_ref().filter(|old| **old != file.path);
    if let Some(there) = already_whole(world, file, old, &after, &ordinals)? {
        return Ok(vec![there]);
    }
    if let Some(old) = old {
        files.push(exchange(world, old, before, None, &ordinals)?);
        files.push(exchange(world, &file.path, None, after, &ordinals)?);
    } else {
        files.push(exchange(world, &file.path, before, after, &ordinals)?);
    }
    Ok(files)
}

/// The plan for a whole file that is as it should become: nothing is written.
fn already_whole(
    world: &impl World,
    file: &FileChange,
    old: Option<&RelPath>,
    after: &Held,
    hunks: &[u32],
) -> Result<Option<PlanFile>, String> {
    let current = world.current(&file.path)?;
    let unsaved = current.as_ref().is_some_and(|current| current.unsaved);
    let side = current.map(|current| (current.mode, current.bytes));
    let old_is_there = match old {
        Some(old) => world.current(old)?.is_some(),
        None => false,
    };
    if side != *after || old_is_there {
        return Ok(None);
    }
    Ok(Some(PlanFile {
        path: file.path.clone(),
        in_editor: false,
        before: side.clone(),
        after: side,
        edits: Vec::new(),
        hunks: hunks.to_vec(),
        places: Vec::new(),
        shifted: Vec::new(),
        already: u32::try_from(hunks.len()).unwrap_or(u32::MAX),
        unsaved,
    }))
}

fn undo_whole(
    world: &impl World,
    landed: &[&PlannedFile],
    hunks: &[&Hunk],
) -> Result<Vec<PlanFile>, String> {
    let ordinals: Vec<u32> = hunks.iter().map(|hunk| hunk.ordinal).collect();
    let side = |side: &model::PlannedSide| -> Result<_, String> {
        Ok((side.mode, world.stored(&side.blob)?))
    };
    landed
        .iter()
        .map(|file| {
            let before = file.before.as_ref().map(side).transpose()?;
            let after = file.after.as_ref().map(side).transpose()?;
            exchange(world, &file.path, after, before, &ordinals)
        })
        .collect()
}

pub(crate) type Held = Option<(FileMode, Arc<[u8]>)>;

/// Exchanges a whole file, if it is exactly `from` now.
pub(crate) fn exchange(
    world: &impl World,
    path: &RelPath,
    from: Held,
    to: Held,
    hunks: &[u32],
) -> Result<PlanFile, String> {
    let current = world.current(path)?;
    if current.as_ref().is_some_and(|current| current.unsaved) {
        return Err(format!("{path} is open with unsaved changes"));
    }
    let current = current.map(|current| (current.mode, current.bytes));
    match (&current, &from) {
        (Some(_), None) => return Err(format!("{path} is there already")),
        (None, Some(_)) => return Err(format!("{path} is gone")),
        (Some(current), Some(from)) if current.1 != from.1 => {
            return Err(format!("{path} has changed since"));
        }
        (Some(current), Some(from)) if current.0 != from.0 => {
            return Err(format!("the mode of {path} has changed since"));
        }
        _ => {}
    }
    Ok(PlanFile {
        path: path.clone(),
        in_editor: false,
        before: from,
        after: to,
        edits: Vec::new(),
        hunks: hunks.to_vec(),
        places: Vec::new(),
        shifted: Vec::new(),
        already: 0,
        unsaved: false,
    })
}

/// The inverse hunks, stated against the text that the acceptance left.
fn undo_lines(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
    landed: &[&PlannedFile],
    in_text: &[&Hunk],
) -> Result<(Vec<PlanFile>, Vec<Refused>), String> {
    // A file that had moved was accepted where it was then.
    let Some(landed) = landed.first() else {
        return Err("the acceptance that put it in did not touch this file".to_owned());
    };
    let (Some(start), Some(left)) = (&landed.before, &landed.after) else {
        return Err("the acceptance that put it in did not leave a text".to_owned());
    };
    let start = world.stored(&start.blob)?;
    let left = world.stored(&left.blob)?;
    let place = |hunk: &&Hunk| landed.places.iter().find(|place| place.hunk == hunk.ordinal);
    let inverse = |hunk: &&Hunk| {
        place(hunk).map(|place| Replacement {
            hunk: hunk.ordinal,
            place: place.after,
            text: place.before.of(&start).to_vec(),
        })
    };
    let inverse: Vec<_> = hunks.iter().filter_map(inverse).collect();
    let (path, current) = world.found(&landed.path)?;
    let found_there: Vec<&Hunk> =
        hunks.iter().filter(|hunk| place(hunk).is_none()).copied().collect();
    if found_there.is_empty() {
        let anchoring = Anchoring::new(&left, &current.bytes);
        return Ok(place_in((&landed.path, &path), &anchoring, &current, &inverse));
    }
    // Text that was there before it was accepted has no place in what the acceptance wrote. Then all of
    // them are stated against the captured text with the hunks in it.
    let (left, inverse) = captured_inverse(world, file, hunks, in_text)?;
    let anchoring = Anchoring::new(&left, &current.bytes);
    Ok(place_in((&file.path, &path), &anchoring, &current, &inverse))
}

/// The captured text with the hunks `in_text` in it, and the inverse of `hunks`, which are some of them,
/// stated against that.
pub(crate) fn captured_inverse(
    world: &impl World,
    file: &FileChange,
    hunks: &[&Hunk],
    in_text: &[&Hunk],
) -> Result<(Vec<u8>, Vec<Replacement>), String> {
    let (Some(base), Some(proposal)) = (&file.before, &file.after) else {
        return Err("its text was not captured".to_owned());
    };
    let (base, proposal) = (world.stored(&base.blob)?, world.stored(&proposal.blob)?);
    let landed = Landed::new(&base, &proposal, in_text)?;
    let inverse = |hunk: &&Hunk| {
        let (place, text) = landed.inverse(hunk)?;
        Ok(Replacement { hunk: hunk.ordinal, place, text: text.to_vec() })
    };
    let inverse = hunks.iter().map(inverse).collect::<Result<Vec<_>, String>>()?;
    Ok((landed.left, inverse))
}

/// A captured text with some of its hunks in it: what their inverses are stated against.
#[derive(Debug)]
pub struct Landed<'t> {
    base: &'t [u8],
    proposal: &'t [u8],
    in_text: &'t [&'t Hunk],
    left: Vec<u8>,
}

impl<'t> Landed<'t> {
    /// Puts the hunks `in_text` into `base`; `proposal` is the text that they were captured with.
    ///
    /// # Errors
    /// Hunks that overlap, in words.
    pub fn new(
        base: &'t [u8],
        proposal: &'t [u8],
        in_text: &'t [&'t Hunk],
    ) -> Result<Self, String> {
        let landed: Vec<_> = in_text.iter().map(|h| (h.before, h.after.of(proposal))).collect();
        let left = semdiff::apply(base, &landed).map_err(|overlap| overlap.to_string())?;
        Ok(Self { base, proposal, in_text, left })
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.left
    }

    /// Where a hunk that is in the text is in it, and what was there before.
    ///
    /// # Errors
    /// Hunks that overlap, in words.
    pub fn inverse(&self, hunk: &Hunk) -> Result<(LineSpan, &'t [u8]), String> {
        let others = self.in_text.iter().filter(|other| other.ordinal != hunk.ordinal);
        let others: Vec<_> =
            others.map(|other| (other.before, other.after.of(self.proposal))).collect();
        let start = semdiff::shift_past(&hunk.before, &others).map_err(|o| o.to_string())?.start;
        let end = start + hunk.after.of(self.proposal).len();
        Ok((semdiff::line_span(&self.left, start..end), hunk.before.of(self.base)))
    }
}

pub(crate) fn refuse_all(hunks: &[&Hunk], path: &RelPath, reason: &str) -> Vec<Refused> {
    let refused = |hunk: &&Hunk| Refused {
        hunk: hunk.ordinal,
        path: path.clone(),
        reason: reason.to_owned(),
    };
    hunks.iter().map(refused).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ChangeKind, Digest, FileSide, PlannedSide};

    /// A world of one file, with bytes stored by digest.
    #[derive(Default)]
    struct Held {
        current: Option<Current>,
        /// Where the file went.
        moved: Option<RelPath>,
        stored: BTreeMap<Digest, Arc<[u8]>>,
    }

    impl Held {
        fn store(&mut self, text: &str) -> Digest {
            let digest = Digest::of(text.as_bytes());
            self.stored.insert(digest, text.as_bytes().into());
            digest
        }

        fn holds(&mut self, text: &str) {
            self.current = Some(Current {
                mode: FileMode::File,
                bytes: text.as_bytes().into(),
                in_editor: false,
                unsaved: false,
            });
        }
    }

    impl World for Held {
        fn current(&self, path: &RelPath) -> Result<Option<Current>, String> {
            let here = self.moved.as_ref().is_none_or(|moved| moved == path);
            Ok(self.current.clone().filter(|_| here))
        }

        fn stored(&self, blob: &Digest) -> Result<Arc<[u8]>, String> {
            self.stored.get(blob).cloned().ok_or_else(|| "not stored".to_owned())
        }

        fn moved(&self, _: &RelPath) -> Option<RelPath> {
            self.moved.clone()
        }
    }

    fn file(held: &mut Held, before: &str, after: &str) -> FileChange {
        let mut side = |text: &str| FileSide {
            blob: held.store(text),
            mode: FileMode::File,
            size_bytes: text.len() as u64,
        };
        let (old, new) = (side(before), side(after));
        let hunks = semdiff::hunks(before.as_bytes(), after.as_bytes());
        let hunk = |(ordinal, (before, after)): (u32, &(LineSpan, LineSpan))| Hunk {
            ordinal,
            kind: HunkKind::Lines,
            before: *before,
            after: *after,
            entity: None,
        };
        FileChange {
            path: "f".parse().unwrap(),
            old_path: None,
            change: ChangeKind::Modified,
            content: Content::Text,
            language: None,
            generated: false,
            before: Some(old),
            after: Some(new),
            hunks: (1..).zip(&hunks).map(hunk).collect(),
        }
    }

    fn text(file: &PlanFile) -> String {
        String::from_utf8(file.after.as_ref().unwrap().1.to_vec()).unwrap()
    }

    const BASE: &str = "a\nb\nc\nd\ne\nf\ng\nh\n";
    const PROPOSAL: &str = "a\nB\nc\nd\ne\nf\nG\nh\n";

    #[test]
    fn hunks_land_one_by_one_in_any_order_and_come_out_again() {
        for order in [[0, 1], [1, 0]] {
            let mut held = Held::default();
            let file = file(&mut held, BASE, PROPOSAL);
            held.holds(BASE);
            let mut landed: Vec<&Hunk> = Vec::new();
            let mut intents = Vec::new();
            for index in order {
                let hunk = &file.hunks[index];
                let (files, refused) = accept_file(&held, &file, &[hunk], &landed);
                assert_eq!(refused, []);
                let before = held.current.clone().unwrap();
                let (was, is) = (before.bytes, text(&files[0]));
                let was = String::from_utf8(was.to_vec()).unwrap();
                let side = |blob| Some(PlannedSide { blob, mode: FileMode::File });
                intents.push((
                    hunk,
                    PlannedFile {
                        path: file.path.clone(),
                        before: side(held.store(&was)),
                        after: side(held.store(&is)),
                        hunks: files[0].hunks.clone(),
                        in_editor: false,
                        places: files[0].places.clone(),
                    },
                ));
                held.holds(&is);
                landed.push(hunk);
            }
            assert_eq!(&*held.current.clone().unwrap().bytes, PROPOSAL.as_bytes());
            // Oldest first, which is the harder order: the newer one is still in the text.
            for (hunk, intent) in &intents {
                let (files, refused) = undo_file(&held, &file, &[hunk], &[intent], &[hunk]);
                assert_eq!(refused, []);
                let is = text(&files[0]);
                held.holds(&is);
            }
            assert_eq!(&*held.current.clone().unwrap().bytes, BASE.as_bytes());
        }
    }

    #[test]
    fn one_conflict_does_not_block_the_other_hunks() {
        let mut held = Held::default();
        let file = file(&mut held, BASE, PROPOSAL);
        held.holds("0\na\nb\nc\nd\ne\nf\nmine\nh\n");
        let hunks: Vec<&Hunk> = file.hunks.iter().collect();
        let (files, refused) = accept_file(&held, &file, &hunks, &[]);
        assert_eq!(text(&files[0]), "0\na\nB\nc\nd\ne\nf\nmine\nh\n");
        assert_eq!((files[0].hunks.as_slice(), files[0].shifted.as_slice()), (&[1][..], &[1][..]));
        assert_eq!(refused.iter().map(|r| r.hunk).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_hunk_follows_a_moved_file_only_to_lines_that_stand_around_it_as_they_did() {
        let mut held = Held::default();
        let file = file(&mut held, BASE, PROPOSAL);
        let hunks: Vec<&Hunk> = file.hunks.iter().collect();
        // Half of it is the same, and next to the first hunk another line.
        let near = "0\nA\nb\nc\nd\ne\nf\ng\nh\n";
        held.holds(near);
        let (files, refused) = accept_file(&held, &file, &hunks, &[]);
        assert_eq!((text(&files[0]).as_str(), refused.len()), ("0\nA\nB\nc\nd\ne\nf\nG\nh\n", 0));
        held.moved = Some("g".parse().unwrap());
        let (files, refused) = accept_file(&held, &file, &hunks, &[]);
        assert_eq!(text(&files[0]), near.replace('g', "G"));
        assert_eq!(refused.iter().map(|r| r.hunk).collect::<Vec<_>>(), [1]);
        assert_eq!(refused[0].reason, "f became g, where the text around it is another");
    }

    #[test]
    fn an_undo_follows_a_moved_file_only_to_lines_that_stand_around_it_as_they_did() {
        let mut held = Held::default();
        let file = file(&mut held, BASE, PROPOSAL);
        held.holds(BASE);
        let hunks: Vec<&Hunk> = file.hunks.iter().collect();
        let (files, _) = accept_file(&held, &file, &hunks, &[]);
        let mut side = |text| Some(PlannedSide { blob: held.store(text), mode: FileMode::File });
        let written = PlannedFile {
            path: file.path.clone(),
            before: side(BASE),
            after: side(PROPOSAL),
            hunks: vec![1, 2],
            in_editor: false,
            places: files[0].places.clone(),
        };
        // Nobody wrote anything: it was there.
        let found = PlannedFile { before: written.after, places: Vec::new(), ..written.clone() };
        // Half of it is the same, and next to the first hunk another line.
        let near = "0\nA\nB\nc\nd\ne\nf\nG\nh\n";
        held.holds(near);
        for landed in [&written, &found] {
            held.moved = None;
            let (files, refused) = undo_file(&held, &file, &hunks, &[landed], &hunks);
            assert_eq!(text(&files[0]), near.replace('B', "b").replace('G', "g"));
            assert_eq!(refused, []);
            held.moved = Some("g".parse().unwrap());
            let (files, refused) = undo_file(&held, &file, &hunks, &[landed], &hunks);
            assert_eq!(text(&files[0]), near.replace('G', "g"));
            assert_eq!(refused.iter().map(|r| r.hunk).collect::<Vec<_>>(), [1]);
            assert_eq!(refused[0].reason, "f became g, where the text around it is another");
        }
    }

    #[test]
    fn a_whole_file_is_exchanged_only_as_it_was_captured() {
        let mut held = Held::default();
        let mut file = file(&mut held, BASE, PROPOSAL);
        file.change = ChangeKind::Added;
        file.before = None;
        file.hunks.truncate(1);
        file.hunks[0].kind = HunkKind::Whole;
        let hunks: Vec<&Hunk> = file.hunks.iter().collect();
        let (files, _) = accept_file(&held, &file, &hunks, &[]);
        assert_eq!(text(&files[0]), PROPOSAL);
        held.holds("somebody's\n");
        let (files, refused) = accept_file(&held, &file, &hunks, &[]);
        assert_eq!(files, []);
        assert_eq!(refused[0].reason, "f is there already");
    }

    #[test]
    fn what_is_there_already_is_accepted_without_writing_and_can_be_undone() {
        let mut held = Held::default();
        let file = file(&mut held, BASE, PROPOSAL);
        held.holds(PROPOSAL);
        let hunks: Vec<&Hunk> = file.hunks.iter().collect();
        let (files, refused) = accept_file(&held, &file, &hunks, &[]);
        assert_eq!(refused, []);
        assert_eq!((files[0].already, &files[0].before), (2, &files[0].after));
        let digest = held.store(PROPOSAL);
        let side = Some(PlannedSide { blob: digest, mode: FileMode::File });
        let intent = PlannedFile {
            path: file.path.clone(),
            before: side,
            after: side,
            hunks: vec![1, 2],
            in_editor: false,
            places: files[0].places.clone(),
        };
        let (files, refused) = undo_file(&held, &file, &hunks, &[&intent], &hunks);
        assert_eq!(refused, []);
        assert_eq!(text(&files[0]), BASE);
        // And an undo of what is gone already has nothing to write either.
        held.holds(BASE);
        let (files, refused) = undo_file(&held, &file, &hunks, &[&intent], &hunks);
        assert_eq!((refused, files[0].already, text(&files[0])), (vec![], 2, BASE.to_owned()));
    }

    #[test]
    fn a_file_that_is_gone_or_was_not_examined_is_refused() {
        let mut held = Held::default();
        let mut file = file(&mut held, BASE, PROPOSAL);
        let reason = |held: &Held, file: &FileChange| {
            let hunks: Vec<&Hunk> = file.hunks.iter().collect();
            accept_file(held, file, &hunks, &[]).1[0].reason.clone()
        };
        assert_eq!(reason(&held, &file), "the file is gone");
        held.holds(PROPOSAL);
        file.content = Content::Huge;
        assert_eq!(reason(&held, &file), "it could not be examined, so it cannot be accepted");
    }
}
