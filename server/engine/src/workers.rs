//! Who can be asked for work in a repository, and what a worker is told: the person's own workers, those that a
//! repository states and the person trusts, and the recipes. Nothing is run here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use attest::TrustStore;
use model::{
    Budget, Language, OwnConfig, RelPath, Task, TaskDiagnostic, TaskKind, WorkerConfig,
    WorkerInput, WorkerName, Workers, workers_digest,
};
use sandbox::Bounds;
use workspace::Repository;

use crate::Error;
use crate::command::CommandTask;
use crate::propose::recipes;
use crate::rules::{RulesFrom, repository_config};

/// The person's own configuration, in their configuration folder.
pub const OWN_CONFIG_FILE: &str = "config.toml";
const OWN_CONFIG_BYTES_MAX: u64 = 1 << 20;
/// How many bytes an objective may have. As JSON it can be six times as long, and still has to fit into one variable
/// of the environment, which is 128 KiB on Linux.
pub const OBJECTIVE_BYTES_MAX: usize = 16 << 10;
/// How many bytes of what is asked for are put into one argument.
const WORDS_BYTES_MAX: usize = 32 << 10;

/// Who can be asked for work in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSet {
    /// The top of the working tree.
    pub root: PathBuf,
    /// Who may be asked: the person's own workers, the repository's, the recipes; each group ordered by name.
    pub workers: Vec<Worker>,
    /// Workers that the repository states and nobody trusts.
    pub untrusted: Vec<WorkerName>,
    /// How many tasks are carried out at once.
    pub at_once: usize,
    /// What workers may spend here.
    pub budget: Budget,
    /// Where the person's own workers are stated, whether the file is there or not.
    pub own_config: PathBuf,
}

/// One who can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its name.
    pub name: WorkerName,
    /// How it works.
    pub by: WorkerBy,
}

/// How a worker works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerBy {
    /// A program of the person's, stated in their own configuration.
    Own(WorkerConfig),
    /// A program that the repository states and the person trusts.
    Repository(WorkerConfig),
    /// The recipes that Countersign brings along.
    Recipes,
}

/// Why nobody can be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// There is no worker of this name.
    #[error("there is no worker `{name}`; there are: {known}")]
    Unknown {
        /// What was named.
        name: String,
        /// All that there are.
        known: String,
    },
    /// The repository states it, and nobody trusts it.
    #[error(
        "nobody trusts the worker `{0}` of this repository: `countersign trust` allows it to run in the sandbox"
    )]
    Untrusted(String),
    /// It does something else.
    #[error(
        "the worker `{name}` cannot be asked for this: its kinds are {kinds}, its languages {languages}, and it fixes diagnostics of {diagnostics}"
    )]
    Unfit {
        /// Which.
        name: String,
        /// What it can be asked for.
        kinds: String,
        /// In which languages.
        languages: String,
        /// Whose diagnostics.
        diagnostics: String,
    },
    /// Nobody does that here.
    #[error(
        "no worker is configured for `{}` here: state one in {}, e.g. [workers.mine] command = [\"program\", \"{{path}}\"] kinds = [\"{}\"]{}",
        kind.name(), own_config.display(), kind.name(), untrusted_note(untrusted)
    )]
    Nobody {
        /// What was asked for.
        kind: TaskKind,
        /// Where workers are stated.
        own_config: PathBuf,
        /// Those that the repository states and nobody trusts.
        untrusted: Vec<WorkerName>,
    },
}

fn untrusted_note(untrusted: &[WorkerName]) -> String {
    if untrusted.is_empty() {
        return String::new();
    }
    let names = untrusted.iter().map(WorkerName::as_str).collect::<Vec<_>>().join(", ");
    format!("; this repository states {names}, which `countersign trust` allows to run")
}

