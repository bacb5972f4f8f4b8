//! What Rust's own test runner prints, for people and as JSON.

use model::TestOutcome;

use super::{Entries, MESSAGE_LIMIT_BYTES, ReportError, json_lines, string_of, without_escapes};

const FORMAT: &str = "output of `cargo test`";

/// One test binary's part of the output.
#[derive(Default)]
struct Suite {
    name: String,
    announced: usize,
    seen: usize,
    failed: usize,
}

/// Reads what `cargo test` prints, its standard error mixed in or not.
///
/// Each binary says how many tests it runs and how they ended; lines that do not add up to that were printed
/// by something else.
pub(crate) fn read_text(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let text = without_escapes(text);
    let mut name = String::new();
    let mut open: Option<Suite> = None;
    let mut suites = 0;
    let mut saying: Option<(String, String)> = None;
    for line in text.lines() {
        let line = line.trim_end();
        match &mut saying {
            Some((_, said)) if line != "failures:" && said_by(line).is_none() => {
                if said.len() < MESSAGE_LIMIT_BYTES {
                    said.push_str(line);
                    said.push('\n');
                }
                continue;
            }
            Some((test, said)) => {
                let suite = open.as_ref().map(|suite| suite.name.as_str()).unwrap_or_default();
                entries.said(suite, &without_line(test), said);
                saying = None;
            }
            None => {}
        }
        if let Some(header) = header(line) {
            ended_early(&mut open, entries);
            name = header;
        } else if let Some(announced) = announced(line) {
            ended_early(&mut open, entries);
            suites += 1;
            open = Some(Suite { name: name.clone(), announced, ..Suite::default() });
        } else if let Some(summary) = line.strip_prefix("test result: ") {
            if let Some(suite) = open.take() {
                adds_up(&suite, summary)?;
            }
        } else if let Some(test) = said_by(line) {
            saying = Some((test.to_owned(), String::new()));
        } else if let (Some(suite), Some((test, outcome))) = (&mut open, result(line)) {
            suite.seen += 1;
            suite.failed += usize::from(outcome == TestOutcome::Failed);
            entries.test(&suite.name, &without_line(test), outcome, None)?;
        } else if line.starts_with("error: could not compile") {
            entries.incomplete = Some("it does not compile".to_owned());
        }
    }
    ended_early(&mut open, entries);
    if suites == 0 && entries.incomplete.is_none() {
        return Err(ReportError::Empty { format: FORMAT });
    }
    Ok(())
}

/// `---- tests::fails stdout ----` begins what a failed test printed.
fn said_by(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

fn ended_early(open: &mut Option<Suite>, entries: &mut Entries<'_>) {
    if let Some(suite) = open.take() {
        let name = if suite.name.is_empty() { "a test binary" } else { &suite.name };
        let reason = format!("{name} ended after {} of {} tests", suite.seen, suite.announced);
        entries.incomplete.get_or_insert(reason);
    }
}

/// `Running unittests src/lib.rs (target/debug/deps/model-94f0)` names the source file and the binary,
/// whose hash depends on how it was built.
fn header(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{} documentation", name.trim()));
    }
    let (source, binary) = line.strip_prefix("Running ")?.strip_suffix(')')?.rsplit_once(" (")?;
    let binary = binary.rsplit(['/', '\\']).next().unwrap_or_default();
    let binary = binary.trim_end_matches(".exe");
    let binary = binary.rsplit_once('-').map_or(binary, |(name, _)| name);
    Some(format!("{binary} {}", source.strip_prefix("unittests ").unwrap_or(source)))
}

fn announced(line: &str) -> Option<usize> {
    let rest = line.strip_prefix("running ")?;
    let count = rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"))?;
    count.parse().ok()
}

fn result(line: &str) -> Option<(&str, TestOutcome)> {
    let (name, how) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let outcome = match how.split([',', ' ', ':']).next()? {
        "ok" | "bench" => TestOutcome::Passed,
        "FAILED" => TestOutcome::Failed,
        "ignored" => TestOutcome::Skipped,
        _ => return None,
    };
    Some((name.strip_suffix(" - should panic").unwrap_or(name), outcome))
}

/// `src/lib.rs - parse (line 12)`: the line moves when something above it changes.
fn without_line(name: &str) -> String {
    let marker = name.find(" (line ").filter(|_| name.contains(" - "));
    let Some(at) = marker else { return name.to_owned() };
    let (before, rest) = name.split_at(at);
    let after = rest.split_once(')').map_or("", |(_, after)| after);
    format!("{before}{after}")
}

fn adds_up(suite: &Suite, summary: &str) -> Result<(), ReportError> {
    let counts = |word: &str| -> usize {
        let counted = summary.split(['.', ';']).map(str::trim);
        counted
            .filter_map(|part| part.strip_suffix(word)?.trim().parse::<usize>().ok())
            .next()
            .unwrap_or_default()
    };
    let ran = counts("passed") + counts("failed") + counts("ignored") + counts("measured");
    if suite.seen == suite.announced && ran == suite.seen && counts("failed") == suite.failed {
        return Ok(());
    }
    let reason = format!(
        "`{}` announces {} tests, shows {} and counts {ran}",
        suite.name, suite.announced, suite.seen
    );
    Err(ReportError::Inconsistent { reason })
}

/// Reads the events of `cargo test -- --format json`.
pub(crate) fn read_json(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let mut number = 0;
    let mut open = None;
    for event in json_lines(text) {
        let name = string_of(&event, "name");
        match (string_of(&event, "type"), string_of(&event, "event")) {
            ("suite", "started") => {
                number += 1;
                open = Some(number);
            }
            ("suite", "ok" | "failed") => open = None,
            ("test", "ok") => entries.test("", &without_line(name), TestOutcome::Passed, None)?,
            ("test", "ignored") => {
                entries.test("", &without_line(name), TestOutcome::Skipped, None)?;
            }
            ("test", "failed") => {
                let said = string_of(&event, "stdout");
                entries.test("", &without_line(name), TestOutcome::Failed, Some(said))?;
            }
            _ => {}
        }
    }
    if number == 0 {
        return Err(ReportError::Empty { format: "libtest report" });
    }
    if open.is_some() {
        entries.incomplete = Some("a test binary did not come to its end".to_owned());
    }
    Ok(())
}
