//! `countersign replay`: how hunks find their places, measured on a history.

use std::ops::Range;

use engine::{
    Misapplied, PlannedTally, Relation, ReplayKind, ReplayOptions, ReplayReport, ReplayRow,
    ReplayedCase, ReplayedHunk, Tally,
};

use crate::args::{Arguments, Format, ReplayArgs};
use crate::exit::{Exit, Failure};
use crate::output::{BOLD, DIM, GREEN, RED, RESET, Terminal, safe};

/// How many lines around a place are shown.
const AROUND_LINES: usize = 6;

pub fn replay(
    arguments: &Arguments,
    args: &ReplayArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let options = ReplayOptions { seed: args.seed, cases: args.cases, show: args.show.clone() };
    let report = engine::replay(&arguments.directory.join(&args.repository), &options)?;
    if report.cases == 0 {
        return Err(Failure::new(
            format!("{}: its history has no commits to make cases of", args.repository.display()),
            "name a repository in which text files were changed at least twice",
        ));
    }
    if report.cases < args.cases {
        let made = report.cases;
        terminal.notice(&format!("the history gave {made} cases of {} asked for", args.cases));
    }
    match args.format {
        Format::Json => terminal.json(&report),
        Format::Human => terminal.print(&human(&report)),
    }
    Ok(if report.passed { Exit::Done } else { Exit::Denied })
}

fn human(report: &ReplayReport) -> String {
    let mut out = report.shown.iter().map(case).collect::<String>();
    out.push_str(&table(report));
    out.push_str(&reasons(report));
    report.misapplied_cases.iter().for_each(|one| out.push_str(&misapplied(one)));
    let (style, word) = if report.passed { (GREEN, "passed") } else { (RED, "failed") };
    let rate = percent(report.rate_percent);
    out.push_str(&format!(
        "{style}{word}{RESET}: seed {}, {} cases, misapplied {}, disputed {}, separate hunks of real edits in place {rate}\n",
        report.seed,
        report.cases,
        report.misapplied,
        disputed(report)
    ));
    out
}

/// How many hunks two views of the same edits disagree about.
fn disputed(report: &ReplayReport) -> u32 {
    let tallies = report.kinds.iter().flat_map(|row| row.relations.values());
    tallies.map(|tally| tally.disputed).sum()
}

fn percent(rate: Option<f64>) -> String {
    rate.map_or("-".to_owned(), |rate| format!("{rate:.2} %"))
}

fn table(report: &ReplayReport) -> String {
    let mut out = format!(
        "{BOLD}{:<13}{:>6} {:>9}{:>9}{:>9} {:>9}{:>9} {:>8}{:>8}{:>8} {:>8}{:>8} {:>7}{:>7} {:>11}{RESET}\n",
        "kind",
        "cases",
        "separate",
        "in place",
        "rate",
        "adjacent",
        "in place",
        "overlap",
        "refused",
        "there",
        "tricked",
        "refused",
        "plans",
        "hunks",
        "misapplied"
    );
    for row in &report.kinds {
        let of = |relation| row.relations.get(&relation).copied().unwrap_or_default();
        out.push_str(&line(row.kind.word(), row.cases, of, row.planned, row.misapplied()));
    }
    let totals = [("real edits", true), ("all", false)];
    for (name, real_only) in totals {
        let rows: Vec<&ReplayRow> =
            report.kinds.iter().filter(|row| row.real || !real_only).collect();
        let sum = |count: fn(&ReplayRow) -> u32| rows.iter().map(|row| count(row)).sum::<u32>();
        let planned = PlannedTally {
            plans: sum(|row| row.planned.plans),
            hunks: sum(|row| row.planned.hunks),
            misapplied: sum(|row| row.planned.misapplied),
        };
        let of = |relation| report.total(relation, real_only);
        out.push_str(&line(name, sum(|row| row.cases), of, planned, sum(ReplayRow::misapplied)));
    }
    out
}

fn line(
    name: &str,
    cases: u32,
    of: impl Fn(Relation) -> Tally,
    planned: PlannedTally,
    misapplied: u32,
) -> String {
    let (separate, adjacent) = (of(Relation::Separate), of(Relation::Adjacent));
    let (overlapping, tricked) = (of(Relation::Overlapping), of(Relation::Tricked));
    let style = if misapplied == 0 { GREEN } else { RED };
    format!(
        "{name:<13}{cases:>6} {:>9}{:>9}{:>9} {:>9}{:>9} {:>8}{:>8}{:>8} {:>8}{:>8} {:>7}{:>7} {style}{misapplied:>11}{RESET}\n",
        separate.hunks,
        separate.anchored,
        percent(separate.percent()),
        adjacent.hunks,
        adjacent.anchored,
        overlapping.hunks,
        overlapping.refused,
        overlapping.there,
        tricked.hunks,
        tricked.refused,
        planned.plans,
        planned.hunks,
    )
}

