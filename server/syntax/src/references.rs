//! Where names are used, and where they are brought in: what `queries/<language>/references.scm` finds.
//!
//! By their shape alone: which thing a name means is for the caller to find out. Start at [`references`].

use std::collections::HashMap;
use std::ops::Range;

use tree_sitter::Node;

use crate::parse::{ParseError, Parsed};
use crate::query::{ReferenceRole, references_query, search};

/// A name in source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference<'t> {
    /// The name as it is written.
    pub name: &'t str,
    /// Where.
    pub range: Range<usize>,
    /// What it does there.
    pub kind: ReferenceKind,
    /// The name right before it and its `.` or `::`. Empty where something else stands there: `f().name`.
    pub qualifier: Option<&'t str>,
    /// What it is called with, brackets included.
    pub arguments: Option<Range<usize>>,
    /// For an import: where from, as it is written but without quotes.
    pub module: Option<&'t str>,
    /// For an import under another name: its name there, `default` for what an ECMAScript module exports by
    /// default, and `*` for the module itself.
    pub source: Option<&'t str>,
}

/// What a name does at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// It means something known by that name. With a qualifier: something of what stands before it.
    ///
    /// Where the outline says that an entity is declared under this name, it is that declaration.
    Use,
    /// It is the name that an import makes known.
    Import,
    /// It is a variable, a parameter or a type parameter, where that begins.
    Local,
    /// It is a field, a variant or a property, where that is declared.
    Member,
}

/// Every name of a file in order of its place, names at their declaration included.
///
/// Names inside of texts and comments are not seen, nor are labels and the names of arguments.
/// # Errors
/// [`ParseError`] when a limit is reached; nothing is known of the file then.
/// # Cost
/// One query run; linear in the text but for a sort.
pub fn references<'t>(parsed: &Parsed<'t>) -> Result<Vec<Reference<'t>>, ParseError> {
    let compiled = references_query(parsed.language())?;
    let mut drafts: HashMap<usize, Draft> = HashMap::new();
    search(parsed, &compiled.query, |hit| {
        let role = |index: u32| compiled.roles.get(index as usize).copied().flatten();
        let of = |wanted: ReferenceRole| {
            let found = hit.captures().iter().find(|c| role(c.index) == Some(wanted));
            found.map(|capture| capture.node.byte_range())
        };
        for capture in hit.captures() {
            let (kind, nameless) = match role(capture.index) {
                Some(ReferenceRole::Name(kind)) => (kind, None),
                Some(ReferenceRole::Nameless(what)) => (Some(ReferenceKind::Import), Some(what)),
                _ => continue,
            };
            let draft =
                drafts.entry(capture.node.id()).or_insert_with(|| Draft::new(&capture.node));
            draft.take(hit.pattern_index, kind);
            draft.arguments = draft.arguments.take().or_else(|| of(ReferenceRole::Arguments));
            if kind == Some(ReferenceKind::Import) {
                draft.module = of(ReferenceRole::Module).or_else(|| draft.module.take());
                draft.source = of(ReferenceRole::Source).or_else(|| draft.source.take());
                draft.nameless = nameless.or(draft.nameless);
            }
        }
    })?;
    let text = parsed.text();
    let mut found: Vec<_> = drafts.into_values().filter_map(|draft| draft.settle(text)).collect();
    found.sort_by_key(|reference| (reference.range.start, reference.range.end));
    Ok(found)
}

/// A name as its patterns describe it. Of several patterns the last in the file wins.
struct Draft {
    range: Range<usize>,
    pattern: usize,
    kind: Option<ReferenceKind>,
    arguments: Option<Range<usize>>,
    module: Option<Range<usize>>,
    source: Option<Range<usize>>,
    nameless: Option<&'static str>,
}

impl Draft {
    fn new(node: &Node<'_>) -> Self {
        Self {
            range: node.byte_range(),
            pattern: 0,
            kind: None,
            arguments: None,
            module: None,
            source: None,
            nameless: None,
        }
    }

    fn take(&mut self, pattern: usize, kind: Option<ReferenceKind>) {
        if pattern >= self.pattern {
            (self.pattern, self.kind) = (pattern, kind);
        }
    }

    /// `None` for a label, and for what is no text.
    fn settle(self, text: &[u8]) -> Option<Reference<'_>> {
        let kind = self.kind?;
        let import = kind == ReferenceKind::Import;
        let name =
            piece(text, &self.range).map(|name| if import { package(name) } else { name })?;
        let quotes = ['"', '\'', '`'];
        Some(Reference {
            name,
            kind,
            qualifier: (kind == ReferenceKind::Use)
                .then(|| qualifier(text, self.range.start))
                .flatten(),
            range: self.range,
            arguments: self.arguments,
            module: self
                .module
                .filter(|_| import)
                .and_then(|at| piece(text, &at))
                .map(|module| module.trim_matches(quotes)),
            source: self
                .source
                .and_then(|at| piece(text, &at))
                .or(self.nameless)
                .filter(|_| import),
        })
    }
}

/// What the package at the end of a path is called; a version behind it is no name.
fn package(path: &str) -> &str {
    let is_version = |part: &str| {
        let digits = part.strip_prefix('v').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match path.rsplit_once('/') {
        Some((before, last)) if is_version(last) => before.rsplit('/').next().unwrap_or(before),
        Some((_, last)) => last,
        None => path,
    }
}

fn piece<'t>(text: &'t [u8], range: &Range<usize>) -> Option<&'t str> {
    std::str::from_utf8(text.get(range.clone())?).ok().filter(|piece| !piece.is_empty())
}

