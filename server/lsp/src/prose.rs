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

/// A name in Markdown, shown as it is whatever is in it. `text` is one line.
pub(crate) fn code_span(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let edge = |c: char| matches!(c, '`' | ' ');
    let pad = if text.starts_with(edge) || text.ends_with(edge) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Escapes what Markdown would take for markup in one line of prose, and nothing else, so that a title cannot
/// become a link, an image or a heading. Names such as `__eq__` and closed code spans become code spans.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    if is_block_start(text) {
        let space = text.len() - text.trim_start().len();
        out.push_str(text.get(..space).unwrap_or_default());
        out.push('\\');
        // What is escaped is taken over as it is, or the backslash would be escaped, too.
        let first = text.get(space..).and_then(|text| text.chars().next());
        out.extend(first);
        rest = text.get(space + first.map_or(0, char::len_utf8)..).unwrap_or_default();
    }
    let mut previous = out.chars().last();
    while let Some(c) = rest.chars().next() {
        let after_code = out.ends_with('`');
        let span =
            if after_code { None } else { closed_span(rest).or_else(|| name(rest, previous)) };
        if let Some((length, span)) = span {
            out.push_str(&span);
            previous = rest.get(..length).and_then(|taken| taken.chars().last());
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let next = rest.chars().nth(1);
        if is_markup(c, previous, next, rest) {
            out.push('\\');
        }
        out.push(c);
        // Of several underscores, what is around all of them decides.
        previous = if c == '_' { previous } else { Some(c) };
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    out
}

/// A heading, a fence, a rule, or what makes a heading or a table of the line before.
fn is_block_start(line: &str) -> bool {
    let line = line.trim_start();
    let after = line.trim_start_matches('#');
    let heading = after.len() < line.len() && (after.is_empty() || after.starts_with([' ', '\t']));
    let ruler = |c: char| matches!(c, '-' | '=' | '|' | ':' | '+' | ' ' | '\t');
    heading || line.starts_with("~~~") || (!line.is_empty() && line.chars().all(ruler))
}

fn is_markup(c: char, previous: Option<char>, next: Option<char>, rest: &str) -> bool {
    let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let inside_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match c {
        '`' | '[' => true,
        '\\' => next.is_none_or(|next| next.is_ascii_punctuation()),
        '*' => previous.is_none() || !blank(previous) || !blank(next),
        '_' => !inside_word(previous) || !inside_word(rest.trim_start_matches('_').chars().next()),
        '~' => next == Some('~') || previous == Some('~'),
        '<' => next.is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(next)),
        '&' => {
            let inside = rest.get(1..).and_then(|rest| rest.split_once(';')).map(|(name, _)| name);
            let entity = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#');
            inside.is_some_and(|name| !name.is_empty() && entity(name))
        }
        _ => false,
    }
}

/// The code span that `text` begins with, and its length: one backtick to the next single one.
fn closed_span(text: &str) -> Option<(usize, String)> {
    let inside = text.strip_prefix('`').filter(|inside| !inside.starts_with('`'))?;
    let single = |at: &usize| {
        let around = (inside.get(..*at), inside.get(at + 1..));
        matches!(around, (Some(before), Some(after)) if !before.ends_with('`') && !after.starts_with('`'))
    };
    let end = inside.match_indices('`').map(|(at, _)| at).find(single)?;
    let length = end + 2;
    Some((length, text.get(..length)?.to_owned()))
}

/// The name that `text` begins with as a code span, and its length, if its underscores would be markup.
fn name(text: &str, previous: Option<char>) -> Option<(usize, String)> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '/' | '-');
    if previous.is_some_and(|c| part(c) || c == '`') {
        return None;
    }
    let length = text.find(|c: char| !part(c)).unwrap_or(text.len());
    let name = text.get(..length)?.trim_end_matches(['.', ':', '-']);
    let between = |at: usize| {
        let around = (name.get(..at)?.chars().last()?, name.get(at + 1..)?.chars().next()?);
        let word = |c: char| c.is_alphanumeric() || c == '_';
        (word(around.0) && word(around.1)).then_some(())
    };
    let marks = name.match_indices('_').any(|(at, _)| between(at).is_none());
    let closes = text.get(name.len()..)?.starts_with('`');
    (marks && !closes).then(|| (name.len(), code_span(name)))
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
        assert_eq!(escaped("[x](command:y) ![z]"), "\\[x](command:y) !\\[z]");
    }

    #[test]
    fn only_what_would_be_markup_is_escaped() {
        for same in
            ["Tracker.is_stale (entropy 1.00) a < b > c", "2 * 3, #1, C#, a & b, a__b", "x\\y"]
        {
            assert_eq!(escaped(same), same);
        }
        let check = |text: &str, expected: &str| assert_eq!(escaped(text), expected);
        check("calls __eq__.", "calls `__eq__`.");
        check("src/__init__.py and _x", "`src/__init__.py` and `_x`");
        check("a _b c_ d", "a `_b` `c_` d");
        check("uses `x` and `y[0]`", "uses `x` and `y[0]`");
        check("open ` and ``two``", "open \\` and \\`\\`two\\`\\`");
        check("`a`__b__", "`a`\\_\\_b\\_\\_");
        check("__b__`a`", "\\_\\_b\\_\\_`a`");
        check("*a* **b**", "\\*a\\* \\*\\*b\\*\\*");
        check("<b> &lt; a\\*b\\", "\\<b> \\&lt; a\\\\\\*b\\\\");
        check("# head", "\\# head");
        check("---", "\\---");
        check("~~~", "\\~\\~\\~");
    }

    #[test]
    fn a_code_span_holds_anything() {
        assert_eq!(code_span("a_b"), "`a_b`");
        assert_eq!(code_span("a`b``c"), "```a`b``c```");
        assert_eq!(code_span("`a`"), "`` `a` ``");
    }

    #[test]
    fn long_text_is_cut_at_a_line() {
        assert_eq!(bounded("one\ntwo\nthree".into(), 9, "\n…"), "one\ntwo\n…");
        assert_eq!(bounded("one".into(), 9, "…"), "one");
    }
}
