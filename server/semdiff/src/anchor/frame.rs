//! Lines that stand once in both texts, and so tell text beside them from its twins elsewhere.
//!
//! Such a line is itself wherever it stands. A hunk with nothing changed between it and such a line belongs
//! beside that line, however much text elsewhere is like it. But what is beside the line may have been
//! exchanged for a twin: of two functions with equal bodies that changed places, only the names moved, as far
//! as lines tell. So on the other side, too, the next such line must be where it was.

use std::ops::Range;

use super::Anchoring;
use super::lines::Numbered;

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
