//! The documents a client holds open, and what a workspace edit does to them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{Encoding, Position, path_from_uri};

/// A document as the editor holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDocument {
    /// The buffer.
    pub text: String,
    /// Goes up by one with every change.
    pub version: i64,
}

/// One document's part of a workspace edit, applied or refused as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DocumentEdit {
    pub path: PathBuf,
    pub version: Option<i64>,
    pub edits: Vec<Value>,
}

/// The documents of a workspace edit, in its order.
///
/// # Errors
/// What is wrong with it, or what an editor of this kind does not do.
pub(crate) fn document_edits(edit: &Value) -> Result<Vec<DocumentEdit>, String> {
    let path = |uri: &Value| {
        uri.as_str().and_then(path_from_uri).ok_or_else(|| format!("not the URI of a file: {uri}"))
    };
    let edits = |list: &Value| list.as_array().cloned().ok_or("edits are not a list".to_owned());
    if let Some(changes) = edit["documentChanges"].as_array() {
        return changes
            .iter()
            .map(|change| {
                if let Some(kind) = change["kind"].as_str() {
                    return Err(format!("resource operation {kind} is not supported"));
                }
                let document = &change["textDocument"];
                Ok(DocumentEdit {
                    path: path(&document["uri"])?,
                    version: document["version"].as_i64(),
                    edits: edits(&change["edits"])?,
                })
            })
            .collect();
    }
    let Some(changes) = edit["changes"].as_object() else {
        return Err("a workspace edit without documentChanges or changes".to_owned());
    };
    changes
        .iter()
        .map(|(uri, list)| {
            Ok(DocumentEdit { path: path(&json!(uri))?, version: None, edits: edits(list)? })
        })
        .collect()
}

/// The texts after a workspace edit, by path; nothing is changed yet.
///
/// # Errors
/// Why an editor refuses it: a version that is not current, a document that is not open, bad or overlapping ranges.
pub(crate) fn plan(
    documents: &BTreeMap<PathBuf, OpenDocument>,
    edit: &Value,
    encoding: Encoding,
) -> Result<Vec<(PathBuf, String)>, String> {
    let mut planned: Vec<(PathBuf, String)> = Vec::new();
    for document_edit in document_edits(edit)? {
        let shown = document_edit.path.display();
        let document =
            documents.get(&document_edit.path).ok_or_else(|| format!("{shown} is not open"))?;
        if let Some(version) = document_edit.version
            && version != document.version
        {
            return Err(format!("{shown} is at version {}, not {version}", document.version));
        }
        if planned.iter().any(|(path, _)| *path == document_edit.path) {
            return Err(format!("{shown} appears twice"));
        }
        let text = apply_text_edits(&document.text, &document_edit.edits, encoding)
            .map_err(|error| format!("{shown}: {error}"))?;
        planned.push((document_edit.path.clone(), text));
    }
    Ok(planned)
}

