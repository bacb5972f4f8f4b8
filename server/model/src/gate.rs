//! What a gate is: one deterministic check, how to run it, and where its reports lie.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical::digest_without;
use crate::{Digest, RelPath};

/// The longest [`GateId`].
pub const GATE_ID_LIMIT_BYTES: usize = 128;

/// The name of a gate, e.g. `cargo.test`, `npm.lint@web`. Stable from run to run.
///
/// ASCII letters, digits and `. _ - @ / +`, starting with a letter or digit.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._@/+-]{0,127}$"))]
pub struct GateId(String);

/// Why a text is not a [`GateId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no name of a gate: up to {GATE_ID_LIMIT_BYTES} letters, digits and `. _ - @ / +`, starting with a letter or digit"
)]
pub struct GateIdError {
    /// What was given.
    pub text: String,
}

impl GateId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for GateId {
    type Err = GateIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"._-@/+".contains(&b);
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if starts && text.len() <= GATE_ID_LIMIT_BYTES && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(GateIdError { text: text.to_owned() })
        }
    }
}

impl TryFrom<String> for GateId {
    type Error = GateIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<GateId> for String {
    fn from(id: GateId) -> Self {
        id.0
    }
}

/// What a gate checks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// It builds.
    Build,
    /// Its tests pass.
    Test,
    /// A linter has nothing to say.
    Lint,
    /// A formatter would change nothing.
    Format,
    /// Types check.
    TypeCheck,
    /// A security scanner finds nothing.
    Security,
    /// Something the project decides.
    Custom,
}

impl GateKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Build,
        Self::Test,
        Self::Lint,
        Self::Format,
        Self::TypeCheck,
        Self::Security,
        Self::Custom,
    ];

    /// The word used in configuration and ids: `test`, `type_check`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Test => "test",
            Self::Lint => "lint",
            Self::Format => "format",
            Self::TypeCheck => "type_check",
            Self::Security => "security",
            Self::Custom => "custom",
        }
    }
}

/// The formats of report that are understood.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// JUnit XML, in the dialects of Surefire, pytest, Jest and Gradle.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// LCOV tracefile.
    Lcov,
    /// Cobertura XML.
    Cobertura,
    /// What `cargo test` prints.
    CargoTest,
    /// `cargo test -- --format json`: one event a line.
    LibtestJson,
    /// `cargo ... --message-format json`: one message a line.
    CargoJson,
    /// What `pytest -rA` prints.
    Pytest,
    /// What `python3 -m unittest -v` prints.
    Unittest,
    /// `go test -json`: one event a line.
    GoJson,
    /// `jest --json` and `vitest --reporter=json`.
    JestJson,
    /// TAP 13 and 14, as `node --test --test-reporter=tap` prints it.
    Tap,
    /// What `node --test` prints for people.
    NodeSpec,
    /// What compilers and linters print for people: `path:line:column: message`, or as `tsc` does,
    /// `path(line,column): error CODE: message`. Other lines are passed over.
    Diagnostics,
}

/// A report that a gate leaves.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ReportDefinition {
    /// How to read it.
    pub format: ReportFormat,
    /// A glob below the gate's folder, or a path that starts with [`REPORTS_PLACEHOLDER`]; `None`: what
    /// the command prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Stands in commands and report paths for a folder of the run's own, outside the checkout, so that reports
/// do not change the tree that is judged.
pub const REPORTS_PLACEHOLDER: &str = "{reports}";

/// Where a gate was declared.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GateSource {
    /// A file of the project implies it.
    Detected {
        /// That file.
        file: RelPath,
    },
    /// `countersign.toml` states it.
    Configured,
}

/// One gate: a command that checks a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateDefinition {
    /// Its name.
    pub id: GateId,
    /// What it checks.
    pub kind: GateKind,
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// Where it runs; `None` at the root.
    pub folder: Option<RelPath>,
    /// The reports it leaves. Without any, its exit code is all that is known.
    pub reports: Vec<ReportDefinition>,
    /// After how many seconds it is ended.
    pub time_limit_s: u32,
    /// Where it was declared.
    pub source: GateSource,
}

impl GateDefinition {
    /// Names what is run: the same whether it was detected or configured.
    pub fn digest(&self) -> Digest {
        digest_without(self, &["source"])
    }

    /// The command with `reports` in place of [`REPORTS_PLACEHOLDER`].
    pub fn argv(&self, reports: &str) -> Vec<String> {
        self.command.iter().map(|part| part.replace(REPORTS_PLACEHOLDER, reports)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> GateDefinition {
        GateDefinition {
            id: "pytest".parse().unwrap(),
            kind: GateKind::Test,
            command: ["pytest", "--junitxml={reports}/tests.xml"].map(str::to_owned).to_vec(),
            folder: None,
            reports: vec![ReportDefinition {
                format: ReportFormat::Junit,
                path: Some("{reports}/tests.xml".to_owned()),
            }],
            time_limit_s: 600,
            source: GateSource::Configured,
        }
    }

    #[test]
    fn where_a_gate_was_declared_does_not_change_what_it_is() {
        let detected = GateSource::Detected { file: "pyproject.toml".parse().unwrap() };
        let other = GateDefinition { source: detected, ..definition() };
        assert_eq!(definition().digest(), other.digest());
        let longer = GateDefinition { time_limit_s: 601, ..definition() };
        assert_ne!(definition().digest(), longer.digest());
    }

    #[test]
    fn reports_go_where_the_run_says() {
        assert_eq!(definition().argv("/run/7"), ["pytest", "--junitxml=/run/7/tests.xml"]);
    }

    #[test]
    fn a_name_is_plain() {
        for good in ["cargo.test", "npm.lint@packages/web", "a", "3d"] {
            assert_eq!(good.parse::<GateId>().unwrap().to_string(), good);
        }
        for bad in ["", ".a", "a b", "a\n", "ü", &"a".repeat(129)] {
            assert!(bad.parse::<GateId>().is_err(), "{bad:?}");
        }
    }
}
