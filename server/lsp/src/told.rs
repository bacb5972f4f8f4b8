//! What is said, and answered, of commands that change no text.

use engine::{AdoptedRun, Proposal, Report, Reproposed, SnapshotReport};
use serde_json::{Value, json};

use crate::prose;

const REASONS_MAX: usize = 3;

/// Rejections were taken back.
pub(crate) fn restored(report: &Report) -> (String, Value) {
    let hunks = prose::numbered("hunk", &report.hunks);
    let value = serde_json::to_value(report).unwrap_or_default();
    (format!("restored {hunks} of change {}", report.changeset.short()), value)
}

/// What waits was stated anew.
pub(crate) fn reproposed(again: &Reproposed) -> (String, Value) {
    let mut text = match &again.proposal {
        Some(Proposal::Rejected(_)) => "all of it was rejected before".to_owned(),
        Some(proposal) => format!("stated anew as {}", named(proposal)),
        None => "nothing of it could be stated anew".to_owned(),
    };
    for (hunk, why) in again.suggested.iter().take(REASONS_MAX) {
        text.push_str(&format!("; found hunk {hunk} again: {}", prose::one_line(why, 160)));
    }
    for (hunk, why) in again.left.iter().take(REASONS_MAX) {
        text.push_str(&format!("; left hunk {hunk} as it is: {}", prose::one_line(why, 160)));
    }
    let each = |hunks: &[(u32, String)]| -> Vec<Value> {
        hunks.iter().map(|(hunk, why)| json!({ "hunk": hunk, "why": why })).collect()
    };
    let changeset = again.proposal.as_ref().and_then(Proposal::id);
    let (suggested, left) = (each(&again.suggested), each(&again.left));
    (text, json!({ "changeset": changeset, "suggested": suggested, "left": left }))
}

/// The saved files were recorded.
pub(crate) fn snapshot(report: &SnapshotReport) -> (String, Value) {
    let seq = report.seq;
    let text = if report.again {
        format!("snapshot {seq} still says how the files are")
    } else {
        format!("snapshot {seq} taken: what changes in the files from here on can be adopted")
    };
    (text, serde_json::to_value(report).unwrap_or_default())
}

/// What an agent changed was captured.
pub(crate) fn adopted(run: &AdoptedRun) -> (String, Value) {
    let mut text = match &run.proposal {
        Some(Proposal::New(captured)) => {
            let (hunks, files) = (captured.changeset.hunks().count(), &captured.changeset.files);
            let hunks = prose::count(hunks, "hunk");
            let files = prose::count(files.len(), "file");
            format!("adopted {hunks} in {files}, changed since {}", run.since)
        }
        Some(Proposal::Rejected(_)) => "all of it was rejected before".to_owned(),
        Some(proposal) => format!("adopted {} again", named(proposal)),
        None => format!("nothing changed since {}", run.since),
    };
    for (path, reason) in run.left_out.iter().take(REASONS_MAX) {
        text.push_str(&format!("; left out {path}: {}", prose::one_line(reason, 160)));
    }
    for notice in run.notices.iter().take(REASONS_MAX) {
        text.push_str(&format!("; {}", prose::one_line(notice, 160)));
    }
    let changeset = run.proposal.as_ref().and_then(Proposal::id);
    (text, json!({ "changeset": changeset, "since": run.since }))
}

fn named(proposal: &Proposal) -> String {
    format!("change {}", proposal.id().map(|id| id.short()).unwrap_or_default())
}
