//! Watched runs: the tests of a gate once more, with what tells which lines of the project they come to, for gates
//! whose own reports do not say it.
//!
//! Nothing is asked of the project: Node writes down itself what it runs (V8's block coverage), Jest and Vitest count,
//! Python has a tracer, `go test` counts. A watched run is slower and not the one that judges; what it says counts only if
//! the same tests ended as they did unwatched, and what it leaves was written by code that nobody trusts, as any report is.
//! Start at [`watched`].

mod go;
mod v8;

use std::collections::BTreeSet;

use model::{
    Digest, GateDefinition, GateKind, Language, REPORTS_PLACEHOLDER, RelPath, ReportFormat,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use syntax::{ParseError, is_outside_interface, language_of, parse, statements};

use crate::detect::is_below;
use crate::report::{LineCoverage, ReportError, ReportPlace, read_report};
use crate::witness::is_test_file;

/// Counts up when the same run would be read otherwise.
const READ_AS: u32 = 1;

/// What each process of Node runs first.
const FIRST: &str = include_str!("watched/watch.mjs");

/// Traces what `python3 -m` runs.
const TRACER: &str = include_str!("watched/watch.py");

/// A file that a watched run left: its name, and what is in it.
pub type LeftFile = (String, Vec<u8>);

/// A gate's command as it is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    gate: GateDefinition,
    watcher: Watcher,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watcher {
    V8,
    Python,
    Go,
}

/// How the tests of `gate` are watched. `None` if it runs none, if its own reports tell lines, or if nothing here can.
pub fn watched(gate: &GateDefinition) -> Option<Watched> {
    let tells = |format| matches!(format, ReportFormat::Lcov | ReportFormat::Cobertura);
    if gate.kind != GateKind::Test || gate.reports.iter().any(|report| tells(report.format)) {
        return None;
    }
    let words: Vec<&str> = gate.command.iter().map(String::as_str).collect();
    let (program, arguments) = words.split_first()?;
    let with = |first: &[&str], rest: &[&str]| {
        first.iter().chain(rest).map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    let (watcher, command) = match (program.rsplit('/').next()?, arguments) {
        ("node" | "npm" | "npx" | "pnpm" | "yarn", _) => (Watcher::V8, with(&words, counts(gate))),
        ("python" | "python3", ["-m", module @ ("pytest" | "unittest"), rest @ ..]) => {
            let report = &format!("{REPORTS_PLACEHOLDER}/lines.lcov");
            let mut first = vec![program, "-c", TRACER, report, module];
            // Other processes are not seen.
            if *module == "pytest" {
                first.extend(["-p", "no:xdist"]);
            }
            (Watcher::Python, with(&first, rest))
        }
        ("go", ["test", rest @ ..]) if !rest.iter().any(|word| word.starts_with("-cover")) => {
            let report = &format!("-coverprofile={REPORTS_PLACEHOLDER}/lines.out");
            (Watcher::Go, with(&[program, "test", report, "-coverpkg=./..."], rest))
        }
        _ => return None,
    };
    Some(Watched { gate: GateDefinition { command, ..gate.clone() }, watcher })
}

/// What has a runner count that runs the project's files in wrappers, where V8's offsets mean nothing. Other processes
/// that its tests start run them as they are.
fn counts(gate: &GateDefinition) -> &'static [&'static str] {
    // What a gate of the project's own says to its runner is not added to.
    let writes = |name: &str| {
        let path = format!("{REPORTS_PLACEHOLDER}/{name}");
        gate.reports.iter().any(|report| {
            report.format == ReportFormat::JestJson && report.path.as_deref() == Some(&path)
        })
    };
    if writes("jest.json") {
        &[
            "--coverage",
            "--coverageReporters=lcovonly",
            "--coverageDirectory={reports}/lines",
            "--coverageThreshold={}",
        ]
    } else if writes("vitest.json") {
        &[
            "--coverage.enabled=true",
            "--coverage.reporter=lcovonly",
            "--coverage.reportsDirectory={reports}/lines",
        ]
    } else {
        &[]
    }
}

impl Watched {
    /// The gate with the command that is watched.
    pub fn gate(&self) -> &GateDefinition {
        &self.gate
    }

    /// Names what is run, and how it is read: never what the gate itself is.
    pub fn digest(&self) -> Digest {
        Digest::of_json(&(self.gate.digest(), "watched", READ_AS))
    }

    /// What its environment has beside, where reports are at `reports`.
    pub fn env(&self, reports: &str) -> Vec<(&'static str, String)> {
        match self.watcher {
            Watcher::V8 => vec![
                ("NODE_V8_COVERAGE", format!("{reports}/v8")),
                (
                    "NODE_OPTIONS",
                    format!("--import={}", as_url(&FIRST.replace(REPORTS_PLACEHOLDER, reports))),
                ),
            ],
            Watcher::Python | Watcher::Go => Vec::new(),
        }
    }

    /// Globs of the files that say which lines were run, below the run's reports.
    pub fn leaves(&self) -> &'static [&'static str] {
        match self.watcher {
            Watcher::V8 => &["v8/*", "lines/lcov.info"],
            Watcher::Python => &["lines.lcov"],
            Watcher::Go => &["lines.out"],
        }
    }

    /// Whether it sees files of `language`.
    pub fn sees(&self, language: Language) -> bool {
        use Language::{Go, JavaScript, Python, Tsx, TypeScript};
        match self.watcher {
            Watcher::V8 => matches!(language, JavaScript | TypeScript | Tsx),
            Watcher::Python => language == Python,
            Watcher::Go => language == Go,
        }
    }

    /// The lines that were run, from what was left at `place`, each by the name of its file; `text` gives the files of the tree
    /// that is judged, without what was built in it.
    ///
    /// # Errors
    /// [`ReportError`]; nothing is known of any line then.
    /// # Cost
    /// Linear in what was left, and a parse of each file that was run.
    pub fn read(
        &self,
        left: &[LeftFile],
        text: &dyn Fn(&RelPath) -> Option<Vec<u8>>,
        place: ReportPlace<'_>,
    ) -> Result<LineCoverage, ReportError> {
        let counted: Vec<&LeftFile> =
            left.iter().filter(|(name, _)| name.contains("lcov")).collect();
        let mut all = match self.watcher {
            Watcher::V8 => v8::read(left, !counted.is_empty(), text, place)?,
            Watcher::Go => go::read(left, text, place)?,
            Watcher::Python if counted.is_empty() => {
                return Err(ReportError::Missing { place: self.leaves().concat() });
            }
            Watcher::Python => LineCoverage::default(),
        };
        for (_, report) in counted {
            let report = read_report(ReportFormat::Lcov, report, place)?;
            let lines = report.coverage.unwrap_or_default();
            all.merge(match self.watcher {
                Watcher::Python => of_statements(lines, text),
                Watcher::V8 | Watcher::Go => lines,
            });
        }
        Ok(all)
    }
}

