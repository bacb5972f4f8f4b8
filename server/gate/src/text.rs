//! What is wrong with added lines whatever language they are in: conflict markers, hidden characters.

use model::{Finding, Severity};

use crate::place::{File, finding, lines_in};

/// Kinds of file that people write in their own language, where direction marks belong.
const PROSE: &[&str] = &[
    "arb", "ftl", "htm", "html", "md", "po", "pot", "resx", "rst", "strings", "txt", "xlf", "xliff",
];

/// Conflict markers and hidden characters in the added lines.
pub(crate) fn check(file: &File<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (span, text) in file.added_texts() {
        for (number, line) in (span.first_line..).zip(text.split(|b| *b == b'\n')) {
            if is_conflict_marker(line) {
                let message = "a conflict marker is added: finish the merge first".to_owned();
                findings.push(finding("conflict-marker", file.of.path, number, message));
            }
        }
        findings.extend(hidden(file, span.start, span.first_line, text));
    }
    findings
}

/// The middle `=======` is also how some documents underline a title, so it does not count by itself.
fn is_conflict_marker(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    [b"<<<<<<<", b">>>>>>>", b"|||||||"].iter().any(|marker| {
        line.strip_prefix(*marker).is_some_and(|rest| rest.is_empty() || rest.starts_with(b" "))
    })
}

/// One finding a line for characters that reorder text, one for those that cannot be seen.
fn hidden(file: &File<'_>, start: usize, first_line: u32, text: &[u8]) -> Vec<Finding> {
    let prose = file.of.path.extension().is_some_and(|e| PROSE.contains(&e.as_str()));
    let mut findings: Vec<Finding> = Vec::new();
    let mut at = 0;
    for chunk in text.utf8_chunks() {
        let mut previous = None;
        for (offset, c) in chunk.valid().char_indices() {
            let before = previous.replace(c);
            let first = start + at + offset == 0;
            let Some(rule) = hidden_rule(c, before, first) else { continue };
            let line = first_line + lines_in(text.get(..at + offset).unwrap_or_default());
            if findings.iter().any(|f| f.first_line == line && f.rule == rule) {
                continue;
            }
            let code = u32::from(c);
            let message = match rule {
                "unicode.bidi" => format!(
                    "U+{code:04X} is added: it makes the line read in another order than it runs"
                ),
                _ => format!("U+{code:04X} is added, which cannot be seen"),
            };
            let mut found = finding(rule, file.of.path, line, message);
            if prose {
                found.severity = found.severity.min(Severity::Warning);
            }
            findings.push(found);
        }
        at += chunk.valid().len() + chunk.invalid().len();
    }
    findings
}

fn hidden_rule(c: char, before: Option<char>, first: bool) -> Option<&'static str> {
    match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some("unicode.bidi"),
        // A mark of the byte order starts a file; elsewhere it is a space without width.
        '\u{feff}' if first => None,
        '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{061c}'
        | '\u{180e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}'
        | '\u{3164}'
        | '\u{ffa0}' => Some("unicode.invisible"),
        // Joiners shape letters of some scripts and emoji; after an ASCII letter they only hide.
        '\u{200c}' | '\u{200d}'
            if before.is_some_and(|b| b.is_ascii_alphanumeric() || b == '_') =>
        {
            Some("unicode.invisible")
        }
        _ => None,
    }
}
