//! Places where a small deliberate mistake can be made: operators, conditions, literals, statements.
//!
//! Where they are is data: `queries/<language>/mutation.scm`. What mistake is made there is not decided here.

use std::ops::Range;

use crate::parse::{ParseError, Parsed};
use crate::query::{search, sites_query};

/// What stands at a [`Site`]. `queries/README.md` explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SiteKind {
    /// The operator of a comparison.
    Relational,
    /// `and`, `or` and their kin.
    Boolean,
    /// A negation, its operand included.
    Negation,
    /// `true` or `false`.
    Truth,
    /// The operator of a calculation.
    Arithmetic,
    /// What a function gives back.
    Return,
    /// A statement that can go.
    Statement,
    /// What a branch depends on.
    Condition,
    /// What a loop goes on for.
    LoopCondition,
    /// A whole number.
    Number,
    /// A text, its quotes included.
    Text,
    /// A pattern that a value is matched against.
    Case,
}

/// A place where a small deliberate mistake can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where.
    pub range: Range<usize>,
    /// What stands there.
    pub kind: SiteKind,
    /// First line, from 0.
    pub first_line: u32,
}

/// What a capture says: a kind of site, or that nothing within is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SiteRole {
    /// A site of a kind.
    Site(SiteKind),
    /// `@fixed`
    Fixed,
}

impl SiteRole {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(Self::Site(match name {
            "relational" => SiteKind::Relational,
            "boolean" => SiteKind::Boolean,
            "negation" => SiteKind::Negation,
            "truth" => SiteKind::Truth,
            "arithmetic" => SiteKind::Arithmetic,
            "return" => SiteKind::Return,
            "statement" => SiteKind::Statement,
            "condition" => SiteKind::Condition,
            "condition.loop" => SiteKind::LoopCondition,
            "number" => SiteKind::Number,
            "text" => SiteKind::Text,
            "case" => SiteKind::Case,
            "fixed" => return Some(Self::Fixed),
            _ => return None,
        }))
    }
}

/// Every site of a file, ordered by place, each once for each kind; sites may lie within one another.
///
/// # Errors
/// [`ParseError`] when a limit is reached; nothing is known of the file then.
pub fn sites(parsed: &Parsed<'_>) -> Result<Vec<Site>, ParseError> {
    let compiled = sites_query(parsed.language())?;
    let mut found: Vec<Site> = Vec::new();
    let mut fixed: Vec<Range<usize>> = Vec::new();
    search(parsed, &compiled.query, |hit| {
        for capture in hit.captures() {
            let (node, range) = (capture.node, capture.node.byte_range());
            match compiled.roles.get(capture.index as usize) {
                Some(SiteRole::Site(kind)) => {
                    let first_line = u32::try_from(node.start_position().row).unwrap_or(u32::MAX);
                    found.push(Site { range, kind: *kind, first_line });
                }
                Some(SiteRole::Fixed) => fixed.push(range),
                None => {}
            }
        }
    })?;
    found.sort_by_key(|site| (site.range.start, site.range.end, site.kind));
    found.dedup();
    let fixed = disjoint(fixed);
    // A pattern is fixed itself, but still one.
    found.retain(|site| site.kind == SiteKind::Case || !is_within(&fixed, &site.range));
    Ok(found)
}

/// The outermost of some ranges that nest, in order.
pub(crate) fn disjoint(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut kept: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        if kept.last().is_none_or(|last| last.end < range.end) {
            kept.push(range);
        }
    }
    kept
}

