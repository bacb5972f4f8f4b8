//! Throwaway checkouts: a tree of files that a program may change in the sandbox, and what it left.
//!
//! A [`Checkout`] is a stack of folders that are only read: the tree of a commit, kept in a cache ([`Trees`]), and on
//! top of it the files that differ, with marks of absence for those that are not there. A [`Room`] is one throwaway
//! folder for changes over it, seen by the program at [`CHECKOUT_AT`]. Two rooms of one checkout cost two empty
//! folders. Nothing of it lies in the person's tree or in git's folder, and neither is ever written: what the program
//! changes is found in the throwaway folder alone.
//!
//! What confines the program, this module does not know: it gives [`Mount`](sandbox::Mount)s.

mod caches;
mod layers;
mod left;
mod reports;
mod trees;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use model::{Digest, FileMode, RelPath, SnapshotSide};
use sandbox::Scratch;

pub use caches::{CACHES_MAX, Caches, Room, installed_digest};
pub use left::{LEFT_OUT_MAX, Left, LeftError, LeftOut};
pub use reports::{REPORT_FILES_MAX, REPORTS_AT, Reports, Written};
pub use trees::{TREE_FILE_BYTES_MAX, TREE_FILES_MAX, TREES_BYTES_MAX, TREES_MAX, Trees};

use crate::eol::{self, Conversion};
use crate::{
    CaptureError, CapturedFile, FileError, ProposedFile, Repository, RepositoryError,
    SAVED_BYTES_MAX, SavedFile, files,
};
use layers::{Layers, Writing};
use trees::HeldTree;

/// Where a checkout is seen in the sandbox: the same place for everyone, so that nothing depends on whose it is.
pub const CHECKOUT_AT: &str = "/workspace";

/// Which files a checkout begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<'a> {
    /// Those of a commit, given by its full id, with the line endings that a checkout writes.
    Commit(&'a str),
    /// The saved files: tracked or not, ignored ones left out, bytes as on disk.
    Saved,
}

/// Files that are only read, as a program in the sandbox will find them. Cheap to clone.
///
/// It has an empty `.git`: programs look for one to find the top of the tree, and to heed ignore files. It tells
/// nothing of the person's repository.
#[derive(Debug, Clone)]
pub struct Checkout {
    layers: Layers,
    /// What keeps the folders there.
    held: Vec<Held>,
    /// Those of the layers that hold what earlier rooms built.
    built: Vec<PathBuf>,
    unknown: Arc<BTreeMap<RelPath, String>>,
    commit: Option<String>,
    /// What is laid over the commit's tree.
    laid: Laid,
    rooms: PathBuf,
}

#[derive(Debug, Clone)]
enum Held {
    Tree { _tree: Arc<HeldTree> },
    Layer { _layer: Arc<Scratch> },
}

