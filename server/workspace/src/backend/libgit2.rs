//! Git through libgit2, in this process.
//!
//! libgit2 has no code to start a filter, a hook, a monitor or an external diff; `tests/hostile.rs` holds
//! it to that.
#![expect(clippy::disallowed_methods, reason = "this module is the door to the git library")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use git2::{
    AttrCheckFlags, AttrValue, ErrorCode, ObjectType, Oid, RepositoryOpenFlags, Sort, Tree,
};
use model::{FileMode, RelPath};

use super::{
    ATTRIBUTES, Attribute, Attributes, Blob, CommitRecord, Head, Indexed, Recorded, Sizes, Store,
    Touch, TreeChange, Walk, checked,
};
use crate::RepositoryError;
use crate::os::{self, Stamp};
use crate::repository::hook_index;

/// The bit of an index entry's extended flags that marks it as outside the sparse checkout.
const SKIP_WORKTREE: u16 = 1 << 14;
/// The bit for `git add --intent-to-add`.
const INTENT_TO_ADD: u16 = 1 << 13;

/// Where things lie, as the library found them.
pub(crate) struct Found {
    pub(crate) store: Library,
    pub(crate) root: Option<PathBuf>,
    pub(crate) git_dir: PathBuf,
    pub(crate) common_dir: PathBuf,
}

/// Why the library does not serve.
pub(crate) enum Refusal {
    NotFound,
    Ownership,
    /// The program may still be able to.
    CannotRead(String),
}

/// An opened repository. The library's handle is not for several threads at once, hence the lock.
pub(crate) struct Library {
    repository: Mutex<git2::Repository>,
    index_file: PathBuf,
    own_index: bool,
}

/// Opens the repository around `start`. `index_file` replaces the repository's own index, as git does
/// for hooks.
pub(crate) fn open(start: &Path, index_file: Option<PathBuf>) -> Result<Found, Refusal> {
    let none: [&Path; 0] = [];
    let repository = git2::Repository::open_ext(start, RepositoryOpenFlags::empty(), none)
        .map_err(|error| match error.code() {
            ErrorCode::NotFound => Refusal::NotFound,
            ErrorCode::Owner => Refusal::Ownership,
            _ => Refusal::CannotRead(error.message().to_owned()),
        })?;
    // A sparse or split index is a repository the library opens and cannot read.
    if !repository.is_bare() {
        repository.index().map_err(|error| Refusal::CannotRead(error.message().to_owned()))?;
    }
    let index_file = hook_index(index_file, repository.path());
    let own_index = index_file.is_none();
    let index_file = index_file.unwrap_or_else(|| repository.path().join("index"));
    Ok(Found {
        root: repository.workdir().map(Path::to_owned),
        git_dir: repository.path().to_owned(),
        common_dir: repository.commondir().to_owned(),
        store: Library { repository: Mutex::new(repository), index_file, own_index },
    })
}

fn failed(action: &'static str) -> impl Fn(git2::Error) -> RepositoryError {
    move |error| RepositoryError::Library { action, message: error.message().to_owned() }
}

fn parse(id: &str) -> Result<Oid, RepositoryError> {
    Oid::from_str(id).map_err(failed("read an object id"))
}

impl Library {
    /// The handle. A panic elsewhere leaves it usable: nothing here is written in steps.
    fn lock(&self) -> MutexGuard<'_, git2::Repository> {
        self.repository.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tree_of<'r>(
    repository: &'r git2::Repository,
    commit: &str,
) -> Result<Tree<'r>, RepositoryError> {
    repository
        .find_commit(parse(commit)?)
        .and_then(|commit| commit.tree())
        .map_err(failed("read a commit's tree"))
}

fn recorded(mode: i32, id: Oid) -> Option<Recorded> {
    let mode = FileMode::from_octal(u32::try_from(mode).ok()?)?;
    Some(Recorded { mode, id: id.to_string() })
}

/// How deep folders may lie in a tree: what is walked by recursion must not be nested by an enemy.
const TREE_DEPTH_MAX: usize = 512;

