//! `check`: the review of any diff, without a ledger and without writing anything.

use std::path::{Path, PathBuf};

use model::{
    Actor, ActorKind, Base, ChangeSet, Decision, Origin, PolicyAction, PolicyInput, Review,
    Surface, Verdict,
};
use workspace::{Backend, Delta, HistoryLimits, Repository, Scope, SideContent};

use crate::Error;
use crate::assess::{assess, policy_input};
use crate::examine::{ChangedFile, Side, examine_all};
use crate::project::ProjectAt;
use crate::rules::{Rules, RulesFrom};

/// Which difference to check.
#[derive(Debug, Clone)]
pub enum Target {
    /// `A..B`, `A...B`, or one revision against the saved files.
    Range(String),
    /// What is staged, against the last commit.
    Staged,
    /// The saved files, against the last commit.
    Worktree,
    /// A patch, against the saved files.
    Patch {
        /// Its name for messages.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// What came of a check.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The root of the repository.
    pub root: PathBuf,
    /// What was checked, in words.
    pub target: String,
    /// The change.
    pub changeset: ChangeSet,
    /// What the review found.
    pub review: Review,
    /// What policies got to see, to try rules on.
    pub input: PolicyInput,
    /// What policy says.
    pub verdict: Verdict,
    /// What a person should know beside it.
    pub notices: Vec<String>,
}

/// The rule that denies what could not be examined.
const UNEXAMINED_RULE: &str = "content.unexamined";

/// How a check ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Exit 0.
    Allowed,
    /// Exit 1.
    Denied,
    /// Exit 2: something could not be examined, and nothing else denies it already.
    NotChecked,
    /// Exit 3.
    NeedsPerson,
}

impl CheckReport {
    /// How it ends: a denial stands whatever else could not be examined; short of that, what could not be
    /// examined means that nobody can say.
    pub fn outcome(&self) -> CheckOutcome {
        let unexamined = !self.review.unexamined.is_empty();
        let mut denials = self.verdict.reasons.iter().filter(|r| r.decision == Decision::Deny);
        let denied_otherwise = denials.any(|reason| reason.rule != UNEXAMINED_RULE);
        match self.verdict.decision {
            Decision::Deny if unexamined && !denied_otherwise => CheckOutcome::NotChecked,
            Decision::Deny => CheckOutcome::Denied,
            _ if unexamined => CheckOutcome::NotChecked,
            Decision::Review => CheckOutcome::NeedsPerson,
            Decision::Allow => CheckOutcome::Allowed,
        }
    }
}

/// Reviews and judges a difference of the repository around `start`.
///
/// # Errors
/// Whatever stops the difference from being read at all: no repository, an unknown revision, broken rules.
/// A single file that cannot be read is not an error but part of the report.
/// # Cost
/// A tree diff, and for each changed text file a line diff and two parses.
pub fn check(start: &Path, target: &Target, from: &RulesFrom) -> Result<CheckReport, Error> {
    let repository = Repository::discover(start)?;
    let mut notices = Vec::new();
    if let Backend::Program { reason } = repository.backend() {
        notices.push(format!("read through the git program, which is slower: {reason}"));
    }
    let prepared = prepare(&repository, target)?;
    let rules = Rules::load(&repository, from, prepared.base.commit.as_deref())?;
    notices.extend(rules.notices().iter().cloned());
    let limit = rules.config().review.huge_file_bytes;
    let project = ProjectAt::new(&repository, prepared.base.commit.as_deref());
    let examined = match prepared.files {
        Files::Deltas(deltas) => {
            let files = deltas.into_iter().map(|delta| read(&repository, delta, limit));
            examine_all(files, &rules, &project)
        }
        Files::Read(files) => examine_all(files, &rules, &project),
    };
    let changeset = ChangeSet::new(
        prepared.base,
        prepared.origin,
        prepared.title.clone(),
        String::new(),
        examined.files.iter().map(|file| file.change.clone()).collect(),
    );
    let commit = changeset.base.commit.as_deref();
    let history =
        repository.history(&changeset.paths_before(), commit, HistoryLimits::default())?;
    let review = assess(examined, history);
    // Nobody in particular asks, so that the same difference has the same verdict and digests everywhere.
    let actor =
        Actor { kind: ActorKind::Program, name: "check".to_owned(), surface: Surface::Headless };
    let input = policy_input(&changeset, &review, None, &rules, PolicyAction::Check, &actor);
    let verdict = rules.judge(&input);
    let root = repository.root().unwrap_or(repository.git_dir()).to_owned();
    Ok(CheckReport { root, target: prepared.title, changeset, review, input, verdict, notices })
}

