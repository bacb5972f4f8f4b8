//! What a program left in a room, as a difference of two trees.
//!
//! Only the throwaway folder is read, so it costs by what was changed. Everything in it was written by a program that
//! nobody trusts: nothing is opened but plain files, no link is followed, and what git could not record, or would
//! ignore, is left out by name.

use std::collections::BTreeMap;
use std::path::Path;

use model::{FileMode, RelPath};

use super::caches::{Room, Rules};
use super::layers::{self, Layers, Listed};
use crate::capture::CapturedFile;
use crate::files::{self, Standing};
use crate::{
    CAPTURE_FILES_MAX, CaptureError, FileError, ProposedFile, Repository, SAVED_BYTES_MAX, os,
};

/// How deep its folders are followed.
const DEPTH_MAX: usize = 200;
/// How many left out files are named.
pub const LEFT_OUT_MAX: usize = 100;

/// What a program changed.
#[derive(Debug, Clone, Default)]
pub struct Left {
    /// The files that differ from the checkout, sorted by path.
    pub files: Vec<CapturedFile>,
    /// What it wrote and no proposal can hold; at most [`LEFT_OUT_MAX`] of them.
    pub left_out: Vec<LeftOut>,
}

/// Something that a program wrote and no proposal can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name, for people.
    pub path: String,
    /// Why, as a clause.
    pub reason: &'static str,
}

