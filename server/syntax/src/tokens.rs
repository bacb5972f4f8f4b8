//! A syntax tree as a flat list of tokens: the text without layout.
//!
//! Two texts with equal tokens (comments aside) mean the same, since the list keeps the tree's shape: Python's
//! indentation is structure here, not white space. What a formatter may add or drop freely (a trailing comma,
//! an optional semicolon, the kind of quotes) is left out where the grammar makes that safe.

use std::borrow::Cow;
use std::ops::Range;

use tree_sitter::{Node, Tree};

use crate::grammar::Grammar;
use crate::parse::SyntaxError;

/// Comments that tools obey, by a part of their text. They count as code: to add one changes what is checked.
const DIRECTIVES: [&[u8]; 22] = [
    b"noqa",
    b"nosec",
    b"type: ignore",
    b"type:ignore",
    b"pylint:",
    b"pyright:",
    b"mypy:",
    b"pragma: no cover",
    b"coding:",
    b"coding=",
    b"eslint-",
    b"@ts-",
    b"istanbul ignore",
    b"c8 ignore",
    b"v8 ignore",
    b"biome-ignore",
    b"tslint:",
    b"@jest-environment",
    b"NOSONAR",
    b"//go:",
    b"// +build",
    b"nolint",
];

/// One piece of the text, or the start or end of a node that holds others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'t> {
    /// Where it is. The start and end of a node both carry the whole node's range.
    pub range: Range<usize>,
    /// What it is.
    pub role: TokenRole,
    /// The grammar's number for its kind; only comparable within one language.
    pub kind: u16,
    /// Its text without layout; empty for the start and end of a node.
    pub text: Cow<'t, [u8]>,
}

/// What a [`Token`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenRole {
    /// The start of a node that holds others.
    Open,
    /// Its end.
    Close,
    /// A word, a number, a sign, or a comment that tools obey.
    Leaf,
    /// A comment.
    Comment,
}

impl Token<'_> {
    /// Whether both say the same, wherever they are.
    pub fn same(&self, other: &Token<'_>) -> bool {
        self.role == other.role && self.kind == other.kind && self.text == other.text
    }

    /// Whether it is a word, a number or a piece of a literal, rather than a sign.
    pub fn is_word(&self) -> bool {
        self.role == TokenRole::Leaf
            && self.text.iter().any(|b| b.is_ascii_alphanumeric() || *b >= 0x80 || *b == b'_')
    }
}

/// What may stand right before a declaration and belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leading {
    pub range: Range<usize>,
    pub docs: bool,
    pub comment: bool,
}

/// Everything one walk over a tree finds.
#[derive(Debug, Default)]
pub(crate) struct Flat<'t> {
    pub tokens: Vec<Token<'t>>,
    pub comments: Vec<Range<usize>>,
    pub leading: Vec<Leading>,
    pub errors: Vec<SyntaxError>,
    attributes_end: usize,
}

/// Kind numbers of a grammar's special nodes.
struct Kinds {
    comments: Vec<u16>,
    attributes: Vec<u16>,
    atoms: Vec<u16>,
    skipped: Vec<u16>,
    comma_lists: Vec<u16>,
    loose_comma_lists: Vec<u16>,
    jsx_text: u16,
    keeps_semicolon: Vec<u16>,
    optional_semicolons: bool,
    either_quote: bool,
}

/// A node that is being walked.
struct Frame {
    kind: u16,
    range: Range<usize>,
    /// The token of the last child, when that is a comma.
    comma: Option<usize>,
}

/// Walks the tree once.
pub(crate) fn flatten<'t>(grammar: &Grammar, tree: &Tree, text: &'t [u8]) -> Flat<'t> {
    let kinds = Kinds::of(grammar, &tree.language());
    let mut flat = Flat::default();
    let mut frames: Vec<Frame> = Vec::new();
    let mut covered = 0;
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let leaf = flat.visit(&kinds, &node, text, &mut frames, &mut covered);
        if !leaf && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            let Some(frame) = frames.pop() else { return flat };
            flat.gap(&mut covered, frame.range.end, text);
            flat.push(frame.range, TokenRole::Close, frame.kind, Cow::Borrowed(b""));
            if !cursor.goto_parent() {
                return flat;
            }
        }
    }
}

impl Kinds {
    fn of(grammar: &Grammar, language: &tree_sitter::Language) -> Self {
        let named = |names: &[&str]| -> Vec<u16> {
            names
                .iter()
                .map(|name| language.id_for_node_kind(name, true))
                .filter(|id| *id != 0)
                .collect()
        };
        Self {
            comments: named(grammar.comments),
            attributes: named(grammar.attributes),
            atoms: named(grammar.atoms),
            skipped: named(grammar.skipped),
            comma_lists: named(grammar.comma_lists),
            loose_comma_lists: named(grammar.loose_comma_lists),
            jsx_text: language.id_for_node_kind("jsx_text", true),
            keeps_semicolon: named(&["for_statement", "empty_statement"]),
            optional_semicolons: grammar.optional_semicolons,
            either_quote: grammar.either_quote,
        }
    }
}

