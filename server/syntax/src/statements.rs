//! Statements: the places of a text that a running program comes to, one after another.
//!
//! What is one is data: `queries/<language>/statements.scm`.

use std::ops::Range;

use crate::parse::{ParseError, Parsed};
use crate::query::{search, statements_query};
use crate::sites::{disjoint, is_within};

/// Where the statements of a file begin, in bytes, in order. A body that is an expression is one; what is declared
/// without being run is none.
///
/// # Errors
/// [`ParseError`] when a limit is reached; nothing is known of the file then.
/// # Cost
/// One search of the tree.
pub fn statements(parsed: &Parsed<'_>) -> Result<Vec<usize>, ParseError> {
    let query = statements_query(parsed.language())?;
    let names = query.capture_names();
    let (mut found, mut none): (Vec<Range<usize>>, Vec<Range<usize>>) = Default::default();
    search(parsed, query, |hit| {
        for capture in hit.captures() {
            let range = capture.node.byte_range();
            match names.get(capture.index as usize) {
                Some(&"none") => none.push(range),
                _ => found.push(range),
            }
        }
    })?;
    let none = disjoint(none);
    found.retain(|range| !is_within(&none, range));
    let mut starts: Vec<usize> = found.into_iter().map(|range| range.start).collect();
    starts.sort_unstable();
    starts.dedup();
    Ok(starts)
}

#[cfg(test)]
mod tests {
    use model::Language;

    use super::*;
    use crate::parse;

    /// Statements begin where `text` has a `▸`.
    fn check(language: Language, text: &str) {
        let mut marked = text.split('▸');
        let mut plain = marked.next().unwrap_or_default().to_owned();
        let mut expected = Vec::new();
        for piece in marked {
            expected.push(plain.len());
            plain.push_str(piece);
        }
        let parsed = parse(language, plain.as_bytes()).unwrap();
        assert!(parsed.errors().is_empty(), "{:?}", parsed.errors());
        let mut found = plain.clone();
        for start in statements(&parsed).unwrap().into_iter().rev() {
            found.insert(start, '▸');
        }
        assert_eq!(found, text);
    }

    #[test]
    fn javascript_and_its_kin() {
        let text = r#""use strict";
import a from "a";
export function f(x) {
    "use asm";
    ▸if (x) {
        ▸return a;
    } else ▸throw x;
    ▸for (▸let i = 0; i < 1; i++) ▸g(i);
    ▸const h = (y) => ▸y + 1;
    ▸switch (x) { case 1: ▸break; default: ▸g(); }
}
class A { b = 1; c() { ▸try { ▸d(); } catch { ▸e(); } } }
▸f(() => { ▸g(); });
export default ▸{ a: 1 };
export default class { a = 1; }
▸const m = (b) => class extends b { a = 1; };
export ▸const b = 1;
"#;
        check(Language::JavaScript, text);
        check(Language::TypeScript, text);
        check(
            Language::TypeScript,
            "declare const a: number;\ninterface B { c: string }\ntype D = B;\n▸const e: D = f;\n",
        );
        check(Language::Tsx, "▸const a = () => ▸<b onClick={() => ▸c()} />;\n");
    }

    #[test]
    fn python() {
        check(
            Language::Python,
            r#""""About the file."""
▸import a
▸from b import c
@a.d
▸class D:
    """About it."""

    e: int = 1

    ▸def f(self): ...
    ▸def g(self):
        "About it."
        ▸if self:
            ▸return 1
        elif a:
            ▸raise c
        ▸x = [y for y in z]
        ▸with a: ▸pass
"#
            .replace("    e: int", "    ▸e: int")
            .as_str(),
        );
    }

    #[test]
    fn go() {
        check(
            Language::Go,
            "package a\n\nvar b = 1\n\nfunc c(d int) int {\n\t▸if ▸e := d; e > 1 {\n\t\t▸return 1\n\t}\n\t▸var f int\n\t▸for ▸i := 0; i < f; ▸i++ {\n\t\t▸g()\n\t}\n\t▸switch d {\n\tcase 1:\n\t\t▸f = 2\n\t}\n\t▸defer func() { ▸h() }()\n\t▸return f\n}\n",
        );
    }

    #[test]
    fn rust() {
        check(
            Language::Rust,
            "use a;\nfn b(c: u8) -> u8 {\n    ▸let d = c;\n    ▸if d > 1 {\n        ▸return 1;\n    }\n    ▸e();\n    ▸d\n}\n",
        );
    }
}
