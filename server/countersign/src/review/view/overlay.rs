//! The list of keys over everything else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};

use super::{Paint, fit};
use crate::review::help::KEYS;

pub fn help(scroll: usize, paint: Paint, frame: &mut Frame<'_>, area: Rect) {
    let keys = KEYS.iter().map(|(key, _)| key.len()).max().unwrap_or(0) + 2;
    let text = KEYS.iter().map(|(_, text)| text.len()).max().unwrap_or(0);
    let wanted = |size: usize, most: u16| u16::try_from(size + 2).unwrap_or(most).min(most);
    let (width, height) = (wanted(keys + text, area.width), wanted(KEYS.len(), area.height));
    let area = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    let block = Block::new().borders(Borders::ALL).border_style(paint.focused()).title(" keys ");
    let inner = block.inner(area);
    let rows = usize::from(inner.height);
    let first = scroll.min(KEYS.len().saturating_sub(rows));
    let room = usize::from(inner.width).saturating_sub(keys);
    let line = |(key, text): &(&str, &str)| {
        Line::from(vec![
            Span::styled(format!("{key:<keys$}"), paint.strong()),
            Span::raw(fit(text, room)),
        ])
    };
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    let lines: Vec<Line<'_>> = KEYS.iter().skip(first).take(rows).map(line).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}
