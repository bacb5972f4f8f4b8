//! The saved files: what differs from a commit, which files there are, and one file's bytes.
//!
//! Every name is looked at before anything is opened: links are not followed, pipes and sockets are never
//! opened. A file whose size and times are what git last saw is taken as unchanged, as git does, unless it
//! was written too close to the index to tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;
use model::{FileMode, RelPath};

use crate::backend::{Attributes, Backend, Blob, Indexed, Recorded};
use crate::deltas::{Pair, Place, SideRef};
use crate::eol::{Conversion, EolConfig};
use crate::files::{self, Looking, Standing};
use crate::os::{self, Stamp};
use crate::{FileError, Repository, RepositoryError, SAVED_BYTES_MAX, SavedFile, leftovers};

/// The largest file whose content is compared; a larger one with other times counts as changed.
const COMPARE_BYTES_MAX: u64 = SAVED_BYTES_MAX;

/// So many paths are asked for one by one in any case.
const ASKED_ONE_BY_ONE_MAX: usize = 64;

/// How many untracked files are listed at most.
pub const UNTRACKED_MAX: usize = 100_000;

/// What the walk found that git does not track.
#[derive(Default)]
struct Untracked {
    files: BTreeSet<RelPath>,
    /// Every folder that was walked, the root aside.
    folders: BTreeSet<RelPath>,
    /// Folders that are repositories of their own.
    nested: BTreeSet<RelPath>,
    /// Folders that cannot be listed, with the reason.
    closed: BTreeMap<RelPath, String>,
}

/// The saved files against a commit.
#[derive(Default)]
pub(crate) struct Scan {
    pub(crate) pairs: Vec<Pair>,
    /// What is at the noted paths now.
    pub(crate) noted: BTreeMap<RelPath, Option<SideRef>>,
}

/// A tracked file that has to be compared by content.
struct Doubt {
    path: RelPath,
    before: Recorded,
    after: SideRef,
}

impl Repository {
    /// A file as it is saved; `None` when nothing is there.
    ///
    /// # Errors
    /// [`FileError`] for folders, pipes and devices, for a folder on the way that is a link, above
    /// [`SAVED_BYTES_MAX`]; [`RepositoryError::Bare`].
    pub fn saved(&self, path: &RelPath) -> Result<Option<SavedFile>, RepositoryError> {
        let root = self.files_root()?;
        Ok(files::read_saved(root, path, self.disk.filemode, SAVED_BYTES_MAX)?)
    }

    /// The plain files, tracked or not, ignored ones left out, that any pattern matches; sorted. Without
    /// patterns all of them.
    ///
    /// What a killed process left unfinished ([`Repository::sweep`]) is not among them.
    ///
    /// A pattern is a file, a folder or a glob, relative to the root. One without `/` matches in every
    /// folder; `*` stays inside one folder, `**` does not.
    ///
    /// # Errors
    /// [`RepositoryError::Pattern`]; [`RepositoryError::Bare`]; above [`UNTRACKED_MAX`] untracked files.
    ///
    /// # Cost
    /// One walk of the folders, one look at each match.
    pub fn list_files(&self, patterns: &[String]) -> Result<Vec<RelPath>, RepositoryError> {
        let root = self.files_root()?;
        let set = glob_set(patterns)?;
        let index = self.store.index()?;
        let submodules = submodules(index.iter().map(|entry| (&entry.path, &entry.recorded)));
        let tracked: BTreeSet<RelPath> = index.into_iter().map(|entry| entry.path).collect();
        let untracked = untracked(root, &tracked, &submodules)?.files;
        let matches = |path: &RelPath| {
            set.is_empty() || os::from_bytes(path.as_bytes()).is_ok_and(|path| set.is_match(path))
        };
        let plain = |path: &RelPath| matches!(files::look(root, path), Ok(Standing::File(_)));
        Ok(tracked.union(&untracked).filter(|path| matches(path) && plain(path)).cloned().collect())
    }

    /// Every file and link that lies on disk, tracked or not, ignored ones left out, and with `true` every
    /// submodule; sorted. Files that a sparse checkout leaves out are not among them.
    pub(crate) fn listed(&self) -> Result<Vec<(RelPath, bool)>, RepositoryError> {
        let root = self.files_root()?;
        let index = self.store.index()?;
        let submodules = submodules(index.iter().map(|entry| (&entry.path, &entry.recorded)));
        let tracked: BTreeSet<RelPath> = index.into_iter().map(|entry| entry.path).collect();
        let untracked = untracked(root, &tracked, &submodules)?.files;
        let mut looking = Looking::new(root);
        let mut listed = Vec::new();
        for path in tracked.union(&untracked) {
            let submodule = submodules.contains(path);
            let there = matches!(looking.look(path), Ok(Standing::File(_) | Standing::Link));
            if submodule || there {
                listed.push((path.clone(), submodule));
            }
        }
        Ok(listed)
    }

