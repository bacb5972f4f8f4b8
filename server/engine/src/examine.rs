//! One changed file, looked at from all sides: hunks, entity changes, findings, what could not be read.
//!
//! The same examination serves a proposal and a headless check. It sees files in batches, so a
//! difference of ten thousand files never lies in memory at once.

use std::ops::Range;
use std::thread::ScopedJoinHandle;

use model::{
    ChangeKind, Content, Digest, EntityChange, FileChange, FileMode, FileReview, FileSide, Finding,
    Hunk, HunkKind, LineSpan, RelPath, Unexamined,
};
use semdiff::EntityDiff;
use workspace::SideContent;

use crate::rules::Rules;

/// A changed file with both sides read.
#[derive(Debug, Clone)]
pub(crate) struct ChangedFile {
    pub path: RelPath,
    pub old_path: Option<RelPath>,
    pub change: ChangeKind,
    pub before: Option<Side>,
    pub after: Option<Side>,
    /// Parts of the text after that only make sense whole: the hunks within one are offered as one.
    pub together: Vec<Range<usize>>,
}

/// One side of a [`ChangedFile`].
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub mode: FileMode,
    pub content: SideContent,
}

/// What came of looking at one file.
#[derive(Debug, Clone)]
pub(crate) struct Examined {
    pub change: FileChange,
    pub review: FileReview,
    pub entities: Vec<EntityChange>,
    pub unexamined: Option<Unexamined>,
    /// Lines of the text before.
    pub lines_before: u32,
    /// Whether only comments, documentation or layout changed.
    pub cosmetic: bool,
    /// Whether the file is a test by its place.
    pub test_file: bool,
    /// The line hunks, whatever they are offered as.
    lines: Vec<(LineSpan, LineSpan)>,
}

impl Examined {
    /// The lines that differ, before and after, in order.
    pub(crate) fn lines(&self) -> &[(LineSpan, LineSpan)] {
        &self.lines
    }
}

impl Side {
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            SideContent::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn recorded(&self) -> FileSide {
        let (blob, size_bytes) = match &self.content {
            SideContent::Bytes(bytes) => (Digest::of(bytes), bytes.len() as u64),
            SideContent::Huge { size_bytes } => (Digest::of(b"huge"), *size_bytes),
            SideContent::Submodule { commit } => (Digest::of(commit.as_bytes()), 0),
            SideContent::Unreadable { .. } => (Digest::of(b"unreadable"), 0),
        };
        FileSide { blob, mode: self.mode, size_bytes }
    }
}

/// What came of looking at all files of a change.
#[derive(Debug, Default)]
pub(crate) struct Examination {
    pub files: Vec<Examined>,
    pub findings: Vec<Finding>,
}

/// Files are checked together up to this many bytes of text: a test that moved from one file to another is
/// only recognised when both are in one batch.
const BATCH_BYTES_MAX: usize = 64 * 1024 * 1024;

/// As many files at most are checked together.
const BATCH_FILES_MAX: usize = 2_000;

/// Looks at every file. `project` is as it was before the change; it is asked seldom.
pub(crate) fn examine_all(
    files: impl IntoIterator<Item = ChangedFile>,
    rules: &Rules,
    project: &dyn gate::Project,
) -> Examination {
    let mut examination = Examination::default();
    let mut batch = Vec::new();
    let mut batch_bytes = 0;
    for file in files {
        batch_bytes += file.size_bytes();
        batch.push(file);
        if batch_bytes > BATCH_BYTES_MAX || batch.len() >= BATCH_FILES_MAX {
            examination.take(std::mem::take(&mut batch), rules, project);
            batch_bytes = 0;
        }
    }
    examination.take(batch, rules, project);
    examination
}

