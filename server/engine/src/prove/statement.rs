//! From everything that was found out to the proof that is signed.

use std::collections::BTreeSet;

use gate::{LineCoverage, TouchedFile, changed_tests, test_counts};
use model::{
    Actor, ActorKind, ChangedCoverage, CoverageDelta, DiffSummary, Digest, GateKind, LineSpan,
    PolicyAction, PolicyBinding, PolicyProof, Proof, ProofRecord, ProvedGate, Provenance, RelPath,
    Risk, RiskReason, Setting, Severity, StatedRisk, Surface, Timestamp, Validation, Verdict,
};

use super::Gathered;
use super::runs::{Ran, Tally};
use super::subject::Subject;
use crate::assess::policy_input;
use crate::examine::changed_lines;
use crate::rules::Rules;

/// A reason for the risk is stated as a warning from so many points on, and as an error from twice as many.
const WARNING_POINTS: i16 = 10;

/// The proof of `subject`, and what policy says with it. Nobody in particular asks, so that the same change has the same
/// proof everywhere.
pub(super) fn state(
    subject: &Subject,
    gathered: &Gathered,
    tally: &Tally,
    rules: &Rules,
    started: Timestamp,
    ended: Timestamp,
) -> (Proof, Verdict) {
    let mut validation = validation(subject, gathered);
    let ran =
        gathered.gates.iter().any(|(_, base, proposal)| !base.is_empty() || !proposal.is_empty());
    let sandbox = ran.then_some(tally.tier);
    let actor =
        Actor { kind: ActorKind::Program, name: "prove".to_owned(), surface: Surface::Headless };
    let proof = PolicyProof { current: true, summary: validation.summary(sandbox) };
    let action = PolicyAction::Propose;
    let input =
        policy_input(&subject.changeset, &subject.review, Some(proof), rules, action, &actor);
    let verdict = rules.judge(&input);
    let required = rules.required_gates(&input);
    for gate in &mut validation.gates {
        gate.required = required.contains(&gate.comparison.kind);
    }
    let review = &subject.review;
    let (base, speaks_for) = subject.trees;
    let tests = subject.under_review(|files| test_counts(&changed_tests(files)));
    let changeset = &subject.changeset;
    let proof = Proof {
        version: Proof::VERSION,
        changeset: subject.id,
        speaks_for,
        base,
        diff: DiffSummary {
            digest: changeset.id.0,
            files: review.stats.files,
            hunks: review.stats.hunks,
            lines_added: review.stats.lines_added,
            lines_removed: review.stats.lines_removed,
        },
        rationale: changeset.rationale.clone(),
        risk: review.risk.clone(),
        risks: risks(&review.risk, &mitigation(&validation)),
        tests,
        provenance: provenance(subject),
        toolchain: tally.toolchain,
        environment: tally.environment,
        policy: PolicyBinding { text: verdict.policy_digest, input: verdict.input_digest },
        sandbox,
        evidence: rests_on(gathered),
        record: ProofRecord {
            started,
            duration_ms: ended.0.saturating_sub(started.0),
            worker_duration_ms: changeset.ran.as_ref().map(|ran| ran.duration_ms),
            cache_hits: tally.known,
            runs: tally.asked,
        },
        validation,
    };
    (proof, verdict)
}

fn validation(subject: &Subject, gathered: &Gathered) -> Validation {
    let digests = |ran: &[Ran]| ran.iter().map(|ran| ran.evidence.digest()).collect();
    let mut gates: Vec<ProvedGate> = gathered
        .gates
        .iter()
        .map(|(comparison, base, proposal)| ProvedGate {
            required: false,
            comparison: comparison.clone(),
            base_evidence: digests(base),
            proposal_evidence: digests(proposal),
        })
        .collect();
    gates.sort_by(|a, b| a.comparison.gate.as_str().cmp(b.comparison.gate.as_str()));
    let tests = gathered.gates.iter().any(|(comparison, ..)| comparison.kind == GateKind::Test);
    Validation {
        gates,
        findings: subject.review.findings.clone(),
        witness: tests.then(|| gathered.witness.clone()),
        coverage: coverage(subject, gathered),
        coverage_delta: coverage_delta(subject, gathered),
        mutation: gathered.mutation.clone(),
        superfluous_hunks: gathered.superfluous.clone(),
    }
}

