//! Text to a syntax tree, within bounds that do not depend on the clock.

use std::ops::{ControlFlow, Range};
use std::sync::OnceLock;

use model::Language;
use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

use crate::grammar::{Grammar, grammar};
use crate::tokens::{Flat, Token, flatten};

/// The longest text that is parsed. Real source of this size takes 0.15 s; the slowest input found, a text
/// of quotes alone, keeps error recovery busy for 7 s (measured on a busy machine).
pub const TEXT_LIMIT_BYTES: usize = 1024 * 1024;

/// Parser checkpoints (each some hundred steps) that any text may take.
const WORK_FLOOR: usize = 20_000;

/// Bytes of text that allow one more checkpoint. Measured over 6,000 files of real source: the densest
/// needs one for every 18 bytes.
const BYTES_PER_WORK: usize = 8;

/// The deepest nesting that is read. Searching a tree takes time with the square of its depth. Measured over
/// 15,000 files of real source: all but one stay below 90, and that one has 808.
pub const DEPTH_LIMIT: usize = 1000;

/// Why the structure of a text could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is longer than [`TEXT_LIMIT_BYTES`].
    #[error(
        "the text of {size_bytes} bytes is over the limit of {TEXT_LIMIT_BYTES} for reading structure"
    )]
    TooLarge {
        /// Its length.
        size_bytes: usize,
    },
    /// Parsing it takes more work than its length allows.
    #[error("the text of {size_bytes} bytes takes too much work to parse as {}", language.name())]
    TooMuchWork {
        /// The language it was read as.
        language: Language,
        /// Its length.
        size_bytes: usize,
    },
    /// It is nested deeper than [`DEPTH_LIMIT`].
    #[error(
        "line {} is nested deeper than the limit of {DEPTH_LIMIT} levels for reading structure",
        first_line + 1
    )]
    TooDeep {
        /// Where the limit is passed first, from 0.
        first_line: u32,
    },
    /// Searching its tree takes more work than its length allows.
    #[error("the text of {size_bytes} bytes takes too much work to search as {}", language.name())]
    TooMuchSearch {
        /// The language it was read as.
        language: Language,
        /// Its length.
        size_bytes: usize,
    },
    /// Too many patterns were open at once while its tree was searched, so some were lost.
    #[error(
        "the text of {size_bytes} bytes keeps too many patterns open to be searched as {}",
        language.name()
    )]
    TooManyMatches {
        /// The language it was read as.
        language: Language,
        /// Its length.
        size_bytes: usize,
    },
    /// The grammar was built for another tree-sitter: a defect of the build.
    #[error("the grammar for {} does not fit this build", language.name())]
    Grammar {
        /// The language.
        language: Language,
    },
}

/// A text and its syntax tree.
#[derive(Debug)]
pub struct Parsed<'t> {
    language: Language,
    text: &'t [u8],
    tree: Tree,
    flat: OnceLock<Flat<'t>>,
}

/// A place that does not parse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The bytes that fit nowhere; empty where something is missing.
    pub range: Range<usize>,
    /// First line, from 0.
    pub first_line: u32,
    /// Whether something is missing here, rather than in the way.
    pub missing: bool,
}

/// Parses `text`. Errors in the source are part of the result, see [`Parsed::errors`].
///
/// Deep nesting is safe: nothing here recurses, and what passes [`DEPTH_LIMIT`] is refused.
/// # Errors
/// [`ParseError`] when a limit is reached; the text is then unexamined.
/// # Cost
/// About 0.1 ms per kilobyte.
pub fn parse(language: Language, text: &[u8]) -> Result<Parsed<'_>, ParseError> {
    let size_bytes = text.len();
    if size_bytes > TEXT_LIMIT_BYTES {
        return Err(ParseError::TooLarge { size_bytes });
    }
    parse_within(language, text, WORK_FLOOR + size_bytes / BYTES_PER_WORK)
}

