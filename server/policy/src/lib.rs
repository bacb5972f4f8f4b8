//! Policy: Rego rules, compiled and tested with an embedded engine, that judge a change.
//!
//! A [`Bundle`] is the text of some rules; [`Policy::compile`] makes it ready; [`judge`] hands it a
//! [`model::PolicyInput`] and returns a [`model::Verdict`]. Whatever goes wrong on the way is a denial with
//! the rule [`ERROR_RULE`], never a pass. This crate refuses to know where rules come from (reading folders
//! is the caller's job), whether they are trusted, and what a change is beyond the JSON it judges. Verdicts
//! are deterministic: rules have no clock, no randomness and no network. Start at [`judge`].
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests build their own worlds"))]

mod bundle;
mod error;
mod eval;
mod judge;
mod limits;
mod metadata;
mod outline;
mod testing;

pub use bundle::{Bundle, RuleDoc, rules};
pub use error::{Place, PolicyError};
pub use eval::{DEFAULT_QUERY, EvalResult, RuleTrace, eval};
pub use judge::{ERROR_RULE, Policy, digest, judge, required_gates};
pub use limits::{
    DEPTH_MAX, EVALUATION_TIME_MAX, MODULE_BYTES_MAX, MODULES_MAX, REASONS_MAX, RULES_MAX,
};
pub use testing::{TestOutcome, TestReport, test};

#[cfg(test)]
mod tests;