/// The name before the `.`, `?.` or `::` that stands before `at`; a range's `..` is no such thing.
///
/// Read from the text, since inside of macros there is no tree to read it from.
fn qualifier(text: &[u8], at: usize) -> Option<&str> {
    let before = text.get(..at)?.trim_ascii_end();
    let owner = match before {
        [.., b'.', b'.'] => return None,
        [owner @ .., b'?', b'.'] | [owner @ .., b':', b':'] | [owner @ .., b'.'] => owner,
        _ => return None,
    };
    let owner = owner.trim_ascii_end();
    let start = owner
        .iter()
        .rposition(|byte| !(byte.is_ascii_alphanumeric() || *byte >= 0x80 || b"_$".contains(byte)));
    let name = owner.get(start.map_or(0, |at| at + 1)..).unwrap_or_default();
    Some(std::str::from_utf8(name).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use model::Language;

    use super::*;
    use crate::parse;

    fn check(language: Language, text: &str, expected: Expect) {
        let parsed = parse(language, text.as_bytes()).unwrap();
        assert!(parsed.errors().is_empty(), "{:?}", parsed.errors());
        let mut shown = String::new();
        for one in references(&parsed).unwrap() {
            shown += &format!("{:?} ", one.kind);
            one.qualifier.into_iter().for_each(|qualifier| shown += &format!("({qualifier}) "));
            shown += one.name;
            one.arguments.into_iter().for_each(|at| shown += &format!(" with {}", &text[at]));
            one.source.into_iter().for_each(|source| shown += &format!(" as {source}"));
            one.module.into_iter().for_each(|module| shown += &format!(" from {module}"));
            shown += "\n";
        }
        expected.assert_eq(&shown);
    }

    #[test]
    fn rust() {
        check(
            Language::Rust,
            "use a::b::{c, d as e, self};\nuse f as g;\nstruct S { h: T }\n\
             fn i<P>(j: &P) -> k::U {\n    let mut l = m::n(j, 1);\n    l.o::<P>(|q| S { h: q });\n    \
             v!(w.x, y(z));\n    if let Some(aa) = None { 0..bb }\n}\n",
            expect![[r#"
                Use a
                Import b
                Import c from a::b
                Import e as d from a::b
                Import g as f
                Use S
                Member h
                Use T
                Use i
                Local P
                Local j
                Use P
                Use k
                Use (k) U
                Local l
                Use m
                Use (m) n with (j, 1)
                Use j
                Use l
                Use (l) o with (|q| S { h: q })
                Use P
                Local q
                Use S with { h: q }
                Use q
                Use v with (w.x, y(z))
                Use w
                Use (w) x
                Use y with (z)
                Use z
                Use Some
                Local aa
                Use None
                Use bb
            "#]],
        );
    }

    #[test]
    fn python() {
        check(
            Language::Python,
            "import a.b, c as d\nfrom .e import f, g as h\nclass I:\n    j = k\n    \
             def l(self, m, n=o, *p):\n        self.q = r(m=s)\n        t, u = v.w(x)[y]\n        \
             for z in [aa for aa in bb]: cc += 1\n        with dd as ee: pass\n",
            expect![[r#"
                Import a as * from a.b
                Import d as * from c
                Import f from .e
                Import h as g from .e
                Use I
                Member j
                Use k
                Use l
                Local self
                Local m
                Local n
                Use o
                Local p
                Use self
                Member q
                Use r with (m=s)
                Use s
                Local t
                Local u
                Use v
                Use (v) w with (x)
                Use x
                Use y
                Local z
                Use aa
                Local aa
                Use bb
                Use cc
                Use dd
                Local ee
            "#]],
        );
    }

    #[test]
    fn javascript_and_its_kin() {
        check(
            Language::JavaScript,
            "import a, { b, c as d } from 'e';\nimport * as f from 'g';\n\
             const { h } = require('i'), j = require(\"k\");\nexport { l } from './m';\n\
             class N { o = p; q(r, { s, t: u }, ...v) { this.o = w?.x(y, { z, aa: bb }); } }\n\
             for (const cc of dd) <ee ff={gg}/>;\n",
            expect![[r#"
                Import a as default from e
                Import b from e
                Import d as c from e
                Import f as * from g
                Import h from i
                Use require with ('i')
                Import j as * from k
                Use require with ("k")
                Import l from ./m
                Use N
                Member o
                Use p
                Local r
                Local s
                Local u
                Local v
                Use (this) o
                Use w
                Use (w) x with (y, { z, aa: bb })
                Use y
                Use z
                Use bb
                Local cc
                Use dd
                Use ee
                Use gg
            "#]],
        );
        check(
            Language::TypeScript,
            "import type { A } from './b';\ninterface C { d: E; f(g: H): void }\nenum I { J, K = 1 }\n\
             function l<M>(n: A<M>, o?: P.Q): n is R { return new S(o!) as T; }\n",
            expect![[r#"
                Import A from ./b
                Use C
                Member d
                Use E
                Member f
                Local g
                Use H
                Use I
                Member J
                Member K
                Use l
                Local M
                Local n
                Use A
                Use M
                Local o
                Use P
                Use (P) Q
                Use n
                Use R
                Use S with (o!)
                Use o
                Use T
            "#]],
        );
    }

    #[test]
    fn every_language_says_where_names_come_from() {
        for language in Language::ALL {
            let text = match language {
                Language::Rust => "use a::b;\n",
                Language::Python => "from a import b\n",
                Language::Go => "package c\n\nimport b \"a\"\n",
                _ => "import { b } from 'a';\n",
            };
            let parsed = parse(language, text.as_bytes()).unwrap();
            let found = references(&parsed).unwrap();
            let import = found.iter().find(|one| one.kind == ReferenceKind::Import).unwrap();
            assert_eq!((import.name, import.module), ("b", Some("a")), "{}", language.name());
        }
    }
}
