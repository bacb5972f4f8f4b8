//! Hunks whose own place is certain while the text that touches it changed.
//!
//! Two changes that touch but share no line can be made in either order, so the text after both is known.
//! Where even that could be doubted, there is no merge:
//!
//! - **One side is as it was**, up to a line that says something, and either lines that stand once in both texts
//!   tell the place (see `frame`), or [`CONTEXT_LINES`] lines are equal there and no other place is as good. With
//!   both sides rewritten, the hunk's own lines may have been typed anew for another purpose.
//! - **Nothing that the person put beside it is what the hunk would put there.** They may have made half of
//!   the change by hand, and it would be there twice.
//! - **An insertion has a known side to hold on to.** It stands between two lines. If one was deleted, it
//!   goes next to the other; so too if one was edited in place, line for line and still recognisable. With
//!   anything else at that place, or where the line was moved, where it belongs is unknown. What is said next
//!   beyond the deleted lines must be what it was.
//! - **The file is not empty.** Its start and its end are then all that is left of what the hunk belonged to.

use std::ops::Range;

use super::Anchoring;
use super::frame::says_something;
use super::lines::{CONTEXT_LINES, Context};
use super::standing::stands_beside;
use crate::text::narrow;

impl Anchoring<'_> {
    /// The lines of current that are lines `rows` of base, with changed text beside them.
    pub(super) fn merge(&self, rows: &Range<usize>, replacement: &[u8]) -> Option<Range<usize>> {
        if !self.certain || self.current.lines() == 0 {
            return None;
        }
        let place = match rows.is_empty() {
            true => self.beside_what_stayed(rows.start)?,
            false => self.certain_place(rows)?,
        };
        if !self.fits(&place, replacement)
            || self.made_in_part(rows, &place, replacement)
            || self.came_beside(rows, &place, replacement)
        {
            return None;
        }
        self.is_merge(rows, &place).then_some(place)
    }

    /// The lines of current that are the replacement, landed at its place, with changed text beside them.
    pub(super) fn landed_beside_changes(
        &self,
        rows: &Range<usize>,
        replacement: &[u8],
    ) -> Option<Range<usize>> {
        if !self.certain || replacement.is_empty() || !self.stands(replacement) {
            return None;
        }
        let around = self.current_lines.lines().get(self.between_kept(rows))?;
        let old = self.base_lines.lines().get(rows.clone())?;
        if old.iter().any(|line| around.contains(line)) || self.takes_single(rows, replacement) {
            return None;
        }
        let (inverse, put) = self.against_accepted(rows, replacement)?;
        let there = inverse.certain_place(&put).filter(|_| inverse.certain)?;
        // Only a line of its own is proof: others may be of another block that was put there.
        (inverse.is_single(&put) && inverse.is_merge(&put, &there)).then_some(there)
    }

    /// Whether what an insertion puts has come to stand right beside its place: be it a line that was kept, it is
    /// there.
    fn came_beside(&self, rows: &Range<usize>, place: &Range<usize>, replacement: &[u8]) -> bool {
        rows.is_empty()
            && stands_beside(&self.current, &self.current.range(place), replacement).is_some()
            && stands_beside(&self.base, &self.base.range(rows), replacement).is_none()
    }

    /// Whether the side that did not change tells the place from all others.
    pub(super) fn is_merge(&self, rows: &Range<usize>, place: &Range<usize>) -> bool {
        let context = self.context(rows, place);
        if context.lines() == 0 {
            return false;
        }
        let above = Gap { base: rows.start, current: place.start };
        let below = Gap { base: rows.end, current: place.end };
        // To be above the end is nothing special for lines that say nothing: more may have been put above it.
        let ends = || !self.says_itself(rows) && !self.says_itself(&(rows.end..self.base.lines()));
        let told = || self.says_above(&above) || (self.says_below(&below) && !ends());
        if !rows.is_empty() && !told() {
            return false;
        }
        let far = self.in_order(rows, place);
        let as_good = |other: Context| other.as_good_as(context, far);
        // The gaps on both sides of deleted lines are one by now.
        let own = match rows.is_empty() {
            true => self.kept_above(rows.start).base..self.kept_below(rows.start).base + 1,
            false => rows.start..rows.start + 1,
        };
        let only = || {
            self.places_like(rows, as_good) == [narrow(place.start)]
                && !self.has_twin_in_base(rows, &own, place, as_good)
        };
        self.framed(rows, place) || (context.lines() >= CONTEXT_LINES && only())
    }

    /// The gap of current for an insertion at gap `gap` of base, one side of which changed.
    fn beside_what_stayed(&self, gap: usize) -> Option<Range<usize>> {
        let above = self.kept_above(gap);
        let below = self.kept_below(gap);
        let (kept_above, kept_below) = (above.base == gap, below.base == gap);
        let (deleted, inserted) = (above.base..below.base, above.current..below.current);
        // A mark at the start of the file was put before, or taken from, the first line: nothing goes above.
        if kept_above == kept_below || (gap == 0 && self.mark_changed().is_some()) {
            return None;
        }
        if !(if kept_above { self.says_below(&below) } else { self.says_above(&above) }) {
            return None;
        }
        let beside = if kept_above { deleted.start } else { deleted.end.checked_sub(1)? };
        // The line that touched it is not gone, it was moved: the insertion may belong there.
        if self.once(beside) && self.times_in_current(beside) > 0 {
            return None;
        }
        let edited = |old: usize, new: usize| {
            let line = |at: usize| at..at + 1;
            recognisable(self.base.of(&line(old)), self.current.of(&line(new)))
        };
        // A line on both sides may have been kept, and something inserted beside it.
        let kept = |line: &u32| {
            self.current_lines.lines().get(inserted.clone()).is_some_and(|new| new.contains(line))
        };
        let any_kept = self.base_lines.lines().get(deleted.clone())?.iter().any(kept);
        let in_place = deleted.len() == inserted.len()
            && !any_kept
            && match kept_above {
                true => edited(deleted.start, inserted.start),
                false => edited(deleted.end.checked_sub(1)?, inserted.end.checked_sub(1)?),
            };
        if !inserted.is_empty() && !in_place {
            return None;
        }
        let at = if kept_above { above.current } else { below.current };
        Some(at..at)
    }

    /// Whether the lines below a gap are the same in both texts down to one that says something, or the end.
    /// Braces and empty lines may have been kept by chance, from another block.
    fn says_below(&self, gap: &Gap) -> bool {
        let mut far = 0;
        loop {
            let (row, there) = (gap.base + far, gap.current + far);
            if row == self.base.lines() {
                return there == self.current.lines();
            }
            if self.kept(row) != Some(there) {
                return false;
            }
            if says_something(self.line(row)) {
                return true;
            }
            far += 1;
        }
    }

    /// The same above a gap, up to the start.
    fn says_above(&self, gap: &Gap) -> bool {
        for far in 1.. {
            let (Some(row), there) = (gap.base.checked_sub(far), gap.current.checked_sub(far))
            else {
                return gap.current < far;
            };
            if there.is_none() || self.kept(row) != there {
                return false;
            }
            if says_something(self.line(row)) {
                return true;
            }
        }
        false
    }

    /// The lines of current between the nearest certain lines above and below lines `rows` of base.
    pub(super) fn between_kept(&self, rows: &Range<usize>) -> Range<usize> {
        self.kept_above(rows.start).current..self.kept_below(rows.end).current
    }

    /// The gap below the last certain line above gap `gap`, in both texts; the start if there is none.
    fn kept_above(&self, gap: usize) -> Gap {
        let lines = self.alignment.lines.get(..gap).unwrap_or_default();
        let found = lines
            .iter()
            .enumerate()
            .rev()
            .find_map(|(row, line)| line.map(|line| Gap { base: row + 1, current: line + 1 }));
        found.unwrap_or(Gap { base: 0, current: 0 })
    }

    /// The gap above the first certain line below gap `gap`, in both texts; the end if there is none.
    fn kept_below(&self, gap: usize) -> Gap {
        let lines = self.alignment.lines.get(gap..).unwrap_or_default();
        let found = lines
            .iter()
            .enumerate()
            .find_map(|(far, line)| line.map(|current| Gap { base: gap + far, current }));
        found.unwrap_or(Gap { base: self.base.lines(), current: self.current.lines() })
    }

    /// Whether the replacement runs into no other line there.
    fn fits(&self, place: &Range<usize>, replacement: &[u8]) -> bool {
        let ended = |text: &[u8]| text.last().is_none_or(|&byte| byte == b'\n');
        let last = place.end == self.current.lines();
        let open_above = !ended(self.current.of(&(0..place.start)));
        (last || ended(replacement)) && (!open_above || replacement.is_empty())
    }

    /// Whether text that the person put beside the place is text that the replacement would put there.
    ///
    /// A line of punctuation, or an empty one, counts where it touches: every block has such lines.
    pub(super) fn made_in_part(
        &self,
        rows: &Range<usize>,
        place: &Range<usize>,
        replacement: &[u8],
    ) -> bool {
        let split = |text: &'_ [u8]| -> Vec<Vec<u8>> {
            text.split_inclusive(|&byte| byte == b'\n').map(|l| l.trim_ascii().to_vec()).collect()
        };
        let old = split(self.base.of(rows));
        let new = split(replacement);
        let above = split(self.current.of(&(self.kept_above(rows.start).current..place.start)));
        let below = split(self.current.of(&(place.end..self.kept_below(rows.end).current)));
        let shared = above
            .iter()
            .chain(&below)
            .any(|line| says_something(line) && new.contains(line) && !old.contains(line));
        let touching =
            |one: Option<&Vec<u8>>, other: Option<&Vec<u8>>| one.is_some() && one == other;
        shared || touching(above.last(), new.first()) || touching(below.first(), new.last())
    }
}

/// A gap between lines, in both texts.
struct Gap {
    base: usize,
    current: usize,
}

/// Whether a line is still the other line, edited: at least half of the longer is their common start and end,
/// white space around them aside.
pub(super) fn recognisable(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (one.trim_ascii(), other.trim_ascii());
    let equal = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let head = one.iter().zip(other).take_while(equal).count();
    let (rest, other_rest) =
        (one.get(head..).unwrap_or_default(), other.get(head..).unwrap_or_default());
    let tail = rest.iter().rev().zip(other_rest.iter().rev()).take_while(equal).count();
    let longer = one.len().max(other.len());
    longer > 0 && 2 * (head + tail) >= longer
}
