//! A change, its review and its verdict, for people.

use std::collections::BTreeMap;

use engine::{BoardChange, Landing, Report, Standing, Standings, TaskRecord, Texts};
use model::{
    ChangeKind, ChangeSet, ChangeSetId, ChangeSetState, EntityChange, EntityChangeKind, Event,
    HunkState, RelPath, Review, StoredEvent, TaskEnd, Verdict,
};

use super::diff;
use super::style::{BOLD, DIM, GREEN, RED, RESET, YELLOW, decision_style, risk_style, safe};

/// Entity changes and findings shown at the most; the rest is counted.
const SHOWN_ROWS: usize = 40;

/// What there is to show of a change.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'c> {
    /// The change.
    pub changeset: &'c ChangeSet,
    /// What became of it, if it is in a ledger.
    pub state: Option<&'c ChangeSetState>,
    /// What the review found.
    pub review: Option<&'c Review>,
    /// What policy says.
    pub verdict: Option<&'c Verdict>,
    /// The texts of its files, if the diff is to be shown.
    pub texts: Option<&'c BTreeMap<RelPath, Texts>>,
    /// Whether it is in a ledger.
    pub kept: bool,
}

impl<'c> From<&'c BoardChange> for Shown<'c> {
    fn from(change: &'c BoardChange) -> Self {
        Self {
            changeset: &change.changeset,
            state: Some(&change.state),
            review: change.review.as_ref(),
            verdict: change.verdict.as_ref(),
            texts: Some(&change.texts),
            kept: true,
        }
    }
}

/// How a change stands in the files, with a line for each hunk that has no place, and the way forward.
pub fn standing(standings: &Standings, id: &str) -> String {
    if standings.standing == Standing::Settled {
        return String::new();
    }
    let mut out = format!("  in the files: {}\n", standings.standing);
    for (hunk, (standing, landing)) in &standings.hunks {
        let place = match landing {
            _ if *standing == Standing::Clean => continue,
            Landing::Nowhere(reason) => format!(", {}", safe(reason)),
            Landing::Line(line) => format!(", line {}", line + 1),
            Landing::Whole | Landing::Already | Landing::InText => String::new(),
        };
        out.push_str(&format!("    hunk {hunk}: {YELLOW}{standing}{RESET}{place}\n"));
    }
    if let Some(way) = standings.way_forward(id) {
        out.push_str(&format!("  {DIM}{}{RESET}\n", safe(&way)));
    }
    out
}

/// A change on one line.
pub fn change_line(change: &BoardChange, standing: Option<Standing>) -> String {
    let stage = change.state.stage();
    // In its place is what one expects.
    let standing = standing
        .filter(|standing| !matches!(standing, Standing::Clean | Standing::Settled))
        .map(|standing| format!("  {YELLOW}{standing}{RESET}"))
        .unwrap_or_default();
    let decision = change.verdict.as_ref().map(|verdict| {
        let style = decision_style(verdict.decision);
        format!("{style}{:<6}{RESET}", verdict.decision)
    });
    let risk = change.review.as_ref().map(|review| {
        let style = risk_style(review.risk.level);
        format!("{style}{:>3} {:<8}{RESET}", review.risk.score, review.risk.level.word())
    });
    let waiting = change.state.waiting().len();
    let hunks = change.state.hunks.len();
    let (decision, risk) = (decision.unwrap_or_default(), risk.unwrap_or_default());
    // A patch without a title of its own is called as where it comes from.
    let (title, origin) = (&change.changeset.title, change.changeset.origin.to_string());
    let origin = if *title == origin { String::new() } else { origin };
    let line = format!(
        "{BOLD}{}{RESET}  {stage:<15}  {decision}  {risk}  {waiting}/{hunks} waiting{standing}  {}  {DIM}{}{RESET}\n",
        change.changeset.id.short(),
        safe(title),
        safe(&origin),
    );
    if origin.is_empty() { line.replace(&format!("  {DIM}{RESET}"), "") } else { line }
}

