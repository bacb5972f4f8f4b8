//! Python: pytest or unittest, ruff, black, flake8, mypy, pyright, bandit.

use std::collections::BTreeSet;

use model::{GateDefinition, GateKind, ReportFormat};
use toml::{Table, Value};

use super::{Gate, Project, Tree, is_below};

/// Files that make a folder a project.
const MANIFESTS: &[&str] = &[
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "tox.ini",
    "pytest.ini",
    "mypy.ini",
    "ruff.toml",
    ".ruff.toml",
    ".flake8",
    "requirements.txt",
    "Pipfile",
];

/// Test files that are read to tell pytest from unittest.
const TESTS_READ_MAX: usize = 20;

/// The gates of every folder with a manifest of Python, or of the root if there is none but tests are.
pub(crate) fn detect(tree: &Tree<'_>) -> Vec<GateDefinition> {
    let mut projects = tree.projects(|name| MANIFESTS.contains(&name));
    if projects.is_empty() {
        projects.push(Project { folder: "", tree });
    }
    let folders: Vec<&str> = projects.iter().map(|project| project.folder).collect();
    let gates = projects.iter().flat_map(|project| {
        let nested: Vec<&str> =
            folders.iter().copied().filter(|other| is_below(other, project.folder)).collect();
        of_project(project, &nested)
    });
    gates.collect()
}

/// What the configuration files of a project say.
struct Settings {
    tools: Table,
    /// The sections of each INI file.
    sections: BTreeSet<(&'static str, String)>,
}

impl Settings {
    fn read(project: &Project<'_>) -> Self {
        let pyproject = project.toml("pyproject.toml").unwrap_or_default();
        let tools = pyproject.get("tool").and_then(Value::as_table).cloned().unwrap_or_default();
        let mut sections = BTreeSet::new();
        for file in ["setup.cfg", "tox.ini"] {
            let text = project.listed_text(file).unwrap_or_default();
            for line in text.lines() {
                let section = line.trim().strip_prefix('[').and_then(|l| l.strip_suffix(']'));
                sections.extend(section.map(|section| (file, section.trim().to_owned())));
            }
        }
        Self { tools, sections }
    }

