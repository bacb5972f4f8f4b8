//! `countersign budget`: what workers took of their time, and the person's word for more.

use std::time::Duration;

use model::{Budget, Spending, Timestamp, span};
use serde_json::json;

use crate::args::{Arguments, BudgetArgs, Format};
use crate::commands::ask;
use crate::exit::{Exit, Failure};
use crate::output::Terminal;
use crate::session;

pub fn budget(
    arguments: &Arguments,
    args: &BudgetArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let budget = ask::offered(&arguments.directory)?.budget;
    let spending = match args.allow {
        None => {
            // Looking leaves nothing behind.
            let engine = session::open_existing(arguments)?;
            engine.map_or(Ok(nothing(budget)), |engine| engine.spending(budget))?
        }
        Some(_) if budget == Budget::default() => {
            let message =
                "there is no limit to what workers may take, so there is nothing to allow";
            let config = session::own_home()?.join(engine::OWN_CONFIG_FILE);
            let hint = format!("[budget] time_s_per_day in {} is one", config.display());
            return Err(Failure::new(message, hint));
        }
        Some(minutes) => {
            let by = Duration::from_secs(u64::from(minutes) * 60);
            session::open_for_decision(arguments, args.by.as_deref())?.raise_budget(by, budget)?
        }
    };
    match args.format {
        Format::Json => terminal.json(&json!({
            "version": 1,
            "spending": spending,
            "left_ms": spending.left_ms(),
        })),
        Format::Human => terminal.print(&told(&spending)),
    }
    Ok(Exit::Done)
}

fn nothing(budget: Budget) -> Spending {
    let limit_ms = budget.time_s_per_day.map(|seconds| u64::from(seconds) * 1000);
    Spending { limit_ms, ..Spending::default() }
}

fn told(spending: &Spending) -> String {
    let mut text = format!("workers took {spending}");
    match spending.left_ms() {
        None => text.push_str("; there is no limit"),
        Some(left) => text.push_str(&format!("; {} left", span(left))),
    }
    if spending.allowed_ms > 0 {
        text.push_str(&format!("\n{} of it were allowed on top", span(spending.allowed_ms)));
    }
    if let Some(easier_at) = spending.easier_at.filter(|_| spending.is_exhausted()) {
        let at = Timestamp(easier_at);
        text.push_str(&format!("\nthe first of it counts no more from {at} on; `countersign budget --allow 30` gives 30 minutes more"));
    }
    text.push('\n');
    text
}
