//! Words for people: what agents wrote is shown as text, never as markup, and nothing hides in it.

/// Text that agents or files wrote, on one line of at most `limit` characters, with nothing invisible.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line: String = visible(&words);
    if line.chars().count() > limit {
        line = line.chars().take(limit.saturating_sub(1)).collect();
        line.push('…');
    }
    line
}

/// Shows what would be invisible or would turn the direction of reading as `<U+202E>`. Tabs and line feeds stay.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = (c.is_control() && !matches!(c, '\t' | '\n'))
            || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        if hidden {
            out.push_str(&format!("<U+{:04X}>", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}

/// Escapes Markdown, so that a title cannot become a link, an image or a heading.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`'
                | '*'
                | '_'
                | '['
                | ']'
                | '('
                | ')'
                | '<'
                | '>'
                | '#'
                | '|'
                | '~'
                | '!'
                | '&'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `1 hunk`, `2 hunks`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `hunk 2`, `hunks 2, 3`.
pub(crate) fn numbered(noun: &str, numbers: &[u32]) -> String {
    let list = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    if numbers.len() == 1 { format!("{noun} {list}") } else { format!("{noun}s {list}") }
}

/// Cuts at a line break, so that at most `limit` bytes remain, and says so.
pub(crate) fn bounded(mut text: String, limit: usize, note: &str) -> String {
    if text.len() <= limit {
        return text;
    }
    let cut =
        text.char_indices().take_while(|(at, _)| *at < limit).filter(|(_, c)| *c == '\n').last();
    text.truncate(cut.map_or(0, |(at, _)| at));
    text.push_str(note);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narration_is_text_on_one_line() {
        assert_eq!(one_line(" a\n\tb \u{202e}c", 80), "a b <U+202E>c");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(escaped("[x](command:y) `z`"), "\\[x\\]\\(command:y\\) \\`z\\`");
    }

    #[test]
    fn long_text_is_cut_at_a_line() {
        assert_eq!(bounded("one\ntwo\nthree".into(), 9, "\n…"), "one\ntwo\n…");
        assert_eq!(bounded("one".into(), 9, "…"), "one");
    }
}