impl Examination {
    /// Examines a batch of files on as many threads as there are cores, checks them together, and keeps what
    /// came of them, but not their texts.
    fn take(&mut self, batch: Vec<ChangedFile>, rules: &Rules, project: &dyn gate::Project) {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = batch.len().div_ceil(threads).max(1);
        let examined: Vec<Examined> = std::thread::scope(|scope| {
            let mut shares = Vec::new();
            for share in batch.chunks(share) {
                let run = || share.iter().map(|file| examine(file, rules)).collect::<Vec<_>>();
                shares.push((share, scope.spawn(run)));
            }
            let ended = |(share, thread): (&[ChangedFile], ScopedJoinHandle<'_, Vec<Examined>>)| {
                thread
                    .join()
                    .unwrap_or_else(|_| share.iter().map(|file| lost(file, rules)).collect())
            };
            shares.into_iter().flat_map(ended).collect()
        });
        let batch: Vec<_> = batch.into_iter().zip(examined).collect();
        let changed: Vec<_> = batch.iter().map(|(file, e)| changed_lines(file, e)).collect();
        let files: Vec<_> = batch
            .iter()
            .zip(&changed)
            .map(|((file, examined), (removed, added))| {
                under_review(file, examined, removed, added)
            })
            .collect();
        let findings = gate::check(&files, project);
        let mut examined: Vec<_> = batch.into_iter().map(|(_, examined)| examined).collect();
        for unread in findings.iter().filter(|finding| finding.rule == gate::UNREAD) {
            let of = examined.iter_mut().find(|file| file.change.path == unread.path);
            of.into_iter().for_each(|file| file.unread(&unread.message));
        }
        self.findings.extend(findings);
        self.files.extend(examined);
    }
}

/// What is said of a file whose thread ended early, which is a defect of ours: it was not examined.
fn lost(file: &ChangedFile, rules: &Rules) -> Examined {
    let reason = "the review failed on this part of the files: this is a defect".to_owned();
    let unreadable = |side: &Option<Side>| {
        let content = SideContent::Unreadable { reason: reason.clone() };
        side.as_ref().map(|side| Side { mode: side.mode, content })
    };
    let file = ChangedFile {
        before: unreadable(&file.before),
        after: unreadable(&file.after),
        ..file.clone()
    };
    examine(&file, rules)
}

/// Looks at one file by itself.
///
/// Cost: a line diff and, for a known language, two parses.
fn examine(file: &ChangedFile, rules: &Rules) -> Examined {
    let before = file.before.as_ref().and_then(Side::bytes);
    let after = file.after.as_ref().and_then(Side::bytes);
    let text = after.or(before).unwrap_or_default();
    let content = content_of(file);
    // A change must not declare a file generated that is not: only the text before can say so.
    let generated =
        gate::is_generated(&file.path, before.unwrap_or_default(), rules.generated_when_judging());
    let language = match content {
        Content::Text => syntax::language_of(&file.path, first_line(text)),
        _ => None,
    };
    let lines = match content {
        Content::Text => semdiff::hunks(before.unwrap_or_default(), after.unwrap_or_default()),
        _ => Vec::new(),
    };
    let entities = match language {
        Some(language) => semdiff::entity_changes(&file.path, language, before, after),
        None => EntityDiff::default(),
    };
    let (lines_added, lines_removed) = semdiff::line_counts(&lines);
    Examined {
        review: FileReview {
            path: file.path.clone(),
            old_path: file.old_path.clone(),
            change: file.change,
            content,
            generated,
            language,
            lines_added,
            lines_removed,
            notes: notes(file, content),
        },
        unexamined: unexamined(file, &entities, generated),
        lines_before: count_lines(before.filter(|_| content == Content::Text)),
        cosmetic: language.is_some() && entities.cosmetic && file.before.is_some(),
        test_file: syntax::is_test_path(&file.path),
        change: FileChange {
            path: file.path.clone(),
            old_path: file.old_path.clone(),
            change: file.change,
            content,
            language,
            generated,
            before: file.before.as_ref().map(Side::recorded),
            after: file.after.as_ref().map(Side::recorded),
            hunks: hunks(file, content, &joined(&lines, &file.together), language),
        },
        entities: entities.changes,
        lines,
    }
}