/// Who can be asked for work in the repository around `start`. `folder` is the person's configuration folder.
///
/// A repository's workers are those of its last commit, or of the revision that `from` names; they count once
/// exactly they are trusted. One of the person's own takes the place of a repository's of its name.
///
/// # Errors
/// No repository, a configuration that does not load, a trust record that cannot be believed.
/// # Cost
/// Two small files and one look at HEAD.
pub fn workers(
    start: &Path,
    folder: &Path,
    from: &RulesFrom,
    trust: &TrustStore,
) -> Result<WorkerSet, Error> {
    let repository = Repository::discover(start)?;
    let root = repository.root().ok_or(workspace::RepositoryError::Bare)?.to_owned();
    let own_config = folder.join(OWN_CONFIG_FILE);
    let own = own(&own_config)?;
    let stated = stated(&repository, from)?;
    let trusted = match workers_digest(&stated) {
        Some(digest) => trust.trusted(repository.common_dir(), digest)?.is_some(),
        None => true,
    };
    let (at_once, budget) = (usize::from(own.tasks_at_once), own.budget);
    let others: Workers =
        stated.into_iter().filter(|(name, _)| !own.workers.contains_key(name)).collect();
    let (may, untrusted) =
        if trusted { (others, Workers::new()) } else { (Workers::new(), others) };
    let mine = own.workers.into_iter().map(|(name, it)| Worker { name, by: WorkerBy::Own(it) });
    let theirs = may.into_iter().map(|(name, it)| Worker { name, by: WorkerBy::Repository(it) });
    let recipes = Worker { name: WorkerName::recipes(), by: WorkerBy::Recipes };
    Ok(WorkerSet {
        root,
        workers: mine.chain(theirs).chain(std::iter::once(recipes)).collect(),
        untrusted: untrusted.into_keys().collect(),
        at_once,
        budget,
        own_config,
    })
}

/// The workers that a repository states.
fn stated(repository: &Repository, from: &RulesFrom) -> Result<Workers, Error> {
    let revision = match &from.revision {
        Some(revision) => Some(revision.clone()),
        None => repository.head()?.commit,
    };
    Ok(match revision {
        Some(revision) => repository_config(repository, &revision)?.0.workers,
        None => Workers::new(),
    })
}

fn own(path: &Path) -> Result<OwnConfig, Error> {
    let bytes = match workspace::read_named(path, OWN_CONFIG_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(workspace::FileError::Io { source, .. })
            if source.kind() == std::io::ErrorKind::NotFound =>
        {
            return Ok(OwnConfig::default());
        }
        Err(error) => return Err(error.into()),
    };
    // What is not text is no TOML either, and the parser says where.
    Ok(OwnConfig::parse(&String::from_utf8_lossy(&bytes), &path.display().to_string())?)
}

impl WorkerSet {
    /// Those that can be asked for this, in this file if one is meant, the first the one to ask if nobody is named.
    pub fn fitting(
        &self,
        kind: TaskKind,
        path: Option<&RelPath>,
        diagnostic: Option<&TaskDiagnostic>,
    ) -> Vec<&Worker> {
        let language = path.and_then(|path| syntax::language_of(path, b""));
        self.workers.iter().filter(|worker| worker.fits(kind, language, diagnostic)).collect()
    }

    /// Who carries a task out: whom it names, or the first that can.
    ///
    /// # Errors
    /// [`WorkerError`].
    pub fn choose(&self, task: &Task) -> Result<&Worker, WorkerError> {
        let path = task.place.as_ref().map(|place| &place.path);
        let language = path.and_then(|path| syntax::language_of(path, b""));
        let Some(name) = &task.worker else {
            let fitting = self.fitting(task.kind, path, task.diagnostic.as_ref());
            return fitting.into_iter().next().ok_or_else(|| WorkerError::Nobody {
                kind: task.kind,
                own_config: self.own_config.clone(),
                untrusted: self.untrusted.clone(),
            });
        };
        let Some(worker) = self.workers.iter().find(|worker| worker.name.as_str() == name) else {
            if self.untrusted.iter().any(|untrusted| untrusted.as_str() == name) {
                return Err(WorkerError::Untrusted(name.clone()));
            }
            let known = self.workers.iter().map(|worker| worker.name.as_str());
            let known = known.collect::<Vec<_>>().join(", ");
            return Err(WorkerError::Unknown { name: name.clone(), known });
        };
        if worker.may(task.kind, language, task.diagnostic.as_ref()) {
            return Ok(worker);
        }
        Err(worker.unfit())
    }
}

impl Worker {
    /// How it is called in a sentence.
    pub fn called(&self) -> String {
        match self.by {
            WorkerBy::Recipes => "the recipes".to_owned(),
            _ => self.name.to_string(),
        }
    }

