//! How the state is drawn. A wide terminal shows all panes, a small one the pane in focus.

mod diff;
mod lists;
mod overlay;
mod paint;
mod why;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::state::{Focus, Mode, State, Typing};
use super::visible::Visible;

pub use paint::Paint;

/// From this size on, lists stand beside the diff.
const WIDE_COLUMNS: u16 = 100;
/// Below this size, one pane is shown at a time.
const NARROW_COLUMNS: u16 = 60;
const SMALL_ROWS: u16 = 18;

/// Draws everything.
pub fn view(state: &State, paint: Paint, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < 4 || area.height < 2 {
        return;
    }
    let [main, bottom] = parts(area);
    if state.changes.is_empty() {
        let text = "Nothing is proposed here. `countersign run` has the recipes propose.";
        frame.render_widget(Paragraph::new(text).wrap(ratatui::widgets::Wrap { trim: true }), main);
    } else {
        for (focus, area) in panes(state, main) {
            pane(state, paint, frame, area, focus);
        }
    }
    frame.render_widget(Paragraph::new(bottom_line(state, paint, bottom.width)), bottom);
    if let Mode::Help { scroll } = state.mode {
        overlay::help(scroll, paint, frame, main);
    }
}

/// The panes with their places.
fn panes(state: &State, area: Rect) -> Vec<(Focus, Rect)> {
    if area.width < NARROW_COLUMNS || area.height < SMALL_ROWS {
        return vec![(state.focus, area)];
    }
    let hunks = state.change().map_or(0, |change| change.state.hunks.len());
    let rows = |count: usize, most: u16| u16::try_from(count).unwrap_or(most).clamp(1, most) + 2;
    let few = (area.height / 5).max(3);
    if area.width >= WIDE_COLUMNS {
        let sides = [Constraint::Length(area.width / 3), Constraint::Min(1)];
        let [left, right] = Layout::horizontal(sides).areas(area);
        let listed = [
            Constraint::Length(rows(state.changes.len(), few)),
            Constraint::Length(rows(hunks, few)),
            Constraint::Min(3),
        ];
        let [changes, list, why] = Layout::vertical(listed).areas(left);
        return vec![
            (Focus::Changes, changes),
            (Focus::Hunks, list),
            (Focus::Why, why),
            (Focus::Diff, right),
        ];
    }
    // In between: the lists share the top, and what one reads lies below.
    let parts = [
        Constraint::Length(rows(hunks.max(state.changes.len()), few)),
        Constraint::Min(5),
        Constraint::Length((area.height / 3).max(5)),
    ];
    let [top, diff, why] = Layout::vertical(parts).areas(area);
    let lists = [Constraint::Percentage(55), Constraint::Percentage(45)];
    let [changes, list] = Layout::horizontal(lists).areas(top);
    vec![(Focus::Changes, changes), (Focus::Hunks, list), (Focus::Diff, diff), (Focus::Why, why)]
}

/// What of the screen is for panes, and what for the line at the bottom.
fn parts(area: Rect) -> [Rect; 2] {
    Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(area)
}

/// The inside of a pane on the terminal as large as the state knows it to be.
fn inside(state: &State, focus: Focus) -> Rect {
    let [main, _] = parts(Rect::new(0, 0, state.size.0, state.size.1));
    // Where one pane is shown at a time, all are of one size.
    let panes = panes(state, main);
    let pane = panes.iter().find(|(pane, _)| *pane == focus).or(panes.first());
    pane.map_or(main, |(_, area)| Block::new().borders(Borders::ALL).inner(*area))
}

/// How many rows of the pane that scrolls are in sight, but one.
pub fn page(state: &State) -> usize {
    let focus = if state.focus == Focus::Why { Focus::Why } else { Focus::Diff };
    usize::from(inside(state, focus).height.max(2) - 1)
}

