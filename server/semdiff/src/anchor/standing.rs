//! What a hunk takes away and what it puts, looked for in the whole current text.
//!
//! A comparison of lines in order sees text that moved as gone from one place and new at another. Two answers
//! would then be lies, so lines are counted wherever they stand:
//!
//! - **What it takes away is called gone only if it is gone.** A deletion leaves nothing that shows it was
//!   made. An insertion takes away that two lines touch: while they do, it was not made. Its lines may stand elsewhere or indented by now, or the comparison may have kept them; then they
//!   were moved, or what surrounds them was changed, and the hunk was not made.
//! - **What it puts is never put a second time.** If it landed and was moved or edited since, its place looks
//!   as open as before. If most of what a hunk only adds has come to stand in current since base, or all that
//!   a replacement puts and base does not have, it may be this hunk that put it there; likewise if the block right
//!   beside an insertion's gap came to be like it, line for line. A replacement is let
//!   through where lines that stand once hold it on both sides, or where that took the place of a line like
//!   the one that it takes away: the same was done twice. Of a line that other waiting hunks put, too, see `twins`.
//!
//! Lines without letters and digits are nobody's and count for nothing, unless there are no others.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Anchoring;
use super::frame::says_something;
use super::lines::Numbered;
use super::merge::recognisable;
use crate::text::{Text, narrow};

