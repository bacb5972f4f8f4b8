//! YAML to rules: reads a recipe, refuses what would not run as written, and compiles it per language.

use std::error::Error;

use ast_grep_config::{
    Fixer, GlobalRules, RuleConfig, RuleConfigError, SerializableRuleConfig, Severity as Level,
};
use model::{Language, Severity};
use serde::Deserialize;

use super::grammar::Grammar;
use super::rewrite::{Rule, words};
use super::{RecipeCard, RecipeRisk};

/// Longer recipe files are refused.
pub const RECIPE_MAX_BYTES: usize = 64 * 1024;

/// Why a recipe does not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// The text is above [`RECIPE_MAX_BYTES`].
    #[error(
        "recipe `{name}` has {size_bytes} bytes, and {RECIPE_MAX_BYTES} is the limit: split it"
    )]
    TooLarge {
        /// Where it came from.
        name: String,
        /// Its size.
        size_bytes: usize,
    },
    /// It is not YAML, or not a recipe.
    #[error("{name}:{line}:{column}: {message}")]
    Yaml {
        /// Where it came from.
        name: String,
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What is wrong, in one line.
        message: String,
    },
    /// It holds no rule.
    #[error("recipe `{name}` is empty: it needs `language`, `message`, `rule` and `fix`")]
    Empty {
        /// Where it came from.
        name: String,
    },
    /// A rule, constraint, transform or fix is not valid for a language.
    #[error("recipe `{name}`, document {document}, for {language}: {message}")]
    Rule {
        /// Where it came from.
        name: String,
        /// Which YAML document of the file, from 1.
        document: usize,
        /// For which language it does not work.
        language: &'static str,
        /// What is wrong, from the outside in.
        message: String,
    },
    /// A key that ast-grep knows and recipes do not, so that leaving it out silently would mislead, or a
    /// key that is missing.
    #[error("recipe `{name}`, document {document}: {message}")]
    Key {
        /// Where it came from.
        name: String,
        /// Which YAML document of the file, from 1.
        document: usize,
        /// Which key, and what to do.
        message: &'static str,
    },
}

/// The part of the first document that describes the recipe.
#[derive(Deserialize)]
struct Head {
    id: Option<String>,
    language: Grammar,
    #[serde(default)]
    message: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    severity: Level,
    #[serde(default)]
    metadata: HeadMetadata,
}

/// `metadata:`; keys of other tools are theirs.
#[derive(Deserialize, Default)]
struct HeadMetadata {
    #[serde(default)]
    risk: RecipeRisk,
    #[serde(default)]
    together: bool,
    #[serde(default)]
    answers: Vec<String>,
    /// Further languages the rules are for, as written.
    #[serde(default)]
    also: Vec<Grammar>,
}

pub(super) fn load(name: &str, yaml: &str) -> Result<(RecipeCard, Vec<Rule>), RecipeError> {
    if yaml.len() > RECIPE_MAX_BYTES {
        return Err(RecipeError::TooLarge { name: name.to_owned(), size_bytes: yaml.len() });
    }
    let configs: Vec<SerializableRuleConfig<Grammar>> = documents(name, yaml)?;
    let heads: Vec<Head> = documents(name, yaml)?;
    let Some(head) = heads.into_iter().next() else {
        return Err(RecipeError::Empty { name: name.to_owned() });
    };
    let severity = match head.severity {
        Level::Hint | Level::Info => Severity::Note,
        Level::Warning => Severity::Warning,
        Level::Error => Severity::Error,
        Level::Off => return Err(key(name, 1, "`severity: off` never runs: delete the recipe")),
    };
    let title = head.message.trim().to_owned();
    if title.is_empty() || title.contains('\n') {
        return Err(key(name, 1, "`message` is needed, in one line: it is the proposal's title"));
    }
    let mut languages = vec![head.language.0];
    languages.extend(head.metadata.also.iter().map(|grammar| grammar.0));
    languages.dedup();

    let mut rules = Vec::new();
    for (document, config) in (1..).zip(configs) {
        if config.language != head.language {
            return Err(key(name, document, "`language` differs from the first document's"));
        }
        check_keys(name, document, &config)?;
        for language in &languages {
            rules.push(compile(name, document, *language, config.clone())?);
        }
    }
    let card = RecipeCard {
        id: head.id.filter(|id| !id.is_empty()).unwrap_or_else(|| name.to_owned()),
        languages,
        title,
        rationale: head.note.trim().to_owned(),
        severity,
        risk: head.metadata.risk,
        together: head.metadata.together,
        answers: head.metadata.answers,
    };
    Ok((card, rules))
}

