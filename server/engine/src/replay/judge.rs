//! What the product answers for a case, held against what is right. Texts are compared, not ranges: where
//! text repeats, another place can be the same result.

use std::ops::Range;

use semdiff::{Anchor, Anchoring};

use super::case::{Case, Waiting};
use super::lines::{Identity, Lines};
use super::truth::{Relation, Truth, truth};

/// An answer for one hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It replaces these bytes of the current text, and in which words.
    Put(Range<usize>, String),
    /// It is there, nothing is written.
    There,
    /// It has no place: the kind of reason, and the words for people.
    Refused(String, String),
}

/// What an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// Put where it belongs.
    Anchored,
    /// Said to be there, and it is.
    There,
    /// Refused.
    Refused,
    /// Not where the commits one by one say, but where one diff over all of them says: two views of the same
    /// edits that disagree which of two equal lines is which. Nobody knows the right answer.
    Disputed,
    /// Anything else that was not refused.
    Misapplied,
}

/// One hunk, judged.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) truth: Truth,
    pub(super) answer: Answer,
    pub(super) worth: Worth,
}

/// What the product answers. One answer for each hunk, in order.
pub(super) fn anchored(case: &Case) -> Vec<Answer> {
    let all: Vec<_> = case.waiting.iter().map(Waiting::edit).collect();
    let anchoring = Anchoring::new(&case.base, &case.current).among(&all);
    let answer = |hunk: &Waiting| {
        let anchor = anchoring.anchor(&hunk.span, &hunk.text);
        match &anchor {
            Anchor::AlreadyThere(_) => Answer::There,
            Anchor::Conflict(reason) => Answer::Refused(word(reason), reason.to_string()),
            placed => match placed.target() {
                Some(range) => Answer::Put(range.clone(), word(placed)),
                None => Answer::Refused(word(placed), word(placed)),
            },
        }
    };
    case.waiting.iter().map(answer).collect()
}

