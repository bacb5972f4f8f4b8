//! Applying a recipe's rules to one text until nothing is left to rewrite.
//!
//! The replacement text comes from ast-grep; what is added here is what it does not promise. Comments
//! and multi-line strings survive verbatim or the place is left alone (ast-grep re-indents what it moves,
//! strings included), nothing is lost that the rule did not name, no function is made to call itself, a text
//! that parsed still parses, inserted line ends are the file's, a removed statement takes its line along, and
//! every place is known in both texts.

use std::collections::BTreeSet;
use std::ops::Range;

use ast_grep_config::{Fixer, RuleConfig};
use ast_grep_core::matcher::MatcherExt;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{AstGrep, Matcher, NodeMatch};
use model::{Language, RelPath};

use super::grammar::Grammar;
use super::recursion::would_call_itself;

/// Larger texts are skipped: nobody writes them by hand, and matching takes time with nesting.
pub const TEXT_MAX_BYTES: usize = 1024 * 1024;

/// Rounds until a text must have settled. One round rewrites the outermost places, so this is also how
/// deep rewritable places may nest.
pub const ROUNDS_MAX: usize = 24;

/// Syntax trees deeper than this are skipped: asking what a place is inside of takes time with its depth.
pub const DEPTH_MAX: usize = 1000;

/// A text after a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The whole text, in UTF-8.
    pub text: Vec<u8>,
    /// What was replaced: disjoint, in order. All bytes outside are as they were.
    pub places: Vec<Place>,
}

/// One replaced stretch, in bytes of both texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What was replaced, in the text before. Empty for an insertion.
    pub before: Range<usize>,
    /// What stands there now, in the text after. Empty for a deletion.
    pub after: Range<usize>,
    /// The line on which `before` starts, from 0.
    pub first_line: u32,
}

/// Why a text was left alone. Not a fault of the recipe, except for the last two.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Skipped {
    /// The text is not UTF-8.
    #[error("`{path}` is not UTF-8 text, so recipes leave it alone")]
    NotUtf8 {
        /// The file.
        path: RelPath,
    },
    /// The text, before or after, is above [`TEXT_MAX_BYTES`].
    #[error("`{path}` has {size_bytes} bytes, and recipes look at {TEXT_MAX_BYTES} at most")]
    TooLarge {
        /// The file.
        path: RelPath,
        /// Its size, or the size it would have.
        size_bytes: usize,
    },
    /// The text has a syntax error, or syntax that the grammar does not know.
    #[error("`{path}` line {} does not parse, so recipes leave the file alone", line + 1)]
    Unparsable {
        /// The file.
        path: RelPath,
        /// The first such line, from 0.
        line: usize,
    },
    /// The syntax tree is deeper than [`DEPTH_MAX`].
    #[error("`{path}` is nested more than {DEPTH_MAX} deep, so recipes leave it alone")]
    TooDeep {
        /// The file.
        path: RelPath,
    },
    /// The rewritten text would not parse.
    #[error("recipe `{recipe}` would break the syntax of `{path}` at line {}: nothing was proposed", line + 1)]
    WouldNotParse {
        /// The recipe.
        recipe: String,
        /// The file.
        path: RelPath,
        /// The first broken line of the rewritten text, from 0.
        line: usize,
    },
    /// The text was still changing after [`ROUNDS_MAX`] rounds.
    #[error(
        "recipe `{recipe}` still rewrites `{path}` after {ROUNDS_MAX} rounds: let its `rule` exclude its own `fix`"
    )]
    NotSettled {
        /// The recipe.
        recipe: String,
        /// The file.
        path: RelPath,
    },
}

/// One rule of a recipe for one grammar; the second fix breaks lines with CRLF.
pub(super) struct Rule {
    pub(super) grammar: Grammar,
    pub(super) config: RuleConfig<Grammar>,
    pub(super) fix: Fixer,
    pub(super) fix_crlf: Fixer,
    /// Whether the fix itself has several lines.
    pub(super) multiline: bool,
    /// The words of the rule's patterns and conditions.
    pub(super) words: BTreeSet<String>,
}

