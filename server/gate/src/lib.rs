//! Built-in checks: what a review finds in the text of a change.