    /// Whether it is offered for this.
    fn fits(
        &self,
        kind: TaskKind,
        language: Option<Language>,
        diagnostic: Option<&TaskDiagnostic>,
    ) -> bool {
        match &self.by {
            WorkerBy::Own(config) | WorkerBy::Repository(config) => {
                let fixes = |it: &TaskDiagnostic| config.fixes(it.source.as_deref());
                config.does(kind, language) && diagnostic.is_none_or(fixes)
            }
            WorkerBy::Recipes => {
                kind == TaskKind::Fix
                    && diagnostic.is_some_and(|it| !answering(it, language).is_empty())
            }
        }
    }

    /// Whether it can do it if it is named.
    fn may(
        &self,
        kind: TaskKind,
        language: Option<Language>,
        diagnostic: Option<&TaskDiagnostic>,
    ) -> bool {
        let tidies = matches!(kind, TaskKind::Fix | TaskKind::Refactor | TaskKind::Chore);
        match self.by {
            WorkerBy::Recipes if diagnostic.is_none() => tidies,
            _ => self.fits(kind, language, diagnostic),
        }
    }

    fn unfit(&self) -> WorkerError {
        let all = |words: Vec<String>| {
            if words.is_empty() { "any".to_owned() } else { words.join(", ") }
        };
        let (kinds, languages, diagnostics) = match &self.by {
            WorkerBy::Own(config) | WorkerBy::Repository(config) => (
                all(config.kinds.iter().map(|kind| kind.name().to_owned()).collect()),
                all(config.languages.iter().map(|it| it.name().to_owned()).collect()),
                all(config.diagnostics.iter().cloned().collect()),
            ),
            WorkerBy::Recipes => (
                "fix, refactor, chore".to_owned(),
                all(Language::ALL.map(|it| it.name().to_owned()).to_vec()),
                "what `countersign run --list-recipes` lists".to_owned(),
            ),
        };
        WorkerError::Unfit { name: self.name.to_string(), kinds, languages, diagnostics }
    }
}

/// A recipe, the languages that it knows, and the diagnostics of other tools that it puts right.
type Answers = (String, Vec<Language>, Vec<String>);

/// The recipes that put right what a diagnostic says.
pub(crate) fn answering(diagnostic: &TaskDiagnostic, language: Option<Language>) -> Vec<String> {
    static KNOWN: OnceLock<Vec<Answers>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        // What is built in loads: the tests of its crate see to that.
        let all = recipes().unwrap_or_default();
        let cards = all.iter().map(|recipe| recipe.card());
        cards.map(|card| (card.id.clone(), card.languages.clone(), card.answers.clone())).collect()
    });
    let (Some(code), Some(language)) = (diagnostic.code.as_deref(), language) else {
        return Vec::new();
    };
    // Some tools leave out what stands before the last `::`, as their source says it.
    let same = |answer: &&String| {
        let answer = answer.as_str();
        answer == code || answer.strip_suffix(code).is_some_and(|rest| rest.ends_with("::"))
    };
    let answers = known.iter().filter(|(_, languages, answers)| {
        languages.contains(&language) && answers.iter().any(|answer| same(&answer))
    });
    answers.map(|(id, ..)| id.clone()).collect()
}

/// A task in words, for a worker that reads words.
pub fn prompt(task: &Task) -> String {
    let mut text = format!("{}\n\n", task.objective.trim());
    if let Some(place) = &task.place {
        let (first, last) = lines(place.first_line, place.lines);
        text.push_str(&match place.lines {
            0 => format!("Place: {}\n", place.path),
            1 => format!("Place: {}, line {first}\n", place.path),
            _ => format!("Place: {}, lines {first} to {last}\n", place.path),
        });
    }
    if let Some(diagnostic) = &task.diagnostic {
        let named = diagnostic.source.iter().chain(&diagnostic.code).cloned().collect::<Vec<_>>();
        let named = named.join(" ");
        let of = if named.is_empty() { named } else { format!(" of {named}") };
        text.push_str(&format!("Diagnostic{of}: {}\n", diagnostic.message.trim()));
    }
    let constraints = &task.constraints;
    if !constraints.paths.is_empty() {
        text.push_str(&format!("Change only: {}\n", constraints.paths.join(", ")));
    }
    if let Some(lines) = constraints.changed_lines {
        text.push_str(&format!("Change at most {lines} lines\n"));
    }
    constraints.notes.iter().for_each(|note| text.push_str(&format!("Also: {note}\n")));
    text.push_str(
        "\nThe current folder is a copy of the project's saved files. Edit them in place: what you change is shown to \
         a person, who decides hunk by hunk. What you print is kept as the reason. There is no network.\n",
    );
    text
}

