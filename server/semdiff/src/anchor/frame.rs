//! Lines that stand once in both texts, and so tell text beside them from its twins elsewhere.
//!
//! Such a line is itself wherever it stands. A hunk with nothing changed between it and such a line belongs
//! beside that line, however much text elsewhere is like it. But what is beside the line may have been
//! exchanged for a twin: of two functions with equal bodies that changed places, only the names moved, as far
//! as lines tell. So on the other side, too, the next such line must be where it was.

use std::ops::Range;

use super::Anchoring;
use super::lines::Numbered;
use super::standing::split;

/// What the lines on one side say of a hunk's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Nothing changed up to a line that stands once in both texts.
    Held,
    /// The next line that stands once in base is in its order in current, or the end of the text is as near
    /// as it was.
    Kept,
    /// That line is gone, stands elsewhere, or more than once.
    Lost,
}

impl Anchoring<'_> {
    /// Whether lines that stand once in both texts tell that `place` is `rows`.
    pub(super) fn framed(&self, rows: &Range<usize>, place: &Range<usize>) -> bool {
        if self.is_single(rows) {
            return true;
        }
        match (self.above(rows, place), self.below(rows, place)) {
            (Side::Held, Side::Held) => true,
            // What is kept is known from the alignment.
            (Side::Held, other) | (other, Side::Held) => self.certain && other == Side::Kept,
            _ => false,
        }
    }

    /// Whether nothing changed between `rows` and lines on both sides that stand once in both texts.
    pub(super) fn held(&self, rows: &Range<usize>, place: &Range<usize>) -> bool {
        self.above(rows, place) == Side::Held && self.below(rows, place) == Side::Held
    }

    /// Whether, on both sides, the next line that stands once in base is in its order in current. If one is not,
    /// what is beyond it may belong to a twin.
    pub(super) fn in_order(&self, rows: &Range<usize>, place: &Range<usize>) -> bool {
        self.certain
            && self.above(rows, place) != Side::Lost
            && self.below(rows, place) != Side::Lost
    }

    /// Whether one of lines `rows` of base stands once in both texts.
    pub(super) fn is_single(&self, rows: &Range<usize>) -> bool {
        rows.clone().any(|row| self.once(row) && self.times_in_current(row) == 1)
    }

    /// Whether, from the next line above or below gap `gap` that stands once in both texts, nothing changed to
    /// beyond the gap: then `text` was not put into it. Where the line beyond is one of its own, that tells nothing.
    pub(super) fn is_open(&self, gap: usize, text: &[u8]) -> bool {
        let down_from = |(row, there): (usize, usize)| {
            (row..gap + 1).all(|next| self.same(next, Some(there + (next - row))))
        };
        let up_from = |(row, there): (usize, usize)| {
            let starts = gap > 0 || there == row;
            starts
                && (gap.saturating_sub(1)..row)
                    .all(|next| self.same(next, there.checked_sub(row - next)))
        };
        let single = |row: usize| Some((row, self.only_place(row)?));
        let slides_down = gap < self.base.lines() && split(text).next() == Some(self.line(gap));
        let slides_up = gap > 0 && split(text).last() == Some(self.line(gap - 1));
        (!slides_down && (0..gap).rev().find_map(single).is_some_and(down_from))
            || (!slides_up && (gap..self.base.lines()).find_map(single).is_some_and(up_from))
    }

    /// The line of current that line `row` of base is, if it stands once in both.
    pub(super) fn only_place(&self, row: usize) -> Option<usize> {
        let places = self.current_lines.places_of(self.base_lines.get(row)?);
        places.first().filter(|_| self.is_single(&(row..row + 1))).map(|&there| there as usize)
    }

    /// Whether line `row` of base and line `there` of current are equal, or both the end.
    fn same(&self, row: usize, there: Option<usize>) -> bool {
        let end = row == self.base.lines();
        if end { there == Some(self.current.lines()) } else { self.equal(row, there) }
    }

    fn above(&self, rows: &Range<usize>, place: &Range<usize>) -> Side {
        let mut unbroken = true;
        for (far, row) in (0..rows.start).rev().enumerate() {
            let there = place.start.checked_sub(far + 1);
            unbroken &= self.equal(row, there);
            if self.once(row) {
                return self.side(row, unbroken);
            }
        }
        if unbroken && place.start == rows.start { Side::Kept } else { Side::Lost }
    }

    fn below(&self, rows: &Range<usize>, place: &Range<usize>) -> Side {
        let mut unbroken = true;
        for (far, row) in (rows.end..self.base.lines()).enumerate() {
            unbroken &= self.equal(row, Some(place.end + far));
            if self.once(row) {
                return self.side(row, unbroken);
            }
        }
        let (old, new) = (self.base.lines() - rows.end, self.current.lines() - place.end);
        if unbroken && old == new { Side::Kept } else { Side::Lost }
    }

    fn side(&self, row: usize, unbroken: bool) -> Side {
        match self.times_in_current(row) {
            1 if unbroken => Side::Held,
            1 if self.kept(row).is_some() => Side::Kept,
            _ => Side::Lost,
        }
    }

    fn equal(&self, row: usize, there: Option<usize>) -> bool {
        there.is_some_and(|there| self.base_lines.get(row) == self.current_lines.get(there))
    }

    /// Whether a line of base says something and stands there once. Braces and empty lines are nobody's.
    pub(super) fn once(&self, row: usize) -> bool {
        let single = |number| self.base_lines.places_of(number).len() == 1;
        self.base_lines.get(row).is_some_and(single)
            && says_something(self.base.of(&(row..row + 1)))
    }

    pub(super) fn times_in_current(&self, row: usize) -> usize {
        let times = |text: &Numbered, number| text.places_of(number).len();
        self.base_lines.get(row).map_or(0, |number| times(&self.current_lines, number))
    }
}

/// Whether a line has letters or digits.
pub(super) fn says_something(line: &[u8]) -> bool {
    line.iter().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}