    /// The folders in which files lie that count, the root aside: ignored ones only if they hold tracked files,
    /// submodules and other repositories not at all.
    pub(crate) fn folders(&self) -> Result<BTreeSet<RelPath>, RepositoryError> {
        let root = self.files_root()?;
        let index = self.store.index()?;
        let submodules = submodules(index.iter().map(|entry| (&entry.path, &entry.recorded)));
        let tracked: BTreeSet<RelPath> = index.into_iter().map(|entry| entry.path).collect();
        let mut folders = untracked(root, &tracked, &submodules)?.folders;
        for path in &tracked {
            let above = std::iter::successors(path.parent(), RelPath::parent);
            folders
                .extend(above.take_while(|folder| !folders.contains(folder)).collect::<Vec<_>>());
        }
        Ok(folders)
    }

    /// A number that differs when a file that counts was created, removed or written, as far as names, sizes
    /// and times tell. Means nothing in another process.
    pub(crate) fn look_of_files(&self) -> Result<u64, RepositoryError> {
        let mut hasher = DefaultHasher::new();
        let mut looking = Looking::new(self.files_root()?);
        for (path, _) in self.listed()? {
            path.as_bytes().hash(&mut hasher);
            if let Ok(Standing::File(metadata)) = looking.look(&path) {
                (metadata.len(), metadata.modified().ok()).hash(&mut hasher);
                os::is_executable(&metadata).hash(&mut hasher);
            }
        }
        Ok(hasher.finish())
    }

    /// A commit's tree (or the empty one) against the saved files.
    pub(crate) fn scan(&self, base: Option<&str>) -> Result<Vec<Pair>, RepositoryError> {
        Ok(self.scan_around(base, None)?.pairs)
    }

    /// As [`Repository::scan`], but what the commit holds at the `noted` paths is of no interest: of these
    /// it gives what is there now. Each says whether a file was there when it was noted.
    ///
    /// With notes a file that was there then, by them or by the commit, counts as long as it lies on disk,
    /// whatever git tracks or ignores by now.
    pub(crate) fn scan_around(
        &self,
        base: Option<&str>,
        noted: Option<&BTreeMap<RelPath, bool>>,
    ) -> Result<Scan, RepositoryError> {
        let root = self.files_root()?;
        let tree: BTreeMap<RelPath, Recorded> = match base {
            Some(commit) => self.store.tree(commit, None)?.into_iter().collect(),
            None => BTreeMap::new(),
        };
        let written = self.store.index_written();
        let index: BTreeMap<RelPath, Indexed> =
            self.store.index()?.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
        let tracked: BTreeSet<RelPath> = index.keys().cloned().collect();
        let submodules = submodules(
            tree.iter().chain(index.iter().map(|(path, entry)| (path, &entry.recorded))),
        );
        let mut found = untracked(root, &tracked, &submodules)?;
        let mut apart = self.apart(root, &mut found);

        let (mut scan, mut looking) = (Scan::default(), Looking::new(root));
        let mut doubts = Vec::new();
        let noted_paths = noted.into_iter().flat_map(BTreeMap::keys);
        let names: BTreeSet<&RelPath> =
            tree.keys().chain(&tracked).chain(&found.files).chain(noted_paths).collect();
        for path in names {
            let before = tree.get(path);
            let entry = index.get(path);
            let note = noted.map(|noted| noted.get(path));
            let was_there = match note {
                None => false,
                Some(None) => before.is_some(),
                Some(Some(there)) => *there,
            };
            let is_noted = matches!(note, Some(Some(_)));
            if let Some(side) = is_noted.then(|| apart.remove(path)).flatten() {
                scan.noted.insert(path.clone(), Some(side));
                continue;
            }
            let listed = entry.is_some() || found.files.contains(path) || was_there;
            let after = match self.side_on_disk(&mut looking, path, before, entry, listed) {
                OnDisk::Side(side) => side,
                OnDisk::File(metadata, mode) => {
                    let unchanged = entry.is_some_and(|entry| {
                        Some(&entry.recorded) == before
                            && entry.recorded.mode == mode
                            && fresh(entry, &metadata, written)
                    });
                    if unchanged && !is_noted {
                        continue;
                    }
                    let place = Place::Disk(path.clone());
                    Some(SideRef { mode, size_bytes: metadata.len(), place })
                }
            };
            if is_noted {
                scan.noted.insert(path.clone(), after);
                continue;
            }
            match (before.cloned(), after) {
                (None, None) => {}
                (Some(before), Some(after))
                    if on_disk(&after) && before.mode != FileMode::Submodule =>
                {
                    doubts.push(Doubt { path: path.clone(), before, after });
                }
                (before, after) => {
                    let before = before.map(SideRef::recorded);
                    if before != after {
                        let path = path.clone();
                        scan.pairs.push(Pair { path, before, after, same_content: false });
                    }
                }
            }
        }
        self.settle(root, doubts, &mut scan.pairs)?;
        self.settle_deleted(root, &mut scan.pairs)?;
        let added =
            |(path, after)| Pair { path, before: None, after: Some(after), same_content: false };
        scan.pairs.extend(apart.into_iter().map(added));
        Ok(scan)
    }

