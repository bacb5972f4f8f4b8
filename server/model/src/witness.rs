//! What tests say that the author of a change could not have bent: those of the base against the proposed
//! code, and new ones against the code as it was.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Finding, GateId, GateOutcome, RelPath, TestId, TestOutcome};

/// What a change does to a test.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TestChange {
    /// It is new.
    Added,
    /// It says something else.
    Changed,
    /// It says less: fewer assertions, or a marker that skips it.
    Weakened,
    /// It is gone.
    Deleted,
}

/// What a new or changed test proves.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TestValue {
    /// It fails on the base and passes on the proposal.
    ProvesTheChange,
    /// It passes on both, so it would not notice if the change were taken back.
    ProvesNothing,
    /// It fails on the proposal.
    Fails,
    /// It was not seen in both runs.
    Unknown,
}

impl TestValue {
    /// The words for people, behind the name of the test.
    pub fn words(self) -> &'static str {
        match self {
            Self::ProvesTheChange => "proves the change",
            Self::ProvesNothing => "proves nothing",
            Self::Fails => "fails",
            Self::Unknown => "was not seen in both runs",
        }
    }
}

/// One test that a change adds, changes or takes away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct WitnessedTest {
    /// Its file.
    pub path: RelPath,
    /// Its name in the source, qualified.
    pub name: String,
    /// What the change does to it.
    pub change: TestChange,
    /// How it ended with the base's code; `None` if it was not seen.
    pub on_base: Option<TestOutcome>,
    /// How it ended with the proposed code; `None` if it was not seen.
    pub on_proposal: Option<TestOutcome>,
    /// What it proves; `None` for one that is gone.
    pub value: Option<TestValue>,
}

/// What the tests of the base say of the proposed code, for one gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaseWitness {
    /// Which gate ran them.
    pub gate: GateId,
    /// How it ended.
    pub outcome: GateOutcome,
    /// Tests of the base that fail with the proposed code and did not with the base's.
    pub broken: Vec<TestId>,
}

/// What tests say that the author of a change could not have bent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WitnessReport {
    /// The tests of the base against the proposed code, gate by gate.
    pub base_tests: Vec<BaseWitness>,
    /// The tests that the change touches, ordered.
    pub tests: Vec<WitnessedTest>,
    /// What is suspicious about them: a test that asserts nothing, production code that knows a test's input.
    pub findings: Vec<Finding>,
}
