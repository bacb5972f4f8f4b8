//! `countersign.toml`, read from a trusted revision. Every key has a default; an unknown key is an error.

use serde::{Deserialize, Serialize};

use crate::{
    GateDefinition, GateId, GateKind, GateSource, PolicyLimits, RelPath, ReportDefinition,
};

/// The configuration of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What a review looks at.
    pub review: ReviewConfig,
    /// What the built-in policies compare with.
    pub policy: PolicyConfig,
    /// What becomes of the gates that the project's files imply.
    #[serde(skip_serializing_if = "GatesConfig::is_default")]
    pub gates: GatesConfig,
    /// Gates of its own. One with the name of a detected gate takes its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gate: Vec<GateConfig>,
    /// Who can be asked for work here, beside the person's own workers. None runs before the person trusted them.
    #[serde(skip_serializing_if = "Workers::is_empty")]
    pub workers: Workers,
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
    /// Whether nothing lands without a proof that speaks for exactly what lands.
    pub require_proof: bool,
    /// Addresses of authors whose commits need none, `*` for anything. Counts only from a revision that the person named.
    pub proof_exempt_authors: Vec<String>,
    /// Patterns of files whose changes need none, if a commit changes no others; likewise.
    pub proof_exempt_paths: Vec<String>,
    /// Glob patterns of files whose change always needs a person.
    pub protected: Vec<String>,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            review_lines: 400,
            deny_lines: 5000,
            review_risk: 50,
            require_proof: false,
            proof_exempt_authors: Vec::new(),
            proof_exempt_paths: Vec::new(),
            protected: Vec::new(),
        }
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
            require_proof: self.require_proof,
        }
    }
}

/// `[gates]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatesConfig {
    /// Whether gates are derived from the project's files.
    pub detect: bool,
    /// Detected gates that are not run.
    pub skip: Vec<GateId>,
}

impl Default for GatesConfig {
    fn default() -> Self {
        Self { detect: true, skip: Vec::new() }
    }
}

impl GatesConfig {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// After how many seconds a gate is ended if nothing else is said.
pub const GATE_TIME_LIMIT_S: u32 = 600;

/// `[[gate]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateConfig {
    /// Its name.
    pub id: GateId,
    /// What it checks.
    pub kind: GateKind,
    /// The program and its arguments; no shell reads them.
    #[serde(deserialize_with = "command")]
    pub command: Vec<String>,
    /// Where it runs; the root if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<RelPath>,
    /// The reports it leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<ReportDefinition>,
    /// After how many seconds it is ended.
    #[serde(default = "gate_time_limit")]
    pub time_limit_s: u32,
}

fn gate_time_limit() -> u32 {
    GATE_TIME_LIMIT_S
}

fn command<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let command = Vec::<String>::deserialize(deserializer)?;
    if command.first().is_none_or(String::is_empty) {
        return Err(serde::de::Error::custom(
            "a command needs a program: write it as [\"program\", \"argument\"]",
        ));
    }
    Ok(command)
}

impl GateConfig {
    /// The gate it states.
    pub fn definition(&self) -> GateDefinition {
        GateDefinition {
            id: self.id.clone(),
            kind: self.kind,
            command: self.command.clone(),
            folder: self.folder.clone(),
            reports: self.reports.clone(),
            time_limit_s: self.time_limit_s,
            source: GateSource::Configured,
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
    /// [`ConfigError`] with the place, for broken TOML, an unknown key, a value of the wrong type or two
    /// gates of one name.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigError> {
        let config: Self =
            toml::from_str(text).map_err(|refused| broken(text, origin, &refused))?;
        let ids: Vec<&GateId> = config.gate.iter().map(|gate| &gate.id).collect();
        for (number, id) in ids.iter().enumerate() {
            if ids.iter().take(number).any(|earlier| earlier == id) {
                // The last place that names it is, or follows, the second of the two.
                let at = text.rfind(&format!("\"{id}\"")).unwrap_or(0);
                return Err(placed(text, origin, at, format!("there are two gates named `{id}`")));
            }
        }
        Ok(config)
    }
}

/// What TOML refuses, at its place.
fn broken(text: &str, origin: &str, refused: &toml::de::Error) -> ConfigError {
    let at = refused.span().map_or(0, |span| span.start);
    placed(text, origin, at, refused.message().lines().collect::<Vec<_>>().join(" "))
}

fn placed(text: &str, origin: &str, at: usize, message: String) -> ConfigError {
    let before = text.get(..at).unwrap_or(text);
    ConfigError {
        origin: origin.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
        message,
    }
}

mod template;
mod workers;

pub use workers::{
    OwnConfig, RECIPES, WorkerConfig, WorkerInput, WorkerName, WorkerNameError, Workers,
    workers_digest,
};

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

    #[test]
    fn a_gate_is_stated_with_its_command() {
        let config = Config::parse(
            r#"
[gates]
skip = ["npm.lint"]

[[gate]]
id = "unit"
kind = "test"
command = ["pytest", "-q"]
folder = "service"
reports = [{ format = "junit", path = "{reports}/unit.xml" }]
"#,
            "x",
        )
        .unwrap();
        let gate = config.gate[0].definition();
        assert_eq!(gate.command, ["pytest", "-q"]);
        assert_eq!(gate.folder.as_ref().unwrap().to_string(), "service");
        assert_eq!((gate.time_limit_s, gate.source), (GATE_TIME_LIMIT_S, GateSource::Configured));
        assert!(config.gates.detect);
        assert_eq!(config.gates.skip[0].as_str(), "npm.lint");
        let again = Config::parse(&toml::to_string(&config).unwrap(), "x");
        assert_eq!(again, Ok(config));
    }

    #[test]
    fn a_broken_gate_is_an_error_at_its_place() {
        let gate = "[[gate]]\nid = \"a\"\nkind = \"test\"\ncommand = [\"x\"]\n";
        assert!(Config::parse(gate, "x").is_ok());
        for (text, line, says) in [
            (gate.replace("id", "name"), 2, "unknown field `name`"),
            (gate.replace("\"a\"", "\"a b\""), 2, "no name of a gate"),
            (gate.replace("\"test\"", "\"guess\""), 3, "unknown variant `guess`"),
            (gate.replace("[\"x\"]", "[]"), 4, "a command needs a program"),
            (gate.replace("[\"x\"]", "\"x -q\""), 4, "invalid type: string"),
            (format!("{gate}folder = \"../b\"\n"), 5, "could leave the repository"),
            (format!("{gate}reports = [{{ format = \"xml\" }}]\n"), 5, "unknown variant `xml`"),
            (format!("{gate}{gate}"), 6, "two gates named `a`"),
        ] {
            let error = Config::parse(&text, "x").unwrap_err();
            assert!(error.message.contains(says), "{error}");
            assert_eq!(error.line, line, "{error}");
        }
    }
}
