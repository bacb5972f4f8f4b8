//! Hunks as diagnostics, and which files owe the client an empty list.

use std::collections::{BTreeMap, BTreeSet};

use engine::BoardChange;
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range,
};
use model::{ChangeSetId, Decision, ProposalSeverity};
use ropey::Rope;
use serde_json::json;

use crate::placement::{Drift, Place, PlacedHunk, denial};
use crate::position::{self, Encoding};
use crate::prose;

/// The source every diagnostic carries.
pub(crate) const SOURCE: &str = "countersign";
/// How many other hunks of its ChangeSet a diagnostic points to.
const RELATED_MAX: usize = 20;
/// How many such pointers all diagnostics of a file have together: 200 with 20 each are a megabyte at each pause.
const RELATED_PER_FILE_MAX: usize = 400;
/// How many diagnostics a file gets.
pub(crate) const PER_FILE_MAX: usize = 200;
const _: () = assert!(PER_FILE_MAX == 200, "as people are told");
const TOO_MANY: &str = "an editor is told of 200 in a file";
const TITLE_MAX: usize = 80;
const REASON_MAX: usize = 160;

/// Where the hunks of a ChangeSet are, for those that point to each other.
pub(crate) type Places<'a> = &'a dyn Fn(&BoardChange, u32) -> Option<Location>;

/// What the diagnostics of a document are made of.
pub(crate) struct Shown<'a> {
    /// The text.
    pub text: &'a Rope,
    /// The hunks in it.
    pub placed: &'a [&'a PlacedHunk],
    /// The client's unit of columns.
    pub encoding: Encoding,
    /// How a proposal counts.
    pub severity: ProposalSeverity,
    /// What is said of proofs.
    pub proofs: &'a Proofs,
    /// How many more hunks wait here and are not among them, and why.
    pub unseen: Vec<(usize, &'static str)>,
    /// Where the other hunks are, if diagnostics point to each other.
    pub related: Option<Places<'a>>,
}

/// What is known of proofs beside those that were made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Proofs {
    /// The ChangeSets that are being proved.
    pub under_way: BTreeSet<ChangeSetId>,
}

/// Whether a ChangeSet was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proved {
    /// It was.
    Yes,
    /// It is being proved.
    UnderWay,
    /// Nobody did.
    No,
}

impl Proofs {
    /// Whether a ChangeSet was proved.
    pub(crate) fn of(&self, change: &BoardChange) -> Proved {
        if self.under_way.contains(&change.changeset.id) {
            Proved::UnderWay
        } else if change.state.proof.is_some() {
            Proved::Yes
        } else {
            Proved::No
        }
    }
}

/// What diagnostics that point to each other need.
struct Related<'a> {
    places: Places<'a>,
    /// How many others each points to.
    most: usize,
    /// The hunks that wait, in order, of each ChangeSet that has one here.
    waiting: BTreeMap<ChangeSetId, Vec<u32>>,
}

/// The diagnostics of a document.
pub(crate) fn of(shown: &Shown<'_>) -> Vec<Diagnostic> {
    let waiting = || shown.placed.iter().filter(|hunk| hunk.place.waits()).take(PER_FILE_MAX);
    let pointers = (RELATED_PER_FILE_MAX / waiting().count().max(1)).min(RELATED_MAX);
    let changes: BTreeMap<ChangeSetId, &BoardChange> =
        waiting().map(|hunk| (hunk.change.changeset.id, &*hunk.change)).collect();
    let related = shown.related.map(|places| Related {
        places,
        most: pointers,
        waiting: changes.iter().map(|(id, change)| (*id, change.state.waiting())).collect(),
    });
    let inline = waiting().map(|hunk| one(shown, hunk, related.as_ref()));
    let over = over_the_limit(shown.placed.iter().copied());
    let over = (over > 0).then_some((over, TOO_MANY));
    let unseen: Vec<_> = shown.unseen.iter().copied().chain(over).collect();
    let conflicts = conflicts(shown.placed.iter().copied());
    let conflicts = conflicts.iter().map(|hunks| listed(hunks));
    not_shown(&unseen).into_iter().chain(conflicts).chain(inline).collect()
}

