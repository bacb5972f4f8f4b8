//! The queries of `queries/`, embedded and compiled once per language, on first use. Measured in a release
//! build on a busy machine: 15 ms for Rust and Python, 60 ms for JavaScript, 150 ms for TypeScript.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use model::{EntityKind, Language};
use streaming_iterator::StreamingIterator;
use tree_sitter::{Node, Query, QueryCursor, QueryCursorOptions, QueryCursorState, QueryMatch};

use crate::grammar::grammar;
use crate::parse::{ParseError, Parsed};
use crate::references::ReferenceKind;
use crate::sites::SiteRole;

/// In-progress matches that one search may hold. Past it tree-sitter drops matches without a word.
const MATCH_LIMIT: u32 = 16_384;

/// Checkpoints that any search may take: 20,000 take 40 ms.
const STEPS_FLOOR: usize = 20_000;

/// Bytes of text that allow one more checkpoint. Measured over 15,000 files of real source: the densest needs
/// one for every 91 bytes.
const BYTES_PER_STEP: usize = 8;

/// Bytes that the predicates of any search may look at.
const READ_FLOOR_BYTES: usize = 16 * 1024 * 1024;

/// How often predicates may look at the same byte. Measured likewise: 2.4 times at most; but in a chain of
/// calls every link holds all links before it, so long chains need more.
const READS_PER_BYTE: usize = 512;

/// What one search may do. Counted, not timed, so that a text is read everywhere or nowhere.
#[derive(Debug, Clone, Copy)]
struct Budget {
    matches: u32,
    /// Checkpoints of the cursor: each is a thousand visits of a node by an open pattern.
    steps: usize,
    /// Bytes of nodes' text that predicates may look at.
    read_bytes: usize,
}

/// What a capture of `outline.scm` or `tests.scm` says about its node. `queries/README.md` explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// `@item.<kind>`: an entity of that kind. `@item`: the entity that another pattern declares.
    Item(Option<EntityKind>),
    /// `@name`
    Name,
    /// `@name.trait`
    TraitName,
    /// `@name.receiver`
    Receiver,
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

/// What a capture of `references.scm` says about its node; likewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReferenceRole {
    /// A name and what it does; `None` for `@label`, a name that means nothing here.
    Name(Option<ReferenceKind>),
    /// `@import.default` and `@import.whole`: an import of what has no name there, and how that is said.
    Nameless(&'static str),
    /// `@arguments`
    Arguments,
    /// `@module`
    Module,
    /// `@import.source`
    Source,
}

/// The patterns for references; the role of a capture for predicates only is `None`.
pub(crate) struct CompiledReferences {
    pub query: Query,
    pub roles: Vec<Option<ReferenceRole>>,
}

/// The patterns for places where a mistake can be made.
pub(crate) struct CompiledSites {
    pub query: Query,
    pub roles: Vec<SiteRole>,
}

/// A compiled query with the role of each capture.
pub(crate) struct Compiled {
    pub query: Query,
    pub roles: Vec<Role>,
}

static OUTLINES: [LazyLock<Option<Compiled>>; 6] = [
    LazyLock::new(|| compile_outline(Language::Rust)),
    LazyLock::new(|| compile_outline(Language::Python)),
    LazyLock::new(|| compile_outline(Language::TypeScript)),
    LazyLock::new(|| compile_outline(Language::Tsx)),
    LazyLock::new(|| compile_outline(Language::JavaScript)),
    LazyLock::new(|| compile_outline(Language::Go)),
];

static RISKS: [LazyLock<Option<Query>>; 6] = [
    LazyLock::new(|| compile_risk(Language::Rust)),
    LazyLock::new(|| compile_risk(Language::Python)),
    LazyLock::new(|| compile_risk(Language::TypeScript)),
    LazyLock::new(|| compile_risk(Language::Tsx)),
    LazyLock::new(|| compile_risk(Language::JavaScript)),
    LazyLock::new(|| compile_risk(Language::Go)),
];

