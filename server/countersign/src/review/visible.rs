//! Source text as cells of a terminal: tabs become spaces, and what could steer the terminal or hide from
//! the reader is written out.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::output::hidden;

/// A tab stops at multiples of this many columns.
const TAB_COLUMNS: usize = 4;
/// Characters of one line that are shown at the most.
const LINE_CHARS_MAX: usize = 4096;
/// Marks on one character that are drawn; more would paint over the lines above and below.
const MARKS_MAX: usize = 3;

/// One line, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visible {
    /// Without tabs, newlines, control and invisible characters.
    pub text: String,
    /// Which bytes of `text` are written out for what cannot be shown.
    pub written_out: Vec<Range<usize>>,
    /// For each character of the source: its first byte there and its first byte in `text`, ascending.
    map: Vec<(usize, usize)>,
}

impl Visible {
    /// Shows `line`, which holds no newline.
    pub fn new(line: &[u8]) -> Self {
        let mut shown = Self::default();
        let (mut column, mut marks, mut count, mut at) = (0, 0, 0, 0);
        for chunk in line.utf8_chunks() {
            for (offset, c) in chunk.valid().char_indices() {
                count += 1;
                if count > LINE_CHARS_MAX {
                    shown.write_out(" ... the line goes on", at + offset);
                    return shown;
                }
                let width = c.width().unwrap_or(0);
                marks = if width == 0 { marks + 1 } else { 0 };
                shown.map.push((at + offset, shown.text.len()));
                if c == '\t' {
                    let spaces = TAB_COLUMNS - column % TAB_COLUMNS;
                    shown.text.extend(std::iter::repeat_n(' ', spaces));
                    column += spaces;
                } else if hidden(c) || marks > MARKS_MAX {
                    let code = format!("\\u{{{:x}}}", u32::from(c));
                    column += code.len();
                    shown.write_out(&code, at + offset);
                } else {
                    shown.text.push(c);
                    column += width;
                }
            }
            at += chunk.valid().len();
            for byte in chunk.invalid() {
                count += 1;
                let code = format!("\\x{byte:02x}");
                column += code.len();
                shown.write_out(&code, at);
                at += 1;
            }
        }
        shown
    }

    fn write_out(&mut self, text: &str, source: usize) {
        let start = self.text.len();
        if self.map.last().is_none_or(|(last, _)| *last != source) {
            self.map.push((source, start));
        }
        self.text.push_str(text);
        self.written_out.push(start..self.text.len());
    }

    /// The bytes of `text` that show the bytes `source` of the line.
    pub fn range(&self, source: &Range<usize>) -> Range<usize> {
        let to = |byte: usize| {
            let next = self.map.partition_point(|(from, _)| *from < byte);
            self.map.get(next).map_or(self.text.len(), |(_, to)| *to)
        };
        to(source.start)..to(source.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let shown = Visible::new(line.as_bytes());
        assert_eq!(shown.text, expected);
        assert!(!shown.text.contains(char::is_control), "{:?}", shown.text);
    }

    #[test]
    fn tabs_stop_at_columns_and_wide_characters_count_twice() {
        check("\ta\tb", "    a   b");
        check("日\tb", "日  b");
        check("abcd\tb", "abcd    b");
    }

    #[test]
    fn what_steers_or_hides_is_written_out() {
        check("a\x1b[2Jb\r", "a\\u{1b}[2Jb\\u{d}");
        check("\u{9b}31m\u{202e}x\u{200b}y\u{e0041}", "\\u{9b}31m\\u{202e}x\\u{200b}y\\u{e0041}");
        check("e\u{301}", "e\u{301}");
        check("e\u{301}\u{301}\u{301}\u{301}", "e\u{301}\u{301}\u{301}\\u{301}");
        assert_eq!(Visible::new(b"a\xff\xfeb").text, "a\\xff\\xfeb");
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let shown = Visible::new("x".repeat(1_000_000).as_bytes());
        assert!(shown.text.len() < 5_000, "{}", shown.text.len());
        assert!(shown.text.ends_with("the line goes on"));
    }

    #[test]
    fn ranges_of_the_source_are_found_in_what_is_shown() {
        let line = "\té\x1bend";
        let shown = Visible::new(line.as_bytes());
        assert_eq!(shown.text, "    é\\u{1b}end");
        let at = |text: &str| {
            let start = line.find(text).unwrap();
            shown.range(&(start..start + text.len()))
        };
        assert_eq!(&shown.text[at("é")], "é");
        assert_eq!(&shown.text[at("\x1b")], "\\u{1b}");
        assert_eq!(&shown.text[at("end")], "end");
        assert_eq!(shown.range(&(0..99)), 0..shown.text.len());
    }
}
