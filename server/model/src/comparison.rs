//! What a gate says of a change: its runs on the base beside its runs on the proposal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FileCoverage, GateFinding, GateId, GateKind, GateOutcome, RelPath, TestId};

/// What a gate says of a change.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonVerdict {
    /// It passes on the proposal.
    Passes,
    /// It fails on the proposal in no way that it did not fail on the base.
    NoWorse,
    /// It fails on the proposal in a way that it did not on the base.
    Worse,
    /// It did not run to its end on the proposal, or too little is known of the base.
    Unknown,
}

impl ComparisonVerdict {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::NoWorse => "no worse",
            Self::Worse => "worse",
            Self::Unknown => "unknown",
        }
    }
}

/// A gate's runs on the base beside those on the proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Which gate.
    pub gate: GateId,
    /// What it checks.
    pub kind: GateKind,
    /// What it says of the change.
    pub verdict: ComparisonVerdict,
    /// Why, in a clause.
    pub reason: String,
    /// How it ended on the base; the worst of several runs.
    pub base: GateOutcome,
    /// How it ended on the proposal; the worst of several runs.
    pub proposal: GateOutcome,
    /// Tests that fail now and did not, flaky ones left out.
    pub new_failures: Vec<TestId>,
    /// Tests that pass now and failed.
    pub fixed: Vec<TestId>,
    /// Tests that fail on both.
    pub still_failing: Vec<TestId>,
    /// Tests that ended differently in runs of one tree.
    pub flaky: Vec<TestId>,
    /// Tests of the base that did not run on the proposal: gone, or skipped now.
    pub removed_tests: Vec<TestId>,
    /// Tests that only the proposal has.
    pub added_tests: Vec<TestId>,
    /// How many tests ended alike.
    pub unchanged: u32,
    /// Findings that the base does not have, whatever line they are at.
    pub new_findings: Vec<GateFinding>,
    /// How many findings of the base are gone.
    pub gone_findings: u32,
}

/// How much of what a change adds was run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ChangedCoverage {
    /// Changed lines that can be run.
    pub lines: u32,
    /// Those that were.
    pub covered: u32,
    /// File by file, ordered by path.
    pub files: Vec<FileCoverage>,
    /// Changed lines that were not, ordered; the first of them where there are many.
    pub missed: Vec<Place>,
}

/// How much of what a change leaves as it is was run before and after: of lines that are the same on both sides and of
/// which both runs say something. A file of which a run saw nothing was not run, if that run saw tests of its language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CoverageDelta {
    /// Such lines.
    pub lines: u32,
    /// Those that the base's tests came to, on the base.
    pub before: u32,
    /// Those that the proposal's tests come to, on the proposal.
    pub after: u32,
    /// Lines that the tests came to before and no longer do, ordered, where they are now; the first of them where there
    /// are many.
    pub lost: Vec<Place>,
}

/// A line of a file.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Place {
    /// The file.
    pub path: RelPath,
    /// The line, from 0.
    pub line: u32,
}