static REFERENCES: [LazyLock<Option<CompiledReferences>>; 6] = [
    LazyLock::new(|| compile_references(Language::Rust)),
    LazyLock::new(|| compile_references(Language::Python)),
    LazyLock::new(|| compile_references(Language::TypeScript)),
    LazyLock::new(|| compile_references(Language::Tsx)),
    LazyLock::new(|| compile_references(Language::JavaScript)),
    LazyLock::new(|| compile_references(Language::Go)),
];

static SITES: [LazyLock<Option<CompiledSites>>; 6] = [
    LazyLock::new(|| compile_sites(Language::Rust)),
    LazyLock::new(|| compile_sites(Language::Python)),
    LazyLock::new(|| compile_sites(Language::TypeScript)),
    LazyLock::new(|| compile_sites(Language::Tsx)),
    LazyLock::new(|| compile_sites(Language::JavaScript)),
    LazyLock::new(|| compile_sites(Language::Go)),
];

static STATEMENTS: [LazyLock<Option<Query>>; 6] = [
    LazyLock::new(|| compile_statements(Language::Rust)),
    LazyLock::new(|| compile_statements(Language::Python)),
    LazyLock::new(|| compile_statements(Language::TypeScript)),
    LazyLock::new(|| compile_statements(Language::Tsx)),
    LazyLock::new(|| compile_statements(Language::JavaScript)),
    LazyLock::new(|| compile_statements(Language::Go)),
];

static HIGHLIGHTS: [LazyLock<Option<Query>>; 6] = [
    LazyLock::new(|| compile_highlights(Language::Rust)),
    LazyLock::new(|| compile_highlights(Language::Python)),
    LazyLock::new(|| compile_highlights(Language::TypeScript)),
    LazyLock::new(|| compile_highlights(Language::Tsx)),
    LazyLock::new(|| compile_highlights(Language::JavaScript)),
    LazyLock::new(|| compile_highlights(Language::Go)),
];

/// The outline and test patterns of `language`. They are part of this build and a test compiles them all;
/// should one not compile after all, nothing is read rather than a crash.
pub(crate) fn outline_query(language: Language) -> Result<&'static Compiled, ParseError> {
    let slot = OUTLINES.get(position(language)).and_then(|slot| slot.as_ref());
    slot.ok_or(ParseError::Grammar { language })
}

/// The risk patterns of `language`; likewise.
pub(crate) fn risk_query(language: Language) -> Result<&'static Query, ParseError> {
    let slot = RISKS.get(position(language)).and_then(|slot| slot.as_ref());
    slot.ok_or(ParseError::Grammar { language })
}

/// The patterns for references of `language`; likewise.
pub(crate) fn references_query(
    language: Language,
) -> Result<&'static CompiledReferences, ParseError> {
    let slot = REFERENCES.get(position(language)).and_then(|slot| slot.as_ref());
    slot.ok_or(ParseError::Grammar { language })
}

/// The patterns for places where a mistake can be made in `language`; likewise.
pub(crate) fn sites_query(language: Language) -> Result<&'static CompiledSites, ParseError> {
    let slot = SITES.get(position(language)).and_then(|slot| slot.as_ref());
    slot.ok_or(ParseError::Grammar { language })
}

/// The patterns for statements of `language`; likewise.
pub(crate) fn statements_query(language: Language) -> Result<&'static Query, ParseError> {
    let slot = STATEMENTS.get(position(language)).and_then(|slot| slot.as_ref());
    slot.ok_or(ParseError::Grammar { language })
}

/// The patterns for colours of `language`; likewise.
pub(crate) fn highlight_query(language: Language) -> Result<&'static Query, ParseError> {
    let slot = HIGHLIGHTS.get(position(language)).and_then(|slot| slot.as_ref());
    slot.ok_or(ParseError::Grammar { language })
}