/// Why what a program left cannot be proposed.
#[derive(Debug, thiserror::Error)]
pub enum LeftError {
    /// A link that leads out of the tree.
    #[error(
        "{path} is a link to `{target}`, which is outside of the tree: it is not proposed, and neither is the rest"
    )]
    LinkOut {
        /// The link.
        path: RelPath,
        /// Its target, for people.
        target: String,
    },
    /// A file that was in the way of the checkout.
    #[error("{path} was written, but nothing is known of the saved one: {reason}")]
    Unknown {
        /// The file.
        path: RelPath,
        /// Why nothing is known.
        reason: String,
    },
    /// Folders in folders without end.
    #[error("{path} lies more than {DEPTH_MAX} folders deep")]
    Deep {
        /// The folder.
        path: RelPath,
    },
    /// What was written cannot be read.
    #[error("what was written cannot be read: {0}")]
    Read(#[from] FileError),
    /// What differs cannot be proposed.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

impl Room {
    /// What was changed in here, against the checkout; what changes nothing is left out, and so is what git ignores,
    /// by the rules of the checkout or by those that were left. To be asked when no program runs in here.
    ///
    /// # Errors
    /// [`LeftError`]: nothing of it can be proposed then.
    ///
    /// # Cost
    /// Reads what was written, both sides held in memory.
    pub fn left(&self, repository: &Repository) -> Result<Left, LeftError> {
        let upper = self.scratch.upper();
        let below = &self.checkout.layers;
        let above = below.under(upper.clone());
        let (before, after) = (texts(below), texts(&above));
        let mut walk = Walk {
            upper: &upper,
            below,
            tree: self.checkout.tree_layers(),
            rules: [Rules::new(repository, &before), Rules::new(repository, &after)],
            proposed: BTreeMap::new(),
            left_out: Vec::new(),
        };
        walk.folders()?;
        let Walk { proposed, left_out, .. } = walk;
        if let Some((path, reason)) =
            proposed.keys().find_map(|path| self.checkout.unknown.get_key_value(path))
        {
            return Err(LeftError::Unknown { path: path.clone(), reason: reason.clone() });
        }
        let base = |path: &RelPath| Ok(self.checkout.saved(path)?);
        let files = repository.capture_against(proposed.into_values().collect(), &base)?;
        Ok(Left { files, left_out })
    }
}

/// The ignore files of a tree.
fn texts(layers: &Layers) -> impl Fn(&RelPath) -> Option<Vec<u8>> {
    |path| layers.saved(path).ok().flatten().map(|saved| saved.bytes)
}

struct Walk<'a> {
    upper: &'a Path,
    below: &'a Layers,
    /// Those below without what earlier rooms built.
    tree: Layers,
    /// Before and after.
    rules: [Rules<'a>; 2],
    proposed: BTreeMap<RelPath, ProposedFile>,
    left_out: Vec<LeftOut>,
}

impl Walk<'_> {
    fn folders(&mut self) -> Result<(), LeftError> {
        let mut open: Vec<(Option<RelPath>, usize)> = vec![(None, 0)];
        while let Some((folder, depth)) = open.pop() {
            let Listed { named, unnamed } = layers::listed(self.upper, folder.as_ref())?;
            for name in unnamed {
                self.leave_out(&name, "git cannot record a file of that name");
            }
            for (path, metadata) in named {
                let look = |layers: &Layers| -> Result<Option<Standing>, LeftError> {
                    Ok(layers.look(&path)?.map(|(_, standing)| standing))
                };
                // What was built is of no tree; it may be gone, and nothing is to be said of it.
                let known = look(&self.tree)?;
                if layers::is_absence(&metadata) {
                    self.gone(&path, known.as_ref())?;
                    continue;
                }
                let standing = files::standing(metadata);
                let is_folder = matches!(standing, Standing::Folder);
                if known.is_none() && self.rules.iter_mut().any(|r| r.ignored(&path, is_folder)) {
                    continue;
                }
                let joins = is_folder && matches!(look(self.below)?, Some(Standing::Folder));
                if !joins {
                    self.gone(&path, known.as_ref())?;
                }
                match standing {
                    Standing::Folder if depth == DEPTH_MAX => return Err(LeftError::Deep { path }),
                    Standing::Folder => {
                        if joins && layers::is_opaque(self.upper, &path)? {
                            self.gone(&path, known.as_ref())?;
                        }
                        open.push((Some(path), depth + 1));
                    }
                    Standing::File(_) | Standing::Link => self.take(path)?,
                    Standing::Special(_) | Standing::Nothing => {
                        self.leave_out(path.as_bytes(), "it is neither file nor link");
                    }
                }
            }
        }
        Ok(())
    }

    /// What was at a path, or below it, is not there any more. What comes in its place is taken later.
    fn gone(&mut self, path: &RelPath, known: Option<&Standing>) -> Result<(), LeftError> {
        match known {
            Some(Standing::Folder) => {
                for path in self.tree.files_below(path)? {
                    self.propose(path, FileMode::File, None)?;
                }
                Ok(())
            }
            Some(Standing::File(_) | Standing::Link) => {
                self.propose(path.clone(), FileMode::File, None)
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, path: RelPath) -> Result<(), LeftError> {
        let Some(saved) = files::read_saved(self.upper, &path, true, SAVED_BYTES_MAX)? else {
            return Ok(());
        };
        if saved.mode == FileMode::Symlink && leads_out(&path, &saved.bytes) {
            // One that was there and is only moved to this layer is no work of the program.
            if self.below.saved(&path)?.as_ref() != Some(&saved) {
                let target = String::from_utf8_lossy(&saved.bytes).into_owned();
                return Err(LeftError::LinkOut { path, target });
            }
        }
        self.propose(path, saved.mode, Some(saved.bytes))
    }

    fn propose(
        &mut self,
        path: RelPath,
        mode: FileMode,
        bytes: Option<Vec<u8>>,
    ) -> Result<(), LeftError> {
        // What is gone from below may be there again.
        if bytes.is_none() && self.proposed.contains_key(&path) {
            return Ok(());
        }
        let file = ProposedFile { path: path.clone(), old_path: None, mode, bytes };
        self.proposed.insert(path, file);
        if self.proposed.len() > CAPTURE_FILES_MAX {
            return Err(CaptureError::TooMany.into());
        }
        Ok(())
    }

    fn leave_out(&mut self, path: &[u8], reason: &'static str) {
        if self.left_out.len() < LEFT_OUT_MAX {
            let path = String::from_utf8_lossy(path).into_owned();
            self.left_out.push(LeftOut { path, reason });
        }
    }
}

/// Whether a link at `path` leads out of the tree, by its text alone.
fn leads_out(path: &RelPath, target: &[u8]) -> bool {
    let Ok(target) = os::from_bytes(target) else { return true };
    let mut depth = path.as_bytes().iter().filter(|byte| **byte == b'/').count();
    for part in target.components() {
        match part {
            std::path::Component::Normal(_) => depth += 1,
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return true,
            },
            std::path::Component::RootDir | std::path::Component::Prefix(_) => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_out_by_its_text() {
        let out = |path: &str, target: &str| leads_out(&path.parse().unwrap(), target.as_bytes());
        for target in ["/etc/passwd", "../x", "../../x", "a/../../x", "./../x"] {
            assert!(out("link", target), "{target}");
        }
        for target in ["x", "../x", "./a/b", "a/../b", "../d/../x"] {
            assert!(!out("d/link", target), "{target}");
        }
        assert!(out("d/link", "../../x"));
    }
}
