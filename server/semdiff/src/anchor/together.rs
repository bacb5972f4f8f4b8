//! Hunks that landed together, seen from the text that all of them make.
//!
//! A change that moves text is stated as lines taken away in one place and put in another. Once it has landed,
//! the lines that it moved are found where it put them, with all that surrounds them, as if nothing of it had
//! been made: seen from base, a hunk that belongs to where they were fits where they are. Seen from the text
//! that all hunks make, it stands where it landed. Where both views find a place, neither is certain.
//!
//! Asked only if most of what the hunks say, and base does not, has come to stand in current, or all that one of
//! them says.

use std::collections::HashSet;

use model::LineSpan;

use super::frame::says_something;
use super::standing::split;
use super::{Anchoring, LANDED_STEPS_MAX};
use crate::apply::{apply, shift_past};

impl<'t> Anchoring<'t> {
    /// Knows that `hunks`, stated like those that are asked for, wait together. Those known to have landed
    /// (see [`Anchoring::past`]) may be among them.
    ///
    /// # Cost
    /// Linear in the lines of the texts and the hunks; where these seem to have landed, one more comparison
    /// of an eighth of the limit of [`Anchoring::new`].
    #[must_use]
    pub fn among<R: AsRef<[u8]>>(mut self, hunks: &[(LineSpan, R)]) -> Self {
        let known: HashSet<LineSpan> = self.landed.iter().map(|(span, _)| *span).collect();
        self.waiting = hunks
            .iter()
            .filter(|(span, _)| !known.contains(span))
            .filter_map(|(span, text)| {
                Some((shift_past(span, &self.landed).ok()?, text.as_ref().to_vec()))
            })
            .collect();
        if self.waiting.len() > 1
            && (self.mostly_stand(&self.waiting) || self.one_stands(&self.waiting))
        {
            self.accepted = self.with_all().map(Box::new);
        }
        self
    }

    fn with_all(&self) -> Option<Self> {
        let text = apply(self.base.bytes(), &self.waiting).ok()?;
        let current = self.current.bytes().to_vec();
        Some(Self::compare(text.into(), current.into(), LANDED_STEPS_MAX))
    }

    /// Whether at least half of the different lines that `hunks` put and base does not have stand in current.
    fn mostly_stand(&self, hunks: &[(LineSpan, Vec<u8>)]) -> bool {
        let lines = hunks.iter().flat_map(|(_, text)| text.split(|&byte| byte == b'\n'));
        let mut fresh: HashSet<&[u8]> =
            lines.map(<[u8]>::trim_ascii).filter(|line| says_something(line)).collect();
        for line in self.base.iter() {
            fresh.remove(line.trim_ascii());
        }
        let all = fresh.len();
        for line in self.current.iter() {
            fresh.remove(line.trim_ascii());
        }
        all > 0 && 2 * (all - fresh.len()) >= all
    }

    /// Whether all lines that one of `hunks` puts stand in current, wherever, and say something.
    fn one_stands(&self, hunks: &[(LineSpan, Vec<u8>)]) -> bool {
        let standing: HashSet<&[u8]> = self.current.iter().map(<[u8]>::trim_ascii).collect();
        hunks.iter().any(|(_, text)| {
            let mut lines = split(text).map(<[u8]>::trim_ascii).filter(|line| says_something(line));
            lines.next().is_some_and(|first| standing.contains(first))
                && lines.all(|line| standing.contains(line))
        })
    }

    /// The line of current at which the hunk that replaces `before` of base stands with the others.
    pub(super) fn lies_with_the_others(&self, before: &LineSpan) -> Option<u32> {
        let accepted = self.accepted.as_deref()?;
        let (_, text) = self.waiting.iter().find(|(span, _)| span == before)?;
        let others: Vec<_> =
            self.waiting.iter().filter(|(span, _)| span != before).cloned().collect();
        let put = shift_past(before, &others).ok()?;
        let lines = text.split_inclusive(|&byte| byte == b'\n').count();
        let first = put.first_line as usize;
        let there = accepted.find(&(first..first + lines)).ok().flatten()?;
        u32::try_from(there.start).ok()
    }
}
