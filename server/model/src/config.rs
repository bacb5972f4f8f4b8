//! `countersign.toml`, read from a trusted revision. Every key has a default; an unknown key is an error.

use serde::{Deserialize, Serialize};

use crate::PolicyLimits;

/// The configuration of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What a review looks at.
    pub review: ReviewConfig,
    /// What the built-in policies compare with.
    pub policy: PolicyConfig,
}

/// `[review]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReviewConfig {
    /// A file with a side above this is `huge`: not read, and said so.
    pub huge_file_bytes: u64,
    /// Glob patterns of files that programs write, beside the built-in ones.
    pub generated: Vec<String>,
}

impl Default for ReviewConfig {
    fn default() -> Self {
        Self { huge_file_bytes: 8 * 1024 * 1024, generated: Vec::new() }
    }
}

/// `[policy]`
///
/// A repository's numbers may only tighten the built-in ones: [`PolicyConfig::limits`] takes the stricter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// More changed lines than this need a person.
    pub review_lines: u32,
    /// More changed lines than this are denied.
    pub deny_lines: u32,
    /// A risk score from this on needs a person.
    pub review_risk: u8,
    /// Glob patterns of files whose change always needs a person.
    pub protected: Vec<String>,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self { review_lines: 400, deny_lines: 5000, review_risk: 50, protected: Vec::new() }
    }
}

impl PolicyConfig {
    /// The limits in force: for each, the stricter of this configuration and the built-in default.
    pub fn limits(&self) -> PolicyLimits {
        let built_in = Self::default();
        PolicyLimits {
            review_lines: self.review_lines.min(built_in.review_lines),
            deny_lines: self.deny_lines.min(built_in.deny_lines),
            review_risk: self.review_risk.min(built_in.review_risk),
        }
    }
}

/// Why a configuration does not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}:{line}:{column}: {message}")]
pub struct ConfigError {
    /// Where the text came from, e.g. `countersign.toml at HEAD`.
    pub origin: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in one line.
    pub message: String,
}

impl Config {
    /// Reads a configuration; `origin` names it in errors.
    ///
    /// # Errors
    /// [`ConfigError`] with the place, for broken TOML, an unknown key or a value of the wrong type.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or(text);
            ConfigError {
                origin: origin.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
                message: error.message().lines().collect::<Vec<_>>().join(" "),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Config::parse("", "x"), Ok(Config::default()));
    }

    #[test]
    fn an_unknown_key_is_an_error_at_its_place() {
        let error = Config::parse("[review]\n  hugefile = 3\n", "countersign.toml").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
        assert!(error.to_string().starts_with("countersign.toml:2:3: unknown field"), "{error}");
    }

    #[test]
    fn a_repository_can_only_tighten_the_limits() {
        let config =
            Config::parse("[policy]\nreview_lines = 10\ndeny_lines = 999999\n", "x").unwrap();
        assert_eq!(config.policy.limits().review_lines, 10);
        assert_eq!(config.policy.limits().deny_lines, 5000);
    }
}
