//! The demonstration's repository: read from the files that were embedded when the program was built.

use std::path::Path;

use model::{RelPath, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use workspace::SeedCommit;

use crate::exit::Failure;

/// Every file of `fixtures/demo`, by its path there.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/demo.rs"));

/// `history.toml`: what is committed, in order, and what is left dirty.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    branch: String,
    commit: Vec<Commit>,
    dirty: Dirty,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Commit {
    author: String,
    date: String,
    message: String,
    files: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dirty {
    files: Vec<String>,
}

/// What a person types in the meantime.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file.
    pub file: String,
    /// The text that is there, once.
    pub old: String,
    /// What it becomes.
    pub new: String,
}

/// The bytes of an embedded file.
pub fn file(path: &str) -> Result<&'static [u8], Failure> {
    let found = FILES.iter().find(|(name, _)| *name == path);
    found.map(|(_, bytes)| *bytes).ok_or_else(|| broken(path, "it is not embedded"))
}

/// An embedded TOML file.
pub fn read<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    let text =
        std::str::from_utf8(file(path)?).map_err(|error| broken(path, &error.to_string()))?;
    toml::from_str(text).map_err(|error| broken(path, error.message()))
}

/// The commits of the repository.
pub fn commits(history: &History) -> Result<Vec<SeedCommit<'_>>, Failure> {
    if history.branch != "main" {
        return Err(broken("history.toml", "the branch is always main"));
    }
    history.commit.iter().map(commit).collect()
}

/// The files that are left uncommitted, and their bytes.
pub fn dirty(history: &History) -> Result<Vec<(RelPath, &'static [u8])>, Failure> {
    history.dirty.files.iter().map(|name| placed(name)).collect()
}

fn commit(commit: &Commit) -> Result<SeedCommit<'_>, Failure> {
    let place = "history.toml";
    let at: Timestamp = commit.date.parse().map_err(|error| broken(place, &format!("{error}")))?;
    let (author, email) = commit
        .author
        .strip_suffix('>')
        .and_then(|author| author.split_once(" <"))
        .ok_or_else(|| broken(place, "an author is `Name <address>`"))?;
    let files =
        commit.files.iter().map(|name| placed(name).map(|(path, bytes)| (path, Some(bytes))));
    Ok(SeedCommit {
        author,
        email,
        at_s: i64::try_from(at.0 / 1000).unwrap_or(i64::MAX),
        message: commit.message.trim_start(),
        files: files.collect::<Result<_, _>>()?,
    })
}

/// An embedded file and its path in the repository: what follows `tree/`, `dirty/` or `earlier/NN/`.
fn placed(name: &str) -> Result<(RelPath, &'static [u8]), Failure> {
    let below = name
        .strip_prefix("tree/")
        .or_else(|| name.strip_prefix("dirty/"))
        .or_else(|| {
            name.strip_prefix("earlier/").and_then(|rest| rest.split_once('/')).map(|(_, p)| p)
        })
        .ok_or_else(|| broken(name, "it is in none of tree, earlier, dirty"))?;
    let path = below.parse().map_err(|error| broken(name, &format!("{error}")))?;
    Ok((path, file(name)?))
}

fn broken(path: impl AsRef<Path>, reason: &str) -> Failure {
    Failure::new(
        format!("the embedded demonstration is broken: {}: {reason}", path.as_ref().display()),
        "this is a defect of the build",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_is_used_and_every_named_file_is_there() {
        let history: History = read("history.toml").unwrap();
        let committed = commits(&history).unwrap();
        assert!(committed.len() >= 5);
        assert!(!dirty(&history).unwrap().is_empty());
        let named: Vec<&String> =
            history.commit.iter().flat_map(|c| &c.files).chain(&history.dirty.files).collect();
        for (path, _) in FILES {
            let told = ["tree/", "earlier/", "dirty/"].iter().any(|below| path.starts_with(below));
            assert!(!told || named.iter().any(|name| name == path), "{path} is in no commit");
        }
        for edit in ["edits/shift.toml", "edits/conflict.toml"] {
            let edit: Edit = read(edit).unwrap();
            let tree = std::str::from_utf8(file(&format!("tree/{}", edit.file)).unwrap()).unwrap();
            assert_eq!(tree.matches(&edit.old).count(), 1, "{}", edit.file);
        }
    }
}
