//! A unit of work, what a worker can do, and what is said when something fails.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical::digest_without;
use crate::{ChangeSetId, Digest, GateId, Language, RelPath};

/// The name of a [`Task`]: the digest of what is asked for, so that asking twice is asking once.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct TaskId(pub Digest);

/// What kind of work.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Mend what is broken.
    Fix,
    /// Add what is not there.
    Feature,
    /// Change how it is written and nothing that it does.
    Refactor,
    /// Write tests.
    Tests,
    /// Write documentation.
    Docs,
    /// Move dependencies to other versions.
    Dependencies,
    /// Mechanical tidying.
    Chore,
    /// Look for what is wrong, and propose what is better.
    Review,
}

impl TaskKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Fix,
        Self::Feature,
        Self::Refactor,
        Self::Tests,
        Self::Docs,
        Self::Dependencies,
        Self::Chore,
        Self::Review,
    ];

    /// Its name in configuration and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fix => "fix",
            Self::Feature => "feature",
            Self::Refactor => "refactor",
            Self::Tests => "tests",
            Self::Docs => "docs",
            Self::Dependencies => "dependencies",
            Self::Chore => "chore",
            Self::Review => "review",
        }
    }

    /// What is asked for where nobody said more, of `what`: a function, some lines.
    pub fn objective(self, what: &str) -> String {
        let verb = match self {
            Self::Fix => "Fix",
            Self::Feature => "Extend",
            Self::Refactor => "Refactor",
            Self::Tests => "Write tests for",
            Self::Docs => "Document",
            Self::Dependencies => "Update the dependencies of",
            Self::Chore => "Tidy",
            Self::Review => "Review",
        };
        format!("{verb} {what}")
    }
}

/// What a task may spend. What is not said is not limited by the task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskBudget {
    /// Tokens, sent and received together.
    pub tokens: Option<u64>,
    /// Money, in millionths of a US dollar.
    pub cost_micro_usd: Option<u64>,
    /// Time of one attempt.
    pub time_s: Option<u32>,
    /// Attempts.
    pub attempts: Option<u32>,
}

/// What a task must keep to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskConstraints {
    /// Glob patterns of the files that may change; empty for all.
    pub paths: Vec<String>,
    /// Gates that must pass, beside those that policy asks for.
    pub gates: Vec<GateId>,
    /// How many lines may change.
    pub changed_lines: Option<u32>,
    /// Further demands, in words.
    pub notes: Vec<String>,
}

/// A unit of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What kind of work.
    pub kind: TaskKind,
    /// What is to be achieved, in words.
    pub objective: String,
    /// Where it begins, if somewhere.
    #[serde(default)]
    pub place: Option<TaskPlace>,
    /// What a tool says is wrong there, if that is what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<TaskDiagnostic>,
    /// What it must keep to.
    #[serde(default)]
    pub constraints: TaskConstraints,
    /// What it may spend.
    #[serde(default)]
    pub budget: TaskBudget,
    /// Tasks that must have been accepted before.
    #[serde(default)]
    pub depends_on: BTreeSet<TaskId>,
    /// The worker that is to do it; `None` for any that can.
    #[serde(default)]
    pub worker: Option<String>,
}

/// Where a task begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskPlace {
    /// The file.
    pub path: RelPath,
    /// First line, from 0.
    pub first_line: u32,
    /// How many lines.
    pub lines: u32,
}

/// What a tool says is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskDiagnostic {
    /// In its words.
    pub message: String,
    /// Which tool, as it names itself.
    #[serde(default)]
    pub source: Option<String>,
    /// Its name for what is wrong.
    #[serde(default)]
    pub code: Option<String>,
}

impl TaskId {
    /// The first 12 digits, for people.
    pub fn short(&self) -> String {
        self.0.short()
    }
}

impl Task {
    /// Its name.
    pub fn id(&self) -> TaskId {
        TaskId(digest_without(self, &[]))
    }
}

/// What a task came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TaskEnd {
    /// Something was proposed, or was known already.
    Proposed {
        /// What waits because of it.
        changesets: Vec<ChangeSetId>,
    },
    /// Whoever was asked changed nothing, or only proposed what was rejected before.
    Unchanged,
    /// Nothing is proposed.
    Failed {
        /// Why, in one sentence.
        reason: String,
    },
    /// Somebody ended it.
    Cancelled,
}

impl TaskEnd {
    /// In one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Proposed { .. } => "proposed",
            Self::Unchanged => "unchanged",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a worker says that it can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Capability {
    /// The kind of worker: `recipe`, `command`, the name of an agent.
    pub worker: String,
    /// Its version, if it says one.
    pub version: Option<String>,
    /// What it can be asked for.
    pub kinds: BTreeSet<TaskKind>,
    /// The languages that it knows; empty for any text.
    pub languages: BTreeSet<Language>,
    /// Whether it talks to a model, and so needs the gateway and a budget.
    pub model: bool,
    /// Whether a seed can be asked for.
    pub seed: bool,
    /// Whether a temperature can be asked for.
    pub temperature: bool,
    /// Whether the same task on the same tree gives the same change.
    pub deterministic: bool,
}

/// Whose fault a failure is, which decides what to do about it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// It cannot be done as asked.
    User,
    /// A configuration or a policy does not load.
    Config,
    /// The world has moved on.
    Conflict,
    /// A named limit was reached.
    Limit,
    /// A defect of Countersign.
    Internal,
}

/// A failure, as a program reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Whose fault it is.
    pub kind: ProblemKind,
    /// What failed, in one sentence.
    pub message: String,
    /// What it came of, outermost first.
    pub causes: Vec<String>,
    /// The way out, if one is known.
    pub hint: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values;

    #[test]
    fn asking_for_the_same_is_the_same_task() {
        let task = test_values::task();
        assert_eq!(task.id(), test_values::task().id());
        let other = Task { objective: "something else".to_owned(), ..task.clone() };
        assert_ne!(task.id(), other.id());
    }

    #[test]
    fn a_kind_is_named_as_it_is_written() {
        for kind in TaskKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn a_task_needs_a_kind_and_an_objective_and_refuses_what_it_does_not_know() {
        let task: Task =
            serde_json::from_str(r#"{"kind": "fix", "objective": "mend it"}"#).unwrap();
        assert_eq!(task.constraints, TaskConstraints::default());
        for bad in [
            r#"{"objective": "mend it"}"#,
            r#"{"kind": "fix", "objective": "x", "deadline": 3}"#,
            r#"{"kind": "fix", "objective": "x", "budget": {"tokns": 3}}"#,
        ] {
            assert!(serde_json::from_str::<Task>(bad).is_err(), "{bad}");
        }
    }
}