/// How much of the changed lines ran, by all gates that measured it.
fn coverage(subject: &Subject, gathered: &Gathered) -> Option<ChangedCoverage> {
    let measured = gathered.gates.iter().flat_map(|(_, _, proposal)| proposal.first());
    let measured = measured.chain(gathered.watched.iter().map(|ran| &ran.proposal));
    let measured = measured.filter_map(|ran| ran.coverage.clone());
    let mut all = measured.reduce(|mut all: LineCoverage, other| {
        all.merge(other);
        all
    })?;
    let files = subject.files.iter().zip(&subject.examined);
    let own = files.filter(|(_, examined)| !examined.change.generated);
    let texts = own.filter_map(|(file, _)| Some((&file.path, file.after.as_ref()?.bytes()?)));
    let texts: Vec<_> = texts.collect();
    for ran in &gathered.watched {
        if let Some(watched) = &ran.proposal.coverage {
            all.add_unseen(watched, ran.folder.as_ref(), &texts);
        }
    }
    let added: Vec<(&RelPath, Vec<LineSpan>)> = subject
        .files
        .iter()
        .zip(&subject.examined)
        .map(|(file, examined)| (&file.path, changed_lines(file, examined).1))
        .collect();
    let changes: Vec<_> = added.iter().map(|(path, added)| (*path, added.as_slice())).collect();
    // Of what was measured nothing may be changed.
    Some(all.of_changes(&changes)).filter(|changed| !changed.files.is_empty())
}

/// How much of the rest ran before and after, if all that measured the one measured the other.
fn coverage_delta(subject: &Subject, gathered: &Gathered) -> Option<CoverageDelta> {
    let first = |ran: &[Ran]| ran.first().and_then(|ran| ran.coverage.clone());
    let gates = gathered.gates.iter().map(|(_, base, proposal)| (first(base), first(proposal)));
    let watched = gathered.watched.iter().map(|ran| {
        let base = ran.base.as_ref().and_then(|base| base.coverage.clone());
        (base, ran.proposal.coverage.clone())
    });
    let (mut before, mut after) = (LineCoverage::default(), LineCoverage::default());
    for sides in gates.chain(watched) {
        match sides {
            (None, None) => {}
            (Some(base), Some(proposal)) => {
                before.merge(base);
                after.merge(proposal);
            }
            _ => return None,
        }
    }
    let files = subject.files.iter().zip(&subject.examined);
    let touched = files.map(|(file, examined)| TouchedFile {
        before: file.before.as_ref().map(|_| file.old_path.as_ref().unwrap_or(&file.path)),
        after: file.after.as_ref().map(|_| &file.path),
        lines: examined.lines(),
    });
    let touched: Vec<_> = touched.collect();
    Some(before.delta(&after, &touched)).filter(|delta| delta.lines > 0)
}

/// What stands against any risk: tests that the author could not have bent.
fn mitigation(validation: &Validation) -> String {
    let Some(witness) = &validation.witness else { return String::new() };
    let passed =
        |of: &&model::BaseWitness| of.broken.is_empty() && of.outcome == model::GateOutcome::Passed;
    let gates: Vec<&str> =
        witness.base_tests.iter().filter(passed).map(|of| of.gate.as_str()).collect();
    if gates.is_empty() || gates.len() < witness.base_tests.len() {
        return String::new();
    }
    format!("the tests of the base pass with the proposed code ({})", gates.join(", "))
}

fn risks(risk: &Risk, mitigation: &str) -> Vec<StatedRisk> {
    let stated = |reason: &RiskReason| StatedRisk {
        severity: match reason.points {
            points if points >= 2 * WARNING_POINTS => Severity::Error,
            points if points >= WARNING_POINTS => Severity::Warning,
            _ => Severity::Note,
        },
        text: reason.text.clone(),
        mitigation: mitigation.to_owned(),
    };
    risk.reasons.iter().filter(|reason| reason.points > 0).map(stated).collect()
}

/// What is known of who made it: no worker so far uses a model that Countersign meters.
fn provenance(subject: &Subject) -> Provenance {
    let origin = &subject.changeset.origin;
    Provenance {
        worker: origin.worker.clone(),
        name: origin.name.clone(),
        worker_version: None,
        model: None,
        model_version: None,
        prompt: None,
        seed: Setting::NotRequested,
        temperature: Setting::NotRequested,
        input_tokens: 0,
        output_tokens: 0,
        cost_micro_usd: None,
    }
}

fn rests_on(gathered: &Gathered) -> Vec<Digest> {
    let gates = gathered.gates.iter().flat_map(|(_, base, proposal)| base.iter().chain(proposal));
    let watched = gathered.watched.iter().flat_map(|ran| [Some(&ran.proposal), ran.base.as_ref()]);
    let watched = watched.flatten();
    let all: BTreeSet<Digest> =
        gates.chain(&gathered.crossed).chain(watched).map(|ran| ran.evidence.digest()).collect();
    all.into_iter().collect()
}
