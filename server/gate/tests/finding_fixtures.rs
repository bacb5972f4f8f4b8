//! Runs `fixtures/findings/*.md`: the files of a change and what the built-in checks find in them.
//!
//! A case is a `##` heading, a sentence of why, blocks `before=<path>` and `after=<path>` with a file of the
//! change, blocks `project=<path>` with files that it does not touch, and a block `findings`: severity, rule,
//! place and message. `path.*` findings are left out: they only say where a file lies. `UPDATE_EXPECT=1`
//! rewrites the last block. In a block, `{{rest*N}}` stands for `rest` N times.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reads fixtures and stops at the first that is malformed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gate::{FileUnderReview, Project, TestText};
use model::{ChangeKind, FileMode, LineSpan, RelPath};

#[derive(Default)]
struct Case {
    heading: String,
    before: BTreeMap<RelPath, String>,
    after: BTreeMap<RelPath, String>,
    project: BTreeMap<RelPath, String>,
    /// The lines of the last block.
    expected: std::ops::Range<usize>,
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/findings");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// `{{text*N}}` as `text` N times.
fn repeated(line: &str) -> String {
    let Some((head, rest)) = line.split_once("{{") else { return line.to_owned() };
    let (inner, tail) = rest.split_once("}}").unwrap();
    let (text, count) = inner.rsplit_once('*').unwrap();
    format!("{head}{}{}", text.repeat(count.parse().unwrap()), repeated(tail))
}

fn cases(lines: &[&str]) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    for (at, line) in lines.iter().enumerate() {
        if let (None, Some(heading)) = (open, line.strip_prefix("## ")) {
            cases.push(Case { heading: heading.to_owned(), ..Case::default() });
        }
        match (open, line.strip_prefix("```")) {
            (None, Some(about)) => open = Some((about, at + 1)),
            (Some((about, first)), Some("")) => {
                let case = cases.last_mut().unwrap();
                open = None;
                let text: String =
                    lines[first..at].iter().map(|line| repeated(line) + "\n").collect();
                let about = about.split_once(' ').map_or(about, |(_, rest)| rest);
                if about == "findings" {
                    case.expected = first..at;
                    continue;
                }
                let (side, path) = about.split_once('=').unwrap();
                let path: RelPath = path.parse().unwrap();
                match side {
                    "before" => case.before.insert(path, text),
                    "after" => case.after.insert(path, text),
                    "project" => case.project.insert(path, text),
                    other => panic!("{}: no block is `{other}`", case.heading),
                };
            }
            _ => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    cases
}

/// The project before the change: what it changes and what it does not.
struct Files(Vec<RelPath>, BTreeMap<RelPath, String>);

impl Project for Files {
    fn paths(&self) -> &[RelPath] {
        &self.0
    }

    fn text(&self, path: &RelPath) -> Option<Vec<u8>> {
        self.1.get(path).map(|text| text.clone().into_bytes())
    }

    fn tests(&self) -> &[TestText] {
        &[]
    }
}

fn of_case(case: &Case) -> Vec<String> {
    let mut known = case.project.clone();
    known.extend(case.before.clone());
    let project = Files(known.keys().cloned().collect(), known);
    let paths: BTreeSet<&RelPath> = case.before.keys().chain(case.after.keys()).collect();
    let side = |texts: &BTreeMap<RelPath, String>, path| texts.get(path).cloned();
    let texts: Vec<(&RelPath, Option<String>, Option<String>)> = paths
        .into_iter()
        .map(|path| (path, side(&case.before, path), side(&case.after, path)))
        .collect();
    let spans: Vec<(Vec<LineSpan>, Vec<LineSpan>)> = texts
        .iter()
        .map(|(_, before, after)| {
            let bytes = |text: &Option<String>| text.clone().unwrap_or_default().into_bytes();
            semdiff::hunks(&bytes(before), &bytes(after)).into_iter().unzip()
        })
        .collect();
    let files: Vec<FileUnderReview<'_>> = texts
        .iter()
        .zip(&spans)
        .map(|((path, before, after), (removed, added))| FileUnderReview {
            path,
            old_path: None,
            language: syntax::language_of(path, b""),
            change: match (before, after) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Deleted,
                _ => ChangeKind::Modified,
            },
            old_mode: before.as_ref().map(|_| FileMode::File),
            new_mode: after.as_ref().map(|_| FileMode::File),
            before: before.as_ref().map(String::as_bytes),
            after: after.as_ref().map(String::as_bytes),
            added,
            removed,
            generated: false,
        })
        .collect();
    let findings = gate::check(&files, &project);
    let told = findings.iter().filter(|finding| !finding.rule.starts_with("path."));
    told.map(|f| {
        format!("{} {} {}:{}: {}", f.severity, f.rule, f.path, f.first_line + 1, f.message)
    })
    .collect()
}

#[test]
fn every_fixture_has_the_findings_it_says() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let (mut failures, mut count) = (String::new(), 0);
    for file in fixtures() {
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let mut rewritten = lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        for case in cases(&lines).into_iter().rev() {
            count += 1;
            let found = of_case(&case);
            if found != lines[case.expected.clone()] {
                failures +=
                    &format!("{}: {}\n{}\n", file.display(), case.heading, found.join("\n"));
                rewritten.splice(case.expected, found);
            }
        }
        if update {
            std::fs::write(&file, rewritten.join("\n") + "\n").unwrap();
        }
    }
    assert!(count >= 60, "{count} cases");
    assert!(update || failures.is_empty(), "{failures}");
}
