//! Positions: a line and a column in the client's unit, to and from byte offsets.
//!
//! The only module that knows that editors count in UTF-16. Positions outside the text are taken as the
//! protocol says: a line past the end is the end, a column past the end of its line is the end of that
//! line, and a column inside a character is where the character starts.

use lsp_types::{Position, PositionEncodingKind, Range};
use ropey::{Rope, RopeSlice};

/// The unit that columns are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units: what every client speaks.
    #[default]
    Utf16,
    /// Code points.
    Utf32,
}

impl Encoding {
    /// The unit to speak with a client that offers `offered`: bytes where it can, since that costs nothing.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        if offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8)) {
            Self::Utf8
        } else {
            // UTF-16 is mandatory; UTF-32 alone would break the protocol, and is honoured all the same.
            match offered {
                Some([only]) if *only == PositionEncodingKind::UTF32 => Self::Utf32,
                _ => Self::Utf16,
            }
        }
    }

    /// Its name on the wire.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }
}

/// The byte offset of `position`. Cost: logarithmic.
pub(crate) fn to_byte(text: &Rope, position: Position, encoding: Encoding) -> usize {
    let line = usize::try_from(position.line).unwrap_or(usize::MAX);
    if line >= text.len_lines() {
        return text.len_bytes();
    }
    let content = content(text, line);
    let column = usize::try_from(position.character).unwrap_or(usize::MAX);
    let char = match encoding {
        Encoding::Utf8 => content.byte_to_char(column.min(content.len_bytes())),
        Encoding::Utf16 => content.utf16_cu_to_char(column.min(content.len_utf16_cu())),
        Encoding::Utf32 => column.min(content.len_chars()),
    };
    text.line_to_byte(line) + content.char_to_byte(char)
}

/// The position of a byte offset; past the end is the end, inside a line break is before it.
pub(crate) fn from_byte(text: &Rope, byte: usize, encoding: Encoding) -> Position {
    let byte = byte.min(text.len_bytes());
    let line = text.byte_to_line(byte);
    let content = content(text, line);
    let column = (byte - text.line_to_byte(line)).min(content.len_bytes());
    let char = content.byte_to_char(column);
    let character = match encoding {
        Encoding::Utf8 => content.char_to_byte(char),
        Encoding::Utf16 => content.char_to_utf16_cu(char),
        Encoding::Utf32 => char,
    };
    Position { line: number(line), character: number(character) }
}

/// The range of a byte range.
pub(crate) fn range(text: &Rope, bytes: &std::ops::Range<usize>, encoding: Encoding) -> Range {
    Range {
        start: from_byte(text, bytes.start, encoding),
        end: from_byte(text, bytes.end, encoding),
    }
}

/// The range a hunk is shown at: its lines without the last line break, or the line where it goes in.
///
/// An insertion behind the last line break is shown on the last line that has text, since editors do not
/// let a cursor go further.
pub(crate) fn shown(text: &Rope, bytes: &std::ops::Range<usize>, encoding: Encoding) -> Range {
    let end = text.len_bytes();
    let mut first = text.byte_to_line(bytes.start.min(end));
    let behind_everything = bytes.start >= end && text.line_to_byte(first) == end;
    if behind_everything && first > 0 {
        first -= 1;
    }
    let last = if bytes.is_empty() || behind_everything {
        first
    } else {
        text.byte_to_line((bytes.end.min(end)).saturating_sub(1)).max(first)
    };
    let stop = text.line_to_byte(last) + content(text, last).len_bytes();
    range(text, &(text.line_to_byte(first)..stop), encoding)
}

/// The bytes that these lines are in, and a little more: what [`shown`] may put on one of them starts and ends around there. To look
/// at one line of many hunks, one need not find all their lines.
pub(crate) fn around(text: &Rope, first: u32, last: u32) -> std::ops::RangeInclusive<usize> {
    let line = |line: u32| usize::try_from(line).unwrap_or(usize::MAX);
    let start = |line: usize| text.line_to_byte(line.min(text.len_lines()));
    // What goes in behind everything is shown a line above.
    start(line(first))..=start(line(last).saturating_add(2))
}

