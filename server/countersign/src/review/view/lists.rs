//! The lists: changes, and the hunks of the one at hand.

use engine::BoardChange;
use model::{HunkKind, HunkState};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Paint, clean, first_row, fit};
use crate::review::state::{Place, State};

/// One line for each change: state, verdict, risk, what waits, title, origin.
pub fn changes(state: &State, paint: Paint, area: Rect) -> Vec<Line<'static>> {
    let chosen = state.change_index();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let first = first_row(chosen, state.changes.len(), height);
    let shown = state.changes.iter().enumerate().skip(first).take(height);
    shown.map(|(index, change)| change_line(change, index == chosen, paint, width)).collect()
}

fn change_line(change: &BoardChange, chosen: bool, paint: Paint, width: usize) -> Line<'static> {
    let (waiting, all) = (change.state.waiting().len(), change.state.hunks.len());
    let mut spans = vec![Span::raw(if chosen { "> " } else { "  " })];
    if let Some(verdict) = &change.verdict {
        let style = paint.decision(verdict.decision);
        spans.push(Span::styled(format!("{:<6} ", verdict.decision), style));
    }
    if let Some(review) = &change.review {
        let style = paint.risk(review.risk.level);
        spans.push(Span::styled(format!("{:>3} ", review.risk.score), style));
    }
    let left =
        if waiting == 0 { change.state.stage().to_string() } else { format!("{waiting}/{all}") };
    spans.push(Span::raw(format!("{left} ")));
    let used: usize = spans.iter().map(Span::width).sum();
    let title = clean(&change.changeset.title);
    let origin = clean(&change.changeset.origin.to_string());
    let room = width.saturating_sub(used);
    let shown = fit(&title, room);
    let rest = room.saturating_sub(Span::raw(shown.as_str()).width());
    spans.push(if chosen { Span::styled(shown, paint.strong()) } else { Span::raw(shown) });
    if rest > 3 {
        spans.push(Span::styled(fit(&format!("  {origin}"), rest), paint.faint()));
    }
    let line = Line::from(spans);
    if chosen { line.style(paint.strong()) } else { line }
}

/// Over the list of hunks: which change, and how many of them.
pub fn hunks_title(state: &State) -> String {
    let Some(change) = state.change() else { return " hunks ".to_owned() };
    format!(" hunks of {} ", change.changeset.id.short())
}

/// One line for each hunk: what became of it, its place, its entity.
pub fn hunks(state: &State, paint: Paint, area: Rect) -> Vec<Line<'static>> {
    let (Some(change), Some(at)) = (state.change(), state.at) else { return Vec::new() };
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let hunks: Vec<_> = change.changeset.hunks().collect();
    let chosen = hunks.iter().position(|(_, hunk)| hunk.ordinal == at.hunk).unwrap_or(0);
    let first = first_row(chosen, hunks.len(), height);
    let line = |(index, (file, hunk)): (usize, &(&model::FileChange, &model::Hunk))| {
        let hunk_state = change.state.hunks.get(&hunk.ordinal).copied();
        let skipped = state.skipped.contains(&Place { hunk: hunk.ordinal, ..at });
        let sign = if skipped { 's' } else { hunk_state.map_or(' ', mark) };
        let place = match hunk.kind {
            HunkKind::Lines => format!("{}:{}", file.path, hunk.before.first_line + 1),
            HunkKind::Whole => format!("{} (whole)", file.path),
        };
        let entity = hunk.entity.as_deref().map(|e| format!("  {}", clean(e))).unwrap_or_default();
        let word = hunk_state.map(HunkState::word).filter(|word| *word != "proposed");
        let word = word.map(|word| format!("  {word}")).unwrap_or_default();
        let before = if index == chosen { '>' } else { ' ' };
        let text = format!("{before} {sign} {:>2} {place}{word}{entity}", hunk.ordinal);
        let line = Line::raw(fit(&text, width));
        if index == chosen { line.style(paint.strong()) } else { line }
    };
    hunks.iter().enumerate().skip(first).take(height).map(line).collect()
}

/// One sign for what became of a hunk.
fn mark(state: HunkState) -> char {
    match state {
        HunkState::Proposed => '?',
        HunkState::Accepted { .. } => 'a',
        HunkState::Rejected { .. } => 'r',
        HunkState::Adopted => '+',
        HunkState::Superseded { .. } => '~',
        HunkState::Undone { .. } => 'u',
        HunkState::Accepting { .. } | HunkState::Undoing { .. } | HunkState::Rejecting { .. } => {
            '.'
        }
    }
}
