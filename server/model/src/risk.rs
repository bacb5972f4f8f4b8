//! The shape of risk: what is measured of a change (features) and what a model says of it (risk).
//!
//! The two are apart so that a trained model can replace the scoring and old features can be scored again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is measured of a change. Counts, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RiskFeatures {
    /// Changed files, generated ones not counted.
    pub files: u32,
    /// Folders with a changed file.
    pub directories: u32,
    /// Top-level folders with a changed file.
    pub subsystems: u32,
    /// Lines added, generated files not counted.
    pub lines_added: u32,
    /// Lines removed, generated files not counted.
    pub lines_removed: u32,
    /// Lines of the changed files before.
    pub lines_before: u32,
    /// Shannon entropy of the changed lines over the files, divided by log2(files): 0 one file, 1 evenly
    /// spread (Hassan 2009; Kamei et al., TSE 2013).
    pub entropy: f64,
    /// Public entities whose signature or visibility changed, or that were removed or renamed.
    pub public_interface_changes: u32,
    /// Entities whose signature changed, public or not.
    pub signature_changes: u32,
    /// Entities whose body changed.
    pub body_changes: u32,
    /// Entities removed.
    pub entities_removed: u32,
    /// Entities added.
    pub entities_added: u32,
    /// Test entities added or changed.
    pub tests_touched: u32,
    /// Test entities removed.
    pub tests_removed: u32,
    /// Files the review could not look into: binary, huge, submodule.
    pub opaque_files: u32,
    /// Whether every entity and line change is documentation, comments or layout.
    pub cosmetic_only: bool,
    /// Whether only test files or test entities changed.
    pub tests_only: bool,
    /// Findings of severity error.
    pub errors_found: u32,
    /// Findings of severity warning.
    pub warnings_found: u32,
    /// From git history; `None` when there is none to read (no commits, shallow at the tip).
    pub history: Option<HistoryFeatures>,
}

/// What git says about the changed files before the change.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HistoryFeatures {
    /// Distinct commits that touched any of the files (`nuc`).
    pub prior_changes: u32,
    /// Distinct authors of those commits (`ndev`).
    pub authors: u32,
    /// Mean days since each file's last change (`age`).
    pub age_days: f64,
    /// How many of those commits say that they fix something.
    pub fixes: u32,
    /// Whether the walk stopped at its limit or at a shallow boundary, so the counts are lower bounds.
    pub truncated: bool,
}

/// How likely a change is to do harm, as a score with named reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Risk {
    /// 0 to 100.
    pub score: u8,
    /// The band the score falls in.
    pub level: RiskLevel,
    /// What added to or took from the score, largest first.
    pub reasons: Vec<RiskReason>,
    /// Which model scored, e.g. `additive-1`.
    pub model: String,
}

/// Bands of [`Risk::score`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// 0 to 24.
    Low,
    /// 25 to 49.
    Medium,
    /// 50 to 74.
    High,
    /// 75 to 100.
    Critical,
}

impl RiskLevel {
    /// The band of a score.
    pub fn of(score: u8) -> Self {
        match score {
            0..=24 => Self::Low,
            25..=49 => Self::Medium,
            50..=74 => Self::High,
            _ => Self::Critical,
        }
    }

    /// Lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One named contribution to a risk score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RiskReason {
    /// The feature, e.g. `size`, `public-interface`. Stable.
    pub feature: String,
    /// Points it added; negative where it lowered the score.
    pub points: i16,
    /// One clause for people, with the measured value.
    pub text: String,
}
