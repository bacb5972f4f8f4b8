//! Proposals in the form that a checkout of this repository has: with the line endings of the saved files.
//!
//! What a commit or a patch holds is text as git stores it. Where git converts line endings, the saved files
//! hold it in another form, and only a proposal of that form can be laid over them.

use std::collections::BTreeMap;

use model::RelPath;

use crate::deltas::{Place, SideRef};
use crate::eol::Conversion;
use crate::patch::{self, PatchAction, PatchError, PatchFile, ProposedFile};
use crate::{Delta, Repository, RepositoryError, SAVED_BYTES_MAX, files};

impl Repository {
    /// Gives stored sides as a checkout holds them: [`Repository::read`] then ends their lines as those of
    /// the saved file end, where git converts that path; a file that is not there gets what a checkout
    /// would write. For [`Scope::Range`](crate::Scope::Range), whose deltas otherwise hold what is stored.
    ///
    /// A side that only a filter or another encoding would turn into the saved form becomes unreadable,
    /// since neither is done here. A bare repository has no such form: nothing is changed.
    ///
    /// # Errors
    /// Attributes that cannot be read.
    ///
    /// # Cost
    /// The attributes of each path; reads the saved file of each path whose line endings git converts.
    pub fn as_checked_out(&self, mut deltas: Vec<Delta>) -> Result<Vec<Delta>, RepositoryError> {
        if self.root().is_none() {
            return Ok(deltas);
        }
        let named = deltas.iter().flat_map(|delta| [Some(&delta.path), delta.old_path.as_ref()]);
        let conversions = self.conversions_of(named.flatten().cloned().collect())?;
        for delta in &mut deltas {
            let old = delta.old_path.as_ref().unwrap_or(&delta.path);
            for (side, path) in [(&mut delta.before, old), (&mut delta.after, &delta.path)] {
                if let (Some(side), Some(conversion)) = (side, conversions.get(path)) {
                    // A file that moves keeps its line ends.
                    self.check_out(side, conversion, &[path, old]);
                }
            }
        }
        Ok(deltas)
    }

    /// Makes one stored side what a checkout holds; the first of `saved` that is there shows how.
    fn check_out(&self, side: &mut SideRef, conversion: &Conversion, saved: &[&RelPath]) {
        if side.mode == model::FileMode::Symlink {
            return;
        }
        let Place::Object { crlf, .. } = &mut side.place else { return };
        match conversion {
            Conversion::None => {}
            Conversion::Opaque(reason) => *side = SideRef::unreadable(side.mode, reason.clone()),
            Conversion::Text { .. } => {
                let saved = saved.iter().find_map(|path| self.saved_text(path));
                *crlf = conversion.shown_with_crlf(saved.as_deref());
            }
        }
    }

    /// A saved file's bytes, if it is one and can be read.
    fn saved_text(&self, path: &RelPath) -> Option<Vec<u8>> {
        let saved = files::read_saved(self.root()?, path, self.disk.filemode, SAVED_BYTES_MAX);
        saved.ok().flatten().map(|saved| saved.bytes)
    }

    /// Applies a patch to the saved files, in memory, by the rules of [`apply_patch`](crate::apply_patch).
    ///
    /// Where git converts line endings a patch speaks of text as git stores it: its lines match whatever
    /// the ends of the saved lines are, and what it adds ends as the saved file's lines end.
    ///
    /// # Errors
    /// As [`apply_patch`](crate::apply_patch).
    ///
    /// # Cost
    /// As [`apply_patch`](crate::apply_patch), and the attributes of each path.
    pub fn apply_patch(&self, files: &[PatchFile]) -> Result<Vec<ProposedFile>, PatchError> {
        let mut paths: Vec<RelPath> = Vec::new();
        for file in files {
            paths.push(file.path.clone());
            if let PatchAction::Rename(source) | PatchAction::Copy(source) = &file.action {
                paths.push(source.clone());
            }
        }
        let conversions = match (files.first(), self.root()) {
            (Some(first), Some(_)) => self.conversions_of(paths).map_err(|source| {
                let (line, path) = (first.line, first.path.clone());
                PatchError::Base { line, path, source: Box::new(source) }
            })?,
            _ => BTreeMap::new(),
        };
        let conversion =
            |path: &RelPath| conversions.get(path).cloned().unwrap_or(Conversion::None);
        patch::apply_converted(files, &|path| self.saved(path), &conversion)
    }

    fn conversions_of(
        &self,
        mut paths: Vec<RelPath>,
    ) -> Result<BTreeMap<RelPath, Conversion>, RepositoryError> {
        paths.sort();
        paths.dedup();
        let conversions = self.conversions(self.files_root()?, &paths)?;
        Ok(paths.into_iter().zip(conversions).collect())
    }
}
