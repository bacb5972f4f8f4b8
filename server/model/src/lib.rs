//! The nouns of Countersign: values, their invariants, and the JSON they are promised as.
//!
//! This crate is the bottom of the house. It does no IO, reads no clock, draws no randomness and knows
//! nothing of git, SQLite, tree-sitter or LSP. Everything that is stored in the ledger, printed with
//! `--format json` or handed to a policy is a type of this crate. Start at [`ChangeSet`], then
//! [`Event`] and [`ChangeSetState`], which folds events into what became of a change.

mod attestation;
mod budget;
mod canonical;
mod changeset;
mod comparison;
mod config;
mod dependency;
mod digest;
mod event;
mod evidence;
mod fingerprint;
mod gate;
mod lifecycle;
mod mutation;
mod path;
mod policy_input;
mod proof;
mod review;
mod risk;
mod schema;
mod settings;
mod snapshot;
mod task;
#[cfg(test)]
mod test_values;
mod time;
mod verdict;
mod witness;

pub use attestation::{
    Envelope, EnvelopeSignature, LedgerHead, Statement, StatementSubject, SubjectDigest,
    TrustRecord, TrustedGates,
};
pub use budget::{Budget, DAY_MS, Exhausted, LEAST_RUN_MS, Spending, span};
pub use canonical::canonical_json;

pub use changeset::{
    Adoption, Base, ChangeKind, ChangeSet, ChangeSetId, Content, FileChange, FileMode, FileSide,
    Hunk, HunkKind, LineSpan, Origin, Ran,
};
pub use comparison::{ChangedCoverage, Comparison, ComparisonVerdict, CoverageDelta, Place};
pub use config::{
    Config, ConfigError, GATE_TIME_LIMIT_S, GateConfig, GatesConfig, OwnConfig, PolicyConfig,
    RECIPES, ReviewConfig, WorkerConfig, WorkerInput, WorkerName, WorkerNameError, Workers,
    workers_digest,
};
pub use dependency::{Dependency, DependencyKind};
pub use digest::{Digest, DigestError};
pub use event::{
    Actor, ActorKind, Event, FailedFile, HolderId, Intent, LandedFile, OperationId, Outcome,
    PlannedFile, PlannedPlace, PlannedSide, Purpose, StoredEvent, Surface,
};
pub use evidence::{
    Artifact, CoverageSummary, Evidence, EvidenceRecord, EvidenceSubject, FileCoverage,
    GateFinding, GateOutcome, SandboxTier, TestId, TestOutcome, TestResult,
};
pub use fingerprint::{Fingerprint, HunkPrint};
pub use gate::{
    GATE_ID_LIMIT_BYTES, GateDefinition, GateId, GateIdError, GateKind, GateSource,
    REPORTS_PLACEHOLDER, ReportDefinition, ReportFormat,
};
pub use lifecycle::{
    AcceptedFrom, ChangeSetState, HunkState, IllegalTransition, OpenIntent, Rejection, Stage,
};
pub use mutation::{MutationOperator, MutationReport, Survivor};
pub use path::{RelPath, RelPathError};
pub use policy_input::{
    PolicyAction, PolicyChangeSet, PolicyFile, PolicyInput, PolicyLimits, PolicyProof,
};
pub use proof::{
    DiffSummary, GateSummary, PolicyBinding, Proof, ProofRecord, ProofRef, ProofSummary,
    ProvedGate, Provenance, Setting, StatedRisk, TestCount, TestKind, Validation,
};
pub use review::{
    Aspect, EntityChange, EntityChangeKind, EntityKind, FileReview, Finding, Language, Review,
    Severity, Stats, Unexamined,
};
pub use risk::{HistoryFeatures, Risk, RiskFeatures, RiskLevel, RiskReason};
pub use schema::{SCHEMAS, schema};
pub use settings::{
    ProposalSeverity, ProveWhen, QuietHours, QuietHoursError, SETTINGS_SECTION, SNOOZE_MINUTES_MAX,
    Settings,
};
pub use snapshot::{Snapshot, SnapshotFile, SnapshotSide};
pub use task::{
    Capability, Problem, ProblemKind, Task, TaskBudget, TaskConstraints, TaskDiagnostic, TaskEnd,
    TaskId, TaskKind, TaskPlace,
};
pub use time::{Timestamp, TimestampError};
pub use verdict::{Decision, Verdict, VerdictReason};
pub use witness::{BaseWitness, TestChange, TestValue, WitnessReport, WitnessedTest};
