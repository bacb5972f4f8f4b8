//! Which two states of the files are compared, and how people name them.

use crate::{Repository, RepositoryError};

/// Which two states of the files are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Two commits. An empty `base` is the empty tree, for a first commit.
    Range {
        /// The commit before.
        base: String,
        /// The commit after.
        head: String,
    },
    /// HEAD and the index: what a commit would hold.
    Staged,
    /// HEAD and the saved files, tracked or not, ignored ones left out.
    Worktree,
    /// A commit and the saved files.
    Since {
        /// The commit before.
        base: String,
    },
}

impl Repository {
    /// Reads a range as people write it; the ends come back as full commit ids.
    ///
    /// `A..B` compares the two; `A...B` compares B with where it left A (their merge base), which is what
    /// a pull request shows; one empty end is HEAD. A single `A` compares A with the saved files, as
    /// `git diff A` does; for one commit alone see [`Repository::commit_scope`].
    ///
    /// # Errors
    /// As [`Repository::commit_id`]; [`RepositoryError::NoMergeBase`]; [`RepositoryError::EmptyRange`]
    /// when nothing is named, which is more often an unset variable than a wish.
    pub fn resolve_range(&self, text: &str) -> Result<Scope, RepositoryError> {
        let text = text.trim();
        let end = |name: &str| self.commit_id(if name.is_empty() { "HEAD" } else { name });
        if matches!(text, "" | ".." | "...") {
            return Err(RepositoryError::EmptyRange { range: text.to_owned() });
        }
        if let Some((left, right)) = text.split_once("...") {
            let base = self.merge_base(&end(left)?, &end(right)?)?;
            return Ok(Scope::Range { base, head: end(right)? });
        }
        if let Some((left, right)) = text.split_once("..") {
            return Ok(Scope::Range { base: end(left)?, head: end(right)? });
        }
        Ok(Scope::Since { base: end(text)? })
    }

    /// What one commit did: compared with its first parent, or with nothing if it is the first.
    ///
    /// # Errors
    /// As [`Repository::commit_id`]; [`RepositoryError::Shallow`] when the parent is not in the clone.
    pub fn commit_scope(&self, revision: &str) -> Result<Scope, RepositoryError> {
        let head = self.commit_id(revision)?;
        if self.shallow_boundary().contains(&head) {
            return Err(RepositoryError::Shallow { revision: format!("{revision}^") });
        }
        let parent = self.store.commit(&head)?.parents.into_iter().next();
        Ok(Scope::Range { base: parent.unwrap_or_default(), head })
    }

    /// What a branch did since it left HEAD: their merge base and its tip.
    ///
    /// # Errors
    /// As [`Repository::commit_id`]; [`RepositoryError::NoMergeBase`].
    pub fn branch_scope(&self, revision: &str) -> Result<Scope, RepositoryError> {
        let head = self.commit_id(revision)?;
        Ok(Scope::Range { base: self.merge_base(&self.commit_id("HEAD")?, &head)?, head })
    }

    /// The commit where two histories part.
    ///
    /// # Errors
    /// As [`Repository::commit_id`]; [`RepositoryError::NoMergeBase`]; [`RepositoryError::Shallow`] when
    /// the clone does not reach back to it.
    pub fn merge_base(&self, left: &str, right: &str) -> Result<String, RepositoryError> {
        let (left_id, right_id) = (self.commit_id(left)?, self.commit_id(right)?);
        if let Some(base) = self.store.merge_base(&left_id, &right_id)? {
            return Ok(base);
        }
        if self.shallow_boundary().is_empty() {
            return Err(RepositoryError::NoMergeBase { left: left.into(), right: right.into() });
        }
        Err(RepositoryError::Shallow { revision: format!("{left}...{right}") })
    }

    /// The full id of the commit that `revision` names: a branch, tag, id or any of git's expressions.
    ///
    /// # Errors
    /// [`RepositoryError::UnknownRevision`] with the closest name; [`RepositoryError::Unborn`] before the
    /// first commit; [`RepositoryError::Shallow`] when an ancestor was left out of the clone.
    pub fn commit_id(&self, revision: &str) -> Result<String, RepositoryError> {
        // A leading dash is an option to the program and no name in git either.
        if !revision.is_empty()
            && !revision.starts_with('-')
            && let Some(id) = self.store.resolve(revision)?
        {
            return Ok(id);
        }
        let revision = revision.to_owned();
        let stem = revision.split(['~', '^', '@']).next().unwrap_or_default();
        if matches!(stem, "HEAD" | "") && self.head()?.commit.is_none() {
            return Err(RepositoryError::Unborn { revision });
        }
        let ancestor = stem.len() < revision.len();
        if ancestor
            && !self.shallow_boundary().is_empty()
            && self.store.resolve(if stem.is_empty() { "HEAD" } else { stem })?.is_some()
        {
            return Err(RepositoryError::Shallow { revision });
        }
        let suggestion = closest(stem, &self.store.names()?);
        Err(RepositoryError::UnknownRevision { revision, suggestion })
    }
}

/// The name that is a typing error away from `wanted`, or that ends in it (`main` for `origin/main`).
fn closest(wanted: &str, names: &[String]) -> Option<String> {
    if wanted.is_empty() {
        return None;
    }
    let limit = wanted.chars().count().div_ceil(3);
    names
        .iter()
        .map(|name| {
            let tail = name.rsplit_once('/').is_some_and(|(_, tail)| tail == wanted);
            (if tail { 0 } else { distance(wanted, name) }, name)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name.clone())
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((to, above_left), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            let change = above_left + usize::from(from != *to);
            next.push(change.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_one_typing_error_away_or_the_same_elsewhere() {
        let names = ["main", "origin/release", "topic-a"].map(String::from);
        assert_eq!(closest("mian", &names).as_deref(), Some("main"));
        assert_eq!(closest("dev", &names), None);
        assert_eq!(closest("man", &names).as_deref(), Some("main"));
        assert_eq!(closest("release", &names).as_deref(), Some("origin/release"));
        assert_eq!(closest("topic-b", &names).as_deref(), Some("topic-a"));
        assert_eq!(closest("", &names), None);
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