impl Anchoring<'_> {
    /// Whether lines that the replacement takes away still stand, so that it has not landed.
    pub(super) fn takes_what_stands(&self, rows: &Range<usize>, replacement: &[u8]) -> bool {
        // An insertion takes away that two lines touch.
        if rows.is_empty() {
            return (self.certain && self.certain_place(rows).is_some())
                || self.is_open(rows.start, replacement);
        }
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
        let kept = |row: &usize| self.kept(*row).is_some() && !left.contains_key(self.line(*row));
        let looked_at = if telling.is_empty() { &taken } else { &telling };
        if looked_at.iter().any(kept) {
            return true;
        }
        // What stands in their place, if it says anything, shows that it was made.
        if puts {
            return false;
        }
        if telling.is_empty() {
            return !self.stands_between_what_stayed(rows, replacement);
        }
        if self.said_between(rows) {
            return true;
        }
        let told: HashSet<&[u8]> = telling.iter().map(|&row| self.line(row).trim_ascii()).collect();
        let times = self.times(&told);
        match times.values().any(|&(before, _)| before == 1) {
            true => times.values().any(|&(before, now)| before == 1 && now > 0),
            false => times.values().any(|&(before, now)| now >= before),
        }
    }

    /// Whether it is known of the nearest lines above and below `rows` that say something, or the ends, which they
    /// are, and what is between them is as the replacement leaves it. Lines that say nothing are like others, so
    /// that they are gone is seen only there.
    fn stands_between_what_stayed(&self, rows: &Range<usize>, replacement: &[u8]) -> bool {
        let says = |row: &usize| says_something(self.line(*row));
        let known = |row: usize| self.kept(row).or_else(|| self.only_place(row));
        let above = match (0..rows.start).rev().find(says) {
            Some(row) => known(row).map(|line| (row + 1, line + 1)),
            None => Some((0, 0)),
        };
        let below = match (rows.end..self.base.lines()).find(says) {
            Some(row) => known(row).map(|line| (row, line)),
            None => Some((self.base.lines(), self.current.lines())),
        };
        let (Some((start, top)), Some((end, bottom))) = (above, below) else { return false };
        let (before, behind) = (self.base.of(&(start..rows.start)), self.base.of(&(rows.end..end)));
        top <= bottom && self.current.of(&(top..bottom)) == [before, replacement, behind].concat()
    }

    /// Whether something is said between the nearest certain lines that say something above and below `rows`.
    /// Deleted lines may have been rewritten to that.
    fn said_between(&self, rows: &Range<usize>) -> bool {
        let certain = |row: usize| self.kept(row).filter(|_| says_something(self.line(row)));
        let start = (0..rows.start).rev().find_map(certain).map_or(0, |line| line + 1);
        let end = (rows.end..self.base.lines()).find_map(certain).unwrap_or(self.current.lines());
        (start..end).any(|at| says_something(self.current.of(&(at..at + 1))))
    }

    /// Whether a line that stands once in base, and that the replacement takes away, stands somewhere.
    pub(super) fn takes_single(&self, rows: &Range<usize>, replacement: &[u8]) -> bool {
        let new: HashSet<&[u8]> = split(replacement).collect();
        rows.clone()
            .filter(|row| !new.contains(self.line(*row)))
            .any(|row| self.once(row) && self.times_in_current(row) > 0)
    }

    /// The first line of current that is one of those that the replacement adds, if enough of these have come
    /// to stand there since base.
    pub(super) fn stands_elsewhere(
        &self,
        rows: &Range<usize>,
        replacement: &[u8],
        place: &Range<usize>,
    ) -> Option<u32> {
        let telling = |line: &&[u8]| says_something(line);
        let new: HashSet<&[u8]> =
            split(replacement).map(<[u8]>::trim_ascii).filter(telling).collect();
        if !new.is_empty()
            && let Some(at) = stands_beside(&self.current, place, replacement)
            && stands_beside(&self.base, &self.base.range(rows), replacement).is_none()
        {
            return Some(narrow(self.current.line_at(at)));
        }
        let old: HashSet<&[u8]> =
            rows.clone().map(|row| self.line(row).trim_ascii()).filter(telling).collect();
        let there = self.current.line_at(place.start)..self.current.line_at(place.end);
        if rows.is_empty()
            && let Some(line) = self.stands_edited(rows.start, there.start, replacement)
        {
            return Some(narrow(line));
        }
        if let Some(line) = self.made_nearby(rows, &there, &new, &old) {
            return Some(line);
        }
        let mut taken: HashSet<&[u8]> = old.difference(&new).copied().collect();
        if old.is_empty() {
            let puts: HashSet<&[u8]> = split(replacement).map(<[u8]>::trim_ascii).collect();
            let lines = rows.clone().map(|row| self.line(row).trim_ascii());
            taken.extend(lines.filter(|line| !line.is_empty() && !puts.contains(line)));
        }
        self.came_to_stand(rows, &there, new.difference(&old).copied().collect(), &taken)
    }

    /// The first of the lines right above or below gap `there` of current that are, line for line, those of
    /// `text` or these edited, and more of them equal than beside gap `gap` of base.
    fn stands_edited(&self, gap: usize, there: usize, text: &[u8]) -> Option<usize> {
        let put: Vec<&[u8]> = split(text).collect();
        let equal = |lines: &Text<'_>, start: Option<usize>| {
            let start = start.filter(|start| start + put.len() <= lines.lines())?;
            let mut equal = 0;
            for (nth, put) in put.iter().enumerate() {
                let line = lines.of(&(start + nth..start + nth + 1));
                match line == *put {
                    true => equal += 1,
                    false if recognisable(line, put) => {}
                    false => return None,
                }
            }
            Some(equal)
        };
        let told = put.iter().any(|line| says_something(line));
        let sides =
            [(there.checked_sub(put.len()), gap.checked_sub(put.len())), (Some(there), Some(gap))];
        sides.into_iter().filter(|_| told && put.len() > 1).find_map(|(now, before)| {
            let closer = equal(&self.current, now)? > equal(&self.base, before).unwrap_or(0);
            now.filter(|_| closer)
        })
    }

    /// The first line of current that is one of `added`, which the hunk puts and does not take away, if enough
    /// of these stand there more often than in base. What it takes away and does not put is `taken`.
    fn came_to_stand(
        &self,
        rows: &Range<usize>,
        place: &Range<usize>,
        mut added: HashSet<&[u8]>,
        taken: &HashSet<&[u8]>,
    ) -> Option<u32> {
        let line_at = |row: u32| self.current.of(&(row as usize..row as usize + 1)).trim_ascii();
        if !self.risen.iter().any(|&row| added.contains(line_at(row))) {
            return None;
        }
        for line in self.put_by_twins(rows, &added) {
            added.remove(line);
        }
        let found: Vec<u32> =
            self.risen.iter().copied().filter(|&row| added.contains(line_at(row))).collect();
        let first = found.iter().copied().min()?;
        let standing: HashSet<&[u8]> = found.iter().map(|&row| line_at(row)).collect();
        let before = self.times(&added);
        let stood = |line: &&[u8]| before.get(line).map_or(0, |&(before, _)| before);
        let fresh: Vec<&[u8]> = added.iter().copied().filter(|line| stood(line) == 0).collect();
        let fresh_standing = fresh.iter().filter(|line| standing.contains(*line)).count();
        // A line that base has once is no proof, but it is no line of every block either.
        let rare = added.iter().filter(|line| stood(line) <= 1).count();
        let most = fresh_standing > 0 && 2 * fresh_standing >= rare;
        let landed = match taken.is_empty() {
            true if fresh.is_empty() => standing.len() == added.len(),
            true => most,
            false => {
                most && fresh_standing == fresh.len()
                    && !self.held(rows, place)
                    && !self.done_to_like_lines(&found, taken)
            }
        };
        landed.then_some(first)
    }

    /// The first line of current that came to stand between the nearest lines above and below that stand once
    /// in both texts, is one of `new` and not of `old`, and stands at most once in base: no line of every block.
    fn made_nearby(
        &self,
        rows: &Range<usize>,
        place: &Range<usize>,
        new: &HashSet<&[u8]>,
        old: &HashSet<&[u8]>,
    ) -> Option<u32> {
        let single = |row: usize| self.kept(row).filter(|_| self.is_single(&(row..row + 1)));
        let above = (0..rows.start).rev().find_map(|row| Some((row + 1, single(row)? + 1)));
        let below = (rows.end..self.base.lines()).find_map(|row| Some((row, single(row)?)));
        let (first, top) = above.unwrap_or((0, 0));
        let (end, bottom) = below.unwrap_or((self.base.lines(), self.current.lines()));
        let at = |row: usize| self.current.of(&(row..row + 1)).trim_ascii();
        let mut stood: HashMap<&[u8], usize> = HashMap::new();
        for row in first..end {
            *stood.entry(self.line(row).trim_ascii()).or_default() += 1;
        }
        let came = (top..place.start).chain(place.end..bottom).filter(|&row| {
            let line = at(row);
            if !new.contains(line) || old.contains(line) {
                return false;
            }
            match stood.get_mut(line) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            }
        });
        let came: Vec<usize> = came.collect();
        if came.is_empty() {
            return None;
        }
        let times = self.times(&came.iter().map(|&row| at(row)).collect());
        let rare = |row: &usize| times.get(at(*row)).is_some_and(|&(before, _)| before <= 1);
        came.into_iter().find(rare).map(narrow)
    }

    /// Whether each of the lines `found` of current took the place of a line that stands less often than in
    /// base and is, or is like, one of `taken`.
    fn done_to_like_lines(&self, found: &[u32], taken: &HashSet<&[u8]>) -> bool {
        found.iter().all(|&at| {
            self.replaced_by(at as usize).any(|row| {
                let line = self.line(row).trim_ascii();
                let fewer = self.base_lines.get(row).is_some_and(|number| {
                    let times = |text: &Numbered| text.places_of(number).len();
                    times(&self.current_lines) < times(&self.base_lines)
                });
                fewer && taken.iter().any(|taken| recognisable(line, taken) || alike(line, taken))
            })
        })
    }

    /// The lines of base in whose place line `at` of current stands: those between the certain lines around it.
    fn replaced_by(&self, at: usize) -> Range<usize> {
        let certain = self.alignment.lines.iter().enumerate();
        let mut kept = certain.filter_map(|(row, there)| there.map(|there| (row, there)));
        let start = kept.clone().take_while(|(_, there)| *there < at).last();
        let end = kept.find(|(_, there)| *there > at);
        start.map_or(0, |(row, _)| row + 1)..end.map_or(self.base.lines(), |(row, _)| row)
    }

    pub(super) fn line(&self, row: usize) -> &[u8] {
        self.base.of(&(row..row + 1))
    }

    /// How often each of these lines stands in base and in current, white space around them aside.
    pub(super) fn times<'l>(&self, lines: &HashSet<&'l [u8]>) -> HashMap<&'l [u8], (usize, usize)> {
        let mut times: HashMap<_, _> = lines.iter().map(|line| (*line, (0, 0))).collect();
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
pub(super) fn stands_beside(text: &Text<'_>, place: &Range<usize>, block: &[u8]) -> Option<usize> {
    let above = text.bytes().get(..place.start)?;
    let below = text.bytes().get(place.end..)?;
    match above.strip_suffix(block) {
        Some(rest) if rest.last().is_none_or(|&byte| byte == b'\n') => Some(rest.len()),
        _ => below.starts_with(block).then_some(place.end),
    }
}

/// Whether at least half of the words of the line with more words are in both.
fn alike(one: &[u8], other: &[u8]) -> bool {
    let words = |line: &'_ [u8]| -> Vec<Vec<u8>> {
        let words = line.split(|byte| !byte.is_ascii_alphanumeric() && byte.is_ascii());
        words.filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let (one, mut rest) = (words(one), words(other));
    let longer = one.len().max(rest.len());
    let shared = one.iter().filter(|word| {
        let found = rest.iter().position(|other| other == *word);
        found.map(|at| rest.swap_remove(at)).is_some()
    });
    longer > 0 && 2 * shared.count() >= longer
}

pub(super) fn split(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}
