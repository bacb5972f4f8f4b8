//! What Jest, Vitest and Node's own runner leave.

use model::TestOutcome;
use serde_json::Value;

use super::{Entries, ReportError, malformed, string_of, tap, without_escapes};

/// Stands for a file whose tests could not even be listed.
const FILE: &str = "(file)";

/// Reads the document of `jest --json` and of Vitest's `json` reporter.
pub(crate) fn read_jest(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    const FORMAT: &str = "report of Jest";
    let report: Value = serde_json::from_str(text).map_err(|error| {
        if error.is_eof() {
            ReportError::Truncated { reason: error.to_string() }
        } else {
            malformed(FORMAT, error.line(), error)
        }
    })?;
    let Some(files) = report.get("testResults").and_then(Value::as_array) else {
        return Err(malformed(FORMAT, 1, "there is no list `testResults`"));
    };
    let mut count = 0;
    for file in files {
        let path = string_of(file, "name");
        let shown = entries.path(path).map_or_else(|| path.to_owned(), |path| path.to_string());
        let tests = file.get("assertionResults").and_then(Value::as_array);
        let tests = tests.map(Vec::as_slice).unwrap_or_default();
        for test in tests {
            count += 1;
            of_test(&shown, test, entries)?;
        }
        if tests.is_empty() && string_of(file, "status") == "failed" {
            entries.test(&shown, FILE, TestOutcome::Failed, Some(string_of(file, "message")))?;
        }
    }
    match report.get("numTotalTests").and_then(Value::as_u64) {
        Some(total) if total != count => {
            let reason = format!("it counts {total} tests and lists {count}");
            Err(ReportError::Inconsistent { reason })
        }
        _ => Ok(()),
    }
}

fn of_test(file: &str, test: &Value, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let titles = test.get("ancestorTitles").and_then(Value::as_array);
    let titles = titles.into_iter().flatten().filter_map(Value::as_str);
    let titles = titles.chain([string_of(test, "title")]);
    let name = titles.filter(|title| !title.is_empty()).collect::<Vec<_>>().join(" > ");
    let outcome = match string_of(test, "status") {
        "passed" => TestOutcome::Passed,
        "failed" => TestOutcome::Failed,
        _ => TestOutcome::Skipped,
    };
    let message = test.pointer("/failureMessages/0").and_then(Value::as_str);
    entries.test(file, &name, outcome, message)
}

/// Reads what `node --test` prints: TAP where nobody looks on, else a tree with marks.
pub(crate) fn read_node(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    if text.lines().any(|line| line.starts_with("TAP version")) {
        return tap::read(text, entries);
    }
    read_spec(text, entries)
}

/// One line of the tree: `✔ name (1.2ms)`.
struct Line<'t> {
    depth: usize,
    mark: char,
    name: &'t str,
}

fn spec_line(line: &str) -> Option<Line<'_>> {
    let text = line.trim_start();
    let depth = (line.len() - text.len()) / 2;
    let mark = text.chars().next().filter(|c| matches!(c, '✔' | '✖' | '﹣' | '▶' | 'ℹ' | '⚠'))?;
    let name = text.get(mark.len_utf8()..)?.trim_start_matches('\u{fe0f}').trim();
    // Behind what it took stands why it was not run, or that it may fail.
    let (name, excused) = match name.split_once("ms) # ") {
        Some((name, _)) => (name, true),
        None => (name.strip_suffix("ms)").unwrap_or(name), false),
    };
    let name = name.rsplit_once(" (").map_or(name, |(name, _)| name);
    Some(Line { depth, mark: if excused { '﹣' } else { mark }, name })
}

fn read_spec(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let text = without_escapes(text);
    let mut open: Vec<&str> = Vec::new();
    let mut total: Option<u64> = None;
    for line in text.lines() {
        if line.trim_end() == "✖ failing tests:" {
            break;
        }
        let Some(Line { depth, mark, name }) = spec_line(line) else { continue };
        if mark == 'ℹ' {
            let tests = name.strip_prefix("tests ").and_then(|count| count.parse().ok());
            total = total.or(tests);
            continue;
        }
        open.truncate(depth + 1);
        let closes = open.len() == depth + 1 && open.last() == Some(&name);
        if closes {
            open.pop();
            continue;
        }
        open.truncate(depth);
        let outcome = match mark {
            '✔' => TestOutcome::Passed,
            '✖' => TestOutcome::Failed,
            '▶' => {
                open.push(name);
                continue;
            }
            _ => TestOutcome::Skipped,
        };
        entries.test(&open.join(" > "), name, outcome, None)?;
    }
    match (total, entries.has_tests()) {
        (Some(_), _) => Ok(()),
        (None, true) => {
            entries.incomplete = Some("the runner did not come to its end".to_owned());
            Ok(())
        }
        (None, false) => Err(ReportError::Empty { format: "output of `node --test`" }),
    }
}
