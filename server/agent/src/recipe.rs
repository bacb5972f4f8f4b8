//! Recipes: structural rewrite rules as a worker that needs no model, no process and no file.
//!
//! A recipe is a YAML file in ast-grep's rule format (`queries/recipes/README.md` describes it). The
//! built-in ones are compiled into the program: start at [`recipes`], then [`Recipe::propose`] for one
//! text. What a recipe refuses to know: where texts come from, which files are generated, and whether
//! its proposal is wanted. Same recipe, same text, same proposal.

use model::{Language, RelPath, Severity};
use serde::{Deserialize, Serialize};

mod embedded;
mod grammar;
mod load;
mod recursion;
mod rewrite;

pub use embedded::recipes;
pub use load::{RECIPE_MAX_BYTES, RecipeError};
pub use rewrite::{DEPTH_MAX, Place, ROUNDS_MAX, Rewritten, Skipped, Source, TEXT_MAX_BYTES};

/// What a recipe says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeCard {
    /// Its name: `<language>/<name>` for the built-in ones.
    pub id: String,
    /// The languages whose files it looks at; never empty.
    pub languages: Vec<Language>,
    /// One line: the title of what it proposes.
    pub title: String,
    /// Why the result is better, and when it is not.
    pub rationale: String,
    /// How much the places it finds matter.
    pub severity: Severity,
    /// What can go wrong.
    pub risk: RecipeRisk,
    /// Whether its places in one function or type are only right together.
    pub together: bool,
    /// What other tools call what it puts right: codes of their diagnostics.
    pub answers: Vec<String>,
}

/// What can go wrong when a recipe's proposal is accepted unseen. Ordered: the worse is the greater.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RecipeRisk {
    /// Nothing: the program does the same.
    None,
    /// It does the same, or it does not compile: a build tells.
    Build,
    /// It may behave differently, or its public interface changes: a person should look. Assumed of a
    /// recipe that does not say.
    #[default]
    Behaviour,
}

/// A structural rewrite rule, checked and ready to run. Cheap to share between threads.
pub struct Recipe {
    card: RecipeCard,
    rules: Vec<rewrite::Rule>,
}

impl Recipe {
    /// Reads a recipe; `name` says where the text came from and is the id of a recipe without one.
    ///
    /// # Errors
    /// [`RecipeError`], naming `name` and, for broken YAML, line and column.
    /// # Cost
    /// Parses each pattern once per language: tenths of a millisecond.
    pub fn parse(name: &str, yaml: &str) -> Result<Self, RecipeError> {
        let (card, rules) = load::load(name, yaml)?;
        Ok(Self { card, rules })
    }

    /// What it says of itself.
    pub fn card(&self) -> &RecipeCard {
        &self.card
    }

    /// Rewrites one text until the recipe finds nothing more; `None` when there was nothing, or when the
    /// file is in another language.
    ///
    /// Bytes outside [`Rewritten::places`] are as they were; inserted line ends are the text's own. Do not
    /// pass generated files: their writer would undo it.
    ///
    /// # Errors
    /// [`Skipped`], when the text had to be left alone; nothing is half-rewritten.
    /// # Cost
    /// One parse and one walk of the tree per round, at most [`ROUNDS_MAX`] + 1; most texts take one or two.
    pub fn propose(&self, path: &RelPath, text: &[u8]) -> Result<Option<Rewritten>, Skipped> {
        match syntax::language_of(path, text) {
            Some(language) if self.card.languages.contains(&language) => {
                Source::read(path, text)?.map_or(Ok(None), |source| self.propose_for(&source))
            }
            _ => Ok(None),
        }
    }

    /// As [`Recipe::propose`], for a text that was read once for several recipes.
    ///
    /// # Errors
    /// As [`Recipe::propose`].
    /// # Cost
    /// One walk of the tree; a parse and a walk more for each round that finds something.
    pub fn propose_for(&self, source: &Source) -> Result<Option<Rewritten>, Skipped> {
        if !self.card.languages.contains(&source.language()) {
            return Ok(None);
        }
        rewrite::rewrite(&self.card.id, &self.rules, source)
    }
}

impl std::fmt::Debug for Recipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recipe").field("card", &self.card).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
