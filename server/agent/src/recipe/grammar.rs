//! Our languages as ast-grep sees them: how to parse them and how a pattern spells its variables.

use std::borrow::Cow;

use ast_grep_core::Language as PatternLanguage;
use ast_grep_core::matcher::{Pattern, PatternBuilder, PatternError};
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc, TSLanguage};
use model::Language;
use serde::{Deserialize, Deserializer, de};

/// A language of the model, with its tree-sitter grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grammar(pub(super) Language);

impl<'de> Deserialize<'de> for Grammar {
    /// Takes a language's name in any case: rules written for ast-grep say `TypeScript`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = Language::ALL.into_iter().find(|it| it.name().eq_ignore_ascii_case(&name));
        known.map(Self).ok_or_else(|| {
            let names = Language::ALL.map(Language::name).join(", ");
            de::Error::custom(format!("unknown language `{name}`: one of {names} is needed"))
        })
    }
}

impl PatternLanguage for Grammar {
    /// Identifiers cannot start with `$` in Rust, Python and Go, so a pattern's `$NAME` is parsed as `µNAME`.
    fn expando_char(&self) -> char {
        match self.0 {
            Language::Rust | Language::Python | Language::Go => 'µ',
            Language::TypeScript | Language::Tsx | Language::JavaScript => '$',
        }
    }

    fn pre_process_pattern<'q>(&self, query: &'q str) -> Cow<'q, str> {
        let expando = self.expando_char();
        if expando == '$' { Cow::Borrowed(query) } else { Cow::Owned(respell(query, expando)) }
    }

    /// A named kind first, then a token such as `except`: replacing one token leaves a clause's body alone.
    fn kind_to_id(&self, kind: &str) -> u16 {
        let language = self.get_ts_language();
        match language.id_for_node_kind(kind, true) {
            0 => language.id_for_node_kind(kind, false),
            id => id,
        }
    }

    fn field_to_id(&self, field: &str) -> Option<u16> {
        self.get_ts_language().field_id_for_name(field).map(|id| id.get())
    }

    fn build_pattern(&self, builder: &PatternBuilder) -> Result<Pattern, PatternError> {
        builder.build(|source| StrDoc::try_new(source, *self))
    }
}

impl LanguageExt for Grammar {
    fn get_ts_language(&self) -> TSLanguage {
        match self.0 {
            Language::Rust => tree_sitter_rust::LANGUAGE.into(),
            Language::Python => tree_sitter_python::LANGUAGE.into(),
            Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Language::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Language::Go => tree_sitter_go::LANGUAGE.into(),
        }
    }
}

/// Respells the sigils of `$A`, `$$A`, `$$$A` and `$$$` as `expando`; other dollars stay.
fn respell(query: &str, expando: char) -> String {
    let mut out = String::with_capacity(query.len());
    let mut chars = query.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '$' {
            out.push(c);
            continue;
        }
        let mut dollars = 1;
        while chars.next_if_eq(&'$').is_some() {
            dollars += 1;
        }
        let names = chars.peek().is_some_and(|next| next.is_ascii_uppercase() || *next == '_');
        let sigil = if names || dollars == 3 { expando } else { '$' };
        out.extend(std::iter::repeat_n(sigil, dollars));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sigils_of_variables_are_respelled() {
        assert_eq!(respell("f($A, $$$ARGS, $$$)", 'µ'), "f(µA, µµµARGS, µµµ)");
        assert_eq!(respell("cost = \"$5\" + $", 'µ'), "cost = \"$5\" + $");
    }

    #[test]
    fn kinds_may_be_tokens() {
        let python = Grammar(Language::Python);
        assert_ne!(python.kind_to_id("except_clause"), 0);
        assert_ne!(python.kind_to_id("except"), 0);
        assert_eq!(python.kind_to_id("no_such_kind"), 0);
    }
}
