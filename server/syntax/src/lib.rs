//! Source text to structure: languages, tree-sitter, outlines.
