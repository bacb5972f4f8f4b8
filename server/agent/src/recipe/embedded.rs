//! The built-in recipes, compiled into the program from `queries/recipes/`.

use super::{Recipe, RecipeError};

/// Embeds `queries/recipes/<id>.yml` for each id.
macro_rules! table {
    ($($id:literal),* $(,)?) => {
        &[$(($id, include_str!(concat!("../../../../queries/recipes/", $id, ".yml")))),*]
    };
}

/// Id and text of each built-in recipe, in the order in which they are offered.
const RECIPES: &[(&str, &str)] = table![
    "rust/borrowed-parameter",
    "rust/dbg-leftover",
    "rust/get-first",
    "rust/len-zero",
    "rust/manual-map",
    "rust/map-clone",
    "rust/needless-return",
    "rust/option-as-deref",
    "rust/unwrap-or-default",
    "python/bare-except",
    "python/mutable-default",
    "python/none-comparison",
    "python/not-in",
    "python/open-encoding",
    "python/type-equality",
    "python/yaml-safe-load",
    "typescript/array-literal",
    "typescript/console-leftover",
    "typescript/index-of-includes",
    "typescript/json-clone",
    "typescript/object-spread",
    "typescript/parse-int-radix",
    "typescript/substr-slice",
    "typescript/typeof-equality",
];

/// Every built-in recipe.
///
/// # Errors
/// [`RecipeError`] for the first that does not load; the tests of this crate keep it from happening.
/// # Cost
/// Compiles every pattern: a few milliseconds. Call it once.
pub fn recipes() -> Result<Vec<Recipe>, RecipeError> {
    RECIPES.iter().map(|(id, yaml)| Recipe::parse(id, yaml)).collect()
}
