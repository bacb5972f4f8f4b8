//! A text as numbered lines that can be looked up, and how alike two places are.

use std::collections::HashMap;
use std::ops::Range;

use crate::text::{Text, narrow};

/// How many lines on each side of a hunk tell its place from others.
pub(super) const CONTEXT_LINES: usize = 3;

/// How many of them are looked at where two places are alike that far.
const FAR_LINES: usize = 64;

/// How many comparisons for each line of the text looking up a block may take before a slower way to start
/// that never takes more is used.
const COMPARISONS_PER_LINE: usize = 4;

/// The lines of a text as numbers; equal lines of texts numbered together have equal numbers.
#[derive(Debug)]
pub(super) struct Numbered {
    lines: Vec<u32>,
    /// Where in `found_at` the lines with each number begin.
    begins: Vec<u32>,
    found_at: Vec<u32>,
}

impl Numbered {
    /// Numbers two texts together.
    pub fn both(base: &Text<'_>, current: &Text<'_>) -> (Self, Self) {
        let mut ids = HashMap::with_capacity(base.lines());
        let base = numbers(base, &mut ids);
        let current = numbers(current, &mut ids);
        (Self::index(base, ids.len()), Self::index(current, ids.len()))
    }

    fn index(lines: Vec<u32>, ids: usize) -> Self {
        let mut begins = vec![0_u32; ids + 1];
        for line in &lines {
            if let Some(count) = begins.get_mut(*line as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut next = begins.clone();
        let mut found_at = vec![0; lines.len()];
        for (at, line) in lines.iter().enumerate() {
            let Some(next) = next.get_mut(*line as usize) else { continue };
            if let Some(slot) = found_at.get_mut(*next as usize) {
                *slot = narrow(at);
            }
            *next += 1;
        }
        Self { lines, begins, found_at }
    }

    pub fn lines(&self) -> &[u32] {
        &self.lines
    }

    pub fn get(&self, row: usize) -> Option<u32> {
        self.lines.get(row).copied()
    }

    /// Where the lines with this number are, in order.
    pub fn places_of(&self, number: u32) -> &[u32] {
        let bound = |at: usize| self.begins.get(at).map_or(0, |bound| *bound as usize);
        let places = bound(number as usize)..bound(number as usize + 1);
        self.found_at.get(places).unwrap_or_default()
    }

    /// Where each line first is that this text has more often than `other`.
    pub fn risen_since(&self, other: &Self) -> Vec<u32> {
        let numbers = 0..narrow(self.begins.len().saturating_sub(1));
        numbers
            .filter(|&number| self.places_of(number).len() > other.places_of(number).len())
            .filter_map(|number| self.places_of(number).first().copied())
            .collect()
    }

    /// Every start at which `needle`, which is not empty, stands.
    ///
    /// # Cost
    /// The places of its rarest line; at worst linear.
    pub fn occurrences(&self, needle: &[u32]) -> Vec<usize> {
        let rarest = needle.iter().enumerate().min_by_key(|(_, line)| self.places_of(**line).len());
        let Some((nth, line)) = rarest else { return Vec::new() };
        let places = self.places_of(*line);
        if places.len().saturating_mul(needle.len()) > COMPARISONS_PER_LINE * self.lines.len() {
            return occurrences(&self.lines, needle);
        }
        let starts = places.iter().filter_map(|&at| (at as usize).checked_sub(nth));
        starts
            .filter(|&start| self.lines.get(start..start + needle.len()) == Some(needle))
            .collect()
    }

    /// Every gap that has the same line as lines `rows` of `other` above it or below it, in order. The ends
    /// of a text count as lines.
    pub fn gaps_like(&self, other: &Self, rows: &Range<usize>) -> Vec<usize> {
        let mut gaps = match rows.start.checked_sub(1).map(|above| other.get(above)) {
            None => vec![0],
            Some(above) => {
                let above = above.map(|number| self.places_of(number)).unwrap_or_default();
                above.iter().map(|&at| at as usize + 1).collect()
            }
        };
        match other.get(rows.end) {
            None => gaps.push(self.lines.len()),
            Some(below) => gaps.extend(self.places_of(below).iter().map(|&at| at as usize)),
        }
        gaps.sort_unstable();
        gaps.dedup();
        gaps
    }
}

fn numbers<'l>(text: &'l Text<'_>, ids: &mut HashMap<&'l [u8], u32>) -> Vec<u32> {
    text.iter()
        .map(|line| {
            let next = narrow(ids.len());
            *ids.entry(line).or_insert(next)
        })
        .collect()
}

/// How many lines next to two places are the same, counted outwards until the first that differs, or until
/// [`FAR_LINES`]. Beyond the ends of a text there is nothing, which equals only nothing, and counts only near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Context {
    above: usize,
    below: usize,
    far: usize,
}