fn check_depth(prefix: &[u8]) -> Result<(), RepositoryError> {
    if prefix.iter().filter(|byte| **byte == b'/').count() > TREE_DEPTH_MAX {
        let what = "the depth of folders in a commit".to_owned();
        return Err(RepositoryError::Limit { what, limit: TREE_DEPTH_MAX });
    }
    Ok(())
}

fn collect(
    repository: &git2::Repository,
    tree: &Tree<'_>,
    prefix: &[u8],
    found: &mut Vec<(RelPath, Recorded)>,
) -> Result<(), RepositoryError> {
    check_depth(prefix)?;
    for entry in tree {
        let path = [prefix, entry.name_bytes()].concat();
        if entry.kind() == Some(ObjectType::Tree) {
            let below = repository.find_tree(entry.id()).map_err(failed("read a tree"))?;
            collect(repository, &below, &[&path[..], b"/"].concat(), found)?;
        } else if let Some(recorded) = recorded(entry.filemode(), entry.id()) {
            found.push((checked(&path)?, recorded));
        }
    }
    Ok(())
}

impl Store for Library {
    fn head(&self) -> Result<Head, RepositoryError> {
        let repository = self.lock();
        let head = repository.find_reference("HEAD").map_err(failed("read HEAD"))?;
        let branch = head.symbolic_target_bytes().map(|name| {
            let name = name.strip_prefix(b"refs/heads/").unwrap_or(name);
            String::from_utf8_lossy(name).into_owned()
        });
        let commit = match repository.head().and_then(|head| head.peel_to_commit()) {
            Ok(commit) => Some(commit.id().to_string()),
            Err(error) if error.code() == ErrorCode::UnbornBranch => None,
            Err(error) => return Err(failed("read the commit at HEAD")(error)),
        };
        Ok(Head { commit, branch })
    }

    fn resolve(&self, revision: &str) -> Result<Option<String>, RepositoryError> {
        let repository = self.lock();
        // Any failure means that the text names no commit; why is found out by the caller.
        let object = repository.revparse_single(revision).ok();
        Ok(object.and_then(|object| object.peel_to_commit().ok()).map(|c| c.id().to_string()))
    }

    fn merge_base(&self, left: &str, right: &str) -> Result<Option<String>, RepositoryError> {
        let repository = self.lock();
        match repository.merge_base(parse(left)?, parse(right)?) {
            Ok(base) => Ok(Some(base.to_string())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failed("find a merge base")(error)),
        }
    }

    fn commit(&self, id: &str) -> Result<CommitRecord, RepositoryError> {
        let repository = self.lock();
        let commit = repository.find_commit(parse(id)?).map_err(failed("read a commit"))?;
        Ok(CommitRecord {
            parents: commit.parent_ids().map(|id| id.to_string()).collect(),
            message: commit.message_bytes().to_vec(),
            author_address: commit.author().email_bytes().to_vec(),
        })
    }

    fn tree_id(&self, commit: &str) -> Result<String, RepositoryError> {
        let repository = self.lock();
        Ok(tree_of(&repository, commit)?.id().to_string())
    }

    fn tree(
        &self,
        commit: &str,
        folder: Option<&RelPath>,
    ) -> Result<Vec<(RelPath, Recorded)>, RepositoryError> {
        let repository = self.lock();
        let root = tree_of(&repository, commit)?;
        let mut found = Vec::new();
        let Some(folder) = folder else {
            collect(&repository, &root, b"", &mut found)?;
            return Ok(found);
        };
        let Some(below) = entry_at(&repository, root, folder)? else { return Ok(found) };
        if below.1 == ObjectType::Tree {
            let tree = repository.find_tree(below.2).map_err(failed("read a tree"))?;
            collect(&repository, &tree, &[folder.as_bytes(), b"/"].concat(), &mut found)?;
        }
        Ok(found)
    }

    fn entry(&self, commit: &str, path: &RelPath) -> Result<Option<Recorded>, RepositoryError> {
        let repository = self.lock();
        let root = tree_of(&repository, commit)?;
        let found = entry_at(&repository, root, path)?;
        Ok(found.and_then(|(mode, _, id)| recorded(mode, id)))
    }

