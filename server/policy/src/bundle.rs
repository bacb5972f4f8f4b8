//! A bundle: the text of some rules, checked in everything but its meaning.

use std::collections::BTreeMap;

use model::{Decision, Digest, Severity};

use crate::error::PolicyError;
use crate::limits::{MODULE_BYTES_MAX, MODULES_MAX, RULES_MAX};
use crate::metadata;
use crate::outline::{Outline, check_calls, check_depth, outline};

/// The rules that come with the program.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// The entry point: it states a decision instead of reasons, and is not below `countersign`, because a rule
/// cannot read the tree that it is part of.
pub(crate) const ENTRY: &str = "main/verdict.rego";

/// The category of shared functions; its modules are no rules.
const SHARED_CATEGORY: &str = "lib";

/// Some modules of Rego, by name, and the digest of those that judge.
///
/// A module is named `<category>/<rule>.rego` and its package is `countersign.<category>.<rule>`; a test
/// lies beside its rule, in `<category>/<rule>_test.rego`. Every module but tests and those of the category
/// `lib` must define `deny contains` or `review contains`. The entry point is no rule and is the only module
/// of the category `main`: `main/verdict.rego`, package `main.verdict`.
#[derive(Debug, Clone)]
pub struct Bundle {
    modules: BTreeMap<String, Module>,
    digest: Digest,
}

#[derive(Debug, Clone)]
pub(crate) struct Module {
    pub(crate) text: String,
    pub(crate) outline: Outline,
}

/// What the documentation and the rule table of a report say of one rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RuleDoc {
    /// `<category>.<rule>`, the id in verdicts.
    pub id: String,
    /// One line; the id where the rule has no metadata.
    pub title: String,
    /// Why the rule exists. May be empty.
    pub description: String,
    /// The severity of a reason that states none; `warning` where the rule has no metadata.
    pub severity: Severity,
    /// What the rule can ask for, strictest first.
    pub decisions: Vec<Decision>,
    /// The module that defines it.
    pub file: String,
    /// The first line, from 1, of its first `deny` or `review`.
    pub line: u32,
}

impl Bundle {
    /// The rules that come with the program, and their tests.
    ///
    /// # Errors
    /// Any [`PolicyError`], when the program was built with broken rules; this crate's tests see to it that
    /// it was not.
    pub fn built_in() -> Result<Self, PolicyError> {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Self::from_modules(BUILT_IN.iter().map(owned).collect())
    }

    /// Takes modules as `(name, text)`; names as the type says, in any order.
    ///
    /// # Errors
    /// The first [`PolicyError`] of a name, a limit, the lexer, a package, a module that says nothing,
    /// metadata, or calls that the engine would not survive.
    ///
    /// # Cost
    /// One pass over the text; nothing is evaluated.
    pub fn from_modules(modules: Vec<(String, String)>) -> Result<Self, PolicyError> {
        limit("modules of a bundle", modules.len(), MODULES_MAX)?;
        let mut checked = BTreeMap::new();
        for (name, text) in modules {
            let (category, rule) = split(&name).ok_or(PolicyError::Name { name: name.clone() })?;
            limit(&format!("bytes of {name}"), text.len(), MODULE_BYTES_MAX)?;
            let outline = outline(&name, &text)?;
            let wanted = match category {
                "main" if is_entry(&name) => format!("main.{rule}"),
                "main" => return Err(PolicyError::Name { name }),
                _ => format!("countersign.{category}.{rule}"),
            };
            if outline.package != wanted {
                let (place, found) = (outline.place, outline.package);
                return Err(PolicyError::Package { place, found, wanted });
            }
            let module = Module { text, outline };
            if is_rule(&name) && module.decisions().is_empty() {
                return Err(PolicyError::Silent { place: module.outline.place });
            }
            metadata::read(&name, &module.text)?;
            if checked.contains_key(&name) {
                return Err(PolicyError::Twice { name });
            }
            checked.insert(name, module);
        }
        let declared = checked.values().map(|module| module.outline.heads.len()).sum();
        limit("rules and functions of a bundle", declared, RULES_MAX)?;
        check_calls(checked.values().map(|module| &module.outline))?;
        check_depth(checked.values().map(|module| &module.outline))?;
        let judging: Vec<_> = checked
            .iter()
            .filter(|(name, _)| !is_test(name))
            .map(|(name, module)| (name, Digest::of(module.text.as_bytes())))
            .collect();
        let digest = Digest::of_json(&judging);
        Ok(Self { modules: checked, digest })
    }

