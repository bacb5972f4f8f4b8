//! Runs `fixtures/dependencies/*.md`: a change of some files and which of its hunks need which.
//!
//! A case is a `##` heading, a sentence of why, blocks `before=<path>` and `after=<path>` (either may be
//! missing for a path) and a block `dependencies`: each hunk with its file and its first line, then what
//! needs what. `UPDATE_EXPECT=1` rewrites the last block.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test reads fixtures and stops at the first that is malformed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use model::{
    Base, ChangeKind, ChangeSet, Content, Digest, EntityChange, FileChange, FileMode, FileSide,
    Hunk, HunkKind, LineSpan, Origin, RelPath,
};
use semdiff::{ChangedNames, DependencyFile};

/// Both sides of a path.
type Sides = BTreeMap<RelPath, [Option<String>; 2]>;

struct Case {
    heading: String,
    sides: Sides,
    /// The lines of the last block.
    expected: std::ops::Range<usize>,
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dependencies");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn cases(lines: &[&str]) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    for (at, line) in lines.iter().enumerate() {
        if let (None, Some(heading)) = (open, line.strip_prefix("## ")) {
            let heading = heading.to_owned();
            cases.push(Case { heading, sides: Sides::new(), expected: 0..0 });
        }
        match (open, line.strip_prefix("```")) {
            (None, Some(about)) => open = Some((about, at + 1)),
            (Some((about, first)), Some("")) => {
                let case = cases.last_mut().unwrap();
                open = None;
                if about == "dependencies" {
                    case.expected = first..at;
                    continue;
                }
                let text: String = lines[first..at].iter().flat_map(|line| [*line, "\n"]).collect();
                let (side, path) = about.split_once(' ').unwrap().1.split_once('=').unwrap();
                let which = usize::from(side == "after");
                case.sides.entry(path.parse().unwrap()).or_default()[which] = Some(text);
            }
            _ => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    cases
}

fn change(path: &RelPath, before: Option<&str>, after: Option<&str>) -> FileChange {
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    let side = |text: &str| FileSide {
        blob: Digest::of(text.as_bytes()),
        mode: FileMode::File,
        size_bytes: text.len() as u64,
    };
    let whole = |text: &str| LineSpan {
        start: 0,
        end: text.len(),
        first_line: 0,
        lines: u32::try_from(text.lines().count()).unwrap(),
    };
    let hunk = |kind, before, after| Hunk { ordinal: 0, kind, before, after, entity: None };
    let (change, hunks) = match (before, after) {
        (Some(_), Some(_)) => {
            let hunks = semdiff::hunks(old.as_bytes(), new.as_bytes()).into_iter();
            let hunks = hunks.map(|(old, new)| hunk(HunkKind::Lines, old, new)).collect();
            (ChangeKind::Modified, hunks)
        }
        (None, _) => (ChangeKind::Added, vec![hunk(HunkKind::Whole, whole(""), whole(new))]),
        (_, None) => (ChangeKind::Deleted, vec![hunk(HunkKind::Whole, whole(old), whole(""))]),
    };
    FileChange {
        path: path.clone(),
        old_path: None,
        change,
        content: Content::Text,
        language: syntax::language_of(path, new.as_bytes()),
        generated: false,
        before: before.map(side),
        after: after.map(side),
        hunks,
    }
}

fn shown(sides: &Sides) -> Vec<String> {
    let changes = sides.iter().map(|(path, [a, b])| change(path, a.as_deref(), b.as_deref()));
    let base = Base { commit: None, branch: None, dirty: false };
    let origin = Origin { worker: "fixture".to_owned(), name: "fixture".to_owned() };
    let set = ChangeSet::new(base, origin, String::new(), String::new(), changes.collect());
    let mut out = Vec::new();
    let mut all: Vec<(&FileChange, ChangedNames)> = Vec::new();
    for file in &set.files {
        let [before, after] = &sides[&file.path];
        let bytes = |side: &Option<String>| side.clone().map(String::into_bytes);
        let (before, after) = (bytes(before), bytes(after));
        let language = file.language.unwrap();
        let entities: Vec<EntityChange> =
            semdiff::entity_changes(&file.path, language, before.as_deref(), after.as_deref())
                .changes;
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        for hunk in &file.hunks {
            let (sign, text) = match hunk.after.of(&after) {
                [] => ('-', hunk.before.of(&before)),
                text => ('+', text),
            };
            let text = String::from_utf8_lossy(text);
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            out.push(format!("{} {} {sign}{}", hunk.ordinal, file.path, first.trim()));
        }
        let one =
            DependencyFile { change: file, before: &before, after: &after, entities: &entities };
        all.push((file, semdiff::changed_names(&one)));
    }
    let all: Vec<_> = all.iter().map(|(file, names)| (*file, names)).collect();
    out.extend(semdiff::dependencies(&all).iter().map(|one| format!("{one} ({:?})", one.kind)));
    out
}

#[test]
fn every_fixture_says_which_hunks_belong_together() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut seen = BTreeSet::new();
    let mut failures = String::new();
    for file in fixtures() {
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let mut rewritten = lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        for case in cases(&lines).into_iter().rev() {
            let got = shown(&case.sides);
            seen.extend(case.sides.keys().filter_map(|path| syntax::language_of(path, b"")));
            let expected = &lines[case.expected.clone()];
            if got != expected {
                let (got, expected) = (got.join("\n    "), expected.join("\n    "));
                writeln!(
                    failures,
                    "{}: {}\n  expected:\n    {expected}\n  got:\n    {got}",
                    file.display(),
                    case.heading
                )
                .unwrap();
            }
            rewritten.splice(case.expected, got);
        }
        if update {
            std::fs::write(&file, rewritten.join("\n") + "\n").unwrap();
        }
    }
    assert!(update || failures.is_empty(), "{failures}");
    assert_eq!(seen.len(), model::Language::ALL.len(), "every language has fixtures");
}
