//! A text as lines. A line ends at `\n` and keeps it; a `\r` before it stays in the line, so a change of
//! line endings is a change of lines. The last line may lack its `\n`.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use model::LineSpan;

/// How many leading bytes are searched for a NUL, as git does.
const SNIFFED_BYTES: usize = 8_000;

/// How the lines of a text end, by majority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineEnding {
    /// `\n`. Also what a text without any line ending counts as.
    Lf,
    /// `\r\n`.
    CrLf,
}

impl fmt::Display for LineEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lf => "LF",
            Self::CrLf => "CRLF",
        })
    }
}

/// Whether `bytes` count as text: no NUL among the first 8000, as git decides.
pub fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().take(SNIFFED_BYTES).any(|&byte| byte == 0)
}

/// How most lines of `text` end.
pub fn line_ending(text: &[u8]) -> LineEnding {
    let (mut lf, mut crlf) = (0_usize, 0_usize);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        match line {
            [.., b'\r', b'\n'] => crlf += 1,
            [.., b'\n'] => lf += 1,
            _ => {}
        }
    }
    if crlf > lf { LineEnding::CrLf } else { LineEnding::Lf }
}

/// The whole lines of `text` that a byte range touches.
///
/// An empty range at the start of a line, or behind the last `\n`, stays empty; elsewhere it is widened to
/// its line. A range that reaches beyond the text is cut to it.
/// # Cost
/// Linear in the bytes before the end of the range.
pub fn line_span(text: &[u8], range: Range<usize>) -> LineSpan {
    let start = range.start.min(text.len());
    let end = range.end.clamp(start, text.len());
    let (before, behind) = text.split_at_checked(start).unwrap_or((text, &[]));
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let first_line = before.iter().filter(|&&byte| byte == b'\n').count();
    if start == end && start == line_start {
        return LineSpan { start, end, first_line: narrow(first_line), lines: 0 };
    }
    // The last line touched is the one that holds the byte before `end`.
    let last_byte = end.saturating_sub(1).max(start);
    let tail = behind.get(last_byte - start..).unwrap_or_default();
    let line_end =
        tail.iter().position(|&byte| byte == b'\n').map_or(text.len(), |at| last_byte + at + 1);
    let spanned = text.get(line_start..line_end).unwrap_or_default();
    let lines = spanned.split_inclusive(|&byte| byte == b'\n').count();
    LineSpan {
        start: line_start,
        end: line_end,
        first_line: narrow(first_line),
        lines: narrow(lines),
    }
}

/// A text with the offsets of its lines.
#[derive(Debug, Clone)]
pub(crate) struct Text<'t> {
    bytes: Cow<'t, [u8]>,
    /// Where each line starts, and the end of the text.
    bounds: Vec<usize>,
}

impl<'t> Text<'t> {
    pub(crate) fn new(bytes: impl Into<Cow<'t, [u8]>>) -> Self {
        let bytes = bytes.into();
        let mut bounds = vec![0];
        let mut end = 0;
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            end += line.len();
            bounds.push(end);
        }
        Self { bytes, bounds }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many lines.
    pub(crate) fn lines(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Each line with its ending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split_inclusive(|&byte| byte == b'\n')
    }

    /// The byte at which line `line` starts; the end of the text for lines beyond it.
    pub(crate) fn offset(&self, line: usize) -> usize {
        self.bounds.get(line).copied().unwrap_or(self.bytes.len())
    }

    /// The line that starts at byte `offset`; for another byte, the next one that starts.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        self.bounds.partition_point(|&bound| bound < offset)
    }

    /// The bytes that lines `lines` take.
    pub(crate) fn range(&self, lines: &Range<usize>) -> Range<usize> {
        self.offset(lines.start)..self.offset(lines.end)
    }

    /// The text of lines `lines`.
    pub(crate) fn of(&self, lines: &Range<usize>) -> &[u8] {
        self.bytes.get(self.range(lines)).unwrap_or_default()
    }

    pub(crate) fn span(&self, lines: &Range<usize>) -> LineSpan {
        let Range { start, end } = self.range(lines);
        LineSpan { start, end, first_line: narrow(lines.start), lines: narrow(lines.len()) }
    }

    /// The lines that `span` means; `None` unless its bytes are exactly those lines.
    pub(crate) fn rows(&self, span: &LineSpan) -> Option<Range<usize>> {
        let first = span.first_line as usize;
        let rows = first..first.checked_add(span.lines as usize)?;
        (rows.end <= self.lines() && self.span(&rows) == *span).then_some(rows)
    }
}

/// Line numbers are `u32` in the model; a text beyond that many lines is never examined.
pub(crate) fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_within_the_sniffed_bytes_is_not_text() {
        let mut bytes = vec![b'a'; SNIFFED_BYTES];
        assert!(is_text(&bytes));
        bytes.push(0);
        assert!(is_text(&bytes));
        bytes[SNIFFED_BYTES - 1] = 0;
        assert!(!is_text(&bytes));
        assert!(is_text(b""));
    }

    #[test]
    fn line_endings_go_by_majority() {
        assert_eq!(line_ending(b""), LineEnding::Lf);
        assert_eq!(line_ending(b"a\r\nb\r\nc\n"), LineEnding::CrLf);
        assert_eq!(line_ending(b"a\r\nb\n"), LineEnding::Lf);
        assert_eq!(line_ending(b"a\rb"), LineEnding::Lf);
    }

    #[test]
    fn ranges_widen_to_whole_lines() {
        let check =
            |range: Range<usize>, (start, end, first_line, lines): (usize, usize, u32, u32)| {
                let span = line_span(b"ab\ncd\nef", range);
                assert_eq!(span, LineSpan { start, end, first_line, lines });
            };
        check(0..0, (0, 0, 0, 0));
        check(3..3, (3, 3, 1, 0));
        check(4..4, (3, 6, 1, 1));
        check(0..3, (0, 3, 0, 1));
        check(0..4, (0, 6, 0, 2));
        check(1..2, (0, 3, 0, 1));
        check(2..3, (0, 3, 0, 1));
        check(6..8, (6, 8, 2, 1));
        check(8..8, (6, 8, 2, 1));
        check(5..99, (3, 8, 1, 2));
        assert_eq!(line_span(b"", 0..0), LineSpan::default());
        assert_eq!(line_span(b"a\n", 2..2), LineSpan { start: 2, end: 2, first_line: 1, lines: 0 });
    }

    #[test]
    fn a_span_that_is_not_exactly_lines_has_no_rows() {
        let text = Text::new(b"ab\ncd\n".as_slice());
        let span = text.span(&(1..2));
        assert_eq!(span, LineSpan { start: 3, end: 6, first_line: 1, lines: 1 });
        assert_eq!(text.rows(&span), Some(1..2));
        assert_eq!(text.rows(&LineSpan { start: 2, ..span }), None);
        assert_eq!(text.rows(&LineSpan { lines: 2, ..span }), None);
        assert_eq!(text.rows(&LineSpan { first_line: u32::MAX, lines: u32::MAX, ..span }), None);
    }
}
