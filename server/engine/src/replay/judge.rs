//! What the product answers for a case, held against what is right. Texts are compared, not ranges: where
//! text repeats, another place can be the same result.

use std::ops::Range;

use semdiff::{Anchor, Anchoring};

use super::case::{Case, Waiting};
use super::lines::{Identity, Lines, rows, says_something, slid};
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
    /// Not where the commits one by one say, but where one diff over all of them says, or, for an insertion, between
    /// its two lines, which were moved: two views of the same edits that disagree which lines were. Nobody knows the
    /// right answer.
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

/// Holds `answers` against what is right. Where a diff could have stated the hunk at other lines too, with the same
/// result, each way to state it counts.
pub(super) fn judge(case: &Case, answers: Vec<Answer>) -> Vec<Judged> {
    let judged = truths(case).into_iter().zip(&case.waiting).zip(answers);
    let mut overall = None;
    judged
        .map(|((truth, hunk), answer)| {
            let worth = worth(case, hunk, &truth, &answer);
            if worth != Worth::Misapplied {
                return Judged { truth, answer, worth };
            }
            if let Some(judged) = stated_elsewhere(case, hunk, &truth, &answer) {
                return judged;
            }
            if let Some(place) = between_its_lines(case, hunk, &answer) {
                let truth = Truth { place: Some(place), ..truth };
                return Judged { truth, answer, worth: Worth::Disputed };
            }
            if !case.kind.followed() {
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

/// What `answer` is worth for one of the other ways to state `hunk`, if it is right for that.
fn stated_elsewhere(case: &Case, hunk: &Waiting, truth: &Truth, answer: &Answer) -> Option<Judged> {
    let (base, current) = (Lines::new(&case.base), Lines::new(&case.current));
    slid(&base, &hunk.span, &hunk.text).into_iter().find_map(|(span, text)| {
        let other = self::truth(&base, &current, &case.identity, &span, &text);
        let as_stated = Waiting { span, text, ..hunk.clone() };
        let worth = worth_of(case, hunk, &as_stated, &other, answer);
        let truth = Truth { relation: truth.relation, ..other };
        (worth != Worth::Misapplied).then(|| Judged { truth, answer: answer.clone(), worth })
    })
}

/// The place that `answer` gives an insertion, if that is between the two lines it was made between, which stand side
/// by side once in both texts and say something.
fn between_its_lines(case: &Case, hunk: &Waiting, answer: &Answer) -> Option<Range<usize>> {
    let own = rows(&hunk.span);
    let Answer::Put(range, _) = answer else { return None };
    let (base, current) = (Lines::new(&case.base), Lines::new(&case.current));
    let above = base.of(&(own.start.checked_sub(1)?..own.start));
    let below = base.of(&(own.end..(own.end + 1).min(base.count())));
    let pair = [above, below].concat();
    let mut now = current.standing(&pair);
    let (Some(there), None) = (now.next(), now.next()) else { return None };
    let is_between = own.is_empty()
        && !below.is_empty()
        && says_something(&pair)
        && base.standing(&pair).count() == 1
        && there.start + above.len() == range.start;
    is_between.then(|| range.clone())
}

fn worth(case: &Case, hunk: &Waiting, truth: &Truth, answer: &Answer) -> Worth {
    worth_of(case, hunk, hunk, truth, answer)
}

/// What the answer given for `asked` is worth, if `truth` is that of `stated`: the same hunk, be it stated elsewhere.
fn worth_of(
    case: &Case,
    asked: &Waiting,
    stated: &Waiting,
    truth: &Truth,
    answer: &Answer,
) -> Worth {
    let is_right = match answer {
        Answer::Refused(..) => return Worth::Refused,
        Answer::There => truth.there,
        Answer::Put(range, _) => truth.place.as_ref().is_some_and(|place| {
            same_result(&case.current, (place, &stated.text), (range, &asked.text))
        }),
    };
    match answer {
        _ if !is_right => Worth::Misapplied,
        Answer::There => Worth::There,
        _ => Worth::Anchored,
    }
}

/// Whether both replacements give the same text.
fn same_result(current: &[u8], one: (&Range<usize>, &[u8]), other: (&Range<usize>, &[u8])) -> bool {
    let result = |(range, text): (&Range<usize>, &[u8])| {
        semdiff::place(current, &[(range.clone(), text)]).ok()
    };
    one == other || result(one).is_some_and(|result_of_one| Some(result_of_one) == result(other))
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
    fn a_hunk_may_be_stated_at_any_of_the_lines_like_its_own() {
        // The proposal deletes the second empty line, the person the first.
        let mut case = case("a\n\n\nb\nc\n", "A\n\nb\nC\n", "a\n\nb\nc\n");
        case.waiting = vec![Waiting::new(Lines::new(&case.base).span(&(2..3)), b"")];
        case.identity = Identity { at: vec![None, None, Some(1), Some(2), None], lines: 4 };
        assert_eq!(worths(&case, vec![Answer::There]), [Worth::There]);
        let again = vec![Answer::Put(2..3, String::new())];
        assert_eq!(worths(&case, again), [Worth::Anchored]);
        // Not if both are there.
        case.identity = Identity { at: vec![None, Some(1), Some(2), None, None], lines: 4 };
        case.current = b"A\n\n\nC\n".to_vec();
        assert_eq!(worths(&case, vec![Answer::There]), [Worth::Misapplied]);
    }

    #[test]
    fn nobody_knows_which_of_two_blocks_was_moved_past_the_other() {
        let base = "one\ntwo\nthree\nfour\n";
        let mut case = case(base, "three\nfour\none\ntwo\n", "one\ntwo\nthree\nnew\nfour\n");
        // As if the first two had been kept, and the others typed anew.
        case.identity = Identity { at: vec![Some(2), Some(3), None, None], lines: 4 };
        let put = |at: usize| vec![Answer::Put(at..at, String::new())];
        assert_eq!(worths(&case, put(6)), [Worth::Disputed]);
        assert_eq!(worths(&case, put(0)), [Worth::Misapplied]);
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
