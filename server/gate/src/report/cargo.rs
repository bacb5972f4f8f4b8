//! The messages of `cargo --message-format json`.

use model::Severity;
use serde_json::Value;

use super::{Entries, ReportError, json_lines, string_of};

pub(crate) fn read(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let (mut seen, mut finished) = (false, false);
    for message in json_lines(text) {
        match string_of(&message, "reason") {
            "" => {}
            "compiler-message" => {
                seen = true;
                if let Some(diagnostic) = message.get("message") {
                    of_diagnostic(diagnostic, entries)?;
                }
            }
            "build-finished" => (seen, finished) = (true, true),
            _ => seen = true,
        }
    }
    if !seen {
        return Err(ReportError::Empty { format: "stream of cargo's messages" });
    }
    if !finished {
        entries.incomplete = Some("the build did not come to its end".to_owned());
    }
    Ok(())
}

fn of_diagnostic(diagnostic: &Value, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let level = string_of(diagnostic, "level");
    let severity = match level {
        "warning" => Severity::Warning,
        level if level.starts_with("error") => Severity::Error,
        _ => Severity::Note,
    };
    let text = string_of(diagnostic, "message");
    let spans = diagnostic.get("spans").and_then(Value::as_array);
    let primary = spans
        .into_iter()
        .flatten()
        .find(|span| span.get("is_primary").and_then(Value::as_bool) == Some(true));
    // Without a place these only count the others: `2 warnings emitted`, `aborting due to ...`.
    if primary.is_none() && (text.contains("emitted") || text.starts_with("aborting due to")) {
        return Ok(());
    }
    let path = primary.map(|span| string_of(span, "file_name"));
    let line = primary.and_then(|span| span.get("line_start")?.as_u64()).unwrap_or_default();
    let rule = diagnostic.pointer("/code/code").and_then(Value::as_str).unwrap_or_default();
    entries.finding(path, line, rule, severity, text)
}
