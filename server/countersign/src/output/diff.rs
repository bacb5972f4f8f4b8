//! A hunk as a unified diff.

use model::{FileChange, Hunk, HunkKind};

use super::style::{CYAN, DIM, GREEN, RED, RESET, safe};

/// Lines of unchanged text shown around a hunk.
const CONTEXT_LINES: usize = 3;
/// Lines of one hunk shown at the most; the rest is counted.
const SHOWN_LINES: usize = 200;

/// One line of a shown hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// ` `, `-` or `+`.
    pub sign: char,
    /// The line without its newline, made safe.
    pub text: String,
}

/// The lines of `hunk` with their surroundings, from both sides' texts.
pub fn lines(file: &FileChange, hunk: &Hunk, before: &[u8], after: &[u8]) -> Vec<DiffLine> {
    let line = |sign: char, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes.strip_suffix(b"\n").unwrap_or(bytes));
        let text = text.strip_suffix('\r').unwrap_or(&text);
        DiffLine { sign, text: safe(text) }
    };
    let split = |bytes: &'_ [u8]| -> Vec<Vec<u8>> {
        bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
    };
    let mut shown = Vec::new();
    let by_lines = hunk.kind == HunkKind::Lines;
    if by_lines {
        let above = split(before.get(..hunk.before.start).unwrap_or_default());
        let from = above.len().saturating_sub(CONTEXT_LINES);
        shown.extend(above.get(from..).unwrap_or_default().iter().map(|l| line(' ', l)));
    }
    if hunk.kind == HunkKind::Whole && file.content != model::Content::Text {
        return shown;
    }
    shown.extend(split(hunk.before.of(before)).iter().map(|l| line('-', l)));
    shown.extend(split(hunk.after.of(after)).iter().map(|l| line('+', l)));
    if by_lines {
        let below = split(before.get(hunk.before.end..).unwrap_or_default());
        shown.extend(below.iter().take(CONTEXT_LINES).map(|l| line(' ', l)));
    }
    shown
}

/// The lines, coloured, each indented by two.
pub fn human(lines: &[DiffLine]) -> String {
    let mut out = String::new();
    for DiffLine { sign, text } in lines.iter().take(SHOWN_LINES) {
        let style = match sign {
            '-' => RED,
            '+' => GREEN,
            _ => DIM,
        };
        out.push_str(&format!("  {style}{sign}{text}{RESET}\n"));
    }
    if let Some(more) = lines.len().checked_sub(SHOWN_LINES).filter(|more| *more > 0) {
        out.push_str(&format!("  {DIM}... {more} more lines{RESET}\n"));
    }
    out
}

/// The heading of a hunk.
pub fn heading(file: &FileChange, hunk: &Hunk, state: Option<&str>) -> String {
    let place = match hunk.kind {
        HunkKind::Lines => format!("line {}", hunk.before.first_line + 1),
        HunkKind::Whole => "whole file".to_owned(),
    };
    let entity = hunk.entity.as_ref().map(|e| format!(" · in {}", safe(e))).unwrap_or_default();
    let state = state.map(|state| format!(" · {state}")).unwrap_or_default();
    format!("  {CYAN}hunk {} · {} {place}{entity}{state}{RESET}\n", hunk.ordinal, file.path)
}
