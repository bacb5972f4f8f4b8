//! Where the hunks of the board are in a buffer: by content, and while the person types by arithmetic.
//!
//! Pure. A hunk whose text has changed has no place: it is listed with its file, not shown inline. While somebody types
//! in it, it stays where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::ops::Range;
use std::sync::Arc;

use engine::{Board, BoardChange, Landed};
use model::{
    ChangeSetId, Decision, FileChange, Hunk, HunkKind, HunkState, LineSpan, RelPath, VerdictReason,
};
use semdiff::{Anchor, Anchoring};

use crate::documents::Edit;
use crate::jobs::Hunks;

/// Buffers above this are not looked at: placing is a difference of two whole texts.
pub(crate) const PLACED_BYTES_MAX: usize = 8 << 20;
/// Of how many ChangeSets, newest first, accepted and undone hunks are looked for in a buffer.
const SETTLED_CHANGES_MAX: usize = 20;
/// Why an adopted hunk has no place that somebody took out by hand.
const TAKEN_OUT: &str = "it is no longer in the text";

/// A hunk in a buffer.
#[derive(Debug, Clone)]
pub(crate) struct PlacedHunk {
    /// Its ChangeSet.
    pub change: Arc<BoardChange>,
    /// Its number there.
    pub ordinal: u32,
    /// Where it is.
    pub place: Place,
    /// The bytes of its lines and of one line more on each side: who edits those types in it.
    pub near: Range<usize>,
}

/// A hunk: its ChangeSet, and its number there.
pub(crate) type HunkName = (ChangeSetId, u32);

/// Where a hunk is in a buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// It waits, and would replace these bytes.
    Proposed {
        /// The bytes.
        bytes: Range<usize>,
        /// What became of its surroundings since it was captured.
        drift: Drift,
    },
    /// It waits, and these bytes are what it would put there: they are there already.
    Landed {
        /// The bytes.
        bytes: Range<usize>,
    },
    /// It waits, and is about the file as one.
    WholeFile,
    /// It waits, and the text that it is about has changed.
    Nowhere {
        /// How, in one clause.
        reason: String,
    },
    /// It was found in the text, waits for a person, and these bytes are what it put there.
    Adopted {
        /// The bytes.
        bytes: Range<usize>,
    },
    /// It was accepted, and these bytes are what it put there.
    Accepted {
        /// The bytes.
        bytes: Range<usize>,
    },
    /// It was accepted, and what it put there is not to be found as it was, or is the file as one. An undo may
    /// be refused, which says why.
    Settled {
        /// About where it is.
        bytes: Range<usize>,
    },
    /// It was accepted and taken out again, and may be accepted again here.
    Undone {
        /// The bytes it would replace.
        bytes: Range<usize>,
    },
}

/// What became of a hunk's surroundings since it was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drift {
    /// Nothing.
    None,
    /// They moved, and the hunk with them.
    Moved,
    /// Text that touches it was changed.
    Beside,
}

impl Place {
    /// The bytes it is shown at.
    pub(crate) fn bytes(&self) -> Range<usize> {
        match self {
            Self::Proposed { bytes, .. }
            | Self::Landed { bytes }
            | Self::Adopted { bytes }
            | Self::Accepted { bytes }
            | Self::Settled { bytes }
            | Self::Undone { bytes } => bytes.clone(),
            Self::WholeFile | Self::Nowhere { .. } => 0..0,
        }
    }

    /// Whether it waits for a person at a place.
    pub(crate) fn waits(&self) -> bool {
        matches!(
            self,
            Self::Proposed { .. } | Self::Landed { .. } | Self::WholeFile | Self::Adopted { .. }
        )
    }

    /// Where a hunk goes that somebody may type in: it waits, or waits again, at these lines.
    fn lines_waiting(&mut self) -> Option<&mut Range<usize>> {
        match self {
            Self::Proposed { bytes, .. }
            | Self::Landed { bytes }
            | Self::Adopted { bytes }
            | Self::Undone { bytes } => Some(bytes),
            _ => None,
        }
    }

    /// Whether it waits in a place that does not touch another one.
    fn waits_apart_from(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.bytes(), other.bytes());
        self.waits() && (mine.end < theirs.start || theirs.end < mine.start)
    }

    /// Whether it waits as `other` does, and nowhere but within its bytes.
    fn lies_within(&self, other: &Self) -> bool {
        let (mine, others) = (self.bytes(), other.bytes());
        discriminant(self) == discriminant(other)
            && others.start <= mine.start
            && mine.end <= others.end
    }

    /// Whether it was accepted, wherever its text is by now.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Settled { .. })
    }
}

