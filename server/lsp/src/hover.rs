//! What a person reads at a hunk: the difference, the reasons and how to act. Bounded.

use engine::BoardChange;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use model::{Content, EntityChange, FileChange, Finding, Hunk, HunkKind, Severity};
use ropey::Rope;

use crate::diagnostics::{Proofs, Proved, code};
use crate::difference;
use crate::placement::{Drift, Place, PlacedHunk, denial};
use crate::position::{self, Encoding};
use crate::prose;

/// How many bytes a hover may have.
pub(crate) const HOVER_BYTES_MAX: usize = 8 << 10;
/// How many hunks a hover shows.
const HUNKS_MAX: usize = 3;
const DIFF_LINES_MAX: usize = 40;
const RATIONALE_BYTES_MAX: usize = 1200;
const FINDINGS_MAX: usize = 8;
const REASONS_MAX: usize = 6;
const TITLE_MAX: usize = 120;
const SENTENCE_MAX: usize = 240;

/// Where somebody wants to read of hunks, and how.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The text.
    pub text: &'a Rope,
    /// The hunks in it.
    pub placed: &'a [PlacedHunk],
    /// What is known of proofs.
    pub proofs: &'a Proofs,
    /// Where.
    pub at: Position,
    /// The client's unit of columns.
    pub encoding: Encoding,
    /// How the client wants it.
    pub kind: MarkupKind,
}

/// The hover: of every hunk on that line, those that wait first; at the top of the text also of those without a place.
///
/// # Cost
/// The texts of a few hunks are compared.
pub(crate) fn at(asked: &Asked<'_>) -> Option<Hover> {
    let (text, at) = (asked.text, asked.at);
    let range = |hunk: &PlacedHunk| position::shown(text, &hunk.place.bytes(), asked.encoding);
    let near = position::around(text, at.line, at.line);
    let on_line = |hunk: &&PlacedHunk| {
        let bytes = hunk.place.bytes();
        if bytes.start > *near.end() || bytes.end < *near.start() {
            return false;
        }
        let range = range(hunk);
        (range.start.line..=range.end.line).contains(&at.line)
    };
    // What was accepted and is not there as it was is shown nowhere, so it explains nothing.
    let shown = asked.placed.iter().filter(|hunk| !matches!(hunk.place, Place::Settled { .. }));
    let mut hunks: Vec<&PlacedHunk> = shown.filter(on_line).collect();
    hunks.sort_by_key(|hunk| match hunk.place {
        Place::Undone { .. } => 3,
        Place::Accepted { .. } => 2,
        Place::Nowhere { .. } => 1,
        _ => 0,
    });
    let first = hunks.first()?;
    let one = |hunk: &&PlacedHunk| one(hunk, asked.proofs.of(&hunk.change));
    let shown: Vec<String> = hunks.iter().take(HUNKS_MAX).map(one).collect();
    let mut value = shown.join("\n---\n\n");
    if hunks.len() > HUNKS_MAX {
        let more = prose::count(hunks.len() - HUNKS_MAX, "more hunk");
        value.push_str(&format!("\n---\n\n{more} on this line: `countersign list` names them.\n"));
    }
    let note = "\n```\n\n… cut: `countersign show` has all of it.\n";
    let value = prose::bounded(value, HOVER_BYTES_MAX, note);
    let contents = HoverContents::Markup(MarkupContent { kind: asked.kind.clone(), value });
    Some(Hover { contents, range: Some(range(first)) })
}

/// Everything about one hunk, in Markdown that reads as plain text, too; of one that was taken out again only what it was.
fn one(placed: &PlacedHunk, proved: Proved) -> String {
    let Some((file, hunk)) = placed.hunk() else { return String::new() };
    let change = &placed.change;
    let mut out = String::new();
    let title = prose::escaped(&prose::one_line(&change.changeset.title, TITLE_MAX));
    out.push_str(&format!("**{title}**\n\n"));
    out.push_str(&format!("{}\n\n", headline(change, file, hunk)));
    if !matches!(placed.place, Place::Undone { .. }) {
        out.push_str(&rationale(&change.changeset.rationale));
        out.push_str(&diff(change, file, hunk));
        out.push_str(&standing(placed));
        out.push_str(&judgement(change, file, hunk, proved));
    }
    out.push_str(&how(placed));
    out
}

fn headline(change: &BoardChange, file: &FileChange, hunk: &Hunk) -> String {
    let origin = prose::escaped(&prose::one_line(&change.changeset.origin.to_string(), TITLE_MAX));
    let total = change.state.hunks.len();
    let mut line = format!("from {origin}, hunk {} of {total}", hunk.ordinal);
    if let Some(entity) = &hunk.entity {
        line.push_str(&format!(", in {}", prose::code_span(&prose::one_line(entity, TITLE_MAX))));
        if let Some(what) = entity_change(change, file, entity) {
            line.push_str(&format!(" ({what})"));
        }
    }
    if let Some(state) = change.state.hunks.get(&hunk.ordinal) {
        line.push_str(&format!(", {}", state.word()));
    }
    line
}

