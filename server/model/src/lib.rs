//! The nouns of Countersign: values, their invariants, and the JSON they are promised as.
//!
//! This crate is the bottom of the house. It does no IO, reads no clock, draws no randomness and knows
//! nothing of git, SQLite, tree-sitter or LSP. Everything that is stored in the ledger, printed with
//! `--format json` or handed to a policy is a type of this crate. Start at [`ChangeSet`], then
//! [`Event`] and [`ChangeSetState`], which folds events into what became of a change.

mod changeset;
mod config;
mod dependency;
mod digest;
mod event;
mod fingerprint;
mod lifecycle;
mod path;
mod policy_input;
mod review;
mod risk;
mod snapshot;
mod time;
mod verdict;

pub use changeset::{
    Adoption, Base, ChangeKind, ChangeSet, ChangeSetId, Content, FileChange, FileMode, FileSide,
    Hunk, HunkKind, LineSpan, Origin,
};
pub use config::{Config, ConfigError, PolicyConfig, ReviewConfig};
pub use dependency::{Dependency, DependencyKind};
pub use digest::{Digest, DigestError};
pub use event::{
    Actor, ActorKind, Event, FailedFile, HolderId, Intent, LandedFile, OperationId, Outcome,
    PlannedFile, PlannedPlace, PlannedSide, Purpose, StoredEvent, Surface,
};
pub use fingerprint::{Fingerprint, HunkPrint};
pub use lifecycle::{
    AcceptedFrom, ChangeSetState, HunkState, IllegalTransition, OpenIntent, Rejection, Stage,
};
pub use path::{RelPath, RelPathError};
pub use policy_input::{PolicyAction, PolicyChangeSet, PolicyFile, PolicyInput, PolicyLimits};
pub use review::{
    Aspect, EntityChange, EntityChangeKind, EntityKind, FileReview, Finding, Language, Review,
    Severity, Stats, Unexamined,
};
pub use risk::{HistoryFeatures, Risk, RiskFeatures, RiskLevel, RiskReason};
pub use snapshot::{Snapshot, SnapshotFile, SnapshotSide};
pub use time::{Timestamp, TimestampError};
pub use verdict::{Decision, Verdict, VerdictReason};