    /// What the walk found besides files: repositories of their own and folders that cannot be listed.
    fn apart(&self, root: &Path, found: &mut Untracked) -> BTreeMap<RelPath, SideRef> {
        let without = "it is a repository of its own without a commit";
        let nested = std::mem::take(&mut found.nested).into_iter().map(|path| {
            let side = self.nested(root, &path);
            let side = side.unwrap_or_else(|| SideRef::unreadable(FileMode::Submodule, without));
            (path, side)
        });
        let closed = std::mem::take(&mut found.closed).into_iter();
        let closed =
            closed.map(|(path, reason)| (path, SideRef::unreadable(FileMode::File, reason)));
        nested.chain(closed).collect()
    }

    /// What lies at a path, as far as one look tells.
    fn side_on_disk(
        &self,
        looking: &mut Looking<'_>,
        path: &RelPath,
        before: Option<&Recorded>,
        entry: Option<&Indexed>,
        listed: bool,
    ) -> OnDisk {
        let recorded = entry.map(|entry| &entry.recorded).or(before);
        let recorded_mode = recorded.map(|recorded| recorded.mode);
        let side = match looking.look(path) {
            // In the commit, neither in the index nor listed as untracked: git no longer counts it.
            Ok(Standing::File(_) | Standing::Link) if !listed => None,
            Ok(Standing::File(metadata)) => {
                let mode = self.mode_on_disk(&metadata, recorded_mode);
                return OnDisk::File(metadata, mode);
            }
            Ok(Standing::Link) => {
                let size_bytes = files::link_target(looking.root(), path)
                    .map_or(0, |target| target.len() as u64);
                let place = Place::Disk(path.clone());
                Some(SideRef { mode: FileMode::Symlink, size_bytes, place })
            }
            Ok(Standing::Folder) if recorded_mode == Some(FileMode::Submodule) => {
                // Without a checkout of its own a submodule is where the index says.
                self.nested(looking.root(), path)
                    .or_else(|| recorded.cloned().map(SideRef::recorded))
            }
            // Left out of a sparse checkout: it is what the index says.
            Ok(Standing::Nothing) if entry.is_some_and(|entry| entry.skipped) => {
                entry.map(|entry| SideRef::recorded(entry.recorded.clone()))
            }
            // Behind a link there is nothing of this tree, as git sees it.
            Ok(Standing::Nothing | Standing::Folder) | Err(FileError::ThroughLink { .. }) => None,
            Ok(Standing::Special(what)) => {
                Some(SideRef::unreadable(FileMode::File, format!("it is {what}, not a file")))
            }
            Err(error) => Some(SideRef::unreadable(
                recorded_mode.unwrap_or(FileMode::File),
                error.to_string(),
            )),
        };
        OnDisk::Side(side)
    }

    /// The commit checked out in a repository inside this one, or why that is not all; `None` without a commit.
    fn nested(&self, root: &Path, path: &RelPath) -> Option<SideRef> {
        let at = os::join(root, path).ok()?;
        let id = self.store.nested_head(&at)?;
        Some(match self.beyond_commit(&at) {
            None => SideRef::recorded(Recorded { mode: FileMode::Submodule, id }),
            Some(reason) => SideRef::unreadable(FileMode::Submodule, reason),
        })
    }

