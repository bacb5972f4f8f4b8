//! How much further, or less far, tests come in what a change leaves as it is.

use std::collections::{BTreeMap, BTreeSet};

use model::{CoverageDelta, Language, LineSpan, Place, RelPath};
use syntax::language_of;

use super::coverage::{LineCoverage, MISSED_MAX};
use crate::witness::is_test_file;

/// A file that a change touches: its names, and the lines that differ.
#[derive(Debug, Clone, Copy)]
pub struct TouchedFile<'a> {
    /// Its name before; `None` if it is new.
    pub before: Option<&'a RelPath>,
    /// Its name after; `None` if it is gone.
    pub after: Option<&'a RelPath>,
    /// The lines that differ, before and after, in order.
    pub lines: &'a [(LineSpan, LineSpan)],
}

impl TouchedFile<'_> {
    /// Where a line of the text before is after; `None` if it differs.
    fn moved(&self, line: u32) -> Option<u32> {
        let mut moved = i64::from(line);
        for (removed, added) in self.lines {
            if line < removed.first_line {
                break;
            }
            if line - removed.first_line < removed.lines {
                return None;
            }
            moved += i64::from(added.lines) - i64::from(removed.lines);
        }
        u32::try_from(moved).ok()
    }

    /// Whether a line of the text after differs from the text before.
    fn is_new(&self, line: u32) -> bool {
        let within =
            |span: &LineSpan| line.checked_sub(span.first_line).is_some_and(|of| of < span.lines);
        self.lines.iter().any(|(_, added)| within(added))
    }
}

