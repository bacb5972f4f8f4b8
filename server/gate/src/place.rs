//! A file under review with its lines at hand, and findings at places in it.

use model::{FileMode, Finding, LineSpan, RelPath, Severity};

use crate::FileUnderReview;
use crate::rules::RULES;

/// A file under review, and what all checks ask of it.
pub(crate) struct File<'a> {
    pub(crate) of: FileUnderReview<'a>,
    /// The added lines, in the text after.
    pub(crate) added: Vec<LineSpan>,
}

impl<'a> File<'a> {
    pub(crate) fn new(file: &FileUnderReview<'a>) -> Self {
        let added = match (file.before, file.after) {
            (None, Some(after)) => {
                let newlines = after.iter().filter(|b| **b == b'\n').count();
                let open = usize::from(!after.is_empty() && !after.ends_with(b"\n"));
                let lines = u32::try_from(newlines + open).unwrap_or(u32::MAX);
                vec![LineSpan { start: 0, end: after.len(), first_line: 0, lines }]
            }
            _ => file.added.to_vec(),
        };
        Self { of: *file, added }
    }

    /// Whether both sides that are there are text: no link, no submodule, no NUL.
    pub(crate) fn is_text(&self) -> bool {
        let plain =
            |mode: Option<FileMode>| !matches!(mode, Some(FileMode::Symlink | FileMode::Submodule));
        let text = |side: Option<&[u8]>| !side.is_some_and(|bytes| bytes.contains(&0));
        plain(self.of.new_mode) && text(self.of.after) && text(self.of.before)
    }

    /// The added texts, each with its span.
    pub(crate) fn added_texts(&self) -> impl Iterator<Item = (&LineSpan, &'a [u8])> {
        let after = self.of.after.unwrap_or_default();
        self.added.iter().map(move |span| (span, span.of(after)))
    }

    /// Whether a line of the text after, from 0, is an added one.
    pub(crate) fn is_added(&self, line: u32) -> bool {
        self.added
            .iter()
            .any(|span| span.first_line <= line && line - span.first_line < span.lines.max(1))
    }

    /// The first added line, from 0; the start of the file when none is.
    pub(crate) fn first_added(&self) -> u32 {
        self.added.first().map_or(0, |span| span.first_line)
    }
}

/// How many line ends there are in `text`, which is how many lines further its end is.
pub(crate) fn lines_in(text: &[u8]) -> u32 {
    u32::try_from(text.iter().filter(|b| **b == b'\n').count()).unwrap_or(u32::MAX)
}

/// A finding of one line with the severity that [`RULES`] states for it.
pub(crate) fn finding(rule: &str, path: &RelPath, first_line: u32, message: String) -> Finding {
    let stated = RULES.iter().find(|(id, ..)| *id == rule).map(|(_, severity, _)| *severity);
    debug_assert!(stated.is_some(), "{rule} is not in the table of rules");
    Finding {
        rule: rule.to_owned(),
        severity: stated.unwrap_or(Severity::Error),
        message,
        path: path.clone(),
        first_line,
        lines: 1,
    }
}
