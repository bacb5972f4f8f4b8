//! Runs `fixtures/semdiff/*.md`: two versions of a file and what became of its entities.
//!
//! A case is a `##` heading, a sentence of why, a block `before=<path>`, a block `after=<path>` (either may
//! be missing) and a block `entities`. A block may say `eol=crlf`. `UPDATE_EXPECT=1` rewrites the last block.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test reads fixtures and stops at the first that is malformed"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use model::{Aspect, EntityChange, EntityChangeKind, RelPath};
use semdiff::{EntityDiff, entity_changes};

/// One fenced block: its info string and its lines, by number.
struct Block {
    info: String,
    first: usize,
    past: usize,
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/semdiff");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        file.extension().is_some_and(|extension| extension == "md")
            && std::fs::read_to_string(file).unwrap().contains("\n```entities\n")
    });
    files.sort();
    files
}

fn blocks(lines: &[&str]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize)> = None;
    for (at, line) in lines.iter().enumerate() {
        match (&open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), at + 1)),
            (Some((info, first)), Some("")) => {
                blocks.push(Block { info: info.clone(), first: *first, past: at });
                open = None;
            }
            _ => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// One side of a case: the path and the text.
fn side(case: &[Block], lines: &[&str], which: &str) -> Option<(RelPath, Vec<u8>)> {
    let block = case.iter().find(|block| block.info.contains(which))?;
    let path = block.info.split(which).nth(1)?.split(' ').next()?.parse().unwrap();
    let eol = if block.info.contains("eol=crlf") { "\r\n" } else { "\n" };
    let text: String =
        lines[block.first..block.past].iter().flat_map(|line| [*line, eol]).collect();
    Some((path, text.into_bytes()))
}

fn shown(diff: &EntityDiff) -> Vec<String> {
    assert_eq!(diff.unexamined, None);
    let mut out: Vec<String> = diff.changes.iter().map(shown_change).collect();
    if diff.cosmetic {
        out.push("cosmetic".to_owned());
    }
    if diff.errors_before + diff.errors_after > 0 {
        out.push(format!("errors before={} after={}", diff.errors_before, diff.errors_after));
    }
    out
}

fn shown_change(change: &EntityChange) -> String {
    let word = match change.change {
        EntityChangeKind::Added => "added",
        EntityChangeKind::Removed => "removed",
        EntityChangeKind::Modified => "modified",
        EntityChangeKind::Renamed => "renamed",
    };
    let mut line = format!("{word} {} ", change.kind.word());
    if let Some(old) = &change.old_name {
        write!(line, "{old} -> ").unwrap();
    }
    line.push_str(&change.name);
    if !change.aspects.is_empty() {
        let aspects: Vec<&str> = change.aspects.iter().map(|aspect| word_for(*aspect)).collect();
        write!(line, " [{}]", aspects.join(" ")).unwrap();
    }
    let marks = [
        (change.public, " public"),
        (change.test, " test"),
        (change.test_code && !change.test, " test-code"),
    ];
    for (on, mark) in marks {
        if on {
            line.push_str(mark);
        }
    }
    line
}

fn word_for(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Visibility => "visibility",
        Aspect::Signature => "signature",
        Aspect::Body => "body",
        Aspect::Docs => "docs",
        Aspect::Format => "format",
    }
}

#[test]
fn every_fixture_says_what_happens() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut seen = BTreeSet::new();
    let mut failures = String::new();
    for file in fixtures() {
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let all = blocks(&lines);
        let mut rewritten: Vec<(usize, usize, Vec<String>)> = Vec::new();
        let heads: Vec<usize> =
            (0..lines.len()).filter(|at| lines[*at].starts_with("## ")).collect();
        for (nth, head) in heads.iter().enumerate() {
            let past = heads.get(nth + 1).copied().unwrap_or(lines.len());
            let case: Vec<Block> = all
                .iter()
                .filter(|block| (*head..past).contains(&block.first))
                .map(|b| Block { info: b.info.clone(), first: b.first, past: b.past })
                .collect();
            let Some(expected) = case.iter().find(|block| block.info == "entities") else {
                continue;
            };
            let before = side(&case, &lines, "before=");
            let after = side(&case, &lines, "after=");
            let (path, sample) = after.as_ref().or(before.as_ref()).unwrap();
            let language = syntax::language_of(path, sample).unwrap();
            seen.insert(language);
            let bytes = |side: &Option<(RelPath, Vec<u8>)>| side.as_ref().map(|(_, t)| t.clone());
            let diff =
                entity_changes(path, language, bytes(&before).as_deref(), bytes(&after).as_deref());
            let got = shown(&diff);
            if got != lines[expected.first..expected.past] {
                writeln!(
                    failures,
                    "{}:{}: {}\n  expected:\n    {}\n  got:\n    {}",
                    file.display(),
                    head + 1,
                    lines[*head],
                    lines[expected.first..expected.past].join("\n    "),
                    got.join("\n    ")
                )
                .unwrap();
            }
            rewritten.push((expected.first, expected.past, got));
        }
        if update {
            let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            for (first, past, got) in rewritten.into_iter().rev() {
                lines.splice(first..past, got);
            }
            std::fs::write(&file, lines.join("\n") + "\n").unwrap();
        }
    }
    assert!(update || failures.is_empty(), "{failures}");
    assert_eq!(seen.len(), model::Language::ALL.len(), "every language has fixtures");
}