fn entity_change(change: &BoardChange, file: &FileChange, entity: &str) -> Option<String> {
    let entities = &change.review.as_ref()?.entities;
    let here = |e: &&EntityChange| e.path == file.path && e.name == entity;
    let entity = entities.iter().find(here)?;
    let aspects: Vec<String> =
        entity.aspects.iter().map(|aspect| format!("{aspect:?}").to_lowercase()).collect();
    let what = format!("{:?}", entity.change).to_lowercase();
    let public = if entity.public { "public " } else { "" };
    let of = if aspects.is_empty() { String::new() } else { format!(": {}", aspects.join(", ")) };
    Some(format!("{public}{} {what}{of}", entity.kind.word()))
}

/// The proposer's words, quoted so that they are not taken for ours.
fn rationale(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let text = prose::bounded(prose::visible(text.trim()), RATIONALE_BYTES_MAX, "\n…");
    let lines = text.lines().map(|line| format!("> {}\n", prose::escaped(line)));
    lines.chain(std::iter::once("\n".to_owned())).collect()
}

fn diff(change: &BoardChange, file: &FileChange, hunk: &Hunk) -> String {
    let texts = change.texts.get(&file.path);
    let (mut out, lines) = match (hunk.kind, texts) {
        (HunkKind::Lines, Some((Some(before), Some(after)))) => {
            (String::new(), difference::lines(hunk.before.of(before), hunk.after.of(after)))
        }
        (HunkKind::Lines, _) => return "Its text is missing from the blob store.\n\n".to_owned(),
        (HunkKind::Whole, texts) => {
            let from = file.old_path.as_ref().map(ToString::to_string);
            let from = from.map(|old| {
                format!(" from {}", prose::code_span(&prose::one_line(&old, TITLE_MAX)))
            });
            let what = format!("{:?}", file.change).to_lowercase();
            let headline = format!("The file as one: {what}{}\n\n", from.unwrap_or_default());
            let lines = match (file.content, texts) {
                (Content::Text, Some((Some(before), Some(after)))) => {
                    difference::lines(before, after)
                }
                _ => Vec::new(),
            };
            (headline, lines)
        }
    };
    if lines.is_empty() {
        return out;
    }
    let left_out = lines.len().saturating_sub(DIFF_LINES_MAX);
    let shown: String = lines.into_iter().take(DIFF_LINES_MAX).collect();
    // Each line has its sign in front, so none of them can close the fence.
    out.push_str(&format!("```diff\n{shown}```\n\n"));
    if left_out > 0 {
        out.push_str(&format!("{} more in the difference.\n\n", prose::count(left_out, "line")));
    }
    out
}

/// How it stands in the text, if not as it was captured.
fn standing(placed: &PlacedHunk) -> String {
    let how = match &placed.place {
        Place::Proposed { drift: Drift::Moved, .. } => "It has moved since it was captured.",
        Place::Proposed { drift: Drift::Beside, .. } => {
            "Text that touches it was changed since it was captured."
        }
        Place::Nowhere { reason } => {
            let verb = if placed.is_adopted() { "was edited since" } else { "no longer fits" };
            let reason = prose::escaped(&prose::one_line(reason, SENTENCE_MAX));
            return format!("It {verb}: {reason}.\n\n");
        }
        _ => return String::new(),
    };
    format!("{how}\n\n")
}

