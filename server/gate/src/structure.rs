//! What the syntax trees of both sides say: broken source, tests that are gone or say less, risky code.

use model::{ChangeKind, Finding, Language, RelPath, Severity};
use syntax::{
    Entity, ParseError, Parsed, Risky, is_test_data, is_test_path, outline, parse, risky,
};

use crate::FileUnderReview;
use crate::place::{File, finding};
use crate::rules::UNREAD;
use crate::witness::{Answer, Silent, answers};

/// What one file's structure gives.
#[derive(Default)]
pub(crate) struct Structure {
    pub(crate) findings: Vec<Finding>,
    /// Tests that are on one side only; settled over all files by [`moved_tests`].
    pub(crate) tests: TestsMoved,
    /// Conditions on a literal, which tests may have been the only ones to know.
    pub(crate) answers: Vec<Answer>,
}

/// The tests of a file that the other side does not have under their name.
#[derive(Default)]
pub(crate) struct TestsMoved {
    gone: Vec<Gone>,
    fresh: Vec<Fresh>,
    /// Those that asserted something before and do not now.
    silent: Vec<Silent>,
}

struct Fresh {
    own_name: String,
    body: Vec<u8>,
    silent: Option<Silent>,
}

struct Gone {
    own_name: String,
    body: Vec<u8>,
    finding: Finding,
}

/// One test of one side.
struct Test<'t> {
    entity: Entity,
    body: &'t [u8],
    silent: Option<Silent>,
}

/// Risky code: what the syntax crate calls it, the rule, what to say.
pub(crate) const RISKY: &[(&str, &str, &str)] = &[
    ("built-query", "built-query.added", "a query is built from pieces of text"),
    ("deserialize", "deserialize.added", "data is turned into objects that may run code"),
    (
        "disable-verification",
        "disable-verification.added",
        "a check of certificates is switched off",
    ),
    ("eval", "eval.added", "text is run as code"),
    ("exec", "exec.added", "a process is started"),
    ("raw-html", "raw-html.added", "text is put into a page unescaped"),
    ("shell", "shell.added", "a command is given to a shell"),
    ("suppression", "suppression.added", "a check is silenced"),
    ("swallowed-error", "swallowed-error.added", "an error is caught and dropped"),
    ("type-escape", "type-escape.added", "a type is asserted instead of checked"),
    ("unsafe", "unsafe.added", "unsafe code is added"),
    ("unsafe-cast", "unsafe-cast.added", "memory is read as another type"),
];

/// Checks the structure of one file; nothing for a language that is not read.
pub(crate) fn check(file: &File<'_>) -> Structure {
    let of = &file.of;
    if !file.is_text() {
        return Structure::default();
    }
    let Some(language) = of.language else {
        let findings = deleted_test_file(of, 0).into_iter().collect();
        return Structure { findings, ..Structure::default() };
    };
    of_both_sides(file, language).unwrap_or_else(|reason| {
        let message = format!("the structure could not be read: {reason}");
        let findings = vec![finding(UNREAD, of.path, 0, message)];
        Structure { findings, ..Structure::default() }
    })
}

/// Compares both sides, or fails with why one of them cannot be read: half an answer would look like a whole.
fn of_both_sides(file: &File<'_>, language: Language) -> Result<Structure, ParseError> {
    let before = file.of.before.map(|text| parse(language, text)).transpose()?;
    let after = file.of.after.map(|text| parse(language, text)).transpose()?;
    let mut structure = Structure::default();
    structure.findings.extend(broken(file, before.as_ref(), after.as_ref()));
    structure.findings.extend(new_risks(file, before.as_ref(), after.as_ref())?);
    compare_tests(file, before.as_ref(), after.as_ref(), &mut structure)?;
    if let Some(after) = &after {
        structure.answers = answers(file, after)?;
    }
    Ok(structure)
}

