//! The use cases: propose, review, judge, accept, reject, undo, check, recover. Plain values in and out.
//!
//! This crate knows nothing of terminals, LSP or output formats. It is the only one that combines the
//! doors (files and git in `workspace`, the log in `ledger`) with the pure crates. Start at [`Engine`]
//! for everything that needs a ledger, and at [`check`] for what does not.

mod acceptance;
mod adopt;
mod apart;
mod assess;
mod attempt;
mod board;
mod buffers;
mod check;
mod clock;
mod command;
mod commit_proofs;
mod committed;
mod earlier;
mod edited;
mod engine;
mod error;
mod examine;
mod gates;

mod now;
mod plan;
mod preflight;
mod project;
mod propose;
mod prove;
mod recover;
mod rejection;
mod replay;
mod repropose;
mod rules;
mod standing;
mod surroundings;
mod take_out;
mod tasks;
mod workers;

pub use acceptance::{Operation, RefusedHunk, Report, in_text};
pub use adopt::{AdoptedRun, Since, SnapshotReport};
pub use attempt::Attempted;
pub use board::{Board, BoardChange, Texts};
pub use buffers::PRESENCE_TTL_MS;
pub use check::{CheckOutcome, CheckReport, Target, check};
pub use clock::Clock;
pub use command::{Cancel, CommandOutcome, CommandRun, CommandTask};
pub use commit_proofs::{CommitProof, ProofStanding, require_proofs};
pub use earlier::RejectedBefore;
pub use engine::{Engine, ledger_folder, repository_root};
pub use error::{Error, ErrorKind};
pub use gates::{GateSet, gates, init};
pub use plan::{Landed, OpenText, OpenTexts, Plan, PlanFile, Refused, Selection, anchoring};
pub use propose::{Captured, Import, Proposal, RecipeRun, recipes};
pub use prove::{
    Effort, GateLog, ProofAccount, ProofCheck, ProveStep, ProveTask, ProveWhat, Proved, Said,
    Side as ProvedSide, Verification, compare_proofs,
};
pub use recover::Recovered;
pub use replay::{
    Example, Misapplied, PlannedTally, Relation, ReplayKind, ReplayOptions, ReplayReport,
    ReplayRow, ReplayedCase, ReplayedHunk, Tally, replay,
};
pub use repropose::Reproposed;
pub use rules::{RulesFrom, read_named, read_policies};
pub use standing::{Landing, Standing, Standings};
pub use tasks::{Around, TaskRecord, innermost, named};
pub use workers::{
    OBJECTIVE_BYTES_MAX, OWN_CONFIG_FILE, Worker, WorkerBy, WorkerError, WorkerSet, prompt, workers,
};
pub use workspace::{HeadMark, innermost_below};
