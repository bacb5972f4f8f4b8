//! Applying a patch in memory: where it says, or where it alone can belong, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use model::{FileMode, RelPath};

use super::paths;
use super::{
    PATCH_RESULT_BYTES_MAX, PATCH_SEARCH_MAX, PatchAction, PatchError, PatchFile, PatchHunk,
    PatchLine, ProposedFile,
};
use crate::eol::Conversion;
use crate::{FileError, RepositoryError, SavedFile};

/// What is at a path of the base; `None` when nothing is.
type ReadBase<'a> = &'a dyn Fn(&RelPath) -> Result<Option<SavedFile>, RepositoryError>;

/// What lies between the text that the patch speaks of and the base.
type ConversionOf<'a> = &'a dyn Fn(&RelPath) -> Conversion;

/// Applies a patch to a base, file after file, and gives every touched path as it should become, sorted.
///
/// When every hunk of a file fits where it says, that is where it goes. Otherwise the file has moved on,
/// and each hunk must fit in exactly one place: two are a refusal that names both. Context is exact. A
/// renamed file comes as two: the new path, naming the old, and the old path as deleted.
///
/// # Errors
/// [`PatchError`] with the line of the patch; then nothing is given back.
///
/// # Cost
/// Each file once; a hunk that moved costs one pass over its file.
pub fn apply_patch(
    files: &[PatchFile],
    read_base: ReadBase<'_>,
) -> Result<Vec<ProposedFile>, PatchError> {
    apply_converted(files, read_base, &|_| Conversion::None)
}

/// As [`apply_patch`], over a base whose line endings git converts.
pub(crate) fn apply_converted(
    files: &[PatchFile],
    base: ReadBase<'_>,
    conversion: ConversionOf<'_>,
) -> Result<Vec<ProposedFile>, PatchError> {
    let mut tree = Overlay {
        base,
        conversion,
        changed: BTreeMap::new(),
        origin: BTreeMap::new(),
        left: Left { bytes: PATCH_RESULT_BYTES_MAX, compared: PATCH_SEARCH_MAX },
    };
    for file in files {
        tree.apply(file)?;
    }
    Ok(tree.proposed())
}

/// The base with what earlier parts of the patch made of it.
struct Overlay<'a> {
    base: ReadBase<'a>,
    conversion: ConversionOf<'a>,
    changed: BTreeMap<RelPath, Option<SavedFile>>,
    /// Where moved files came from.
    origin: BTreeMap<RelPath, RelPath>,
    left: Left,
}

/// How much work is left: a small patch can copy a large file many times, or have it searched without end.
struct Left {
    bytes: u64,
    compared: u64,
}

impl Left {
    fn spend_bytes(&mut self, file: &PatchFile, bytes: &[u8]) -> Result<(), PatchError> {
        self.bytes = self.bytes.checked_sub(bytes.len() as u64).ok_or_else(|| {
            let (line, path) = (file.line, file.path.clone());
            PatchError::Work { line, path, what: "bytes", limit: PATCH_RESULT_BYTES_MAX }
        })?;
        Ok(())
    }

    fn spend_compared(
        &mut self,
        file: &PatchFile,
        line: usize,
        n: usize,
    ) -> Result<(), PatchError> {
        self.compared = self.compared.checked_sub(n as u64).ok_or_else(|| {
            let path = file.path.clone();
            PatchError::Work { line, path, what: "compared lines", limit: PATCH_SEARCH_MAX }
        })?;
        Ok(())
    }
}

