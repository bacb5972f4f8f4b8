//! Everything that speaks for and against a ChangeSet, as one page of Markdown. Bounded.

mod evidence;

use std::fmt::Write as _;

use engine::{BoardChange, ProofAccount};
use model::{ChangeSet, EntityChange, Finding, Review, Verdict};

use crate::prose;

/// How many bytes a page may have.
const PAGE_BYTES_MAX: usize = 256 << 10;
const ROWS_MAX: usize = 200;
const TITLE_MAX: usize = 160;
const SENTENCE_MAX: usize = 400;
const RATIONALE_BYTES_MAX: usize = 16 << 10;

/// The page: who proposed it and why, what it comes to, the risk and the verdict with their reasons, what was found.
///
/// `proved` is the newest proof, and what its gates said.
pub(crate) fn text(change: &BoardChange, proved: Option<&ProofAccount>) -> String {
    let changeset = &change.changeset;
    let title = prose::escaped(&prose::one_line(&changeset.title, TITLE_MAX));
    let mut out = format!("# {title}\n\n");
    out.push_str(&provenance(change));
    if !changeset.rationale.trim().is_empty() {
        let said = prose::visible(changeset.rationale.trim());
        let said = prose::bounded(said, RATIONALE_BYTES_MAX, "\n…");
        out.push_str("## What the proposer says\n\n");
        said.lines().for_each(|line| out.push_str(&format!("> {}\n", prose::escaped(line))));
        out.push('\n');
    }
    match &change.verdict {
        Some(verdict) => out.push_str(&judgement(verdict)),
        None => out.push_str("## Verdict\n\nPolicy has not judged it yet.\n\n"),
    }
    out.push_str(&evidence::text(proved));
    if let Some(review) = &change.review {
        out.push_str(&risk(review));
        out.push_str(&found(review));
    }
    out.push_str(&hunks(change));
    prose::bounded(out, PAGE_BYTES_MAX, "\n\n… cut: `countersign show` has all of it.\n")
}

fn sentence(text: &str) -> String {
    prose::escaped(&prose::one_line(text, SENTENCE_MAX))
}

fn provenance(change: &BoardChange) -> String {
    let changeset: &ChangeSet = &change.changeset;
    let base = changeset.base.commit.as_deref().map_or("no commit", |c| c.get(..12).unwrap_or(c));
    let saved = if changeset.base.dirty { " and saved changes" } else { "" };
    let mut out = format!("- change {}\n", prose::code_span(&changeset.id.short()));
    let mut row = |name: &str, text: String| {
        // Writing to a string does not fail.
        writeln!(out, "- {name} {text}").unwrap_or_default();
    };
    row("from", sentence(&changeset.origin.to_string()));
    row("against", format!("{}{saved}", prose::code_span(base)));
    if let Some(branch) = &changeset.base.branch {
        row("branch", prose::code_span(&prose::one_line(branch, TITLE_MAX)));
    }
    if let Some(ran) = &changeset.ran {
        let command = prose::code_span(&prose::one_line(&ran.argv.join(" "), SENTENCE_MAX));
        let (code, tier) = (ran.exit_code, sentence(&ran.tier));
        row("ran", format!("{command} in the sandbox ({tier}), exit code {code}"));
    }
    if let Some(adoption) = &changeset.adopted {
        let since =
            adoption.snapshot.map_or("a commit".to_owned(), |seq| format!("snapshot {seq}"));
        row("found in your files,", format!("changed since {since}"));
    }
    row("state", change.state.stage().to_string());
    out.push('\n');
    out
}

fn judgement(verdict: &Verdict) -> String {
    let mut out = format!("## Verdict: {}\n\n", verdict.decision);
    for reason in verdict.reasons.iter().take(ROWS_MAX) {
        let (decision, rule) = (reason.decision, prose::code_span(&reason.rule));
        out.push_str(&format!("- {decision}: {} ({rule})\n", sentence(&reason.message)));
    }
    out.push_str(if verdict.reasons.is_empty() { "No rule objects.\n\n" } else { "\n" });
    out
}

