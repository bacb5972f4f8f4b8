//! Who can be asked for work: `[workers.<name>]`, in the person's own configuration and in a repository's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, broken};
use crate::{Budget, Digest, Language, TaskKind};

/// The longest [`WorkerName`].
const NAME_LIMIT_BYTES: usize = 64;
/// The worker that the program brings along.
pub const RECIPES: &str = "recipes";
/// After how many seconds a worker is ended if nothing else is said.
const TIME_LIMIT_S: u32 = 600;
/// How many tasks may be carried out at once.
const AT_ONCE_MAX: u8 = 16;

/// The workers of one configuration, by name.
pub type Workers = BTreeMap<WorkerName, WorkerConfig>;

/// What a worker is called: letters, digits and `. _ -`, starting with a letter or digit.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"))]
pub struct WorkerName(String);

/// Why a text is not a [`WorkerName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerNameError {
    /// It has another form.
    #[error(
        "`{0}` is no name of a worker: up to {NAME_LIMIT_BYTES} letters, digits and `. _ -`, starting with a letter or digit"
    )]
    Form(String),
    /// It is taken.
    #[error("`{RECIPES}` is the worker that Countersign brings along: choose another name")]
    Taken,
}

impl WorkerName {
    /// The recipes that Countersign brings along.
    pub fn recipes() -> Self {
        Self(RECIPES.to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for WorkerName {
    type Err = WorkerNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if text == RECIPES {
            Err(WorkerNameError::Taken)
        } else if starts && text.len() <= NAME_LIMIT_BYTES && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(WorkerNameError::Form(text.to_owned()))
        }
    }
}

impl TryFrom<String> for WorkerName {
    type Error = WorkerNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<WorkerName> for String {
    fn from(name: WorkerName) -> Self {
        name.0
    }
}

/// `[workers.<name>]`: a program that carries out tasks, in the sandbox and without network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// The program and its arguments; no shell reads them. `{path}`, `{first_line}`, `{last_line}`, `{objective}` and
    /// `{prompt}` stand for what the task says.
    #[serde(deserialize_with = "super::command")]
    pub command: Vec<String>,
    /// What it can be asked for.
    #[serde(deserialize_with = "kinds")]
    pub kinds: BTreeSet<TaskKind>,
    /// The languages that it knows; empty for any file.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub languages: BTreeSet<Language>,
    /// Whose diagnostics it can fix, by the source that they name, in any case of letters; empty for anybody's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub diagnostics: BTreeSet<String>,
    /// What it is given on standard input.
    #[serde(default)]
    pub stdin: WorkerInput,
    /// Whether what it changed is proposed although it ended with another exit code than 0.
    #[serde(default)]
    pub any_exit: bool,
    /// After how many seconds it is ended.
    #[serde(default = "time_limit")]
    pub time_limit_s: u32,
}

/// What a worker is given on standard input. The environment has both forms of the task in any case.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum WorkerInput {
    /// The task as JSON, as `countersign schema task` describes it.
    #[default]
    Task,
    /// The task in words.
    Prompt,
    /// Nothing.
    Nothing,
}

impl WorkerConfig {
    /// Whether it can be asked for this, in a file of this language.
    pub fn does(&self, kind: TaskKind, language: Option<Language>) -> bool {
        let knows = |language| self.languages.contains(&language);
        self.kinds.contains(&kind) && (self.languages.is_empty() || language.is_some_and(knows))
    }

    /// Whether it can be asked to fix a diagnostic of this source.
    pub fn fixes(&self, source: Option<&str>) -> bool {
        let same = |known: &String| source.is_some_and(|source| source.eq_ignore_ascii_case(known));
        self.diagnostics.is_empty() || self.diagnostics.iter().any(same)
    }
}

/// Names all workers of a configuration together: what a person trusts. `None` where there are none.
pub fn workers_digest(workers: &Workers) -> Option<Digest> {
    (!workers.is_empty()).then(|| Digest::of_json(workers))
}

fn time_limit() -> u32 {
    TIME_LIMIT_S
}