/// Hands every match of `query` to `take`, in the order they are found.
///
/// # Errors
/// [`ParseError::TooMuchSearch`] or [`ParseError::TooManyMatches`] when a limit is reached; matches are then
/// missing, so what `take` got is to be thrown away.
/// # Cost
/// Bounded by the length of the text.
pub(crate) fn search(
    parsed: &Parsed<'_>,
    query: &Query,
    take: impl FnMut(&QueryMatch<'_, '_>),
) -> Result<(), ParseError> {
    search_within(parsed, query, Budget::of(parsed.text().len()), take)
}

fn search_within(
    parsed: &Parsed<'_>,
    query: &Query,
    budget: Budget,
    mut take: impl FnMut(&QueryMatch<'_, '_>),
) -> Result<(), ParseError> {
    let (language, text) = (parsed.language(), parsed.text());
    let size_bytes = text.len();
    let (steps, read_bytes) = (Cell::new(0), Cell::new(0));
    let spent = || steps.get() > budget.steps || read_bytes.get() > budget.read_bytes;
    let mut progress = |_: &QueryCursorState| {
        steps.set(steps.get() + 1);
        if spent() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let node_text = |node: Node<'_>| {
        let piece = text.get(node.byte_range()).unwrap_or_default();
        read_bytes.set(read_bytes.get().saturating_add(piece.len()));
        std::iter::once(if spent() { b"".as_slice() } else { piece })
    };
    let mut cursor = QueryCursor::new();
    cursor.set_match_limit(budget.matches);
    let options = QueryCursorOptions::new().progress_callback(&mut progress);
    let mut matches =
        cursor.matches_with_options(query, parsed.tree().root_node(), node_text, options);
    while let Some(hit) = matches.next() {
        take(hit);
    }
    drop(matches);
    if spent() {
        return Err(ParseError::TooMuchSearch { language, size_bytes });
    }
    if cursor.did_exceed_match_limit() {
        return Err(ParseError::TooManyMatches { language, size_bytes });
    }
    Ok(())
}

impl Budget {
    fn of(size_bytes: usize) -> Self {
        Self {
            matches: MATCH_LIMIT,
            steps: STEPS_FLOOR + size_bytes / BYTES_PER_STEP,
            read_bytes: READ_FLOOR_BYTES + size_bytes * READS_PER_BYTE,
        }
    }
}

