//! Use cases: propose, judge, review, accept, undo, check.