impl Overlay<'_> {
    fn get(&self, file: &PatchFile, path: &RelPath) -> Result<Option<SavedFile>, PatchError> {
        if let Some(changed) = self.changed.get(path) {
            return Ok(changed.clone());
        }
        (self.base)(path).map_err(|source| match source {
            RepositoryError::File(FileError::ThroughLink { path, link }) => {
                PatchError::ThroughLink { line: file.line, path, link }
            }
            source => {
                PatchError::Base { line: file.line, path: path.clone(), source: Box::new(source) }
            }
        })
    }

    /// Refuses a path below a link or below a file, the patch's own included.
    fn check_parents(&self, file: &PatchFile, path: &RelPath) -> Result<(), PatchError> {
        let mut parent = path.parent();
        while let Some(folder) = parent {
            parent = folder.parent();
            let found = match self.get(file, &folder) {
                // A folder, as it should be.
                Err(PatchError::Base { source, .. })
                    if matches!(*source, RepositoryError::File(FileError::NotAFile { .. })) =>
                {
                    None
                }
                found => found?,
            };
            match found.map(|found| found.mode) {
                Some(FileMode::Symlink) => {
                    let (line, path) = (file.line, path.clone());
                    return Err(PatchError::ThroughLink { line, path, link: folder });
                }
                Some(_) => return Err(PatchError::Exists { line: file.line, path: folder }),
                None => {}
            }
        }
        Ok(())
    }

    fn apply(&mut self, file: &PatchFile) -> Result<(), PatchError> {
        let (line, path) = (file.line, &file.path);
        let source = match &file.action {
            PatchAction::Rename(source) | PatchAction::Copy(source) => source,
            _ => path,
        };
        for path in BTreeSet::from([source, path]) {
            self.check_parents(file, path)?;
        }
        let base = self.get(file, source)?;
        let inserts_only = matches!(&file.hunks[..], [only] if only.old_start == 0);
        let base = match (&file.action, base) {
            (PatchAction::Add, Some(_)) => {
                return Err(PatchError::Exists { line, path: path.clone() });
            }
            // A plain diff says `-0,0` for a file that is new, and gives it a name on both sides.
            (PatchAction::Add, None) => None,
            (PatchAction::Modify, None) if inserts_only && file.old_mode.is_none() => None,
            (_, None) => return Err(PatchError::Absent { line, path: source.clone() }),
            (_, Some(base)) => Some(base),
        };
        if source != path && self.get(file, path)?.is_some() {
            return Err(PatchError::Exists { line, path: path.clone() });
        }
        let old_mode = base.as_ref().map(|base| base.mode);
        let link = |mode: Option<FileMode>| mode.map(|mode| mode == FileMode::Symlink);
        if file.old_mode.is_some() && link(file.old_mode) != link(old_mode) {
            let reason = "is another kind of file than the patch says";
            return Err(PatchError::Differs { line, path: source.clone(), reason });
        }
        if base.is_none()
            && let Some(reason) = paths::unportable(path)
        {
            return Err(PatchError::Unportable { line, path: path.clone(), reason });
        }
        let before = base.map(|base| base.bytes);
        let conversion = match file.new_mode.or(old_mode) {
            Some(FileMode::Symlink) => Conversion::None,
            _ => (self.conversion)(source),
        };
        let ends = LineEnds::of(file, before.as_deref(), &conversion);
        let before = before.unwrap_or_default();
        self.left.spend_bytes(file, &before)?;
        let after = apply_hunks(file, &before, ends, &mut self.left)?;
        self.left.spend_bytes(file, &after)?;
        match &file.action {
            PatchAction::Delete => {
                if !after.is_empty() {
                    let reason = "holds more than the patch that deletes it knows";
                    return Err(PatchError::Differs { line, path: path.clone(), reason });
                }
                self.changed.insert(path.clone(), None);
                self.origin.remove(path);
                return Ok(());
            }
            PatchAction::Rename(source) => {
                self.changed.insert(source.clone(), None);
                let first = self.origin.remove(source).unwrap_or_else(|| source.clone());
                self.origin.insert(path.clone(), first);
            }
            PatchAction::Modify | PatchAction::Add | PatchAction::Copy(_) => {}
        }
        let mode = file.new_mode.or(old_mode).unwrap_or(FileMode::File);
        // `index a..b 100644` repeats the mode of a file whose bit only the disk knows better.
        let kept = old_mode.filter(|_| file.old_mode == file.new_mode);
        let mode = kept.unwrap_or(mode);
        if mode == FileMode::Symlink && (after.is_empty() || after.contains(&0)) {
            let reason = "is a link, and its target is empty or no name";
            return Err(PatchError::Differs { line, path: path.clone(), reason });
        }
        if old_mode.is_some_and(|old| (old == FileMode::Symlink) != (mode == FileMode::Symlink)) {
            let reason = "becomes a file from a link or a link from a file: delete it and add it";
            return Err(PatchError::Differs { line, path: path.clone(), reason });
        }
        self.changed.insert(path.clone(), Some(SavedFile { mode, bytes: after }));
        Ok(())
    }

    fn proposed(mut self) -> Vec<ProposedFile> {
        let gone: BTreeSet<RelPath> = self
            .changed
            .iter()
            .filter(|(_, saved)| saved.is_none())
            .map(|(path, _)| path.clone())
            .collect();
        let files = std::mem::take(&mut self.changed).into_iter();
        files
            .map(|(path, saved)| ProposedFile {
                old_path: self.origin.remove(&path).filter(|old| gone.contains(old)),
                mode: saved.as_ref().map_or(FileMode::File, |saved| saved.mode),
                bytes: saved.map(|saved| saved.bytes),
                path,
            })
            .collect()
    }
}