/// How many of these hunks wait and get no diagnostic, because they are too many for a file.
pub(crate) fn over_the_limit<'p>(placed: impl Iterator<Item = &'p PlacedHunk>) -> usize {
    placed.filter(|hunk| hunk.place.waits()).count().saturating_sub(PER_FILE_MAX)
}

/// At the top of the file: how many hunks wait that are not shown, why, and what has them.
fn not_shown(unseen: &[(usize, &str)]) -> Option<Diagnostic> {
    let count = unseen.iter().map(|(count, _)| count).sum();
    if count == 0 {
        return None;
    }
    let reasons: Vec<&str> = unseen.iter().map(|(_, why)| *why).collect();
    let (hunks, verbs) = match count {
        1 => ("1 hunk".to_owned(), "waits in this file and is"),
        _ => (prose::count(count, "hunk"), "wait in this file and are"),
    };
    let reasons = reasons.join(", and ");
    let message = format!("{hunks} {verbs} not shown: {reasons}; `countersign review` has all");
    Some(Diagnostic {
        range: Range::default(),
        severity: Some(DiagnosticSeverity::INFORMATION),
        source: Some(SOURCE.to_owned()),
        message,
        data: Some(json!({ "hidden": count })),
        ..Diagnostic::default()
    })
}

/// The hunks that have no place any more, by ChangeSet.
pub(crate) fn conflicts<'p>(
    placed: impl Iterator<Item = &'p PlacedHunk>,
) -> Vec<Vec<&'p PlacedHunk>> {
    let mut changes: Vec<Vec<&PlacedHunk>> = Vec::new();
    for hunk in placed.filter(|hunk| matches!(hunk.place, Place::Nowhere { .. })) {
        let same = |hunks: &&mut Vec<&PlacedHunk>| {
            hunks.iter().any(|known| known.change.changeset.id == hunk.change.changeset.id)
        };
        match changes.iter_mut().find(same) {
            Some(hunks) => hunks.push(hunk),
            None => changes.push(vec![hunk]),
        }
    }
    changes
}

/// At the top of the file: which hunks of a ChangeSet are in conflict, and why the first is.
fn listed(hunks: &[&PlacedHunk]) -> Diagnostic {
    let Some(first) = hunks.first() else { return Diagnostic::default() };
    let ordinals: Vec<u32> = hunks.iter().map(|hunk| hunk.ordinal).collect();
    let Place::Nowhere { reason } = &first.place else { return Diagnostic::default() };
    let (what, verb) = match (first.is_adopted(), hunks.len()) {
        (true, 1) => ("adopted hunk", "was edited since"),
        (true, _) => ("adopted hunk", "were edited since"),
        (false, 1) => ("proposed hunk", "no longer fits"),
        (false, _) => ("proposed hunk", "no longer fit"),
    };
    let title = prose::one_line(&first.change.changeset.title, TITLE_MAX);
    let message = format!("{} {verb}: {reason} ({title})", prose::count(hunks.len(), what));
    let changeset = first.change.changeset.id;
    Diagnostic {
        range: Range::default(),
        severity: Some(DiagnosticSeverity::INFORMATION),
        code: Some(NumberOrString::String(code(&first.change, first.ordinal))),
        source: Some(SOURCE.to_owned()),
        message,
        data: Some(json!({ "changeset": changeset, "conflicts": ordinals })),
        ..Diagnostic::default()
    }
}

fn one(shown: &Shown<'_>, hunk: &PlacedHunk, related: Option<&Related<'_>>) -> Diagnostic {
    let severity = match (hunk.denial(), shown.severity) {
        (Some(_), _) | (None, ProposalSeverity::Warning) => DiagnosticSeverity::WARNING,
        (None, ProposalSeverity::Information) => DiagnosticSeverity::INFORMATION,
        (None, ProposalSeverity::Hint) => DiagnosticSeverity::HINT,
    };
    Diagnostic {
        range: position::shown(shown.text, &hunk.place.bytes(), shown.encoding),
        severity: Some(severity),
        code: Some(NumberOrString::String(code(&hunk.change, hunk.ordinal))),
        source: Some(SOURCE.to_owned()),
        message: message(hunk, shown.proofs),
        related_information: related.and_then(|related| others(hunk, related)),
        data: Some(json!({ "changeset": hunk.change.changeset.id, "hunk": hunk.ordinal })),
        ..Diagnostic::default()
    }
}