impl Context {
    pub fn between(one: &[u32], at: &Range<usize>, other: &[u32], there: &Range<usize>) -> Self {
        let up = |text: &[u32], start: usize, far: usize| {
            start.checked_sub(far).and_then(|line| text.get(line).copied())
        };
        let down = |text: &[u32], end: usize, far: usize| text.get(end + far - 1).copied();
        let above = || {
            (1..=FAR_LINES)
                .map(|far| (up(one, at.start, far), up(other, there.start, far)))
                .take_while(|(one, other)| one == other)
        };
        let below = || {
            (1..=FAR_LINES)
                .map(|far| (down(one, at.end, far), down(other, there.end, far)))
                .take_while(|(one, other)| one == other)
        };
        Self {
            above: above().take(CONTEXT_LINES).count(),
            below: below().take(CONTEXT_LINES).count(),
            far: above().chain(below()).filter(|(line, _)| line.is_some()).count(),
        }
    }

    /// How many of the [`CONTEXT_LINES`] on each side.
    pub fn lines(self) -> usize {
        self.above + self.below
    }

    /// Whether it is no worse than `other`: near the place and, if `far` counts, beyond.
    pub fn as_good_as(self, other: Self, far: bool) -> bool {
        self.lines() >= other.lines() && (!far || self.far >= other.far)
    }

    /// The lines of it that are near `rows`, above and below.
    pub fn near(self, rows: &Range<usize>) -> (Range<usize>, Range<usize>) {
        (rows.start.saturating_sub(self.above)..rows.start, rows.end..rows.end + self.below)
    }

    /// Whether the lines right above and right below are the same.
    pub fn touches(self) -> bool {
        self.above > 0 && self.below > 0
    }
}

/// Every start at which `needle` stands in `lines`. Linear (Knuth, Morris, Pratt).
fn occurrences(lines: &[u32], needle: &[u32]) -> Vec<usize> {
    // For each prefix of the needle, the length of its longest proper end that is also its start.
    let mut borders: Vec<usize> = Vec::with_capacity(needle.len());
    for (nth, line) in needle.iter().enumerate() {
        let border = match nth {
            0 => 0,
            _ => extend(&borders, needle, borders.last().copied().unwrap_or(0), *line),
        };
        borders.push(border);
    }
    let mut matched = 0;
    let ends = lines.iter().enumerate().filter_map(|(nth, line)| {
        if matched == needle.len() {
            matched = borders.last().copied().unwrap_or(0);
        }
        matched = extend(&borders, needle, matched, *line);
        (matched == needle.len()).then_some(nth + 1)
    });
    ends.map(|end| end - needle.len()).collect()
}

/// How much of `needle` is matched after `line`, if `matched` of it was before.
fn extend(borders: &[usize], needle: &[u32], mut matched: usize, line: u32) -> usize {
    loop {
        if needle.get(matched) == Some(&line) {
            return matched + 1;
        }
        let Some(shorter) = matched.checked_sub(1) else { return 0 };
        matched = borders.get(shorter).copied().unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn occurrences_may_overlap() {
        let found = |lines: &[u32], needle: &[u32]| occurrences(lines, needle);
        assert_eq!(found(&[1, 1, 1, 2, 1, 1], &[1, 1]), [0, 1, 4]);
        assert_eq!(found(&[1, 2, 1, 2, 1, 3], &[1, 2, 1, 3]), [2]);
        assert_eq!(found(&[], &[1]), [0; 0]);
        assert_eq!(found(&[1], &[1, 1]), [0; 0]);
    }

    proptest! {
        #[test]
        fn looking_up_finds_what_searching_finds(
            lines in prop::collection::vec(0..3_u32, 0..40),
            needle in prop::collection::vec(0..3_u32, 1..4),
        ) {
            let text = Numbered::index(lines.clone(), 3);
            let searched: Vec<_> =
                (0..lines.len()).filter(|&at| lines[at..].starts_with(&needle)).collect();
            prop_assert_eq!(occurrences(&lines, &needle), searched.clone());
            prop_assert_eq!(text.occurrences(&needle), searched);
        }
    }
}
