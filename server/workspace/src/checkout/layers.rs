//! Folders shown as one: what is in them together, and how a further one is written.
//!
//! The rules are those of overlay file systems, so that what is read here is what a program sees in the sandbox:
//! the topmost folder that has a name decides, folders join, and a mark of absence (a device with the number 0)
//! hides what lies below it.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is a door to checkouts, which are ours; nobody's source tree is reached"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use model::{FileMode, RelPath};

use crate::files::{self, Standing};
use crate::{FileError, SAVED_BYTES_MAX, SavedFile, os};

/// How deep folders are followed.
const DEPTH_MAX: usize = 200;

/// Folders, the topmost first.
#[derive(Debug, Clone, Default)]
pub(super) struct Layers(pub(super) Vec<PathBuf>);

/// What one folder says about a path.
enum Said {
    /// Nothing: ask the next.
    Nothing,
    /// It is not there, whatever lies below.
    Absent,
    Here(Standing),
}

impl Layers {
    /// With a further folder on top.
    pub(super) fn under(&self, top: PathBuf) -> Self {
        let mut layers = vec![top];
        layers.extend(self.0.iter().cloned());
        Self(layers)
    }

    /// What is seen at a path, and in which folder it lies.
    pub(super) fn look(&self, path: &RelPath) -> Result<Option<(&Path, Standing)>, FileError> {
        for layer in &self.0 {
            match said(layer, path)? {
                Said::Nothing => {}
                Said::Absent => return Ok(None),
                Said::Here(standing) => return Ok(Some((layer, standing))),
            }
        }
        Ok(None)
    }

    /// Whether a folder is seen there.
    pub(super) fn is_folder(&self, path: &RelPath) -> Result<bool, FileError> {
        Ok(matches!(self.look(path)?, Some((_, Standing::Folder))))
    }

    /// The file or link that is seen there.
    pub(super) fn saved(&self, path: &RelPath) -> Result<Option<SavedFile>, FileError> {
        match self.look(path)? {
            Some((layer, Standing::File(_) | Standing::Link)) => {
                files::read_saved(layer, path, true, SAVED_BYTES_MAX)
            }
            _ => Ok(None),
        }
    }

    /// The names that are seen in a folder; git's own is not among them.
    fn names(&self, folder: Option<&RelPath>) -> Result<Vec<RelPath>, FileError> {
        let (mut seen, mut hidden) = (BTreeMap::new(), BTreeSet::new());
        for layer in &self.0 {
            if let Some(folder) = folder {
                match said(layer, folder)? {
                    Said::Nothing => continue,
                    Said::Here(Standing::Folder) => {}
                    Said::Absent | Said::Here(_) => break,
                }
            }
            for (path, metadata) in listed(layer, folder)?.named {
                if is_absence(&metadata) {
                    hidden.insert(path);
                } else if !hidden.contains(&path) {
                    seen.entry(path).or_insert(());
                }
            }
        }
        Ok(seen.into_keys().collect())
    }

    /// Whether a folder shows nothing.
    pub(super) fn is_empty(&self, folder: &RelPath) -> Result<bool, FileError> {
        Ok(self.names(Some(folder))?.is_empty())
    }