/// The numbers of the first and the last line, from 1.
fn lines(first: u32, count: u32) -> (u32, u32) {
    let first = first.saturating_add(1);
    (first, first.saturating_add(count.max(1) - 1))
}

impl CommandTask {
    /// What a configured program is to do about a task; `env` is the person's environment.
    pub fn of(
        task: &Task,
        name: &WorkerName,
        config: &WorkerConfig,
        env: Vec<(OsString, OsString)>,
    ) -> Self {
        let task = Task { worker: Some(name.to_string()), ..task.clone() };
        // The system ends a variable and an argument at a zero byte, so it would refuse one.
        let mut prompt = prompt(&task).replace('\0', " ");
        let json = serde_json::to_string(&task).unwrap_or_default();
        cut(&mut prompt);
        let argv = config.command.iter().map(|word| filled(word, &task, &prompt)).collect();
        let input = match config.stdin {
            WorkerInput::Task => json.clone().into_bytes(),
            WorkerInput::Prompt => prompt.clone().into_bytes(),
            WorkerInput::Nothing => Vec::new(),
        };
        let default = Bounds::default();
        let asked = task.budget.time_s.unwrap_or(config.time_limit_s);
        let time = Duration::from_secs(config.time_limit_s.min(asked).max(1).into());
        Self {
            objective: title(&task.objective),
            argv,
            folder: PathBuf::new(),
            env,
            given: vec![
                ("COUNTERSIGN_TASK".into(), json.into()),
                ("COUNTERSIGN_PROMPT".into(), prompt.into()),
            ],
            input,
            bounds: Bounds { time, cpu: default.cpu.max(time), ..default },
            any_exit: config.any_exit,
            task: Some((task, name.clone())),
        }
    }
}

