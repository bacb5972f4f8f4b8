//! Licences: the header of a source file, the files that hold a licence's text, and what manifests say.
//!
//! A header that is removed or says something else is always told; one that is missing from a new file only where
//! nearly all files of its language around it have one. Years do not count. What a licence allows is not known here.

use std::cell::RefCell;
use std::collections::BTreeMap;

use model::{ChangeKind, Finding, RelPath, Severity};
use syntax::is_test_data;

use crate::dependencies::{json, shown, toml};
use crate::paths::{Globs, is_generated};
use crate::place::{File, finding};
use crate::project::Project;

/// How much of a text is searched for a header.
const HEAD_LINES_MAX: usize = 60;
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// How many files beside a new one are asked at most, and how many there must be to say anything.
const ASKED_MAX: usize = 20;
const ASKED_MIN: usize = 5;

/// Of ten files that are asked, as many have to have a header.
const NEARLY_ALL: usize = 9;

/// As many files of the project at most are read for all new files of a change together.
const READ_MAX: usize = 2_000;

/// Endings of source files; those of one group are one language here.
const GROUPS: &[&[&str]] = &[
    &["rs"],
    &["py", "pyi"],
    &["js", "mjs", "cjs", "jsx", "ts", "tsx", "mts", "cts"],
    &["go"],
    &["java"],
    &["kt", "kts"],
    &["c", "h", "cc", "cpp", "cxx", "hh", "hpp"],
    &["cs"],
    &["swift"],
    &["rb"],
    &["php"],
    &["scala"],
    &["sh", "bash"],
];

/// What a file says of its licence at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    /// Its words without comment marks, layout, letter case and years.
    words: String,
    /// The line to name it by, as written.
    shown: String,
    /// First line, from 0.
    line: u32,
    /// The SPDX expression.
    spdx: Option<String>,
}

/// All findings about licences.
///
/// # Cost
/// The first lines of each changed file; for new source files, [`ASKED_MAX`] files of the project per folder.
pub(crate) fn check(files: &[File<'_>], project: &dyn Project) -> Vec<Finding> {
    let beside = Beside { project, expected: RefCell::default(), read: RefCell::default() };
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_text()) {
        if is_licence_file(file.of.path) || file.of.old_path.is_some_and(is_licence_file) {
            findings.extend(of_licence_file(file));
        }
        findings.extend(of_manifest(file));
        findings.extend(of_header(file, &beside));
    }
    findings
}

fn of_header(file: &File<'_>, beside: &Beside<'_>) -> Option<Finding> {
    group_of(file.of.path)?;
    let after = file.of.after?;
    let now = header(after);
    let say = |rule: &str, line: u32, message: String| {
        let found = finding(rule, file.of.path, line, message);
        let mild = is_test_data(file.of.path);
        let severity = if mild { Severity::Note } else { found.severity };
        Some(Finding { severity, ..found })
    };
    let Some(before) = file.of.before else {
        if file.of.generated || now.is_some() || is_test_data(file.of.path) || is_empty(after) {
            return None;
        }
        let expected = beside.expected(file.of.path)?;
        let message =
            format!("the licence header is missing that files beside it have: `{expected}`");
        return say("licence.missing", 0, message);
    };
    let old = header(before)?;
    let Some(now) = now else {
        return say(
            "licence.removed",
            0,
            format!("the licence header is removed: `{}`", old.shown),
        );
    };
    if old.spdx != now.spdx {
        let licence = |header: &Header| match &header.spdx {
            Some(licence) => format!("`{}`", shown(licence)),
            None => "none".to_owned(),
        };
        let (from, to) = (licence(&old), licence(&now));
        let message =
            format!("the licence of the file is another by its header: {to}, before {from}");
        return say("licence.changed", now.line, message);
    }
    let message = format!("the licence header is changed: `{}`, before `{}`", now.shown, old.shown);
    (old.words != now.words).then(|| say("licence.changed", now.line, message)).flatten()
}

/// Whether there is nothing that anyone could own.
fn is_empty(text: &[u8]) -> bool {
    text.trim_ascii().is_empty()
}

fn group_of(path: &RelPath) -> Option<&'static [&'static str]> {
    let extension = path.extension()?;
    GROUPS.iter().copied().find(|group| group.contains(&extension.as_str()))
}

/// The first comment that speaks of a licence, before any code.
fn header(text: &[u8]) -> Option<Header> {
    let head = text.get(..HEAD_BYTES_MAX).unwrap_or(text);
    let head = String::from_utf8_lossy(head);
    let mut paragraph: Vec<(u32, String)> = Vec::new();
    let mut block: Option<&str> = None;
    for (number, line) in (0..).zip(head.lines().take(HEAD_LINES_MAX)) {
        let line = line.trim_start_matches('\u{feff}').trim();
        let inside = block.is_some();
        if let Some(end) = block {
            if line.contains(end) {
                block = None;
            }
        } else if let Some((start, end)) = BLOCKS.iter().find(|(start, _)| line.starts_with(start))
        {
            let rest = line.get(start.len()..).unwrap_or_default();
            block = (!rest.contains(end)).then_some(end);
        } else if !LINES.iter().any(|mark| line.starts_with(mark)) {
            if let Some(found) = spoken(&paragraph) {
                return Some(found);
            }
            paragraph.clear();
            if line.is_empty() || is_preamble(line) {
                continue;
            }
            return None;
        }
        let bare = line.trim_matches(|c: char| "/*#-<!>;\"'=".contains(c) || c.is_whitespace());
        // An empty line in a comment parts it, but not the text of a licence.
        if !(bare.is_empty() && paragraph.is_empty()) {
            paragraph.push((number, bare.to_owned()));
        }
        if inside && block.is_none() {
            if let Some(found) = spoken(&paragraph) {
                return Some(found);
            }
            paragraph.clear();
        }
    }
    spoken(&paragraph)
}