impl PlacedHunk {
    /// Which hunk it is.
    pub(crate) fn name(&self) -> HunkName {
        (self.change.changeset.id, self.ordinal)
    }

    /// The hunk and its file.
    pub(crate) fn hunk(&self) -> Option<(&FileChange, &Hunk)> {
        self.change.changeset.hunk(self.ordinal)
    }

    /// Whether it was found in the text, and waits for a person there.
    pub(crate) fn is_adopted(&self) -> bool {
        self.change.state.hunks.get(&self.ordinal) == Some(&HunkState::Adopted)
    }

    /// Whether it also holds what the person wrote, as far as is known.
    pub(crate) fn is_mixed(&self) -> bool {
        let adoption = self.change.changeset.adopted.as_ref();
        adoption.is_some_and(|adoption| adoption.mixed.contains(&self.ordinal))
    }

    /// Whether it was found in the text, and is not there any more: rejecting it changes nothing.
    pub(crate) fn is_taken_out(&self) -> bool {
        matches!(&self.place, Place::Nowhere { reason } if self.is_adopted() && reason == TAKEN_OUT)
    }

    /// Why policy denies its ChangeSet; `None` when it does not.
    pub(crate) fn denial(&self) -> Option<Option<&VerdictReason>> {
        denial(&self.change)
    }
}

/// Why policy denies a ChangeSet: the first reason, if it gave one.
pub(crate) fn denial(change: &BoardChange) -> Option<Option<&VerdictReason>> {
    let verdict = change.verdict.as_ref().filter(|v| v.decision == Decision::Deny)?;
    Some(verdict.reasons.iter().find(|reason| reason.decision == Decision::Deny))
}

/// A line break that LSP counts and git does not: in such a text, lines are not what the hunks say.
pub(crate) fn has_lone_return(text: &str) -> bool {
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\r' && bytes.peek() != Some(&b'\n') {
            return true;
        }
    }
    false
}

/// Why no hunk is looked for in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is larger than is compared.
    TooLarge,
    /// Its lines are not what the hunks say.
    LoneReturns,
}

impl Unread {
    /// Why, in one clause.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::TooLarge => "the file is larger than 8 MiB",
            Self::LoneReturns => "the file has carriage returns that stand alone",
        }
    }

    /// Whether that is so of a text; `None` stands for one that is too large to be made.
    pub(crate) fn of(text: Option<&str>) -> Option<Self> {
        match text {
            None => Some(Self::TooLarge),
            Some(text) if text.len() > PLACED_BYTES_MAX => Some(Self::TooLarge),
            Some(text) => has_lone_return(text).then_some(Self::LoneReturns),
        }
    }
}

/// Whether the hunks of a newer board are where those of an older one are, in every text: the same wait and have been decided.
pub(crate) fn are_placed_alike(older: &Board, newer: &Board) -> bool {
    let alike = |(old, new): (&Arc<BoardChange>, &Arc<BoardChange>)| {
        let same = || (old.changeset.id, &old.state.hunks) == (new.changeset.id, &new.state.hunks);
        Arc::ptr_eq(old, new) || same()
    };
    older.parked == newer.parked
        && older.changes.len() == newer.changes.len()
        && older.changes.iter().zip(&newer.changes).all(alike)
}

/// The changes of a board by their ids.
pub(crate) type Changes<'b> = BTreeMap<ChangeSetId, &'b Arc<BoardChange>>;

/// Those of `board`.
pub(crate) fn changes(board: &Board) -> Changes<'_> {
    board.changes.iter().map(|change| (change.changeset.id, change)).collect()
}

/// Has hunks know what a newer board says of their changes.
pub(crate) fn renew(placed: &mut [PlacedHunk], changes: &Changes<'_>) {
    for hunk in placed {
        if let Some(change) = changes.get(&hunk.change.changeset.id) {
            hunk.change = Arc::clone(change);
        }
    }
}

/// How many hunks of `board` wait for a person in the file at `path`, wherever they are.
pub(crate) fn waiting_in(path: &RelPath, board: &Board) -> usize {
    let here = board.changes.iter().filter(|change| !board.parked.contains(&change.changeset.id));
    let waiting = here.map(|change| {
        let waiting = change.state.waiting();
        waiting.iter().filter(|hunk| change.state.paths.get(hunk) == Some(path)).count()
    });
    waiting.sum()
}

