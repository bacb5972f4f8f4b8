//! Source text to structure: languages, tree-sitter, outlines.
//!
//! Start at [`parse`], then [`outline`] for the named things of a file, [`Parsed::tokens`] for its text
//! without layout, [`references`] for its names, [`risky`] for places that deserve a second look, [`sites`] for those where a mistake would show, [`statements`] for what a program comes to, and [`highlight`] for colours. What a language's things look like
//! is data: `queries/<language>/*.scm`, documented in `queries/README.md`.
//!
//! Broken source is data, not an error. Everything is bounded by the limits re-exported here; this crate
//! does no IO, reads no clock and knows nothing of diffs, policies or editors.

mod detect;
mod grammar;
mod highlight;
mod outline;
mod parse;
mod query;
mod references;
mod risky;
mod sites;
mod statements;
mod tokens;
mod visibility;

pub use detect::{is_outside_interface, is_test_data, is_test_path, language_of};
pub use highlight::{HighlightClass, highlight};
pub use outline::{ENTITY_DEPTH_LIMIT, Entity, NAME_LIMIT_BYTES, outline, outline_and_docs};
pub use parse::{DEPTH_LIMIT, ParseError, Parsed, SyntaxError, TEXT_LIMIT_BYTES, parse};
pub use references::{Reference, ReferenceKind, references};
pub use risky::{Risky, risky};
pub use sites::{Site, SiteKind, sites};
pub use statements::statements;
pub use tokens::{Token, TokenRole};