    fn mode_on_disk(&self, metadata: &Metadata, recorded: Option<FileMode>) -> FileMode {
        match recorded {
            Some(FileMode::Symlink) if !self.disk.symlinks => FileMode::Symlink,
            Some(FileMode::Executable) if !self.disk.filemode => FileMode::Executable,
            _ if self.disk.filemode && os::is_executable(metadata) => FileMode::Executable,
            _ => FileMode::File,
        }
    }

    /// Compares by content, in git's sense of the same.
    fn settle(
        &self,
        root: &Path,
        doubts: Vec<Doubt>,
        pairs: &mut Vec<Pair>,
    ) -> Result<(), RepositoryError> {
        let paths: Vec<RelPath> = doubts.iter().map(|doubt| doubt.path.clone()).collect();
        let conversions = self.conversions(root, &paths)?;
        let ids: BTreeSet<String> = doubts.iter().map(|doubt| doubt.before.id.clone()).collect();
        let sizes = self.store.sizes(&ids)?;
        for (doubt, conversion) in doubts.into_iter().zip(conversions) {
            let Doubt { path, before, after } = doubt;
            let same_sort = (before.mode == FileMode::Symlink) == (after.mode == FileMode::Symlink);
            let plain = after.mode != FileMode::Symlink;
            let size = sizes.get(&before.id).copied();
            let (same, side) = match conversion {
                Conversion::Opaque(reason) if same_sort && plain => {
                    (false, SideRef::unreadable(before.mode, reason))
                }
                // Other sizes are other contents where nothing is converted.
                Conversion::None if size != Some(after.size_bytes) => {
                    (false, SideRef::recorded(before.clone()))
                }
                conversion => {
                    let saved = self.comparable(&after);
                    let stored = match self.store.blob(&before.id, COMPARE_BYTES_MAX)? {
                        Blob::Bytes(bytes) => Some(bytes),
                        Blob::Huge(_) | Blob::Missing => None,
                    };
                    let same = match (&stored, &saved) {
                        (Some(stored), Some(saved)) if same_sort && plain => {
                            conversion.same(stored, saved)
                        }
                        (Some(stored), Some(saved)) => same_sort && stored == saved,
                        _ => false,
                    };
                    let mut side = SideRef::recorded(before.clone());
                    if plain && let Place::Object { crlf, .. } = &mut side.place {
                        *crlf = conversion.shown_with_crlf(saved.as_deref());
                    }
                    (same, side)
                }
            };
            if same && before.mode == after.mode {
                continue;
            }
            pairs.push(Pair { path, before: Some(side), after: Some(after), same_content: same });
        }
        Ok(())
    }

    /// Deleted text is shown as its checkout was, so that a rename finds its lines again.
    fn settle_deleted(&self, root: &Path, pairs: &mut [Pair]) -> Result<(), RepositoryError> {
        let deleted = |pair: &&mut Pair| pair.after.is_none();
        let paths: Vec<RelPath> =
            pairs.iter_mut().filter(deleted).map(|pair| pair.path.clone()).collect();
        let conversions = self.conversions(root, &paths)?;
        for (pair, conversion) in pairs.iter_mut().filter(deleted).zip(conversions) {
            if let Some(SideRef { place: Place::Object { crlf, .. }, mode, .. }) = &mut pair.before
                && *mode != FileMode::Symlink
            {
                *crlf = conversion.shown_with_crlf(None);
            }
        }
        Ok(())
    }