/// The first row in sight when the end is.
pub fn last_row(state: &State, focus: Focus) -> usize {
    let inside = inside(state, focus);
    let count = match focus {
        Focus::Why => why::line_count(state, inside.width),
        _ => state.rows.len(),
    };
    count.saturating_sub(usize::from(inside.height))
}

fn pane(state: &State, paint: Paint, frame: &mut Frame<'_>, area: Rect, focus: Focus) {
    let focused = state.focus == focus;
    let title = match focus {
        Focus::Changes => format!(" changes {}/{} ", state.change_index() + 1, state.changes.len()),
        Focus::Hunks => lists::hunks_title(state),
        Focus::Diff => diff::title(state),
        Focus::Why => " why ".to_owned(),
    };
    let style = if focused { paint.focused() } else { paint.faint() };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_style(style)
        .title(Span::styled(fit(&title, usize::from(area.width.saturating_sub(2))), style));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let lines = match focus {
        Focus::Changes => lists::changes(state, paint, inner),
        Focus::Hunks => lists::hunks(state, paint, inner),
        Focus::Diff => diff::lines(state, paint, inner),
        Focus::Why => why::lines(state, paint, inner),
    };
    frame.render_widget(Paragraph::new(lines), inner);
}

/// What is asked, what was said last, or the most needed keys.
fn bottom_line(state: &State, paint: Paint, width: u16) -> Line<'static> {
    let width = usize::from(width);
    match &state.mode {
        Mode::Typing { what, text } => {
            let prompt = match what {
                Typing::Search => "/".to_owned(),
                Typing::Reason { .. } => "why reject (Enter: no reason, Escape: keep)? ".to_owned(),
            };
            // The end of what is typed must stay in sight.
            let shown = Visible::new(text.as_bytes()).text;
            let room = width.saturating_sub(prompt.width() + 1);
            let typed = tail(&shown, room);
            Line::from(vec![
                Span::styled(prompt, paint.asked()),
                Span::raw(typed),
                Span::styled(" ", paint.cursor()),
            ])
        }
        Mode::Extent { accept } => {
            let verb = if *accept { "accept" } else { "reject" };
            let path = state.path().map(ToString::to_string).unwrap_or_default();
            let text = format!("{verb} all of: [f]ile {path}, [c]hange, [Escape] none");
            Line::styled(fit(&text, width), paint.asked())
        }
        Mode::Needed(needs) => {
            // The answers first: a narrow terminal cuts off the end.
            let text = format!("{} {}", needs.question(), needs.why());
            Line::styled(fit(&Visible::new(text.as_bytes()).text, width), paint.asked())
        }
        Mode::Help { .. } => Line::styled(fit("any key closes", width), paint.faint()),
        Mode::Browse if state.status.text.is_empty() => {
            let keys = "a accept  r reject  s skip  u undo  e edit  / search  ? keys  q quit";
            Line::styled(fit(keys, width), paint.faint())
        }
        Mode::Browse => {
            let style = if state.status.refused { paint.refused() } else { paint.said() };
            Line::styled(fit(&Visible::new(state.status.text.as_bytes()).text, width), style)
        }
    }
}

/// As much of `text` as fits into `width` columns, with a sign where something is missing.
fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        let with = format!("{out}{c}");
        if with.width() + 1 > width {
            break;
        }
        out = with;
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// The end of `text`, as much as fits.
fn tail(text: &str, width: usize) -> String {
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let fits = starts.filter_map(|at| text.get(at..)).find(|rest| rest.width() <= width);
    fits.unwrap_or_default().to_owned()
}

/// The first row to draw so that row `at` of `count` is among `height`.
fn first_row(at: usize, count: usize, height: usize) -> usize {
    let last_start = count.saturating_sub(height);
    at.saturating_sub(height / 2).min(last_start)
}

/// Text of others on one line, with nothing in it that steers or hides.
fn clean(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Visible::new(one_line.as_bytes()).text
}

#[cfg(test)]
mod tests;