/// What is said of the tests that all files together removed or added; one that is on both sides, under the
/// same name or with the same body, was moved. Beside it the tests that show no assertion.
pub(crate) fn moved_tests(files: &[TestsMoved]) -> (Vec<Finding>, Vec<Silent>) {
    let mut fresh: Vec<&Fresh> = files.iter().flat_map(|tests| &tests.fresh).collect();
    let mut findings = Vec::new();
    for gone in files.iter().flat_map(|tests| &tests.gone) {
        let moved = fresh.iter().position(|test| {
            test.own_name == gone.own_name || (test.body == gone.body && !test.body.is_empty())
        });
        match moved {
            Some(at) => {
                fresh.swap_remove(at);
            }
            None => findings.push(gone.finding.clone()),
        }
    }
    let silent = files.iter().flat_map(|tests| &tests.silent).cloned();
    let silent = silent.chain(fresh.into_iter().filter_map(|test| test.silent.clone())).collect();
    (findings, silent)
}

/// More places that do not parse than before.
///
/// Only a file that parsed before is known to have been broken by the change: one that is new or never did
/// may be written in a dialect that the grammar does not know, so a person looks. So it is with tests, and
/// test data may well be broken on purpose.
fn broken(
    file: &File<'_>,
    before: Option<&Parsed<'_>>,
    after: Option<&Parsed<'_>>,
) -> Option<Finding> {
    let after = after?;
    let mut errors = after.errors().to_vec();
    let known = before.map_or(0, |before| before.errors().len());
    if errors.len() > known {
        // Python's grammar takes a comment that is less indented than its block for the end of that, for one.
        let bare = after.without_comments();
        let bare = parse(after.language(), &bare).map(|bare| bare.errors().to_vec());
        errors = bare.ok().filter(|bare| bare.len() < errors.len()).unwrap_or(errors);
    }
    if errors.len() <= known {
        return None;
    }
    let first = errors.iter().find(|error| file.is_added(error.first_line)).or(errors.first())?;
    let parsed_before = before.is_some() && known == 0;
    let verb = if parsed_before { "no longer parses" } else { "does not parse" };
    let message = match errors.len() - known {
        1 => format!("the source {verb} here"),
        2 => format!("the source {verb} here, and in 1 more place"),
        more => format!("the source {verb} here, and in {} more places", more - 1),
    };
    let mut found = finding("syntax.broken", file.of.path, first.first_line, message);
    if is_test_data(file.of.path) {
        found.severity = Severity::Note;
    } else if !parsed_before || is_test_path(file.of.path) {
        found.severity = Severity::Warning;
    }
    Some(found)
}

/// Risky places in excess of those before, kind by kind, at added lines where there are enough of them.
fn new_risks(
    file: &File<'_>,
    before: Option<&Parsed<'_>>,
    after: Option<&Parsed<'_>>,
) -> Result<Vec<Finding>, ParseError> {
    let places =
        |side: Option<&Parsed<'_>>| side.map(risky).transpose().map(Option::unwrap_or_default);
    let (old, new) = (places(before)?, places(after)?);
    let mut findings = Vec::new();
    for (what, rule, message) in RISKY {
        let of_kind = |risks: &[Risky]| risks.iter().filter(|risk| risk.what == *what).count();
        let excess = of_kind(&new).saturating_sub(of_kind(&old));
        let mut places: Vec<u32> =
            new.iter().filter(|risk| risk.what == *what).map(|risk| risk.first_line).collect();
        places.sort_by_key(|line| (!file.is_added(*line), *line));
        for line in places.into_iter().take(excess) {
            findings.push(finding(rule, file.of.path, line, (*message).to_owned()));
        }
    }
    Ok(findings)
}

