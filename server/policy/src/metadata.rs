//! Reads `# METADATA` comments: the part of YAML that such a comment needs, and nothing it could misread.
//!
//! Known keys are `scope`, `title`, `description`, `entrypoint` and `custom.severity`. Values are plain,
//! quoted, or a block (`|`, `>`) of deeper indented lines. Anything else is an error at its line: a comment
//! that is misread would put a wrong severity into every report.

use model::Severity;

use crate::error::{Place, PolicyError};

/// What one `# METADATA` comment says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Metadata {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) severity: Option<Severity>,
}

/// One line of a comment, without its `#`.
struct Line<'t> {
    number: u32,
    indent: usize,
    text: &'t str,
}

/// Reads the comments of a module; the first one speaks for it, all of them must be sound.
pub(crate) fn read(file: &str, text: &str) -> Result<Metadata, PolicyError> {
    let mut first = None;
    let mut lines = (1_u32..).zip(text.lines()).peekable();
    while let Some((_, line)) = lines.next() {
        if line.trim() != "# METADATA" {
            continue;
        }
        let mut comment = Vec::new();
        while let Some((number, body)) = lines
            .next_if(|(_, line)| line.starts_with('#'))
            .map(|(n, line)| (n, line.trim_start_matches('#')))
        {
            let body = body.strip_prefix(' ').unwrap_or(body).trim_end();
            let text = body.trim_start();
            comment.push(Line { number, indent: body.len() - text.len(), text });
        }
        let metadata = block(file, &comment)?;
        first.get_or_insert(metadata);
    }
    Ok(first.unwrap_or_default())
}

fn block(file: &str, lines: &[Line<'_>]) -> Result<Metadata, PolicyError> {
    let mut metadata = Metadata::default();
    let mut in_custom = false;
    let mut rest = lines;
    while let [line, tail @ ..] = rest {
        rest = tail;
        if line.text.is_empty() {
            continue;
        }
        let fail = |message: String| {
            let place = Place { file: file.to_owned(), line: line.number, column: 1 };
            PolicyError::Metadata { place, message }
        };
        let Some((key, value)) = line.text.split_once(':') else {
            return Err(fail(format!("`{}` is not `key: value`", line.text)));
        };
        let deeper = tail
            .iter()
            .take_while(|next| next.text.is_empty() || next.indent > line.indent)
            .count();
        let value = value.trim();
        let value = match value {
            "|" | "|-" | ">" | ">-" => {
                let (body, after) = tail.split_at_checked(deeper).unwrap_or((tail, &[]));
                rest = after;
                let glue = if value.starts_with('|') { "\n" } else { " " };
                let body: Vec<_> = body.iter().map(|line| line.text).collect();
                body.join(glue).trim().to_owned()
            }
            _ => match scalar(value) {
                Some(value) => value,
                None => return Err(fail(format!("`{value}` is not a plain or quoted value"))),
            },
        };
        match (line.indent, in_custom, key) {
            (0, _, "custom") if value.is_empty() => in_custom = true,
            (0, _, _) => {
                in_custom = false;
                top_level(&mut metadata, key, value).map_err(fail)?;
            }
            (_, true, "severity") => match severity(&value) {
                Some(severity) => metadata.severity = Some(severity),
                None => {
                    return Err(fail(format!("severity `{value}` is not note, warning or error")));
                }
            },
            (_, true, _) => {
                return Err(fail(format!("`custom.{key}` is not known: `severity` is")));
            }
            (_, false, _) => return Err(fail(format!("`{key}` is indented below nothing"))),
        }
    }
    Ok(metadata)
}

fn top_level(metadata: &mut Metadata, key: &str, value: String) -> Result<(), String> {
    let slot = match key {
        "title" => &mut metadata.title,
        "description" => &mut metadata.description,
        "scope" => {
            return match value.as_str() {
                "rule" | "document" | "package" | "subpackages" => Ok(()),
                _ => Err(format!("scope `{value}` is not rule, document, package or subpackages")),
            };
        }
        "entrypoint" => {
            return match value.as_str() {
                "true" | "false" => Ok(()),
                _ => Err(format!("entrypoint `{value}` is not true or false")),
            };
        }
        _ => {
            return Err(format!(
                "`{key}` is not known: scope, title, description, entrypoint and custom are"
            ));
        }
    };
    if value.is_empty() {
        return Err(format!("`{key}` is empty"));
    }
    if slot.replace(value).is_some() {
        return Err(format!("`{key}` is given twice"));
    }
    Ok(())
}

/// A plain or quoted value; `None` for what YAML would read as something else than text.
fn scalar(value: &str) -> Option<String> {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote) {
            let inner = inner.strip_suffix(quote)?;
            let plain = !inner.contains([quote, '\\']);
            return plain.then(|| inner.to_owned());
        }
    }
    let special = value.starts_with(['[', '{', '&', '*', '!', '%', '@', '`', '|', '>', '#'])
        || value.contains(": ")
        || value.contains(" #");
    (!special).then(|| value.to_owned())
}

/// A severity by its word.
pub(crate) fn severity(word: &str) -> Option<Severity> {
    match word {
        "note" => Some(Severity::Note),
        "warning" => Some(Severity::Warning),
        "error" => Some(Severity::Error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(comment: &str, expected: Expect) {
        let text = format!("# METADATA\n{comment}\npackage countersign.a.b\n");
        let shown = match read("a/b.rego", &text) {
            Ok(metadata) => format!(
                "{:?} | {:?} | {:?}",
                metadata.title.unwrap_or_default(),
                metadata.description.unwrap_or_default(),
                metadata.severity
            ),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn the_known_keys_are_read() {
        check(
            "# scope: package\n# title: No secrets\n# description: >-\n#   One line\n#   and another.\n# custom:\n#   severity: error",
            expect![[r#""No secrets" | "One line and another." | Some(Error)"#]],
        );
        check(
            "# title: 'Quoted: yes'\n# description: |\n#   a\n#   b",
            expect![[r#""Quoted: yes" | "a\nb" | None"#]],
        );
    }

    #[test]
    fn anything_else_is_an_error_at_its_line() {
        check(
            "# titel: x",
            expect![
                "a/b.rego:2:1: `titel` is not known: scope, title, description, entrypoint and custom are"
            ],
        );
        check("# title: a\n# title: b", expect!["a/b.rego:3:1: `title` is given twice"]);
        check("# title: a: b", expect!["a/b.rego:2:1: `a: b` is not a plain or quoted value"]);
        check("# title:", expect!["a/b.rego:2:1: `title` is empty"]);
        check(
            "# custom:\n#   severity: high",
            expect!["a/b.rego:3:1: severity `high` is not note, warning or error"],
        );
        check(
            "# custom:\n#   colour: red",
            expect!["a/b.rego:3:1: `custom.colour` is not known: `severity` is"],
        );
        check("#   severity: error", expect!["a/b.rego:2:1: `severity` is indented below nothing"]);
        check("# just words", expect!["a/b.rego:2:1: `just words` is not `key: value`"]);
    }
}