fn parse_within(
    language: Language,
    text: &[u8],
    work_limit: usize,
) -> Result<Parsed<'_>, ParseError> {
    let size_bytes = text.len();
    let mut parser = Parser::new();
    parser
        .set_language(&(grammar(language).language)())
        .map_err(|_| ParseError::Grammar { language })?;
    let mut work = 0;
    let mut progress = |_: &ParseState| {
        work += 1;
        if work > work_limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let tree = parser
        .parse_with_options(
            &mut |at, _| text.get(at..).unwrap_or_default(),
            None,
            Some(ParseOptions::new().progress_callback(&mut progress)),
        )
        .ok_or(ParseError::TooMuchWork { language, size_bytes })?;
    if let Some(first_line) = too_deep(&tree) {
        return Err(ParseError::TooDeep { first_line });
    }
    Ok(Parsed { language, text, tree, flat: OnceLock::new() })
}

/// The line of the first node that is deeper than [`DEPTH_LIMIT`].
fn too_deep(tree: &Tree) -> Option<u32> {
    let mut cursor = tree.walk();
    let mut depth = 0;
    loop {
        if cursor.goto_first_child() {
            depth += 1;
            if depth > DEPTH_LIMIT {
                let row = cursor.node().start_position().row;
                return Some(u32::try_from(row).unwrap_or(u32::MAX));
            }
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return None;
            }
            depth -= 1;
        }
    }
}