    fn changes(
        &self,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<Vec<TreeChange>, RepositoryError> {
        let repository = self.lock();
        let before = before.map(|commit| tree_of(&repository, commit)).transpose()?;
        let after = after.map(|commit| tree_of(&repository, commit)).transpose()?;
        let mut found = Vec::new();
        compare(
            &repository,
            before.as_ref().map(Tree::id),
            after.as_ref().map(Tree::id),
            b"",
            &mut found,
        )?;
        Ok(found)
    }

    fn index(&self) -> Result<Vec<Indexed>, RepositoryError> {
        let mut index =
            if self.own_index { self.lock().index() } else { git2::Index::open(&self.index_file) }
                .map_err(failed("read the index"))?;
        // The handle caches the index; another program may have written it since.
        index.read(false).map_err(failed("read the index"))?;
        let mut found: Vec<Indexed> = Vec::with_capacity(index.len());
        for entry in index.iter() {
            let path = checked(&entry.path)?;
            let unmerged = (entry.flags >> 12) & 3 != 0;
            if let Some(last) = found.last_mut().filter(|last| last.path == path) {
                last.unmerged = true;
                continue;
            }
            let Some(mode) = FileMode::from_octal(entry.mode) else { continue };
            let seconds = |seconds: i32| i64::from(seconds.cast_unsigned());
            found.push(Indexed {
                path,
                recorded: Recorded { mode, id: entry.id.to_string() },
                unmerged,
                skipped: entry.flags_extended & SKIP_WORKTREE != 0,
                announced: entry.flags_extended & INTENT_TO_ADD != 0,
                stamp: Some(Stamp {
                    size: u64::from(entry.file_size),
                    modified: (seconds(entry.mtime.seconds()), entry.mtime.nanoseconds()),
                    changed: (seconds(entry.ctime.seconds()), entry.ctime.nanoseconds()),
                    inode: u64::from(entry.ino),
                }),
            });
        }
        Ok(found)
    }

    fn index_written(&self) -> Option<(i64, u32)> {
        let file = os::open_plain(&self.index_file).ok()?;
        Some(Stamp::of(&file.metadata().ok()?).modified)
    }

    fn sizes(&self, ids: &BTreeSet<String>) -> Result<Sizes, RepositoryError> {
        let repository = self.lock();
        let odb = repository.odb().map_err(failed("open the object store"))?;
        let mut sizes = Sizes::new();
        for id in ids {
            if let Ok((size, _)) = odb.read_header(parse(id)?) {
                sizes.insert(id.clone(), size as u64);
            }
        }
        Ok(sizes)
    }

    fn blob(&self, id: &str, max_bytes: u64) -> Result<Blob, RepositoryError> {
        let repository = self.lock();
        let odb = repository.odb().map_err(failed("open the object store"))?;
        let id = parse(id)?;
        match odb.read_header(id) {
            Ok((size, _)) if size as u64 > max_bytes => Ok(Blob::Huge(size as u64)),
            Ok(_) => {
                let object = odb.read(id).map_err(failed("read an object"))?;
                Ok(Blob::Bytes(object.data().to_vec()))
            }
            Err(error) if error.code() == ErrorCode::NotFound => Ok(Blob::Missing),
            Err(error) => Err(failed("read an object")(error)),
        }
    }

    fn attributes(&self, paths: &[RelPath]) -> Result<Vec<Attributes>, RepositoryError> {
        let repository = self.lock();
        let one = |path: &RelPath, name: &str| -> Result<Attribute, RepositoryError> {
            let path = os::from_bytes(path.as_bytes()).unwrap_or_default();
            let value = repository
                .get_attr_bytes(&path, name, AttrCheckFlags::FILE_THEN_INDEX)
                .map_err(failed("read attributes"))?;
            Ok(match AttrValue::from_bytes(value) {
                AttrValue::True => Attribute::Set,
                AttrValue::False => Attribute::Unset,
                AttrValue::Unspecified => Attribute::Unspecified,
                AttrValue::String(text) => Attribute::Value(text.as_bytes().to_vec()),
                AttrValue::Bytes(bytes) => Attribute::Value(bytes.to_vec()),
            })
        };
        paths
            .iter()
            .map(|path| {
                let values: Result<Vec<_>, _> =
                    ATTRIBUTES.iter().map(|name| one(path, name)).collect();
                Ok(Attributes::from_values(values?))
            })
            .collect()
    }

    fn config(&self, key: &str) -> Option<String> {
        let config = self.lock().config().and_then(|mut config| config.snapshot()).ok()?;
        config.get_string(key).ok()
    }

    fn names(&self) -> Result<Vec<String>, RepositoryError> {
        let repository = self.lock();
        let references = repository.references().map_err(failed("list the branches"))?;
        Ok(references
            .flatten()
            .map(|reference| String::from_utf8_lossy(reference.shorthand_bytes()).into_owned())
            .collect())
    }

    fn walk(
        &self,
        start: &str,
        paths: &[RelPath],
        commits_max: usize,
        boundary: &BTreeSet<String>,
    ) -> Result<Walk, RepositoryError> {
        let repository = self.lock();
        let fail = failed("walk the history");
        let wanted = Wanted::of(paths);
        let mut walk = repository.revwalk().map_err(&fail)?;
        walk.set_sorting(Sort::TIME).map_err(&fail)?;
        walk.push(parse(start)?).map_err(&fail)?;
        let start_seconds = repository.find_commit(parse(start)?).map_err(&fail)?.time().seconds();
        let mut found = Walk { touches: Vec::new(), start_seconds, truncated: false };
        for (walked, id) in walk.enumerate() {
            if walked == commits_max {
                found.truncated = true;
                break;
            }
            let commit = repository.find_commit(id.map_err(&fail)?).map_err(&fail)?;
            if boundary.contains(&commit.id().to_string()) {
                // Its parents are not here, so what it changed is not known.
                found.truncated = true;
                continue;
            }
            if commit.parent_count() > 1 {
                continue;
            }
            let before = match commit.parent_ids().next() {
                Some(parent) => Some(repository.find_commit(parent).map_err(&fail)?.tree_id()),
                None => None,
            };
            let mut touched = Vec::new();
            wanted.touched(&repository, before, Some(commit.tree_id()), &mut touched)?;
            if !touched.is_empty() {
                touched.sort_unstable();
                let author = commit.author();
                found.touches.push(Touch {
                    paths: touched,
                    author: [author.name_bytes(), b"\0", author.email_bytes()].concat(),
                    seconds: commit.time().seconds(),
                    message: commit.message_bytes().to_vec(),
                });
            }
        }
        Ok(found)
    }

    fn write_note(&self, reference: &str, commit: &str, text: &str) -> Result<(), RepositoryError> {
        let repository = self.lock();
        let fail = failed("write a note");
        // A note says nothing by who wrote it: what is in it is signed.
        let unnamed = || git2::Signature::now("countersign", "countersign@localhost");
        let person = repository.signature().or_else(|_| unnamed()).map_err(&fail)?;
        let id = parse(commit)?;
        repository.note(&person, &person, Some(reference), id, text, true).map_err(&fail)?;
        Ok(())
    }

    fn nested_head(&self, folder: &Path) -> Option<String> {
        let none: [&Path; 0] = [];
        let repository =
            git2::Repository::open_ext(folder, RepositoryOpenFlags::NO_SEARCH, none).ok()?;
        let head = repository.head().ok()?.peel_to_commit().ok()?;
        Some(head.id().to_string())
    }
}

/// Mode, kind and id of what lies at `path` below `tree`.
fn entry_at(
    repository: &git2::Repository,
    tree: Tree<'_>,
    path: &RelPath,
) -> Result<Option<(i32, ObjectType, Oid)>, RepositoryError> {
    let mut id = tree.id();
    let mut parts = path.as_bytes().split(|byte| *byte == b'/').peekable();
    while let Some(part) = parts.next() {
        let tree = repository.find_tree(id).map_err(failed("read a tree"))?;
        let Some(entry) = tree.iter().find(|entry| entry.name_bytes() == part) else {
            return Ok(None);
        };
        let kind = entry.kind().unwrap_or(ObjectType::Any);
        if parts.peek().is_none() {
            return Ok(Some((entry.filemode(), kind, entry.id())));
        }
        if kind != ObjectType::Tree {
            return Ok(None);
        }
        id = entry.id();
    }
    Ok(None)
}

/// The entries of a tree by name: mode and id.
type Entries = BTreeMap<Vec<u8>, (i32, Oid)>;

fn entries(repository: &git2::Repository, tree: Option<Oid>) -> Result<Entries, RepositoryError> {
    let Some(id) = tree else { return Ok(Entries::new()) };
    let tree = repository.find_tree(id).map_err(failed("read a tree"))?;
    Ok(tree.iter().map(|e| (e.name_bytes().to_vec(), (e.filemode_raw(), e.id()))).collect())
}

/// The file mode of a folder in a tree.
const FOLDER: i32 = 0o040_000;

/// Compares two trees by hand: libgit2's own diff normalises and sorts for display, and this one skips
/// equal folders just the same.
fn compare(
    repository: &git2::Repository,
    before: Option<Oid>,
    after: Option<Oid>,
    prefix: &[u8],
    found: &mut Vec<TreeChange>,
) -> Result<(), RepositoryError> {
    if before == after {
        return Ok(());
    }
    check_depth(prefix)?;
    let before = entries(repository, before)?;
    let after = entries(repository, after)?;
    let names: BTreeSet<&Vec<u8>> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            continue;
        }
        let path = [prefix, name].concat();
        let folder = |entry: Option<&(i32, Oid)>| {
            entry.filter(|(mode, _)| *mode == FOLDER).map(|(_, id)| *id)
        };
        let file = |entry: Option<&(i32, Oid)>| entry.and_then(|(mode, id)| recorded(*mode, *id));
        if folder(old).is_some() || folder(new).is_some() {
            let below = [&path[..], b"/"].concat();
            compare(repository, folder(old), folder(new), &below, found)?;
        }
        let (old, new) = (file(old), file(new));
        if old != new {
            found.push(TreeChange { path: checked(&path)?, before: old, after: new });
        }
    }
    Ok(())
}

