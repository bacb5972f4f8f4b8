//! History as steps: a commit against its first parent, and the plain files that it changed.
//!
//! For looking at how texts came to be. Nothing is written, nothing beyond the object store is read.

use std::collections::{BTreeSet, VecDeque};

use model::{FileMode, RelPath};

use crate::backend::Blob;
use crate::{Repository, RepositoryError};

/// What one commit did to plain files that were there before and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The commit's id.
    pub commit: String,
    /// The id of its first parent, which it is compared with.
    pub parent: String,
    /// The files, ordered by path.
    pub files: Vec<StepFile>,
}

/// A file that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFile {
    /// Where it lies, before and after.
    pub path: RelPath,
    /// The object id of its bytes before.
    pub before: String,
    /// The object id of its bytes after.
    pub after: String,
}

impl Repository {
    /// The ids of the commits that `revision` reaches, itself first, then by distance; at most `commits_max`.
    ///
    /// # Errors
    /// As [`Repository::commit_id`].
    /// # Cost
    /// One object read for each commit.
    pub fn reachable(
        &self,
        revision: &str,
        commits_max: usize,
    ) -> Result<Vec<String>, RepositoryError> {
        let boundary = self.shallow_boundary();
        let start = self.commit_id(revision)?;
        let mut seen = BTreeSet::from([start.clone()]);
        let mut queue = VecDeque::from([start]);
        let mut found = Vec::new();
        while let Some(commit) = queue.pop_front() {
            if found.len() == commits_max {
                break;
            }
            if !boundary.contains(&commit) {
                for parent in self.store.commit(&commit)?.parents {
                    if seen.insert(parent.clone()) {
                        queue.push_back(parent);
                    }
                }
            }
            found.push(commit);
        }
        Ok(found)
    }

    /// The last `steps_max` steps along first parents that lead to the commit `id`, oldest first. Fewer where
    /// the history, or what a shallow clone has of it, begins.
    ///
    /// # Errors
    /// A commit or tree that cannot be read.
    /// # Cost
    /// One tree comparison for each step.
    pub fn steps(&self, id: &str, steps_max: usize) -> Result<Vec<Step>, RepositoryError> {
        let boundary = self.shallow_boundary();
        let mut commit = id.to_owned();
        let mut steps = Vec::new();
        while steps.len() < steps_max && !boundary.contains(&commit) {
            let Some(parent) = self.store.commit(&commit)?.parents.into_iter().next() else {
                break;
            };
            let files = self.changed_files(&parent, &commit)?;
            steps.push(Step { commit, parent: parent.clone(), files });
            commit = parent;
        }
        steps.reverse();
        Ok(steps)
    }

    /// The plain files that both commits have and that differ between them.
    fn changed_files(&self, before: &str, after: &str) -> Result<Vec<StepFile>, RepositoryError> {
        let plain = |mode| matches!(mode, FileMode::File | FileMode::Executable);
        let changes = self.store.changes(Some(before), Some(after))?;
        let file = |change: crate::backend::TreeChange| {
            let (before, after) = (change.before?, change.after?);
            let kept = plain(before.mode) && plain(after.mode) && before.id != after.id;
            kept.then_some(StepFile { path: change.path, before: before.id, after: after.id })
        };
        Ok(changes.into_iter().filter_map(file).collect())
    }

    /// The files that both sides of a merge changed since they parted: its first and its second parent, each
    /// against the commit they have in common. With the ids of base, first and second. `None` when `id` is no
    /// merge of two, or the two have nothing in common.
    ///
    /// # Errors
    /// A commit or tree that cannot be read.
    /// # Cost
    /// A search for the common commit and two tree comparisons.
    pub fn merged(&self, id: &str) -> Result<Option<MergedSides>, RepositoryError> {
        if self.shallow_boundary().contains(id) {
            return Ok(None);
        }
        let parents = self.store.commit(id)?.parents;
        let [first, second] = parents.as_slice() else { return Ok(None) };
        let Some(base) = self.store.merge_base(first, second)? else { return Ok(None) };
        let ours = self.changed_files(&base, first)?;
        let theirs = self.changed_files(&base, second)?;
        let both = ours.into_iter().filter_map(|ours| {
            let theirs = theirs.iter().find(|theirs| theirs.path == ours.path)?;
            Some((ours, theirs.after.clone()))
        });
        Ok(Some(MergedSides {
            base,
            first: first.clone(),
            second: second.clone(),
            files: both.collect(),
        }))
    }

    /// The bytes of an object that [`Repository::steps`] named; `None` above `bytes_max`, or when this clone
    /// does not have it.
    ///
    /// # Errors
    /// An object that cannot be read.
    pub fn step_bytes(&self, id: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(match self.store.blob(id, bytes_max)? {
            Blob::Bytes(bytes) => Some(bytes),
            Blob::Huge(_) | Blob::Missing => None,
        })
    }
}

/// Two lines of work that a merge brought together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedSides {
    /// Where they parted.
    pub base: String,
    /// The first parent.
    pub first: String,
    /// The second parent.
    pub second: String,
    /// The files that both changed: what the first did, and the object id of the second's bytes.
    pub files: Vec<(StepFile, String)>,
}
