//! Every rule by example: what speaks, and what looks like it and does not.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use model::{ChangeKind, FileMode, Finding, LineSpan, RelPath};

use super::*;

/// A file before and after; `None` for a side that is not there.
struct Case<'t> {
    path: &'t str,
    before: Option<&'t str>,
    after: Option<&'t str>,
    old_mode: Option<FileMode>,
    new_mode: Option<FileMode>,
}

fn case<'t>(path: &'t str, before: Option<&'t str>, after: Option<&'t str>) -> Case<'t> {
    let mode = |side: Option<&str>| side.map(|_| FileMode::File);
    Case { path, before, after, old_mode: mode(before), new_mode: mode(after) }
}

/// The lines of `after` that `before` does not have, one span each.
fn added_lines(before: Option<&str>, after: Option<&str>) -> Vec<LineSpan> {
    let old: Vec<&str> = before.unwrap_or_default().split_inclusive('\n').collect();
    let mut start = 0;
    let mut spans = Vec::new();
    for (number, line) in (0..).zip(after.unwrap_or_default().split_inclusive('\n')) {
        if !old.contains(&line) {
            spans.push(LineSpan { start, end: start + line.len(), first_line: number, lines: 1 });
        }
        start += line.len();
    }
    spans
}

/// A project of which only the tests are known.
pub(crate) struct TestsOnly<'t>(pub(crate) &'t [TestText]);

impl Project for TestsOnly<'_> {
    fn paths(&self) -> &[RelPath] {
        &[]
    }

    fn text(&self, _: &RelPath) -> Option<Vec<u8>> {
        None
    }

    fn tests(&self) -> &[TestText] {
        self.0
    }
}

fn run(cases: &[Case<'_>]) -> Vec<Finding> {
    let owned: Vec<(RelPath, Vec<LineSpan>)> = cases
        .iter()
        .map(|case| (case.path.parse().unwrap(), added_lines(case.before, case.after)))
        .collect();
    let files: Vec<FileUnderReview<'_>> = cases
        .iter()
        .zip(&owned)
        .map(|(case, (path, added))| FileUnderReview {
            path,
            old_path: None,
            language: syntax::language_of(path, b""),
            change: match (case.before, case.after) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Deleted,
                _ => ChangeKind::Modified,
            },
            old_mode: case.old_mode,
            new_mode: case.new_mode,
            before: case.before.map(str::as_bytes),
            after: case.after.map(str::as_bytes),
            added,
            removed: &[],
            generated: false,
        })
        .collect();
    let findings = check(&files, &TestsOnly(&[]));
    for finding in &findings {
        let rule = RULES.iter().find(|(id, ..)| *id == finding.rule);
        let (_, severity, _) =
            rule.unwrap_or_else(|| panic!("{} is not in the table", finding.rule));
        assert!(finding.severity <= *severity, "{finding:?} is worse than its rule");
        assert!(finding.lines >= 1);
    }
    findings
}

fn shown(findings: &[Finding]) -> String {
    let line = |f: &Finding| {
        format!("{} {} {}:{}: {}\n", f.severity, f.rule, f.path, f.first_line + 1, f.message)
    };
    findings.iter().map(line).collect()
}