const BLOCKS: &[(&str, &str)] =
    &[("/*", "*/"), ("<!--", "-->"), ("\"\"\"", "\"\"\""), ("'''", "'''"), ("=begin", "=end")];

const LINES: &[&str] = &["//", "#", "--", ";"];

/// Lines that have to stand in front of everything.
fn is_preamble(line: &str) -> bool {
    line.starts_with("<?php")
        || line.starts_with("'use strict'")
        || line.starts_with("\"use strict\"")
        || line.starts_with("@charset")
}

/// The header in a comment: the part of it that speaks of a licence, from its first word on it.
fn spoken(comment: &[(u32, String)]) -> Option<Header> {
    let speaks = |line: &str| {
        let lower = line.to_lowercase();
        let owned = (lower.contains("copyright") || lower.contains("(c)") || lower.contains('©'))
            && lower.chars().any(char::is_alphanumeric);
        lower.contains("spdx-license-identifier")
            || owned
                && (lower.starts_with("copyright")
                    || lower.starts_with("(c)")
                    || lower.starts_with('©')
                    || lower.starts_with("spdx-filecopyrighttext"))
            || lower.contains("licensed under")
            || lower.contains("license that can be found")
            || lower.contains("subject to the terms of")
    };
    let start = comment.iter().position(|(_, line)| speaks(line))?;
    let from = comment.get(start..)?;
    // What follows an empty line is part of it only while it goes on about the licence.
    let legal = |lines: &[(u32, String)]| {
        let text: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
        let text = text.join(" ").to_lowercase();
        ["licen", "copyright", "warrant", "permission", "redistribut", "conditions"]
            .iter()
            .any(|word| text.contains(word))
    };
    let parts: Vec<&[(u32, String)]> = from.split(|(_, line)| line.is_empty()).collect();
    let parts = parts.into_iter().enumerate().filter(|(at, part)| *at == 0 || legal(part));
    let lines: Vec<&(u32, String)> = parts.flat_map(|(_, part)| part).collect();
    let (line, first) = comment.get(start)?;
    let spdx = lines.iter().find_map(|(_, line)| {
        let at = line.to_lowercase().find("spdx-license-identifier")?;
        let (_, licence) = line.get(at..)?.split_once(':')?;
        Some(licence.trim().trim_end_matches("*/").trim().to_owned())
    });
    let told =
        lines.iter().find(|(_, line)| line.to_lowercase().contains("spdx-license-identifier"));
    let words: Vec<String> = lines.iter().map(|(_, line)| without_years(line)).collect();
    Some(Header {
        words: words.join(" ").split_whitespace().collect::<Vec<_>>().join(" "),
        shown: shown(told.map_or(first, |(_, line)| line)),
        line: *line,
        spdx,
    })
}

/// In lower case, each year or range of years as one mark.
fn without_years(line: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let lower = line.to_lowercase();
    for word in lower.split_whitespace() {
        let years = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_year = |year: &str| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
        let now = matches!(years, "present" | "now");
        if now
            || !years.is_empty()
                && years.split(['-', '–', ',']).all(|part| is_year(part) || part == "present")
        {
            if words.last() != Some(&"year") {
                words.push("year");
            }
        } else if word != "-" && word != "–" {
            words.push(word);
        }
    }
    words.join(" ")
}

type Place = (Option<RelPath>, &'static str);

/// What the files around a new one have, by folder and language.
struct Beside<'p> {
    project: &'p dyn Project,
    /// By folder and by the first ending of the language.
    expected: RefCell<BTreeMap<Place, Option<String>>>,
    read: RefCell<usize>,
}

