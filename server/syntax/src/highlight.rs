//! What a text looks like to a reader: which pieces are keywords, names, literals.
//!
//! The patterns are those that each grammar brings along; a new class of theirs is plain text until it is
//! given a meaning here. Colours are a face's business. Start at [`highlight`].

use std::cmp::Reverse;
use std::ops::Range;

use model::Language;

use crate::parse::{ParseError, parse};
use crate::query::{highlight_query, search};

/// What a piece of source is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HighlightClass {
    /// A word of the language.
    Keyword,
    /// The name of a function, method or macro, declared or called.
    Function,
    /// The name of a type, a constructor or a markup element.
    Type,
    /// A text, its quotes included.
    String,
    /// An escape within a text.
    Escape,
    /// A number.
    Number,
    /// A comment, documentation included.
    Comment,
    /// A constant by its spelling, or `true`, `None`, `null`.
    Constant,
    /// An operator.
    Operator,
    /// A field, a property or a key.
    Property,
    /// Any other name.
    Variable,
    /// A parameter's name, where it is declared.
    Parameter,
    /// An attribute, a decorator's mark.
    Attribute,
    /// A lifetime or a label.
    Label,
    /// Brackets and separators.
    Punctuation,
}

/// The classified pieces of `text`, in order; no two overlap, none is empty. What is between is plain.
///
/// Of pieces within one another the inner one is shown: an escape cuts the text around it in two.
/// # Errors
/// [`ParseError`] when a limit is reached; the text is then shown plain.
/// # Cost
/// One parse and one search, linear in the text but for a sort.
pub fn highlight(
    language: Language,
    text: &[u8],
) -> Result<Vec<(Range<usize>, HighlightClass)>, ParseError> {
    let parsed = parse(language, text)?;
    let query = highlight_query(language)?;
    let mut found: Vec<Found> = Vec::new();
    search(&parsed, query, |hit| {
        for capture in hit.captures() {
            let name = query.capture_names().get(capture.index as usize).copied().unwrap_or("_");
            let range = capture.node.byte_range();
            if name.starts_with('_') || range.is_empty() {
                continue;
            }
            let class = class(name, text.get(range.clone()).unwrap_or_default());
            found.push(Found { range, pattern: hit.pattern_index, class });
        }
    })?;
    Ok(flat(found))
}

/// What one pattern says of one node.
struct Found {
    range: Range<usize>,
    pattern: usize,
    /// `None`: plain, whatever is around it.
    class: Option<HighlightClass>,
}

/// The meaning of a capture's name.
fn class(name: &str, text: &[u8]) -> Option<HighlightClass> {
    let shouted = || text.len() > 1 && !text.iter().any(u8::is_ascii_lowercase);
    Some(match name {
        "variable.parameter" => HighlightClass::Parameter,
        "constant.builtin" if text.first().is_some_and(u8::is_ascii_digit) => {
            HighlightClass::Number
        }
        // Rust's own pattern for constants never matches (it asks for a quote behind the name).
        "constructor" if shouted() => HighlightClass::Constant,
        _ => match name.split('.').next().unwrap_or_default() {
            "keyword" => HighlightClass::Keyword,
            "function" => HighlightClass::Function,
            "type" | "constructor" | "tag" => HighlightClass::Type,
            "string" => HighlightClass::String,
            "escape" => HighlightClass::Escape,
            "number" => HighlightClass::Number,
            "comment" => HighlightClass::Comment,
            "constant" => HighlightClass::Constant,
            "operator" => HighlightClass::Operator,
            "property" => HighlightClass::Property,
            "variable" => HighlightClass::Variable,
            "attribute" => HighlightClass::Attribute,
            "label" => HighlightClass::Label,
            "punctuation" => HighlightClass::Punctuation,
            _ => return None,
        },
    })
}

/// Cuts pieces that lie within one another into pieces that stand beside one another.
fn flat(mut found: Vec<Found>) -> Vec<(Range<usize>, HighlightClass)> {
    found.sort_by_key(|one| (one.range.start, Reverse(one.range.end), one.pattern));
    // Grammars write the general pattern first: of several for one piece the last one counts.
    found.dedup_by(|later, kept| {
        let same = later.range == kept.range;
        if same {
            kept.class = later.class;
        }
        same
    });
    let mut pieces = Pieces { at: 0, done: Vec::new() };
    let mut open: Vec<Found> = Vec::new();
    for one in found {
        while open.last().is_some_and(|outer| outer.range.end <= one.range.start) {
            open.pop().into_iter().for_each(|outer| pieces.up_to(outer.range.end, outer.class));
        }
        match open.last() {
            Some(outer) => pieces.up_to(one.range.start, outer.class),
            None => pieces.at = one.range.start,
        }
        open.push(one);
    }
    while let Some(outer) = open.pop() {
        pieces.up_to(outer.range.end, outer.class);
    }
    pieces.done
}

