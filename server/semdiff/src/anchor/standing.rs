//! What a hunk takes away and what it puts, looked for in the whole current text.
//!
//! A comparison of lines in order sees text that moved as gone from one place and new at another. Two answers
//! would then be lies, so lines are counted wherever they stand:
//!
//! - **What it takes away is called gone only if it is gone.** A deletion leaves nothing that shows it was
//!   made. Its lines may stand elsewhere by now, or the comparison may have kept them; then they were moved,
//!   or what surrounds them was changed, and the hunk was not made.
//! - **What it puts is never put a second time.** If it landed and was moved or edited since, its gap looks
//!   as open as before. If most of what a hunk only adds has come to stand in current since base, it may be
//!   this hunk that put it there.
//!
//! Lines without letters and digits are nobody's and count for nothing, unless there are no others.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Anchoring;
use super::frame::says_something;
use super::lines::Numbered;

impl Anchoring<'_> {
    /// Whether lines that the replacement takes away still stand, so that it has not landed.
    pub(super) fn takes_what_stands(&self, rows: &Range<usize>, replacement: &[u8]) -> bool {
        let mut left: HashMap<&[u8], usize> = HashMap::new();
        for line in split(replacement) {
            *left.entry(line).or_default() += 1;
        }
        let puts = left.keys().any(|line| says_something(line));
        // What the replacement has too is not taken away, line for line.
        let taken: Vec<usize> = rows
            .clone()
            .filter(|&row| match left.get_mut(self.line(row)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            })
            .collect();
        let telling: Vec<usize> =
            taken.iter().copied().filter(|&row| says_something(self.line(row))).collect();
        let kept = |row: &usize| {
            let certain = self.alignment.lines.get(*row).copied().flatten().is_some();
            certain && !left.contains_key(self.line(*row))
        };
        let looked_at = if telling.is_empty() { &taken } else { &telling };
        if looked_at.iter().any(kept) {
            return true;
        }
        // What stands in their place, if it says anything, shows that it was made.
        if puts || telling.is_empty() {
            return false;
        }
        let mut single = telling.iter().filter(|&&row| self.times(row).0 == 1).peekable();
        match single.peek() {
            Some(_) => single.any(|&row| self.times(row).1 > 0),
            None => telling.iter().any(|&row| self.times(row).1 >= self.times(row).0),
        }
    }

    /// The first line of current that is one of those that the replacement only adds, if most of these have
    /// come to stand there since base.
    pub(super) fn stands_elsewhere(&self, rows: &Range<usize>, replacement: &[u8]) -> Option<u32> {
        let new: HashSet<&[u8]> = split(replacement).map(<[u8]>::trim_ascii).collect();
        let takes = rows.clone().map(|row| self.line(row).trim_ascii());
        if takes.clone().any(|line| says_something(line) && !new.contains(line)) {
            return None;
        }
        let old: HashSet<&[u8]> = takes.collect();
        let put: HashSet<&[u8]> =
            new.into_iter().filter(|line| says_something(line) && !old.contains(line)).collect();
        let line_at = |row: u32| self.current.of(&(row as usize..row as usize + 1)).trim_ascii();
        let found = self.risen.iter().filter(|&&row| put.contains(line_at(row)));
        let standing: HashSet<&[u8]> = found.clone().map(|&row| line_at(row)).collect();
        let most = !standing.is_empty() && 2 * standing.len() >= put.len();
        found.min().copied().filter(|_| most)
    }

    fn line(&self, row: usize) -> &[u8] {
        self.base.of(&(row..row + 1))
    }

    /// How often line `row` of base stands in base and in current.
    fn times(&self, row: usize) -> (usize, usize) {
        let number = self.base_lines.get(row);
        let times = |text: &Numbered| number.map_or(0, |number| text.places_of(number).len());
        (times(&self.base_lines), times(&self.current_lines))
    }
}

fn split(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}