/// A title is one line.
fn title(objective: &str) -> String {
    objective.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A word of a command line with what the task says in place of its placeholders. What is put there is looked
/// at no further.
fn filled(word: &str, task: &Task, prompt: &str) -> OsString {
    let place = task.place.as_ref();
    let numbers = place.map(|place| lines(place.first_line, place.lines));
    let mut objective = task.objective.clone();
    cut(&mut objective);
    let (mut out, mut rest) = (String::new(), word);
    while let Some(at) = rest.find('{') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let values = [
            ("{path}", place.map(|place| argument(&place.path)).unwrap_or_default()),
            ("{first_line}", numbers.map(|(first, _)| first.to_string()).unwrap_or_default()),
            ("{last_line}", numbers.map(|(_, last)| last.to_string()).unwrap_or_default()),
            ("{objective}", objective.clone()),
            ("{prompt}", prompt.to_owned()),
        ];
        let known =
            values.into_iter().find_map(|(name, value)| Some((rest.strip_prefix(name)?, value)));
        match known {
            Some((after, value)) => {
                out.push_str(&value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out.replace('\0', " ").into()
}

/// A path that no program takes for an option.
fn argument(path: &RelPath) -> String {
    let text = path.to_string();
    if text.starts_with('-') { format!("./{text}") } else { text }
}

fn cut(text: &mut String) {
    if text.len() > WORDS_BYTES_MAX {
        text.truncate(text.floor_char_boundary(WORDS_BYTES_MAX));
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::{TaskBudget, TaskConstraints, TaskPlace};

    use super::*;

    fn task(kind: TaskKind, path: &str) -> Task {
        Task {
            kind,
            objective: "Fix: {prompt} is  unused".to_owned(),
            place: Some(TaskPlace { path: path.parse().unwrap(), first_line: 2, lines: 3 }),
            diagnostic: Some(TaskDiagnostic {
                message: "unused".to_owned(),
                source: Some("Ruff".to_owned()),
                code: Some("F401".to_owned()),
            }),
            constraints: TaskConstraints::default(),
            budget: TaskBudget::default(),
            depends_on: [].into(),
            worker: None,
        }
    }

    fn set(toml: &str) -> WorkerSet {
        let own = OwnConfig::parse(toml, "x").unwrap();
        let recipes = Worker { name: WorkerName::recipes(), by: WorkerBy::Recipes };
        let mine = own.workers.into_iter().map(|(name, it)| Worker { name, by: WorkerBy::Own(it) });
        WorkerSet {
            root: "/r".into(),
            workers: mine.chain([recipes]).collect(),
            untrusted: vec!["theirs".parse().unwrap()],
            at_once: 1,
            budget: own.budget,
            own_config: "/home/config.toml".into(),
        }
    }

    const TWO: &str = r#"
        [workers.any]
        command = ["any", "{path}:{first_line}-{last_line}", "{objective}", "{x}"]
        kinds = ["fix", "tests"]
        stdin = "prompt"
        [workers.mypy]
        command = ["m"]
        kinds = ["fix"]
        languages = ["python"]
        diagnostics = ["mypy"]
    "#;

    #[test]
    fn a_program_is_told_its_task_in_every_form() {
        let set = set(TWO);
        let WorkerBy::Own(config) = &set.workers[0].by else { panic!() };
        let told =
            CommandTask::of(&task(TaskKind::Fix, "-a.py"), &set.workers[0].name, config, vec![]);
        assert_eq!(told.argv, ["any", "./-a.py:3-5", "Fix: {prompt} is  unused", "{x}"]);
        assert_eq!(told.objective, "Fix: {prompt} is unused");
        expect![[r#"
            Fix: {prompt} is  unused

            Place: -a.py, lines 3 to 5
            Diagnostic of Ruff F401: unused

            The current folder is a copy of the project's saved files. Edit them in place: what you change is shown to a person, who decides hunk by hunk. What you print is kept as the reason. There is no network.
        "#]]
        .assert_eq(&String::from_utf8(told.input).unwrap());
        let json: Task = serde_json::from_str(told.given[0].1.to_str().unwrap()).unwrap();
        assert_eq!(json.worker.as_deref(), Some("any"));
        assert_eq!(json.diagnostic.unwrap().code.as_deref(), Some("F401"));
    }

    #[test]
    fn the_first_who_can_is_asked_and_whoever_is_named_must_be_able_to() {
        let set = set(TWO);
        let chosen = |task: &Task| set.choose(task).map(|worker| worker.name.to_string());
        let fix = task(TaskKind::Fix, "a.py");
        let fitting: Vec<_> = set
            .fitting(TaskKind::Fix, Some(&"a.py".parse().unwrap()), fix.diagnostic.as_ref())
            .into_iter()
            .map(|worker| worker.name.as_str())
            .collect();
        assert_eq!(fitting, ["any"], "mypy fixes its own diagnostics, and no recipe knows F401");
        assert_eq!(chosen(&fix), Ok("any".to_owned()));
        let named = |name: &str, kind| {
            chosen(&Task { worker: Some(name.to_owned()), ..task(kind, "a.py") })
        };
        for (name, kind, expected) in [
            (
                "mypy",
                TaskKind::Fix,
                expect![
                    "the worker `mypy` cannot be asked for this: its kinds are fix, its languages python, and it fixes diagnostics of mypy"
                ],
            ),
            (
                "theirs",
                TaskKind::Fix,
                expect![
                    "nobody trusts the worker `theirs` of this repository: `countersign trust` allows it to run in the sandbox"
                ],
            ),
            ("x", TaskKind::Fix, expect!["there is no worker `x`; there are: any, mypy, recipes"]),
        ] {
            expected.assert_eq(&named(name, kind).unwrap_err().to_string());
        }
        expect![[r#"no worker is configured for `docs` here: state one in /home/config.toml, e.g. [workers.mine] command = ["program", "{path}"] kinds = ["docs"]; this repository states theirs, which `countersign trust` allows to run"#]]
            .assert_eq(&chosen(&task(TaskKind::Docs, "a.py")).unwrap_err().to_string());
    }

    #[test]
    fn recipes_are_offered_for_the_diagnostics_that_they_put_right() {
        let clippy = |code: &str| TaskDiagnostic {
            message: "length comparison to zero".to_owned(),
            source: Some("clippy".to_owned()),
            code: Some(code.to_owned()),
        };
        for code in ["clippy::len_zero", "len_zero"] {
            assert_eq!(answering(&clippy(code), Some(Language::Rust)), ["rust/len-zero"]);
        }
        assert!(answering(&clippy("zero"), Some(Language::Rust)).is_empty());
        assert!(answering(&clippy("len_zero"), Some(Language::Python)).is_empty());
        assert!(answering(&clippy("len_zero"), None).is_empty());
        let mut task = Task {
            diagnostic: None,
            worker: Some("recipes".into()),
            ..task(TaskKind::Chore, "a.py")
        };
        assert!(set("").choose(&task).is_ok());
        task.kind = TaskKind::Tests;
        assert!(set("").choose(&task).is_err());
    }
}
