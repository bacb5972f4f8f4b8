//! LSP positions in the three encodings, over text whose lines end in LF, CR LF or CR.

use serde_json::{Value, json};

/// What a character number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units: what every client and server knows.
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        }
    }

    /// The encoding of a name in the protocol.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Utf8, Self::Utf16, Self::Utf32].into_iter().find(|encoding| encoding.name() == name)
    }

    fn width(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// A place in a text: line from 0, and how many units of an [`Encoding`] into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 0.
    pub line: usize,
    /// In units of the encoding, from 0.
    pub character: usize,
}

impl Position {
    /// The place of a byte offset that lies on a character's edge.
    ///
    /// # Panics
    /// When it does not, or is past the end.
    pub fn of(text: &str, offset: usize, encoding: Encoding) -> Self {
        assert!(
            text.is_char_boundary(offset),
            "offset {offset} is inside a character or past the end"
        );
        let (line, start) = lines(text)
            .enumerate()
            .take_while(|(_, start)| *start <= offset)
            .last()
            .expect("a text has a first line");
        Self { line, character: text[start..offset].chars().map(|c| encoding.width(c)).sum() }
    }

    /// The byte offset. As the protocol says, a character past the line's end means the end, before its line ending.
    ///
    /// `None` when the line does not exist or the character is inside one, which no correct server sends.
    pub fn offset(self, text: &str, encoding: Encoding) -> Option<usize> {
        let start = lines(text).nth(self.line)?;
        let (mut offset, mut units) = (start, 0);
        for character in text[start..].chars() {
            if units >= self.character || matches!(character, '\n' | '\r') {
                break;
            }
            units += encoding.width(character);
            offset += character.len_utf8();
        }
        (units <= self.character).then_some(offset)
    }

    /// As the protocol writes it.
    pub fn json(self) -> Value {
        json!({ "line": self.line, "character": self.character })
    }

    /// From the protocol's form.
    pub fn from_json(value: &Value) -> Option<Self> {
        let number = |name: &str| value[name].as_u64().and_then(|n| usize::try_from(n).ok());
        Some(Self { line: number("line")?, character: number("character")? })
    }
}

/// The byte offset of each line's start.
fn lines(text: &str) -> impl Iterator<Item = usize> + '_ {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, offset: usize, encoding: Encoding, line: usize, character: usize) {
        let position = Position { line, character };
        assert_eq!(
            Position::of(text, offset, encoding),
            position,
            "{text:?} {offset} {encoding:?}"
        );
        assert_eq!(
            position.offset(text, encoding),
            Some(offset),
            "{text:?} {position:?} {encoding:?}"
        );
    }

    #[test]
    fn the_three_encodings_count_differently() {
        // ü is 2 bytes, 1 unit; € 3 and 1; 😀 4 and 2.
        let text = "aü€😀b\nc";
        check(text, 10, Encoding::Utf8, 0, 10);
        check(text, 10, Encoding::Utf16, 0, 5);
        check(text, 10, Encoding::Utf32, 0, 4);
        check(text, 12, Encoding::Utf16, 1, 0);
    }

    #[test]
    fn all_three_line_endings_end_a_line() {
        let text = "a\r\nb\rc\n";
        for (offset, line) in [(0, 0), (3, 1), (5, 2), (7, 3)] {
            check(text, offset, Encoding::Utf16, line, 0);
        }
        check(text, 1, Encoding::Utf16, 0, 1);
    }

    #[test]
    fn past_the_end_of_a_line_means_its_end() {
        let far = Position { line: 0, character: 99 };
        assert_eq!(far.offset("ab\r\nc", Encoding::Utf16), Some(2));
        assert_eq!(Position { line: 2, character: 0 }.offset("ab\r\nc", Encoding::Utf16), None);
    }

    #[test]
    fn inside_a_character_is_nowhere() {
        assert_eq!(Position { line: 0, character: 1 }.offset("😀", Encoding::Utf16), None);
        assert_eq!(Position { line: 0, character: 3 }.offset("😀", Encoding::Utf8), None);
        assert_eq!(Position { line: 0, character: 1 }.offset("😀x", Encoding::Utf32), Some(4));
    }

    proptest! {
        #[test]
        fn offsets_come_back(text in "[a\nü\r€😀]{0,40}", at in 0usize..200) {
            let edges: Vec<_> = (0..=text.len()).filter(|o| text.is_char_boundary(*o)).collect();
            let offset = edges[at % edges.len()];
            // Between CR and LF lies no position of its own.
            prop_assume!(!(text[..offset].ends_with('\r') && text[offset..].starts_with('\n')));
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let position = Position::of(&text, offset, encoding);
                prop_assert_eq!(position.offset(&text, encoding), Some(offset));
                prop_assert_eq!(Position::from_json(&position.json()), Some(position));
            }
        }
    }
}
