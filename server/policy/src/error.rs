//! What is wrong with a bundle, a query or an input.

use std::fmt;

/// Where something is wrong: a module, and a line and column from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The module, as `category/rule.rego`.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why policies do not load or do not evaluate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The engine does not take or cannot evaluate the text.
    #[error("{place}: {message}")]
    Rego {
        /// Where.
        place: Place,
        /// What the engine says, in one line.
        message: String,
    },
    /// The engine gave up without naming a place.
    #[error("policies do not evaluate: {message}")]
    Evaluation {
        /// What the engine says, in one line.
        message: String,
    },
    /// A module's name is not `category/rule.rego`.
    #[error(
        "`{name}` is not a policy's name: `<category>/<rule>.rego` in lower case, digits and `_` is needed (in `main`, only `verdict.rego`)"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// Two modules have the same name.
    #[error("there are two policies named `{name}`: rename one")]
    Twice {
        /// The name.
        name: String,
    },
    /// A bundle or a module is too large.
    #[error("{what}: {count} are too many, {max} is the limit")]
    Limit {
        /// What was counted.
        what: String,
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// The package of a module is not the one its name asks for.
    #[error("{place}: the package is `{found}`, but the file's name asks for `{wanted}`")]
    Package {
        /// Where.
        place: Place,
        /// The package it declares.
        found: String,
        /// The package it should declare.
        wanted: String,
    },
    /// A rule's module can never say anything.
    #[error("{place}: the module defines neither `deny contains` nor `review contains`")]
    Silent {
        /// Where.
        place: Place,
    },
    /// A `# METADATA` comment is broken.
    #[error("{place}: {message}")]
    Metadata {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// Something that the engine could not survive.
    #[error("{place}: {message}")]
    Refused {
        /// Where.
        place: Place,
        /// What, and what to do instead.
        message: String,
    },
    /// A built-in function whose result depends on more than its arguments.
    #[error("`{name}` is refused: a verdict depends on its input only")]
    Impure {
        /// The function.
        name: String,
    },
}

impl PolicyError {
    /// Reads the engine's report: an excerpt with `--> file:line:column` above `error: message`.
    pub(crate) fn from_engine(report: &str) -> Self {
        let message = report
            .lines()
            .find_map(|line| line.trim().strip_prefix("error: "))
            .or_else(|| report.lines().find(|line| !line.trim().is_empty()))
            .unwrap_or("the engine gives no reason")
            .trim()
            .trim_end_matches(':')
            .to_owned();
        match report.lines().find_map(|line| place(line.trim().strip_prefix("--> ")?)) {
            Some(place) => Self::Rego { place, message },
            None => Self::Evaluation { message },
        }
    }
}

fn place(text: &str) -> Option<Place> {
    let mut parts = text.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some(Place { file: parts.next()?.to_owned(), line, column })
}
