//! The laws of hunks and anchors, on random texts of few different lines, so that repeats are common.
//!
//! A person's edits are known here line by line, so the true place of each hunk is known too. Where the
//! edits happen to be a longer way round than needed (a line deleted and typed again elsewhere), the texts
//! alone cannot tell, so the law about the true place speaks of edits that are a shortest way only.

use std::ops::Range;

use model::LineSpan;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::*;

mod merging;

/// A text as lines; every line ends, except perhaps the last.
type Lines = Vec<String>;

/// Deletes `deleted` lines at `at` (a fraction of the text) and inserts `inserted`.
#[derive(Debug, Clone)]
struct Edit {
    at: f64,
    deleted: usize,
    inserted: Lines,
}

/// A text made from another by known edits.
#[derive(Debug, Clone)]
struct Edited {
    text: String,
    /// For each line, the line of the other text that it is.
    origins: Vec<Option<usize>>,
    /// How many lines the other text has.
    base_lines: usize,
}

fn line(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    (prop::sample::select(words), prop::sample::select(&["\n", "\n", "\n", "\r\n"][..]))
        .prop_map(|(word, end)| format!("{word}{end}"))
}

const FEW: &[&str] = &["a", "b", "", "  }", "𝒳é\u{1f980}"];
const FOREIGN: &[&str] = &["1", "2", "3\u{301}"];

fn text() -> impl Strategy<Value = String> {
    (prop::collection::vec(line(FEW), 0..14), prop::bool::weighted(0.2)).prop_map(
        |(lines, open)| {
            let mut text = lines.concat();
            if open && text.ends_with('\n') {
                text.pop();
            }
            text
        },
    )
}

fn edit(words: &'static [&'static str]) -> impl Strategy<Value = Edit> {
    (0.0..1.0_f64, 0..3_usize, prop::collection::vec(line(words), 0..4))
        .prop_map(|(at, deleted, inserted)| Edit { at, deleted, inserted })
}

fn edits(words: &'static [&'static str]) -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec(edit(words), 0..4)
}

fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position in a text")]
fn position(at: f64, lines: usize) -> usize {
    (at * (lines + 1) as f64) as usize
}

fn edited(base: &str, edits: &[Edit]) -> Edited {
    let mut lines: Vec<(String, Option<usize>)> =
        split(base).iter().enumerate().map(|(row, line)| ((*line).to_owned(), Some(row))).collect();
    for edit in edits {
        let at = position(edit.at, lines.len());
        let end = (at + edit.deleted).min(lines.len());
        lines.splice(at..end, edit.inserted.iter().map(|line| (line.clone(), None)));
    }
    // A last line without an ending gets one when something follows, and is then another line.
    let last = lines.len().saturating_sub(1);
    for (line, origin) in &mut lines[..last] {
        if !line.ends_with('\n') {
            line.push('\n');
            *origin = None;
        }
    }
    let origins = lines.iter().map(|(_, origin)| *origin).collect();
    let base_lines = split(base).len();
    Edited { text: lines.into_iter().map(|(line, _)| line).collect(), origins, base_lines }
}