/// The name of a hunk: what the command line takes, too.
pub(crate) fn code(change: &BoardChange, ordinal: u32) -> String {
    format!("{}/{ordinal}", change.changeset.id.short())
}

/// One line: what it is, or who changed it without asking, how it stands if not as usual, how risky, what policy says.
fn message(placed: &PlacedHunk, proofs: &Proofs) -> String {
    let (change, ordinal) = (&placed.change, placed.ordinal);
    let total = change.state.hunks.len();
    let mut message = if placed.is_adopted() {
        let who = prose::one_line(&change.changeset.origin.name, TITLE_MAX);
        let own = if placed.is_mixed() { ", with edits of your own in it" } else { "" };
        format!("changed by {who}{own}, not reviewed")
    } else {
        prose::one_line(&change.changeset.title, TITLE_MAX)
    };
    if total > 1 {
        message.push_str(&format!(" (hunk {ordinal} of {total})"));
    }
    match placed.place {
        Place::Landed { .. } => {
            message.push_str(", already in the text");
            return message;
        }
        Place::Proposed { drift: Drift::Beside, .. } => {
            message.push_str(", beside text changed since");
        }
        _ => {}
    }
    if let Some(review) = &change.review {
        message.push_str(&format!(", risk {} {}", review.risk.score, review.risk.level.word()));
    }
    if proofs.of(change) == Proved::UnderWay {
        message.push_str(", being proved");
    }
    match (denial(change), &change.verdict) {
        (Some(Some(reason)), _) => {
            let why = prose::one_line(&reason.message, REASON_MAX);
            message.push_str(&format!(", denied: {why} ({})", reason.rule));
        }
        (Some(None), _) => message.push_str(", denied"),
        (None, Some(verdict)) if verdict.decision == Decision::Allow => {
            message.push_str(", allowed by policy");
        }
        (None, Some(_)) => message.push_str(", needs a person"),
        (None, None) => message.push_str(", not judged yet"),
    }
    message
}

/// The other waiting hunks of a ChangeSet, at most so many: all, or those that come next, and from the first again.
fn others(hunk: &PlacedHunk, related: &Related<'_>) -> Option<Vec<DiagnosticRelatedInformation>> {
    let waiting = related.waiting.get(&hunk.change.changeset.id)?;
    let next = match waiting.len() > related.most {
        true => waiting.partition_point(|ordinal| *ordinal <= hunk.ordinal),
        false => 0,
    };
    let from_next = waiting.iter().cycle().skip(next).take(waiting.len());
    let pointers: Vec<_> = from_next
        .filter(|ordinal| **ordinal != hunk.ordinal)
        .filter_map(|ordinal| {
            let location = (related.places)(&hunk.change, *ordinal)?;
            let message = format!("hunk {ordinal} of the same change");
            Some(DiagnosticRelatedInformation { location, message })
        })
        .take(related.most)
        .collect();
    (!pointers.is_empty()).then_some(pointers)
}

/// The lines of a hunk in the text it was captured against, for files that are not open.
pub(crate) fn captured_range(change: &BoardChange, ordinal: u32) -> Option<Range> {
    let (_, hunk) = change.changeset.hunk(ordinal)?;
    let line = |line: u32| lsp_types::Position { line, character: 0 };
    let last = hunk.before.first_line + hunk.before.lines;
    Some(Range { start: line(hunk.before.first_line), end: line(last) })
}

#[cfg(test)]
impl<'a> Shown<'a> {
    /// With everything else as it is if nobody says otherwise.
    pub(crate) fn new(text: &'a Rope, placed: &'a [&'a PlacedHunk]) -> Self {
        static NONE: Proofs = Proofs { under_way: BTreeSet::new() };
        let (encoding, severity) = (Encoding::Utf16, ProposalSeverity::default());
        Self { text, placed, encoding, severity, proofs: &NONE, unseen: vec![], related: None }
    }
}

#[cfg(test)]
mod tests {
    use engine::Board;
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{self, Sketch};
    use crate::placement;

    fn check(sketch: Sketch, buffer: &str, expected: Expect) {
        check_with(sketch, buffer, &Proofs::default(), expected);
    }

