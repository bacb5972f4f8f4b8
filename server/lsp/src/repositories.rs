//! Which repositories are served: looked for around the client's folders and around what is opened, each once, and told of
//! when one cannot be served.

use std::path::{Path, PathBuf};

use lsp_types::{MessageType, Uri};

use crate::documents::Document;
use crate::jobs::RootId;
use crate::main_loop::Wake;
use crate::place_name;
use crate::pool;
use crate::session::{Root, Session};

impl Session {
    /// A document was opened: the repository around it is looked for, if it is not known or another one lies in it, also
    /// where none was before.
    pub(crate) fn look_again_around(&mut self, uri: &Uri) {
        if let Some(folder) = place_name::to_path(uri).as_deref().and_then(Path::parent) {
            self.tried.remove(folder);
            self.looked_within.remove(folder);
        }
        self.look_around(uri);
    }

    fn look_around(&mut self, uri: &Uri) {
        let Some(path) = place_name::to_path(uri) else { return };
        // What is being looked at may be the one: its answer comes first.
        if self.roots.values().any(|root| root.may_hold(&path)) {
            return;
        }
        let Some(folder) = path.parent() else { return };
        let around = self.roots.values().flat_map(Root::places).filter(|at| folder.starts_with(at));
        match around.max_by_key(|at| at.as_os_str().len()).cloned() {
            Some(top) => self.look_within(top, folder.to_owned()),
            None => self.look_for_root(folder.to_owned()),
        }
    }

    /// Looks whether a folder of a repository that is known is in another one that lies in it: a submodule, or a clone.
    fn look_within(&mut self, top: PathBuf, folder: PathBuf) {
        if !self.looked_within.insert(folder.clone()) {
            return;
        }
        self.pool.post(Box::new(move || {
            let inner = pool::caught(|| engine::innermost_below(&top, &folder), None);
            inner.map(|inner| Wake::Innermost { folder, inner })
        }));
    }

    /// A folder is in a repository that lies in another.
    pub(crate) fn innermost(&mut self, folder: &Path, inner: PathBuf) {
        let known = |root: &Root| root.start == inner || root.places().any(|at| *at == inner);
        let is_open = |document: &Document| {
            place_name::to_path(&document.uri).is_some_and(|path| path.parent() == Some(folder))
        };
        if !self.roots.values().any(known) && self.documents.iter().any(is_open) {
            self.look_for_root(inner);
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
        self.looked_within.clear();
        for folder in self.folders.clone() {
            if !self.roots.values().any(|root| root.places().any(|at| folder.starts_with(at))) {
                self.tried.remove(&folder);
                self.look_for_root(folder);
            }
        }
        self.look_around_all();
    }

    /// Repositories that nobody needs any more go.
    pub(crate) fn let_go_unneeded(&mut self) {
        let unneeded = self.roots.iter().filter(|(id, root)| !self.is_needed(**id, root));
        let unneeded: Vec<_> = unneeded.map(|(id, root)| (*id, root.start.clone())).collect();
        for (id, start) in unneeded {
            self.tried.remove(&start);
            self.let_go(id, "its last file was closed");
        }
    }

    /// Whether a folder or a file of it is open, it lies in a folder and in no other repository, or something is under way.
    fn is_needed(&self, id: RootId, root: &Root) -> bool {
        let holds = |at: &PathBuf| {
            let paths = self.documents.iter().filter_map(|one| place_name::to_path(&one.uri));
            { paths }.any(|path| path.starts_with(at))
        };
        let lies_in = |other: &Root| {
            other.places().any(|at| root.places().any(|it| it != at && it.starts_with(at)))
        };
        let is_nested = || self.roots.iter().any(|(other, it)| *other != id && lies_in(it));
        self.has_a_folder(root)
            || root.places().any(holds)
            || (self.is_of_a_folder(root) && !is_nested())
            || self.is_busy_in(id)
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
