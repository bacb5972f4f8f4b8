//! Production code that knows a test's input: `if code == "WB000000042": return "Ulm"`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use model::{Finding, Language, RelPath};
use regex::bytes::Regex;
use syntax::{Site, SiteKind, outline, parse, sites};

use super::is_test_file;
use crate::FileUnderReview;
use crate::place::{File, finding};

/// A branch that begins so many lines above what it returns is still its branch.
const BRANCH_LINES: u32 = 3;

/// A file of tests, changed or not.
#[derive(Debug, Clone, Copy)]
pub struct TestText<'a> {
    /// Its path.
    pub path: &'a RelPath,
    /// Its language, when known.
    pub language: Option<Language>,
    /// Its text.
    pub text: &'a [u8],
}

/// Added conditions in production code on a literal that only `tests` knew before.
///
/// Tests inside of changed files count, too. A literal that is common, or short, or was in a changed file
/// before, does not. One that decides what literal is returned is named; another only if it is unusual.
/// # Cost
/// One search over the tests; each changed file is parsed once.
pub fn special_cases(files: &[FileUnderReview<'_>], tests: &[TestText<'_>]) -> Vec<Finding> {
    let production: Vec<&FileUnderReview<'_>> =
        files.iter().filter(|file| !is_test_file(file.path)).collect();
    let mut known: BTreeSet<Vec<u8>> = BTreeSet::new();
    for test in tests {
        known.extend(test_literals(test.path, test.language, test.text));
    }
    for file in files {
        for text in [file.before, file.after].into_iter().flatten() {
            known.extend(test_literals(file.path, file.language, text));
        }
    }
    if known.is_empty() {
        return Vec::new();
    }
    let before: Vec<Vec<u8>> = production
        .iter()
        .filter_map(|file| Some(outside_tests(file.language, file.before?)))
        .collect();
    let is_new = |literal: &[u8]| !before.iter().any(|text| contains(text, literal));
    let mut findings: Vec<Finding> = production
        .iter()
        .flat_map(|file| {
            in_file(&File::new(file), &|literal| known.contains(literal) && is_new(literal))
        })
        .collect();
    findings.sort();
    findings.dedup();
    findings
}

/// The literals of a file's tests.
fn test_literals(path: &RelPath, language: Option<Language>, text: &[u8]) -> Vec<Vec<u8>> {
    if is_test_file(path) {
        return literals(text);
    }
    let ranges = test_ranges(language, text).into_iter();
    ranges.flat_map(|range| literals(text.get(range).unwrap_or_default())).collect()
}

fn in_file(file: &File<'_>, is_of_tests: &dyn Fn(&[u8]) -> bool) -> Vec<Finding> {
    let (Some(language), Some(text)) = (file.of.language, file.of.after) else { return Vec::new() };
    let found = parse(language, text).and_then(|parsed| sites(&parsed)).unwrap_or_default();
    let inside = test_ranges(Some(language), text);
    let is_production = |site: &&Site| !inside.iter().any(|range| covers(range, &site.range));
    let found: Vec<&Site> = found.iter().filter(is_production).collect();
    let mut findings = Vec::new();
    for literal in found.iter().filter(|site| is_literal(site) && file.is_added(site.first_line)) {
        let said = content(text.get(literal.range.clone()).unwrap_or_default());
        if !is_of_tests(said) {
            continue;
        }
        let Some(condition) = found.iter().find(|site| decides(site, literal, text)) else {
            continue;
        };
        let gives = answer(&found, condition, text);
        if gives.is_none() && !is_unusual(said) {
            continue;
        }
        let shown: String = String::from_utf8_lossy(said).chars().take(60).collect();
        let message = match gives {
            Some(_) => format!(
                "the code returns a fixed value for `{shown}`, which only tests knew before: it may answer the test instead of doing the work"
            ),
            None => format!("a condition asks for `{shown}`, which only tests knew before"),
        };
        findings.push(finding("test.special-cased", file.of.path, literal.first_line, message));
    }
    findings
}