fn documents<T: for<'de> Deserialize<'de>>(name: &str, yaml: &str) -> Result<Vec<T>, RecipeError> {
    ast_grep_config::from_multiple(yaml).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        // The rendered form goes on with an excerpt of the file; its first line says what is wrong, and where.
        let rendered = error.without_snippet().to_string();
        let message = rendered.lines().next().unwrap_or_default();
        let message = message.trim_end_matches(&format!(" at line {line}, column {column}"));
        RecipeError::Yaml { name: name.to_owned(), line, column, message: message.to_owned() }
    })
}

fn check_keys(
    name: &str,
    document: usize,
    config: &SerializableRuleConfig<Grammar>,
) -> Result<(), RecipeError> {
    if config.files.is_some() || config.ignores.is_some() {
        return Err(key(
            name,
            document,
            "`files` and `ignores` are not read: a recipe is given its files",
        ));
    }
    if config.fix.is_none() {
        return Err(key(name, document, "`fix` is missing: a rule without one proposes nothing"));
    }
    Ok(())
}

fn compile(
    name: &str,
    document: usize,
    language: Language,
    mut config: SerializableRuleConfig<Grammar>,
) -> Result<Rule, RecipeError> {
    let fail = |message: String| RecipeError::Rule {
        name: name.to_owned(),
        document,
        language: language.name(),
        message,
    };
    let globals = GlobalRules::default();
    config.language = Grammar(language);

    // A captured text keeps its line ends; only those of the fix itself are chosen here.
    let mut fix = serde_json::to_value(&config.fix).map_err(|error| fail(error.to_string()))?;
    let multiline = break_lines_with_crlf(&mut fix);
    let mut config_crlf = config.clone();
    config_crlf.fix = serde_json::from_value(fix).map_err(|error| fail(error.to_string()))?;

    let conditions =
        serde_json::to_string(&config.core).map_err(|error| fail(error.to_string()))?;
    let words = words(&conditions).map(str::to_owned).collect();
    let compile = |config| {
        RuleConfig::try_from(config, &globals).map_err(|error| match &error {
            // Its own words say that the YAML does not parse, which is not so.
            RuleConfigError::Core(cause) => fail(with_causes(cause)),
            _ => fail(with_causes(&error)),
        })
    };
    let (mut config, config_crlf) = (compile(config)?, compile(config_crlf)?);
    let fix = only(std::mem::take(&mut config.fixer));
    match (fix, only(config_crlf.fixer)) {
        (Some(fix), Some(fix_crlf)) => {
            Ok(Rule { grammar: Grammar(language), config, fix, fix_crlf, multiline, words })
        }
        _ => Err(key(name, document, "`fix` must be one fix, not a list to choose from")),
    }
}

fn only(mut fixes: Vec<Fixer>) -> Option<Fixer> {
    let fix = fixes.pop();
    fix.filter(|_| fixes.is_empty())
}

/// Rewrites the template of a serialized fix; tells whether it has several lines.
fn break_lines_with_crlf(fix: &mut serde_json::Value) -> bool {
    let template = match fix {
        serde_json::Value::Object(config) => config.get_mut("template"),
        other => Some(other),
    };
    let Some(serde_json::Value::String(template)) = template else {
        return false;
    };
    let multiline = template.contains('\n');
    *template = template.replace('\n', "\r\n");
    multiline
}

fn key(name: &str, document: usize, message: &'static str) -> RecipeError {
    RecipeError::Key { name: name.to_owned(), document, message }
}