/// A line without its line break.
fn content(text: &Rope, line: usize) -> RopeSlice<'_> {
    let slice = text.line(line);
    let mut chars = slice.len_chars();
    for _ in 0..2 {
        match chars.checked_sub(1).map(|last| slice.char(last)) {
            Some('\n' | '\r') => chars -= 1,
            _ => break,
        }
    }
    slice.slice(..chars)
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub(crate) mod model {
    //! The slow and obvious way, to compare with.

    use super::*;

    /// Splits as the protocol does: `\r\n`, `\n` and a lone `\r` each end a line.
    pub(crate) fn lines(text: &str) -> Vec<(usize, &str)> {
        let mut lines = Vec::new();
        let (bytes, mut start, mut at) = (text.as_bytes(), 0, 0);
        while at < bytes.len() {
            let width = match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
                b'\r' | b'\n' => 1,
                _ => 0,
            };
            if width > 0 {
                lines.push((start, &text[start..at]));
                at += width;
                start = at;
            } else {
                at += 1;
            }
        }
        lines.push((start, &text[start..]));
        lines
    }

    pub(crate) fn to_byte(text: &str, position: Position, encoding: Encoding) -> usize {
        let lines = lines(text);
        let Some((start, line)) = lines.get(position.line as usize) else { return text.len() };
        let (mut column, mut byte) = (0, *start);
        for c in line.chars() {
            let next = column + width(c, encoding);
            if next > position.character {
                return byte;
            }
            column = next;
            byte += c.len_utf8();
        }
        byte
    }

    fn width(c: char, encoding: Encoding) -> u32 {
        (match encoding {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }) as u32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn encodings() -> impl Strategy<Value = Encoding> {
        prop_oneof![Just(Encoding::Utf8), Just(Encoding::Utf16), Just(Encoding::Utf32)]
    }

    #[test]
    fn utf8_is_preferred_and_utf16_is_the_default() {
        use PositionEncodingKind as Kind;
        assert_eq!(Encoding::negotiate(None), Encoding::Utf16);
        assert_eq!(Encoding::negotiate(Some(&[Kind::UTF16, Kind::UTF8])), Encoding::Utf8);
        assert_eq!(Encoding::negotiate(Some(&[Kind::UTF32, Kind::UTF16])), Encoding::Utf16);
        assert_eq!(Encoding::negotiate(Some(&[Kind::UTF32])), Encoding::Utf32);
    }

    #[test]
    fn columns_are_counted_in_the_clients_unit() {
        let text = Rope::from_str("a😀é\r\nb");
        let at = |encoding| from_byte(&text, 7, encoding).character;
        assert_eq!((at(Encoding::Utf8), at(Encoding::Utf16), at(Encoding::Utf32)), (7, 4, 3));
        // Inside the surrogate pair is where the character starts.
        assert_eq!(to_byte(&text, Position::new(0, 2), Encoding::Utf16), 1);
        assert_eq!(to_byte(&text, Position::new(0, 99), Encoding::Utf16), 7);
        assert_eq!(to_byte(&text, Position::new(9, 0), Encoding::Utf16), text.len_bytes());
    }

    #[test]
    fn hunks_are_shown_on_lines_a_cursor_can_reach() {
        let text = Rope::from_str("one\ntwo\nthree\n");
        let lines = |bytes: std::ops::Range<usize>| {
            let range = shown(&text, &bytes, Encoding::Utf16);
            (range.start.line, range.start.character, range.end.line, range.end.character)
        };
        assert_eq!(lines(0..4), (0, 0, 0, 3));
        assert_eq!(lines(4..14), (1, 0, 2, 5));
        assert_eq!(lines(4..4), (1, 0, 1, 3));
        assert_eq!(lines(14..14), (2, 0, 2, 5));
        let empty = shown(&Rope::new(), &(0..0), Encoding::Utf16);
        assert_eq!(empty, Range::default());
    }

    proptest! {
        #[test]
        fn what_is_shown_on_a_line_is_around_it(
            text in "[aé\r\n]{0,20}", start in 0_usize..40, len in 0_usize..9, line in 0_u32..12,
        ) {
            let rope = Rope::from_str(&text);
            let start = start.min(text.len());
            let bytes = start..(start + len).min(text.len());
            let range = shown(&rope, &bytes, Encoding::Utf8);
            if (range.start.line..=range.end.line).contains(&line) {
                let around = around(&rope, line, line);
                prop_assert!(bytes.start <= *around.end() && *around.start() <= bytes.end);
            }
        }

        #[test]
        fn positions_mean_what_the_slow_way_says(
            text in "[a😀é\r\n]{0,30}", line in 0_u32..12, column in 0_u32..12, encoding in encodings(),
        ) {
            let position = Position::new(line, column);
            let rope = Rope::from_str(&text);
            let byte = to_byte(&rope, position, encoding);
            prop_assert_eq!(byte, model::to_byte(&text, position, encoding));
            prop_assert_eq!(to_byte(&rope, from_byte(&rope, byte, encoding), encoding), byte);
        }
    }
}
