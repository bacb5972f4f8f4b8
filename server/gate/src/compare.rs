//! What runs of a gate come to: the evidence of one run, and the runs on a base beside those on a proposal.
//!
//! Only what is new counts against a change, and nothing that was not seen counts for it.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Comparison, ComparisonVerdict, Evidence, EvidenceRecord, EvidenceSubject, GateDefinition,
    GateFinding, GateKind, GateOutcome, Severity, TestId, TestOutcome,
};

use crate::report::{Report, ReportError};

/// Programs that build what they test by themselves, each time.
const BUILDERS: &[&str] = &["cargo", "go", "mvn", "mvnw", "gradle", "gradlew"];

/// Whether the tests of `gate` may run what `build` makes, so that one comes before the other on every tree: a compiler
/// may write to a folder that the runner looks into.
pub fn rests_on(gate: &GateDefinition, build: &GateDefinition) -> bool {
    fn program(gate: &GateDefinition) -> &str {
        let program = gate.command.first().map(String::as_str).unwrap_or_default();
        program.rsplit('/').next().unwrap_or_default()
    }
    let by_itself = program(gate) == program(build) && BUILDERS.contains(&program(build));
    gate.kind == GateKind::Test && build.kind == GateKind::Build && !by_itself
}

/// How a gate's command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// By itself, with this code.
    Exited(i32),
    /// At its time limit.
    TimedOut,
    /// By a signal or at another limit.
    Killed,
    /// It was never started, for this reason.
    NotStarted(String),
}

/// The evidence of one run, from how it ended and what its reports say.
///
/// A report that could not be read, or that shows that the run did not come to its end, leaves no pass:
/// where the exit code says that all is well, the outcome is [`GateOutcome::NotRun`]. What the report's tests
/// said goes to `record`, beside what is there.
pub fn conclude(
    subject: EvidenceSubject,
    end: &RunEnd,
    report: Result<Report, ReportError>,
    mut record: EvidenceRecord,
) -> Evidence {
    let unread =
        report.as_ref().err().map(|error| format!("its report could not be read: {error}"));
    let report = report.unwrap_or_default();
    let failed = report.tests.iter().any(|test| test.outcome == TestOutcome::Failed);
    let doubt = unread.or_else(|| report.incomplete.clone());
    let (outcome, exit_code) = match end {
        RunEnd::TimedOut => (GateOutcome::TimedOut, None),
        RunEnd::Killed => (GateOutcome::Crashed, None),
        RunEnd::NotStarted(reason) => (GateOutcome::NotRun(reason.clone()), None),
        RunEnd::Exited(0) if failed => (GateOutcome::Failed, Some(0)),
        RunEnd::Exited(0) => (doubt.map_or(GateOutcome::Passed, GateOutcome::NotRun), Some(0)),
        RunEnd::Exited(code) => (GateOutcome::Failed, Some(*code)),
    };
    record.messages.extend(report.messages);
    Evidence {
        version: Evidence::VERSION,
        subject,
        outcome,
        exit_code,
        tests: report.tests,
        findings: report.findings,
        coverage: report.coverage.as_ref().map(crate::LineCoverage::summary),
        record,
    }
}

/// Compares the runs of `gate` on the base with those on the proposal.
///
/// Several runs of one tree find flaky tests: those that did not end alike. They count neither for nor
/// against the change.
pub fn compare(gate: &GateDefinition, base: &[Evidence], proposal: &[Evidence]) -> Comparison {
    let mut found = Comparison {
        gate: gate.id.clone(),
        kind: gate.kind,
        verdict: ComparisonVerdict::Unknown,
        reason: String::new(),
        base: worst(base),
        proposal: worst(proposal),
        new_failures: Vec::new(),
        fixed: Vec::new(),
        still_failing: Vec::new(),
        flaky: Vec::new(),
        removed_tests: Vec::new(),
        added_tests: Vec::new(),
        unchanged: 0,
        new_findings: Vec::new(),
        gone_findings: 0,
    };
    sort_tests(&mut found, &outcomes(base), &outcomes(proposal));
    let kept = sort_findings(&mut found, base, proposal);
    let steady = proposal.iter().any(|run| run.outcome == GateOutcome::Passed);
    (found.verdict, found.reason) = judge(&found, steady, kept);
    found
}

fn worst(runs: &[Evidence]) -> GateOutcome {
    let worst = runs.iter().map(|run| &run.outcome).max();
    worst.cloned().unwrap_or_else(|| GateOutcome::NotRun("nobody ran it".to_owned()))
}

/// Each test with the outcomes it had.
fn outcomes(runs: &[Evidence]) -> BTreeMap<&TestId, BTreeSet<TestOutcome>> {
    let mut all: BTreeMap<&TestId, BTreeSet<TestOutcome>> = BTreeMap::new();
    for test in runs.iter().flat_map(|run| &run.tests) {
        all.entry(&test.id).or_default().insert(test.outcome);
    }
    all
}