/// Every hunk of `board` that is in the buffer of `path`, in the order of the text.
///
/// # Cost
/// One line difference for each ChangeSet that has a waiting or a recently accepted or undone hunk in the file,
/// one more if it has both, and one more for each whose accepted text was changed since.
pub(crate) fn place(path: &RelPath, text: &str, board: &Board) -> Vec<PlacedHunk> {
    if Unread::of(Some(text)).is_some() {
        return Vec::new();
    }
    let mut placed = Vec::new();
    let mut settled_changes = 0;
    for change in board.changes.iter().rev() {
        let files = change.changeset.files.iter();
        let here = files.filter(|f| f.path == *path || f.old_path.as_ref() == Some(path));
        for file in here {
            let state = |hunk: &Hunk| change.state.hunks.get(&hunk.ordinal).copied();
            let sought = |hunk: &Hunk| match state(hunk) {
                Some(HunkState::Proposed | HunkState::Adopted | HunkState::Undone { .. })
                    if board.parked.contains(&change.changeset.id) =>
                {
                    None
                }
                Some(HunkState::Proposed) => Some(Sought::Waiting),
                Some(HunkState::Adopted) => Some(Sought::Adopted),
                Some(HunkState::Accepted { .. }) => Some(Sought::Accepted),
                Some(HunkState::Undone { .. }) => Some(Sought::Undone),
                _ => None,
            };
            let hunks: Vec<(&Hunk, Sought)> =
                file.hunks.iter().filter_map(|hunk| Some((hunk, sought(hunk)?))).collect();
            let waiting =
                |(_, sought): &(&Hunk, Sought)| matches!(sought, Sought::Waiting | Sought::Adopted);
            let all = settled_changes < SETTLED_CHANGES_MAX;
            settled_changes += usize::from(!hunks.iter().all(waiting));
            let hunks: Vec<_> = hunks.into_iter().filter(|hunk| all || waiting(hunk)).collect();
            let places = in_file(change, file, path, &hunks, text);
            placed.extend(places.into_iter().map(|(ordinal, place)| PlacedHunk {
                change: Arc::clone(change),
                ordinal,
                near: near(text, &place.bytes()),
                place,
            }));
        }
    }
    in_order_of_text(&mut placed);
    placed
}

fn in_order_of_text(placed: &mut [PlacedHunk]) {
    placed.sort_by_key(|hunk| {
        (hunk.place.bytes().start, hunk.change.state.proposed_seq, hunk.ordinal)
    });
}

/// These lines of a text with the line before and the line after.
fn near(text: &str, lines: &Range<usize>) -> Range<usize> {
    let before = text.get(..lines.start).unwrap_or_default();
    let before = before.strip_suffix('\n').unwrap_or(before);
    let after = text.get(lines.end..).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    start..after.find('\n').map_or(text.len(), |at| lines.end + at + 1)
}

/// What became of a hunk that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sought {
    Waiting,
    Adopted,
    Accepted,
    Undone,
}

fn in_file(
    change: &BoardChange,
    file: &FileChange,
    path: &RelPath,
    hunks: &[(&Hunk, Sought)],
    text: &str,
) -> Vec<(u32, Place)> {
    let here = file.path == *path;
    let whole = hunks.iter().filter(|(hunk, _)| hunk.kind == HunkKind::Whole);
    let whole = whole.filter_map(|(hunk, sought)| {
        let place = match sought {
            Sought::Waiting => Place::WholeFile,
            Sought::Adopted => here.then_some(Place::WholeFile)?,
            Sought::Accepted => here.then_some(Place::Settled { bytes: 0..0 })?,
            Sought::Undone => Place::Undone { bytes: 0..0 },
        };
        Some((hunk.ordinal, place))
    });
    let mut places: Vec<(u32, Place)> = whole.collect();
    if !here || hunks.iter().all(|(hunk, _)| hunk.kind == HunkKind::Whole) {
        return places;
    }
    let Some((Some(before), Some(after))) = change.texts.get(&file.path) else { return places };
    places.extend(adopted(change, file, (before, after), hunks, text));
    places.extend(to_accept(change, file, (before, after), hunks, text));
    places.extend(accepted((before, after), hunks, text));
    places
}

