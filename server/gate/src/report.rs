//! What gates' reports mean, in one normal form: results of tests, findings, lines that were run.
//!
//! A report is written by code that may be wrong or hostile: nothing here panics, everything is bounded, and
//! what is cut off or contradicts itself is an error or says so. Names are freed of what changes from run to
//! run (addresses, hashes of binaries, line numbers of documentation tests), so that equal runs are equal.
//! Start at [`read_report`].

mod cargo;
mod coverage;
mod delta;
mod diagnostics;
mod go;
mod javascript;
mod junit;
mod python;
mod rust;
mod sarif;
mod tap;
pub(crate) mod xml;

use std::collections::BTreeMap;

use model::{
    Digest, GateFinding, RelPath, ReportFormat, Severity, TestId, TestOutcome, TestResult,
};

pub use coverage::LineCoverage;
pub use delta::TouchedFile;

/// The longest report that is read.
pub const REPORT_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// How many tests, findings or lines of coverage one report may hold.
pub const REPORT_ITEMS_MAX: usize = 500_000;

/// A name or message is cut here.
const TEXT_LIMIT_BYTES: usize = 400;

/// What a failed test said is kept up to here.
const MESSAGE_LIMIT_BYTES: usize = 2_000;

/// Of so many failed tests it is kept what they said.
const MESSAGES_MAX: usize = 200;

/// Where a report was written, so that its paths can be told.
#[derive(Debug, Clone, Copy)]
pub struct ReportPlace<'a> {
    /// The absolute path of the tree's root during the run.
    pub root: &'a str,
    /// The gate's folder in it; `None` for the root.
    pub folder: Option<&'a RelPath>,
}

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Its tests, ordered, each once: of several results under one name the worst counts.
    pub tests: Vec<TestResult>,
    /// What failed tests said, by their shown name.
    pub messages: BTreeMap<String, String>,
    /// Its findings, ordered, each once.
    pub findings: Vec<GateFinding>,
    /// The lines that were run, if it says so.
    pub coverage: Option<LineCoverage>,
    /// Why the run behind it did not come to its end, as far as the report shows.
    pub incomplete: Option<String>,
}

/// Why a report could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It is longer than [`REPORT_LIMIT_BYTES`].
    #[error("the report of {size_bytes} bytes is over the limit of {REPORT_LIMIT_BYTES}")]
    TooLarge {
        /// Its length.
        size_bytes: usize,
    },
    /// It holds more than [`REPORT_ITEMS_MAX`] things.
    #[error("the report holds more than {REPORT_ITEMS_MAX} entries")]
    TooMany,
    /// It is not in its format.
    #[error("the report is no {format}: line {line}: {reason}")]
    Malformed {
        /// The format it should have.
        format: &'static str,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// It ends before its format lets it.
    #[error("the report is cut off: {reason}")]
    Truncated {
        /// What is missing.
        reason: String,
    },
    /// It contradicts itself, so somebody else wrote into it.
    #[error("the report contradicts itself: {reason}")]
    Inconsistent {
        /// What does not fit.
        reason: String,
    },
    /// It was not written.
    #[error("no report was written to {place}")]
    Missing {
        /// Where it should be.
        place: String,
    },
    /// It holds nothing in its format.
    #[error("the report holds nothing that a {format} would")]
    Empty {
        /// The format it should have.
        format: &'static str,
    },
}