    fn check_with(sketch: Sketch, buffer: &str, proofs: &Proofs, expected: Expect) {
        let board = Board { seq: 1, changes: vec![sketch.on_board()], ..Board::default() };
        let placed = placement::place(&"a.rs".parse().unwrap(), buffer, &board);
        let placed: Vec<&PlacedHunk> = placed.iter().collect();
        let text = Rope::from_str(buffer);
        let items = of(&Shown { proofs, ..Shown::new(&text, &placed) });
        let shown: String = items
            .iter()
            .map(|item| {
                let (from, to) = (item.range.start, item.range.end);
                let severity = item.severity.unwrap();
                format!(
                    "{}:{}-{}:{} {severity:?} {}\n",
                    from.line, from.character, to.line, to.character, item.message
                )
            })
            .collect();
        expected.assert_eq(&shown);
    }

    #[test]
    fn one_line_says_what_how_risky_and_what_policy_says() {
        check(
            Sketch::new("a.rs", "a\nb\nc\nd\n", "a\nB\nc\nd\ne\n").judged(34, Decision::Review),
            "a\nb\nc\nd\n",
            expect![[r#"
                1:0-1:1 Information Tidy a.rs (hunk 1 of 2), risk 34 medium, needs a person
                3:0-3:1 Information Tidy a.rs (hunk 2 of 2), risk 34 medium, needs a person
            "#]],
        );
    }

    #[test]
    fn a_denied_change_is_a_warning_with_the_reason() {
        check(
            Sketch::new("a.rs", "a\n", "b\n").judged(80, Decision::Deny),
            "a\n",
            expect![[r#"
                0:0-0:1 Warning Tidy a.rs, risk 80 critical, denied: the fixture says so (fixture.rule)
            "#]],
        );
    }

    #[test]
    fn how_a_hunk_stands_is_said_where_it_is_not_as_usual() {
        let sketch = || Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n").judged(34, Decision::Review);
        check(
            sketch(),
            "new\na\nb\nc\n",
            expect![[r#"
                2:0-2:1 Information Tidy a.rs, risk 34 medium, needs a person
            "#]],
        );
        check(
            sketch(),
            "mine\nb\nc\n",
            expect![[r#"
                1:0-1:1 Information Tidy a.rs, beside text changed since, risk 34 medium, needs a person
            "#]],
        );
        check(
            sketch(),
            "a\nB\nc\n",
            expect![[r#"
                1:0-1:1 Information Tidy a.rs, already in the text
            "#]],
        );
        let mut proofs = Proofs::default();
        proofs.under_way.insert(sketch().on_board().changeset.id);
        check_with(
            sketch(),
            "a\nb\nc\n",
            &proofs,
            expect![[r#"
                1:0-1:1 Information Tidy a.rs, risk 34 medium, being proved, needs a person
            "#]],
        );
    }

    #[test]
    fn what_is_too_much_for_a_file_is_counted() {
        let lines = |from: &str| -> String { (0..210).map(|n| format!("{from}{n}\n\n")).collect() };
        let (before, after) = (lines("a"), lines("b"));
        let change = Sketch::new("a.rs", &before, &after).on_board();
        let board = Board { seq: 1, changes: vec![change], ..Board::default() };
        let placed = placement::place(&"a.rs".parse().unwrap(), &before, &board);
        let placed: Vec<&PlacedHunk> = placed.iter().collect();
        let items = of(&Shown::new(&Rope::from_str(&before), &placed));
        assert_eq!(items.len(), 1 + PER_FILE_MAX);
        expect![[r#"10 hunks wait in this file and are not shown: an editor is told of 200 in a file; `countersign review` has all"#]]
            .assert_eq(&items[0].message);
        assert_eq!(over_the_limit(placed.into_iter()), 10);
    }

    #[test]
    fn a_deletion_is_shown_on_the_first_line() {
        let board = Board {
            seq: 1,
            changes: vec![fixture::deletion("a.rs", "a\nb\n")],
            ..Board::default()
        };
        let placed = placement::place(&"a.rs".parse().unwrap(), "a\nb\n", &board);
        let placed: Vec<&PlacedHunk> = placed.iter().collect();
        let items = of(&Shown::new(&Rope::from_str("a\nb\n"), &placed));
        assert_eq!(items.len(), 1);
        assert_eq!((items[0].range.start.line, items[0].range.end.line), (0, 0));
    }
}