fn sort_tests(
    found: &mut Comparison,
    base: &BTreeMap<&TestId, BTreeSet<TestOutcome>>,
    proposal: &BTreeMap<&TestId, BTreeSet<TestOutcome>>,
) {
    let ids: BTreeSet<&TestId> = base.keys().chain(proposal.keys()).copied().collect();
    for id in ids {
        let (before, after) = (base.get(id), proposal.get(id));
        let flaky = |side: Option<&BTreeSet<TestOutcome>>| side.is_some_and(|set| set.len() > 1);
        let one = |side: Option<&BTreeSet<TestOutcome>>| side.and_then(|set| set.first().copied());
        if flaky(before) || flaky(after) {
            found.flaky.push(id.clone());
            continue;
        }
        let list = match (one(before), one(after)) {
            (Some(TestOutcome::Failed), Some(TestOutcome::Failed)) => &mut found.still_failing,
            (_, Some(TestOutcome::Failed)) => &mut found.new_failures,
            (Some(TestOutcome::Failed), Some(TestOutcome::Passed)) => &mut found.fixed,
            (
                Some(TestOutcome::Passed | TestOutcome::Failed),
                None | Some(TestOutcome::Skipped),
            ) => &mut found.removed_tests,
            (None, Some(_)) => &mut found.added_tests,
            _ => {
                found.unchanged += 1;
                continue;
            }
        };
        list.push(id.clone());
    }
}

/// What a finding says, wherever in its file: lines move with every edit above them.
fn said(finding: &GateFinding) -> GateFinding {
    GateFinding { first_line: None, ..finding.clone() }
}

/// How many findings both have.
fn sort_findings(found: &mut Comparison, base: &[Evidence], proposal: &[Evidence]) -> usize {
    let mut kept = 0;
    let mut known: BTreeMap<GateFinding, u32> = BTreeMap::new();
    let first =
        |runs: &[Evidence]| runs.first().map(|run| run.findings.clone()).unwrap_or_default();
    for finding in first(base) {
        *known.entry(said(&finding)).or_default() += 1;
    }
    for finding in first(proposal) {
        match known.get_mut(&said(&finding)).filter(|count| **count > 0) {
            Some(count) => {
                *count -= 1;
                kept += 1;
            }
            None => found.new_findings.push(finding),
        }
    }
    found.gone_findings = known.values().sum();
    kept
}

fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// Names the worst of new findings, behind what is said of all.
fn first_of(findings: &[GateFinding]) -> String {
    let worst = findings.iter().map(|finding| finding.severity).max();
    let Some(first) = findings.iter().find(|finding| Some(finding.severity) == worst) else {
        return String::new();
    };
    let line = first.first_line.map(|line| format!(":{}", line + 1)).unwrap_or_default();
    let place = first.path.as_ref().map(|path| format!("{path}{line}: ")).unwrap_or_default();
    format!(": {place}{}", first.message)
}

/// What the gate says, and why. `steady`: whether a run on the proposal passed; `kept`: how many findings
/// both have.
fn judge(found: &Comparison, steady: bool, kept: usize) -> (ComparisonVerdict, String) {
    use ComparisonVerdict::{NoWorse, Passes, Unknown, Worse};
    let ended =
        |outcome: &GateOutcome| matches!(outcome, GateOutcome::Passed | GateOutcome::Failed);
    if !ended(&found.proposal) {
        let passed = found.base == GateOutcome::Passed;
        let broke = matches!(found.proposal, GateOutcome::TimedOut | GateOutcome::Crashed);
        let verdict = if passed && broke { Worse } else { Unknown };
        return (verdict, format!("{} on the proposal", found.proposal));
    }
    if !found.new_failures.is_empty() {
        let tests = count(found.new_failures.len(), "test fails", "tests fail");
        return (Worse, format!("{tests} that did not fail before"));
    }
    let errors = found.new_findings.iter().filter(|finding| finding.severity == Severity::Error);
    match errors.count() {
        0 => {}
        errors => {
            let errors = count(errors, "error is", "errors are");
            return (Worse, format!("{errors} new{}", first_of(&found.new_findings)));
        }
    }
    if found.proposal == GateOutcome::Passed {
        return (Passes, "passed on the proposal".to_owned());
    }
    if !ended(&found.base) {
        return (Unknown, format!("failed on the proposal, and on the base it was {}", found.base));
    }
    if steady && !found.flaky.is_empty() {
        return (NoWorse, "fails in flaky tests only".to_owned());
    }
    if found.base == GateOutcome::Passed {
        let first = first_of(&found.new_findings);
        return (Worse, format!("passed on the base and fails on the proposal{first}"));
    }
    if !found.removed_tests.is_empty() {
        let tests = count(found.removed_tests.len(), "test", "tests");
        return (Unknown, format!("fails on both, and {tests} of the base did not run"));
    }
    if !found.still_failing.is_empty() {
        return (NoWorse, "fails on both in the same tests".to_owned());
    }
    if kept > 0 {
        return (NoWorse, "fails on both with the same findings".to_owned());
    }
    (Unknown, "fails on both without saying why".to_owned())
}

#[cfg(test)]
mod tests;
