//! A check as Markdown, for a comment on a pull request.

use engine::CheckReport;
use model::Decision;

use super::style::safe;

/// Rows of a table at the most; the rest is counted.
const SHOWN_ROWS: usize = 50;

/// The report of a check.
pub fn markdown(report: &CheckReport) -> String {
    let (review, verdict) = (&report.review, &report.verdict);
    let sign = match verdict.decision {
        Decision::Allow => "allowed",
        Decision::Review => "needs a person",
        Decision::Deny => "denied",
    };
    let mut out = format!("## Countersign: {sign}\n\n");
    out.push_str(&format!(
        "{}: {} files, +{} -{} lines, risk **{} {}**\n",
        code(&report.target),
        review.stats.files,
        review.stats.lines_added,
        review.stats.lines_removed,
        review.risk.score,
        review.risk.level.word()
    ));
    let reasons = verdict.reasons.iter().map(|reason| {
        let place = match (&reason.path, reason.line) {
            (Some(path), Some(line)) => code(&format!("{path}:{}", line + 1)),
            (Some(path), None) => code(&path.to_string()),
            _ => String::new(),
        };
        format!("| {} | `{}` | {} | {place} |", reason.decision, reason.rule, cell(&reason.message))
    });
    table(&mut out, "Verdict", "| decision | rule | why | where |\n|---|---|---|---|", reasons);
    let findings = review.findings.iter().map(|finding| {
        let place = code(&format!("{}:{}", finding.path, finding.first_line + 1));
        format!(
            "| {} | `{}` | {} | {place} |",
            finding.severity,
            finding.rule,
            cell(&finding.message)
        )
    });
    table(&mut out, "Findings", "| severity | rule | what | where |\n|---|---|---|---|", findings);
    let entities = review.entities.iter().map(|entity| {
        let from =
            entity.old_name.as_ref().map(|old| format!("{} → ", cell(old))).unwrap_or_default();
        let change = format!("{:?}", entity.change).to_lowercase();
        let aspects: Vec<_> =
            entity.aspects.iter().map(|a| format!("{a:?}").to_lowercase()).collect();
        format!(
            "| {change} | {} {from}{} | {} | {} |",
            entity.kind.word(),
            cell(&entity.name),
            aspects.join(", "),
            code(&format!("{}:{}", entity.path, entity.first_line + 1))
        )
    });
    table(
        &mut out,
        "Entities",
        "| change | entity | aspects | where |\n|---|---|---|---|",
        entities,
    );
    let risk = review.risk.reasons.iter().map(|reason| {
        format!("| {:+} | {} | {} |", reason.points, reason.feature, cell(&reason.text))
    });
    table(&mut out, "Risk", "| points | feature | measured |\n|---|---|---|", risk);
    let unexamined = review.unexamined.iter().map(|unexamined| {
        format!("| {} | {} |", code(&unexamined.path.to_string()), cell(&unexamined.reason))
    });
    table(&mut out, "Not examined", "| file | why |\n|---|---|", unexamined);
    out
}

fn table(out: &mut String, heading: &str, head: &str, rows: impl ExactSizeIterator<Item = String>) {
    if rows.len() == 0 {
        return;
    }
    out.push_str(&format!("\n### {heading}\n\n{head}\n"));
    let more = rows.len().saturating_sub(SHOWN_ROWS);
    rows.take(SHOWN_ROWS).for_each(|row| {
        out.push_str(&row);
        out.push('\n');
    });
    if more > 0 {
        out.push_str(&format!("\n… and {more} more.\n"));
    }
}

/// A place. HTML, because a backtick in a name would end a Markdown code span.
fn code(text: &str) -> String {
    format!("<code>{}</code>", cell(text))
}

/// Text that can neither end a table cell nor become markup.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in safe(text).chars() {
        match c {
            '\n' => out.push(' '),
            '|' | '`' | '<' | '>' | '[' | ']' | '*' | '_' | '@' | '&' => {
                out.push_str(&format!("&#{};", c as u32));
            }
            c => out.push(c),
        }
    }
    out
}
