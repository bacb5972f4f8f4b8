//! The command worker: any program that edits the files it is shown, in the sandbox.
//!
//! It runs in a checkout that somebody else made and looks at afterwards; what it says is kept as narration. What a
//! difference or a proposal is, this module does not know.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::time::Duration;

use sandbox::{Confined, End, Refusal, Sandbox, Stop, Tier};

/// How many of the last lines of its output are kept.
pub const TAIL_LINES_MAX: usize = 20;
/// How many of the last bytes of its output are kept.
pub const TAIL_BYTES_MAX: usize = 4096;

/// How many characters of one argument are told.
const ARGUMENT_CHARS_MAX: usize = 400;
/// How many arguments are told.
const ARGUMENTS_MAX: usize = 100;
/// How many characters name a command line.
const NAME_CHARS_MAX: usize = 120;

/// A program that ran and of which nothing is left running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandEnded {
    /// How.
    pub end: End,
    /// From the request to the end of its last process.
    pub duration: Duration,
    /// What it was confined by.
    pub tier: Tier,
    /// The last of what it wrote to both outputs, in the order in which it came; invalid UTF-8 is replaced.
    pub tail: String,
}

/// Runs the program to its end, or until `stop`.
///
/// # Errors
/// [`Refusal`]: it did not run, or nobody knows how it ended.
pub fn run(sandbox: &Sandbox, confined: &Confined, stop: &Stop) -> Result<CommandEnded, Refusal> {
    let mut tail = Tail::default();
    let ended = sandbox.pass(confined, stop, &mut |_, bytes| tail.push(bytes))?;
    let (end, duration, tier) = (ended.end, ended.duration, ended.tier);
    Ok(CommandEnded { end, duration, tier, tail: tail.text() })
}

/// The end of what is written.
#[derive(Debug, Default)]
struct Tail {
    bytes: VecDeque<u8>,
    cut: bool,
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        let last = bytes.get(bytes.len().saturating_sub(TAIL_BYTES_MAX)..).unwrap_or_default();
        self.bytes.extend(last);
        let over = self.bytes.len().saturating_sub(TAIL_BYTES_MAX);
        self.cut |= over > 0 || last.len() < bytes.len();
        self.bytes.drain(..over);
    }

    fn text(mut self) -> String {
        let text = String::from_utf8_lossy(self.bytes.make_contiguous()).into_owned();
        let mut lines: Vec<&str> = text.trim_end().lines().collect();
        // The first one is hardly whole.
        if self.cut && lines.len() > 1 {
            lines.remove(0);
        }
        let from = lines.len().saturating_sub(TAIL_LINES_MAX);
        lines.split_off(from).join("\n")
    }
}

/// The arguments as they are told: text, and cut where they are long.
pub fn told(argv: &[OsString]) -> Vec<String> {
    let cut = |argument: &OsString| {
        let text = argument.to_string_lossy();
        let mut kept: String = text.chars().take(ARGUMENT_CHARS_MAX).collect();
        if kept.len() < text.len() {
            kept.push('…');
        }
        kept
    };
    let mut told: Vec<String> = argv.iter().take(ARGUMENTS_MAX).map(cut).collect();
    if argv.len() > ARGUMENTS_MAX {
        told.push("…".to_owned());
    }
    told
}

/// A command line as one would type it, for people. What is too long ends in the digest of all of it, so that
/// different ones have different names.
pub fn name(argv: &[OsString]) -> String {
    let quoted = |argument: &OsString| {
        let text = argument.to_string_lossy();
        let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
        if !text.is_empty() && text.chars().all(plain) {
            text.into_owned()
        } else {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
    };
    let whole = argv.iter().map(quoted).collect::<Vec<_>>().join(" ");
    if whole.chars().count() <= NAME_CHARS_MAX && !whole.contains(char::is_control) {
        return whole;
    }
    let line = whole.lines().next().unwrap_or_default();
    let kept: String = line.chars().take(NAME_CHARS_MAX).collect();
    format!("{kept}… ({})", model::Digest::of(whole.as_bytes()).short())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(parts: &[&[u8]]) -> String {
        let mut tail = Tail::default();
        parts.iter().for_each(|part| tail.push(part));
        tail.text()
    }

    #[test]
    fn the_tail_is_the_last_whole_lines_of_what_was_written() {
        assert_eq!(tail(&[]), "");
        assert_eq!(tail(&[b"one\ntw", b"o\n\n"]), "one\ntwo");
        let many: String = (0..100).map(|line| format!("{line}\n")).collect();
        assert_eq!(
            tail(&[many.as_bytes()]),
            (80..100).map(|l| l.to_string()).collect::<Vec<_>>().join("\n")
        );
        let long = "x".repeat(TAIL_BYTES_MAX);
        assert_eq!(tail(&[long.as_bytes(), b"\nlast"]), "last");
        assert_eq!(tail(&[long.as_bytes(), long.as_bytes()]), long, "a single line is cut");
        assert_eq!(tail(&[b"a\xff"]), "a\u{fffd}");
    }

    #[test]
    fn a_command_is_named_as_one_would_type_it() {
        let named = |argv: &[&str]| name(&argv.iter().map(Into::into).collect::<Vec<_>>());
        assert_eq!(named(&["ruff", "check", "--fix", "."]), "ruff check --fix .");
        assert_eq!(named(&["sh", "-c", "echo it's"]), r"sh -c 'echo it'\''s'");
        assert_eq!(named(&["x", ""]), "x ''");
    }

    #[test]
    fn long_commands_that_begin_alike_have_different_names() {
        let named = |end: &str| name(&["sh".into(), "-c".into(), ("x ".repeat(500) + end).into()]);
        assert_ne!(named("a"), named("b"));
        assert!(named("a").chars().count() < 150, "{}", named("a"));
        let lines = name(&["sh".into(), "-c".into(), "one\ntwo".into()]);
        assert!(lines.starts_with("sh -c 'one… (") && lines.lines().count() == 1, "{lines}");
        let told = told(&vec!["y".repeat(1000).into(); 1000]);
        assert_eq!((told.len(), told[0].chars().count()), (101, 401));
    }
}
