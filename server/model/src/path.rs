//! Paths inside a workspace: bytes, `/` between parts, never absolute, never upwards.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A path relative to the root of a repository.
///
/// Held as the bytes git holds, so names that are not UTF-8 survive. Its text form (display, JSON,
/// SQL) escapes a backslash as `\\` and each invalid or control byte as `\xNN`; any other path is
/// shown as it is. Parsing that form gives the same bytes back.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RelPath(Box<[u8]>);

/// Why some bytes are not a [`RelPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelPathError {
    /// Nothing was given.
    #[error("the path is empty")]
    Empty,
    /// It starts at a root or a drive.
    #[error("`{0}` is absolute: a path inside the repository is needed")]
    Absolute(String),
    /// A part is empty, `.` or `..`.
    #[error("`{0}` has an empty, `.` or `..` part: it could leave the repository")]
    Part(String),
    /// A part is `.git` in any spelling a file system may take for it.
    #[error("`{0}` reaches into git's own folder")]
    DotGit(String),
    /// It holds a NUL byte.
    #[error("`{0}` holds a NUL byte")]
    Nul(String),
    /// An escape in the text form is broken.
    #[error("`{0}` has a broken escape: only `\\\\` and `\\xNN` are known")]
    Escape(String),
}

impl RelPath {
    /// Takes the bytes of a path as git stores them.
    ///
    /// # Errors
    /// Any [`RelPathError`] but `Escape`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RelPathError> {
        let shown = || escape(bytes);
        if bytes.is_empty() {
            return Err(RelPathError::Empty);
        }
        if bytes.contains(&0) {
            return Err(RelPathError::Nul(shown()));
        }
        let drive = matches!(bytes, [letter, b':', ..] if letter.is_ascii_alphabetic());
        if bytes.starts_with(b"/") || drive {
            return Err(RelPathError::Absolute(shown()));
        }
        for part in bytes.split(|b| *b == b'/') {
            if matches!(part, b"" | b"." | b"..") {
                return Err(RelPathError::Part(shown()));
            }
            if is_dot_git(part) {
                return Err(RelPathError::DotGit(shown()));
            }
        }
        Ok(Self(bytes.into()))
    }

    /// The bytes as git stores them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, when it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The last part.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|b| *b == b'/').next().unwrap_or_default()
    }

    /// What follows the last dot of the file name, in lower case, when it is ASCII.
    pub fn extension(&self) -> Option<String> {
        let name = self.file_name();
        let dot = name.iter().rposition(|b| *b == b'.').filter(|at| *at > 0)?;
        let extension = std::str::from_utf8(name.get(dot + 1..)?).ok()?;
        Some(extension.to_ascii_lowercase())
    }

    /// The folder, without the last part; `None` at the top.
    pub fn parent(&self) -> Option<Self> {
        let cut = self.0.iter().rposition(|b| *b == b'/')?;
        Some(Self(self.0.get(..cut)?.into()))
    }
}

/// HFS+ ignores some code points and NTFS folds case, trailing dots, spaces and short names; a path that
/// any of them takes for `.git` is refused everywhere, so that a patch is as safe on one system as on another.
fn is_dot_git(part: &[u8]) -> bool {
    let text = String::from_utf8_lossy(part).to_lowercase();
    let ignorable = |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let text: String = text.chars().filter(|c| !ignorable(*c)).collect();
    let stem = text.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    stem == ".git" || stem == "git~1" || stem == ".git\\" || stem.starts_with(".git\\")
}

fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

fn unescape(text: &str) -> Result<Vec<u8>, RelPathError> {
    let fail = || RelPathError::Escape(text.to_owned());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first != b'\\' {
            out.push(*first);
            rest = tail;
            continue;
        }
        match tail {
            [b'\\', tail @ ..] => {
                out.push(b'\\');
                rest = tail;
            }
            [b'x', high, low, tail @ ..] => {
                let pair = [*high, *low];
                let pair = std::str::from_utf8(&pair).map_err(|_| fail())?;
                out.push(u8::from_str_radix(pair, 16).map_err(|_| fail())?);
                rest = tail;
            }
            _ => return Err(fail()),
        }
    }
    Ok(out)
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escape(&self.0))
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", escape(&self.0))
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> Self {
        path.to_string()
    }
}

impl TryFrom<String> for RelPath {
    type Error = RelPathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for RelPath {
    type Err = RelPathError;

    /// Reads the text form (see the type).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(&unescape(text)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_that_could_leave_the_repository_are_refused() {
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "./a",
            "a/",
            "C:/x",
            ".git/config",
            "a/.GIT/hooks/x",
            "a/git~1/x",
            ".git./x",
            ".g\u{200c}it/x",
            "a\\x00b",
            "a/.git::$INDEX/x",
        ] {
            assert!(bad.parse::<RelPath>().is_err(), "{bad:?} was taken");
        }
        for good in ["a", "a/b.rs", ".gitignore", ".github/x", "a b/ü", "...", "a\\\\b"] {
            assert!(good.parse::<RelPath>().is_ok(), "{good:?} was refused");
        }
    }

    #[test]
    fn names_outside_utf8_have_a_text_form_that_reads_back() {
        let path = RelPath::from_bytes(b"caf\xe9/a\\b\n.txt").unwrap();
        assert_eq!(path.to_string(), "caf\\xe9/a\\\\b\\x0a.txt");
        assert_eq!(path.to_string().parse(), Ok(path.clone()));
        assert_eq!(path.extension().as_deref(), Some("txt"));
    }

    proptest! {
        #[test]
        fn text_form_round_trips(bytes in proptest::collection::vec(any::<u8>(), 1..40)) {
            if let Ok(path) = RelPath::from_bytes(&bytes) {
                prop_assert_eq!(path.to_string().parse::<RelPath>(), Ok(path));
            }
        }
    }
}
