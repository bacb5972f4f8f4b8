//! What a review says about a change: entity changes, findings, and what it could not look at.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChangeKind, Content, Dependency, RelPath, Risk, RiskFeatures};

/// The languages whose structure Countersign reads.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// JavaScript, JSX included.
    JavaScript,
    /// Go.
    Go,
}

impl Language {
    /// Every language, in the order of the enum.
    pub const ALL: [Self; 6] =
        [Self::Rust, Self::Python, Self::TypeScript, Self::Tsx, Self::JavaScript, Self::Go];

    /// The name used in folders of `queries/` and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::TypeScript => "typescript",
            Self::Tsx => "tsx",
            Self::JavaScript => "javascript",
            Self::Go => "go",
        }
    }
}

/// Everything a review found out about one change. Deterministic: same change, same review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Totals.
    pub stats: Stats,
    /// A line for each changed file.
    pub files: Vec<FileReview>,
    /// What happened to named things.
    pub entities: Vec<EntityChange>,
    /// What the built-in checks found, worst first.
    pub findings: Vec<Finding>,
    /// What was measured, so that another model can score it later.
    pub features: RiskFeatures,
    /// How likely the change is to do harm, and why.
    pub risk: Risk,
    /// What could not be looked at. Never silently empty: each is a reason against an allow.
    pub unexamined: Vec<Unexamined>,
    /// Which hunks should land together. Only for what is proposed: a headless check takes all or nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
}

/// Totals of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Changed files.
    pub files: u32,
    /// Hunks.
    pub hunks: u32,
    /// Lines only in the text after.
    pub lines_added: u32,
    /// Lines only in the text before.
    pub lines_removed: u32,
}

/// What a review says of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReview {
    /// The file.
    pub path: RelPath,
    /// Where it was, if renamed.
    pub old_path: Option<RelPath>,
    /// What happened.
    pub change: ChangeKind,
    /// What kind of content.
    pub content: Content,
    /// Whether a program writes it.
    pub generated: bool,
    /// Its language, when known.
    pub language: Option<Language>,
    /// Lines added.
    pub lines_added: u32,
    /// Lines removed.
    pub lines_removed: u32,
    /// What a person should know that the numbers do not say, e.g. `mode 644 -> 755`.
    pub notes: Vec<String>,
}

/// Something a review could not look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unexamined {
    /// The file.
    pub path: RelPath,
    /// Why not.
    pub reason: String,
}

/// What happened to a named thing in source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityChange {
    /// The file after the change (before, if the entity or the file was removed).
    pub path: RelPath,
    /// What kind of thing.
    pub kind: EntityKind,
    /// Its qualified name, parts joined by `::` (Rust) or `.`.
    pub name: String,
    /// What happened.
    pub change: EntityChangeKind,
    /// Its name before, when renamed.
    pub old_name: Option<String>,
    /// Which aspects differ, for `modified` and `renamed`; ordered, without repeats.
    pub aspects: Vec<Aspect>,
    /// Whether it is visible outside its package, before or after, as far as its file and the file's place
    /// say: `pub(crate)` is not, and neither is anything in tests, test data, documentation, examples and
    /// benchmarks.
    pub public: bool,
    /// Whether it is a test itself: a function that a test runner runs and counts.
    pub test: bool,
    /// Whether it is code for tests: a test, a module, class or suite of tests, anything inside of one, or
    /// anything in a file of tests or test data.
    #[serde(default)]
    pub test_code: bool,
    /// First line of it, from 0, in the text after (before, if removed).
    pub first_line: u32,
    /// How many lines.
    pub lines: u32,
}

/// What kind of named thing an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A free function.
    Function,
    /// A function of a type.
    Method,
    /// A class.
    Class,
    /// A struct or union.
    Struct,
    /// An enum.
    Enum,
    /// A trait or interface.
    Interface,
    /// A type alias.
    Type,
    /// A constant, static or module-level variable.
    Constant,
    /// A module or namespace.
    Module,
    /// A macro.
    Macro,
    /// An implementation block.
    Impl,
}

impl EntityKind {
    /// A short word for people: `fn`, `class`...
    pub fn word(self) -> &'static str {
        match self {
            Self::Function => "fn",
            Self::Method => "method",
            Self::Class => "class",
            Self::Struct => "struct",
            Self::Enum => "enum",
            Self::Interface => "interface",
            Self::Type => "type",
            Self::Constant => "const",
            Self::Module => "module",
            Self::Macro => "macro",
            Self::Impl => "impl",
        }
    }
}

/// What happened to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityChangeKind {
    /// Only after.
    Added,
    /// Only before.
    Removed,
    /// On both sides, different.
    Modified,
    /// The same thing under another name.
    Renamed,
}

/// One aspect of an entity that a change can touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Who may use it.
    Visibility,
    /// How it is used: parameters, types, bounds, attributes and decorators.
    Signature,
    /// What it does.
    Body,
    /// What is said about it.
    Docs,
    /// White space and layout only; stands alone.
    Format,
}

/// How bad a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Look at it.
    Warning,
    /// Should not land as it is.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something a review found at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule, e.g. `secret.aws-access-key`, `test.removed`. Stable.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// One sentence. Never the secret itself.
    pub message: String,
    /// The file.
    pub path: RelPath,
    /// First line, from 0, in the text after (before, if the thing is gone).
    pub first_line: u32,
    /// How many lines; at least 1.
    pub lines: u32,
}