/// What to put where, in bytes of the text of this round.
struct Replacement {
    range: Range<usize>,
    text: String,
}

/// A text, read once for all recipes: parsed, and known to be fit for rewriting.
pub struct Source {
    path: RelPath,
    root: AstGrep<StrDoc<Grammar>>,
    crlf: bool,
}

impl Source {
    /// Reads a text; `None` when no recipe knows its language.
    ///
    /// # Errors
    /// [`Skipped`], when every recipe has to leave it alone.
    /// # Cost
    /// One parse and one walk of the tree.
    pub fn read(path: &RelPath, text: &[u8]) -> Result<Option<Self>, Skipped> {
        let Some(language) = syntax::language_of(path, text) else { return Ok(None) };
        check_size(path, text.len())?;
        let Ok(text) = std::str::from_utf8(text) else {
            return Err(Skipped::NotUtf8 { path: path.clone() });
        };
        let unparsable = |line| Skipped::Unparsable { path: path.clone(), line };
        let root = parse(path, text, language, unparsable)?;
        Ok(Some(Self { path: path.clone(), root, crlf: mostly_crlf(text) }))
    }

    /// The language it was read as.
    pub fn language(&self) -> Language {
        self.root.lang().0
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Parses a text that must have no errors and no excessive depth.
fn parse(
    path: &RelPath,
    text: &str,
    language: Language,
    broken: impl Fn(usize) -> Skipped,
) -> Result<AstGrep<StrDoc<Grammar>>, Skipped> {
    let root = AstGrep::try_new(text, Grammar(language)).map_err(|_| broken(0))?;
    let top = root.root().get_inner_node();
    if let Some(error) = first_error(top) {
        return Err(broken(error.start_position().row));
    }
    if nodes(top).any(|(depth, _)| depth > DEPTH_MAX) {
        return Err(Skipped::TooDeep { path: path.clone() });
    }
    Ok(root)
}

/// Applies `rules` to `source` until it settles; `None` when nothing changes.
pub(super) fn rewrite(
    recipe: &str,
    rules: &[Rule],
    source: &Source,
) -> Result<Option<Rewritten>, Skipped> {
    let Source { path, root, crlf } = source;
    let before = root.source();
    let would_not_parse =
        |line| Skipped::WouldNotParse { recipe: recipe.to_owned(), path: path.clone(), line };
    let mut found = replacements(root, rules, *crlf);
    let mut current = before.to_owned();
    let mut places: Vec<Place> = Vec::new();
    for _ in 0..ROUNDS_MAX {
        if found.is_empty() {
            return Ok(finish(before, current, places));
        }
        places = compose(&places, &found);
        current = apply(&current, &found);
        check_size(path, current.len())?;
        let root = parse(path, &current, source.language(), would_not_parse)?;
        found = replacements(&root, rules, *crlf);
    }
    if found.is_empty() {
        return Ok(finish(before, current, places));
    }
    Err(Skipped::NotSettled { recipe: recipe.to_owned(), path: path.clone() })
}

fn check_size(path: &RelPath, size_bytes: usize) -> Result<(), Skipped> {
    if size_bytes <= TEXT_MAX_BYTES {
        return Ok(());
    }
    Err(Skipped::TooLarge { path: path.clone(), size_bytes })
}

fn finish(before: &str, after: String, mut places: Vec<Place>) -> Option<Rewritten> {
    if before == after {
        return None;
    }
    let (mut line, mut seen) = (0, 0);
    for place in &mut places {
        let between = before.get(seen..place.before.start).unwrap_or_default();
        line += u32::try_from(between.matches('\n').count()).unwrap_or(u32::MAX);
        seen = place.before.start;
        place.first_line = line;
    }
    Some(Rewritten { text: after.into_bytes(), places })
}

fn first_error(top: tree_sitter::Node<'_>) -> Option<tree_sitter::Node<'_>> {
    if !top.has_error() {
        return None;
    }
    let broken = nodes(top).find(|(_, node)| node.is_error() || node.is_missing());
    Some(broken.map_or(top, |(_, node)| node))
}

/// Every node below and including `top`, parents first, with its depth.
///
/// ast-grep's own walk checks the ancestry of each node in debug builds, which takes time with the cube of
/// the depth; so only nodes that may match become nodes of ast-grep.
fn nodes(top: tree_sitter::Node<'_>) -> impl Iterator<Item = (usize, tree_sitter::Node<'_>)> {
    let mut cursor = top.walk();
    let (mut depth, mut done) = (0_usize, false);
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let here = (depth, cursor.node());
        if cursor.goto_first_child() {
            depth += 1;
            return Some(here);
        }
        while depth > 0 && !cursor.goto_next_sibling() {
            cursor.goto_parent();
            depth -= 1;
        }
        done = depth == 0;
        Some(here)
    })
}

fn mostly_crlf(text: &str) -> bool {
    let crlf = text.matches("\r\n").count();
    crlf * 2 > text.matches('\n').count()
}

/// The replacements of one round: disjoint, in order, outer places before those inside them.
fn replacements(root: &AstGrep<StrDoc<Grammar>>, rules: &[Rule], crlf: bool) -> Vec<Replacement> {
    let mut found: Vec<Replacement> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.grammar == *root.lang()) {
        let kinds = rule.config.matcher.potential_kinds();
        for (_, node) in nodes(root.root().get_inner_node()) {
            if kinds.as_ref().is_none_or(|kinds| kinds.contains(node.kind_id().into()))
                && let Some(place) = rule.config.matcher.match_node(root.adopt(node))
            {
                found.extend(replacement(root.source(), rule, &place, crlf));
            }
        }
    }
    // Stable, so of two rules for one place the one written first wins.
    found.sort_by_key(|it| (it.range.start, std::cmp::Reverse(it.range.end)));
    let mut free_from = 0;
    let mut first = true;
    found.retain(|it| {
        let free = first
            || it.range.start > free_from
            || (it.range.start == free_from && !it.range.is_empty());
        if free {
            first = false;
            free_from = it.range.end;
        }
        free
    });
    found
}