/// Why there is no checkout.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// More than [`TREE_FILES_MAX`].
    #[error("the tree has more than {TREE_FILES_MAX} files")]
    TooMany,
    /// A file whose content cannot be had.
    #[error("{path} cannot be checked out: {reason}")]
    Content {
        /// The file.
        path: RelPath,
        /// Why, as a clause.
        reason: String,
    },
    /// A file that the system does not let us write.
    #[error("{path} cannot be written into the throwaway checkout: {source}")]
    File {
        /// The file.
        path: RelPath,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder of the cache.
    #[error("the cache of checkouts in {} cannot be used: {source}: set XDG_CACHE_HOME to a folder of yours", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of the checkout cannot be read.
    #[error(transparent)]
    Read(#[from] FileError),
    /// The repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl Repository {
    /// A checkout of `start`, made aside of the person's tree. No hook, filter or other program runs.
    ///
    /// Submodules are empty folders. A saved file that cannot be read, or is above [`SAVED_BYTES_MAX`], is not in it:
    /// see [`Checkout::unknown`].
    ///
    /// # Errors
    /// [`CheckoutError`].
    ///
    /// # Cost
    /// For a tree that is kept, a few system calls; for another one, a link or a write for each file. The saved files
    /// cost a scan of the worktree and a write of each that differs from the commit.
    pub fn checkout(&self, trees: &Trees, start: Start<'_>) -> Result<Checkout, CheckoutError> {
        let (commit, mut laid, unknown) = match start {
            Start::Commit(commit) => (Some(commit.to_owned()), Vec::new(), BTreeMap::new()),
            Start::Saved => self.saved_files()?,
        };
        let mut checkout = Checkout {
            layers: Layers::default(),
            held: Vec::new(),
            built: Vec::new(),
            unknown: Arc::new(unknown),
            commit: commit.clone(),
            laid: BTreeMap::new(),
            rooms: trees.rooms(),
        };
        match &commit {
            Some(commit) => {
                let tree = trees.hold(self, commit)?;
                checkout.layers = Layers(vec![tree.files()]);
                checkout.held.push(Held::Tree { _tree: Arc::new(tree) });
                let named = laid.iter().map(|file| file.path.clone()).collect();
                laid.extend(self.converted(commit, start == Start::Saved, &named)?);
            }
            None => {
                let cache = |source| CheckoutError::Cache { path: trees.rooms(), source };
                checkout = checkout.layer(|writing| writing.repository().map_err(cache))?;
            }
        }
        checkout.with(&laid)
    }

    /// What [`Checkout::digest`] would be of a checkout of `start` with `proposed` laid over it. Nothing is written.
    ///
    /// # Errors
    /// [`CheckoutError`].
    ///
    /// # Cost
    /// A read of the commit's tree; the saved files cost a scan of the worktree.
    pub fn tree_digest(
        &self,
        start: Start<'_>,
        proposed: &[ProposedFile],
    ) -> Result<Digest, CheckoutError> {
        let (commit, mut laid, _) = match start {
            Start::Commit(commit) => (Some(commit.to_owned()), Vec::new(), BTreeMap::new()),
            Start::Saved => self.saved_files()?,
        };
        if let Some(commit) = &commit {
            let named = laid.iter().map(|file| file.path.clone()).collect();
            laid.extend(self.converted(commit, start == Start::Saved, &named)?);
        }
        let mut held = BTreeMap::new();
        for file in laid.iter().chain(proposed).filter(|file| file.mode != FileMode::Submodule) {
            held.insert(file.path.clone(), object_of(file)?);
        }
        Ok(self.digest_of(commit.as_deref(), &held)?)
    }

    /// The digest of a commit's tree with files laid over it, by object ids.
    fn digest_of(&self, commit: Option<&str>, laid: &Laid) -> Result<Digest, RepositoryError> {
        let mut files: BTreeMap<RelPath, (FileMode, String)> = BTreeMap::new();
        if let Some(commit) = commit {
            let tree = self.store.tree(commit, None)?;
            files.extend(tree.into_iter().map(|(path, entry)| (path, (entry.mode, entry.id))));
        }
        for (path, laid) in laid {
            match laid {
                Some(held) => drop(files.insert(path.clone(), held.clone())),
                None => drop(files.remove(path)),
            }
        }
        let mut text = Vec::new();
        for (path, (mode, id)) in &files {
            text.extend_from_slice(format!("{mode:?} {id} ").as_bytes());
            text.extend_from_slice(path.as_bytes());
            // No path holds this one.
            text.push(0);
        }
        Ok(Digest::of(&text))
    }

    /// The checked-out commit, the saved files that differ from it, and those that cannot be had.
    fn saved_files(&self) -> Result<SavedFiles, CheckoutError> {
        let taken = self.take_snapshot()?;
        let contents: HashMap<Digest, Vec<u8>> =
            taken.contents.into_iter().map(|bytes| (Digest::of(&bytes), bytes)).collect();
        let (mut laid, mut unknown) = (Vec::new(), BTreeMap::new());
        for file in taken.manifest.files {
            let (path, old_path) = (file.path, None);
            let (mode, bytes) = match file.side {
                // Its folder is there already, and all that is known of it.
                SnapshotSide::Saved(side) if side.mode == FileMode::Submodule => continue,
                SnapshotSide::Saved(side) => (side.mode, contents.get(&side.blob).cloned()),
                SnapshotSide::Deleted => (FileMode::File, None),
                SnapshotSide::Unreadable { mode, reason, .. } => {
                    unknown.insert(path.clone(), reason);
                    (mode, None)
                }
            };
            laid.push(ProposedFile { path, old_path, mode, bytes });
        }
        Ok((taken.manifest.head, laid, unknown))
    }

    /// The files of a commit that lie on disk in another form than they are stored in: with other line endings, or
    /// through a filter, which is not run: then the saved bytes are taken. Those in `named` are known otherwise.
    fn converted(
        &self,
        commit: &str,
        saved: bool,
        named: &BTreeSet<RelPath>,
    ) -> Result<Vec<ProposedFile>, CheckoutError> {
        let Some(root) = self.root() else { return Ok(Vec::new()) };
        let plain = |mode| matches!(mode, FileMode::File | FileMode::Executable);
        let tree = self.store.tree(commit, None)?;
        let tree: Vec<_> = tree
            .into_iter()
            .filter(|(path, entry)| plain(entry.mode) && !named.contains(path))
            .collect();
        let paths: Vec<RelPath> = tree.iter().map(|(path, _)| path.clone()).collect();
        let conversions = self.conversions(root, &paths)?;
        let tree = tree.into_iter().zip(conversions);
        let tree: Vec<_> = tree.filter(|(_, how)| !matches!(how, Conversion::None)).collect();
        let sizes =
            self.store.sizes(&tree.iter().map(|((_, entry), _)| entry.id.clone()).collect())?;
        let (mut laid, mut looking) = (Vec::new(), files::Looking::new(root));
        for ((path, entry), how) in tree {
            let bytes = if saved {
                let files::Standing::File(metadata) = looking.look(&path)? else { continue };
                let opaque = matches!(how, Conversion::Opaque(_));
                // Other line endings show in the length.
                if !opaque && sizes.get(&entry.id) == Some(&metadata.len()) {
                    continue;
                }
                self.saved(&path)?.map(|saved| saved.bytes)
            } else if how.shown_with_crlf(None) {
                match self.store.blob(&entry.id, SAVED_BYTES_MAX)? {
                    crate::backend::Blob::Bytes(bytes) => Some(eol::to_crlf(bytes)),
                    _ => None,
                }
            } else {
                None
            };
            if bytes.is_some() {
                laid.push(ProposedFile { path, old_path: None, mode: entry.mode, bytes });
            }
        }
        Ok(laid)
    }
}

/// Files by object ids; `None` where something is deleted.
type Laid = BTreeMap<RelPath, Option<(FileMode, String)>>;

type SavedFiles = (Option<String>, Vec<ProposedFile>, BTreeMap<RelPath, String>);

impl Checkout {
    /// This one with further files laid over it: written, replaced or, without bytes, deleted. A folder whose last
    /// file is deleted is gone, too. Later entries for a path replace earlier ones; submodules stay as they are.
    ///
    /// # Errors
    /// [`CheckoutError::File`] where the files cannot stand together; [`CheckoutError::Cache`].
    ///
    /// # Cost
    /// A write of each file.
    pub fn with(&self, proposed: &[ProposedFile]) -> Result<Self, CheckoutError> {
        let mut wanted: BTreeMap<&RelPath, &ProposedFile> = BTreeMap::new();
        for file in proposed.iter().filter(|file| file.mode != FileMode::Submodule) {
            wanted.insert(&file.path, file);
        }
        if wanted.is_empty() {
            return Ok(self.clone());
        }
        let gone: Vec<&RelPath> =
            wanted.iter().filter(|(_, file)| file.bytes.is_none()).map(|(path, _)| *path).collect();
        let mut laid = self.layer(|writing| {
            for link in [false, true] {
                let of_kind = |file: &&&ProposedFile| (file.mode == FileMode::Symlink) == link;
                for file in wanted.values().filter(of_kind) {
                    if let Some(bytes) = &file.bytes {
                        let written = writing.file(&file.path, file.mode, bytes);
                        written.map_err(|source| failed(&file.path, source))?;
                    }
                }
            }
            Ok(())
        })?;
        laid.remove(&gone)?;
        for (path, file) in wanted {
            laid.laid.insert(path.clone(), object_of(file)?);
        }
        Ok(laid)
    }

    /// The digest of every path with its mode and content: the same however the checkout was put together. Files that
    /// lie on disk in another form than they are stored in count in that form.
    ///
    /// # Errors
    /// A tree that cannot be read.
    ///
    /// # Cost
    /// A read of the commit's tree, of no file.
    pub fn digest(&self, repository: &Repository) -> Result<Digest, RepositoryError> {
        repository.digest_of(self.commit.as_deref(), &self.laid)
    }

    /// The layers without what earlier rooms built.
    fn tree_layers(&self) -> Layers {
        let of_tree = |layer: &&PathBuf| !self.built.contains(layer);
        Layers(self.layers.0.iter().filter(of_tree).cloned().collect())
    }

    /// A further layer on top, written by `write`.
    fn layer(
        &self,
        write: impl FnOnce(&mut Writing<'_>) -> Result<(), CheckoutError>,
    ) -> Result<Self, CheckoutError> {
        let cache = |source| CheckoutError::Cache { path: self.rooms.clone(), source };
        let layer = Scratch::new(&self.rooms).map_err(cache)?;
        let top = layer.upper();
        write(&mut Writing::new(&top).map_err(cache)?)?;
        let mut made = self.clone();
        made.layers = self.layers.under(top);
        made.held.push(Held::Layer { _layer: Arc::new(layer) });
        Ok(made)
    }

    /// Marks files as gone in the topmost layer, which is written here for the last time.
    fn remove(&mut self, gone: &[&RelPath]) -> Result<(), CheckoutError> {
        let Some(top) = self.layers.0.first().cloned() else { return Ok(()) };
        let mut emptied = BTreeSet::new();
        for path in gone {
            // A file in the place of its folder, or a folder in its own, hides it already.
            let seen = matches!(
                self.layers.look(path)?,
                Some((_, files::Standing::File(_) | files::Standing::Link))
            );
            if seen {
                layers::mark_absent(&top, path).map_err(|source| failed(path, source))?;
                emptied.extend(path.parent());
            }
        }
        // The deepest first: a folder may be what its own folder held last.
        while let Some(folder) = emptied.pop_last() {
            if self.layers.is_folder(&folder)? && self.layers.is_empty(&folder)? {
                layers::mark_absent(&top, &folder).map_err(|source| failed(&folder, source))?;
                emptied.extend(folder.parent());
            }
        }
        Ok(())
    }

    /// Saved files that are not in it, each with the reason why nothing is known of them.
    pub fn unknown(&self) -> &BTreeMap<RelPath, String> {
        &self.unknown
    }

    /// The file or link that it has there.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn saved(&self, path: &RelPath) -> Result<Option<SavedFile>, FileError> {
        self.layers.saved(path)
    }

    /// What `proposed` changes in it; what changes nothing is left out, and renames are found.
    ///
    /// # Errors
    /// [`CaptureError`].
    ///
    /// # Cost
    /// Reads each named file; both sides are held in memory.
    pub fn capture(
        &self,
        repository: &Repository,
        proposed: Vec<ProposedFile>,
    ) -> Result<Vec<CapturedFile>, CaptureError> {
        repository.capture_against(proposed, &|path| Ok(self.saved(path)?))
    }

    /// A throwaway folder over it, for one program or several after one another, with `caches` shown where the checkout
    /// has a place for them and nothing of its own.
    ///
    /// # Errors
    /// [`CheckoutError::Cache`].
    ///
    /// # Cost
    /// A few system calls.
    pub fn room(&self, caches: &Caches) -> Result<Room, CheckoutError> {
        Room::new(self.clone(), caches)
    }
}

/// The mode of a file and the id that git would store its bytes under; `None` for one that is deleted.
fn object_of(file: &ProposedFile) -> Result<Option<(FileMode, String)>, CheckoutError> {
    let Some(bytes) = &file.bytes else { return Ok(None) };
    match git2::Oid::hash_object(git2::ObjectType::Blob, bytes) {
        Ok(id) => Ok(Some((file.mode, id.to_string()))),
        Err(error) => {
            Err(CheckoutError::Content { path: file.path.clone(), reason: error.to_string() })
        }
    }
}

fn failed(path: &RelPath, source: io::Error) -> CheckoutError {
    CheckoutError::File { path: path.clone(), source }
}
