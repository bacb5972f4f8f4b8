//! One row per language: its grammar, its queries, and the few node kinds that queries cannot speak of.

use model::Language;

/// What Countersign knows of one language beside `model::Language`.
pub(crate) struct Grammar {
    /// The tree-sitter grammar.
    pub language: fn() -> tree_sitter::Language,
    /// `outline.scm` and `tests.scm`, those it shares with others first.
    pub outline: &'static [&'static str],
    /// `risk.scm`, likewise.
    pub risk: &'static [&'static str],
    /// `references.scm`, likewise.
    pub references: &'static [&'static str],
    /// `mutation.scm`, likewise.
    pub mutation: &'static [&'static str],
    /// `statements.scm`, likewise.
    pub statements: &'static [&'static str],
    /// The grammar's own patterns for colours; of several for one node the last counts.
    pub highlights: &'static [&'static str],
    /// Between the parts of a qualified name.
    pub separator: &'static str,
    /// How the language says who may use a thing.
    pub visibility: VisibilityRule,
    /// Nodes that are comments.
    pub comments: &'static [&'static str],
    /// Nodes before a declaration that belong to it.
    pub attributes: &'static [&'static str],
    /// Nodes that count as one piece of text: white space inside them means something.
    pub atoms: &'static [&'static str],
    /// Nodes that mean nothing, beside white space.
    pub skipped: &'static [&'static str],
    /// Lists in which a comma before the closing bracket means nothing.
    pub comma_lists: &'static [&'static str],
    /// Lists in which no comma means anything, since their elements are nodes.
    pub loose_comma_lists: &'static [&'static str],
    /// Whether a semicolon only ends a statement.
    pub optional_semicolons: bool,
    /// Whether `'` and `"` quote alike.
    pub either_quote: bool,
}

/// How a language says who may use a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VisibilityRule {
    /// Private unless a marker says otherwise; members of traits and trait implementations follow them.
    Marker,
    /// Public unless the name starts with an underscore.
    Underscore,
    /// Modules export; members of what is exported are public unless marked private.
    Export,
    /// Public if the name starts with a capital.
    Capital,
}

const ECMA_COMMENTS: &[&str] = &["comment", "html_comment"];
const ECMA_ATOMS: &[&str] = &["regex", "jsx_text", "string_fragment"];
const ECMA_COMMA_LISTS: &[&str] = &[
    "arguments",
    "formal_parameters",
    "array",
    "object",
    "object_pattern",
    "named_imports",
    "export_clause",
    "enum_body",
    "type_parameters",
    "type_arguments",
    "tuple_type",
];
const ECMA_LOOSE_COMMA_LISTS: &[&str] = &["object", "object_type", "interface_body"];

static RUST: Grammar = Grammar {
    language: || tree_sitter_rust::LANGUAGE.into(),
    outline: &[
        include_str!("../../../queries/rust/outline.scm"),
        include_str!("../../../queries/rust/tests.scm"),
    ],
    risk: &[include_str!("../../../queries/rust/risk.scm")],
    references: &[include_str!("../../../queries/rust/references.scm")],
    mutation: &[include_str!("../../../queries/rust/mutation.scm")],
    statements: &[include_str!("../../../queries/rust/statements.scm")],
    highlights: &[tree_sitter_rust::HIGHLIGHTS_QUERY],
    separator: "::",
    visibility: VisibilityRule::Marker,
    comments: &["line_comment", "block_comment"],
    attributes: &["attribute_item"],
    atoms: &["string_content"],
    skipped: &[],
    comma_lists: &[
        "arguments",
        "parameters",
        "array_expression",
        "field_initializer_list",
        "field_declaration_list",
        "ordered_field_declaration_list",
        "enum_variant_list",
        "type_parameters",
        "type_arguments",
        "use_list",
        "struct_pattern",
        "tuple_struct_pattern",
        "where_clause",
    ],
    loose_comma_lists: &[],
    optional_semicolons: false,
    either_quote: false,
};

static PYTHON: Grammar = Grammar {
    language: || tree_sitter_python::LANGUAGE.into(),
    outline: &[
        include_str!("../../../queries/python/outline.scm"),
        include_str!("../../../queries/python/tests.scm"),
    ],
    risk: &[include_str!("../../../queries/python/risk.scm")],
    references: &[include_str!("../../../queries/python/references.scm")],
    mutation: &[include_str!("../../../queries/python/mutation.scm")],
    statements: &[include_str!("../../../queries/python/statements.scm")],
    highlights: &[tree_sitter_python::HIGHLIGHTS_QUERY],
    separator: ".",
    visibility: VisibilityRule::Underscore,
    comments: &["comment"],
    attributes: &[],
    atoms: &["string_content", "format_specifier"],
    skipped: &["line_continuation"],
    comma_lists: &["argument_list", "parameters", "list", "dictionary", "set"],
    loose_comma_lists: &[],
    optional_semicolons: false,
    either_quote: true,
};

