//! The built-in rules and the judge, by their results.

use expect_test::{Expect, expect};
use model::{
    Actor, ActorKind, ChangeKind, ChangeSetId, Content, Decision, Digest, FileMode, Finding,
    Origin, PolicyAction, PolicyChangeSet, PolicyConfig, PolicyFile, PolicyInput, Risk, RiskLevel,
    Severity, Stats, Surface, Unexamined, Verdict,
};

use super::*;

fn small() -> PolicyInput {
    PolicyInput {
        version: 1,
        action: PolicyAction::Propose,
        actor: Actor {
            kind: ActorKind::Person,
            name: "Ada".to_owned(),
            surface: Surface::Terminal,
        },
        changeset: PolicyChangeSet {
            id: ChangeSetId(Digest::of(b"abc")),
            origin: Origin { worker: "recipe".to_owned(), name: "tidy".to_owned() },
            title: "Tidy".to_owned(),
            files: vec![PolicyFile {
                path: "src/a.rs".parse().unwrap(),
                old_path: None,
                change: ChangeKind::Modified,
                content: Content::Text,
                language: Some(model::Language::Rust),
                generated: false,
                old_mode: Some(FileMode::File),
                new_mode: Some(FileMode::File),
                lines_added: 2,
                lines_removed: 1,
                protected: false,
            }],
        },
        stats: Stats { files: 1, hunks: 1, lines_added: 2, lines_removed: 1 },
        entities: Vec::new(),
        findings: Vec::new(),
        risk: Risk {
            score: 3,
            level: RiskLevel::Low,
            reasons: Vec::new(),
            model: "additive-1".to_owned(),
        },
        unexamined: Vec::new(),
        proof: None,
        limits: PolicyConfig::default().limits(),
    }
}

fn found(rule: &str, severity: Severity) -> PolicyInput {
    let finding = Finding {
        rule: rule.to_owned(),
        severity,
        message: format!("found by {rule}"),
        path: "src/a.rs".parse().unwrap(),
        first_line: 4,
        lines: 1,
    };
    PolicyInput { findings: vec![finding], ..small() }
}

fn bundle(modules: &[(&str, &str)]) -> Result<Bundle, PolicyError> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Bundle::from_modules(modules.iter().map(owned).collect())
}

fn policy(modules: &[(&str, &str)]) -> Result<Policy, PolicyError> {
    Policy::compile(&bundle(modules)?)
}

fn built_in() -> Policy {
    Policy::compile(&Bundle::built_in().unwrap()).unwrap()
}

fn shown(verdict: &Verdict) -> String {
    let mut text = format!("{}\n", verdict.decision);
    for reason in &verdict.reasons {
        let place = match (&reason.path, reason.line) {
            (Some(path), Some(line)) => format!(" {path}:{line}"),
            (Some(path), None) => format!(" {path}"),
            _ => String::new(),
        };
        let (decision, severity) = (reason.decision, reason.severity);
        text += &format!("{decision} {severity} {}{place}: {}\n", reason.rule, reason.message);
    }
    text
}

fn check(input: &PolicyInput, expected: Expect) {
    expected.assert_eq(&shown(&built_in().judge(input)));
}

/// One more rule, `team.extra`, beside the built-in ones.
fn check_extra(body: &str, input: &PolicyInput, expected: Expect) {
    let text = format!("package countersign.team.extra\n{body}\n");
    let extra = policy(&[("team/extra.rego", &text)]).unwrap();
    expected.assert_eq(&shown(&judge(&built_in(), &[&extra], input)));
}

fn check_load(modules: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&policy(modules).unwrap_err().to_string());
}

