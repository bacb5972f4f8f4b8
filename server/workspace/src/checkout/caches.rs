//! A throwaway folder over a checkout, and the person's own installed dependencies in it.
//!
//! What builds and tests need and git ignores (`node_modules`, `.venv`) is shown as it lies in the person's tree,
//! with a throwaway folder of its own on top: it is read, never written.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use ignore::gitignore::Gitignore;
use model::{Digest, RelPath};
use sandbox::{Mount, Scratch};

use super::layers;
use super::{CHECKOUT_AT, Checkout, CheckoutError};
use crate::files::{self, Standing};
use crate::past_ignores::PastIgnores;
use crate::{FileError, Repository, RepositoryError, os};

/// How many folders of dependencies are shown at most; those nearest to the top come first.
pub const CACHES_MAX: usize = 64;

/// In how many folders they are looked for, those nearest to the top first.
const FOLDERS_MAX: usize = 2000;

/// How many entries of a folder of dependencies are looked at to know it again.
const ENTRIES_MAX: usize = 20_000;

/// What they are called. What they hold does not follow from the files beside them by comparing times: a build folder
/// like `target` would make files of another state of the tree look up to date.
const NAMES: &[&str] = &["node_modules", ".venv", "venv", ".tox", ".mypy_cache", ".ruff_cache"];

/// Those that are virtual environments of Python.
const ENVIRONMENTS: &[&str] = &[".venv", "venv"];

/// Folders of the person's tree that a room may show.
#[derive(Debug, Clone, Default)]
pub struct Caches {
    root: PathBuf,
    folders: Vec<RelPath>,
}

impl Caches {
    /// Where they lie.
    pub fn folders(&self) -> &[RelPath] {
        &self.folders
    }

    /// The folder that they lie in, as the person has it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Those that are virtual environments of Python, as the person has them: those nearest to the top first.
    pub fn environments(&self) -> Vec<PathBuf> {
        let is_one = |folder: &&RelPath| {
            let path = folder.to_string();
            ENVIRONMENTS.contains(&path.rsplit('/').next().unwrap_or_default())
        };
        let found = self.folders.iter().filter(is_one);
        found.filter_map(|folder| os::join(&self.root, folder).ok()).collect()
    }

    /// Another one when what is installed is another: names, sizes and times of the first 20,000 entries of
    /// each folder, those nearest to its top first.
    ///
    /// # Errors
    /// [`FileError`]: a folder that cannot be read.
    ///
    /// # Cost
    /// A look at each of them, at no content.
    pub fn digest(&self) -> Result<Digest, FileError> {
        let mut text = Vec::new();
        for folder in &self.folders {
            let unnamed = |source| FileError::Io { path: folder.to_string(), source };
            let root = os::join(&self.root, folder).map_err(unnamed)?;
            text.extend(listing(&root, &folder.to_string()));
        }
        Ok(Digest::of(&text))
    }
}

/// Another one when what is installed in `folder` is another, as [`Caches::digest`].
pub fn installed_digest(folder: &Path) -> Digest {
    Digest::of(&listing(folder, &folder.display().to_string()))
}

/// Names, sizes and times.
fn listing(root: &Path, folder: &str) -> Vec<u8> {
    let mut text = Vec::new();
    let mut open: VecDeque<Option<RelPath>> = [None].into();
    let mut seen = 0;
    while let Some(inner) = open.pop_front().filter(|_| seen < ENTRIES_MAX) {
        let listed = layers::listed(root, inner.as_ref());
        let mut listed = match listed {
            Ok(listed) => listed.named,
            // A folder that cannot be read, or is gone meanwhile, is no reason to prove nothing.
            Err(error) => {
                text.extend_from_slice(format!("{folder} {inner:?} {error}\n").as_bytes());
                continue;
            }
        };
        listed.sort_by(|(a, _), (b, _)| a.cmp(b));
        seen += listed.len();
        for (path, metadata) in listed {
            let times = metadata.modified().ok();
            let since = times.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            // The time of a folder follows from what is in it, and programs write caches beside their modules.
            let of = match metadata.is_dir() {
                true => None,
                false => Some((metadata.len(), since.unwrap_or_default().as_nanos())),
            };
            text.extend_from_slice(format!("{folder} {path} {of:?}\n").as_bytes());
            if metadata.is_dir() && !path.as_bytes().ends_with(b"__pycache__") {
                open.push_back(Some(path));
            }
        }
    }
    text
}

impl Repository {
    /// The folders of installed dependencies that git ignores, at most [`CACHES_MAX`].
    ///
    /// # Errors
    /// An index or ignore file that cannot be read; [`RepositoryError::Bare`].
    ///
    /// # Cost
    /// A few looks for each folder that holds tracked files.
    pub fn caches(&self) -> Result<Caches, RepositoryError> {
        let root = self.files_root()?;
        let tracked: BTreeSet<RelPath> =
            self.store.index()?.into_iter().map(|entry| entry.path).collect();
        let mut folders: BTreeSet<RelPath> = BTreeSet::new();
        for path in &tracked {
            let above = std::iter::successors(path.parent(), RelPath::parent);
            folders
                .extend(above.take_while(|folder| !folders.contains(folder)).collect::<Vec<_>>());
        }
        let depth =
            |folder: &RelPath| folder.as_bytes().iter().filter(|byte| **byte == b'/').count();
        let mut folders: Vec<Option<RelPath>> =
            std::iter::once(None).chain(folders.into_iter().map(Some)).collect();
        folders.sort_by_key(|folder| folder.as_ref().map(|folder| depth(folder) + 1));
        folders.truncate(FOLDERS_MAX);
        let text = |path: &RelPath| self.saved(path).ok().flatten().map(|saved| saved.bytes);
        let mut rules = Rules::new(self, &text);
        let mut found = Vec::new();
        for folder in &folders {
            for name in NAMES {
                let prefix =
                    folder.as_ref().map_or_else(Vec::new, |at| [at.as_bytes(), b"/"].concat());
                let Ok(path) = RelPath::from_bytes(&[&prefix, name.as_bytes()].concat()) else {
                    continue;
                };
                let plain = matches!(files::look(root, &path), Ok(Standing::Folder));
                if plain && rules.ignored(&path, true) && !holds(&tracked, &path) {
                    found.push(path);
                }
            }
        }
        found.truncate(CACHES_MAX);
        Ok(Caches { root: root.components().collect(), folders: found })
    }
}

