//! Production code that knows a test's input: `if code == "WB000000042": return "Ulm"`.

use std::ops::Range;
use std::sync::LazyLock;

use model::{Finding, Language, RelPath};
use regex::bytes::Regex;
use syntax::{ParseError, Parsed, Site, SiteKind, outline, parse, sites};

use super::is_test_file;
use crate::FileUnderReview;
use crate::place::{File, finding};

/// A branch that begins so many lines above what it returns is still its branch.
const BRANCH_LINES: u32 = 3;

/// A file of tests, changed or not.
#[derive(Debug, Clone)]
pub struct TestText {
    /// Its path.
    pub path: RelPath,
    /// Its language, when known.
    pub language: Option<Language>,
    /// Its text.
    pub text: Vec<u8>,
}

/// An added condition in production code on a literal.
pub(crate) struct Answer {
    path: RelPath,
    first_line: u32,
    /// The literal, without quotes.
    said: Vec<u8>,
    /// The literal that it decides to return, without quotes.
    gives: Option<Vec<u8>>,
}

/// The added conditions on a literal that deserve the question who knew it.
pub(crate) fn answers(file: &File<'_>, parsed: &Parsed<'_>) -> Result<Vec<Answer>, ParseError> {
    let text = parsed.text();
    let asks = file.added_texts().any(|(_, added)| !literals(added).is_empty());
    if !asks || is_test_file(file.of.path) {
        return Ok(Vec::new());
    }
    let inside = test_ranges(parsed)?;
    let is_production = |site: &&Site| !inside.iter().any(|range| covers(range, &site.range));
    let found = sites(parsed)?;
    let found: Vec<&Site> = found.iter().filter(is_production).collect();
    let mut answers = Vec::new();
    for literal in found.iter().filter(|site| is_literal(site) && file.is_added(site.first_line)) {
        let said = content(text.get(literal.range.clone()).unwrap_or_default());
        let Some(condition) = found.iter().find(|site| decides(site, literal, text)) else {
            continue;
        };
        let given = answer(&found, condition, text);
        // `"csv" => true` is how every table of words reads.
        if is_unusual(said) || given.is_some_and(|given| given.kind != SiteKind::Truth) {
            let of = |given: &Site| content(text.get(given.range.clone()).unwrap_or_default());
            answers.push(Answer {
                path: file.of.path.clone(),
                first_line: literal.first_line,
                said: said.to_vec(),
                gives: given.map(|given| of(given).to_vec()),
            });
        }
    }
    Ok(answers)
}

/// Those of `answers` whose literal only tests knew before: `tests`, and tests inside of changed files.
///
/// A literal that is common, or short, or was in a changed file before, does not count. One that is a plain word
/// counts only if a test also names, close by, what is returned for it.
pub(crate) fn special_cases<'t>(
    files: &[FileUnderReview<'_>],
    mut answers: Vec<Answer>,
    tests: &dyn Fn() -> &'t [TestText],
) -> Vec<Finding> {
    for file in files.iter().filter(|file| !is_test_file(file.path)) {
        let Some(before) = file.before else { continue };
        if answers.iter().any(|answer| contains(before, &answer.said)) {
            let before = outside_tests(file.language, before);
            answers.retain(|answer| !contains(&before, &answer.said));
        }
    }
    if answers.is_empty() {
        return Vec::new();
    }
    let mut asked: Vec<Vec<u8>> = Vec::new();
    for test in tests() {
        asked.extend(of_tests(&test.path, test.language, &test.text));
    }
    for file in files {
        for text in [file.before, file.after].into_iter().flatten() {
            asked.extend(of_tests(file.path, file.language, text));
        }
    }
    answers.retain(|answer| asked.iter().any(|test| knows(test, answer)));
    answers.iter().map(special_case).collect()
}

/// How far from a test's input its expected answer may stand.
const EXPECTED_LINES: usize = 2;

/// Whether a test names the literal, and the answer to it if the literal alone says little.
fn knows(test: &[u8], answer: &Answer) -> bool {
    if !contains(test, &answer.said) || !literals(test).contains(&answer.said) {
        return false;
    }
    if is_unusual(&answer.said) {
        return true;
    }
    let Some(given) = &answer.gives else { return false };
    let lines: Vec<&[u8]> = test.split(|b| *b == b'\n').collect();
    lines.iter().enumerate().any(|(at, line)| {
        let near =
            lines.iter().skip(at.saturating_sub(EXPECTED_LINES)).take(2 * EXPECTED_LINES + 1);
        stands_alone(line, &answer.said) && near.into_iter().any(|line| stands_alone(line, given))
    })
}

/// Whether `piece` is in `text`, and not as part of a longer word.
fn stands_alone(text: &[u8], piece: &[u8]) -> bool {
    let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    !piece.is_empty()
        && text.windows(piece.len()).enumerate().any(|(at, window)| {
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            window == piece && !word(before) && !word(text.get(at + piece.len()))
        })
}

fn special_case(answer: &Answer) -> Finding {
    let shown: String = String::from_utf8_lossy(&answer.said).chars().take(60).collect();
    let message = if answer.gives.is_some() {
        format!(
            "the code returns a fixed value for `{shown}`, which only tests knew before: it may answer the test instead of doing the work"
        )
    } else {
        format!("a condition asks for `{shown}`, which only tests knew before")
    };
    finding("test.special-cased", &answer.path, answer.first_line, message)
}

/// The tests of a file; all of it, if it is one of tests.
fn of_tests(path: &RelPath, language: Option<Language>, text: &[u8]) -> Vec<Vec<u8>> {
    if is_test_file(path) {
        return vec![text.to_vec()];
    }
    let ranges = test_ranges_of(language, text).into_iter();
    ranges.map(|range| text.get(range).unwrap_or_default().to_vec()).collect()
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
fn test_ranges(parsed: &Parsed<'_>) -> Result<Vec<Range<usize>>, ParseError> {
    let entities = outline(parsed)?.into_iter().filter(|entity| entity.in_test);
    Ok(entities.map(|entity| entity.range).collect())
}

/// Likewise; a text whose structure cannot be read has none.
fn test_ranges_of(language: Option<Language>, text: &[u8]) -> Vec<Range<usize>> {
    let Some(language) = language else { return Vec::new() };
    parse(language, text).and_then(|parsed| test_ranges(&parsed)).unwrap_or_default()
}

fn outside_tests(language: Option<Language>, text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut at = 0;
    // In order of their start, so what is inside another begins before the other's end.
    for range in test_ranges_of(language, text) {
        kept.extend_from_slice(text.get(at..range.start).unwrap_or_default());
        at = at.max(range.end);
    }
    kept.extend_from_slice(text.get(at..).unwrap_or_default());
    kept
}
