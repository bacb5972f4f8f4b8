//! The diff of the hunk at hand.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar;

use super::{Paint, clean};
use crate::review::rows::{Row, Sign};
use crate::review::search::Query;
use crate::review::state::State;

/// Over the diff: file, hunk and what became of it.
pub fn title(state: &State) -> String {
    let (Some((file, hunk)), Some(change)) = (state.hunk(), state.change()) else {
        return " diff ".to_owned();
    };
    let word = state.hunk_state().map(|state| state.word()).unwrap_or_default();
    let entity = hunk.entity.as_deref().map(|e| format!(" in {}", clean(e))).unwrap_or_default();
    let all = change.state.hunks.len();
    format!(" hunk {}/{all} {word} · {}{entity} ", hunk.ordinal, file.path)
}

/// The rows that are in sight.
pub fn lines(state: &State, paint: Paint, area: Rect) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    let (row, column) = state.scroll;
    let first = row.min(state.rows.len().saturating_sub(height));
    let numbers = state.rows.iter().filter_map(|row| row.number).max().unwrap_or(0);
    // A narrow pane has no room for numbers.
    let digits = if area.width < 40 { 0 } else { numbers.to_string().len() };
    let rows = state.rows.iter().skip(first).take(height);
    rows.map(|row| line(row, digits, column, state.query.as_ref(), paint)).collect()
}

fn line(
    row: &Row,
    digits: usize,
    column: usize,
    query: Option<&Query>,
    paint: Paint,
) -> Line<'static> {
    let sign = match row.sign {
        Sign::Same | Sign::Note => ' ',
        Sign::Removed => '-',
        Sign::Added => '+',
    };
    let number = match (digits, row.number) {
        (0, _) => String::new(),
        (_, Some(number)) => format!("{number:>digits$} "),
        (_, None) => " ".repeat(digits + 1),
    };
    let mut spans = vec![Span::styled(format!("{number}{sign}"), paint.gutter(row.sign))];
    spans.extend(pieces(row, column, query, paint));
    Line::from(spans)
}

/// The text of a row from `column` on, cut where its style changes. What is found lies over what is written
/// out, and that over what the text is.
fn pieces(row: &Row, column: usize, query: Option<&Query>, paint: Paint) -> Vec<Span<'static>> {
    let text = row.line.text.as_str();
    let found = query.map(|query| query.find_in(text)).unwrap_or_default();
    let mut layers: Vec<(Range<usize>, Style)> = Vec::new();
    layers.extend(row.tints.iter().map(|(range, tint)| (range.clone(), paint.tint(*tint))));
    layers.extend(row.emphasis.iter().map(|range| (range.clone(), paint.changed())));
    layers.extend(row.line.written_out.iter().map(|range| (range.clone(), paint.written_out())));
    if row.sign != Sign::Note {
        layers.extend(found.into_iter().map(|range| (range, paint.found())));
    }
    let mut cuts: Vec<usize> = layers.iter().flat_map(|(r, _)| [r.start, r.end]).collect();
    cuts.extend([skip_columns(text, column), text.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    let start = skip_columns(text, column);
    let cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut >= start).collect();
    let piece = |pair: &[usize]| {
        let [from, to] = *pair else { return None };
        let style = layers
            .iter()
            .filter(|(range, _)| range.start <= from && to <= range.end)
            .fold(paint.text(row.sign), |style, (_, over)| style.patch(*over));
        Some(Span::styled(text.get(from..to)?.to_owned(), style))
    };
    cuts.windows(2).filter_map(piece).collect()
}

/// The byte at which `column` begins.
fn skip_columns(text: &str, column: usize) -> usize {
    let mut at = 0;
    for (byte, c) in text.char_indices() {
        if at >= column {
            return byte;
        }
        at += c.width().unwrap_or(0);
    }
    if column == 0 { 0 } else { text.len() }
}