fn replacement(
    text: &str,
    rule: &Rule,
    place: &NodeMatch<'_, StrDoc<Grammar>>,
    crlf: bool,
) -> Option<Replacement> {
    let fix = if crlf { &rule.fix_crlf } else { &rule.fix };
    let edit = place.make_edit(&rule.config.matcher, fix);
    let range = edit.position..edit.position + edit.deleted_length;
    let replaced = text.get(range.clone())?;
    let inserted = without_blank_padding(&String::from_utf8(edit.inserted_text).ok()?);
    let inserted = with_chain_break(replaced, inserted);
    if replaced == inserted {
        return None;
    }
    if rule.multiline && !takes_lines(text, range.start, rule.grammar.0) {
        return None;
    }
    if !keeps_verbatim(text, place, &inserted) || !drops_only_named(text, rule, place, &inserted) {
        return None;
    }
    if would_call_itself(text, place.get_inner_node(), replaced, &inserted) {
        return None;
    }
    let range = if inserted.is_empty() { with_its_line(text, range) } else { range };
    Some(Replacement { range, text: inserted })
}

/// Re-indenting pads empty lines with spaces; they become empty again.
fn without_blank_padding(text: &str) -> String {
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    let mut lines = lines.peekable();
    while let Some(line) = lines.next() {
        out.push('\n');
        let blank = line.trim_matches([' ', '\t', '\r']).is_empty() && lines.peek().is_some();
        out.push_str(if !blank {
            line
        } else if line.ends_with('\r') {
            "\r"
        } else {
            ""
        });
    }
    out
}

/// A method call that stood on a line of its own in a chain stays there, though the fix says `$X.method()`.
fn with_chain_break(replaced: &str, inserted: String) -> String {
    let same = replaced.chars().zip(inserted.chars()).take_while(|(old, new)| old == new);
    let same = same.map(|(c, _)| c.len_utf8()).sum::<usize>();
    let (Some(old), Some(new)) = (replaced.get(same..), inserted.get(same..)) else {
        return inserted;
    };
    let method = old.trim_start();
    let gap = old.get(..old.len() - method.len()).unwrap_or_default();
    if !gap.contains('\n') || !method.starts_with('.') || !new.starts_with('.') {
        return inserted;
    }
    format!("{}{gap}{new}", inserted.get(..same).unwrap_or_default())
}

