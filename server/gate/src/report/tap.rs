//! TAP 13 and 14, with subtests.

use model::TestOutcome;

use super::{Entries, ReportError, without_escapes};

/// Subtests nested deeper than this belong to the one around them.
const DEPTH_MAX: usize = 50;

/// What is known of the subtests at one depth.
#[derive(Default)]
struct Level {
    /// The subtest that is open, as its comment names it.
    name: String,
    /// How many points came, and how many a plan promised.
    points: usize,
    planned: Option<usize>,
}

struct Point<'t> {
    outcome: TestOutcome,
    name: &'t str,
}

pub(crate) fn read(text: &str, entries: &mut Entries<'_>) -> Result<(), ReportError> {
    let text = without_escapes(text);
    let mut levels: Vec<Level> = vec![Level::default()];
    let mut seen = false;
    let mut in_yaml: Option<usize> = None;
    for line in text.lines() {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        if let Some(opened) = in_yaml {
            if body == "..." && indent <= opened {
                in_yaml = None;
            }
            continue;
        }
        let depth = (indent / 4).min(DEPTH_MAX);
        if body == "---" {
            in_yaml = Some(indent);
        } else if let Some(name) = body.strip_prefix("# Subtest: ") {
            down_to(&mut levels, depth, entries);
            if let Some(level) = levels.last_mut() {
                level.name = name.trim().to_owned();
            }
        } else if let Some(reason) = body.strip_prefix("Bail out!") {
            entries.incomplete = Some(format!("it gave up: {}", super::cut(reason.trim(), 200)));
        } else if let Some(planned) = plan(body) {
            seen = true;
            down_to(&mut levels, depth, entries);
            if let Some(level) = levels.last_mut() {
                level.planned = Some(planned);
            }
        } else if let Some(point) = point(body) {
            seen = true;
            // A point that ends subtests only sums them up.
            let sums_up = levels.get(depth + 1).is_some_and(|below| below.points > 0)
                && levels.get(depth).is_some_and(|level| level.name == point.name);
            down_to(&mut levels, depth, entries);
            if let Some(level) = levels.last_mut() {
                level.points += 1;
            }
            if !sums_up {
                let around: Vec<&str> =
                    levels.iter().take(depth).map(|level| level.name.as_str()).collect();
                entries.test(&around.join(" > "), point.name, point.outcome, None)?;
            }
        }
    }
    if !seen {
        return Err(ReportError::Empty { format: "TAP stream" });
    }
    down_to(&mut levels, 0, entries);
    if let Some(level) = levels.first() {
        check_plan(level, entries);
        if level.planned.is_none() {
            entries.incomplete.get_or_insert("there is no plan at its end".to_owned());
        }
    }
    Ok(())
}

/// Opens levels down to `depth`, or closes those below it.
fn down_to(levels: &mut Vec<Level>, depth: usize, entries: &mut Entries<'_>) {
    while levels.len() <= depth {
        levels.push(Level::default());
    }
    while levels.len() > depth + 1 {
        if let Some(level) = levels.pop() {
            check_plan(&level, entries);
        }
    }
}

fn check_plan(level: &Level, entries: &mut Entries<'_>) {
    if let Some(planned) = level.planned.filter(|planned| *planned != level.points) {
        let reason = format!("{planned} tests were planned and {} came", level.points);
        entries.incomplete.get_or_insert(reason);
    }
}

fn plan(line: &str) -> Option<usize> {
    let count = line.strip_prefix("1..")?;
    count.split(' ').next()?.parse().ok()
}

fn point(line: &str) -> Option<Point<'_>> {
    let (passed, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok")?),
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let rest = rest.trim_start();
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    let rest = rest.strip_prefix("- ").unwrap_or(rest);
    let (name, directive) = rest.rsplit_once(" # ").unwrap_or((rest, ""));
    let directive = directive.to_ascii_uppercase();
    let known = directive.starts_with("SKIP") || directive.starts_with("TODO");
    let name = if known { name } else { rest };
    let outcome = match (known, passed) {
        (true, _) => TestOutcome::Skipped,
        (false, true) => TestOutcome::Passed,
        (false, false) => TestOutcome::Failed,
    };
    Some(Point { outcome, name: name.trim() })
}