fn compare_tests(
    file: &File<'_>,
    before: Option<&Parsed<'_>>,
    after: Option<&Parsed<'_>>,
    structure: &mut Structure,
) -> Result<(), ParseError> {
    let mut old = before.map(|parsed| tests(file.of.path, parsed)).transpose()?.unwrap_or_default();
    let mut new = after.map(|parsed| tests(file.of.path, parsed)).transpose()?.unwrap_or_default();
    if after.is_none() && !old.is_empty() {
        structure.findings.extend(deleted_test_file(&file.of, old.len()));
        return Ok(());
    }
    // The same test: by its full name, else by its own name, else by what it does.
    let mut pairs = take_pairs(&mut old, &mut new, |a, b| a.entity.name == b.entity.name);
    pairs.extend(take_pairs(&mut old, &mut new, |a, b| a.entity.own_name == b.entity.own_name));
    pairs.extend(take_pairs(&mut old, &mut new, |a, b| a.body == b.body && !a.body.is_empty()));
    for (old, new) in &pairs {
        structure.findings.extend(compare(file.of.path, &old.entity, &new.entity));
        if old.silent.is_none() {
            structure.tests.silent.extend(new.silent.clone());
        }
    }
    for test in &new {
        let path = file.of.path;
        structure.findings.extend(marked(path, &test.entity, false, false));
        let (own_name, body) = (test.entity.own_name.clone(), test.body.to_vec());
        structure.tests.fresh.push(Fresh { own_name, body, silent: test.silent.clone() });
    }
    for test in old {
        let message = format!("the test `{}` is removed", test.entity.name);
        let line = test.entity.first_line;
        structure.tests.gone.push(Gone {
            own_name: test.entity.own_name,
            body: test.body.to_vec(),
            finding: finding("test.removed", file.of.path, line, message),
        });
    }
    Ok(())
}

/// What is worse about a test than it was.
fn compare(path: &RelPath, old: &Entity, new: &Entity) -> Vec<Finding> {
    let mut findings = marked(path, new, old.skipped, old.focused);
    if new.assertions < old.assertions {
        let message = format!(
            "the test `{}` asserts less: {} before, {} now",
            new.name, old.assertions, new.assertions
        );
        findings.push(finding("test.weakened", path, new.first_line, message));
    }
    findings
}

/// Markers that a test has now and had not before.
fn marked(path: &RelPath, test: &Entity, skipped: bool, focused: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if test.skipped && !skipped {
        let message = format!("the test `{}` is skipped", test.name);
        findings.push(finding("test.skipped", path, test.first_line, message));
    }
    if test.focused && !focused {
        let message = format!("only the test `{}` runs: others are kept from running", test.name);
        findings.push(finding("test.focused", path, test.first_line, message));
    }
    findings
}

/// Takes out of both lists what `same` pairs, in order.
fn take_pairs<'t>(
    old: &mut Vec<Test<'t>>,
    new: &mut Vec<Test<'t>>,
    same: impl Fn(&Test<'_>, &Test<'_>) -> bool,
) -> Vec<(Test<'t>, Test<'t>)> {
    let mut pairs = Vec::new();
    let mut rest = Vec::new();
    for test in old.drain(..) {
        match new.iter().position(|candidate| same(&test, candidate)) {
            Some(at) => pairs.push((test, new.remove(at))),
            None => rest.push(test),
        }
    }
    *old = rest;
    pairs
}

/// The tests of a file that run by themselves; what only helps them does not count.
fn tests<'t>(path: &RelPath, parsed: &Parsed<'t>) -> Result<Vec<Test<'t>>, ParseError> {
    let text = parsed.text();
    let entities = outline(parsed)?.into_iter().filter(|entity| entity.is_test);
    let tests = entities.map(|entity| {
        let of = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().trim_ascii();
        let body = entity.body_range.clone().map(of).unwrap_or_default();
        let silent = Silent::new(path, &entity, of(entity.range.clone()), body);
        Test { silent, body, entity }
    });
    Ok(tests.collect())
}

fn deleted_test_file(file: &FileUnderReview<'_>, tests: usize) -> Option<Finding> {
    let deleted = file.change == ChangeKind::Deleted || file.after.is_none();
    if !deleted || (tests == 0 && !is_test_path(file.path)) {
        return None;
    }
    let message = match tests {
        0 => "a file of tests is deleted".to_owned(),
        1 => "a file with a test is deleted".to_owned(),
        _ => format!("a file with {tests} tests is deleted"),
    };
    Some(finding("test.removed", file.path, 0, message))
}