fn judgement(change: &BoardChange, file: &FileChange, hunk: &Hunk, proved: Proved) -> String {
    let mut out = String::new();
    let sentence = |text: &str| prose::escaped(&prose::one_line(text, SENTENCE_MAX));
    if let Some(review) = &change.review {
        let risk = &review.risk;
        out.push_str(&format!("Risk {} {}\n\n", risk.score, risk.level.word()));
        for reason in risk.reasons.iter().take(REASONS_MAX) {
            out.push_str(&format!("- {:+} {}\n", reason.points, sentence(&reason.text)));
        }
        if !risk.reasons.is_empty() {
            out.push('\n');
        }
        let touches = |finding: &&Finding| {
            let last = hunk.after.first_line + hunk.after.lines.max(1);
            finding.path == file.path
                && (hunk.kind == HunkKind::Whole
                    || (finding.first_line < last
                        && hunk.after.first_line < finding.first_line + finding.lines.max(1)))
        };
        let mut findings: Vec<&Finding> = review.findings.iter().filter(touches).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        for finding in findings.iter().take(FINDINGS_MAX) {
            let (severity, rule) = (finding.severity, prose::code_span(&finding.rule));
            out.push_str(&format!("- {severity}: {} ({rule})\n", sentence(&finding.message)));
        }
        if !findings.is_empty() {
            out.push('\n');
        }
    }
    if proved == Proved::UnderWay {
        out.push_str("It is being proved now.\n\n");
    }
    if change.state.proof.is_some() || proved == Proved::No {
        out.push_str(&proof(change));
    }
    match &change.verdict {
        None => out.push_str("Policy has not judged it yet.\n\n"),
        Some(verdict) => {
            out.push_str(&format!("Policy: {}\n\n", verdict.decision));
            let telling = verdict.reasons.iter().filter(|reason| reason.severity >= Severity::Note);
            for reason in telling.take(REASONS_MAX) {
                let (decision, rule) = (reason.decision, prose::code_span(&reason.rule));
                out.push_str(&format!("- {decision}: {} ({rule})\n", sentence(&reason.message)));
            }
            if !verdict.reasons.is_empty() {
                out.push('\n');
            }
        }
    }
    out
}

/// What was proved. Whether that is so of the files as they are now takes a look at all of them.
fn proof(change: &BoardChange) -> String {
    let Some(proof) = &change.state.proof else {
        return "Unproven: nobody ran its gates.\n\n".to_owned();
    };
    let summary = &proof.summary;
    let mut out = format!("Proof {}\n\n", proof.digest.short());
    for gate in summary.gates.iter().take(REASONS_MAX) {
        let reason = prose::escaped(&prose::one_line(&gate.reason, SENTENCE_MAX));
        out.push_str(&format!("- {}: {reason}\n", prose::code_span(gate.id.as_str())));
    }
    if summary.broken_base_tests > 0 {
        let broken = usize::try_from(summary.broken_base_tests).unwrap_or(usize::MAX);
        out.push_str(&format!("- {} of the base broken\n", prose::count(broken, "test")));
    }
    if let Some(percent) = summary.mutation_percent {
        out.push_str(&format!("- {percent} of 100 deliberate mistakes noticed\n"));
    }
    out.push('\n');
    out
}

fn how(placed: &PlacedHunk) -> String {
    let code = code(&placed.change, placed.ordinal);
    match placed.place {
        Place::Accepted { .. } | Place::Settled { .. } => {
            return format!(
                "Accepted. Take it out again by a code action or `countersign undo {code}`.\n"
            );
        }
        Place::Undone { .. } if denial(&placed.change).is_some() => {
            return "Taken out again, and denied by now.\n".to_owned();
        }
        Place::Undone { .. } => {
            return format!(
                "Taken out again. Put it in once more by a code action or `countersign accept {code}`.\n"
            );
        }
        Place::Nowhere { .. } => {
            let change = placed.change.changeset.id.short();
            return format!(
                "Have what waits of the change stated anew by a code action on the first line or `countersign repropose {change}`.\n"
            );
        }
        Place::Landed { .. } if denial(&placed.change).is_none() => {
            return format!(
                "It is in the text already. Record that by a code action or `countersign accept {code}`, which writes nothing.\n"
            );
        }
        _ => {}
    }
    if placed.is_adopted() {
        let own = if placed.is_mixed() { " It also holds edits of your own." } else { "" };
        return format!(
            "It is in the text already.{own} Mark it as reviewed by a code action or `countersign accept {code}`, \
             or take it out by `countersign reject {code}`.\n"
        );
    }
    if denial(&placed.change).is_some() {
        return format!(
            "It cannot be accepted. Reject it by a code action or `countersign reject {code}`.\n"
        );
    }
    format!("Accept or reject it by a code action or `countersign accept {code}`.\n")
}

