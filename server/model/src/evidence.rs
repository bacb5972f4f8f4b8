//! What one run of a gate on one tree left, normalised so that the same run leaves the same digest.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical::digest_without;
use crate::{Digest, GateDefinition, GateId, GateKind, RelPath, Severity, Timestamp};

/// How strictly a run was confined, as it was probed and not as it was asked for. Ordered: the stricter is
/// the greater.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SandboxTier {
    /// Not at all: a person allowed that.
    None,
    /// By Landlock and seccomp alone: other processes can be seen.
    Landlock,
    /// By namespaces of its own, and by Landlock and seccomp inside of them.
    Namespaces,
}

impl SandboxTier {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Landlock => "landlock",
            Self::Namespaces => "namespaces",
        }
    }
}

/// How a gate's run ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    /// The command ended with 0, and no report says otherwise.
    Passed,
    /// It ended with another code, or a report names a failure.
    Failed,
    /// It was ended after its time limit.
    TimedOut,
    /// It was ended by a signal or by another limit.
    Crashed,
    /// It was not run, or what it left could not be read.
    NotRun(String),
}

impl fmt::Display for GateOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.pad("passed"),
            Self::Failed => f.pad("failed"),
            Self::TimedOut => f.pad("timed out"),
            Self::Crashed => f.pad("crashed"),
            Self::NotRun(reason) => write!(f, "not run: {reason}"),
        }
    }
}

/// Names a test: the suite (a binary, a class, a file; may be empty) and the test in it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct TestId {
    /// Where it is declared, as its runner calls that.
    pub suite: String,
    /// Its own name.
    pub name: String,
}

impl fmt::Display for TestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.suite.is_empty() {
            f.pad(&self.name)
        } else {
            write!(f, "{} {}", self.suite, self.name)
        }
    }
}

/// How one test ended. Ordered: the worse is the greater.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It passed.
    Passed,
    /// It was not run, or was expected to fail.
    Skipped,
    /// It failed, or it could not be run.
    Failed,
}

/// One test's result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct TestResult {
    /// Which test.
    pub id: TestId,
    /// How it ended.
    pub outcome: TestOutcome,
}

/// Something a gate's report says of a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct GateFinding {
    /// The file; `None` if the report names none inside the tree.
    pub path: Option<RelPath>,
    /// First line, from 0; `None` for the file as a whole.
    pub first_line: Option<u32>,
    /// The tool's rule, e.g. `clippy::needless_return`, `E501`; empty if it has none.
    pub rule: String,
    /// How bad, in our terms.
    pub severity: Severity,
    /// What it says, in one line.
    pub message: String,
}

/// How many lines of a file a run touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FileCoverage {
    /// The file.
    pub path: RelPath,
    /// Lines that can be run.
    pub lines: u32,
    /// Those that were.
    pub covered: u32,
}

/// How much of the source a run touched.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
pub struct CoverageSummary {
    /// Lines that can be run.
    pub lines: u32,
    /// Those that were.
    pub covered: u32,
    /// File by file, ordered by path.
    pub files: Vec<FileCoverage>,
}

/// A file that a run left: a log, a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// What it is, e.g. `stdout`, `junit.xml`.
    pub name: String,
    /// Its bytes.
    pub blob: Digest,
    /// How many.
    pub size_bytes: u64,
    /// Whether the rest was cut off at a limit.
    pub truncated: bool,
}

/// What a run of a gate was about: with the gate's outcome being a function of these, its cache key.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct EvidenceSubject {
    /// Which gate.
    pub gate: GateId,
    /// What it checks.
    pub kind: GateKind,
    /// What was run: [`GateDefinition::digest`].
    pub gate_digest: Digest,
    /// On which tree.
    pub tree: Digest,
    /// With which programs: compilers, runners, in their versions.
    pub toolchain: Digest,
    /// In which environment: variables, limits, platform.
    pub environment: Digest,
    /// Confined how.
    pub tier: SandboxTier,
}

impl EvidenceSubject {
    /// The subject of a run of `gate`.
    pub fn new(
        gate: &GateDefinition,
        tree: Digest,
        toolchain: Digest,
        environment: Digest,
        tier: SandboxTier,
    ) -> Self {
        let gate_digest = gate.digest();
        Self {
            gate: gate.id.clone(),
            kind: gate.kind,
            gate_digest,
            tree,
            toolchain,
            environment,
            tier,
        }
    }

    /// Under what an [`Evidence`] is kept and found again.
    pub fn key(&self) -> Digest {
        digest_without(self, &[])
    }
}

/// What a gate's run left that differs from one run to the next. Outside every digest of an [`Evidence`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceRecord {
    /// When it began; `None` if it was not run.
    pub started: Option<Timestamp>,
    /// How long it took.
    pub duration_ms: u64,
    /// What each failed test said, in a few lines, by the test's shown name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: BTreeMap<String, String>,
    /// What it printed and wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
}

/// What one run of one gate on one tree showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Version of this contract: 1.
    pub version: u32,
    /// What was run on what.
    pub subject: EvidenceSubject,
    /// How it ended.
    pub outcome: GateOutcome,
    /// The exit code, if it ended by itself.
    pub exit_code: Option<i32>,
    /// Its tests, ordered, each once.
    pub tests: Vec<TestResult>,
    /// What it found, ordered.
    pub findings: Vec<GateFinding>,
    /// What it touched, if it measured that.
    pub coverage: Option<CoverageSummary>,
    /// What differs from one run to the next.
    pub record: EvidenceRecord,
}

impl Evidence {
    /// The version of the contract that this build writes.
    pub const VERSION: u32 = 1;

    /// Names what the run showed: the same run has the same digest, however long it took and whatever the
    /// raw logs say.
    pub fn digest(&self) -> Digest {
        digest_without(self, &["record"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values;

    #[test]
    fn durations_and_logs_do_not_change_what_a_run_showed() {
        let evidence = test_values::evidence();
        let mut again = evidence.clone();
        again.record.duration_ms += 17;
        again.record.artifacts.clear();
        assert_eq!(evidence.digest(), again.digest());
        again.outcome = GateOutcome::Crashed;
        assert_ne!(evidence.digest(), again.digest());
    }

    #[test]
    fn the_key_speaks_of_all_that_decides_the_outcome() {
        let subject = test_values::evidence().subject;
        let other = Digest::of(b"other");
        for changed in [
            EvidenceSubject { tree: other, ..subject.clone() },
            EvidenceSubject { gate_digest: other, ..subject.clone() },
            EvidenceSubject { toolchain: other, ..subject.clone() },
            EvidenceSubject { environment: other, ..subject.clone() },
            EvidenceSubject { tier: SandboxTier::None, ..subject.clone() },
        ] {
            assert_ne!(subject.key(), changed.key(), "{changed:?}");
        }
    }

    #[test]
    fn a_weaker_tier_is_less() {
        assert!(SandboxTier::None < SandboxTier::Landlock);
        assert!(SandboxTier::Landlock < SandboxTier::Namespaces);
    }
}
