//! What a hunk takes away and what it puts, looked for in the whole current text.
//!
//! A comparison of lines in order sees text that moved as gone from one place and new at another. Two answers
//! would then be lies, so lines are counted wherever they stand:
//!
//! - **What it takes away is called gone only if it is gone.** A deletion leaves nothing that shows it was
//!   made. Its lines may stand elsewhere by now, or the comparison may have kept them; then they were moved,
//!   or what surrounds them was changed, and the hunk was not made.
//! - **What it puts is never put a second time.** If it landed and was moved or edited since, its gap looks
//!   as open as before. If all of what it adds, or most of what base does not have, has come to stand in current
//!   since, and did not take the place of lines like those that it takes away, it may be this hunk that put it
//!   there.
//!
//! Lines without letters and digits are nobody's and count for nothing, unless there are no others.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Anchoring;
use super::frame::says_something;
use crate::text::{Text, line_span};

impl Anchoring<'_> {
    /// Whether lines that the replacement takes away still stand, or may: something that it does not put stands
    /// in their place, and can be what was made of them.
    pub(super) fn takes_what_stands(&self, rows: &Range<usize>, replacement: &[u8]) -> bool {
        let new: HashSet<&[u8]> = split(replacement).collect();
        let telling = |row: &usize| says_something(self.line(*row));
        let any_telling = rows.clone().any(|row| telling(&row) && !new.contains(self.line(row)));
        let kept = |row: usize| self.alignment.lines.get(row).copied().flatten().is_some();
        let taken = |row: &usize| !new.contains(self.line(*row)) && (!any_telling || telling(row));
        if rows.clone().filter(taken).any(kept) {
            return true;
        }
        let told = rows.clone().filter(taken).filter(telling);
        if told.clone().any(|row| self.once(row) && self.times_in_current(row) > 0) {
            return true;
        }
        // What was to take their place and does, if it says anything, shows that it was made.
        if new.iter().any(|line| says_something(line)) {
            return false;
        }
        let between = self.between_kept(rows);
        if between.clone().any(|at| says_something(self.current.of(&(at..at + 1)))) {
            return true;
        }
        let told = told.map(|row| self.line(row).trim_ascii());
        let times = self.times(told.collect());
        match times.values().any(|&(before, _)| before == 1) {
            true => times.values().any(|&(before, now)| before == 1 && now > 0),
            false => times.values().any(|&(before, now)| now >= before),
        }
    }

    /// The first line of current that is one of those that the replacement adds, if most of these have come to
    /// stand there since base, or if all of it stands right beside its `place` now.
    ///
    /// Where each line that it takes away stands less often than in base, the same was done to a like line.
    pub(super) fn stands_elsewhere(
        &self,
        rows: &Range<usize>,
        replacement: &[u8],
        place: &Range<usize>,
    ) -> Option<u32> {
        let beside = stands_beside(&self.current, place, replacement);
        if let Some(at) = beside.filter(|_| says_something(replacement))
            && stands_beside(&self.base, &self.base.range(rows), replacement).is_none()
        {
            return Some(line_span(self.current.bytes(), at..at).first_line);
        }
        if self.risen.is_empty() {
            return None;
        }
        let new: HashSet<&[u8]> = split(replacement).map(<[u8]>::trim_ascii).collect();
        let old: HashSet<&[u8]> = rows.clone().map(|row| self.line(row).trim_ascii()).collect();
        let line_at = |row: u32| self.current.of(&(row as usize..row as usize + 1)).trim_ascii();
        let adds = |line: &[u8]| says_something(line) && new.contains(line) && !old.contains(line);
        let found = || self.risen.iter().copied().filter(|&row| adds(line_at(row)));
        let standing: HashSet<&[u8]> = found().map(line_at).collect();
        if standing.is_empty() {
            return None;
        }
        let added: HashSet<&[u8]> = new.iter().copied().filter(|line| adds(line)).collect();
        let taken = old.iter().copied().filter(|line| says_something(line) && !new.contains(line));
        let taken: HashSet<&[u8]> = taken.collect();
        // With the lines that it takes away standing at its place, only the whole of it is evidence. Lines that
        // base has too are anybody's: of a part of it, only the others are.
        if standing.len() < added.len() {
            let mut fresh = self.times(added);
            fresh.retain(|_, (before, _)| *before == 0);
            let fresh_standing = fresh.keys().filter(|line| standing.contains(*line)).count();
            let most = fresh_standing > 0 && 2 * fresh_standing >= fresh.len();
            if !taken.is_empty() || !most {
                return None;
            }
        }
        let taken = self.times(taken);
        let elsewhere_too = !taken.is_empty() && taken.values().all(|&(before, now)| now < before);
        found().min().filter(|_| !elsewhere_too)
    }

    fn line(&self, row: usize) -> &[u8] {
        self.base.of(&(row..row + 1))
    }

    /// How often each of these lines stands in base and in current, white space around them aside.
    fn times<'l>(&self, lines: HashSet<&'l [u8]>) -> HashMap<&'l [u8], (usize, usize)> {
        let mut times: HashMap<_, _> = lines.into_iter().map(|line| (line, (0, 0))).collect();
        if times.is_empty() {
            return times;
        }
        for line in self.base.iter() {
            if let Some((before, _)) = times.get_mut(line.trim_ascii()) {
                *before += 1;
            }
        }
        for line in self.current.iter() {
            if let Some((_, now)) = times.get_mut(line.trim_ascii()) {
                *now += 1;
            }
        }
        times
    }
}

/// The byte from which `block` stands as whole lines right above or right below `place`.
fn stands_beside(text: &Text<'_>, place: &Range<usize>, block: &[u8]) -> Option<usize> {
    let above = text.bytes().get(..place.start)?;
    let below = text.bytes().get(place.end..)?;
    match above.strip_suffix(block) {
        Some(rest) if rest.last().is_none_or(|&byte| byte == b'\n') => Some(rest.len()),
        _ => below.starts_with(block).then_some(place.end),
    }
}

fn split(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}