fn check_cases(cases: &[Case<'_>], expected: Expect) {
    expected.assert_eq(&shown(&run(cases)));
}

fn check_change(path: &str, before: &str, after: &str, expected: Expect) {
    check_cases(&[case(path, Some(before), Some(after))], expected);
}

fn check_new(path: &str, after: &str, expected: Expect) {
    check_cases(&[case(path, None, Some(after))], expected);
}

fn nothing() -> Expect {
    expect![[""]]
}

#[test]
fn the_table_of_rules_is_ordered_and_covers_every_kind() {
    let ids: Vec<_> = RULES.iter().map(|(id, ..)| *id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let ids: BTreeSet<_> = ids.into_iter().collect();
    let shapes = secrets::SHAPES.iter().map(|(rule, ..)| *rule);
    let risky = structure::RISKY.iter().map(|(_, rule, _)| *rule);
    for rule in shapes.chain(risky) {
        assert!(ids.contains(rule), "{rule} is not in the table");
    }
}

/// One of each shape, put together here so that this file holds none.
fn samples() -> Vec<(&'static str, String)> {
    let mixed = |length: usize| -> String {
        "q7Zt2Rk9Lx4Vb8Nw3Yc6Hd5Jf1Gs0Mp".chars().cycle().take(length).collect()
    };
    let hex =
        |length: usize| -> String { "9f3a7c1e5b8d2460".chars().cycle().take(length).collect() };
    let alpha = |length: usize| -> String {
        "qZtRkLxVbNwYcHdJfGsMp".chars().cycle().take(length).collect()
    };
    vec![
        ("secret.anthropic-key", format!("sk-ant-{}-{}", "api03", mixed(93))),
        ("secret.aws-access-key", format!("AKIA{}", "Q3ZT2RK7LX4VB5NW")),
        ("secret.aws-secret-key", format!("aws_secret_access_key = \"{}\"", mixed(40))),
        ("secret.azure-storage-key", format!("AccountKey={}==", mixed(86))),
        ("secret.crates-io-token", format!("cio{}", mixed(32))),
        ("secret.databricks-token", format!("dapi{}", hex(32))),
        ("secret.digitalocean-token", format!("dop_v1_{}", hex(64))),
        (
            "secret.discord-webhook",
            format!("https://discord.com/api/webhooks/{}/{}", "482915736084215973", mixed(68)),
        ),
        ("secret.docker-token", format!("dckr_pat_{}", mixed(27))),
        ("secret.github-token", format!("ghp_{}", mixed(36))),
        ("secret.github-token", format!("github_pat_{}", mixed(82))),
        ("secret.gitlab-token", format!("glpat-{}", mixed(20))),
        ("secret.google-api-key", format!("AIza{}", mixed(35))),
        ("secret.google-oauth-secret", format!("GOCSPX-{}", mixed(28))),
        ("secret.huggingface-token", format!("hf_{}", alpha(34))),
        ("secret.jwt", format!("eyJ{}.eyJ{}.{}", mixed(20), mixed(30), mixed(43))),
        ("secret.npm-token", format!("npm_{}", mixed(36))),
        ("secret.openai-key", format!("sk-proj-{}T3BlbkFJ{}", mixed(20), mixed(20))),
        ("secret.private-key", format!("-----BEGIN {}PRIVATE KEY-----", "RSA ")),
        ("secret.private-key", format!("-----BEGIN {}-----", "PRIVATE KEY")),
        ("secret.private-key", format!("-----BEGIN PGP {} BLOCK-----", "PRIVATE KEY")),
        ("secret.pypi-token", format!("pypi-AgE{}", mixed(60))),
        ("secret.sendgrid-key", format!("SG.{}.{}", mixed(22), mixed(43))),
        ("secret.slack-token", format!("xoxb-{}", "482915736084-482915736085-q7Zt2Rk9")),
        (
            "secret.slack-webhook",
            format!("https://hooks.slack.com/services/{}/B48291573/{}", "T48291573", mixed(24)),
        ),
        ("secret.stripe-key", format!("sk_live_{}", mixed(24))),
        ("secret.telegram-token", format!("4829157360:AA{}", mixed(33))),
        ("secret.twilio-key", format!("SK{}", hex(32))),
        ("secret.vault-token", format!("hvs.{}", mixed(95))),
    ]
}

#[test]
fn every_kind_of_secret_is_found_and_never_quoted() {
    for (rule, secret) in samples() {
        for text in
            [format!("a\n{secret}\nb\n"), format!("key: '{secret}',\n"), format!("x={secret}")]
        {
            let findings = run(&[case("src/config.txt", None, Some(&text))]);
            let [found] = findings.as_slice() else { panic!("{rule} in {text}: {findings:?}") };
            assert_eq!(found.rule, rule, "{text}");
            assert!(!found.message.contains(secret.get(..8).unwrap()), "{}", found.message);
        }
    }
    let tried: BTreeSet<_> = samples().iter().map(|(rule, _)| *rule).collect();
    assert_eq!(tried, secrets::SHAPES.iter().map(|(rule, ..)| *rule).collect());
}

#[test]
fn a_secret_that_was_there_before_is_not_added() {
    let (_, secret) = samples().swap_remove(9);
    let before = format!("token = {secret}\nold\n");
    let after = format!("token = {secret}\nnew\n");
    check_change("a.txt", &before, &after, nothing());
}

#[test]
fn a_secret_of_a_known_shape_counts_in_tests_too() {
    let (_, secret) = samples().swap_remove(9);
    check_new(
        "tests/fixtures/a.txt",
        &secret,
        expect![[r#"
        error secret.github-token tests/fixtures/a.txt:1: a GitHub token is added: take it out, and revoke it if it was ever shared
    "#]],
    );
}

#[test]
fn what_only_looks_like_a_secret_passes() {
    check_new(
        "src/a.txt",
        "AKIAIOSFODNN7EXAMPLE\nghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n-----BEGIN PUBLIC KEY-----\nda39a3ee5e6b4b0d3255bfef95601890afd80709\n",
        nothing(),
    );
    check_new(
        "src/a.py",
        r#"
password = "changeme123"
password = os.environ["PASSWORD_2"]
token = "${GITHUB_TOKEN1}"
token = "your_token_here_1"
secret_name = "orders-database"
api_key = get_key("prod1234")
password_label = "Enter your password"
tokens = ["a1", "b2"]
"#,
        nothing(),
    );
    check_new("tests/a_test.py", "password = \"q7Zt2Rk9Lx4Vb8Nw\"\n", nothing());
    check_new(
        "a.txt",
        "postgres://user:password@localhost/db postgres://$USER:$PASS9999@db/x\n",
        nothing(),
    );
}

#[test]
fn random_values_with_telling_names_are_secrets() {
    check_new(
        "src/a.py",
        "db_password = \"q7Zt2Rk9Lx4Vb8Nw\"\n",
        expect![[r#"
        error secret.generic src/a.py:1: what looks like a secret is added: take it out, and revoke it if it was ever shared
    "#]],
    );
    check_new(
        "src/a.js",
        "const cfg = { apiKey: 'q7Zt2Rk9Lx4Vb8Nw' };\n",
        expect![[r#"
        error secret.generic src/a.js:1: what looks like a secret is added: take it out, and revoke it if it was ever shared
    "#]],
    );
    check_new(
        ".env",
        "A=1\nAPI_TOKEN=q7Zt2Rk9Lx4Vb8Nw\n",
        expect![[r#"
        error secret.generic .env:2: what looks like a secret is added: take it out, and revoke it if it was ever shared
    "#]],
    );
    check_new(
        "src/db.txt",
        "postgres://app:q7Zt2Rk9@db.internal/orders\n",
        expect![[r#"
        error secret.url-password src/db.txt:1: a password in an address is added: take it out, and revoke it if it was ever shared
    "#]],
    );
}

#[test]
fn one_long_line_is_searched_in_linear_time() {
    let (_, secret) = samples().swap_remove(9);
    let mut text = "var a=\"token:pwd=secret\";".repeat(40_000);
    text.push_str(&secret);
    check_new(
        "web/app.min.txt",
        &text,
        expect![[r#"
        error secret.github-token web/app.min.txt:1: a GitHub token is added: take it out, and revoke it if it was ever shared
    "#]],
    );
}

#[test]
fn findings_of_one_rule_are_bounded() {
    let (_, secret) = samples().swap_remove(9);
    let findings = run(&[case("a.txt", None, Some(&format!("{secret}\n").repeat(80)))]);
    assert_eq!(findings.len(), FINDINGS_PER_RULE_MAX);
    assert!(
        findings.last().unwrap().message.ends_with("further findings of this kind are not listed")
    );
}

#[test]
fn conflict_markers() {
    let (ours, theirs) = ("<<<<<<< HEAD", ">>>>>>> topic");
    check_change(
        "a.md",
        "a\n",
        &format!("a\n{ours}\nb\n=======\nc\n{theirs}\n"),
        expect![[r#"
        error conflict-marker a.md:2: a conflict marker is added: finish the merge first
        error conflict-marker a.md:6: a conflict marker is added: finish the merge first
    "#]],
    );
    check_change("a.md", "a\n", "Title\n=======\n  <<<<<<< HEAD\n<<<<<<<<< x\n", nothing());
}

#[test]
fn text_that_reads_otherwise_than_it_runs() {
    check_change(
        "a.rs",
        "",
        "// \u{202e} }\nfn a() {}\n",
        expect![[r#"
        error unicode.bidi a.rs:1: U+202E is added: it makes the line read in another order than it runs
    "#]],
    );
    check_change(
        "a.py",
        "",
        "x\u{200b} = 1\nna\u{200d}me = 2\n",
        expect![[r#"
        warning unicode.invisible a.py:1: U+200B is added, which cannot be seen
        warning unicode.invisible a.py:2: U+200D is added, which cannot be seen
    "#]],
    );
    check_change(
        "de.po",
        "",
        "\u{2067}text\u{2069}\n",
        expect![[r#"
        warning unicode.bidi de.po:1: U+2067 is added: it makes the line read in another order than it runs
    "#]],
    );
    check_change("a.py", "", "\u{feff}x = \"👩\u{200d}💻\"\n", nothing());
    check_change("a.py", "# \u{202e}\n", "# \u{202e}\nx = 1\n", nothing());
}

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

#[test]
fn places_that_matter() {
    let classes = |path: &str| classify(&path.parse().unwrap());
    for path in [
        ".github/workflows/ci.yml",
        ".GitHub/Workflows/ci.yml",
        ".gitlab-ci.yml",
        "Jenkinsfile",
        "sub/Jenkinsfile.release",
        ".circleci/config.yml",
        "azure-pipelines.release.yml",
        ".buildkite/pipeline.yml",
        ".husky/pre-commit",
        ".pre-commit-config.yaml",
        "CODEOWNERS",
        ".github/dependabot.yml",
    ] {
        assert_eq!(classes(path), [PathClass::Ci], "{path}");
    }
    for path in
        ["Cargo.lock", "web/package-lock.json", "go.sum", "uv.lock", "Gemfile.lock", "yarn.lock"]
    {
        assert_eq!(classes(path), [PathClass::Lockfile], "{path}");
    }
    for path in ["countersign.toml", ".countersign/policies/a/b.rego", "Countersign.toml"] {
        assert_eq!(classes(path), [PathClass::Rules], "{path}");
    }
    for path in [
        "Cargo.toml",
        "a/package.json",
        "requirements-dev.txt",
        "requirements/ci.txt",
        "go.mod",
        "A.csproj",
    ] {
        assert_eq!(classes(path), [PathClass::Dependencies], "{path}");
    }
    for path in [
        "src/github/workflows/ci.yml",
        "docs/countersign.toml.md",
        "a/countersign.toml",
        "src/lock.rs",
        "README.md",
    ] {
        assert_eq!(classes(path), [], "{path}");
    }
}

#[test]
fn places_that_matter_are_findings() {
    check_change(
        ".github/workflows/ci.yml",
        "a: 1\n",
        "a: 2\n",
        expect![[r#"
        warning path.ci .github/workflows/ci.yml:1: CI configuration is changed
    "#]],
    );
    check_change(
        "Cargo.lock",
        "a\n",
        "b\n",
        expect![[r#"
            warning dependency.unread Cargo.lock:1: what it names could not be read: it is no TOML
            warning path.lockfile Cargo.lock:1: a lockfile is changed
        "#]],
    );
    check_cases(
        &[case("countersign.toml", Some(""), None)],
        expect![[r#"
        warning path.rules countersign.toml:1: a part of the rules that judge changes is deleted
    "#]],
    );
}

#[test]
fn dependencies_are_compared_not_lines() {
    let cargo = "[package]\nname = \"a\"\n[dependencies]\nserde = \"1\"\n";
    check_change(
        "Cargo.toml",
        cargo,
        &cargo.replace("\"1\"", "\"2\""),
        expect![[r#"
        warning path.dependencies Cargo.toml:4: `dependencies` is changed
    "#]],
    );
    check_change("Cargo.toml", cargo, &cargo.replace("\"a\"", "\"b\""), nothing());
    check_change("Cargo.toml", cargo, &format!("# words\n{cargo}"), nothing());
    check_change(
        "Cargo.toml",
        cargo,
        "[package",
        expect![[r#"
            error dependency.unread Cargo.toml:1: what it names could not be read: it is no TOML
            warning path.dependencies Cargo.toml:1: the dependencies of a manifest could not be compared: it does not parse
        "#]],
    );
    let package =
        r#"{"name": "a", "scripts": {"test": "x"}, "dependencies": {"a": "1", "b": "1"}}"#;
    check_change(
        "package.json",
        package,
        &package.replace(r#""a": "1", "b": "1""#, r#""b": "1", "a": "1""#),
        nothing(),
    );
    check_change(
        "package.json",
        package,
        &package.replace(r#""test": "x""#, r#""test": "y""#),
        nothing(),
    );
    check_change(
        "package.json",
        package,
        &package.replace(r#""test": "x""#, r#""postinstall": "y""#),
        expect![[r#"
            warning install-script.changed package.json:1: the script `postinstall` is added: it runs whenever the package is installed
            warning path.dependencies package.json:1: `scripts.postinstall` is changed
        "#]],
    );
    check_change(
        "package.json",
        package,
        &package.replace(r#""b": "1""#, r#""b": "2""#),
        expect![[r#"
            warning path.dependencies package.json:1: `dependencies` is changed
        "#]],
    );
    check_change(
        "requirements.txt",
        "a==1\n",
        "a==2\n",
        expect![[r#"
        warning path.dependencies requirements.txt:1: a file that asks for dependencies is changed
    "#]],
    );
    check_new(
        "web/package.json",
        package,
        expect![[r#"
            warning dependency.added web/package.json:1: 2 new dependencies: `a` 1, `b` 1; their age and licence are unknown offline
            warning path.dependencies web/package.json:1: `dependencies` is changed
        "#]],
    );
    check_cases(
        &[case("pyproject.toml", Some("[tool.ruff]\nline-length = 80\n"), None)],
        nothing(),
    );
}

#[test]
fn modes_and_links() {
    let mode =
        |old, new| Case { old_mode: old, new_mode: new, ..case("a/b/run", Some("x"), Some("x")) };
    let (file, executable) = (Some(FileMode::File), Some(FileMode::Executable));
    check_cases(
        &[mode(file, executable)],
        expect![[r#"
        warning mode.executable a/b/run:1: the file becomes executable
    "#]],
    );
    check_cases(&[mode(executable, executable)], nothing());
    check_cases(&[mode(executable, file)], nothing());
    let link = |target| Case {
        old_mode: None,
        new_mode: Some(FileMode::Symlink),
        ..case("a/b/link", None, Some(target))
    };
    check_cases(
        &[link("../c")],
        expect![[r#"
        warning symlink.added a/b/link:1: a link to `../c` is added
    "#]],
    );
    check_cases(
        &[link("../..")],
        expect![[r#"
        warning symlink.added a/b/link:1: a link to `../..` is added
    "#]],
    );
    for outside in
        ["../../../x", "/etc/passwd", "C:\\x", "..\\..\\..\\x", "~/.ssh", "", "../../.git/config"]
    {
        let findings = run(&[link(outside)]);
        assert_eq!(
            findings.iter().map(|f| f.rule.as_str()).collect::<Vec<_>>(),
            ["symlink.outside"],
            "{outside}"
        );
    }
    let same = Case {
        old_mode: Some(FileMode::Symlink),
        new_mode: Some(FileMode::Symlink),
        ..case("a/link", Some("b"), Some("b"))
    };
    check_cases(&[same], nothing());
}

#[test]
fn bytes_that_are_no_text_are_not_searched() {
    let (_, secret) = samples().swap_remove(9);
    check_new("a.bin", &format!("\0{secret}"), nothing());
}

#[test]
fn what_programs_write() {
    let none = Globs::compile(&[]).unwrap();
    let more = Globs::compile(&["schema/".to_owned(), "*.gen.txt".to_owned()]).unwrap();
    let generated = |path: &str, head: &str, globs: &Globs| {
        is_generated(&path.parse().unwrap(), head.as_bytes(), globs)
    };
    for (path, head) in [
        ("web/app.min.js", ""),
        ("node_modules/a/index.js", ""),
        ("go/vendor/a.go", ""),
        ("Cargo.lock", ""),
        ("api.pb.go", ""),
        ("a.rs", "//! words\n// @generated by protoc\n"),
        ("a.go", "// Code generated by stringer; DO NOT EDIT.\n"),
        ("a.py", "# This file was generated from a.yml. Do not edit.\n"),
    ] {
        assert!(generated(path, head, &none), "{path}");
    }
    for (path, head) in [
        ("src/a.rs", "fn is_generated() -> bool { \"@generated\" }\n"),
        ("src/vendors.rs", ""),
        ("src/a.py", "# Words that are generated for people.\n"),
        ("schema/a.json", ""),
    ] {
        assert!(!generated(path, head, &none), "{path}");
    }
    assert!(generated("schema/a.json", "", &more));
    assert!(generated("deep/down/x.gen.txt", "", &more));
    assert!(!generated("other/schema.json", "", &more));
}

#[test]
fn patterns_say_where_they_match() {
    let matches = |pattern: &str, path: &str| {
        Globs::compile(&[pattern.to_owned()]).unwrap().matches(&path.parse().unwrap())
    };
    assert!(matches("LICENSE", "LICENSE") && matches("LICENSE", "a/LICENSE"));
    assert!(matches("/LICENSE", "LICENSE") && !matches("/LICENSE", "a/LICENSE"));
    assert!(matches("src/*.rs", "src/a.rs") && !matches("src/*.rs", "src/b/a.rs"));
    assert!(matches("src/**", "src/b/a.rs") && matches("src/", "src/b/a.rs"));
    assert!(matches("keys/", "deep/keys/a") && !matches("keys/", "keys.txt"));
    let error = Globs::compile(&["ok".to_owned(), "a[".to_owned()]).unwrap_err();
    expect!["`a[` is not a glob pattern: unclosed character class; missing ']'"]
        .assert_eq(&error.to_string());
}