/// A change with all that is known of it.
pub fn change(shown: Shown<'_>) -> String {
    let changeset = shown.changeset;
    // A change that no ledger holds has no name to ask for it by.
    let name =
        if shown.kept { format!("change {}", changeset.id.short()) } else { "check".to_owned() };
    let mut out = format!("{BOLD}{name}{RESET}  {}\n", safe(&changeset.title));
    let base = changeset.base.commit.as_deref().map_or("no commit", |c| c.get(..12).unwrap_or(c));
    let dirty = if changeset.base.dirty { " + saved changes" } else { "" };
    out.push_str(&format!(
        "  {DIM}{} · base {base}{dirty}{RESET}\n",
        safe(&changeset.origin.to_string())
    ));
    if let Some(task) = &changeset.task {
        let (kind, id) = (task.kind.name(), task.id().short());
        out.push_str(&format!("  {DIM}asked for: {kind}, task {id}{RESET}\n"));
    }
    if let Some(ran) = &changeset.ran {
        let seconds = std::time::Duration::from_millis(ran.duration_ms).as_secs_f64();
        let (code, tier) = (ran.exit_code, safe(&ran.tier));
        out.push_str(&format!(
            "  {DIM}ran in the sandbox ({tier}) for {seconds:.1} s, exit code {code}{RESET}\n"
        ));
    }
    for line in changeset.rationale.lines() {
        out.push_str(&format!("  {}\n", safe(line)));
    }
    out.push('\n');
    if let Some(texts) = shown.texts {
        out.push_str(&diffs(changeset, shown.state, texts));
    }
    if let Some(review) = shown.review {
        out.push_str(&self::review(review));
    }
    if let Some(verdict) = shown.verdict {
        out.push_str(&self::verdict(verdict));
    }
    out
}

fn diffs(
    changeset: &ChangeSet,
    state: Option<&ChangeSetState>,
    texts: &BTreeMap<RelPath, Texts>,
) -> String {
    let mut out = String::new();
    for (file, hunk) in changeset.hunks() {
        let word = state.and_then(|state| state.hunks.get(&hunk.ordinal)).map(|s| s.word());
        out.push_str(&diff::heading(changeset, file, hunk, word));
        if let Some((before, after)) = texts.get(&file.path) {
            let before = before.as_deref().unwrap_or_default();
            let after = after.as_deref().unwrap_or_default();
            out.push_str(&diff::human(&diff::lines(file, hunk, before, after)));
        }
        out.push('\n');
    }
    out
}

fn review(review: &Review) -> String {
    let stats = review.stats;
    let mut out = format!(
        "  {}, {}, {GREEN}+{}{RESET} {RED}-{}{RESET} lines\n",
        counted(stats.files, "file"),
        counted(stats.hunks, "hunk"),
        stats.lines_added,
        stats.lines_removed
    );
    for file in review.files.iter().filter(|file| !file.notes.is_empty() || file.generated) {
        let generated = file.generated.then_some("generated");
        let notes: Vec<&str> = file.notes.iter().map(String::as_str).chain(generated).collect();
        out.push_str(&format!(
            "  {} {}: {}\n",
            kind_word(file.change),
            file.path,
            safe(&notes.join("; "))
        ));
    }
    rows(&mut out, "entities", review.entities.iter().map(entity));
    rows(&mut out, "together", review.dependencies.iter().map(|one| safe(&one.to_string())));
    rows(
        &mut out,
        "findings",
        review.findings.iter().map(|finding| {
            let place = format!("{}:{}", finding.path, finding.first_line + 1);
            format!(
                "{} {} {DIM}{place}{RESET} {}",
                finding.severity,
                finding.rule,
                safe(&finding.message)
            )
        }),
    );
    rows(
        &mut out,
        "not examined",
        review.unexamined.iter().map(|u| format!("{}: {}", u.path, safe(&u.reason))),
    );
    let risk = &review.risk;
    let style = risk_style(risk.level);
    out.push_str(&format!(
        "  risk {style}{} {}{RESET} {DIM}({}){RESET}\n",
        risk.score,
        risk.level.word(),
        risk.model
    ));
    for reason in &risk.reasons {
        out.push_str(&format!(
            "    {:>+4} {}: {}\n",
            reason.points,
            reason.feature,
            safe(&reason.text)
        ));
    }
    out
}

/// The verdict with the first of its reasons.
pub fn verdict(verdict: &Verdict) -> String {
    let style = decision_style(verdict.decision);
    let mut out = format!("  verdict {style}{}{RESET}\n", verdict.decision);
    for reason in verdict.reasons.iter().take(SHOWN_ROWS) {
        let style = decision_style(reason.decision);
        let place = match (&reason.path, reason.line) {
            (Some(path), Some(line)) => format!(" {DIM}{path}:{}{RESET}", line + 1),
            (Some(path), None) => format!(" {DIM}{path}{RESET}"),
            _ => String::new(),
        };
        out.push_str(&format!(
            "    {style}{}{RESET} {}{place} {}\n",
            reason.decision,
            reason.rule,
            safe(&reason.message)
        ));
    }
    if let Some(more) = verdict.reasons.len().checked_sub(SHOWN_ROWS).filter(|more| *more > 0) {
        out.push_str(&format!("    {DIM}... {more} more{RESET}\n"));
    }
    out
}

