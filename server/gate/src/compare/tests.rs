use model::{ReportFormat, TestResult};

use super::*;
use crate::tests::changes::{gate, ran, subject};
use crate::{ReportPlace, read_report};

/// A run with tests: `+a` passed, `-a` failed, `.a` skipped.
fn run(code: i32, tests: &str) -> Evidence {
    let tests = tests.split_whitespace().map(|word| {
        let (how, name) = word.split_at(1);
        let outcome = match how {
            "+" => TestOutcome::Passed,
            "-" => TestOutcome::Failed,
            _ => TestOutcome::Skipped,
        };
        TestResult { id: TestId { suite: String::new(), name: name.to_owned() }, outcome }
    });
    let report = Report { tests: tests.collect(), ..Report::default() };
    ran(&RunEnd::Exited(code), report)
}

fn ended(end: RunEnd) -> Evidence {
    ran(&end, Report::default())
}

fn linted(code: i32, findings: &[(u32, Severity, &str)]) -> Evidence {
    let finding = |(line, severity, message): &(u32, Severity, &str)| GateFinding {
        path: Some("a.rs".parse().unwrap()),
        first_line: Some(*line),
        rule: "r".to_owned(),
        severity: *severity,
        message: (*message).to_owned(),
    };
    let findings = findings.iter().map(finding).collect();
    let report = Report { findings, ..Report::default() };
    ran(&RunEnd::Exited(code), report)
}

fn check(
    base: &[Evidence],
    proposal: &[Evidence],
    verdict: ComparisonVerdict,
    reason: &str,
) -> Comparison {
    let found = compare(&gate(), base, proposal);
    assert_eq!((found.verdict, found.reason.as_str()), (verdict, reason), "{found:?}");
    found
}

fn names(ids: &[TestId]) -> Vec<&str> {
    ids.iter().map(|id| id.name.as_str()).collect()
}

use ComparisonVerdict::{NoWorse, Passes, Unknown, Worse};

#[test]
fn only_new_failures_count() {
    let found = check(
        &[run(1, "+a -b -c")],
        &[run(1, "-a -b +c +d")],
        Worse,
        "1 test fails that did not fail before",
    );
    assert_eq!(names(&found.new_failures), ["a"]);
    assert_eq!(names(&found.still_failing), ["b"]);
    assert_eq!(names(&found.fixed), ["c"]);
    assert_eq!(names(&found.added_tests), ["d"]);
    check(&[run(1, "+a -b")], &[run(1, "+a -b")], NoWorse, "fails on both in the same tests");
    check(&[run(1, "+a -b")], &[run(0, "+a +b")], Passes, "passed on the proposal");
    check(&[run(0, "+a")], &[run(1, "+a -n")], Worse, "1 test fails that did not fail before");
}

#[test]
fn a_test_that_no_longer_runs_is_named() {
    let found = check(&[run(0, "+a +b +c")], &[run(0, "+a .b")], Passes, "passed on the proposal");
    assert_eq!(names(&found.removed_tests), ["b", "c"]);
    // What fails on the base must not hide that nothing runs any more.
    check(
        &[run(1, "+a -b")],
        &[run(1, "")],
        Unknown,
        "fails on both, and 2 tests of the base did not run",
    );
}

#[test]
fn a_test_that_ends_now_so_and_now_so_counts_neither_way() {
    let found = check(
        &[run(0, "+a +b")],
        &[run(1, "+a -b"), run(0, "+a +b")],
        NoWorse,
        "fails in flaky tests only",
    );
    assert_eq!(names(&found.flaky), ["b"]);
    let both = [run(1, "-a -b"), run(1, "-a +b")];
    check(&[run(0, "+a +b")], &both, Worse, "1 test fails that did not fail before");
}

