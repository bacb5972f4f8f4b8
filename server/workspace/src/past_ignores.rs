//! Which files git ignored at a snapshot, when its ignore files have changed since.
//!
//! A file that was ignored then is in no snapshot, so its coming into sight is no addition: it may have been
//! there all along. Only the tree's own ignore files are asked; the person's and the repository's private ones
//! are taken to be as they were.

use std::collections::BTreeMap;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use model::RelPath;

use crate::os;

/// The ignore files of the tree as they were.
pub(crate) struct PastIgnores<'a> {
    /// The text an ignore file had; `None` where there was none.
    text: &'a dyn Fn(&RelPath) -> Option<Vec<u8>>,
    read: BTreeMap<Vec<u8>, Option<Gitignore>>,
}

pub(crate) const IGNORE_FILE: &[u8] = b".gitignore";

impl<'a> PastIgnores<'a> {
    pub(crate) fn new(text: &'a dyn Fn(&RelPath) -> Option<Vec<u8>>) -> Self {
        Self { text, read: BTreeMap::new() }
    }

    /// Whether git ignored the file or `folder`, by a rule for it or for a folder it lies in.
    ///
    /// # Cost
    /// Reads the ignore files from the root down to it, each once for all paths.
    pub(crate) fn ignored(&mut self, path: &RelPath, folder: bool) -> bool {
        let mut chain = vec![path.clone()];
        while let Some(folder) = chain.last().and_then(RelPath::parent) {
            chain.push(folder);
        }
        // Outermost first: nothing below an ignored folder can be taken in again.
        chain.iter().rev().any(|at| self.decides(at, folder || at != path))
    }

    /// The rule nearest to the path decides.
    fn decides(&mut self, path: &RelPath, folder: bool) -> bool {
        let Ok(name) = os::from_bytes(path.as_bytes()) else { return false };
        let mut at = Some(path.clone());
        while let Some(here) = at {
            at = here.parent();
            let holder = at.as_ref().map_or_else(Vec::new, |at| [at.as_bytes(), b"/"].concat());
            let Some(rules) = self.rules(holder) else { continue };
            let found = rules.matched(&name, folder);
            if !found.is_none() {
                return found.is_ignore();
            }
        }
        false
    }

    /// The rules of one folder, given with its `/`; empty for the root.
    fn rules(&mut self, folder: Vec<u8>) -> Option<&Gitignore> {
        let text = self.text;
        let read = |folder: &Vec<u8>| {
            let file = RelPath::from_bytes(&[folder, IGNORE_FILE].concat()).ok()?;
            let text = text(&file)?;
            let mut builder = GitignoreBuilder::new(os::from_bytes(folder).ok()?);
            for line in String::from_utf8_lossy(&text).lines() {
                // A line that is no pattern ignores nothing, in git too.
                builder.add_line(None, line).ok();
            }
            builder.build().ok()
        };
        self.read.entry(folder).or_insert_with_key(read).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rule_decides_and_nothing_returns_below_an_ignored_folder() {
        let text = |file: &RelPath| {
            let text: &[u8] = match file.as_bytes() {
                b".gitignore" => b"*.log\n/out/\n!keep.log\n\\\n",
                b"a/.gitignore" => b"!x.log\n/y\n",
                b"out/.gitignore" => b"!*\n",
                _ => return None,
            };
            Some(text.to_vec())
        };
        let mut past = PastIgnores::new(&text);
        let ignored =
            |past: &mut PastIgnores<'_>, path: &str| past.ignored(&path.parse().unwrap(), false);
        for path in ["z.log", "a/z.log", "out/x", "out/deep/x", "a/y", "a/y/z", "b/c/z.log"] {
            assert!(ignored(&mut past, path), "{path}");
        }
        for path in ["keep.log", "a/x.log", "a/b/x.log", "b/out/x", "b/y", "x"] {
            assert!(!ignored(&mut past, path), "{path}");
        }
        assert!(past.ignored(&"out".parse().unwrap(), true));
        assert!(!past.ignored(&"out".parse().unwrap(), false));
    }
}
