//! Which commands a repository would have run, gates and workers: from which of its files, and what names all of
//! them together.

use std::path::{Path, PathBuf};

use model::{
    Config, Digest, FileMode, GateDefinition, RelPath, Workers, canonical_json, workers_digest,
};
use workspace::Repository;

use crate::Error;
use crate::rules::{CONFIG_FILE, Rules, RulesFrom};

/// The gates of a repository, and the workers that it states.
#[derive(Debug, Clone)]
pub struct GateSet {
    /// The folder that all working trees of the repository share: which repository it is, on this machine.
    pub repository: PathBuf,
    /// The commit they are read from; `None` before the first.
    pub commit: Option<String>,
    /// The gates in force, ordered by folder, kind and id.
    pub gates: Vec<GateDefinition>,
    /// Names them all, with where each was declared: what a person trusts.
    pub digest: Digest,
    /// The workers that the repository states, from the same place.
    pub workers: Workers,
    /// Names those together, apart from the gates; `None` where there are none.
    pub workers_digest: Option<Digest>,
    /// What a person should know about where they come from.
    pub notices: Vec<String>,
}

/// The gates in force in the repository around `start`: those that its last commit, or the revision that `from`
/// names, implies or states. Nothing is run.
///
/// # Errors
/// No repository, an unknown revision, a configuration that does not load.
/// # Cost
/// One walk of the commit's tree; its manifests are read.
pub fn gates(start: &Path, from: &RulesFrom) -> Result<GateSet, Error> {
    gates_of(&Repository::discover(start)?, from, None)
}

/// As [`gates`], of an open repository; those at `base`, if that is given and no revision is named.
pub(crate) fn gates_of(
    repository: &Repository,
    from: &RulesFrom,
    base: Option<&str>,
) -> Result<GateSet, Error> {
    let head = repository.head()?.commit;
    let commit = from.revision.clone().or(base.map(str::to_owned)).or(head);
    let rules = Rules::load(repository, from, commit.as_deref())?;
    let mut notices = rules.notices().to_vec();
    let detected = match &commit {
        Some(commit) => {
            let read = |path: &RelPath| repository.file_at(commit, path).ok().flatten();
            gate::detect(&repository.paths_at(commit)?, &read)
        }
        None => {
            notices.push("gates are read from commits, and there is none yet".to_owned());
            Vec::new()
        }
    };
    let gates = gate::gates(rules.config(), detected);
    let digest = Digest::of(&canonical_json(&gates));
    let repository = repository.common_dir().to_owned();
    let workers = rules.config().workers.clone();
    let workers_digest = workers_digest(&workers);
    Ok(GateSet { repository, commit, gates, digest, workers, workers_digest, notices })
}

/// Writes a `countersign.toml` that states every default and every detected gate, commented out, to the root of
/// the working tree; answers its path and the gates that the saved files imply.
///
/// # Errors
/// The file is there and `overwrite` is not set; no working tree; what keeps it from being written.
pub fn init(start: &Path, overwrite: bool) -> Result<(PathBuf, Vec<GateDefinition>), Error> {
    let repository = Repository::discover(start)?;
    let root = repository.root().ok_or(workspace::RepositoryError::Bare)?.to_owned();
    let path = repository.rel_path(&root.join(CONFIG_FILE))?;
    let there = repository.saved(&path)?;
    if there.is_some() && !overwrite {
        return Err(Error::AlreadyThere(path));
    }
    let read = |path: &RelPath| repository.saved(path).ok().flatten().map(|saved| saved.bytes);
    let detected = gate::detect(&repository.list_files(&[])?, &read);
    let expected = there.map(|saved| (saved.mode, Digest::of(&saved.bytes)));
    let mode = expected.map_or(FileMode::File, |(mode, _)| mode);
    let text = Config::template(&detected);
    repository.write_file(&path, expected, Some((mode, text.as_bytes())))?;
    Ok((root.join(CONFIG_FILE), detected))
}