/// An error with its causes in one line: ast-grep says "`rule` is not configured correctly" outside and
/// the reason inside.
fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let texts: Vec<String> =
        causes.map(|error| error.to_string().trim_end_matches('.').replace('\n', " ")).collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::recipe::Recipe;

    fn check(yaml: &str, error: Expect) {
        error.assert_eq(&Recipe::parse("mine.yml", yaml).unwrap_err().to_string());
    }

    #[test]
    fn a_broken_recipe_names_the_file_and_the_place() {
        check(
            "id: x\nlanguage: rust\nmessage: m\nrule: {pattern: $A\nfix: b\n",
            expect!["mine.yml:5:4: while parsing a flow mapping, did not find expected ',' or '}'"],
        );
        check(
            "language: cobol\nmessage: m\nrule: {pattern: $A}\nfix: b\n",
            expect![
                "mine.yml:1:11: unknown language `cobol`: one of rust, python, typescript, tsx, javascript, go is needed"
            ],
        );
        check(
            "language: rust\nmessage: m\nrule: {patern: $A}\nfix: b\n",
            expect![
                "mine.yml:4:1: unknown field `patern`, expected one of pattern, kind, regex, nthChild, range, inside, has, precedes, follows, all, any, not, matches"
            ],
        );
        check(
            "language: rust\nmessage: m\nruel: {pattern: $A}\nfix: b\n",
            expect!["mine.yml:4:1: missing field `rule`"],
        );
        check(
            "",
            expect!["recipe `mine.yml` is empty: it needs `language`, `message`, `rule` and `fix`"],
        );
    }

    #[test]
    fn a_rule_that_cannot_work_says_why() {
        check(
            "language: rust\nmessage: m\nrule: {kind: nonsense}\nfix: b\n",
            expect![
                "recipe `mine.yml`, document 1, for rust: `rule` is not configured correctly: Rule contains invalid kind matcher: Invalid Kind: Kind `nonsense` is invalid"
            ],
        );
        check(
            "language: rust\nmessage: m\nrule: {pattern: 'f($A)'}\nfix: $B\n",
            expect![
                "recipe `mine.yml`, document 1, for rust: Undefined meta var `B` used in `fix`"
            ],
        );
        check(
            "language: rust\nmessage: m\nrule: {regex: a}\nfix: b\n",
            expect![
                "recipe `mine.yml`, document 1, for rust: Rule must specify a set of AST kinds to match. Try adding `kind` rule"
            ],
        );
        check(
            "language: typescript\nmessage: m\nrule: {kind: type_annotation}\nfix: b\nmetadata: {also: [javascript]}\n",
            expect![
                "recipe `mine.yml`, document 1, for javascript: `rule` is not configured correctly: Rule contains invalid kind matcher: Invalid Kind: Kind `type_annotation` is invalid"
            ],
        );
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        check(
            "language: rust\nmessage: m\nrule: {pattern: 'f($A)'}\n",
            expect![
                "recipe `mine.yml`, document 1: `fix` is missing: a rule without one proposes nothing"
            ],
        );
        check(
            "language: rust\nrule: {pattern: 'f($A)'}\nfix: b\n",
            expect![
                "recipe `mine.yml`, document 1: `message` is needed, in one line: it is the proposal's title"
            ],
        );
        check(
            "language: rust\nmessage: m\nfiles: [a]\nrule: {pattern: 'f($A)'}\nfix: b\n",
            expect![
                "recipe `mine.yml`, document 1: `files` and `ignores` are not read: a recipe is given its files"
            ],
        );
        check(
            "language: rust\nmessage: m\nrule: {pattern: 'f($A)'}\nfix: [{template: a, title: t}, {template: b, title: u}]\n",
            expect![
                "recipe `mine.yml`, document 1: `fix` must be one fix, not a list to choose from"
            ],
        );
        check(
            "language: rust\nmessage: m\nmetadata: {risk: some}\nrule: {pattern: 'f($A)'}\nfix: b\n",
            expect![
                "mine.yml:3:18: unknown variant `some`, expected one of none, build, behaviour"
            ],
        );
        check(
            &"#".repeat(super::RECIPE_MAX_BYTES + 1),
            expect!["recipe `mine.yml` has 65537 bytes, and 65536 is the limit: split it"],
        );
    }
}
