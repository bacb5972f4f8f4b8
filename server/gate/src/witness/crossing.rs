//! One side's tests with the other side's code, as files to lay over a tree.

use std::collections::BTreeSet;
use std::ops::Range;

use model::{Language, RelPath};
use syntax::{Entity, outline, parse};

use super::is_test_file;
use super::manifest::with_tests_of;
use super::runner::is_runner_file;
use crate::FileUnderReview;

/// A file to put into a tree before a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayFile {
    /// Where.
    pub path: RelPath,
    /// Its bytes; `None`: it is taken away.
    pub text: Option<Vec<u8>>,
}

/// What to lay over the proposed tree so that it holds the tests of the base.
///
/// Test files and what tests read are put back as they were. In files that hold both, the code stays and
/// the tests are exchanged. Files that say how tests are run are put back, too, and so is what manifests say of it, where
/// they can be read. Empty if the change touches none of it.
pub fn base_tests_on_proposal(files: &[FileUnderReview<'_>]) -> Vec<OverlayFile> {
    let sides = files.iter().map(|file| Crossing {
        language: file.language,
        code: (file.path, file.after),
        tests: (file.old_path.unwrap_or(file.path), file.before),
    });
    let mut overlay = crossed(sides, &|path| is_test_file(path) || is_runner_file(path));
    let known: BTreeSet<RelPath> = overlay.iter().map(|file| file.path.clone()).collect();
    let manifests = files.iter().filter(|file| !known.contains(file.path)).filter_map(|file| {
        let text = with_tests_of(file.path, file.after?, file.before?)?;
        Some(OverlayFile { path: file.path.clone(), text: Some(text) })
    });
    overlay.extend(manifests);
    overlay.sort_by(|a, b| a.path.cmp(&b.path));
    overlay
}

/// What to lay over the base's tree so that it holds the proposed tests.
///
/// Likewise. Tests inside a file that the base does not have cannot meet its code and are left out.
pub fn proposed_tests_on_base(files: &[FileUnderReview<'_>]) -> Vec<OverlayFile> {
    let sides = files.iter().map(|file| Crossing {
        language: file.language,
        code: (file.old_path.unwrap_or(file.path), file.before),
        tests: (file.path, file.after),
    });
    crossed(sides, &is_test_file)
}

/// A file on the side whose code counts and on the side whose tests count.
struct Crossing<'a> {
    language: Option<Language>,
    code: (&'a RelPath, Option<&'a [u8]>),
    tests: (&'a RelPath, Option<&'a [u8]>),
}

fn crossed<'a>(
    sides: impl Iterator<Item = Crossing<'a>>,
    of_tests: &dyn Fn(&RelPath) -> bool,
) -> Vec<OverlayFile> {
    let mut overlay = Vec::new();
    for Crossing { language, code, tests } in sides {
        if of_tests(code.0) || of_tests(tests.0) {
            if code.0 != tests.0 && code.1.is_some() && of_tests(code.0) {
                overlay.push(OverlayFile { path: code.0.clone(), text: None });
            }
            if of_tests(tests.0) {
                let text = tests.1.map(<[u8]>::to_vec);
                overlay.push(OverlayFile { path: tests.0.clone(), text });
            }
            continue;
        }
        if let (Some(language), (path, Some(code)), (_, Some(tests))) = (language, code, tests)
            && let Some(text) = exchanged(language, code, tests)
        {
            overlay.push(OverlayFile { path: path.clone(), text: Some(text) });
        }
    }
    overlay.sort_by(|a, b| a.path.cmp(&b.path));
    overlay
}

/// A piece of a file that is code for tests, and is in nothing that is.
struct Piece {
    name: String,
    range: Range<usize>,
}

fn pieces(language: Language, text: &[u8]) -> Option<Vec<Piece>> {
    let entities = parse(language, text).and_then(|parsed| outline(&parsed)).ok()?;
    let outermost = |entity: &&Entity| {
        let parent = entity.parent.and_then(|at| entities.get(at));
        entity.in_test && !parent.is_some_and(|parent| parent.in_test)
    };
    let piece = |e: &Entity| Piece { name: e.name.clone(), range: e.range.clone() };
    Some(entities.iter().filter(outermost).map(piece).collect())
}

/// `code` with the tests of `tests` in place of its own; `None` if they are the same, or one cannot be read.
///
/// A test stays where one of its name was; others go to the end of the file.
fn exchanged(language: Language, code: &[u8], tests: &[u8]) -> Option<Vec<u8>> {
    let (own, mut other) = (pieces(language, code)?, pieces(language, tests)?);
    let mut out = Vec::with_capacity(code.len().max(tests.len()));
    let mut at = 0;
    for piece in &own {
        out.extend_from_slice(code.get(at..piece.range.start)?);
        at = piece.range.end;
        if let Some(same) = other.iter().position(|other| other.name == piece.name) {
            out.extend_from_slice(tests.get(other.remove(same).range)?);
        }
    }
    out.extend_from_slice(code.get(at..)?);
    for piece in other {
        if !out.is_empty() && !out.ends_with(b"\n") {
            out.push(b'\n');
        }
        out.push(b'\n');
        out.extend_from_slice(tests.get(piece.range)?);
        out.push(b'\n');
    }
    (out != code).then_some(out)
}
