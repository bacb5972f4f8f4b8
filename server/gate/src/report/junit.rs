//! JUnit XML, as Surefire, Gradle, pytest, Jest, nextest and others write it.

use model::TestOutcome;

use super::xml::{Piece, pieces};
use super::{Entries, MESSAGE_LIMIT_BYTES, ReportError, malformed};

const FORMAT: &str = "JUnit report";

#[derive(Default)]
struct Case {
    suite: String,
    name: String,
    outcome: Option<TestOutcome>,
    message: String,
    /// Whether the text that follows belongs to a failure.
    in_failure: bool,
}

pub(crate) fn read(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let mut suites: Vec<String> = Vec::new();
    let mut case: Option<Case> = None;
    let mut root = true;
    pieces(FORMAT, text, |piece| {
        match piece {
            Piece::Open(element) => {
                let name = element.attribute("name").unwrap_or_default();
                if std::mem::take(&mut root)
                    && !matches!(&*element.name, "testsuites" | "testsuite")
                {
                    let reason = format!("it begins with `<{}>`", element.name);
                    return Err(malformed(FORMAT, 1, reason));
                }
                match (element.name.as_str(), &mut case) {
                    ("testsuite", None) => suites.push(name.to_owned()),
                    ("testcase", None) => {
                        let class =
                            element.attribute("classname").filter(|class| !class.is_empty());
                        let suite = class.or(suites.last().map(String::as_str)).unwrap_or_default();
                        let suite = suite.to_owned();
                        case = Some(Case { suite, name: name.to_owned(), ..Case::default() });
                    }
                    ("failure" | "error", Some(case)) => {
                        case.outcome = Some(TestOutcome::Failed);
                        case.in_failure = true;
                        case.message.push_str(element.attribute("message").unwrap_or_default());
                        case.message.push('\n');
                    }
                    ("skipped", Some(case)) => {
                        case.outcome = case.outcome.max(Some(TestOutcome::Skipped));
                    }
                    _ => {}
                }
            }
            Piece::Text(text) => {
                if let Some(case) = &mut case
                    && case.in_failure
                    && case.message.len() < MESSAGE_LIMIT_BYTES
                {
                    case.message.push_str(&text);
                }
            }
            Piece::Close(name) => match name.as_str() {
                "testsuite" if case.is_none() => drop(suites.pop()),
                "testcase" => {
                    if let Some(case) = case.take() {
                        let outcome = case.outcome.unwrap_or(TestOutcome::Passed);
                        entries.test(&case.suite, &case.name, outcome, Some(&case.message))?;
                    }
                }
                "failure" | "error" => {
                    if let Some(case) = &mut case {
                        case.in_failure = false;
                    }
                }
                _ => {}
            },
        }
        Ok(())
    })
}