#[test]
fn the_tests_of_the_built_in_rules_pass() {
    let report = test(&Bundle::built_in().unwrap()).unwrap();
    let failed: Vec<_> = report.outcomes.iter().filter(|outcome| !outcome.passed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(report.untested, Vec::<String>::new());
    assert!(report.passed() && report.outcomes.len() > 60, "{}", report.outcomes.len());
}

/// The built-in modules that a rule's own tests need, with the rule itself replaced by `body`.
fn with_rule_replaced(file: &str, body: &str) -> Bundle {
    let built_in = Bundle::built_in().unwrap();
    let test_file = file.replace(".rego", "_test.rego");
    let modules = built_in.judging().chain(built_in.testing());
    let needed = modules.filter_map(|(name, module)| {
        let package = &module.outline.package;
        let text =
            if name == file { format!("package {package}\n{body}\n") } else { module.text.clone() };
        let keep = name == file || name == test_file || name.starts_with("lib/");
        keep.then(|| (name.to_owned(), text))
    });
    Bundle::from_modules(needed.collect()).unwrap()
}

#[test]
fn the_tests_of_every_built_in_rule_can_fail() {
    let mute = "deny contains 1 if false\nreview contains 1 if false";
    let loud = "deny contains {\"message\": \"m\"}\nreview contains {\"message\": \"m\"}";
    for doc in rules(&Bundle::built_in().unwrap()).unwrap() {
        for body in [mute, loud] {
            let report = test(&with_rule_replaced(&doc.file, body)).unwrap();
            assert!(!report.passed(), "the tests of {} pass with `{body}`", doc.file);
        }
    }
}

#[test]
fn the_change_that_tests_start_from_is_an_input() {
    let built_in = Bundle::built_in().unwrap();
    let mut engine = judge::load(built_in.judging().chain(built_in.testing())).unwrap();
    let small = judge::query(&mut engine, "data.countersign.lib.change_test.small").unwrap();
    let json = serde_json::to_value(small.unwrap()).unwrap();
    let input: PolicyInput = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(input).unwrap(), json);
}