impl<'t> Flat<'t> {
    /// Takes in a node; true when its children are not to be walked.
    fn visit(
        &mut self,
        kinds: &Kinds,
        node: &Node<'_>,
        text: &'t [u8],
        frames: &mut Vec<Frame>,
        covered: &mut usize,
    ) -> bool {
        let kind = node.kind_id();
        let range = node.byte_range();
        if node.is_error() || node.is_missing() {
            let first_line = u32::try_from(node.start_position().row).unwrap_or(u32::MAX);
            self.errors.push(SyntaxError {
                range: range.clone(),
                first_line,
                missing: node.is_missing(),
            });
        }
        let own = text.get(range.clone()).unwrap_or_default();
        if kinds.comments.contains(&kind) {
            self.gap(covered, range.start, text);
            *covered = (*covered).max(range.end);
            self.comment(range, kind, own);
            return true;
        }
        if kinds.attributes.contains(&kind) {
            self.attributes_end = range.end;
            self.leading.push(Leading {
                range: range.clone(),
                docs: is_doc_attribute(own),
                comment: false,
            });
        }
        if kinds.skipped.contains(&kind) {
            *covered = (*covered).max(range.end);
            return true;
        }
        if node.child_count() > 0 && !kinds.atoms.contains(&kind) {
            self.gap(covered, range.start, text);
            if let Some(frame) = frames.last_mut() {
                frame.comma = None;
            }
            self.push(range.clone(), TokenRole::Open, kind, Cow::Borrowed(b""));
            frames.push(Frame { kind, range, comma: None });
            return false;
        }
        self.gap(covered, range.start, text);
        *covered = (*covered).max(range.end);
        self.leaf(kinds, frames.last_mut(), range, kind, own);
        true
    }

    fn leaf(
        &mut self,
        kinds: &Kinds,
        frame: Option<&mut Frame>,
        range: Range<usize>,
        kind: u16,
        own: &'t [u8],
    ) {
        let mut text = layout_free(own);
        if let Some(frame) = frame {
            let dropped = match own {
                b";" => kinds.optional_semicolons && !kinds.keeps_semicolon.contains(&frame.kind),
                b"," => kinds.loose_comma_lists.contains(&frame.kind),
                _ => false,
            };
            if dropped {
                return;
            }
            if own == b"," {
                frame.comma = Some(self.tokens.len());
            } else if let Some(comma) = frame.comma.take()
                && matches!(own, b")" | b"]" | b"}" | b">")
                && kinds.comma_lists.contains(&frame.kind)
            {
                self.tokens.remove(comma);
            }
        }
        if kind == kinds.jsx_text {
            match jsx_text(own) {
                Some(said) => text = said,
                None => return,
            }
        }
        // Python opens a string with its prefix and quotes in one piece; elsewhere each quote is a kind.
        let mut kind = kind;
        if kinds.either_quote && own.len() <= 5 && matches!(own.last(), Some(b'\'' | b'"')) {
            text =
                own.iter().map(|b| if *b == b'\'' { b'"' } else { *b }).collect::<Vec<_>>().into();
            kind = if own.len() == 1 { 0 } else { kind };
        }
        self.push(range, TokenRole::Leaf, kind, text);
    }

    fn comment(&mut self, range: Range<usize>, kind: u16, own: &'t [u8]) {
        let trimmed = own.trim_ascii_end();
        let place = range.start..range.start + trimmed.len();
        self.comments.push(place.clone());
        let inner = trimmed.starts_with(b"//!") || trimmed.starts_with(b"/*!");
        let directive =
            DIRECTIVES.iter().any(|word| trimmed.windows(word.len()).any(|part| part == *word));
        if !inner && place.start >= self.attributes_end {
            self.leading.push(Leading { range: place.clone(), docs: !directive, comment: true });
        }
        let role = if directive { TokenRole::Leaf } else { TokenRole::Comment };
        let text = if trimmed.contains(&b'\n') {
            let lines: Vec<&[u8]> =
                trimmed.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).collect();
            Cow::Owned(lines.join(&b'\n'))
        } else {
            Cow::Borrowed(trimmed)
        };
        self.push(place, role, kind, text);
    }

    /// Some grammars leave text between nodes (parts of a Python string); it counts as a token of its own.
    fn gap(&mut self, covered: &mut usize, end: usize, text: &'t [u8]) {
        let between = text.get(*covered..end).unwrap_or_default();
        let blank = between.trim_ascii().is_empty() || between == b"\xef\xbb\xbf";
        if !blank {
            self.push(*covered..end, TokenRole::Leaf, 0, layout_free(between));
        }
        *covered = (*covered).max(end);
    }

    fn push(&mut self, range: Range<usize>, role: TokenRole, kind: u16, text: Cow<'t, [u8]>) {
        self.tokens.push(Token { range, role, kind, text });
    }
}

/// A line ending inside a literal means the same however it is written.
fn layout_free(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.windows(2).any(|pair| pair == b"\r\n") {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter().peekable();
    while let Some(byte) = rest.next() {
        if *byte != b'\r' || rest.peek() != Some(&&b'\n') {
            out.push(*byte);
        }
    }
    Cow::Owned(out)
}

/// What a text in markup says: JSX drops white space around line breaks, and keeps all other.
fn jsx_text(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !text.contains(&b'\n') {
        return Some(Cow::Borrowed(text));
    }
    let last = text.iter().filter(|b| **b == b'\n').count();
    let lines = text.split(|b| *b == b'\n').enumerate().map(|(nth, line)| {
        let line = if nth == 0 { line } else { line.trim_ascii_start() };
        if nth == last { line } else { line.trim_ascii_end() }
    });
    let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then(|| Cow::Owned(lines.join(&b' ')))
}

fn is_doc_attribute(text: &[u8]) -> bool {
    let inside = text.strip_prefix(b"#[").map(<[u8]>::trim_ascii_start);
    let rest = inside.and_then(|text| text.strip_prefix(b"doc")).map(<[u8]>::trim_ascii_start);
    rest.is_some_and(|rest| rest.starts_with(b"="))
}