/// Whether a range lies in one of `ranges`, which are [`disjoint`].
pub(crate) fn is_within(ranges: &[Range<usize>], inner: &Range<usize>) -> bool {
    let after = ranges.partition_point(|range| range.start <= inner.start);
    let around = after.checked_sub(1).and_then(|at| ranges.get(at));
    around.is_some_and(|range| inner.end <= range.end)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use model::Language;

    use super::*;
    use crate::parse;

    fn check(language: Language, text: &str, expected: Expect) {
        let parsed = parse(language, text.as_bytes()).unwrap();
        assert!(parsed.errors().is_empty());
        let lines: String = sites(&parsed)
            .unwrap()
            .iter()
            .map(|site| {
                format!(
                    "{}: {:?} `{}`\n",
                    site.first_line + 1,
                    site.kind,
                    &text[site.range.clone()]
                )
            })
            .collect();
        expected.assert_eq(&lines);
    }

    #[test]
    fn rust() {
        check(
            Language::Rust,
            r#"
use a::b;
#[cfg(feature = "x")]
fn f(a: u32, c: [u8; 4]) -> bool {
    if a < 3 && !g() { h("t"); }
    while a != 1 { a += 2; }
    match a { 7 => {} _ => println!("{}", 1 + 2) }
    if let Some(5) = k { return true; }
    a * 2 == 4
}
"#,
            expect![[r#"
                5: Condition `a < 3 && !g()`
                5: Relational `<`
                5: Number `3`
                5: Boolean `&&`
                5: Negation `!g()`
                5: Statement `h("t");`
                5: Text `"t"`
                6: LoopCondition `a != 1`
                6: Relational `!=`
                6: Number `1`
                6: Statement `a += 2;`
                6: Arithmetic `+=`
                6: Number `2`
                7: Number `7`
                7: Case `7`
                7: Case `_`
                8: Case `let Some(5) = k`
                8: Truth `true`
                8: Return `true`
                9: Return `a * 2 == 4`
                9: Arithmetic `*`
                9: Number `2`
                9: Relational `==`
                9: Number `4`
            "#]],
        );
    }

    #[test]
    fn python() {
        check(
            Language::Python,
            r#"
import a
def f(a: "X", b=2):
    """Docs."""
    if a <= 3 and not b:
        g("t")
    elif a not in c:
        a.x = 1
    while True:
        a -= 1
    match a:
        case "five":
            pass
    return a + 1 if a is None else False
"#,
            expect![[r#"
                3: Number `2`
                5: Condition `a <= 3 and not b`
                5: Relational `<=`
                5: Number `3`
                5: Boolean `and`
                5: Negation `not b`
                6: Statement `g("t")`
                6: Text `"t"`
                7: Condition `a not in c`
                7: Relational `not in`
                8: Statement `a.x = 1`
                8: Number `1`
                9: Truth `True`
                9: LoopCondition `True`
                10: Statement `a -= 1`
                10: Arithmetic `-=`
                10: Number `1`
                12: Text `"five"`
                12: Case `"five"`
                14: Return `a + 1 if a is None else False`
                14: Arithmetic `+`
                14: Number `1`
                14: Condition `a is None`
                14: Relational `is`
                14: Truth `False`
            "#]],
        );
    }

    #[test]
    fn javascript_and_its_kin() {
        let text = r#"
"use strict";
import x from "y";
const f = (a) => a + 1;
function g(a) {
  if (a === 3 || !b) { h(`t`); }
  for (let i = 0; i < 9; i++) { a.b = { "k": "v" }; }
  switch (a) { case "five": return a ? true : 0; }
}
"#;
        check(
            Language::JavaScript,
            text,
            expect![[r#"
            4: Return `a + 1`
            4: Arithmetic `+`
            4: Number `1`
            6: Condition `a === 3 || !b`
            6: Relational `===`
            6: Number `3`
            6: Boolean `||`
            6: Negation `!b`
            6: Statement `h(`t`);`
            6: Text ``t``
            7: Number `0`
            7: LoopCondition `i < 9`
            7: Relational `<`
            7: Number `9`
            7: Arithmetic `++`
            7: Statement `a.b = { "k": "v" };`
            7: Text `"v"`
            8: Text `"five"`
            8: Case `"five"`
            8: Condition `a`
            8: Return `a ? true : 0`
            8: Truth `true`
            8: Number `0`
        "#]],
        );
        let found = |language| sites(&parse(language, text.as_bytes()).unwrap()).unwrap();
        assert_eq!(found(Language::TypeScript), found(Language::JavaScript));
        assert_eq!(found(Language::Tsx), found(Language::JavaScript));
    }

    #[test]
    fn types_are_no_sites() {
        check(
            Language::TypeScript,
            "type A = 'a' | 3;\ninterface B { c: 'd'; }\nlet e: 'f' = g<'h'>('i');\n",
            expect![[r#"
                3: Text `'i'`
            "#]],
        );
    }
}