    /// The digest of the names and texts of all modules that judge; tests do not enter it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The names of all modules, ordered.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// The modules that judge, ordered by name.
    pub(crate) fn judging(&self) -> impl Iterator<Item = (&str, &Module)> {
        self.modules().filter(|(name, _)| !is_test(name))
    }

    /// The modules that test, ordered by name.
    pub(crate) fn testing(&self) -> impl Iterator<Item = (&str, &Module)> {
        self.modules().filter(|(name, _)| is_test(name))
    }

    fn modules(&self) -> impl Iterator<Item = (&str, &Module)> {
        self.modules.iter().map(|(name, module)| (name.as_str(), module))
    }
}

impl Module {
    /// What the module can ask for, strictest first.
    fn decisions(&self) -> Vec<Decision> {
        let has = |word| self.outline.heads.iter().any(|head| head.contains && head.name == word);
        let both = [(Decision::Deny, "deny"), (Decision::Review, "review")];
        both.into_iter().filter(|(_, word)| has(*word)).map(|(decision, _)| decision).collect()
    }
}

/// What every rule of a bundle says of itself, ordered by id.
///
/// # Errors
/// [`PolicyError::Metadata`]; not for a [`Bundle`], which was checked for it.
pub fn rules(bundle: &Bundle) -> Result<Vec<RuleDoc>, PolicyError> {
    let mut docs = Vec::new();
    for (name, module) in bundle.judging().filter(|(name, _)| is_rule(name)) {
        let Some((category, rule)) = split(name) else { continue };
        let metadata = metadata::read(name, &module.text)?;
        let id = format!("{category}.{rule}");
        let speaks = |name: &str| name == "deny" || name == "review";
        let line = module.outline.heads.iter().find(|head| speaks(&head.name));
        docs.push(RuleDoc {
            title: metadata.title.unwrap_or_else(|| id.clone()),
            description: metadata.description.unwrap_or_default(),
            severity: metadata.severity.unwrap_or(Severity::Warning),
            decisions: module.decisions(),
            file: name.to_owned(),
            line: line.map_or(1, |head| head.place.line),
            id,
        });
    }
    docs.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(docs)
}

/// Whether a module holds tests.
pub(crate) fn is_test(name: &str) -> bool {
    name.ends_with("_test.rego")
}

/// Whether a module is a rule: neither a test, nor shared, nor the entry point.
fn is_rule(name: &str) -> bool {
    let category = split(name).map(|(category, _)| category);
    !is_test(name) && !is_entry(name) && category != Some(SHARED_CATEGORY)
}

/// Whether a module is the entry point or its test.
fn is_entry(name: &str) -> bool {
    name == ENTRY || name == "main/verdict_test.rego"
}

/// The category and the rule of a module's name.
fn split(name: &str) -> Option<(&str, &str)> {
    let (category, rule) = name.strip_suffix(".rego")?.split_once('/')?;
    let letter = |b: u8| b.is_ascii_lowercase() || b == b'_';
    let word = |text: &str| {
        text.bytes().all(|b| letter(b) || b.is_ascii_digit())
            && text.bytes().next().is_some_and(letter)
    };
    (word(category) && word(rule)).then_some((category, rule))
}

fn limit(what: &str, count: usize, max: usize) -> Result<(), PolicyError> {
    if count <= max {
        return Ok(());
    }
    Err(PolicyError::Limit { what: what.to_owned(), count, max })
}
