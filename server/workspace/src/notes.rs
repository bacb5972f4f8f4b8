//! What is kept of a commit beside it: a git note, in a ref of our own. Commits are never changed.

use model::RelPath;

use crate::backend::Blob;
use crate::{Repository, RepositoryError, SAVED_BYTES_MAX};

/// The ref that the notes lie in. `git push origin refs/notes/countersign` shares them.
pub const NOTES_REF: &str = "refs/notes/countersign";

/// How many commits one range may have.
pub const RANGE_COMMITS_MAX: usize = 1_000;

/// A commit of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeCommit {
    /// Its full id.
    pub id: String,
    /// The first paragraph of its message, on one line.
    pub title: String,
    /// The address of whoever is said to have written it.
    pub author_address: String,
    /// Its first parent; `None` for a first commit.
    pub parent: Option<String>,
}

impl Repository {
    /// The note on a commit, given by its full id; `None` if it has none, or one above [`SAVED_BYTES_MAX`].
    ///
    /// # Errors
    /// What git says about its objects.
    pub fn note(&self, commit: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        let Some(notes) = self.store.resolve(NOTES_REF)? else { return Ok(None) };
        // Git spreads notes over folders when they become many.
        for parts in 0..=3 {
            let mut path = String::new();
            let mut rest = commit;
            for _ in 0..parts {
                let (folder, below) = rest.split_at_checked(2).unwrap_or((rest, ""));
                path.push_str(folder);
                path.push('/');
                rest = below;
            }
            path.push_str(rest);
            let Ok(path) = RelPath::from_bytes(path.as_bytes()) else { continue };
            if let Some(entry) = self.store.entry(&notes, &path)? {
                return Ok(match self.store.blob(&entry.id, SAVED_BYTES_MAX)? {
                    Blob::Bytes(bytes) => Some(bytes),
                    Blob::Huge(_) | Blob::Missing => None,
                });
            }
        }
        Ok(None)
    }

    /// Puts a note on a commit, given by its full id, in place of the one there was.
    ///
    /// # Errors
    /// What git says, e.g. that nobody is configured as the author of notes.
    pub fn write_note(&self, commit: &str, text: &str) -> Result<(), RepositoryError> {
        self.store.write_note(NOTES_REF, commit, text)
    }

    /// The commits of `head` that are not in `base`, oldest last.
    ///
    /// # Errors
    /// As [`Repository::commit_id`]; [`RepositoryError::Limit`] above [`RANGE_COMMITS_MAX`]; a shallow clone.
    ///
    /// # Cost
    /// A look at each commit, and a merge base for each.
    pub fn commits_between(
        &self,
        base: &str,
        head: &str,
    ) -> Result<Vec<RangeCommit>, RepositoryError> {
        let (base, head) = (self.commit_id(base)?, self.commit_id(head)?);
        let boundary = self.shallow_boundary();
        let (mut found, mut open): (Vec<RangeCommit>, _) = (Vec::new(), vec![head]);
        while let Some(id) = open.pop() {
            if found.iter().any(|commit| commit.id == id)
                || self.merge_base(&base, &id).is_ok_and(|at| at == id)
            {
                continue;
            }
            if found.len() == RANGE_COMMITS_MAX {
                return Err(RepositoryError::Limit {
                    what: "the commits of a range".to_owned(),
                    limit: RANGE_COMMITS_MAX,
                });
            }
            if boundary.contains(&id) {
                return Err(RepositoryError::Shallow { revision: id });
            }
            let record = self.store.commit(&id)?;
            let message = String::from_utf8_lossy(&record.message);
            let title = message.trim().split("\n\n").next().unwrap_or_default();
            found.push(RangeCommit {
                title: title.lines().map(str::trim).collect::<Vec<_>>().join(" "),
                author_address: String::from_utf8_lossy(&record.author_address).into_owned(),
                parent: record.parents.first().cloned(),
                id,
            });
            open.extend(record.parents);
        }
        Ok(found)
    }
}