/// Lets whoever waits for this processor have it. A processor is otherwise taken back at the next tick only, some
/// milliseconds later, even by a thread that comes first.
fn between_steps() {
    std::thread::yield_now();
}

/// Where those of `hunks` that wait, or wait again, are in the text: exactly where an acceptance puts them.
fn to_accept(
    change: &BoardChange,
    file: &FileChange,
    texts: (&[u8], &[u8]),
    hunks: &[(&Hunk, Sought)],
    text: &str,
) -> Vec<(u32, Place)> {
    let sought: Vec<(&Hunk, bool)> = hunks
        .iter()
        .filter(|(hunk, _)| hunk.kind == HunkKind::Lines)
        .filter_map(|(hunk, sought)| match sought {
            Sought::Waiting => Some((*hunk, true)),
            Sought::Undone => Some((*hunk, false)),
            Sought::Adopted | Sought::Accepted => None,
        })
        .collect();
    if sought.is_empty() {
        return Vec::new();
    }
    let landed = engine::in_text(change, file);
    let nowhere = |reason: String| Place::Nowhere { reason };
    let anchoring = match engine::anchoring(file, &landed, texts, text.as_bytes()) {
        Ok(anchoring) => anchoring,
        Err(overlap) => {
            let waiting = sought.into_iter().filter(|(_, waits)| *waits);
            return waiting.map(|(hunk, _)| (hunk.ordinal, nowhere(overlap.to_string()))).collect();
        }
    };
    let place = |(hunk, waits): (&Hunk, bool)| {
        between_steps();
        let place = match (anchoring.anchor(&hunk.before, hunk.after.of(texts.1)), waits) {
            (Anchor::Unchanged(bytes), true) => Place::Proposed { bytes, drift: Drift::None },
            (Anchor::Shifted(bytes, _), true) => Place::Proposed { bytes, drift: Drift::Moved },
            (Anchor::Merged(bytes, _), true) => Place::Proposed { bytes, drift: Drift::Beside },
            (Anchor::AlreadyThere(bytes), true) => Place::Landed { bytes },
            (Anchor::Conflict(reason), true) => nowhere(reason.to_string()),
            (
                Anchor::Unchanged(bytes)
                | Anchor::Shifted(bytes, _)
                | Anchor::Merged(bytes, _)
                | Anchor::AlreadyThere(bytes),
                false,
            ) => Place::Undone { bytes },
            (Anchor::Conflict(_), false) => return None,
        };
        Some((hunk.ordinal, place))
    };
    sought.into_iter().filter_map(place).collect()
}

/// Where the accepted ones of `hunks` are in the text, or about where.
fn accepted(
    (before, after): (&[u8], &[u8]),
    hunks: &[(&Hunk, Sought)],
    text: &str,
) -> Vec<(u32, Place)> {
    let sought = |(hunk, sought): &&(&Hunk, Sought)| {
        hunk.kind == HunkKind::Lines && *sought == Sought::Accepted
    };
    if !hunks.iter().any(|hunk| sought(&hunk)) {
        return Vec::new();
    }
    let anchoring = Anchoring::new(before, text.as_bytes());
    let mut difference = None;
    let place = |(hunk, _): &(&Hunk, Sought)| {
        between_steps();
        let place = match anchoring.anchor(&hunk.before, hunk.after.of(after)) {
            Anchor::AlreadyThere(bytes) => Place::Accepted { bytes },
            Anchor::Unchanged(bytes) | Anchor::Shifted(bytes, _) | Anchor::Merged(bytes, _) => {
                Place::Settled { bytes }
            }
            Anchor::Conflict(_) => {
                let difference =
                    difference.get_or_insert_with(|| semdiff::hunks(after, text.as_bytes()));
                Place::Settled { bytes: about(&hunk.after, difference) }
            }
        };
        (hunk.ordinal, place)
    };
    hunks.iter().filter(sought).map(place).collect()
}