/// The answer to "why": the judgement in one message of plain text.
pub(crate) fn why(change: &BoardChange) -> String {
    let mut out = prose::one_line(&change.changeset.title, TITLE_MAX);
    if let Some(review) = &change.review {
        out.push_str(&format!(": risk {} {}", review.risk.score, review.risk.level.word()));
        let reasons = review.risk.reasons.iter().take(REASONS_MAX);
        let reasons: Vec<String> = reasons
            .map(|reason| {
                format!("{:+} {}", reason.points, prose::one_line(&reason.text, SENTENCE_MAX))
            })
            .collect();
        if !reasons.is_empty() {
            out.push_str(&format!(" ({})", reasons.join("; ")));
        }
    }
    match &change.verdict {
        None => out.push_str("; not judged yet"),
        Some(verdict) => {
            out.push_str(&format!("; policy: {}", verdict.decision));
            for reason in verdict.reasons.iter().take(REASONS_MAX) {
                let message = prose::one_line(&reason.message, SENTENCE_MAX);
                out.push_str(&format!("; {}: {message} ({})", reason.decision, reason.rule));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use engine::Board;
    use expect_test::{Expect, expect};
    use model::Decision;

    use super::*;
    use crate::fixture::{self, Sketch};
    use crate::placement;

    fn hover(sketch: Sketch, buffer: &str, line: u32) -> Option<String> {
        let board = Board { seq: 1, changes: vec![sketch.on_board()], ..Board::default() };
        let placed = placement::place(&"a.rs".parse().unwrap(), buffer, &board);
        let hover = super::at(&Asked {
            text: &Rope::from_str(buffer),
            placed: &placed,
            proofs: &Proofs::default(),
            at: Position::new(line, 0),
            encoding: Encoding::Utf16,
            kind: MarkupKind::Markdown,
        })?;
        match hover.contents {
            HoverContents::Markup(markup) => Some(markup.value),
            other => panic!("not markup: {other:?}"),
        }
    }

    fn check(sketch: Sketch, buffer: &str, line: u32, expected: Expect) {
        // The id is a digest of the fixture's text; only its place matters here.
        let id = sketch.on_board().changeset.id.short();
        expected.assert_eq(&hover(sketch, buffer, line).unwrap_or_default().replace(&id, "ID"));
    }

    #[test]
    fn a_hunk_is_explained() {
        let mut sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n").judged(34, Decision::Review);
        sketch.rationale = "Because [x](y).\n# Not a heading".into();
        check(
            sketch,
            "a\nb\nc\n",
            1,
            expect![[r#"
                **Tidy a.rs**

                from recipe tidy, hunk 1 of 1, proposed

                > Because \[x](y).
                > \# Not a heading

                ```diff
                -b
                +B
                ```

                Risk 34 medium

                - +34 it is a fixture

                Unproven: nobody ran its gates.

                Policy: review

                - review: the fixture says so (`fixture.rule`)

                Accept or reject it by a code action or `countersign accept ID/1`.
            "#]],
        );
    }

    #[test]
    fn names_read_as_they_are_written() {
        let mut sketch = Sketch::new("a.rs", "a\n", "b\n");
        sketch.rationale = "Tracker.is_stale calls __eq__ (entropy 1.00).".into();
        let text = hover(sketch, "a\n", 0).unwrap();
        assert!(text.contains("> Tracker.is_stale calls `__eq__` (entropy 1.00).\n"), "{text}");
    }

    #[test]
    fn what_was_taken_out_or_edited_since_is_no_noise() {
        let mut sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n");
        sketch.states = vec![fixture::undone()];
        check(
            sketch,
            "a\nb\nc\n",
            1,
            expect![[r#"
                **Tidy a.rs**

                from recipe tidy, hunk 1 of 1, undone

                Taken out again. Put it in once more by a code action or `countersign accept ID/1`.
            "#]],
        );
        let mut sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n");
        sketch.states = vec![fixture::accepted(true)];
        check(sketch, "a\nmine\nc\n", 1, expect![""]);
    }

    #[test]
    fn how_a_hunk_stands_is_told_with_the_way_forward() {
        let ends = |buffer: &str, line, expected: &str| {
            let sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n");
            let id = sketch.on_board().changeset.id.short();
            let text = hover(sketch, buffer, line).unwrap().replace(&id, "ID");
            assert!(text.contains(expected), "{text}");
        };
        ends("new\na\nb\nc\n", 2, "It has moved since it was captured.");
        ends("mine\nb\nc\n", 1, "Text that touches it was changed since it was captured.");
        ends("a\nB\nc\n", 1, "It is in the text already. Record that by a code action");
        ends("a\nmine\nc\n", 0, "It no longer fits: ");
        ends("a\nmine\nc\n", 0, "or `countersign repropose ID`.");
    }

    #[test]
    fn elsewhere_there_is_nothing() {
        check(Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n"), "a\nb\nc\n", 0, expect![""]);
    }

    #[test]
    fn a_huge_hunk_is_bounded() {
        let long = "x".repeat(5000);
        let after: String = (0..500).map(|n| format!("{n} {long}\n")).collect();
        let mut sketch = Sketch::new("a.rs", "a\n", &after);
        sketch.rationale = "word \n".repeat(10_000);
        let text = hover(sketch, "a\n", 0).unwrap();
        assert!(text.len() <= HOVER_BYTES_MAX + 100, "{}", text.len());
    }

    #[test]
    fn nothing_hides_in_a_difference() {
        let sketch = Sketch::new("a.rs", "a\n", "a\u{202e}b\n");
        assert!(hover(sketch, "a\n", 0).unwrap().contains("+a<U+202E>b"));
    }
}
