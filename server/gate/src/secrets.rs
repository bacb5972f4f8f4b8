//! Secrets in added lines: shapes that only a secret has, and values that look too random for their name.
//!
//! A finding says what kind of secret and where, never what it is. The expressions run in linear time, so
//! a minified file of one line costs what its length says.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use model::Finding;
use regex::bytes::{Regex, RegexBuilder};

use crate::place::{File, finding, lines_in};

/// The kinds that are known by their shape: rule, what it is, expression. A group marks the secret itself.
pub(crate) const SHAPES: &[(&str, &str, &str)] = &[
    ("secret.anthropic-key", "an Anthropic key", r"\bsk-ant-[a-z]+[0-9]{2}-[A-Za-z0-9_-]{80,120}"),
    ("secret.aws-access-key", "an AWS access key id", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    (
        "secret.aws-secret-key",
        "an AWS secret key",
        r#"(?i)aws.{0,20}?(?:secret|private).{0,20}?[=:]\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
    ),
    ("secret.azure-storage-key", "an Azure storage key", r"AccountKey=([A-Za-z0-9+/]{86}==)"),
    ("secret.crates-io-token", "a crates.io token", r"\bcio[A-Za-z0-9]{32}\b"),
    ("secret.databricks-token", "a Databricks token", r"\bdapi[a-f0-9]{32}\b"),
    ("secret.digitalocean-token", "a DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    (
        "secret.discord-webhook",
        "a Discord webhook",
        r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}",
    ),
    ("secret.docker-token", "a Docker Hub token", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}"),
    (
        "secret.github-token",
        "a GitHub token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})",
    ),
    (
        "secret.gitlab-token",
        "a GitLab token",
        r"\bgl(?:pat|dt|rt|ptt|cbt|soat|ft)-[A-Za-z0-9_-]{20,}",
    ),
    ("secret.google-api-key", "a Google API key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("secret.google-oauth-secret", "a Google OAuth secret", r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
    ("secret.huggingface-token", "a Hugging Face token", r"\bhf_[A-Za-z]{34}\b"),
    (
        "secret.jwt",
        "a JSON web token",
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
    ("secret.npm-token", "an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("secret.openai-key", "an OpenAI key", r"\bsk-[A-Za-z0-9_-]{16,}T3BlbkFJ[A-Za-z0-9_-]{16,}"),
    (
        "secret.private-key",
        "a private key",
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----",
    ),
    ("secret.pypi-token", "a PyPI token", r"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    ("secret.sendgrid-key", "a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    (
        "secret.slack-token",
        "a Slack token",
        r"\bxox[abeposr]-[A-Za-z0-9-]{20,}|\bxapp-[0-9]-[A-Za-z0-9-]{20,}",
    ),
    (
        "secret.slack-webhook",
        "a Slack webhook",
        r"https://hooks\.slack\.com/(?:services|workflows)/T[A-Za-z0-9_]+/[A-Za-z0-9_]+/[A-Za-z0-9_]{20,}",
    ),
    ("secret.stripe-key", "a Stripe live key", r"\b[rs]k_live_[A-Za-z0-9]{20,}"),
    ("secret.telegram-token", "a Telegram bot token", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    ("secret.twilio-key", "a Twilio key", r"\bSK[0-9a-f]{32}\b"),
    ("secret.vault-token", "a Vault token", r"\bhv[sbr]\.[A-Za-z0-9_-]{90,}"),
];

/// A user and a password in an address.
const IN_URL: &str =
    r#"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@"'<>]{1,64}:([^\s/:@"'<>]{6,128})@[A-Za-z0-9]"#;

/// A quoted value given to a name that says it is secret.
const NAMED: &str = r#"(?i)(?:password|passwd|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credentials?)[a-z0-9_]{0,20}["']?\s*(?:=>|:=|=|:)\s*["'`]([^\s"'`]{8,256})["'`]"#;

/// The same without quotes, for files that are lists of settings.
const NAMED_BARE: &str = r#"(?im)^\s*(?:export\s+|-\s+)?[a-z0-9_.-]{0,40}(?:password|passwd|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credentials?)[a-z0-9_]{0,20}\s*[=:]\s*([^\s"'`#]{8,256})\s*$"#;

/// Bits a character from which on a value is too random for a word. Random base 62 of 16 characters has
/// about 3.7, English words have 2.5 to 3.3.
const ENTROPY_MIN: f64 = 3.4;

/// What a value has that only stands for a secret.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "dummy",
    "sample",
    "xxxx",
    "your_",
    "your-",
    "yourpass",
    "redacted",
    "fake",
    "mock",
    "insert",
    "replace",
    "****",
    "....",
    "1234567",
    "abcdefg",
    "todo",
    "none",
    "undefined",
    "localhost",
];

/// What a value has that is computed or read from elsewhere.
const REFERENCES: &[&str] =
    &["${", "{{", "$(", "%(", "<", ">", "env.", "env[", "environ", "secrets.", "vault:", "(", "::"];

struct Expressions {
    shapes: Vec<(&'static str, &'static str, Regex)>,
    in_url: Option<Regex>,
    named: Option<Regex>,
    named_bare: Option<Regex>,
}

/// The expressions, compiled once. A test compiles each, so none is left out.
fn expressions() -> &'static Expressions {
    static EXPRESSIONS: OnceLock<Expressions> = OnceLock::new();
    let regex = |text: &str| RegexBuilder::new(text).unicode(false).build().ok();
    EXPRESSIONS.get_or_init(|| Expressions {
        shapes: SHAPES
            .iter()
            .filter_map(|(rule, what, text)| Some((*rule, *what, regex(text)?)))
            .collect(),
        in_url: regex(IN_URL),
        named: regex(NAMED),
        named_bare: regex(NAMED_BARE),
    })
}

/// Every secret in the added lines, once for each kind and line.
pub(crate) fn check(file: &File<'_>) -> Vec<Finding> {
    let expressions = expressions();
    let path = file.of.path;
    let mut found: BTreeMap<u32, (&str, &str)> = BTreeMap::new();
    // A line that is known by its shape is not reported again by its name.
    let guessing = !syntax::is_test_path(path);
    let settings = guessing && is_settings(file);
    for (span, text) in file.added_texts() {
        let line = |at: usize| span.first_line + lines_in(text.get(..at).unwrap_or_default());
        let mut guesses = Vec::new();
        for (rule, what, regex) in &expressions.shapes {
            for hit in regex.captures_iter(text) {
                let Some(secret) = hit.get(1).or_else(|| hit.get(0)) else { continue };
                if !stands_for_one(secret.as_bytes()) {
                    found.insert(line(secret.start()), (*rule, *what));
                }
            }
        }
        let url = expressions.in_url.as_ref().filter(|_| guessing);
        let named = expressions.named.as_ref().filter(|_| guessing);
        let bare = expressions.named_bare.as_ref().filter(|_| settings);
        let kinds = [
            (url, "secret.url-password", "a password in an address"),
            (named, "secret.generic", "what looks like a secret"),
            (bare, "secret.generic", "what looks like a secret"),
        ];
        for (regex, rule, what) in kinds {
            for hit in regex.into_iter().flat_map(|regex| regex.captures_iter(text)) {
                let Some(secret) = hit.get(1) else { continue };
                if is_random(secret.as_bytes(), rule == "secret.url-password") {
                    guesses.push((line(secret.start()), (rule, what)));
                }
            }
        }
        for (line, guess) in guesses {
            found.entry(line).or_insert(guess);
        }
    }
    let message =
        |what: &str| format!("{what} is added: take it out, and revoke it if it was ever shared");
    found.into_iter().map(|(line, (rule, what))| finding(rule, path, line, message(what))).collect()
}

/// Whether the file is a list of names and values, where values have no quotes.
fn is_settings(file: &File<'_>) -> bool {
    let name = file.of.path.file_name().to_ascii_lowercase();
    let extension = file.of.path.extension();
    name.starts_with(b".env")
        || matches!(
            extension.as_deref(),
            Some("env" | "ini" | "cfg" | "conf" | "properties" | "yml" | "yaml" | "tfvars")
        )
}

/// Whether a value of a known shape only shows what one looks like.
fn stands_for_one(secret: &[u8]) -> bool {
    let text = String::from_utf8_lossy(secret).to_ascii_lowercase();
    ["example", "xxxx", "0000000000", "1234567890"].iter().any(|mark| text.contains(mark))
}

/// Whether a value is as random as a secret: no placeholder, no reference, of several kinds of character.
fn is_random(value: &[u8], in_url: bool) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let stands = PLACEHOLDERS.iter().any(|mark| text.contains(mark))
        || REFERENCES.iter().any(|mark| text.contains(mark))
        || text.starts_with(['$', '%', '@', '/', '.', '#', '{', '&', '*'])
        || text.contains("://");
    let digit = value.iter().any(u8::is_ascii_digit);
    let letter = value.iter().any(u8::is_ascii_alphabetic);
    // A password in an address is chosen by people more often than drawn.
    let floor = if in_url { 2.5 } else { ENTROPY_MIN };
    !stands && digit && letter && entropy(value) >= floor
}

/// Shannon entropy in bits a byte.
fn entropy(value: &[u8]) -> f64 {
    let mut counts: BTreeMap<u8, f64> = BTreeMap::new();
    for byte in value {
        *counts.entry(*byte).or_default() += 1.0;
    }
    let total: f64 = counts.values().sum();
    counts.values().map(|count| -(count / total) * (count / total).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_compiles() {
        let expressions = expressions();
        assert_eq!(expressions.shapes.len(), SHAPES.len());
        assert!(expressions.in_url.is_some());
        assert!(expressions.named.is_some() && expressions.named_bare.is_some());
    }

    #[test]
    fn entropy_is_bits_a_byte() {
        assert_eq!(entropy(b"aaaaaaaa"), 0.0);
        assert_eq!(entropy(b"abcdefgh"), 3.0);
    }
}