/// Where the adopted ones of `hunks` are in the text, by the places of their inverses.
fn adopted(
    change: &BoardChange,
    file: &FileChange,
    (before, after): (&[u8], &[u8]),
    hunks: &[(&Hunk, Sought)],
    text: &str,
) -> Vec<(u32, Place)> {
    let sought = |(hunk, sought): &&(&Hunk, Sought)| {
        hunk.kind == HunkKind::Lines && *sought == Sought::Adopted
    };
    if !hunks.iter().any(|hunk| sought(&hunk)) {
        return Vec::new();
    }
    let in_text: Vec<&Hunk> = engine::in_text(change, file);
    // Hunks of one capture never overlap.
    let Ok(landed) = Landed::new(before, after, &in_text) else { return Vec::new() };
    let anchoring = Anchoring::new(landed.text(), text.as_bytes());
    let place = |(hunk, _): &(&Hunk, Sought)| {
        between_steps();
        let (place, was) = landed.inverse(hunk).ok()?;
        match anchoring.anchor(&place, was) {
            Anchor::Unchanged(bytes) | Anchor::Shifted(bytes, _) | Anchor::Merged(bytes, _) => {
                Some((hunk.ordinal, Place::Adopted { bytes }))
            }
            Anchor::Conflict(reason) => {
                Some((hunk.ordinal, Place::Nowhere { reason: reason.to_string() }))
            }
            Anchor::AlreadyThere(_) => {
                Some((hunk.ordinal, Place::Nowhere { reason: TAKEN_OUT.to_owned() }))
            }
        }
    };
    hunks.iter().filter(sought).filter_map(place).collect()
}

/// Where lines of a text are by now, with whatever became of them, by the difference of the whole texts.
fn about(lines: &LineSpan, difference: &[(LineSpan, LineSpan)]) -> Range<usize> {
    let (mut start, mut end) = (lines.start, lines.end);
    for (old, new) in difference {
        let moved = |at: usize| (new.end + at).saturating_sub(old.end);
        if old.end <= lines.start {
            start = moved(lines.start);
        } else if old.start <= lines.start {
            start = new.start;
        }
        if old.end <= lines.end {
            end = moved(lines.end);
        } else if old.start <= lines.end {
            end = new.end;
        }
    }
    start..end.max(start)
}

/// Which side of a hunk a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What it would replace.
    Before,
    /// What it puts there.
    After,
}

/// Which side of each of `hunks` of the file at `path` is in a text; those that it has neither of are not named.
///
/// # Cost
/// One line difference, or two.
pub(crate) fn sides(
    change: &BoardChange,
    path: &RelPath,
    text: &str,
    hunks: &BTreeSet<u32>,
) -> BTreeMap<u32, Side> {
    let file = change.changeset.files.iter().find(|file| file.path == *path);
    let texts = change.texts.get(path);
    let (Some(file), Some((Some(before), Some(after)))) = (file, texts) else {
        return BTreeMap::new();
    };
    if Unread::of(Some(text)).is_some() {
        return BTreeMap::new();
    }
    let anchoring = Anchoring::new(before, text.as_bytes());
    let asked = |hunk: &&Hunk| hunk.kind == HunkKind::Lines && hunks.contains(&hunk.ordinal);
    let mut inverse = None;
    let side = |hunk: &Hunk| {
        let side = match anchoring.anchor(&hunk.before, hunk.after.of(after)) {
            Anchor::AlreadyThere(_) => Side::After,
            Anchor::Conflict(_) => {
                // Next to what the person typed, what a hunk put there is only found from its own side.
                let inverse = inverse.get_or_insert_with(|| Anchoring::new(after, text.as_bytes()));
                let back = inverse.anchor(&hunk.after, hunk.before.of(before));
                back.target().map(|_| Side::After)?
            }
            _ => Side::Before,
        };
        Some((hunk.ordinal, side))
    };
    file.hunks.iter().filter(asked).filter_map(side).collect()
}

/// Which sides of hunks of several ChangeSets are in a text.
pub(crate) type Sides = Vec<(ChangeSetId, BTreeMap<u32, Side>)>;

/// Hunks of several ChangeSets, with these as they were at one moment.
pub(crate) type HunksThen = Vec<(Arc<BoardChange>, BTreeSet<u32>)>;

/// As [`sides`], of hunks of several ChangeSets.
pub(crate) fn all_sides(path: &RelPath, text: &str, hunks: &HunksThen) -> Sides {
    let of = |(change, hunks): &(Arc<BoardChange>, BTreeSet<u32>)| {
        (change.changeset.id, sides(change, path, text, hunks))
    };
    hunks.iter().map(of).collect()
}