    fn comparable(&self, side: &SideRef) -> Option<Vec<u8>> {
        match self.read(side, COMPARE_BYTES_MAX) {
            crate::SideContent::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// How each path's stored bytes become saved ones.
    pub(crate) fn conversions(
        &self,
        root: &Path,
        paths: &[RelPath],
    ) -> Result<Vec<Conversion>, RepositoryError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let stated = attribute_files(root, paths)?;
        let lower = |key: &str| self.store.config(key).map(|value| value.to_ascii_lowercase());
        let config = EolConfig { autocrlf: lower("core.autocrlf"), eol: lower("core.eol") };
        // Git is asked path by path, which is slow for a whole tree and in vain where nothing states an attribute.
        if paths.len() > ASKED_ONE_BY_ONE_MAX && !stated && !self.attributes_elsewhere()? {
            let unstated = Conversion::of(&Attributes::default(), &config);
            return Ok(vec![unstated; paths.len()]);
        }
        let attributes = self.store.attributes(paths)?;
        Ok(attributes.iter().map(|found| Conversion::of(found, &config)).collect())
    }

    /// Whether anything beside files of the tree may state attributes: the index, for files that are gone, the
    /// repository, the person or the system. Where that cannot be told, it may.
    fn attributes_elsewhere(&self) -> Result<bool, RepositoryError> {
        if !cfg!(target_os = "linux") || !matches!(self.backend(), Backend::Library) {
            return Ok(true);
        }
        let folder = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
        let own = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
        let files = [
            Some(self.common_dir().join("info").join("attributes")),
            own.map(|own| own.join("git").join("attributes")),
            Some(PathBuf::from("/etc/gitattributes")),
        ];
        if self.store.config("core.attributesfile").is_some()
            || files.into_iter().flatten().any(|file| file.symlink_metadata().is_ok())
        {
            return Ok(true);
        }
        let index = self.store.index()?;
        Ok(index.iter().any(|entry| entry.path.as_bytes().ends_with(b".gitattributes")))
    }
}

enum OnDisk {
    /// A plain file, with the mode git would record.
    File(Metadata, FileMode),
    /// Anything else.
    Side(Option<SideRef>),
}

fn on_disk(side: &SideRef) -> bool {
    matches!(side.place, Place::Disk(_))
}

/// Whether the file is what git saw when it wrote the index.
fn fresh(entry: &Indexed, metadata: &Metadata, written: Option<(i64, u32)>) -> bool {
    let (Some(then), Some(written)) = (entry.stamp, written) else { return false };
    let now = Stamp::of(metadata);
    // The index keeps 32 bits of each number, and some writers no fractions of seconds.
    let moment = |then: (i64, u32), now: (i64, u32)| {
        low(then.0) == low(now.0) && (then.1 == now.1 || then.1 == 0)
    };
    let number = |then: u64, now: u64| (then ^ now) & u64::from(u32::MAX) == 0;
    // Written in the same moment as the index, or later: it may have changed unseen.
    let racy =
        if then.modified.1 == 0 { then.modified.0 >= written.0 } else { then.modified >= written };
    !entry.unmerged
        && !entry.announced
        && !racy
        && cfg!(unix)
        && number(then.size, now.size)
        && number(then.inode, now.inode)
        && moment(then.modified, now.modified)
        && moment(then.changed, now.changed)
}

fn low(seconds: i64) -> i64 {
    seconds & i64::from(u32::MAX)
}

fn submodules<'a>(entries: impl Iterator<Item = (&'a RelPath, &'a Recorded)>) -> BTreeSet<RelPath> {
    entries
        .filter(|(_, recorded)| recorded.mode == FileMode::Submodule)
        .map(|(path, _)| path.clone())
        .collect()
}

/// A pipe in the place of an attribute file would stop whoever opens it.
/// Also answers whether there is one.
fn attribute_files(root: &Path, paths: &[RelPath]) -> Result<bool, RepositoryError> {
    let mut stated = false;
    let mut folders: BTreeSet<Option<RelPath>> = BTreeSet::from([None]);
    for path in paths {
        let mut parent = path.parent();
        while let Some(folder) = parent {
            parent = folder.parent();
            if !folders.insert(Some(folder)) {
                break;
            }
        }
    }
    for folder in folders {
        let name = match &folder {
            None => b".gitattributes".to_vec(),
            Some(folder) => [folder.as_bytes(), b"/.gitattributes"].concat(),
        };
        let Ok(name) = RelPath::from_bytes(&name) else { continue };
        match files::look(root, &name) {
            Ok(Standing::Special(what)) => {
                return Err(RepositoryError::NotPlain { path: name.to_string(), what });
            }
            Ok(Standing::Nothing) => {}
            _ => stated = true,
        }
    }
    Ok(stated)
}

