//! Answers a query against a bundle and an input, for people who write rules.

use model::VerdictReason;
use regorus::Value;

use crate::bundle::{Bundle, ENTRY, RuleDoc, rules};
use crate::error::PolicyError;
use crate::judge::{ERROR_RULE, Policy, load, query as ask};

/// What is asked where no query is given: the decision of the entry point, and the reasons for it.
pub const DEFAULT_QUERY: &str = "data.main.verdict";

/// What is asked of a bundle without an entry point: every rule.
const WITHOUT_ENTRY: &str = "data.countersign";

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct EvalResult {
    /// What was asked.
    pub query: String,
    /// The answer; `None` when it is undefined. Rows of values for a query with more than one.
    pub value: Option<serde_json::Value>,
    /// What the rules printed.
    pub prints: Vec<String>,
    /// Every rule, those that fired first; empty unless asked for.
    pub rules: Vec<RuleTrace>,
    /// What the judge would deny because a rule failed, e.g. by a reason of the wrong shape; empty unless an
    /// explanation was asked for.
    pub failures: Vec<VerdictReason>,
}

/// One rule and what it had to say.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RuleTrace {
    /// The rule, with title, description, file and line.
    pub rule: RuleDoc,
    /// Its reasons; empty when it did not fire.
    pub reasons: Vec<VerdictReason>,
}

/// Asks `bundle` about `input`; with `explain`, lists which rules fired and which did not.
///
/// Without a query it asks for [`DEFAULT_QUERY`], or for all rules where the bundle has no entry point.
///
/// # Errors
/// [`PolicyError`] for a bundle that does not load or a query that does not parse or evaluate.
pub fn eval(
    bundle: &Bundle,
    input: &serde_json::Value,
    query: Option<&str>,
    explain: bool,
) -> Result<EvalResult, PolicyError> {
    let mut engine = load(bundle.judging())?;
    engine.set_input(Value::from(input.clone()));
    let entry = bundle.names().any(|name| name == ENTRY);
    let query = query.unwrap_or(if entry { DEFAULT_QUERY } else { WITHOUT_ENTRY });
    let value = match ask(&mut engine, query)? {
        None => None,
        Some(value) => Some(
            serde_json::to_value(&value)
                .map_err(|error| PolicyError::Evaluation { message: error.to_string() })?,
        ),
    };
    let prints = engine.take_prints().unwrap_or_default();
    let (mut traces, mut failures) = (Vec::new(), Vec::new());
    if explain {
        let reasons = Policy::compile(bundle)?.explain(input);
        for rule in rules(bundle)? {
            let own = reasons.iter().filter(|reason| reason.rule == rule.id);
            traces.push(RuleTrace { reasons: own.cloned().collect(), rule });
        }
        traces.sort_by_key(|trace| trace.reasons.is_empty());
        failures = reasons.into_iter().filter(|reason| reason.rule == ERROR_RULE).collect();
    }
    Ok(EvalResult { query: query.to_owned(), value, prints, rules: traces, failures })
}
