//! One repository with its ledger: what the faces hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::Ledger;
use model::{
    Actor, ChangeSet, ChangeSetId, ChangeSetState, Digest, Event, FileSide, PolicyAction,
    PolicyProof, RelPath, Review, Verdict,
};
use workspace::Repository;

use crate::Error;
use crate::assess::judge;
use crate::board::{Board, BoardChange, Texts};
use crate::clock::Clock;
use crate::rules::{Rules, RulesFrom};

/// The folder below git's common folder that holds everything Countersign keeps for a repository.
const FOLDER: &str = "countersign";

/// A repository, its ledger and who acts. One per process and working tree; `Send`, not shared.
#[derive(Debug)]
pub struct Engine {
    pub(crate) repository: Repository,
    root: PathBuf,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Clock,
    pub(crate) actor: Actor,
    pub(crate) rules_from: RulesFrom,
    /// What a ChangeSet is never changes, so it is read from the ledger once.
    known: BTreeMap<ChangeSetId, Arc<BoardChange>>,
}

/// An actor without a name acts under the one that git knows.
fn named(actor: Actor, repository: &Repository) -> Actor {
    if !actor.name.is_empty() {
        return actor;
    }
    let name = repository.person().unwrap_or_else(|| "someone".to_owned());
    Actor { name, ..actor }
}

/// Where the ledger of the repository around `start` lies, whether it is there or not.
///
/// # Errors
/// No repository.
pub fn ledger_folder(start: &Path) -> Result<PathBuf, Error> {
    Ok(Repository::discover(start)?.common_dir().join(FOLDER))
}

/// The top of the working tree around `start`.
///
/// # Errors
/// No repository, or a bare one.
pub fn repository_root(start: &Path) -> Result<PathBuf, Error> {
    let repository = Repository::discover(start)?;
    Ok(repository.root().ok_or(workspace::RepositoryError::Bare)?.to_owned())
}

impl Engine {
    /// Opens the repository around `start` and its ledger, which is created when missing. An `actor`
    /// without a name gets the one that git knows.
    ///
    /// # Errors
    /// No repository, a bare one, or a ledger that does not open; nothing was changed.
    pub fn open(
        start: &Path,
        clock: Clock,
        actor: Actor,
        rules_from: RulesFrom,
    ) -> Result<Self, Error> {
        let repository = Repository::discover(start)?;
        let root = repository.root().ok_or(workspace::RepositoryError::Bare)?.to_owned();
        let ledger = Ledger::open(&repository.common_dir().join(FOLDER))?;
        let known = BTreeMap::new();
        let actor = named(actor, &repository);
        Ok(Self { repository, root, ledger, clock, actor, rules_from, known })
    }

