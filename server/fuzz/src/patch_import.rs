//! Patch import: any bytes as a patch, and what must hold of one that is not refused.

use model::{FileMode, RelPath};
use workspace::{
    Patch, PatchAction, PatchFile, PatchHunk, PatchLine, SavedFile, apply_patch, parse_patch,
};

/// More bytes than this only take longer.
const BYTES_MAX: usize = 64 * 1024;

/// Lines of a base that is made up for a patch, at most.
const BASE_LINES_MAX: usize = 10_000;

/// Reads `data` as a patch, and applies it to the base that it speaks of and to an empty one.
///
/// # Panics
/// If a law does not hold.
pub fn patch_import(data: &[u8]) {
    if data.len() > BYTES_MAX {
        return;
    }
    match parse_patch(data) {
        Err(refusal) => assert!(!refusal.to_string().is_empty(), "a refusal says why"),
        Ok(patch) => {
            holds(&patch, data);
            // Applied or refused, never anything else.
            if let Err(refusal) = apply_patch(&patch.files, &|_| Ok(None)) {
                assert!(!refusal.to_string().is_empty());
            }
            for file in &patch.files {
                applies_as_stated(file);
            }
        }
    }
}

fn holds(patch: &Patch, data: &[u8]) {
    assert!(!patch.files.is_empty(), "a patch without a change is refused");
    let lines = data.split(|&byte| byte == b'\n').count();
    let mut text = 0;
    for file in &patch.files {
        stays_in_the_tree(&file.path);
        if let PatchAction::Rename(source) | PatchAction::Copy(source) = &file.action {
            stays_in_the_tree(source);
        }
        assert!((1..=lines).contains(&file.line), "line {} of {lines}", file.line);
        for hunk in &file.hunks {
            assert!((file.line..=lines).contains(&hunk.line), "line {} of {lines}", hunk.line);
            text += hunk.lines.iter().map(|line| said(line).len()).sum::<usize>();
        }
    }
    assert!(text <= data.len(), "a patch adds nothing that it does not say");
}

fn stays_in_the_tree(path: &RelPath) {
    let text = path.to_string();
    for part in text.split('/') {
        assert!(!matches!(part, "" | "." | ".."), "{text}");
        assert!(!part.eq_ignore_ascii_case(".git"), "{text}");
    }
}

/// A file that is exactly what the patch speaks of becomes exactly what it says, or stays.
fn applies_as_stated(file: &PatchFile) {
    let Some((before, after)) = sides(&file.hunks) else { return };
    if file.action != PatchAction::Modify || file.crlf || file.old_mode != file.new_mode {
        return;
    }
    let saved =
        || SavedFile { mode: file.old_mode.unwrap_or(FileMode::File), bytes: before.clone() };
    let read = |path: &RelPath| Ok((*path == file.path).then(saved));
    let Ok(proposed) = apply_patch(std::slice::from_ref(file), &read) else { return };
    let [only] = proposed.as_slice() else { panic!("one file, not {}", proposed.len()) };
    assert_eq!(only.path, file.path);
    assert_eq!(only.bytes.as_ref(), Some(&after), "it applies where it says");
}

/// The text that hunks speak of, made up where they say nothing, and the text they make of it. `None` where
/// they do not fit together.
fn sides(hunks: &[PatchHunk]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut at = 0;
    for hunk in hunks {
        let start = hunk.old_start.saturating_sub(1);
        if start < at || start > BASE_LINES_MAX || !ends_its_line(&before) || !ends_its_line(&after)
        {
            return None;
        }
        for line in at..start {
            let filler = format!("nothing is said of line {line}\n");
            before.extend_from_slice(filler.as_bytes());
            after.extend_from_slice(filler.as_bytes());
        }
        at = start;
        for line in &hunk.lines {
            let old = !matches!(line, PatchLine::Added(_));
            let new = !matches!(line, PatchLine::Removed(_));
            if (old && !ends_its_line(&before)) || (new && !ends_its_line(&after)) {
                return None;
            }
            if old {
                before.extend_from_slice(said(line));
                at += 1;
            }
            if new {
                after.extend_from_slice(said(line));
            }
        }
    }
    Some((before, after))
}

fn ends_its_line(text: &[u8]) -> bool {
    text.last().is_none_or(|&byte| byte == b'\n')
}

fn said(line: &PatchLine) -> &[u8] {
    let (PatchLine::Context(text) | PatchLine::Removed(text) | PatchLine::Added(text)) = line;
    text
}
