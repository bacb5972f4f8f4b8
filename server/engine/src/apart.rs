//! Telling apart what an agent did to a file and what was done to it otherwise.
//!
//! Pure. Between a starting point and now, a file may have been edited by an agent, by the person in an
//! editor, and by acceptances. The latter two were observed, each as a text before and a text after. What
//! of them has a place in the text of the starting point, and is still in the text now, becomes part of the
//! starting point; the rest of the difference is the agent's, or mixed.

use std::ops::Range;
use std::sync::Arc;

use semdiff::{Anchor, Anchoring};

/// Lines shorter than this, spaces aside, say nothing of who wrote them.
const TELLING_CHARS_MIN: usize = 4;

/// Something that was done to a file and observed, by someone else than the agent.
#[derive(Debug, Clone)]
pub(crate) struct Touch {
    /// What was there before; `None`: nothing.
    pub before: Option<Arc<[u8]>>,
    /// What was there after; `None`: nothing.
    pub after: Option<Arc<[u8]>>,
}

/// A starting point with what was observed in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Apart {
    /// The text to compare the current one with; `None`: no file.
    pub base: Option<Vec<u8>>,
    /// Bytes of the current text that hold what the person wrote and could not be told apart.
    pub mixed: Vec<Range<usize>>,
}

/// Puts `touches`, in their order, into `base` where they are still in `current`.
///
/// # Cost
/// Two anchorings for each touch of a text.
pub(crate) fn keep_apart(base: Option<&[u8]>, current: Option<&[u8]>, touches: &[Touch]) -> Apart {
    let mut apart = Apart { base: base.map(<[u8]>::to_vec), mixed: Vec::new() };
    for touch in touches {
        match (touch.before.as_deref(), touch.after.as_deref()) {
            (None, Some(after)) if apart.base.is_none() && current.is_some() => {
                apart.base = Some(after.to_vec());
            }
            (Some(before), None) if current.is_none() || apart.base.as_deref() == Some(before) => {
                apart.base = None;
            }
            (Some(before), Some(after)) => {
                if let (Some(start), Some(current)) = (&apart.base, current) {
                    let (base, mixed) = with_touch(start, current, before, after);
                    apart.base = Some(base);
                    apart.mixed.extend(mixed);
                }
            }
            _ => {}
        }
    }
    apart
}

fn with_touch(
    base: &[u8],
    current: &[u8],
    before: &[u8],
    after: &[u8],
) -> (Vec<u8>, Vec<Range<usize>>) {
    let (in_base, in_current) = (Anchoring::new(before, base), Anchoring::new(after, current));
    let (mut edits, mut mixed) = (Vec::new(), Vec::new());
    for (old, new) in semdiff::hunks(before, after) {
        let (removed, added) = (old.of(before), new.of(after));
        let there = match in_current.anchor(&new, removed) {
            // Somebody took it out again.
            Anchor::AlreadyThere(_) => continue,
            anchor => anchor.target().cloned(),
        };
        let anchor = in_base.anchor(&old, added);
        match (&anchor, anchor.target(), there) {
            (Anchor::AlreadyThere(_), ..) => {}
            // Also if it was edited since: the agent's work began with what it was.
            (_, Some(place), _) => edits.push((place.clone(), added.to_vec())),
            (_, None, Some(there)) => mixed.push(there),
            // What is left of it lies within what the agent did.
            (_, None, None) => mixed.extend(left_of(added, base, current)),
        }
    }
    edits.sort_by_key(|(place, _)| (place.start, place.end));
    match semdiff::place(base, &edits) {
        Ok(base) => (base, mixed),
        Err(_) => (base.to_vec(), mixed),
    }
}

/// The lines of `current` that say what `added` says, and that `base` does not have.
fn left_of(added: &[u8], base: &[u8], current: &[u8]) -> Vec<Range<usize>> {
    let lines = |text: &[u8]| {
        let lines = text.split(|&byte| byte == b'\n');
        lines.map(|line| line.trim_ascii().to_vec()).collect::<std::collections::BTreeSet<_>>()
    };
    let (added, base) = (lines(added), lines(base));
    let mut found = Vec::new();
    let mut start = 0;
    for line in current.split_inclusive(|&byte| byte == b'\n') {
        let said = line.trim_ascii();
        if said.len() >= TELLING_CHARS_MIN && added.contains(said) && !base.contains(said) {
            found.push(start..start + line.len());
        }
        start += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(before: &str, after: &str) -> Touch {
        let side = |text: &str| Some(Arc::from(text.as_bytes()));
        Touch { before: side(before), after: side(after) }
    }

    fn check(base: &str, current: &str, touches: &[Touch], expected: &str, mixed: &[&str]) {
        let apart = keep_apart(Some(base.as_bytes()), Some(current.as_bytes()), touches);
        assert_eq!(String::from_utf8(apart.base.unwrap()).unwrap(), expected);
        let found: Vec<&str> = apart.mixed.into_iter().map(|range| &current[range]).collect();
        assert_eq!(found, mixed);
    }

    const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

    #[test]
    fn what_the_person_wrote_elsewhere_is_no_part_of_what_the_agent_did() {
        let agents = BASE.replace("two", "TWO by agent");
        let both = agents.replace("six", "six by person");
        check(BASE, &both, &[touch(&agents, &both)], &BASE.replace("six", "six by person"), &[]);
        // Also if the person was first.
        let persons = BASE.replace("six", "six by person");
        check(BASE, &both, &[touch(BASE, &persons)], &persons, &[]);
    }

    #[test]
    fn what_the_person_wrote_into_the_agents_lines_is_mixed() {
        let agents = BASE.replace("four\n", "four by agent\nmore by agent\n");
        let both = agents.replace("more by agent", "more by both");
        check(BASE, &both, &[touch(&agents, &both)], BASE, &["more by both\n"]);
    }

    #[test]
    fn what_the_agent_changed_of_the_persons_began_with_the_persons() {
        let persons = BASE.replace("four\n", "four by person\nsecond by person\n");
        let both = persons.replace("four by person", "four by agent");
        check(BASE, &both, &[touch(BASE, &persons)], &persons, &[]);
        // Where it has no place in what the agent had made of the start, it is mixed.
        let agents = BASE.replace("four\n", "agent's\n");
        let persons = agents.replace("agent's\n", "agent's\nthe person's line\n");
        let both = persons.replace("agent's\nthe", "agent's again\nthe");
        check(BASE, &both, &[touch(&agents, &persons)], BASE, &["the person's line\n"]);
    }

    #[test]
    fn what_was_taken_out_again_is_neither() {
        let persons = BASE.replace("six", "six by person");
        check(BASE, BASE, &[touch(BASE, &persons), touch(&persons, BASE)], BASE, &[]);
        let agents = BASE.replace("two", "TWO by agent");
        check(BASE, &agents, &[touch(BASE, &persons)], BASE, &[]);
    }

    #[test]
    fn a_file_that_the_person_made_is_where_the_agent_started() {
        let made = Touch { before: None, after: Some(Arc::from(&b"mine\n"[..])) };
        let apart = keep_apart(None, Some(b"mine\nagent's\n"), std::slice::from_ref(&made));
        assert_eq!(apart.base.as_deref(), Some(&b"mine\n"[..]));
        let gone = Touch { before: made.after.clone(), after: None };
        let apart = keep_apart(None, None, &[made, gone]);
        assert_eq!(apart, Apart { base: None, mixed: vec![] });
    }
}