fn reasons(report: &ReplayReport) -> String {
    let mut out = String::new();
    for row in &report.kinds {
        for (of, reasons) in [("separate", &row.separate_refused), ("others", &row.others_refused)]
        {
            if reasons.is_empty() {
                continue;
            }
            let listed: Vec<_> =
                reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
            let kind = row.kind.word();
            out.push_str(&format!("{DIM}{kind}, {of} refused:{RESET} {}\n", listed.join(", ")));
        }
    }
    for (reason, examples) in &report.refused_examples {
        let cases: Vec<_> = examples.iter().map(|e| format!("{}/{}", e.case, e.hunk)).collect();
        out.push_str(&format!("{DIM}{reason}, e.g. cases:{RESET} {}\n", cases.join(" ")));
    }
    out
}

fn misapplied(one: &Misapplied) -> String {
    let hunk = one.hunk.map_or("plan".to_owned(), |hunk| format!("hunk {hunk}"));
    let place = one
        .base_lines
        .map_or(String::new(), |(line, count)| format!(" at base line {line}, {count} lines"));
    let relation = one.relation.map_or(String::new(), |relation| format!(", {relation:?}"));
    format!(
        "{RED}misapplied{RESET} case {} ({}) {} {hunk}{place}{relation}: {} {DIM}[{}]{RESET}\n",
        one.case,
        one.kind.word(),
        safe(&one.path.to_string()),
        safe(&one.answer),
        ends(one.kind, &one.commits),
    )
}

/// The commits, or where there are many the first and the last.
fn ends(kind: ReplayKind, commits: &[String]) -> String {
    let short = |commit: &String| commit.get(..12).unwrap_or(commit).to_owned();
    match commits {
        [first, _, _, .., last] if kind != ReplayKind::Parallel => {
            format!("{} .. {}, {} commits", short(first), short(last), commits.len() - 1)
        }
        _ => commits.iter().map(short).collect::<Vec<_>>().join(" "),
    }
}

/// A case in full: each hunk with the lines around it in the base, and around its place and the place it was
/// given in the text that was there.
fn case(case: &ReplayedCase) -> String {
    let mut out = format!(
        "{BOLD}case {}{RESET} {} {} [{}]\n",
        case.case,
        case.kind.word(),
        safe(&case.path.to_string()),
        case.commits.join(" ")
    );
    for (number, hunk) in (1..).zip(&case.hunks) {
        out.push_str(&self::hunk(case, number, hunk));
    }
    out
}

fn hunk(case: &ReplayedCase, number: usize, hunk: &ReplayedHunk) -> String {
    let mark = if hunk.misapplied { " MISAPPLIED" } else { "" };
    let mut out =
        format!("{BOLD}hunk {number}{RESET} {:?}: {}{mark}\n", hunk.relation, safe(&hunk.answer));
    out.push_str("  base:\n");
    out.push_str(&around(&case.base, &hunk.base_lines, Some(&hunk.text)));
    let now = if hunk.place.is_some() { "its place now" } else { "what stands there now" };
    let place = hunk.place.as_ref().unwrap_or(&hunk.region);
    let places = [(now, Some(place)), ("where it was put", hunk.put.as_ref())];
    for (name, place) in places {
        let Some(place) = place else { continue };
        out.push_str(&format!("  {name}:\n"));
        let line = |at: usize| {
            let before = case.current.as_bytes().get(..at).unwrap_or_default();
            before.iter().filter(|&&byte| byte == b'\n').count()
        };
        out.push_str(&around(&case.current, &(line(place.start)..line(place.end)), None));
    }
    out
}

fn around(text: &str, lines: &Range<usize>, replacement: Option<&str>) -> String {
    let mut out = String::new();
    let first = lines.start.saturating_sub(AROUND_LINES);
    let shown = text.lines().enumerate().skip(first).take(lines.len() + 2 * AROUND_LINES);
    let put = |out: &mut String| {
        for line in replacement.unwrap_or_default().lines() {
            out.push_str(&format!("        {GREEN}+ {}{RESET}\n", safe(line)));
        }
    };
    for (number, line) in shown {
        if number == lines.end {
            put(&mut out);
        }
        let mark = if lines.contains(&number) { "-" } else { " " };
        let gap = if lines.is_empty() && number == lines.end { ">" } else { mark };
        out.push_str(&format!("  {:>5} {gap} {}\n", number + 1, safe(line)));
    }
    if text.lines().count() <= lines.end {
        put(&mut out);
    }
    out
}