#[test]
fn what_did_not_come_to_its_end_is_no_pass() {
    let passed = [run(0, "+a")];
    check(&passed, &[ended(RunEnd::TimedOut)], Worse, "timed out on the proposal");
    check(&passed, &[ended(RunEnd::Killed)], Worse, "crashed on the proposal");
    let gone = [ended(RunEnd::NotStarted("no such program".to_owned()))];
    check(&passed, &gone, Unknown, "not run: no such program on the proposal");
    check(&[ended(RunEnd::Killed)], &[ended(RunEnd::Killed)], Unknown, "crashed on the proposal");
    check(&passed, &[], Unknown, "not run: nobody ran it on the proposal");
    check(&[], &passed, Passes, "passed on the proposal");
    check(
        &[],
        &[run(1, "")],
        Unknown,
        "failed on the proposal, and on the base it was not run: nobody ran it",
    );
    check(&[run(0, "")], &[run(2, "")], Worse, "passed on the base and fails on the proposal");
    check(&[run(2, "")], &[run(2, "")], Unknown, "fails on both without saying why");
}

#[test]
fn findings_count_wherever_they_moved_to() {
    let old = (3, Severity::Error, "unused");
    let found = check(
        &[linted(1, &[old, (9, Severity::Warning, "gone")])],
        &[linted(1, &[(30, Severity::Error, "unused"), (31, Severity::Error, "unused")])],
        Worse,
        "1 error is new: a.rs:32: unused",
    );
    assert_eq!(found.new_findings.len(), 1);
    assert_eq!(found.gone_findings, 1);
    check(
        &[linted(1, &[old])],
        &[linted(1, &[old])],
        NoWorse,
        "fails on both with the same findings",
    );
    let warned = linted(0, &[(1, Severity::Warning, "style")]);
    let found = check(&[linted(0, &[])], &[warned], Passes, "passed on the proposal");
    assert_eq!(found.new_findings.len(), 1);
}

#[test]
fn an_exit_code_does_not_outweigh_a_report() {
    let of = |text: &str| {
        let place = ReportPlace { root: "/r", folder: None };
        let report = read_report(ReportFormat::Tap, text.as_bytes(), place);
        conclude(subject(), &RunEnd::Exited(0), report, EvidenceRecord::default()).outcome
    };
    assert_eq!(of("1..1\nok 1 - a\n"), GateOutcome::Passed);
    assert_eq!(of("1..1\nnot ok 1 - a\n"), GateOutcome::Failed);
    let GateOutcome::NotRun(reason) = of("1..2\nok 1 - a\n") else { panic!() };
    assert_eq!(reason, "2 tests were planned and 1 came");
    let GateOutcome::NotRun(reason) = of("nothing") else { panic!() };
    assert!(reason.starts_with("its report could not be read: "), "{reason}");
}

#[test]
fn what_failed_tests_said_is_kept_outside_the_digest() {
    let place = ReportPlace { root: "/r", folder: None };
    let of = |said: &str| {
        let text = format!(
            "<testsuite><testcase classname=\"s\" name=\"a\"><failure message=\"{said}\"/></testcase></testsuite>"
        );
        let report = read_report(ReportFormat::Junit, text.as_bytes(), place);
        conclude(subject(), &RunEnd::Exited(1), report, EvidenceRecord::default())
    };
    assert_eq!(of("took 3 ms").digest(), of("took 4 ms").digest());
    assert_eq!(of("took 3 ms").record.messages["s a"], "took 3 ms");
}

#[test]
fn tests_rest_on_builds_but_for_tools_that_build_what_they_test() {
    let of = |kind, command: &[&str]| GateDefinition {
        kind,
        command: command.iter().map(|part| (*part).to_owned()).collect(),
        ..gate()
    };
    let rests = |test: &[&str], build: &[&str]| {
        rests_on(&of(GateKind::Test, test), &of(GateKind::Build, build))
    };
    assert!(rests(&["npm", "run", "test"], &["npm", "run", "build"]));
    assert!(rests(&["cargo", "test"], &["make", "build"]));
    assert!(!rests(&["cargo", "test"], &["cargo", "build"]));
    assert!(!rests(&["./gradlew", "test"], &["gradlew", "assemble"]));
    let build = of(GateKind::Build, &["npm", "run", "build"]);
    assert!(!rests_on(&of(GateKind::Lint, &["eslint"]), &build));
    assert!(!rests_on(&build, &build));
}
