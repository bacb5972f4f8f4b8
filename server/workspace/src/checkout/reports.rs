//! What a program in a room writes for whoever ran it: reports beside the tree, or in it; and its build outputs, as a
//! layer for the next room.
//!
//! Everything was written by a program that nobody trusts: plain files only, no link is followed, and there are limits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::RelPath;
use sandbox::{Mount, Scratch};

use super::caches::Room;
use super::layers::{self, Listed};
use super::{Checkout, CheckoutError, Held};
use crate::files::{self, Standing};
use crate::{FileError, Repository};

/// Where [`Reports`] are seen in the sandbox.
pub const REPORTS_AT: &str = "/reports";

/// How many files that match are named at most, the first by name.
pub const REPORT_FILES_MAX: usize = 10_000;

/// So many times what one file may hold is read of all of them.
const FULL_FILES_MAX: u64 = 16;

/// How many entries are looked at.
const LOOKED_AT_MAX: usize = 200_000;

/// How deep folders are followed.
const DEPTH_MAX: usize = 64;

/// A folder for the reports of one run, outside of the tree: they do not change what is judged.
#[derive(Debug)]
pub struct Reports {
    scratch: Scratch,
    mount: Mount,
    /// What lies below it: nothing.
    _empty: Scratch,
}

/// A file that a program wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its path, below the folder that was looked through.
    pub path: RelPath,
    /// Its bytes; `None` if they are more than were asked for, or cannot be read.
    pub bytes: Option<Vec<u8>>,
}

impl Room {
    /// A fresh folder for reports.
    ///
    /// # Errors
    /// [`CheckoutError::Cache`].
    pub fn reports(&self) -> Result<Reports, CheckoutError> {
        let rooms = &self.checkout.rooms;
        let cache = |source| CheckoutError::Cache { path: rooms.clone(), source };
        let (empty, scratch) =
            (Scratch::new(rooms).map_err(cache)?, Scratch::new(rooms).map_err(cache)?);
        let mount = scratch.over(vec![empty.upper()], PathBuf::from(REPORTS_AT)).map_err(cache)?;
        Ok(Reports { scratch, mount, _empty: empty })
    }

    /// The files written in here, ignored ones included, whose path is `wanted`: at most [`REPORT_FILES_MAX`].
    ///
    /// # Errors
    /// [`FileError`]: a folder that cannot be read.
    ///
    /// # Cost
    /// A look at everything that was written.
    pub fn written_where(
        &self,
        wanted: &dyn Fn(&RelPath) -> bool,
        bytes_max: u64,
    ) -> Result<Vec<Written>, FileError> {
        written(&self.scratch.upper(), wanted, bytes_max)
    }

    /// The checkout with what was written in here as its topmost layer, for further rooms: build outputs that later
    /// builds start from. `None` if anything was written that git does not ignore: it would be another tree.
    ///
    /// Files that are laid over it afterwards are newer than all it holds, so what builds by comparing times builds
    /// them again.
    ///
    /// # Errors
    /// [`super::LeftError`].
    ///
    /// # Cost
    /// As [`Room::left`].
    pub fn kept(self, repository: &Repository) -> Result<Option<Checkout>, super::LeftError> {
        let left = self.left(repository)?;
        if !left.files.is_empty() {
            return Ok(None);
        }
        let Self { mut checkout, scratch, .. } = self;
        checkout.layers = checkout.layers.under(scratch.upper());
        checkout.built.push(scratch.upper());
        checkout.held.push(Held::Layer { _layer: Arc::new(scratch) });
        Ok(Some(checkout))
    }
}

impl Reports {
    /// What to place in the sandbox.
    pub fn mount(&self) -> &Mount {
        &self.mount
    }

    /// The files written here whose path is `wanted`; as [`Room::written_where`].
    ///
    /// # Errors
    /// [`FileError`]: a folder that cannot be read.
    pub fn written_where(
        &self,
        wanted: &dyn Fn(&RelPath) -> bool,
        bytes_max: u64,
    ) -> Result<Vec<Written>, FileError> {
        written(&self.scratch.upper(), wanted, bytes_max)
    }
}

fn written(
    root: &Path,
    wanted: &dyn Fn(&RelPath) -> bool,
    bytes_max: u64,
) -> Result<Vec<Written>, FileError> {
    let mut paths: Vec<RelPath> = Vec::new();
    let mut open: Vec<(Option<RelPath>, usize)> = vec![(None, 0)];
    let mut looked_at = 0;
    while let Some((folder, depth)) = open.pop() {
        let Listed { named, .. } = layers::listed(root, folder.as_ref())?;
        for (path, metadata) in named {
            looked_at += 1;
            if looked_at > LOOKED_AT_MAX {
                break;
            }
            match files::standing(metadata) {
                Standing::Folder if depth < DEPTH_MAX => open.push((Some(path), depth + 1)),
                Standing::File(_) if wanted(&path) => paths.push(path),
                _ => {}
            }
        }
    }
    paths.sort();
    paths.truncate(REPORT_FILES_MAX);
    let mut left = bytes_max.saturating_mul(FULL_FILES_MAX);
    let read = |path: RelPath| {
        let saved = files::read_saved(root, &path, true, bytes_max.min(left));
        let bytes = saved.ok().flatten().map(|saved| saved.bytes);
        left = match &bytes {
            Some(bytes) => left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            // The next one could be shorter, and would count for all.
            None => 0,
        };
        Written { bytes, path }
    };
    Ok(paths.into_iter().map(read).collect())
}
