//! Whether a replacement would make a function call itself.
//!
//! `self.get(0)` is better written as `self.first()`, but not inside of `fn first`. Types are not known here,
//! so a name that a replacement brings along is kept out of every function of that name, whatever it belongs to.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::rewrite::words;

/// What a function can be the value of, under which fields the name and the value stand.
const NAMED_VALUES: &[(&str, &str, &str)] = &[
    ("variable_declarator", "name", "value"),
    ("pair", "key", "value"),
    ("public_field_definition", "name", "value"),
    ("field_definition", "property", "value"),
    ("assignment_expression", "left", "right"),
    ("assignment", "left", "right"),
];

/// Whether `inserted` calls, or reaches for a member of, the name of a function around `node` more often than
/// `replaced` did.
pub(super) fn would_call_itself(
    text: &str,
    node: Node<'_>,
    replaced: &str,
    inserted: &str,
) -> bool {
    let known = used_names(replaced);
    let mut introduced = used_names(inserted);
    introduced.retain(|name, count| known.get(name).is_none_or(|known| *known < *count));
    if introduced.is_empty() {
        return false;
    }
    let around = std::iter::successors(Some(node), Node::parent);
    around.filter_map(function_name).any(|name| {
        let name = text.get(name.byte_range()).unwrap_or_default();
        words(name).last().is_some_and(|name| introduced.contains_key(name))
    })
}

/// The node of a function's name, in any of our languages.
fn function_name(node: Node<'_>) -> Option<Node<'_>> {
    if is_function(node) {
        return node.child_by_field_name("name");
    }
    let (_, name, value) = NAMED_VALUES.iter().find(|(kind, ..)| *kind == node.kind())?;
    let value = node.child_by_field_name(value)?;
    if is_function(value) { node.child_by_field_name(name) } else { None }
}

fn is_function(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "function_item"
            | "function_definition"
            | "lambda"
            | "function_declaration"
            | "function_expression"
            | "generator_function_declaration"
            | "generator_function"
            | "arrow_function"
            | "method_definition"
    )
}

/// The words of `text` that are called, or that stand behind a `.` or a `::`, and how often.
fn used_names(text: &str) -> BTreeMap<&str, usize> {
    let mut names = BTreeMap::new();
    let mut from = 0;
    for word in words(text) {
        // The words come in order, so each is the first of its text behind the one before.
        let Some(start) = text.get(from..).and_then(|rest| rest.find(word)) else { break };
        let (start, end) = (from + start, from + start + word.len());
        from = end;
        let before = text.get(..start).unwrap_or_default().trim_end();
        let after = text.get(end..).unwrap_or_default().trim_start();
        let reached = before.ends_with('.') || before.ends_with("::");
        if reached || after.starts_with('(') || after.starts_with("::<") {
            *names.entry(word).or_default() += 1;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let names: Vec<String> =
            used_names(text).iter().map(|(name, count)| format!("{name} {count}")).collect();
        expected.assert_eq(&names.join(", "));
    }

    #[test]
    fn names_are_used_when_called_or_reached_for() {
        check("self.first().first", expect!["first 2"]);
        check("x.collect::<Vec<_>>()", expect!["collect 1"]);
        check("map(String::as_str, first)", expect!["as_str 1, map 1"]);
        check("a\n    .b (c)?.d", expect!["b 1, d 1"]);
        check("if x is None:\n    x = set()", expect!["set 1"]);
        check("first + last", expect![""]);
    }
}