fn position(language: Language) -> usize {
    match language {
        Language::Rust => 0,
        Language::Python => 1,
        Language::TypeScript => 2,
        Language::Tsx => 3,
        Language::JavaScript => 4,
        Language::Go => 5,
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

fn compile_references(language: Language) -> Option<CompiledReferences> {
    let query = compile(language, grammar(language).references)?;
    let role = |name: &str| {
        Some(Some(match name {
            "use" => ReferenceRole::Name(Some(ReferenceKind::Use)),
            "local" => ReferenceRole::Name(Some(ReferenceKind::Local)),
            "member" => ReferenceRole::Name(Some(ReferenceKind::Member)),
            "import" => ReferenceRole::Name(Some(ReferenceKind::Import)),
            "import.default" => ReferenceRole::Nameless("default"),
            "import.whole" => ReferenceRole::Nameless("*"),
            "label" => ReferenceRole::Name(None),
            "import.source" => ReferenceRole::Source,
            "module" => ReferenceRole::Module,
            "arguments" => ReferenceRole::Arguments,
            _ if name.starts_with('_') => return Some(None),
            _ => return None,
        }))
    };
    let roles = query.capture_names().iter().map(|name| role(name)).collect::<Option<Vec<_>>>();
    debug_assert!(roles.is_some(), "unknown capture among {:?}", query.capture_names());
    Some(CompiledReferences { roles: roles?, query })
}

fn compile_sites(language: Language) -> Option<CompiledSites> {
    let query = compile(language, grammar(language).mutation)?;
    let roles: Option<Vec<_>> =
        query.capture_names().iter().map(|name| SiteRole::named(name)).collect();
    debug_assert!(roles.is_some(), "unknown capture among {:?}", query.capture_names());
    Some(CompiledSites { roles: roles?, query })
}

fn compile_statements(language: Language) -> Option<Query> {
    compile(language, grammar(language).statements)
}

fn compile_highlights(language: Language) -> Option<Query> {
    compile(language, grammar(language).highlights)
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
        "name.receiver" => Role::Receiver,
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
    use crate::{outline, parse, risky};

    const AMPLE: Budget = Budget { matches: 65_536, steps: usize::MAX, read_bytes: usize::MAX };

    #[test]
    fn every_query_compiles_and_every_capture_is_known() {
        for (at, language) in Language::ALL.into_iter().enumerate() {
            assert_eq!(position(language), at);
            assert!(outline_query(language).is_ok(), "outline of {}", language.name());
            assert!(risk_query(language).is_ok(), "risk of {}", language.name());
            assert!(references_query(language).is_ok(), "references of {}", language.name());
            assert!(sites_query(language).is_ok(), "sites of {}", language.name());
            assert!(statements_query(language).is_ok(), "statements of {}", language.name());
            assert!(highlight_query(language).is_ok(), "colours of {}", language.name());
        }
    }

    /// What a search for risks within `budget` finds.
    fn matches(language: Language, text: &str, budget: Budget) -> Result<usize, ParseError> {
        let parsed = parse(language, text.as_bytes()).unwrap();
        let mut found = 0;
        search_within(&parsed, risk_query(language).unwrap(), budget, |_| found += 1)?;
        Ok(found)
    }

    #[test]
    fn dropped_matches_are_an_error_and_not_a_silence() {
        let text = format!("x={}eval(x){}", "f({a:".repeat(100), "})".repeat(100));
        let of = |matches_limit| {
            matches(Language::JavaScript, &text, Budget { matches: matches_limit, ..AMPLE })
        };
        let size_bytes = text.len();
        let language = Language::JavaScript;
        assert_eq!(of(8), Err(ParseError::TooManyMatches { language, size_bytes }));
        assert_eq!(of(MATCH_LIMIT), Ok(1));
    }

    #[test]
    fn a_search_stops_at_its_steps() {
        let text = "eval(x);".repeat(2000);
        let of = |steps| matches(Language::JavaScript, &text, Budget { steps, ..AMPLE });
        let (language, size_bytes) = (Language::JavaScript, text.len());
        assert_eq!(of(10), Err(ParseError::TooMuchSearch { language, size_bytes }));
        assert_eq!(of(Budget::of(size_bytes).steps), Ok(2000));
    }

    #[test]
    fn predicates_stop_reading_at_their_bytes() {
        let text = format!("x = a{}", ".b()".repeat(200));
        let of = |read_bytes| matches(Language::JavaScript, &text, Budget { read_bytes, ..AMPLE });
        let (language, size_bytes) = (Language::JavaScript, text.len());
        assert_eq!(of(10_000), Err(ParseError::TooMuchSearch { language, size_bytes }));
        assert_eq!(of(Budget::of(size_bytes).read_bytes), Ok(0));
    }

    #[test]
    fn much_below_many_open_patterns_is_not_searched() {
        let (deep, wide) = (240, 30_000);
        let text = format!(
            "x={}[{}]{}",
            "a.b('',()=>".repeat(deep),
            "a.b,".repeat(wide),
            ")".repeat(deep)
        );
        let parsed = parse(Language::JavaScript, text.as_bytes()).unwrap();
        let error =
            ParseError::TooMuchSearch { language: Language::JavaScript, size_bytes: text.len() };
        assert_eq!(outline(&parsed).map(drop), Err(error));
        assert_eq!(risky(&parsed).map(drop), Ok(()));
    }
}
