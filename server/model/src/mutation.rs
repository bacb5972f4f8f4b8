//! What became of deliberate mistakes in the changed lines: which of them the tests noticed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RelPath;

/// A kind of deliberate mistake.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MutationOperator {
    /// A comparison moves its boundary or turns around: `<` becomes `<=`, `==` becomes `!=`.
    Relational,
    /// `and` becomes `or`, a negation is dropped, `true` becomes `false`.
    Boolean,
    /// `+` becomes `-`, `*` becomes `/`.
    Arithmetic,
    /// What is returned becomes a plain value of its kind.
    Return,
    /// A statement is removed.
    Statement,
    /// A condition is always true, or always false.
    Condition,
    /// A number is off by one.
    Literal,
    /// A text is emptied, or an empty one is not.
    Text,
}

impl MutationOperator {
    /// The word in queries and for people: `relational`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Relational => "relational",
            Self::Boolean => "boolean",
            Self::Arithmetic => "arithmetic",
            Self::Return => "return",
            Self::Statement => "statement",
            Self::Condition => "condition",
            Self::Literal => "literal",
            Self::Text => "text",
        }
    }
}

/// A deliberate mistake that no test noticed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Survivor {
    /// The file.
    pub path: RelPath,
    /// The line, from 0.
    pub line: u32,
    /// What kind of mistake.
    pub operator: MutationOperator,
    /// What stood there, cut to one short line.
    pub original: String,
    /// What was put there, likewise.
    pub replacement: String,
}

/// What became of deliberate mistakes in the changed lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct MutationReport {
    /// How many were possible.
    pub possible: u32,
    /// How many the budget allowed to try.
    pub budget: u32,
    /// How many a test noticed: it failed, or it no longer ended.
    pub killed: u32,
    /// How many did not build, and so say nothing.
    pub invalid: u32,
    /// Those that no test noticed, ordered.
    pub survived: Vec<Survivor>,
}

impl MutationReport {
    /// How many were tried that could be noticed.
    pub fn tried(&self) -> u32 {
        self.killed.saturating_add(u32::try_from(self.survived.len()).unwrap_or(u32::MAX))
    }

    /// Of a hundred mistakes that could be noticed, how many were; `None` if none was tried.
    pub fn score_percent(&self) -> Option<u8> {
        let percent = (u64::from(self.killed) * 100).checked_div(self.tried().into())?;
        u8::try_from(percent).ok()
    }

    /// How many possible mistakes were not tried.
    pub fn skipped(&self) -> u32 {
        self.possible.saturating_sub(self.tried().saturating_add(self.invalid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_counts_what_could_be_noticed() {
        let survivor = Survivor {
            path: "a.rs".parse().unwrap(),
            line: 3,
            operator: MutationOperator::Relational,
            original: "<".to_owned(),
            replacement: "<=".to_owned(),
        };
        let report = MutationReport {
            possible: 9,
            budget: 5,
            killed: 2,
            invalid: 2,
            survived: vec![survivor],
        };
        assert_eq!(report.score_percent(), Some(66));
        assert_eq!(report.skipped(), 4);
        assert_eq!(MutationReport::default().score_percent(), None);
    }
}