/// Whether any of the paths lies in the folder.
fn holds(paths: &BTreeSet<RelPath>, folder: &RelPath) -> bool {
    let below = [folder.as_bytes(), b"/"].concat();
    // Names sort by their bytes, so those below a folder follow one another.
    paths
        .range(folder.clone()..)
        .skip_while(|path| *path == folder)
        .any(|path| path.as_bytes().starts_with(&below))
}

/// What git ignores: by the tree's ignore files, the repository's private one and the person's.
pub(super) struct Rules<'a> {
    tree: PastIgnores<'a>,
    private: [Gitignore; 2],
}

impl<'a> Rules<'a> {
    pub(super) fn new(
        repository: &Repository,
        text: &'a dyn Fn(&RelPath) -> Option<Vec<u8>>,
    ) -> Self {
        let exclude = repository.common_dir().join("info").join("exclude");
        let private = [Gitignore::new(exclude).0, Gitignore::global().0];
        Self { tree: PastIgnores::new(text), private }
    }

    pub(super) fn ignored(&mut self, path: &RelPath, folder: bool) -> bool {
        let at = os::from_bytes(path.as_bytes()).unwrap_or_default();
        let private =
            |rules: &Gitignore| rules.matched_path_or_any_parents(&at, folder).is_ignore();
        self.tree.ignored(path, folder) || self.private.iter().any(private)
    }
}

/// One throwaway folder over a [`Checkout`], gone with everything in it when this is dropped, or swept by a later one
/// when its process was killed.
#[derive(Debug)]
pub struct Room {
    pub(super) checkout: Checkout,
    pub(super) scratch: Scratch,
    mounts: Vec<Mount>,
    /// The folders of dependencies that are shown.
    shown: Vec<RelPath>,
    /// What is changed in shown folders of dependencies goes to these.
    _caches: Vec<Scratch>,
}

impl Room {
    pub(super) fn new(checkout: Checkout, shown: &Caches) -> Result<Self, CheckoutError> {
        let rooms = checkout.rooms.clone();
        let cache = |source| CheckoutError::Cache { path: rooms.clone(), source };
        let scratch = Scratch::new(&rooms).map_err(cache)?;
        let whole = scratch.over(checkout.layers.0.clone(), CHECKOUT_AT.into()).map_err(cache)?;
        let (mut mounts, mut caches) = (vec![whole], Vec::new());
        let mut placed_at = Vec::new();
        for folder in &shown.folders {
            let parent = folder.parent();
            let placed = parent.is_none_or(|at| matches!(checkout.layers.is_folder(&at), Ok(true)));
            // Where an earlier room showed it, it left a folder behind.
            if !placed || checkout.tree_layers().look(folder)?.is_some() {
                continue;
            }
            let unnamed = |source| FileError::Io { path: folder.to_string(), source };
            let from = os::join(&shown.root, folder).map_err(unnamed)?;
            let at = os::join(Path::new(CHECKOUT_AT), folder).map_err(unnamed)?;
            let scratch = Scratch::new(&rooms).map_err(cache)?;
            mounts.push(scratch.over(vec![from], at).map_err(cache)?);
            caches.push(scratch);
            placed_at.push(folder.clone());
        }
        Ok(Self { checkout, scratch, mounts, shown: placed_at, _caches: caches })
    }

    /// What to place in the sandbox so that the files are at [`CHECKOUT_AT`].
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// The virtual environment of Python, inside, of what runs in `folder`: the nearest above it.
    pub fn environment(&self, folder: Option<&RelPath>) -> Option<PathBuf> {
        self.nearest(folder, ENVIRONMENTS)
    }

    /// The packages of Node, inside, of what runs in `folder`.
    pub fn node_modules(&self, folder: Option<&RelPath>) -> Option<PathBuf> {
        self.nearest(folder, &["node_modules"])
    }

    fn nearest(&self, folder: Option<&RelPath>, names: &[&str]) -> Option<PathBuf> {
        let mut above =
            std::iter::successors(Some(folder.cloned()), |at| at.as_ref().map(RelPath::parent));
        above.find_map(|at| {
            let inside = |name: &&str| {
                at.as_ref().map_or_else(|| (*name).to_owned(), |at| format!("{at}/{name}"))
            };
            let mut paths = names.iter().map(inside);
            let shown =
                |path: &String| self.shown.iter().any(|shown| shown.as_bytes() == path.as_bytes());
            paths.find(shown).map(|path| Path::new(CHECKOUT_AT).join(path))
        })
    }
}
