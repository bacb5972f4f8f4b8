//! The person's own editor, on their own terminal.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::program;

/// Why a text could not be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// The command cannot be read.
    #[error("`{command}` names no editor: set VISUAL or EDITOR to a program and its arguments")]
    Command {
        /// As it was given.
        command: String,
    },
    /// There is no such program.
    #[error("the editor `{program}` is not in any absolute folder of PATH: set VISUAL or EDITOR")]
    NotFound {
        /// Its name.
        program: String,
    },
    /// The system would not start it, or its end could not be observed.
    #[error("the editor `{program}` could not be run")]
    Run {
        /// Its name.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It said that something went wrong.
    #[error("the editor `{program}` ended with {status}: nothing was taken over")]
    Failed {
        /// Its name.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
}

/// Opens `file` in the editor that `command` names and waits until it is closed.
///
/// `command` is what people set in `VISUAL` and `EDITOR`: a program with arguments, in quotes where they hold
/// blanks; no shell reads it. The editor has the terminal and the environment of this process. A name without a
/// folder is looked up in the absolute folders of `path`; a relative path is refused, as it would name a file
/// of the checkout one happens to be in.
///
/// # Errors
/// [`EditorError`]; whatever the editor left in `file` is then not to be used.
/// # Cost
/// Waits for a person.
pub fn edit(command: &str, file: &Path, path: &OsStr) -> Result<(), EditorError> {
    let words = words(command).filter(|words| !words.is_empty());
    let Some((program, args)) = words.as_deref().and_then(<[String]>::split_first) else {
        return Err(EditorError::Command { command: command.to_owned() });
    };
    let found = locate(program, path);
    let found = found.ok_or_else(|| EditorError::NotFound { program: program.clone() })?;
    let status = wait(&found, args, file)
        .map_err(|source| EditorError::Run { program: program.clone(), source })?;
    if status.success() {
        Ok(())
    } else {
        Err(EditorError::Failed { program: program.clone(), status })
    }
}

#[expect(clippy::disallowed_methods, reason = "this crate is the door for starting processes")]
fn wait(program: &Path, args: &[String], file: &Path) -> io::Result<std::process::ExitStatus> {
    std::process::Command::new(program).args(args).arg(file).status()
}

fn locate(program: &str, path: &OsStr) -> Option<PathBuf> {
    let named = Path::new(program);
    if named.is_absolute() {
        return Some(named.to_owned());
    }
    if named.components().count() > 1 {
        return None;
    }
    let with_suffix = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    program::find(program, path).or_else(|| program::find(&with_suffix, path))
}

/// Splits at blanks, quotes respected as in a shell; `None` where a quote is not closed.
fn words(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            // On Windows it divides folders.
            (_, '\\') if !cfg!(windows) => word.get_or_insert_default().push(chars.next()?),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_would() {
        let split = |command: &str| words(command).unwrap();
        assert_eq!(split("code --wait"), ["code", "--wait"]);
        assert_eq!(
            split("  'my editor' -c \"set \\\"x\\\"\" ''"),
            ["my editor", "-c", "set \"x\"", ""]
        );
        assert_eq!(split(r"/opt/my\ editor"), ["/opt/my editor"]);
        assert_eq!(words("vi 'oops"), None);
        assert_eq!(split(" "), Vec::<String>::new());
    }

    #[test]
    #[cfg(unix)]
    fn an_editor_edits_and_its_failure_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text");
        std::fs::write(&file, "old\n").unwrap();
        let path = OsStr::new("/usr/bin:/bin");
        edit("sed -i s/old/new/", &file, path).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new\n");
        let error = |command: &str| edit(command, &file, path).unwrap_err();
        assert!(matches!(error("false"), EditorError::Failed { .. }));
        assert!(matches!(error(""), EditorError::Command { .. }));
        assert!(matches!(error("./vi"), EditorError::NotFound { .. }), "not of this checkout");
        assert!(matches!(error("no-such-editor"), EditorError::NotFound { .. }));
    }
}
