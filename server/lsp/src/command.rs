//! The commands a client may run, and reading their arguments.

use engine::Selection;
use model::RelPath;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many hunks one command may name.
const HUNKS_MAX: usize = 10_000;

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Put hunks into the text.
    Accept,
    /// Do not want them.
    Reject,
    /// Take them out again.
    Undo,
    /// Explain the judgement.
    Why,
}

impl Verb {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Accept, Self::Reject, Self::Undo, Self::Why];

    /// The command's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accept => "countersign.accept",
            Self::Reject => "countersign.reject",
            Self::Undo => "countersign.undo",
            Self::Why => "countersign.why",
        }
    }

    /// The verb for sentences.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Undo => "undo",
            Self::Why => "explain",
        }
    }
}

/// A command, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// What to do.
    pub verb: Verb,
    /// With which ChangeSet: its id or the start of it.
    pub changeset: String,
    /// With which of its hunks.
    pub selection: Selection,
    /// Why, if the person said.
    pub reason: Option<String>,
}

/// The argument as it is on the wire.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// The id of the ChangeSet, or the start of it.
    pub changeset: String,
    /// The hunks; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunks: Option<Vec<u32>>,
    /// Or the hunks of this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RelPath>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Reads a command. The message of an error names what is wrong and what is right.
pub(crate) fn read(name: &str, arguments: Vec<Value>) -> Result<Request, String> {
    let Some(verb) = Verb::ALL.into_iter().find(|verb| verb.name() == name) else {
        let known = Verb::ALL.map(Verb::name).join(", ");
        return Err(format!("there is no command `{name}`; there are: {known}"));
    };
    let count = arguments.len();
    let (Some(argument), 1) = (arguments.into_iter().next(), count) else {
        return Err(format!("{name}: one argument is needed, {count} were given: {SHAPE}"));
    };
    let arguments: Arguments =
        serde_json::from_value(argument).map_err(|error| format!("{name}: {error}: {SHAPE}"))?;
    let digits = arguments.changeset.len();
    if !(4..=64).contains(&digits) || !arguments.changeset.bytes().all(|b| b.is_ascii_hexdigit()) {
        let given = prose_quote(&arguments.changeset);
        return Err(format!("{name}: changeset: {given} is not 4 to 64 hexadecimal digits"));
    }
    let selection = match (arguments.hunks, arguments.path) {
        (Some(_), Some(_)) => return Err(format!("{name}: name hunks or a path, not both")),
        (Some(hunks), None) if hunks.is_empty() => {
            return Err(format!("{name}: hunks: none are named; leave it out to mean all"));
        }
        (Some(hunks), None) if hunks.len() > HUNKS_MAX => {
            return Err(format!("{name}: hunks: more than {HUNKS_MAX} are named"));
        }
        (Some(mut hunks), None) => {
            hunks.sort_unstable();
            hunks.dedup();
            Selection::Hunks(hunks)
        }
        (None, Some(path)) => Selection::File(path),
        (None, None) => Selection::All,
    };
    Ok(Request {
        verb,
        changeset: arguments.changeset.to_lowercase(),
        selection,
        reason: arguments.reason,
    })
}

const SHAPE: &str = r#"give {"changeset": "<id>", "hunks": [1]}, with "path" instead of "hunks" for a file, or neither for all"#;

fn prose_quote(text: &str) -> String {
    format!("`{}`", crate::prose::one_line(text, 80))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn check(name: &str, arguments: Vec<Value>, expected: Expect) {
        let shown = match read(name, arguments) {
            Ok(request) => format!("{request:?}"),
            Err(message) => message,
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn arguments_are_read() {
        check(
            "countersign.accept",
            vec![json!({"changeset": "ABCD12", "hunks": [2, 1, 2]})],
            expect![[
                r#"Request { verb: Accept, changeset: "abcd12", selection: Hunks([1, 2]), reason: None }"#
            ]],
        );
        check(
            "countersign.reject",
            vec![json!({"changeset": "abcd12", "path": "src/a.rs", "reason": "no"})],
            expect![[
                r#"Request { verb: Reject, changeset: "abcd12", selection: File("src/a.rs"), reason: Some("no") }"#
            ]],
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(
            "countersign.accpt",
            vec![],
            expect![
                "there is no command `countersign.accpt`; there are: countersign.accept, countersign.reject, countersign.undo, countersign.why"
            ],
        );
        check(
            "countersign.undo",
            vec![],
            expect![[
                r#"countersign.undo: one argument is needed, 0 were given: give {"changeset": "<id>", "hunks": [1]}, with "path" instead of "hunks" for a file, or neither for all"#
            ]],
        );
        check(
            "countersign.undo",
            vec![json!({"changeset": "xyz!"})],
            expect!["countersign.undo: changeset: `xyz!` is not 4 to 64 hexadecimal digits"],
        );
        check(
            "countersign.undo",
            vec![json!({"changeset": "abcd", "hunks": [1], "path": "a"})],
            expect!["countersign.undo: name hunks or a path, not both"],
        );
        check(
            "countersign.undo",
            vec![json!({"changeset": "abcd", "hunk": 1})],
            expect![[
                r#"countersign.undo: unknown field `hunk`, expected one of `changeset`, `hunks`, `path`, `reason`: give {"changeset": "<id>", "hunks": [1]}, with "path" instead of "hunks" for a file, or neither for all"#
            ]],
        );
    }
}
