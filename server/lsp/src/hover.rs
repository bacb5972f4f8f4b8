//! What a person reads at a hunk: the difference, the reasons and how to act. Bounded.

use engine::BoardChange;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use model::{Content, EntityChange, FileChange, Finding, Hunk, HunkKind, Severity};

use crate::diagnostics::code;
use crate::difference;
use crate::documents::Document;
use crate::placement::{PlacedHunk, denial};
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

/// The hover at `at`: of every hunk shown on that line.
pub(crate) fn at(
    document: &Document,
    placed: &[PlacedHunk],
    at: Position,
    encoding: Encoding,
    kind: MarkupKind,
) -> Option<Hover> {
    let range = |hunk: &PlacedHunk| position::shown(document.rope(), &hunk.place.bytes(), encoding);
    let near = position::around(document.rope(), at.line, at.line);
    let on_line = |hunk: &&PlacedHunk| {
        let bytes = hunk.place.bytes();
        if bytes.start > *near.end() || bytes.end < *near.start() {
            return false;
        }
        let range = range(hunk);
        (range.start.line..=range.end.line).contains(&at.line)
    };
    let shown = placed.iter().filter(|hunk| hunk.place.is_shown());
    let hunks: Vec<&PlacedHunk> = shown.filter(on_line).collect();
    let first = hunks.first()?;
    let shown: Vec<String> = hunks.iter().take(HUNKS_MAX).map(|hunk| text(hunk)).collect();
    let mut value = shown.join("\n---\n\n");
    if hunks.len() > HUNKS_MAX {
        let more = prose::count(hunks.len() - HUNKS_MAX, "more hunk");
        value.push_str(&format!("\n---\n\n{more} on this line: `countersign list` names them.\n"));
    }
    let note = "\n```\n\n… cut: `countersign show` has all of it.\n";
    let value = prose::bounded(value, HOVER_BYTES_MAX, note);
    let contents = HoverContents::Markup(MarkupContent { kind, value });
    Some(Hover { contents, range: Some(range(first)) })
}

/// Everything about one hunk, in Markdown that reads as plain text, too.
fn text(placed: &PlacedHunk) -> String {
    let Some((file, hunk)) = placed.hunk() else { return String::new() };
    let change = &placed.change;
    let mut out = String::new();
    let title = prose::escaped(&prose::one_line(&change.changeset.title, TITLE_MAX));
    out.push_str(&format!("**{title}**\n\n"));
    out.push_str(&format!("{}\n\n", headline(change, file, hunk)));
    out.push_str(&rationale(&change.changeset.rationale));
    out.push_str(&diff(change, file, hunk));
    out.push_str(&judgement(change, file, hunk));
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

fn judgement(change: &BoardChange, file: &FileChange, hunk: &Hunk) -> String {
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
    out.push_str(&proof(change));
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
    if !placed.place.waits() {
        return format!(
            "Accepted. Take it out again by a code action or `countersign undo {code}`.\n"
        );
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
    use lsp_types::TextDocumentItem;
    use model::Decision;

    use super::*;
    use crate::documents::Documents;
    use crate::fixture::{self, Sketch};
    use crate::placement;

    fn hover(sketch: Sketch, buffer: &str, line: u32) -> Option<String> {
        let mut documents = Documents::default();
        let (uri, language_id) = ("file:///r/a.rs".parse().unwrap(), "rust".to_owned());
        documents.open(TextDocumentItem { uri, language_id, version: 3, text: buffer.to_owned() });
        let document = documents.get("file:///r/a.rs").unwrap();
        let board = Board { seq: 1, changes: vec![sketch.on_board()], ..Board::default() };
        let placed = placement::place(&"a.rs".parse().unwrap(), buffer, &board);
        let at = Position::new(line, 0);
        let hover = super::at(document, &placed, at, Encoding::Utf16, MarkupKind::Markdown)?;
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
    fn settled_and_undone_hunks_are_no_noise() {
        let mut sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n");
        sketch.states = vec![fixture::undone()];
        check(sketch, "a\nb\nc\n", 1, expect![""]);
        let mut sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n");
        sketch.states = vec![fixture::accepted(true)];
        check(sketch, "a\nmine\nc\n", 1, expect![""]);
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
