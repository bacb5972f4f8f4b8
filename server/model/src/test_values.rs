//! One value of each contract, with every part of it used.

use serde_json::Value;

use crate::*;

fn path(text: &str) -> RelPath {
    text.parse().unwrap()
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn test(name: &str) -> TestId {
    TestId { suite: "tests/routing.rs".to_owned(), name: name.to_owned() }
}

pub(crate) fn task() -> Task {
    Task {
        kind: TaskKind::Fix,
        objective: "mend the routing".to_owned(),
        place: Some(TaskPlace { path: path("src/route.rs"), first_line: 3, lines: 2 }),
        diagnostic: None,
        constraints: TaskConstraints {
            paths: vec!["src/**".to_owned()],
            gates: vec!["cargo.test".parse().unwrap()],
            changed_lines: Some(40),
            notes: vec!["keep the interface".to_owned()],
        },
        budget: TaskBudget { tokens: Some(10_000), ..TaskBudget::default() },
        depends_on: [TaskId(digest("earlier"))].into(),
        worker: Some("command".to_owned()),
    }
}

pub(crate) fn gate() -> GateDefinition {
    GateDefinition {
        id: "cargo.test".parse().unwrap(),
        kind: GateKind::Test,
        command: vec!["cargo".to_owned(), "test".to_owned()],
        folder: None,
        reports: vec![ReportDefinition { format: ReportFormat::CargoTest, path: None }],
        time_limit_s: 600,
        source: GateSource::Detected { file: path("Cargo.toml") },
    }
}

pub(crate) fn evidence() -> Evidence {
    let gate = gate();
    Evidence {
        version: Evidence::VERSION,
        subject: EvidenceSubject::new(
            &gate,
            digest("tree"),
            digest("rustc"),
            digest("linux"),
            SandboxTier::Namespaces,
        ),
        outcome: GateOutcome::Failed,
        exit_code: Some(101),
        tests: vec![
            TestResult { id: test("a"), outcome: TestOutcome::Passed },
            TestResult { id: test("b"), outcome: TestOutcome::Failed },
        ],
        findings: vec![finding_of_a_tool()],
        coverage: Some(CoverageSummary {
            lines: 10,
            covered: 7,
            files: vec![FileCoverage { path: path("src/route.rs"), lines: 10, covered: 7 }],
        }),
        record: EvidenceRecord {
            started: Some(Timestamp(1)),
            duration_ms: 1200,
            messages: [("tests/routing.rs b".to_owned(), "left: 1, right: 2".to_owned())].into(),
            artifacts: vec![Artifact {
                name: "stdout".to_owned(),
                blob: digest("log"),
                size_bytes: 3,
                truncated: false,
            }],
        },
    }
}

fn finding_of_a_tool() -> GateFinding {
    GateFinding {
        path: Some(path("src/route.rs")),
        first_line: Some(4),
        rule: "unused_variables".to_owned(),
        severity: Severity::Warning,
        message: "unused variable: `x`".to_owned(),
    }
}

fn comparison() -> Comparison {
    Comparison {
        gate: "cargo.test".parse().unwrap(),
        kind: GateKind::Test,
        verdict: ComparisonVerdict::Worse,
        reason: "1 test fails that did not".to_owned(),
        base: GateOutcome::Passed,
        proposal: GateOutcome::NotRun("no such program".to_owned()),
        new_failures: vec![test("b")],
        fixed: vec![test("c")],
        still_failing: vec![test("d")],
        flaky: vec![test("e")],
        removed_tests: vec![test("f")],
        added_tests: vec![test("g")],
        unchanged: 12,
        new_findings: vec![finding_of_a_tool()],
        gone_findings: 2,
    }
}

fn validation() -> Validation {
    Validation {
        gates: vec![ProvedGate {
            required: true,
            comparison: comparison(),
            base_evidence: vec![digest("on base")],
            proposal_evidence: vec![evidence().digest()],
        }],
        findings: vec![Finding {
            rule: "test.removed".to_owned(),
            severity: Severity::Warning,
            message: "the test `f` is removed".to_owned(),
            path: path("tests/routing.rs"),
            first_line: 8,
            lines: 1,
        }],
        witness: Some(WitnessReport {
            base_tests: vec![BaseWitness {
                gate: "cargo.test".parse().unwrap(),
                outcome: GateOutcome::Failed,
                broken: vec![test("b")],
            }],
            tests: vec![WitnessedTest {
                path: path("tests/routing.rs"),
                name: "g".to_owned(),
                change: TestChange::Added,
                on_base: Some(TestOutcome::Passed),
                on_proposal: Some(TestOutcome::Passed),
                value: Some(TestValue::ProvesNothing),
            }],
            findings: Vec::new(),
        }),
        coverage: Some(ChangedCoverage {
            lines: 4,
            covered: 3,
            files: vec![FileCoverage { path: path("src/route.rs"), lines: 4, covered: 3 }],
            missed: vec![Place { path: path("src/route.rs"), line: 9 }],
        }),
        coverage_delta: Some(CoverageDelta {
            lines: 90,
            before: 80,
            after: 79,
            lost: vec![Place { path: path("src/table.rs"), line: 3 }],
        }),
        mutation: Some(MutationReport {
            possible: 8,
            budget: 6,
            killed: 4,
            invalid: 1,
            survived: vec![Survivor {
                path: path("src/route.rs"),
                line: 5,
                operator: MutationOperator::Relational,
                original: "<".to_owned(),
                replacement: "<=".to_owned(),
            }],
        }),
        superfluous_hunks: Some(vec![2]),
    }
}

pub(crate) fn proof() -> Proof {
    Proof {
        version: Proof::VERSION,
        changeset: changeset().id,
        speaks_for: digest("tree"),
        base: digest("base tree"),
        diff: DiffSummary {
            digest: changeset().id.0,
            files: 1,
            hunks: 1,
            lines_added: 2,
            lines_removed: 1,
        },
        rationale: "the table had a hole".to_owned(),
        risk: Risk {
            score: 12,
            level: RiskLevel::Low,
            reasons: vec![RiskReason {
                feature: "size".to_owned(),
                points: -2,
                text: "2 lines".to_owned(),
            }],
            model: "additive-1".to_owned(),
        },
        risks: vec![StatedRisk {
            severity: Severity::Note,
            text: "a route may be longer".to_owned(),
            mitigation: "a test of its length".to_owned(),
        }],
        tests: vec![TestCount { kind: TestKind::Integration, added: 1, changed: 0, removed: 1 }],
        validation: validation(),
        provenance: Provenance {
            worker: "command".to_owned(),
            name: "ruff".to_owned(),
            worker_version: Some("0.9".to_owned()),
            model: None,
            model_version: None,
            prompt: Some(digest("prompt")),
            seed: Setting::Sent { value: "7".to_owned() },
            temperature: Setting::Unsupported { requested: "0.2".to_owned() },
            input_tokens: 10,
            output_tokens: 20,
            cost_micro_usd: Some(1_500),
        },
        toolchain: digest("rustc"),
        environment: digest("linux"),
        policy: PolicyBinding { text: digest("rules"), input: digest("input") },
        sandbox: Some(SandboxTier::Namespaces),
        evidence: vec![evidence().digest()],
        record: ProofRecord {
            started: Timestamp(1_767_225_600_000),
            duration_ms: 5_000,
            worker_duration_ms: Some(100),
            cache_hits: 1,
            runs: 2,
        },
    }
}

fn changeset() -> ChangeSet {
    let side = |text: &str| FileSide {
        blob: digest(text),
        mode: FileMode::File,
        size_bytes: u64::try_from(text.len()).unwrap(),
    };
    let file = FileChange {
        path: path("src/route.rs"),
        old_path: Some(path("src/road.rs")),
        change: ChangeKind::Renamed,
        content: Content::Text,
        language: Some(Language::Rust),
        generated: false,
        before: Some(side("a")),
        after: Some(side("bc")),
        hunks: vec![Hunk {
            ordinal: 1,
            kind: HunkKind::Whole,
            before: LineSpan::default(),
            after: LineSpan { start: 0, end: 2, first_line: 0, lines: 1 },
            entity: Some("route".to_owned()),
        }],
    };
    let base = Base { commit: Some("0123".to_owned()), branch: None, dirty: true };
    let origin = Origin { worker: "recipe".to_owned(), name: "tidy".to_owned() };
    let mut changeset = ChangeSet::new(base, origin, "tidy".to_owned(), String::new(), vec![file]);
    changeset.adopted =
        Some(Adoption { snapshot: Some(4), worktree: String::new(), mixed: vec![1] });
    changeset
}

fn verdict() -> Verdict {
    Verdict {
        decision: Decision::Review,
        reasons: vec![VerdictReason {
            rule: "size.large".to_owned(),
            decision: Decision::Review,
            severity: Severity::Warning,
            message: "it is large".to_owned(),
            path: Some(path("src/route.rs")),
            line: None,
        }],
        policy_digest: digest("rules"),
        input_digest: digest("input"),
    }
}

fn capability() -> Capability {
    Capability {
        worker: "command".to_owned(),
        version: None,
        kinds: [TaskKind::Fix, TaskKind::Chore].into(),
        languages: [Language::Python].into(),
        model: false,
        seed: false,
        temperature: false,
        deterministic: true,
    }
}

fn problem() -> Problem {
    Problem {
        kind: ProblemKind::Limit,
        message: "the change has too many files".to_owned(),
        causes: vec!["10001 files".to_owned()],
        hint: Some("split it".to_owned()),
    }
}

/// Each contract by its name, in the order of [`SCHEMAS`].
pub(crate) fn contracts() -> Vec<(&'static str, Value)> {
    fn json<T: serde::Serialize>(value: T) -> Value {
        serde_json::to_value(value).unwrap()
    }
    vec![
        ("task", json(task())),
        ("changeset", json(changeset())),
        ("proof", json(proof())),
        ("evidence", json(evidence())),
        ("verdict", json(verdict())),
        ("capability", json(capability())),
        ("error", json(problem())),
        ("settings", json(Settings::default())),
    ]
}
