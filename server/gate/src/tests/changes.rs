//! Changes and runs of gates, as tests of this crate state them.

use model::{
    ChangeKind, Digest, Evidence, EvidenceRecord, EvidenceSubject, FileMode, GateDefinition,
    GateKind, GateSource, LineSpan, RelPath, SandboxTier,
};

use crate::{FileUnderReview, Project, Report, RunEnd, TestText, conclude};

/// A file before and after; `None` for a side that is not there.
#[derive(Clone, Copy)]
pub(crate) struct Case<'t> {
    pub(crate) path: &'t str,
    pub(crate) before: Option<&'t [u8]>,
    pub(crate) after: Option<&'t [u8]>,
    pub(crate) old_mode: Option<FileMode>,
    pub(crate) new_mode: Option<FileMode>,
}

pub(crate) fn case<'t, T: AsRef<[u8]> + ?Sized>(
    path: &'t str,
    before: Option<&'t T>,
    after: Option<&'t T>,
) -> Case<'t> {
    let (before, after) = (before.map(AsRef::as_ref), after.map(AsRef::as_ref));
    let mode = |side: Option<&[u8]>| side.map(|_| FileMode::File);
    Case { path, before, after, old_mode: mode(before), new_mode: mode(after) }
}

/// The lines of `after` that `before` does not have, one span each.
fn added_lines(before: Option<&[u8]>, after: Option<&[u8]>) -> Vec<LineSpan> {
    let lines = |text: Option<&'_ [u8]>| -> Vec<Vec<u8>> {
        text.unwrap_or_default().split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
    };
    let old: std::collections::BTreeSet<Vec<u8>> = lines(before).into_iter().collect();
    let mut start = 0;
    let mut spans = Vec::new();
    for (number, line) in (0..).zip(lines(after)) {
        if !old.contains(&line) {
            spans.push(LineSpan { start, end: start + line.len(), first_line: number, lines: 1 });
        }
        start += line.len();
    }
    spans
}

/// What `of` says of the files of `cases`.
pub(crate) fn with_files<T>(cases: &[Case<'_>], of: impl Fn(&[FileUnderReview<'_>]) -> T) -> T {
    let owned: Vec<(RelPath, Vec<LineSpan>)> = cases
        .iter()
        .map(|case| (case.path.parse().unwrap(), added_lines(case.before, case.after)))
        .collect();
    let files: Vec<FileUnderReview<'_>> = cases
        .iter()
        .zip(&owned)
        .map(|(case, (path, added))| FileUnderReview {
            path,
            old_path: None,
            language: syntax::language_of(path, b""),
            change: match (case.before, case.after) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Deleted,
                _ => ChangeKind::Modified,
            },
            old_mode: case.old_mode,
            new_mode: case.new_mode,
            before: case.before,
            after: case.after,
            added,
            removed: &[],
            generated: false,
        })
        .collect();
    of(&files)
}

/// A project of which only the tests are known.
pub(crate) struct TestsOnly<'t>(pub(crate) &'t [TestText]);

impl Project for TestsOnly<'_> {
    fn paths(&self) -> &[RelPath] {
        &[]
    }

    fn text(&self, _: &RelPath) -> Option<Vec<u8>> {
        None
    }

    fn tests(&self) -> &[TestText] {
        self.0
    }
}

/// A gate that runs tests.
pub(crate) fn gate() -> GateDefinition {
    GateDefinition {
        id: "tests".parse().unwrap(),
        kind: GateKind::Test,
        command: vec!["run".to_owned()],
        folder: None,
        reports: Vec::new(),
        time_limit_s: 1,
        source: GateSource::Configured,
    }
}

pub(crate) fn subject() -> EvidenceSubject {
    let digest = Digest::of(b"x");
    EvidenceSubject::new(&gate(), digest, digest, digest, SandboxTier::Namespaces)
}

/// A run of [`gate`] that ended and reported.
pub(crate) fn ran(end: &RunEnd, report: Report) -> Evidence {
    conclude(subject(), end, Ok(report), EvidenceRecord::default())
}
