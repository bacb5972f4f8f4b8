//! What commits brought into the files since a snapshot is no part of what is adopted from then on.
//!
//! A pull, a merge, a switch or a commit moves HEAD, and what comes with it was made elsewhere or is a
//! person's own commit. What an agent committed is not told from that: a revision says so, see `Since`.

use std::collections::{BTreeMap, BTreeSet};

use model::{ChangeKind, RelPath, Snapshot};
use workspace::{Delta, Scope};

use crate::Error;
use crate::adopt::Touches;
use crate::apart::Touch;
use crate::check::read;
use crate::engine::Engine;
use crate::examine::{ChangedFile, Side};

/// What came with commits since a snapshot, of the files that are not as they were then.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    /// Where HEAD was then; empty before the first commit.
    pub from: String,
    /// What became of each path: then, and in the commit that HEAD is at.
    paths: BTreeMap<RelPath, (Option<Side>, Option<Side>)>,
    /// The paths that the snapshot lists, as they were not as its commit had them.
    listed: BTreeSet<RelPath>,
}

impl Engine {
    /// What commits brought into `files`; `None` where they brought nothing into them.
    ///
    /// # Cost
    /// A difference of two commits; reads the files that differ in it and are among `files`.
    pub(crate) fn committed(
        &self,
        snapshot: &Snapshot,
        files: &[ChangedFile],
        huge_bytes: u64,
    ) -> Result<Option<Committed>, Error> {
        let head = self.repository.head()?.commit;
        if head == snapshot.head {
            return Ok(None);
        }
        let from = snapshot.head.clone().unwrap_or_default();
        let range = Scope::Range { base: from.clone(), head: head.unwrap_or_default() };
        let asked: BTreeSet<&RelPath> =
            files.iter().flat_map(|file| file.old_path.iter().chain([&file.path])).collect();
        let mut deltas = self.repository.deltas(&range)?;
        let old = |delta: &Delta| delta.old_path.clone();
        deltas.retain(|delta| {
            asked.contains(&delta.path) || old(delta).is_some_and(|old| asked.contains(&old))
        });
        let mut paths = BTreeMap::new();
        for delta in self.repository.as_checked_out(deltas)? {
            let ChangedFile { path, old_path, before, after, .. } =
                read(&self.repository, delta, huge_bytes);
            match old_path {
                // What was copied is still there.
                Some(old) if !paths.contains_key(&old) => {
                    paths.insert(old, (before, None));
                    paths.insert(path, (None, after));
                }
                Some(_) => drop(paths.insert(path, (None, after))),
                None => drop(paths.insert(path, (before, after))),
            }
        }
        let listed = snapshot.files.iter().map(|file| file.path.clone()).collect();
        Ok((!paths.is_empty()).then_some(Committed { from, paths, listed }))
    }
}

impl Committed {
    /// Lets each file begin where the commits left it. Where the snapshot had other text than its commit, what the
    /// commits did is one of `touches`, the first.
    pub(crate) fn keep_apart(&self, files: &mut [ChangedFile], touches: &mut Touches) {
        for file in files {
            let names = || file.old_path.iter().chain([&file.path]);
            if names().all(|path| !self.paths.contains_key(path)) {
                continue;
            }
            if names().any(|path| self.listed.contains(path)) {
                if let Some((before, after)) = self.paths.get(&file.path) {
                    let bytes = |side: &Option<Side>| side.as_ref()?.bytes().map(Into::into);
                    let touch = Touch { before: bytes(before), after: bytes(after) };
                    touches.entry(file.path.clone()).or_default().insert(0, touch);
                }
                continue;
            }
            match self.paths.get(&file.path) {
                Some((_, after)) => file.before.clone_from(after),
                // It was moved here from a path that the commits took away or changed.
                None if file.old_path.is_some() => file.before = None,
                None => {}
            }
            file.old_path = None;
            file.change = match (&file.before, &file.after) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Deleted,
                _ => ChangeKind::Modified,
            };
        }
    }
}
