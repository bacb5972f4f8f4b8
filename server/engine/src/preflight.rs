//! The look at all files of a plan together, before an intent is appended and the first of them is written.
//!
//! It refuses what can be told beforehand: a file that may not be written, or has other names. Content was
//! compared by the plan and is compared again by the write.

use std::collections::BTreeSet;

use model::RelPath;

use crate::engine::Engine;
use crate::plan::{PlanFile, Refused};

impl Engine {
    /// Parts the files that can be written from those that cannot, whose hunks are refused. A hunk that needs
    /// several files is refused with all of them. What an editor writes is the editor's to refuse.
    ///
    /// # Cost
    /// A few looks at each file that no editor holds; nothing is read.
    pub(crate) fn preflight(
        &self,
        mut files: Vec<PlanFile>,
        mut refused: Vec<Refused>,
    ) -> (Vec<PlanFile>, Vec<Refused>) {
        let gone: BTreeSet<RelPath> = files
            .iter()
            .filter(|file| file.after.is_none())
            .map(|file| file.path.clone())
            .collect();
        let mut closed = Vec::new();
        for file in &files {
            let written = !file.in_editor && file.before != file.after;
            // What stands in its place, or its folder's, will be gone when its turn comes.
            let made_way =
                below(&file.path, &gone) || gone.iter().any(|gone| within(gone, &file.path));
            if written
                && !made_way
                && let Err(error) = self.repository.can_write(&file.path)
            {
                closed.push((file.path.clone(), error.to_string()));
            }
        }
        for (path, reason) in closed {
            let mut hit = BTreeSet::from([path]);
            // Text that holds a refused hunk beside others is refused with them, and so on.
            let mut stuck: BTreeSet<u32> = loop {
                let refused = files.iter().filter(|file| hit.contains(&file.path));
                let stuck = refused.flat_map(|file| file.hunks.iter().copied()).collect();
                let known = hit.len();
                let shared =
                    |file: &&PlanFile| file.hunks.iter().any(|h| BTreeSet::contains(&stuck, h));
                hit.extend(files.iter().filter(shared).map(|file| file.path.clone()));
                if hit.len() == known {
                    break stuck;
                }
            };
            for file in files.iter().filter(|file| hit.contains(&file.path)) {
                for hunk in &file.hunks {
                    if stuck.remove(hunk) {
                        let (path, reason) = (file.path.clone(), reason.clone());
                        refused.push(Refused { hunk: *hunk, path, reason });
                    }
                }
            }
            files.retain(|file| !hit.contains(&file.path));
        }
        (files, refused)
    }
}

/// Whether a folder of `path` is one of `paths`.
fn below(path: &RelPath, paths: &BTreeSet<RelPath>) -> bool {
    std::iter::successors(path.parent(), RelPath::parent).any(|folder| paths.contains(&folder))
}

/// Whether `folder` is one of the folders of `path`.
fn within(path: &RelPath, folder: &RelPath) -> bool {
    std::iter::successors(path.parent(), RelPath::parent).any(|of| of == *folder)
}