/// Reads both sides of a delta.
pub(crate) fn read(repository: &Repository, delta: Delta, huge_bytes: u64) -> ChangedFile {
    let side = |side: Option<workspace::SideRef>| {
        side.map(|side| Side { mode: side.mode, content: repository.read(&side, huge_bytes) })
    };
    ChangedFile {
        change: delta.change,
        before: side(delta.before),
        after: side(delta.after),
        path: delta.path,
        old_path: delta.old_path,
        together: Vec::new(),
    }
}

struct Prepared {
    title: String,
    origin: Origin,
    base: Base,
    files: Files,
}

enum Files {
    Deltas(Vec<Delta>),
    Read(Vec<ChangedFile>),
}

fn prepare(repository: &Repository, target: &Target) -> Result<Prepared, Error> {
    let origin = |worker: &str, name: &str| Origin { worker: worker.into(), name: name.into() };
    let head = repository.head()?;
    let base = Base { commit: head.commit, branch: head.branch, dirty: false };
    Ok(match target {
        Target::Range(range) => {
            // `COMMIT^!` is git's way to say "what this commit did".
            let scope = match range.strip_suffix("^!") {
                Some(commit) => repository.commit_scope(commit)?,
                None => repository.resolve_range(range)?,
            };
            let commit = match &scope {
                Scope::Range { base, .. } | Scope::Since { base } => {
                    Some(base.clone()).filter(|commit| !commit.is_empty())
                }
                Scope::Staged | Scope::Worktree => base.commit.clone(),
            };
            Prepared {
                title: range.clone(),
                origin: origin("range", range),
                base: Base { commit, ..base },
                files: Files::Deltas(repository.deltas(&scope)?),
            }
        }
        Target::Staged => Prepared {
            title: "staged changes".to_owned(),
            origin: origin("staged", "index"),
            base,
            files: Files::Deltas(repository.deltas(&Scope::Staged)?),
        },
        Target::Worktree => Prepared {
            title: "changes in the working tree".to_owned(),
            origin: origin("worktree", "saved files"),
            base,
            files: Files::Deltas(repository.deltas(&Scope::Worktree)?),
        },
        Target::Patch { name, bytes } => Prepared {
            title: format!("patch {name}"),
            origin: origin("patch", name),
            base,
            files: Files::Read(patched(repository, bytes)?.1),
        },
    })
}

/// The title and the rationale that a patch carries.
pub(crate) type Narration = (Option<String>, String);

/// Applies a patch to the saved files in memory and captures the difference.
pub(crate) fn patched(
    repository: &Repository,
    bytes: &[u8],
) -> Result<(Narration, Vec<ChangedFile>), Error> {
    let patch = workspace::parse_patch(bytes)?;
    let proposed = repository.apply_patch(&patch.files)?;
    let captured = repository.capture(proposed)?;
    Ok(((patch.title, patch.rationale), captured.into_iter().map(captured_file).collect()))
}

/// A captured file as the examination takes it.
pub(crate) fn captured_file(file: workspace::CapturedFile) -> ChangedFile {
    let side = |side: Option<(model::FileMode, std::sync::Arc<[u8]>)>| {
        side.map(|(mode, bytes)| Side { mode, content: SideContent::Bytes(bytes.to_vec()) })
    };
    ChangedFile {
        path: file.path,
        old_path: file.old_path,
        change: file.change,
        before: side(file.before),
        after: side(file.after),
        together: Vec::new(),
    }
}
