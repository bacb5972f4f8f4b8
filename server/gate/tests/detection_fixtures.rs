//! Runs `fixtures/gates/*.md`: the files of a project and the gates that follow from them.
//!
//! A case is a `##` heading, a sentence of why, blocks `file=<path>` with files that are read, at most one
//! block `files` that lists others, at most one block `config` with `countersign.toml`, and a block
//! `gates`: id, kind, folder, the file that says so, the command, and the reports after `=>`.
//! `UPDATE_EXPECT=1` rewrites the last block.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test reads fixtures and stops at the first that is malformed"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::{Config, GateDefinition, GateSource, RelPath};

#[derive(Default)]
struct Case {
    heading: String,
    files: BTreeMap<RelPath, String>,
    config: Option<String>,
    /// The lines of the last block.
    expected: std::ops::Range<usize>,
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/gates");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
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
                let text: String = lines[first..at].iter().flat_map(|line| [*line, "\n"]).collect();
                match about.split_once(' ').map_or(about, |(_, rest)| rest) {
                    "gates" => case.expected = first..at,
                    "config" => case.config = Some(text),
                    "files" => case.files.extend(
                        lines[first..at].iter().map(|path| (path.parse().unwrap(), String::new())),
                    ),
                    file => {
                        let path = file.strip_prefix("file=").unwrap();
                        case.files.insert(path.parse().unwrap(), text);
                    }
                }
            }
            _ => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    cases
}

fn shown(gate: &GateDefinition) -> String {
    let folder = gate.folder.as_ref().map_or(".".to_owned(), RelPath::to_string);
    let from = match &gate.source {
        GateSource::Detected { file } => file.to_string(),
        GateSource::Configured => "countersign.toml".to_owned(),
    };
    let reports: String = gate
        .reports
        .iter()
        .map(|report| {
            let path = report.path.as_ref().map(|path| format!(" {path}"));
            format!(" => {:?}{}", report.format, path.unwrap_or_default())
        })
        .collect();
    let command = gate.command.join(" ");
    format!("{} [{}] in {folder} by {from}: {command}{reports}", gate.id, gate.kind.word())
}

fn of_case(case: &Case) -> Vec<String> {
    let paths: Vec<RelPath> = case.files.keys().cloned().collect();
    let read = |path: &RelPath| case.files.get(path).map(|text| text.clone().into_bytes());
    let mut gates = gate::detect(&paths, &read);
    if let Some(config) = &case.config {
        gates = gate::gates(&Config::parse(config, "countersign.toml").unwrap(), gates);
    }
    gates.iter().map(shown).collect()
}

#[test]
fn every_fixture_has_the_gates_it_says() {
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
    assert!(count >= 40, "{count} cases");
    assert!(update || failures.is_empty(), "{failures}");
}

#[test]
fn no_project_is_too_large_to_be_looked_at() {
    let paths: Vec<RelPath> =
        (0..500).map(|at| format!("p{at:03}/go.mod").parse().unwrap()).collect();
    let gates = gate::detect(&paths, &|_| None);
    assert_eq!(gates.len(), 3 * gate::PROJECTS_MAX);
    assert_eq!(gates[0].folder.as_ref().unwrap().to_string(), "p000");
}
