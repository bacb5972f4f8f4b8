//! The events of `go test -json`. What does not build is no test that fails: what the compiler said of it are findings.

use std::collections::{BTreeMap, BTreeSet};

use model::{Severity, TestOutcome};

use super::{Entries, MESSAGE_LIMIT_BYTES, ReportError, diagnostics, json_lines, string_of};

/// Stands for a package that fails in no test of its own: it ended early.
const PACKAGE: &str = "(package)";

pub(crate) fn read(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let mut said: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut running: BTreeSet<String> = BTreeSet::new();
    let mut failing: BTreeSet<String> = BTreeSet::new();
    let mut seen = false;
    for event in json_lines(text) {
        let (package, test) = (string_of(&event, "Package"), string_of(&event, "Test"));
        let key = || (package.to_owned(), test.to_owned());
        let outcome = match string_of(&event, "Action") {
            "output" => {
                let message = said.entry(key()).or_default();
                if message.len() < MESSAGE_LIMIT_BYTES {
                    message.push_str(string_of(&event, "Output"));
                }
                continue;
            }
            // Since Go 1.24.
            "build-output" => {
                diagnostics::read(string_of(&event, "Output"), entries)?;
                continue;
            }
            "start" | "run" => {
                running.insert(package.to_owned());
                seen = true;
                continue;
            }
            "pass" => TestOutcome::Passed,
            "skip" => TestOutcome::Skipped,
            "fail" => TestOutcome::Failed,
            _ => continue,
        };
        seen = true;
        let message = said.remove(&key());
        if !test.is_empty() {
            if outcome == TestOutcome::Failed {
                failing.insert(package.to_owned());
            }
            entries.test(package, test, outcome, message.as_deref())?;
            continue;
        }
        running.remove(package);
        if outcome != TestOutcome::Failed || failing.contains(package) {
            continue;
        }
        let unbuilt = ["[build failed]", "[setup failed]"];
        if message.as_ref().is_some_and(|said| unbuilt.iter().any(|why| said.contains(why))) {
            let said = format!("{package} does not build");
            entries.finding(None, 0, "", Severity::Error, &said)?;
        } else {
            entries.test(package, PACKAGE, outcome, message.as_deref())?;
        }
    }
    if !seen {
        return Err(ReportError::Empty { format: "stream of `go test -json`" });
    }
    if let Some(package) = running.first() {
        entries.incomplete = Some(format!("{package} did not come to its end"));
    }
    Ok(())
}
