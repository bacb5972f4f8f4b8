//! What compilers and linters print for people, a line for each complaint: `path:line:column: message`, with
//! `error:`, `warning:` or `note:` before the message where the tool says it, and `path(line,column): error
//! CODE: message` as TypeScript's compiler does. Lines of any other shape are not for us.

use model::Severity;

use super::{Entries, ReportError, without_escapes};

pub(crate) fn read(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    for line in text.lines() {
        let line = without_escapes(line);
        // What is indented says more of the complaint above.
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let line = line.strip_prefix("vet: ").unwrap_or(&line);
        let Some((path, number, message)) = placed(line).or_else(|| unplaced(line)) else {
            continue;
        };
        let (severity, code, message) = graded(message);
        entries.finding(path, number, code, severity, message)?;
    }
    Ok(())
}

/// The path, the line and what is said of them.
fn placed(line: &str) -> Option<(Option<&str>, u64, &str)> {
    let bracketed = || {
        let (path, rest) = line.split_once('(')?;
        let (place, message) = rest.split_once("): ")?;
        let number = place.split(',').next()?.parse().ok()?;
        Some((path, number, message))
    };
    let colons = || {
        let (path, rest) = line.split_once(':')?;
        let (number, rest) = rest.split_once(':')?;
        let column = rest.split_once(':').filter(|(column, _)| is_number(column));
        let message = column.map_or(rest, |(_, message)| message);
        Some((path, number.parse().ok()?, message))
    };
    let (path, number, message) = bracketed().or_else(colons).filter(|(path, ..)| is_file(path))?;
    Some((Some(path), number, message.trim()))
}

/// What TypeScript's compiler has against its settings.
fn unplaced(line: &str) -> Option<(Option<&str>, u64, &str)> {
    line.starts_with("error TS").then_some((None, 0, line))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it reads like the path of a file with an extension: times of day and addresses have numbers behind colons, too.
fn is_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or_default();
    let letters = extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    !stem.is_empty() && !extension.is_empty() && letters && !path.contains([' ', '\t'])
}

/// How bad it is, its code if there is one, and the rest. A tool that grades nothing warns: its exit code says the rest.
fn graded(message: &str) -> (Severity, &str, &str) {
    let grades = [
        ("fatal error", Severity::Error),
        ("error", Severity::Error),
        ("warning", Severity::Warning),
        ("note", Severity::Note),
        ("info", Severity::Note),
    ];
    for (word, severity) in grades {
        let Some(rest) = message.strip_prefix(word) else { continue };
        if let Some(rest) = rest.strip_prefix(':') {
            return (severity, "", rest.trim());
        }
        let coded = rest.strip_prefix(' ').and_then(|rest| rest.split_once(": "));
        if let Some((code, rest)) = coded.filter(|(code, _)| !code.contains(' ')) {
            return (severity, code, rest.trim());
        }
    }
    (Severity::Warning, "", message)
}