/// Reads a report in `format`, written at `place`.
///
/// # Errors
/// [`ReportError`]; nothing is known of the run's details then.
/// # Cost
/// Linear in its length.
pub fn read_report(
    format: ReportFormat,
    bytes: &[u8],
    place: ReportPlace<'_>,
) -> Result<Report, ReportError> {
    if bytes.len() > REPORT_LIMIT_BYTES {
        return Err(ReportError::TooLarge { size_bytes: bytes.len() });
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut entries = Entries::new(place);
    match format {
        ReportFormat::Junit => junit::read(text, &mut entries)?,
        ReportFormat::Cobertura => coverage::read_cobertura(text, &mut entries)?,
        ReportFormat::Lcov => coverage::read_lcov(text, &mut entries)?,
        ReportFormat::Sarif => sarif::read(text, &mut entries)?,
        ReportFormat::CargoTest => rust::read_text(text, &mut entries)?,
        ReportFormat::LibtestJson => rust::read_json(text, &mut entries)?,
        ReportFormat::CargoJson => cargo::read(text, &mut entries)?,
        ReportFormat::Pytest => python::read_pytest(text, &mut entries)?,
        ReportFormat::Unittest => python::read_unittest(text, &mut entries)?,
        ReportFormat::GoJson => go::read(text, &mut entries)?,
        ReportFormat::JestJson => javascript::read_jest(text, &mut entries)?,
        ReportFormat::NodeSpec => javascript::read_node(text, &mut entries)?,
        ReportFormat::Tap => tap::read(text, &mut entries)?,
        ReportFormat::Diagnostics => diagnostics::read(text, &mut entries)?,
    }
    Ok(entries.into_report())
}

impl Report {
    /// Takes in another report of the same run.
    pub fn merge(&mut self, other: Self) {
        let mut entries = Entries::new(ReportPlace { root: "", folder: None });
        for test in self.tests.drain(..).chain(other.tests) {
            entries.settle(test);
        }
        entries.findings = std::mem::take(&mut self.findings);
        entries.findings.extend(other.findings);
        let merged = entries.into_report();
        self.tests = merged.tests;
        self.findings = merged.findings;
        self.messages.extend(other.messages);
        self.incomplete = self.incomplete.take().or(other.incomplete);
        match (&mut self.coverage, other.coverage) {
            (Some(coverage), Some(other)) => coverage.merge(other),
            (None, other) => self.coverage = other,
            (Some(_), None) => {}
        }
    }
}

/// What was read so far, bounded and normalised.
pub(crate) struct Entries<'p> {
    place: ReportPlace<'p>,
    tests: BTreeMap<TestId, TestOutcome>,
    messages: BTreeMap<String, String>,
    findings: Vec<GateFinding>,
    pub(crate) coverage: Option<LineCoverage>,
    pub(crate) incomplete: Option<String>,
}

impl<'p> Entries<'p> {
    pub(crate) fn new(place: ReportPlace<'p>) -> Self {
        Self {
            place,
            tests: BTreeMap::new(),
            messages: BTreeMap::new(),
            findings: Vec::new(),
            coverage: None,
            incomplete: None,
        }
    }

    /// One result of one test.
    pub(crate) fn test(
        &mut self,
        suite: &str,
        name: &str,
        outcome: TestOutcome,
        message: Option<&str>,
    ) -> Result<(), ReportError> {
        if self.tests.len() >= REPORT_ITEMS_MAX {
            return Err(ReportError::TooMany);
        }
        if let Some(message) = message.filter(|_| outcome == TestOutcome::Failed) {
            self.said(suite, name, message);
        }
        let id = TestId { suite: self.name(suite), name: self.name(name) };
        self.settle(TestResult { id, outcome });
        Ok(())
    }

    /// What a failed test said.
    pub(crate) fn said(&mut self, suite: &str, name: &str, message: &str) {
        let message = without_escapes(message);
        if message.trim().is_empty() || self.messages.len() >= MESSAGES_MAX {
            return;
        }
        let id = TestId { suite: self.name(suite), name: self.name(name) };
        let message = cut(message.trim(), MESSAGE_LIMIT_BYTES);
        self.messages.entry(id.to_string()).or_insert(message);
    }

    fn settle(&mut self, test: TestResult) {
        let outcome = self.tests.entry(test.id).or_insert(test.outcome);
        *outcome = (*outcome).max(test.outcome);
    }