/// The removed and the added lines. A link's target is one line.
pub(crate) fn changed_lines(
    file: &ChangedFile,
    examined: &Examined,
) -> (Vec<LineSpan>, Vec<LineSpan>) {
    if examined.change.content != Content::Symlink {
        return examined.lines.iter().copied().unzip();
    }
    let whole = |side: &Option<Side>| {
        let bytes = side.as_ref().and_then(Side::bytes)?;
        Some(LineSpan { start: 0, end: bytes.len(), first_line: 0, lines: 1 })
    };
    (whole(&file.before).into_iter().collect(), whole(&file.after).into_iter().collect())
}

pub(crate) fn under_review<'f>(
    file: &'f ChangedFile,
    examined: &Examined,
    removed: &'f [LineSpan],
    added: &'f [LineSpan],
) -> gate::FileUnderReview<'f> {
    let text = |side: &'f Option<Side>| {
        let readable = examined.change.content != Content::Binary;
        side.as_ref().and_then(Side::bytes).filter(|_| readable)
    };
    gate::FileUnderReview {
        path: &file.path,
        old_path: file.old_path.as_ref(),
        language: examined.change.language,
        change: file.change,
        old_mode: file.before.as_ref().map(|side| side.mode),
        new_mode: file.after.as_ref().map(|side| side.mode),
        before: text(&file.before),
        after: text(&file.after),
        added,
        removed,
        generated: examined.change.generated,
    }
}

impl Examined {
    /// Its risks or its tests could not be looked for, even where its entities could be compared.
    fn unread(&mut self, reason: &str) {
        if self.unexamined.is_none() && !self.change.generated {
            let reason = reason.to_owned();
            self.unexamined = Some(Unexamined { path: self.change.path.clone(), reason });
        }
    }
}

impl ChangedFile {
    fn size_bytes(&self) -> usize {
        let sides = self.before.iter().chain(&self.after);
        sides.filter_map(Side::bytes).map(<[u8]>::len).sum()
    }
}

/// The worst kind of content among the sides.
fn content_of(file: &ChangedFile) -> Content {
    let sides = [file.before.as_ref(), file.after.as_ref()];
    let kind = |side: &Side| match (&side.content, side.mode) {
        (SideContent::Unreadable { .. }, _) => Content::Unreadable,
        (SideContent::Submodule { .. }, _) => Content::Submodule,
        (SideContent::Huge { .. }, _) => Content::Huge,
        (SideContent::Bytes(_), FileMode::Symlink) => Content::Symlink,
        (SideContent::Bytes(bytes), _) if semdiff::is_text(bytes) => Content::Text,
        (SideContent::Bytes(_), _) => Content::Binary,
    };
    sides.into_iter().flatten().map(kind).max().unwrap_or(Content::Text)
}

/// Joins neighbouring hunks that reach into the same part, with the unchanged lines between them.
fn joined(lines: &[(LineSpan, LineSpan)], together: &[Range<usize>]) -> Vec<(LineSpan, LineSpan)> {
    let reaches = |place: &LineSpan, part: &Range<usize>| {
        place.start < part.end.max(part.start + 1) && part.start < place.end.max(place.start + 1)
    };
    let mut hunks: Vec<(LineSpan, LineSpan)> = Vec::new();
    for (before, after) in lines {
        let last = hunks.last_mut().filter(|(_, last)| {
            together.iter().any(|part| reaches(last, part) && reaches(after, part))
        });
        match last {
            Some(last) => *last = (cover(&last.0, before), cover(&last.1, after)),
            None => hunks.push((*before, *after)),
        }
    }
    hunks
}

/// From the start of one span to the end of a later one.
fn cover(from: &LineSpan, to: &LineSpan) -> LineSpan {
    LineSpan {
        start: from.start,
        end: to.end,
        first_line: from.first_line,
        lines: to.first_line + to.lines - from.first_line,
    }
}

