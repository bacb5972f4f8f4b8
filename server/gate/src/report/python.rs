//! What pytest and unittest print.

use model::TestOutcome;

use super::{Entries, MESSAGE_LIMIT_BYTES, ReportError, without_escapes};

/// A line of so many equal signs or dashes is a rule of unittest.
const RULE_CHARS: usize = 70;

/// Reads the short summary that `pytest -rA` prints at its end.
pub(crate) fn read_pytest(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    const FORMAT: &str = "output of `pytest -rA`";
    let text = without_escapes(text);
    let is_rule = |line: &str| line.starts_with("===") && line.ends_with("===");
    let summary =
        text.lines().position(|line| is_rule(line) && line.contains("short test summary"));
    let mut closing = text.lines().filter(|line| {
        let said = line.trim_matches(['=', ' ']);
        let counts =
            ["passed", "failed", "error", "skipped", "no tests ran", "deselected", "xfailed"];
        said.contains(" in ") && counts.iter().any(|word| said.contains(word))
    });
    let closed = closing.next_back().is_some();
    let Some(summary) = summary else {
        return match (closed, text.contains("test session starts")) {
            (true, _) => Ok(()),
            (false, true) => {
                Err(ReportError::Truncated { reason: "pytest did not come to its end".to_owned() })
            }
            (false, false) => Err(ReportError::Empty { format: FORMAT }),
        };
    };
    for line in text.lines().skip(summary + 1).take_while(|line| !is_rule(line)) {
        let Some((how, rest)) = line.split_once(' ') else { continue };
        let outcome = match how {
            "PASSED" | "XPASS" => TestOutcome::Passed,
            "FAILED" | "ERROR" => TestOutcome::Failed,
            "XFAIL" => TestOutcome::Skipped,
            // `SKIPPED [2] tests/test_a.py:3: why` counts tests and does not name them.
            _ => continue,
        };
        let (id, message) = split_reason(rest);
        let (suite, name) = id.split_once("::").unwrap_or((id, ""));
        entries.test(suite, name, outcome, message)?;
    }
    if !closed {
        entries.incomplete = Some("pytest did not come to its end".to_owned());
    }
    Ok(())
}

/// `tests/test_a.py::test_b[x - y] - AssertionError: ...`: a dash may stand in the brackets, too.
fn split_reason(rest: &str) -> (&str, Option<&str>) {
    let first = rest.find(" - ");
    let bracket = rest.find('[').filter(|at| first.is_none_or(|dash| *at < dash));
    let dash = match bracket {
        Some(_) => rest.find("] - ").map(|at| at + 1).or(first.filter(|_| !rest.ends_with(']'))),
        None => first,
    };
    match dash {
        Some(at) => (rest.get(..at).unwrap_or(rest).trim(), rest.get(at + 3..)),
        None => (rest.trim(), None),
    }
}

/// Reads what `python3 -m unittest -v` prints.
pub(crate) fn read_unittest(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    const FORMAT: &str = "output of `unittest -v`";
    let text = without_escapes(text);
    let mut named: Option<(&str, &str)> = None;
    let mut ended = false;
    let mut section = Section::default();
    for line in text.lines().map(str::trim_end) {
        section.take(line, entries);
        if line.starts_with("Ran ") && line.contains(" test") {
            ended = true;
            break;
        }
        // A test with a docstring shows that on a second line, and how it ended behind it.
        if let Some(name) = name(line) {
            named = Some(name);
        }
        let (Some((suite, name)), Some(outcome)) = (named, how(line)) else { continue };
        entries.test(suite, name, outcome, None)?;
        named = None;
    }
    match (ended, entries.has_tests()) {
        (true, _) => Ok(()),
        (false, true) => {
            entries.incomplete = Some("unittest did not come to its end".to_owned());
            Ok(())
        }
        (false, false) => Err(ReportError::Empty { format: FORMAT }),
    }
}

/// What a failed test said: under a double rule its name, under a single one the rest, up to the next rule.
#[derive(Default)]
struct Section<'t> {
    of: Option<(&'t str, &'t str)>,
    /// Whether the rule below the name was passed.
    open: bool,
    said: String,
}

impl<'t> Section<'t> {
    fn take(&mut self, line: &'t str, entries: &mut Entries<'_>) {
        let rule = |c: char| line.len() >= RULE_CHARS && line.chars().all(|other| other == c);
        match (rule('='), rule('-')) {
            (_, true) if self.of.is_some() && !self.open => self.open = true,
            (true, _) | (_, true) => {
                if let Some((suite, name)) = self.of.take() {
                    entries.said(suite, name, &self.said);
                }
                *self = Self::default();
            }
            _ if self.open => {
                if self.said.len() < MESSAGE_LIMIT_BYTES {
                    self.said.push_str(line);
                    self.said.push('\n');
                }
            }
            _ => {
                let failed = line.strip_prefix("FAIL: ").or_else(|| line.strip_prefix("ERROR: "));
                self.of = failed.and_then(name).or(self.of);
            }
        }
    }
}

/// `test_a (tests.test_x.ATest.test_a)`, and without the last part before Python 3.11.
fn name(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(" (")?;
    let (place, _) = rest.split_once(')')?;
    let plain = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
    };
    if !plain(name) || !plain(place) || !place.contains('.') {
        return None;
    }
    let suite = place.strip_suffix(name).and_then(|suite| suite.strip_suffix('.')).unwrap_or(place);
    Some((suite, name))
}

fn how(line: &str) -> Option<TestOutcome> {
    let (_, how) = line.rsplit_once(" ... ")?;
    match how {
        "ok" => Some(TestOutcome::Passed),
        "FAIL" | "ERROR" | "unexpected success" => Some(TestOutcome::Failed),
        "expected failure" => Some(TestOutcome::Skipped),
        how if how.starts_with("skipped") => Some(TestOutcome::Skipped),
        _ => None,
    }
}
