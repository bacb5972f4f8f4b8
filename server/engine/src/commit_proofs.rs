//! Whether each commit of a range has a proof that holds: a note on it, signed by a trusted key, that speaks for exactly
//! its tree on exactly its parent's, and that policy has nothing against.

use std::path::Path;

use attest::PublicKey;
use model::{
    Decision, Digest, GateDefinition, PolicyProof, Proof, RelPath, Severity, Verdict, VerdictReason,
};
use workspace::{RangeCommit, Repository, Scope, Start};

use crate::Error;
use crate::check::{CheckReport, Target, check};
use crate::gates::gates_of;
use crate::rules::{Rules, RulesFrom};

/// The rule in whose name a commit without a proof is denied.
const RULE: &str = "proof.required";

/// The folder of the public keys that a repository trusts, at the revision the person named.
const KEYS: &str = ".countersign/keys";

/// A commit of a range, and whether it is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitProof {
    /// Which.
    pub commit: RangeCommit,
    /// Whether.
    pub standing: ProofStanding,
}

/// Whether a commit is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofStanding {
    /// By a proof of this digest; a person must look for these reasons.
    Proved(Digest, Vec<VerdictReason>),
    /// It needs no proof, for this reason.
    Exempt(String),
    /// It has none.
    Missing,
    /// It has one that does not hold, for this reason.
    Invalid(String),
}

/// Looks for a proof of each commit that `target` adds, oldest last, and lets `report` say what is missing: without one
/// it is denied. `keys` are believed, and so are those in `.countersign/keys/` of the revision that `from` names.
///
/// # Errors
/// The target is no range of commits, or git cannot be read.
/// # Cost
/// A review of each commit.
pub fn require_proofs(
    start: &Path,
    target: &Target,
    from: &RulesFrom,
    keys: &[PublicKey],
    report: &mut CheckReport,
) -> Result<Vec<CommitProof>, Error> {
    let repository = Repository::discover(start)?;
    let Target::Range(range) = target else { return Err(Error::NoCommits) };
    let scope = match range.strip_suffix("^!") {
        Some(commit) => repository.commit_scope(commit)?,
        None => repository.resolve_range(range)?,
    };
    let Scope::Range { base, head } = scope else { return Err(Error::NoCommits) };
    let rules = Rules::load(
        &repository,
        from,
        Some(&base).filter(|base| !base.is_empty()).map(String::as_str),
    )?;
    let mut trusted = keys.to_vec();
    trusted.extend(kept_keys(&repository, from)?);
    let asked = Asked { start, repository: &repository, from, rules: &rules, trusted: &trusted };
    let mut proofs = Vec::new();
    for commit in repository.commits_between(&base, &head)? {
        let standing = asked.standing(&commit)?;
        proofs.push(CommitProof { commit, standing });
    }
    deny(&mut report.verdict, &proofs);
    Ok(proofs)
}

/// The keys that the named revision holds. One that cannot be read is an error, not one less.
fn kept_keys(repository: &Repository, from: &RulesFrom) -> Result<Vec<PublicKey>, Error> {
    let (Some(revision), Ok(folder)) = (&from.revision, KEYS.parse::<RelPath>()) else {
        return Ok(Vec::new());
    };
    let key = |(path, bytes): (RelPath, Vec<u8>)| {
        let text = String::from_utf8_lossy(&bytes);
        text.trim()
            .parse()
            .map_err(|error: attest::PublicKeyError| Error::Key { path, reason: error.to_string() })
    };
    repository.files_under(revision, &folder)?.into_iter().map(key).collect()
}

struct Asked<'a> {
    start: &'a Path,
    repository: &'a Repository,
    from: &'a RulesFrom,
    rules: &'a Rules,
    trusted: &'a [PublicKey],
}