/// How many lines two texts can share in order.
fn longest_common(one: &[&str], other: &[&str]) -> usize {
    let mut row = vec![0; other.len() + 1];
    for line in one {
        let mut diagonal = 0;
        for (at, there) in other.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if line == there { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row[other.len()]
}

fn is_shortest(base: &str, current: &Edited) -> bool {
    let kept = current.origins.iter().flatten().count();
    kept == longest_common(&split(base), &split(&current.text))
}

/// The lines of `current` that lines `rows` of base became; `None` if they were not all kept together.
fn true_place(rows: &Range<usize>, current: &Edited) -> Option<Range<usize>> {
    let at = |row: usize| current.origins.iter().position(|origin| *origin == Some(row));
    if rows.is_empty() {
        let last_above =
            current.origins.iter().rposition(|o| o.is_some_and(|row| row < rows.start));
        let first_below =
            current.origins.iter().position(|o| o.is_some_and(|row| row >= rows.start));
        let start = last_above.map_or(0, |line| line + 1);
        return (start == first_below.unwrap_or(current.origins.len())).then_some(start..start);
    }
    let start = at(rows.start)?;
    rows.clone()
        .enumerate()
        .all(|(nth, row)| at(row) == Some(start + nth))
        .then(|| start..start + rows.len())
}

fn rows(span: &LineSpan) -> Range<usize> {
    let first = span.first_line as usize;
    first..first + span.lines as usize
}

fn offset(text: &str, line: usize) -> usize {
    split(text).iter().take(line).map(|line| line.len()).sum()
}

type Stated<'t> = Vec<(LineSpan, &'t [u8])>;

fn stated<'t>(base: &str, proposal: &'t str) -> Stated<'t> {
    let hunks = hunks(base.as_bytes(), proposal.as_bytes());
    hunks.into_iter().map(|(before, after)| (before, after.of(proposal.as_bytes()))).collect()
}

/// How far out lines tell two places apart that look alike near by.
const FAR_LINES: usize = 64;

/// Whether a second place of `text` looks exactly like lines `place`, as far around as anchoring looks.
fn has_twin(text: &str, place: &Range<usize>) -> bool {
    let lines = split(text);
    let look = |start: usize| -> Vec<Option<&str>> {
        let from = start as isize - FAR_LINES as isize;
        let to = (start + place.len() + FAR_LINES) as isize;
        (from..to)
            .map(|at| usize::try_from(at).ok().and_then(|at| lines.get(at).copied()))
            .collect()
    };
    (0..=lines.len().saturating_sub(place.len()))
        .any(|start| start != place.start && look(start) == look(place.start))
}

fn lines_in(text: &[u8]) -> usize {
    text.split_inclusive(|&byte| byte == b'\n').count()
}

/// What must hold of every anchor, however the current text came about.
fn holds_anywhere(base: &str, hunks: &Stated<'_>, current: &str) -> Result<(), TestCaseError> {
    let anchors = anchor_all(base.as_bytes(), hunks, current.as_bytes());
    prop_assert_eq!(anchors.len(), hunks.len());
    let mut edits = Vec::new();
    for ((before, replacement), anchor) in hunks.iter().zip(&anchors) {
        let old = before.of(base.as_bytes());
        match anchor {
            Anchor::Unchanged(range) => {
                prop_assert_eq!(range, &before.bytes());
                prop_assert_eq!(&current[..range.end], &base[..range.end]);
            }
            Anchor::Shifted(range, down) | Anchor::Merged(range, down) => {
                prop_assert_eq!(&current.as_bytes()[range.clone()], old);
                let place = rows(&line_span(current.as_bytes(), range.clone()));
                prop_assert_eq!(place.start as i64 - i64::from(before.first_line), *down);
                prop_assert!(!has_twin(current, &place), "{place:?} has a twin");
            }
            Anchor::AlreadyThere(range) => {
                prop_assert_eq!(&current.as_bytes()[range.clone()], *replacement);
            }
            Anchor::Conflict(reason) => prop_assert!(!reason.to_string().is_empty()),
        }
        if let Some(range) = anchor.target() {
            prop_assert!(!current.is_empty() || base.is_empty(), "nothing is left of the file");
            let line_start = |at: usize| at == 0 || current.as_bytes()[at - 1] == b'\n';
            prop_assert!(line_start(range.start));
            prop_assert!(line_start(range.end) || range.end == current.len());
            let (above, below) = (&current[..range.start], &current[range.end..]);
            let after = [above.as_bytes(), replacement, below.as_bytes()].concat();
            let parts = [above.as_bytes(), replacement, below.as_bytes()];
            prop_assert_eq!(lines_in(&after), parts.map(lines_in).iter().sum::<usize>());
            edits.push((range.clone(), replacement.to_vec()));
        }
    }
    let edits = together(&edits);
    prop_assert!(place(current.as_bytes(), &edits).is_ok(), "{edits:?} overlap");
    Ok(())
}

