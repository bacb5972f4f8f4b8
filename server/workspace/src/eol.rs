//! How stored text is written to disk: line endings by git's attributes and `core.autocrlf`.
//!
//! Stored and saved text are compared in git's own sense, so that line endings alone are no change; and
//! the stored side of a true change is shown with the line endings the saved side has. Filters are
//! programs that a repository configures: they are named here and never run.

use crate::backend::{Attribute, Attributes};

/// What lies between the stored bytes of a file and the saved ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// Nothing: bytes are bytes.
    None,
    /// Text whose line endings are converted.
    Text {
        /// Only where the content looks like text.
        auto: bool,
        /// A checkout writes CRLF.
        crlf: bool,
    },
    /// A program of the repository's, or another encoding: the two cannot be compared here.
    Opaque(String),
}

/// The configuration that decides where attributes are silent.
#[derive(Debug, Clone, Default)]
pub(crate) struct EolConfig {
    pub(crate) autocrlf: Option<String>,
    pub(crate) eol: Option<String>,
}

impl EolConfig {
    fn crlf(&self) -> bool {
        match self.autocrlf.as_deref() {
            Some("input") => false,
            value if truth(value) => true,
            _ => match self.eol.as_deref() {
                Some("crlf") => true,
                Some("lf") => false,
                _ => cfg!(windows),
            },
        }
    }

    fn auto(&self) -> bool {
        self.autocrlf.as_deref() == Some("input") || truth(self.autocrlf.as_deref())
    }
}

fn truth(value: Option<&str>) -> bool {
    matches!(value, Some("true" | "yes" | "on" | "1"))
}

impl Conversion {
    /// By git's rules (`gitattributes(5)`, "End-of-line conversion").
    pub(crate) fn of(attributes: &Attributes, config: &EolConfig) -> Self {
        if let Attribute::Value(name) = &attributes.filter {
            let name = String::from_utf8_lossy(name);
            return Self::Opaque(format!(
                "it is stored through the filter `{name}`, which is not run"
            ));
        }
        if let Attribute::Value(name) = &attributes.encoding
            && !name.eq_ignore_ascii_case(b"utf-8")
        {
            let name = String::from_utf8_lossy(name);
            return Self::Opaque(format!(
                "it is saved in the encoding {name} and stored in another"
            ));
        }
        let eol = match &attributes.eol {
            Attribute::Value(value) if value == b"crlf" => Some(true),
            Attribute::Value(value) if value == b"lf" => Some(false),
            _ => None,
        };
        let crlf = eol.unwrap_or_else(|| config.crlf());
        let text = |auto| Self::Text { auto, crlf };
        match (&attributes.text, &attributes.crlf) {
            (Attribute::Unset, _) | (Attribute::Unspecified, Attribute::Unset) => Self::None,
            (Attribute::Set, _) | (Attribute::Unspecified, Attribute::Set) => text(false),
            (Attribute::Value(value), _) if value == b"auto" => text(true),
            (Attribute::Unspecified, Attribute::Value(value)) if value == b"input" => {
                Self::Text { auto: false, crlf: false }
            }
            _ if eol.is_some() => text(false),
            _ if config.auto() => text(true),
            _ => Self::None,
        }
    }

    /// Whether saved bytes are what git would store as `stored`.
    pub(crate) fn same(&self, stored: &[u8], saved: &[u8]) -> bool {
        if stored == saved {
            return true;
        }
        match self {
            Self::Text { auto, .. } => {
                // Git leaves text that is stored with CRLF as it is, unless it was declared text.
                let convertible = !auto || (looks_text(saved) && !has_crlf(stored));
                convertible && to_lf(saved) == stored
            }
            Self::None | Self::Opaque(_) => false,
        }
    }

    /// Whether git stores these saved bytes with other line endings than they have.
    pub(crate) fn converts(&self, saved: &[u8]) -> bool {
        matches!(self, Self::Text { auto, .. } if !auto || looks_text(saved))
    }

    /// Whether the stored side should be shown with CRLF beside these saved bytes (`None`: deleted).
    pub(crate) fn shown_with_crlf(&self, saved: Option<&[u8]>) -> bool {
        let Self::Text { crlf, .. } = self else { return false };
        match saved.map(|saved| (has_crlf(saved), has_lone_lf(saved))) {
            Some((true, false)) => true,
            Some((false, true)) => false,
            // Mixed, without lines or deleted: what a checkout would have written.
            _ => *crlf,
        }
    }
}

