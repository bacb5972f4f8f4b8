//! A check as SARIF 2.1.0. A test validates it against the official schema.

use std::collections::BTreeSet;

use engine::CheckReport;
use model::{RelPath, Severity};
use serde_json::{Value, json};

use crate::exit::Failure;

/// The report of a check as one SARIF log with one run.
///
/// # Errors
/// The rule table of the built-in policies does not load.
pub fn sarif(report: &CheckReport) -> Result<Value, Failure> {
    let mut results: Vec<Value> = Vec::new();
    for finding in &report.review.findings {
        let region = Some((finding.first_line, finding.lines));
        results.push(result(
            &finding.rule,
            level(finding.severity),
            &finding.message,
            Some(&finding.path),
            region,
        ));
    }
    for reason in &report.verdict.reasons {
        let region = reason.line.map(|line| (line, 1));
        let message = format!("{} ({})", reason.message, reason.decision);
        results.push(result(
            &reason.rule,
            level(reason.severity),
            &message,
            reason.path.as_ref(),
            region,
        ));
    }
    let used: BTreeSet<String> = results
        .iter()
        .filter_map(|result| result.get("ruleId").and_then(Value::as_str).map(str::to_owned))
        .collect();
    let notifications: Vec<Value> = report
        .review
        .unexamined
        .iter()
        .map(|unexamined| {
            json!({
                "level": "error",
                "message": { "text": format!("not examined: {}", unexamined.reason) },
                "locations": [location(&unexamined.path, None)],
            })
        })
        .collect();
    Ok(json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "countersign",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules(&used)?,
            }},
            "originalUriBaseIds": { "SRCROOT": {
                "description": { "text": "The root of the repository." }
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.review.unexamined.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
            "properties": {
                "target": report.target,
                "decision": report.verdict.decision,
                "risk": report.review.risk,
                "stats": report.review.stats,
                "policyDigest": report.verdict.policy_digest,
                "inputDigest": report.verdict.input_digest,
            },
        }],
    }))
}

fn result(
    rule: &str,
    level: &str,
    message: &str,
    path: Option<&RelPath>,
    region: Option<(u32, u32)>,
) -> Value {
    let locations: Vec<Value> = path.into_iter().map(|path| location(path, region)).collect();
    json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": message },
        "locations": locations,
    })
}

fn location(path: &RelPath, region: Option<(u32, u32)>) -> Value {
    let mut physical = json!({
        "artifactLocation": { "uri": uri(path), "uriBaseId": "SRCROOT" },
    });
    if let Some((first_line, lines)) = region
        && let Some(physical) = physical.as_object_mut()
    {
        let end = first_line.saturating_add(lines.max(1));
        physical.insert("region".into(), json!({ "startLine": first_line + 1, "endLine": end }));
    }
    json!({ "physicalLocation": physical })
}

/// The rules that spoke, with their titles: from the policies' metadata and the built-in checks' table.
fn rules(used: &BTreeSet<String>) -> Result<Vec<Value>, Failure> {
    let mut rules = Vec::new();
    for (id, severity, title) in gate::RULES.iter().filter(|(id, ..)| used.contains(*id)) {
        rules.push(json!({
            "id": id,
            "shortDescription": { "text": title },
            "defaultConfiguration": { "level": level(*severity) },
        }));
    }
    let built_in = policy::Bundle::built_in().map_err(engine::Error::from)?;
    let documented = policy::rules(&built_in).map_err(engine::Error::from)?;
    for rule in documented.iter().filter(|rule| used.contains(&rule.id)) {
        rules.push(json!({
            "id": rule.id,
            "shortDescription": { "text": rule.title },
            "fullDescription": { "text": rule.description },
        }));
    }
    Ok(rules)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A path as a relative URI reference: each byte that is not unreserved is percent-encoded (RFC 3986).
fn uri(path: &RelPath) -> String {
    let mut out = String::new();
    for byte in path.as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(*byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
