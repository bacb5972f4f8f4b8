//! Secrets, and what only looks like one.

use super::*;
use crate::secrets;

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
fn bytes_that_are_no_text_are_not_searched() {
    let (_, secret) = samples().swap_remove(9);
    check_new("a.bin", &format!("\0{secret}"), nothing());
}
