//! What only the structure of source shows: what is broken, tests, risky code.

use super::*;

#[test]
fn source_that_no_longer_parses() {
    check_change(
        "src/a.rs",
        "fn a() {}\n",
        "fn a() {\n    let = ;\n}\n",
        expect![[r#"
        error syntax.broken src/a.rs:2: the source no longer parses here
    "#]],
    );
    check_change("src/a.rs", "fn a( {}\n", "fn b( {}\n", nothing());
    check_change(
        "tests/ui/a.rs",
        "fn a() {}\n",
        "fn a( {}\n",
        expect![[r#"
        warning syntax.broken tests/ui/a.rs:1: the source no longer parses here
    "#]],
    );
    check_change(
        "tests/fixtures/a.rs",
        "fn a() {}\n",
        "fn a( {}\n",
        expect![[r#"
        note syntax.broken tests/fixtures/a.rs:1: the source no longer parses here
    "#]],
    );
    check_new("src/a.py", "def a():\n    return 1\n", nothing());
    check_new("notes.txt", "fn a( {\n", nothing());
}

#[test]
fn a_comment_breaks_no_source() {
    let before = "class A:\n    @property\n    def a(self):\n        return 1\n";
    let commented = "class A:\n    @property\n# why\n    def a(self):\n        return 1\n";
    check_change("src/a.py", before, commented, nothing());
    // What else is broken is told where it is.
    check_change(
        "src/a.py",
        before,
        &commented.replace("return 1", "return = 1"),
        expect![[r#"
            error syntax.broken src/a.py:5: the source no longer parses here
        "#]],
    );
    check_change(
        "src/a.py",
        before,
        "class A:\n    @property\n    # def a(self): return 1\n",
        expect![[r#"
            error syntax.broken src/a.py:2: the source no longer parses here
        "#]],
    );
}

#[test]
fn source_that_may_never_have_parsed() {
    check_new(
        "src/a.rs",
        "fn a() {\n    let = ;\n}\n",
        expect![[r#"
        warning syntax.broken src/a.rs:2: the source does not parse here
    "#]],
    );
    check_change(
        "src/a.rs",
        "fn a() {\n    let = ;\n}\n",
        "fn a() {\n    let = ;\n}\n\nfn b() {\n    let = ;\n}\n",
        expect![[r#"
            warning syntax.broken src/a.rs:2: the source does not parse here
        "#]],
    );
    check_change(
        "src/a.rs",
        "fn a() {}\n",
        "fn a() {\n    let = ;\n}\nfn b() {\n    let = ;\n}\n",
        expect![[r#"
            error syntax.broken src/a.rs:2: the source no longer parses here, and in 1 more place
        "#]],
    );
}

const RUST_TEST: &str = "#[cfg(test)]\nmod tests {\n    fn helper() {}\n    #[test]\n    fn adds() {\n        assert_eq!(1 + 1, 2);\n        assert!(true);\n    }\n}\n";

#[test]
fn structure_that_cannot_be_read() {
    let deep = format!("x={}eval(x){}", "f({a:".repeat(2000), "})".repeat(2000));
    check_new(
        "src/a.js",
        &deep,
        expect![[r#"
            warning syntax.unread src/a.js:1: the structure could not be read: line 1 is nested deeper than the limit of 1000 levels for reading structure
        "#]],
    );
    // Entities and tests are found here, but the search for risks has to look at the text time and again.
    let long = format!("x=\"{}\"{}", "a".repeat(100_000), ".b".repeat(900));
    let parsed = syntax::parse(model::Language::JavaScript, long.as_bytes()).unwrap();
    assert!(syntax::outline(&parsed).is_ok());
    check_new(
        "src/a.js",
        &long,
        expect![[r#"
            warning syntax.unread src/a.js:1: the structure could not be read: the text of 101804 bytes takes too much work to search as javascript
        "#]],
    );
}

#[test]
fn tests_that_are_removed() {
    let without = "#[cfg(test)]\nmod tests {\n    fn helper() {}\n}\n";
    check_change(
        "src/a.rs",
        RUST_TEST,
        without,
        expect![[r#"
        warning test.removed src/a.rs:4: the test `tests::adds` is removed
    "#]],
    );
    check_change("src/a.rs", RUST_TEST, &RUST_TEST.replace("    fn helper() {}\n", ""), nothing());
    check_change("src/a.rs", RUST_TEST, &RUST_TEST.replace("adds", "sums"), nothing());
    check_change("src/a.rs", RUST_TEST, &RUST_TEST.replace("mod tests", "mod checks"), nothing());
    check_cases(
        &[case("src/a.rs", Some(RUST_TEST), None)],
        expect![[r#"
        warning test.removed src/a.rs:1: a file with a test is deleted
    "#]],
    );
    check_cases(
        &[case("tests/data_test.rb", Some("x"), None)],
        expect![[r#"
        warning test.removed tests/data_test.rb:1: a file of tests is deleted
    "#]],
    );
    check_cases(&[case("src/a.rb", Some("x"), None)], nothing());
    check_change(
        "tests/test_a.py",
        "def test_a():\n    assert 1\n\ndef test_b():\n    assert 2 == 2\n",
        "def test_a():\n    assert 1\n",
        expect![[r#"
            warning test.removed tests/test_a.py:4: the test `test_b` is removed
        "#]],
    );
    check_change(
        "tests/test_a.py",
        "def test_a():\n    def test_inner():\n        assert 1\n    test_inner()\n",
        "def test_a():\n    assert 1\n",
        nothing(),
    );
    check_change(
        "a.test.ts",
        "it('adds', () => { expect(1 + 1).toBe(2); });\nit('stays', () => { expect(1).toBe(1); });\n",
        "it('stays', () => { expect(1).toBe(1); });\n",
        expect![[r#"
            warning test.removed a.test.ts:1: the test `adds` is removed
        "#]],
    );
}

#[test]
fn a_test_that_moves_to_another_file_is_not_removed() {
    let test = "#[test]\nfn adds() {\n    assert_eq!(1 + 1, 2);\n}\n";
    check_cases(
        &[case("src/a.rs", Some(test), Some("\n")), case("tests/a.rs", None, Some(test))],
        nothing(),
    );
    check_cases(
        &[
            case("src/a.rs", Some(test), Some("\n")),
            case("tests/a.rs", None, Some("#[test]\nfn other() {\n    assert!(true);\n}\n")),
        ],
        expect![[r#"
            warning test.removed src/a.rs:1: the test `adds` is removed
        "#]],
    );
}

#[test]
fn tests_that_are_skipped_or_say_less() {
    let skipped = RUST_TEST.replace("#[test]", "#[test]\n    #[ignore]");
    check_change(
        "src/a.rs",
        RUST_TEST,
        &skipped,
        expect![[r#"
        warning test.skipped src/a.rs:4: the test `tests::adds` is skipped
    "#]],
    );
    check_change("src/a.rs", &skipped, RUST_TEST, nothing());
    check_change("src/a.rs", &skipped, &skipped.replace("helper", "other"), nothing());
    let weaker = RUST_TEST.replace("        assert!(true);\n", "");
    check_change(
        "src/a.rs",
        RUST_TEST,
        &weaker,
        expect![[r#"
        warning test.weakened src/a.rs:4: the test `tests::adds` asserts less: 2 before, 1 now
    "#]],
    );
    check_change("src/a.rs", &weaker, RUST_TEST, nothing());
    check_change(
        "a.test.ts",
        "it('adds', () => { expect(1 + 1).toBe(2); });\n",
        "it.only('adds', () => { expect(1 + 1).toBe(2); });\n",
        expect![[r#"
            warning test.focused a.test.ts:1: only the test `adds` runs: others are kept from running
        "#]],
    );
    check_change(
        "tests/test_a.py",
        "import pytest\ndef test_a():\n    assert 1\n",
        "import pytest\n@pytest.mark.skip\ndef test_a():\n    assert 1\n",
        expect![[r#"
            warning test.skipped tests/test_a.py:2: the test `test_a` is skipped
        "#]],
    );
}

#[test]
fn risky_code_that_is_added() {
    check_change(
        "src/a.rs",
        "fn a() {}\n",
        "fn a() {\n    unsafe { b() }\n    std::process::Command::new(\"ls\");\n}\n",
        expect![[r#"
            warning unsafe.added src/a.rs:2: unsafe code is added
            warning exec.added src/a.rs:3: a process is started
        "#]],
    );
    check_change(
        "src/a.py",
        "x = 1\n",
        "x = eval(y)\n",
        expect![[r#"
        warning eval.added src/a.py:1: text is run as code
    "#]],
    );
    check_change(
        "src/a.rs",
        "fn a() { unsafe { b() } }\n",
        "fn a() {\n    unsafe { b(1) }\n}\n",
        nothing(),
    );
    check_change("src/a.rs", "fn a() { unsafe { b() } }\n", "fn a() {}\n", nothing());
}
