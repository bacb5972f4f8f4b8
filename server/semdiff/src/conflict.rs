//! Why a hunk has no place in a text that has moved on, in words for the person who wanted it.

use std::fmt;

use crate::text::LineEnding;

/// How many candidate places are kept, at most.
pub(crate) const CANDIDATES_MAX: usize = 16;
/// How many of them a sentence names.
const CANDIDATES_NAMED: usize = 4;

/// Why a hunk cannot land. Its `Display` is one clause for people; lines are counted from 1 there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConflictReason {
    /// The text it replaces is no longer there as it was.
    TextChanged,
    /// The text it replaces is there, or it only inserts, and a line that touches its place changed.
    NeighboursChanged,
    /// Its text or its place repeats, so which place is meant cannot be told.
    Ambiguous {
        /// The lines, from 0, at which it might belong in the current text; at most 16, in order. One
        /// entry: the others like it are gone, or it has moved.
        candidates: Vec<u32>,
    },
    /// Its place is there, but most of what it would put there has come to stand in the file since.
    StandsElsewhere {
        /// The first such line, from 0.
        line: u32,
    },
    /// It fits there, but it also seems to have landed with the other hunks of its change.
    LandedWithOthers {
        /// Where it seems to have landed, from 0.
        line: u32,
    },
    /// The file's line endings were converted since.
    LineEndingsChanged {
        /// What they were.
        from: LineEnding,
        /// What they are.
        to: LineEnding,
    },
    /// A byte order mark was put before, or taken from, the first line, which is part of its place.
    ByteOrderMark {
        /// Whether it is there now.
        added: bool,
    },
    /// The file has no text any more.
    FileEmptied,
    /// No line of the file is as it was.
    FileReplaced,
    /// The hunk does not fit the text it claims to be made against.
    NotInBase,
}

impl fmt::Display for ConflictReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TextChanged => f.write_str("the text it replaces was changed"),
            Self::NeighboursChanged => f.write_str("the lines right next to it were changed"),
            Self::Ambiguous { candidates } => match candidates.as_slice() {
                [] => f.write_str("the text around its place repeats, so its place cannot be told"),
                [line] => write!(
                    f,
                    "line {} looks like its place, but may be another copy of the text",
                    line + 1
                ),
                lines => write!(f, "its place now appears at lines {}", Listed(lines)),
            },
            Self::StandsElsewhere { line } => write!(
                f,
                "most of what it adds was added elsewhere since, from line {} on",
                line + 1
            ),
            Self::LandedWithOthers { line } => write!(
                f,
                "it seems to have landed with the rest of its change, at line {}",
                line + 1
            ),
            Self::LineEndingsChanged { from, to } => {
                write!(f, "the file's line endings were changed from {from} to {to}")
            }
            Self::ByteOrderMark { added: true } => {
                f.write_str("a byte order mark was added to the first line")
            }
            Self::ByteOrderMark { added: false } => {
                f.write_str("the byte order mark of the first line was removed")
            }
            Self::FileEmptied => f.write_str("the file is empty now"),
            Self::FileReplaced => f.write_str("the whole text of the file was replaced"),
            Self::NotInBase => f.write_str("it does not fit the text it was made against"),
        }
    }
}

/// Two or more lines, as `4 and 19`, or with a count of those not named.
struct Listed<'l>(&'l [u32]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unnamed = self.0.len().saturating_sub(CANDIDATES_NAMED);
        let named = self.0.len() - unnamed;
        for (nth, line) in self.0.iter().take(named).enumerate() {
            let joint = match nth {
                0 => "",
                _ if nth + 1 == named && unnamed == 0 => " and ",
                _ => ", ",
            };
            write!(f, "{joint}{}", line + 1)?;
        }
        match unnamed {
            0 => Ok(()),
            _ if self.0.len() == CANDIDATES_MAX => write!(f, " and {unnamed} or more others"),
            1 => f.write_str(" and one other"),
            _ => write!(f, " and {unnamed} others"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_read_as_a_sentence() {
        let check = |candidates: Vec<u32>, expected: &str| {
            assert_eq!(ConflictReason::Ambiguous { candidates }.to_string(), expected);
        };
        check(vec![3, 18], "its place now appears at lines 4 and 19");
        check(vec![0, 1, 2, 3], "its place now appears at lines 1, 2, 3 and 4");
        check(vec![0, 1, 2, 3, 4], "its place now appears at lines 1, 2, 3, 4 and one other");
        check((0..6).collect(), "its place now appears at lines 1, 2, 3, 4 and 2 others");
        check((0..16).collect(), "its place now appears at lines 1, 2, 3, 4 and 12 or more others");
        check(vec![8], "line 9 looks like its place, but may be another copy of the text");
    }
}
