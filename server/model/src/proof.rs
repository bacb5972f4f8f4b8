//! The proof of a change: everything that was found out about it, bound by digest to exactly what lands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical::{canonical_json, digest_without};
use crate::{
    ChangeSetId, ChangedCoverage, Comparison, ComparisonVerdict, CoverageDelta, Digest, Finding,
    GateId, GateKind, GateOutcome, MutationReport, Risk, SandboxTier, Severity, TestValue,
    Timestamp, WitnessReport,
};

/// What a change does, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffSummary {
    /// The file changes, as the id of the ChangeSet names them, or of the part of it that is proved.
    pub digest: Digest,
    /// Changed files.
    pub files: u32,
    /// Hunks.
    pub hunks: u32,
    /// Lines only in the text after.
    pub lines_added: u32,
    /// Lines only in the text before.
    pub lines_removed: u32,
}

/// Something that could go wrong, and what stands against it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct StatedRisk {
    /// How bad it would be.
    pub severity: Severity,
    /// What could go wrong.
    pub text: String,
    /// What stands against it; empty if nothing does.
    pub mitigation: String,
}

/// What kind of test.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TestKind {
    /// Beside the code that it tests.
    Unit,
    /// In a folder of tests: it sees what a user of the package sees.
    Integration,
    /// Through the whole program: `e2e`, `journeys`, `acceptance`.
    EndToEnd,
    /// Over generated inputs.
    Property,
    /// It runs an example of the documentation.
    Documentation,
}

/// How many tests of one kind a change touches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct TestCount {
    /// Which kind.
    pub kind: TestKind,
    /// Tests that are new.
    pub added: u32,
    /// Tests that say something else, weakened ones included.
    pub changed: u32,
    /// Tests that are gone.
    pub removed: u32,
}

/// One gate of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProvedGate {
    /// Whether policy asks for it.
    pub required: bool,
    /// Base beside proposal.
    pub comparison: Comparison,
    /// The evidence on the base, by digest, run by run.
    pub base_evidence: Vec<Digest>,
    /// The evidence on the proposal, likewise.
    pub proposal_evidence: Vec<Digest>,
}

/// What was found out by checking.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Validation {
    /// The gates, ordered by id.
    pub gates: Vec<ProvedGate>,
    /// What the built-in checks found.
    pub findings: Vec<Finding>,
    /// What tests say that the author could not have bent.
    pub witness: Option<WitnessReport>,
    /// How much of what is added was run.
    pub coverage: Option<ChangedCoverage>,
    /// How much of the rest was run, before and after; `None` if that was not measured on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_delta: Option<CoverageDelta>,
    /// What became of deliberate mistakes in the changed lines.
    pub mutation: Option<MutationReport>,
    /// The hunks, by number, that can be taken out with all evidence unchanged.
    pub superfluous_hunks: Option<Vec<u32>>,
}

/// What became of a setting that was asked of a model. Values are texts: they are recorded, not computed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Nobody asked for one.
    NotRequested,
    /// It was asked for and sent.
    Sent {
        /// The value that was sent.
        value: String,
    },
    /// It was asked for, and the worker has no such setting.
    Unsupported {
        /// The value that was asked for.
        requested: String,
    },
}

/// Who made the change, with what and for how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// The kind of worker, as in the ChangeSet's origin.
    pub worker: String,
    /// Which one.
    pub name: String,
    /// The worker's version, if it says one.
    pub worker_version: Option<String>,
    /// The model, if one was used.
    pub model: Option<String>,
    /// The model's version, as its provider reports it.
    pub model_version: Option<String>,
    /// The prompt, by digest.
    pub prompt: Option<Digest>,
    /// The seed.
    pub seed: Setting,
    /// The temperature.
    pub temperature: Setting,
    /// Tokens sent, metered by Countersign.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// Cost in millionths of a US dollar; `None` if no price is known.
    pub cost_micro_usd: Option<u64>,
}

/// By which rules it was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyBinding {
    /// The text of all policies.
    pub text: Digest,
    /// The input they judged.
    pub input: Digest,
}

/// What differs from one proving of the same thing to the next. Outside the digest of a [`Proof`]; what
/// signs the proof signs it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProofRecord {
    /// When proving began.
    pub started: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// How long the worker took; `None` if it was not observed.
    pub worker_duration_ms: Option<u64>,
    /// Of the runs that were asked for, how many were answered from the cache.
    pub cache_hits: u32,
    /// How many runs were asked for.
    pub runs: u32,
}

/// Everything that was found out about a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// Version of this contract: 1.
    pub version: u32,
    /// The change.
    pub changeset: ChangeSetId,
    /// The one resulting tree that this proof speaks for.
    pub speaks_for: Digest,
    /// The tree that the change was made on.
    pub base: Digest,
    /// What it does.
    pub diff: DiffSummary,
    /// Why, in the words of whoever proposed it: narration.
    pub rationale: String,
    /// How likely it is to do harm.
    pub risk: Risk,
    /// What could go wrong.
    pub risks: Vec<StatedRisk>,
    /// The tests that it touches, by kind.
    pub tests: Vec<TestCount>,
    /// What was found out by checking.
    pub validation: Validation,
    /// Who made it.
    pub provenance: Provenance,
    /// With which programs it was checked.
    pub toolchain: Digest,
    /// In which environment.
    pub environment: Digest,
    /// By which rules it was judged.
    pub policy: PolicyBinding,
    /// The weakest tier that any gate ran in; `None` if none ran.
    pub sandbox: Option<SandboxTier>,
    /// Every evidence it rests on, by digest, ordered and each once.
    pub evidence: Vec<Digest>,
    /// What differs from one proving to the next.
    pub record: ProofRecord,
}

