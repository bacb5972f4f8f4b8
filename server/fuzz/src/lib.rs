//! Fuzz targets as plain functions: each takes any bytes and panics if a law does not hold of them.
//!
//! `cargo fuzz` calls them with what it thinks up; `tests/corpus.rs` calls them on stable with what lies in
//! `fixtures/fuzz`. Knows nothing of fuzzers: those are the binaries.

mod anchoring;
mod patch_import;

pub use anchoring::anchoring;
pub use patch_import::patch_import;