/// How the line ends of a patch meet those of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LineEnds {
    /// Lines match whether they end in LF or in CRLF.
    alike: bool,
    /// Added lines that end in LF get CRLF.
    crlf: bool,
}

impl LineEnds {
    fn of(file: &PatchFile, before: Option<&[u8]>, conversion: &Conversion) -> Self {
        let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
        // What is added to a file says nothing of what is there.
        let stored: Vec<&[u8]> = lines
            .filter_map(|line| match line {
                PatchLine::Context(line) | PatchLine::Removed(line) => Some(line.as_slice()),
                PatchLine::Added(line) => before.is_none().then_some(line.as_slice()),
            })
            .collect();
        let with_crlf = stored.iter().any(|line| line.ends_with(b"\r\n"));
        let converts = match before {
            Some(before) => conversion.converts(before),
            None => conversion.converts(&stored.concat()),
        };
        if converts && !with_crlf {
            return Self { alike: true, crlf: conversion.shown_with_crlf(before) };
        }
        // A patch that was turned into CRLF as a whole takes the line ends of the file.
        let mut ended =
            before.unwrap_or_default().split_inclusive(|byte| *byte == b'\n').peekable();
        let crlf = file.crlf
            && ended.peek().is_some()
            && ended.all(|line| line.ends_with(b"\r\n") || !line.ends_with(b"\n"));
        Self { alike: crlf, crlf }
    }
}

/// The lines a hunk expects, as they are matched.
struct Block<'h> {
    hunk: &'h PatchHunk,
    old: Vec<&'h [u8]>,
    /// What it leaves ends without a line end, so nothing may follow.
    last: bool,
}

impl<'h> Block<'h> {
    fn of(hunk: &'h PatchHunk) -> Self {
        let old = |line: &'h PatchLine| match line {
            PatchLine::Context(line) | PatchLine::Removed(line) => Some(line.as_slice()),
            PatchLine::Added(_) => None,
        };
        let new = |line: &'h PatchLine| match line {
            PatchLine::Context(line) | PatchLine::Added(line) => Some(line.as_slice()),
            PatchLine::Removed(_) => None,
        };
        let last = hunk.lines.iter().rev().find_map(new).is_some_and(|line| !line.ends_with(b"\n"));
        Self { hunk, old: hunk.lines.iter().filter_map(old).collect(), last }
    }

    fn fits(&self, lines: &[&[u8]], at: usize, alike: bool) -> bool {
        self.agreeing(lines, at, alike) == Some(self.old.len())
    }

    /// How many lines agree before the first that does not; `None` where it has no room.
    fn agreeing(&self, lines: &[&[u8]], at: usize, alike: bool) -> Option<usize> {
        let end = at.saturating_add(self.old.len());
        let here = lines.get(at..end)?;
        if self.last && end < lines.len() {
            return None;
        }
        let same = |have: &[u8], want: &[u8]| {
            let text = have.strip_suffix(b"\r\n").filter(|_| alike);
            have == want || (text.is_some() && text == want.strip_suffix(b"\n"))
        };
        Some(here.iter().zip(&self.old).take_while(|(have, want)| same(have, want)).count())
    }

    /// Puts what the hunk makes of the lines it fits; those it keeps stay as they are.
    fn put(&self, mut here: &[&[u8]], crlf: bool, out: &mut Vec<u8>) {
        for line in &self.hunk.lines {
            match (line, here.split_first()) {
                (PatchLine::Added(line), _) => match line.strip_suffix(b"\n") {
                    Some(text) if crlf && !text.ends_with(b"\r") => {
                        out.extend([text, b"\r\n"].concat());
                    }
                    _ => out.extend(line),
                },
                (PatchLine::Context(_), Some((kept, rest))) => {
                    out.extend(*kept);
                    here = rest;
                }
                (PatchLine::Removed(_), Some((_, rest))) => here = rest,
                (PatchLine::Context(_) | PatchLine::Removed(_), None) => {}
            }
        }
    }
}