/// A file whose only change is in its lines has a hunk for each run of them. Anything that also creates,
/// deletes, moves or changes the kind of the file is one hunk: it lands as a whole or not at all.
fn hunks(
    file: &ChangedFile,
    content: Content,
    lines: &[(LineSpan, LineSpan)],
    language: Option<model::Language>,
) -> Vec<Hunk> {
    let same_mode = match (&file.before, &file.after) {
        (Some(before), Some(after)) => before.mode == after.mode,
        _ => false,
    };
    let after = file.after.as_ref().and_then(Side::bytes).unwrap_or_default();
    let by_lines = file.change == ChangeKind::Modified && content == Content::Text && same_mode;
    if !by_lines {
        let span = |side: Option<&Side>| {
            let bytes = side.and_then(Side::bytes).filter(|_| content == Content::Text);
            LineSpan {
                start: 0,
                end: bytes.map_or(0, <[u8]>::len),
                first_line: 0,
                lines: count_lines(bytes),
            }
        };
        return vec![Hunk {
            ordinal: 0,
            kind: HunkKind::Whole,
            before: span(file.before.as_ref()),
            after: span(file.after.as_ref()),
            entity: None,
        }];
    }
    // A text whose structure cannot be read is reported as such; its hunks then have no entity.
    let parsed = language.and_then(|language| syntax::parse(language, after).ok());
    let outline = parsed.and_then(|parsed| syntax::outline(&parsed).ok()).unwrap_or_default();
    let hunk = |(before, place): &(LineSpan, LineSpan)| Hunk {
        ordinal: 0,
        kind: HunkKind::Lines,
        before: *before,
        after: *place,
        entity: semdiff::enclosing(&outline, after, &place.bytes()).map(str::to_owned),
    };
    lines.iter().map(hunk).collect()
}

/// A generated file may be too large for its structure to be read: nobody writes it, so its text is enough.
fn unexamined(file: &ChangedFile, entities: &EntityDiff, generated: bool) -> Option<Unexamined> {
    if let Some(error) = entities.unexamined.as_ref().filter(|_| !generated) {
        return Some(Unexamined { path: file.path.clone(), reason: error.to_string() });
    }
    let reason = |side: &Side| match &side.content {
        SideContent::Huge { size_bytes } => Some(format!(
            "{size_bytes} bytes are above the review's limit (review.huge_file_bytes)"
        )),
        SideContent::Unreadable { reason } => Some(reason.clone()),
        _ => None,
    };
    let reason = file.after.iter().chain(&file.before).find_map(reason)?;
    Some(Unexamined { path: file.path.clone(), reason })
}

fn notes(file: &ChangedFile, content: Content) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(before), Some(after)) = (&file.before, &file.after)
        && before.mode != after.mode
    {
        notes.push(format!("mode {:o} -> {:o}", before.mode.octal(), after.mode.octal()));
    }
    let commit = |side: &Option<Side>| match side.as_ref().map(|side| &side.content) {
        Some(SideContent::Submodule { commit }) => commit.get(..12).unwrap_or(commit).to_owned(),
        _ => "nothing".to_owned(),
    };
    let size = |side: &Option<Side>| side.as_ref().map_or(0, |side| side.recorded().size_bytes);
    let target = |side: &Option<Side>| {
        let bytes = side.as_ref().filter(|s| s.mode == FileMode::Symlink).and_then(Side::bytes);
        bytes.map_or("no link".to_owned(), |bytes| bytes.escape_ascii().to_string())
    };
    match content {
        Content::Text => {}
        Content::Binary => {
            notes.push(format!("binary, {} -> {} bytes", size(&file.before), size(&file.after)));
        }
        Content::Huge => notes.push("too large to examine".to_owned()),
        Content::Unreadable => notes.push("could not be read".to_owned()),
        Content::Symlink => {
            notes.push(format!("link {} -> {}", target(&file.before), target(&file.after)));
        }
        Content::Submodule => {
            notes.push(format!("submodule {} -> {}", commit(&file.before), commit(&file.after)));
        }
    }
    notes
}

pub(crate) fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

fn count_lines(text: Option<&[u8]>) -> u32 {
    let Some(text) = text else { return 0 };
    let newlines = text.iter().filter(|byte| **byte == b'\n').count();
    let unfinished = usize::from(!text.is_empty() && !text.ends_with(b"\n"));
    u32::try_from(newlines + unfinished).unwrap_or(u32::MAX)
}