/// `text` with all `edits` applied at once: every range is one of `text` as it was.
///
/// # Errors
/// A range that is not in the text or overlaps another.
pub(crate) fn apply_text_edits(
    text: &str,
    edits: &[Value],
    encoding: Encoding,
) -> Result<String, String> {
    let mut spans = Vec::new();
    for edit in edits {
        let at = |end: &str| {
            Position::from_json(&edit["range"][end]).and_then(|p| p.offset(text, encoding))
        };
        let (Some(start), Some(end)) = (at("start"), at("end")) else {
            return Err(format!("no such range: {}", edit["range"]));
        };
        let new = edit["newText"].as_str().ok_or("an edit without newText")?;
        if start > end {
            return Err(format!("a range that ends before it starts: {}", edit["range"]));
        }
        spans.push((start, end, new));
    }
    // Stable: insertions at one place keep the order of the list, as the protocol says.
    spans.sort_by_key(|(start, end, _)| (*start, *end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end, new) in spans {
        if start < done {
            return Err("edits overlap".to_owned());
        }
        out.push_str(&text[done..start]);
        out.push_str(new);
        done = end;
    }
    out.push_str(&text[done..]);
    Ok(out)
}

/// The one content change that makes `before` into `after`: the part between what both begin and end with.
pub(crate) fn difference(before: &str, after: &str, encoding: Encoding) -> Value {
    let mut start = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    // Not inside a character, and not between CR and LF, where there is no position.
    while !before.is_char_boundary(start)
        || !after.is_char_boundary(start)
        || before[..start].ends_with('\r')
    {
        start -= 1;
    }
    let (old, new) = (&before.as_bytes()[start..], &after.as_bytes()[start..]);
    let mut same = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    while !before.is_char_boundary(before.len() - same)
        || !after.is_char_boundary(after.len() - same)
        || before[before.len() - same..].starts_with('\n')
    {
        same -= 1;
    }
    let position = |offset| Position::of(before, offset, encoding).json();
    json!({
        "range": {"start": position(start), "end": position(before.len() - same)},
        "text": after[start..after.len() - same],
    })
}

/// The language id an editor would announce for a file.
pub(crate) fn language_id(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => "rust",
        Some("py") => "python",
        Some("ts") => "typescript",
        Some("tsx") => "typescriptreact",
        Some("js" | "mjs" | "cjs") => "javascript",
        Some("jsx") => "javascriptreact",
        _ => "plaintext",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(from: (u32, u32), to: (u32, u32), new: &str) -> Value {
        json!({
            "range": {
                "start": {"line": from.0, "character": from.1},
                "end": {"line": to.0, "character": to.1},
            },
            "newText": new,
        })
    }

    #[test]
    fn edits_speak_of_the_text_before_all_of_them() {
        let text = "one\ntwo\nthree\n";
        let edits =
            [edit((2, 0), (2, 5), "3"), edit((0, 0), (0, 3), "1"), edit((1, 0), (1, 0), ">")];
        assert_eq!(apply_text_edits(text, &edits, Encoding::Utf16).unwrap(), "1\n>two\n3\n");
    }

    #[test]
    fn insertions_at_one_place_keep_their_order() {
        let edits = [edit((0, 1), (0, 1), "x"), edit((0, 1), (0, 1), "y")];
        assert_eq!(apply_text_edits("ab", &edits, Encoding::Utf16).unwrap(), "axyb");
    }

    #[test]
    fn the_encoding_decides_where_an_edit_lands() {
        let at_two = [edit((0, 2), (0, 3), "-")];
        assert_eq!(apply_text_edits("😀ab", &at_two, Encoding::Utf16).unwrap(), "😀-b");
        assert_eq!(apply_text_edits("😀ab", &at_two, Encoding::Utf32).unwrap(), "😀a-");
        assert!(apply_text_edits("😀ab", &at_two, Encoding::Utf8).is_err());
    }

    #[test]
    fn bad_ranges_are_refused() {
        let check = |edits: &[Value], reason: &str| {
            let error = apply_text_edits("abc\n", edits, Encoding::Utf16).unwrap_err();
            assert!(error.contains(reason), "{error}");
        };
        check(&[edit((0, 0), (0, 2), ""), edit((0, 1), (0, 3), "")], "overlap");
        check(&[edit((7, 0), (7, 0), "")], "no such range");
        check(&[edit((0, 2), (0, 1), "")], "ends before it starts");
        check(&[json!({"range": edit((0, 0), (0, 0), "")["range"]})], "newText");
    }

    #[test]
    fn the_difference_is_small() {
        let change = difference("ab\r\ncüd\n", "ab\r\nc€d\n", Encoding::Utf16);
        assert_eq!(change["text"], "€");
        assert_eq!(change["range"], edit((1, 1), (1, 2), "")["range"]);
    }

    proptest::proptest! {
        #[test]
        fn the_difference_makes_one_into_the_other(
            before in "[a\n\rü€😀]{0,12}", after in "[a\n\rü€😀]{0,12}",
        ) {
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                let change = difference(&before, &after, encoding);
                let edit = json!({"range": change["range"], "newText": change["text"]});
                proptest::prop_assert_eq!(apply_text_edits(&before, &[edit], encoding).unwrap(), after.clone());
            }
        }
    }

    #[test]
    fn a_workspace_edit_is_all_or_nothing() {
        let open = |text: &str| OpenDocument { text: text.to_owned(), version: 3 };
        let documents =
            BTreeMap::from([(PathBuf::from("/a"), open("a")), (PathBuf::from("/b"), open("b"))]);
        let change = |uri: &str, version: Value| {
            json!({
                "textDocument": {"uri": uri, "version": version},
                "edits": [edit((0, 0), (0, 0), "+")],
            })
        };
        let plan = |changes: Value| plan(&documents, &changes, Encoding::Utf16);
        let both = json!({"documentChanges": [change("file:///a", json!(3)), change("file:///b", json!(null))]});
        assert_eq!(plan(both).unwrap(), [("/a".into(), "+a".into()), ("/b".into(), "+b".into())]);
        let stale = json!({"documentChanges": [change("file:///a", json!(3)), change("file:///b", json!(2))]});
        assert_eq!(plan(stale).unwrap_err(), "/b is at version 3, not 2");
        let closed = json!({"changes": {"file:///c": []}});
        assert_eq!(plan(closed).unwrap_err(), "/c is not open");
        let rename = json!({"documentChanges": [{"kind": "rename"}]});
        assert!(plan(rename).unwrap_err().contains("rename"));
        assert!(plan(json!({})).is_err());
    }
}