/// Lists what git does not track and does not ignore.
fn untracked(
    root: &Path,
    tracked: &BTreeSet<RelPath>,
    submodules: &BTreeSet<RelPath>,
) -> Result<Untracked, RepositoryError> {
    refuse_special_ignore(root, None)?;
    let nested = Arc::new(Mutex::new(BTreeSet::new()));
    let refused = Arc::new(Mutex::new(None));
    let (nested_in, refused_in) = (Arc::clone(&nested), Arc::clone(&refused));
    let (top, skipped) = (root.to_owned(), submodules.clone());
    let walk = WalkBuilder::new(root)
        .standard_filters(false)
        .git_ignore(true)
        .git_exclude(true)
        .git_global(true)
        .require_git(false)
        .filter_entry(move |entry| {
            if entry.file_name() == ".git" {
                return false;
            }
            if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
                return true;
            }
            let Some(folder) = relative(&top, entry.path()) else { return false };
            if skipped.contains(&folder) {
                return false;
            }
            if is_repository(&top, &folder) {
                nested_in.lock().unwrap_or_else(PoisonError::into_inner).insert(folder);
                return false;
            }
            if let Err(error) = refuse_special_ignore(&top, Some(&folder)) {
                *refused_in.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return false;
            }
            true
        })
        .build();
    let mut found = Untracked::default();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let folder = error_path(&error).and_then(|path| relative(root, &path));
                let gone = error.io_error().is_some_and(files::absent);
                if let Some(folder) = folder.filter(|_| !gone) {
                    found
                        .closed
                        .insert(folder, "it cannot be listed: check its permissions".into());
                }
                continue;
            }
        };
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir()) {
            found.folders.extend(relative(root, entry.path()));
        }
        if !kind.is_some_and(|kind| kind.is_file() || kind.is_symlink()) {
            continue;
        }
        // A name that no RelPath can hold is no file git could record either.
        let Some(path) = relative(root, entry.path()) else { continue };
        if !tracked.contains(&path) && !leftovers::is_unfinished(&path) {
            found.files.insert(path);
        }
        if found.files.len() > UNTRACKED_MAX {
            return Err(RepositoryError::Limit {
                what: "the number of untracked files (ignore build output in .gitignore)".into(),
                limit: UNTRACKED_MAX,
            });
        }
    }
    if let Some(error) = refused.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    found.nested = std::mem::take(&mut *nested.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(found)
}

fn relative(root: &Path, path: &Path) -> Option<RelPath> {
    RelPath::from_bytes(&os::to_bytes(path.strip_prefix(root).ok()?)).ok()
}

fn is_repository(root: &Path, folder: &RelPath) -> bool {
    os::join(root, folder).is_ok_and(|at| os::is_repository(&at))
}

fn refuse_special_ignore(root: &Path, folder: Option<&RelPath>) -> Result<(), RepositoryError> {
    let name = match folder {
        None => b".gitignore".to_vec(),
        Some(folder) => [folder.as_bytes(), b"/.gitignore"].concat(),
    };
    let Ok(name) = RelPath::from_bytes(&name) else { return Ok(()) };
    match files::look(root, &name) {
        Ok(Standing::Special(what)) => {
            Err(RepositoryError::NotPlain { path: name.to_string(), what })
        }
        _ => Ok(()),
    }
}

fn error_path(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            error_path(err)
        }
        _ => None,
    }
}

fn glob_set(patterns: &[String]) -> Result<GlobSet, RepositoryError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let fail = |reason: String| RepositoryError::Pattern { pattern: pattern.clone(), reason };
        let trimmed = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
        let anchored = match trimmed {
            "." | "" => "**".to_owned(),
            pattern if pattern.contains('/') => pattern.to_owned(),
            pattern => format!("**/{pattern}"),
        };
        for form in [anchored.clone(), format!("{anchored}/**")] {
            let glob = GlobBuilder::new(&form).literal_separator(true).build();
            set.add(glob.map_err(|error| fail(error.kind().to_string()))?);
        }
    }
    set.build().map_err(|error| RepositoryError::Pattern {
        pattern: patterns.join(" "),
        reason: error.kind().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_file_a_folder_or_a_glob() {
        let matched = |pattern: &str| -> Vec<&str> {
            let set = glob_set(&[pattern.to_owned()]).unwrap();
            let files = ["a.rs", "src/a.rs", "src/in/b.rs", "src/c.py", "srcs/a.rs"];
            files.into_iter().filter(|file| set.is_match(file)).collect()
        };
        assert_eq!(matched("a.rs"), ["a.rs", "src/a.rs", "srcs/a.rs"]);
        assert_eq!(matched("src"), ["src/a.rs", "src/in/b.rs", "src/c.py"]);
        assert_eq!(matched("./src/"), matched("src"));
        assert_eq!(matched("src/*.rs"), ["src/a.rs"]);
        assert_eq!(matched("src/**/*.rs"), ["src/a.rs", "src/in/b.rs"]);
        assert_eq!(matched(".").len(), 5);
        assert!(glob_set(&["src/[".to_owned()]).is_err());
    }
}