/// The lines at which statements of Python begin. One was come to if any of its lines was: where something in it fails,
/// its first line may not be reached.
fn of_statements(lines: LineCoverage, text: &dyn Fn(&RelPath) -> Option<Vec<u8>>) -> LineCoverage {
    let mut all = LineCoverage::default();
    for path in lines.files() {
        all.mention(path.clone());
        let starts = text(path).and_then(|text| starts(Language::Python, &text).ok());
        let starts: BTreeSet<u32> = starts.iter().flatten().map(|start| start.line).collect();
        let Some(known) = lines.lines(path) else { continue };
        for start in &starts {
            let next = starts.range(start + 1..).next().copied().unwrap_or(u32::MAX);
            let hits = known.range(start..&next).map(|(_, hits)| *hits).max();
            if let (Some(hits), true) = (hits, known.contains_key(start)) {
                all.add(path.clone(), *start, hits);
            }
        }
    }
    all
}

/// A module as a URL without a space, a quote or a backslash, at which options would end.
fn as_url(module: &str) -> String {
    format!("data:text/javascript,{}", utf8_percent_encode(module, NON_ALPHANUMERIC))
}

/// Whether the tests of `gate` may run code of `language`: what is not known to run one language may run any.
pub fn may_run(gate: &GateDefinition, language: Language) -> bool {
    use Language::{Go, JavaScript, Python, Rust, Tsx, TypeScript};
    let program = gate.command.first().map(String::as_str).unwrap_or_default();
    let of: &[Language] = match program.rsplit('/').next().unwrap_or_default() {
        "cargo" => &[Rust],
        "go" => &[Go],
        "node" | "npm" | "npx" | "pnpm" | "yarn" | "bun" | "deno" => &[JavaScript, TypeScript, Tsx],
        "python" | "python3" | "pytest" => &[Python],
        "mvn" | "mvnw" | "gradle" | "gradlew" => &[],
        _ => return true,
    };
    of.contains(&language)
}

