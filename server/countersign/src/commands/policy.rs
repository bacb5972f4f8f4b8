//! `countersign policy`: test the rules, or try them on an input.

use std::path::Path;

use policy::Bundle;
use serde_json::json;

use crate::args::{Format, PolicyCommand};
use crate::exit::{Exit, Failure};
use crate::output::{GREEN, RED, RESET, Terminal, safe};

pub fn policy(command: &PolicyCommand, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        PolicyCommand::Test { bundle, format } => test(bundle.as_deref(), *format, terminal),
        PolicyCommand::Eval { bundle, input, query, explain } => {
            let bundle = self::bundle(bundle.as_deref())?;
            let bytes = super::input(Path::new("."), input)?;
            let document: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| {
                let message = format!("{}: not JSON: {error}", input.display());
                Failure::new(message, "policies/README.md describes the input")
            })?;
            let result = policy::eval(&bundle, &document, query.as_deref(), *explain)
                .map_err(engine::Error::from)?;
            terminal.json(&result);
            Ok(Exit::Done)
        }
    }
}

fn test(folder: Option<&Path>, format: Format, terminal: &Terminal) -> Result<Exit, Failure> {
    let report = policy::test(&bundle(folder)?).map_err(engine::Error::from)?;
    let outcomes = &report.outcomes;
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    let passed = outcomes.len() - failed;
    if format == Format::Json {
        terminal.json(&json!({
            "version": 1,
            "passed": passed,
            "failed": failed,
            "tests": outcomes,
            "untested": report.untested,
        }));
    } else {
        for outcome in outcomes {
            let word = if outcome.passed {
                format!("{GREEN}ok{RESET}")
            } else {
                format!("{RED}FAILED{RESET}")
            };
            let message = match outcome.message.as_str() {
                "" => String::new(),
                message => format!(": {}", safe(message)),
            };
            terminal.print(&format!("{word} {}{message}\n", safe(&outcome.name)));
        }
        for module in &report.untested {
            terminal.notice(&format!("{module} has rules and no test beside it"));
        }
        terminal.print(&format!("{passed} passed, {failed} failed\n"));
    }
    if outcomes.is_empty() {
        return Err(Failure::new(
            "the folder holds no policy test",
            "write rules named `test_...` in files named *_test.rego",
        ));
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Denied })
}

fn bundle(folder: Option<&Path>) -> Result<Bundle, Failure> {
    let Some(folder) = folder else { return Ok(Bundle::built_in().map_err(engine::Error::from)?) };
    let modules = engine::read_policies(folder)?;
    if modules.is_empty() {
        let message = format!("{}: no .rego file there", folder.display());
        return Err(Failure::new(message, "name the folder that holds the policies"));
    }
    Ok(Bundle::from_modules(modules).map_err(engine::Error::from)?)
}
