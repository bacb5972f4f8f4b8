//! Which repositories are served: looked for around the client's folders and around what is opened, each once, and told of
//! when one cannot be served.

use std::path::{Path, PathBuf};

use lsp_types::{MessageType, Uri};

use crate::jobs::RootId;
use crate::main_loop::Wake;
use crate::place_name;
use crate::pool;
use crate::session::{Root, Session};

impl Session {
    /// A document was opened: if it is in no repository that is known, one is looked for around it, also where none was
    /// before.
    pub(crate) fn look_again_around(&mut self, uri: &Uri) {
        if let Some(folder) = place_name::to_path(uri).as_deref().and_then(Path::parent) {
            self.tried.remove(folder);
        }
        self.look_around(uri);
    }

    fn look_around(&mut self, uri: &Uri) {
        let Some(path) = place_name::to_path(uri) else { return };
        if self.homes.contains_key(uri.as_str()) {
            return self.look_within(&path);
        }
        // What is being looked at may be the one: its answer comes first.
        if self.roots.values().any(|root| root.may_hold(&path)) {
            return;
        }
        if let Some(folder) = path.parent() {
            self.look_for_root(folder.to_owned());
        }
    }

    /// Looks whether a file of a repository that is served is in another one that lies in it: a submodule, or a clone.
    fn look_within(&mut self, path: &Path) {
        let Some(folder) = path.parent().filter(|folder| !self.tried.contains(*folder)) else {
            return;
        };
        let folder = folder.to_owned();
        self.tried.insert(folder.clone());
        self.pool.post(Box::new(move || {
            let top = pool::caught(|| engine::repository_root(&folder).ok(), None);
            top.map(|top| Wake::Innermost { folder, top })
        }));
    }

    /// It is known which repository is the innermost around a folder with open files.
    pub(crate) fn innermost(&mut self, folder: PathBuf, top: &Path) {
        let known =
            |root: &Root| root.top.as_deref() == Some(top) || root.names.iter().any(|it| it == top);
        if !self.roots.values().any(known) {
            self.tried.remove(&folder);
            self.look_for_root(folder);
        }
    }

    /// It is known where a repository is. Of two for the same one the first stays, under both names.
    pub(crate) fn root_found(&mut self, id: RootId, top: PathBuf, alias: Option<PathBuf>) {
        let same =
            |(other, root): &(&RootId, &mut Root)| **other != id && root.top.as_ref() == Some(&top);
        if let Some((_, root)) = self.roots.iter_mut().find(same) {
            root.take_name(alias);
            self.let_go(id, "it is served already");
            return self.settle_all();
        }
        if let Some(why) = self.refused.get(&top).cloned() {
            return self.let_go(id, &why);
        }
        if let Some(root) = self.roots.get_mut(&id) {
            root.take_name(alias);
            root.top = Some(top);
        }
        self.look_around_all();
    }

    /// Has each folder of the client looked around that nothing is served for: what served it may have gone with another one.
    pub(crate) fn look_around_folders(&mut self) {
        for folder in self.folders.clone() {
            if !self.roots.values().any(|root| root.places().any(|at| folder.starts_with(at))) {
                self.tried.remove(&folder);
                self.look_for_root(folder);
            }
        }
        self.look_around_all();
    }

    /// The last document of a repository that no folder is open of was closed: it goes, unless something is under way there.
    pub(crate) fn let_go_unless_needed(&mut self, id: RootId) {
        let Some(root) = self.roots.get(&id) else { return };
        let needed = self.is_of_a_folder(root)
            || self.homes.values().any(|(home, _)| *home == id)
            || self.is_busy_in(id);
        if !needed {
            let start = root.start.clone();
            self.tried.remove(&start);
            self.let_go(id, "its last file was closed");
        }
    }

    /// Whether it is one of the repositories that are open: what is looked for around a file may be one that is known, or none.
    pub(crate) fn counts(&self, root: &Root) -> bool {
        root.top.is_some() || self.folders.contains(&root.start)
    }

    /// Whether a command must say which repository it is about.
    pub(crate) fn has_several(&self) -> bool {
        self.roots.values().filter(|root| self.counts(root)).count() > 1
    }

    /// Whether a folder of the client is in it, or around it.
    pub(crate) fn is_of_a_folder(&self, root: &Root) -> bool {
        let within = |at: &PathBuf| self.folders.iter().any(|folder| at.starts_with(folder));
        self.has_a_folder(root) || root.places().any(within)
    }

    /// Whether a folder of the client is in it, or is it.
    pub(crate) fn has_a_folder(&self, root: &Root) -> bool {
        root.places().any(|at| self.folders.iter().any(|folder| folder.starts_with(at)))
    }

    /// A repository is not served, or no longer; `None`: there is none.
    pub(crate) fn root_unavailable(&mut self, id: RootId, reason: Option<String>) {
        if let (Some(reason), Some(root)) = (&reason, self.roots.get(&id)) {
            let folder = root.top.as_ref().unwrap_or(&root.start);
            let message = format!(
                "nothing is shown or recorded in {} until the server is started again: {reason}",
                folder.display()
            );
            self.outbox.say(MessageType::ERROR, message);
            let why = format!("{} is not served: {reason}", folder.display());
            self.refused.insert(folder.clone(), why.clone());
            self.let_go(id, &why);
        } else {
            self.let_go(id, "no repository is there");
        }
        self.look_around_all();
    }

    fn look_around_all(&mut self) {
        let uris: Vec<Uri> = self.documents.iter().map(|document| document.uri.clone()).collect();
        uris.iter().for_each(|uri| self.look_around(uri));
    }
}

impl Root {
    /// Where it is, or, until that is known, where it is looked for.
    pub(crate) fn places(&self) -> impl Iterator<Item = &PathBuf> {
        let known = self.top.iter().chain(&self.names);
        let start = self.top.is_none().then_some(&self.start);
        let early = known.chain(start).filter(|_| self.folders.is_empty());
        self.folders.iter().chain(early)
    }

    /// Whether a file may turn out to be one of this repository. Once it is known where that is, another may lie in it.
    fn may_hold(&self, path: &Path) -> bool {
        self.top.is_none() && path.starts_with(&self.start)
    }

    fn take_name(&mut self, alias: Option<PathBuf>) {
        let Some(alias) = alias.filter(|alias| !self.names.contains(alias)) else { return };
        if !self.folders.is_empty() {
            self.folders.push(alias.clone());
        }
        self.names.push(alias);
    }
}