fn risk(review: &Review) -> String {
    let risk = &review.risk;
    let mut out = format!("## Risk: {} {}\n\n", risk.score, risk.level.word());
    for reason in risk.reasons.iter().take(ROWS_MAX) {
        out.push_str(&format!("- {:+} {}\n", reason.points, sentence(&reason.text)));
    }
    out.push_str(&format!("\nBy {}.\n\n", prose::code_span(&risk.model)));
    out
}

fn found(review: &Review) -> String {
    let mut out = String::new();
    let mut rows = |title: &str, rows: Vec<String>| {
        if !rows.is_empty() {
            out.push_str(&format!("## {title}\n\n"));
            rows.iter().take(ROWS_MAX).for_each(|row| out.push_str(&format!("- {row}\n")));
            if rows.len() > ROWS_MAX {
                out.push_str(&format!("- {} more\n", rows.len() - ROWS_MAX));
            }
            out.push('\n');
        }
    };
    let finding = |finding: &Finding| {
        let place = format!("{}:{}", finding.path, finding.first_line + 1);
        let (place, rule) = (prose::code_span(&place), prose::code_span(&finding.rule));
        format!("{}: {} ({rule}) at {place}", finding.severity, sentence(&finding.message))
    };
    rows("Findings", review.findings.iter().map(finding).collect());
    let unexamined = review.unexamined.iter();
    let unexamined = unexamined
        .map(|u| format!("{}: {}", prose::code_span(&u.path.to_string()), sentence(&u.reason)));
    rows("Not examined", unexamined.collect());
    let entity = |entity: &EntityChange| {
        let what = format!("{:?}", entity.change).to_lowercase();
        let name = prose::code_span(&prose::one_line(&entity.name, TITLE_MAX));
        let public = if entity.public { "public " } else { "" };
        let path = prose::code_span(&entity.path.to_string());
        format!("{public}{} {name} {what} in {path}", entity.kind.word())
    };
    rows("What changes", review.entities.iter().map(entity).collect());
    let needs = review.dependencies.iter().map(|one| sentence(&one.to_string()));
    rows("What belongs together", needs.collect());
    out
}

fn hunks(change: &BoardChange) -> String {
    let mut out = "## Hunks\n\n".to_owned();
    for (file, hunk) in change.changeset.hunks().take(ROWS_MAX) {
        let state = change.state.hunks.get(&hunk.ordinal).map_or("", |state| state.word());
        let place = format!("{}:{}", file.path, hunk.before.first_line + 1);
        out.push_str(&format!("- hunk {}, {state}: {}", hunk.ordinal, prose::code_span(&place)));
        if let Some(entity) = &hunk.entity {
            let entity = prose::code_span(&prose::one_line(entity, TITLE_MAX));
            out.push_str(&format!(" in {entity}"));
        }
        let rejection = change.state.rejections.get(&hunk.ordinal);
        if let Some(reason) = rejection.and_then(|rejection| rejection.reason.as_ref()) {
            out.push_str(&format!(", because: {}", sentence(reason)));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::Decision;

    use super::*;
    use crate::fixture::Sketch;

    #[test]
    fn a_page_holds_what_speaks_for_and_against_and_no_markup_of_the_proposer() {
        let mut sketch = Sketch::new("a.rs", "a\nb\n", "a\nB\n").judged(34, Decision::Review);
        sketch.rationale = "Because.\n# [link](command:x)".to_owned();
        expect![[r#"
            # Tidy a.rs

            - change `b5a5accd07c0`
            - from recipe tidy
            - against `no commit`
            - state proposed

            ## What the proposer says

            > Because.
            > \# \[link](command:x)

            ## Verdict: review

            - review: the fixture says so (`fixture.rule`)

            ## Proof

            None yet: `countersign prove` has the project's gates run on it.

            ## Risk: 34 medium

            - +34 it is a fixture

            By `fixture`.

            ## Hunks

            - hunk 1, proposed: `a.rs:2`
        "#]]
        .assert_eq(&text(&sketch.on_board(), None));
    }
}