/// The name of a variant.
fn word(thing: &impl std::fmt::Debug) -> String {
    let text = format!("{thing:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

/// What is right for each hunk of `case`.
pub(super) fn truths(case: &Case) -> Vec<Truth> {
    let (base, current) = (Lines::new(&case.base), Lines::new(&case.current));
    let taken_back = case.waiting.iter().any(|hunk| hunk.taken_back);
    let direct = taken_back.then(|| Identity::between(&case.base, &case.current));
    let right = |hunk: &Waiting| {
        let identity = direct.as_ref().filter(|_| hunk.taken_back).unwrap_or(&case.identity);
        let mut right = truth(&base, &current, identity, &hunk.span, &hunk.text);
        if hunk.tricked {
            right.relation = Relation::Tricked;
        }
        right
    };
    case.waiting.iter().map(right).collect()
}

/// Holds `answers` against what is right.
pub(super) fn judge(case: &Case, answers: Vec<Answer>) -> Vec<Judged> {
    let judged = truths(case).into_iter().zip(&case.waiting).zip(answers);
    let mut overall = None;
    judged
        .map(|((truth, hunk), answer)| {
            let worth = worth(case, hunk, &truth, &answer);
            if worth != Worth::Misapplied || !case.kind.followed() {
                return Judged { truth, answer, worth };
            }
            let overall =
                overall.get_or_insert_with(|| Identity::between(&case.base, &case.current));
            let (base, current) = (Lines::new(&case.base), Lines::new(&case.current));
            let other = self::truth(&base, &current, overall, &hunk.span, &hunk.text);
            match self::worth(case, hunk, &other, &answer) {
                Worth::Misapplied => Judged { truth, answer, worth },
                _ => {
                    let truth = Truth { relation: truth.relation, ..other };
                    Judged { truth, answer, worth: Worth::Disputed }
                }
            }
        })
        .collect()
}

fn worth(case: &Case, hunk: &Waiting, truth: &Truth, answer: &Answer) -> Worth {
    let is_right = match answer {
        Answer::Refused(..) => return Worth::Refused,
        Answer::There => truth.there,
        Answer::Put(range, _) => truth.place.as_ref().is_some_and(|place| {
            place == range || same_result(&case.current, place, range, &hunk.text)
        }),
    };
    match answer {
        _ if !is_right => Worth::Misapplied,
        Answer::There => Worth::There,
        _ => Worth::Anchored,
    }
}

/// Whether replacing either of two ranges gives the same text.
fn same_result(current: &[u8], one: &Range<usize>, other: &Range<usize>, text: &[u8]) -> bool {
    let result = |range: &Range<usize>| semdiff::place(current, &[(range.clone(), text)]).ok();
    result(one).is_some_and(|result_of_one| Some(result_of_one) == result(other))
}

#[cfg(test)]
mod tests {
    use super::super::case::ReplayKind;
    use super::*;

    fn case(base: &str, current: &str, after: &str) -> Case {
        let hunks = semdiff::hunks(base.as_bytes(), after.as_bytes());
        let waiting = hunks.iter().map(|(old, new)| Waiting::new(*old, new.of(after.as_bytes())));
        Case {
            number: 0,
            kind: ReplayKind::Split,
            path: "f".parse().unwrap(),
            commits: Vec::new(),
            base: base.into(),
            current: current.into(),
            identity: Identity::between(base.as_bytes(), current.as_bytes()),
            waiting: waiting.collect(),
        }
    }

    /// An anchoring that looks for the first place with the same text, as a careless tool would.
    fn first_that_looks_like_it(case: &Case) -> Vec<Answer> {
        let answer = |hunk: &Waiting| {
            let old = hunk.span.of(&case.base);
            let current = String::from_utf8(case.current.clone()).unwrap();
            match current.find(std::str::from_utf8(old).unwrap()) {
                Some(at) => Answer::Put(at..at + old.len(), "found".to_owned()),
                None => Answer::There,
            }
        };
        case.waiting.iter().map(answer).collect()
    }

    fn worths(case: &Case, answers: Vec<Answer>) -> Vec<Worth> {
        judge(case, answers).into_iter().map(|judged| judged.worth).collect()
    }

    #[test]
    fn a_hunk_in_the_wrong_twin_is_misapplied() {
        let base = "x\nbody\nend\n\ny\nbody\nend\n";
        let after = "x\nbody\nend\n\ny\nBODY\nend\n";
        let case = case(base, &format!("new\n{base}"), after);
        assert_eq!(worths(&case, first_that_looks_like_it(&case)), [Worth::Misapplied]);
        assert_eq!(worths(&case, anchored(&case)), [Worth::Anchored]);
    }

    #[test]
    fn what_is_said_to_be_there_and_is_not_is_misapplied() {
        let case = case("a\nb\nc\n", "a\nmine\nc\n", "a\nB\nc\n");
        assert_eq!(worths(&case, first_that_looks_like_it(&case)), [Worth::Misapplied]);
        assert_eq!(worths(&case, anchored(&case)), [Worth::Refused]);
    }

    #[test]
    fn another_range_with_the_same_result_is_right() {
        let case = case("a\nx\nb\n", "0\na\nx\nx\nb\n", "a\nb\n");
        let (one, other) = (Answer::Put(4..6, String::new()), Answer::Put(6..8, String::new()));
        assert_eq!(worths(&case, vec![one]), [Worth::Anchored]);
        assert_eq!(worths(&case, vec![other]), [Worth::Anchored]);
        let elsewhere = Answer::Put(2..4, String::new());
        assert_eq!(worths(&case, vec![elsewhere]), [Worth::Misapplied]);
    }
    #[test]
    fn where_two_views_of_the_edits_disagree_nobody_is_wrong() {
        let mut case = case("a\nx\nb\n", "0\na\nx\nb\n", "a\nX\nb\n");
        let at_x = || vec![Answer::Put(4..6, String::new())];
        let at_a = || vec![Answer::Put(2..4, String::new())];
        // As if, commit by commit, it were the line above.
        case.identity = Identity { at: vec![Some(0), Some(0), Some(1)], lines: 4 };
        case.kind = ReplayKind::Near;
        assert_eq!(worths(&case, at_x()), [Worth::Disputed]);
        assert_eq!(worths(&case, at_a()), [Worth::Misapplied]);
        case.kind = ReplayKind::Landed;
        assert_eq!(worths(&case, at_x()), [Worth::Misapplied]);
    }
}
