//! Pieces of a history to make cases from: some commits in a row, and what each did to each file.

use std::collections::BTreeMap;

use model::RelPath;
use workspace::{Repository, Step};

use super::dice::Dice;
use crate::Error;

/// How many commits are looked at for places to start, nearest to HEAD first.
pub(super) const COMMITS_MAX: usize = 100_000;
/// How many commits in a row make a window.
const WINDOW_STEPS: usize = 96;
/// The largest file that is taken, in bytes.
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// Some commits in a row.
pub(super) struct Window<'r> {
    repository: &'r Repository,
    pub(super) steps: Vec<Step>,
    /// The files that were changed in it at least twice, each change beginning where the last one ended.
    chains: Vec<Chain>,
}

/// The versions of one file.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) path: RelPath,
    /// The object ids, oldest first, each with the commit that made it; the first with the one before.
    pub(super) versions: Vec<(String, String)>,
}

/// The change of one file by one commit.
pub(super) struct Change {
    pub(super) path: RelPath,
    pub(super) parent: String,
    pub(super) commit: String,
    pub(super) before: Vec<u8>,
    pub(super) after: Vec<u8>,
}

impl<'r> Window<'r> {
    /// The commits that lead to `commit`.
    pub(super) fn before(repository: &'r Repository, commit: &str) -> Result<Self, Error> {
        let steps = repository.steps(commit, WINDOW_STEPS)?;
        let chains = chains(&steps);
        Ok(Self { repository, steps, chains })
    }

    /// A text, if it is one and not too long.
    pub(super) fn text(&self, id: &str) -> Result<Option<Vec<u8>>, Error> {
        let bytes = self.repository.step_bytes(id, TEXT_BYTES_MAX)?;
        Ok(bytes.filter(|bytes| semdiff::is_text(bytes)))
    }

    /// What some commit did to some file.
    pub(super) fn change(&self, dice: &mut Dice) -> Result<Option<Change>, Error> {
        let Some(step) = dice.pick(&self.steps) else { return Ok(None) };
        let Some(file) = dice.pick(&step.files) else { return Ok(None) };
        let (Some(before), Some(after)) = (self.text(&file.before)?, self.text(&file.after)?)
        else {
            return Ok(None);
        };
        Ok(Some(Change {
            path: file.path.clone(),
            parent: step.parent.clone(),
            commit: step.commit.clone(),
            before,
            after,
        }))
    }

    /// A file with at least `versions` versions. Longer chains are likelier.
    pub(super) fn chain(&self, dice: &mut Dice, versions: usize) -> Option<&Chain> {
        let long: Vec<&Chain> =
            self.chains.iter().filter(|chain| chain.versions.len() >= versions).collect();
        let one = *dice.pick(&long)?;
        let other = *dice.pick(&long)?;
        Some(if one.versions.len() >= other.versions.len() { one } else { other })
    }

    /// A file that both sides of some merge changed: the ids of base, first and second, and the three texts.
    pub(super) fn parallel(&self, dice: &mut Dice) -> Result<Option<Parallel>, Error> {
        let Some(step) = dice.pick(&self.steps) else { return Ok(None) };
        let Some(merged) = self.repository.merged(&step.commit)? else { return Ok(None) };
        let Some((ours, theirs)) = dice.pick(&merged.files) else { return Ok(None) };
        let texts = (self.text(&ours.before)?, self.text(&ours.after)?, self.text(theirs)?);
        let (Some(base), Some(first), Some(second)) = texts else { return Ok(None) };
        let commits = vec![merged.base, merged.first, merged.second];
        Ok(Some(Parallel { path: ours.path.clone(), commits, base, first, second }))
    }
}

/// A file that two lines of work changed.
pub(super) struct Parallel {
    pub(super) path: RelPath,
    pub(super) commits: Vec<String>,
    pub(super) base: Vec<u8>,
    pub(super) first: Vec<u8>,
    pub(super) second: Vec<u8>,
}

fn chains(steps: &[Step]) -> Vec<Chain> {
    let mut open: BTreeMap<&RelPath, Chain> = BTreeMap::new();
    let mut done = Vec::new();
    for step in steps {
        for file in &step.files {
            let next = (file.after.clone(), step.commit.clone());
            if let Some(chain) = open.get_mut(&file.path)
                && chain.versions.last().is_some_and(|(id, _)| *id == file.before)
            {
                chain.versions.push(next);
                continue;
            }
            let first = (file.before.clone(), step.parent.clone());
            let chain = Chain { path: file.path.clone(), versions: vec![first, next] };
            done.extend(open.insert(&file.path, chain));
        }
    }
    done.extend(open.into_values());
    done.retain(|chain| chain.versions.len() > 2);
    done.sort_by(|a, b| (&a.path, &a.versions).cmp(&(&b.path, &b.versions)));
    done
}
