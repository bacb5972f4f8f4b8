//! Reading files: of the source tree, never through a link and never from a pipe; and the few files and
//! folders that the person names.
//!
//! Knows nothing of git. A folder can still be swapped for a link between the look and the opening: the
//! standard library has no `openat`, so the opened file is looked at again, its folders are not.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is a door to source trees and named files"
)]

use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use model::{FileMode, RelPath};

use crate::os::{self, Stamp};

/// The largest saved file that is taken into memory for a proposal.
pub const SAVED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The largest file of a person's own folder, e.g. one policy.
pub const FOLDER_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// How many files a person's own folder may give.
pub const FOLDER_FILES_MAX: usize = 1000;

/// How deep a person's own folder is searched.
pub const FOLDER_DEPTH_MAX: usize = 4;

/// A file as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFile {
    /// The mode git would record.
    pub mode: FileMode,
    /// Its bytes; a link's target text.
    pub bytes: Vec<u8>,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A folder on the way is a link: what lies behind it is not part of the source tree.
    #[error("{path}: its folder {link} is a symbolic link, which is not followed")]
    ThroughLink {
        /// The file.
        path: RelPath,
        /// The link.
        link: RelPath,
    },
    /// A folder, pipe, socket or device.
    #[error("{path} is {what}, not a file")]
    NotAFile {
        /// The file.
        path: String,
        /// What it is, with its article.
        what: &'static str,
    },
    /// Larger than its limit.
    #[error("{path} has {size_bytes} bytes, more than the limit of {limit_bytes}")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        size_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// It was written while it was read, twice.
    #[error("{path} changes while it is read: try again when it is quiet")]
    Restless {
        /// The file.
        path: String,
    },
    /// More files than a folder may give.
    #[error("{folder} holds more than {limit} files: name a smaller folder")]
    TooMany {
        /// The folder.
        folder: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// Not UTF-8 where text is needed.
    #[error("{path} is not UTF-8 text")]
    NotText {
        /// The file.
        path: String,
    },
    /// The system refused.
    #[error("{path} cannot be read: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What lies at a path of the tree, without opening it.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Nothing, or something in the way of its folder.
    Nothing,
    File(Metadata),
    Link,
    Folder,
    /// A pipe, socket or device.
    Special(&'static str),
}

impl FileError {
    pub(crate) fn folder(path: &RelPath) -> Self {
        Self::NotAFile { path: path.to_string(), what: FOLDER }
    }

    /// Whether a folder is where a file was looked for, so that there is no file.
    pub fn is_folder(&self) -> bool {
        matches!(self, Self::NotAFile { what: FOLDER, .. })
    }
}

const FOLDER: &str = "a folder";

/// Looks at a path of the tree, links in its folders refused.
pub(crate) fn look(root: &Path, path: &RelPath) -> Result<Standing, FileError> {
    let mut parent = path.parent();
    let mut parents = Vec::new();
    while let Some(folder) = parent {
        parent = folder.parent();
        parents.push(folder);
    }
    for folder in parents.into_iter().rev() {
        match metadata_of(root, &folder)? {
            None => return Ok(Standing::Nothing),
            Some(found) if found.is_symlink() => {
                return Err(FileError::ThroughLink { path: path.clone(), link: folder });
            }
            Some(found) if !found.is_dir() => return Ok(Standing::Nothing),
            Some(_) => {}
        }
    }
    Ok(metadata_of(root, path)?.map_or(Standing::Nothing, standing))
}

/// Looks at many paths in order; the folders of one are not looked at again for its neighbours.
pub(crate) struct Looking<'a> {
    root: &'a Path,
    /// A folder that no link leads to.
    plain: Option<RelPath>,
}

impl<'a> Looking<'a> {
    pub(crate) fn new(root: &'a Path) -> Self {
        Self { root, plain: None }
    }

