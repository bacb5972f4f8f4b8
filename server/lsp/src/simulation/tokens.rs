//! What a text says of hunks and of the person, told from marks in its lines.
//!
//! A line that a hunk takes out begins with `B`, one that it puts in with `A`, then the hunk's number; what
//! the person types holds `K` or `k` and a number. Everything else was there from the start.

use std::collections::BTreeSet;

/// A hunk of the simulation, by its number in the marks.
pub(crate) type Mark = u32;

/// Which side of a hunk a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
    /// Neither, or something of both.
    Mixed,
}

/// The lines that belong to one hunk.
#[derive(Debug, Clone)]
pub(crate) struct Marked {
    pub mark: Mark,
    pub before: Vec<String>,
    pub after: Vec<String>,
}

impl Marked {
    /// Which side of it `text` has.
    pub(crate) fn side(&self, text: &str) -> Side {
        let lines: Vec<&str> = lines(text).collect();
        let has = |wanted: &[String]| {
            let block = |at: &[&str]| at.iter().eq(wanted.iter());
            if wanted.is_empty() {
                return true;
            }
            let count = lines.windows(wanted.len()).filter(|at| block(at)).count();
            // Lines without a mark may stand elsewhere as well.
            let own = wanted.iter().any(|line| !marks(line).is_empty());
            if own { count == 1 } else { count > 0 }
        };
        let none = |letter: char| {
            let mark = format!("{letter}{} ", self.mark);
            lines.iter().all(|line| !line.contains(&mark))
        };
        if has(&self.after) && none('B') {
            Side::After
        } else if has(&self.before) && none('A') {
            Side::Before
        } else {
            Side::Mixed
        }
    }
}

/// The lines of a text without their ends.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_terminator('\n').map(|line| line.strip_suffix('\r').unwrap_or(line))
}

/// The hunks that a line belongs to.
pub(crate) fn marks(line: &str) -> BTreeSet<Mark> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| word.strip_prefix(['A', 'B'])?.parse().ok()).collect()
}

/// What is no hunk's: whole lines of the file and of the person, and of the lines of a hunk only what the
/// person typed there.
pub(crate) fn outside(text: &str) -> Vec<String> {
    let mut outside = Vec::new();
    for line in lines(text) {
        if marks(line).is_empty() {
            outside.push(line.to_owned());
        } else {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric());
            let typed = |word: &&str| {
                let number = word.strip_prefix(['K', 'k']);
                number.is_some_and(|number| number.parse::<u32>().is_ok())
            };
            outside.extend(words.filter(typed).map(str::to_owned));
        }
    }
    outside
}