fn kinds<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeSet<TaskKind>, D::Error> {
    let kinds = BTreeSet::<TaskKind>::deserialize(deserializer)?;
    if kinds.is_empty() {
        return Err(serde::de::Error::custom("a worker needs kinds: write them as [\"fix\"]"));
    }
    Ok(kinds)
}

/// The person's own configuration, `config.toml` in their configuration folder. Every key has a default; an unknown key is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnConfig {
    /// How many tasks are carried out at once; the others wait their turn.
    #[serde(deserialize_with = "at_once")]
    pub tasks_at_once: u8,
    /// What workers may spend.
    pub budget: Budget,
    /// Who can be asked for work, in every repository.
    pub workers: Workers,
}

impl Default for OwnConfig {
    fn default() -> Self {
        Self { tasks_at_once: 1, budget: Budget::default(), workers: Workers::new() }
    }
}

impl OwnConfig {
    /// Reads it; `origin` names it in errors.
    ///
    /// # Errors
    /// [`ConfigError`] with the place, for broken TOML, an unknown key or a value of the wrong type.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|refused| broken(text, origin, &refused))
    }
}

fn at_once<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let count = u8::deserialize(deserializer)?;
    if (1..=AT_ONCE_MAX).contains(&count) {
        return Ok(count);
    }
    Err(serde::de::Error::custom(format!("{count} is not from 1 to {AT_ONCE_MAX}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUFF: &str = "[workers.ruff]\ncommand = [\"ruff\", \"--fix\", \"{path}\"]\nkinds = [\"fix\"]\nlanguages = [\"python\"]\ndiagnostics = [\"Ruff\"]\n";

    #[test]
    fn a_worker_says_what_it_can_be_asked_for() {
        let own = OwnConfig::parse(RUFF, "config.toml").unwrap();
        let ruff = &own.workers[&"ruff".parse().unwrap()];
        assert_eq!((own.tasks_at_once, ruff.stdin, ruff.time_limit_s), (1, WorkerInput::Task, 600));
        assert!(ruff.does(TaskKind::Fix, Some(Language::Python)));
        assert!(!ruff.does(TaskKind::Tests, Some(Language::Python)));
        assert!(!ruff.does(TaskKind::Fix, Some(Language::Rust)) && !ruff.does(TaskKind::Fix, None));
        assert!(ruff.fixes(Some("ruff")) && !ruff.fixes(Some("Pyright")) && !ruff.fixes(None));
        let anybody = WorkerConfig { diagnostics: BTreeSet::new(), ..ruff.clone() };
        assert!(anybody.fixes(None) && anybody.fixes(Some("x")));
    }

    #[test]
    fn what_is_wrong_is_named_at_its_place() {
        for (text, line, says) in [
            (RUFF.replace("kinds = [\"fix\"]\n", ""), 1, "missing field `kinds`"),
            (RUFF.replace("\"fix\"", "\"mend\""), 3, "unknown variant `mend`"),
            (RUFF.replace("[\"fix\"]", "[]"), 3, "a worker needs kinds"),
            (RUFF.replace("command = [", "command = [] #"), 2, "a command needs a program"),
            (RUFF.replace("workers.ruff", "workers.recipes"), 1, "choose another name"),
            (RUFF.replace("workers.ruff", "workers.\"a b\""), 1, "no name of a worker"),
            (format!("tasks_at_once = 0\n{RUFF}"), 1, "0 is not from 1 to 16"),
            ("[budget]\ntime_s_per_day = 0".to_owned(), 2, "leave the key out for no limit"),
            ("[budget]\ntime_per_day = 9".to_owned(), 2, "unknown field"),
            (format!("task_at_once = 2\n{RUFF}"), 1, "unknown field"),
        ] {
            let error = OwnConfig::parse(&text, "config.toml").unwrap_err();
            assert!(error.message.contains(says), "{error}");
            assert_eq!(error.line, line, "{error}");
        }
    }

    #[test]
    fn what_is_trusted_changes_with_any_worker() {
        let workers = |text: &str| OwnConfig::parse(text, "x").unwrap().workers;
        assert_eq!(workers_digest(&workers("")), None);
        let other = RUFF.replace("--fix", "--unsafe-fixes");
        assert_ne!(workers_digest(&workers(RUFF)), workers_digest(&workers(&other)));
    }
}