/// Whether a fix of several lines can start at `at`.
///
/// ast-grep indents with spaces only, so a line indented by tabs cannot have it. In Python, where
/// indentation is syntax, neither can a place behind something else on its line.
fn takes_lines(text: &str, at: usize, language: Language) -> bool {
    let line = text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    let tabs = line.get(..indent).is_none_or(|indent| indent.contains('\t'));
    !tabs && (language != Language::Python || indent == line.len())
}

/// Whether each comment and each multi-line string of the place is still there, byte for byte.
fn keeps_verbatim(text: &str, place: &NodeMatch<'_, StrDoc<Grammar>>, inserted: &str) -> bool {
    nodes(place.get_inner_node()).all(|(_, node)| {
        let comment = node.kind().contains("comment");
        let string = node.kind().contains("string") || node.kind().ends_with("_text");
        if !comment && !string {
            return true;
        }
        // Some grammars count the line end as part of a comment.
        let text = text.get(node.byte_range()).unwrap_or_default().trim_end();
        (!comment && !text.contains('\n')) || inserted.contains(text)
    })
}

/// Whether each word that the place would lose is one that the rule named: in a pattern, or as a variable.
///
/// ast-grep lets a pattern match a node that goes on behind it: `$X in $Y` matches `a in b in c`, and the
/// fix would lose the last comparison.
fn drops_only_named(
    text: &str,
    rule: &Rule,
    place: &NodeMatch<'_, StrDoc<Grammar>>,
    inserted: &str,
) -> bool {
    let variables = rule.config.matcher.defined_vars();
    let captured = variables.iter().flat_map(|name| {
        let env = place.get_env();
        env.get_match(name).cloned().into_iter().chain(env.get_multiple_matches(name))
    });
    let captured: Vec<_> = captured.collect();
    // A variable that stands twice in a pattern holds one of the two places, so the other goes by its text.
    let texts: Vec<_> = captured.iter().map(|node| node.text()).collect();
    let kept: BTreeSet<&str> =
        texts.iter().map(AsRef::as_ref).chain([inserted]).flat_map(words).collect();
    let captured: Vec<Range<usize>> = captured.iter().map(|node| node.range()).collect();
    let leaves = nodes(place.get_inner_node()).filter(|(_, node)| node.child_count() == 0);
    let mut lost = leaves
        .map(|(_, leaf)| leaf.byte_range())
        .filter(|leaf| !captured.iter().any(|range| within(leaf, range)));
    lost.all(|leaf| {
        words(text.get(leaf).unwrap_or_default())
            .all(|word| rule.words.contains(word) || kept.contains(word))
    })
}

fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The runs of letters, digits and underscores.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The range with its indentation and line end, when nothing else is on its lines; with the spaces behind
/// it, when only something follows.
fn with_its_line(text: &str, range: Range<usize>) -> Range<usize> {
    let (Some(head), Some(tail)) = (text.get(..range.start), text.get(range.end..)) else {
        return range;
    };
    let indent = head.len() - head.trim_end_matches([' ', '\t']).len();
    let starts_line = indent == head.len() || head.trim_end_matches([' ', '\t']).ends_with('\n');
    let rest = tail.trim_start_matches([' ', '\t']);
    let line_end = ["\r\n", "\n"].into_iter().find(|end| rest.starts_with(end));
    match line_end {
        Some(end) if starts_line => {
            range.start - indent..range.end + (tail.len() - rest.len()) + end.len()
        }
        None if starts_line && rest.is_empty() => range.start - indent..text.len(),
        // What follows moves to where the removed text started.
        None if starts_line => range.start..range.end + (tail.len() - rest.len()),
        _ => range,
    }
}