static JAVASCRIPT: Grammar = Grammar {
    language: || tree_sitter_javascript::LANGUAGE.into(),
    outline: &[
        include_str!("../../../queries/ecmascript/outline.scm"),
        include_str!("../../../queries/javascript/outline.scm"),
        include_str!("../../../queries/ecmascript/tests.scm"),
    ],
    risk: &[
        include_str!("../../../queries/ecmascript/risk.scm"),
        include_str!("../../../queries/javascript/risk.scm"),
    ],
    references: &[
        include_str!("../../../queries/ecmascript/references.scm"),
        include_str!("../../../queries/javascript/references.scm"),
    ],
    mutation: &[include_str!("../../../queries/ecmascript/mutation.scm")],
    statements: &[include_str!("../../../queries/ecmascript/statements.scm")],
    highlights: &[
        tree_sitter_javascript::HIGHLIGHT_QUERY,
        tree_sitter_javascript::JSX_HIGHLIGHT_QUERY,
    ],
    separator: ".",
    visibility: VisibilityRule::Export,
    comments: ECMA_COMMENTS,
    attributes: &[],
    atoms: ECMA_ATOMS,
    skipped: &[],
    comma_lists: ECMA_COMMA_LISTS,
    loose_comma_lists: ECMA_LOOSE_COMMA_LISTS,
    optional_semicolons: true,
    either_quote: true,
};

const TYPESCRIPT_OUTLINE: &[&str] = &[
    include_str!("../../../queries/ecmascript/outline.scm"),
    include_str!("../../../queries/typescript/outline.scm"),
    include_str!("../../../queries/ecmascript/tests.scm"),
];

const TYPESCRIPT_MUTATION: &[&str] = &[
    include_str!("../../../queries/ecmascript/mutation.scm"),
    include_str!("../../../queries/typescript/mutation.scm"),
];

const TYPESCRIPT_STATEMENTS: &[&str] = &[
    include_str!("../../../queries/ecmascript/statements.scm"),
    include_str!("../../../queries/typescript/statements.scm"),
];

const TYPESCRIPT_REFERENCES: &[&str] = &[
    include_str!("../../../queries/ecmascript/references.scm"),
    include_str!("../../../queries/typescript/references.scm"),
];

static TYPESCRIPT: Grammar = Grammar {
    language: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
    outline: TYPESCRIPT_OUTLINE,
    risk: &[
        include_str!("../../../queries/ecmascript/risk.scm"),
        include_str!("../../../queries/typescript/risk.scm"),
    ],
    references: TYPESCRIPT_REFERENCES,
    mutation: TYPESCRIPT_MUTATION,
    statements: TYPESCRIPT_STATEMENTS,
    highlights: &[
        tree_sitter_typescript::HIGHLIGHTS_QUERY,
        tree_sitter_javascript::HIGHLIGHT_QUERY,
    ],
    separator: ".",
    visibility: VisibilityRule::Export,
    comments: ECMA_COMMENTS,
    attributes: &["decorator"],
    atoms: ECMA_ATOMS,
    skipped: &[],
    comma_lists: ECMA_COMMA_LISTS,
    loose_comma_lists: ECMA_LOOSE_COMMA_LISTS,
    optional_semicolons: true,
    either_quote: true,
};

static TSX: Grammar = Grammar {
    language: || tree_sitter_typescript::LANGUAGE_TSX.into(),
    outline: TYPESCRIPT_OUTLINE,
    risk: &[
        include_str!("../../../queries/ecmascript/risk.scm"),
        include_str!("../../../queries/typescript/risk.scm"),
        include_str!("../../../queries/tsx/risk.scm"),
    ],
    references: TYPESCRIPT_REFERENCES,
    mutation: TYPESCRIPT_MUTATION,
    statements: TYPESCRIPT_STATEMENTS,
    highlights: &[
        tree_sitter_typescript::HIGHLIGHTS_QUERY,
        tree_sitter_javascript::HIGHLIGHT_QUERY,
        tree_sitter_javascript::JSX_HIGHLIGHT_QUERY,
    ],
    separator: ".",
    visibility: VisibilityRule::Export,
    comments: ECMA_COMMENTS,
    attributes: &["decorator"],
    atoms: ECMA_ATOMS,
    skipped: &[],
    comma_lists: ECMA_COMMA_LISTS,
    loose_comma_lists: ECMA_LOOSE_COMMA_LISTS,
    optional_semicolons: true,
    either_quote: true,
};

static GO: Grammar = Grammar {
    language: || tree_sitter_go::LANGUAGE.into(),
    outline: &[
        include_str!("../../../queries/go/outline.scm"),
        include_str!("../../../queries/go/tests.scm"),
    ],
    risk: &[include_str!("../../../queries/go/risk.scm")],
    references: &[include_str!("../../../queries/go/references.scm")],
    mutation: &[include_str!("../../../queries/go/mutation.scm")],
    statements: &[include_str!("../../../queries/go/statements.scm")],
    highlights: &[tree_sitter_go::HIGHLIGHTS_QUERY],
    separator: ".",
    visibility: VisibilityRule::Capital,
    comments: &["comment"],
    attributes: &[],
    atoms: &["interpreted_string_literal_content", "raw_string_literal_content"],
    skipped: &["\n"],
    comma_lists: &["argument_list", "parameter_list", "literal_value"],
    loose_comma_lists: &[],
    optional_semicolons: true,
    either_quote: false,
};

/// The row of `language`.
pub(crate) fn grammar(language: Language) -> &'static Grammar {
    match language {
        Language::Rust => &RUST,
        Language::Python => &PYTHON,
        Language::TypeScript => &TYPESCRIPT,
        Language::Tsx => &TSX,
        Language::JavaScript => &JAVASCRIPT,
        Language::Go => &GO,
    }
}