struct Pieces {
    /// Up to where the text is settled.
    at: usize,
    done: Vec<(Range<usize>, HighlightClass)>,
}

impl Pieces {
    /// Settles what lies between the last piece and `end`.
    fn up_to(&mut self, end: usize, class: Option<HighlightClass>) {
        if let Some(class) = class.filter(|_| self.at < end) {
            match self.done.last_mut() {
                Some((last, same)) if last.end == self.at && *same == class => last.end = end,
                _ => self.done.push((self.at..end, class)),
            }
        }
        self.at = self.at.max(end);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(language: Language, text: &str, expected: Expect) {
        let mut shown = String::new();
        let mut past = 0;
        for (range, class) in highlight(language, text.as_bytes()).unwrap() {
            assert!(past <= range.start && range.start < range.end, "{range:?}");
            past = range.end;
            if class != HighlightClass::Punctuation {
                shown += &format!("{class:?} {:?}\n", &text[range]);
            }
        }
        expected.assert_eq(&shown);
    }

    #[test]
    fn rust() {
        check(
            Language::Rust,
            "/// Doc.\nconst MAX: u8 = 1;\nfn a(x: &'s str) -> Option<T> { x.go(\"a\\n\", Some(true)) }\n",
            expect![[r#"
                Comment "/// Doc.\n"
                Keyword "const"
                Constant "MAX"
                Type "u8"
                Number "1"
                Keyword "fn"
                Function "a"
                Parameter "x"
                Operator "&'"
                Label "s"
                Type "str"
                Type "Option"
                Type "T"
                Function "go"
                String "\"a"
                Escape "\\n"
                String "\""
                Function "Some"
                Constant "true"
            "#]],
        );
    }

    #[test]
    fn python() {
        check(
            Language::Python,
            "@wraps(f)\ndef a(x: int = 1):\n    return f\"n {x + 1} m\" # why\n",
            expect![[r##"
                Function "@wraps("
                Variable "f"
                Function ")"
                Keyword "def"
                Function "a"
                Variable "x"
                Type "int"
                Operator "="
                Number "1"
                Keyword "return"
                String "f\"n "
                Variable "x"
                Operator "+"
                Number "1"
                String " m\""
                Comment "# why"
            "##]],
        );
    }

    #[test]
    fn javascript_and_its_kin() {
        check(
            Language::JavaScript,
            "const a = (x) => `n ${x.y + 1} m`;\nclass B extends C { m() { return <div id=\"q\"/>; } }\n",
            expect![[r#"
                Keyword "const"
                Function "a"
                Operator "="
                Variable "x"
                Operator "=>"
                String "`n "
                Variable "x"
                Property "y"
                Operator "+"
                Number "1"
                String " m`"
                Keyword "class"
                Type "B"
                Keyword "extends"
                Type "C"
                Function "m"
                Keyword "return"
                Type "div"
                Attribute "id"
                Operator "="
                String "\"q\""
            "#]],
        );
        check(
            Language::TypeScript,
            "export function a(x: string): Promise<B> { return MAX ?? x!; }\n",
            expect![[r#"
                Keyword "export"
                Keyword "function"
                Function "a"
                Variable "x"
                Type "string"
                Type "Promise"
                Operator "<"
                Type "B"
                Operator ">"
                Keyword "return"
                Constant "MAX"
                Operator "??"
                Variable "x"
                Operator "!"
            "#]],
        );
        check(
            Language::Tsx,
            "const a: T = <B c=\"d\"><p>e</p></B>;\n",
            expect![[r#"
            Keyword "const"
            Variable "a"
            Type "T"
            Operator "="
            Type "B"
            Attribute "c"
            Operator "="
            String "\"d\""
            Type "p"
            Type "p"
            Type "B"
        "#]],
        );
    }

    #[test]
    fn inner_pieces_cut_outer_ones() {
        let one = |range, pattern, class| Found { range, pattern, class };
        let (s, e) = (HighlightClass::String, HighlightClass::Escape);
        let pieces = flat(vec![
            one(2..12, 0, Some(s)),
            one(4..6, 2, Some(e)),
            one(4..6, 1, Some(s)),
            one(6..10, 1, None),
            one(8..9, 1, Some(e)),
            one(14..15, 1, Some(e)),
        ]);
        assert_eq!(pieces, [(2..4, s), (4..6, e), (8..9, e), (10..12, s), (14..15, e)]);
    }

    #[test]
    fn broken_source_is_coloured_as_far_as_it_goes() {
        for language in Language::ALL {
            let found = highlight(language, b"if ( { \"a\" ]] \xff 1 \n").unwrap();
            assert!(!found.is_empty(), "{}", language.name());
        }
    }
}