    /// Every file and link that is seen below a folder.
    pub(super) fn files_below(&self, folder: &RelPath) -> Result<Vec<RelPath>, FileError> {
        let mut found = Vec::new();
        let mut open = vec![(folder.clone(), 0)];
        while let Some((folder, depth)) = open.pop() {
            for path in self.names(Some(&folder))? {
                match self.look(&path)? {
                    Some((_, Standing::Folder)) if depth < DEPTH_MAX => {
                        open.push((path, depth + 1))
                    }
                    Some((_, Standing::File(_) | Standing::Link)) => found.push(path),
                    _ => {}
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

fn said(layer: &Path, path: &RelPath) -> Result<Said, FileError> {
    let mut chain = vec![path.clone()];
    while let Some(folder) = chain.last().and_then(RelPath::parent) {
        chain.push(folder);
    }
    for at in chain.iter().rev() {
        let Some(metadata) = files::metadata_of(layer, at)? else { return Ok(Said::Nothing) };
        if is_absence(&metadata) {
            return Ok(Said::Absent);
        }
        if at == path {
            return Ok(Said::Here(files::standing(metadata)));
        }
        if !metadata.is_dir() {
            return Ok(Said::Absent);
        }
    }
    Ok(Said::Nothing)
}

/// What lies in a folder of one layer.
pub(super) struct Listed {
    pub(super) named: Vec<(RelPath, Metadata)>,
    /// Names that no [`RelPath`] can hold, with their folders.
    pub(super) unnamed: Vec<Vec<u8>>,
}

pub(super) fn listed(layer: &Path, folder: Option<&RelPath>) -> Result<Listed, FileError> {
    let read = || -> io::Result<Listed> {
        let at = folder.map_or_else(|| Ok(layer.to_owned()), |folder| os::join(layer, folder))?;
        let (mut named, mut unnamed) = (Vec::new(), Vec::new());
        for entry in std::fs::read_dir(at)? {
            let entry = entry?;
            let name = os::to_bytes(Path::new(&entry.file_name()));
            let whole = match folder {
                Some(folder) => [folder.as_bytes(), b"/", &name].concat(),
                None => name,
            };
            match RelPath::from_bytes(&whole) {
                Ok(path) => named.push((path, entry.metadata()?)),
                Err(_) => unnamed.push(whole),
            }
        }
        named.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Listed { named, unnamed })
    };
    let path = || folder.map_or_else(|| layer.display().to_string(), ToString::to_string);
    read().map_err(|source| FileError::Io { path: path(), source })
}

/// Whether it says that nothing is there.
#[cfg(target_os = "linux")]
pub(super) fn is_absence(metadata: &Metadata) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    metadata.file_type().is_char_device() && metadata.rdev() == 0
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_absence(_metadata: &Metadata) -> bool {
    false
}

/// Whether a folder hides what lies below it, as a program's removed and newly made one does.
#[cfg(target_os = "linux")]
pub(super) fn is_opaque(layer: &Path, folder: &RelPath) -> Result<bool, FileError> {
    let mut value = [0_u8; 4];
    let asked = os::join(layer, folder)
        .map(|at| rustix::fs::lgetxattr(&at, "user.overlay.opaque", &mut value[..]));
    match asked.map_err(|source| FileError::Io { path: folder.to_string(), source })? {
        Ok(length) => Ok(value.get(..length) == Some(b"y")),
        Err(rustix::io::Errno::NODATA) => Ok(false),
        Err(error) => Err(FileError::Io { path: folder.to_string(), source: error.into() }),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_opaque(_layer: &Path, _folder: &RelPath) -> Result<bool, FileError> {
    Ok(false)
}

/// Writes a layer into an empty folder of ours. What is there already is never written, and no link is followed:
/// a folder is trusted only if it was made here. So files come first, links last.
pub(super) struct Writing<'a> {
    root: &'a Path,
    made: BTreeSet<RelPath>,
}

impl<'a> Writing<'a> {
    pub(super) fn new(root: &'a Path) -> io::Result<Self> {
        allow(root, 0o755)?;
        Ok(Self { root, made: BTreeSet::new() })
    }

    /// Makes the folder, and those it lies in.
    pub(super) fn folder(&mut self, folder: &RelPath) -> io::Result<()> {
        if self.made.contains(folder) {
            return Ok(());
        }
        if let Some(parent) = folder.parent() {
            self.folder(&parent)?;
        }
        let at = os::join(self.root, folder)?;
        std::fs::create_dir(&at)?;
        allow(&at, 0o755)?;
        self.made.insert(folder.clone());
        Ok(())
    }

    /// The place of a new file, its folders made.
    fn place(&mut self, path: &RelPath) -> io::Result<PathBuf> {
        if let Some(parent) = path.parent() {
            self.folder(&parent)?;
        }
        os::join(self.root, path)
    }

    pub(super) fn file(&mut self, path: &RelPath, mode: FileMode, bytes: &[u8]) -> io::Result<()> {
        let at = self.place(path)?;
        if mode == FileMode::Symlink {
            return link(bytes, &at);
        }
        let mut file = std::fs::File::create_new(at)?;
        io::Write::write_all(&mut file, bytes)?;
        allow_open(&file, if mode == FileMode::Executable { 0o755 } else { 0o644 })
    }

    /// The same file as another one, which nobody writes.
    pub(super) fn same(&mut self, path: &RelPath, other: &Path) -> io::Result<()> {
        let at = self.place(path)?;
        std::fs::hard_link(other, at)
    }

    /// An empty repository without commits, hooks or configuration, so that programs that look for the top of the
    /// tree, or for its ignore files, find one. It knows nothing of the person's.
    pub(super) fn repository(&self) -> io::Result<()> {
        let at = self.root.join(".git");
        for folder in [at.clone(), at.join("objects"), at.join("refs")] {
            std::fs::create_dir(&folder)?;
            allow(&folder, 0o755)?;
        }
        std::fs::write(at.join("HEAD"), "ref: refs/heads/main\n")?;
        std::fs::write(at.join("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
    }
}

/// Writes into a layer of ours that nothing is at `path`, whatever lies below. If the layer has a folder there, it
/// holds nothing but such marks, and gives way.
pub(super) fn mark_absent(layer: &Path, path: &RelPath) -> io::Result<()> {
    let mut chain = Vec::new();
    let mut parent = path.parent();
    while let Some(folder) = parent {
        parent = folder.parent();
        chain.push(folder);
    }
    for folder in chain.iter().rev() {
        let at = os::join(layer, folder)?;
        match std::fs::create_dir(&at) {
            Ok(()) => allow(&at, 0o755)?,
            // What was made for another file; never a link, since no file that is seen lies behind one.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    let at = os::join(layer, path)?;
    match std::fs::remove_dir_all(&at) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => absence(&at),
    }
}

#[cfg(target_os = "linux")]
fn absence(at: &Path) -> io::Result<()> {
    // Anyone may make this one device (Linux 5.8 and later).
    let kind = rustix::fs::FileType::CharacterDevice;
    Ok(rustix::fs::mknodat(rustix::fs::CWD, at, kind, rustix::fs::Mode::empty(), 0)?)
}

#[cfg(not(target_os = "linux"))]
fn absence(_at: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn link(target: &[u8], at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(os::from_bytes(target)?, at)
}

#[cfg(not(unix))]
fn link(_target: &[u8], _at: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn allow(folder: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn allow(_folder: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn allow_open(file: &std::fs::File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn allow_open(_file: &std::fs::File, _mode: u32) -> io::Result<()> {
    Ok(())
}