fn apply(text: &str, replacements: &[Replacement]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for it in replacements {
        out.push_str(text.get(copied..it.range.start).unwrap_or_default());
        out.push_str(&it.text);
        copied = it.range.end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Carries `places` (text before to text of this round) over this round's `replacements`.
///
/// On the axis of this round's text both are intervals. Those that overlap or touch become one place;
/// its ends lie outside of every replaced stretch, so they map to both other texts by the growth so far.
fn compose(places: &[Place], replacements: &[Replacement]) -> Vec<Place> {
    /// An interval of this round's text, and by how much each of the other texts is longer there.
    struct Stretch {
        range: Range<usize>,
        before_growth: isize,
        after_growth: isize,
    }
    let old = places.iter().map(|place| Stretch {
        range: place.after.clone(),
        before_growth: signed(place.before.len()) - signed(place.after.len()),
        after_growth: 0,
    });
    let new = replacements.iter().map(|it| Stretch {
        range: it.range.clone(),
        before_growth: 0,
        after_growth: signed(it.text.len()) - signed(it.range.len()),
    });
    let mut stretches: Vec<Stretch> = old.chain(new).collect();
    stretches.sort_by_key(|it| (it.range.start, it.range.end));

    let mut merged: Vec<Stretch> = Vec::new();
    for it in stretches {
        match merged.last_mut() {
            Some(last) if it.range.start <= last.range.end => {
                last.range.end = last.range.end.max(it.range.end);
                last.before_growth += it.before_growth;
                last.after_growth += it.after_growth;
            }
            _ => merged.push(it),
        }
    }
    let (mut before_shift, mut after_shift) = (0, 0);
    let carried = merged.into_iter().map(|it| {
        let before_start = it.range.start.saturating_add_signed(before_shift);
        let after_start = it.range.start.saturating_add_signed(after_shift);
        before_shift += it.before_growth;
        after_shift += it.after_growth;
        Place {
            before: before_start..it.range.end.saturating_add_signed(before_shift),
            after: after_start..it.range.end.saturating_add_signed(after_shift),
            first_line: 0,
        }
    });
    carried.collect()
}

fn signed(length: usize) -> isize {
    isize::try_from(length).unwrap_or(isize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn replacements(text: &str, cuts: &[(usize, usize, String)]) -> Vec<Replacement> {
        let mut at = 0;
        let mut out = Vec::new();
        for (skip, take, put) in cuts {
            let start = (at + skip).min(text.len());
            let end = (start + take).min(text.len());
            if start == end && put.is_empty() {
                continue;
            }
            out.push(Replacement { range: start..end, text: put.clone() });
            at = end + 1;
        }
        out
    }

    proptest! {
        /// Law: outside the places both texts agree, however many rounds were composed.
        #[test]
        fn composed_places_explain_the_whole_difference(
            text in "[a-z]{0,40}",
            rounds in proptest::collection::vec(
                proptest::collection::vec((0_usize..8, 0_usize..6, "[A-Z]{0,6}"), 0..5), 1..4),
        ) {
            let mut current = text.clone();
            let mut places = Vec::new();
            for cuts in &rounds {
                let round = replacements(&current, cuts);
                places = compose(&places, &round);
                current = apply(&current, &round);
            }
            let mut rebuilt = String::new();
            let mut copied = 0;
            for place in &places {
                prop_assert!(copied <= place.before.start);
                rebuilt.push_str(&text[copied..place.before.start]);
                prop_assert_eq!(rebuilt.len(), place.after.start);
                rebuilt.push_str(&current[place.after.clone()]);
                copied = place.before.end;
            }
            rebuilt.push_str(&text[copied..]);
            prop_assert_eq!(rebuilt, current);
        }
    }

    #[test]
    fn a_removed_statement_takes_its_line_only_when_alone() {
        let text = "a();\n    b();\r\n  c(); d();\n";
        let at = |needle: &str| {
            let start = text.find(needle).unwrap();
            start..start + needle.len()
        };
        assert_eq!(&text[with_its_line(text, at("b();"))], "    b();\r\n");
        assert_eq!(&text[with_its_line(text, at("c();"))], "c(); ");
        assert_eq!(&text[with_its_line(text, at("d();"))], "d();");
    }

    #[test]
    fn padding_of_empty_lines_goes_and_nothing_else() {
        assert_eq!(without_blank_padding("a\n    \n    b\r\n    \r\n  "), "a\n\n    b\r\n\r\n  ");
    }
}