impl<'t> Parsed<'t> {
    /// The language it was read as.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text.
    pub fn text(&self) -> &'t [u8] {
        self.text
    }

    /// The tree, for those who look for something of their own. Prefer a query in `queries/`.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Every place that does not parse, in order. A hint: some grammars stumble over valid source.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.flat().errors
    }

    /// The text without layout: what two texts must share to mean the same, see [`Token`].
    ///
    /// # Cost
    /// One walk over the tree, the first time.
    pub fn tokens(&self) -> &[Token<'t>] {
        &self.flat().tokens
    }

    /// The byte ranges of all comments, in order, without the line ending. Docstrings and doc attributes
    /// are not comments; [`crate::Entity::docs_ranges`] has those.
    pub fn comments(&self) -> &[Range<usize>] {
        &self.flat().comments
    }

    /// The text with a space for each byte of a comment: what a compiler sees, every place where it was. Grammars
    /// stumble over comments where compilers do not.
    pub fn without_comments(&self) -> Vec<u8> {
        let mut text = self.text.to_vec();
        for comment in self.comments() {
            let bytes = text.get_mut(comment.clone()).unwrap_or_default();
            bytes
                .iter_mut()
                .filter(|byte| !byte.is_ascii_whitespace())
                .for_each(|byte| *byte = b' ');
        }
        text
    }

    /// Whether every byte of `range` that is not white space is in a comment.
    pub fn is_comment(&self, range: &Range<usize>) -> bool {
        let mut at = range.start;
        let comments = self.comments();
        let first = comments.partition_point(|comment| comment.end <= range.start);
        for comment in comments.iter().skip(first).take_while(|c| c.start < range.end) {
            if !is_blank(self.text.get(at..comment.start).unwrap_or_default()) {
                return false;
            }
            at = comment.end;
        }
        at >= range.end || is_blank(self.text.get(at..range.end).unwrap_or_default())
    }

    pub(crate) fn flat(&self) -> &Flat<'t> {
        self.flat.get_or_init(|| flatten(self.grammar(), &self.tree, self.text))
    }

    pub(crate) fn grammar(&self) -> &'static Grammar {
        grammar(self.language)
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.trim_ascii().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_source_says_where() {
        let parsed = parse(Language::Rust, b"fn a() {\n  let = 3;\n}\nfn b( {}\n").unwrap();
        let lines: Vec<_> = parsed.errors().iter().map(|error| error.first_line).collect();
        assert_eq!(lines, [1, 3]);
        assert!(parse(Language::Rust, b"fn a() {}\n").unwrap().errors().is_empty());
    }

    #[test]
    fn a_text_over_the_limit_is_refused() {
        let text = vec![b' '; TEXT_LIMIT_BYTES + 1];
        let error = parse(Language::Python, &text).unwrap_err();
        assert_eq!(error, ParseError::TooLarge { size_bytes: TEXT_LIMIT_BYTES + 1 });
    }

    #[test]
    fn a_text_that_takes_too_much_work_is_refused() {
        let text = "fn a() { b(c, d); }\n".repeat(1000);
        let within = |limit| parse_within(Language::Rust, text.as_bytes(), limit).map(drop);
        let size_bytes = text.len();
        assert_eq!(
            within(10),
            Err(ParseError::TooMuchWork { language: Language::Rust, size_bytes })
        );
        assert_eq!(within(10_000), Ok(()));
    }

    #[test]
    fn nesting_over_the_limit_is_refused() {
        let nested = |open: &str, inner: &str, close: &str, depth: usize| {
            format!("\n{}{inner}{}", open.repeat(depth), close.repeat(depth))
        };
        let depth = 5000;
        for (language, text) in [
            (Language::JavaScript, nested("f({a:", "eval(x)", "})", depth)),
            (Language::TypeScript, nested("", "let x=a", ".b()", depth)),
            (Language::Tsx, nested("<a>", "x", "</a>", depth)),
            (Language::Python, nested("f(", "x", ")", depth)),
            (Language::Rust, nested("mod a{", "", "}", depth)),
        ] {
            let error = parse(language, text.as_bytes()).unwrap_err();
            assert_eq!(error, ParseError::TooDeep { first_line: 1 }, "{}", language.name());
        }
        for language in Language::ALL {
            let text = nested("(", "1", ")", 20_000);
            assert_eq!(
                parse(language, text.as_bytes()).unwrap_err(),
                ParseError::TooDeep { first_line: 1 }
            );
        }
    }

    #[test]
    fn the_limit_is_on_the_levels_of_the_tree() {
        // Around the brackets: the file, the statement. Inside: the number.
        let at = |depth: usize| {
            let text = format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
            parse(Language::Python, text.as_bytes()).map(drop)
        };
        assert_eq!(at(DEPTH_LIMIT - 2), Ok(()));
        assert_eq!(at(DEPTH_LIMIT - 1), Err(ParseError::TooDeep { first_line: 0 }));
    }

    #[test]
    fn deep_but_sane_source_is_read() {
        for (language, text, risks) in [
            (
                Language::JavaScript,
                format!("{}eval(x){}", "f({a:".repeat(200), "})".repeat(200)),
                1,
            ),
            (Language::TypeScript, format!("let x=a{}", ".b()".repeat(200)), 0),
            (Language::Tsx, format!("{}x{}", "<a>".repeat(200), "</a>".repeat(200)), 0),
            (Language::Python, format!("{}eval(x){}", "f(".repeat(200), ")".repeat(200)), 1),
            (
                Language::Rust,
                format!("{}unsafe fn a(){{}}{}", "mod a{".repeat(200), "}".repeat(200)),
                1,
            ),
        ] {
            let parsed = parse(language, text.as_bytes()).unwrap();
            assert!(!parsed.tokens().is_empty());
            assert!(crate::outline(&parsed).unwrap().len() <= crate::ENTITY_DEPTH_LIMIT);
            assert_eq!(crate::risky(&parsed).unwrap().len(), risks, "{}", language.name());
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_data() {
        let noise: Vec<u8> =
            (0..20_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for language in Language::ALL {
            if let Ok(parsed) = parse(language, &noise) {
                assert!(!parsed.errors().is_empty());
                assert!(crate::outline(&parsed).unwrap().len() < noise.len());
            }
        }
    }

    #[test]
    fn comment_ranges_tell_code_from_talk() {
        let text = b"// one\nfn a() {} /* two */\n";
        let parsed = parse(Language::Rust, text).unwrap();
        let comments: Vec<_> = parsed.comments().iter().map(|r| &text[r.clone()]).collect();
        assert_eq!(comments, [b"// one".as_slice(), b"/* two */"]);
        assert!(parsed.is_comment(&(0..7)));
        assert!(parsed.is_comment(&(17..27)));
        assert!(!parsed.is_comment(&(0..10)));
    }
}
