//! Exit codes, which scripts and CI rely on, and failures, which people read.

use std::process::ExitCode;

use engine::{CheckOutcome, ErrorKind};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, or allowed.
    Done,
    /// 1: denied, or a test failed.
    Denied,
    /// 2: could not do it, or could not check.
    CouldNot,
    /// 3: a person is needed.
    NeedsPerson,
    /// What another program ended with, or what `countersign sandbox` says instead.
    Of(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Denied => 1,
            Exit::CouldNot => 2,
            Exit::NeedsPerson => 3,
            Exit::Of(code) => code,
        })
    }
}

impl From<CheckOutcome> for Exit {
    fn from(outcome: CheckOutcome) -> Self {
        match outcome {
            CheckOutcome::Allowed => Self::Done,
            CheckOutcome::Denied => Self::Denied,
            CheckOutcome::NotChecked => Self::CouldNot,
            CheckOutcome::NeedsPerson => Self::NeedsPerson,
        }
    }
}

/// Why a command could not be carried out: one clear error and the way out.
#[derive(Debug)]
pub struct Failure {
    /// What failed, naming the place.
    pub message: String,
    /// What to do, if the message does not say so already.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with a way out.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        let hint = match error.kind() {
            ErrorKind::User | ErrorKind::Limit => None,
            ErrorKind::Config => {
                Some("nothing was judged; mend the file and run the command again")
            }
            ErrorKind::Conflict => Some(
                "something else moved it meanwhile; look again with `countersign show` and repeat",
            ),
            ErrorKind::Internal => Some(
                "this should not happen; `countersign ledger verify` tells whether the ledger is whole",
            ),
        };
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !message.contains(&cause_text) {
                message.push_str(": ");
                message.push_str(&cause_text);
            }
            source = cause.source();
        }
        Self { message, hint: hint.map(str::to_owned) }
    }
}