#[test]
fn the_rule_and_the_test_of_the_readme_work() {
    let readme = include_str!("../../../policies/README.md");
    let blocks: Vec<_> = readme
        .split("```rego\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .map(str::to_owned)
        .collect();
    let [rule, tests] = blocks.as_slice() else { panic!("{blocks:?}") };
    // As a bundle of one's own: nothing else is there.
    let bundle = bundle(&[("team/release.rego", rule), ("team/release_test.rego", tests)]).unwrap();
    let report = test(&bundle).unwrap();
    assert!(report.passed(), "{report:?}");
    assert_eq!(report.outcomes.len(), 2);
    assert_eq!(report.untested, Vec::<String>::new());
}

#[test]
fn every_built_in_rule_is_documented() {
    for doc in rules(&Bundle::built_in().unwrap()).unwrap() {
        assert_ne!(doc.title, doc.id, "{} has no title", doc.file);
        assert!(!doc.description.is_empty(), "{} has no description", doc.file);
        assert!(doc.line > 1, "{doc:?}");
    }
}

#[test]
fn the_rule_table() {
    let table: String = rules(&Bundle::built_in().unwrap())
        .unwrap()
        .iter()
        .map(|doc| {
            let asks: Vec<_> = doc.decisions.iter().map(ToString::to_string).collect();
            format!("{} [{}] {}\n", doc.id, asks.join(", "), doc.severity)
        })
        .collect();
    expect![[r#"
        api.changed [review] warning
        ci.changed [review] warning
        code.conflict_marker [deny] error
        code.risky [review] warning
        code.syntax [deny, review] error
        code.unicode [deny, review] error
        content.generated [review] note
        content.unexamined [deny, review] error
        contract.version [deny] error
        dependencies.added [review] warning
        dependencies.changed [review] warning
        dependencies.install_script [review] warning
        dependencies.integrity [deny, review] error
        dependencies.lockfile [review] warning
        dependencies.lookalike [deny, review] error
        dependencies.older [review] warning
        dependencies.source [deny, review] error
        dependencies.unlocked [review] warning
        dependencies.unread [deny, review] error
        files.mode [review] warning
        files.protected [review] warning
        files.symlink [deny, review] warning
        licences.header [review] warning
        proof.gates [deny, review] error
        proof.required [deny, review] error
        proof.witness [review] warning
        risk.high [review] warning
        rules.changed [review] warning
        secrets.added [deny] error
        size.limit [deny, review] warning
        tests.removed [review] warning
        tests.weakened [review] warning
    "#]]
    .assert_eq(&table);
}

#[test]
fn nothing_special_is_allowed() {
    check(
        &small(),
        expect![[r#"
        allow
    "#]],
    );
    check(
        &PolicyInput { action: PolicyAction::Check, ..small() },
        expect![[r#"
        allow
    "#]],
    );
    check(
        &found("something.noted", Severity::Note),
        expect![[r#"
        allow
    "#]],
    );
}

#[test]
fn reasons_are_strictest_first_and_placed() {
    let mut input = found("secret.github-token", Severity::Error);
    input.findings.extend(found("test.removed", Severity::Warning).findings);
    input
        .unexamined
        .push(Unexamined { path: "big.rs".parse().unwrap(), reason: "huge".to_owned() });
    check(
        &input,
        expect![[r#"
        deny
        deny error content.unexamined big.rs: not examined: huge
        deny error secrets.added src/a.rs:4: found by secret.github-token
        review warning tests.removed src/a.rs:4: found by test.removed
    "#]],
    );
}

#[test]
fn another_version_of_the_contract_is_denied() {
    check(
        &PolicyInput { version: 2, ..small() },
        expect![[r#"
        deny
        deny error contract.version: these policies know version 1 of the input: update the program or the policies
    "#]],
    );
}

#[test]
fn a_verdict_is_named_by_policies_and_input() {
    let (built_in, input) = (built_in(), small());
    let extra =
        policy(&[("a/b.rego", "package countersign.a.b\ndeny contains 1 if false")]).unwrap();
    let alone = built_in.judge(&input);
    let both = judge(&built_in, &[&extra], &input);
    assert_eq!(alone.policy_digest, Bundle::built_in().unwrap().digest());
    assert_ne!(alone.policy_digest, both.policy_digest);
    assert_eq!(alone.input_digest, Digest::of_json(&input));
    assert_eq!(alone.input_digest, both.input_digest);
    assert_eq!(alone, built_in.judge(&input));
}

#[test]
fn tests_do_not_enter_the_digest_and_rules_do() {
    let rule = "package countersign.a.b\ndeny contains 1 if false";
    let alone = bundle(&[("a/b.rego", rule)]).unwrap().digest();
    let test = ("a/b_test.rego", "package countersign.a.b_test\ntest_a if true");
    assert_eq!(bundle(&[test, ("a/b.rego", rule)]).unwrap().digest(), alone);
    let changed = rule.replace("false", "true");
    assert_ne!(bundle(&[("a/b.rego", &changed)]).unwrap().digest(), alone);
}

#[test]
fn an_extra_bundle_tightens() {
    check_extra(
        r#"review contains {"message": "no Fridays"}"#,
        &small(),
        expect![[r#"
        review
        review warning team.extra: no Fridays
    "#]],
    );
    check_extra(
        r#"deny contains {"message": "no", "path": "a.rs", "line": 2, "severity": "note"}"#,
        &small(),
        expect![[r#"
            deny
            deny note team.extra a.rs:2: no
        "#]],
    );
    check_extra(
        r#"deny contains {"message": "no"} if input.version == 7"#,
        &small(),
        expect![[r#"
        allow
    "#]],
    );
}

#[test]
fn an_extra_bundle_cannot_switch_off_a_built_in_rule() {
    let hostile = policy(&[
        ("main/verdict.rego", "package main.verdict\ndecision := \"allow\""),
        (
            "secrets/added.rego",
            "package countersign.secrets.added\ndeny contains {\"message\": \"x\"} if false",
        ),
    ])
    .unwrap();
    let input = found("secret.github-token", Severity::Error);
    let verdict = judge(&built_in(), &[&hostile], &input);
    expect![[r#"
        deny
        deny error secrets.added src/a.rs:4: found by secret.github-token
    "#]]
    .assert_eq(&shown(&verdict));
}

#[test]
fn an_extra_bundle_with_an_entry_point_is_heeded_when_stricter() {
    let strict =
        policy(&[("main/verdict.rego", "package main.verdict\ndecision := \"review\"")]).unwrap();
    let verdict = judge(&built_in(), &[&strict], &small());
    expect![[r#"
        deny
        deny error policy.error: the rules decide `review` and give no reason
    "#]]
    .assert_eq(&shown(&verdict));
}

#[test]
fn without_an_entry_point_nothing_is_allowed() {
    let rule =
        policy(&[("a/b.rego", "package countersign.a.b\ndeny contains 1 if false")]).unwrap();
    expect![[r#"
        deny
        deny error policy.error: the rules state no decision
    "#]]
    .assert_eq(&shown(&rule.judge(&small())));
    let odd = policy(&[("main/verdict.rego", "package main.verdict\ndecision := true")]).unwrap();
    expect![[r#"
        deny
        deny error policy.error: the rules decide true, which is no decision
    "#]]
    .assert_eq(&shown(&odd.judge(&small())));
}

#[test]
fn a_reason_of_the_wrong_shape_is_a_denial() {
    for (body, expected) in [
        (
            r#"review contains "words""#,
            expect![[r#"
            deny
            deny error policy.error: a reason of team.extra is unusable: "words" is not an object
        "#]],
        ),
        (
            r#"review contains {"message": " "}"#,
            expect![[r#"
            deny
            deny error policy.error: a reason of team.extra is unusable: it has no message
        "#]],
        ),
        (
            r#"review contains {"message": "m", "path": "../up"}"#,
            expect![[r#"
            deny
            deny error policy.error: a reason of team.extra is unusable: `../up` has an empty, `.` or `..` part: it could leave the repository
        "#]],
        ),
        (
            r#"review contains {"message": "m", "line": -1}"#,
            expect![[r#"
            deny
            deny error policy.error: a reason of team.extra is unusable: "line" is -1
        "#]],
        ),
        (
            r#"review contains {"message": "m", "severity": "high"}"#,
            expect![[r#"
            deny
            deny error policy.error: a reason of team.extra is unusable: "severity" is "high"
        "#]],
        ),
        (
            r#"review contains {"message": "m", "colour": "red"}"#,
            expect![[r#"
            deny
            deny error policy.error: a reason of team.extra is unusable: "colour" is not known: message, path, line and severity are
        "#]],
        ),
        (
            "deny contains {} if false\nreview[x] := 1 if x := \"a\"",
            expect![[r#"
            deny
            deny error policy.error: `review` of team.extra is not a set of reasons
        "#]],
        ),
    ] {
        check_extra(body, &small(), expected);
    }
}

#[test]
fn a_rule_that_fails_is_a_denial() {
    check_extra(
        "deny contains {\"message\": \"m\"} if 1 / 0 == 1",
        &small(),
        expect![[r#"
        deny
        deny error policy.error: team/extra.rego:2:37: divide by zero
    "#]],
    );
    check_extra(
        "deny contains {\"message\": \"m\"} if to_number(\"x\") == 1",
        &small(),
        expect![[r#"
        deny
        deny error policy.error: team/extra.rego:2:46: could not parse string as number
    "#]],
    );
    check_extra(
        "deny contains 1 if x\nx if y\ny if x",
        &small(),
        expect![[r#"
        deny
        deny error policy.error: team/extra.rego:3:1: recursion detected when evaluating rule
    "#]],
    );
}

#[test]
fn a_rule_that_runs_away_is_stopped_and_denies() {
    let body = "deny contains {\"message\": \"m\"} if { some i in numbers.range(1, 5000); some j in numbers.range(1, 5000); i * j == -1 }";
    let text = format!("package countersign.team.extra\n{body}\n");
    let extra = policy(&[("team/extra.rego", &text)]).unwrap();
    let verdict = judge(&built_in(), &[&extra], &small());
    assert_eq!(verdict.decision, Decision::Deny);
    let reason = &verdict.reasons[0];
    assert_eq!(reason.rule, ERROR_RULE);
    assert!(reason.message.contains("exceeded time limit"), "{}", reason.message);
}

#[test]
fn what_depends_on_more_than_the_input_is_a_denial() {
    check_extra(
        "deny contains {\"message\": \"m\"} if time.now_ns() < 0",
        &small(),
        expect![[r#"
            deny
            deny error policy.error: team/extra.rego:2:46: `time.now_ns` is refused: a verdict depends on its input only
        "#]],
    );
    check_extra(
        "deny contains {\"message\": \"m\"} if rand.intn(\"a\", 2) > 2",
        &small(),
        expect![[r#"
            deny
            deny error policy.error: team/extra.rego:2:44: `rand.intn` is refused: a verdict depends on its input only
        "#]],
    );
    check_extra(
        "deny contains {\"message\": \"m\"} if opa.runtime().env",
        &small(),
        expect![[r#"
            deny
            deny error policy.error: team/extra.rego:2:46: `opa.runtime` is refused: a verdict depends on its input only
        "#]],
    );
}

#[test]
fn reasons_are_bounded_and_the_rest_is_counted() {
    let text = "package countersign.team.extra\nreview contains {\"message\": sprintf(\"%d\", [i])} if some i in numbers.range(1, 600)";
    let extra = policy(&[("team/extra.rego", text)]).unwrap();
    let verdict = judge(&built_in(), &[&extra], &small());
    assert_eq!(verdict.reasons.len(), REASONS_MAX + 1);
    assert_eq!(verdict.decision, Decision::Review);
    assert_eq!(verdict.reasons[REASONS_MAX].message, "100 more reasons are not shown");
}

#[test]
fn a_bundle_that_does_not_load_names_the_place() {
    check_load(
        &[("a/b.rego", "package countersign.a.b\ndeny contains 1 if {\n  1 = = 2\n}")],
        expect!["a/b.rego:3:7: expecting expression"],
    );
    check_load(
        &[("a/b.rego", "package countersign.a.b\ndeny contains 1 if {\n  y == 2\n}")],
        expect!["a/b.rego:3:3: use of undefined variable `y` is unsafe"],
    );
    check_load(
        &[("a/b.rego", "package countersign.a.b\ndeny contains \"x")],
        expect![[r#"a/b.rego:2:15: unmatched ""#]],
    );
    check_load(
        &[("a/b.rego", "package countersign.a.c\ndeny contains 1")],
        expect![
            "a/b.rego:1:1: the package is `countersign.a.c`, but the file's name asks for `countersign.a.b`"
        ],
    );
    check_load(
        &[("a/b.rego", "deny contains 1")],
        expect!["a/b.rego:1:1: the package is ``, but the file's name asks for `countersign.a.b`"],
    );
    check_load(
        &[("a/b.rego", "package countersign.a.b\n\nallow if true")],
        expect!["a/b.rego:1:1: the module defines neither `deny contains` nor `review contains`"],
    );
    check_load(
        &[("a/b/c.rego", "package countersign.a.b.c")],
        expect![
            "`a/b/c.rego` is not a policy's name: `<category>/<rule>.rego` in lower case, digits and `_` is needed (in `main`, only `verdict.rego`)"
        ],
    );
    check_load(
        &[("../b.rego", "package countersign.a.b")],
        expect![
            "`../b.rego` is not a policy's name: `<category>/<rule>.rego` in lower case, digits and `_` is needed (in `main`, only `verdict.rego`)"
        ],
    );
    check_load(
        &[("main/other.rego", "package countersign.main.other")],
        expect![
            "`main/other.rego` is not a policy's name: `<category>/<rule>.rego` in lower case, digits and `_` is needed (in `main`, only `verdict.rego`)"
        ],
    );
    let text = "package countersign.a.b\ndeny contains 1";
    check_load(
        &[("a/b.rego", text), ("a/b.rego", text)],
        expect!["there are two policies named `a/b.rego`: rename one"],
    );
    let long = format!("package countersign.a.b\n{}", "\n".repeat(MODULE_BYTES_MAX));
    check_load(
        &[("a/b.rego", &long)],
        expect!["bytes of a/b.rego: 262168 are too many, 262144 is the limit"],
    );
}

#[test]
fn what_would_end_the_stack_is_refused() {
    let head = "package countersign.a.b\ndeny contains 1 if f(1)\n";
    for (body, expected) in [
        (
            "f(x) := f(x + 1)",
            expect![
                "a/b.rego:3:1: the function `f` calls itself, or more than 32 functions call one another in a row"
            ],
        ),
        (
            "f(x) := g(x)\ng(x) := y if {\n  y := f(x)\n}",
            expect![
                "a/b.rego:3:1: the function `f` calls itself, or more than 32 functions call one another in a row"
            ],
        ),
        (
            "f(x) := data.countersign.a.b.f(x)",
            expect![
                "a/b.rego:3:1: the function `f` calls itself, or more than 32 functions call one another in a row"
            ],
        ),
        (
            "f(x) := data.countersign.a.b[\"f\"](x)",
            expect!["a/b.rego:3:33: a function is called by its dotted name, not through brackets"],
        ),
        (
            "f(x) := g(x) with data.countersign.a.b.g as f\ng(x) := x",
            expect!["a/b.rego:3:14: `with` may replace `input` only"],
        ),
    ] {
        let text = format!("{head}{body}\n");
        check_load(&[("a/b.rego", &text)], expected);
    }
    let aliased = "package countersign.a.b\nimport data.countersign.a.b.f as again\ndeny contains 1 if f(1)\nf(x) := again(x)";
    check_load(
        &[("a/b.rego", aliased)],
        expect![
            "a/b.rego:4:1: the function `f` calls itself, or more than 32 functions call one another in a row"
        ],
    );
    let chain: String = (0..40).map(|i| format!("f{i}(x) := f{}(x)\n", i + 1)).collect();
    let text = format!("{head}{chain}f40(x) := x\n");
    check_load(
        &[("a/b.rego", &text)],
        expect![
            "a/b.rego:3:1: the function `f0` calls itself, or more than 32 functions call one another in a row"
        ],
    );
}

#[test]
fn functions_that_call_others_are_fine() {
    let text = "package countersign.a.b\ndeny contains {\"message\": f(1)} if f(1) == \"2\"\nf(x) := g(x)\ng(x) := sprintf(\"%d\", [x + 1])";
    let verdict = judge(&built_in(), &[&policy(&[("a/b.rego", text)]).unwrap()], &small());
    assert_eq!(verdict.reasons[0].message, "2");
}

/// A rule that needs `length` others in a row.
fn chain(length: usize) -> String {
    let links: String = (1..length).map(|i| format!("r{} if r{i}\n", i - 1)).collect();
    format!(
        "package countersign.a.b\ndeny contains {{\"message\": \"m\"}} if r0\n{links}r{} if true\n",
        length - 1
    )
}

#[test]
fn the_longest_chain_of_rules_that_loads_does_not_end_the_stack() {
    let longest = policy(&[("a/b.rego", &chain(DEPTH_MAX - 1))]).unwrap();
    assert_eq!(judge(&built_in(), &[&longest], &small()).decision, Decision::Deny);
    check_load(
        &[("a/b.rego", &chain(DEPTH_MAX))],
        expect!["a/b.rego:2:1: `countersign.a.b.deny` needs more than 32 other rules in a row"],
    );
    let cycle = chain(DEPTH_MAX + 9).replace("if true", "if r0");
    check_load(
        &[("a/b.rego", &cycle)],
        expect!["a/b.rego:2:1: `countersign.a.b.deny` needs more than 32 other rules in a row"],
    );
    let imported = [
        ("a/b.rego", "package countersign.a.b\nimport data.countersign.lib.c\ndeny contains {\"message\": \"m\"} if c.r0".to_owned()),
        ("lib/c.rego", chain(DEPTH_MAX).replace("countersign.a.b", "countersign.lib.c")),
    ];
    let imported: Vec<_> = imported.iter().map(|(name, text)| (*name, text.as_str())).collect();
    check_load(
        &imported,
        expect!["a/b.rego:3:1: `countersign.a.b.deny` needs more than 32 other rules in a row"],
    );
}

#[test]
fn tests_of_a_bundle_pass_fail_and_fail_to_evaluate() {
    let rule = "package countersign.a.b\ndeny contains {\"message\": \"m\"} if input.x == 1";
    let tests = r#"package countersign.a.b_test
import data.countersign.a.b

test_right if count(b.deny) == 1 with input as {"x": 1}
test_undefined if count(b.deny) == 1 with input as {"x": 2}
test_false := false
test_error if 1 / 0 == 1
test_prints if {
	print("seen", 3)
	1 == 2
}
not_a_test if false
"#;
    let report = test(
        &bundle(&[
            ("a/b.rego", rule),
            ("a/b_test.rego", tests),
            ("a/untested.rego", "package countersign.a.untested\ndeny contains 1 if false"),
        ])
        .unwrap(),
    )
    .unwrap();
    let text: String = report
        .outcomes
        .iter()
        .map(|o| format!("{}:{} {} {} {}\n", o.file, o.line, o.name, o.passed, o.message))
        .collect();
    expect![[r#"
        a/b_test.rego:4 countersign.a.b_test.test_right true 
        a/b_test.rego:5 countersign.a.b_test.test_undefined false is undefined: one of its conditions does not hold
        a/b_test.rego:6 countersign.a.b_test.test_false false is false, not true
        a/b_test.rego:7 countersign.a.b_test.test_error false a/b_test.rego:7:17: divide by zero
        a/b_test.rego:8 countersign.a.b_test.test_prints false is undefined: one of its conditions does not hold
        a/b_test.rego:9: seen 3
    "#]].assert_eq(&text);
    assert_eq!(report.untested, ["a/untested.rego"]);
    assert!(!report.passed());
}

#[test]
fn a_bundle_without_tests_does_not_pass_them() {
    let bundle =
        bundle(&[("a/b.rego", "package countersign.a.b\ndeny contains 1 if false")]).unwrap();
    let report = test(&bundle).unwrap();
    assert!(report.outcomes.is_empty() && !report.passed());
}

#[test]
fn a_query_is_answered_and_explained() {
    let input = serde_json::to_value(found("test.removed", Severity::Warning)).unwrap();
    let answer = eval(&Bundle::built_in().unwrap(), &input, None, true).unwrap();
    assert_eq!(answer.query, DEFAULT_QUERY);
    assert_eq!(answer.value.unwrap()["decision"], "review");
    let (fired, silent): (Vec<_>, Vec<_>) =
        answer.rules.iter().partition(|trace| !trace.reasons.is_empty());
    let [fired] = fired.as_slice() else { panic!("{fired:?}") };
    assert_eq!(
        (fired.rule.id.as_str(), fired.rule.file.as_str()),
        ("tests.removed", "tests/removed.rego")
    );
    assert_eq!(fired.rule.title, "A test is removed");
    assert!(silent.len() > 10);
    assert!(answer.failures.is_empty());
}

#[test]
fn queries_may_be_undefined_have_many_rows_or_be_broken() {
    let bundle =
        bundle(&[("a/b.rego", "package countersign.a.b\ndeny contains x if some x in input.xs")])
            .unwrap();
    let input = serde_json::json!({"xs": [1, 2]});
    let ask = |query| eval(&bundle, &input, query, true);
    assert_eq!(ask(Some("data.nothing")).unwrap().value, None);
    assert_eq!(
        ask(Some("some i; x := input.xs[i]")).unwrap().value.unwrap().as_array().unwrap().len(),
        2
    );
    assert_eq!(ask(None).unwrap().value, Some(serde_json::json!({"a": {"b": {"deny": [1, 2]}}})));
    assert_eq!(ask(None).unwrap().failures.len(), 2);
    expect!["<query.rego>:1:1: expecting"].assert_eq(&ask(Some("1 +")).unwrap_err().to_string());
}
