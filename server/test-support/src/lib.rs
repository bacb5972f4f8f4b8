//! Hermetic environment, repositories built by script, an LSP client: for tests only.