/// A number of things, in the singular where it is one.
pub fn counted(number: u32, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// What became of a decision; `change` is what it was about, as it is now.
pub fn report(report: &Report, change: Option<&BoardChange>) -> String {
    let short = report.changeset.short();
    let was_there = |hunk: &u32| {
        let state = change.and_then(|change| change.state.hunks.get(hunk));
        state.is_some_and(|state| {
            matches!(
                state,
                HunkState::Accepted { adopted: true, .. }
                    | HunkState::Rejected { operation: Some(_), .. }
                    | HunkState::Adopted
            )
        })
    };
    let (found, hunks): (Vec<u32>, Vec<u32>) = report.hunks.iter().partition(|h| was_there(h));
    let mut out = in_text(&found, report.done, &short);
    // What was there already is no news of what was found there.
    let already = report.already.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
    let hunks: Vec<String> = hunks.iter().map(u32::to_string).collect();
    if !hunks.is_empty() {
        let plural = if hunks.len() == 1 { "hunk" } else { "hunks" };
        let shifted = match report.shifted {
            0 => String::new(),
            n => format!(" ({n} found moved, by content)"),
        };
        let already = match already {
            0 => String::new(),
            n => format!(" ({n} had nothing to write: the text was so already)"),
        };
        out.push_str(&format!(
            "{GREEN}{}{RESET} {plural} {} of {short}{shifted}{already}\n",
            report.done,
            hunks.join(", ")
        ));
    }
    for refused in &report.refused {
        out.push_str(&format!(
            "{YELLOW}refused{RESET} hunk {} of {short}, {}: {}\n",
            refused.hunk,
            refused.path,
            safe(&refused.reason)
        ));
    }
    for one in &report.unmet {
        out.push_str(&format!(
            "{YELLOW}warning{RESET} {}; hunk {} is not in the text\n",
            safe(&one.to_string()),
            one.needs
        ));
    }
    if !report.unmet.is_empty() && report.done == "accepted" {
        out.push_str(&format!("  `countersign accept {short} --with-needed --hunk N` accepts a hunk with what it needs\n"));
    }
    for failed in &report.failed {
        out.push_str(&format!("{RED}failed{RESET} {}: {}\n", failed.path, safe(&failed.reason)));
    }
    out
}

/// What became of hunks that were in the text when they were captured.
fn in_text(hunks: &[u32], done: &str, short: &str) -> String {
    if hunks.is_empty() {
        return String::new();
    }
    let plural = if hunks.len() == 1 { "hunk" } else { "hunks" };
    let hunks: Vec<String> = hunks.iter().map(u32::to_string).collect();
    let of = format!("{plural} {} of {short}", hunks.join(", "));
    match done {
        "accepted" => format!("{GREEN}reviewed{RESET} {of}: in the text as before\n"),
        "rejected" => format!("{GREEN}rejected{RESET} {of}: taken out of the text\n"),
        done => {
            format!("{GREEN}{done}{RESET} the review of {of}: in the text, and to be decided\n")
        }
    }
}

/// One event of the ledger on one line.
pub fn event_line(stored: &StoredEvent) -> String {
    let what = match &stored.event {
        Event::ChangeSetProposed { changeset } => {
            format!("{} by {}", safe(&changeset.title), safe(&changeset.origin.to_string()))
        }
        Event::ChangeSetJudged { verdict, review, .. } => {
            format!("{}, risk {}", verdict.decision, review.risk.score)
        }
        Event::Saved { path, .. } => path.to_string(),
        Event::Withdrawn { hunks, reason, .. } | Event::UndoLost { hunks, reason, .. } => {
            format!("hunks {hunks:?}: {}", safe(reason))
        }
        Event::Rejected { hunks, reason, .. } => {
            let reason = reason.as_ref().map(|r| format!(": {}", safe(r))).unwrap_or_default();
            format!("hunks {hunks:?}{reason}")
        }
        Event::Proved { proof, .. } => {
            format!("{} for {}", proof.digest.short(), proof.speaks_for.short())
        }
        Event::GlassBroken { hunks, reason, .. } => {
            format!("hunks {hunks:?} in spite of policy: {}", safe(reason))
        }
        Event::Restored { hunks, .. } => format!("hunks {hunks:?}"),
        Event::Superseded { hunks, by, .. } => format!("hunks {hunks:?} by {}", by.short()),
        Event::SnapshotTaken { snapshot, label } => {
            let label = label.as_ref().map(|l| format!(": {}", safe(l))).unwrap_or_default();
            format!("{} files differ from the commit{label}", snapshot.files.len())
        }
        Event::Edited { path, .. } => path.to_string(),
        Event::TaskQueued { task, .. } => {
            format!("{} {}: {}", task.id().short(), task.kind.name(), safe(&task.objective))
        }
        Event::TaskEnded { task, end, .. } => format!("{} {}", task.short(), end.word()),
        Event::AttemptStarted { task, worker, reserved_ms, .. } => {
            format!("{} by {}, at most {}", task.short(), safe(worker), model::span(*reserved_ms))
        }
        Event::AttemptEnded { attempt, spent_ms } => {
            format!("attempt {attempt} took {}", model::span(*spent_ms))
        }
        Event::BudgetRaised { by_ms } => format!("{} more", model::span(*by_ms)),
        event => match (event.intent(), event.outcome()) {
            (Some((_, intent)), _) => {
                format!("hunks {:?}, {} files", intent.hunks, intent.files.len())
            }
            (_, Some((_, outcome))) => {
                format!("hunks {:?} of operation {}", outcome.hunks, outcome.operation)
            }
            _ => String::new(),
        },
    };
    format!(
        "{:>4}  {DIM}{}{RESET}  {BOLD}{:<20}{RESET} {}  {what}\n",
        stored.seq,
        stored.hash.short(),
        stored.event.kind(),
        stored.event.changeset().map_or_else(|| "-".to_owned(), |id| id.short()),
    )
}

/// One line for a task: what became of it, who was asked, and for what.
pub fn task_line(record: &TaskRecord) -> String {
    let task = &record.task;
    let (state, more) = match &record.end {
        None => ("under way".to_owned(), String::new()),
        Some((_, TaskEnd::Failed { reason })) => {
            (format!("{RED}failed{RESET}"), format!(": {}", safe(reason)))
        }
        Some((_, TaskEnd::Proposed { changesets })) => {
            let ids: Vec<String> = changesets.iter().map(ChangeSetId::short).collect();
            (format!("{GREEN}proposed{RESET}"), format!(": change {}", ids.join(", ")))
        }
        Some((_, end)) => (end.word().to_owned(), String::new()),
    };
    let worker = task.worker.as_deref().unwrap_or("whoever can");
    format!(
        "{BOLD}{}{RESET}  {state}  {} by {}, {}{DIM}{more}{RESET}\n",
        task.id().short(),
        task.kind.name(),
        safe(worker),
        safe(&task.objective),
    )
}

fn entity(entity: &EntityChange) -> String {
    let change = match entity.change {
        EntityChangeKind::Added => format!("{GREEN}added{RESET}"),
        EntityChangeKind::Removed => format!("{RED}removed{RESET}"),
        EntityChangeKind::Modified => format!("{YELLOW}modified{RESET}"),
        EntityChangeKind::Renamed => format!("{YELLOW}renamed{RESET}"),
    };
    let from = entity.old_name.as_ref().map(|old| format!("{} -> ", safe(old))).unwrap_or_default();
    let aspects: Vec<String> =
        entity.aspects.iter().map(|aspect| format!("{aspect:?}").to_lowercase()).collect();
    let aspects =
        if aspects.is_empty() { String::new() } else { format!(" [{}]", aspects.join(", ")) };
    let public = if entity.public { " public" } else { "" };
    let test = if entity.test { " test" } else { "" };
    format!(
        "{change}{public}{test} {} {from}{}{aspects} {DIM}{}:{}{RESET}",
        entity.kind.word(),
        safe(&entity.name),
        entity.path,
        entity.first_line + 1
    )
}

fn rows(out: &mut String, heading: &str, rows: impl ExactSizeIterator<Item = String>) {
    if rows.len() == 0 {
        return;
    }
    out.push_str(&format!("  {heading}\n"));
    let more = rows.len().saturating_sub(SHOWN_ROWS);
    rows.take(SHOWN_ROWS).for_each(|row| out.push_str(&format!("    {row}\n")));
    if more > 0 {
        out.push_str(&format!("    {DIM}... {more} more{RESET}\n"));
    }
}

/// What happened to a file, as a word.
pub fn kind_word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Deleted => "deleted",
        ChangeKind::Modified => "modified",
        ChangeKind::Renamed => "renamed",
        ChangeKind::ModeChanged => "mode changed",
        ChangeKind::TypeChanged => "type changed",
    }
}
