//! Rego: compile, test, judge.