/// Those of `hunks` whose text before is back.
pub(crate) fn gone(path: &RelPath, text: &str, hunks: &HunksThen) -> Hunks {
    let sides = all_sides(path, text, hunks).into_iter();
    let gone = sides.map(|(changeset, sides)| {
        let gone = sides.into_iter().filter(|(_, side)| *side == Side::Before);
        (changeset, gone.map(|(hunk, _)| hunk).collect::<BTreeSet<u32>>())
    });
    gone.filter(|(_, gone)| !gone.is_empty()).collect()
}

/// Moves places through the person's edits, until content decides again, and answers which hunks were typed in.
///
/// A hunk that waits stays where it is, stretched over an edit of its own lines; only where all around it was replaced at
/// once it has no place until then. What was accepted is stretched, too: what becomes of it is for content to say.
pub(crate) fn shift(placed: &mut Vec<PlacedHunk>, edits: &[Edit]) -> BTreeSet<HunkName> {
    let mut typed = BTreeSet::new();
    placed.retain_mut(|hunk| {
        edits.iter().all(|edit| match shift_one(hunk, *edit) {
            Touched::Elsewhere => true,
            Touched::TypedIn => {
                typed.insert(hunk.name());
                true
            }
            Touched::Replaced => false,
        })
    });
    typed
}

/// What an edit had to do with a hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Touched {
    Elsewhere,
    /// It touched lines of a hunk that waits, or lines beside it.
    TypedIn,
    /// It replaced those, and more.
    Replaced,
}

fn shift_one(hunk: &mut PlacedHunk, edit: Edit) -> Touched {
    let near = hunk.near.clone();
    let touched = edit.start <= near.end && near.start <= edit.end;
    let replaced = touched
        && edit.start <= near.start
        && near.end <= edit.end
        && near.len() < edit.end - edit.start;
    hunk.near = through(near, edit);
    if let Some(bytes) = hunk.place.lines_waiting() {
        let at_start = edit.start == edit.end && edit.start == bytes.start;
        let at_start = at_start && bytes.start < bytes.end;
        // What is typed in the first column is typed in the line.
        *bytes = match at_start {
            true => bytes.start..bytes.end + edit.len,
            false => through(bytes.clone(), edit),
        };
        return match (touched, replaced) {
            (_, true) => Touched::Replaced,
            (true, false) => Touched::TypedIn,
            (false, false) => Touched::Elsewhere,
        };
    }
    if let Place::Accepted { bytes } | Place::Settled { bytes } = &mut hunk.place {
        *bytes = through(bytes.clone(), edit);
    }
    Touched::Elsewhere
}

/// Leaves the hunks that somebody types in where they are `before`, stretched, where content has no place for them or
/// one beside that; not what the ledger says something else of by now. Answers whether there are such.
pub(crate) fn hold(
    placed: &mut Vec<PlacedHunk>,
    before: &[PlacedHunk],
    typed: impl Fn(HunkName) -> bool,
    board: &Board,
) -> bool {
    let mut held = false;
    for hunk in before.iter().filter(|hunk| typed(hunk.name())) {
        let mut hunk = hunk.clone();
        let (changeset, ordinal) = hunk.name();
        let Some(change) = board.change(changeset).filter(|_| !board.parked.contains(&changeset))
        else {
            continue;
        };
        let decided = change.state.hunks.get(&ordinal) != hunk.change.state.hunks.get(&ordinal);
        if decided || hunk.place.lines_waiting().is_none() {
            continue;
        }
        hunk.change = Arc::clone(change);
        match placed.iter_mut().find(|placed| placed.name() == hunk.name()) {
            Some(placed) if placed.place.lies_within(&hunk.place) => continue,
            // Whoever takes a line elsewhere takes its hunk along: it would be accepted there.
            Some(placed) if placed.place.waits_apart_from(&hunk.place) => continue,
            Some(placed) => *placed = hunk,
            None => placed.push(hunk),
        }
        held = true;
    }
    if held {
        in_order_of_text(placed);
    }
    held
}

fn through(bytes: Range<usize>, edit: Edit) -> Range<usize> {
    let moved = |at: usize| (at + edit.len).saturating_sub(edit.end - edit.start);
    if edit.end <= bytes.start {
        moved(bytes.start)..moved(bytes.end)
    } else if edit.start >= bytes.end {
        bytes
    } else {
        let end = if edit.end >= bytes.end { edit.start + edit.len } else { moved(bytes.end) };
        let start = bytes.start.min(edit.start);
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests;