    /// One finding; `line` counts from 1, 0 means none.
    pub(crate) fn finding(
        &mut self,
        path: Option<&str>,
        line: u64,
        rule: &str,
        severity: Severity,
        message: &str,
    ) -> Result<(), ReportError> {
        if self.findings.len() >= REPORT_ITEMS_MAX {
            return Err(ReportError::TooMany);
        }
        let message = self.without_root(&without_escapes(message));
        self.findings.push(GateFinding {
            path: path.and_then(|path| self.path(path)),
            first_line: u32::try_from(line).ok().and_then(|line| line.checked_sub(1)),
            rule: cut(rule, TEXT_LIMIT_BYTES),
            severity,
            message: cut(message.lines().next().unwrap_or_default(), TEXT_LIMIT_BYTES),
        });
        Ok(())
    }

    /// Whether any test has been read.
    pub(crate) fn has_tests(&self) -> bool {
        !self.tests.is_empty()
    }

    /// A path of the report as one of the tree; `None` for what lies elsewhere.
    pub(crate) fn path(&self, text: &str) -> Option<RelPath> {
        let text = text.strip_prefix("file://").unwrap_or(text).replace('\\', "/");
        let root = self.place.root.trim_end_matches('/');
        let inside = |path: &str| {
            let rest = path.strip_prefix(root)?.strip_prefix('/')?;
            (!root.is_empty()).then(|| rest.to_owned())
        };
        let full = match (text.starts_with('/'), self.place.folder) {
            (true, _) => inside(&text)?,
            (false, Some(folder)) => format!("{}/{text}", folder.as_str()?),
            (false, None) => text,
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in full.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()?),
                part => parts.push(part),
            }
        }
        RelPath::from_bytes(parts.join("/").as_bytes()).ok()
    }

    fn without_root(&self, text: &str) -> String {
        let root = self.place.root.trim_end_matches('/');
        if root.is_empty() { text.to_owned() } else { text.replace(&format!("{root}/"), "") }
    }

    /// A name without what changes from run to run; a long one keeps its start and the digest of all.
    fn name(&self, text: &str) -> String {
        let text = without_addresses(&self.without_root(&without_escapes(text)));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.len() <= TEXT_LIMIT_BYTES {
            return text;
        }
        format!("{} #{}", cut(&text, TEXT_LIMIT_BYTES), Digest::of(text.as_bytes()).short())
    }

    fn into_report(mut self) -> Report {
        self.findings.sort();
        self.findings.dedup();
        let tests = self.tests.into_iter().map(|(id, outcome)| TestResult { id, outcome });
        Report {
            tests: tests.collect(),
            messages: self.messages,
            findings: self.findings,
            coverage: self.coverage,
            incomplete: self.incomplete,
        }
    }
}

/// The start of `text`, at most `limit` bytes, whole characters.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    text.get(..text.floor_char_boundary(limit)).unwrap_or_default().to_owned()
}

/// Without the sequences that colour a terminal.
pub fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(sequence) = rest.strip_prefix('[') {
            let end = sequence.find(|c: char| ('@'..='~').contains(&c));
            rest = end.and_then(|end| sequence.get(end + 1..)).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

/// `0x7f3a5c001230` becomes `0x`: where something lies in memory says nothing of it.
fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("0x") {
        let (before, after) = rest.split_at(at + 2);
        out.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_hexdigit).count();
        rest = if digits >= 6 { after.get(digits..).unwrap_or_default() } else { after };
    }
    out.push_str(rest);
    out
}

/// The JSON values of a text with one on each line; other lines are what programs print in between.
pub(crate) fn json_lines(text: &str) -> impl Iterator<Item = serde_json::Value> {
    text.lines()
        .map(str::trim)
        .filter(|line| line.starts_with('{'))
        .filter_map(|line| serde_json::from_str(line).ok())
}

/// The text below a key.
pub(crate) fn string_of<'v>(value: &'v serde_json::Value, key: &str) -> &'v str {
    value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// A malformed document.
pub(crate) fn malformed(format: &'static str, line: usize, reason: impl ToString) -> ReportError {
    ReportError::Malformed { format, line, reason: cut(&reason.to_string(), TEXT_LIMIT_BYTES) }
}

#[cfg(test)]
mod tests;