impl Proof {
    /// The version of the contract that this build writes.
    pub const VERSION: u32 = 1;

    /// Names what was found out: proving the same thing again gives the same digest.
    pub fn digest(&self) -> Digest {
        digest_without(self, &["record"])
    }

    /// The bytes that are signed and stored: canonical JSON, the record included.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical_json(self)
    }
}

/// Where a proof is and what it comes to: what lists and policies need without reading all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRef {
    /// [`Proof::digest`].
    pub digest: Digest,
    /// The blob of its signed envelope.
    pub envelope: Digest,
    /// The tree that the change was proved on.
    pub base: Digest,
    /// The one resulting tree that it speaks for.
    pub speaks_for: Digest,
    /// The hunks that make the difference, ordered.
    pub hunks: Vec<u32>,
    /// What it comes to.
    pub summary: ProofSummary,
}

/// What a proof comes to. Policies read it as `input.proof`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProofSummary {
    /// The gates, ordered by id.
    pub gates: Vec<GateSummary>,
    /// Tests of the base that fail with the proposed code.
    pub broken_base_tests: u32,
    /// New or changed tests that fail on the base and pass on the proposal.
    pub proving_tests: u32,
    /// New or changed tests that would not notice if the change were taken back, as `file: name`.
    pub idle_tests: Vec<String>,
    /// Tests that passed on the base each time and did not end alike with the change.
    #[serde(default)]
    pub flaky_tests: Vec<String>,
    /// Of a hundred changed lines that can be run, how many were; `None` if nobody measured.
    pub coverage_percent: Option<u8>,
    /// Of a hundred deliberate mistakes in the changed lines, how many a test noticed; `None` if none was tried.
    pub mutation_percent: Option<u8>,
    /// How many were tried that could be noticed.
    pub mutants: u32,
    /// The weakest tier that any gate ran in; `None` if none ran.
    pub sandbox: Option<SandboxTier>,
}

/// One gate of a [`ProofSummary`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateSummary {
    /// Which.
    pub id: GateId,
    /// What it checks.
    pub kind: GateKind,
    /// What it says of the change.
    pub verdict: ComparisonVerdict,
    /// Why, in a clause.
    pub reason: String,
}

impl Validation {
    /// What it comes to; `sandbox` is that of the proof.
    pub fn summary(&self, sandbox: Option<SandboxTier>) -> ProofSummary {
        let gate = |proved: &ProvedGate| GateSummary {
            id: proved.comparison.gate.clone(),
            kind: proved.comparison.kind,
            verdict: proved.comparison.verdict,
            reason: proved.comparison.reason.clone(),
        };
        let count = |items: usize| u32::try_from(items).unwrap_or(u32::MAX);
        let witness = self.witness.clone().unwrap_or_default();
        let of_value = |value| witness.tests.iter().filter(move |test| test.value == Some(value));
        let idle = of_value(TestValue::ProvesNothing);
        let flaky = |proved: &ProvedGate| {
            let found = &proved.comparison;
            let steady = found.base == GateOutcome::Passed;
            found.flaky.iter().filter(move |_| steady).map(ToString::to_string).collect::<Vec<_>>()
        };
        let covered = |coverage: &ChangedCoverage| {
            let percent = (u64::from(coverage.covered) * 100).checked_div(coverage.lines.into())?;
            u8::try_from(percent).ok()
        };
        let tried = |report: &MutationReport| report.killed + count(report.survived.len());
        ProofSummary {
            gates: self.gates.iter().map(gate).collect(),
            broken_base_tests: count(witness.base_tests.iter().map(|of| of.broken.len()).sum()),
            proving_tests: count(of_value(TestValue::ProvesTheChange).count()),
            flaky_tests: self.gates.iter().flat_map(flaky).collect(),
            idle_tests: idle.map(|test| format!("{}: {}", test.path, test.name)).collect(),
            coverage_percent: self.coverage.as_ref().and_then(covered),
            mutation_percent: self.mutation.as_ref().and_then(MutationReport::score_percent),
            mutants: self.mutation.as_ref().map_or(0, tried),
            sandbox,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::test_values;
    use crate::{Digest, Proof};

    #[test]
    fn the_same_proof_has_the_same_digest_whatever_the_clock_says() {
        let proof = test_values::proof();
        let mut later = proof.clone();
        later.record.started.0 += 86_400_000;
        later.record.duration_ms *= 2;
        later.record.cache_hits += 1;
        assert_eq!(proof.digest(), later.digest());
        assert_ne!(proof.to_bytes(), later.to_bytes());
        later.speaks_for = Digest::of(b"another tree");
        assert_ne!(proof.digest(), later.digest());
    }

    #[test]
    fn a_proof_reads_back_to_the_same_bytes() {
        let proof = test_values::proof();
        let bytes = proof.to_bytes();
        let read: Proof = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read, proof);
        assert_eq!(read.to_bytes(), bytes);
    }

    #[test]
    fn the_signed_form_is_kept() {
        let bytes = test_values::proof().to_bytes();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/proofs");
        expect_test::expect_file![format!("{folder}/proof.json")]
            .assert_eq(std::str::from_utf8(&bytes).unwrap());
    }
}
