//! The commands a client may run, and reading their arguments.

use engine::Selection;
use lsp_types::{Command, Uri};
use model::{Digest, RelPath};
use serde::de::DeserializeOwned;
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
    /// Take a rejection back.
    Restore,
    /// State anew what waits, against the files as they are.
    Repropose,
    /// Find out in the sandbox what can be found out about it.
    Prove,
    /// Record the saved files as where an adoption starts.
    Snapshot,
    /// Capture what changed in the saved files since then.
    Adopt,
    /// Have somebody work.
    Ask,
    /// End that.
    Cancel,
    /// Show nothing for a while.
    Snooze,
    /// Let commands of the repository run.
    Trust,
    /// Begin nothing in the background until told to.
    Pause,
    /// Let workers take more time than is configured.
    Allow,
}

impl Verb {
    /// All of them.
    pub(crate) const ALL: [Self; 15] = [
        Self::Accept,
        Self::Reject,
        Self::Undo,
        Self::Why,
        Self::Restore,
        Self::Repropose,
        Self::Prove,
        Self::Snapshot,
        Self::Adopt,
        Self::Ask,
        Self::Cancel,
        Self::Snooze,
        Self::Trust,
        Self::Pause,
        Self::Allow,
    ];

    /// The command's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accept => "countersign.accept",
            Self::Reject => "countersign.reject",
            Self::Undo => "countersign.undo",
            Self::Why => "countersign.why",
            Self::Restore => "countersign.restore",
            Self::Repropose => "countersign.repropose",
            Self::Prove => "countersign.prove",
            Self::Snapshot => "countersign.snapshot",
            Self::Adopt => "countersign.adopt",
            Self::Ask => "countersign.ask",
            Self::Cancel => "countersign.cancel",
            Self::Snooze => "countersign.snooze",
            Self::Trust => "countersign.trust",
            Self::Pause => "countersign.pause",
            Self::Allow => "countersign.allow",
        }
    }

    /// The verb for sentences.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Undo => "undo",
            Self::Why => "explain",
            Self::Restore => "restore",
            Self::Repropose => "state anew",
            Self::Prove => "prove",
            Self::Snapshot => "take a snapshot",
            Self::Adopt => "adopt",
            Self::Ask => "ask",
            Self::Cancel => "cancel",
            Self::Snooze => "snooze",
            Self::Trust => "trust",
            Self::Pause => "pause",
            Self::Allow => "allow",
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
    /// In which repository, where several have it.
    pub uri: Option<Uri>,
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
    /// A file or folder of the repository that is meant, where several have the ChangeSet, as working trees of one have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<Uri>,
}

/// Names in a command that a client will run which repository it is about.
pub(crate) fn meant(command: &mut Command, uri: &Uri) {
    let arguments = command.arguments.iter_mut().flatten().filter_map(Value::as_object_mut);
    for argument in arguments.filter(|argument| argument.contains_key("changeset")) {
        argument.insert("uri".to_owned(), uri.as_str().into());
    }
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
        uri: arguments.uri,
    })
}

/// Reads the argument of a command that may go without one. The message of an error names what is wrong.
pub(crate) fn argument<T: DeserializeOwned + Default>(arguments: &[Value]) -> Result<T, String> {
    match arguments {
        [] | [Value::Null] => Ok(T::default()),
        [argument] => serde_json::from_value(argument.clone()).map_err(|error| error.to_string()),
        many => Err(format!("{} arguments were given", many.len())),
    }
}

/// What a command about the files as a whole was given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfFiles {
    /// A file or folder of the repository that is meant; not needed where one is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<Uri>,
    /// What a snapshot is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Who changed what is adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The revision since when it is adopted, instead of the last snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What is trusted, as it was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// Reads a command about the files as a whole; `None`: it is about a ChangeSet. Its argument may be left out.
pub(crate) fn read_of_files(
    name: &str,
    arguments: &[Value],
) -> Option<Result<(Verb, OfFiles), String>> {
    let verbs = [Verb::Snapshot, Verb::Adopt, Verb::Trust];
    let verb = verbs.into_iter().find(|verb| verb.name() == name)?;
    let shape = match verb {
        Verb::Snapshot => r#"give {"label": "<name>", "uri": "<file>"} or nothing"#,
        Verb::Trust => r#"give {"uri": "<file>"} or nothing, and be asked"#,
        _ => r#"give {"agent": "<name>", "since": "<revision>", "uri": "<file>"} or nothing"#,
    };
    let given = argument(arguments).map(|given| (verb, given));
    Some(given.map_err(|what| format!("{name}: {what}: {shape}")))
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
                r#"Request { verb: Accept, changeset: "abcd12", selection: Hunks([1, 2]), reason: None, uri: None }"#
            ]],
        );
        check(
            "countersign.reject",
            vec![json!({"changeset": "abcd12", "path": "src/a.rs", "reason": "no"})],
            expect![[
                r#"Request { verb: Reject, changeset: "abcd12", selection: File("src/a.rs"), reason: Some("no"), uri: None }"#
            ]],
        );
    }

    #[test]
    fn a_command_about_the_files_needs_no_argument() {
        let read = |arguments: Vec<Value>| read_of_files("countersign.adopt", &arguments).unwrap();
        assert_eq!(read(vec![]), Ok((Verb::Adopt, OfFiles::default())));
        let (_, given) = read(vec![json!({ "agent": "claude", "since": "HEAD" })]).unwrap();
        assert_eq!(
            (given.agent.as_deref(), given.since.as_deref()),
            (Some("claude"), Some("HEAD"))
        );
        assert!(read(vec![json!({ "agnt": "claude" })]).unwrap_err().contains("unknown field"));
        assert!(read_of_files("countersign.accept", &[]).is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(
            "countersign.accpt",
            vec![],
            expect![
                "there is no command `countersign.accpt`; there are: countersign.accept, countersign.reject, countersign.undo, countersign.why, countersign.restore, countersign.repropose, countersign.prove, countersign.snapshot, countersign.adopt, countersign.ask, countersign.cancel, countersign.snooze, countersign.trust, countersign.pause, countersign.allow"
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
                r#"countersign.undo: unknown field `hunk`, expected one of `changeset`, `hunks`, `path`, `reason`, `uri`: give {"changeset": "<id>", "hunks": [1]}, with "path" instead of "hunks" for a file, or neither for all"#
            ]],
        );
    }
}
