//! What a policy gets to see. Rego rules read exactly this, as `input`; `policies/README.md` documents it.

use serde::{Deserialize, Serialize};

use crate::{
    Actor, ChangeKind, ChangeSetId, Content, EntityChange, FileMode, Finding, Language, Origin,
    ProofSummary, RelPath, Risk, Stats, Unexamined,
};

/// The input of every policy evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyInput {
    /// Version of this contract: 1.
    pub version: u32,
    /// What is being asked.
    pub action: PolicyAction,
    /// Who asks.
    pub actor: Actor,
    /// The change.
    pub changeset: PolicyChangeSet,
    /// Totals.
    pub stats: Stats,
    /// What happened to named things.
    pub entities: Vec<EntityChange>,
    /// What the built-in checks found.
    pub findings: Vec<Finding>,
    /// The risk.
    pub risk: Risk,
    /// What could not be looked at.
    pub unexamined: Vec<Unexamined>,
    /// What was proved of it; `None`: nothing was.
    pub proof: Option<PolicyProof>,
    /// Numbers the rules compare with, from configuration.
    pub limits: PolicyLimits,
}

/// A proof, as policies see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyProof {
    /// Whether it speaks for exactly what would land; else the files, or the hunks that are asked for, are others.
    pub current: bool,
    /// What it comes to.
    #[serde(flatten)]
    pub summary: ProofSummary,
}

/// What a policy is asked to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyAction {
    /// A captured proposal that someone may accept.
    Propose,
    /// A headless check of a diff.
    Check,
}

/// The change, as policies see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChangeSet {
    /// Its name.
    pub id: ChangeSetId,
    /// Who proposed it.
    pub origin: Origin,
    /// Its title.
    pub title: String,
    /// Its files.
    pub files: Vec<PolicyFile>,
}

/// One changed file, as policies see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFile {
    /// Path after (before, if deleted).
    pub path: RelPath,
    /// Path before, if renamed.
    pub old_path: Option<RelPath>,
    /// What happened.
    pub change: ChangeKind,
    /// What kind of content.
    pub content: Content,
    /// Its language, when known.
    pub language: Option<Language>,
    /// Whether a program writes it.
    pub generated: bool,
    /// Mode before; `None` if added.
    pub old_mode: Option<FileMode>,
    /// Mode after; `None` if deleted.
    pub new_mode: Option<FileMode>,
    /// Lines added.
    pub lines_added: u32,
    /// Lines removed.
    pub lines_removed: u32,
    /// Whether it matches one of the configured `protected` patterns.
    pub protected: bool,
}

/// Numbers the rules compare with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyLimits {
    /// More changed lines than this need a person.
    pub review_lines: u32,
    /// More changed lines than this are denied.
    pub deny_lines: u32,
    /// A risk score from this on needs a person.
    pub review_risk: u8,
    /// Whether a change without a proof that speaks for exactly what lands is denied.
    pub require_proof: bool,
}