    /// The file that configures a tool: a table of `pyproject.toml`, a section, or one of `files`.
    fn of(
        &self,
        project: &Project<'_>,
        table: &str,
        section: &str,
        files: &[&'static str],
    ) -> Option<&'static str> {
        if let Some(file) = project.first_of(files) {
            return Some(file);
        }
        if self.tools.contains_key(table) {
            return Some("pyproject.toml");
        }
        let named = |name: &str| name.strip_prefix("tool:").unwrap_or(name) == section;
        self.sections.iter().find(|(_, name)| named(name)).map(|(file, _)| *file)
    }
}

fn of_project(project: &Project<'_>, nested: &[&str]) -> Vec<GateDefinition> {
    let settings = Settings::read(project);
    let mut gates = Vec::new();
    gates.extend(tests(project, &settings, nested));
    if let Some(file) = settings.of(project, "ruff", "ruff", &["ruff.toml", ".ruff.toml"]) {
        let command = ["ruff", "check", "--no-cache", "--output-format", "sarif", "--output-file"];
        let lint = project.gate("ruff.lint", GateKind::Lint, file, &command);
        let lint = lint.with(["{reports}/ruff.sarif"]);
        gates.push(lint.writes(ReportFormat::Sarif, "ruff.sarif"));
        let own = project.toml(file).unwrap_or_default();
        let ruff = settings.tools.get("ruff").and_then(Value::as_table).unwrap_or(&own);
        if ruff.contains_key("format") {
            let command = ["ruff", "format", "--no-cache", "--check"];
            gates.push(project.gate("ruff.format", GateKind::Format, file, &command));
        }
    }
    if let Some(file) = settings.of(project, "flake8", "flake8", &[".flake8"]) {
        let flake8 = project.gate("flake8", GateKind::Lint, file, &["python3", "-m", "flake8"]);
        gates.push(flake8.prints(ReportFormat::Diagnostics));
    }
    if settings.tools.contains_key("black") {
        let command = ["python3", "-m", "black", "--check", "--quiet", "."];
        gates.push(project.gate("black", GateKind::Format, "pyproject.toml", &command));
    }
    if let Some(file) = settings.of(project, "mypy", "mypy", &["mypy.ini", ".mypy.ini"]) {
        gates.push(mypy(project, &settings, file));
    }
    if let Some(file) = settings.of(project, "pyright", "pyright", &["pyrightconfig.json"]) {
        gates.push(project.gate("pyright", GateKind::TypeCheck, file, &["pyright"]));
    }
    if settings.tools.contains_key("bandit") {
        let command = ["python3", "-m", "bandit", "-q", "-c", "pyproject.toml", "-r", "."];
        gates.push(project.gate("bandit", GateKind::Security, "pyproject.toml", &command));
    }
    gates.into_iter().filter_map(Gate::done).collect()
}

fn mypy(project: &Project<'_>, settings: &Settings, file: &str) -> Gate {
    let says_what = |text: &str| {
        text.lines().any(|line| {
            let key = line.split(['=', ':']).next().unwrap_or_default().trim();
            ["files", "packages", "modules"].contains(&key)
        })
    };
    let named = match file {
        "pyproject.toml" => settings.tools.get("mypy").and_then(Value::as_table).is_some_and(|t| {
            ["files", "packages", "modules"].iter().any(|key| t.contains_key(*key))
        }),
        file => project.listed_text(file).is_some_and(|text| says_what(&text)),
    };
    let command = ["python3", "-m", "mypy", "--cache-dir", "{reports}/mypy"];
    let gate = project.gate("mypy", GateKind::TypeCheck, file, &command);
    let gate = gate.prints(ReportFormat::Diagnostics);
    if named { gate } else { gate.with(["."]) }
}

/// pytest where anything speaks of it, else unittest where there are tests.
fn tests(project: &Project<'_>, settings: &Settings, nested: &[&str]) -> Option<Gate> {
    let texts =
        ["pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "Pipfile", "requirements.txt"];
    let dev = || project.names().filter(|name| name.starts_with("requirements"));
    let mentioned = |package: &str| {
        let says = |text: String| {
            text.lines()
                .any(|line| line.split('#').next().is_some_and(|said| said.contains(package)))
        };
        texts.into_iter().chain(dev()).find(|name| project.listed_text(name).is_some_and(says))
    };
    let configured = settings.of(project, "pytest", "pytest", &["pytest.ini", "conftest.py"]);
    let tests = test_files(project, nested);
    let first = tests.first()?;
    let file = configured.or_else(|| mentioned("pytest"));
    let styled = || tests.iter().take(TESTS_READ_MAX).any(|path| is_pytest_style(project, path));
    if file.is_some() || styled() {
        let command = ["python3", "-m", "pytest", "-p", "no:cacheprovider", "-rA"];
        let gate = project.gate("pytest", GateKind::Test, file.unwrap_or(first), &command);
        let gate = gate.with(["--junitxml={reports}/pytest.xml"]);
        let gate = gate.writes(ReportFormat::Junit, "pytest.xml");
        if mentioned("pytest-cov").is_none() {
            return Some(gate);
        }
        let gate =
            gate.with(["--cov", "--cov-report=lcov:{reports}/coverage.lcov", "--cov-fail-under=0"]);
        return Some(gate.writes(ReportFormat::Lcov, "coverage.lcov"));
    }
    // `discover` looks into packages only, so a folder that is none is where it has to start.
    let loose = |folder: &str| {
        let names = project.below().find(|(path, _)| *path == folder).map(|(_, names)| names);
        names.is_some_and(|names| !names.contains("__init__.py"))
    };
    let folder = first.split('/').next().filter(|_| first.contains('/')).unwrap_or_default();
    let gate = project.gate("unittest", GateKind::Test, first, &["python3", "-m", "unittest"]);
    let gate = gate.with(["discover", "-v"]).prints(ReportFormat::Unittest);
    Some(if !folder.is_empty() && loose(folder) { gate.with(["-s", folder]) } else { gate })
}

/// The files that hold tests by their names, by their path from the project's folder.
fn test_files(project: &Project<'_>, nested: &[&str]) -> Vec<String> {
    let named = |name: &str| {
        name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"))
    };
    let mut found: Vec<String> =
        project.names().filter(|name| named(name)).map(str::to_owned).collect();
    for (folder, names) in project.below() {
        let full = if project.folder.is_empty() {
            folder.to_owned()
        } else {
            format!("{}/{folder}", project.folder)
        };
        let elsewhere = nested.iter().any(|other| full == *other || is_below(&full, other));
        let foreign = folder.split('/').any(|part| {
            super::FOREIGN.contains(&part) || matches!(part, "fixtures" | "testdata" | "examples")
        });
        if !elsewhere && !foreign {
            let tests = names.iter().filter(|name| named(name));
            found.extend(tests.map(|name| format!("{folder}/{name}")));
        }
    }
    found
}

/// Whether a file says `import pytest` or has a test that is a plain function, which unittest does not find.
fn is_pytest_style(project: &Project<'_>, path: &str) -> bool {
    project.text(path).is_some_and(|text| {
        text.lines().any(|line| {
            line.starts_with("def test")
                || line.starts_with("async def test")
                || line.starts_with("import pytest")
                || line.starts_with("from pytest ")
        })
    })
}