    pub(crate) fn root(&self) -> &'a Path {
        self.root
    }

    /// As [`look`].
    pub(crate) fn look(&mut self, path: &RelPath) -> Result<Standing, FileError> {
        let parent = path.parent();
        if parent.is_some() && parent == self.plain {
            return Ok(metadata_of(self.root, path)?.map_or(Standing::Nothing, standing));
        }
        let found = look(self.root, path)?;
        self.plain = parent.filter(|_| !matches!(found, Standing::Nothing));
        Ok(found)
    }
}

pub(crate) fn standing(found: Metadata) -> Standing {
    if found.is_symlink() {
        Standing::Link
    } else if found.is_dir() {
        Standing::Folder
    } else if found.is_file() {
        Standing::File(found)
    } else {
        Standing::Special(special(&found))
    }
}

fn special(found: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if found.file_type().is_fifo() {
            return "a named pipe";
        }
        if found.file_type().is_socket() {
            return "a socket";
        }
    }
    if found.is_dir() { "a folder" } else { "a device" }
}

/// The metadata of exactly this name, link or not; `None` when nothing is there.
pub(crate) fn metadata_of(root: &Path, path: &RelPath) -> Result<Option<Metadata>, FileError> {
    let shown = || path.to_string();
    let full = os::join(root, path).map_err(|source| FileError::Io { path: shown(), source })?;
    match std::fs::symlink_metadata(full) {
        Ok(found) => Ok(Some(found)),
        Err(error) if absent(&error) => Ok(None),
        Err(source) => Err(FileError::Io { path: shown(), source }),
    }
}

/// Whether the error says that there is no such name, in any of its spellings.
pub(crate) fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Reads a file of the tree as it is saved; `None` when nothing is there.
///
/// `filemode` says whether the disk's executable bit counts (git's `core.fileMode`).
pub(crate) fn read_saved(
    root: &Path,
    path: &RelPath,
    filemode: bool,
    limit: u64,
) -> Result<Option<SavedFile>, FileError> {
    let shown = || path.to_string();
    match look(root, path)? {
        Standing::Nothing => Ok(None),
        Standing::File(metadata) => {
            let full =
                os::join(root, path).map_err(|source| FileError::Io { path: shown(), source })?;
            let executable = filemode && os::is_executable(&metadata);
            let mode = if executable { FileMode::Executable } else { FileMode::File };
            Ok(Some(SavedFile { mode, bytes: read_whole(&full, &shown(), limit)? }))
        }
        Standing::Link => {
            Ok(Some(SavedFile { mode: FileMode::Symlink, bytes: link_target(root, path)? }))
        }
        Standing::Folder => Err(FileError::NotAFile { path: shown(), what: FOLDER }),
        Standing::Special(what) => Err(FileError::NotAFile { path: shown(), what }),
    }
}

/// A link's target, as text.
pub(crate) fn link_target(root: &Path, path: &RelPath) -> Result<Vec<u8>, FileError> {
    os::join(root, path)
        .and_then(std::fs::read_link)
        .map(|target| os::to_bytes(&target))
        .map_err(|source| FileError::Io { path: path.to_string(), source })
}

/// Reads a regular file to its end. One that changes meanwhile is read once more, then refused.
fn read_whole(full: &Path, shown: &str, limit: u64) -> Result<Vec<u8>, FileError> {
    for _ in 0..2 {
        if let Some(bytes) = read_once(full, shown, limit)? {
            return Ok(bytes);
        }
    }
    Err(FileError::Restless { path: shown.to_owned() })
}