/// The gap of `current` next to the one line beside gap `gap` of base that was kept; `None` if both or none
/// were. The ends of the text are kept lines.
fn beside_the_kept_line(gap: usize, current: &Edited) -> Option<Range<usize>> {
    let line = |row: usize| current.origins.iter().position(|origin| *origin == Some(row));
    let above = gap.checked_sub(1).map_or(Some(0), |row| line(row).map(|at| at + 1));
    let below = if gap == current.base_lines { Some(current.origins.len()) } else { line(gap) };
    let at = match (above, below) {
        (Some(at), None) | (None, Some(at)) => offset(&current.text, at),
        _ => return None,
    };
    Some(at..at)
}

/// The hunk lands where the person's edits left its place, or nowhere.
fn lands_truly(base: &str, hunks: &Stated<'_>, current: &Edited) -> Result<(), TestCaseError> {
    holds_anywhere(base, hunks, &current.text)?;
    if !is_shortest(base, current) {
        return Ok(());
    }
    for anchoring in [
        Anchoring::new(base.as_bytes(), current.text.as_bytes()),
        Anchoring::past::<&[u8]>(base.as_bytes(), &[], current.text.as_bytes()).unwrap(),
    ] {
        for (before, replacement) in hunks {
            let anchor = anchoring.anchor(before, replacement);
            let Some(range) = anchor.target() else { continue };
            let truth = true_place(&rows(before), current)
                .map(|place| offset(&current.text, place.start)..offset(&current.text, place.end));
            // An insertion may also hold on to the one line of the two that was kept.
            let held = before.lines == 0 && matches!(anchor, Anchor::Merged(..));
            let beside = || beside_the_kept_line(before.first_line as usize, current);
            let truth = if held { truth.or_else(beside) } else { truth };
            prop_assert_eq!(Some(range.clone()), truth, "{:?}", anchor);
        }
    }
    Ok(())
}

/// Different lines throughout, so that nothing repeats.
fn distinct(lines: usize) -> String {
    (0..lines).map(|line| format!("line {line}\n")).collect()
}

#[test]
fn a_place_among_equal_lines_is_told_by_lines_further_out() {
    let base = format!("b\na\na\na\n\n{}", "é🦀\n".repeat(7));
    let lines = split(&base);
    let proposal = [&lines[..8].concat(), "a\n", &lines[8..].concat()].concat();
    let hunks = stated(&base, &proposal);
    assert_eq!(hunks.len(), 1);
    let own = format!("1\n{base}");
    let anchors = anchor_all(base.as_bytes(), &hunks, own.as_bytes());
    let start = 2 + hunks[0].0.start;
    assert_eq!(anchors, [Anchor::Shifted(start..start, 1)]);
    // One more of the equal lines, and nobody can say which is which.
    let more = own.replacen("é🦀\n", "é🦀\né🦀\n", 1);
    let anchors = anchor_all(base.as_bytes(), &hunks, more.as_bytes());
    assert!(matches!(anchors.as_slice(), [Anchor::Conflict(_)]), "{anchors:?}");
}