    /// Opens as [`Engine::open`] does, or answers `None` when the repository has no ledger yet.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_existing(
        start: &Path,
        clock: Clock,
        actor: Actor,
        rules_from: RulesFrom,
    ) -> Result<Option<Self>, Error> {
        let repository = Repository::discover(start)?;
        let root = repository.root().ok_or(workspace::RepositoryError::Bare)?.to_owned();
        let folder = repository.common_dir().join(FOLDER);
        let Some(readable) = Ledger::open_existing(&folder)? else { return Ok(None) };
        // Where nothing can be written, e.g. on a read-only medium, it can still be read.
        let ledger = Ledger::open(&folder).unwrap_or(readable);
        let known = BTreeMap::new();
        let actor = named(actor, &repository);
        Ok(Some(Self { repository, root, ledger, clock, actor, rules_from, known }))
    }

    /// The root of the working tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The name of the working tree: empty for the main one, else what git calls the linked one.
    pub(crate) fn worktree(&self) -> String {
        self.repository.worktree_name()
    }

    /// A path as the command line names it, relative to the root.
    ///
    /// # Errors
    /// It lies outside the repository or inside git's own folder.
    pub fn rel_path(&self, path: &Path) -> Result<RelPath, Error> {
        Ok(self.repository.rel_path(path)?)
    }

    /// The digest of the saved file; `None` when there is none.
    ///
    /// # Errors
    /// It is no file, lies behind a link, is too large, or cannot be read.
    /// # Cost
    /// The file is read.
    pub fn saved_digest(&self, path: &RelPath) -> Result<Option<Digest>, Error> {
        let saved = self.repository.saved(path)?;
        Ok(saved.map(|saved| Digest::of(&saved.bytes)))
    }

    /// The ledger, for reading.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A number that changes when another process appends. Cost: one pragma.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn data_version(&self) -> Result<i64, Error> {
        Ok(self.ledger.data_version()?)
    }

    /// The ChangeSet that `prefix`, at least four digits, names.
    ///
    /// # Errors
    /// None has it, or several.
    pub fn find(&self, prefix: &str) -> Result<ChangeSetId, Error> {
        Ok(self.ledger.find(prefix)?)
    }

    /// Every ChangeSet with what became of it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    /// # Cost
    /// A row for each ChangeSet; what moved since the last call is read again, texts only once.
    pub fn board(&mut self) -> Result<Board, Error> {
        let seq = self.ledger.last_seq()?;
        let states = self.ledger.states()?;
        let changes: Vec<_> =
            states.into_iter().map(|state| self.on_board(state)).collect::<Result<_, _>>()?;
        let parked = self.all_parked(&changes)?;
        let paused = self.is_paused()?;
        Ok(Board { seq, changes, paused, parked })
    }

    /// Those of which something waits and that belong to another branch.
    fn all_parked(&self, changes: &[Arc<BoardChange>]) -> Result<BTreeSet<ChangeSetId>, Error> {
        let mut parked = BTreeSet::new();
        let mut heads = BTreeMap::new();
        for change in changes.iter().filter(|change| !change.state.acceptable().is_empty()) {
            let base = (&change.changeset.base.branch, &change.changeset.base.commit);
            let known = heads.get(&base).copied();
            let is =
                known.map_or_else(|| self.parked(change).map(|branch| branch.is_some()), Ok)?;
            heads.insert(base, is);
            if is {
                parked.insert(change.changeset.id);
            }
        }
        Ok(parked)
    }

    /// Something that is another one once HEAD points elsewhere. Cost: asks for two files, reads none.
    pub fn head_mark(&self) -> workspace::HeadMark {
        self.repository.head_mark()
    }

    /// One ChangeSet with what became of it.
    ///
    /// # Errors
    /// It is not in the ledger, or the ledger cannot be read.
    pub fn change(&mut self, id: ChangeSetId) -> Result<Arc<BoardChange>, Error> {
        let state =
            self.ledger.state(id)?.ok_or_else(|| ledger::FindError::None(id.to_string()))?;
        self.on_board(state)
    }

    fn on_board(&mut self, state: ChangeSetState) -> Result<Arc<BoardChange>, Error> {
        let id = state.id;
        let known = self.known.get(&id);
        if let Some(known) = known.filter(|known| known.state.updated_seq == state.updated_seq) {
            return Ok(Arc::clone(known));
        }
        let (changeset, texts) = match known {
            Some(known) => (known.changeset.clone(), known.texts.clone()),
            None => {
                let missing = || ledger::FindError::None(id.to_string());
                let changeset = self.ledger.changeset(id)?.ok_or_else(missing)?;
                let texts = self.texts(&changeset);
                (changeset, texts)
            }
        };
        let (review, verdict) = self.ledger.judgement(id)?.unzip();
        let change = Arc::new(BoardChange { changeset, state, review, verdict, texts });
        self.known.insert(id, Arc::clone(&change));
        Ok(change)
    }

    /// Both sides of each file. A blob that is missing or damaged leaves its side empty: the acceptance
    /// that needs it says so, and `ledger verify` names it.
    fn texts(&self, changeset: &ChangeSet) -> BTreeMap<RelPath, Texts> {
        let side = |side: &Option<FileSide>| {
            side.as_ref().and_then(|side| self.ledger.blob(&side.blob).ok()).map(Arc::from)
        };
        let texts = |file: &model::FileChange| (side(&file.before), side(&file.after));
        changeset.files.iter().map(|file| (file.path.clone(), texts(file))).collect()
    }

    /// Appends an event as the actor of this engine.
    pub(crate) fn append(&mut self, event: &Event) -> Result<u64, Error> {
        Ok(self.ledger.append(self.clock.now(), &self.actor, event)?)
    }

    /// The rules in force: those of the last commit, the person's own, and the built-in ones.
    pub(crate) fn rules(&self) -> Result<Rules, Error> {
        let head = self.repository.head()?.commit;
        Rules::load(&self.repository, &self.rules_from, head.as_deref())
    }

    /// What today's rules say of accepting just these hunks: a proof speaks for one tree. Not recorded.
    pub(crate) fn verdict_for(
        &mut self,
        change: &BoardChange,
        hunks: &[u32],
    ) -> Result<Option<Verdict>, Error> {
        let Some(review) = change.review.clone() else { return Ok(None) };
        let proof = self.proof_of(change, hunks)?;
        self.verdict_with(change, &review, proof).map(Some)
    }

    /// What today's rules say of a change whose proof speaks for something else; `None` without a proof.
    pub(crate) fn verdict_unproved(&self, change: &BoardChange) -> Result<Option<Verdict>, Error> {
        let (Some(review), Some(proof)) = (&change.review, &change.state.proof) else {
            return Ok(None);
        };
        let proof = PolicyProof { current: false, summary: proof.summary.clone() };
        self.verdict_with(change, review, Some(proof)).map(Some)
    }

    fn verdict_with(
        &self,
        change: &BoardChange,
        review: &Review,
        proof: Option<PolicyProof>,
    ) -> Result<Verdict, Error> {
        let rules = self.rules()?;
        let action = PolicyAction::Propose;
        Ok(judge(&change.changeset, review, proof, &rules, action, &self.actor))
    }

    /// The verdict in force: what today's rules say of what the review found. A verdict that differs from the
    /// recorded one is recorded.
    ///
    /// # Errors
    /// Rules that do not load: then nothing may be accepted.
    pub fn current_verdict(&mut self, id: ChangeSetId) -> Result<Option<Verdict>, Error> {
        let change = self.change(id)?;
        let Some(review) = change.review.clone() else { return Ok(None) };
        let proof = self.proof_of(&change, &change.state.acceptable())?;
        let verdict = self.verdict_with(&change, &review, proof)?;
        let same = |before: &Verdict| {
            (before.decision, &before.reasons, before.policy_digest)
                == (verdict.decision, &verdict.reasons, verdict.policy_digest)
        };
        if !change.verdict.as_ref().is_some_and(same) {
            let verdict = verdict.clone();
            self.append(&Event::ChangeSetJudged { changeset: id, review, verdict })?;
        }
        Ok(Some(verdict))
    }
}
