//! Runs the tests of a bundle, as `opa test` would.

use regorus::Value;

use crate::bundle::{Bundle, is_test, rules};
use crate::error::PolicyError;
use crate::judge::{bound, load, query};
use crate::limits::TEST_TIME_MAX;

/// What became of one test.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TestOutcome {
    /// Package and rule, e.g. `countersign.secrets.added_test.test_a_token_is_denied`.
    pub name: String,
    /// The module it lies in.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// Whether it is defined and true.
    pub passed: bool,
    /// Why not, and what it printed; empty for a silent pass.
    pub message: String,
}

/// What became of a bundle's tests.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TestReport {
    /// One for each test, by file and line. Empty when the bundle has no test, which is worth saying.
    pub outcomes: Vec<TestOutcome>,
    /// The modules of rules without a single test beside them, ordered.
    pub untested: Vec<String>,
}

impl TestReport {
    /// Whether there are tests and all of them pass.
    pub fn passed(&self) -> bool {
        !self.outcomes.is_empty() && self.outcomes.iter().all(|outcome| outcome.passed)
    }
}

/// Runs every `test_*` rule of the bundle's `*_test.rego` modules; each has its own engine and time limit.
///
/// # Errors
/// [`PolicyError`] when the modules do not load together. A test that fails to evaluate is an outcome.
pub fn test(bundle: &Bundle) -> Result<TestReport, PolicyError> {
    let mut engine = load(bundle.judging().chain(bundle.testing()))?;
    bound(&mut engine, TEST_TIME_MAX);
    let mut outcomes: Vec<TestOutcome> = Vec::new();
    for (file, module) in bundle.testing() {
        for head in module.outline.heads.iter().filter(|head| head.name.starts_with("test_")) {
            let name = format!("{}.{}", module.outline.package, head.name);
            // A test may be written as several rules; it is one test.
            if outcomes.iter().any(|outcome| outcome.name == name) {
                continue;
            }
            let mut engine = engine.clone();
            let result = query(&mut engine, &format!("data.{name}"));
            let mut message = match &result {
                Ok(Some(Value::Bool(true))) => String::new(),
                Ok(Some(value)) => format!("is {value}, not true"),
                Ok(None) => "is undefined: one of its conditions does not hold".to_owned(),
                Err(error) => error.to_string(),
            };
            let passed = message.is_empty();
            for print in engine.take_prints().unwrap_or_default() {
                if !message.is_empty() {
                    message.push('\n');
                }
                message.push_str(&print);
            }
            let (file, line) = (file.to_owned(), head.place.line);
            outcomes.push(TestOutcome { name, file, line, passed, message });
        }
    }
    let untested = rules(bundle)?.into_iter().map(|doc| doc.file).filter(|file| {
        let test = file.replace(".rego", "_test.rego");
        debug_assert!(is_test(&test));
        !outcomes.iter().any(|outcome| outcome.file == test)
    });
    let untested = untested.collect();
    Ok(TestReport { outcomes, untested })
}