fn read_once(full: &Path, shown: &str, limit: u64) -> Result<Option<Vec<u8>>, FileError> {
    let fail = |source| FileError::Io { path: shown.to_owned(), source };
    let mut file = os::open_plain(full).map_err(fail)?;
    let before = file.metadata().map_err(fail)?;
    if !before.is_file() {
        return Err(FileError::NotAFile { path: shown.to_owned(), what: special(&before) });
    }
    let too_large =
        |size_bytes| FileError::TooLarge { path: shown.to_owned(), size_bytes, limit_bytes: limit };
    if before.len() > limit {
        return Err(too_large(before.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or_default());
    // One byte more than the limit shows growth past it without reading without end.
    (&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(fail)?;
    let after = file.metadata().map_err(fail)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(after.len()));
    }
    let quiet = Stamp::of(&before) == Stamp::of(&after) && bytes.len() as u64 == before.len();
    Ok(quiet.then_some(bytes))
}

/// Reads a file that the person named, e.g. a patch. Links are followed: the person chose the name.
///
/// # Errors
/// [`FileError::NotAFile`] for a folder or device, [`FileError::TooLarge`] above `max_bytes`,
/// [`FileError::Io`].
///
/// # Cost
/// One read; memory up to `max_bytes`. A named pipe is read until its writer ends, as people expect of
/// `<(command)`.
pub fn read_named(path: &Path, max_bytes: u64) -> Result<Vec<u8>, FileError> {
    let shown = path.display().to_string();
    let fail = |source| FileError::Io { path: shown.clone(), source };
    let file = open_named(path).map_err(fail)?;
    let metadata = file.metadata().map_err(fail)?;
    if metadata.is_dir() {
        return Err(FileError::NotAFile { path: shown, what: FOLDER });
    }
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > max_bytes {
        let size_bytes = metadata.len().max(bytes.len() as u64);
        return Err(FileError::TooLarge { path: shown, size_bytes, limit_bytes: max_bytes });
    }
    Ok(bytes)
}

fn open_named(path: &Path) -> io::Result<std::fs::File> {
    std::fs::File::open(path)
}

/// Reads every text file below a folder of the person's own whose name ends in `.extension`.
///
/// Names are relative to `folder`, with `/`, sorted. Links are followed: the folder is the person's.
/// Empty when the folder does not exist.
///
/// # Errors
/// Above [`FOLDER_FILES_MAX`] files or [`FOLDER_FILE_BYTES_MAX`] bytes; a file that is not UTF-8; what
/// the system refuses.
///
/// # Cost
/// Reads every match, [`FOLDER_DEPTH_MAX`] folders deep.
pub fn read_folder(folder: &Path, extension: &str) -> Result<Vec<(String, String)>, FileError> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new(), 0_usize)];
    while let Some((at, prefix, depth)) = open.pop() {
        for (name, path) in entries(&at)? {
            let shown = format!("{prefix}{name}");
            if path.is_dir() {
                if depth < FOLDER_DEPTH_MAX {
                    open.push((path, format!("{shown}/"), depth + 1));
                }
                continue;
            }
            let matches = Path::new(&name).extension().is_some_and(|found| found == extension);
            if !matches || !path.is_file() {
                continue;
            }
            if found.len() == FOLDER_FILES_MAX {
                return Err(FileError::TooMany {
                    folder: folder.to_owned(),
                    limit: FOLDER_FILES_MAX,
                });
            }
            let text = String::from_utf8(read_named(&path, FOLDER_FILE_BYTES_MAX)?)
                .map_err(|_| FileError::NotText { path: path.display().to_string() })?;
            found.push((shown, text));
        }
    }
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, FileError> {
    let fail = |source| FileError::Io { path: folder.display().to_string(), source };
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(error)),
    };
    listed
        .map(|entry| {
            let entry = entry.map_err(fail)?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.path()))
        })
        .collect()
}

/// The names in a folder of the tree; empty when it is not there.
pub(crate) fn names_in(root: &Path, folder: Option<&RelPath>) -> Result<Vec<String>, FileError> {
    let full = match folder {
        None => root.to_owned(),
        Some(folder) => os::join(root, folder)
            .map_err(|source| FileError::Io { path: folder.to_string(), source })?,
    };
    Ok(entries(&full)?.into_iter().map(|(name, _)| name).collect())
}