impl LineCoverage {
    /// Adds the changed files that the run `watched` of a gate in `folder` did not come to at all: all their statements were
    /// missed. A file counts if it lies below that folder, tests of its language were seen, and it is source: no test, no
    /// example, nothing that a tool reads.
    ///
    /// # Cost
    /// A parse of each such file.
    pub fn add_unseen(
        &mut self,
        watched: &Self,
        folder: Option<&RelPath>,
        files: &[(&RelPath, &[u8])],
    ) {
        let seen = watched.seen();
        for (path, text) in files {
            let Some(language) = language_of(path, b"").filter(|found| seen.contains(found)) else {
                continue;
            };
            let below =
                folder.is_none_or(|folder| is_below(&path.to_string(), &folder.to_string()));
            let other = is_test_file(path)
                || is_outside_interface(path)
                || is_settings(path)
                || is_foreign(path);
            if !below || other || self.has(path) || watched.has(path) {
                continue;
            }
            for start in starts(language, text).unwrap_or_default() {
                self.add((*path).clone(), start.line, 0);
            }
        }
    }
}

/// Whether a tool reads a file by its name.
fn is_settings(path: &RelPath) -> bool {
    let name = String::from_utf8_lossy(path.file_name());
    let configures = name.contains(".config.") || name.starts_with('.');
    let declares = [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| name.ends_with(ending));
    configures || declares || matches!(&*name, "conftest.py" | "noxfile.py" | "setup.py")
}

/// Whether a file lies where watchers do not look: what is installed, or hidden.
fn is_foreign(path: &RelPath) -> bool {
    let foreign = ["node_modules", "site-packages", "venv", "__pypackages__"];
    path.as_str().is_none_or(|path| {
        path.split('/').any(|part| part.starts_with('.') || foreign.contains(&part))
    })
}

/// Where a statement begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Start {
    /// In bytes from the start of the text.
    byte: usize,
    /// From 0.
    line: u32,
    /// In bytes from the start of the line.
    column: usize,
}

/// Where the statements of a text begin, in order.
fn starts(language: Language, text: &[u8]) -> Result<Vec<Start>, ParseError> {
    let parsed = parse(language, text)?;
    let (mut line, mut line_start, mut at) = (0, 0, 0);
    let place = |byte: usize| {
        for (offset, _) in
            text.get(at..byte).unwrap_or_default().iter().enumerate().filter(|(_, b)| **b == b'\n')
        {
            line += 1;
            line_start = at + offset + 1;
        }
        at = byte;
        Start { byte, line, column: byte - line_start }
    };
    Ok(statements(&parsed)?.into_iter().map(place).collect())
}

#[cfg(test)]
mod tests;
