use expect_test::{Expect, expect};
use model::{GateOutcome, TestId, TestOutcome, TestResult, TestValue};

use super::*;
use crate::tests::changes::{self, TestsOnly, case, gate, ran};
use crate::{Report, RunEnd, check};

/// A file before and after; `None` for a side that is not there.
type Case<'t> = (&'t str, Option<&'t str>, Option<&'t str>);

fn with_files<T>(cases: &[Case<'_>], of: impl Fn(&[FileUnderReview<'_>]) -> T) -> T {
    let cases: Vec<_> =
        cases.iter().map(|(path, before, after)| case(path, *before, *after)).collect();
    changes::with_files(&cases, of)
}

fn check_tests(cases: &[Case<'_>], expected: Expect) {
    let shown = with_files(cases, |files| {
        let tests = changed_tests(files);
        let findings = check(files, &TestsOnly(&[]));
        let tests = tests.iter().map(|test| {
            let says = if test.asserts { "" } else { " (asserts nothing)" };
            format!(
                "{:?} {:?} {} {}:{}{says}\n",
                test.change,
                test.kind,
                test.name,
                test.path,
                test.first_line + 1
            )
        });
        let findings = findings
            .iter()
            .filter(|f| f.rule == "test.asserts-nothing")
            .map(|f| format!("{} {}:{}: {}\n", f.rule, f.path, f.first_line + 1, f.message));
        tests.chain(findings).collect::<String>()
    });
    expected.assert_eq(&shown);
}

const RUST: &str = r#"pub fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[cfg(test)]
mod tests {
    #[test]
    fn adds() {
        assert_eq!(super::add(1, 2), 3);
        assert_eq!(super::add(2, 2), 4);
    }

    #[test]
    fn stays() {
        assert!(true);
    }
}
"#;

#[test]
fn tests_are_new_changed_weakened_or_gone() {
    let less = RUST.replace("        assert_eq!(super::add(2, 2), 4);\n", "");
    check_tests(
        &[("src/lib.rs", Some(RUST), Some(&less))],
        expect![[r#"
        Weakened Unit tests::adds src/lib.rs:7
    "#]],
    );
    let more = RUST.replace("3);", "3, \"sum\");").replace("fn stays", "fn renamed");
    check_tests(
        &[("src/lib.rs", Some(RUST), Some(&more))],
        expect![[r#"
        Changed Unit tests::adds src/lib.rs:7
        Changed Unit tests::renamed src/lib.rs:13
    "#]],
    );
    let skipped =
        RUST.replace("    #[test]\n    fn stays", "    #[test]\n    #[ignore]\n    fn stays");
    check_tests(
        &[("src/lib.rs", Some(RUST), Some(&skipped))],
        expect![[r#"
        Weakened Unit tests::stays src/lib.rs:13
    "#]],
    );
    check_tests(
        &[
            ("src/lib.rs", Some(RUST), Some("pub fn add() {}\n")),
            ("tests/new.rs", None, Some("#[test]\nfn fresh() { a::run(); }\n")),
        ],
        expect![[r#"
            Deleted Unit tests::adds src/lib.rs:7
            Deleted Unit tests::stays src/lib.rs:13
            Added Integration fresh tests/new.rs:1 (asserts nothing)
            test.asserts-nothing tests/new.rs:1: the test `fresh` asserts nothing: it passes whatever the code does
        "#]],
    );
}

#[test]
fn a_test_that_moved_as_it_was_is_not_touched() {
    let test = "def test_a():\n    assert f() == 1\n";
    check_tests(
        &[("tests/test_a.py", Some(test), None), ("tests/test_b.py", None, Some(test))],
        expect![[""]],
    );
}

#[test]
fn a_test_asserts_by_helpers_and_errors_too() {
    check_tests(
        &[
            (
                "tests/test_a.py",
                None,
                Some(
                    "def test_helper():\n    check_route(1)\n\ndef test_idle():\n    run(1)\n\ndef test_raises():\n    raise ValueError\n",
                ),
            ),
            (
                "tests/a.rs",
                None,
                Some(
                    "#[test]\nfn handed_on() -> R {\n    run()?;\n    Ok(())\n}\n#[test]\nfn unwrapped() { run().unwrap(); }\n#[test]\nfn idle() { let _ = run(); }\n",
                ),
            ),
            (
                "e2e/a.test.ts",
                None,
                Some(
                    "test('clicks', () => { page.click(); });\ntest('sees', () => { expect(page).toBe(1); });\n",
                ),
            ),
        ],
        expect![[r#"
            Added EndToEnd clicks e2e/a.test.ts:1 (asserts nothing)
            Added EndToEnd sees e2e/a.test.ts:2
            Added Integration handed_on tests/a.rs:1
            Added Integration idle tests/a.rs:8 (asserts nothing)
            Added Integration unwrapped tests/a.rs:6
            Added Unit test_helper tests/test_a.py:1
            Added Unit test_idle tests/test_a.py:4 (asserts nothing)
            Added Unit test_raises tests/test_a.py:7
            test.asserts-nothing e2e/a.test.ts:1: the test `clicks` asserts nothing: it passes whatever the code does
            test.asserts-nothing tests/a.rs:8: the test `idle` asserts nothing: it passes whatever the code does
            test.asserts-nothing tests/test_a.py:4: the test `test_idle` asserts nothing: it passes whatever the code does
        "#]],
    );
}

#[test]
fn kinds_are_counted() {
    let tests = with_files(
        &[
            ("src/lib.rs", Some(RUST), Some(&RUST.replace("true", "1 == 1"))),
            (
                "tests/a.rs",
                None,
                Some("#[test]\nfn a() { assert!(x()); }\n#[test]\nfn b() { assert!(y()); }\n"),
            ),
            ("journeys/test_a.py", Some("def test_x():\n    assert 1\n"), None),
        ],
        changed_tests,
    );
    let counts: Vec<_> =
        test_counts(&tests).iter().map(|c| (c.kind, c.added, c.changed, c.removed)).collect();
    assert_eq!(
        counts,
        [
            (TestKind::Unit, 0, 1, 0),
            (TestKind::Integration, 2, 0, 0),
            (TestKind::EndToEnd, 0, 0, 1)
        ]
    );
}

fn overlay(files: &[OverlayFile]) -> String {
    let shown = |file: &OverlayFile| match &file.text {
        Some(text) => format!("== {}\n{}", file.path, String::from_utf8_lossy(text)),
        None => format!("== {} is taken away\n", file.path),
    };
    files.iter().map(shown).collect()
}

#[test]
fn the_tests_of_one_side_meet_the_code_of_the_other() {
    let before = "fn f() -> u8 { 1 }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn old() { assert_eq!(super::f(), 1); }\n}\n";
    let after = "fn f() -> u8 { 2 }\nfn g() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn new() { assert_eq!(super::f(), 2); }\n}\n";
    let cases = [
        ("src/lib.rs", Some(before), Some(after)),
        ("src/plain.rs", Some("fn x() {}\n"), Some("fn y() {}\n")),
        ("src/bare.rs", Some("fn x() {}\n#[test]\nfn t() {}\n"), Some("fn x() { 1; }\n")),
        ("tests/a.rs", Some("old\n"), Some("new\n")),
        ("tests/b.rs", None, Some("new\n")),
        ("tests/fixtures/c.json", Some("{}"), None),
    ];
    expect![[r#"
        == src/bare.rs
        fn x() { 1; }

        #[test]
        fn t() {}
        == src/lib.rs
        fn f() -> u8 { 2 }
        fn g() {}
        #[cfg(test)]
        mod tests {
            #[test]
            fn old() { assert_eq!(super::f(), 1); }
        }
        == tests/a.rs
        old
        == tests/b.rs is taken away
        == tests/fixtures/c.json
        {}"#]]
    .assert_eq(&overlay(&with_files(&cases, base_tests_on_proposal)));
    expect![[r#"
        == src/bare.rs
        fn x() {}

        == src/lib.rs
        fn f() -> u8 { 1 }
        #[cfg(test)]
        mod tests {
            #[test]
            fn new() { assert_eq!(super::f(), 2); }
        }
        == tests/a.rs
        new
        == tests/b.rs
        new
        == tests/fixtures/c.json is taken away
    "#]]
    .assert_eq(&overlay(&with_files(&cases, proposed_tests_on_base)));
}

#[test]
fn a_change_without_tests_needs_no_overlay() {
    let cases = [("src/lib.rs", Some(RUST), Some(&*RUST.replace("a + b", "b + a")))];
    assert_eq!(with_files(&cases, base_tests_on_proposal), []);
    assert_eq!(with_files(&cases, proposed_tests_on_base), []);
}

fn run(code: i32, tests: &[(&str, &str, TestOutcome)]) -> model::Evidence {
    let tests = tests.iter().map(|(suite, name, outcome)| {
        let id = TestId { suite: (*suite).to_owned(), name: (*name).to_owned() };
        TestResult { id, outcome: *outcome }
    });
    ran(&RunEnd::Exited(code), Report { tests: tests.collect(), ..Report::default() })
}

use TestOutcome::{Failed, Passed, Skipped};

#[test]
fn a_new_test_proves_what_fails_without_the_change() {
    let test = |path: &str, name: &str, asserts| ChangedTest {
        path: path.parse().unwrap(),
        name: name.to_owned(),
        own_name: name.rsplit(['.', ':']).next().unwrap().to_owned(),
        change: TestChange::Added,
        kind: TestKind::Unit,
        asserts,
        first_line: 0,
    };
    let value = |test: ChangedTest, base: &[model::Evidence], proposal: &[model::Evidence]| {
        witness_tests(&[test], base, proposal)[0].value.unwrap()
    };
    let rust = || test("src/lib.rs", "tests::a", true);
    let of = |outcome| [run(0, &[("parcel src/lib.rs", "tests::a", outcome)])];
    assert_eq!(value(rust(), &of(Failed), &of(Passed)), TestValue::ProvesTheChange);
    assert_eq!(value(rust(), &of(Passed), &of(Passed)), TestValue::ProvesNothing);
    assert_eq!(value(rust(), &of(Failed), &of(Failed)), TestValue::Fails);
    assert_eq!(value(rust(), &of(Failed), &of(Skipped)), TestValue::Unknown);
    assert_eq!(value(rust(), &[run(0, &[])], &of(Passed)), TestValue::Unknown, "not looked at");
    assert_eq!(
        value(rust(), &[run(101, &[])], &of(Passed)),
        TestValue::ProvesTheChange,
        "does not build"
    );
    let idle = test("src/lib.rs", "tests::a", false);
    assert_eq!(value(idle, &[run(101, &[])], &of(Passed)), TestValue::ProvesNothing);

    // Each runner names a test in its own way; of two of one name the file decides.
    let python = test("tests/test_a.py", "ATest.test_x", true);
    let proposal = [run(
        0,
        &[("tests.test_a.ATest", "test_x", Passed), ("tests.test_b.BTest", "test_x", Failed)],
    )];
    let base = [run(1, &[("tests.test_a.ATest", "test_x", Failed)])];
    assert_eq!(value(python, &base, &proposal), TestValue::ProvesTheChange);
    let pytest = test("tests/test_a.py", "test_x", true);
    let proposal = [run(
        0,
        &[("tests/test_a.py", "test_x[1]", Passed), ("tests/test_a.py", "test_x[2]", Failed)],
    )];
    assert_eq!(value(pytest, &base, &proposal), TestValue::Fails);
    let script = test("web/a.test.ts", "finds", true);
    let proposal = [run(0, &[("", "routes > finds", Passed)])];
    let base = [run(1, &[("", "routes > finds", Failed), ("", "finders", Passed)])];
    assert_eq!(value(script, &base, &proposal), TestValue::ProvesTheChange);
}

#[test]
fn a_test_of_the_base_that_breaks_is_named() {
    let base = [run(0, &[("s", "a", Passed), ("s", "b", Passed)])];
    let broken = |crossed: &[model::Evidence]| {
        let found = base_witness(&gate(), &base, crossed);
        let names: Vec<String> = found.broken.iter().map(|id| id.name.clone()).collect();
        (found.outcome, names)
    };
    assert_eq!(broken(&base), (GateOutcome::Passed, vec![]));
    let one = [run(1, &[("s", "a", Failed), ("s", "b", Passed)])];
    assert_eq!(broken(&one), (GateOutcome::Failed, vec!["a".to_owned()]));
    let none = [run(101, &[])];
    assert_eq!(broken(&none), (GateOutcome::Failed, vec!["a".to_owned(), "b".to_owned()]));
}

fn check_special(cases: &[Case<'_>], tests: &[(&str, &str)], expected: Expect) {
    let shown = with_files(cases, |files| {
        let texts: Vec<TestText> = {
            let tests = tests.iter().map(|(path, text)| (path.parse::<RelPath>().unwrap(), text));
            tests
                .map(|(path, text)| TestText {
                    language: syntax::language_of(&path, b""),
                    path,
                    text: text.as_bytes().to_vec(),
                })
                .collect()
        };
        let findings = check(files, &TestsOnly(&texts));
        findings
            .iter()
            .filter(|finding| finding.rule == "test.special-cased")
            .map(|f| format!("{}:{}: {}\n", f.path, f.first_line + 1, f.message))
            .collect::<String>()
    });
    expected.assert_eq(&shown);
}

#[test]
fn code_that_answers_a_test_is_found() {
    let tests = [(
        "tests/test_depot.py",
        "def test_depot():\n    assert depot('WB42') == 'Ulm'\n    assert total(7341) == 12\n",
    )];
    check_special(
        &[(
            "depot.py",
            Some("def depot(code):\n    return look_up(code)\n"),
            Some(
                "def depot(code):\n    if code == 'WB42':\n        return 'Ulm'\n    return look_up(code)\n",
            ),
        )],
        &tests,
        expect![[r#"
            depot.py:2: the code returns a fixed value for `WB42`, which only tests knew before: it may answer the test instead of doing the work
        "#]],
    );
    check_special(
        &[(
            "total.py",
            Some("def total(n):\n    return n\n"),
            Some("def total(n):\n    if n == 7341:\n        log()\n    return n\n"),
        )],
        &tests,
        expect![[r#"
            total.py:2: a condition asks for `7341`, which only tests knew before
        "#]],
    );
    let rust = "fn depot(c: &str) -> &str { c }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() { assert_eq!(super::depot(\"abc\"), \"x\"); }\n}\n";
    let cheat = rust
        .replace("{ c }", "{\n    match c {\n        \"abc\" => \"x\",\n        _ => c,\n    }\n}");
    check_special(
        &[("src/lib.rs", Some(rust), Some(&cheat))],
        &[],
        expect![[r#"
        src/lib.rs:3: the code returns a fixed value for `abc`, which only tests knew before: it may answer the test instead of doing the work
    "#]],
    );
    check_special(
        &[(
            "short.py",
            None,
            Some("def depot(code):\n    return 'Ulm' if code == 'WB42' else look_up(code)\n"),
        )],
        &tests,
        expect![[r#"
            short.py:2: the code returns a fixed value for `WB42`, which only tests knew before: it may answer the test instead of doing the work
        "#]],
    );
    check_special(
        &[(
            "src/a.ts",
            Some("export const f = (c) => c;\n"),
            Some("export const f = (c) => c === \"abcd\" ? 1 : c;\n"),
        )],
        &[("test/a.test.ts", "test('a', () => { expect(f(\"abcd\")).toBe(1); });\n")],
        expect![[r#"
            src/a.ts:1: the code returns a fixed value for `abcd`, which only tests knew before: it may answer the test instead of doing the work
        "#]],
    );
}

#[test]
fn code_that_does_its_work_is_not() {
    let tests = [(
        "tests/test_a.py",
        "def test_a():\n    assert render('csv') == 'a,b'\n    assert status(404) == 'gone'\n    assert size(1024)\n",
    )];
    for after in [
        // A mode that is handled, a common number, a literal outside of a condition, one that was there.
        "def render(mode):\n    if mode == 'csv':\n        return write_csv()\n",
        "def status(code):\n    if code == 404:\n        return 'gone'\n",
        "def size(n):\n    if n == 1024:\n        return 1\n",
        "NAMES = ['csv', 'a,b']\n",
        "KNOWN = 'csv'\ndef g(mode):\n    if mode == 'known':\n        return 1\n",
    ] {
        check_special(&[("a.py", Some("# known\n"), Some(after))], &tests, expect![[""]]);
    }
    // A word of a table, whose answer the tests do not name, or not near it.
    for after in [
        "def is_known(mode):\n    if mode == 'csv':\n        return 'known'\n",
        "def is_known(mode):\n    if mode == 'csv':\n        return True\n",
        "def size(mode):\n    if mode == 'csv':\n        return 1\n",
    ] {
        check_special(&[("a.py", Some("# known\n"), Some(after))], &tests, expect![[""]]);
    }
    let before = "def f(m):\n    return m != 'csv'\n";
    let after = "def f(m):\n    if m == 'csv':\n        return 1\n    return m != 'csv'\n";
    check_special(&[("a.py", Some(before), Some(after))], &tests, expect![[""]]);
    check_special(&[("tests/test_b.py", Some(""), Some(after))], &tests, expect![[""]]);
}

fn check_silent(cases: &[Case<'_>], helpers: &str) -> Vec<String> {
    with_files(cases, |files| {
        let path: RelPath = "tests/support.py".parse().unwrap();
        let language = syntax::language_of(&path, b"");
        let helper = [TestText { path, language, text: helpers.as_bytes().to_vec() }];
        let findings = check(files, &TestsOnly(&helper));
        let silent = findings.iter().filter(|finding| finding.rule == "test.asserts-nothing");
        silent.map(|finding| format!("{}:{}", finding.path, finding.first_line + 1)).collect()
    })
}

#[test]
fn a_helper_may_assert_for_a_test_and_one_that_does_not_is_no_excuse() {
    let test = "def test_a():\n    same(add(1, 2), 3)\n";
    let case = [("tests/test_a.py", None, Some(test))];
    let said = ["tests/test_a.py:1"];
    assert_eq!(check_silent(&case, ""), said);
    assert_eq!(check_silent(&case, "def same(a, b):\n    print(a, b)\n"), said);
    assert_eq!(check_silent(&case, "def same(a, b):\n    assert a == b\n"), [""; 0]);
    let through =
        "def same(a, b):\n    really_same(a, b)\n\ndef really_same(a, b):\n    assert a == b\n";
    assert_eq!(check_silent(&case, through), [""; 0]);
    let rust = "fn refused(text: &str) {\n    assert!(read(text).is_err());\n}\n\n#[test]\nfn empty() {\n    refused(\"\");\n}\n";
    assert_eq!(check_silent(&[("tests/a.rs", None, Some(rust))], ""), [""; 0]);
    let bound =
        "#[test]\nfn can_be_sent() {\n    fn sent<T: Send>() {}\n    sent::<Ledger>();\n}\n";
    assert_eq!(check_silent(&[("tests/a.rs", None, Some(bound))], ""), [""; 0]);
    // Production code that checks is what the test would have to ask.
    let production = "def add(a, b):\n    check(a)\n    return a + b\n";
    let case = [
        ("adding.py", None, Some(production)),
        ("tests/test_a.py", None, Some("def test_a():\n    add(1, 2)\n")),
    ];
    assert_eq!(check_silent(&case, ""), said);
}