fn apply_hunks(
    file: &PatchFile,
    before: &[u8],
    ends: LineEnds,
    left: &mut Left,
) -> Result<Vec<u8>, PatchError> {
    if file.hunks.is_empty() {
        return Ok(before.to_vec());
    }
    let lines: Vec<&[u8]> = before.split_inclusive(|byte| *byte == b'\n').collect();
    let blocks: Vec<Block<'_>> = file.hunks.iter().map(Block::of).collect();
    for block in &blocks {
        if block.old.is_empty() && !lines.is_empty() {
            let (line, path) = (block.hunk.line, file.path.clone());
            return Err(PatchError::NoContext { line, path });
        }
    }
    let stated: Vec<usize> =
        blocks.iter().map(|block| block.hunk.old_start.saturating_sub(1)).collect();
    let mut end = 0;
    let as_stated = blocks.iter().zip(&stated).all(|(block, at)| {
        let fits = *at >= end && block.fits(&lines, *at, ends.alike);
        end = at.saturating_add(block.old.len());
        fits
    });
    let places = if as_stated { stated } else { search(file, &blocks, &lines, ends.alike, left)? };

    let mut out = Vec::with_capacity(before.len());
    let mut from = 0;
    for (block, at) in blocks.iter().zip(places) {
        out.extend(lines.get(from..at).unwrap_or_default().concat());
        from = at + block.old.len();
        block.put(lines.get(at..from).unwrap_or_default(), ends.crlf, &mut out);
    }
    out.extend(lines.get(from..).unwrap_or_default().concat());
    Ok(out)
}

/// The one place of each hunk, in order.
fn search(
    file: &PatchFile,
    blocks: &[Block<'_>],
    lines: &[&[u8]],
    alike: bool,
    left: &mut Left,
) -> Result<Vec<usize>, PatchError> {
    let mut places = Vec::new();
    let mut from = 0;
    for block in blocks {
        let line = block.hunk.line;
        let path = || file.path.clone();
        let mut found = Vec::new();
        for at in 0..lines.len().max(1) {
            let agreeing = block.agreeing(lines, at, alike);
            // Repeated text makes every place agree for long.
            left.spend_compared(file, line, 1 + agreeing.unwrap_or_default())?;
            if agreeing == Some(block.old.len()) {
                found.push(at);
            }
            if let [first, second] = found[..] {
                let (first, second) = (first + 1, second + 1);
                return Err(PatchError::Ambiguous { line, path: path(), first, second });
            }
        }
        let first =
            found.first().copied().ok_or_else(|| PatchError::NoMatch { line, path: path() })?;
        if first < from {
            return Err(PatchError::NoMatch { line, path: path() });
        }
        from = first + block.old.len();
        places.push(first);
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies a patch to `f` with little work allowed.
    fn check(f: &[u8], patch: &str, expected: &str) {
        let files = crate::parse_patch(patch.as_bytes()).unwrap().files;
        let base = |path: &RelPath| {
            let there = path.as_bytes() == b"f";
            Ok(there.then(|| SavedFile { mode: FileMode::File, bytes: f.to_vec() }))
        };
        let mut tree = Overlay {
            base: &base,
            conversion: &|_| Conversion::None,
            changed: BTreeMap::new(),
            origin: BTreeMap::new(),
            left: Left { bytes: 1000, compared: 1000 },
        };
        let done = files.iter().try_for_each(|file| tree.apply(file));
        assert_eq!(done.map_or_else(|error| error.to_string(), |()| "done".to_owned()), expected);
    }

    #[test]
    fn a_small_patch_cannot_have_a_large_file_copied_without_end() {
        let copy = |n| format!("diff --git a/f b/c{n}\ncopy from f\ncopy to c{n}\n");
        let copies = |n| (0..n).map(copy).collect::<String>();
        check(&[b'x'; 100], &copies(5), "done");
        check(
            &[b'x'; 100],
            &copies(6),
            "line 16: applying the patch to c5 goes over the limit of 1073741824 bytes",
        );
    }

    #[test]
    fn text_that_agrees_for_long_is_not_searched_without_end() {
        let hunk = |lines: usize| {
            let old = " a\n".repeat(lines);
            format!("--- a/f\n+++ b/f\n@@ -2,{0} +2,{0} @@\n{old}-b\n+c\n", lines + 1)
        };
        check(
            &b"a\n".repeat(60),
            &hunk(4),
            "line 3: the text it replaces is not in f: the file has changed since",
        );
        check(
            &b"a\n".repeat(90),
            &hunk(30),
            "line 3: applying the patch to f goes over the limit of 200000000 compared lines",
        );
    }
}
