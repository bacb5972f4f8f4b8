//! Why, and whether: where the hunk would land, what policy says, the risk, what was found, the rationale.

use engine::Landing;
use model::{HunkKind, HunkState};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use super::{Paint, clean};
use crate::review::state::State;

/// Findings and entities shown at the most; the rest is counted.
const SHOWN_ROWS: usize = 40;

/// How many lines there are, broken to this many columns.
pub fn line_count(state: &State, width: u16) -> usize {
    broken(state, Paint { color: false }, width).len()
}

/// The lines that are in sight.
pub fn lines(state: &State, paint: Paint, area: Rect) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    let broken = broken(state, paint, area.width);
    let first = state.why_scroll.min(broken.len().saturating_sub(height));
    broken.into_iter().skip(first).take(height).collect()
}

fn broken(state: &State, paint: Paint, width: u16) -> Vec<Line<'static>> {
    let lines = |(style, text): (Style, String)| {
        let lines = wrap(&text, usize::from(width));
        lines.into_iter().map(move |line| Line::styled(line, style))
    };
    texts(state, paint).into_iter().flat_map(lines).collect()
}

fn texts(state: &State, paint: Paint) -> Vec<(Style, String)> {
    let mut out = Vec::new();
    let Some(change) = state.change() else { return out };
    if let Some((good, text)) = landing(state) {
        out.push((if good { paint.said() } else { paint.refused() }, text));
    }
    if let Some(text) = became(state) {
        out.push((paint.strong(), text));
    }
    if let Some(verdict) = &change.verdict {
        out.push((paint.decision(verdict.decision), format!("verdict {}", verdict.decision)));
        for reason in verdict.reasons.iter().take(SHOWN_ROWS) {
            let text = format!("  {} {}: {}", reason.decision, reason.rule, clean(&reason.message));
            out.push((Style::new(), text));
        }
    }
    if let Some(review) = &change.review {
        let risk = &review.risk;
        out.push((paint.risk(risk.level), format!("risk {} {}", risk.score, risk.level.word())));
        for reason in &risk.reasons {
            let text =
                format!("  {:>+4} {}: {}", reason.points, reason.feature, clean(&reason.text));
            out.push((Style::new(), text));
        }
        let findings = review.findings.iter().map(|finding| {
            let place = format!("{}:{}", finding.path, finding.first_line + 1);
            let message = clean(&finding.message);
            format!("  {} {} {place} {message}", finding.severity, finding.rule)
        });
        section(&mut out, paint, "findings", findings);
        let unexamined = review.unexamined.iter();
        let unexamined = unexamined.map(|u| format!("  {}: {}", u.path, clean(&u.reason)));
        section(&mut out, paint, "not examined", unexamined);
    }
    let rationale: Vec<String> = change.changeset.rationale.lines().map(clean).collect();
    section(&mut out, paint, "rationale", rationale.into_iter().map(|line| format!("  {line}")));
    out.push((paint.faint(), format!("from {}", clean(&change.changeset.origin.to_string()))));
    out
}

fn section(
    out: &mut Vec<(Style, String)>,
    paint: Paint,
    title: &str,
    rows: impl ExactSizeIterator<Item = String>,
) {
    let more = rows.len().saturating_sub(SHOWN_ROWS);
    if rows.len() == 0 {
        return;
    }
    out.push((paint.strong(), title.to_owned()));
    out.extend(rows.take(SHOWN_ROWS).map(|row| (Style::new(), row)));
    if more > 0 {
        out.push((paint.faint(), format!("  ... {more} more")));
    }
}

/// What else there is to say of a hunk that does not wait, or was adopted.
fn became(state: &State) -> Option<String> {
    let (at, change) = (state.at?, state.change()?);
    let mixed = change.changeset.is_mixed(at.hunk);
    match state.hunk_state()? {
        HunkState::Superseded { by } => Some(format!("superseded by change {}", by.short())),
        HunkState::Rejected { .. } => {
            let rejection = change.state.rejections.get(&at.hunk)?;
            let reason = rejection.reason.as_deref().map(clean)?;
            Some(format!("rejected: {reason}"))
        }
        _ if mixed => Some("mixed: it also holds what you wrote".to_owned()),
        _ => None,
    }
}

/// Where the hunk would land now, and whether that is good.
fn landing(state: &State) -> Option<(bool, String)> {
    let at = state.at?;
    let (file, hunk) = state.hunk()?;
    let captured = hunk.before.first_line + 1;
    let landing = state.landings.get(&(at.id, at.hunk))?;
    Some(match landing {
        Landing::Line(line) if line + 1 == captured => {
            (true, format!("lands where it was made, at line {captured}"))
        }
        Landing::Line(line) => {
            (true, format!("moved: lands at line {}, made at {captured}", line + 1))
        }
        Landing::Whole if hunk.kind == HunkKind::Whole => {
            (true, format!("lands as a whole: {} is as it was captured", file.path))
        }
        Landing::Whole => (true, "lands as a whole".to_owned()),
        Landing::Already => (true, "there already: accepting writes nothing".to_owned()),
        Landing::InText => {
            (true, "in the text already: accept marks it reviewed, reject takes it out".to_owned())
        }
        Landing::Nowhere(reason) => (false, format!("conflict: {}", clean(reason))),
    })
}

/// Breaks `text` at blanks into lines of at most `width` columns; what follows is indented like its start.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let indent: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut lines = Vec::new();
    let mut line = indent.clone();
    let mut empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let gap = usize::from(!empty);
        if !empty && line.width() + gap + word.width() > width {
            lines.push(std::mem::replace(&mut line, indent.clone()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        // A word longer than a line is broken anywhere.
        for c in word.chars() {
            let fits = format!("{line}{c}").width() <= width.max(indent.len() + 2);
            if !fits {
                lines.push(std::mem::replace(&mut line, indent.clone()));
            }
            line.push(c);
        }
        empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn long_lines_break_at_blanks_and_keep_their_indent() {
        assert_eq!(wrap("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("日本語 日本", 4), ["日本", "語", "日本"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("a b", 0).concat(), "ab");
    }
}