fn is_literal(site: &Site) -> bool {
    matches!(site.kind, SiteKind::Text | SiteKind::Number)
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Whether what happens depends on the literal here: it is in a condition or a pattern, or compared.
fn decides(site: &Site, literal: &Site, text: &[u8]) -> bool {
    match site.kind {
        SiteKind::Condition | SiteKind::LoopCondition | SiteKind::Case => {
            covers(&site.range, &literal.range)
        }
        SiteKind::Relational => {
            // `x == "a"`, `"a" in x`: only the operator and blanks are between.
            let after = text.get(site.range.end..literal.range.start);
            let before = text.get(literal.range.end..site.range.start);
            let blank = |gap: Option<&[u8]>| gap.is_some_and(|gap| gap.trim_ascii().is_empty());
            blank(after) || blank(before)
        }
        _ => false,
    }
}

/// The literal that a branch with this condition gives back, if it is no more than that.
fn answer<'s>(found: &[&'s Site], condition: &Site, text: &[u8]) -> Option<&'s Site> {
    let behind = |site: &Site| {
        site.range.start >= condition.range.end
            && site.first_line <= condition.first_line.saturating_add(BRANCH_LINES)
    };
    let plain =
        |site: &&&Site| matches!(site.kind, SiteKind::Text | SiteKind::Number | SiteKind::Truth);
    let returned = found.iter().filter(|site| site.kind == SiteKind::Return && behind(site));
    let mut literals = returned
        .filter_map(|site| found.iter().filter(plain).find(|literal| literal.range == site.range));
    let arm = || {
        let beside = |site: &&&Site| behind(site) && site.first_line == condition.first_line;
        let case = condition.kind == SiteKind::Case;
        found.iter().filter(plain).find(|site| case && beside(site))
    };
    // `c == "a" ? 1 : c`, `if c == "a" { 1 }`, `1 if c == "a" else c`
    let beside = || {
        let gap = |range: Range<usize>| text.get(range).unwrap_or_default().trim_ascii();
        found.iter().filter(plain).find(|site| {
            matches!(gap(condition.range.end..site.range.start), b"?" | b"{")
                || gap(site.range.end..condition.range.start) == b"if"
        })
    };
    literals.next().or_else(arm).or_else(beside).copied()
}

/// Long or mixed enough that nobody hits on it twice by chance.
fn is_unusual(literal: &[u8]) -> bool {
    let digits = literal.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = literal.iter().filter(|b| b.is_ascii_alphabetic()).count();
    digits >= 4 || digits >= 2 && letters >= 2 || literal.contains(&b' ') && literal.len() >= 8
}

static LITERALS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#""([^"\\\n]{3,200})"|'([^'\\\n]{3,200})'|`([^`\\\n]{3,200})`|\b([0-9][0-9_]{2,30})\b"#,
    )
    .ok()
});

/// The literals of a text, by their shape. Macros hide theirs from a syntax tree, so it is not asked.
fn literals(text: &[u8]) -> Vec<Vec<u8>> {
    let Some(shape) = LITERALS.as_ref() else { return Vec::new() };
    let found = shape.captures_iter(text).filter_map(|hit| {
        (1..=4).find_map(|group| hit.get(group)).map(|group| group.as_bytes().to_vec())
    });
    found.filter(|literal| !is_common(literal)).collect()
}

/// Numbers that stand for many things: round ones, powers of two, answers of HTTP, spans of time.
fn is_common(literal: &[u8]) -> bool {
    let text = String::from_utf8_lossy(literal).replace('_', "");
    let Ok(number) = text.parse::<u128>() else { return false };
    number.is_multiple_of(100)
        || number.is_power_of_two()
        || (number + 1).is_power_of_two()
        || (100..600).contains(&number)
        || [3600, 86400, 1440, 999, 9999].contains(&number)
}

/// A literal without its quotes.
fn content(text: &[u8]) -> &[u8] {
    let quote = |b: &u8| matches!(b, b'"' | b'\'' | b'`');
    let start = text.iter().position(quote);
    let end = text.iter().rposition(quote);
    match (start, end) {
        (Some(start), Some(end)) if start < end => text.get(start + 1..end).unwrap_or_default(),
        _ => text,
    }
}

fn contains(text: &[u8], piece: &[u8]) -> bool {
    !piece.is_empty() && text.windows(piece.len()).any(|window| window == piece)
}

/// Where a file's tests are.
fn test_ranges(language: Option<Language>, text: &[u8]) -> Vec<Range<usize>> {
    let Some(language) = language else { return Vec::new() };
    let entities = parse(language, text).and_then(|parsed| outline(&parsed)).unwrap_or_default();
    entities.iter().filter(|entity| entity.in_test).map(|entity| entity.range.clone()).collect()
}

fn outside_tests(language: Option<Language>, text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut at = 0;
    // In order of their start, so what is inside another begins before the other's end.
    for range in test_ranges(language, text) {
        kept.extend_from_slice(text.get(at..range.start).unwrap_or_default());
        at = at.max(range.end);
    }
    kept.extend_from_slice(text.get(at..).unwrap_or_default());
    kept
}
