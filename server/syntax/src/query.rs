//! The queries of `queries/`, embedded and compiled once per language, on first use. Measured in a release
//! build on a busy machine: 15 ms for Rust and Python, 60 ms for JavaScript, 150 ms for TypeScript.

use std::sync::LazyLock;

use model::{EntityKind, Language};
use tree_sitter::{Query, QueryCursor};

use crate::grammar::grammar;

/// In-progress matches that one query run may hold. Patterns here are shallow and need a handful.
const MATCH_LIMIT: u32 = 16_384;

/// What a capture of `outline.scm` or `tests.scm` says about its node. `queries/README.md` explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// `@item.<kind>`: an entity of that kind. `@item`: the entity that another pattern declares.
    Item(Option<EntityKind>),
    /// `@name`
    Name,
    /// `@name.trait`
    TraitName,
    /// `@body`
    Body,
    /// `@visibility`
    Visibility,
    /// `@range`
    Range,
    /// `@docs`
    Docs,
    /// `@export`
    Export,
    /// `@test`
    Test,
    /// `@test.code`
    TestCode,
    /// `@skip`
    Skip,
    /// `@skip.file`
    SkipFile,
    /// `@focus`
    Focus,
    /// `@assertion`
    Assertion,
    /// A name that starts with `_`: for predicates only.
    Private,
}

/// A compiled query with the role of each capture.
pub(crate) struct Compiled {
    pub query: Query,
    pub roles: Vec<Role>,
}

static OUTLINES: [LazyLock<Option<Compiled>>; 5] = [
    LazyLock::new(|| compile_outline(Language::Rust)),
    LazyLock::new(|| compile_outline(Language::Python)),
    LazyLock::new(|| compile_outline(Language::TypeScript)),
    LazyLock::new(|| compile_outline(Language::Tsx)),
    LazyLock::new(|| compile_outline(Language::JavaScript)),
];

static RISKS: [LazyLock<Option<Query>>; 5] = [
    LazyLock::new(|| compile_risk(Language::Rust)),
    LazyLock::new(|| compile_risk(Language::Python)),
    LazyLock::new(|| compile_risk(Language::TypeScript)),
    LazyLock::new(|| compile_risk(Language::Tsx)),
    LazyLock::new(|| compile_risk(Language::JavaScript)),
];

/// The outline and test patterns of `language`. They are part of this build and a test compiles them all;
/// should one not compile after all, there is no outline rather than a crash.
pub(crate) fn outline_query(language: Language) -> Option<&'static Compiled> {
    OUTLINES.get(position(language)).and_then(|slot| slot.as_ref())
}

/// The risk patterns of `language`; likewise.
pub(crate) fn risk_query(language: Language) -> Option<&'static Query> {
    RISKS.get(position(language)).and_then(|slot| slot.as_ref())
}

/// A cursor with our limits.
pub(crate) fn cursor() -> QueryCursor {
    let mut cursor = QueryCursor::new();
    cursor.set_match_limit(MATCH_LIMIT);
    cursor
}

fn position(language: Language) -> usize {
    match language {
        Language::Rust => 0,
        Language::Python => 1,
        Language::TypeScript => 2,
        Language::Tsx => 3,
        Language::JavaScript => 4,
    }
}

fn compile_outline(language: Language) -> Option<Compiled> {
    let query = compile(language, grammar(language).outline)?;
    let roles = query.capture_names().iter().map(|name| role(name)).collect::<Option<Vec<_>>>();
    debug_assert!(roles.is_some(), "unknown capture among {:?}", query.capture_names());
    Some(Compiled { roles: roles?, query })
}

fn compile_risk(language: Language) -> Option<Query> {
    compile(language, grammar(language).risk)
}

fn compile(language: Language, sources: &[&str]) -> Option<Query> {
    let compiled = Query::new(&(grammar(language).language)(), &sources.concat());
    debug_assert!(compiled.is_ok(), "{}: {:?}", language.name(), compiled.as_ref().err());
    compiled.ok()
}

fn role(name: &str) -> Option<Role> {
    Some(match name {
        "item" => Role::Item(None),
        "name" => Role::Name,
        "name.trait" => Role::TraitName,
        "body" => Role::Body,
        "visibility" => Role::Visibility,
        "range" => Role::Range,
        "docs" => Role::Docs,
        "export" => Role::Export,
        "test" => Role::Test,
        "test.code" => Role::TestCode,
        "skip" => Role::Skip,
        "skip.file" => Role::SkipFile,
        "focus" => Role::Focus,
        "assertion" => Role::Assertion,
        _ if name.starts_with('_') => Role::Private,
        _ => Role::Item(Some(kind(name.strip_prefix("item.")?)?)),
    })
}

fn kind(name: &str) -> Option<EntityKind> {
    Some(match name {
        "function" => EntityKind::Function,
        "method" => EntityKind::Method,
        "class" => EntityKind::Class,
        "struct" => EntityKind::Struct,
        "enum" => EntityKind::Enum,
        "interface" => EntityKind::Interface,
        "type" => EntityKind::Type,
        "constant" => EntityKind::Constant,
        "module" => EntityKind::Module,
        "macro" => EntityKind::Macro,
        "impl" => EntityKind::Impl,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_compiles_and_every_capture_is_known() {
        for (at, language) in Language::ALL.into_iter().enumerate() {
            assert_eq!(position(language), at);
            assert!(outline_query(language).is_some(), "outline of {}", language.name());
            assert!(risk_query(language).is_some(), "risk of {}", language.name());
        }
    }
}
