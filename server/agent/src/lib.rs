//! Adapters that drive one worker.
//!
//! Those that need no model are here: [`recipe`], structural rewrite rules that run inside this
//! process, texts in and texts out, and [`command`], any program, in the sandbox. An adapter proposes and never
//! applies; what it proposes becomes a ChangeSet elsewhere, captured and judged like any other. This crate reads
//! no files.
#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests read and rewrite the fixture files")
)]

pub mod command;
pub mod recipe;