impl LineCoverage {
    /// What came of the lines that a change leaves as they are: `self` is of the tree before it, `after` of the one with it.
    /// Test files do not count.
    ///
    /// # Cost
    /// Linear in the lines of both, times the hunks of a file.
    pub fn delta(&self, after: &Self, touched: &[TouchedFile<'_>]) -> CoverageDelta {
        let known = |name: fn(&TouchedFile<'_>) -> Option<RelPath>| -> BTreeMap<RelPath, _> {
            touched.iter().filter_map(|file| Some((name(file)?, file))).collect()
        };
        let by_before = known(|file| file.before.cloned());
        let by_after = known(|file| file.after.cloned());
        let (seen_before, seen_after) = (self.seen(), after.seen());
        let mut delta = CoverageDelta::default();
        for path in self.files().filter(|path| !is_test_file(path)) {
            let file = match by_before.get(path) {
                Some(file) => Some(*file),
                // Another file has its name now.
                None if by_after.contains_key(path) => continue,
                None => None,
            };
            let Some(target) = file.map_or(Some(path), |file| file.after) else { continue };
            let now = match after.lines(target) {
                Some(lines) if lines.is_empty() => continue,
                None if !is_seen(target, &seen_after) => continue,
                now => now,
            };
            for (line, hits) in self.lines(path).into_iter().flatten() {
                let moved = file.map_or(Some(*line), |file| file.moved(*line));
                let Some(moved) = moved else { continue };
                let now = match now {
                    Some(lines) => lines.get(&moved).copied(),
                    None => Some(0),
                };
                let Some(now) = now else { continue };
                count(&mut delta, *hits > 0, now > 0, || Place {
                    path: target.clone(),
                    line: moved,
                });
            }
        }
        for path in after.files().filter(|path| !is_test_file(path)) {
            let file = match by_after.get(path) {
                Some(file) => Some(*file),
                None if by_before.contains_key(path) => continue,
                None => None,
            };
            let source = file.map_or(Some(path), |file| file.before);
            let unseen =
                source.is_some_and(|source| !self.has(source) && is_seen(source, &seen_before));
            for (line, hits) in after.lines(path).into_iter().flatten().filter(|_| unseen) {
                if !file.is_some_and(|file| file.is_new(*line)) {
                    count(&mut delta, false, *hits > 0, || Place {
                        path: path.clone(),
                        line: *line,
                    });
                }
            }
        }
        delta.lost.sort();
        delta.lost.truncate(MISSED_MAX);
        delta
    }

    /// The languages of the tests that were seen: of such a file that was not come upon nothing was run.
    pub(crate) fn seen(&self) -> BTreeSet<Language> {
        let tests = self.files().filter(|path| is_test_file(path));
        tests.filter_map(|path| language_of(path, b"")).collect()
    }
}

fn is_seen(path: &RelPath, seen: &BTreeSet<Language>) -> bool {
    language_of(path, b"").is_some_and(|language| seen.contains(&language))
}

fn count(delta: &mut CoverageDelta, before: bool, after: bool, place: impl FnOnce() -> Place) {
    delta.lines = delta.lines.saturating_add(1);
    delta.before = delta.before.saturating_add(before.into());
    delta.after = delta.after.saturating_add(after.into());
    if before && !after {
        delta.lost.push(place());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().unwrap()
    }

    /// `name: counts of its lines`, where `-` stands for a line that cannot be run.
    fn measured(files: &[(&str, &str)]) -> LineCoverage {
        let mut coverage = LineCoverage::default();
        for (name, counts) in files {
            coverage.mention(path(name));
            for (line, count) in counts.split_whitespace().enumerate() {
                if let Ok(hits) = count.parse() {
                    coverage.add(path(name), u32::try_from(line).unwrap(), hits);
                }
            }
        }
        coverage
    }

    fn span(first_line: u32, lines: u32) -> LineSpan {
        LineSpan { start: 0, end: 0, first_line, lines }
    }

    /// Lines, those that ran before and after, and where those are that no longer do.
    type Told = (u32, u32, u32, Vec<String>);

    #[track_caller]
    fn check(
        before: &[(&str, &str)],
        after: &[(&str, &str)],
        touched: &[TouchedFile<'_>],
        told: (u32, u32, u32, &[&str]),
    ) {
        let delta = measured(before).delta(&measured(after), touched);
        let lost = delta.lost.iter().map(|at| format!("{}:{}", at.path, at.line)).collect();
        let found: Told = (delta.lines, delta.before, delta.after, lost);
        let lost = told.3.iter().map(|at| (*at).to_owned()).collect();
        assert_eq!(found, (told.0, told.1, told.2, lost));
    }

    const SEEN: (&str, &str) = ("test_queue.py", "1");

    #[test]
    fn lines_are_followed_past_those_that_differ() {
        let name = path("queue.py");
        let touched = |lines| TouchedFile { before: Some(&name), after: Some(&name), lines };
        // Two lines come in before the second, the fourth is another.
        let lines = [(span(1, 0), span(1, 2)), (span(3, 1), span(5, 1))];
        check(
            &[("queue.py", "1 1 1 1 1")],
            &[("queue.py", "1 9 9 0 1 0 0")],
            &[touched(&lines)],
            (4, 4, 2, &["queue.py:3", "queue.py:6"]),
        );
        check(&[("a.py", "1 0 -")], &[("a.py", "1 2 -")], &[], (2, 1, 2, &[]));
    }

    #[test]
    fn a_name_that_changed_is_followed_and_one_that_is_gone_does_not_count() {
        let (old, new) = (path("old.py"), path("new.py"));
        let renamed = TouchedFile { before: Some(&old), after: Some(&new), lines: &[] };
        let (before, after) = ([("old.py", "1 1")], [("new.py", "1 0")]);
        check(&before, &after, &[renamed], (2, 2, 1, &["new.py:1"]));
        let gone = TouchedFile { after: None, ..renamed };
        check(&before, &[SEEN], &[gone], (0, 0, 0, &[]));
        // Another file has taken the name.
        let added =
            TouchedFile { before: None, after: Some(&old), lines: &[(span(0, 0), span(0, 2))] };
        check(
            &before,
            &[("old.py", "1 0"), ("new.py", "1 0")],
            &[renamed, added],
            (2, 2, 1, &["new.py:1"]),
        );
    }

    #[test]
    fn a_file_that_nothing_loads_any_more_was_not_run_if_its_tests_were_seen() {
        let before = [("queue.py", "1 0 1"), SEEN];
        check(&before, &[SEEN], &[], (3, 2, 0, &["queue.py:0", "queue.py:2"]));
        check(&[SEEN], &before, &[], (3, 0, 2, &[]));
        check(&before, &[("queue.js", "1"), ("queue.test.js", "1")], &[], (0, 0, 0, &[]));
        // It was come upon, and nothing is known of its lines, or not of all.
        check(&before, &[SEEN, ("queue.py", "")], &[], (0, 0, 0, &[]));
        check(&before, &[SEEN, ("queue.py", "1 -")], &[], (1, 1, 1, &[]));
        // What is new is told of with the changed lines.
        let name = path("queue.py");
        let lines = [(span(0, 0), span(0, 3))];
        let added = TouchedFile { before: None, after: Some(&name), lines: &lines };
        check(&[SEEN], &before, &[added], (0, 0, 0, &[]));
    }
}