impl Beside<'_> {
    /// The header that nearly all files of the language have in the nearest folder with enough of them.
    fn expected(&self, path: &RelPath) -> Option<String> {
        let group = group_of(path)?;
        let key = (path.parent(), *group.first()?);
        if let Some(known) = self.expected.borrow().get(&key) {
            return known.clone();
        }
        let found = self.ask(path, group);
        self.expected.borrow_mut().insert(key, found.clone());
        found
    }

    fn ask(&self, path: &RelPath, group: &[&str]) -> Option<String> {
        let none = Globs::none();
        let fits = |other: &&RelPath| {
            other.extension().is_some_and(|extension| group.contains(&extension.as_str()))
                && !is_test_data(other)
                && !is_generated(other, b"", &none)
        };
        let mut folder = path.parent();
        let near: Vec<&RelPath> = loop {
            let below = self.below(folder.as_ref());
            let near: Vec<&RelPath> = below.iter().filter(fits).take(4 * ASKED_MAX).collect();
            if near.len() >= ASKED_MIN {
                break near;
            }
            folder = folder?.parent();
        };
        // Spread over the folder, so that one part of it does not speak for all.
        let step = near.len().div_ceil(ASKED_MAX).max(1);
        let (mut asked, mut headers) = (0_usize, Vec::new());
        for other in near.iter().step_by(step) {
            if *self.read.borrow() >= READ_MAX {
                return None;
            }
            *self.read.borrow_mut() += 1;
            let Some(text) = self.project.text(other).filter(|text| !is_empty(text)) else {
                continue;
            };
            asked += 1;
            headers.extend(header(&text));
        }
        if asked < ASKED_MIN || headers.len() * 10 < asked * NEARLY_ALL {
            return None;
        }
        let count = |of: &Header| headers.iter().filter(|header| header.words == of.words).count();
        headers.iter().max_by_key(|header| count(header)).map(|header| header.shown.clone())
    }

    /// The paths of the project below a folder.
    fn below(&self, folder: Option<&RelPath>) -> &[RelPath] {
        let paths = self.project.paths();
        let Some(folder) = folder else { return paths };
        let start = [folder.as_bytes(), b"/"].concat();
        let first = paths.partition_point(|path| path.as_bytes() < start.as_slice());
        let rest = paths.get(first..).unwrap_or_default();
        let count = rest.partition_point(|path| path.as_bytes().starts_with(&start));
        rest.get(..count).unwrap_or_default()
    }
}

/// Whether a file holds the text of a licence, by its name or its folder.
fn is_licence_file(path: &RelPath) -> bool {
    let text = path.to_string().to_lowercase();
    let name = text.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let words = ["license", "licence", "copying", "unlicense", "notice", "copyright"];
    let named = words.iter().any(|word| {
        stem.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    });
    text.starts_with("licenses/")
        || named && matches!(extension, "" | "md" | "txt" | "rst" | "html")
}

fn of_licence_file(file: &File<'_>) -> Option<Finding> {
    let words = |text: Option<&[u8]>| {
        let text = String::from_utf8_lossy(text?).into_owned();
        let lines: Vec<String> = text.lines().map(without_years).collect();
        Some(lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let how = match (file.of.change, words(file.of.before), words(file.of.after)) {
        (ChangeKind::Deleted, ..) => "is deleted",
        (_, Some(before), Some(after)) if before == after => return None,
        (_, Some(_), Some(_)) => "is changed",
        (ChangeKind::Added, None, Some(_)) => "is added",
        _ => return None,
    };
    let message = format!("the file of a licence {how}");
    let found = finding("licence.changed", file.of.path, file.first_added(), message);
    // A text beside others' code comes with it.
    let added = file.of.change == ChangeKind::Added;
    Some(if added { Finding { severity: Severity::Note, ..found } } else { found })
}

/// Where manifests name the licence of their project.
const DECLARED: &[(&str, &[&[&str]])] = &[
    (
        "cargo.toml",
        &[
            &["package", "license"],
            &["package", "license-file"],
            &["workspace", "package", "license"],
            &["workspace", "package", "license-file"],
        ],
    ),
    ("package.json", &[&["license"], &["licenses"]]),
    ("pyproject.toml", &[&["project", "license"], &["tool", "poetry", "license"]]),
    ("composer.json", &[&["license"]]),
];

/// A manifest that names another licence than before, or none any more.
fn of_manifest(file: &File<'_>) -> Option<Finding> {
    let name = String::from_utf8_lossy(file.of.path.file_name()).to_lowercase();
    let (_, places) = DECLARED.iter().find(|(manifest, _)| *manifest == name)?;
    let read = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}');
        if name.ends_with(".json") { json(text).ok() } else { toml(text).ok() }
    };
    let (before, after) = (read(file.of.before?)?, read(file.of.after?)?);
    let declared = |document: &serde_json::Value| -> Vec<String> {
        let at = |path: &&&[&str]| path.iter().try_fold(document, |value, key| value.get(key));
        // Some name a file, or hold the text itself, in a table.
        let text = |value: &serde_json::Value| {
            let of = |key: &str| value.get(key).and_then(serde_json::Value::as_str);
            let said = value.as_str().or_else(|| of("text")).or_else(|| of("file"));
            said.map_or_else(|| value.to_string(), str::to_owned)
        };
        places.iter().filter_map(|path| at(&path)).map(text).collect()
    };
    let (old, new) = (declared(&before), declared(&after));
    if old.is_empty() || old == new {
        return None;
    }
    let to =
        if new.is_empty() { "none".to_owned() } else { format!("`{}`", shown(&new.join(", "))) };
    let from = shown(&old.join(", "));
    let line = crate::dependencies::line_of(file.of.after?, "license");
    let message = format!("the licence of the project is another: {to}, before `{from}`");
    Some(finding("licence.changed", file.of.path, line, message))
}