/// Gives every line the ending CRLF, as a checkout would; content that is not plain LF text stays.
pub(crate) fn to_crlf(stored: Vec<u8>) -> Vec<u8> {
    if !looks_text(&stored) || has_crlf(&stored) {
        return stored;
    }
    let mut out = Vec::with_capacity(stored.len() + stored.len() / 32);
    for byte in stored {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

fn to_lf(saved: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(saved.len());
    let mut bytes = saved.iter().peekable();
    while let Some(byte) = bytes.next() {
        if !(*byte == b'\r' && bytes.peek() == Some(&&b'\n')) {
            out.push(*byte);
        }
    }
    out
}

fn has_crlf(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\r\n")
}

fn has_lone_lf(bytes: &[u8]) -> bool {
    let mut last = 0;
    bytes.iter().any(|byte| {
        let lone = *byte == b'\n' && last != b'\r';
        last = *byte;
        lone
    })
}

/// Neither a NUL nor a carriage return on its own.
fn looks_text(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter().peekable();
    while let Some(byte) = bytes.next() {
        if *byte == 0 || (*byte == b'\r' && bytes.peek() != Some(&&b'\n')) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Attribute {
        match text {
            "-" => Attribute::Unset,
            "+" => Attribute::Set,
            "" => Attribute::Unspecified,
            value => Attribute::Value(value.as_bytes().to_vec()),
        }
    }

    /// `text`, `crlf`, `eol`, `core.autocrlf`, `core.eol`, each empty when not given.
    fn of(values: [&str; 5]) -> Conversion {
        let attributes = Attributes {
            text: value(values[0]),
            crlf: value(values[1]),
            eol: value(values[2]),
            ..Attributes::default()
        };
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Conversion::of(
            &attributes,
            &EolConfig { autocrlf: given(values[3]), eol: given(values[4]) },
        )
    }

    #[test]
    fn attributes_win_over_configuration() {
        let text = |auto, crlf| Conversion::Text { auto, crlf };
        for (values, expected) in [
            (["", "", "", "", ""], Conversion::None),
            (["", "", "", "true", ""], text(true, true)),
            (["", "", "", "input", ""], text(true, false)),
            (["-", "", "crlf", "true", ""], Conversion::None),
            (["+", "", "", "", "crlf"], text(false, true)),
            (["auto", "", "", "", "crlf"], text(true, true)),
            (["auto", "", "lf", "true", ""], text(true, false)),
            (["", "", "crlf", "", ""], text(false, true)),
            (["", "-", "", "true", ""], Conversion::None),
            (["", "input", "", "true", ""], text(false, false)),
        ] {
            assert_eq!(of(values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_filter_is_named_and_makes_the_content_incomparable() {
        let attributes =
            Attributes { filter: value("lfs"), text: value("+"), ..Attributes::default() };
        let Conversion::Opaque(reason) = Conversion::of(&attributes, &EolConfig::default()) else {
            panic!("a filter was passed over");
        };
        assert_eq!(reason, "it is stored through the filter `lfs`, which is not run");
    }

    #[test]
    fn line_endings_alone_are_no_change_only_where_git_converts() {
        let auto = Conversion::Text { auto: true, crlf: true };
        assert!(auto.same(b"a\nb\n", b"a\r\nb\r\n"));
        assert!(auto.same(b"a\nb\n", b"a\nb\r\n"), "git stores mixed endings as LF");
        assert!(!auto.same(b"a\nb\n", b"a\r\nc\r\n"));
        assert!(!auto.same(b"a\r\nb\n", b"a\r\nb\r\n"), "stored with CRLF: left as it is");
        assert!(!auto.same(b"\0\n", b"\0\r\n"), "binary");
        assert!(!Conversion::None.same(b"a\n", b"a\r\n"));
    }

    proptest! {
        #[test]
        fn a_checkout_with_crlf_is_always_the_same_text(lines in "([a-z]{0,5}\n){0,6}[a-z]{0,3}") {
            let auto = Conversion::Text { auto: true, crlf: true };
            let saved = to_crlf(lines.as_bytes().to_vec());
            prop_assert!(auto.same(lines.as_bytes(), &saved));
            prop_assert!(!has_lone_lf(&saved));
        }
    }
}
