//! Tests that cannot fail by what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use model::{Finding, RelPath};
use regex::bytes::Regex;
use syntax::{Entity, is_test_path, outline, parse};

use super::special::TestText;
use crate::FileUnderReview;
use crate::place::finding;

/// Calls of helpers that check, what ends a test by itself, and bounds that the compiler checks.
static CHECKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b(?i:(assert|check|expect|verify|ensure|require|must|should|validate|compare)\w*)\s*!?\s*[.(]
        | \b(panic|unreachable|proptest|insta)\w*! | \.unwrap\w*\( | \?\s*[;.)\n] | \braise\b | \bthrow\b
        | \bfn\s+\w+<[^>]*:",
    )
    .ok()
});

/// What is called: `helper(`, `world.helper(`, `helper::<T>(`, `helper!(`.
static CALLS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b([A-Za-z_]\w*)\s*(?:::<[^>\n]*>)?!?\(").ok());

/// Words in a path that say that it helps tests.
const HELPERS: &[&str] =
    &["test", "tests", "testing", "testlib", "testutil", "testutils", "testkit", "spec", "support"];

/// How far helpers are followed that call helpers.
const HELPER_DEPTH: usize = 8;

/// A test that shows no assertion of its own.
#[derive(Debug, Clone)]
pub(crate) struct Silent {
    finding: Finding,
    /// What it calls.
    calls: BTreeSet<Vec<u8>>,
}

impl Silent {
    /// `None` for a test that asserts.
    pub(crate) fn new(path: &RelPath, test: &Entity, text: &[u8], body: &[u8]) -> Option<Self> {
        if asserts(test, text, body) {
            return None;
        }
        Some(Self { finding: asserts_nothing(path, test), calls: calls(body) })
    }
}

/// Those of `silent` that call no helper of tests that asserts: helpers in changed files and in `tests`.
pub(crate) fn silent_tests<'t>(
    files: &[FileUnderReview<'_>],
    mut silent: Vec<Silent>,
    tests: &dyn Fn() -> &'t [TestText],
) -> Vec<Finding> {
    if silent.iter().any(|test| !test.calls.is_empty()) {
        let mut helpers = Helpers::default();
        for file in files {
            if let (Some(language), Some(text)) = (file.language, file.after) {
                helpers.read(file.path, language, text);
            }
        }
        for test in tests() {
            if let Some(language) = test.language {
                helpers.read(&test.path, language, &test.text);
            }
        }
        let assert = helpers.that_assert();
        silent.retain(|test| test.calls.is_disjoint(&assert));
    }
    silent.into_iter().map(|test| test.finding).collect()
}

/// Functions of tests by name: whether any of that name asserts, and what they call.
#[derive(Default)]
struct Helpers {
    known: BTreeMap<Vec<u8>, (bool, BTreeSet<Vec<u8>>)>,
}

impl Helpers {
    fn read(&mut self, path: &RelPath, language: model::Language, text: &[u8]) {
        let whole = helps_tests(path);
        let entities =
            parse(language, text).and_then(|parsed| outline(&parsed)).unwrap_or_default();
        for entity in entities.iter().filter(|entity| whole || entity.in_test) {
            let Some(body) = entity.body_range.clone().and_then(|range| text.get(range)) else {
                continue;
            };
            let (asserts_too, calls_too) =
                self.known.entry(entity.own_name.clone().into_bytes()).or_default();
            let says =
                entity.assertions > 0 || CHECKS.as_ref().is_none_or(|checks| checks.is_match(body));
            *asserts_too |= says && !entity.is_test;
            calls_too.extend(calls(body));
        }
    }

    fn that_assert(&self) -> BTreeSet<Vec<u8>> {
        let direct = self.known.iter().filter(|(_, (asserts, _))| *asserts);
        let mut assert: BTreeSet<Vec<u8>> = direct.map(|(name, _)| name.clone()).collect();
        for _ in 0..HELPER_DEPTH {
            let reached = self.known.iter().filter(|(_, (_, calls))| !calls.is_disjoint(&assert));
            let found: Vec<_> = reached.map(|(name, _)| name.clone()).collect();
            let before = assert.len();
            assert.extend(found);
            if assert.len() == before {
                break;
            }
        }
        assert
    }
}

/// Whether a file may be there for tests by its place: one of tests, or of what helps them.
pub fn helps_tests(path: &RelPath) -> bool {
    let text = path.to_string().to_lowercase();
    is_test_path(path) || text.split(['/', '.', '-', '_']).any(|word| HELPERS.contains(&word))
}

fn calls(body: &[u8]) -> BTreeSet<Vec<u8>> {
    let Some(shape) = CALLS.as_ref() else { return BTreeSet::new() };
    let names = shape.captures_iter(body).filter_map(|hit| hit.get(1));
    names.map(|name| name.as_bytes().to_vec()).collect()
}

/// Whether a test can fail by what it says: by an assertion, a helper that checks, or an error handed on.
pub(super) fn asserts(test: &Entity, text: &[u8], body: &[u8]) -> bool {
    let text = if body.is_empty() { text } else { body };
    test.assertions > 0 || CHECKS.as_ref().is_none_or(|checks| checks.is_match(text))
}

fn asserts_nothing(path: &RelPath, test: &Entity) -> Finding {
    let message =
        format!("the test `{}` asserts nothing: it passes whatever the code does", test.name);
    finding("test.asserts-nothing", path, test.first_line, message)
}