/// Four times the cases that are asked for: these texts are small.
fn config() -> Config {
    let asked = Config::default();
    Config { failure_persistence: None, cases: asked.cases.saturating_mul(4), ..asked }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn all_hunks_give_the_proposal(base in text(), proposal in text()) {
        let hunks = stated(&base, &proposal);
        prop_assert_eq!(apply(base.as_bytes(), &hunks).unwrap(), proposal.as_bytes());
        for pair in hunks.windows(2) {
            prop_assert!(rows(&pair[0].0).end < rows(&pair[1].0).start);
        }
        for (span, _) in &hunks {
            prop_assert_eq!(line_span(base.as_bytes(), span.bytes()), *span);
        }
        let back = inverse(&crate::hunks(base.as_bytes(), proposal.as_bytes()));
        let back: Stated<'_> =
            back.into_iter().map(|(from, to)| (from, to.of(base.as_bytes()))).collect();
        prop_assert_eq!(apply(proposal.as_bytes(), &back).unwrap(), base.as_bytes());
        holds_anywhere(&base, &hunks, &base)?;
        holds_anywhere(&base, &hunks, &proposal)?;
        holds_anywhere(&proposal, &back, &base)?;
    }

    #[test]
    fn hunks_accepted_one_by_one_in_any_order_give_what_they_give_together(
        base in text(),
        changes in edits(FEW),
        keys in prop::collection::vec(any::<u32>(), 12),
        wanted in prop::collection::vec(any::<bool>(), 12),
    ) {
        let proposal = edited(&base, &changes).text;
        let hunks = stated(&base, &proposal);
        let mut order: Vec<usize> = (0..hunks.len()).filter(|&nth| wanted[nth % 12]).collect();
        order.sort_by_key(|&nth| keys[nth % 12]);
        let (mut text, mut landed) = (base.clone().into_bytes(), Stated::new());
        for nth in order {
            let (before, replacement) = hunks[nth];
            let anchoring = Anchoring::past(base.as_bytes(), &landed, &text).unwrap();
            let anchor = anchoring.anchor(&before, replacement);
            prop_assert!(matches!(anchor, Anchor::Unchanged(_)), "{anchor:?}");
            let range = anchor.target().unwrap().clone();
            text = place(&text, &[(range, replacement)]).unwrap();
            landed.push((before, replacement));
        }
        prop_assert_eq!(text, apply(base.as_bytes(), &landed).unwrap());
    }

    #[test]
    fn a_hunk_that_was_just_accepted_is_already_there(base in text(), changes in edits(FEW)) {
        let proposal = edited(&base, &changes).text;
        for (before, replacement) in stated(&base, &proposal) {
            let accepted = apply(base.as_bytes(), &[(before, replacement)]).unwrap();
            let anchor = Anchoring::new(base.as_bytes(), &accepted).anchor(&before, replacement);
            let there = before.start..before.start + replacement.len();
            prop_assert_eq!(anchor, Anchor::AlreadyThere(there));
        }
        let hunks = stated(&base, &proposal);
        let anchors = anchor_all(base.as_bytes(), &hunks, proposal.as_bytes());
        for (anchor, (_, after)) in anchors.iter().zip(crate::hunks(base.as_bytes(), proposal.as_bytes())) {
            prop_assert_eq!(anchor, &Anchor::AlreadyThere(after.bytes()));
        }
    }

    #[test]
    fn accepting_and_taking_back_is_nothing(base in text(), proposal in text()) {
        let hunks = crate::hunks(base.as_bytes(), proposal.as_bytes());
        let back: Stated<'_> =
            inverse(&hunks).into_iter().map(|(from, to)| (from, to.of(base.as_bytes()))).collect();
        let anchors = anchor_all(proposal.as_bytes(), &back, proposal.as_bytes());
        let edits: Vec<_> =
            anchors.iter().zip(&back).map(|(anchor, (_, text))| (anchor.target().unwrap().clone(), *text)).collect();
        prop_assert_eq!(place(proposal.as_bytes(), &edits).unwrap(), base.as_bytes());
    }

    #[test]
    fn never_lands_where_it_does_not_belong(
        base in text(),
        changes in edits(FEW),
        own in edits(FEW),
    ) {
        let proposal = edited(&base, &changes).text;
        lands_truly(&base, &stated(&base, &proposal), &edited(&base, &own))?;
        lands_truly(&proposal, &stated(&proposal, &base), &edited(&proposal, &own))?;
    }

    #[test]
    fn never_lands_where_it_does_not_belong_after_new_text_and_deletions(
        base in text(),
        changes in edits(FEW),
        own in edits(FOREIGN),
    ) {
        let current = edited(&base, &own);
        // New lines are new, so nothing shorter explains them; but a last line that got its ending may equal
        // a deleted one.
        prop_assert!(is_shortest(&base, &current) || !base.ends_with('\n'));
        let proposal = edited(&base, &changes).text;
        lands_truly(&base, &stated(&base, &proposal), &current)?;
    }

    #[test]
    fn without_certainty_a_kept_place_is_found_or_refused(
        base in text(),
        changes in edits(FEW),
        own in edits(FEW),
    ) {
        let proposal = edited(&base, &changes).text;
        let current = edited(&base, &own);
        let anchoring = Anchoring::uncertain(base.as_bytes(), current.text.as_bytes());
        for (before, replacement) in stated(&base, &proposal) {
            let rows = rows(&before);
            let around = rows.start.saturating_sub(1)..(rows.end + 1).min(split(&base).len());
            let anchor = anchoring.anchor(&before, replacement);
            let (Some(range), Some(place)) = (anchor.target(), true_place(&around, &current)) else { continue };
            let first = (place.start == 0) == (around.start == rows.start);
            let last = (place.end == current.origins.len()) == (around.end == rows.end);
            if base != current.text && first && last {
                let start = offset(&current.text, place.start + rows.start - around.start);
                prop_assert_eq!(range.start, start, "{:?}", anchor);
            }
        }
    }

    #[test]
    fn edits_elsewhere_never_stop_a_hunk_where_nothing_repeats(
        first in 1..30_usize,
        replaced in 0..3_usize,
        insert in any::<bool>(),
        own in edits(FOREIGN),
    ) {
        let base = distinct(34);
        let text = if insert || replaced == 0 { "new\n" } else { "" };
        let before = line_span(base.as_bytes(), offset(&base, first)..offset(&base, first + replaced));
        let current = edited(&base, &own);
        let around = first - 1..first + replaced + 1;
        let anchor = Anchoring::new(base.as_bytes(), current.text.as_bytes()).anchor(&before, text.as_bytes());
        match true_place(&around, &current) {
            Some(place) => {
                let start = offset(&current.text, place.start + 1);
                let end = offset(&current.text, place.end - 1);
                prop_assert_eq!(anchor.target(), Some(&(start..end)), "{:?}", anchor);
            }
            None if replaced == 0 => {
                let landed = anchor.target().cloned();
                let beside = beside_the_kept_line(first, &current);
                prop_assert!(landed.is_none() || landed == beside, "{:?}", anchor);
            }
            None => {
                let own = first..first + replaced;
                let one_side = [first - 1..own.end, first..own.end + 1];
                let touched = one_side.iter().any(|rows| true_place(rows, &current).is_some());
                let place = true_place(&own, &current).filter(|_| touched);
                let expected =
                    place.map(|place| offset(&current.text, place.start)..offset(&current.text, place.end));
                prop_assert_eq!(anchor.target(), expected.as_ref(), "{:?}", anchor);
            }
        }
    }

    #[test]
    fn any_two_texts_anchor_without_harm(base in text(), proposal in text(), current in text()) {
        holds_anywhere(&base, &stated(&base, &proposal), &current)?;
    }

    #[test]
    fn any_bytes_and_spans_are_answered(
        base in prop::collection::vec(prop::sample::select(&b"a\n\r\xEF\xBB\xBF\x00"[..]), 0..12),
        current in prop::collection::vec(prop::sample::select(&b"a\n\r\xEF\xBB\xBF\x00"[..]), 0..12),
        replacement in prop::collection::vec(prop::sample::select(&b"a\n"[..]), 0..4),
        (start, end, first_line, lines) in (0..14_usize, 0..14_usize, 0..9_u32, 0..9_u32),
    ) {
        let span = LineSpan { start, end, first_line, lines };
        let anchor = Anchoring::new(&base, &current).anchor(&span, &replacement);
        if anchor.target().is_some() {
            prop_assert_eq!(line_span(&base, span.bytes()), span);
        }
    }
}
