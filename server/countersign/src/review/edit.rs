//! The text that a person gets to edit, and what is taken over from it.

use model::{FileChange, Hunk, HunkKind, Language, RelPath};

use crate::output::safe;

const SCISSORS: &str = " ------------------------ >8 ------------------------";
/// Lines of the replaced text shown above the scissors.
const REPLACED_LINES: usize = 40;

/// Why nothing is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("the text is as it was: nothing was taken over; `a` accepts it as proposed")]
    Unchanged,
    #[error("the line with the scissors is gone, so nothing was taken over")]
    NoScissors,
    #[error("it removes the file, so there is no text to edit")]
    NoText,
}

/// What is edited of a hunk: its new lines, or the new file.
pub fn proposed<'t>(file: &FileChange, hunk: &Hunk, after: &'t [u8]) -> Result<&'t [u8], Unusable> {
    match hunk.kind {
        HunkKind::Lines => Ok(hunk.after.of(after)),
        HunkKind::Whole if file.after.is_some() => Ok(after),
        HunkKind::Whole => Err(Unusable::NoText),
    }
}

/// The file for the editor: a comment, the scissors, the proposed text.
pub fn compose(file: &FileChange, hunk: &Hunk, before: &[u8], proposed: &[u8]) -> Vec<u8> {
    let end = line_end(proposed, before);
    let comment = comment_sign(file.language);
    let replaced = String::from_utf8_lossy(hunk.before.of(before));
    let mut head = vec![
        format!(
            "{comment} hunk {} of {}, line {}",
            hunk.ordinal,
            file.path,
            hunk.before.first_line + 1
        ),
        format!(
            "{comment} The text below the scissors is what will be accepted. All above is dropped;"
        ),
        format!("{comment} without the line with the scissors nothing is taken over."),
    ];
    if hunk.kind == HunkKind::Lines && !replaced.is_empty() {
        head.push(format!("{comment} It replaces:"));
        let lines = replaced.lines().take(REPLACED_LINES);
        head.extend(lines.map(|line| format!("{comment} |{}", safe(line))));
    }
    head.push(format!("{comment}{SCISSORS}"));
    let mut text: Vec<u8> = head.iter().flat_map(|line| [line, end]).flat_map(str::bytes).collect();
    text.extend(proposed);
    text
}

/// What the person made of the text below the scissors.
pub fn taken_over(edited: &[u8], proposed: &[u8]) -> Result<Vec<u8>, Unusable> {
    let mut at = 0;
    let below = edited.split_inclusive(|byte| *byte == b'\n').find_map(|line| {
        at += line.len();
        line.trim_ascii_end().ends_with(SCISSORS.as_bytes()).then_some(at)
    });
    let below = below.and_then(|below| edited.get(below..)).ok_or(Unusable::NoScissors)?;
    let mut text = below.to_vec();
    if proposed.ends_with(b"\n") || proposed.is_empty() {
        if !text.is_empty() && !text.ends_with(b"\n") {
            text.extend(line_end(&text, proposed).bytes());
        }
    } else if text.ends_with(b"\n") {
        // Most editors end the last line by themselves; the proposal did not.
        let kept = text.strip_suffix(b"\r\n").or(text.strip_suffix(b"\n")).map(<[u8]>::len);
        text.truncate(kept.unwrap_or(text.len()));
    }
    if text == proposed { Err(Unusable::Unchanged) } else { Ok(text) }
}

/// The name to give the file, so that an editor knows its language.
pub fn suffix(path: &RelPath) -> String {
    let plain = |extension: &String| extension.chars().all(|c| c.is_ascii_alphanumeric());
    path.extension().filter(plain).map(|extension| format!(".{extension}")).unwrap_or_default()
}

fn line_end<'e>(text: &[u8], other: &[u8]) -> &'e str {
    let crlf = |text: &[u8]| text.windows(2).any(|pair| pair == b"\r\n");
    if crlf(text) || (!text.contains(&b'\n') && crlf(other)) { "\r\n" } else { "\n" }
}

fn comment_sign(language: Option<Language>) -> &'static str {
    match language {
        None | Some(Language::Python) => "#",
        Some(_) => "//",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::fixture::{QUEUE, QUEUE_AFTER, file};

    #[test]
    fn the_text_to_edit_says_what_it_replaces() {
        let file = file("src/queue.rs", Some(QUEUE), Some(QUEUE_AFTER), 1);
        let hunk = &file.hunks[0];
        let proposed = proposed(&file, hunk, QUEUE_AFTER.as_bytes()).unwrap();
        let text = compose(&file, hunk, QUEUE.as_bytes(), proposed);
        expect_test::expect![[r#"
            // hunk 1 of src/queue.rs, line 3
            // The text below the scissors is what will be accepted. All above is dropped;
            // without the line with the scissors nothing is taken over.
            // It replaces:
            // |    queue.len() == 0
            // ------------------------ >8 ------------------------
                queue.is_empty()
        "#]]
        .assert_eq(&String::from_utf8(text.clone()).unwrap());
        assert_eq!(taken_over(&text, proposed), Err(Unusable::Unchanged));
        assert_eq!(taken_over(b"", proposed), Err(Unusable::NoScissors));
        let edited = String::from_utf8(text).unwrap().replace("is_empty", "idle");
        assert_eq!(taken_over(edited.as_bytes(), proposed).unwrap(), b"    queue.idle()\n");
    }

    #[test]
    fn line_ends_and_the_end_of_the_file_stay_as_proposed() {
        let over = |below: &str, proposed: &str| {
            let edited = format!("#{SCISSORS}\n{below}");
            let taken = taken_over(edited.as_bytes(), proposed.as_bytes());
            taken.map(|text| String::from_utf8(text).unwrap())
        };
        assert_eq!(over("b", "a\n").unwrap(), "b\n");
        assert_eq!(over("b\r\nc", "a\r\n").unwrap(), "b\r\nc\r\n");
        assert_eq!(over("b\n", "a").unwrap(), "b");
        assert_eq!(over("a\n", "a"), Err(Unusable::Unchanged));
        assert_eq!(over("", "a\n").unwrap(), "");
        assert_eq!(over("b", "").unwrap(), "b\n");
    }
}
