//! Hunks of one change that put the same lines in several places.
//!
//! A line that a hunk puts and that came to stand elsewhere may be the hunk's own, landed and moved since (see
//! `standing`). It says less where hunks that wait together put it too: the person, or a commit, may have made
//! some of the same edits in further places. So it counts for nothing if
//!
//! - **several of the hunks that put it have not landed where they belong**: their places are open, with lines
//!   that stand once around them (see `frame`), and the hunk that is asked for is one of them;
//! - **it came to stand less often than these put it.** Then one of them at least is not among what stands there,
//!   and nothing tells it from the others.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Anchoring;
use super::frame::says_something;
use super::standing::split;

/// The waiting hunks whose places are open, and the lines that more than one of them puts.
#[derive(Debug, Default)]
pub(super) struct Twins {
    open: HashSet<Range<usize>>,
    put: HashMap<Vec<u8>, Put>,
}

/// How hunks put a line.
#[derive(Debug, Default)]
struct Put {
    hunks: usize,
    /// How often together, beyond how often they take it away.
    times: usize,
}

impl Anchoring<'_> {
    /// Those of `lines` that, standing elsewhere, are no sign that the hunk that replaces `rows` landed.
    pub(super) fn put_by_twins<'l>(
        &self,
        rows: &Range<usize>,
        lines: &HashSet<&'l [u8]>,
    ) -> HashSet<&'l [u8]> {
        let twins = self.twins.get_or_init(|| self.find_twins());
        if !twins.open.contains(rows) {
            return HashSet::new();
        }
        let shared = lines.iter().copied().filter(|line| twins.put.contains_key(*line)).collect();
        let fewer = |(line, (before, now)): (&'l [u8], (usize, usize))| {
            let times = twins.put.get(line).map_or(0, |put| put.times);
            (now < before + times).then_some(line)
        };
        self.times(&shared).into_iter().filter_map(fewer).collect()
    }

    fn find_twins(&self) -> Twins {
        let mut twins = Twins::default();
        for (span, text) in &self.waiting {
            let Some(rows) = self.base.rows(span) else { continue };
            let place = self.certain_place(&rows);
            if !place.is_some_and(|place| self.framed(&rows, &place)) {
                continue;
            }
            let mut times: HashMap<&[u8], i64> = HashMap::new();
            for line in split(text).map(<[u8]>::trim_ascii).filter(|line| says_something(line)) {
                *times.entry(line).or_default() += 1;
            }
            for row in rows.clone() {
                if let Some(times) = times.get_mut(self.line(row).trim_ascii()) {
                    *times -= 1;
                }
            }
            for (line, times) in times {
                let Some(times) = usize::try_from(times).ok().filter(|times| *times > 0) else {
                    continue;
                };
                let put = twins.put.entry(line.to_vec()).or_default();
                *put = Put { hunks: put.hunks + 1, times: put.times + times };
            }
            twins.open.insert(rows);
        }
        twins.put.retain(|_, put| put.hunks > 1);
        twins
    }
}
