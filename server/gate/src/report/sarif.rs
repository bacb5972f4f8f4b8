//! SARIF 2.1.0.

use std::collections::BTreeMap;

use model::Severity;
use serde_json::Value;

use super::{Entries, ReportError, malformed, string_of};

const FORMAT: &str = "SARIF log";

pub(crate) fn read(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let log: Value = serde_json::from_str(text).map_err(|error| {
        if error.is_eof() {
            ReportError::Truncated { reason: error.to_string() }
        } else {
            malformed(FORMAT, error.line(), error)
        }
    })?;
    let Some(runs) = log.get("runs").and_then(Value::as_array) else {
        return Err(malformed(FORMAT, 1, "there is no list `runs`"));
    };
    for run in runs {
        let rules = levels(run);
        for result in run.get("results").and_then(Value::as_array).into_iter().flatten() {
            of_result(result, &rules, entries)?;
        }
        let failed = |invocation: &Value| {
            invocation.get("executionSuccessful").and_then(Value::as_bool) == Some(false)
        };
        let invocations = run.get("invocations").and_then(Value::as_array);
        if invocations.into_iter().flatten().any(failed) {
            entries.incomplete = Some("the tool says that it did not succeed".to_owned());
        }
    }
    Ok(())
}

/// The level that each rule has where a result states none.
fn levels(run: &Value) -> BTreeMap<&str, &str> {
    let rules = run.pointer("/tool/driver/rules").and_then(Value::as_array);
    let rules = rules.into_iter().flatten();
    let level = |rule: &Value| -> Option<String> {
        Some(rule.pointer("/defaultConfiguration/level")?.as_str()?.to_owned())
    };
    rules
        .filter(|rule| level(rule).is_some())
        .map(|rule| {
            let level = rule.pointer("/defaultConfiguration/level").and_then(Value::as_str);
            (string_of(rule, "id"), level.unwrap_or_default())
        })
        .collect()
}

fn of_result(
    result: &Value,
    rules: &BTreeMap<&str, &str>,
    entries: &mut Entries<'_>,
) -> Result<(), ReportError> {
    let kind = string_of(result, "kind");
    let suppressed = result.get("suppressions").and_then(Value::as_array);
    let accepted = |s: &Value| matches!(string_of(s, "status"), "" | "accepted");
    if !matches!(kind, "" | "fail") || suppressed.is_some_and(|list| list.iter().any(accepted)) {
        return Ok(());
    }
    let rule = match string_of(result, "ruleId") {
        "" => result.pointer("/rule/id").and_then(Value::as_str).unwrap_or_default(),
        rule => rule,
    };
    let level = match string_of(result, "level") {
        "" => rules.get(rule).copied().unwrap_or("warning"),
        level => level,
    };
    let severity = match level {
        "error" => Severity::Error,
        "note" => Severity::Note,
        "none" => return Ok(()),
        _ => Severity::Warning,
    };
    let place = result.pointer("/locations/0/physicalLocation");
    let path = place.and_then(|place| place.pointer("/artifactLocation/uri")?.as_str());
    let line = place.and_then(|place| place.pointer("/region/startLine")?.as_u64());
    let message = result.pointer("/message/text").and_then(Value::as_str).unwrap_or_default();
    entries.finding(path, line.unwrap_or_default(), rule, severity, message)
}
