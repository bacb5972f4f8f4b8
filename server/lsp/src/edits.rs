//! Replacements in bytes to the edits that clients apply.

use std::collections::HashMap;
use std::ops::Range;

use lsp_types::{
    ApplyWorkspaceEditParams, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier,
    TextDocumentEdit, TextEdit, WorkspaceEdit,
};

use crate::client::Client;
use crate::documents::Document;
use crate::position;

/// Bytes of a text, and what replaces them.
pub(crate) type Replacement = (Range<usize>, String);

/// The one replacement that makes `to` of `from`.
pub(crate) fn replacement(from: &str, to: &str) -> Replacement {
    let pairs = from.bytes().zip(to.bytes());
    let mut head = pairs.take_while(|(a, b)| a == b).count();
    // Never inside a character, nor between the two halves of a line break.
    let splits = |text: &str, at: usize| {
        let bytes = text.as_bytes();
        let returned = at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\r');
        !text.is_char_boundary(at) || (returned && bytes.get(at) == Some(&b'\n'))
    };
    while head > 0 && (splits(from, head) || splits(to, head)) {
        head -= 1;
    }
    let room = from.len().min(to.len()) - head;
    let pairs = from.bytes().rev().zip(to.bytes().rev());
    let mut tail = pairs.take(room).take_while(|(a, b)| a == b).count();
    while tail > 0 && (splits(from, from.len() - tail) || splits(to, to.len() - tail)) {
        tail -= 1;
    }
    let text = to.get(head..to.len() - tail).unwrap_or_default().to_owned();
    (head..from.len() - tail, text)
}

/// The same replacements, none of which touches the place behind the last line break where that can be avoided.
///
/// Editors that hold lines have no such place: Neovim 0.10 was seen to add an empty line for an insertion
/// there. Moving the line break in front of the replacement makes the same text of it.
pub(crate) fn inland(text: &str, mut replacements: Vec<Replacement>) -> Vec<Replacement> {
    let Some(ending) = ["\r\n", "\n"].into_iter().find(|ending| text.ends_with(ending)) else {
        return replacements;
    };
    let Some((range, new)) = replacements.pop() else { return replacements };
    let before = replacements.last().map_or(0, |(range, _)| range.end);
    let moved = || -> Option<Replacement> {
        if range.end != text.len() {
            return None;
        }
        let end = range.end - ending.len();
        let kept = new.strip_suffix(ending);
        if let Some(kept) = kept.filter(|_| range.start <= end) {
            return Some((range.start..end, kept.to_owned()));
        }
        let start = range.start.checked_sub(ending.len()).filter(|start| *start >= before)?;
        if !text.get(..range.start)?.ends_with(ending) {
            return None;
        }
        match kept {
            Some(kept) => Some((start..end, format!("{ending}{kept}"))),
            None => new.is_empty().then_some((start..end, String::new())),
        }
    };
    let last = moved().unwrap_or((range, new));
    replacements.push(last);
    replacements
}

/// The request that has the client make these replacements, each in the text the document has now.
#[expect(clippy::mutable_key_type, reason = "the protocol's own map; a URI compares by its text")]
pub(crate) fn workspace_edit(
    client: &Client,
    label: String,
    documents: &[(&Document, Vec<Replacement>)],
) -> ApplyWorkspaceEditParams {
    let edits = |document: &Document, replacements: &[Replacement]| -> Vec<TextEdit> {
        let edit = |(range, text): &Replacement| TextEdit {
            range: position::range(document.rope(), range, client.encoding),
            new_text: text.clone(),
        };
        replacements.iter().map(edit).collect()
    };
    let edit = if client.versioned_edits {
        let of_document = |(document, replacements): &(&Document, Vec<Replacement>)| {
            let edits = edits(document, replacements).into_iter().map(OneOf::Left).collect();
            let (uri, version) = (document.uri.clone(), Some(document.version));
            let text_document = OptionalVersionedTextDocumentIdentifier { uri, version };
            TextDocumentEdit { text_document, edits }
        };
        let changes = documents.iter().map(of_document).collect();
        WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(changes)),
            ..WorkspaceEdit::default()
        }
    } else {
        let changes: HashMap<_, _> = documents
            .iter()
            .map(|(document, replacements)| (document.uri.clone(), edits(document, replacements)))
            .collect();
        WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
    };
    ApplyWorkspaceEditParams { label: Some(label), edit }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str, replacements: &[Replacement]) -> String {
        let mut made = text.to_owned();
        for (range, new) in replacements.iter().rev() {
            made.replace_range(range.clone(), new);
        }
        made
    }

    #[test]
    fn nothing_is_put_behind_the_last_line_break() {
        let check = |text: &str, range: Range<usize>, new: &str, expected: (Range<usize>, &str)| {
            let moved = inland(text, vec![(range, new.to_owned())]);
            assert_eq!(moved, [(expected.0, expected.1.to_owned())]);
        };
        check("a\nb\n", 4..4, "c\n", (3..3, "\nc"));
        check("a\r\nb\r\n", 6..6, "c\r\n", (4..4, "\r\nc"));
        check("a\nb\n", 2..4, "c\n", (2..3, "c"));
        check("a\nb\n", 2..4, "", (1..3, ""));
        // Nothing else makes these texts.
        check("a\n", 0..2, "", (0..2, ""));
        check("a\nb\n", 2..4, "c", (2..4, "c"));
        check("a", 1..1, "b\n", (1..1, "b\n"));
    }

    proptest::proptest! {
        #[test]
        fn inland_makes_the_same_text(
            text in "([ab]?\r?\n){0,4}[ab]?", first in "([cd]?\r?\n){0,2}", last in "([cd]?\r?\n){0,2}",
            cuts in proptest::collection::vec(0_usize..12, 4),
        ) {
            let ends: Vec<usize> =
                std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
            let mut at: Vec<usize> = cuts.iter().map(|cut| ends[cut % ends.len()]).collect();
            at.sort_unstable();
            let replacements = vec![(at[0]..at[1], first), (at[2]..at[3], last)];
            let moved = inland(&text, replacements.clone());
            proptest::prop_assert_eq!(made(&text, &moved), made(&text, &replacements));
            proptest::prop_assert!(moved[0].0.end <= moved[1].0.start);
        }

        #[test]
        fn a_replacement_makes_the_text(from in "[aé😀\r\n]{0,12}", to in "[aé😀\r\n]{0,12}") {
            let (range, text) = replacement(&from, &to);
            let mut made = from.clone();
            made.replace_range(range.clone(), &text);
            proptest::prop_assert_eq!(&made, &to);
            for at in [range.start, range.end] {
                let cut = from[..at].ends_with('\r') && from[at..].starts_with('\n');
                proptest::prop_assert!(!cut, "{:?} is cut inside a line break at {}", from, at);
            }
        }
    }
}