/// The asked paths as a tree of names, so that a commit is compared only where it matters.
#[derive(Default)]
struct Wanted {
    here: Option<usize>,
    below: BTreeMap<Vec<u8>, Wanted>,
}

impl Wanted {
    fn of(paths: &[RelPath]) -> Self {
        let mut root = Self::default();
        for (number, path) in paths.iter().enumerate() {
            let mut at = &mut root;
            for part in path.as_bytes().split(|byte| *byte == b'/') {
                at = at.below.entry(part.to_vec()).or_default();
            }
            at.here = Some(number);
        }
        root
    }

    fn touched(
        &self,
        repository: &git2::Repository,
        before: Option<Oid>,
        after: Option<Oid>,
        found: &mut Vec<usize>,
    ) -> Result<(), RepositoryError> {
        if before == after {
            return Ok(());
        }
        let open = |id: Option<Oid>| {
            id.map(|id| repository.find_tree(id)).transpose().map_err(failed("read a tree"))
        };
        let (before, after) = (open(before)?, open(after)?);
        for (name, below) in &self.below {
            let side = |tree: &Option<Tree<'_>>| {
                let entry = tree.as_ref()?.get_name_bytes(name)?.to_owned();
                Some((entry.filemode_raw(), entry.id()))
            };
            let (old, new) = (side(&before), side(&after));
            if old == new {
                continue;
            }
            if let Some(number) = below.here {
                found.push(number);
            }
            if !below.below.is_empty() {
                let folder = |entry: Option<(i32, Oid)>| {
                    entry.filter(|(mode, _)| *mode == FOLDER).map(|(_, id)| id)
                };
                below.touched(repository, folder(old), folder(new), found)?;
            }
        }
        Ok(())
    }
}
