//! What a change does to tests, and how to ask tests that its author could not have bent.
//!
//! [`changed_tests`] names the tests that are new, say something else, say less or are gone.
//! [`base_tests_on_proposal`] and [`proposed_tests_on_base`] say which files to lay over a tree so that one
//! side's tests meet the other side's code. [`witness_tests`] reads what came of it. Nothing is run here, and
//! what a test means beyond its shape is not known. A file whose structure cannot be read has no tests here;
//! [`crate::check`] says so.

mod crossing;
mod manifest;
mod runner;
mod silent;
mod special;
mod values;

use model::{RelPath, TestChange, TestCount, TestKind};
use syntax::{Entity, is_test_data, is_test_path, outline, parse};

pub use crossing::{OverlayFile, base_tests_on_proposal, proposed_tests_on_base};
pub(crate) use runner::check as check_runner;
use silent::asserts;
pub use silent::helps_tests;
pub(crate) use silent::{Silent, silent_tests};
pub use special::TestText;
pub(crate) use special::{Answer, answers, special_cases};
pub use values::{base_witness, witness_tests};

use crate::FileUnderReview;

/// A test that a change adds, changes or takes away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedTest {
    /// Its file after the change; before, if it is gone.
    pub path: RelPath,
    /// Its qualified name.
    pub name: String,
    /// The last part of the name.
    pub own_name: String,
    /// What the change does to it.
    pub change: TestChange,
    /// What kind of test.
    pub kind: TestKind,
    /// Whether it asserts anything, as far as its text shows.
    pub asserts: bool,
    /// First line, from 0, on the side of `path`.
    pub first_line: u32,
}

/// A test on one side of a file.
struct Side {
    path: RelPath,
    entity: Entity,
    /// All of it, with its attributes.
    text: Vec<u8>,
    /// What it does, which knows it again under another name.
    body: Vec<u8>,
}

/// The tests that a change touches, ordered by place. What is suspicious about them, [`crate::check`] says.
///
/// A test that is moved to another file as it was is not touched.
/// # Cost
/// Each side of each file is parsed once.
pub fn changed_tests(files: &[FileUnderReview<'_>]) -> Vec<ChangedTest> {
    let mut pairs: Vec<(Side, Side)> = Vec::new();
    let (mut gone, mut fresh) = (Vec::new(), Vec::new());
    for file in files {
        let mut old = tests_of(file, file.before, file.old_path.unwrap_or(file.path));
        let mut new = tests_of(file, file.after, file.path);
        pairs.extend(pair(&mut old, &mut new, |a, b| a.entity.name == b.entity.name));
        pairs.extend(pair(&mut old, &mut new, |a, b| a.entity.own_name == b.entity.own_name));
        pairs.extend(pair(&mut old, &mut new, same_body));
        gone.extend(old);
        fresh.extend(new);
    }
    pairs.extend(pair(&mut gone, &mut fresh, |a, b| a.entity.own_name == b.entity.own_name));
    pairs.extend(pair(&mut gone, &mut fresh, same_body));
    let mut tests = Vec::new();
    for (old, new) in &pairs {
        if old.text == new.text {
            continue;
        }
        let skipped = new.entity.skipped && !old.entity.skipped;
        let less = new.entity.assertions < old.entity.assertions || skipped;
        let change = if less { TestChange::Weakened } else { TestChange::Changed };
        tests.push(changed(new, change));
    }
    tests.extend(fresh.iter().map(|new| changed(new, TestChange::Added)));
    tests.extend(gone.iter().map(|old| changed(old, TestChange::Deleted)));
    tests.sort();
    tests
}

/// How many tests of each kind a change touches; kinds without any are left out.
pub fn test_counts(tests: &[ChangedTest]) -> Vec<TestCount> {
    let mut counts: Vec<TestCount> = Vec::new();
    let mut ordered: Vec<&ChangedTest> = tests.iter().collect();
    ordered.sort_by_key(|test| test.kind);
    for test in ordered {
        if counts.last().is_none_or(|count| count.kind != test.kind) {
            counts.push(TestCount { kind: test.kind, added: 0, changed: 0, removed: 0 });
        }
        let Some(count) = counts.last_mut() else { continue };
        match test.change {
            TestChange::Added => count.added += 1,
            TestChange::Changed | TestChange::Weakened => count.changed += 1,
            TestChange::Deleted => count.removed += 1,
        }
    }
    counts
}

/// Whether a file as a whole belongs to tests: what it holds, or what they read.
pub fn is_test_file(path: &RelPath) -> bool {
    is_test_path(path) || is_test_data(path)
}

fn tests_of(file: &FileUnderReview<'_>, text: Option<&[u8]>, path: &RelPath) -> Vec<Side> {
    let (Some(language), Some(text)) = (file.language, text) else { return Vec::new() };
    let entities = parse(language, text).and_then(|parsed| outline(&parsed)).unwrap_or_default();
    let of =
        |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().trim_ascii().to_vec();
    let tests = entities.into_iter().filter(|entity| entity.is_test);
    tests
        .map(|entity| Side {
            path: path.clone(),
            text: of(entity.range.clone()),
            body: entity.body_range.clone().map(of).unwrap_or_default(),
            entity,
        })
        .collect()
}

fn same_body(a: &Side, b: &Side) -> bool {
    a.body == b.body && !a.body.is_empty()
}

/// Takes out of both lists what `same` pairs, in order.
fn pair(
    old: &mut Vec<Side>,
    new: &mut Vec<Side>,
    same: impl Fn(&Side, &Side) -> bool,
) -> Vec<(Side, Side)> {
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

fn changed(side: &Side, change: TestChange) -> ChangedTest {
    ChangedTest {
        path: side.path.clone(),
        name: side.entity.name.clone(),
        own_name: side.entity.own_name.clone(),
        change,
        kind: kind(side),
        asserts: asserts(&side.entity, &side.text, &side.body),
        first_line: side.entity.first_line,
    }
}

fn kind(side: &Side) -> TestKind {
    let path = side.path.to_string().to_lowercase();
    let folder = |names: &[&str]| {
        let mut parts = path.split('/').rev().skip(1);
        parts.any(|part| names.contains(&part))
    };
    let says = |word: &[u8]| side.text.windows(word.len()).any(|piece| piece == word);
    if folder(&["e2e", "end-to-end", "journeys", "acceptance", "system"]) || path.contains(".e2e.")
    {
        TestKind::EndToEnd
    } else if says(b"@given") || says(b"quickcheck") || says(b"prop_assert") || says(b"fc.property")
    {
        TestKind::Property
    } else if folder(&["integration"]) || path.ends_with(".rs") && folder(&["tests"]) {
        TestKind::Integration
    } else {
        TestKind::Unit
    }
}

#[cfg(test)]
mod tests;