impl Asked<'_> {
    fn standing(&self, commit: &RangeCommit) -> Result<ProofStanding, Error> {
        if self.rules.exempts_author(&commit.author_address) {
            return Ok(ProofStanding::Exempt(format!("{} is exempt", commit.author_address)));
        }
        let Some(parent) = &commit.parent else {
            return Ok(ProofStanding::Exempt("there is nothing before it".to_owned()));
        };
        let note = self.repository.note(&commit.id)?;
        let review = || check(self.start, &Target::Range(format!("{}^!", commit.id)), self.from);
        let Some(note) = note else {
            let paths = review()?;
            let exempt = paths.changeset.files.iter().all(|file| {
                let mut both = std::iter::once(&file.path).chain(&file.old_path);
                both.all(|path| self.rules.exempts_path(path))
            });
            return Ok(match exempt {
                true => ProofStanding::Exempt("all its files are exempt".to_owned()),
                false => ProofStanding::Missing,
            });
        };
        let opened = attest::parse(note.trim_ascii())
            .and_then(|envelope| attest::verify(&envelope, self.trusted));
        let proof = match opened {
            Ok(verified) => verified.said,
            Err(error) => return Ok(ProofStanding::Invalid(error.to_string())),
        };
        if let Some(reason) = self.other_trees(&proof, &commit.id, parent)? {
            return Ok(ProofStanding::Invalid(reason));
        }
        let gates = gates_of(self.repository, self.from, Some(parent))?.gates;
        let ran = |gate: &GateDefinition| {
            proof.validation.gates.iter().any(|proved| proved.comparison.gate == gate.id)
        };
        if let Some(gate) = gates.iter().find(|gate| !ran(gate)) {
            return Ok(ProofStanding::Invalid(format!("it knows nothing of the gate {}", gate.id)));
        }
        let mut input = review()?.input;
        let summary = proof.validation.summary(proof.sandbox);
        input.proof = Some(PolicyProof { current: true, summary });
        let verdict = self.rules.judge(&input);
        let reasons =
            verdict.reasons.into_iter().filter(|reason| reason.rule.starts_with("proof."));
        let (against, doubts): (Vec<_>, Vec<_>) =
            reasons.partition(|reason| reason.decision == Decision::Deny);
        Ok(match against.into_iter().next() {
            Some(reason) => ProofStanding::Invalid(reason.message),
            None => ProofStanding::Proved(proof.digest(), doubts),
        })
    }

    fn other_trees(
        &self,
        proof: &Proof,
        commit: &str,
        parent: &str,
    ) -> Result<Option<String>, Error> {
        let tree = |commit| self.repository.tree_digest(Start::Commit(commit), &[]);
        if tree(commit)? != proof.speaks_for {
            return Ok(Some("it speaks for other files than this commit's".to_owned()));
        }
        if tree(parent)? != proof.base {
            return Ok(Some("it was made on other files than its parent's".to_owned()));
        }
        Ok(None)
    }
}

/// Says in a verdict which commits are not proved.
fn deny(verdict: &mut Verdict, proofs: &[CommitProof]) {
    for CommitProof { commit, standing } in proofs {
        let id = commit.id.get(..12).unwrap_or(&commit.id);
        let said = match standing {
            ProofStanding::Exempt(_) => continue,
            ProofStanding::Proved(_, doubts) => {
                for doubt in doubts {
                    let message = format!("commit {id} ({}): {}", commit.title, doubt.message);
                    verdict.decision = verdict.decision.max(Decision::Review);
                    verdict.reasons.push(VerdictReason { message, ..doubt.clone() });
                }
                continue;
            }
            ProofStanding::Missing => "has no proof".to_owned(),
            ProofStanding::Invalid(reason) => format!("has a proof that does not hold: {reason}"),
        };
        verdict.decision = Decision::Deny;
        verdict.reasons.push(VerdictReason {
            rule: RULE.to_owned(),
            decision: Decision::Deny,
            severity: Severity::Error,
            message: format!("commit {id} ({}) {said}", commit.title),
            path: None,
            line: None,
        });
    }
    verdict.reasons.sort_by_key(|reason| std::cmp::Reverse(reason.decision));
}
